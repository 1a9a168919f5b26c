package shape

import (
	"strings"
	"testing"
)

// Scalars are the text that stands in the file, whatever YAML would make of it.
func TestScalarsAreText(t *testing.T) {
	n, problems := Read([]byte("a: { due: 17:30, day: 09-01, many: 1.., part: 2/3, code: 0102, ok: yes, at: 2026-03-02T09:00, big: 1_000, none: ~ }\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for key, want := range map[string]string{"due": "17:30", "day": "09-01", "many": "1..", "part": "2/3", "code": "0102", "ok": "yes", "at": "2026-03-02T09:00", "big": "1_000", "none": ""} {
		if got := n.Get("a").Get(key); got == nil || got.Text != want {
			t.Errorf("%s is %+v", key, got)
		}
	}
}

// What would make a file mean something else than it says is refused with its line.
func TestSurprisingYAMLIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\na: 2":                    "yaml.duplicate_key:2",
		"a: &x 1\nb: 2":                 "yaml.not_plain:1",
		"a: 1\nb: !!str 2":              "yaml.not_plain:2",
		"a: 1\n<<: { b: 2 }":            "yaml.not_plain:2",
		"a: [1":                         "yaml.syntax:1",
		"":                              "yaml.empty:1",
		"a: 1\n---\nb: 2":               "yaml.documents:3",
		"a: \xff":                       "yaml.not_utf8:1",
		strings.Repeat("[", 500):        "yaml.too_deep:1",
		strings.Repeat("a", MaxFile+1):  "yaml.too_large:1",
		strings.Repeat("- ", 100) + "a": "yaml.too_deep:1",
	} {
		_, problems := Read([]byte(text))
		if len(problems) == 0 {
			t.Errorf("%.20q was read", text)
			continue
		}
		if got := problems[0].Code + ":" + string(rune('0'+problems[0].Line)); got != want {
			t.Errorf("%.20q: %s, want %s", text, got, want)
		}
	}
}

// A shape says what is wrong and what was probably meant.
func TestShapesSuggest(t *testing.T) {
	s := &Shape{Keys: []Key{{Name: "steps", Shape: &Shape{}, Required: true}, {Name: "gathers", Later: true},
		{Name: "n", Shape: &Shape{Int: true, Min: 1}}, {Name: "kind", Shape: &Shape{Enum: []string{"person", "unit"}}}}}
	for text, want := range map[string]string{
		"steps: a":               "",
		"stpes: a":               "pack.unknown_key steps, pack.missing_key ",
		"steps: a\ngathers: b":   "pack.not_yet ",
		"steps: a\nn: 0":         "pack.not_a_number ",
		"steps: a\nkind: persno": "pack.unknown_word person",
		"steps: [a]":             "pack.wrong_kind ",
		"steps:":                 "pack.empty ",
		"steps: a\non: b":        "yaml.boolean_word ",
		"[a]":                    "pack.wrong_kind ",
	} {
		n, problems := Read([]byte(text))
		if len(problems) > 0 {
			t.Fatal(text, problems)
		}
		var got []string
		for _, p := range s.Check(n) {
			got = append(got, p.Code+" "+p.Suggestion)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if Suggest("zzz", []string{"steps"}) != "" || Suggest("actoins", []string{"steps", "actions"}) != "actions" {
		t.Error("suggestions")
	}
}

// Whatever the bytes, reading ends with a tree or with problems that have a code.
func FuzzRead(f *testing.F) {
	f.Add([]byte("a: { b: [1, 2], c: 'x' }\nd: |\n  e\n"))
	f.Add([]byte("- a\n- b: c\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, problems := Read(data)
		if n == nil && len(problems) == 0 {
			t.Fatal("neither a tree nor a problem")
		}
		for _, p := range problems {
			if p.Code == "" || p.Line < 1 {
				t.Fatalf("%+v", p)
			}
		}
		n.At("a", "b", "0")
	})
}

// What editors and Chinese keyboards put into a file is read, or named for what it is.
func TestWhatEditorsAndKeyboardsPutIn(t *testing.T) {
	if n, problems := Read([]byte("\uFEFFa: 1\r\nb: [2, 3]\r\n")); len(problems) > 0 || n.Get("a").Text != "1" || len(n.Get("b").Items) != 2 {
		t.Error("a byte order mark and CR LF", problems)
	}
	for text, want := range map[string]string{
		"a:\n\tb: 1":               "yaml.tab 2:1",
		"a: ｛ b: 1, c: [ d: 2 ] ]": "yaml.full_width 1:4",
	} {
		_, problems := Read([]byte(text))
		if len(problems) != 1 || problems[0].Code+" "+strings.TrimPrefix(problems[0].Place(), ":") != want {
			t.Errorf("%q: %+v", text, problems)
		}
	}
	s := &Shape{Keys: []Key{{Name: "kind", Shape: &Shape{Enum: []string{"person", "boolean"}}}, {Name: "text", Shape: &Shape{}}}}
	for text, want := range map[string]string{
		"text: 甲：乙，“丙”":        "",
		"kind： person":         "yaml.full_width",
		"{ kind： x, text: a }": "yaml.full_width",
		"kind: person，":        "yaml.full_width",
		"kind: \"甲，\"":         "pack.unknown_word",
	} {
		n, problems := Read([]byte(text))
		if len(problems) > 0 {
			t.Fatal(text, problems)
		}
		got := ""
		for _, p := range s.Check(n) {
			got += p.Code
		}
		if got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if Suggest("bool", []string{"person", "boolean"}) != "boolean" {
		t.Error("the beginning of a word")
	}
}

// A problem shows its line around its column, and points at it, also behind Chinese words.
func TestAProblemPointsAtItsPlace(t *testing.T) {
	for _, x := range []struct {
		line string
		col  int
		want string
	}{
		{"    名称: { in: x }", 11, "    | 名称: { in: x }\n    |         ^\n"},
		{"a: b", 0, "    | a: b\n"},
		{"a: b", 9, "    | a: b\n"},
		{strings.Repeat("x", 200) + "y" + strings.Repeat("z", 200), 201, "    | …" + strings.Repeat("x", 90) + "y" + strings.Repeat("z", 49) + "…\n    | " + strings.Repeat(" ", 91) + "^\n"},
	} {
		p := Problem{File: "f.yaml", Line: 2, Col: x.col}
		p.Quote([]byte("\uFEFFfirst\n" + x.line + "\r\nlast"))
		if got := p.Quoted(); got != x.want {
			t.Errorf("%.20q at %d:\n%s\nwant\n%s", x.line, x.col, got, x.want)
		}
	}
	p := Problem{Code: "yaml.not_utf8", Line: 1}
	if p.Quote([]byte("\xff")); p.Quoted() != "" {
		t.Error("what is no text is shown")
	}
	if (Problem{File: "f", Line: 3, Col: 4}).Place() != "f:3:4" || (Problem{File: "f"}).Place() != "f" {
		t.Error("places")
	}
}
