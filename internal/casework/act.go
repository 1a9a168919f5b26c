package casework

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/workflow"
)

// Act is an action somebody wants to do on a case.
type Act struct {
	Case     string
	Action   string
	Version  int64          // of the step the actor saw; 0: did not say
	Step     string         // the step an offline actor saw; "" : did not say
	Values   map[string]any // answers to what the action asks
	Why      map[string]string
	Note     string
	Reason   string
	Key      string    // idempotency key, a UUID made by the client
	DeviceAt time.Time // when the actor's device says it was done
	Offline  bool      // made without signal: becomes a note when the step has changed
	Cause    string

	signal *Signal // that an automatic act follows from
	many   bool    // of a batch
	other  string  // the case besides whose key is held
}

// Result is what an act came to.
type Result struct {
	Case   *Case
	MoveID string
	Note   bool // an offline act whose step had changed: kept as a note
}

// Act does an action on a case. It is refused, in this order, for want of rights
// (case.not_found to those who may not see the case, case.no_right), in the wrong step
// (case.not_in_step, case.changed), for separation of duty (case.not_your_own_work), for
// unmet needs (case.needs_unmet, case.parts_open, …) and for missing or wrong answers
// (case.asks_missing, case.bad_value). Sending it twice under one key does it once.
func (s *Service) Act(ctx context.Context, who *Actor, a Act) (*Result, error) {
	var res *Result
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	keys, err := s.keysOf(ctx, &a)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, keys, func(ctx context.Context, tx *db.Tx) (err error) {
		res, err = s.act(ctx, tx, who, a)
		return err
	})
	return res, err
}

func (s *Service) act(ctx context.Context, tx *db.Tx, who *Actor, a Act) (*Result, error) {
	var before []claimed
	var kept []payload
	also := []func(*loading) db.Ask{func(*loading) db.Ask {
		return db.Ask{Stmt: claimedBy, Args: []any{who.PersonID, "act/" + a.Case, a.Key}, Scan: db.Into(&before, scanClaimed), Unless: func() bool { return a.Key == "" }}
	}}
	if a.speaks() {
		also = append(also, keptNames(a.Case, &kept))
	}
	st, err := s.load(ctx, tx, a.Case, s.Now(), also...)
	if err != nil {
		return nil, err
	}
	body, err := s.bodyOf(ctx, tx, a.Key, a)
	if err != nil {
		return nil, err
	}
	if len(before) > 0 && a.Key != "" {
		if err := before[0].same(body); err != nil {
			return nil, err
		}
		note, err := wasNote(ctx, tx, a, before[0].subject)
		return &Result{Case: st.Case, MoveID: before[0].subject, Note: note}, err
	}
	// Only now is the case's key held: moves of one case are numbered and dated in their order.
	st.now = s.Now()
	moveID := s.ID()
	if a.Key != "" { // nobody else can have claimed it: the route names the case
		if err := tx.Queue(ctx, claimKey, who.PersonID, "act/"+a.Case, a.Key, body, moveID, st.now); err != nil {
			return nil, err
		}
	}
	if st.knowNames(a.Values); len(kept) > 0 {
		if err := st.knowKept(kept); err != nil {
			return nil, err
		}
	}
	a = st.liftAct(a)
	if !who.System && !st.sees(who) {
		if a.Offline && st.satHere(who) { // what was done before the case went on is not lost
			return st.keepAsNote(who, a, moveID)
		}
		return nil, fault.New(fault.NotFound, "case.not_found")
	}
	if a.Offline && (a.Step != "" && a.Step != st.Step || a.Version != 0 && a.Version != st.Version) {
		return st.keepAsNote(who, a, moveID)
	}
	st.begin(who, a, moveID)
	st.signal = a.signal
	if st.life.Action(a.Action) == nil && (workflow.IsOverlay(a.Action) || kernelOnly[a.Action] != nil) {
		if a.many && (!slices.Contains(inOneGo, a.Action) || st.aboutSomebody()) {
			return nil, fault.New(fault.Conflict, "case.not_batch")
		}
		err = st.overlay(who, a)
	} else {
		err = st.doAction(who, a)
	}
	if err != nil {
		return nil, err
	}
	if err := st.save(); err != nil {
		return nil, err
	}
	return &Result{Case: st.Case, MoveID: moveID}, nil
}

// begin prepares the move.
func (st *state) begin(who *Actor, a Act, moveID string) {
	st.move = &Move{ID: moveID, CaseID: st.ID, Jurisdiction: st.Jurisdiction, RootID: st.RootID, Action: a.Action, From: st.Step, To: st.Step,
		PersonID: who.PersonID, HelperID: who.Helper, At: st.now, DeviceAt: a.DeviceAt, Cause: a.Cause, Done: true, Reason: a.Reason,
		Data: Data{Why: a.Why, Note: a.Note}}
}

// under records the post under which the move is done, and its holder where somebody acts for them.
func (st *state) under(p Post) {
	st.move.PostID, st.move.UnitID, st.move.Role, st.move.Data.For = p.ID, p.UnitID, p.Role, ""
	if p.PersonID != st.move.PersonID {
		st.move.Data.For = p.PersonID
	}
}

func hashOf(v any) string {
	b, _ := json.Marshal(v) // maps are sorted; an Act always marshals
	h := sha256.Sum256(b)
	return base64.RawStdEncoding.EncodeToString(h[:])
}

// doAction does an action of the life.
func (st *state) doAction(who *Actor, a Act) error {
	d := st.life.Action(a.Action)
	if d == nil {
		return fault.New(fault.Invalid, "case.unknown_action")
	}
	post, err := st.may(who, d)
	if err != nil {
		return err
	}
	if a.many && !st.inOneGo(d, st.mayClose(d)) {
		return fault.New(fault.Conflict, "case.not_batch")
	}
	st.under(post)
	if err := st.inStep(d, a); err != nil {
		return err
	}
	if err := st.keptAway(who, post, st.apartOf(d)); err != nil {
		return err
	}
	before, err := st.hashes()
	if err != nil {
		return err
	}
	st.before = before
	missing, err := st.needs(d, a, false)
	if err != nil {
		return err
	}
	if err := st.answers(st.asksOf(d), st.alsoOf(d), st.said(d, a)); err != nil {
		return firstOf(missing, err) // needs are told before asks
	}
	if missing != nil || len(a.Values) > 0 { // a gate may speak of what was just answered
		if again, err := st.needs(d, a, missing == nil); err != nil || again != nil {
			return firstOf(err, firstOf(missing, again))
		}
	}
	if err := st.apply(d.Then); err != nil {
		return err
	}
	step, err := d.Target(st.Step, st.env())
	if err != nil {
		return err
	}
	if held, err := st.heldForOthers(who, d, step); err != nil || held {
		return err
	}
	st.event(workflow.OnDid, d.Name, "")
	if d.Moves() {
		if step == "" {
			return fault.New(fault.Conflict, "case.no_target")
		}
		if err := st.enter(step, d.Outcome, a.Why); err != nil {
			return err
		}
	}
	st.waive(d, a.Why)
	return st.sample(d)
}

func firstOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// may tells whether the actor has the right, and under which post.
func (st *state) may(who *Actor, d *workflow.Action) (Post, error) {
	if who.System {
		return Post{}, nil
	}
	if d.IsAutomatic() && len(d.Who) == 1 {
		return Post{}, fault.New(fault.Forbidden, "case.no_right")
	}
	post, ok, err := st.entitled(who, d.Who, st.apartOf(d))
	if err != nil {
		return Post{}, err
	}
	if !ok {
		return Post{}, fault.New(fault.Forbidden, "case.no_right")
	}
	return post, nil
}

// inStep refuses an action that is not offered where the case stands.
func (st *state) inStep(d *workflow.Action, a Act) error {
	if a.Version != 0 && a.Version != st.Version {
		return fault.New(fault.Conflict, "case.changed", "version", st.Version, "step", st.Step)
	}
	if !d.Allowed(st.Step) {
		return fault.New(fault.Conflict, "case.not_in_step", "step", st.Step)
	}
	if !st.SuspendedUntil.IsZero() && !d.IsAutomatic() && d.Moves() {
		return fault.New(fault.Conflict, "case.suspended")
	}
	if d.Times > 0 {
		n, err := st.times(d.Name)
		if err != nil {
			return err
		}
		if st.move.Action == d.Name {
			n-- // the act in progress is counted
		}
		if n >= int64(d.Times) {
			return fault.New(fault.Conflict, "case.times_used", "times", d.Times)
		}
	}
	ok, err := d.If.Holds(st.env())
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Conflict, "case.not_offered")
	}
	return nil
}

// needs are the conditions of an action that do not hold; of formulas alone, which cost no look
// at anything but the case, where the others held already.
func (st *state) needs(d *workflow.Action, a Act, formulas bool) (refused error, err error) {
	un, err := st.unmetNeeds(d.Needs, a.Why, formulas)
	if err != nil || len(un) == 0 {
		return nil, err
	}
	return refusal(un), nil
}

// said are the answers of an act; a reason and a note given beside them count as such.
func (st *state) said(d *workflow.Action, a Act) map[string]any {
	values := map[string]any{}
	for k, v := range a.Values {
		values[k] = v
	}
	for name, text := range map[string]string{"reason": a.Reason, "note": a.Note} {
		asked := slices.Contains(d.Asks, name) || slices.Contains(d.Also, name)
		if asked && text != "" && form.Empty(values[name]) {
			values[name] = text
		}
	}
	return values
}

func (st *state) asksOf(d *workflow.Action) []string {
	if st.task != nil && d.Name == actionAnswer {
		return append(slices.Clone(d.Asks), st.task.Asks...)
	}
	return d.Asks
}

func (st *state) alsoOf(d *workflow.Action) []string {
	if st.task != nil && d.Name == actionAnswer {
		return append(slices.Clone(d.Also), st.task.Also...)
	}
	return d.Also
}

// answers takes in what an action asks: fields are validated and stored, seats filled.
func (st *state) answers(asks, also []string, values map[string]any) error {
	e := &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing"}
	known := map[string]bool{}
	for i, list := range [][]string{asks, also} {
		for _, name := range list {
			known[name] = true
			if form.Empty(values[name]) {
				if i == 0 && !st.excused(name) {
					e.At = append(e.At, fault.Place{Path: name, Code: "form.required"})
				}
				continue
			}
			if err := st.answer(name, values[name]); err != nil {
				return err
			}
		}
	}
	if len(e.At) > 0 {
		return e
	}
	for name := range values {
		if !known[name] {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: name, Code: "form.unknown_field"}}}
		}
	}
	return nil
}

// excused tells that a field need not be asked: its condition does not hold, or the case
// knows it already and it may not change.
func (st *state) excused(name string) bool {
	f := st.class.Field(name)
	if f == nil {
		return false
	}
	if f.AskedIf != nil {
		if ok, err := f.AskedIf.Holds(st.env()); err == nil && !ok {
			return true
		}
	}
	return f.Locked && st.Fields[name] != nil
}

func (st *state) answer(name string, v any) error {
	if f := st.class.Field(name); f != nil {
		if f.Locked && st.Fields[name] != nil || f.Formula != nil {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: name, Code: "form.locked"}}}
		}
		x, wrong := f.Validate(v)
		if len(wrong) > 0 {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: wrong}
		}
		return st.store(f, name, x)
	}
	if d := st.life.Seat(name); d != nil {
		subjects, ok := subjectsOf(v)
		if !ok {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: name, Code: "form.type"}}}
		}
		if err := st.enough(name, subjects); err != nil {
			return err
		}
		return st.fill(name, subjects, "given")
	}
	return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: name, Code: "form.unknown_field"}}}
}

// enter moves the case to a step, and closes it when that is the end.
func (st *state) enter(step, outcome string, why map[string]string) error {
	from := st.Step
	st.Step, st.Phase, st.move.To = step, st.life.Phase(step), step
	if from == step {
		st.event(workflow.OnEntered, step, "") // entered anew
		st.Version++
		return nil
	}
	st.Version++
	st.EnteredAt = st.now
	st.event(workflow.OnLeft, from, "")
	st.event(workflow.OnEntered, step, "")
	if st.Open() {
		st.ClosedAt, st.Outcome = time.Time{}, ""
		return nil
	}
	if outcome == "" {
		outcome = step // a life whose end speaks for itself
	}
	st.ClosedAt, st.Outcome, st.move.Outcome = st.now, outcome, outcome
	st.SuspendedUntil = time.Time{}
	st.event(workflow.OnClosed, "", "")
	return st.endParts(why)
}

var moveAction = db.SQL(`SELECT action FROM move WHERE id = $1`)

// wasNote tells whether an act that is sent again was kept as a note the first time: whoever did
// not hear the first answer is to hear the same.
func wasNote(ctx context.Context, tx *db.Tx, a Act, moveID string) (bool, error) {
	if !a.Offline || a.Action == workflow.Comment {
		return false, nil
	}
	actions, err := db.Collect(ctx, tx, moveAction, []any{moveID}, func(r db.Rows) (s string, err error) { return s, r.Scan(&s) })
	return len(actions) == 1 && actions[0] == workflow.Comment, err
}

// keepAsNote keeps an offline act whose step has changed, with its evidence.
func (st *state) keepAsNote(who *Actor, a Act, moveID string) (*Result, error) {
	st.begin(who, a, moveID)
	st.move.Action = workflow.Comment
	st.move.Data.Code = "case.changed"
	st.move.Data.Values = map[string]any{"action": a.Action, "step": a.Step}
	for name, v := range a.Values {
		if f := st.class.Field(name); f != nil && f.Personal == nil {
			if x, wrong := f.Validate(v); len(wrong) == 0 {
				if mayLift(f) {
					x = st.lift(name, x)
				}
				st.move.Data.Values[name] = x
			}
		}
	}
	st.under(st.postHere(who))
	if err := st.save(); err != nil {
		return nil, err
	}
	return &Result{Case: st.Case, MoveID: moveID, Note: true}, nil
}

// satHere tells whether the actor held a seat of the case once.
func (st *state) satHere(who *Actor) bool {
	return slices.ContainsFunc(st.seats, func(p *Participant) bool {
		_, ok := st.matches(who, p)
		return ok && p.State == Left
	})
}

// sees tells whether the actor may see the case at all.
func (st *state) sees(who *Actor) bool {
	if who.Scope.Kept(st.marks()) && (who.PersonID != st.ReporterID || who.PersonID == "") {
		return false
	}
	if who.Scope.Covers(st.subject()) {
		return true
	}
	if up, err := st.up(); err == nil && up != nil && up.holdsSeat(who) {
		return true
	}
	also, err := st.mergedReporters()
	return err == nil && who.Jurisdiction == st.Jurisdiction && slices.Contains(also, who.PersonID)
}

// holdsSeat tells whether the actor holds a seat of this case or of one above it: such a seat
// gives sight of all that lies below.
func (st *state) holdsSeat(who *Actor) bool {
	for _, p := range st.seats {
		if _, ok := st.matches(who, p); ok && p.State == Held && p.Kind != workflow.SeatParty {
			return true
		}
	}
	up, err := st.up()
	return err == nil && up != nil && up.holdsSeat(who)
}

// subject is what a scope needs to know of the case.
func (st *state) subject() account.Subject {
	sub := account.Subject{Jurisdiction: st.Jurisdiction, Reporter: st.ReporterID, Areas: st.Areas, People: []string{st.EnteredBy}, Kept: st.marks()}
	for _, p := range st.seats {
		if p.State != Held && p.State != Offered {
			continue
		}
		switch p.Kind {
		case workflow.SeatPerson:
			sub.People = append(sub.People, p.Subject)
		case workflow.SeatPost:
			sub.Posts = append(sub.Posts, p.Subject)
		case workflow.SeatUnit:
			sub.Units = append(sub.Units, p.Subject)
		}
	}
	return sub
}
