package number

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// The example of the standard is a number, and is taken apart.
func TestAnIdentityNumberIsTakenApart(t *testing.T) {
	id, ok := ReadID("11010519491231002x")
	want := ID{Number: "11010519491231002X", Area: "110105", Born: time.Date(1949, 12, 31, 0, 0, 0, 0, time.UTC), Female: true}
	if !ok || id != want {
		t.Fatalf("%+v %t", id, ok)
	}
	for _, same := range []string{"１１０１０５１９４９１２３１００２Ｘ", "110105 1949 1231 002X", "110105-19491231-002x", "\u202d11010519491231002X\u202c", "110105491231002"} {
		if got, ok := ReadID(same); !ok || got != want {
			t.Errorf("%q is not the same number: %+v %t", same, got, ok)
		}
	}
}

// What is no identity number is refused: wrong check, no such day, no such region.
func TestWhatIsNoIdentityNumberIsRefused(t *testing.T) {
	for _, bad := range []string{"", "x", "110105194912310021", "11010519491331002X", "11010519490229" + "0021", "00010519491231002X",
		"660105194912310020", "1101051949123100", "1101051949123100２", "11010519491231002XX", "11010518491231002X", "110105491231998", "110105491331002", "身份证号码一百一十号"} {
		if id, ok := ReadID(bad); ok {
			t.Errorf("%q was read as %+v", bad, id)
		}
	}
	for _, s := range []string{"330109195002290010", "330109190002290010"} { // 1900 and 1950 had no such day
		if _, ok := ReadID(s[:17] + string(idCheck(s))); ok {
			t.Error(s)
		}
	}
}

// Changing any one digit, or swapping two neighbours that differ, is noticed.
func TestTheCheckCharacterNoticesSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawID(t)
		id, ok := ReadID(s)
		if !ok || id.Number != s {
			t.Fatalf("%s is refused", s)
		}
		if old := s[:6] + s[8:17]; s[6:8] == "19" && s[14:17] < "996" {
			if up, ok := ReadID(old); !ok || up != id {
				t.Fatalf("%s becomes %+v", old, up)
			}
		}
		i := rapid.IntRange(0, 16).Draw(t, "place")
		slip := []byte(s)
		if rapid.Bool().Draw(t, "swap") && i < 16 {
			slip[i], slip[i+1] = slip[i+1], slip[i]
		} else {
			slip[i] = byte('0' + rapid.IntRange(0, 9).Draw(t, "digit"))
		}
		if _, ok := ReadID(string(slip)); ok && string(slip) != s {
			t.Fatalf("%s passes for %s", slip, s)
		}
	})
}

// Codes that enterprises have published are codes; slips are noticed.
func TestCreditCodes(t *testing.T) {
	for _, good := range []string{"91330100799655058B", "9144030071526726XG", " 91330100 79965505 8b", "９１３３０１００７９９６５５０５８Ｂ"} {
		if s, ok := CreditCode(good); !ok || len(s) != 18 {
			t.Errorf("%s is refused", good)
		}
	}
	for _, bad := range []string{"", "91330100799655058A", "9133010079965505B", "913301O0799655058B", "91330100799655058I", "9133010079965505８8B", "91AB0100799655058B"} {
		if s, ok := CreditCode(bad); ok {
			t.Errorf("%s passes as %s", bad, s)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := []byte("91330100799655058B")
		i := rapid.SampledFrom([]int{0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}).Draw(t, "place")
		was := s[i]
		s[i] = creditSigns[rapid.IntRange(0, 30).Draw(t, "sign")]
		if _, ok := CreditCode(string(s)); ok && s[i] != was {
			t.Fatalf("%s passes", s)
		}
	})
}

// The forms in which people write their numbers come to one form.
func TestPhonesComeToOneForm(t *testing.T) {
	for given, want := range map[string]string{
		"13800000000": "13800000000", "+86 138-0000-0000": "13800000000", "0086 13800000000": "13800000000", "１３８００００００００": "13800000000",
		"138 0000 0000": "13800000000", "\u202d138\u00a00000\u00a00000\u202c": "13800000000", "（+86）13800000000": "13800000000",
		"0578-5120000": "05785120000", "(0578)5120000": "05785120000", "0578—5120000": "05785120000", "+86 578 5120000": "05785120000",
		"010-65120000": "01065120000", "0571 85120000": "057185120000", "12345": "12345", "110": "110", "400-100-0000": "4001000000",
	} {
		if got, ok := Phone(given); !ok || got != want {
			t.Errorf("%q becomes %q %t", given, got, ok)
		}
	}
	for _, bad := range []string{"", "12", "12800000000", "1380000000", "138000000000", "0100-5120000", "0578-1120000", "abc", "00000", "+", "+86"} {
		if got, ok := Phone(bad); ok {
			t.Errorf("%q passes as %q", bad, got)
		}
	}
}

// A card's last digit is that of Luhn.
func TestBankCards(t *testing.T) {
	for _, good := range []string{"6222 0200 0000 0000 001", "4111111111111111"} {
		s := strings.ReplaceAll(good, " ", "")
		if got, ok := BankCard(good); ok != luhn(s) || ok && got != s {
			t.Errorf("%s: %q %t", good, got, ok)
		}
	}
	for _, bad := range []string{"4111111111111112", "411111111111111", "1111111111111117", "41111111111111111111"} {
		if _, ok := BankCard(bad); ok {
			t.Errorf("%s passes", bad)
		}
	}
}

// luhn adds from the left, as ISO/IEC 7812-1 annex B writes it.
func luhn(s string) bool {
	sum := 0
	for i := range s {
		d := int(s[i] - '0')
		if (len(s)-i)%2 == 0 {
			d = []int{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}[d]
		}
		sum += d
	}
	return sum%10 == 0
}

func drawID(t *rapid.T) string {
	day := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 60000).Draw(t, "day"))
	s := rapid.SampledFrom([]string{"110105", "331123", "650104", "500101", "830000"}).Draw(t, "area") + day.Format("20060102") + fmt.Sprintf("%03d", rapid.IntRange(0, 999).Draw(t, "sequence"))
	return s + string(idCheck(s))
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "+86 138-0000-0000", "91330100799655058B", "４１１１", "\xff1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := ReadID(s); ok {
			if again, ok := ReadID(id.Number); !ok || again != id {
				t.Fatal(s)
			}
		}
		for _, read := range []func(string) (string, bool){CreditCode, Phone, BankCard} {
			if normal, ok := read(s); ok {
				if again, ok := read(normal); !ok || again != normal || !utf8.ValidString(normal) {
					t.Fatalf("%q becomes %q", s, normal)
				}
			}
		}
	})
}
