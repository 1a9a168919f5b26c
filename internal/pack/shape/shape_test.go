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
