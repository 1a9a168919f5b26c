package workflow

import (
	"slices"

	"gezhi/internal/formula"
)

// Clock is a named time beside the steps.
type Clock struct {
	Name        string
	From        []Trigger // start, once; empty with In
	Until       []Trigger // stop; empty: when the case closes
	In          []string  // steps: starts anew at each entry, unless Keep
	Keep        bool      // goes on where it stopped
	Limit       Limit
	Hours       string // HoursCalendar (default), HoursAlways or HoursClass
	Exact       bool   // a limit that ends on a day off stays there
	NeverPaused bool
	Extend      *Extend
	Exclude     []Exclude
	Marks       []Mark
}

// Limit is how long a clock may take. Exactly one of Class, Terms and By is set.
type Limit struct {
	Class bool // from the class and its severity, under the clock's name
	Terms []Term
	By    *formula.Expr // picks one of Cases by its value
	Cases []LimitCase
}

// IsZero tells that no limit is given.
func (l Limit) IsZero() bool { return !l.Class && len(l.Terms) == 0 && l.By == nil }

// Reads tells whether a limit depends on one of the names, "class" or "severity". A limit of
// the class depends on both.
func (l Limit) Reads(names ...string) bool {
	reads := func(e *formula.Expr) bool {
		return e != nil && slices.ContainsFunc(e.Refs(), func(r formula.Ref) bool { return slices.Contains(names, r.Path[0]) })
	}
	return l.Class || reads(l.By) || slices.ContainsFunc(l.Terms, func(t Term) bool { return reads(t.Expr) })
}

// Term is one length or one moment; of several the earliest binds.
type Term struct {
	Span Span          // zero when Expr is set
	Expr *formula.Expr // a date, a moment, or the text of a span
}

// LimitCase is the limit for one value of By.
type LimitCase struct {
	Value string
	Term  Term
}

// Extend lengthens a clock, as an approved and counted act (Who) or as the fruit of a
// join (Upon).
type Extend struct {
	By    Span // zero with Class
	Class bool // as class and grade say, under the clock's name; silence means never
	Times int
	Who   []Who
	Upon  *Trigger
}

// Exclude is time that does not count, with its beginning, end, maximum and reason.
type Exclude struct {
	Name   string // the reason, also its word
	From   Trigger
	Until  Trigger
	AtMost Span
}

// Mark is a moment on a clock when somebody is told or becomes an owner as well.
type Mark struct {
	At       MarkAt
	Tell     []Who
	Escalate []Who
}
