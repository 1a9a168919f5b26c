package search

import (
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// longestRun is how many bytes of a word of letters and digits a gram keeps.
const longestRun = 40

// fold writes a text as it is kept and looked for: full-width signs narrow, letters outside
// ASCII small, blanks single. ASCII letters stay as they are, for people read it.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := true
	for _, r := range s {
		switch {
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case r == unicode.ReplacementChar, unicode.Is(unicode.Cf, r):
			continue
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.Is(unicode.Zs, r):
			r = ' '
		case r > unicode.MaxASCII:
			r = unicode.ToLower(r)
		}
		if r != ' ' || !blank {
			b.WriteRune(r)
		}
		blank = r == ' '
	}
	return strings.TrimSuffix(b.String(), " ")
}

// lower makes ASCII letters small and keeps the length.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

func plain(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

func letter(r rune) bool {
	return r > unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r))
}

// runs cuts a folded and lowered text into words of ASCII letters and digits, and stretches of
// other letters.
func runs(s string, each func(run string, ascii bool)) {
	start, kind := 0, 0
	end := func(at, next int) {
		if kind > 0 {
			each(s[start:at], kind == 1)
		}
		start, kind = at, next
	}
	for i, r := range s {
		k := 0
		if plain(r) {
			k = 1
		} else if letter(r) {
			k = 2
		}
		if k != kind {
			end(i, k)
		}
	}
	end(len(s), 0)
}

// pair is the gram of two characters: eight digits of base 36.
func pair(a, b rune) string {
	out := []byte("z00000000")
	for i, r := range []rune{a, b} {
		n := strconv.FormatInt(int64(r), 36)
		copy(out[1+4*i+4-len(n):], n)
	}
	return string(out)
}

func pairs(run string, each func(string)) {
	var last rune
	for i, r := range run {
		if i > 0 {
			each(pair(last, r))
		}
		last = r
	}
}

func word(run string) string { return "w" + run[:min(len(run), longestRun)] }

// mark is the gram of something that is no word: where a case lies, whom it concerns, what
// it is, its whole number.
func mark(kind, id string) string {
	h := fnv.New64a()
	h.Write([]byte(kind + "/" + id))
	return "m" + strconv.FormatUint(h.Sum64(), 36)
}

// gramsOf returns the grams of a text, sorted, none twice.
func gramsOf(text string) []string {
	var out []string
	runs(lower(text), func(run string, ascii bool) {
		if !ascii {
			pairs(run, func(g string) { out = append(out, g) })
			return
		}
		out = append(out, word(run))
		if short := strings.TrimLeft(run, "0"); short != "" && short != run {
			out = append(out, word(short)) // 123 finds 000123
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}
