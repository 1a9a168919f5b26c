package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gezhi/internal/fault"
)

// What a query may hold.
const (
	mostWords = 8
	mostGrams = 12 // of one word: the text decides about the rest
)

// wanted is a word of a query.
type wanted struct {
	text   string // folded, small
	grams  []string
	prefix string // a word of letters and digits that may go on
	sure   bool   // the grams alone tell that it is there
}

// words cuts a query: blanks and commas part words, quotes keep them together. No sign is an
// operator. search.empty when nothing can be looked for, search.too_short when only single
// characters, search.too_many beyond eight words.
func words(q string) ([]wanted, error) {
	var out []wanted
	drives := false
	for _, w := range cut(fold(q)) {
		x := want(w)
		if x.text == "" {
			continue
		}
		drives = drives || len(x.grams) > 0 || x.prefix != ""
		out = append(out, x)
	}
	switch {
	case len(out) == 0:
		return nil, fault.New(fault.Invalid, "search.empty")
	case len(out) > mostWords:
		return nil, fault.New(fault.Invalid, "search.too_many", "most", mostWords)
	case !drives:
		return nil, fault.New(fault.Invalid, "search.too_short")
	}
	return out, nil
}

// cut parts a folded query. A quote that is not closed reaches to the end.
func cut(q string) []string {
	var out []string
	for i, part := range strings.FieldsFunc(strings.NewReplacer(`"`, "\x01", "“", "\x01", "”", "\x01", "「", "\x01", "」", "\x01").Replace(" "+q), func(r rune) bool { return r == 1 }) {
		if i%2 == 1 {
			out = append(out, strings.TrimSpace(part))
			continue
		}
		out = append(out, strings.FieldsFunc(part, func(r rune) bool { return r == ' ' || strings.ContainsRune(",;，。、；！？（）()", r) })...)
	}
	return out
}

// want is what to look for so that a word is found.
func want(s string) wanted {
	s = strings.TrimFunc(lower(s), func(r rune) bool { return !plain(r) && !letter(r) })
	x := wanted{text: s}
	n := 0
	runs(s, func(run string, ascii bool) {
		n++
		switch {
		case !ascii:
			pairs(run, func(g string) { x.grams = append(x.grams, g) })
		case strings.HasSuffix(s, run):
			x.prefix = word(run)
		default:
			x.grams = append(x.grams, word(run))
		}
	})
	x.sure = n == 1 && (x.prefix != "" && len(s) <= longestRun || x.prefix == "" && utf8.RuneCountInString(s) == 2)
	x.grams = x.grams[:min(len(x.grams), mostGrams)]
	return x
}

// Part is a piece of a snippet.
type Part struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty" doc:"it is a word of the query"`
}

// How much of a line stands around what was found, in characters.
const (
	before = 16
	after  = 60
)

// snippet cuts from an entry the line in which most words stand, and marks them. The lines of
// an entry stand in the order in which they are worth reading.
func snippet(text string, ws []wanted) []Part {
	best, most := "", 0
	for line := range strings.SplitSeq(text, "\n") {
		n := 0
		small := lower(line)
		for _, w := range ws {
			if strings.Contains(small, w.text) {
				n++
			}
		}
		if n > most {
			best, most = line, n
		}
	}
	if most == 0 {
		return []Part{}
	}
	at := len(best)
	small := lower(best)
	for _, w := range ws {
		if i := strings.Index(small, w.text); i >= 0 {
			at = min(at, i)
		}
	}
	from, until := back(best, at, before), ahead(best, at, after)
	parts := marked(best[from:until], ws)
	if from > 0 {
		parts = append([]Part{{Text: "…"}}, parts...)
	}
	if until < len(best) {
		parts = append(parts, Part{Text: "…"})
	}
	return parts
}

// back is n characters before a place, ahead as many behind it.
func back(s string, at, n int) int {
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return at
}

func ahead(s string, at, n int) int {
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}

// marked parts a text where words of the query stand.
func marked(s string, ws []wanted) []Part {
	small := lower(s)
	var parts []Part
	for len(s) > 0 {
		at, n := len(s), 0
		for _, w := range ws {
			if i := strings.Index(small, w.text); i >= 0 && (i < at || i == at && len(w.text) > n) {
				at, n = i, len(w.text)
			}
		}
		if at > 0 {
			parts = append(parts, Part{Text: s[:at]})
		}
		if n > 0 {
			parts = append(parts, Part{Text: s[at : at+n], Hit: true})
		}
		s, small = s[at+n:], small[at+n:]
	}
	return parts
}

// speaks tells whether a text holds anything that can be read.
func speaks(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}
