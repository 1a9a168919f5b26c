package shape

import (
	"strings"
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
}

// Excerpt returns the given line of data, cut to a readable length.
func Excerpt(data []byte, line int) string {
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	s := strings.TrimRight(lines[line-1], "\r ")
	if r := []rune(s); len(r) > 160 {
		s = string(r[:160]) + "…"
	}
	return s
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
	for _, k := range known {
		if d := distance(got, k); d < least {
			best, least = k, d
		}
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
