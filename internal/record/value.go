package record

import (
	"context"
	"slices"

	"gezhi/internal/db"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
)

// Reader is how formulas read records within a transaction.
type Reader struct {
	Ctx context.Context
	Tx  *db.Tx
	Day string // of relations, and of what they lead to
	// Pack finds a pack by name, for its relations.
	Pack func(name string) *pack.Pack
}

// Value is a record as formulas read it, at one of its revisions: its fields but for the
// personal ones, id, key, title, area, from and until, and under the name of a relation
// what it leads to (a list where that is several).
func (r Reader) Value(rec *Record, s Span) formula.Object { return value{r, rec, s} }

type value struct {
	Reader
	rec *Record
	Span
}

// Member returns a field of the record, or what a relation leads to.
func (v value) Member(name string) formula.Value {
	if x, ok := v.Values[name]; ok {
		return formula.From(x)
	}
	switch name {
	case "id":
		return v.rec.ID
	case "key":
		return KeyText(v.rec.Key)
	case "title":
		return v.rec.Title
	case "area":
		return text(v.AreaID)
	case "from":
		return text(v.Revision.From)
	case "until":
		return text(dayText(v.Span.Until))
	}
	return v.related(name)
}

func text(s string) formula.Value {
	if s == "" {
		return nil
	}
	return s
}

func (v value) related(name string) formula.Value {
	p := v.Pack(v.rec.Pack)
	if p == nil || !slices.ContainsFunc(p.Relations, func(r pack.Relation) bool { return r.Name == name && r.From == v.rec.Kind }) {
		return nil
	}
	ids, err := Related(v.Ctx, v.Tx, v.rec.Pack, name, v.rec.ID, v.Day, false)
	if err != nil {
		return nil
	}
	var out formula.List
	for _, id := range ids {
		other, err := ByID(v.Ctx, v.Tx, id)
		if err != nil {
			return nil
		}
		if s, ok, err := On(v.Ctx, v.Tx, id, v.Day); err == nil && ok {
			out = append(out, v.Value(other, s))
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
