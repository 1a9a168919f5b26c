package form

import (
	"gezhi/internal/fault"
	"gezhi/internal/number"
)

// readIDNumber takes a citizen identity number with a date that exists and a right check
// character (GB 11643-1999); one of the old 15 digits is kept in the form of today.
func readIDNumber(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "id_number")
	}
	id, ok := number.ReadID(s)
	if !ok {
		return nil, wrong(at, "form.id_number")
	}
	return id.Number, nil
}
