package story

import (
	"strings"
	"testing"
	"time"

	"gezhi/internal/clock"
)

const litter = `story: litter is cleared the first time and the reporter is content
given:
  areas:  [ { id: river-3, in: lilong, worker: li } ]
  people: { li: grid_worker, chen: inspector, wang: resident, crew: handler@crew-7, roads: unit }
  holidays: 2026
when:
  - { at: 2026-03-02T09:00, open: overflowing_bin, by: wang, point: [120.161, 30.279], text: "桶满了" }
  - { at: 2026-03-02T10:00, do: finish,  by: crew, with: { photo_after: bin.jpg, why: { water: no opinion given } } }
  - { at: 2026-03-02T10:05, do: confirm, by: crew, refused: case.not_your_own_work }
  - { at: 2026-03-03, expect: { step: checking, parts: { opinion: { water: late }, weekly: { open: 1, done: 4 } } } }
  - { at: 2026-03-04, together: [ { do: take, by: li, case: a }, { do: take, by: chen, case: a } ], winners: 1 }
  - { at: 2026-03-05, answer: { grade: happy }, by: wang, case: a/appraise/wang }
  - { at: 2026-03-09T09:00 }
  - { at: 2026-03-10, repeat: { every: week, until: 2026-04-10, do: visit, by: li } }
then:
  step: closed
  late: []
  clocks: { citizen: { due: 2026-03-04T17:30 } }
  told: { wang: [accepted, solved] }
  sees: { wang: all, stranger: nothing }
`

// The story of the documentation is read as it is meant.
func TestStoriesAreRead(t *testing.T) {
	s, problems := Parse("a.yaml", []byte(litter))
	if s == nil {
		t.Fatal(problems)
	}
	if len(s.When) != 8 || s.Given.People[3].Posts[0] != (Post{Role: "handler", Unit: "crew-7"}) || !s.Given.People[4].Unit || len(s.Given.People[2].Posts) != 0 {
		t.Errorf("%+v", s.Given.People)
	}
	if e := s.When[0]; e.Verb != VerbOpen || e.Name != "overflowing_bin" || !e.At.Equal(time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST)) || e.Line != 7 {
		t.Errorf("%+v", e)
	}
	if e := s.When[1]; e.Why["water"] != "no opinion given" || e.With["why"] != nil || e.With["photo_after"] != "bin.jpg" {
		t.Errorf("%+v", e)
	}
	if e := s.When[3]; e.At.Hour() != 9 || len(e.Expect.Cases) != 1 || e.Expect.Cases[0].Parts[0].Items[0].Value != "late" || e.Expect.Cases[0].Parts[1].Counts[1].N != 4 {
		t.Errorf("%+v", e.Expect)
	}
	if e := s.When[4]; len(e.Many) != 2 || e.Winners != 1 || e.Many[1].By != "chen" {
		t.Errorf("%+v", e)
	}
	if e := s.When[7].Repeat; e.Do.Name != "visit" || e.Every != "week" {
		t.Errorf("%+v", e)
	}
	c := s.Then.Cases[0]
	if c.Case != "" || c.Step != "closed" || c.Late == nil || len(c.Late.List) != 0 || c.Clocks[0].Due.Minute() != 30 || len(s.Then.Told) != 1 || c.Sees[1].List[0] != "nothing" {
		t.Errorf("%+v %+v", c, s.Then)
	}
}

// What is wrong in a story is told with its line.
func TestWrongStoriesAreRefused(t *testing.T) {
	for change, want := range map[string]string{
		"do: confirm, by: crew=>do: confirm":                        "story.nobody:9",
		"do: finish,=>dop: finish,":                                 "pack.unknown_key:8",
		"at: 2026-03-02T10:05=>at: 2026-03-01T10:05":                "story.backwards:9",
		"step: checking,=>stepp: checking,":                         "pack.unknown_key:10",
		"{ at: 2026-03-09T09:00 }=>{ at: 2026-03-09T09:00, by: x }": "story.no_verb:13",
		"told: { wang:=>ballot: { wang:":                            "pack.not_yet:19",
		"refused: case.not_your_own_work=>refused: oops":            "story.bad_code:9",
		"at: 2026-03-02T10:00=>at: tomorrow":                        "story.bad_time:8",
		"do: finish,=>do: finish, open: x,":                         "story.two_verbs:8",
		"until: 2026-04-10=>until: 2046-04-10":                      "story.repeats_too_often:14",
		"expect: { step: checking, parts: { opinion: { water: late }, weekly: { open: 1, done: 4 } } }=>expect: {}": "story.expects_nothing:10",
		"sees: { wang: all=>sees: { no: all": "yaml.boolean_word:20",
	} {
		from, to, _ := strings.Cut(change, "=>")
		if !strings.Contains(litter, from) {
			t.Fatal(from)
		}
		s, problems := Parse("a.yaml", []byte(strings.Replace(litter, from, to, 1)))
		if s != nil || len(problems) == 0 {
			t.Errorf("%s was read", change)
			continue
		}
		if got := problems[0].Code + ":" + itoa(problems[0].Line); got != want {
			t.Errorf("%s: %s, want %s", change, got, want)
		}
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// Whatever the bytes, parsing ends with a story or with problems that have a code.
func FuzzStory(f *testing.F) {
	f.Add([]byte(litter))
	f.Add([]byte("story: x\nwhen: [ { at: 2026-01-01, expect: { a: { step: b } } } ]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, problems := Parse("a.yaml", data)
		if (s == nil) != (len(problems) > 0) {
			t.Fatalf("story %v with problems %v", s != nil, problems)
		}
		for _, p := range problems {
			if p.Code == "" || p.File == "" {
				t.Fatalf("%+v", p)
			}
		}
	})
}
