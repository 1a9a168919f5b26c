package form

import (
	"regexp"
	"strings"

	"gezhi/internal/fault"
)

// phoneNumber: mobiles, fixed lines with area code, short service numbers (numbering plan
// of the ministry of industry, 电信网编号计划).
var phoneNumber = regexp.MustCompile(`^(1[3-9][0-9]{9}|0[1-9][0-9]{1,2}[2-9][0-9]{6,7}|[1-9][0-9]{2,4}|[48]00[0-9]{7})$`)

var phoneBlanks = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "（", "", "）", "")

// readPhone takes a number of mainland China and returns its digits, without +86.
func readPhone(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "phone")
	}
	s = strings.TrimPrefix(phoneBlanks.Replace(s), "+86")
	if !phoneNumber.MatchString(s) {
		return nil, wrong(at, "form.phone")
	}
	return s, nil
}
