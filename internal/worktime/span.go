package worktime

import (
	"strconv"
	"strings"

	"gezhi/internal/fault"
)

// Unit is what a span counts in.
type Unit uint8

// The units of a span.
const (
	InMinutes        Unit = iota + 1 // elapsed
	InHours                          // elapsed
	InWorkingMinutes                 // open time
	InWorkingHours                   // open time
	InWorkingDays
	InDays // calendar days, as are the three below
	InWeeks
	InMonths
	InYears
	SameDay // until the end of business; N is 0
	AtTime  // until that time of day; N is a TimeOfDay
)

// units gives each unit its words and the longest span, about a hundred years.
var units = [...]struct {
	one, many string
	most      int
}{
	InMinutes:        {"m", "m", 52_600_000},
	InHours:          {"h", "h", 876_600},
	InWorkingMinutes: {"working minute", "working minutes", 12_000_000},
	InWorkingHours:   {"working hour", "working hours", 200_000},
	InWorkingDays:    {"working day", "working days", 25_000},
	InDays:           {"day", "days", 36_525},
	InWeeks:          {"week", "weeks", 5_200},
	InMonths:         {"month", "months", 1_200},
	InYears:          {"year", "years", 100},
	SameDay:          {"same day", "same day", 0},
	AtTime:           {"", "", 24 * 60},
}

// Span is a limit as packs write it: 30m, 1h, 90 working minutes, 4 working hours,
// 3 working days, 5 days, 2 weeks, 3 months, 1 year, same day, 17:30 (00:00 is read as
// 24:00). A negative N counts back. Spans are compared with ==; the zero Span is no limit at all.
type Span struct {
	N    int
	Unit Unit
}

// IsZero reports whether there is no limit.
func (s Span) IsZero() bool { return s == Span{} }

// Elapsed reports whether the span runs on outside open hours: minutes and hours do, on any
// calendar. On Always every span does.
func (s Span) Elapsed() bool { return s.Unit == InMinutes || s.Unit == InHours }

// String returns the span as a pack would write it, "" for none. Parsing it gives the same
// span back.
func (s Span) String() string {
	switch {
	case s.IsZero() || int(s.Unit) >= len(units):
		return ""
	case s.Unit == SameDay:
		return units[SameDay].one
	case s.Unit == AtTime:
		return TimeOfDay(s.N).String()
	case s.Elapsed():
		return strconv.Itoa(s.N) + units[s.Unit].one
	case s.N == 1 || s.N == -1:
		return strconv.Itoa(s.N) + " " + units[s.Unit].one
	}
	return strconv.Itoa(s.N) + " " + units[s.Unit].many
}

// MarshalText writes the span as String does.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a span as ParseSpan does.
func (s *Span) UnmarshalText(text []byte) error {
	v, err := ParseSpan(string(text))
	if err == nil {
		*s = v
	}
	return err
}

// ParseSpan reads a span. It is Invalid when it is none (worktime.bad_span), when its unit
// is unknown (worktime.unknown_unit), when it is zero (worktime.zero_span) or beyond a
// hundred years (worktime.span_too_long).
func ParseSpan(text string) (Span, error) {
	s := strings.Join(strings.Fields(text), " ")
	if s == units[SameDay].one {
		return Span{Unit: SameDay}, nil
	}
	if strings.Contains(s, ":") {
		t, err := ParseTimeOfDay(s)
		if err != nil {
			return Span{}, err
		}
		if t == 0 {
			t = 24 * 60 // midnight ends a day, so that it falls with the day it ends
		}
		return Span{N: int(t), Unit: AtTime}, nil
	}
	digits, sign := s, 1
	if strings.HasPrefix(s, "-") {
		digits, sign = s[1:], -1
	}
	end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if end <= 0 {
		return Span{}, fault.New(fault.Invalid, "worktime.bad_span")
	}
	unit := unitOf(digits[end:])
	if unit == 0 {
		return Span{}, fault.New(fault.Invalid, "worktime.unknown_unit")
	}
	n, err := strconv.Atoi(digits[:end])
	switch {
	case err != nil || n > units[unit].most:
		return Span{}, fault.New(fault.Invalid, "worktime.span_too_long", "most", units[unit].most)
	case n == 0:
		return Span{}, fault.New(fault.Invalid, "worktime.zero_span")
	}
	return Span{N: sign * n, Unit: unit}, nil
}

// unitOf reads what follows the number: "m" and "h" at once, words after a space.
func unitOf(rest string) Unit {
	for u := InMinutes; u <= InYears; u++ {
		if u <= InHours && rest == units[u].one {
			return u
		}
		if u > InHours && (rest == " "+units[u].one || rest == " "+units[u].many) {
			return u
		}
	}
	return 0
}
