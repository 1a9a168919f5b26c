package workflow

import (
	"slices"

	"gezhi/internal/formula"
)

// Start is the step a new case stands in: the first listed. "" when there is none.
func (l *Life) Start() string {
	if len(l.Steps) == 0 {
		return ""
	}
	return l.Steps[0].Name
}

// Step returns the step of that name, nil when there is none.
func (l *Life) Step(name string) *Step {
	return find(l.Steps, func(s *Step) bool { return s.Name == name })
}

// Phase is the phase of a step, "" for an unknown one.
func (l *Life) Phase(step string) Phase {
	if s := l.Step(step); s != nil {
		return s.Phase
	}
	return ""
}

// StepsIn lists the steps of a phase in their order.
func (l *Life) StepsIn(p Phase) []string {
	var out []string
	for _, s := range l.Steps {
		if s.Phase == p {
			out = append(out, s.Name)
		}
	}
	return out
}

// Action returns the action of that name, nil when there is none.
func (l *Life) Action(name string) *Action {
	return find(l.Actions, func(a *Action) bool { return a.Name == name })
}

// KeptApart are the seats that nobody holds besides a seat, whichever of the two says so.
func (l *Life) KeptApart(seat string) []string {
	var out []string
	for _, s := range l.Seats {
		if s.Name == seat {
			out = append(out, s.Apart...)
		} else if slices.Contains(s.Apart, seat) {
			out = append(out, s.Name)
		}
	}
	return out
}

// Seat returns the seat of that name, nil when there is none. The reporter's seat exists in
// every life, declared or not.
func (l *Life) Seat(name string) *Seat {
	s := find(l.Seats, func(s *Seat) bool { return s.Name == name })
	if s == nil && name == Reporter {
		return &Seat{Name: Reporter, Kind: SeatPerson, AtMost: 1, First: &First{Kind: FirstReporter}}
	}
	return s
}

// Clock returns the clock of that name, nil when there is none.
func (l *Life) Clock(name string) *Clock {
	return find(l.Clocks, func(c *Clock) bool { return c.Name == name })
}

// Part returns the part set of that name, nil when there is none.
func (l *Life) Part(name string) *PartSet {
	return find(l.Parts, func(p *PartSet) bool { return p.Name == name })
}

// PublicView returns the view of that name, nil when there is none.
func (l *Life) PublicView(name string) *PublicView {
	return find(l.Public, func(v *PublicView) bool { return v.Name == name })
}

// Key returns the key of that name, nil when there is none.
func (l *Life) Key(name string) *Key {
	return find(l.Keys, func(k *Key) bool { return k.Name == name })
}

// Overlay returns how the pack shapes a kernel action, nil when it does not allow it.
func (l *Life) Overlay(name string) *Overlay {
	return find(l.Allow, func(o *Overlay) bool { return o.Name == name })
}

func find[T any](list []T, is func(*T) bool) *T {
	for i := range list {
		if is(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

// IsOverlay tells whether name is a kernel action, which no pack may define itself.
func IsOverlay(name string) bool { return slices.Contains(Overlays, name) }

// IsKernelAct tells whether name is an act of the kernel, shaped by packs or not.
func IsKernelAct(name string) bool { return IsOverlay(name) || slices.Contains(KernelActs, name) }

// Allowed tells whether the action may be done in step.
func (a *Action) Allowed(step string) bool { return slices.Contains(a.In, step) }

// IsAutomatic tells whether the system does the action by itself when Upon happens.
func (a *Action) IsAutomatic() bool {
	return slices.ContainsFunc(a.Who, func(w Who) bool { return w.Kind == WhoSystem })
}

// Target returns the step the action leads to from step, given the values after the act's
// answers were taken in; the same step when the action has no targets. A condition that
// cannot be computed is an error. Nothing holding is an empty step and no error: a checked
// life never has that, since its last target has no condition.
func (a *Action) Target(step string, env formula.Env) (string, error) {
	if len(a.To) == 0 {
		return step, nil
	}
	for _, t := range a.To {
		ok, err := t.If.Holds(env)
		if err != nil {
			return "", err
		}
		if ok {
			return t.Step, nil
		}
	}
	return "", nil
}

// Moves tells whether the action can change the step.
func (a *Action) Moves() bool { return len(a.To) > 0 }

// Allowed tells whether the overlay may be used in step. Without steps of its own it may
// wherever the case has not ended; reopening only where it has.
func (o *Overlay) Allowed(l *Life, step string) bool {
	if len(o.In) > 0 {
		return slices.Contains(o.In, step)
	}
	return (l.Phase(step) == Closed) == (o.Name == Reopen)
}

// ActionsUpon lists the automatic actions that wait for what happened, in their order.
func (l *Life) ActionsUpon(happened Trigger) []*Action {
	return filter(l.Actions, func(a *Action) bool { return waits(a.Upon, happened) })
}

// PartsUpon lists the part sets that open when happened.
func (l *Life) PartsUpon(happened Trigger) []*PartSet {
	return filter(l.Parts, func(p *PartSet) bool { return waits(p.Upon, happened) })
}

// ClocksFrom lists the clocks that start when happened, once in a life. Clocks with steps
// are found by ClocksEntered.
func (l *Life) ClocksFrom(happened Trigger) []*Clock {
	return filter(l.Clocks, func(c *Clock) bool { return anyOf(c.From, happened) })
}

// ClocksUntil lists the clocks that stop for good when happened. Every clock stops when
// the case closes.
func (l *Life) ClocksUntil(happened Trigger) []*Clock {
	return filter(l.Clocks, func(c *Clock) bool {
		return anyOf(c.Until, happened) || happened.Kind == OnClosed
	})
}

// ClocksLeft lists the clocks with steps that stop (or with Keep halt) when the case goes
// from one step to another.
func (l *Life) ClocksLeft(from, to string) []*Clock {
	return filter(l.Clocks, func(c *Clock) bool {
		return slices.Contains(c.In, from) && !slices.Contains(c.In, to)
	})
}

// ClocksEntered lists the clocks with steps that start (or with Keep go on) when the case
// goes from one step to another.
func (l *Life) ClocksEntered(from, to string) []*Clock {
	return filter(l.Clocks, func(c *Clock) bool {
		return slices.Contains(c.In, to) && !slices.Contains(c.In, from)
	})
}

func filter[T any](list []T, keep func(*T) bool) []*T {
	var out []*T
	for i := range list {
		if keep(&list[i]) {
			out = append(out, &list[i])
		}
	}
	return out
}

func waits(t *Trigger, happened Trigger) bool { return t != nil && t.Matches(happened) }

func anyOf(ts []Trigger, happened Trigger) bool {
	return slices.ContainsFunc(ts, func(t Trigger) bool { return t.Matches(happened) })
}

// MoveEvents lists what happens, in order, when action is done and leads from one step to
// another: did, then left and entered when the step changes, then closed when the case
// ends. An action without a target passes the same step twice; opening has no action and
// comes from no step.
func (l *Life) MoveEvents(action, from, to string) []Trigger {
	var out []Trigger
	if from == "" {
		return []Trigger{{Kind: OnOpened}, {Kind: OnEntered, Name: to}}
	}
	if action != "" {
		out = append(out, Trigger{Kind: OnDid, Name: action})
	}
	if from != to {
		out = append(out, Trigger{Kind: OnLeft, Name: from}, Trigger{Kind: OnEntered, Name: to})
		if l.Phase(to) == Closed && l.Phase(from) != Closed {
			out = append(out, Trigger{Kind: OnClosed})
		}
	}
	return out
}

// PartRule is what becomes of the open parts of a set when the case closes.
func (l *Life) PartRule(part string) string {
	if e := find(l.Ending.Parts, func(e *EndingPart) bool { return e.Part == part }); e != nil {
		return e.Rule
	}
	return PartsMustBeClosed
}
