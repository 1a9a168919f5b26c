package form

import "gezhi/internal/fault"

// readBoolean takes true or false.
func readBoolean(_ *Field, v any, at string) (any, []fault.Place) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	return nil, wrong(at, "form.type", "want", "boolean")
}
