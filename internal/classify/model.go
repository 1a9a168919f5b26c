package classify

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Model is what was learnt. It may be asked by many at once.
type Model struct {
	Classes  []string
	Examples int     // learnt from
	Texts    int     // without a class, looked at
	Sure     float64 // the probability from which a guess may be filled in; above 1: none may
	// Figures are those of each example judged by the others; not kept by Encode.
	Figures Figures

	sharpness float64 // of probabilities
	bias      []float64
	grams     []string
	rare      []float32
	step      float64 // what a weight of 1 stands for
	weight    []int16 // of each gram for each class, in steps

	of map[string]int32
}

// Guess is a class that a text may belong to.
type Guess struct {
	Class       string
	Probability float64
	Words       []string // of the text, what spoke most for the class
	Sure        bool     // likely enough to be filled in beforehand
}

const (
	mostWords = 3    // of a guess that are shown
	leastPart = 0.25 // of what the strongest word said, for another to be shown
)

func (m *Model) index() {
	m.of = make(map[string]int32, len(m.grams))
	for i, g := range m.grams {
		m.of[g] = int32(i)
	}
}

func (m *Model) weightsOf(gram int32) []int16 {
	k := len(m.Classes)
	return m.weight[int(gram)*k : int(gram+1)*k]
}

// Say returns the likeliest classes of a text, at most so many, the likeliest first; none for
// a text of which nothing is known.
func (m *Model) Say(t Text, most int) []Guess {
	x := m.read(t)
	if len(x) == 0 {
		return nil
	}
	out := m.rank(soften(m.scores(x), m.sharpness), most)
	for i := range out {
		out[i].Words = m.words(t, x, slices.Index(m.Classes, out[i].Class))
	}
	return out
}

// rank puts the likeliest classes first.
func (m *Model) rank(p []float64, most int) (out []Guess) {
	order := make([]int, len(p))
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	for i, c := range order[:min(most, len(order))] {
		out = append(out, Guess{Class: m.Classes[c], Probability: p[c], Sure: i == 0 && p[c] >= m.Sure})
	}
	return out
}

// read makes a text a vector of the grams that the model knows.
func (m *Model) read(t Text) vector {
	one := func(s string) vector {
		times := map[int32]float64{}
		grams(Plain(s), func(g string) {
			if i, ok := m.of[g]; ok {
				times[i]++
			}
		})
		x := sorted(times)
		for i := range x {
			x[i].v = float64(m.rare[x[i].gram]) * math.Log1p(x[i].v)
		}
		return x.unit()
	}
	return one(t.Title).plus(one(t.Body)).unit()
}

func (m *Model) scores(x vector) []float64 {
	s := slices.Clone(m.bias)
	for _, e := range x {
		for c, w := range m.weightsOf(e.gram) {
			s[c] += e.v * m.step * float64(w)
		}
	}
	return s
}

// soften turns scores into probabilities.
func soften(score []float64, sharpness float64) []float64 {
	top := slices.Max(score)
	out := make([]float64, len(score))
	sum := 0.0
	for c, s := range score {
		out[c] = math.Exp(sharpness * (s - top))
		sum += out[c]
	}
	for c := range out {
		out[c] /= sum
	}
	return out
}

// words are those of a text that spoke most for a class against the others: stretches of two
// to four letters of which each pair spoke for it, cut where pairs say least.
func (m *Model) words(t Text, x vector, class int) []string {
	share := map[string]float64{}
	for _, e := range x {
		w := m.weightsOf(e.gram)
		mean := 0.0
		for _, v := range w {
			mean += float64(v) / float64(len(w))
		}
		share[m.grams[e.gram]] = e.v * (float64(w[class]) - mean)
	}
	found := map[string]float64{}
	for _, run := range strings.Fields(Plain(t.Title) + " " + Plain(t.Body)) {
		r := []rune(run)
		if !unicode.Is(unicode.Han, r[0]) {
			found[run] = share[run]
			continue
		}
		pair := func(i int) float64 { // letter i and the next
			if i < 0 || i+1 >= len(r) {
				return 0
			}
			return share[string(r[i:i+2])]
		}
		for i := range r {
			if pair(i-1) > pair(i) { // a word begins further left
				continue
			}
			sum := share[string(r[i])]
			for n := 2; n <= 4 && i+n <= len(r) && pair(i+n-2) > 0; n++ {
				sum += share[string(r[i+n-1])] + pair(i+n-2)
				if pair(i+n-1) <= pair(i+n-2) { // else it ends further right
					found[string(r[i:i+n])] = sum / math.Sqrt(float64(n))
				}
			}
		}
	}
	return best(found)
}

// best are the strongest words, none a part of another or sharing half of it.
func best(found map[string]float64) []string {
	var all []string
	for w, s := range found {
		if s > 0 {
			all = append(all, w)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(found[b], found[a]), strings.Compare(a, b)) })
	var out []string
	for _, w := range all {
		if len(out) == mostWords || found[w] < leastPart*found[all[0]] {
			break
		}
		if !slices.ContainsFunc(out, func(o string) bool { return overlap(o, w) }) {
			out = append(out, w)
		}
	}
	return out
}

// overlap tells whether two words share a pair of letters.
func overlap(a, b string) bool {
	r := []rune(b)
	for i := 0; i+2 <= len(r); i++ {
		if strings.Contains(a, string(r[i:i+2])) {
			return true
		}
	}
	return false
}
