package casework

import (
	"slices"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// mark is one moment of a clock, with what happens then.
type mark struct {
	at   time.Time
	rule *workflow.Mark // nil: the due time itself, with nobody to tell
	due  bool
}

// marks are the moments of a clock in order; the due time is always among them.
func marks(rules []workflow.Mark, c *Clock, running worktime.Clock, cal worktime.Calendar) []mark {
	out := make([]mark, 0, len(rules)+1)
	seen := false
	for i := range rules {
		m := rules[i].At
		due := m == worktime.Mark{}
		at := c.Due
		if !due {
			if running.Limit.IsZero() {
				at = m.At(c.From, c.Due, cal)
			} else {
				at = running.At(m, cal)
			}
		}
		seen = seen || due
		out = append(out, mark{at, &rules[i], due})
	}
	if !seen {
		out = append(out, mark{c.Due, nil, true})
	}
	slices.SortStableFunc(out, func(a, b mark) int { return a.at.Compare(b.at) })
	return out
}

// marksOf are the marks of a clock; those of a task's due are given with its set.
func (st *state) marksOf(d *workflow.Clock) []workflow.Mark {
	if st.task != nil && d.Name == "due" {
		return st.task.Marks
	}
	return d.Marks
}

func (st *state) nextMark(d *workflow.Clock, c *Clock, running worktime.Clock, cal worktime.Calendar) {
	all := marks(st.marksOf(d), c, running, cal)
	for c.Fired > 0 && all[c.Fired-1].at.After(st.now) {
		c.Fired-- // the due time has moved away: its marks lie ahead again
	}
	c.Next = time.Time{}
	if c.State == Running && int(c.Fired) < len(all) {
		c.Next = all[c.Fired].at
	}
}

// fire fires every mark that is due, across the clocks, in order of time.
func (st *state) fire() error {
	for {
		var first *Clock
		for _, c := range st.clocks {
			if c.State == Running && !c.Next.IsZero() && !c.Next.After(st.now) && (first == nil || c.Next.Before(first.Next)) {
				first = c
			}
		}
		if first == nil {
			return nil
		}
		if err := st.fireNext(first); err != nil {
			return err
		}
	}
}

func (st *state) fireNext(c *Clock) error {
	d := st.life.Clock(c.Name)
	if d == nil {
		return fault.New(fault.Internal, "case.unknown_clock", "clock", c.Name)
	}
	cal, _ := st.hours(d)
	_, running, err := least(c, cal, d.Exact)
	if err != nil {
		return err
	}
	m := marks(st.marksOf(d), c, running, cal)[c.Fired]
	c.Fired++
	c.changed = true
	if m.due {
		st.event(workflow.OnClock, c.Name, "due")
	}
	if m.rule == nil {
		st.move.Data.Marks = append(st.move.Data.Marks, Struck{c.Name, "due"})
	} else {
		if err := st.strike(c, m); err != nil {
			return err
		}
	}
	st.nextMark(d, c, running, cal)
	return nil
}

// strike tells and escalates as a mark says.
func (st *state) strike(c *Clock, m mark) error {
	st.move.Data.Marks = append(st.move.Data.Marks, Struck{c.Name, m.rule.At.String()})
	who, err := st.persons(m.rule.Tell)
	if err != nil {
		return err
	}
	if len(who) > 0 {
		st.tells = append(st.tells, telling{Event: "mark", Who: who, Clock: c.Name, Mark: m.rule.At.String()})
	}
	owners, err := st.persons(m.rule.Escalate)
	if err != nil || len(m.rule.Escalate) == 0 {
		return err
	}
	for _, p := range owners {
		st.seat(SeatEscalated, workflow.SeatPerson, p, "clock "+c.Name+" "+m.rule.At.String())
	}
	st.tells = append(st.tells, telling{Event: "escalated", Who: owners, Clock: c.Name, Mark: m.rule.At.String()})
	return nil
}
