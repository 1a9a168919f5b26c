package casework

import (
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// env is what formulas of this case may read.
func (st *state) env() formula.Env {
	env := formula.Env{
		Names: map[string]formula.Value{
			"field":    lazy(st.fieldValue),
			"item":     itemValue{st.Case},
			"class":    st.class.value(),
			"severity": text(st.Severity),
			"channel":  st.Channel,
			"opened":   dayOf(st.OpenedAt),
			"reporter": lazy(st.reporter),
			"files":    lazy(st.filesValue),
			"parent":   lazy(st.parentValue),
			"root":     lazy(st.rootValue),
			"about":    lazy(st.aboutValue),
			"parts":    partSets{st},
			"sample":   lazy(st.sampleValue),
		},
		Seat:    st.seatValue,
		Today:   st.day(),
		Times:   func(action string) int64 { n, _ := st.times(action); return n },
		Doer:    st.doer,
		Lookup:  st.lookup,
		Past:    st.past,
		Above:   st.above,
		Balance: st.balance,
		Served:  st.served,
		Within:  st.within,
	}
	if st.s.Saw != nil && st.acting() {
		env.Saw = func(e *formula.Expr, holds bool) { st.s.Saw(st.class.In.Pack, e, holds) }
	}
	if st.signal != nil {
		env.Names["signal"] = st.signal.value()
	}
	return env
}

// fieldValue is a field of the case; a task reads its parent's besides.
func (st *state) fieldValue(name string) formula.Value {
	if v := st.Fields[name]; v != nil || st.Kind != KindTask {
		return formula.From(v)
	}
	if up, err := st.up(); err == nil && up != nil {
		return formula.From(up.Fields[name])
	}
	return nil
}

// lazy is an object that is read only when a formula names one of its members.
type lazy func(name string) formula.Value

func (l lazy) Member(name string) formula.Value { return l(name) }

func (st *state) reporter(name string) formula.Value {
	switch name {
	case "id":
		return text(st.ReporterID)
	case "role":
		for _, p := range st.s.World.People().Of(st.ReporterID, st.now) {
			return p.Role
		}
	case "unit":
		for _, p := range st.s.World.People().Of(st.ReporterID, st.now) {
			return text(p.UnitID)
		}
	}
	return nil
}

func text(s string) formula.Value {
	if s == "" {
		return nil
	}
	return s
}

func (st *state) parentValue(name string) formula.Value {
	up, err := st.up()
	if err != nil || up == nil {
		return nil
	}
	return member(up.Case, name)
}

func (st *state) rootValue(name string) formula.Value {
	if st.RootID == st.ID {
		return member(st.Case, name)
	}
	if st.root == nil {
		r, err := st.s.read(st.ctx, st.tx, st.RootID)
		if err != nil {
			return nil
		}
		st.root = r
	}
	return member(st.root, name)
}

// member is what other cases of the family may read of a case: its fields and its state.
func member(c *Case, name string) formula.Value {
	switch name {
	case "id":
		return c.ID
	case "step":
		return c.Step
	case "phase":
		return string(c.Phase)
	case "outcome":
		return text(c.Outcome)
	case "key":
		return text(c.ItemKey)
	case "number":
		return c.Number
	case "area":
		return text(c.AreaID)
	case "answered":
		return c.Outcome == outcomeAnswered
	}
	return formula.From(c.Fields[name])
}

// itemValue is a part as its join sees it.
type itemValue struct{ *Case }

func (i itemValue) Member(name string) formula.Value { return member(i.Case, name) }

type partSets struct{ st *state }

func (p partSets) Member(name string) formula.Value {
	items, err := p.st.partsIn(name, true)
	if err != nil {
		return nil
	}
	out := make(formula.List, len(items))
	for i, c := range items {
		out[i] = itemValue{c}
	}
	return out
}

// seatValue is the holder of a seat, as an object with id and kind; a list when many.
func (st *state) seatValue(seat string) formula.Value {
	if seat == workflow.Reporter {
		return text(st.ReporterID)
	}
	held := st.held(seat)
	switch len(held) {
	case 0:
		return nil
	case 1:
		return held[0].Subject
	}
	out := make(formula.List, len(held))
	for i, p := range held {
		out[i] = p.Subject
	}
	return out
}

// above is one level up: of a unit the unit that runs the area above its own.
func (st *state) above(v formula.Value) (formula.Value, error) {
	id, _ := v.(string)
	if u, ok := st.s.World.Unit(id); ok {
		if up, ok := st.unitAbove(u); ok {
			return up.ID, nil
		}
		return nil, nil
	}
	if a, ok := st.s.World.Area(id); ok && a.Level > 1 {
		for l := a.Level - 1; l >= 1; l-- {
			if a.Path[l] != "" {
				return a.Path[l], nil
			}
		}
	}
	return nil, nil
}

func (st *state) unitAbove(u Unit) (Unit, bool) {
	if up, ok := st.s.World.Unit(u.ParentID); ok {
		return up, true
	}
	a, ok := st.s.World.Area(u.AreaID)
	if !ok {
		return Unit{}, false
	}
	for l := a.Level; l >= 1; l-- { // a crew that works somewhere is below the unit that runs the place
		if up, ok := st.s.World.UnitOfArea(a.Path[l]); ok && up.ID != u.ID {
			return up, true
		}
	}
	return Unit{}, false
}

func (st *state) within(a, b formula.Value) (bool, error) {
	inner, _ := a.(string)
	outer, _ := b.(string)
	x, ok := st.s.World.Area(inner)
	y, ok2 := st.s.World.Area(outer)
	return ok && ok2 && x.Path[y.Level] == y.ID, nil
}

// aboutValue is the record or case that this one is about, as it was seen at opening.
func (st *state) aboutValue(name string) formula.Value {
	if st.AboutID == "" {
		return nil
	}
	if name == "id" {
		return st.AboutID
	}
	if st.AboutKind == workflow.AboutCase {
		c, err := st.s.read(st.ctx, st.tx, st.AboutID)
		if err != nil {
			return nil
		}
		return member(c, name)
	}
	return st.aboutRecordValue(name)
}

// doer is who did an action of this case last; the act in progress counts.
func (st *state) doer(action string) formula.Value {
	if st.move != nil && st.move.Action == action && st.move.PersonID != "" {
		return st.move.PersonID
	}
	if st.fresh {
		return nil
	}
	var person string
	if err := st.tx.Row(st.ctx, lastDoer, []any{st.ID, action}, &person); err != nil {
		return nil
	}
	return text(person)
}

func (st *state) times(action string) (int64, error) {
	if st.fresh {
		return 0, nil
	}
	var n int64
	var err error
	if st.moves == nil {
		err = st.tx.Row(st.ctx, timesDone, []any{st.ID, action}, &n)
	}
	for _, m := range st.moves {
		if m.Done && m.Action == action {
			n++
		}
	}
	if st.move != nil && st.move.Action == action {
		n++ // the act in progress counts
	}
	return n, err
}
