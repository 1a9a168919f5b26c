package territory

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"math/bits"
	"slices"
	"strings"
	"unicode"

	"gezhi/internal/fault"
)

// How says in which way a name fits an area.
type How string

// The ways, best first.
const (
	ByName How = "name" // it is the area's name, with or without the word for its kind
	ByPart How = "part" // it begins the name or stands in it
	ByNear How = "near" // it is a slip of the pen away
)

// Match is an area that a name may mean.
type Match struct {
	Area  *Area
	How   How
	Slips int  // characters to change, add, drop or swap; 0 unless near
	loose bool // the name fits but for the word of its kind
}

//go:embed endings.json
var endingsJSON []byte

// endings are the words at the end of names: how committees are written in short, and the
// words for kinds of areas that people leave out.
var endings = func() (e struct {
	Written [][2]string
	Kinds   []string
}) {
	if err := json.Unmarshal(endingsJSON, &e); err != nil {
		panic(err)
	}
	return e
}()

// names is what a tree knows of the names of its areas. Built once, when first asked.
type names struct {
	all     []named
	exact   map[string][]int32 // by full, written and core name
	longest map[[2]rune]int    // characters of the longest name that begins so
}

// named is an area under its names.
type named struct {
	area    *Area
	full    string // as it stands
	written string // as people write it: the village, not its committee
	core    string // without the word for its kind
	signs   uint64 // of written, one bit for each character, hashed
}

// tidyName writes a name without blanks and signs, in narrow small letters.
func tidyName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

func writtenName(s string) string {
	for _, w := range endings.Written {
		if head, ok := strings.CutSuffix(s, w[0]); ok && head != "" {
			return head + w[1]
		}
	}
	return s
}

// coreName drops the word for the kind, unless a single character would be left.
func coreName(s string) string {
	for _, k := range endings.Kinds {
		if head, ok := strings.CutSuffix(s, k); ok && len([]rune(head)) > 1 {
			return head
		}
	}
	return s
}

func signs(s string) (m uint64) {
	for _, r := range s {
		m |= 1 << (uint32(r) * 2654435761 >> 26)
	}
	return m
}

func (t *Tree) named() *names {
	t.naming.Do(func() {
		n := &names{all: make([]named, 0, len(t.areas)), exact: make(map[string][]int32, 2*len(t.areas)), longest: map[[2]rune]int{}}
		for _, a := range t.areas {
			full := tidyName(a.Name)
			written := writtenName(full)
			n.all = append(n.all, named{a, full, written, coreName(written), signs(written)})
		}
		slices.SortFunc(n.all, func(a, b named) int { return byRank(a.area, b.area) })
		for i, x := range n.all {
			for _, s := range slices.Compact([]string{x.full, x.written, x.core}) {
				n.exact[s] = append(n.exact[s], int32(i))
				if rs := []rune(s); len(rs) > 1 {
					n.longest[[2]rune(rs)] = max(n.longest[[2]rune(rs)], len(rs))
				}
			}
		}
		t.names = n
	})
	return t.names
}

// byRank puts larger areas before smaller ones, then by key.
func byRank(a, b *Area) int { return cmp.Or(cmp.Compare(a.Level, b.Level), byKey(a, b)) }

// shortest is how many characters a name must have before slips in it are looked for.
const shortest = 3

// Match finds the areas that a name may mean, best first, at most limit: those of the
// jurisdiction before others, the very name before a part of one, and that before a slip of
// the pen. The name may be led by names of areas above. It never chooses: names repeat.
func (t *Tree) Match(name, jurisdiction string, limit int) []Match {
	q := writtenName(tidyName(name))
	if len([]rune(q)) > longestName || q == "" {
		return nil
	}
	n := looking{t.named(), jurisdiction, limit}
	found := n.led(q, nil)
	if len(found) == 0 {
		found = n.trailing(q, t)
	}
	var ranks [ranksOfHow * 3][]Match // what was found is in order already
	for _, m := range found {
		r := rank(m, jurisdiction)
		ranks[r] = append(ranks[r], m)
	}
	found = found[:0:0]
	for _, list := range ranks {
		if len(list) > 0 && list[0].How == ByNear {
			if len(found) > 0 && found[0].How != ByNear {
				continue // slips are proposed only where nothing fits
			}
			slices.SortStableFunc(list, func(a, b Match) int { return cmp.Compare(a.Slips, b.Slips) })
		}
		found = append(found, list...)
	}
	return found[:min(limit, len(found))]
}

// looking is one search among the names.
type looking struct {
	*names
	home  string // the jurisdiction
	limit int
}

const ranksOfHow = 3

// rank lets the very name elsewhere stand behind a part of a name at home.
func rank(m Match, jurisdiction string) int {
	r := 0
	switch {
	case m.How == ByPart:
		r = 2
	case m.How == ByNear:
		r = 4
	case m.loose:
		r = 1
	}
	if m.Area.Jurisdiction != jurisdiction {
		r += ranksOfHow
	}
	return r
}

// led finds q within the areas above; where it is no name itself, also what its tail is
// within the areas that its head names.
func (n *looking) led(q string, above []int32) []Match {
	found := n.scan(q, above)
	if fits(found) {
		return found
	}
	rs := []rune(q)
	for i := len(rs) - 1; i > 1; i-- {
		heads := n.within(n.exact[string(rs[:i])], above)
		heads = slices.DeleteFunc(heads, func(h int32) bool { return n.all[h].area.Level > Village })
		if len(heads) == 0 {
			continue
		}
		// Two characters that some name below happens to hold say less than one slip in the whole.
		if tail := n.led(string(rs[i:]), heads); len(tail) > 0 && (fits(tail) || !slipped(found)) {
			return tail
		}
	}
	return found
}

func fits(found []Match) bool {
	return slices.ContainsFunc(found, func(m Match) bool { return m.How == ByName })
}

func slipped(found []Match) bool {
	return slices.ContainsFunc(found, func(m Match) bool { return m.How == ByNear && m.Slips == 1 })
}

// within keeps the areas that lie in one of those above; all, when none are given.
func (n *names) within(list, above []int32) []int32 {
	if above == nil {
		return slices.Clone(list)
	}
	var in []int32
	for _, i := range list {
		if n.lies(n.all[i].area, above) {
			in = append(in, i)
		}
	}
	return in
}

// lies tells whether an area lies below one of those above.
func (n *names) lies(a *Area, above []int32) bool {
	for _, h := range above {
		if b := n.all[h].area; b != a && a.Path[b.Level] == b.ID {
			return true
		}
	}
	return false
}

// scan looks at every name: the very one, one that holds q, one that is a slip away.
func (n *looking) scan(q string, above []int32) []Match {
	var found []Match
	rs := []rune(q)
	s := signs(q)
	slips := 1
	if len(rs) > 4 {
		slips = 2
	}
	var near distance
	core := coreName(q)
	bare := core == q   // the word for the kind is left out
	var parts, away int // found at home and elsewhere
	for i := range n.all {
		x := &n.all[i]
		far := bits.OnesCount64(s &^ x.signs)
		if far > slips || above != nil && !n.lies(x.area, above) {
			continue
		}
		switch {
		case q == x.full || q == x.written:
			found = append(found, Match{Area: x.area, How: ByName})
		case core == x.core:
			found = append(found, Match{Area: x.area, How: ByName, loose: true})
		case far == 0 && strings.Contains(x.full, q):
			count := &away
			if x.area.Jurisdiction == n.home {
				count = &parts
			}
			if *count++; *count <= n.limit {
				found = append(found, Match{Area: x.area, How: ByPart})
			}
		case len(rs) >= shortest:
			d := near.slips(rs, x.written, slips)
			if bare {
				d = min(d, near.slips(rs, x.core, slips))
			}
			if d <= slips {
				found = append(found, Match{Area: x.area, How: ByNear, Slips: d})
			}
		}
	}
	return found
}

// trailing finds the areas whose name ends q, those first whose areas above are named most
// like what stands before it.
func (n *names) trailing(q string, t *Tree) []Match {
	rs := []rune(q)
	for i := 1; i < len(rs)-1; i++ {
		ends := n.exact[string(rs[i:])]
		if len(ends) == 0 {
			continue
		}
		var d distance
		found := make([]Match, 0, len(ends))
		for _, e := range ends {
			a := n.all[e].area
			least := len(rs)
			for _, up := range t.Ancestors(a.ID) {
				least = min(least, d.slips(rs[:i], tidyName(up.Name), i))
			}
			found = append(found, Match{Area: a, How: ByNear, Slips: least})
		}
		return found
	}
	return nil
}

// distance counts slips between two names: characters changed, added, dropped, or swapped
// with their neighbour (optimal string alignment). It keeps its rows for the next pair.
type distance struct {
	b      []rune
	d      [3][]int
	inRows int
}

// slips returns the distance of a and b, or more than most where it is more.
func (x *distance) slips(a []rune, b string, most int) int {
	x.b = x.b[:0]
	for _, r := range b {
		x.b = append(x.b, r)
	}
	if n := len(a) - len(x.b); n > most || -n > most {
		return most + 1
	}
	if x.inRows < len(x.b)+1 {
		x.inRows = len(x.b) + 1
		for i := range x.d {
			x.d[i] = make([]int, x.inRows)
		}
	}
	before, last, row := x.d[0], x.d[1], x.d[2]
	for j := range len(x.b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(x.b); j++ {
			cost := 1
			if a[i-1] == x.b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == x.b[j-2] && a[i-2] == x.b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > most {
			return most + 1
		}
		before, last, row = last, row, before
	}
	return last[len(x.b)]
}

// Mention is the name of a place in a text.
type Mention struct {
	Start, End int     // bytes of the text
	Areas      []*Area // what it may mean, best first; one when it is plain
}

// Mentions finds the names of areas in running text, longest first, none overlapping. Of
// several areas of a name those stay that lie in another area of the text, or else in the
// jurisdiction. Without the word for its kind only a name of three characters or more is
// found, or one of a township or more, since shorter ones are ordinary words.
func (t *Tree) Mentions(text, jurisdiction string) []Mention {
	n := t.named()
	rs, at := []rune(nil), []int(nil)
	for i, r := range text {
		rs, at = append(rs, unicode.ToLower(r)), append(at, i)
	}
	at = append(at, len(text))
	var out []Mention
	for i := 0; i+1 < len(rs); i++ {
		for l := min(n.longest[[2]rune(rs[i:])], len(rs)-i); l > 1; l-- {
			if areas := n.plain(string(rs[i:i+l]), jurisdiction); len(areas) > 0 {
				out = append(out, Mention{at[i], at[i+l], areas})
				i += l - 1
				break
			}
		}
	}
	for i := range out {
		var near []*Area
		for _, a := range out[i].Areas {
			if slices.ContainsFunc(out, func(m Mention) bool {
				return slices.ContainsFunc(m.Areas, func(up *Area) bool { return up != a && a.Path[up.Level] == up.ID })
			}) {
				near = append(near, a)
			}
		}
		if len(near) > 0 {
			out[i].Areas = near
		} else if home := slices.DeleteFunc(slices.Clone(out[i].Areas), func(a *Area) bool { return a.Jurisdiction != jurisdiction }); len(home) > 0 {
			out[i].Areas = home
		}
	}
	return out
}

// plain returns the areas that a word of a text names.
func (n *names) plain(word, jurisdiction string) []*Area {
	var areas []*Area
	long := len([]rune(word)) > 2
	for _, i := range n.exact[word] {
		x := n.all[i]
		if word == x.full || word == x.written || x.area.Jurisdiction == jurisdiction && (long || x.area.Level <= Township) {
			areas = append(areas, x.area)
		}
	}
	return areas
}

// LongName is the name of an area with those above it, from the county down.
func (t *Tree) LongName(a *Area) string { return t.NameAbove(a) + a.Name }

// NameAbove is the names of the areas above one, from the county down.
func (t *Tree) NameAbove(a *Area) string {
	var b strings.Builder
	for _, up := range t.Ancestors(a.ID) {
		if up.Level >= County {
			b.WriteString(up.Name)
		}
	}
	return b.String()
}

// meant is how many areas a report on a bad row proposes.
const meant = 3

// UnknownArea says that no area has this code, and where it is the name of one, or nearly, in
// a jurisdiction, which codes may be meant: territory.unknown_area, territory.area_meant.
func (t *Tree) UnknownArea(given, jurisdiction string) *fault.Error {
	var as []string
	for _, m := range t.Match(given, jurisdiction, meant) {
		if m.Area.Jurisdiction != jurisdiction {
			continue
		}
		for _, scheme := range []string{SchemeGrid, SchemeDivision} {
			if c := m.Area.Codes[scheme]; c != "" {
				as = append(as, c+" "+t.LongName(m.Area))
				break
			}
		}
	}
	if len(as) == 0 {
		return fault.New(fault.Invalid, "territory.unknown_area")
	}
	return fault.New(fault.Invalid, "territory.area_meant", "areas", strings.Join(as, "; "))
}
