package casework

import (
	"slices"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// The outcomes that the kernel itself reads, of tasks and parts.
const (
	outcomeAnswered  = "answered"
	outcomeWaived    = "waived"
	outcomeVoid      = "void"
	outcomeReturned  = "returned"
	outcomeDuplicate = "duplicate"
)

// itemOf is a part as a join sees it at a moment.
func (st *state) itemOf(c *Case) workflow.Item {
	it := workflow.Item{Value: itemValue{c}}
	switch {
	case c.Outcome == outcomeWaived || c.Outcome == outcomeVoid:
		it.State = workflow.ItemGone
	case !c.Open():
		it.State = workflow.ItemDone
	case !st.now.Before(c.DueAt):
		it.State = workflow.ItemSilent
	}
	return it
}

func (st *state) items(set string, latest bool) ([]workflow.Item, error) {
	parts, err := st.partsIn(set, latest)
	out := make([]workflow.Item, len(parts))
	for i, c := range parts {
		out[i] = st.itemOf(c)
	}
	return out, err
}

// unmet is one condition that does not hold, with the items that are still open.
type unmet struct {
	Need workflow.Need
	Open []*Case
}

// fault is the condition as a refusal, and the name that it speaks of.
func (u unmet) fault() (f *fault.Error, path string) {
	switch n := u.Need; {
	case n.Part != "":
		return fault.New(fault.Conflict, "case.parts_open", "part", n.Part, "open", len(u.Open)), n.Part
	case n.Record != "":
		return fault.New(fault.Conflict, "case.no_valid_record", "kind", n.Record), n.Record
	case n.Gap != "":
		return fault.New(fault.Conflict, "case.gaps", "gap", n.Gap, "at_most", n.AtMost), n.Gap
	case n.Seat != "":
		return fault.New(fault.Conflict, "case.seat_empty", "seat", n.Seat), n.Seat
	case n.Field != "":
		return fault.New(fault.Conflict, "case.field_empty", "field", n.Field), n.Field
	}
	return fault.New(fault.Conflict, "case.needs_unmet", "else", u.Need.Else), u.Need.Else
}

// unmetNeeds are the conditions that do not hold, or those of them that are formulas about the case
// alone; why answers for open parts, by item.
// Gates read everything that is open, also of earlier rounds.
func (st *state) unmetNeeds(needs []workflow.Need, why map[string]string, formulas bool) ([]unmet, error) {
	var out []unmet
	for i, n := range needs {
		if formulas && (n.That == nil || n.Part != "") {
			continue
		}
		u, err := st.unmetNeed(n, why)
		if err != nil {
			return nil, err
		}
		if st.s.Saw != nil && st.acting() {
			st.s.Saw(st.class.In.Pack, &needs[i], u == nil)
		}
		if u != nil {
			out = append(out, *u)
		}
	}
	return out, nil
}

func (st *state) unmetNeed(n workflow.Need, why map[string]string) (*unmet, error) {
	switch {
	case n.Part != "":
		return st.unmetPart(n, why)
	case n.Record != "" || n.Gap != "":
		test := st.unmetRecord
		if n.Gap != "" {
			test = st.unmetGap
		}
		if lacks, err := test(n); err != nil || lacks {
			return &unmet{n, nil}, err
		}
	case n.Seat != "":
		if len(st.held(n.Seat)) < max(n.AtLeast, 1) {
			return &unmet{n, nil}, nil
		}
	case n.Field != "":
		if st.Fields[n.Field] == nil && st.personal[n.Field] == nil {
			return &unmet{n, nil}, nil
		}
	case n.That != nil:
		ok, err := n.That.Holds(st.env())
		if err != nil {
			return nil, err
		}
		if !ok {
			return &unmet{n, nil}, nil
		}
	}
	return nil, nil
}

func (st *state) unmetPart(n workflow.Need, why map[string]string) (*unmet, error) {
	parts, err := st.partsIn(n.Part, false)
	if err != nil {
		return nil, err
	}
	var items []workflow.Item
	var open []*Case
	for _, c := range parts {
		it := st.itemOf(c)
		if c.Open() {
			if n.OrSayWhy && (why[c.ItemKey] != "" || why[c.ID] != "") {
				continue // answered for by the actor
			}
			open = append(open, c)
		}
		items = append(items, it)
	}
	join := n.Join
	if join == nil {
		join = &workflow.Join{All: true}
	}
	held, _, err := join.Test(items, st.env())
	whole := !slices.ContainsFunc(st.sets, func(s *PartSet) bool { return s.Name == n.Part && s.unwritten() })
	if err != nil || held && whole {
		return nil, err
	}
	return &unmet{n, open}, nil
}

// refusal is the fault of unmet conditions: the first one's code, all of them listed.
func refusal(all []unmet) error {
	e, _ := all[0].fault()
	for _, u := range all {
		f, path := u.fault()
		e.At = append(e.At, fault.Place{Path: path, Code: f.Code, Args: f.Args})
	}
	return e
}

// lookup reads a dated table of the pack.
func (st *state) lookup(table string, args []formula.Value) (formula.Value, error) {
	if st.s.Lookup == nil {
		return nil, nil
	}
	return st.s.Lookup(st.ctx, st.tx, st.Case, table, args, st.day())
}
