package story_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"gezhi/internal/dbtest"
	"gezhi/internal/story"
)

const wrong = `story: something that is not so
given: { people: { hai: water_office, p: resident } }
when:
  - { at: 2026-03-02T09:00, open: outlet, by: p, as: a, with: { code: K1 } }
  - { at: 2026-03-02T10:00, %s }
then:
  a: { step: listed }
`

// A story that is not so fails at the first line that is not, and says what was instead.
func TestAWrongStoryFailsWhereItIsWrong(t *testing.T) {
	packs := packsOf(t, "testdata/water")
	for line, want := range map[string]string{
		"do: end, by: hai":                                 "w.yaml:7: a step: expected listed, is closed [story.differs]",
		"do: end, by: p":                                   "w.yaml:5: refused with case.no_right [story.refused]",
		"do: end, by: hai, refused: case.no_right":         "w.yaml:5: went through, but should be refused with case.no_right [story.not_refused]",
		"do: end, by: p, refused: case.not_found":          "w.yaml:5: refused with case.no_right, but should be with case.not_found [story.refused_otherwise]",
		"do: end, by: nobody":                              "w.yaml:5: nobody and nothing here is called nobody [story.unknown_name]",
		"do: end, by: hai, case: b":                        "w.yaml:5: nobody and nothing here is called b [story.unknown_name]",
		"do: end, cases: [a], by: hai":                     "w.yaml:5: refused with case.not_batch [story.refused]",
		"expect: { can: { hai: [end] } }":                  "w.yaml:5: a can hai: expected [end], is [end, rename] [story.differs]",
		"expect: { cannot: { hai: [end] } }":               "w.yaml:5: hai may end, but should not [story.can]",
		"expect: { sees: { stranger: all } }":              "w.yaml:5: a sees stranger: expected all, is nothing [story.differs]",
		"expect: { fields: { code: K2 } }":                 "w.yaml:5: a field code: expected K2, is K1 [story.differs]",
		"expect: { history: [end] }":                       "w.yaml:5: a history: expected [end], is [] [story.differs]",
		"expect: { late: [x] }":                            "w.yaml:5: a late: expected [x], is [] [story.differs]",
		"expect: { count: { outlet: 2 } }":                 "w.yaml:5: count outlet: expected 2, is 1 [story.differs]",
		"expect: { told: { p: [x] } }":                     "w.yaml:5: told p: expected [x], is [] [story.differs]",
		"expect: { inbox: { p: [a] } }":                    "w.yaml:5: inbox p: expected [a], is [] [story.differs]",
		"expect: { clocks: { x: { due: 2026-03-02 } } }":   "w.yaml:5: there is no clock x [story.unknown_clock]",
		"expect: { seats: { reporter: [p] } }":             "w.yaml:5: a seat reporter: expected [p], is [] [story.differs]",
		"expect: { clocks: { ack: { due: 2026-03-02 } } }": "w.yaml:5: a clock ack due: expected 2026-03-02T09:00, is waiting [story.differs]",
		"expect: { parts: { x: { z: open } } }":            "w.yaml:5: there is no part set x [story.unknown_part]",
		"open: oulet, by: p, refused: case.no_right":       "w.yaml:5: refused with case.unknown_class, but should be with case.no_right [story.refused_otherwise]",
		"do: ned, by: hai":                                 "w.yaml:5: there is no action ned [story.unknown_action]\n    did you mean: end",
		"expect: { step: lsited }":                         "w.yaml:5: there is no step lsited [story.unknown_step]\n    did you mean: listed",
		"load: nowhere@2":                                  "w.yaml:5: there is no nowhere@2 beside the story [story.unknown_file]",
		"open: oulet, by: p":                               "w.yaml:5: no pack of this story has a class oulet [story.unknown_class]\n    did you mean: outlet",
		"together: [ { do: end, by: hai, case: a }, { do: end, by: hai, case: a } ], winners: 2": "w.yaml:5: 1 succeeded, but 2 should [story.winners]",
	} {
		s, problems := story.Parse("w.yaml", []byte(fmt.Sprintf(wrong, line)))
		if s == nil {
			t.Error(line, problems)
			continue
		}
		r := story.Run(context.Background(), dbtest.SQLite(t), s, packs, story.Options{})
		if r.Passed() {
			t.Errorf("%s passed", line)
		} else if got := r.Diff.Text("en"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", line, got, want)
		}
	}
}

// A story told twice is told in the same words, moves, notices and refusals alike, on both
// engines.
func TestAStoryIsTheSameTwice(t *testing.T) {
	packs := packsOf(t, "testdata/incident")
	stories, _, err := story.Stories(packs.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stories {
		if s.File != "assist.yaml" && s.File != "late.yaml" {
			continue
		}
		var texts []string
		for range 2 {
			r := story.Run(context.Background(), dbtest.SQLite(t), s, packs, story.Options{Timeline: true})
			texts = append(texts, r.Text("en"))
		}
		r := story.Run(context.Background(), dbtest.Postgres(t), s, packs, story.Options{Timeline: true})
		texts = append(texts, r.Text("en"))
		if texts[0] != texts[1] || texts[0] != texts[2] {
			t.Errorf("told otherwise:\n%s\n%s\n%s", texts[0], texts[1], texts[2])
		}
		if !strings.Contains(texts[0], "handling → ") && !strings.Contains(texts[0], "escalated handle due") {
			t.Errorf("little is told:\n%s", texts[0])
		}
	}
}

// Test runs the stories of a pack from its folder alone, counts, and prints what failed.
func TestTheSuiteCounts(t *testing.T) {
	all := shipped(t)
	suite := story.Suite{Pack: os.DirFS("testdata/water"), Core: all["core"], Others: all, Lang: "en"}
	var out bytes.Buffer
	passed, failed := story.Test(context.Background(), suite, &out)
	if passed != 2 || failed != 0 || out.String() != "2 passed, 0 failed\n" {
		t.Errorf("%d %d\n%s", passed, failed, out.String())
	}
	suite.Stories = fstest.MapFS{"w.yaml": {Data: []byte(fmt.Sprintf(wrong, "do: end, by: hai"))}, "x.yaml": {Data: []byte("story: x\n")}, "given.yaml": {Data: []byte("people: {}\n")}}
	out.Reset()
	if passed, failed = story.Test(context.Background(), suite, &out); passed != 0 || failed != 2 || !strings.HasSuffix(out.String(), "\n0 passed, 2 failed\n") ||
		!strings.Contains(out.String(), "w.yaml:7: a step: expected listed, is closed") || !strings.Contains(out.String(), "listed → closed") {
		t.Errorf("%d %d\n%s", passed, failed, out.String())
	}
	suite.Run = regexp.MustCompile("no such story")
	suite.Stories = nil
	out.Reset()
	if passed, failed = story.Test(context.Background(), suite, &out); passed != 0 || failed != 1 || !strings.Contains(out.String(), "no story is called like no such story") {
		t.Errorf("a mistyped pattern looks like success: %d %d\n%s", passed, failed, out.String())
	}
}

// What the author of a story mistypes outside its lines is said too: a role, the file of the
// given, the check of a broken pack; and a pack without stories says so.
func TestTheSuiteSaysWhatIsMistyped(t *testing.T) {
	all := shipped(t)
	suite := story.Suite{Core: all["core"], Others: all, Lang: "en"}
	water := fstest.MapFS{}
	for _, name := range []string{"pack.yaml", "classes.yaml", "lives.yaml"} {
		data, err := os.ReadFile("testdata/water/" + name)
		if err != nil {
			t.Fatal(err)
		}
		water[name] = &fstest.MapFile{Data: data}
	}
	broken := "broken: x\ncheck: life.unknown_step\npatch: [ { file: README.md, append: more } ]\n"
	for _, c := range []struct{ file, text, want string }{
		{"stories/a.yaml", "story: x\ngiven: { people: { hai: water_offic } }\nwhen: [ { at: 2026-03-02, open: outlet, by: hai } ]\nthen: { step: listed }\n",
			"no pack of this story has a role water_offic [story.unknown_role]\n    did you mean: water_office"},
		{"stories/a.yaml", "story: x\ngiven: { use: given.yml }\nwhen: [ { at: 2026-03-02 } ]\nthen: { count: { task: 0 } }\n", "did you mean: given.yaml"},
		{"stories/broken/a.yaml", broken, "x: check does not find life.unknown_step, but this:"},
		{"README.md", "x", "there is no story yet: write one as stories/NAME.yaml\n0 passed, 0 failed\n"},
	} {
		files := maps.Clone(water)
		files["stories/given.yaml"] = &fstest.MapFile{Data: []byte("people: {}\n")}
		files[c.file] = &fstest.MapFile{Data: []byte(c.text)}
		suite.Pack = files
		var out bytes.Buffer
		if story.Test(context.Background(), suite, &out); !strings.Contains(out.String(), c.want) {
			t.Errorf("%s\nwant %s\n%s", c.text, c.want, out.String())
		}
	}
}
