package classify

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Figures are what one counts by hand.
func TestFiguresAsCountedByHand(t *testing.T) {
	say := func(sure bool, classes ...string) (out []Guess) {
		for i, c := range classes {
			out = append(out, Guess{Class: c, Sure: sure && i == 0})
		}
		return out
	}
	f := Judge([]Answer{
		{"a", say(true, "a", "b", "c")},
		{"a", say(true, "a", "b")},
		{"a", say(true, "b", "a")},
		{"b", say(false, "a", "c", "d", "b")},
		{"b", say(false, "b")},
		{"b", nil},
	})
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %v, counted %v", what, got, want)
		}
	}
	near("accuracy", f.Accuracy, 3./6)
	near("among three", f.BestThree, 4./6)
	near("filled", f.Filled, 3./6)
	near("precision", f.Precision, 2./3)
	near("macro-F1", f.MacroF1, (4./6+2./5)/2) // a: 3 held, 3 said, 2 right; b: 3 held, 2 said, 1 right
	if len(f.Classes) != 2 || f.Classes[0] != (ClassFigures{"a", 3, 2. / 3, 2. / 3}) {
		t.Errorf("%+v", f.Classes)
	}
	if f := Judge(nil); f.Accuracy != 0 || f.Texts != 0 {
		t.Errorf("%+v", f)
	}
}

// Folds hold every example once, and each class in the same measure.
func TestFoldsAreEven(t *testing.T) {
	var all []sample
	for i := range 100 {
		all = append(all, sample{class: string(rune('a' + i%3))})
	}
	per, of := map[int]int{}, map[string]int{}
	for i, f := range cut(all, 10, 1) {
		per[f]++
		of[all[i].class+string(rune('0'+f))]++
	}
	for f := range 10 {
		if per[f] != 10 {
			t.Errorf("fold %d holds %d", f, per[f])
		}
	}
	for k, n := range of {
		if n < 3 || n > 4 {
			t.Errorf("%s: %d", k, n)
		}
	}
}

// found is a file of real records that are not part of the product; the test is skipped, and
// counted as skipped, where it is not there.
func found(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if data, err := os.ReadFile(filepath.Join(dir, "shared", "data", name)); err == nil {
			return data
		}
	}
	t.Skipf("the real records %s are not here", name)
	return nil
}

// Real messages are classed as well as was promised, from those of other folds alone: with
// their titles, and without.
func TestRealMessagesAreClassed(t *testing.T) {
	t.Parallel()
	labelled, more := found(t, "messages_cn/labelled_dev.csv"), found(t, "messages_cn/unlabelled.csv")
	examples, left, err := ReadExamples(labelled, Columns{}, true)
	if err != nil || left > 0 || len(examples) != 494 {
		t.Fatal(len(examples), left, err)
	}
	unlabelled, _, err := ReadExamples(more, Columns{}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, titled := range []bool{true, false} {
		var texts []Text
		for _, e := range unlabelled {
			if !titled {
				e.Title = ""
			}
			texts = append(texts, e.Text)
		}
		for i := range examples {
			if !titled {
				examples[i].Title = ""
			}
		}
		f, err := CrossValidate(examples, texts, 10, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("titles %v: accuracy %.4f, macro-F1 %.4f, among three %.4f; %.4f filled in, %.4f of it right", titled, f.Accuracy, f.MacroF1, f.BestThree, f.Filled, f.Precision)
		if f.Accuracy < 0.79 || f.MacroF1 < 0.76 || f.Precision < 0.9 {
			t.Errorf("titles %v: %+v", titled, f)
		}
	}
}
