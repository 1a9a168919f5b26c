package form

import (
	"strings"
	"time"

	"gezhi/internal/fault"
)

// readIDNumber takes a citizen identity number of 18 characters with a date that exists and
// a right check digit (GB 11643-1999).
func readIDNumber(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "id_number")
	}
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) != 18 || strings.Trim(s[:17], "0123456789") != "" || s[17] != checkDigit(s) {
		return nil, wrong(at, "form.id_number")
	}
	if born, err := time.Parse("20060102", s[6:14]); err != nil || outOfTime(born) {
		return nil, wrong(at, "form.id_number")
	}
	return s, nil
}

// checkDigit is the 18th character that the first 17 demand.
func checkDigit(s string) byte {
	sum, weight := 0, 1
	for i := 16; i >= 0; i-- {
		weight = weight * 2 % 11
		sum += int(s[i]-'0') * weight
	}
	return "10X98765432"[sum%11]
}
