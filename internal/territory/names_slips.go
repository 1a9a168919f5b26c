package territory

import (
	"math/bits"
	"slices"
	"unicode"
)

// Slip is a word of a text that is one slip of the pen away from the name of an area.
type Slip struct {
	Word  string
	Areas []*Area // what may be meant, the higher first
}

// What is looked for in running text. Where a word might be many places, it says nothing.
const (
	mostSlips = 20 // words that end like the name of a place, in one text
	mostMeant = 3
)

// Slips finds, in running text, words that are a slip of the pen away from the names of
// townships and villages of a jurisdiction: written out to the word for their kind, with one
// character changed, added, left out, or swapped with its neighbour. What is the very name of an
// area is none.
func (t *Tree) Slips(text, jurisdiction string) []Slip {
	n := t.named()
	rs, named := []rune(nil), t.ends(text, jurisdiction)
	for _, r := range text {
		rs = append(rs, unicode.ToLower(r))
	}
	var out []Slip
	var d distance
	for end := shortest; end <= len(rs) && len(out) < mostSlips; end++ {
		kind := kindBefore(rs[:end])
		if kind == "" || named[end] {
			continue
		}
		var best Slip
		for from := end - shortest; from >= 0 && end-from <= longestWord && (unicode.IsLetter(rs[from]) || unicode.IsDigit(rs[from])); from-- {
			word := rs[from:end]
			for _, a := range n.slipped(word, kind, jurisdiction, &d) {
				if !slices.Contains(best.Areas, a) {
					best.Areas = append(best.Areas, a)
					best.Word = string(word)
				}
			}
		}
		if len(best.Areas) > 0 && len(best.Areas) <= mostMeant {
			slices.SortFunc(best.Areas, byRank)
			out = append(out, best)
		}
	}
	return out
}

// longestWord is how many characters the name of a place has in running text.
const longestWord = 8

// ends are the places in a text, in characters, where the name of an area ends.
func (t *Tree) ends(text, jurisdiction string) map[int]bool {
	out := map[int]bool{}
	for _, m := range t.Mentions(text, jurisdiction) {
		out[len([]rune(text[:m.End]))] = true
	}
	return out
}

// kindBefore is the word for a kind of area with which a text ends.
func kindBefore(rs []rune) string {
	for _, k := range endings.Kinds {
		if w := []rune(k); len(rs) > len(w) && slices.Equal(rs[len(rs)-len(w):], w) {
			return k
		}
	}
	return ""
}

// slipped are the townships and villages whose name is one slip away from a word. A character too
// many or too few counts only behind the first, which may else be the end of the word before.
func (n *names) slipped(word []rune, kind, jurisdiction string, d *distance) (out []*Area) {
	s := signs(string(word))
	for i := range n.all {
		x := &n.all[i]
		if x.area.Jurisdiction != jurisdiction || x.area.Level < Township || x.area.Level > Village || bits.OnesCount64(s&^x.signs) > 1 {
			continue
		}
		name := []rune(x.written)
		if kindBefore(name) != kind || len(name) < shortest || len(name) != len(word) && name[0] != word[0] {
			continue
		}
		if d.slips(word, x.written, 1) == 1 {
			out = append(out, x.area)
		}
	}
	return out
}
