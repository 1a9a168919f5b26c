package classify

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gezhi/internal/fault"
)

// Words of made-up messages, by class, and what all of them say.
var (
	sayings = map[string][]string{
		"lamps":   {"路灯不亮", "灯杆倾斜", "晚上漆黑", "照明损坏", "灯泡闪烁"},
		"rubbish": {"垃圾成堆", "垃圾桶满", "环卫没来", "臭气难闻", "乱倒渣土"},
		"schools": {"小学入学", "老师补课", "学位不足", "幼儿园收费", "校车太挤"},
		"wages":   {"拖欠工资", "劳动合同", "社保断缴", "加班没钱", "工伤赔偿"},
	}
	always = []string{"请有关部门处理", "已经很久了", "居民都有意见", "希望尽快解决", "谢谢", "多次反映没有结果"}
)

// made writes a message of a class.
func made(chance *rand.Rand, class string) Text {
	parts := []string{always[chance.IntN(len(always))], always[chance.IntN(len(always))]}
	for range 2 {
		parts = append(parts, sayings[class][chance.IntN(len(sayings[class]))])
	}
	chance.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return Text{Body: strings.Join(parts, "，")}
}

func madeExamples(n int) (out []Example) {
	chance := rand.New(rand.NewPCG(1, 2))
	for range n {
		for _, c := range []string{"lamps", "rubbish", "schools", "wages"} {
			out = append(out, Example{made(chance, c), c})
		}
	}
	return out
}

func mustTrain(t testing.TB, e []Example, texts []Text) *Model {
	t.Helper()
	m, err := Train(e, texts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// What was learnt from made-up messages classes others of their kind, surely, and the words
// that decided are theirs.
func TestAModelClassesWhatItHasNotSeen(t *testing.T) {
	m := mustTrain(t, madeExamples(20), nil)
	chance := rand.New(rand.NewPCG(7, 7))
	for class, own := range sayings {
		for range 10 {
			text := made(chance, class)
			said := m.Say(text, 3)
			if len(said) != 3 || said[0].Class != class || !said[0].Sure || len(said[0].Words) == 0 {
				t.Fatalf("%s: %q is %+v", class, text.Body, said)
			}
			if w := said[0].Words[0]; !strings.Contains(strings.Join(own, "，"), w) {
				t.Errorf("%q decided for %s", w, class)
			}
			if said[1].Sure || said[1].Probability > said[0].Probability {
				t.Errorf("%+v", said)
			}
		}
	}
	if f, err := CrossValidate(madeExamples(10), nil, 10, 1); err != nil || f.Accuracy < 0.95 || f.Precision < SureEnough {
		t.Errorf("%+v %v", f, err)
	}
}

// The same texts give the same model, to the byte.
func TestTrainingIsNoChance(t *testing.T) {
	one, err := mustTrain(t, madeExamples(8), nil).Encode()
	if err != nil {
		t.Fatal(err)
	}
	two, err := mustTrain(t, madeExamples(8), nil).Encode()
	if err != nil || string(one) != string(two) {
		t.Error("two models of the same texts differ", err)
	}
}

// Numbers and names that stand in what is learnt from, even many times, are in no model.
func TestNothingPersonalIsLearnt(t *testing.T) {
	examples := madeExamples(10)
	for i := range examples {
		examples[i].Body += "。我叫欧阳样例，电话13800138000，身份证330102199001011239，找过司徒主任，赵某某也在，车牌B12345"
		if i%20 == 0 { // two of forty: too few for a word to be learnt
			examples[i].Body += "。见过鬻爨"
		}
	}
	m := mustTrain(t, examples, nil)
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if m, err = Decode(data); err != nil {
		t.Fatal(err)
	}
	if len(m.grams) < 50 {
		t.Fatalf("only %d grams were learnt", len(m.grams))
	}
	for _, g := range m.grams {
		if strings.ContainsAny(g, "0123456789欧阳赵鬻爨") || strings.Contains(g, "司徒") || strings.Contains(g, "样") {
			t.Errorf("%q was learnt", g)
		}
	}
}

// A word that was never seen with a class is understood when texts without a class use it
// beside words that were.
func TestTextsWithoutAClassHelp(t *testing.T) {
	var texts []Text
	chance := rand.New(rand.NewPCG(3, 3))
	for range 40 {
		for _, c := range []string{"lamps", "rubbish", "schools", "wages"} {
			x := made(chance, c)
			if c == "wages" {
				x.Body += "，讨薪"
			}
			texts = append(texts, x)
		}
	}
	asked := Text{Body: "讨薪"}
	if said := mustTrain(t, madeExamples(10), nil).Say(asked, 1); len(said) > 0 {
		t.Errorf("an unknown word is %+v", said)
	}
	said := mustTrain(t, madeExamples(10), texts).Say(asked, 1)
	if len(said) != 1 || said[0].Class != "wages" {
		t.Errorf("a word known by its company is %+v", said)
	}
}

// Of what cannot be learnt nothing is made up.
func TestTooLittleIsRefused(t *testing.T) {
	for name, e := range map[string][]Example{
		"nothing":          nil,
		"one class":        slices.DeleteFunc(madeExamples(10), func(e Example) bool { return e.Class != "lamps" }),
		"too few of each":  madeExamples(FewestOfClass - 1),
		"texts of nothing": slices.Repeat([]Example{{Text{Body: "123"}, "a"}, {Text{Body: "456"}, "b"}}, 10),
	} {
		if _, err := Train(e, nil); fault.CodeOf(err) != "classify.too_few" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if said := mustTrain(t, madeExamples(5), nil).Say(Text{Body: "???"}, 3); said != nil {
		t.Errorf("an empty text is %+v", said)
	}
}

// Classes that nothing tells apart are never filled in beforehand.
func TestNothingIsSureOfWhatIsAlike(t *testing.T) {
	chance := rand.New(rand.NewPCG(5, 5))
	var e []Example
	for i := range 80 {
		e = append(e, Example{made(chance, "lamps"), fmt.Sprint("class", i%2)})
	}
	m := mustTrain(t, e, nil)
	for range 20 {
		if said := m.Say(made(chance, "lamps"), 2); len(said) > 0 && said[0].Sure {
			t.Fatalf("%+v is sure from %v on", said, m.Sure)
		}
	}
}

// Of many classes with many examples the first of each are learnt from.
func TestTheFirstOfEachClassAreChosen(t *testing.T) {
	var all []sample
	for i := range 2 * MostExamples {
		all = append(all, sample{counted{body: vector{{0, float64(i)}}}, []string{"much", "much", "much", "some"}[i%4]})
	}
	for range FewestOfClass - 1 {
		all = append(all, sample{counted{body: vector{{0, 1}}}, "rare"})
	}
	kept, classes := choose(all)
	n := map[string]int{}
	for _, s := range kept {
		n[s.class]++
		if s.body[0].v > 2*MostExamples-1 || s.class == "much" && s.body[0].v > 2.7*MostExamples/2*1.5 {
			t.Fatalf("%v was kept", s)
		}
	}
	if len(kept) != MostExamples || !slices.Equal(classes, []string{"much", "some"}) || n["some"] != MostExamples/2 {
		t.Errorf("%d of %v: %v", len(kept), classes, n)
	}
}

// What the others say of an example, in closed form, is what they say when it is left out.
func TestLeavingOutInClosedFormIsLeavingOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "n")
		value := rapid.Float64Range(-3, 3)
		b, y := matrix(n, n), make([]float64, n)
		for i := range b {
			y[i] = value.Draw(t, "y")
			for j := range b {
				b[i][j] = value.Draw(t, "b")
			}
		}
		kernel := func(of []int) [][]float64 { // b times its transpose, and a ridge
			k := matrix(len(of), len(of))
			for a, i := range of {
				for c, j := range of {
					for x := range b {
						k[a][c] += b[i][x] * b[j][x]
					}
				}
				k[a][a]++
			}
			return k
		}
		var all []int
		for i := range n {
			all = append(all, i)
		}
		full := kernel(all)
		low := factor(kernel(all))
		alpha, diagonal := solve(low, y), inverseDiagonal(low)
		for out := range n {
			rest := slices.Delete(slices.Clone(all), out, out+1)
			said, said2 := 0.0, y[out]-alpha[out]/diagonal[out]
			part := solve(factor(kernel(rest)), slices.Delete(slices.Clone(y), out, out+1))
			for k, i := range rest {
				said += part[k] * full[out][i]
			}
			if math.Abs(said-said2) > 1e-6*(1+math.Abs(said)) {
				t.Fatalf("leaving %d out: %v, in closed form %v", out, said, said2)
			}
		}
	})
}

// Whatever is asked, the probabilities of all classes add up to one and fall.
func TestProbabilitiesAddUp(t *testing.T) {
	m := mustTrain(t, madeExamples(6), nil)
	rapid.Check(t, func(t *rapid.T) {
		text := Text{Title: rapid.StringOf(rapid.RuneFrom([]rune("路灯垃圾工资小学，1a"))).Draw(t, "title"), Body: rapid.String().Draw(t, "body")}
		said := m.Say(text, 10)
		sum, last := 0.0, 1.0
		for _, g := range said {
			if g.Probability > last || len(g.Words) > mostWords {
				t.Fatalf("%+v", said)
			}
			sum, last = sum+g.Probability, g.Probability
		}
		if len(said) > 0 && math.Abs(sum-1) > 1e-9 {
			t.Fatalf("%v in all", sum)
		}
	})
}
