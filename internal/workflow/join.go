package workflow

import (
	"gezhi/internal/formula"
)

// ItemState is how far one item of a part set is, for a join.
type ItemState int

// The states of an item. A waived or void item counts for nobody.
const (
	ItemOpen   ItemState = iota
	ItemDone             // answered, or closed
	ItemSilent           // open past its due time
	ItemGone             // waived or void
)

// Item is one part as a join sees it: its state, and the values "item" stands for in the
// conditions that and where.
type Item struct {
	State ItemState
	Value formula.Value
}

// Tally is what a join counted.
type Tally struct {
	Everyone int // items that count at all
	Done     int // answered
	Yes      int // answered, and the condition holds
	Pending  int // may still answer
}

// Count tallies the items. Silent items are pending unless the join says at_latest.
func (j *Join) Count(items []Item, env formula.Env) (Tally, error) {
	var t Tally
	for _, it := range items {
		if it.State == ItemGone {
			continue
		}
		here := env.With(it.Value)
		counts, err := j.Where.Holds(here)
		if err != nil {
			return Tally{}, err
		}
		if !counts {
			continue
		}
		t.Everyone++
		switch {
		case it.State == ItemDone:
			t.Done++
			yes, err := j.That.Holds(here)
			if err != nil {
				return Tally{}, err
			}
			if yes {
				t.Yes++
			}
		case it.State == ItemOpen || !j.AtLatest:
			t.Pending++
		}
	}
	return t, nil
}

// Test tells whether the join holds, and whether it no longer can whatever the pending
// items answer. Both are false while it is undecided. A condition that cannot be computed
// is an error.
func (j *Join) Test(items []Item, env formula.Env) (held, impossible bool, err error) {
	t, err := j.Count(items, env)
	if err != nil {
		return false, false, err
	}
	held, impossible = j.decide(t)
	return held, impossible, nil
}

// decide judges a tally. All over an empty set holds: where nobody was asked nobody can
// hold the case up. A share of an empty set is never reached.
func (j *Join) decide(t Tally) (held, impossible bool) {
	switch no := t.Done - t.Yes; {
	case j.All:
		held, impossible = t.Pending == 0 && no == 0, no > 0
	case j.Any:
		held, impossible = t.Yes > 0, t.Yes+t.Pending == 0
	case j.AtLeast > 0:
		held, impossible = t.Yes >= j.AtLeast, t.Yes+t.Pending < j.AtLeast
	case j.Share != nil:
		held, impossible = j.share(t)
	default:
		held = true // turnout alone
	}
	if j.Turnout != nil {
		held = held && j.Turnout.reached(t.Done, t.Everyone)
		impossible = impossible || !j.Turnout.reached(t.Done+t.Pending, t.Everyone)
	}
	return held, impossible
}

// share holds only when no pending answer could undo it: among those who answered, the
// worst case is that every pending one says no.
func (j *Join) share(t Tally) (held, impossible bool) {
	whole := t.Everyone
	if j.Of == OfAnswered {
		whole = t.Done + t.Pending
	}
	return j.Share.reached(t.Yes, whole), !j.Share.reached(t.Yes+t.Pending, whole)
}
