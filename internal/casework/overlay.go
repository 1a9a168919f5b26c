package casework

import (
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// The kernel's own actions besides workflow.Overlays: the other halves of overlays, and
// what a seat's holder does about it.
const (
	actionResume     = "resume"
	actionUnmerge    = "unmerge"
	actionExtend     = "extend"
	actionAcceptSeat = "accept_seat"
	actionRefuseSeat = "refuse_seat"
)

var kernelOnly = map[string]func(*state, *Actor, Act) error{
	actionResume:     (*state).resumeCase,
	actionUnmerge:    (*state).unmerge,
	actionExtend:     (*state).extend,
	actionAcceptSeat: (*state).acceptSeat,
	actionRefuseSeat: (*state).refuseSeat,
	actionWaive:      func(st *state, who *Actor, a Act) error { return st.endPart(who, a, outcomeWaived) },
	actionVoid:       func(st *state, who *Actor, a Act) error { return st.endPart(who, a, outcomeVoid) },

	actionProposeVoid: (*state).proposeVoid,
}

// overlay does a kernel action. Overlays add owners, clocks and counts; only those to
// which the pack gives a step move the case.
func (st *state) overlay(who *Actor, a Act) error {
	if st.move == nil {
		return fault.New(fault.Internal, "case.no_move")
	}
	a.Reason, a.Note = orText(a.Reason, a.Values["reason"]), orText(a.Note, a.Values["note"])
	st.move.Reason, st.move.Data.Note = a.Reason, a.Note
	st.before, _ = st.hashes()
	if do := kernelOnly[a.Action]; do != nil {
		if err := do(st, who, a); err != nil {
			return err
		}
		st.event(workflow.OnDid, a.Action, "")
		return nil
	}
	o := st.rule(a.Action)
	if o == nil && who.System && a.Action == workflow.Shield { // what the case above brings along
		o = &workflow.Overlay{Name: workflow.Shield}
	}
	if o == nil && a.Action != workflow.Comment {
		return fault.New(fault.Forbidden, "case.not_allowed")
	}
	if o == nil {
		o = &workflow.Overlay{Name: workflow.Comment}
	}
	if err := st.mayOverlay(who, o); err != nil {
		return err
	}
	if a.Version != 0 && a.Version != st.Version && o.To != "" {
		return fault.New(fault.Conflict, "case.changed", "version", st.Version, "step", st.Step)
	}
	if o.Name != workflow.Comment && !o.Allowed(st.life, st.Step) {
		return fault.New(fault.Conflict, "case.not_in_step", "step", st.Step)
	}
	before := st.Version
	if err := st.overlaid(who, o, a); err != nil {
		return err
	}
	if err := st.reasoned(o, a); err != nil { // what is asked comes last
		return err
	}
	if st.Version == before && o.Name != workflow.Merge { // where the pack says that the case stands afterwards
		if err := st.goTo(o.To); err != nil {
			return err
		}
	}
	told, err := st.persons(o.Tell)
	if err != nil {
		return err
	}
	if len(told) > 0 {
		st.tells = append(st.tells, telling{Event: a.Action, Who: told})
	}
	st.event(workflow.OnDid, a.Action, "")
	return nil
}

// orText is what was said beside the values of an act, or among them.
func orText(said string, v any) string {
	if text, ok := v.(string); ok && said == "" {
		return text
	}
	return said
}

func (st *state) overlaid(who *Actor, o *workflow.Overlay, a Act) error {
	switch o.Name {
	case workflow.Acknowledge:
		if st.AssigneeID == "" {
			st.AssigneeID = who.PersonID
		}
	case workflow.Urge:
		st.Urges++
		st.tells = append(st.tells, telling{Event: "urged", Who: st.responsiblePeople()})
	case workflow.Supervise:
		st.Supervised = true
		st.seat(workflow.SeatSupervisor, workflow.SeatPerson, who.PersonID, o.Name)
		st.underSupervision()
		st.tells = append(st.tells, telling{Event: "supervised", Who: st.responsiblePeople()})
	case workflow.Sponsor:
		st.seat(workflow.SeatSponsor, workflow.SeatPerson, who.PersonID, o.Name)
	case workflow.Escalate:
		return st.escalate()
	case workflow.Suspend:
		return st.suspend(o, a)
	case workflow.Transfer:
		return st.handTo(o, a, false)
	case workflow.Designate:
		return st.handTo(o, a, true)
	case workflow.Return:
		return st.giveBack(who, o)
	case workflow.Reopen:
		return st.reopen(o, a)
	case workflow.Reclassify:
		return st.reclassify(a)
	case workflow.Merge:
		return st.merge(who, a)
	case workflow.Shield:
		return st.shield(a)
	case workflow.HandDown:
		return st.handDown(a)
	}
	return nil
}

// mayOverlay applies the pack's who, or the kernel's own rule.
func (st *state) mayOverlay(who *Actor, o *workflow.Overlay) error {
	if who.System {
		return nil
	}
	if len(o.Who) > 0 {
		post, ok, err := st.entitled(who, o.Who, nil)
		if err != nil {
			return err
		}
		if ok {
			st.under(post)
			return nil
		}
		return fault.New(fault.Forbidden, "case.no_right")
	}
	post, ok := st.postHere(who), false
	switch o.Name {
	case workflow.Comment:
		ok = true // whoever sees the case may say something
	case workflow.Urge, workflow.Shield:
		if ok = st.ReporterID == who.PersonID; !ok {
			post, ok = st.over(who)
		}
	case workflow.Reopen:
		var err error
		if ok, err = st.isReporter(who); err != nil {
			return err
		}
	case workflow.Acknowledge, workflow.Return, workflow.Transfer, workflow.Merge, workflow.Reclassify:
		post, ok = st.responsibleAs(who)
	default: // what binds others is for those who lead above, or to whom the kernel has brought it
		post, ok = st.over(who, account.Leader, account.Deputy)
		if !ok && o.Name == workflow.Designate {
			var err error
			if post, ok, err = st.sits(who, SeatEscalated); err != nil {
				return err
			}
		}
	}
	if !ok {
		return fault.New(fault.Forbidden, "case.no_right")
	}
	st.under(post)
	return nil
}

// over finds the actor's post in an area above the place of work, at one of the
// seats given, if any.
func (st *state) over(who *Actor, seats ...account.Seat) (Post, bool) {
	i := slices.IndexFunc(who.Posts, func(p Post) bool {
		return (len(seats) == 0 || slices.Contains(seats, p.Seat)) && p.AreaLevel > 0 && p.AreaLevel < st.workLevel() && st.Areas[p.AreaLevel] == p.AreaID
	})
	if i < 0 {
		return Post{}, false
	}
	return who.Posts[i], true
}

// responsibleIs tells whether the actor leads the case now, or acts for somebody who does.
func (st *state) responsibleIs(who *Actor) bool {
	_, ok := st.responsibleAs(who)
	return ok
}

// responsibleAs finds the post under which the actor leads the case.
func (st *state) responsibleAs(who *Actor) (Post, bool) {
	people := st.responsiblePeople()
	if slices.Contains(people, who.PersonID) {
		return st.postHere(who), true
	}
	for _, p := range who.Posts {
		if slices.Contains(people, p.PersonID) {
			return p, true
		}
	}
	return Post{}, false
}

// responsiblePeople are those who lead the case now.
func (st *state) responsiblePeople() []string {
	var out []string
	if st.UnitID != "" {
		for _, p := range st.s.World.People().InUnit(st.Queue, st.UnitID, st.now) {
			out = append(out, p.PersonID)
		}
	}
	if st.AssigneeID != "" {
		out = append(out, st.assignee())
	}
	if len(out) == 0 && st.Queue != "" {
		people, _ := st.persons([]workflow.Who{{Kind: workflow.WhoRole, Name: st.Queue, Of: workflow.OfArea}})
		out = people
	}
	return out
}

// assignee is the person who has the case: they, or whoever holds the post that does.
func (st *state) assignee() string {
	if p, ok := st.s.World.People().Post(st.AssigneeID); ok {
		return p.PersonID
	}
	return st.AssigneeID
}

// reasoned asks for a reason from the pack's list, where it has one.
func (st *state) reasoned(o *workflow.Overlay, a Act) error {
	list := st.reasons(o)
	switch {
	case list == nil || slices.Contains(list, a.Reason):
		return nil
	case a.Reason == "":
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "reason", Code: "form.required"}}}
	}
	return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: "reason", Code: "form.not_an_option"}}}
}

// escalate adds the owners one level up; the step stays.
func (st *state) escalate() error {
	added := false
	for l := st.workLevel() - 1; l >= 1 && !added; l-- {
		u, ok := st.s.World.UnitOfArea(st.Areas[l])
		if st.Areas[l] == "" || !ok || st.keptFromUnit(u) {
			continue
		}
		st.seat(SeatEscalated, workflow.SeatUnit, u.ID, workflow.Escalate)
		st.tells = append(st.tells, telling{Event: "escalated", Who: st.peopleIn(u.ID)})
		added = true
	}
	if u, ok := st.aboveAll(); ok && !added {
		st.seat(SeatEscalated, workflow.SeatUnit, u.ID, workflow.Escalate)
		st.tells = append(st.tells, telling{Event: "escalated", Who: st.peopleIn(u.ID)})
		added = true
	}
	if !added {
		return fault.New(fault.Conflict, "case.nobody_above")
	}
	return nil
}

func (st *state) peopleIn(unit string) []string {
	var out []string
	for _, p := range st.s.World.People().InUnit("", unit, st.now) {
		out = append(out, p.PersonID)
	}
	return out
}

// leading is the unit seat that acts in a step.
func (st *state) leading(step string) string {
	for _, a := range st.life.Actions {
		if !slices.Contains(a.In, step) {
			continue
		}
		for _, w := range a.Who {
			if d := st.life.Seat(w.Name); w.Kind == workflow.WhoSeat && d != nil && d.Kind == workflow.SeatUnit {
				return d.Name
			}
		}
	}
	return ""
}

// handTo gives the lead to another unit. Designated, it cannot be returned.
func (st *state) handTo(o *workflow.Overlay, a Act, designated bool) error {
	unit, _ := a.Values["unit"].(string)
	if form.Empty(unit) {
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "unit", Code: "form.required"}}}
	}
	to := o.To
	if to == "" {
		to = st.Step
	}
	seat := st.leading(to)
	if seat == "" {
		return fault.New(fault.Conflict, "case.no_seat_to_hand_over")
	}
	if err := st.fill(seat, unit, o.Name); err != nil {
		return err
	}
	st.Designated = designated
	return st.goTo(o.To)
}

func (st *state) goTo(step string) error {
	if step == "" || step == st.Step {
		return nil
	}
	return st.enter(step, "", nil)
}

// giveBack returns the case to where it came from. It is counted and capped, and a
// designated unit cannot.
func (st *state) giveBack(who *Actor, o *workflow.Overlay) error {
	if st.Designated {
		return fault.New(fault.Conflict, "case.designated")
	}
	if limit := o.Cap; limit > 0 && st.Returns >= int64(limit) {
		return fault.New(fault.Conflict, "case.return_cap", "cap", limit)
	}
	if len(o.Within.Terms) > 0 {
		since := st.EnteredAt
		due := worktime.Add(since, o.Within.Terms[0].Span, st.s.Calendar(st.Jurisdiction), worktime.Options{})
		if st.now.After(due.At) {
			return fault.New(fault.Conflict, "case.return_too_late")
		}
	}
	seat := st.leading(st.Step)
	for _, p := range st.held(seat) {
		if _, ok := st.matches(who, p); ok || who.System {
			st.leave(p, Left)
		}
	}
	st.Returns++
	if err := st.cappedReturn(o); err != nil {
		return err
	}
	to := o.To
	if to == "" {
		to = st.life.Start()
	}
	return st.goTo(to)
}

// cappedReturn hands a case that came back too often to those who designate: whom the pack
// names, else the unit one level up.
func (st *state) cappedReturn(o *workflow.Overlay) error {
	if o.Cap == 0 || st.Returns < int64(o.Cap) || o.Then == "" {
		return nil
	}
	d := st.rule(o.Then)
	if d == nil || len(d.Who) == 0 {
		if err := st.escalate(); fault.CodeOf(err) != "case.nobody_above" {
			return err
		}
		return nil
	}
	people, err := st.persons(d.Who)
	for _, p := range people {
		st.seat(SeatEscalated, workflow.SeatPerson, p, "returns")
	}
	st.tells = append(st.tells, telling{Event: "to_designate", Who: people})
	return err
}

// reopen takes a closed case up again, with a limit.
func (st *state) reopen(o *workflow.Overlay, a Act) error {
	if a.Reason == "" && a.Note == "" {
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "reason", Code: "form.required"}}}
	}
	if st.MergedInto != "" {
		return fault.New(fault.Conflict, "case.merged")
	}
	if limit := max(o.Cap, 1); st.Reopens >= int64(limit) {
		return fault.New(fault.Conflict, "case.reopen_cap", "cap", limit)
	}
	if len(o.Within.Terms) > 0 {
		if due := worktime.Add(st.ClosedAt, o.Within.Terms[0].Span, st.s.Calendar(st.Jurisdiction), worktime.Options{}); st.now.After(due.At) {
			return fault.New(fault.Conflict, "case.reopen_too_late")
		}
	}
	st.Reopens++
	to := o.To
	if to == "" {
		to = st.life.Start()
	}
	if err := st.enter(to, "", nil); err != nil {
		return err
	}
	for _, c := range st.clocks { // the citizen's clock never starts anew
		if d := st.life.Clock(c.Name); d != nil && d.NeverPaused && c.State == Stopped {
			c.State, c.Until, c.changed = Running, time.Time{}, true
			if err := st.dueOf(d, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// endStep is the closed step in which a case of that outcome stands: the one of its name, or
// to which an action with that outcome leads, else the first.
func (st *state) endStep(outcome string) string {
	ends := st.life.StepsIn(workflow.Closed)
	if slices.Contains(ends, outcome) {
		return outcome
	}
	for i := range st.life.Actions {
		a := &st.life.Actions[i]
		for _, t := range a.To {
			if a.Outcome == outcome && slices.Contains(ends, t.Step) {
				return t.Step
			}
		}
	}
	return ends[0]
}

// endPart ends a part that is no longer waited for. Whoever leads the parent may, and what
// the parent's acts cause.
func (st *state) endPart(who *Actor, a Act, outcome string) error {
	if st.ParentID == "" {
		return fault.New(fault.Forbidden, "case.not_allowed")
	}
	if !st.Open() {
		return fault.New(fault.Conflict, "case.not_in_step", "step", st.Step)
	}
	if !who.System {
		up, err := st.up()
		if err != nil {
			return err
		}
		if !up.responsibleIs(who) {
			return fault.New(fault.Forbidden, "case.no_right")
		}
		st.under(st.postHere(who))
	}
	if a.Reason == "" && a.Note == "" {
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "reason", Code: "form.required"}}}
	}
	return st.enter(st.endStep(outcome), outcome, nil)
}
