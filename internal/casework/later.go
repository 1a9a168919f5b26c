package casework

import (
	"context"
	"encoding/json"
	"strings"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
	"gezhi/internal/workflow"
)

// Register gives a runner the work of this package.
func (s *Service) Register(r *jobs.Runner) {
	r.Timers[TimerCase] = func(ctx context.Context, t jobs.Timer) error { return s.moment(ctx, t.Ref) }
	r.Timers[TimerJoin] = func(ctx context.Context, t jobs.Timer) error {
		parent, set, _ := strings.Cut(t.Ref, "/")
		return s.joined(ctx, t, parent, set)
	}
	r.Timers[TimerSample] = s.drawLeast
	r.Timers[TimerTidy] = s.tidyAgain
	r.Topics[topicFiles] = s.filesAttached
	r.Topics[topicUnused] = s.dropUnused
	r.Topics[topicWatch] = s.hearWatch
	r.Topics[topicAct] = func(ctx context.Context, m jobs.Message) error {
		var t task
		if err := json.Unmarshal(m.Body, &t); err != nil {
			return err
		}
		return s.automatic(ctx, m.ID, t)
	}
	r.Topics[topicRestamp] = func(ctx context.Context, m jobs.Message) error {
		var t restamp
		if err := json.Unmarshal(m.Body, &t); err != nil {
			return err
		}
		return s.restampNow(ctx, m, t)
	}
	r.Topics[topicVacate] = func(ctx context.Context, m jobs.Message) error {
		var v vacate
		if err := json.Unmarshal(m.Body, &v); err != nil {
			return err
		}
		return s.vacateNow(ctx, v)
	}
	r.Topics[topicRecord] = s.hearRecords
	r.Topics[topicParts] = s.openMore
	r.Topics[topicErase] = s.eraseGranted
	r.Topics[topicOpen] = func(ctx context.Context, m jobs.Message) error {
		var t task
		if err := json.Unmarshal(m.Body, &t); err != nil {
			return err
		}
		return s.followUp(ctx, m.ID, m.Jurisdiction, t)
	}
}

// moment fires everything of a case that is due: marks, lapsed offers, the end of a
// suspension, a cadence, the last wait of a join.
func (s *Service) moment(ctx context.Context, id string) error {
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		if !st.Open() {
			_, err := st.retire()
			return err
		}
		next := st.nextMoment()
		if next.IsZero() || next.After(st.now) { // fired already
			return jobs.Set(ctx, tx, jobs.Timer{Kind: TimerCase, Ref: id, Jurisdiction: st.Jurisdiction, DueAt: next})
		}
		st.begin(&Actor{System: true}, Act{Action: actionTimer}, s.ID())
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		if !st.SuspendedUntil.IsZero() && !st.SuspendedUntil.After(st.now) {
			st.move.Action = actionResume
			if err := st.resumeCase(&Actor{System: true}, Act{}); err != nil {
				return err
			}
		}
		if err := st.runOn(); err != nil {
			return err
		}
		st.lapse()
		if err := st.fire(); err != nil {
			return err
		}
		for _, set := range st.sets {
			if set.ended() || set.Next.IsZero() || set.Next.After(st.now) {
				continue
			}
			if err := st.setMoment(set); err != nil {
				return err
			}
		}
		return st.save()
	})
}

// setMoment opens the next part of a cadence, or ends the wait of a join.
func (st *state) setMoment(set *PartSet) error {
	d := st.life.Part(set.Name)
	set.changed = true
	if set.State == SetOffered {
		return st.endOffer(set)
	}
	if d != nil && d.For.Kind != workflow.ForDates {
		_, err := st.judge(d, set)
		set.Next = zero
		return err
	}
	set.Next = zero
	if d == nil {
		return nil
	}
	days, err := st.datesOf(d)
	if err != nil || int(set.Opened) >= len(days) {
		return err
	}
	if err := st.openParts(d, set, []item{dateItem(days[set.Opened], d.For.Dates.Time)}); err != nil {
		return err
	}
	set.Opened++
	if int(set.Opened) < len(days) {
		set.Next = days[set.Opened-1].At(endOfDay)
	}
	return nil
}

// joined looks at a set whose parts have changed, and drops its timer in the same
// transaction.
func (s *Service) joined(ctx context.Context, t jobs.Timer, parent, set string) error {
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Keys{"case/" + parent}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, parent, s.Now())
		if err != nil {
			return err
		}
		if err := st.join(set); err != nil {
			return err
		}
		return tx.Queue(ctx, dropJoin, t.Kind, t.Ref, t.DueAt)
	})
}

// dropJoin leaves the timer when another part has closed meanwhile.
var dropJoin = db.SQL(`DELETE FROM timer WHERE kind = $1 AND ref = $2 AND due_at <= $3`)

// automatic does what follows from an act. What the life refuses is recorded as not done,
// never retried.
func (s *Service) automatic(ctx context.Context, key string, t task) error {
	if there, err := s.openTask(ctx, &t); err != nil || !there {
		return err
	}
	who := &Actor{PersonID: t.As, System: true}
	a := Act{Case: t.Case, Action: t.Action, Values: t.Values, Reason: t.Reason, Why: t.Why, Key: key, Cause: t.Cause, signal: t.Signal}
	_, err := s.Act(ctx, who, a)
	kind := fault.KindOf(err)
	if err == nil || kind == fault.Internal || kind == fault.Unavailable {
		return err
	}
	code := fault.CodeOf(err)
	return s.DB.Write(ctx, db.Keys{"case/" + t.Case}, func(ctx context.Context, tx *db.Tx) error {
		body, err := s.bodyOf(ctx, tx, key, a)
		if err != nil {
			return err
		}
		done, err := s.claim(ctx, tx, t.As, "act/"+t.Case, key, body, key, s.Now())
		if err != nil || done != "" {
			return err
		}
		c, err := s.read(ctx, tx, t.Case)
		if err != nil {
			return err
		}
		m := Move{ID: s.ID(), CaseID: c.ID, Jurisdiction: c.Jurisdiction, RootID: c.RootID, Action: t.Action, From: c.Step, To: c.Step,
			PersonID: t.As, At: s.Now(), Cause: t.Cause, Reason: t.Reason, Data: Data{Code: code}}
		row, err := m.insert(ctx, tx)
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: m.ID, Jurisdiction: m.Jurisdiction, Subject: "case/" + m.CaseID, Act: "move", Person: m.PersonID, At: m.At, Wrote: []audit.Row{row}})
	})
}

// followUp opens a case that follows another.
func (s *Service) followUp(ctx context.Context, key, jurisdiction string, t task) error {
	var from *Case
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		from, err = s.read(ctx, tx, t.Case)
		return err
	}); err != nil {
		return err
	}
	_, err := s.Open(ctx, &Actor{PersonID: t.As, Jurisdiction: jurisdiction, System: true}, Opening{Class: from.Pack + "/" + t.Class, Fields: t.Values,
		AreaID: from.AreaID, LonE7: from.LonE7, LatE7: from.LatE7, HasPoint: from.LonE7 != 0, Channel: "follows", Nature: from.Nature, Key: key,
		Cause: t.Cause, Follows: from.ID})
	return err
}
