package story

import (
	"time"

	"gezhi/internal/workflow"
)

// Story is one acceptance test.
type Story struct {
	File  string
	Line  int
	Name  string
	Seed  int64 // for samples and ids; 1 unless said
	Given Given
	When  []Event
	Then  Expect
}

// Given is the world before the story begins.
type Given struct {
	Use       string // another story file whose given is read first
	Overlay   string // overlay file to lay over the pack
	Areas     []Area
	People    []Person
	Units     []Unit
	Records   []Record
	Relations []Relation
	Tables    []Table
	Holidays  []string // years, or days off as dates
	Workdays  []string // make-up workdays as dates
	Absent    []Absence
	Duty      []DutyLine // tried before the pack's
	Roster    []Shift
	Budgets   []Balance // by unit
}

// Area is a place in the territory of the story.
type Area struct {
	ID, In  string
	Level   string // "" one below the area it lies in
	Unit    string // the unit that runs it, "" one of the same name
	Worker  string // who holds the grid post there
	Polygon any    // rings of positions as texts, nil for none
	Line    int
}

// Person is somebody with an account, or a unit standing for its people.
type Person struct {
	ID    string
	Posts []Post // none: a resident
	Unit  bool   // the name is a unit, with one person of every role in it
	Area  string // where a resident lives
	House string // household, for apart
	Line  int
}

// Post is what a person is, where.
type Post struct {
	Role        string
	Unit, Area  string    // "" chosen by the role's level
	From, Until time.Time // zero: always
	Seat        string    // leader, deputy, member; "" none in particular
}

// Unit is an organisation.
type Unit struct {
	ID, In, Area string // In is the unit above it
	Line         int
}

// Record is a record that exists before the story.
type Record struct {
	Kind, ID    string
	From, Until string
	Values      map[string]any
	Line        int
}

// Relation joins two records.
type Relation struct {
	Kind, From, To string
	Line           int
}

// Table gives a dated table rows.
type Table struct {
	Name string
	Rows []map[string]any
	Line int
}

// Absence is a recorded delegation.
type Absence struct {
	Who, Acting string
	From, Until time.Time
	Line        int
}

// DutyLine says who answers for a class.
type DutyLine struct{ Class, Level, Unit, Post string }

// Shift is one line of the duty roster.
type Shift struct {
	Area, Who   string
	Role        string
	From, Until time.Time
	Line        int
}

// Verb is what an event does.
type Verb string

// The verbs of events. A bare time only lets time pass.
const (
	VerbPass     Verb = ""
	VerbOpen     Verb = "open"
	VerbDo       Verb = "do"
	VerbAnswer   Verb = "answer"
	VerbTake     Verb = "take"
	VerbObject   Verb = "object"
	VerbSignal   Verb = "signal"
	VerbWrite    Verb = "write"
	VerbExpect   Verb = "expect"
	VerbTogether Verb = "together"
	VerbLoad     Verb = "load"
	VerbHolidays Verb = "holidays"
	VerbOutage   Verb = "outage"
	VerbRepeat   Verb = "repeat"
	VerbPost     Verb = "post"
	VerbReform   Verb = "reform"
)

// Event is one line of when.
type Event struct {
	Line    int
	At      time.Time // zero: at the time of the event before
	Verb    Verb
	Name    string // open: class; do: action; take: a case and its set, "job/claims"; object: a case and its view; signal: its name; load: pack or overlay; write: record kind
	By      string // who does it; "" only where nobody needs to
	As      string // open: what the case is called from here on
	Case    string // a name, or a path below one: "a/assist/crew-7"; "" the only case
	Cases   []string
	With    map[string]any // texts, lists and maps, to be read by the fields
	Why     map[string]string
	Refused string            // the code that must come back
	Each    map[string]string // code by case, for cases
	Note    string
	Channel string
	Text    string
	Point   any
	Area    string
	About   string   // open: a record or case that it is about
	For     string   // on behalf of
	Against []string // open: people and units that the report is about
	Avoid   bool     // open: not the own village
	Offline *Offline
	Key     string // idempotency key; events with the same key are the same request
	Values  map[string]any
	ID      string // signal: id at its source; write: id of the record
	Expect  Expect
	Many    []Event // together
	Winners int
	Outage  workflow.Span
	Days    []string // holidays: years or dates
	Repeat  *Repeat
	Change  *PostChange
	Reform  *Reform
}

// Offline is an act made without signal and sent later.
type Offline struct{ Made, Sent time.Time }

// Repeat does an event at a cadence.
type Repeat struct {
	Every string // day, week, month
	Until time.Time
	Do    Event
}

// PostChange gives or ends a post in mid-story.
type PostChange struct {
	Who   string
	Gives *Post
	Ends  string // role
}

// Reform ends areas and puts others in their place.
type Reform struct {
	Ends   []string
	Begins []Successor
}

// Successor is an area that begins in a reform, with the unit that runs it.
type Successor struct {
	Area
	From, Children []string
}

// Expect is what must be true at a moment.
type Expect struct {
	Line  int
	Cases []CaseExpect
	Told  []Names // person: codes, in order
	Inbox []Names // person: cases
	Count []Number
	Facts []Fact // record: "house-12@2026-06-01"
	// Ledger are accounts and what they hold.
	Ledger []Balance
	Keys   int // how many things are expected, to tell an empty expectation
}

// CaseExpect is what must be true of one case.
type CaseExpect struct {
	Line                                  int
	Case                                  string // "" the only case
	Step, Outcome, Phase, Class, Severity string
	Area, Nature                          string
	Open                                  string // "true" or "false"; "" not asked
	Late                                  *Names // clocks past their due; exactly these
	Clocks                                []ClockExpect
	Why                                   []Names // clock: lines of the explanation, each contained
	Parts                                 []PartExpect
	Seats                                 []Names
	Can                                   []Names // person: exactly the actions open to them
	Cannot                                []Names // person: none of these
	Unmet                                 []Names // action: exactly the unmet needs
	Sees                                  []Names // person: all, nothing, or the fields seen
	Told                                  []Names
	Fields                                []Fact
	History                               *Names // actions done, in order
	Sampled                               string // "true" or "false"
	Follows                               string
	Merged                                string
	Moves                                 string // number of moves
	Assignee                              string // who took note of it, or none
	Public                                []PublicExpect
	Gaps                                  []Names // coverage: exactly the records that are wanting, by key
	Likely                                []Names // person: cases proposed as the same matter
}

// Names is a name with a list.
type Names struct {
	Line int
	Name string
	List []string
}

// Number is a name with a whole number.
type Number struct {
	Line int
	Name string
	N    int
}

// Fact is a name with a value as written.
type Fact struct {
	Line  int
	Name  string
	Value any
}

// ClockExpect is what must be true of one clock.
type ClockExpect struct {
	Line        int
	Name        string
	Due         time.Time // zero: not asked
	Day         bool      // only the day of Due was said
	Spent       string    // "12 working days"
	State       string    // running, paused, stopped, waiting
	Provisional string    // "true" or "false"
	Extended    string    // how often
}

// PublicExpect is what everybody may read of a case by one view.
type PublicExpect struct {
	Line  int
	Name  string
	Open  string // "true" or "false"; "" not asked
	Shows []Fact // as it is read
	Lacks []string
}

// PartExpect is what must be true of one part set: the state of items, or counts of states.
type PartExpect struct {
	Line   int
	Name   string
	Items  []Fact // item key: open, acknowledged, answered, late, waived, void, or a step
	Counts []Number
}
