package number

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what a found number is the number of.
type Kind string

// The kinds that Find knows.
const (
	KindID       Kind = "id_number"
	KindCredit   Kind = "credit_code"
	KindPhone    Kind = "phone"
	KindBankCard Kind = "bank_card"
)

// Personal tells whether a number of this kind points to a person.
func (k Kind) Personal() bool { return k != KindCredit }

// Found is a number in a text.
type Found struct {
	Kind       Kind
	Start, End int    // bytes of the text, on the borders of runes
	Normal     string // as the reader of the kind returns it; a mistyped ID as it stands
}

//go:embed cues.json
var cuesJSON []byte

// cues are words before or behind a number that tell what it is.
var cues = func() (c struct {
	Phone, ID, Reference, Amount, Unit []string
	Between                            string
}) {
	if err := json.Unmarshal(cuesJSON, &c); err != nil {
		panic(err)
	}
	return c
}()

// Find returns the numbers of people, enterprises, telephones and bank cards in a text, from
// left to right, none overlapping. Service numbers (110, 12345, 400…) are nobody's and not
// found. An identity number with a wrong check character, and a fixed line without its area
// code, are found where a word before them says what they are.
func Find(text string) []Found {
	if !holds(text) {
		return nil
	}
	t := see(text)
	var out []Found
	end := 0 // of the last found, as an index of t.b
	for i := 0; i < len(t.b); i++ {
		if !t.begins(i) {
			continue
		}
		f, n := t.at(i, end)
		if n == 0 {
			continue
		}
		f.Start, f.End = t.start[i], t.stop[i+n-1]
		out = append(out, f)
		i += n - 1
		end = i + 1
	}
	return out
}

// Replace writes a text with each found number replaced by what with says.
func Replace(text string, with func(Found) string) string {
	found := Find(text)
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	last := 0
	for _, f := range found {
		b.WriteString(text[last:f.Start])
		b.WriteString(with(f))
		last = f.End
	}
	b.WriteString(text[last:])
	return b.String()
}

// seen is a text reduced to one byte for each sign: what is not ASCII is a 1.
type seen struct {
	text        string
	b           []byte
	start, stop []int // where the sign lies in the text
}

const chineseDigits = "零一二三四五六七八九〇幺"

const (
	fewestDigits = 6  // of a credit code, whose other signs may be letters; all else has more
	fewestSpoken = 11 // a mobile that is read out
)

// holds tells whether a text has as many digits as a number needs. Most texts have not, and are
// looked at no further.
func holds(text string) bool {
	written, spoken := 0, 0
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9' || r >= '０' && r <= '９':
			written++
		case r >= utf8.RuneSelf && strings.ContainsRune(chineseDigits, r):
			spoken++
		}
		if written >= fewestDigits || spoken >= fewestSpoken {
			return true
		}
	}
	return false
}

func see(text string) *seen {
	t := &seen{text: text, b: make([]byte, 0, len(text))}
	spoken := 0 // how many of the last signs are Chinese digits
	flush := func() {
		if n := len(t.b); spoken == 11 || spoken == 18 { // read out: a mobile, an identity number
			for i := n - spoken; i < n; i++ {
				t.b[i] = spokenDigit(text[t.start[i]:t.stop[i]])
			}
		}
		spoken = 0
	}
	for at, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(text[at:])
		}
		r = narrow(r)
		if r == 0 {
			continue
		}
		if strings.ContainsRune(chineseDigits, r) {
			spoken++
		} else {
			flush()
		}
		if r >= utf8.RuneSelf {
			r = 1
		}
		t.b, t.start, t.stop = append(t.b, byte(r)), append(t.start, at), append(t.stop, at+size)
	}
	flush()
	return t
}

func spokenDigit(s string) byte {
	i := slices.Index(strings.Split(chineseDigits, ""), s)
	switch i {
	case 10:
		i = 0
	case 11:
		i = 1
	}
	return byte('0' + i)
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func isSign(b byte) bool { return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'z' }

// begins tells whether a number may begin at i: a digit, a letter, + or an opening bracket
// that stands at the border of a word.
func (t *seen) begins(i int) bool {
	if c := t.b[i]; !isSign(c) && c != '+' && c != '(' {
		return false
	}
	if i == 0 {
		return true
	}
	p := t.b[i-1]
	return !isDigit(p) && (!isSign(p) || isDigit(t.b[i])) && p != '+'
}

const gap = `[ -]{0,3}`

var (
	idShape     = regexp.MustCompile(`^[0-9](?:[ -]?[0-9]){16}[ -]?[0-9Xx]`)
	oldIDShape  = regexp.MustCompile(`^[0-9]{15}`)
	creditShape = regexp.MustCompile(`^[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{10}`)
	cardShapes  = []*regexp.Regexp{cardOf(19), cardOf(18), cardOf(17), cardOf(16)}
	mobileShape = regexp.MustCompile(`^(?:\(?(?:\+|00)?86\)?` + gap + `)?1[3-9](?:[0-9]{9}|[0-9]` + gap + `[0-9]{4}` + gap + `[0-9]{4}|[0-9]\.[0-9]{4}\.[0-9]{4}|[0-9]{2}` + gap + `[0-9]{3}` + gap + `[0-9]{4}|[0-9]` + gap + `[0-9]{3}` + gap + `[0-9]{5}|[0-9]` + gap + `[0-9]{8}|[0-9]{5}` + gap + `[0-9]{4}|[0-9]{3}` + gap + `[0-9]{6})`)
	fixedShape  = regexp.MustCompile(`^(?:\(?(?:\+|00)86\)?` + gap + `\(?0?|\(?0)(?:10|2[0-57-9]|[3-9][1-9][0-9])\)?` + gap + `(?:[2-8][0-9]{2,3}` + gap + `[0-9]{4}|[2-8][0-9]{6,7})`)
	localShape  = regexp.MustCompile(`^[2-8](?:[0-9]{7}|[0-9]{6}|[0-9]{2,3}[ -][0-9]{4})`)
	dayShape    = regexp.MustCompile(`^(?:19|20)[0-9]{2}[ -]?(?:0[1-9]|1[0-2])(?:[0-3][0-9])?$`)
)

func cardOf(n int) *regexp.Regexp {
	return regexp.MustCompile(`^[0-9](?:[ -]?[0-9]){` + []string{15: "15", 16: "16", 17: "17", 18: "18"}[n-1] + `}`)
}

// at looks for a number that begins at i and returns it with its length in signs; end is
// where the number before ended.
func (t *seen) at(i, end int) (Found, int) {
	if t.fraction(i) {
		return Found{}, 0
	}
	before := t.before(i)
	if before == "amount" {
		return Found{}, 0
	}
	letter := i > 0 && isSign(t.b[i-1])
	if f, n := t.document(i, before, letter); n > 0 {
		return f, n
	}
	if t.b[i] != '+' && t.b[i] != '(' && !isDigit(t.b[i]) || before == "reference" ||
		letter && before != "phone" || !t.free(i, end) {
		return Found{}, 0
	}
	for _, shape := range []*regexp.Regexp{mobileShape, fixedShape} {
		n := len(shape.Find(t.b[i:]))
		if n == 0 || !t.quiet(i+n) || t.b[i] == '(' && !slices.Contains(t.b[i:i+n], ')') || before != "phone" && (t.measured(i+n) || t.dated(i, n)) {
			continue
		}
		s := digitsOf(t.b[i : i+n])
		if strings.HasPrefix(s, "86") {
			s = "+" + s
		}
		if s, ok := Phone(s); ok {
			return Found{Kind: KindPhone, Normal: s}, n
		}
	}
	if before == "phone" {
		if n := len(localShape.Find(t.b[i:])); n > 0 && t.quiet(i+n) && !dayShape.Match(t.b[i:i+n]) {
			return Found{Kind: KindPhone, Normal: digitsOf(t.b[i : i+n])}, n
		}
	}
	return Found{}, 0
}

// document looks for the number of a person, an enterprise or a bank card.
func (t *seen) document(i int, before string, letter bool) (Found, int) {
	if letter && before != "id" {
		return Found{}, 0
	}
	if isDigit(t.b[i]) && before != "reference" {
		if f, n := t.ofPerson(i, before); n > 0 {
			return f, n
		}
	}
	if n := len(creditShape.Find(t.b[i:])); n > 0 && (i+n == len(t.b) || !isSign(t.b[i+n])) {
		if s, ok := CreditCode(string(t.b[i : i+n])); ok {
			return Found{Kind: KindCredit, Normal: s}, n
		}
	}
	return Found{}, 0
}

// ofPerson looks for an identity number, in its form of today or of old, or a bank card.
func (t *seen) ofPerson(i int, before string) (Found, int) {
	if n := len(idShape.Find(t.b[i:])); n > 0 && t.ends(i+n) {
		s := bare(string(t.b[i : i+n]))
		if _, ok := ReadID(s); ok || before == "id" {
			return Found{Kind: KindID, Normal: s}, n
		}
	}
	for _, shape := range cardShapes {
		if n := len(shape.Find(t.b[i:])); n > 0 && t.ends(i+n) {
			if s, ok := BankCard(string(t.b[i : i+n])); ok {
				return Found{Kind: KindBankCard, Normal: s}, n
			}
		}
	}
	if n := len(oldIDShape.Find(t.b[i:])); n > 0 && t.ends(i+n) {
		if id, ok := ReadID(string(t.b[i : i+n])); ok {
			return Found{Kind: KindID, Normal: id.Number}, n
		}
	}
	return Found{}, 0
}

func digitsOf(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if isDigit(c) {
			out = append(out, c)
		}
	}
	return string(out)
}

// fraction tells whether the digits at i stand behind a point: the decimals of a coordinate.
func (t *seen) fraction(i int) bool {
	return i > 1 && t.b[i-1] == '.' && isDigit(t.b[i-2])
}

// ends tells whether no digit stands at i.
func (t *seen) ends(i int) bool { return i == len(t.b) || !isDigit(t.b[i]) }

// quiet tells whether no digits go on at i, nor behind a point or, as a day, behind a hyphen.
func (t *seen) quiet(i int) bool {
	switch {
	case i >= len(t.b):
		return true
	case isDigit(t.b[i]):
		return false
	case t.b[i] == '.':
		return i+1 == len(t.b) || !isDigit(t.b[i+1])
	case t.b[i] == '-':
		return !dayShape.Match(t.run(i + 1))
	}
	return true
}

// run are the digits at i.
func (t *seen) run(i int) []byte {
	n := i
	for n < len(t.b) && isDigit(t.b[n]) {
		n++
	}
	return t.b[i:n]
}

// free tells whether the digits at i are not the rest of a longer number behind a hyphen,
// such as a case number. A short ordinal, an area code and another found number may stand
// there.
func (t *seen) free(i, end int) bool {
	if i == 0 || t.b[i-1] != '-' || end > 0 && i-1 == end {
		return true
	}
	n := i - 1
	for n > 0 && isSign(t.b[n-1]) {
		n--
	}
	w := string(t.b[n : i-1])
	return digits(w) && (len(w) < 4 || len(w) == 4 && w[0] == '0')
}

// dated tells whether what was taken for a fixed line is a code and a day: 0578-20241122.
func (t *seen) dated(i, n int) bool {
	return t.b[i] == '0' && n > 8 && dayShape.Match(t.b[i+n-8:i+n])
}

// measured tells whether a unit of measure or money stands at i.
func (t *seen) measured(i int) bool {
	if i >= len(t.b) {
		return false
	}
	rest := strings.ToLower(strings.TrimLeft(t.text[t.start[i]:min(t.start[i]+24, len(t.text))], " "))
	return slices.ContainsFunc(cues.Unit, func(u string) bool { return strings.HasPrefix(rest, u) })
}

// before says what the word before i announces: phone, id, reference, amount or nothing.
func (t *seen) before(i int) string {
	if i == 0 {
		return ""
	}
	w := strings.ToLower(t.text[max(0, t.stop[i-1]-64):t.stop[i-1]])
	for range 8 {
		kind, length := "", 0
		for name, words := range map[string][]string{"phone": cues.Phone, "id": cues.ID, "reference": cues.Reference, "amount": cues.Amount} {
			for _, c := range words {
				if len(c) > length && strings.HasSuffix(w, c) && wordy(w, c) {
					kind, length = name, len(c)
				}
			}
		}
		r, size := utf8.DecodeLastRuneInString(w)
		if kind != "" || size == 0 || !strings.ContainsRune(cues.Between, r) && !unicode.IsSpace(r) {
			return kind
		}
		w = w[:len(w)-size]
	}
	return ""
}

// wordy tells whether a cue of letters is a word of its own at the end of w.
func wordy(w, cue string) bool {
	if n := len(w) - len(cue); n > 0 && cue[0] < utf8.RuneSelf {
		return !isSign(w[n-1])
	}
	return true
}
