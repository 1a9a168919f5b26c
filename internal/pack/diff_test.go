package pack

import (
	"maps"
	"strings"
	"testing"
)

// changed returns the pack with one text in one file replaced.
func changed(t *testing.T, p *Pack, pairs ...string) *Pack {
	t.Helper()
	files := maps.Clone(p.files)
	for i := 0; i < len(pairs); i += 3 {
		was := string(files[pairs[i]])
		if !strings.Contains(was, pairs[i+1]) {
			t.Fatal(pairs[i+1])
		}
		files[pairs[i]] = []byte(strings.Replace(was, pairs[i+1], pairs[i+2], 1))
	}
	q, report := fromFiles(files)
	if q == nil {
		t.Fatal(report.Text("en"))
	}
	return q
}

// A new version is told in sentences, with the open cases it touches; a pack does not
// differ from itself.
func TestVersionsDifferInSentences(t *testing.T) {
	p := load(t, "testdata/incident")
	if d := Diff(p, p); len(d) != 0 {
		t.Fatal(d)
	}
	q := changed(t, p, "pack.yaml", "1.0.0", "1.1.0", "lives.yaml", "apart: [finish, ask_assist], ", "apart: [finish], ",
		"lives.yaml", "limit: 7 days", "limit: 10 days", "classes.yaml", "handle: 4 working hours", "handle: 1 working day",
		"lives.yaml", "      reported: { phase: waiting }\n      judged:   { phase: waiting }\n", "      judged:   { phase: waiting }\n      reported: { phase: waiting }\n",
		"words/zh.yaml", "已研判", "已经研判",
		"lives.yaml", "      ask_assist:  {", "      visit:       { in: handling, who: handler }\n      ask_assist:  {")
	var lines []string
	for _, s := range Diff(p, q) {
		lines = append(lines, s.Text("en"))
		if s.Text("zh") == s.Text("en") {
			t.Errorf("%s is not said in Chinese", s.Code)
		}
	}
	got := strings.Join(lines, "\n")
	want := `version 1.0.0 -> 1.1.0
class 0102: limits changes from {handle: 4 working hours} to {handle: 1 working day}
life incident: the order of steps changes
action confirm (confirm): apart changes from [finish, ask_assist] to [finish] open cases: those in checking are touched`
	want = strings.Replace(want, " (confirm)", "", 1)
	for _, w := range append(strings.Split(want, "\n"), "action visit is new open cases: those in handling are touched",
		"clock rating: limit changes from 7 days to 10 days open cases: those in rating are touched", "the words of zh change") {
		if !strings.Contains(got, w) {
			t.Errorf("missing: %s\ngot:\n%s", w, got)
		}
	}
	if len(lines) != 7 {
		t.Errorf("%d sentences:\n%s", len(lines), got)
	}
}
