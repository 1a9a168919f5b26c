package classify

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"gezhi/internal/fault"
)

// Example is a text whose class is settled.
type Example struct {
	Text
	Class string
}

const (
	// MostExamples are learnt from; of more the first of each class. The work grows with the
	// cube: three thousand take about half a minute.
	MostExamples = 3000
	// MostTexts without a class are looked at.
	MostTexts = 6000
	// FewestOfClass is how many examples a class needs for anything to be learnt of it.
	FewestOfClass = 5
	// SureEnough is the share of guesses that must be right among those filled in beforehand.
	SureEnough = 0.92

	ridge    = 0.1     // how little the model bends for a single example
	offset   = 0.05    // how far every text is like every other
	fewSure  = 20      // examples beyond a threshold, for it to be trusted
	balance  = 0.5     // 0: every example counts the same; 1: every class does
	kinship  = 1.0     // how much words count as related through texts without a class
	maxCells = 1 << 21 // weights of a model, two bytes each
)

// Train learns from examples, the newest first, and from texts whose class nobody settled,
// which may be none. It refuses where fewer than two classes have enough examples.
func Train(examples []Example, texts []Text) (*Model, error) {
	n := &numbers{of: map[string]int32{}}
	var known []sample
	for _, e := range examples {
		known = append(known, sample{n.count(e.Text), e.Class})
	}
	var more []counted
	for _, t := range texts[:min(len(texts), MostTexts)] {
		more = append(more, n.count(t))
	}
	return train(n, known, more)
}

// sample is an example whose grams were counted.
type sample struct {
	counted
	class string
}

// choose keeps the classes with enough examples, and of each the first as long as there is room.
func choose(all []sample) (kept []sample, classes []string) {
	by := map[string][]sample{}
	for _, s := range all {
		if len(s.title)+len(s.body) > 0 {
			by[s.class] = append(by[s.class], s)
		}
	}
	maps.DeleteFunc(by, func(_ string, s []sample) bool { return len(s) < FewestOfClass })
	classes = slices.Sorted(maps.Keys(by))
	for round := 0; ; round++ {
		any := false
		for _, c := range classes {
			if round < len(by[c]) && len(kept) < MostExamples {
				kept = append(kept, by[c][round])
				any = true
			}
		}
		if !any {
			return kept, classes
		}
	}
}

// learning is what is being learnt from.
type learning struct {
	classes []string
	class   []int // of each example
	x       []vector
	texts   []vector // without a class
	grams   int

	scale float64 // of the kinship of words; 0 without texts
	score [][]float64
}

func train(n *numbers, all []sample, more []counted) (*Model, error) {
	kept, classes := choose(all)
	if len(classes) < 2 {
		return nil, fault.New(fault.Invalid, "classify.too_few", "least", FewestOfClass, "classes", len(classes))
	}
	l := &learning{classes: classes, grams: len(n.gram)}
	every := slices.Clone(more)
	for _, s := range kept {
		every = append(every, s.counted)
	}
	rare := rarities(every, len(n.gram))
	for _, s := range kept {
		l.x = append(l.x, rare.weigh(s.counted))
		l.class = append(l.class, slices.Index(classes, s.class))
	}
	for _, t := range more {
		if x := rare.weigh(t); x != nil {
			l.texts = append(l.texts, x)
		}
	}
	alpha := l.solve()
	m := &Model{Classes: classes, Examples: len(kept), Texts: len(l.texts)}
	m.keep(n.gram, rare, l.weights(alpha))
	m.bias = make([]float64, len(classes))
	for i := range alpha {
		for c, v := range alpha[i] {
			m.bias[c] += offset * v
		}
	}
	m.calibrate(l.score, l.class)
	m.Figures = m.judge(l.score, l.class)
	return m, nil
}

// solve fits the examples and judges each by the others; a row for each example.
func (l *learning) solve() [][]float64 {
	k := products(l.x, l.x, l.grams)
	if len(l.texts) > 0 {
		l.relate(k)
	}
	size := make([]float64, len(l.classes))
	for _, c := range l.class {
		size[c]++
	}
	for i := range k {
		for j := range k[i] {
			k[i][j] += offset
		}
		weight := math.Pow(float64(len(k))/float64(len(size))/size[l.class[i]], balance)
		k[i][i] += ridge / weight
	}
	low := factor(k)
	diagonal := inverseDiagonal(low)
	alpha, target := matrix(len(k), len(size)), make([]float64, len(k))
	l.score = matrix(len(k), len(size))
	for c := range size {
		for i := range target {
			target[i] = aim(l.class[i] == c, len(size))
		}
		for i, v := range solve(low, target) {
			alpha[i][c] = v
			l.score[i][c] = target[i] - v/diagonal[i] // what the others say of it, in closed form
		}
	}
	return alpha
}

// aim is the score that a text should have for a class: those of one text add up to nothing.
func aim(is bool, classes int) float64 {
	if is {
		return 1
	}
	return -1 / float64(classes-1)
}

// relate adds to the products of the examples how alike they are to the same texts. What all
// texts are like says nothing.
func (l *learning) relate(k [][]float64) {
	g := products(l.x, l.texts, l.grams)
	trace := 0.0
	for _, row := range g {
		mean := 0.0
		for _, v := range row {
			mean += v / float64(len(row))
		}
		for j := range row {
			row[j] -= mean
			trace += row[j] * row[j]
		}
	}
	if trace == 0 {
		return
	}
	l.scale = kinship * float64(len(g)) / trace
	for i := range g {
		for j := range i + 1 {
			sum := dot(g[i], g[j])
			k[i][j] += l.scale * sum
			if i != j {
				k[j][i] += l.scale * sum
			}
		}
	}
}

// weights are those of every gram for every class: what the examples hold, and what the texts
// hold that are like them.
func (l *learning) weights(alpha [][]float64) [][]float64 {
	classes := len(l.classes)
	out := matrix(l.grams, classes)
	for i, x := range l.x {
		for _, e := range x {
			for c, v := range alpha[i] {
				out[e.gram][c] += v * e.v
			}
		}
	}
	if l.scale == 0 {
		return out
	}
	likes, mean := matrix(len(l.texts), classes), make([]float64, classes)
	for t, x := range l.texts {
		for _, e := range x {
			for c, w := range out[e.gram] {
				likes[t][c] += e.v * w
			}
		}
		for c, v := range likes[t] {
			mean[c] += v / float64(len(l.texts))
		}
	}
	for t, x := range l.texts {
		for _, e := range x {
			for c, v := range likes[t] {
				out[e.gram][c] += l.scale * e.v * (v - mean[c])
			}
		}
	}
	return out
}

// keep takes the grams worth keeping into the model: those learnt of, and where they are too
// many those that decide most.
func (m *Model) keep(gram []string, rare rarity, weight [][]float64) {
	type kept struct {
		gram   int
		decide float64
	}
	var all []kept
	for g, w := range weight {
		most := 0.0
		for _, v := range w {
			most = max(most, math.Abs(v)*rare[g])
		}
		if most > 0 {
			all = append(all, kept{g, most})
		}
	}
	slices.SortFunc(all, func(a, b kept) int {
		return cmp.Or(cmp.Compare(b.decide, a.decide), cmp.Compare(gram[a.gram], gram[b.gram]))
	})
	all = all[:min(len(all), maxCells/len(m.Classes))]
	slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(gram[a.gram], gram[b.gram]) })
	for _, k := range all {
		for _, v := range weight[k.gram] {
			m.step = max(m.step, math.Abs(v)/math.MaxInt16)
		}
	}
	for _, k := range all {
		m.grams = append(m.grams, gram[k.gram])
		m.rare = append(m.rare, float32(rare[k.gram]))
		for _, v := range weight[k.gram] {
			m.weight = append(m.weight, int16(math.Round(v/m.step)))
		}
	}
	m.index()
}
