package casework

import (
	"slices"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// suspend stops every clock that may be paused, until a day that the approver names.
func (st *state) suspend(o *workflow.Overlay, a Act) error {
	until, ok := moment(a.Values["until"], endOfDay)
	wrong := func(code string) error {
		return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: "until", Code: code}}}
	}
	switch {
	case !ok:
		return wrong("form.required")
	case !until.After(st.now):
		return wrong("case.in_the_past")
	case !o.AtMost.IsZero() && until.After(worktime.Add(st.now, o.AtMost, st.s.Calendar(st.Jurisdiction), worktime.Options{Exact: true}).At.Add(24*time.Hour)):
		return wrong("case.too_long")
	case a.Reason == "" && a.Note == "":
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "reason", Code: "form.required"}}}
	case !st.SuspendedUntil.IsZero():
		return fault.New(fault.Conflict, "case.suspended")
	}
	st.SuspendedUntil = until
	st.move.Data.Values = map[string]any{"until": until.In(clock.CST).Format(time.RFC3339)}
	for _, c := range st.clocks {
		if d := st.life.Clock(c.Name); d != nil && !d.NeverPaused && c.State == Running {
			st.pause(c, workflow.Suspend)
		}
	}
	return nil
}

// resumeCase ends a suspension, by hand or by itself.
func (st *state) resumeCase(who *Actor, _ Act) error {
	if st.SuspendedUntil.IsZero() {
		return fault.New(fault.Conflict, "case.not_suspended")
	}
	if !who.System {
		if o := st.life.Overlay(workflow.Suspend); o == nil {
			return fault.New(fault.Forbidden, "case.not_allowed")
		} else if err := st.mayOverlay(who, o); err != nil {
			return err
		}
	}
	st.SuspendedUntil = time.Time{}
	for _, c := range st.clocks {
		d := st.life.Clock(c.Name)
		if d == nil || c.State != Paused || !slices.ContainsFunc(c.Pauses, func(p Pause) bool { return p.Until.IsZero() && p.Reason == workflow.Suspend }) {
			continue
		}
		st.resume(c)
		if err := st.dueOf(d, c); err != nil {
			return err
		}
	}
	st.tells = append(st.tells, telling{Event: "resumed", Who: st.responsiblePeople()})
	return nil
}

// extend lengthens a clock by what the pack allows.
func (st *state) extend(who *Actor, a Act) error {
	name, _ := a.Values["clock"].(string)
	d, c := st.life.Clock(name), st.clock(name)
	if d == nil || d.Extend == nil {
		return fault.New(fault.Forbidden, "case.not_allowed")
	}
	if !who.System {
		post, ok, err := st.entitled(who, d.Extend.Who, nil)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Forbidden, "case.no_right")
		}
		st.under(post)
		if a.Reason == "" && a.Note == "" {
			return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "reason", Code: "form.required"}}}
		}
	}
	if c == nil || c.State == Stopped {
		return fault.New(fault.Conflict, "case.clock_not_running", "clock", name)
	}
	if d.Extend.Times > 0 && len(c.Extended) >= d.Extend.Times {
		return fault.New(fault.Conflict, "case.times_used", "times", d.Extend.Times)
	}
	by, ok := st.extension(d)
	if !ok {
		return fault.New(fault.Conflict, "case.no_extension", "clock", name)
	}
	c.Extended = append(c.Extended, by.String())
	st.Extensions++
	st.move.Data.Values = map[string]any{"clock": name}
	return st.dueOf(d, c)
}
