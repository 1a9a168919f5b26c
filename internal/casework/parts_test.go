package casework_test

import (
	"strings"
	"testing"
)

// A set of more parts than one act writes is finished by jobs: all of them are there, each
// once, and until then it is neither joined nor answered.
func TestALargeSetIsWrittenByJobs(t *testing.T) {
	rows := strings.TrimSuffix(strings.Repeat("{ what: line }, ", 1300), ", ")
	tell(t, "matters", `story: many
given: { people: { chief: { role: clerk, area: town } } }
when:
  - { at: 2026-03-02T09:00, open: command, as: a, by: chief }
  - { do: order, by: chief, case: a, with: { orders: [`+rows+`] } }
  - { do: check_all, by: chief, case: a, refused: case.parts_open }
then: { a: { parts: { lines: { open: 1300, expected: 1300 } }, history: [order] }, count: { task: 1300 } }
`)
}

// A set opened for nobody is complete at once.
func TestASetForNobodyIsJoined(t *testing.T) {
	tell(t, "matters", `story: nobody
given: { people: { chief: { role: clerk, area: town } } }
when:
  - { at: 2026-03-02T09:00, open: command, as: a, by: chief }
  - { do: check_all, by: chief, case: a }
  - { do: order, by: chief, case: a }
then: { a: { history: [check_all, order, ordered], parts: { lines: { open: 0, expected: 0 } }, fields: { done: true } } }
`)
}
