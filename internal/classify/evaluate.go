package classify

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Figures say how well texts are classed that were not learnt from.
type Figures struct {
	Texts     int
	Accuracy  float64 // share that is right
	MacroF1   float64 // the mean of the classes' harmonic means of precision and recall
	BestThree float64 // share whose class is among the three likeliest
	Filled    float64 // share that would be filled in beforehand: the coverage
	Precision float64 // share of the filled that is right
	Classes   []ClassFigures
}

// ClassFigures are those of one class.
type ClassFigures struct {
	Class             string
	Texts             int
	Precision, Recall float64
}

// Answer is what was guessed of a text whose class is known.
type Answer struct {
	Class string
	Said  []Guess
}

// Judge counts how many of the answers are right.
func Judge(answers []Answer) Figures {
	f := Figures{Texts: len(answers)}
	type count struct{ held, said, right float64 }
	by := map[string]*count{}
	of := func(class string) *count {
		if by[class] == nil {
			by[class] = &count{}
		}
		return by[class]
	}
	right, three, filled, filledRight := 0.0, 0.0, 0.0, 0.0
	for _, a := range answers {
		of(a.Class).held++
		if len(a.Said) == 0 {
			continue
		}
		ok := a.Said[0].Class == a.Class
		of(a.Said[0].Class).said++
		if ok {
			right++
			of(a.Class).right++
		}
		if slices.ContainsFunc(a.Said[:min(3, len(a.Said))], func(g Guess) bool { return g.Class == a.Class }) {
			three++
		}
		if a.Said[0].Sure {
			filled++
			if ok {
				filledRight++
			}
		}
	}
	n := max(float64(len(answers)), 1)
	f.Accuracy, f.BestThree, f.Filled, f.Precision = right/n, three/n, filled/n, filledRight/max(filled, 1)
	for _, class := range sortedKeys(by) {
		c := by[class]
		f.MacroF1 += 2 * c.right / max(c.held+c.said, 1) / float64(len(by))
		f.Classes = append(f.Classes, ClassFigures{Class: class, Texts: int(c.held), Precision: c.right / max(c.said, 1), Recall: c.right / max(c.held, 1)})
	}
	return f
}

// CrossValidate cuts the examples into folds, each class in the same measure, and guesses each
// fold from the others, which choose their own threshold among themselves. Texts that are
// also examples are left out, lest a text be looked at that is to be guessed. Other seeds cut
// otherwise.
func CrossValidate(examples []Example, texts []Text, folds int, seed uint64) (Figures, error) {
	n := &numbers{of: map[string]int32{}}
	plain := map[string]bool{}
	all := make([]sample, len(examples))
	for i, e := range examples {
		all[i] = sample{n.count(e.Text), e.Class}
		plain[Plain(e.Body)] = true
	}
	var more []counted
	for _, t := range texts[:min(len(texts), MostTexts)] {
		if !plain[Plain(t.Body)] {
			more = append(more, n.count(t))
		}
	}
	var answers []Answer
	fold := cut(all, folds, seed)
	for f := range folds {
		var learn []sample
		for i, s := range all {
			if fold[i] != f {
				learn = append(learn, s)
			}
		}
		m, err := train(n, learn, more)
		if err != nil {
			return Figures{}, err
		}
		for i, e := range examples {
			if fold[i] == f {
				answers = append(answers, Answer{e.Class, m.Say(e.Text, 3)})
			}
		}
	}
	return Judge(answers), nil
}

// cut deals the examples of each class out to the folds.
func cut(all []sample, folds int, seed uint64) []int {
	chance := rand.New(rand.NewPCG(seed, uint64(folds)))
	by := map[string][]int{}
	for i, s := range all {
		by[s.class] = append(by[s.class], i)
	}
	out, next := make([]int, len(all)), 0
	for _, class := range sortedKeys(by) {
		of := by[class]
		chance.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		for _, i := range of {
			out[i] = next % folds
			next++
		}
	}
	return out
}

// Spread is the mean of some figures and how far they lie from it (standard deviation).
func Spread(values []float64) (mean, deviation float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation)
}
