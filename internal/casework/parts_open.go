package casework

import (
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// openOfClass lists the open cases of a class below an area of each level, soonest due first;
// what is kept from somebody is nobody's to hand on.
var openOfClass = func() (out [8]db.Stmt) {
	for l := 1; l < len(out); l++ {
		out[l] = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE jurisdiction = $1 AND ` + levelColumns[l] + ` = $2 AND phase <> 'closed' AND ` + levelColumns[l] + ` <> ''
			AND pack = $3 AND class = $4 AND kind = 'case' AND lies_in = '' ORDER BY due_at, id LIMIT $5`)
	}
	return out
}()

// openItems are the open cases of a class in the area of this one: what a shift hands on, by
// number, title and the day it is due.
func (st *state) openItems(f workflow.Source) ([]item, error) {
	level := 7
	for level > 0 && st.Areas[level] == "" {
		level--
	}
	if level == 0 {
		return nil, nil
	}
	found, err := db.Collect(st.ctx, st.tx, openOfClass[level], []any{st.Jurisdiction, st.Areas[level], st.Pack, f.Open, maxParts}, scanCase)
	if err != nil {
		return nil, err
	}
	var out []item
	for _, c := range found {
		values := map[string]any{"case_number": c.Number, "what": c.Title, "step": c.Step}
		if c.DueAt.Before(Never) {
			values["due_on"] = c.DueAt.In(clock.CST).Format("2006-01-02")
		}
		keep, err := f.Where.Holds(st.env().With(formula.From(values)))
		if err != nil {
			return nil, err
		}
		if keep && c.ID != st.ID {
			out = append(out, item{Key: c.ID, Values: values, Title: c.Number + " " + c.Title})
		}
	}
	return out, nil
}
