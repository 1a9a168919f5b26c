package privacy

import (
	"strings"
	"unicode/utf8"
)

// stars stand for what is hidden. How many says nothing of how much.
const stars = "****"

// MaskName shows the first character of a name only: 张**.
func MaskName(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	if n == 0 {
		return ""
	}
	return string(r) + "**"
}

// MaskNumber shows the beginning and the end of a number, 138****5678, as much as does not
// give it away: of a short one nothing.
func MaskNumber(number string) string {
	switch n := len(number); {
	case n >= 15: // identity numbers and cards: the division only
		return number[:3] + stars + number[n-2:]
	case n >= 11:
		return number[:3] + stars + number[n-4:]
	case n >= 8:
		return stars + number[n-2:]
	}
	return stars
}

// Mask is what may be shown of a personal value of a field type to those who may not read it.
func Mask(fieldType string, v any) string {
	text, ok := v.(string)
	if !ok {
		return stars
	}
	switch fieldType {
	case "phone", "id_number":
		return MaskNumber(text)
	case "text":
		if utf8.RuneCountInString(text) <= longestName && !strings.ContainsAny(text, "0123456789 ") {
			return MaskName(text)
		}
	}
	return stars
}

// longestName is how long a text is at most that may be the name of somebody, in characters.
const longestName = 4
