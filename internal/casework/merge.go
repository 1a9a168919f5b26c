package casework

import (
	"context"
	"encoding/json"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// keysOf are the keys of the cases that an act writes: its own, and the other one of a merge.
func (s *Service) keysOf(ctx context.Context, a *Act) (db.Keys, error) {
	keys := db.Keys{"case/" + a.Case}
	switch a.Action {
	case workflow.Merge:
		a.other, _ = a.Values["into"].(string)
	case actionUnmerge:
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			c, err := s.read(ctx, tx, a.Case)
			if err == nil {
				a.other = c.MergedInto
			}
			return err
		})
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
	}
	if a.other != "" && a.other != a.Case {
		keys = append(keys, "case/"+a.other)
	}
	return keys, nil
}

// merge closes the case as a duplicate of another; both reporters get its answer.
func (st *state) merge(who *Actor, a Act) error {
	into, _ := a.Values["into"].(string)
	other, err := st.s.read(st.ctx, st.tx, into)
	seen := err == nil && into != st.ID
	if seen && !who.System {
		other, err := st.s.load(st.ctx, st.tx, into, st.now)
		if err != nil {
			return err
		}
		seen = other.sees(who)
	}
	if into == "" || err == nil && !seen || fault.KindOf(err) == fault.NotFound {
		return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: "into", Code: "case.unknown_case"}}}
	}
	if err != nil {
		return err
	}
	if other.Jurisdiction != st.Jurisdiction || other.ParentID != "" || st.ParentID != "" || other.MergedInto != "" || !other.Open() {
		return fault.New(fault.Conflict, "case.cannot_merge")
	}
	kept, err := keptFor(st.ctx, st.tx, other)
	if err != nil {
		return err
	}
	if !sameMarks(kept, st.kept) { // the one would tell of the other
		return fault.New(fault.Conflict, "case.kept_apart")
	}
	st.MergedInto = into
	st.links = append(st.links, Link{ID: st.s.ID(), Kind: Merged, From: st.ID, To: into, Since: st.now})
	st.move.Data.Values = map[string]any{"into": into, "from": st.Step}
	// The reporter sees the case that goes on.
	if err := insertInvolved.queue(st.ctx, st.tx, []any{involvedAs(workflow.SeatPerson, st.ReporterID), into, st.Jurisdiction, true, other.DueAt}); err != nil {
		return err
	}
	return st.enter(st.endStep(outcomeDuplicate), outcomeDuplicate, nil)
}

// unmerge takes a merge back: the case stands where it stood.
func (st *state) unmerge(who *Actor, a Act) error {
	if st.MergedInto == "" {
		return fault.New(fault.Conflict, "case.not_merged")
	}
	if st.MergedInto != a.other { // merged elsewhere since: the key held is another's
		return fault.New(fault.Conflict, "case.changed", "version", st.Version, "step", st.Step)
	}
	o := st.life.Overlay(workflow.Merge)
	if o == nil {
		return fault.New(fault.Forbidden, "case.not_allowed")
	}
	if err := st.mayOverlay(who, o); err != nil {
		return err
	}
	from, err := st.stepBeforeMerge()
	if err != nil {
		return err
	}
	if err := st.tx.Queue(st.ctx, endLink, Merged, st.ID, st.MergedInto, st.now); err != nil {
		return err
	}
	st.reread = append(st.reread, audit.Ref{Table: audit.Links, By: "from_case", Key: []any{st.ID}})
	if err := st.forget(st.MergedInto); err != nil {
		return err
	}
	st.MergedInto = ""
	if err := st.enter(from, "", nil); err != nil {
		return err
	}
	for _, c := range st.clocks { // what stopped with the merge goes on as if it had not
		d := st.life.Clock(c.Name)
		if d != nil && c.State == Stopped && len(d.In) == 0 {
			c.State, c.Until, c.changed = Running, time.Time{}, true
			if err := st.dueOf(d, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget ends that the reporter of this case sees another, unless that concerns him by itself.
func (st *state) forget(id string) error {
	other, err := st.s.load(st.ctx, st.tx, id, st.now)
	if err != nil {
		return err
	}
	me := involvedAs(workflow.SeatPerson, st.ReporterID)
	if me == "" || other.concerns(me) {
		return nil
	}
	return st.tx.Queue(st.ctx, dropInvolved, id, me)
}

var mergeMove = db.SQL(`SELECT data FROM move WHERE case_id = $1 AND action = 'merge' AND done = 1 ORDER BY id DESC LIMIT 1`)

func (st *state) stepBeforeMerge() (string, error) {
	var text string
	if err := st.tx.Row(st.ctx, mergeMove, []any{st.ID}, &text); err != nil {
		return "", err
	}
	var d Data
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return "", err
	}
	from, _ := d.Values["from"].(string)
	return from, nil
}

var reportersOfMerged = db.SQL(`SELECT c.reporter_id FROM link l JOIN cases c ON c.id = l.from_case
	WHERE l.to_case = $1 AND l.kind = 'merged' AND l.until_at = 0 AND c.reporter_id <> '' ORDER BY l.id`)

// mergedReporters are those who reported what has been merged into this case: they see it
// and get its answer.
func (st *state) mergedReporters() ([]string, error) {
	if st.fresh || st.alsoReported != nil {
		return st.alsoReported, nil
	}
	also, err := db.Collect(st.ctx, st.tx, reportersOfMerged, []any{st.ID}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
	if err == nil {
		st.alsoReported = append([]string{}, also...)
	}
	return also, err
}
