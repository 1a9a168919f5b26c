package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
)

// RowColumns are what ScanRow reads of a table of cases called c.
var RowColumns = rowColumns

// ScanRow reads what a query put before RowColumns into first, and the row.
func ScanRow(r db.Rows, first ...any) (x Row, err error) {
	p, err := scanPacked(behind{r, first})
	if err == nil {
		err = p.unpack(&x)
	}
	return x, err
}

// behind are rows whose first columns are somebody else's.
type behind struct {
	db.Rows
	first []any
}

func (b behind) Scan(dest ...any) error {
	return b.Rows.Scan(append(slices.Clone(b.first), dest...)...)
}

// Listed is a row as lists show it.
func (s *Service) Listed(ctx context.Context, r *Row) RowJSON { return s.rowJSON(ctx, r) }

// Asker is who asks, with rights as of now.
func (s *Service) Asker(ctx context.Context) (*Actor, error) { return s.asker(ctx) }

// Narrow are the conditions of a query that hold of a case whatever its queue: class, phase,
// severity and area. arg takes an argument and names its place. Each begins with AND.
func (s *Service) Narrow(ctx context.Context, who *Actor, q Query, arg func(any) string) (string, error) {
	and := ""
	if q.Class != "" {
		k, err := s.Book.InForce(ctx, who.Jurisdiction, q.Class)
		if err != nil {
			return "", err
		}
		and += fmt.Sprintf(" AND c.pack = %s AND c.scheme = %s AND c.class = %s", arg(k.In.Pack.Name), arg(k.Scheme), arg(k.Code))
	}
	if q.Phase != "" {
		and += " AND c.phase = " + arg(string(q.Phase))
	}
	if q.Severity != "" {
		and += " AND c.severity = " + arg(q.Severity)
	}
	if q.AreaID != "" {
		a, ok := s.World.Area(q.AreaID)
		if !ok {
			return "", fault.New(fault.Invalid, "case.unknown_area")
		}
		and += " AND c." + levelColumns[a.Level] + " = " + arg(a.ID)
	}
	return and, nil
}

// Texts is what may be found of a case: nothing personal, and nothing that the pack shows to
// some only.
type Texts struct {
	Jurisdiction string
	OpenedAt     time.Time
	Numbers      []string // under which people know it
	Class        string   // pack/scheme:code
	Phase        string
	Said         []string // values, reasons and notes, in the order of the form and then of time
	Title        string
	Titles       []string // of its class and its choices, in every language of the pack
	Areas        []string // ids, itself and those above
	Place        string   // the names of its area and those above, from the county down
	Involved     []string // as scopes name them
}

var (
	saidOf      = db.SQL(`SELECT reason, data FROM move WHERE case_id = $1 AND person_id <> '' ORDER BY id`)
	involvedIn  = db.SQL(`SELECT subject FROM involved WHERE case_id = $1 ORDER BY subject`)
	textsWanted = []string{"text", "long_text", "list", "choice", "choices"}
)

// TextsOf reads what may be found of a case; case.not_found where there is none.
func (s *Service) TextsOf(ctx context.Context, tx *db.Tx, id string) (*Texts, error) {
	c, err := s.read(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	t := &Texts{Jurisdiction: c.Jurisdiction, OpenedAt: c.OpenedAt, Numbers: []string{c.Number}, Class: c.Pack + "/" + c.Scheme + ":" + c.Class, Phase: string(c.Phase), Title: c.Title}
	k, err := s.Book.Of(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	for _, lang := range slices.Sorted(maps.Keys(k.Title)) {
		t.Titles = append(t.Titles, k.Title[lang])
	}
	t.fields(k, c.Fields)
	type said struct{ reason, data string }
	moves, err := db.Collect(ctx, tx, saidOf, []any{id}, func(r db.Rows) (x said, err error) { return x, r.Scan(&x.reason, &x.data) })
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		t.Said = append(t.Said, m.reason, noteIn(m.data))
	}
	if t.Involved, err = db.Collect(ctx, tx, involvedIn, []any{id}, func(r db.Rows) (x string, err error) { return x, r.Scan(&x) }); err != nil {
		return nil, err
	}
	tree, err := s.World.Territory.TreeIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	if a, ok := tree.Area(c.AreaID); ok {
		t.Place = tree.LongName(a)
	}
	for _, a := range c.Areas {
		if a != "" {
			t.Areas = append(t.Areas, a)
		}
	}
	return t, nil
}

// noteIn is what the actor said besides.
func noteIn(data string) string {
	var d struct {
		Note string `json:"note"`
	}
	if json.Unmarshal([]byte(data), &d) != nil {
		return ""
	}
	return d.Note
}

// fields adds the values that everybody who sees the case sees.
func (t *Texts) fields(k *Class, values map[string]any) {
	if s, ok := values[FieldText].(string); ok {
		t.Said = append(t.Said, s)
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Name != FieldText && f.Personal == nil && len(f.SeenBy) == 0 && slices.Contains(textsWanted, f.Type) {
			t.value(f, values[f.Name])
		}
	}
}

func (t *Texts) value(f *form.Field, v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			t.value(f, x)
		}
	case map[string]any: // a row of a list
		for i := range f.Rows {
			if r := &f.Rows[i]; r.Personal == nil && len(r.SeenBy) == 0 && slices.Contains(textsWanted, r.Type) {
				t.value(r, v[r.Name])
			}
		}
	case string:
		if f.Type == "text" || f.Type == "long_text" {
			t.Said = append(t.Said, v)
			return
		}
		for _, o := range f.Options {
			if o.Code == v {
				for _, lang := range slices.Sorted(maps.Keys(o.Title)) {
					t.Titles = append(t.Titles, o.Title[lang])
				}
			}
		}
	}
}
