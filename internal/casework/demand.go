package casework

import (
	"context"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/id"
)

// Demand is how often work of a class was published, and how often somebody took part in it.
type Demand struct{ Published, Taken int64 }

// Demand counts, by code of class, the cases of a pack that were opened between two moments and the
// parts of such cases that were, of what who asks may see.
func (s *Service) Demand(ctx context.Context, who *Actor, pack string, from, until time.Time) (out map[string]Demand, err error) {
	var args arguments
	first, last, of := args.add(id.Floor(from)), args.add(id.Floor(until)), args.add(pack)
	var published, taken []string
	for _, b := range who.Scope.SQL(len(args.list) + 1) {
		args.list = append(args.list, b.Args...)
		where := " WHERE c.id >= " + first + " AND c.id < " + last + " AND c.pack = " + of + " AND "
		published = append(published, "SELECT c.id, c.class FROM cases c "+b.Join+where+"c.parent_id = '' AND "+b.Where)
		taken = append(taken, "SELECT c.id, p.class FROM cases c "+b.Join+" JOIN cases p ON p.id = c.parent_id"+where+"c.parent_id <> '' AND "+b.Where)
	}
	if len(published) == 0 {
		return nil, nil
	}
	counted := func(ctx context.Context, tx *db.Tx, branches []string, put func(d *Demand, n int64)) error {
		text := "SELECT class, count(*) FROM (" + strings.Join(branches, " UNION ") + ") x GROUP BY class"
		_, err := db.Collect(ctx, tx, db.Stmt(text), args.list, func(r db.Rows) (class string, err error) {
			var n int64
			err = r.Scan(&class, &n)
			d := out[class]
			put(&d, n)
			out[class] = d
			return class, err
		})
		return err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = map[string]Demand{}
		if err := counted(ctx, tx, published, func(d *Demand, n int64) { d.Published = n }); err != nil {
			return err
		}
		return counted(ctx, tx, taken, func(d *Demand, n int64) { d.Taken = n })
	})
	return out, err
}
