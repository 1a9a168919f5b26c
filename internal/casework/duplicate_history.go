package casework

import (
	"cmp"
	"slices"
	"time"

	"gezhi/internal/pack"
)

// Proposal is two cases of a history that would have been proposed as the same matter when the
// later one was opened: their places in the history.
type Proposal struct{ Earlier, Later int }

// ProposedIn goes through a history and returns what would have been proposed, by the rules by
// which open cases are: near in place and time, of the same class or in the same words, the
// earlier one still open. A case with no closing time is open to the end. Areas are compared
// by AreaID where there is no point.
func ProposedIn(history []*Case, near pack.Duplicate) (out []Proposal) {
	order := make([]int, len(history))
	words := make([][]uint64, len(history))
	for i, c := range history {
		order[i], words[i] = i, letterPairs(textOf(c))
	}
	slices.SortStableFunc(order, func(a, b int) int { return history[a].OpenedAt.Compare(history[b].OpenedAt) })
	days := time.Duration(near.Days) * 24 * time.Hour
	from := 0
	for n, later := range order {
		c := history[later]
		for c.OpenedAt.Sub(history[order[from]].OpenedAt) > days {
			from++
		}
		for _, earlier := range order[from:n] {
			x := history[earlier]
			if !x.ClosedAt.IsZero() && !x.ClosedAt.After(c.OpenedAt) {
				continue
			}
			if l := compare(c, x, words[later], words[earlier]); (l.Metres >= 0 || c.AreaID == x.AreaID) && l.speaks(&near) {
				out = append(out, Proposal{earlier, later})
			}
		}
	}
	slices.SortFunc(out, func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(a.Later, b.Later), cmp.Compare(a.Earlier, b.Earlier))
	})
	return out
}
