package paste

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gezhi/internal/clock"
)

// Message is one thing that somebody said in a chat.
type Message struct {
	Speaker  string    // as the chat calls them; "" when it does not say
	At       time.Time // zero when it does not say
	Text     string
	Pictures int // that belong to it and were not copied with the text
	Voices   int
}

// Proposal is what one person said in one go: perhaps a case.
type Proposal struct {
	Message
	Idle bool // nothing but "received" or "thanks": hardly a case
}

// The bounds of a block: what is beyond them is left out.
const (
	maxText     = 200_000 // bytes
	maxMessages = 300
	maxSpeaker  = 30 // characters
	together    = 10 * time.Minute
)

// cues are the words that chat programs and people put between the lines.
type cues struct {
	Pictures, Voices, Other, System, Acks, Labels, Honorifics, Doors []string
	BeforeNoon                                                       []string `json:"before_noon"`
	AfterNoon                                                        []string `json:"after_noon"`
	Day                                                              []string
	Days, Weekdays                                                   map[string]int
}

//go:embed cues.json
var cuesJSON []byte

var cue = func() (c cues) {
	if err := json.Unmarshal(cuesJSON, &c); err != nil {
		panic(err)
	}
	return c
}()

func oneOf(words ...string) string {
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = regexp.QuoteMeta(w)
	}
	return "(?:" + strings.Join(quoted, "|") + ")"
}

func keysOf(m map[string]int) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

var (
	date  = `(?:\d{4}[-/.` + cue.Day[0] + `])?\d{1,2}[-/.` + cue.Day[1] + `]\d{1,2}` + cue.Day[2] + `?`
	when  = `(?:(` + date + `|` + oneOf(append(keysOf(cue.Days), keysOf(cue.Weekdays)...)...) + `)[ \t]*)?(` + oneOf(append(slices.Clone(cue.BeforeNoon), cue.AfterNoon...)...) + `)?[ \t]*(\d{1,2}:\d{2})(?::\d{2})?`
	named = regexp.MustCompile(`^(\S.*?)[ \t]+` + when + `$`)
	dated = regexp.MustCompile(`^` + when + `[ \t]+(\S.*)$`)
	alone = regexp.MustCompile(`^(.+?)[:：]$`)
	said  = regexp.MustCompile(`^([^:：]+)[:：][ \t]*(.+)$`)
	ruled = regexp.MustCompile(`^[-—–―_=\s]*(` + date + `)[-—–―_=\s]*$`)
	rule  = regexp.MustCompile(`^[-—–―_=\s]+$`)
	quote = regexp.MustCompile(`^[「“].*[」”]$`)
	parts = regexp.MustCompile(`\[([^\[\]\n]{1,40})\]`)
	digit = regexp.MustCompile(`\d+`)
)

// Read splits a block of chat text, as chat programs copy it, into messages: a line with a name
// and a time begins one, or a name and a colon where the block has no times. now says which day
// "yesterday" is. Text before the first such line is a message of nobody.
func Read(text string, now time.Time) []Message {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u00a0", " ", "\u3000", " ", "\ufeff", "").Replace(text), "\n")
	r := reader{now: now.In(clock.CST), colons: !slices.ContainsFunc(lines, timed)}
	for _, l := range lines {
		r.line(strings.TrimSpace(l))
	}
	r.end()
	return r.out
}

func timed(line string) bool {
	line = strings.TrimSpace(line)
	m := named.FindStringSubmatch(line)
	return m != nil && isName(m[1]) || dated.MatchString(line)
}

// reader goes through the lines of a block.
type reader struct {
	now    time.Time
	day    time.Time // of a line that says only a date
	colons bool      // names stand before colons
	out    []Message
	now1   Message
	body   []string
	begun  bool
}

func (r *reader) line(l string) {
	if l == "" {
		return
	}
	if m := ruled.FindStringSubmatch(l); m != nil {
		if day, ok := r.dayOf(m[1]); ok {
			r.day = day
			return
		}
	}
	if rule.MatchString(l) || quote.MatchString(l) || slices.ContainsFunc(cue.System, func(s string) bool { return strings.Contains(l, s) }) {
		return
	}
	if m := named.FindStringSubmatch(l); m != nil && isName(m[1]) {
		if at, ok := r.moment(m[2], m[3], m[4]); ok {
			r.begin(m[1], at)
			return
		}
	}
	if m := dated.FindStringSubmatch(l); m != nil && isName(m[4]) {
		if at, ok := r.moment(m[1], m[2], m[3]); ok {
			r.begin(m[4], at)
			return
		}
	}
	if r.colons {
		if m := alone.FindStringSubmatch(l); m != nil && isName(m[1]) {
			r.begin(m[1], time.Time{})
			return
		}
		if m := said.FindStringSubmatch(l); m != nil && isName(m[1]) && utf8.RuneCountInString(m[1]) <= maxSpeaker/2 {
			r.begin(m[1], time.Time{})
			l = m[2]
		}
	}
	r.begun = true
	r.body = append(r.body, r.pieces(l))
}

// pieces counts the pictures and recordings that a line stands for, and takes their marks out.
func (r *reader) pieces(l string) string {
	return strings.TrimSpace(parts.ReplaceAllStringFunc(l, func(mark string) string {
		word, _, _ := strings.Cut(strings.Trim(mark, "[]"), " ")
		word, _, _ = strings.Cut(word, ":")
		word, _, _ = strings.Cut(word, "：")
		switch {
		case slices.Contains(cue.Pictures, word):
			r.now1.Pictures++
		case slices.Contains(cue.Voices, word):
			r.now1.Voices++
		case !slices.Contains(cue.Other, word):
			return mark
		}
		return ""
	}))
}

func (r *reader) begin(name string, at time.Time) {
	r.end()
	r.now1, r.begun = Message{Speaker: strings.TrimRight(name, " :："), At: at}, true
}

func (r *reader) end() {
	text := strings.TrimSpace(strings.Join(slices.DeleteFunc(r.body, func(s string) bool { return s == "" }), "\n"))
	if r.begun && (text != "" || r.now1.Pictures+r.now1.Voices > 0) && len(r.out) < maxMessages {
		r.now1.Text = text
		r.out = append(r.out, r.now1)
	}
	r.now1, r.body, r.begun = Message{}, nil, false
}

// isName tells whether the beginning of a line may be what a chat calls somebody.
func isName(s string) bool {
	s = strings.TrimSpace(s)
	letters := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || r > 0x2000 })
	return letters && utf8.RuneCountInString(s) <= maxSpeaker && !slices.Contains(cue.Labels, strings.ToLower(s)) && !strings.ContainsAny(s, "，。！？,!?；;/\\<>")
}

// dayOf reads a date, without a year the last one that is not to come.
func (r *reader) dayOf(s string) (time.Time, bool) {
	if n, ok := cue.Days[s]; ok {
		return midnight(r.now).AddDate(0, 0, n), true
	}
	if n, ok := cue.Weekdays[s]; ok {
		back := (int(r.now.Weekday()) - n + 7) % 7
		return midnight(r.now).AddDate(0, 0, -back), true
	}
	var n []int
	for _, d := range digit.FindAllString(s, 3) {
		x, err := strconv.Atoi(d)
		if err != nil {
			return time.Time{}, false
		}
		n = append(n, x)
	}
	year := r.now.Year()
	if len(n) == 3 {
		year, n = n[0], n[1:]
	}
	if len(n) != 2 || year < 2000 || year > 2199 {
		return time.Time{}, false
	}
	day := time.Date(year, time.Month(n[0]), n[1], 0, 0, 0, 0, clock.CST)
	if int(day.Month()) != n[0] || day.Day() != n[1] {
		return time.Time{}, false
	}
	if day.After(r.now) && !strings.HasPrefix(s, strconv.Itoa(year)) {
		day = day.AddDate(-1, 0, 0)
	}
	return day, true
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, clock.CST)
}

// moment reads a day, a half of the day and a time. Without a day it is the one of the last line
// that said one, else today, or yesterday where that would be to come.
func (r *reader) moment(day, half, at string) (time.Time, bool) {
	hour, minute, _ := strings.Cut(at, ":")
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	if slices.Contains(cue.AfterNoon, half) && h < 12 && half != "" {
		h += 12
	}
	if h > 23 || m > 59 {
		return time.Time{}, false
	}
	on := r.day
	if day != "" {
		d, ok := r.dayOf(day)
		if !ok {
			return time.Time{}, false
		}
		on = d
	}
	if !on.IsZero() {
		return on.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute), true
	}
	t := midnight(r.now).Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
	if t.After(r.now) {
		t = t.AddDate(0, 0, -1)
	}
	return t, true
}

// Gather joins messages that one person sent one after the other within ten minutes, which is how
// people write: a sentence, another, two pictures.
func Gather(messages []Message) []Proposal {
	var out []Proposal
	for _, m := range messages {
		if n := len(out) - 1; n >= 0 && out[n].Speaker == m.Speaker && m.At.Sub(out[n].At).Abs() <= together && m.At.IsZero() == out[n].At.IsZero() {
			p := &out[n]
			p.Text = strings.TrimSpace(p.Text + "\n" + m.Text)
			p.Pictures, p.Voices = p.Pictures+m.Pictures, p.Voices+m.Voices
			continue
		}
		out = append(out, Proposal{Message: m})
	}
	for i := range out {
		p := &out[i]
		p.Idle = p.Pictures+p.Voices == 0
		for _, l := range strings.Split(p.Text, "\n") {
			p.Idle = p.Idle && slices.Contains(cue.Acks, strings.Trim(l, " 。.!！~～,，"))
		}
	}
	return out
}
