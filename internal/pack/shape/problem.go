package shape

import (
	"fmt"
	"strings"
	"unicode"
)

// Problem is one thing wrong in a file.
type Problem struct {
	Code       string         `json:"code"` // stable: "pack.unknown_key", "life.unreachable_step"
	File       string         `json:"file,omitempty"`
	Line       int            `json:"line,omitempty"` // from 1
	Col        int            `json:"col,omitempty"`
	Excerpt    string         `json:"excerpt,omitempty"` // the line itself
	Path       string         `json:"path,omitempty"`    // "lives.incident.actions.finish"
	Args       map[string]any `json:"args,omitempty"`
	Suggestion string         `json:"suggestion,omitempty"` // the word that was probably meant

	caret int // column of the excerpt to point at, from 1; 0 points nowhere
}

// Quote fills Excerpt with the line that the problem speaks of, cut around its column where
// it is long, and remembers where to point.
func (p *Problem) Quote(data []byte) {
	if p.Code == "yaml.not_utf8" { // what stands there cannot be shown
		return
	}
	lines := strings.Split(strings.TrimPrefix(string(data), byteOrderMark), "\n")
	if p.Line < 1 || p.Line > len(lines) {
		return
	}
	line := []rune(strings.ReplaceAll(strings.TrimRight(lines[p.Line-1], "\r\t "), "\t", "→"))
	from := 0
	for from < len(line) && line[from] == ' ' {
		from++
	}
	at := p.Col - 1
	before, after := "", ""
	if at-from > excerptBefore {
		before, from = "…", at-excerptBefore
	}
	from = min(from, len(line))
	to := min(len(line), from+excerptLength)
	if to < len(line) {
		after = "…"
	}
	p.Excerpt, p.caret = before+string(line[from:to])+after, 0
	if at >= from && at < to {
		p.caret = cells(before) + cells(string(line[from:at])) + 1
	}
}

const (
	byteOrderMark = "\uFEFF" // some editors put it before the first character
	excerptLength = 140
	excerptBefore = 90
)

// Quoted is the excerpt as it is printed below a message: the line, and a caret under the
// place. It is empty where there is no excerpt.
func (p Problem) Quoted() string {
	if p.Excerpt == "" {
		return ""
	}
	out := "    | " + p.Excerpt + "\n"
	if p.caret > 0 {
		out += "    | " + strings.Repeat(" ", p.caret-1) + "^\n"
	}
	return out
}

// Place is where the problem is, as editors and terminals understand it: file, line and
// column as far as they are known.
func (p Problem) Place() string {
	switch {
	case p.Line > 0 && p.Col > 0:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	case p.Line > 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return p.File
}

// cells is how broad a text is in a terminal: Chinese characters and full-width signs take
// two columns.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n++
		if unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303F || r >= 0xFF01 && r <= 0xFF60 {
			n++
		}
	}
	return n
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// Suggest returns the word of known that is nearest to got, "" when none is near.
func Suggest(got string, known []string) string {
	best, least := "", max(1, len(got)/3)+1
	begun := []string{}
	for _, k := range known {
		if d := distance(got, k); d < least {
			best, least = k, d
		}
		if len(got) >= 3 && strings.HasPrefix(k, got) {
			begun = append(begun, k)
		}
	}
	if best == "" && len(begun) == 1 { // "bool" is no misspelling of boolean, yet its beginning
		return begun[0]
	}
	return best
}

// distance counts insertions, deletions, exchanges and swaps of neighbours.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 80 || len(y) > 80 {
		return 1 << 20
	}
	rows := [3][]int{make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, now := rows[0], rows[1], rows[2]
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = last, now, before
	}
	return rows[1][len(y)]
}
