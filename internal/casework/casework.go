package casework

import (
	"encoding/json"
	"time"

	"gezhi/internal/workflow"
)

// Case is the current row of a case: what its moves add up to.
type Case struct {
	ID, Jurisdiction, Number string
	Kind                     string // KindCase or KindTask
	Nature                   string // real, exercise, sample

	RootID, ParentID string
	Part             string // set of the parent it belongs to
	PartRound        int64
	ItemKey          string // which item of the set it is for
	Depth            int64

	Pack, PackHash, OverlayHash string
	Scheme, Class, Life         string
	Severity                    string // code of a grade of the pack

	Step    string
	Phase   workflow.Phase
	Outcome string
	Version int64 // changes of step; an act that saw another version is refused
	Moves   int64 // all moves

	Channel    string
	ReporterID string
	EnteredBy  string // who typed it, when not the reporter
	Title      string

	UnitID     string // who leads now
	AssigneeID string
	Queue      string // the role whose holders may take it, when nobody leads

	AreaID       string
	LiesIn       string    // where the matter lies while the case is kept from somebody; its area is then above them
	Areas        [8]string // ancestors and itself by level, 1 province … 7 micro-grid
	LonE7, LatE7 int64     // WGS-84, ten-millionths of a degree; 0, 0 is no point

	HappenedAt, OpenedAt, EnteredAt, DueAt, ClosedAt, SuspendedUntil time.Time

	Returns, Reopens, Extensions, Urges int64
	Supervised, Designated              bool
	MergedInto                          string

	AboutKind, AboutID, AboutRev string

	Fields map[string]any // values that are not personal

	// hears are the topics of those who hear that it changed, for what they take part in: of a case
	// kept from somebody of all who may.
	hears []string
}

// The kinds of cases. Figures count cases unless they say tasks.
const (
	KindCase = "case"
	KindTask = "task"
)

// The natures of a case.
const (
	Real     = "real"
	Exercise = "exercise"
	Sample   = "sample"
)

// Never is the due time of a case on which no clock runs.
var Never = time.UnixMilli(253402300799000).UTC()

// Open tells that work on the case has not ended.
func (c *Case) Open() bool { return c.Phase != workflow.Closed }

// ClassID is the class as pack/scheme:code.
func (c *Case) ClassID() string { return c.Pack + "/" + c.Scheme + ":" + c.Class }

// Move is one thing that happened to a case. Moves are never changed.
type Move struct {
	ID, CaseID, Jurisdiction, RootID string
	Action                           string
	From, To                         string
	Outcome                          string
	PersonID                         string // "" is the system
	PostID, UnitID, Role             string // the post under which it was done
	HelperID                         string
	At, DeviceAt                     time.Time
	Cause                            string // move, trigger or signal that brought it about
	Done                             bool   // false: an automatic act whose conditions failed, or one that waits for others
	Reason                           string
	Data                             Data
	// Silent says, to who hears of the move, that nothing by which the case is found has changed:
	// what is said, whom it concerns, its class, place and title, whether it is closed. Not kept.
	Silent bool
}

// Bookkeeping tells that the engine made the move for its own sake: nobody acted.
func (m *Move) Bookkeeping() bool {
	switch m.Action {
	case actionOpen, actionTimer, actionRecount, actionRestamp, actionSignal, actionRecord, actionProposeVoid, movePart + moveAdded, movePart + SetJoined, movePart + SetFailed, movePart + moveTaken:
		return true
	}
	return false
}

// The moves by which part sets and timers are written down.
const (
	actionTimer = "timer"
	movePart    = "part_"
	moveTaken   = "taken"
)

// Data is what a move carries besides who and when. It holds no personal value.
type Data struct {
	Values  map[string]any    `json:"values,omitempty"`  // fields it set
	Why     map[string]string `json:"why,omitempty"`     // reasons for open parts, by item
	Note    string            `json:"note,omitempty"`    // what the actor said besides
	For     string            `json:"for,omitempty"`     // the absent colleague in whose post it was done
	Filled  map[string]string `json:"filled,omitempty"`  // seats it filled and how each holder was found
	Clocks  map[string]string `json:"clocks,omitempty"`  // clocks whose due time it changed; "none": ended for want of a limit
	Code    string            `json:"code,omitempty"`    // why an automatic act was not done
	Names   []string          `json:"names,omitempty"`   // personal fields it set, and texts that numbers were lifted out of: names only
	Formula map[string]any    `json:"formula,omitempty"` // computed fields with their inputs
	Marks   []Struck          `json:"marks,omitempty"`   // moments of clocks that came
}

// Struck is a moment of a clock that came.
type Struck struct {
	Clock string `json:"clock"`
	At    string `json:"at"` // as the life writes it: due, 80%, 15m after due
}

// Participant sits at a case from a day to a day.
type Participant struct {
	ID, CaseID string
	Seat       string
	Kind       string // person, post, unit, party
	Subject    string // id of the person, post or unit
	State      string
	From       time.Time
	Until      time.Time
	DueAt      time.Time // an offer lapses then
	MoveID     string
	Why        string // how the holder was found

	changed, added bool
}

// The states of a participant.
const (
	Offered = "offered"
	Held    = "held"
	Left    = "left"
	Refused = "refused"
)

// SeatEscalated is the kernel's own seat: owners that an escalation added.
const SeatEscalated = workflow.SeatEscalated

// Clock is a named time beside the steps.
type Clock struct {
	Name        string
	State       string
	From, Due   time.Time
	Until       time.Time // when it stopped
	PausedAt    time.Time
	Limit       []string // spans or moments; the earliest binds
	Hours       string
	Extended    []string
	Provisional bool
	Fired       int64     // marks fired so far
	Next        time.Time // the next mark
	Rule        string
	Why         json.RawMessage // []worktime.Step
	Pauses      []Pause

	changed, added bool
}

// Pause is a stretch that does not count on a clock. An open one has no end yet.
type Pause struct {
	ID          string
	From, Until time.Time
	Reason      string

	changed, added bool
}

// The states of a clock.
const (
	Running = "running"
	Paused  = "paused"
	Stopped = "stopped"
)

// Late tells whether the clock ran, or runs, past its due time at a moment.
func (c *Clock) Late(now time.Time) bool {
	switch c.State {
	case Stopped:
		return c.Until.After(c.Due)
	case Paused:
		return c.PausedAt.After(c.Due)
	}
	return now.After(c.Due)
}

// PartSet is one round of a set of parts.
type PartSet struct {
	Name             string
	Round            int64
	Source           string
	SnapshotDay      string
	Follow           bool
	Next             time.Time // a cadence opens its next part then; a join gives up then
	Opened, Expected int64
	State            string // open, joined, failed
	OpenedAt         time.Time
	EndedAt          time.Time

	changed, added bool
}

// The states of a part set. Offered is one whose places can still be taken, Open one that waits
// for its parts.
const (
	SetOffered = "offered"
	SetOpen    = "open"
	SetJoined  = "joined"
	SetFailed  = "failed"
)

// Link joins two cases without making one part of the other.
type Link struct {
	ID, Kind, From, To string
	Since, Until       time.Time
}

// The kinds of links.
const (
	Follows   = "follows"
	Merged    = "merged"
	Duplicate = "duplicate"
)

var zero time.Time
