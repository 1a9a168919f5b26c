package record

import (
	"cmp"
	"context"
	"slices"

	"gezhi/internal/db"
)

// Standing is a record with what holds of it on a day.
type Standing struct {
	*Record
	Span
}

// ByID reads a record; record.not_found without it.
func ByID(ctx context.Context, tx *db.Tx, id string) (*Record, error) {
	return one(ctx, tx, recordByID, id)
}

// ByKey reads the record of a kind with the values of its key, whatever their case and
// spaces; record.not_found without it.
func ByKey(ctx context.Context, tx *db.Tx, jurisdiction, pack, kind string, key []string) (*Record, error) {
	return one(ctx, tx, recordByKey, jurisdiction, pack, kind, identityOf(key))
}

// Revisions are all that was ever recorded of a record, in the order of recording.
func Revisions(ctx context.Context, tx *db.Tx, id string) ([]Revision, error) {
	return db.Collect(ctx, tx, revisionsOf, []any{id}, scanRevision)
}

// On reads what holds of a record on a day, "2026-03-01"; false where nothing does.
func On(ctx context.Context, tx *db.Tx, id, day string) (Span, bool, error) {
	all, err := Revisions(ctx, tx, id)
	if err != nil {
		return Span{}, false, err
	}
	s, ok := At(all, day)
	return s, ok, nil
}

// Pinned reads the revision of a record that was recorded under an id; false without it.
func Pinned(ctx context.Context, tx *db.Tx, id, revision string) (Span, bool, error) {
	all, err := Revisions(ctx, tx, id)
	if err != nil {
		return Span{}, false, err
	}
	for i := range all {
		if r := &all[i]; r.ID == revision {
			return Span{dayOf(r.From, 0), dayOf(r.Until, endless), r}, true, nil
		}
	}
	return Span{}, false, nil
}

// AllOn lists the records of a kind that hold on a day, in the order of their keys.
func AllOn(ctx context.Context, tx *db.Tx, jurisdiction, pack, kind, day string) ([]Standing, error) {
	rows, err := db.Collect(ctx, tx, recordsOn, []any{jurisdiction, pack, kind, day}, scanBoth)
	return gathered(rows, day), err
}

// areasAtOnce are the areas that one statement asks for; of more than mostAreas all records of a
// kind are read: there is little that lies elsewhere.
const (
	areasAtOnce = 64
	mostAreas   = 10 * areasAtOnce
)

// AllWithin is AllOn for those that lie in one of some areas on the day, which it finds without
// reading the others, unless the areas are very many: then it may be all.
func AllWithin(ctx context.Context, tx *db.Tx, jurisdiction, pack, kind, day string, areas []string) ([]Standing, error) {
	if len(areas) > mostAreas {
		return AllOn(ctx, tx, jurisdiction, pack, kind, day)
	}
	var out []Standing
	for some := range slices.Chunk(areas, areasAtOnce) {
		n, args := 1, []any{jurisdiction, pack, kind, day}
		for n < len(some) {
			n *= 4
		}
		for i := range n {
			args = append(args, some[min(i, len(some)-1)])
		}
		rows, err := db.Collect(ctx, tx, recordsWithin[n], args, scanBoth)
		if err != nil {
			return nil, err
		}
		// A record that moved is found under more than one of its areas, and lies in one on the day.
		out = append(out, slices.DeleteFunc(gathered(rows, day), func(s Standing) bool { return !slices.Contains(some, s.Revision.AreaID) })...)
	}
	slices.SortFunc(out, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(identityOf(a.Key), identityOf(b.Key)), cmp.Compare(a.Record.ID, b.Record.ID))
	})
	return out, nil
}

// Naming lists the records of any kind that name a person ("person/ID"), unit ("unit/ID") or file
// ("file/ID") on a day.
func Naming(ctx context.Context, tx *db.Tx, jurisdiction, subject, day string) ([]Standing, error) {
	rows, err := db.Collect(ctx, tx, namingOn, []any{subject, jurisdiction, day}, scanBoth)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(gathered(rows, day), func(s Standing) bool { return !s.names(subject) }), nil
}

// gathered puts the revisions of each record together and keeps those that hold.
func gathered(rows []withRevisions, day string) []Standing {
	var out []Standing
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].ID == rows[0].ID {
			n++
		}
		revisions := make([]Revision, n)
		for i := range n {
			revisions[i] = rows[i].revision
		}
		if s, ok := At(revisions, day); ok {
			out = append(out, Standing{rows[0].Record, s})
		}
		rows = rows[n:]
	}
	return out
}

// GivenBy tells whether what a cause ("case/ID") recorded of a record names a subject.
func GivenBy(ctx context.Context, tx *db.Tx, id, cause, subject string) (bool, error) {
	all, err := Revisions(ctx, tx, id)
	return slices.ContainsFunc(all, func(r Revision) bool { return r.Cause == cause && r.names(subject) }), err
}

// names tells whether a revision names a subject in any of its values.
func (r *Revision) names(subject string) bool {
	for _, values := range []map[string]any{r.Values, r.Personal} {
		for _, v := range values {
			if slices.ContainsFunc(idsIn(v), func(id string) bool {
				return subject == subjectPerson+"/"+id || subject == subjectUnit+"/"+id || subject == subjectFile+"/"+id
			}) {
				return true
			}
		}
	}
	return false
}

// Listed tells whether a person ("person/ID") or unit ("unit/ID") stands in a register, the
// records of a kind, on a day.
func Listed(ctx context.Context, tx *db.Tx, jurisdiction, pack, kind, subject, day string) (bool, error) {
	all, err := Naming(ctx, tx, jurisdiction, subject, day)
	return slices.ContainsFunc(all, func(s Standing) bool { return s.Record.Pack == pack && s.Record.Kind == kind }), err
}

// Related are the ids of the records that a relation joins to one on a day: those it leads
// to, or, back, those that lead to it.
func Related(ctx context.Context, tx *db.Tx, pack, relation, id, day string, back bool) ([]string, error) {
	stmt := relationsFrom
	if back {
		stmt = relationsTo
	}
	rows, err := db.Collect(ctx, tx, stmt, []any{pack, relation, id}, scanRelating)
	var out []string
	for _, x := range rows {
		other := x.to
		if back {
			other = x.from
		}
		if x.on(day) && !slices.Contains(out, other) {
			out = append(out, other)
		}
	}
	return out, err
}

// Joining is a relation that makes one household of the people it joins.
type Joining struct{ Pack, Relation, From, To string }

// Household are the ids of the records by which a person belongs to a household on a day:
// those naming the person in a kind that such a relation joins, and what it joins them to.
// Two people are of one household when they share one of these.
func Household(ctx context.Context, tx *db.Tx, jurisdiction string, by []Joining, person, day string) ([]string, error) {
	mine, err := Naming(ctx, tx, jurisdiction, subjectPerson+"/"+person, day)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range mine {
		for _, j := range by {
			if s.Record.Pack != j.Pack || s.Record.Kind != j.From && s.Record.Kind != j.To {
				continue
			}
			out = append(out, s.Record.ID)
			for _, back := range []bool{false, true} {
				ids, err := Related(ctx, tx, j.Pack, j.Relation, s.Record.ID, day, back)
				if err != nil {
					return nil, err
				}
				out = append(out, ids...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func subjects(ctx context.Context, tx *db.Tx, id string) ([]string, error) {
	return db.Collect(ctx, tx, subjectsOf, []any{id}, func(r db.Rows) (s string, err error) { return s, r.Scan(&s) })
}
