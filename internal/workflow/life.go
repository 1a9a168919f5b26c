package workflow

import (
	"gezhi/internal/formula"
	"gezhi/internal/worktime"
)

// Phase is what a step means to queues, reports and figures. Steps are named by packs,
// phases are fixed.
type Phase string

// The phases. A case in Closed has ended; its outcome says how.
const (
	Waiting   Phase = "waiting"   // nobody works on it yet
	Working   Phase = "working"   // somebody handles it
	Verifying Phase = "verifying" // somebody else checks it
	Rating    Phase = "rating"    // the reporter is asked
	Closed    Phase = "closed"    // work has ended
)

// Phases lists the phases in the order of a usual life.
var Phases = []Phase{Waiting, Working, Verifying, Rating, Closed}

// Span is a limit as packs write it: "30m", "4 working hours", "3 months", "-7 days", "same
// day", "17:30". Zero is none.
type Span = worktime.Span

// MarkAt says when a mark of a clock falls: "80%", "due", "15m after due". Zero is due.
type MarkAt = worktime.Mark

// Ratio is an exact share: 2/3, 5% (1/20), 0.9 (9/10). Den is never 0 in a parsed life.
type Ratio struct{ Num, Den int64 }

// Life is how cases of one kind go.
type Life struct {
	Name    string
	About   []AboutKind // what a case may be about; empty: nothing
	Keys    []Key
	Opens   []Opening
	Seats   []Seat
	Clocks  []Clock
	Parts   []PartSet
	Steps   []Step // the first is the start
	Actions []Action
	Public  []PublicView
	Watches []Watch
	Allow   []Overlay
	Ending  Ending
}

// AboutKind is one kind of thing a case may be about.
type AboutKind struct {
	Kind string // AboutRecord or AboutCase
	Of   string // record kind, or class or life of the other case
}

// What a case may be about.
const (
	AboutRecord = "record"
	AboutCase   = "case"
)

// PublicView is what everybody may read of a case while it stands in some steps.
type PublicView struct {
	Name       string
	While      []string      // steps
	Shows      []string      // fields; never personal ones. "title" is what the case is called
	Until      *formula.Expr // the day or moment after which it ends by itself; nil: with the steps, or as Clock says
	Clock      string        // until clock NAME due; "": none
	Objections string        // the part set by which everybody may object; "": none
}

// Watch is a rule that says what looks odd. It opens a case at which people look, and neither
// hinders nor changes anything itself.
type Watch struct {
	Name  string
	Upon  []Trigger
	If    *formula.Expr // asked once the act stands
	Opens string        // a class of the pack, about the case that is watched
	Give  []Assign
}

// Step is one place a case can stand.
type Step struct {
	Name  string
	Phase Phase
}

// Key is a promise that at most one case exists for the same values.
type Key struct {
	Name   string
	Of     []*formula.Expr // the values; normalised and hashed together
	Among  []Among         // which cases count
	Except []string        // outcomes or steps of cases that do not count
	Else   string          // KeyAttach, KeyRefuse, KeyPropose or KeyCount
	AtMost *formula.Expr   // how many cases may hold it, up to MostHolders; nil: one
}

// MostHolders is how many cases may hold one key at most.
const MostHolders = 100

// Among names the cases among which a key is unique.
type Among struct {
	Kind    string // AmongOpen, AmongEver or AmongOutcome
	Outcome string // with AmongOutcome
}

// The words of keys.
const (
	AmongOpen    = "open"
	AmongEver    = "ever"
	AmongOutcome = "outcome"

	KeyAttach  = "attach"  // hand the new fact to the case that holds the key
	KeyRefuse  = "refuse"  // case.key_taken
	KeyPropose = "propose" // open, and propose a merge
	KeyCount   = "count"   // hinder nobody: past counts the others
)

// Opening is one way a case of this life begins.
type Opening struct {
	By       string   // OpenByPerson, OpenBySignal, OpenByRecord or OpenByDates
	Channels []string // by a person: through which channels; empty: those of the class
	Who      []Who    // by a person: who may; empty: everybody the channel lets in
	Asks     []string // by a person: required fields and seats besides those of the class
	Also     []string // by a person: optional fields and seats
	Name     string   // by a signal: which
	Give     []Assign // by a signal or record: first values
	Upon     *Trigger // by a record: which change
	Every    string   // by dates: "year", "month", …
	Day      string   // by dates: "09-01", "friday", "15", "last working"
}

// The ways a case begins, besides as a part and by the effect start.
const (
	OpenByPerson = "person"
	OpenBySignal = "signal"
	OpenByRecord = "record"
	OpenByDates  = "dates"
)

// Taker is what formulas of an offer call who would take a place.
const Taker = "taker"

// Reporter is the seat every case has: who brought it. Packs use it without declaring it.
const Reporter = "reporter"

// The seats that the kernel's own acts fill. Packs may name them in who, tell and apart
// without declaring them.
const (
	SeatSupervisor = "supervisor" // who supervises
	SeatSupervised = "supervised" // whoever had, or works on, a case under supervision: does not close it
	SeatSponsor    = "sponsor"
	SeatEscalated  = "escalated" // owners that an escalation added
)

// KernelSeats lists the seats that the kernel's own acts fill.
var KernelSeats = []string{SeatSupervisor, SeatSupervised, SeatSponsor, SeatEscalated}

// Seat is a place at the case, held by people, posts, units or parties with dates.
type Seat struct {
	Name        string
	Kind        string   // SeatPerson, SeatPost, SeatUnit, SeatParty or SeatAny
	From        string   // record kind whose valid records limit the choice, or ""
	AtLeast     int      // 0: may stay empty
	AtMost      int      // 0: no limit
	First       *First   // who is seated at opening; nil: nobody
	Accepts     Span     // zero: held at once; else offered, and held once taken within this
	Apart       []string // seats nobody may hold besides this one
	Represented bool     // a party may act through a representative with a mandate on file
	Inherit     bool     // parts see the parent's seat
	Sees        []string // empty: the usual for its kind
}

// Exactly says that the seat is held by exactly n.
func (s Seat) Exactly(n int) bool { return s.AtLeast == n && s.AtMost == n }

// The kinds of seats.
const (
	SeatPerson = "person"
	SeatPost   = "post"
	SeatUnit   = "unit"
	SeatParty  = "party" // a person or body without an account
	SeatAny    = "any"   // any of these, as the part set it comes from has it
)

// First says who is seated when the case opens.
type First struct {
	Kind string        // FirstReporter, FirstDuty, FirstUnitOfArea or FirstValue
	Path *formula.Expr // with FirstValue: "about.reach.chief", "field.owner"
}

// Who is seated first.
const (
	FirstReporter   = "reporter"
	FirstDuty       = "duty"         // class x area, see the duty lines of the pack
	FirstUnitOfArea = "unit of area" // the unit that runs the case's area
	FirstValue      = "value"
)

// Trigger is an event of the statechart. A Trigger in a life says what is waited for; the
// same type, fully named, says what happened.
type Trigger struct {
	Kind  string // one of the On constants
	Name  string // step, action, clock, part, signal, record kind, or the path of a date
	Event string // part: opened, joined, failed; clock: due; record: created, revised, ended
}

// The kinds of triggers. There are no others.
const (
	OnOpened  = "opened"
	OnClosed  = "closed"
	OnEntered = "entered" // Name is a step
	OnLeft    = "left"    // Name is a step
	OnDid     = "did"     // Name is an action
	OnDate    = "date"    // Name is a path: "field.meeting"
	OnClock   = "clock"   // Name is a clock, Event is due
	OnPart    = "part"    // Name is a part set, Event is opened, joined or failed
	OnSignal  = "signal"  // Name is a signal
	OnRecord  = "record"  // Name is a record kind, Event is created, revised or ended
)

// Who names people by what they are to a case. A list of Who means any of them.
type Who struct {
	Kind string // WhoSeat, WhoRole, WhoPublic, WhoSystem or WhoItem
	Name string // the seat or the role; WhoItem: path below the item ("owner"), or "" for itself
	Of   string // WhoRole: one of the Of constants
	Seat string // with OfUnit: the seat whose unit is meant, or "item"
}

// The kinds of Who, and where a role must be held.
const (
	WhoSeat   = "seat"
	WhoRole   = "role"
	WhoPublic = "public" // only with a public receipt or session
	WhoSystem = "system" // an automatic action, needs upon
	WhoItem   = "item"   // the item of the part set: its person, unit or seat

	OfArea         = "area"
	OfAreaAbove    = "area_above"
	OfUnit         = "unit"
	OfJurisdiction = "jurisdiction"
	OfDutyArea     = "duty_area" // who is on the roster of the area now
)

// Action is something that can be done to a case.
type Action struct {
	Name     string
	In       []string // steps, with "phase X" already expanded; never empty in a checked life
	To       []Target // empty: the step stays. The first that holds is taken; the last has no If
	Who      []Who
	Apart    []Apart
	Asks     []string      // required fields; a seat's name fills the seat
	Also     []string      // optional fields and seats
	If       *formula.Expr // nil or true: offered; else hidden and refused
	Needs    []Need
	Upon     *Trigger // with who: system
	Outcome  string   // set when the action closes the case
	Times    int      // 0: as often as wanted
	Sample   Ratio    // zero: none. Share drawn for a later check by somebody else
	Least    int      // Sample: so many drawn at least of each doer's acts of a month
	Then     []Effect
	Batch    string // BatchTrue or BatchLooked: one person may do it on many cases at once
	HelpedBy string // seat whose holder may enter the act for the actor, with a mandate
}

// How an action may be done on many cases at once: each is an act of its own, with its own result.
const (
	BatchTrue   = "true"
	BatchLooked = "looked" // and only on those that were opened one by one
)

// Target is one place an action may lead to.
type Target struct {
	Step string
	If   *formula.Expr // nil: always
}

// Apart keeps two acts or seats in different hands.
type Apart struct {
	Did     string // an action, done anywhere in the family; "" when Seat is set
	Seat    string // a seat of this case
	OnAbout bool   // Did is an action on the case this one is about
	Same    string // "" the same person; SameHousehold or SameUnit widen it
}

// How apart is widened.
const (
	SameHousehold = "household"
	SameUnit      = "unit"
)

// Need is a condition that must hold before an action is done. Exactly one of Part, Seat,
// Field, That, Record and Gap is set; a Seat may stand beside a Record.
type Need struct {
	Part     string // a part set, tested by Join
	Join     *Join
	OrSayWhy bool // Part: open items may be answered for with a reason each
	Seat     string
	AtLeast  int // Seat: so many hold it; 1 unless said
	Field    string
	That     *formula.Expr
	Else     string // That: the reason shown when it fails
	// Record is a kind of which one must hold for what the case is about: itself, joined to it by a
	// relation, or naming who holds Seat.
	Record string
	Valid  *formula.Expr // Record: on which day; nil: today
	Gap    string        // a coverage with AtMost gaps at most
	AtMost int
}

// Assign gives a field (or seat) a value.
type Assign struct {
	Field string
	Value *formula.Expr
}

// Effect is one verb of an action's then. Exactly one member is set.
type Effect struct {
	Set   []Assign
	Fill  []Assign // Field is a seat
	Free  []string // seats
	Move  *Move
	Start *Start
	Tell  []Who
	// Personal grants the reporter a right over what is kept of him.
	Personal *Personal
	Post     *Post
	Write    *Write
}

// Personal is a right that a subject has over personal data (PIPL, 个人信息保护法, articles 45
// to 47), granted by an action on the subject's request.
type Personal struct {
	Do string        // PersonalCopy or PersonalErase
	Of *formula.Expr // number of the case it is about; nil, or nothing: all that the subject reported
}

// The rights that an action may grant.
const (
	PersonalCopy  = "copy"
	PersonalErase = "erase"
)

// Move does a named action on another case of the family.
type Move struct {
	Target string // MoveParent, MoveAbout or MoveParts
	Part   string // with MoveParts
	Do     string
	Where  *formula.Expr // with MoveParts; nil: all
	Give   []Assign
}

// The targets of Move.
const (
	MoveParent = "parent"
	MoveAbout  = "about"
	MoveParts  = "parts"
)

// Start opens an independent case that follows this one.
type Start struct {
	Class string
	Give  []Assign
}

// By which hours a clock counts.
const (
	HoursCalendar = "calendar"
	HoursAlways   = "always"
	HoursClass    = "class"
)

// Overlay is a kernel action, shaped by the pack.
type Overlay struct {
	Name      string   // one of the overlay constants
	In        []string // steps; empty: wherever the kernel lets it
	To        string   // where the case stands afterwards; "" stays
	Who       []Who    // empty: the kernel's own rule
	Reasons   string   // name of a reason list of the pack, or a single reason
	Within    Limit    // how long after the case came; zero: always
	AtMost    Span     // longest pause
	Cap       int      // how often; 0: the kernel's own cap
	Then      string   // what follows when the cap is reached: designate
	PassingOn bool     // return: the returning unit may name another (default true)
	Tell      []Who
}

// The kernel's own actions.
const (
	Urge        = "urge"
	Supervise   = "supervise"
	Escalate    = "escalate"
	Suspend     = "suspend"
	Transfer    = "transfer"
	Return      = "return"
	Sponsor     = "sponsor"
	Designate   = "designate"
	Merge       = "merge"
	Reopen      = "reopen"
	Acknowledge = "acknowledge"
	Comment     = "comment"
	Reclassify  = "reclassify"
	Shield      = "shield"    // kept from somebody whom it is about
	HandDown    = "hand_down" // given to the place that its reporter avoided
)

// Overlays lists the kernel actions a pack may allow, in the order the desk shows them.
var Overlays = []string{Acknowledge, Urge, Supervise, Escalate, Suspend, Transfer, Return,
	Sponsor, Designate, Reclassify, Merge, Reopen, Shield, HandDown, Comment}

// KernelActs are the acts the kernel brings besides Overlays, without a pack's shaping: the
// other halves of overlays, what a seat's holder answers to an offer, and how the lead ends
// a part. A trigger may wait for them.
var KernelActs = []string{"resume", "unmerge", "extend", "accept_seat", "refuse_seat", "waive", "void", "correct", "erased"}

// Ending says what closing does to what hangs on the case.
type Ending struct {
	Parts []EndingPart
	Seats string // "free": rights through seats end at once (the only value)
	Keep  []Keep
}

// EndingPart says what becomes of the open parts of one set.
type EndingPart struct {
	Part string
	Rule string // PartsMustBeClosed (default), PartsClose, PartsVoid or PartsCarryOver
}

// What becomes of open parts when the case closes.
const (
	PartsMustBeClosed = "must_be_closed"
	PartsClose        = "close"
	PartsVoid         = "void"
	PartsCarryOver    = "carry_over"
)

// Keep is a retention: what is kept for how long.
type Keep struct {
	What string // case, personal, answers
	Text string // "10 years", "erase 30 days after closed", "anonymise"
}
