package classify

import (
	"cmp"
	"math"
	"slices"
)

const (
	never    = 2  // a threshold that no probability reaches
	sharpest = 30 // where all are right there is no end to it
)

// calibrate finds, from scores of examples that were judged by the others, how sharp
// probabilities are, and from which on a guess is right as often as it must be.
func (m *Model) calibrate(score [][]float64, class []int) {
	best := math.Inf(1)
	for s := 1.0; s < sharpest; s *= 1.05 {
		loss := 0.0
		for i, x := range score {
			loss -= math.Log(max(soften(x, s)[class[i]], 1e-9))
		}
		if loss < best {
			best, m.sharpness = loss, s
		}
	}
	type judged struct {
		p     float64
		right bool
	}
	var all []judged
	for i, x := range score {
		p := soften(x, m.sharpness)
		c := top(p)
		all = append(all, judged{p[c], c == class[i]})
	}
	slices.SortFunc(all, func(a, b judged) int { return cmp.Compare(b.p, a.p) })
	m.Sure = never
	right := 0.0
	for i, j := range all {
		if j.right {
			right++
		}
		n := float64(i + 1)
		if i+1 < len(all) && all[i+1].p == j.p || n < fewSure {
			continue
		}
		// What was chosen as the best of many thresholds looks better than it is: hence the
		// margin of a standard error.
		if right/n-math.Sqrt(SureEnough*(1-SureEnough)/n) >= SureEnough {
			m.Sure = j.p
			if i+1 == len(all) { // even the least likely is right often enough
				m.Sure = min(j.p, SureEnough)
			}
		}
	}
}

// judge says how well the examples are classed by the others.
func (m *Model) judge(score [][]float64, class []int) Figures {
	var all []Answer
	for i, x := range score {
		all = append(all, Answer{m.Classes[class[i]], m.rank(soften(x, m.sharpness), 3)})
	}
	return Judge(all)
}

// top is the place of the greatest.
func top(p []float64) int {
	best := 0
	for c := range p {
		if p[c] > p[best] {
			best = c
		}
	}
	return best
}
