package pack

import (
	"slices"

	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// offer checks to whom places are offered, what those see, and what gives a place back.
func (k *lifeCheck) offer(s *workflow.PartSet, at []string) {
	o := s.For.Offer
	at = append(slices.Clone(at), "for", "offer")
	k.who(append(at, "to"), o.To)
	for _, w := range o.To {
		if w.Kind != workflow.WhoRole || w.Of == workflow.OfDutyArea {
			k.note("offer.to", append(at, "to"), "who", w.String())
		}
	}
	if s.Task != nil {
		k.note("offer.task", at, "name", s.Name)
	}
	k.trigger(append(at, "until"), o.Ends)
	for _, name := range o.Shows {
		switch f := k.field(name); {
		case f == nil:
			k.missing("life.unknown_field", append(at, "shows"), name, k.fieldNames())
		case f.Personal != nil:
			k.note("offer.shows_personal", append(at, "shows"), "name", name)
		}
	}
	if _, l := k.lifeOf(s.Case); l != nil {
		known := outcomesOf(l)
		for _, x := range o.GivesBack {
			if !slices.Contains(known, x) {
				k.missing("offer.unknown_outcome", append(at, "gives_back"), x, known)
			}
		}
	}
}

// outcomesOf are all ways in which cases of a life may end.
func outcomesOf(l *Life) []string {
	var out []string
	for _, a := range l.Actions {
		if a.Outcome != "" && !slices.Contains(out, a.Outcome) {
			out = append(out, a.Outcome)
		}
	}
	for _, s := range l.Steps {
		if s.Phase == workflow.Closed {
			out = append(out, s.Name)
		}
	}
	return out
}

// keyOf finds a key of the life, or where an offer stands one of the life that it opens: what a
// taker has in other cases is known by the keys of those.
func (k *lifeCheck) keyOf(name string, s scope) *workflow.Key {
	if !s.taker {
		return k.l.Key(name)
	}
	if p := k.l.Part(s.part); p != nil {
		if _, l := k.lifeOf(p.Case); l != nil {
			return l.Key(name)
		}
	}
	return nil
}

// takerMembers are what formulas of an offer may read of who would take a place: what the kernel
// knows, and records by their kind.
func (k *lifeCheck) takerMembers() []string {
	out := []string{"id", "role", "unit", "household"}
	for _, p := range append([]*Pack{k.p}, k.others...) {
		for _, r := range p.Records {
			if !r.Table {
				out = append(out, r.Name)
			}
		}
	}
	return out
}

// severalHold checks a key that several cases may hold.
func (k *lifeCheck) severalHold(key workflow.Key) {
	if key.AtMost != nil && key.Else != workflow.KeyRefuse {
		k.note("key.several", to("keys", key.Name), "name", key.Name)
	}
	if n, constant := key.AtMost.Constant(); constant {
		if x, ok := n.(formula.Num); !ok || x.Int64() < 1 || x.Int64() > workflow.MostHolders {
			k.note("key.holders", to("keys", key.Name), "most", workflow.MostHolders)
		}
	}
}
