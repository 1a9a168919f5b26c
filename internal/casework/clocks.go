package casework

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// runClocks lets every clock of the life hear what happened, then finds the case's least
// due time.
func (st *state) runClocks() error {
	for i := range st.life.Clocks {
		if err := st.runClock(&st.life.Clocks[i]); err != nil {
			return err
		}
		if err := st.grow(&st.life.Clocks[i]); err != nil {
			return err
		}
	}
	due := Never
	for _, c := range st.clocks {
		if c.State == Running && c.Due.Before(due) {
			due = c.Due
		}
	}
	if !due.Equal(st.DueAt) {
		st.DueAt, st.dueMoved = due, true
	}
	return nil
}

// grow extends a clock as the fruit of a join.
func (st *state) grow(d *workflow.Clock) error {
	c := st.clock(d.Name)
	if c == nil || c.State == Stopped || d.Extend == nil || d.Extend.Upon == nil || !heard(*d.Extend.Upon, st.happened) {
		return nil
	}
	if d.Extend.Times > 0 && len(c.Extended) >= d.Extend.Times {
		return nil
	}
	by, ok := st.extension(d)
	if !ok {
		return nil
	}
	c.Extended = append(c.Extended, by.String())
	st.Extensions++
	return st.dueOf(d, c)
}

// extension is how much a clock grows for the class and grade of the case; false: it may not.
func (st *state) extension(d *workflow.Clock) (workflow.Span, bool) {
	if d.Extend.Class {
		return st.class.Extension(d.Name, st.Severity)
	}
	return d.Extend.By, true
}

func (st *state) runClock(d *workflow.Clock) error {
	c := st.clock(d.Name)
	if len(d.In) > 0 {
		return st.runStepClock(d, c)
	}
	if c == nil {
		if from, ok, err := st.begins(d); err != nil || !ok {
			return err
		} else {
			return st.startClock(d, from)
		}
	}
	if date := dateTrigger(d.From); date != "" && c.State != Stopped {
		from, ok, err := st.dateOf(date)
		if err != nil {
			return err
		}
		if ok && !from.Equal(c.From) { // the date has moved: the clock says so
			c.From, c.changed = from, true
			return st.dueOf(d, c)
		}
	}
	if err := st.regrade(d, c); err != nil {
		return err
	}
	if c.State != Stopped && (anyHeard(d.Until, st.happened) || !st.Open()) {
		st.stopClock(c)
	}
	return st.exclude(d, c)
}

// runStepClock is a clock that lives in some steps: anew at each entry, or, kept, going on.
func (st *state) runStepClock(d *workflow.Clock, c *Clock) error {
	inside := slices.Contains(d.In, st.Step) && st.Open()
	entered := inside && (st.fresh || anyStep(st.happened, workflow.OnEntered, d.In)) // also on re-entry of the same step
	switch {
	case c == nil && inside:
		return st.startClock(d, st.now)
	case c == nil:
		return nil
	case !st.Open() && c.State == Paused:
		st.stopClock(c)
		c.Until = c.PausedAt // it has not run since
		return nil
	case !inside && c.State == Running:
		if !d.Keep || !st.Open() {
			st.stopClock(c)
			return nil
		}
		st.pause(c, "left")
	case inside && d.Keep && c.State != Running && entered:
		c.State, c.Until, c.changed = Running, time.Time{}, true
		st.resume(c)
		return st.dueOf(d, c)
	case inside && c.State == Stopped && entered:
		if limits, err := st.limits(d); err != nil || len(limits) == 0 {
			return err
		}
		*c = Clock{Name: c.Name, State: Running, From: st.now, changed: true}
		return st.dueOf(d, c)
	case inside:
		return st.regrade(d, c)
	}
	return nil
}

// regrade computes a clock anew, from the same beginning, for another class or grade, or for
// another value of the field that limits it. One that has no limit there ends, and goes on when a later grade gives it one.
func (st *state) regrade(d *workflow.Clock, c *Clock) error {
	if st.Open() && c.State == Running && st.valued(d) {
		limits, err := st.limits(d)
		if err != nil || slices.Equal(limits, c.Limit) {
			return err
		}
		return st.dueOf(d, c)
	}
	if !st.regraded || !st.Open() || !d.Limit.Reads("class", "severity") {
		return nil
	}
	switch {
	case c.State == Running:
		return st.dueOf(d, c)
	case c.State == Stopped && len(c.Limit) == 0:
		limits, err := st.limits(d)
		if err != nil || len(limits) == 0 {
			return err
		}
		c.State, c.Until = Running, time.Time{}
		return st.dueOf(d, c)
	}
	return nil
}

// valued tells whether this act gave a case fields while the limit of a clock is a field's.
func (st *state) valued(d *workflow.Clock) bool {
	return !st.fresh && st.move != nil && len(st.move.Data.Values) > 0 && !d.Limit.Class && d.Limit.Reads("field")
}

func anyStep(happened []workflow.Trigger, kind string, steps []string) bool {
	return slices.ContainsFunc(happened, func(h workflow.Trigger) bool { return h.Kind == kind && slices.Contains(steps, h.Name) })
}

// begins tells whether a clock that has not run yet starts now, and from when.
func (st *state) begins(d *workflow.Clock) (time.Time, bool, error) {
	if date := dateTrigger(d.From); date != "" {
		return st.dateOf(date)
	}
	if day, ok := st.Fields["day"].(string); ok && st.task != nil { // of a cadence: counted from its day
		at, _ := st.Fields["at"].(string)
		minutes, err := worktime.ParseTimeOfDay(at)
		if err != nil {
			minutes = 0
		}
		from, ok := moment(day, int(minutes))
		return from, ok && anyHeard(d.From, st.happened), nil
	}
	if !anyHeard(d.From, st.happened) {
		late := st.Open() && st.valued(d) && anyHeard(d.From, []workflow.Trigger{{Kind: workflow.OnOpened}})
		return st.HappenedAt, late, nil // the field that limits it came after the opening
	}
	if heard(workflow.Trigger{Kind: workflow.OnOpened}, st.happened) && st.HappenedAt.Before(st.now) {
		return st.HappenedAt, true, nil // never later than the first submission
	}
	return st.now, true, nil
}

func dateTrigger(ts []workflow.Trigger) string {
	for _, t := range ts {
		if t.Kind == workflow.OnDate {
			return t.Name
		}
	}
	return ""
}

// dateOf reads a path that holds a day or a moment.
func (st *state) dateOf(path string) (time.Time, bool, error) {
	e, err := formula.Compile(path)
	if err != nil {
		return time.Time{}, false, err
	}
	v, err := e.Eval(st.env())
	if err != nil || v == nil {
		return time.Time{}, false, err
	}
	at, ok := moment(v, 0)
	return at, ok, nil
}

// moment reads "2026-03-02" (at the minutes given) or "2026-03-02T09:00:00+08:00".
func moment(v formula.Value, minutes int) (time.Time, bool) {
	s, _ := v.(string)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, true
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, clock.CST); err == nil {
		return t.Add(time.Duration(minutes) * time.Minute), true
	}
	return time.Time{}, false
}

func (st *state) startClock(d *workflow.Clock, from time.Time) error {
	if st.s.Past != nil && !anyHeard(d.Until, []workflow.Trigger{{Kind: workflow.OnClosed}}) {
		return nil // nobody knows what happened between the beginning and the end of a history
	}
	c := &Clock{Name: d.Name, State: Running, From: from, added: true, changed: true}
	if limits, err := st.limits(d); err != nil || len(limits) == 0 {
		return err // a class without this limit has no such clock
	}
	if err := st.dueOf(d, c); err != nil {
		return err
	}
	st.clocks = append(st.clocks, c)
	return nil
}

func (st *state) stopClock(c *Clock) {
	st.closePause(c)
	c.State, c.Until, c.Next, c.changed = Stopped, st.now, time.Time{}, true
}

func (st *state) pause(c *Clock, reason string) {
	c.State, c.PausedAt, c.Next, c.changed = Paused, st.now, time.Time{}, true
	c.Pauses = append(c.Pauses, Pause{ID: st.s.ID(), From: st.now, Reason: reason, added: true, changed: true})
}

func (st *state) resume(c *Clock) {
	st.closePause(c)
	c.State, c.PausedAt, c.changed = Running, time.Time{}, true
}

func (st *state) closePause(c *Clock) {
	for i := range c.Pauses {
		if p := &c.Pauses[i]; p.Until.IsZero() {
			p.Until, p.changed = st.now, true
		}
	}
}

// exclude pauses and resumes a clock for the reasons its life allows.
func (st *state) exclude(d *workflow.Clock, c *Clock) error {
	for _, x := range d.Exclude {
		open := slices.ContainsFunc(c.Pauses, func(p Pause) bool { return p.Reason == x.Name && p.Until.IsZero() })
		if c.State == Running && !open && heard(x.From, st.happened) {
			if until := st.exclusionEnds(x, c, st.now); until.IsZero() || until.After(st.now) {
				st.pause(c, x.Name)
			}
		} else if c.State == Paused && open && heard(x.Until, st.happened) {
			st.resume(c)
			return st.dueOf(d, c)
		}
	}
	return nil
}

// exclusionEnds is until when an exclusion that begins, or began, at a moment may last: what
// the case has used of it before counts, however often it was broken off. Zero is for ever.
func (st *state) exclusionEnds(x workflow.Exclude, c *Clock, from time.Time) time.Time {
	if x.AtMost.IsZero() {
		return time.Time{}
	}
	first, last := from, time.Time{}
	var between []worktime.Pause
	for _, p := range c.Pauses { // in the order in which they began
		if p.Reason != x.Name || p.Until.IsZero() {
			continue
		}
		if last.IsZero() {
			first = p.From
		} else {
			between = append(between, worktime.Pause{From: last, To: p.From})
		}
		last = p.Until
	}
	if !last.IsZero() {
		between = append(between, worktime.Pause{From: last, To: from})
	}
	return worktime.Add(first, x.AtMost, st.s.Calendar(st.Jurisdiction), worktime.Options{Exact: true, Pauses: between}).At
}

// excludedUntil is when the longest time of an open exclusion has passed; zero without one.
func (st *state) excludedUntil(c *Clock) time.Time {
	d := st.life.Clock(c.Name)
	if d == nil || c.State != Paused {
		return time.Time{}
	}
	for _, p := range c.Pauses {
		i := slices.IndexFunc(d.Exclude, func(x workflow.Exclude) bool { return x.Name == p.Reason })
		if i >= 0 && p.Until.IsZero() && !d.Exclude[i].AtMost.IsZero() {
			return st.exclusionEnds(d.Exclude[i], c, p.From)
		}
	}
	return time.Time{}
}

// runOn lets the clocks go on whose excluded time has lasted as long as it may.
func (st *state) runOn() error {
	for _, c := range st.clocks {
		until := st.excludedUntil(c)
		if until.IsZero() || until.After(st.now) {
			continue
		}
		for i := range c.Pauses {
			if p := &c.Pauses[i]; p.Until.IsZero() {
				p.Until, p.changed = until, true // then, however late we are
			}
		}
		st.resume(c)
		if err := st.dueOf(st.life.Clock(c.Name), c); err != nil {
			return err
		}
	}
	return nil
}

// hours are the calendar a clock counts by.
func (st *state) hours(d *workflow.Clock) (worktime.Calendar, string) {
	h := d.Hours
	if st.task != nil && st.task.Hours != "" {
		h = st.task.Hours
	}
	if h == workflow.HoursClass {
		h = st.class.HoursOf(st.Severity)
	}
	if h == workflow.HoursAlways {
		return worktime.Always(), h
	}
	return st.s.Calendar(st.Jurisdiction), workflow.HoursCalendar
}

// dueOf computes a clock anew from its start, limit, pauses and extensions, with its marks.
func (st *state) dueOf(d *workflow.Clock, c *Clock) error {
	cal, hours := st.hours(d)
	limits, err := st.limits(d)
	if err != nil {
		return err
	}
	c.Limit, c.Hours = limits, hours
	if len(limits) == 0 { // the class or grade that the case has now sets none
		st.stopClock(c)
		st.clockMoved(c, "none")
		return nil
	}
	due, running, err := least(c, cal, d.Exact)
	if err != nil {
		return err
	}
	if !c.Due.Equal(due.At) && !c.added {
		st.clockMoved(c, due.At.In(clock.CST).Format(time.RFC3339))
	}
	c.Due, c.Provisional, c.changed = due.At, due.Provisional, true
	if c.Why, err = json.Marshal(due.Why); err != nil {
		return err
	}
	h := sha256.Sum256([]byte(st.PackHash + "/" + st.OverlayHash + "/" + d.Name + "/" + strings.Join(limits, ";") + "/" + hours))
	c.Rule = base64.RawStdEncoding.EncodeToString(h[:12])
	st.nextMark(d, c, running, cal)
	return nil
}

// clockMoved writes down that an act changed when a clock is due; "none" ended it.
func (st *state) clockMoved(c *Clock, to string) {
	if st.move == nil {
		return
	}
	if st.move.Data.Clocks == nil {
		st.move.Data.Clocks = map[string]string{}
	}
	st.move.Data.Clocks[c.Name] = to
}

// least is the earliest of a clock's limits, with the worktime clock that gave it.
func least(c *Clock, cal worktime.Calendar, exact bool) (best worktime.Due, running worktime.Clock, err error) {
	opt := worktime.Options{Exact: exact}
	for _, p := range c.Pauses {
		if !p.Until.IsZero() {
			opt.Pauses = append(opt.Pauses, worktime.Pause{From: p.From, To: p.Until})
		}
	}
	for _, l := range c.Limit {
		w := worktime.Clock{Start: c.From, Options: opt}
		for _, e := range c.Extended {
			span, err := worktime.ParseSpan(e)
			if err != nil {
				return best, w, err
			}
			w.Extended = append(w.Extended, span)
		}
		var due worktime.Due
		if at, ok := moment(l, endOfDay); ok {
			due = worktime.Due{At: at}
			for _, e := range w.Extended {
				due = worktime.Add(due.At, e, cal, opt)
			}
		} else {
			if w.Limit, err = worktime.ParseSpan(l); err != nil {
				return best, w, err
			}
			due = w.Due(cal)
		}
		if best.At.IsZero() || due.At.Before(best.At) {
			best, running = due, w
		}
	}
	return best, running, nil
}

// endOfDay is when a limit that names a bare day ends, in minutes: with the day.
const endOfDay = 24 * 60

// limits are the texts of a clock's limits for this case.
func (st *state) limits(d *workflow.Clock) ([]string, error) {
	l := d.Limit
	if t, ok := st.taskLimit(d.Name); ok {
		l = t
	}
	if l.Class {
		if span, ok := st.class.Limit(d.Name, st.Severity); ok {
			return []string{span.String()}, nil
		}
		return nil, nil
	}
	terms := l.Terms
	if l.By != nil {
		v, err := l.By.Eval(st.env())
		if err != nil {
			return nil, err
		}
		terms = nil
		for _, c := range l.Cases {
			if formula.Equal(v, formula.Value(c.Value)) {
				terms = []workflow.Term{c.Term}
			}
		}
	}
	var out []string
	for _, t := range terms {
		if t.Expr == nil {
			out = append(out, t.Span.String())
			continue
		}
		v, err := t.Expr.Eval(st.env())
		if err != nil {
			return nil, err
		}
		if s, ok := v.(string); ok && s != "" {
			out = append(out, s)
		}
	}
	return out, nil
}
