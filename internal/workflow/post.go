package workflow

import (
	"strconv"
	"strings"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/worktime"
)

// Post moves an amount in a ledger of the pack. What it does is said by Kind.
type Post struct {
	Kind    string // PostGrant, PostDeduct, PostUndo or PostRelease
	Ledger  string
	To      *formula.Expr // grant, deduct: whose account; a person, a record, or a list of them
	Amount  *formula.Expr // grant, deduct: a whole number; 0 posts nothing
	From    *Issuer       // grant: whose budget; nil: the ledger's issuer
	Item    *formula.Expr // what it is for, by which reports count
	Reason  string        // a code of the words, section reasons; "" is the action's own word
	Hold    *Holding      // grant: kept for a while before it may be spent
	Expires *Until        // grant: over the ledger's rule
	Action  string        // undo, release: the action of this life that posted
	Partly  bool          // undo, deduct: as much as there is
	Missing string        // field that is told how much there was not
}

// What an effect post does.
const (
	PostGrant   = "grant"
	PostDeduct  = "deduct"
	PostUndo    = "undo"
	PostRelease = "release"
)

// Holding says when what is granted is held, and for how long.
type Holding struct {
	If  *formula.Expr // nil: always
	For Span          // zero: until an action releases it
}

// Issuer names a unit whose budget something is granted from.
type Issuer struct {
	OfArea bool          // the unit that runs the case's area
	Kind   string        // the nearest unit of a kind, or of that code, in the case's area or above
	Value  *formula.Expr // a unit
}

// Until is when something expires: exactly one member is set.
type Until struct {
	Span Span
	Day  *YearDay
	Expr *formula.Expr // a date, which is the last day
}

// YearDay is a day of the year; it is the last day on which something counts.
type YearDay struct {
	Month, Day int
	Next       bool // of the year after, whatever the day
}

// ParseYearDay reads "12-31" or "12-31 next year".
func ParseYearDay(s string) (YearDay, error) {
	day, next := strings.CutSuffix(s, " next year")
	m, d, ok := strings.Cut(day, "-")
	month, err := strconv.Atoi(m)
	n, err2 := strconv.Atoi(d)
	if !ok || len(m) != 2 || len(d) != 2 || err != nil || err2 != nil || month < 1 || month > 12 || n < 1 || n > daysOf[month] {
		return YearDay{}, fault.New(fault.Invalid, "workflow.year_day", "text", s)
	}
	return YearDay{month, n, next}, nil
}

// daysOf are the days that a month has in every year.
var daysOf = [...]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// After is the end of that day: the first moment at which what expires then counts no more. On
// the day itself it is still that day.
func (y YearDay) After(now time.Time) time.Time {
	end := time.Date(now.Year(), time.Month(y.Month), y.Day+1, 0, 0, 0, 0, now.Location())
	if y.Next || !end.After(now) {
		end = time.Date(now.Year()+1, time.Month(y.Month), y.Day+1, 0, 0, 0, 0, now.Location())
	}
	return end
}

// ParseUntil reads a span, a day of the year, or else a formula of a date.
func ParseUntil(s string) (Until, error) {
	if span, err := worktime.ParseSpan(s); err == nil {
		return Until{Span: span}, nil
	}
	if day, err := ParseYearDay(s); err == nil {
		return Until{Day: &day}, nil
	}
	e, err := formula.Compile(s)
	return Until{Expr: e}, err
}

// Season is a stretch of time at whose end a ledger is cleared.
type Season struct {
	Every string // month, quarter, half-year or year
	Day   *YearDay
}

// End is the moment at which the season ends that a moment lies in.
func (s Season) End(now time.Time) time.Time {
	if s.Day != nil {
		return s.Day.After(now)
	}
	months := map[string]int{"month": 1, "quarter": 3, "half-year": 6, "year": 12}[s.Every]
	begun := (int(now.Month()) - 1) / months * months
	return time.Date(now.Year(), time.Month(begun+months+1), 1, 0, 0, 0, 0, now.Location())
}
