package casework_test

import (
	"fmt"
	"strings"
	"testing"
)

// takers are people of one role, and a race in which all of them take a place of a case at once.
func takers(n int, take string) (people, race string) {
	var all, takes []string
	for i := range n {
		all = append(all, fmt.Sprintf("w%d: { role: worker, area: lane }", i))
		takes = append(takes, strings.ReplaceAll(take, "%d", fmt.Sprint(i)))
	}
	return strings.Join(all, ", "), strings.Join(takes, ", ")
}

// A hundred take thirty places at once: thirty have one, each once, and the others are told.
func TestPlacesAreNeverTakenTwice(t *testing.T) {
	people, race := takers(100, "{ take: j/claims, by: w%d, as: c%d, with: { plan: now } }")
	tell(t, "commons", `story: many takers
given: { areas: [ { id: lane, in: lilong, level: grid } ], people: { ann: { role: admin, area: lilong }, `+people+` } }
when:
  - { at: 2026-03-02T09:00, open: job, as: j, by: ann, area: lane, with: { item: weeding, places: 30 } }
  - { do: publish, by: ann, case: j }
  - { together: [`+race+`], winners: 30 }
then: { j: { parts: { claims: { open: 30, places_left: 0 } } }, count: { claim: 30 } }
`)
}

// A person takes places of twenty offers of one item at once; a key that lets two hold it has two holders.
func TestACapHoldsOverOffers(t *testing.T) {
	var opens, takes []string
	for i := range 20 {
		opens = append(opens, fmt.Sprintf("  - { at: 2026-03-02T09:00, open: job, as: j%d, by: ann, area: lane, with: { item: sweeping, places: 9 } }\n  - { do: publish, by: ann, case: j%d }\n", i, i))
		takes = append(takes, fmt.Sprintf("{ take: j%d/claims, by: wu, as: c%d, with: { plan: now } }", i, i))
	}
	tell(t, "commons", `story: one taker
given: { areas: [ { id: lane, in: lilong, level: grid } ], people: { ann: { role: admin, area: lilong }, wu: { role: worker, area: lane } } }
when:
`+strings.Join(opens, "")+`  - { together: [`+strings.Join(takes, ", ")+`], winners: 2 }
  - { open: job, as: more, by: ann, area: lane, with: { item: sweeping, places: 9 } }
  - { do: publish, by: ann, case: more }
  - { take: more/claims, by: wu, with: { plan: now }, refused: case.cap_reached }
then: { count: { claim: 2 } }
`)
}
