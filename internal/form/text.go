package form

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gezhi/internal/fault"
)

// Lengths in characters when the field does not say.
const (
	textLength     = 200
	longTextLength = 5000
)

// readText takes one line.
func readText(f *Field, v any, at string) (any, []fault.Place) {
	return readWords(f, v, at, textLength, false)
}

// readLongText takes several lines.
func readLongText(f *Field, v any, at string) (any, []fault.Place) {
	return readWords(f, v, at, longTextLength, true)
}

func readWords(f *Field, v any, at string, usual int, lines bool) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "text")
	}
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if s == "" {
		return nil, wrong(at, "form.required")
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !(lines && (r == '\n' || r == '\t'))
	}) {
		return nil, wrong(at, "form.characters")
	}
	if most := f.most(usual); utf8.RuneCountInString(s) > most {
		return nil, wrong(at, "form.too_long", "most", most)
	}
	return s, nil
}
