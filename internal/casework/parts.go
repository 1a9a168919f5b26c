package casework

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

const (
	maxParts = 1000 // opened within one act
	maxDepth = 4    // of parts below parts
	maxChain = 8    // of sets opened by sets within one act
)

// The actions of the task life that the kernel does itself.
const (
	actionAnswer = "answer"
	actionWaive  = "waive" // answered for by the lead, with a reason
	actionVoid   = "void"  // no longer wanted
)

// item is one thing that a part is opened for.
type item struct {
	Key     string
	Kind    string // seat kind of the subject; "" when the item is no subject
	Subject string
	Values  map[string]any
	Title   string        // of the part; "" is the parent's
	About   subjectOfCase // what a part that is a case is about, where its life allows
}

// openSets opens the part sets that wait for what happened.
func (st *state) openSets() error {
	for i := 0; i < len(st.happened); i++ { // opening a set may itself be heard
		if i > maxChain*8 {
			return fault.New(fault.Conflict, "case.chain_too_long")
		}
		for _, d := range st.life.PartsUpon(st.happened[i]) {
			if err := st.openSet(d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (st *state) openSet(d *workflow.PartSet) error {
	if st.Depth+1 > maxDepth {
		return fault.New(fault.Conflict, "case.too_deep", "most", maxDepth)
	}
	if d.For.Kind == workflow.ForOffer {
		return st.openOffer(d)
	}
	items, err := st.itemsOf(d)
	if err != nil {
		return err
	}
	expected := int64(len(items))
	if items, err = st.atOnce(d, st.round(d.Name)+1, items); err != nil {
		return err
	}
	set := &PartSet{Name: d.Name, Round: st.round(d.Name) + 1, Source: d.For.Kind, SnapshotDay: st.day(), Follow: d.For.Follow,
		Opened: int64(len(items)), Expected: expected, State: SetOpen, OpenedAt: st.now, added: true, changed: true}
	if d.For.Kind == workflow.ForDates {
		if set.Expected, set.Next, err = st.cadence(d, set, items); err != nil {
			return err
		}
	}
	st.sets = append(st.sets, set)
	if err := st.openParts(d, set, items); err != nil {
		return err
	}
	st.event(workflow.OnPart, d.Name, "opened")
	if d.Join != nil && len(items) == 0 && d.For.Kind != workflow.ForDates {
		st.joinSelf = append(st.joinSelf, d.Name) // nobody to wait for
	}
	return nil
}

// openParts opens one part for each item.
func (st *state) openParts(d *workflow.PartSet, set *PartSet, items []item) error {
	before := 0
	if !set.added { // parts that come later go on counting
		before = int(set.Opened)
	}
	for i, it := range items {
		part, err := st.openPart(d, set, it, before+i)
		if err != nil {
			return err
		}
		c := part.Case
		if due := part.lastDue(); d.Join != nil && d.Join.AtLatest && due.After(set.Next) {
			set.Next, set.changed = due, true // then the last one is due, silence is an answer
		}
		if st.parts != nil && st.parts[d.Name] != nil {
			st.parts[d.Name] = append(st.parts[d.Name], c)
		}
	}
	return nil
}

// lastDue is when an answer is due: the task's own clock, not the one for acknowledging.
// Zero: never.
func (st *state) lastDue() time.Time {
	if c := st.clock("due"); st.task != nil && c != nil {
		return c.Due
	}
	if st.task == nil && st.DueAt.Before(Never) {
		return st.DueAt
	}
	return time.Time{}
}

// partValues are what a part begins with: the values of its item, over them what the task
// gives, over them what the set gives.
func (st *state) partValues(d *workflow.PartSet, it item) (map[string]any, error) {
	env := st.env().With(formula.From(it.Values))
	values := maps.Clone(it.Values)
	if values == nil {
		values = map[string]any{}
	}
	lists := [][]workflow.Assign{d.Give}
	if d.Task != nil {
		lists = [][]workflow.Assign{d.Task.Give, d.Give}
	}
	for _, list := range lists {
		give, err := st.give(list, env)
		if err != nil {
			return nil, err
		}
		maps.Copy(values, give)
	}
	return values, nil
}

func (st *state) openPart(d *workflow.PartSet, set *PartSet, it item, n int) (*state, error) {
	if it.Kind == workflow.SeatPerson && d.For.Kind == workflow.ForGiven {
		if err := st.admitted(it.Subject); err != nil {
			return nil, err
		}
	}
	if d.For.Kind == workflow.ForGiven && st.keptFromSubject(it.Subject) {
		return nil, fault.New(fault.Forbidden, "case.kept_from", "part", d.Name)
	}
	child, values, err := st.newPart(d, set, it, n)
	if err != nil {
		return nil, err
	}
	child.begin(&Actor{PersonID: st.move.PersonID, System: true}, Act{Action: actionOpen, Cause: st.move.ID}, st.s.ID())
	for k, v := range values {
		if d.Task != nil || child.class.Field(k) != nil {
			child.Fields[k] = v
		}
	}
	if d.Task != nil {
		kind, lead := workflow.SeatUnit, st.UnitID
		if lead == "" {
			kind, lead = workflow.SeatPerson, st.move.PersonID
		}
		child.seat(seatLead, kind, lead, "opened the set")
	}
	if it.Subject != "" {
		child.seat(seatItem, it.Kind, it.Subject, "item")
		var who []string
		child.peopleOf(&Participant{Kind: it.Kind, Subject: it.Subject}, func(id string) { who = append(who, id) })
		child.tells = append(child.tells, telling{Event: "asked", Who: who})
	}
	if d.Task != nil {
		st.seatDoers(child, d.Task, it)
	}
	return child, child.birth()
}

// newPart is a part that is about to be opened, the nth of its set, with the values that it begins with.
func (st *state) newPart(d *workflow.PartSet, set *PartSet, it item, n int) (*state, map[string]any, error) {
	values, err := st.partValues(d, it)
	if err != nil {
		return nil, nil, err
	}
	c := &Case{ID: st.s.ID(), Jurisdiction: st.Jurisdiction, Kind: KindCase, Nature: st.Nature, RootID: st.RootID, ParentID: st.ID,
		Part: d.Name, PartRound: set.Round, ItemKey: it.Key, Depth: st.Depth + 1,
		Number: fmt.Sprintf("%s/%s/%d.%d", st.Number, d.Name, set.Round, n+1), Severity: st.Severity, Channel: "part", ReporterID: st.ReporterID,
		Title: st.Title, AreaID: st.AreaID, Areas: st.Areas, LiesIn: st.LiesIn, LonE7: st.LonE7, LatE7: st.LatE7, Fields: map[string]any{}}
	class := st.class
	if d.Task != nil {
		c.Kind = KindTask
	} else if k := st.class.In.Class(d.Case); k != nil { // of the version the family began under
		class = &Class{EffectiveClass: k, In: st.class.In, PackHash: st.PackHash, OverlayHash: st.OverlayHash}
	} else {
		return nil, nil, fault.New(fault.Internal, "case.unknown_class")
	}
	if it.Title != "" {
		c.Title = it.Title
	}
	if d.Task == nil && it.About.id != "" && mayBeAbout(class.Life.Life.About, d.For.Record) {
		it.About.pin(c)
	}
	child, err := st.s.born(st.ctx, st.tx, c, class, st.now)
	if err != nil {
		return nil, nil, err
	}
	child.parent, child.kept = st, st.kept
	if d.Task != nil {
		child.asTask(d.Task)
	}
	return child, values, nil
}

// seatDoers seats whom a task names by a seat of the parent or by a value of its item.
func (st *state) seatDoers(child *state, t *workflow.Task, it item) {
	for _, w := range t.Who {
		switch {
		case w.Kind == workflow.WhoSeat:
			for _, p := range st.held(w.Name) {
				child.seat(seatItem, p.Kind, p.Subject, w.Name)
			}
		case w.Kind == workflow.WhoItem && w.Name != "":
			subjects, _ := ids(formula.From(it.Values[w.Name]))
			for _, id := range subjects {
				kind := workflow.SeatPerson
				if _, ok := st.s.World.Unit(id); ok {
					kind = workflow.SeatUnit
				}
				child.seat(seatItem, kind, id, w.String())
			}
		}
	}
}

// itemsOf is the list of a set, from its source.
func (st *state) itemsOf(d *workflow.PartSet) ([]item, error) {
	f := d.For
	switch f.Kind {
	case workflow.ForParticipants:
		var out []item
		for _, seat := range f.Seats {
			for _, p := range st.held(seat) {
				if !slices.ContainsFunc(out, func(x item) bool { return x.Subject == p.Subject }) {
					out = append(out, item{Key: p.Subject, Kind: p.Kind, Subject: p.Subject, Values: map[string]any{"seat": seat, "subject": p.Subject}})
				}
			}
		}
		return out, nil
	case workflow.ForGiven:
		return st.subjectItems(f.Field, st.Fields[f.Field])
	case workflow.ForRows:
		v, err := f.Rows.Eval(st.env())
		if err != nil {
			return nil, err
		}
		rows, _ := plain(v).([]any)
		return st.rowItems(rows, f.Where)
	case workflow.ForList:
		var rows []any
		for _, r := range st.class.In.List(f.List) {
			row := map[string]any{}
			for k, v := range r {
				row[k] = v
			}
			rows = append(rows, row)
		}
		return st.rowItems(rows, f.Where)
	case workflow.ForOpen:
		return st.openItems(f)
	case workflow.ForRecords:
		return st.recordItems(f)
	case workflow.ForDates:
		return st.firstDate(d)
	}
	return nil, fault.New(fault.Internal, "case.unknown_source", "source", f.Kind)
}

// subjectItems are people or units named in the act.
func (st *state) subjectItems(name string, v any) ([]item, error) {
	list, ok := v.([]any)
	if !ok && v != nil {
		list = []any{v}
	}
	var out []item
	for i, x := range list {
		switch x := x.(type) {
		case string:
			kind := workflow.SeatPerson
			if _, ok := st.s.World.Unit(x); ok {
				kind = workflow.SeatUnit
			}
			out = append(out, item{Key: x, Kind: kind, Subject: x, Values: map[string]any{"subject": x}})
		case map[string]any:
			out = append(out, item{Key: rowKey(x, i), Values: x})
		default:
			return nil, &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: name, Code: "form.type"}}}
		}
	}
	return out, nil
}

func rowKey(row map[string]any, i int) string {
	if s, ok := row["key"].(string); ok && s != "" {
		return s
	}
	return strconv.Itoa(i + 1)
}

func (st *state) rowItems(rows []any, where *formula.Expr) ([]item, error) {
	var out []item
	for i, r := range rows {
		row, ok := r.(map[string]any)
		if !ok {
			continue
		}
		keep, err := where.Holds(st.env().With(formula.From(row)))
		if err != nil {
			return nil, err
		}
		if keep {
			out = append(out, item{Key: rowKey(row, i), Values: row})
		}
	}
	return out, nil
}

// waive ends the open parts for which the actor has said why.
func (st *state) waive(d *workflow.Action, why map[string]string) {
	for _, n := range d.Needs {
		if n.Part == "" || !n.OrSayWhy {
			continue
		}
		for _, c := range st.parts[n.Part] {
			reason := why[c.ItemKey]
			if reason == "" {
				reason = why[c.ID]
			}
			if c.Open() && reason != "" {
				st.later = append(st.later, task{Topic: topicAct, Case: c.ID, Action: actionWaive, Reason: reason, As: st.move.PersonID})
			}
		}
	}
}

// endParts decides about the open parts of a case that closes.
func (st *state) endParts(why map[string]string) error {
	for i := range st.life.Parts {
		d := &st.life.Parts[i]
		if st.set(d.Name) == nil {
			continue
		}
		parts, err := st.partsIn(d.Name, false)
		if err != nil {
			return err
		}
		rule := st.life.PartRule(d.Name)
		for _, c := range parts {
			if !c.Open() || why[c.ItemKey] != "" || why[c.ID] != "" {
				continue
			}
			switch {
			case st.decided(d.Name, c.PartRound): // nobody waits for it any more
				st.later = append(st.later, task{Topic: topicAct, Case: c.ID, Action: actionVoid, Reason: "closed", As: st.move.PersonID})
			case rule == workflow.PartsMustBeClosed:
				return fault.New(fault.Conflict, "case.parts_open", "part", d.Name)
			case rule == workflow.PartsCarryOver: // stays open under its root
			default:
				st.later = append(st.later, task{Topic: topicAct, Case: c.ID, Action: actionVoid, Reason: "closed", As: st.move.PersonID})
			}
		}
	}
	return nil
}

// decided tells whether the join of a round of a set has fired.
func (st *state) decided(name string, round int64) bool {
	return slices.ContainsFunc(st.sets, func(s *PartSet) bool { return s.Name == name && s.Round == round && s.ended() })
}

// join looks at a part set whose parts have changed: it takes up what they give, and fires
// joined or failed once.
func (st *state) join(name string) error {
	d := st.life.Part(name)
	set := st.set(name)
	if d == nil || set == nil || !st.Open() {
		return nil
	}
	st.begin(&Actor{System: true}, Act{Action: movePart + SetJoined, Reason: name}, st.s.ID())
	parts, err := st.partsIn(name, true)
	if err != nil {
		return err
	}
	took := false
	for _, c := range parts {
		if c.Open() || c.Outcome == outcomeVoid || c.Outcome == outcomeWaived || len(d.Take) == 0 {
			continue
		}
		for _, a := range d.Take {
			v, err := a.Value.Eval(st.env().With(itemValue{c}))
			if err != nil {
				return err
			}
			if hashOf(plain(v)) != hashOf(st.Fields[a.Field]) {
				took = true
				if err := st.setField(a.Field, v); err != nil {
					return err
				}
			}
		}
	}
	fired, err := st.judge(d, set)
	if err != nil {
		return err
	}
	if !took && !fired {
		return nil
	}
	if !fired {
		st.move.Action = movePart + moveTaken
	}
	return st.save()
}

// judge fires joined or failed when the join of a set is decided.
func (st *state) judge(d *workflow.PartSet, set *PartSet) (bool, error) {
	if d.Join == nil || set.State != SetOpen || set.unwritten() {
		return false, nil
	}
	items, err := st.items(d.Name, true)
	if err != nil {
		return false, err
	}
	for i := range items { // silence speaks when the last one is due, not before
		if items[i].State == workflow.ItemOpen || items[i].State == workflow.ItemSilent {
			items[i].State = workflow.ItemOpen
			if d.Join.AtLatest && !set.Next.IsZero() && !set.Next.After(st.now) {
				items[i].State = workflow.ItemSilent
			}
		}
	}
	held, impossible, err := d.Join.Test(items, st.env())
	if err != nil || !held && !impossible {
		return false, err
	}
	set.State, set.EndedAt, set.Next, set.changed = SetJoined, st.now, time.Time{}, true
	if !held {
		set.State = SetFailed
	}
	st.move.Action = movePart + set.State
	st.event(workflow.OnPart, d.Name, set.State)
	if d.Rest == workflow.RestVoid {
		parts, err := st.partsIn(d.Name, true)
		if err != nil {
			return false, err
		}
		for _, c := range parts {
			if c.Open() {
				st.later = append(st.later, task{Topic: topicAct, Case: c.ID, Action: actionVoid, Reason: set.State})
			}
		}
	}
	return true, nil
}

// asTask makes the state one of the built-in task life, with the parameters of its set.
func (st *state) asTask(t *workflow.Task) { st.task, st.life = t, st.s.TaskLife }

// taskLimit is the limit of a clock of the task life.
func (st *state) taskLimit(name string) (workflow.Limit, bool) {
	switch {
	case st.task == nil:
		return workflow.Limit{}, false
	case name == "acknowledge":
		if st.task.Acknowledge.IsZero() {
			return workflow.Limit{}, true
		}
		return workflow.Limit{Terms: []workflow.Term{{Span: st.task.Acknowledge}}}, true
	case name == "due":
		return st.task.Due, true
	}
	return workflow.Limit{}, false
}

// firstDate is the first item of a cadence.
func (st *state) firstDate(d *workflow.PartSet) ([]item, error) {
	days, err := st.datesOf(d)
	if err != nil || len(days) == 0 {
		return nil, err
	}
	return []item{dateItem(days[0], d.For.Dates.Time)}, nil
}

func dateItem(day worktime.Date, at string) item {
	v := map[string]any{"day": day.String()}
	if at != "" {
		v["at"] = at
	}
	return item{Key: day.String(), Values: v}
}

// cadence says how many parts a cadence expects, and when its next one opens: with the day
// before it is due.
func (st *state) cadence(d *workflow.PartSet, set *PartSet, _ []item) (int64, time.Time, error) {
	days, err := st.datesOf(d)
	if err != nil {
		return 0, time.Time{}, err
	}
	next := time.Time{}
	if int(set.Opened) < len(days) {
		next = days[set.Opened-1].At(endOfDay)
	}
	return int64(len(days)), next, nil
}
