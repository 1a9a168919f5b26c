package casework

import (
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/jobs"
	"gezhi/internal/workflow"
)

// Topics and timers of this package.
const (
	topicAct    = "case.act"
	topicOpen   = "case.open"
	TopicNotice = "notice"
	TimerCase   = "case"
	TimerJoin   = "join"
)

// task is work that follows an act, done after its commit.
type task struct {
	Topic  string            `json:"-"`
	Case   string            `json:"case"`
	Action string            `json:"action,omitempty"`
	Class  string            `json:"class,omitempty"`
	Values map[string]any    `json:"values,omitempty"`
	Reason string            `json:"reason,omitempty"`
	Why    map[string]string `json:"why,omitempty"`
	As     string            `json:"as,omitempty"`     // whose act caused it
	Signal *Signal           `json:"-"`                // that it follows from
	Plain  *Signal           `json:"signal,omitempty"` // of a message that an older program wrote
	Sealed string            `json:"sealed,omitempty"` // the signal, which may speak of somebody
	Key    string            `json:"key,omitempty"`    // data key that seals it
	Cause  string            `json:"cause"`
	Watch  []string          `json:"watch,omitempty"` // rules of the life that are to be asked
}

// Notice is what people are told of a case: never who reported it, nor what was said.
type Notice struct {
	ID           string    `json:"id"`
	Jurisdiction string    `json:"jurisdiction"`
	Case         string    `json:"case"`
	Number       string    `json:"number"`
	Class        string    `json:"class"` // pack/scheme:code
	Event        string    `json:"event"`
	Did          string    `json:"did,omitempty"` // the action by which they were told, when that is the event
	Severity     string    `json:"severity"`
	Wakes        bool      `json:"wakes"`
	Fallback     []string  `json:"fallback,omitempty"`
	Clock        string    `json:"clock,omitempty"`
	Mark         string    `json:"mark,omitempty"`
	DueAt        time.Time `json:"due_at,omitzero"`
	People       []string  `json:"people"`
}

// save lets clocks, part sets and keys hear what happened, and writes everything the act
// owes: current row, move, seats, clocks, sets, keys, timer, outbox and audit leaf.
func (st *state) save() error {
	st.acted = true
	if err := st.compute(); err != nil {
		return err
	}
	before := st.UnitID + st.AssigneeID + st.Queue
	st.responsible() // before the sets: who leads now leads their tasks
	if before != st.UnitID+st.AssigneeID+st.Queue && st.Open() {
		st.assigned()
	}
	if len(st.vacated) > 0 && st.Open() {
		if err := st.tellVacant(); err != nil {
			return err
		}
	}
	if err := st.endOffers(); err != nil {
		return err
	}
	if err := st.openSets(); err != nil {
		return err
	}
	if err := st.runClocks(); err != nil {
		return err
	}
	st.follow()
	st.Moves++
	if err := st.seal(); err != nil {
		return err
	}
	if err := st.saveCase(); err != nil {
		return err
	}
	if err := st.saveKeys(st.before); err != nil {
		return err
	}
	if err := st.saveShield(); err != nil {
		return err
	}
	if err := st.saveRest(); err != nil {
		return err
	}
	if err := st.saveLater(); err != nil {
		return err
	}
	st.move.Silent = st.silent()
	for _, hear := range st.s.OnMove {
		if err := hear(st.ctx, st.tx, st.move, st.Case); err != nil {
			return err
		}
	}
	if st.s.Changed != nil {
		c := *st.Case
		var err error
		if c.hears, err = st.hearers(); err != nil {
			return err
		}
		st.tx.AfterCommit(func() { st.s.Changed(&c) })
	}
	at := st.now
	if st.s.Past != nil {
		at = st.s.Past()
	}
	return audit.Append(st.ctx, st.tx, audit.Leaf{ID: st.move.ID, Jurisdiction: st.Jurisdiction, Subject: "case/" + st.ID, Act: "move",
		Person: st.move.PersonID, At: at, Wrote: st.wrote, Rows: st.reread})
}

// placed are the class and the place of a case, and its title.
func (c *Case) placed() [5]string {
	return [5]string{c.Scheme, c.Class, c.AreaID, c.LiesIn, c.Title}
}

// silent tells whether the act changed nothing by which the case is found.
func (st *state) silent() bool {
	d := &st.move.Data
	if st.fresh || st.wasOpen != st.Open() || st.wasPlaced != st.placed() || st.move.Reason != "" || d.Note != "" ||
		len(d.Values)+len(d.Filled)+len(d.Names)+len(d.Formula) > 0 {
		return false
	}
	return !slices.ContainsFunc(st.seats, func(p *Participant) bool { return p.added || p.changed })
}

// write queues a statement whose arguments are a whole row of a table, and keeps the row for
// the leaf.
func (st *state) write(s db.Stmt, t *audit.Table, row []any) error {
	st.wrote = append(st.wrote, audit.Row{Table: t, Values: row})
	return st.tx.Queue(st.ctx, s, slices.Clone(row)...) // what is bound changes its arguments
}

// compute sets the fields that formulas give.
func (st *state) compute() error {
	for i := range st.class.Fields {
		f := &st.class.Fields[i]
		if f.Formula == nil {
			continue
		}
		v, err := f.Formula.Eval(st.env())
		if err != nil {
			return err
		}
		if x := plain(v); x != nil && hashOf(x) != hashOf(st.Fields[f.Name]) {
			if err := st.store(f, f.Name, x); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	eventAssigned = "assigned" // said to whom a case has come
	eventTold     = "told"     // said by the effect tell, with the action that had it
)

// assigned tells those who have the case now.
func (st *state) assigned() {
	var who []string
	add := func(id string) { who = append(who, id) }
	switch {
	case st.UnitID != "" && st.Queue == "":
		for _, p := range st.s.World.People().InUnit("", st.UnitID, st.now) {
			add(p.PersonID)
		}
	case st.UnitID != "":
		for _, p := range st.s.World.People().InUnit(st.Queue, st.UnitID, st.now) {
			add(p.PersonID)
		}
	case st.AssigneeID != "":
		add(st.assignee())
	default:
		who = st.inQueue()
	}
	if len(who) > 0 {
		st.tells = append(st.tells, telling{Event: eventAssigned, Who: who})
	}
}

// follow lets the automatic actions hear what happened.
func (st *state) follow() {
	for _, h := range st.happened {
		for _, a := range st.life.ActionsUpon(h) {
			st.later = append(st.later, task{Topic: topicAct, Case: st.ID, Action: a.Name, Reason: h.String(), Signal: st.signal})
		}
	}
	if names := st.watched(); len(names) > 0 {
		st.later = append(st.later, task{Topic: topicWatch, Case: st.ID, Watch: names})
	}
	if !st.Open() && st.ParentID != "" && heard(workflow.Trigger{Kind: workflow.OnClosed}, st.happened) {
		st.joins = true
	}
}

func (st *state) saveCase() error {
	row, err := st.Case.columns()
	if err != nil {
		return err
	}
	if st.fresh {
		if err := st.write(insertCase, audit.Cases, row); err != nil {
			return err
		}
	} else {
		st.wrote = append(st.wrote, audit.Row{Table: audit.Cases, Values: row})
		if err := st.Case.update(st.ctx, st.tx, row[len(row)-1]); err != nil {
			return err
		}
		if st.dueMoved || st.wasOpen != st.Open() {
			if err := st.tx.Queue(st.ctx, dueOfInvolved, st.ID, st.Open(), st.DueAt); err != nil {
				return err
			}
		}
	}
	moved, err := st.move.insert(st.ctx, st.tx)
	st.wrote = append(st.wrote, moved)
	return err
}

func (st *state) saveRest() error {
	if err := st.saveSeats(); err != nil {
		return err
	}
	for _, c := range st.clocks {
		if c.changed {
			if err := st.write(putClock, audit.Clocks, c.columns(st.Case)); err != nil {
				return err
			}
		}
		for _, p := range c.Pauses {
			if p.changed {
				if err := st.write(putSpan, audit.Spans, []any{st.ID, c.Name, p.ID, p.From, p.Until, p.Reason}); err != nil {
					return err
				}
			}
		}
	}
	for _, s := range st.sets {
		if s.changed {
			if err := st.write(putSet, audit.PartSets, s.columns(st.Case)); err != nil {
				return err
			}
		}
	}
	if err := st.saveOffers(); err != nil {
		return err
	}
	if err := st.savePublic(); err != nil {
		return err
	}
	if err := st.saveSealed(); err != nil {
		return err
	}
	for _, l := range st.links {
		if err := st.write(insertLink, audit.Links, []any{l.ID, st.Jurisdiction, l.Kind, l.From, l.To, l.Since, st.move.ID}); err != nil {
			return err
		}
	}
	return nil
}

// nextMoment is when something of this case is due next: a mark, an offer that lapses, the
// end of a suspension, a cadence or the last wait of a join.
func (st *state) nextMoment() time.Time {
	var first time.Time
	least := func(t time.Time) {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if st.Open() {
		for _, c := range st.clocks {
			least(c.Next)
			least(st.excludedUntil(c))
		}
		least(st.nextLapse())
		least(st.SuspendedUntil)
		for _, s := range st.sets {
			if s.State == SetOpen || s.State == SetOffered {
				least(s.Next)
			}
		}
	}
	return first
}

func (st *state) saveLater() error {
	next := st.nextMoment()
	if !st.Open() && (st.wasOpen || len(st.sealings) > 0) {
		var err error
		if next, err = st.keptMoment(); err != nil {
			return err
		}
	}
	if st.s.Past != nil && st.Open() {
		next = time.Time{}
	}
	if !next.IsZero() || !st.fresh && (st.Open() || st.wasOpen) { // what a closed case keeps has its timer
		if err := jobs.Set(st.ctx, st.tx, jobs.Timer{Kind: TimerCase, Ref: st.ID, Jurisdiction: st.Jurisdiction, DueAt: next}); err != nil {
			return err
		}
	}
	if st.s.Past != nil {
		return nil
	}
	if st.joins {
		if err := jobs.Set(st.ctx, st.tx, jobs.Timer{Kind: TimerJoin, Ref: st.ParentID + "/" + st.Part, Jurisdiction: st.Jurisdiction, DueAt: st.now}); err != nil {
			return err
		}
	}
	for _, set := range st.joinSelf {
		if err := jobs.Set(st.ctx, st.tx, jobs.Timer{Kind: TimerJoin, Ref: st.ID + "/" + set, Jurisdiction: st.Jurisdiction, DueAt: st.now}); err != nil {
			return err
		}
	}
	for _, t := range st.later {
		t.Cause = st.move.ID
		if err := st.sealTask(&t); err != nil {
			return err
		}
		if err := st.post(t.Topic, t); err != nil {
			return err
		}
	}
	if err := st.postFiles(); err != nil {
		return err
	}
	if err := st.postNotices(); err != nil {
		return err
	}
	if st.s.Wake != nil && (st.joins || len(st.joinSelf)+len(st.later)+len(st.tells) > 0) {
		st.tx.AfterCommit(st.s.Wake)
	}
	return nil
}

func (st *state) post(topic string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return jobs.Post(st.ctx, st.tx, jobs.Message{ID: st.s.ID(), Jurisdiction: st.Jurisdiction, Topic: topic, Subject: "case/" + st.ID, Body: b, MadeAt: st.now})
}

// postNotices says to whom what is to be told, once the act stands.
func (st *state) postNotices() error {
	for _, t := range st.tells {
		if t.Who = st.mayKnow(t.Who); len(t.Who) == 0 {
			continue
		}
		sev := st.class.severity(st.Severity)
		n := Notice{ID: st.s.ID(), Jurisdiction: st.Jurisdiction, Case: st.ID, Number: st.Number, Class: st.class.Ref(), Event: t.Event,
			Severity: st.Severity, Wakes: sev.Wakes, Fallback: sev.Fallback, Clock: t.Clock, Mark: t.Mark, People: t.Who}
		if st.DueAt.Before(Never) {
			n.DueAt = st.DueAt
		}
		if t.Clock != "" {
			if c := st.clock(t.Clock); c != nil {
				n.DueAt = c.Due // of the clock that speaks
			}
		}
		if t.Event == eventTold {
			n.Did = st.move.Action
		}
		if err := st.post(TopicNotice, n); err != nil {
			return err
		}
	}
	return nil
}
