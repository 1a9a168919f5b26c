package workflow

import "gezhi/internal/formula"

// PartSet is many cases below one.
type PartSet struct {
	Name  string
	Upon  *Trigger // nil: only opened by hand of the kernel
	For   Source
	Task  *Task  // exactly one of Task and Case
	Case  string // class (or life) of the parts
	Give  []Assign
	Take  []Assign
	Join  *Join
	Rest  string // RestVoid or RestStay: what becomes of the others once joined or failed
	Title *formula.Expr
}

// What becomes of the open items when a join has fired.
const (
	RestVoid = "void"
	RestStay = "stay"
)

// Source is where the list of a part set comes from.
type Source struct {
	Kind   string        // one of the For constants
	Field  string        // ForGiven: the asked field with the list
	Seats  []string      // ForParticipants
	Record string        // ForRecords: record kind
	Where  *formula.Expr // ForRecords, ForRows, ForList, ForOpen: which
	AsOf   *formula.Expr // ForRecords: of what day; nil: today
	Rows   *formula.Expr // ForRows: a list field, "field.terms" or "about.documents"
	List   string        // ForList: a list shipped with the pack
	Open   string        // ForOpen: class of the cases
	Dates  *Dates        // ForDates
	Offer  *Offer        // ForOffer
	Public string        // ForPublic: the view by which everybody may open a part
	Follow bool          // the set keeps in step with its source
}

// The sources of part sets.
const (
	ForGiven        = "given"
	ForParticipants = "participants"
	ForRecords      = "records"
	ForDates        = "dates"
	ForRows         = "rows"
	ForList         = "list"
	ForOpen         = "open"   // cases of a class that are open in the area of this one, or below
	ForOffer        = "offer"  // eligible people take a place, and their part opens
	ForPublic       = "public" // whoever reads the public view may open one
)

// Offer says to whom places are offered, and for how long.
type Offer struct {
	To        []Who         // roles of the area (at it, below it or above it), above it, of a unit or of the jurisdiction
	Places    *formula.Expr // how many, as the set opens
	Each      int           // how many one person may take; at least 1
	If        *formula.Expr // who of them may, by what taker is; nil: all
	Ends      *Trigger      // until: nil: the case leaves the step in which the set opened
	Until     *formula.Expr // the day or moment that ends it besides; nil: none
	Shows     []string      // fields of the case that those see to whom it is offered
	GivesBack []string      // outcomes of parts whose places are free again
}

// Dates is a cadence.
type Dates struct {
	Every string        // day, week, month, quarter, half-year, year; "" with On
	Day   string        // "friday", "15", "last", "last working", "09-01"
	Time  string        // "08:00", or ""
	On    *formula.Expr // a single date, instead of Every
	From  *formula.Expr // nil: the day of opening
	Until *formula.Expr // nil: until the case closes
	Ahead string        // "1" so many open in advance, or a span; "" means 1
}

// Task is the body of a part that is answered rather than lived: the life task of the
// pack core with these parameters.
type Task struct {
	Asks        []string // required answer fields, declared in the fields of the life
	Also        []string
	Who         []Who // empty: the item itself
	Due         Limit
	Acknowledge Span
	Hours       string // as Clock.Hours
	Marks       []Mark
	Give        []Assign
}

// Join says when a part set counts as complete. Exactly one of All, Any, AtLeast and Share
// says how many; Turnout may stand alone or beside.
type Join struct {
	All      bool
	Any      bool
	AtLeast  int
	Share    *Ratio
	Turnout  *Ratio
	Of       string        // OfEveryone or OfAnswered, with Share
	That     *formula.Expr // which answers count as yes; nil: every answer
	Where    *formula.Expr // which items count at all; nil: every item
	AtLatest bool          // silence at the due time ends the wait and counts as silence
}

// What a share is a share of.
const (
	OfEveryone = "everyone"
	OfAnswered = "answered"
)
