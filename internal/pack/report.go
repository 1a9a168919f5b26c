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
		p.Excerpt = strings.TrimSpace(shape.Excerpt(r.files[p.File], p.Line))
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

// Text prints the report for a person, in "zh" or "en": file, line, the line itself, what
// is wrong and the word probably meant.
func (r Report) Text(lang string) string {
	var b strings.Builder
	for _, p := range r.Problems {
		place := p.File
		if p.Line > 0 {
			place += fmt.Sprintf(":%d", p.Line)
		}
		fmt.Fprintf(&b, "%s: %s [%s]\n", place, Say(lang, p.Code, p.Args), p.Code)
		if p.Path != "" {
			fmt.Fprintf(&b, "    %s\n", p.Path)
		}
		if p.Excerpt != "" {
			fmt.Fprintf(&b, "    | %s\n", p.Excerpt)
		}
		if p.Suggestion != "" {
			fmt.Fprintf(&b, "    %s\n", Say(lang, "pack.did_you_mean", map[string]any{"word": p.Suggestion}))
		}
	}
	return b.String()
}
