package casework_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/pack"
	"gezhi/internal/story"
)

// tell runs a story about a sample pack on both engines.
func tell(t *testing.T, name, text string) {
	t.Helper()
	load := func(dir string) *pack.Pack {
		p, report := pack.Load(os.DirFS(dir))
		if p == nil {
			t.Fatal(report.Text("en"))
		}
		return p
	}
	core := load("../../packs/core")
	packs := story.Packs{Main: load("../story/testdata/" + name), Core: core, Others: map[string]*pack.Pack{"core": core}}
	s, problems := story.Parse("story.yaml", []byte(text))
	if s == nil {
		t.Fatal(problems)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if r := story.Run(context.Background(), d, s, packs, story.Options{}); !r.Passed() {
			t.Error(r.Text("en"))
		}
		proved(t, d)
	})
}

// proved fails the test where a row is not what the leaves of the audit say.
func proved(t *testing.T, d *db.DB) {
	t.Helper()
	r, err := (&audit.Verifier{DB: d}).Run(t.Context())
	if err != nil || !r.OK || r.Rows == 0 {
		t.Errorf("verification: %v, %+v", err, r)
	}
}

// times writes an event twenty times; every %d is which.
func times(event string) string {
	var all []string
	for i := range 20 {
		all = append(all, strings.ReplaceAll(event, "%d", fmt.Sprint(i)))
	}
	return strings.Join(all, ", ")
}

// Twenty people open the same thing at once; the key has one holder.
func TestOneOfTwentyTakesAKey(t *testing.T) {
	tell(t, "water", `story: keys
given: { people: { hai: water_office, p: resident } }
when:
  - { at: 2026-03-02T09:00, together: [`+times(`{ open: outlet, by: p, as: c%d, with: { code: K1 } }`)+`], winners: 1 }
  - { open: outlet, by: p, with: { code: K1 }, refused: case.key_taken }
then: { count: { outlet: 1 } }
`)
}

// Twenty readings at once make one alert, and none of them is lost.
func TestTwentySignalsMakeOneCase(t *testing.T) {
	tell(t, "water", `story: signals
given: { people: { hai: water_office } }
when:
  - { at: 2026-03-02T09:00, together: [`+times(`{ signal: above, id: r%d, as: a, values: { station: S1, item: NH3, value: %d } }`)+`], winners: 20 }
then: { count: { water_alert: 1 }, a: { fields: { peak: 19 }, moves: 39 } }
`)
}

// The same request sent twenty times at once is one case, and everybody is told of it.
func TestTheSameRequestIsDoneOnce(t *testing.T) {
	tell(t, "water", `story: resent
given: { people: { hai: water_office, p: resident } }
when:
  - { at: 2026-03-02T09:00, together: [`+times(`{ open: outlet, by: p, as: c, key: one, with: { code: K1 } }`)+`], winners: 20 }
  - { expect: { count: { outlet: 1 }, c: { moves: 1 } } }
  - { together: [`+times(`{ do: rename, by: hai, case: c, key: two, with: { code: K2 } }`)+`], winners: 20 }
  - { do: rename, by: hai, case: c, key: two, with: { code: K3 }, refused: idempotency.other_body }
then: { c: { history: [rename], fields: { code: K2 } } }
`)
}

// Twenty end a case at once; one does, the others hear that it has changed.
func TestOneOfTwentyActs(t *testing.T) {
	tell(t, "water", `story: acts
given: { people: { hai: water_office, p: resident } }
when:
  - { at: 2026-03-02T09:00, open: outlet, by: p, with: { code: K1 } }
  - { together: [`+times(`{ do: end, by: hai }`)+`], winners: 1 }
  - { do: end, by: hai, refused: case.not_in_step }
then: { history: [end], step: closed }
`)
}

// The same household is written twenty times at once, and others with it; the set that follows
// the register gets one part for each, and one case is opened for each that is new.
func TestFollowingSetsHearEachRecordOnce(t *testing.T) {
	tell(t, "registers", `story: follow
given: { areas: [ { id: pine, in: lilong } ], people: { chen: clerk }, records: [ { kind: household, id: h, values: { name: 王家, poor: true, area: pine } } ] }
when:
  - { at: 2026-03-02T09:00, open: survey, as: a, by: chen, area: lilong, with: { hamlet: pine } }
  - { do: begin, by: chen, case: a }
  - { together: [`+times(`{ write: household, id: w, values: { name: 李家, poor: true, area: pine } }`)+`], winners: 20 }
  - { together: [`+times(`{ write: household, id: w%d, values: { name: 赵家, poor: true, area: pine } }`)+`], winners: 20 }
then: { a: { parts: { visits: { expected: 22 } } }, count: { visit: 22, welcome: 21 }, record: { w: { name: 李家 } } }
`)
}

// Two cases are merged into each other at once; one merge wins and the other hears of it.
func TestTwoCasesAreNotMergedIntoEachOther(t *testing.T) {
	tell(t, "incident", `story: merged crosswise
given: { people: { wang: resident, zhao: resident, vera: dispatcher } }
when:
  - { at: 2026-03-02T09:00, open: "0199", by: wang, as: a, text: one }
  - { open: "0199", by: zhao, as: b, text: two }
  - { together: [ { do: merge, by: vera, case: a, with: { into: b } }, { do: merge, by: vera, case: b, with: { into: a } } ], winners: 1 }
then: { count: { "0199": 2 } }
`)
}
