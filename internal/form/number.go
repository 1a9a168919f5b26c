package form

import (
	"encoding/json"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
)

// readNumber takes a number with at most six decimals, within at_least and at_most.
func readNumber(f *Field, v any, at string) (any, []fault.Place) {
	switch v.(type) {
	case json.Number, float64, int, int64, formula.Num:
	default:
		return nil, wrong(at, "form.type", "want", "number")
	}
	if j, ok := v.(json.Number); ok { // exactly, where the digits are still known
		if n, err := formula.ParseNum(j.String()); err == nil {
			return bounded(f, n, at)
		}
		return nil, wrong(at, "form.number")
	}
	n, ok := formula.From(v).(formula.Num)
	if !ok {
		return nil, wrong(at, "form.number")
	}
	return bounded(f, n, at)
}

func bounded(f *Field, n formula.Num, at string) (any, []fault.Place) {
	if f.AtLeast != nil && n < *f.AtLeast {
		return nil, wrong(at, "form.too_small", "least", *f.AtLeast)
	}
	if f.AtMost != nil && n > *f.AtMost {
		return nil, wrong(at, "form.too_great", "most", *f.AtMost)
	}
	return n, nil
}
