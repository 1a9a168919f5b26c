package pack

import (
	"slices"

	"gezhi/internal/workflow"
)

// steps checks the graph of steps.
func (k *lifeCheck) steps() {
	reached := k.reachable(k.l.Start(), false)
	for _, s := range k.l.Steps {
		if !reached[s.Name] {
			k.note("life.unreachable_step", to("steps", s.Name), "name", s.Name)
			continue
		}
		if s.Phase != workflow.Closed && !k.ends(s.Name) {
			k.note("life.inescapable_step", to("steps", s.Name), "name", s.Name)
		}
		if k.reachable(s.Name, true)[s.Name] {
			k.note("life.loop_without_human", to("steps", s.Name), "name", s.Name)
		}
	}
	for i := range k.l.Actions {
		k.targets(&k.l.Actions[i])
	}
}

// edges are the steps one act away; only automatic acts when automatic is set.
func (k *lifeCheck) edges(step string, automatic bool) []string {
	var out []string
	for i := range k.l.Actions {
		a := &k.l.Actions[i]
		if !a.Allowed(step) || automatic && (!a.IsAutomatic() || a.Upon == nil) { // without upon it is moved from elsewhere
			continue
		}
		for _, t := range a.To {
			if t.Step != step || automatic {
				out = append(out, t.Step)
			}
		}
	}
	if !automatic {
		for i := range k.l.Allow {
			if o := &k.l.Allow[i]; o.To != "" && o.Allowed(&k.l.Life, step) {
				out = append(out, o.To)
			}
		}
		if k.l.Phase(step) != workflow.Closed {
			out = append(out, k.kernelEnds()...)
		}
	}
	return out
}

// kernelEnds are the closed steps to which the kernel itself leads, named like the outcome it
// gives: void and waived of what is opened as a part, duplicate of what may be merged.
func (k *lifeCheck) kernelEnds() []string {
	var out []string
	for _, s := range k.l.StepsIn(workflow.Closed) {
		if s == "duplicate" && k.l.Overlay(workflow.Merge) != nil || (s == "void" || s == "waived") && k.opened() {
			out = append(out, s)
		}
	}
	return out
}

// reachable are the steps that can be reached from one: the step itself counts when a way
// leads back, or at the start.
func (k *lifeCheck) reachable(from string, automatic bool) map[string]bool {
	seen := map[string]bool{}
	if !automatic {
		seen[from] = true
	}
	queue := []string{from}
	for len(queue) > 0 {
		for _, s := range k.edges(queue[0], automatic) {
			if !seen[s] {
				seen[s] = true
				queue = append(queue, s)
			}
		}
		queue = queue[1:]
	}
	return seen
}

func (k *lifeCheck) ends(step string) bool {
	for s := range k.reachable(step, false) {
		if k.l.Phase(s) == workflow.Closed {
			return true
		}
	}
	return false
}

// targets checks where one action leads.
func (k *lifeCheck) targets(a *action) {
	at := to("actions", a.Name, "to")
	closes := false
	for i, t := range a.To {
		closes = closes || k.l.Phase(t.Step) == workflow.Closed
		if i < len(a.To)-1 && t.If == nil {
			k.note("life.overlapping_to", at, "name", a.To[i+1].Step)
		}
		if i == len(a.To)-1 && t.If != nil {
			k.note("life.to_may_fail", at, "name", a.Name)
		}
	}
	if closes && a.Outcome == "" {
		k.note("life.no_outcome", to("actions", a.Name), "name", a.Name)
	}
	for _, in := range a.In {
		if k.l.Phase(in) != workflow.Closed {
			continue
		}
		if slices.ContainsFunc(a.To, func(t workflow.Target) bool { return k.l.Phase(t.Step) != workflow.Closed }) {
			k.note("life.reopens", to("actions", a.Name), "name", a.Name)
		}
	}
	if a.IsAutomatic() && a.Upon == nil && !k.moved(a.Name) {
		k.note("life.system_needs_upon", to("actions", a.Name), "name", a.Name)
	}
	if !a.IsAutomatic() && a.Upon != nil {
		k.note("life.upon_needs_system", to("actions", a.Name), "name", a.Name)
	}
}

// moved tells whether an effect of any pack does the action.
func (k *lifeCheck) moved(name string) bool {
	for _, p := range append([]*Pack{k.p}, k.others...) {
		for _, l := range p.Lives {
			for _, a := range l.Actions {
				if slices.ContainsFunc(a.Then, func(e workflow.Effect) bool { return e.Move != nil && e.Move.Do == name }) {
					return true
				}
			}
		}
	}
	return false
}

// hands checks who acts: that somebody can, and that nobody checks his own work.
func (k *lifeCheck) hands() {
	for i := range k.l.Actions {
		a := &k.l.Actions[i]
		at := to("actions", a.Name)
		if !a.IsAutomatic() && len(a.Who) > 0 && !slices.ContainsFunc(a.Who, k.possible) {
			k.note("life.nobody_may", append(at, "who"), "name", a.Name)
		}
		for _, x := range a.Apart {
			if k.leavesNobody(a, x) {
				k.note("life.apart_leaves_nobody", append(at, "apart"), "name", a.Name)
				break
			}
		}
		k.ownWork(a)
		k.ownEnd(a)
	}
}

// possible tells whether anybody can ever be w.
func (k *lifeCheck) possible(w workflow.Who) bool {
	switch w.Kind {
	case workflow.WhoSeat:
		s := k.l.Seat(w.Name)
		return s == nil || k.filled(s)
	case workflow.WhoRole:
		if w.Of == workflow.OfUnit {
			s := k.l.Seat(w.Seat)
			return s == nil || k.filled(s)
		}
	}
	return true
}

// filled tells whether anything ever seats somebody.
func (k *lifeCheck) filled(s *workflow.Seat) bool {
	return s.First != nil || s.Inherit || k.seatAsked(s.Name, true) || k.seatFilledBy(s.Name)
}

func (k *lifeCheck) seatAsked(name string, optional bool) bool {
	in := func(asks, also []string) bool {
		return slices.Contains(asks, name) || optional && slices.Contains(also, name)
	}
	return slices.ContainsFunc(k.l.Opens, func(o workflow.Opening) bool { return in(o.Asks, o.Also) }) ||
		slices.ContainsFunc(k.l.Actions, func(a action) bool { return in(a.Asks, a.Also) })
}

// returns finds a seat that a return empties and nobody takes again: the case would come back
// to its step, and those who act there would be nobody.
func (k *lifeCheck) returns() {
	r := k.l.Overlay(workflow.Return)
	if r == nil || k.l.Overlay(workflow.Transfer) != nil || k.l.Overlay(workflow.Designate) != nil {
		return
	}
	for _, s := range k.l.Seats {
		leads := slices.ContainsFunc(k.l.Actions, func(a action) bool {
			return slices.ContainsFunc(a.In, func(step string) bool { return r.Allowed(&k.l.Life, step) }) &&
				slices.ContainsFunc(a.Who, func(w workflow.Who) bool { return w.Kind == workflow.WhoSeat && w.Name == s.Name })
		})
		again := slices.ContainsFunc(k.l.Actions, func(a action) bool { return slices.Contains(a.Asks, s.Name) || slices.Contains(a.Also, s.Name) })
		if s.Kind == workflow.SeatUnit && leads && !again && !k.seatFilledBy(s.Name) {
			k.note("seat.lost_on_return", to("allow", workflow.Return), "name", s.Name)
		}
	}
}

// seatFilledBy looks for effects and kernel actions that seat somebody.
func (k *lifeCheck) seatFilledBy(name string) bool {
	for _, a := range k.l.Actions {
		for _, e := range a.Then {
			if slices.ContainsFunc(e.Fill, func(x workflow.Assign) bool { return x.Field == name }) {
				return true
			}
		}
	}
	return slices.ContainsFunc(k.opening(), func(g workflow.Assign) bool { return g.Field == name })
}

// opening are the values given when a case of this life opens by a signal, a record, as a
// part or by start.
func (k *lifeCheck) opening() []workflow.Assign {
	var out []workflow.Assign
	for _, o := range k.l.Opens {
		out = append(out, o.Give...)
	}
	for _, p := range append([]*Pack{k.p}, k.others...) {
		for _, l := range p.Lives {
			for _, s := range l.Parts {
				if _, mine := k.lifeOf(s.Case); s.Case != "" && mine == k.l {
					out = append(out, s.Give...)
				}
			}
			for _, w := range l.Watches {
				if _, mine := k.lifeOf(w.Opens); mine == k.l {
					out = append(out, w.Give...)
				}
			}
			for _, a := range l.Actions {
				for _, e := range a.Then {
					if e.Start == nil {
						continue
					}
					if _, mine := k.lifeOf(e.Start.Class); mine == k.l {
						out = append(out, e.Start.Give...)
					}
				}
			}
		}
	}
	return out
}

// leavesNobody: the only seat that may act is held by one person, who must have done the
// other act too.
func (k *lifeCheck) leavesNobody(a *action, x workflow.Apart) bool {
	if len(a.Who) != 1 || a.Who[0].Kind != workflow.WhoSeat {
		return false
	}
	seat := k.l.Seat(a.Who[0].Name)
	if seat == nil || seat.AtMost != 1 || seat.Kind == workflow.SeatUnit || seat.Kind == workflow.SeatPost {
		return false
	}
	if x.Seat != "" {
		return x.Seat == seat.Name
	}
	other := k.l.Action(x.Did)
	return other != nil && !x.OnAbout && len(other.Who) == 1 && other.Who[0] == a.Who[0]
}

// ownWork refuses an act in a verifying step that whoever brought the case there could do,
// unless the two are kept apart.
func (k *lifeCheck) ownWork(a *action) {
	if !a.Moves() || a.IsAutomatic() || !slices.ContainsFunc(a.In, func(s string) bool { return k.l.Phase(s) == workflow.Verifying }) {
		return
	}
	for i := range k.l.Actions {
		b := &k.l.Actions[i]
		brings := b.Name != a.Name && !b.IsAutomatic() && slices.ContainsFunc(b.To, func(t workflow.Target) bool {
			return a.Allowed(t.Step) && k.l.Phase(t.Step) == workflow.Verifying
		}) && slices.ContainsFunc(b.In, func(s string) bool { return k.l.Phase(s) == workflow.Working })
		if !brings || slices.ContainsFunc(a.Apart, func(x workflow.Apart) bool {
			return x.Did == b.Name && !x.OnAbout || x.Seat != "" && k.only(b.Who, x.Seat)
		}) {
			continue
		}
		if slices.ContainsFunc(a.Who, func(w workflow.Who) bool { return w.Kind != workflow.WhoSeat || slices.Contains(b.Who, w) }) {
			k.note("life.verified_by_handler", to("actions", a.Name), "name", a.Name, "other", b.Name)
			return
		}
	}
}

// ownEnd refuses an act that ends a supervised case and is open to nobody but a seat that
// works on it: whoever is supervised does not close.
func (k *lifeCheck) ownEnd(a *action) {
	if k.l.Overlay(workflow.Supervise) == nil || a.IsAutomatic() || !slices.ContainsFunc(a.To, func(t workflow.Target) bool { return k.l.Phase(t.Step) == workflow.Closed }) {
		return
	}
	works := func(w workflow.Who) bool {
		return w.Kind == workflow.WhoSeat && w.Name != workflow.Reporter && !slices.Contains(workflow.KernelSeats, w.Name)
	}
	if !slices.ContainsFunc(a.In, func(s string) bool { return k.l.Phase(s) == workflow.Working }) || slices.ContainsFunc(a.Who, func(w workflow.Who) bool { return !works(w) }) {
		return
	}
	k.note("life.closed_by_supervised", to("actions", a.Name), "name", a.Name)
}

func (k *lifeCheck) only(who []workflow.Who, seat string) bool {
	return len(who) == 1 && who[0].Kind == workflow.WhoSeat && who[0].Name == seat
}

// seats checks each seat by itself.
func (k *lifeCheck) seats() {
	for i := range k.l.Seats {
		s := &k.l.Seats[i]
		at := to("participants", s.Name)
		if !k.filled(s) {
			k.note("seat.never_filled", at, "name", s.Name)
		} else if s.First == nil && !s.Inherit && !k.seatAsked(s.Name, false) && !k.seatFilledBy(s.Name) && k.soleActor(s.Name) {
			k.note("seat.optional_actor", at, "name", s.Name)
		}
		if s.AtMost > 0 && s.AtLeast > s.AtMost {
			k.note("seat.impossible_count", at, "name", s.Name)
		}
		if !s.Accepts.IsZero() && s.First != nil && s.First.Kind != workflow.FirstReporter && !k.seatAsked(s.Name, true) {
			k.note("seat.nobody_told", at, "name", s.Name)
		}
	}
}

// soleActor tells whether some action can be done by this seat alone.
func (k *lifeCheck) soleActor(name string) bool {
	return slices.ContainsFunc(k.l.Actions, func(a action) bool { return k.only(a.Who, name) && a.Moves() })
}
