package casework

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// SavedView is a cut of the queues that somebody comes back to. It holds no case and no right:
// whoever opens it sees what they may see then.
type SavedView struct {
	ID     string
	Name   string
	Filter Filter
}

// mostSaved is how many views one person keeps; more than that nobody finds again.
const mostSaved = 30

// longestName is that of a view's name, in characters.
const longestName = 40

var (
	savedViews  = db.SQL(`SELECT id, name, query FROM saved_view WHERE person_id = $1 ORDER BY made_at, id`)
	insertSaved = db.SQL(`INSERT INTO saved_view (id, jurisdiction, person_id, name, query, made_at) VALUES ($1, $2, $3, $4, $5, $6)`)
	changeSaved = db.SQL(`UPDATE saved_view SET query = $2 WHERE id = $1`)
	deleteSaved = db.SQL(`DELETE FROM saved_view WHERE id = $1 AND person_id = $2 RETURNING id`)
)

func scanSaved(r db.Rows) (v SavedView, err error) {
	var query string
	if err = r.Scan(&v.ID, &v.Name, &query); err == nil {
		err = json.Unmarshal([]byte(query), &v.Filter)
	}
	return v, err
}

// SavedViews are those of the actor, the oldest first.
func (s *Service) SavedViews(ctx context.Context, who *Actor) (out []SavedView, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, savedViews, []any{who.PersonID}, scanSaved)
		return err
	})
	return out, err
}

// SaveView keeps a cut of the queues under a name; the same name is given to the new one. A query
// that lists nothing at all is refused as a list would be; further faults are view.name and
// view.too_many.
func (s *Service) SaveView(ctx context.Context, who *Actor, name string, f Filter) (SavedView, error) {
	name = strings.Join(strings.Fields(name), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > longestName {
		return SavedView{}, fault.New(fault.Invalid, "view.name", "most", longestName)
	}
	q, err := f.query()
	if err == nil {
		_, err = s.listing(ctx, who, q)
	}
	if err != nil {
		return SavedView{}, err
	}
	query, err := json.Marshal(f)
	if err != nil {
		return SavedView{}, err
	}
	v := SavedView{Name: name, Filter: f}
	err = s.DB.Write(ctx, db.Keys{"saved/" + who.PersonID}, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, savedViews, []any{who.PersonID}, scanSaved)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(all, func(x SavedView) bool { return x.Name == name }); i >= 0 {
			v.ID = all[i].ID
			return tx.Queue(ctx, changeSaved, v.ID, string(query))
		}
		if len(all) >= mostSaved {
			return fault.New(fault.Conflict, "view.too_many", "most", mostSaved)
		}
		v.ID = s.ID()
		return tx.Queue(ctx, insertSaved, v.ID, who.Jurisdiction, who.PersonID, v.Name, string(query), s.Now())
	})
	return v, err
}

// DropView forgets a view of the actor's own; any other is view.none.
func (s *Service) DropView(ctx context.Context, who *Actor, id string) error {
	return s.DB.Write(ctx, db.Keys{"saved/" + who.PersonID}, func(ctx context.Context, tx *db.Tx) error {
		gone, err := db.Collect(ctx, tx, deleteSaved, []any{id, who.PersonID}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
		if err == nil && len(gone) == 0 {
			err = fault.New(fault.NotFound, "view.none")
		}
		return err
	})
}
