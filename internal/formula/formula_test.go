package formula

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"gezhi/internal/fault"

	"pgregory.net/rapid"
)

// env is what the tables below read.
func env() Env {
	var doc map[string]any
	d := json.NewDecoder(strings.NewReader(`{
		"field": {"ok": true, "stars": 4, "title": "甲级", "kind": "road", "units": ["u1","u2"], "amount": 12.34,
		          "terms": [{"yuan": 10, "by": "2026-03-02"}, {"yuan": 2.5, "by": "2026-04-01"}],
		          "holes": [{"yuan": 10}, {}], "day": "2026-03-02"},
		"class": {"spot": true}, "signal": {"value": 7},
		"parts": {"score": [{"points": 3, "seat": "home"}, {"points": 4, "seat": "host"}], "none": []},
		"about": {"firm": {"id": "f1", "name": "某厂"}, "now": {"x": 1}}}`))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		panic(err)
	}
	names := map[string]Value{}
	for k, v := range doc {
		names[k] = v
	}
	return Env{
		Names: names,
		Seat: func(n string) Value {
			if n == "node" {
				return Map{"id": "unit-9"}
			}
			return nil
		},
		Today: "2026-03-07",
		Times: func(a string) int64 { return map[string]int64{"answer": 2}[a] },
		Lookup: func(table string, args []Value) (Value, error) {
			if table == "weight" && args[0] == "home" {
				return Map{"times": Int(2)}, nil
			}
			return Map{"times": Int(1)}, nil
		},
		Past:   func(string) (Value, error) { return List{Map{}, Map{}}, nil },
		Above:  func(Value) (Value, error) { return "unit-9", nil },
		Within: func(a, b Value) (bool, error) { return a == b, nil },
	}
}

// Each formula has the value beside it.
func TestFormulasMeanWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		text string
		want Value
	}{
		{"1 + 2 * 3", Int(7)}, {"(1 + 2) * 3", Int(9)}, {"-2 - -3", Int(1)},
		{"0.1 + 0.2 == 0.3", true}, {"10 / 4", Num(2_500_000)}, {"2 / 3", Num(666_667)},
		{"round(2.345, 2)", Num(2_350_000)}, {"round(-2.5)", Int(-3)},
		{"field.ok", true}, {"not field.ok", false}, {"not field.stars == 4", false},
		{"field.stars > 2 and class.spot", true}, {"field.absent", nil}, {"field.absent.deeper", nil},
		{"field.absent > 2", false}, {"field.absent == none", true}, {"field.absent + 1", nil},
		{"field.absent ?? 5", Int(5)}, {"not field.absent", true},
		{"field.kind == 'road'", true}, {"field.kind in ['road', 'bin']", true}, {"'u2' in field.units", true},
		{"field.title == '甲级'", true}, {"field.kind + '-' + field.title", "road-甲级"},
		{"field.stars > 3 ? 'good' : 'bad'", "good"},
		{"false ? 1 : true ? 2 : 3", Int(2)},
		{"count(field.terms)", Int(2)}, {"count(field.terms, item.yuan > 5)", Int(1)},
		{"sum(field.terms, item.yuan)", Num(12_500_000)}, {"sum(field.holes, item.yuan)", nil},
		{"any(field.terms, item.by == '2026-04-01')", true}, {"all(parts.none, false)", true},
		{"any(parts.none)", false}, {"parts.score.count", Int(2)},
		{"sum(parts.score, lookup(weight, item.seat).times * item.points)", Int(10)},
		{"times(answer) < 2", false}, {"past(one_grant).count", Int(2)},
		{"above(field.below) == node", false}, {"above(field.kind) == node", true},
		{"about.firm == 'f1'", true}, {"max(field.absent, signal.value)", Int(7)}, {"min(3, 2, 9)", Int(2)},
		{"weekday('2026-03-02')", Int(1)}, {"weekday(today)", Int(6)}, {"month('2026-03-31')", "2026-03"}, {"month(today)", "2026-03"}, {"month(field.nothing)", nil}, {"field.day < today", true},
		{"field.kind within field.kind", true}, {"unknown_name", nil},
	} {
		e, err := Compile(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, err := e.Eval(env())
		if err != nil || !sameValue(got, c.want) {
			t.Errorf("%s = %v (%v), want %v", c.text, got, err, c.want)
		}
		if e.String() != c.text {
			t.Errorf("%s prints as %s", c.text, e)
		}
	}
}

func sameValue(a, b Value) bool {
	return a == nil && b == nil || a != nil && b != nil && Equal(a, b)
}

// What is not in the language is refused when the pack is read, with its place.
func TestWhatIsNotInTheLanguageIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "formula.empty",
		"  ":                            "formula.empty",
		"1 +":                           "formula.unexpected",
		"a b":                           "formula.unexpected",
		"a < b < c":                     "formula.unexpected",
		"field.name.lower()":            "formula.unexpected",
		"field['x']":                    "formula.unexpected",
		"x = 1":                         "formula.unexpected",
		"a && b":                        "formula.unexpected",
		"a | b":                         "formula.unexpected",
		"map(a, b)":                     "formula.unknown_function",
		"now()":                         "formula.unknown_function",
		"sum()":                         "formula.arguments",
		"times('answer')":               "formula.arguments",
		"chosen(vote, item)":            "formula.not_yet",
		"connector(item.share)":         "formula.not_yet",
		"'open":                         "formula.unclosed",
		"0.1234567":                     "formula.number",
		"1.2.3":                         "formula.number",
		"99999999999999":                "formula.number",
		strings.Repeat("(", 60) + "1":   "formula.too_deep",
		strings.Repeat("1+", 400) + "1": "formula.too_deep",
		strings.Repeat("a", 1001):       "formula.too_long",
	} {
		if _, err := Compile(text); fault.CodeOf(err) != want {
			t.Errorf("%q gave %v, want %s", text, err, want)
		}
	}
	_, err := Compile("甲 + 1")
	if f := err.(*fault.Error); f.Args["col"] != 1 {
		t.Errorf("place is %v", f.Args)
	}
}

// A value of the wrong type is an error at evaluation, never a guess.
func TestWrongTypesAreErrors(t *testing.T) {
	for text, want := range map[string]string{
		"field.kind + 1":               "formula.type",
		"field.kind * 2":               "formula.type",
		"field.kind and true":          "formula.type",
		"field.kind < 3":               "formula.type",
		"sum(field.kind, 1)":           "formula.type",
		"1 in field.kind":              "formula.type",
		"weekday('soon')":              "formula.type",
		"month(7)":                     "formula.type",
		"1 / 0":                        "formula.divided_by_zero",
		"9000000000000 * 9":            "formula.overflow",
		"9000000000000 + 900000000000": "formula.overflow",
	} {
		if _, err := MustCompile(text).Eval(env()); fault.CodeOf(err) != want {
			t.Errorf("%q gave %v, want %s", text, err, want)
		}
	}
}

// Nested loops over long lists end with formula.steps instead of taking long.
func TestEvaluationIsBounded(t *testing.T) {
	long := make(List, 2000)
	e := Env{Names: map[string]Value{"field": Map{"x": long}}}
	_, err := MustCompile("sum(field.x, count(field.x, item == 1))").Eval(e)
	if fault.CodeOf(err) != "formula.steps" {
		t.Fatal(err)
	}
}

// Refs tells every name read, what item stands for, and which functions look elsewhere.
func TestRefsNameEverythingRead(t *testing.T) {
	e := MustCompile("any(parts.appraise, item.grade == 'unhappy') and times(answer) < 2 and lookup(rate, field.title).yuan > node.x")
	var got []string
	for _, r := range e.Refs() {
		got = append(got, r.Func+":"+r.String()+"@"+strings.Join(r.Over, "."))
	}
	want := ":parts.appraise@ :item.grade@parts.appraise times:answer@ lookup:rate@ :field.title@ :node.x@"
	if strings.Join(got, " ") != want {
		t.Fatalf("got  %v\nwant %v", strings.Join(got, " "), want)
	}
	if got := MustCompile("field.kind == 'a' or 'b' != field.kind or field.kind in ['c']").Texts("field", "kind"); strings.Join(got, "") != "abc" {
		t.Fatal(got)
	}
}

// What a value must lie within is told where every case in which the formula holds says so.
func TestConfines(t *testing.T) {
	for text, want := range map[string]string{
		"record.area within field.hamlet":                            "'h'",
		"record.poor and record.area within field.hamlet":            "'h'",
		"record.area == field.hamlet and (record.poor or 1 == 2)":    "'h'",
		"field.hamlet == record.area":                                "'h'",
		"(record.poor and record.area within field.hamlet) and true": "'h'",
		"record.poor or record.area within field.hamlet":             "",
		"not (record.area within field.hamlet)":                      "",
		"field.hamlet within record.area":                            "",
		"record.area != field.hamlet":                                "",
		"item.area within field.hamlet":                              "",
		"record.poor":                                                "",
	} {
		got := ""
		if x := MustCompile(text).Confines("record", "area"); x != nil {
			v, err := x.Eval(Env{Names: map[string]Value{"field": Map{"hamlet": "h"}}})
			if err != nil {
				t.Fatal(err)
			}
			got = "'" + Text(v) + "'"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if (*Expr)(nil).Confines("record", "area") != nil {
		t.Error("no formula says something")
	}
}

// Mismatches that no value could mend are found without evaluating.
func TestTypesAreFoundBeforeRunning(t *testing.T) {
	names := func(path, over []string) Type {
		return map[string]Type{"field.n": Number, "field.s": Words, "field.b": Bool, "field.l": ListOf, "item.n": Number}[strings.Join(path, ".")]
	}
	for text, want := range map[string]int{
		"field.n + 1 > 2": 0, "field.s + 1": 1, "field.b and field.n": 1, "sum(field.l, item.n)": 0,
		"sum(field.n)": 1, "field.s == 2": 1, "field.b > 1": 1, "not field.s": 1, "field.x + 1": 0,
		"field.s * field.x": 1, "weekday(field.n)": 1, "field.b ? 1 : 2": 0,
	} {
		if _, m := MustCompile(text).TypeOf(names); len(m) != want {
			t.Errorf("%s: %v", text, m)
		}
	}
	if typ, _ := MustCompile("field.b ? field.n : 2").TypeOf(names); typ != Number {
		t.Error(typ)
	}
	deep := "1" + strings.Repeat("*(1", 18) + strings.Repeat(")", 18)
	MustCompile(deep).TypeOf(names) // must not take exponential time
}

// An expression travels through JSON as its text.
func TestExpressionsMarshalAsText(t *testing.T) {
	in := struct{ If *Expr }{MustCompile("field.ok")}
	b, err := json.Marshal(in)
	if err != nil || string(b) != `{"If":"field.ok"}` {
		t.Fatal(string(b), err)
	}
	out := in
	out.If = nil
	if err := json.Unmarshal(b, &out); err != nil || out.If.String() != "field.ok" {
		t.Fatal(out, err)
	}
	if json.Unmarshal([]byte(`{"If":"1 +"}`), &out) == nil {
		t.Fatal("a broken formula was read")
	}
}

// Arithmetic on decimals agrees with exact fractions, or says overflow.
func TestDecimalsAgreeWithFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Num(rapid.Int64Min(-1<<63+1).Draw(t, "a"))
		b := Num(rapid.Int64Range(-1e15, 1e15).Draw(t, "b"))
		ra, rb := rat(a), rat(b)
		check := func(name string, got Num, err error, want *big.Rat) {
			exact := rounded(want)
			if err != nil {
				if exact.IsInt64() && fault.CodeOf(err) == "formula.overflow" && exact.Int64() != -1<<63 {
					t.Fatalf("%v %s %v said overflow", a, name, b)
				}
				return
			}
			if !exact.IsInt64() || Num(exact.Int64()) != got {
				t.Fatalf("%v %s %v = %v, want %v", a, name, b, got, exact)
			}
		}
		s, err := a.add(b)
		check("+", s, err, new(big.Rat).Add(ra, rb))
		m, err := a.mul(b)
		check("*", m, err, new(big.Rat).Mul(ra, rb))
		if b != 0 {
			q, err := a.div(b)
			check("/", q, err, new(big.Rat).Quo(ra, rb))
		}
		if back, err := ParseNum(a.String()); err != nil || back != a {
			t.Fatalf("%v printed and read is %v (%v)", int64(a), back, err)
		}
	})
}

func rat(n Num) *big.Rat { return big.NewRat(int64(n), int64(one)) }

// rounded is r in millionths, half away from zero.
func rounded(r *big.Rat) *big.Int {
	x := new(big.Rat).Mul(r, big.NewRat(int64(one)*2, 1))
	n := new(big.Int).Quo(x.Num(), x.Denom()) // half steps, towards zero
	if n.Sign() < 0 {
		n.Sub(n, big.NewInt(1))
	} else {
		n.Add(n, big.NewInt(1))
	}
	return n.Quo(n, big.NewInt(2))
}

// Whatever the text, reading and evaluating it ends with a value or a fault.
func FuzzFormula(f *testing.F) {
	for _, s := range []string{"any(parts.appraise, item.grade == 'unhappy') and times(answer) < 2",
		"lookup(rate, field.title, today).yuan", "-(1+2)*[3,4].count", "a ? b : c ?? d", "x within y", "'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Compile(text)
		if err != nil {
			if fault.CodeOf(err) == "" {
				t.Fatalf("%q: %v is no fault", text, err)
			}
			return
		}
		e.Refs()
		e.TypeOf(func(_, _ []string) Type { return Any })
		if _, err := e.Eval(env()); err != nil && fault.CodeOf(err) == "" {
			t.Fatalf("%q: %v is no fault", text, err)
		}
	})
}
