package casework

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/jobs"
	"gezhi/internal/record"
	"gezhi/internal/workflow"
)

// topicRecord is the work that follows from changes of records.
const topicRecord = "case.record"

// changesAtOnce is how many changes one message carries.
const changesAtOnce = 100

// The moves by which a case hears of a record.
const (
	actionRecord      = "record"       // the record it is about was created, revised or ended
	moveAdded         = "added"        // a set that follows records got a part
	actionProposeVoid = "propose_void" // the record of a part is no more: somebody should decide
)

var (
	casesAbout   = db.SQL(`SELECT id FROM cases WHERE about_id = $1 AND about_id <> '' AND about_kind = 'record' AND phase <> 'closed' ORDER BY id`)
	setsFollowed = db.SQL(`SELECT DISTINCT p.case_id, p.name FROM part_set p JOIN cases c ON c.id = p.case_id
		WHERE p.jurisdiction = $1 AND p.source = 'records' AND p.follow = 1 AND c.phase <> 'closed' ORDER BY p.case_id, p.name`)
)

// RecordsChanged takes in what became of records, in the transaction in which it did. What
// follows is done after the commit; a change that lies ahead waits for its day.
func (s *Service) RecordsChanged(ctx context.Context, tx *db.Tx, all []record.Change) error {
	now := s.Now()
	for len(all) > 0 {
		n := 1
		for n < len(all) && n < changesAtOnce && all[n].Day == all[0].Day {
			n++
		}
		body, err := json.Marshal(all[:n])
		if err != nil {
			return err
		}
		m := jobs.Message{ID: s.ID(), Jurisdiction: all[0].Jurisdiction, Topic: topicRecord, Subject: "record/" + all[0].RecordID, Body: body, MadeAt: now}
		if at, ok := moment(all[0].Day, 0); ok && at.After(now) {
			m.DueAt = at
		}
		if err := jobs.Post(ctx, tx, m); err != nil {
			return err
		}
		all = all[n:]
	}
	if s.Wake != nil {
		tx.AfterCommit(s.Wake)
	}
	return nil
}

// changed is a change of a record with the record as it is today.
type changed struct {
	record.Change
	*record.Record
	span  record.Span
	holds bool
}

func (c *changed) key() string { return "record/" + c.Revision + "/" + c.Event + "/" + c.Day }

func (c *changed) trigger() workflow.Trigger {
	return workflow.Trigger{Kind: workflow.OnRecord, Name: c.Record.Kind, Event: c.Event}
}

// hearRecords does what follows from changes of records. Done again it finds everything done.
func (s *Service) hearRecords(ctx context.Context, m jobs.Message) error {
	var all []record.Change
	if err := json.Unmarshal(m.Body, &all); err != nil {
		return err
	}
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	for i := range all {
		c := &changed{Change: all[i]}
		if err := s.stillSo(ctx, c); err != nil {
			return err
		}
		if c.holds == (c.Event == record.Ended) { // put right meanwhile
			continue
		}
		for _, hear := range []func(context.Context, *changed) error{s.casesHear, s.classesHear, s.setsHear} {
			if err := hear(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// stillSo reads the record that changed as it is today.
func (s *Service) stillSo(ctx context.Context, c *changed) error {
	return s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if c.Record, err = record.ByID(ctx, tx, c.RecordID); err != nil {
			return err
		}
		c.span, c.holds, err = record.On(ctx, tx, c.RecordID, dayOf(s.Now()))
		return err
	})
}

// casesHear lets the open cases about a record hear what became of it.
func (s *Service) casesHear(ctx context.Context, c *changed) error {
	var ids []string
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		ids, err = db.Collect(ctx, tx, casesAbout, []any{c.RecordID}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
		return err
	}); err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.onCase(ctx, id, c, func(st *state) error {
			if !hears(st.life, c.trigger()) {
				return nil
			}
			st.begin(&Actor{System: true}, Act{Action: actionRecord, Cause: c.trigger().String(), Reason: c.trigger().String()}, s.ID())
			st.event(workflow.OnRecord, c.Record.Kind, c.Event)
			return st.save()
		}); err != nil {
			return err
		}
	}
	return nil
}

// onCase does something on an open case once for a change.
func (s *Service) onCase(ctx context.Context, id string, c *changed, do func(*state) error) error {
	return s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil || !st.Open() {
			return err
		}
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		done, err := s.claim(ctx, tx, "", "record/"+id, c.key(), "", id, st.now)
		if err != nil || done != "" {
			return err
		}
		return do(st)
	})
}

// hears tells whether anything in a life waits for a trigger.
func hears(l *workflow.Life, t workflow.Trigger) bool {
	return len(l.ActionsUpon(t)) > 0 || len(l.PartsUpon(t)) > 0 || slices.ContainsFunc(l.Clocks, func(c workflow.Clock) bool {
		return slices.Contains(c.From, t) || slices.Contains(c.Until, t) ||
			slices.ContainsFunc(c.Exclude, func(x workflow.Exclude) bool { return x.From == t || x.Until == t })
	})
}

// classesHear opens a case of every class in force whose life begins by what became of the
// record. The inbox of signals keeps what came of each.
func (s *Service) classesHear(ctx context.Context, c *changed) error {
	packs, err := s.Book.Packs(ctx, c.Record.Jurisdiction)
	if err != nil {
		return err
	}
	for name, e := range packs {
		for i := range e.Pack.Classes {
			k := e.Class(e.Pack.Classes[i].Code)
			if k.Life == nil || name != c.Record.Pack && e.Pack.Record(c.Record.Kind) != nil { // a kind of its own of that name
				continue
			}
			if slices.ContainsFunc(k.Life.Opens, func(o workflow.Opening) bool {
				return o.By == workflow.OpenByRecord && o.Upon != nil && *o.Upon == c.trigger()
			}) {
				if err := s.openByRecord(ctx, name+"/"+k.Code, c, mayBeAbout(k.Life.About, c.Record.Kind)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *Service) openByRecord(ctx context.Context, class string, c *changed, about bool) error {
	g := Signal{Jurisdiction: c.Record.Jurisdiction, Source: "record", ID: c.key() + "/" + class, Name: c.trigger().String(),
		Values: map[string]any{"record": c.RecordID}}
	old, err := s.inbox(ctx, g)
	if err != nil || old.Result != "" {
		return err
	}
	o := Opening{Class: class, Channel: "record", AreaID: c.Record.AreaID, Nature: c.Record.Nature, Key: c.key() + "/" + class, Cause: g.Name, record: c}
	if about {
		o.About = &About{Kind: workflow.AboutRecord, ID: c.RecordID}
	}
	out := &Received{Result: SignalOpened}
	opened, err := s.Open(ctx, &Actor{System: true, Jurisdiction: c.Record.Jurisdiction}, o)
	switch k := fault.KindOf(err); {
	case err != nil && (k == fault.Internal || k == fault.Unavailable):
		return err
	case err != nil:
		out.Result = SignalRefused
	case opened.Attached:
		out.CaseID, out.Result = opened.Case.ID, SignalAttached
	default:
		out.CaseID = opened.Case.ID
	}
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, settleSignal, g.Jurisdiction, g.Source, g.ID, out.CaseID, out.Result)
	})
}

// givenByRecord are the first values that a life takes from the record that opens it.
func (st *state) givenByRecord(c *changed) (map[string]any, error) {
	for _, o := range st.life.Opens {
		if o.By == workflow.OpenByRecord && o.Upon != nil && *o.Upon == c.trigger() {
			env := st.env()
			env.Names["record"] = st.recordOf(c)
			return st.give(o.Give, env)
		}
	}
	return nil, nil
}

// recordOf is the record that changed, as formulas read it; one that ended as it last was.
func (st *state) recordOf(c *changed) formula.Value {
	span := c.span
	if !c.holds {
		last, ok, err := record.On(st.ctx, st.tx, c.RecordID, c.Ended)
		if err != nil || !ok {
			return nil
		}
		span = last
	}
	return st.reader(st.day()).Value(c.Record, span)
}

// setsHear keeps the part sets that follow records in step.
func (s *Service) setsHear(ctx context.Context, c *changed) error {
	type followed struct{ id, set string }
	var all []followed
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.Collect(ctx, tx, setsFollowed, []any{c.Record.Jurisdiction}, func(r db.Rows) (x followed, err error) { return x, r.Scan(&x.id, &x.set) })
		all = all[:0]
		for _, x := range found {
			if err != nil {
				return err
			}
			st, failed := s.load(ctx, tx, x.id, s.Now())
			if err = failed; err == nil && st.follows(x.set, c) {
				all = append(all, x)
			}
		}
		return err
	}); err != nil {
		return err
	}
	for _, x := range all {
		if err := s.onCase(ctx, x.id, &changed{Change: record.Change{Revision: c.Revision, Event: c.Event, Day: c.Day + "/" + x.set}}, func(st *state) error {
			return st.keepStep(st.life.Part(x.set), c)
		}); err != nil {
			return err
		}
	}
	return nil
}

// follows tells whether a set follows the kind of a record.
func (st *state) follows(set string, c *changed) bool {
	d := st.life.Part(set)
	if d == nil || d.For.Kind != workflow.ForRecords || !d.For.Follow {
		return false
	}
	k, err := st.kind(d.For.Record)
	return err == nil && k.Pack.Name == c.Record.Pack && k.Name == c.Record.Kind
}

// keepStep adds the part of a record that a set wants now, and proposes to void the part of
// one that it wants no longer: whether a household that split keeps its file is for somebody
// to say.
func (st *state) keepStep(d *workflow.PartSet, c *changed) error {
	set := st.set(d.Name)
	if set == nil {
		return nil
	}
	it, wanted, err := st.wants(d, c)
	if err != nil {
		return err
	}
	parts, err := st.partsIn(d.Name, true)
	if err != nil {
		return err
	}
	key := record.KeyText(c.Key)
	i := slices.IndexFunc(parts, func(p *Case) bool { return p.ItemKey == key && p.Outcome != outcomeVoid })
	st.begin(&Actor{System: true}, Act{Action: movePart + moveAdded, Cause: c.trigger().String(), Reason: d.Name}, st.s.ID())
	switch {
	case wanted && i < 0:
		if err := st.openParts(d, set, []item{it}); err != nil {
			return err
		}
		set.Opened, set.Expected, set.changed = set.Opened+1, set.Expected+1, true
		return st.save()
	case !wanted && i >= 0 && parts[i].Open():
		return st.post(topicAct, task{Case: parts[i].ID, Action: actionProposeVoid, Reason: c.trigger().String(), Cause: st.move.Cause})
	}
	return nil
}

// wants is a record as an item of a set, and whether the set wants it by now.
func (st *state) wants(d *workflow.PartSet, c *changed) (item, bool, error) {
	day, err := st.asOf(d.For)
	if err != nil {
		return item{}, false, err
	}
	span, ok, err := record.On(st.ctx, st.tx, c.RecordID, day)
	if err != nil || !ok {
		return item{}, false, err
	}
	k, err := st.kind(d.For.Record)
	if err != nil {
		return item{}, false, err
	}
	return st.recordItem(d.For, k, &record.Standing{Record: c.Record, Span: span}, day)
}

// proposeVoid tells those who lead the case above that the record of this part is no more.
func (st *state) proposeVoid(who *Actor, a Act) error {
	if !who.System || st.ParentID == "" {
		return fault.New(fault.Forbidden, "case.no_right")
	}
	if !st.Open() {
		return fault.New(fault.Conflict, "case.closed")
	}
	up, err := st.up()
	if err != nil {
		return err
	}
	leads, err := st.persons([]workflow.Who{{Kind: workflow.WhoSeat, Name: seatLead}})
	told := slices.Concat(up.responsiblePeople(), leads)
	slices.Sort(told)
	st.tells = append(st.tells, telling{Event: "void_proposed", Who: slices.Compact(told)})
	return err
}

// mayVoid tells whether voiding this part was proposed to the actor.
func (st *state) mayVoid(who *Actor) bool {
	if st.ParentID == "" || !st.Open() || st.life.Action(actionVoid) != nil {
		return false
	}
	n, err := st.times(actionProposeVoid)
	up, failed := st.up()
	return err == nil && failed == nil && n > 0 && up.responsibleIs(who)
}

// dayOf is the calendar day of a moment.
func dayOf(at time.Time) string { return at.In(clock.CST).Format(time.DateOnly) }
