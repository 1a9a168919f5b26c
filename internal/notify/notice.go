package notify

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/fault"
)

// Topic is the topic of an outbox message whose body is a Notice.
const Topic = "notice"

// Events of a notice that this package treats in a way of their own. Others are the words of
// whoever makes the notice: opened, assigned, mark, escalated, offered …
const (
	EventTold     = "told"     // informs: nobody need acknowledge it
	EventAnswered = "answered" // informs, and never makes a sound at night
	EventClosed   = "closed"   // informs, and never makes a sound at night
	eventDigest   = "digest"   // made here: what waited for the morning
)

// Notice says that people are to be told of something that happened to a case. It holds
// nothing that belongs to the reporter.
type Notice struct {
	ID           string   `json:"id,omitempty"`           // UUIDv7; none takes that of the message
	Jurisdiction string   `json:"jurisdiction,omitempty"` // none takes that of the message
	Case         string   `json:"case"`                   // id
	Number       string   `json:"number"`                 // as people know the case
	Title        string   `json:"title"`                  // of its class, never what somebody wrote
	Titles       Titles   `json:"titles,omitempty"`       // the same by language, where it has others
	Event        string   `json:"event"`                  // what happened
	Did          Titles   `json:"did,omitempty"`          // the words of the action by which they were told, when that is the event
	Severity     int64    `json:"severity"`
	Wakes        bool     `json:"wakes"`    // makes a sound at any hour, and wants to be acknowledged
	Fallback     []string `json:"fallback"` // names of channels in the order in which they are tried
	Clock        string   `json:"clock,omitempty"`
	Mark         string   `json:"mark,omitempty"` // of the clock, when that is the event
	// DueAt is the deadline, zero for none.
	DueAt time.Time `json:"due_at,omitzero"`
	// People are told first, all at once.
	People []string `json:"people"`
	// Further are tried one after the other when nobody has acknowledged.
	Further []string `json:"further,omitempty"`
	// AckUntil is when the turn passes from People to the next; the channels share the time
	// until then. Zero leaves it to Policy.Wait.
	AckUntil time.Time `json:"ack_until,omitzero"`
	// Lines are what a digest gathers.
	Lines []Line `json:"lines,omitempty"`
}

// Line is one notice within a digest.
type Line struct {
	Case   string    `json:"case"`
	Number string    `json:"number"`
	Title  string    `json:"title"`
	Titles Titles    `json:"titles,omitempty"`
	Event  string    `json:"event"`
	Did    Titles    `json:"did,omitempty"`
	DueAt  time.Time `json:"due_at,omitzero"`
}

// Titles are the title of a class by language.
type Titles map[string]string

// in is the title in a language, else the one that everybody knows.
func (t Titles) in(lang, title string) string {
	if said := t[lang]; said != "" {
		return said
	}
	return title
}

const (
	maxPeople   = 1000
	maxChannels = 16
)

// parseNotice reads the body of a message. What is no notice is Invalid, notify.bad_notice.
func parseNotice(body []byte, id, jurisdiction string) (n Notice, err error) {
	if err := json.Unmarshal(body, &n); err != nil {
		return Notice{}, fault.Wrap(err, fault.Invalid, "notify.bad_notice")
	}
	return n.of(id, jurisdiction)
}

// of is the notice of a message, if it has all that a notice needs; else notify.bad_notice.
func (n Notice) of(id, jurisdiction string) (Notice, error) {
	n.ID, n.Jurisdiction = cmp.Or(n.ID, id), cmp.Or(n.Jurisdiction, jurisdiction)
	if n.ID == "" || n.Jurisdiction == "" || n.Event == "" || n.Event == eventDigest || len(n.People) == 0 ||
		len(n.People)+len(n.Further) > maxPeople || len(n.Fallback) > maxChannels ||
		slices.Contains(n.People, "") || slices.Contains(n.Further, "") || slices.Contains(n.Fallback, "") {
		return Notice{}, fault.New(fault.Invalid, "notify.bad_notice")
	}
	n.People, n.Fallback = distinct(n.People), distinct(n.Fallback)
	return n, nil
}

// distinct returns all without repetition, in their order.
func distinct(all []string) []string {
	var out []string
	for _, s := range all {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// sounds reports whether the notice may make a sound at any hour.
func (n Notice) sounds() bool {
	return n.Wakes && n.Event != EventAnswered && n.Event != EventClosed && n.Event != eventDigest
}

// asks reports whether the notice goes on until somebody acknowledges it.
func (n Notice) asks() bool { return n.sounds() && n.Event != EventTold }
