package classify

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Titled is a class and what it is called.
type Titled struct{ Class, Title string }

// ByTitle proposes the classes whose titles share pairs of letters with the text, where nothing
// was learnt; a pair that many titles have says less. It is never sure, and what it calls a
// probability is the share of the title that the text holds.
func ByTitle(classes []Titled, t Text) []Guess {
	common := map[string]int{}
	titles := make([][]string, len(classes))
	for i, k := range classes {
		titles[i] = pairs(k.Title)
		for _, p := range titles[i] {
			common[p]++
		}
	}
	said := map[string]bool{}
	for _, p := range append(pairs(t.Title), pairs(t.Body)...) {
		said[p] = true
	}
	var out []Guess
	for i, k := range classes {
		g := Guess{Class: k.Class}
		all := 0.0
		for _, p := range titles[i] {
			weight := 1 / float64(common[p])
			if all += weight; said[p] {
				g.Probability += weight
				g.Words = append(g.Words, p)
			}
		}
		if len(g.Words) > 0 {
			g.Probability /= all
			out = append(out, g)
		}
	}
	slices.SortStableFunc(out, func(a, b Guess) int { return cmp.Compare(b.Probability, a.Probability) })
	return out
}

// pairs are the pairs of neighbouring letters of a text, and the whole words of a language that
// has spaces; each once.
func pairs(text string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		r := []rune(word)
		if !unicode.Is(unicode.Han, r[0]) {
			if len(r) > 3 {
				out = append(out, word)
			}
			continue
		}
		for i := 0; i+1 < len(r); i++ {
			out = append(out, string(r[i:i+2]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
