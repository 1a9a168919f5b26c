package search

import (
	"errors"

	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"gezhi/internal/fault"
)

func code(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

// Queries are cut into words; no sign in them is an operator.
func TestQueriesAreCutIntoWords(t *testing.T) {
	for q, want := range map[string]string{
		"路灯":                      "路灯",
		"路灯　不亮":                   "路灯|不亮",
		"路灯，不亮。":                  "路灯|不亮",
		`"on the road" 路灯`:        "on the road|路灯",
		"“村口 路灯”坏了":               "村口 路灯|坏了",
		`"没有 关上`:                  "没有 关上",
		"EV-2026-000123":          "ev-2026-000123",
		"ＥＶ－２０２６":                 "ev-2026",
		"路灯 OR 水管":                "路灯|or|水管",
		"路灯* NOT (水管)":            "路灯|not|水管",
		"'; DROP TABLE cases; --": "drop|table|cases",
		"% _ 路灯":                  "路灯",
		"a:b^2 路灯":                "a:b^2|路灯",
		"路灯\x00不亮\n坏":             "路灯|不亮|坏",
	} {
		ws, err := words(q)
		var got []string
		for _, w := range ws {
			got = append(got, w.text)
		}
		if err != nil || strings.Join(got, "|") != want {
			t.Errorf("%q: %q %v, want %q", q, got, err, want)
		}
	}
	for q, want := range map[string]string{
		"": "search.empty", "   ": "search.empty", `""`: "search.empty", "%_*()!?": "search.empty", "，。": "search.empty",
		"水": "search.too_short", "水 电": "search.too_short", strings.Repeat("路灯 ", 9): "search.too_many",
	} {
		if ws, err := words(q); code(err) != want {
			t.Errorf("%q: %+v %v, want %s", q, ws, err, want)
		}
	}
}

var gramShape = regexp.MustCompile(`^[mwz][0-9a-z]+$`)

// A text holds every word that is cut out of it, and its grams hold theirs.
func TestGramsOfATextHoldThoseOfItsWords(t *testing.T) {
	letters := []rune("路灯不亮水管abcAB019 -，。é𠮷村口")
	rapid.Check(t, func(t *rapid.T) {
		text := fold(string(rapid.SliceOfN(rapid.SampledFrom(letters), 2, 40).Draw(t, "text")))
		rs := []rune(text)
		if len(rs) < 2 {
			return
		}
		from := rapid.IntRange(0, len(rs)-2).Draw(t, "from")
		until := rapid.IntRange(from+2, len(rs)).Draw(t, "until")
		if from > 0 && plain(lowerRune(rs[from])) && plain(lowerRune(rs[from-1])) {
			return // the middle of a word of letters and digits is not looked for
		}
		w := want(string(rs[from:until]))
		grams := gramsOf(text)
		for _, g := range w.grams {
			if !slices.Contains(grams, g) || !gramShape.MatchString(g) {
				t.Fatalf("%q in %q: no %s in %v", w.text, text, g, grams)
			}
		}
		if w.prefix != "" && !slices.ContainsFunc(grams, func(g string) bool { return strings.HasPrefix(g, w.prefix) }) {
			t.Fatalf("%q in %q: no %s… in %v", w.text, text, w.prefix, grams)
		}
		if !strings.Contains(lower(text), w.text) {
			t.Fatalf("%q is not in %q", w.text, text)
		}
	})
}

func lowerRune(r rune) rune { return []rune(lower(string(r)))[0] }

// A snippet is the line in which most words stand, cut around them, with the words marked.
func TestASnippetShowsTheWords(t *testing.T) {
	long := strings.Repeat("前", 40) + "村口路灯不亮" + strings.Repeat("后", 90)
	for _, c := range []struct{ text, query, want string }{
		{"标题\n村口的路灯不亮", "路灯", "村口的[路灯]不亮"},
		{"路灯坏\n村口的路灯不亮", "路灯 不亮", "村口的[路灯][不亮]"},
		{long, "路灯", "…" + strings.Repeat("前", 14) + "村口[路灯]不亮" + strings.Repeat("后", 56) + "…"},
		{"Report EV-2026-000123", "ev-2026", "Report [EV-2026]-000123"},
		{"路灯", "水管", ""},
	} {
		ws, err := words(c.query)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range snippet(c.text, ws) {
			if p.Hit {
				got += "[" + p.Text + "]"
			} else {
				got += p.Text
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.query, got, c.want)
		}
	}
}

// Whatever is typed, what the engines are asked is made of grams alone.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"路灯", `"a" OR b*`, "'; DROP TABLE cases", "水", "\xff\x00", "NEAR(a b)", "a AND", "{x}", ":*", "İ𠮷"} {
		f.Add(s, "村口的路灯不亮 abc")
	}
	lite := regexp.MustCompile(`^("[a-z0-9]+"( \*)?( AND |$))*$`)
	pg := regexp.MustCompile(`^([a-z0-9]+(:\*)?( & |$))*$`)
	f.Fuzz(func(t *testing.T, q, text string) {
		ws, err := words(q)
		if err != nil {
			if !strings.HasPrefix(code(err), "search.") {
				t.Fatal(err)
			}
			return
		}
		m := match{}
		for _, w := range ws {
			m.all = append(m.all, w.grams...)
			if w.prefix != "" {
				m.prefixes = append(m.prefixes, w.prefix)
			}
		}
		if a, b := m.sqlite(), m.postgres([]int64{0x339}); !lite.MatchString(a) || !pg.MatchString(b) {
			t.Fatalf("%q asks %q and %q", q, a, b)
		}
		shown := ""
		for _, p := range snippet(fold(text), ws) {
			shown += p.Text
		}
		if utf8.ValidString(text) && !utf8.ValidString(shown) {
			t.Fatalf("%q in %q shows %q", q, text, shown)
		}
	})
}
