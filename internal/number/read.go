package number

import (
	"regexp"
	"strings"
	"time"
	"unicode"
)

// ID is a citizen identity number taken apart (GB 11643-1999).
type ID struct {
	Number string    // 18 characters, the last perhaps X
	Area   string    // the division of first registration, six digits (GB/T 2260)
	Born   time.Time // midnight UTC of the day of birth
	Female bool      // an even number in sequence
}

// ReadID takes a number of 18 characters, or one of 15 digits, which it brings into the form
// of 18; false when it is none: an unknown region, a date that does not exist or a wrong
// check character.
func ReadID(s string) (ID, bool) {
	s = bare(s)
	if len(s) == 15 && digits(s) && s[12:] < "996" { // 996 to 999 were those born before 1900
		s = s[:6] + "19" + s[6:]
		s += string(idCheck(s))
	}
	if len(s) != 18 || !digits(s[:17]) || !region(s) || s[17] != idCheck(s) {
		return ID{}, false
	}
	born, err := time.Parse("20060102", s[6:14])
	if err != nil || born.Year() < 1900 || born.Year() >= 2200 {
		return ID{}, false
	}
	return ID{Number: s, Area: s[:6], Born: born, Female: s[16]%2 == 0}, true
}

// idCheck is the 18th character that the first 17 demand (ISO 7064 MOD 11-2).
func idCheck(s string) byte {
	sum, weight := 0, 1
	for i := 16; i >= 0; i-- {
		weight = weight * 2 % 11
		sum += int(s[i]-'0') * weight
	}
	return "10X98765432"[sum%11]
}

// region tells whether the first two digits are a province, or 9 for the card of a foreigner
// with permanent residence, which has the same check.
func region(s string) bool {
	switch s[0] {
	case '1', '5', '2', '3', '4', '6':
		last := map[byte]byte{'1': '5', '2': '3', '3': '7', '4': '6', '5': '4', '6': '5'}[s[0]]
		first := byte('1')
		if s[0] == '5' {
			first = '0'
		}
		return first <= s[1] && s[1] <= last
	case '7':
		return s[1] == '1'
	case '8':
		return '1' <= s[1] && s[1] <= '3'
	}
	return s[0] == '9'
}

// creditSigns are the 31 characters of a credit code in the order of their values.
const creditSigns = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CreditCode takes a unified social credit code (GB 32100-2015), whose 18th character is
// checked modulo 31, and returns its 18 capital letters and digits.
func CreditCode(s string) (string, bool) {
	s = bare(s)
	if len(s) != 18 || !digits(s[2:8]) {
		return "", false
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(creditSigns, s[i])
		if v < 0 {
			return "", false
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return s, s[17] == creditSigns[(31-sum%31)%31]
}

// phone: mobiles, fixed lines with their area code, numbers without one, 400 and 800
// (numbering plan of the ministry of industry, 电信网编号计划).
var phone = regexp.MustCompile(`^(1[3-9][0-9]{9}|0(10|2[0-57-9]|[3-9][1-9][0-9])[2-9][0-9]{6,7}|[1-9][0-9]{2,4}|[48]00[0-9]{7})$`)

// Phone takes a number of mainland China (a mobile, a fixed line with its area code, a short
// service number, 400 or 800) and returns its digits without +86.
func Phone(s string) (string, bool) {
	s = bare(s)
	if t, ok := strings.CutPrefix(s, "+86"); ok {
		s = withTrunk(t)
	} else if t, ok := strings.CutPrefix(s, "0086"); ok {
		s = withTrunk(t)
	}
	return s, phone.MatchString(s)
}

// withTrunk gives a fixed line that was written for callers from abroad its 0 again.
func withTrunk(s string) string {
	if !phone.MatchString(s) && phone.MatchString("0"+s) {
		return "0" + s
	}
	return s
}

// cards begin like this: UnionPay, Visa, MasterCard, American Express, JCB, and the
// debit cards that Chinese banks gave out before UnionPay.
var cards = regexp.MustCompile(`^(62|4|5[1-5]|3[57]|60|9558|9559)`)

// BankCard takes the 16 to 19 digits of a bank card (ISO/IEC 7812), the last one that of
// Luhn, and returns them.
func BankCard(s string) (string, bool) {
	s = bare(s)
	if len(s) < 16 || len(s) > 19 || !digits(s) || !cards.MatchString(s) {
		return "", false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s, sum%10 == 0
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// bare writes a number in ASCII capitals, without blanks, hyphens and brackets.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		switch r = narrow(r); r {
		case ' ', '-', '(', ')', 0:
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}

// narrow maps full-width signs, all blanks and all hyphens to those of ASCII, and to 0 what
// is not seen, such as the marks around a number copied out of a phone's contacts.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case unicode.IsSpace(r) || unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.Is(unicode.Pd, r), r == '−', r == '─', r == '－':
		return '-'
	case unicode.Is(unicode.Cf, r):
		return 0
	}
	return r
}
