package casework_test

import (
	"fmt"
	"strings"
	"testing"
)

// However many cases a clerk leaves behind, all of them go to the level above, and all come
// back to whoever takes the post.
func TestNothingIsLostWithAClerk(t *testing.T) {
	var opens, names []string
	for i := range 205 { // more than one message looks at
		names = append(names, fmt.Sprint("c", i))
		opens = append(opens, fmt.Sprintf("  - { open: \"0199\", by: p, as: c%d, text: x }\n", i))
	}
	all := strings.Join(names, ", ")
	tell(t, "incident", `story: left behind
given: { people: { p: resident, vera: dispatcher, ted: dispatcher@town, dai: resident } }
when:
  - { at: 2026-03-02T09:00, expect: { inbox: { ted: [] } } }
`+strings.Join(opens, "")+`  - { at: 2026-03-02T10:00, expect: { inbox: { vera: [`+all+`], ted: [] } } }
  - { at: 2026-03-02T17:30, post: { who: vera, ends: dispatcher } }
  - { at: 2026-03-02T17:31, expect: { inbox: { ted: [`+all+`] } } }
  - { at: 2026-03-03T09:00, post: { who: dai, gives: { role: dispatcher, unit: village } } }
then: { inbox: { ted: [], dai: [`+all+`] } }
`)
}

// Whoever has no post left no longer holds a seat that was given by name; whoever has another
// post, reported the case or takes part as a resident keeps it.
func TestASeatByNameEndsWithTheLastPost(t *testing.T) {
	tell(t, "matters", `story: the one who was sent has left
given: { people: { chief: { role: clerk, area: town }, ann: { role: clerk, area: village }, ben: { role: clerk, area: village }, cora: resident } }
when:
  - { at: 2026-03-02T09:00, open: command, as: a, by: chief }
  - { do: join, by: chief, case: a/groups/rescue, with: { member: [ann, ben, cora] } }
  - { at: 2026-03-02T10:00, post: { who: ben, gives: { role: villager, area: village } } }
  - { at: 2026-03-02T17:30, post: { who: ann, ends: clerk } }
  - { at: 2026-03-02T17:30, post: { who: ben, ends: clerk } }
  - { at: 2026-03-02T17:31, expect: { a/groups/rescue: { seats: { member: [ben, cora] } } } }
  - { at: 2026-03-02T17:32, do: finish, by: ann, case: a/groups/rescue, refused: case.not_found }
  - { at: 2026-03-02T17:40, post: { who: chief, ends: clerk } }
then: { a: { seats: { chief: [chief] } }, a/groups/rescue: { seats: { member: [ben, cora] }, step: working } }
`)
}
