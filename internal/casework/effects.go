package casework

import (
	"encoding/json"
	"slices"

	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// apply carries out the effects of an action in order. One that fails fails the act.
func (st *state) apply(effects []workflow.Effect) error {
	for i, e := range effects {
		if err := st.effect(i, e); err != nil {
			return err
		}
	}
	return nil
}

func (st *state) effect(index int, e workflow.Effect) error {
	switch {
	case e.Set != nil:
		return st.assign(e.Set)
	case e.Fill != nil:
		for _, f := range e.Fill {
			v, err := f.Value.Eval(st.env())
			if err != nil {
				return err
			}
			if err := st.fill(f.Field, v, f.Value.String()); err != nil {
				return err
			}
		}
	case e.Free != nil:
		for _, seat := range e.Free {
			st.free(seat)
		}
	case e.Move != nil:
		return st.moveOther(e.Move)
	case e.Start != nil:
		return st.start(e.Start)
	case e.Write != nil:
		return st.writeRecord(e.Write)
	case e.Post != nil:
		return st.postTo(index, e.Post)
	case e.Personal != nil:
		return st.grantPersonal(e.Personal)
	case e.Tell != nil:
		who, err := st.persons(e.Tell)
		if err != nil {
			return err
		}
		st.tells = append(st.tells, telling{Event: eventTold, Who: who})
	}
	return nil
}

// assign computes values and sets fields; none clears.
func (st *state) assign(list []workflow.Assign) error {
	for _, a := range list {
		v, err := a.Value.Eval(st.env())
		if err != nil {
			return err
		}
		if err := st.setField(a.Field, v); err != nil {
			return err
		}
	}
	return nil
}

func (st *state) setField(name string, v formula.Value) error {
	x := plain(v)
	if x == nil {
		delete(st.Fields, name)
		return nil
	}
	f := st.class.Field(name)
	if f != nil {
		y, wrong := f.Validate(x)
		if len(wrong) > 0 {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: wrong}
		}
		x = y
	}
	return st.store(f, name, x)
}

// store keeps a value: beside the case when it is personal, else in its row.
func (st *state) store(f *form.Field, name string, v any) error {
	if st.storeKernel(name, v) && !st.declares(name) {
		return nil
	}
	if err := st.attachFiles(f, v); err != nil {
		return err
	}
	st.mindMinor(f, v)
	if f != nil && f.Personal != nil {
		if st.personal == nil {
			st.personal = map[string]any{}
		}
		st.personal[name] = v
		st.move.Data.Names = append(st.move.Data.Names, name)
		return nil
	}
	if mayLift(f) {
		v = st.lift(name, v)
	}
	st.Fields[name] = v
	if st.move.Data.Values == nil {
		st.move.Data.Values = map[string]any{}
	}
	st.move.Data.Values[name] = v
	return nil
}

// declares tells whether the pack has a field of that name, which may then be one of the
// kernel's besides.
func (st *state) declares(name string) bool {
	is := func(f form.Field) bool { return f.Name == name }
	return slices.ContainsFunc(st.class.Asked, is) || slices.ContainsFunc(st.class.Life.Fields, is)
}

// storeKernel takes the kernel's own fields to where they live.
func (st *state) storeKernel(name string, v any) bool {
	s, _ := v.(string)
	switch name {
	case "severity":
		if st.class.In.Pack.Severity(s) != nil {
			st.regraded = st.regraded || s != st.Severity
			st.Severity = s
		}
	case "reason":
		st.move.Reason = st.liftText(name, s)
	case "note":
		st.move.Data.Note = st.liftText(name, s)
	case "title":
		st.Title = titleOf(st.liftText(name, s))
	case "happened_at": // handled first, filed afterwards: never later than the report
		if at, ok := moment(v, 0); ok && st.fresh && at.Before(st.now) {
			st.HappenedAt = at
		}
	default:
		return false
	}
	return true
}

// plain turns a computed value into what JSON holds.
func plain(v formula.Value) any {
	switch v := v.(type) {
	case nil, bool, string:
		return v
	case formula.Num:
		return json.Number(v.String())
	case formula.List:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = plain(x)
		}
		return out
	case formula.Map:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = plain(formula.From(x))
		}
		return out
	case formula.Object:
		return plain(v.Member("id"))
	}
	return nil
}

// give evaluates values to hand to another case.
func (st *state) give(list []workflow.Assign, env formula.Env) (map[string]any, error) {
	out := map[string]any{}
	for _, a := range list {
		v, err := a.Value.Eval(env)
		if err != nil {
			return nil, err
		}
		if x := plain(v); x != nil {
			out[a.Field] = x
		}
	}
	return out, nil
}

// moveOther does a named action on the parent, the case this one is about, or parts. It is
// a job after the commit: the other case has its own key, and what its life refuses is
// recorded there.
func (st *state) moveOther(m *workflow.Move) error {
	var ids []string
	switch m.Target {
	case workflow.MoveParent:
		ids = append(ids, st.ParentID)
	case workflow.MoveAbout:
		ids = append(ids, st.AboutID)
	case workflow.MoveParts:
		parts, err := st.partsIn(m.Part, false)
		if err != nil {
			return err
		}
		for _, p := range parts {
			ok, err := m.Where.Holds(st.env().With(itemValue{p}))
			if err != nil {
				return err
			}
			if ok && p.Open() {
				ids = append(ids, p.ID)
			}
		}
	}
	give, err := st.give(m.Give, st.env())
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id != "" {
			st.later = append(st.later, task{Topic: topicAct, Case: id, Action: m.Do, Values: give, As: st.move.PersonID})
		}
	}
	return nil
}

// start opens an independent case that follows this one.
func (st *state) start(s *workflow.Start) error {
	give, err := st.give(s.Give, st.env())
	if err != nil {
		return err
	}
	st.later = append(st.later, task{Topic: topicOpen, Case: st.ID, Class: s.Class, Values: give, As: st.move.PersonID})
	return nil
}
