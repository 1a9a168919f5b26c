package paste

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gezhi/internal/number"
)

var (
	door     = regexp.MustCompile(`[0-9０-９]+(?:[-—–][0-9０-９]+)*(` + oneOf(slices.Clone(cue.Doors)...) + `)`)
	courtesy = regexp.MustCompile(`\p{Han}{1,2}(` + oneOf(slices.Clone(cue.Honorifics)...) + `)`)
)

// hidden stands in the place of what was taken out.
const hidden = "**"

// Mask takes out of a text what points at somebody: telephone and document numbers, the names
// given, people named by a form of address, and numbers of houses and rooms.
func Mask(text string, names []string) string {
	whole := text
	text = number.Replace(whole, func(f number.Found) string {
		if !f.Kind.Personal() {
			return whole[f.Start:f.End]
		}
		return hidden
	})
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) }) // the longer first: one may begin another
	for _, n := range names {
		if utf8.RuneCountInString(n) >= 2 {
			text = strings.ReplaceAll(text, n, hidden)
		}
	}
	text = courtesy.ReplaceAllString(text, hidden+"$1")
	return door.ReplaceAllString(text, hidden+"$1")
}
