package form

import (
	"gezhi/internal/fault"
	"gezhi/internal/formula"
)

// readMoney takes yuan with at most two decimals.
func readMoney(f *Field, v any, at string) (any, []fault.Place) {
	x, p := readNumber(f, v, at)
	if len(p) > 0 {
		return nil, p
	}
	n := x.(formula.Num)
	if cents, err := n.Round(2); err != nil || cents != n {
		return nil, wrong(at, "form.money")
	}
	return n, nil
}
