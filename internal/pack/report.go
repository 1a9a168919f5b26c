package pack

import (
	"fmt"
	"slices"
	"strings"

	"gezhi/internal/pack/shape"
)

// Problem is one thing wrong with a pack.
type Problem = shape.Problem

// Report is everything wrong with a pack, in the order of files and lines.
type Report struct {
	Problems []Problem
	files    map[string][]byte
}

func (r *Report) add(p Problem) {
	if p.Excerpt == "" {
		p.Quote(r.files[p.File])
	}
	r.Problems = append(r.Problems, p)
}

// OK tells that nothing is wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// Has tells whether a problem of that code was found.
func (r Report) Has(code string) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Code == code })
}

func (r *Report) sort() {
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	r.Problems = slices.CompactFunc(r.Problems, func(a, b Problem) bool {
		return a.Code == b.Code && a.File == b.File && a.Line == b.Line && a.Col == b.Col && a.Path == b.Path && fmt.Sprint(a.Args) == fmt.Sprint(b.Args)
	})
}

// Text prints the report for a person, in "zh" or "en": file, line, column, the line itself with
// a caret, what is wrong and the word probably meant.
func (r Report) Text(lang string) string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "%s: %s [%s]\n", p.Place(), Say(lang, p.Code, p.Args), p.Code)
		if p.Path != "" {
			fmt.Fprintf(&b, "    %s\n", p.Path)
		}
		b.WriteString(p.Quoted())
		if p.Suggestion != "" {
			fmt.Fprintf(&b, "    %s\n", Say(lang, "pack.did_you_mean", map[string]any{"word": p.Suggestion}))
		}
	}
	return b.String()
}
