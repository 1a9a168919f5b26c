package form

import (
	"gezhi/internal/fault"
	"gezhi/internal/number"
)

// readPhone takes a number of mainland China and returns its digits, without +86.
func readPhone(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "phone")
	}
	if s, ok = number.Phone(s); !ok {
		return nil, wrong(at, "form.phone")
	}
	return s, nil
}
