package casework

import (
	"maps"
	"slices"

	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
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

// seatsAmongFields takes out what was given among the fields under the name of a seat: a face
// asks for both in one form, as with actions.
func (st *state) seatsAmongFields(o Opening) Opening {
	fields, seats := map[string]any{}, maps.Clone(o.Seats)
	for name, v := range o.Fields {
		if st.class.Field(name) != nil || st.life.Seat(name) == nil {
			fields[name] = v
			continue
		}
		if seats == nil {
			seats = map[string]any{}
		}
		if !form.Empty(v) {
			seats[name] = v
		}
	}
	o.Fields, o.Seats = fields, seats
	return o
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

// unasked refuses what nobody who opens a case of a class is asked: what was done, answered or
// granted is said by who does it, in its turn. It is answered as what is not there.
func unasked(k *pack.EffectiveClass, given ...map[string]any) error {
	e := &fault.Error{Kind: fault.Invalid, Code: "case.bad_value"}
	for _, values := range given {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if !asksAtOpening(k, name) {
				e.At = append(e.At, fault.Place{Path: name, Code: "form.unknown_field"})
			}
		}
	}
	if len(e.At) > 0 {
		return e
	}
	return nil
}

// asksAtOpening tells whether a field or a seat stands in the form by which a person opens a case.
func asksAtOpening(k *pack.EffectiveClass, name string) bool {
	return slices.ContainsFunc(k.Asked, func(f form.Field) bool { return f.Name == name }) ||
		k.Life != nil && slices.ContainsFunc(k.Life.Opens, func(op workflow.Opening) bool {
			return op.By == workflow.OpenByPerson && (contains(op.Asks, name) || contains(op.Also, name))
		})
}

// openingForm is what a face asks when a person opens a case of a class: its fields, then the
// fields and seats that the life's openings ask besides. Required is what all of them ask.
func openingForm(w words, k *pack.EffectiveClass) []FormJSON {
	out := []FormJSON{}
	for i := range k.Asked {
		out = append(out, formOf(w, k.Class.Life, &k.Asked[i]))
	}
	if k.Life == nil {
		return out
	}
	var ways []workflow.Opening
	for _, op := range k.Life.Opens {
		if op.By == workflow.OpenByPerson {
			ways = append(ways, op)
		}
	}
	for _, op := range ways {
		for _, name := range slices.Concat(op.Asks, op.Also) {
			if name == FieldText || slices.ContainsFunc(out, func(f FormJSON) bool { return f.Name == name }) {
				continue
			}
			always := !slices.ContainsFunc(ways, func(x workflow.Opening) bool { return !contains(x.Asks, name) })
			if f := k.Field(name); f != nil {
				d := formOf(w, k.Class.Life, f)
				d.Required = always
				out = append(out, d)
			} else if seat := k.Life.Seat(name); seat != nil {
				out = append(out, seatForm(w, w.p.Name, k.Class.Life, seat, always))
			}
		}
	}
	return out
}
