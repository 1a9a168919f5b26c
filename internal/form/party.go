package form

import (
	"unicode"
	"unicode/utf8"

	"gezhi/internal/fault"
)

// readID takes the id of a person, a unit or an area. Whether it exists is asked later.
func readID(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok || s == "" || utf8.RuneCountInString(s) > 80 || !utf8.ValidString(s) {
		return nil, wrong(at, "form.reference")
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return nil, wrong(at, "form.reference")
		}
	}
	return s, nil
}
