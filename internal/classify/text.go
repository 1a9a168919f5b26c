package classify

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gezhi/internal/number"
)

// Text is what somebody reported. The title may be empty; where there is one it counts as
// much as the whole body, for it says what the writer takes to be the matter.
type Text struct{ Title, Body string }

const (
	longest  = 800 // letters of a text that are looked at: what follows is the story, not the matter
	wordFrom = 3   // letters of a word with spaces around it that is worth learning
	wordTo   = 20
)

//go:embed names.json
var namesJSON []byte

// names are what gives a person's name away.
var names = func() (n struct {
	Surnames, Hidden     string
	Double, Titles, Cues []string
}) {
	if err := json.Unmarshal(namesJSON, &n); err != nil {
		panic(err)
	}
	return n
}()

// noise is markup and addresses of the web.
var noise = regexp.MustCompile(`_x000[dD]_|&#?[a-zA-Z0-9]{1,8};|<[^<>]{0,200}>|https?://[!-~]+|[\w.+-]+@[\w-]+\.[\w.-]+`)

// Plain is a text as it is learnt from: runs of letters between blanks, small, without
// numbers, names and markup.
func Plain(text string) string {
	r := []rune(text)
	text = noise.ReplaceAllString(string(r[:min(len(r), longest)]), " ")
	text = number.Replace(text, func(number.Found) string { return " " })
	run := []rune(strings.ToLower(strings.Map(narrow, text)))
	dropNames(run)
	var out strings.Builder
	for i := 0; i < len(run); {
		j := i
		switch {
		case unicode.Is(unicode.Han, run[i]):
			for j < len(run) && unicode.Is(unicode.Han, run[j]) {
				j++
			}
			out.WriteString(string(run[i:j]))
		case wordy(run[i]):
			for j < len(run) && (wordy(run[j]) || unicode.IsDigit(run[j])) {
				j++
			}
			// A mark of few letters, or one with digits in it, names a place, a flat, a car.
			if n := j - i; n >= wordFrom && n <= wordTo && !slices.ContainsFunc(run[i:j], unicode.IsDigit) {
				out.WriteString(string(run[i:j]))
			}
		default:
			j++
		}
		out.WriteByte(' ')
		i = j
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// narrow makes full-width signs narrow.
func narrow(r rune) rune {
	if r >= 0xff01 && r <= 0xff5e {
		return r - 0xfee0
	}
	return r
}

// wordy tells whether a letter belongs to a script with blanks between words.
func wordy(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Han, r) }

// dropNames blanks what looks like a person's name: a surname before a title or hidden
// letters (whole names before a title where a sentence begins with them), and what follows
// words like "my name is".
func dropNames(run []rune) {
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			run[i] = ' '
		}
	}
	for i := range run {
		n := surname(run[i:])
		if n == 0 {
			continue
		}
		end := i + n
		for end < len(run) && end < i+n+2 && strings.ContainsRune(names.Hidden, run[end]) {
			end++
		}
		if end > i+n || begins(run[end:], names.Titles) > 0 {
			blank(i, end)
			continue
		}
		if i > 0 && unicode.Is(unicode.Han, run[i-1]) && !follows(run[:i], names.Cues) {
			continue
		}
		for given := 1; given <= 2 && end+given <= len(run) && unicode.Is(unicode.Han, run[end+given-1]); given++ {
			rest := run[end+given:]
			over := len(rest) == 0 || !unicode.Is(unicode.Han, rest[0])
			if begins(rest, names.Titles) > 0 || over && i > 0 && follows(run[:i], names.Cues) {
				blank(i, end+given)
				break
			}
		}
	}
}

// surname is how many letters of a surname a text begins with.
func surname(run []rune) int {
	if n := begins(run, names.Double); n > 0 {
		return n
	}
	if len(run) > 0 && strings.ContainsRune(names.Surnames, run[0]) {
		return 1
	}
	return 0
}

// begins is how many letters the first of some words has that a text begins with.
func begins(run []rune, words []string) int {
	for _, w := range words {
		if n := len([]rune(w)); n <= len(run) && string(run[:n]) == w {
			return n
		}
	}
	return 0
}

// follows tells whether a text ends with one of some words, or with one and a colon or blank.
func follows(run []rune, words []string) bool {
	for len(run) > 0 && !unicode.IsLetter(run[len(run)-1]) && strings.ContainsRune(":： ", run[len(run)-1]) {
		run = run[:len(run)-1]
	}
	return slices.ContainsFunc(words, func(w string) bool {
		n := len([]rune(w))
		return n <= len(run) && string(run[len(run)-n:]) == w
	})
}

// grams calls with each single letter and each pair of neighbouring letters of Chinese, and
// each whole word of other scripts, of a plain text; at is the number of the run of letters
// and i the place in it.
func grams(plain string, emit func(gram string)) {
	for _, run := range strings.Fields(plain) {
		r := []rune(run)
		if !unicode.Is(unicode.Han, r[0]) {
			emit(run)
			continue
		}
		for i := range r {
			emit(string(r[i : i+1]))
			if i+2 <= len(r) {
				emit(string(r[i : i+2]))
			}
		}
	}
}
