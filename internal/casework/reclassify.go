package casework

import (
	"slices"
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/workflow"
)

// The values of a reclassification: what was said, and what stood before it.
const (
	valueClass          = "class"
	valueSeverity       = "severity"
	valueClassBefore    = "class_before"
	valueSeverityBefore = "severity_before"
)

// reclassify changes what a case is held to be: its class, its grade, or both. Without a
// grade the new class gives one from the facts. The clocks go on from where they began,
// whoever had the case by duty hands it to whose duty it is now, and the move keeps both.
func (st *state) reclassify(a Act) error {
	if a.Reason == "" && a.Note == "" {
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "reason", Code: "form.required"}}}
	}
	code, _ := a.Values[valueClass].(string)
	grade, _ := a.Values[valueSeverity].(string)
	before, graded := st.class.Code, st.Severity
	if code != "" && code != before {
		if err := st.becomes(code); err != nil {
			return err
		}
	}
	if err := st.factsOf(a.Values); err != nil {
		return err
	}
	switch {
	case grade != "" && st.class.In.Pack.Severity(grade) == nil:
		return badValue(valueSeverity, "form.not_an_option")
	case grade != "":
		st.Severity = grade
	default:
		if err := st.grade(); err != nil {
			return err
		}
	}
	if before == st.class.Code && graded == st.Severity {
		return fault.New(fault.Conflict, "case.nothing_changes")
	}
	if st.move.Data.Values == nil {
		st.move.Data.Values = map[string]any{}
	}
	for name, v := range map[string]string{valueClass: st.class.Code, valueSeverity: st.Severity, valueClassBefore: before, valueSeverityBefore: graded} {
		st.move.Data.Values[name] = v
	}
	st.regraded = true
	if before != st.class.Code {
		if err := st.admitAnew(); err != nil {
			return err
		}
		st.dutyAnew()
	}
	return nil
}

func badValue(path, code string) error {
	return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: path, Code: code}}}
}

// becomes gives the case another class of the version it was opened under. Its life stays:
// what goes another way is another case that follows this one.
func (st *state) becomes(code string) error {
	k := st.class.In.Class(code)
	if k == nil {
		return badValue(valueClass, "case.unknown_class")
	}
	if k.Class.Life != st.class.Class.Life {
		return fault.New(fault.Conflict, "case.other_life")
	}
	st.class = &Class{EffectiveClass: k, In: st.class.In, PackHash: st.class.PackHash, OverlayHash: st.class.OverlayHash}
	st.Case.Class, st.Scheme = k.Code, k.Scheme
	return nil
}

// factsOf takes in what the new class wants to know. What the case knew stays with it.
func (st *state) factsOf(values map[string]any) error {
	e := &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing"}
	for name, v := range values {
		if slices.Contains([]string{valueClass, valueSeverity, "reason", "note"}, name) || form.Empty(v) {
			continue
		}
		if !slices.ContainsFunc(st.class.Asked, func(f form.Field) bool { return f.Name == name }) {
			return badValue(name, "form.unknown_field")
		}
		if err := st.answer(name, v); err != nil {
			return err
		}
	}
	for _, f := range st.class.Asked {
		if st.Fields[f.Name] == nil && st.personal[f.Name] == nil && !f.Optional && f.Formula == nil && !st.excused(f.Name) {
			e.At = append(e.At, fault.Place{Path: f.Name, Code: "form.required"})
		}
	}
	if len(e.At) > 0 {
		return e
	}
	return nil
}

// byDuty tells that a holder was found by the duty lines, not named by somebody.
func (p *Participant) byDuty() bool { return strings.HasPrefix(p.Why, dutyLine) }

// dutyAnew gives the seats that duty fills to whose duty the class is. Whoever was named by
// a person stays; nobody found is the dispatcher's queue.
func (st *state) dutyAnew() {
	for i := range st.life.Seats {
		if !st.Designated {
			st.seatDuty(&st.life.Seats[i])
		}
	}
}

// seatDuty gives a seat that duty fills to whose duty it is now.
func (st *state) seatDuty(d *workflow.Seat) {
	if d.First == nil || d.First.Kind != workflow.FirstDuty {
		return
	}
	sits := func(p *Participant) bool { return p.Seat == d.Name && p.sits() }
	if slices.ContainsFunc(st.seats, func(p *Participant) bool { return sits(p) && !p.byDuty() }) {
		return
	}
	subject, why := st.duty(d.Kind)
	if slices.ContainsFunc(st.seats, func(p *Participant) bool { return sits(p) && p.Subject == subject }) {
		return
	}
	st.free(d.Name)
	st.seat(d.Name, d.Kind, subject, why)
}

// admitAnew looks again, once a case is held to be something else, whether everybody who was
// named for it may be given such a matter: whoever may not leaves the seat, and what they were
// asked is void.
func (st *state) admitAnew() error {
	for _, p := range st.seats {
		if st.byWork(p) && p.Kind != workflow.SeatUnit && !st.admits(p) {
			st.vacate(p)
		}
	}
	for i := range st.life.Parts {
		d := &st.life.Parts[i]
		if d.For.Kind != workflow.ForGiven || st.set(d.Name) == nil {
			continue
		}
		parts, err := st.partsIn(d.Name, false)
		if err != nil {
			return err
		}
		for _, c := range parts {
			if err := st.admitted(c.ItemKey); c.Open() && err != nil { // the key of what was given is whom it was given to
				st.later = append(st.later, task{Topic: topicAct, Case: c.ID, Action: actionVoid, Reason: fault.CodeOf(err)})
			}
		}
	}
	return nil
}

// admits tells whether the matter is admitted to who holds a seat.
func (st *state) admits(p *Participant) bool {
	if post, ok := st.s.World.People().Post(p.Subject); ok {
		return st.class.AdmittedTo(post.Role, st.day())
	}
	return st.admitted(p.Subject) == nil
}

// classesLike are the other classes that a case may become, in the order of their pack.
func (c *Class) classesLike() []*Class {
	var out []*Class
	for i := range c.In.Pack.Classes {
		k := c.In.Class(c.In.Pack.Classes[i].Code)
		if k.Class.Life == c.Class.Life && k.Code != c.Code {
			out = append(out, &Class{EffectiveClass: k, In: c.In, PackHash: c.PackHash, OverlayHash: c.OverlayHash})
		}
	}
	return out
}
