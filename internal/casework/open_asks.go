package casework

import (
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// opening is the way of beginning that an opening by a person goes: the first whose channels
// have its own; nil when the life names none.
func (st *state) opening(o Opening) *workflow.Opening {
	for i := range st.life.Opens {
		if op := &st.life.Opens[i]; op.By == workflow.OpenByPerson && (len(op.Channels) == 0 || o.Channel == "" || contains(op.Channels, o.Channel)) {
			return op
		}
	}
	return nil
}

// askedAtOpening are the fields that must be given: the class's required ones, and those
// that the opening asks.
func (st *state) askedAtOpening(o Opening) []string {
	var out []string
	for _, f := range st.class.Asked {
		if !f.Optional && f.Formula == nil {
			out = append(out, f.Name)
		}
	}
	if op := st.opening(o); op != nil {
		for _, name := range op.Asks {
			if st.class.Field(name) != nil && !contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// seatsAsked refuses an opening that leaves a seat empty which it asks for.
func (st *state) seatsAsked(who *Actor, o Opening) error {
	op := st.opening(o)
	if who.System || op == nil {
		return nil
	}
	e := &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing"}
	for _, name := range op.Asks {
		if st.life.Seat(name) != nil && st.class.Field(name) == nil && o.Seats[name] == nil {
			e.At = append(e.At, fault.Place{Path: name, Code: "form.required"})
		}
	}
	if len(e.At) > 0 {
		return e
	}
	return nil
}

// enough refuses fewer than a seat needs, counting those who sit there already.
func (st *state) enough(seat string, v formula.Value) error {
	d := st.life.Seat(seat)
	subjects, _ := ids(v)
	if d == nil || d.AtLeast <= 1 || len(subjects)+len(st.held(seat)) >= d.AtLeast {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: seat, Code: "form.too_few", Args: map[string]any{"least": d.AtLeast}}}}
}
