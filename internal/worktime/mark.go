package worktime

import (
	"strconv"
	"strings"
	"time"

	"gezhi/internal/fault"
)

// Mark is a moment in the life of a clock: a share of its limit, or its due, or so much
// before or after that. Its text is 80%, due, 15m after due, 7 days before due,
// 1 working day before due. The zero Mark is the due itself. Marks are compared with ==.
type Mark struct {
	Percent int  // 1 to 99, or 0
	Offset  Span // from the due, negative before it; only without Percent
}

// String returns the mark as a pack would write it.
func (m Mark) String() string {
	switch {
	case m.Percent != 0:
		return strconv.Itoa(m.Percent) + "%"
	case m.Offset.IsZero():
		return "due"
	case m.Offset.N < 0:
		return m.Offset.negative().String() + " before due"
	}
	return m.Offset.String() + " after due"
}

func (s Span) negative() Span { return Span{-s.N, s.Unit} }

// MarshalText writes the mark as String does.
func (m Mark) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads a mark as ParseMark does.
func (m *Mark) UnmarshalText(text []byte) error {
	v, err := ParseMark(string(text))
	if err == nil {
		*m = v
	}
	return err
}

// ParseMark reads a mark. What is none is Invalid, worktime.bad_mark; a wrong span within
// it has the code of ParseSpan.
func ParseMark(text string) (Mark, error) {
	bad := fault.New(fault.Invalid, "worktime.bad_mark")
	s := strings.Join(strings.Fields(text), " ")
	if s == "due" {
		return Mark{}, nil
	}
	if digits, ok := strings.CutSuffix(s, "%"); ok {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 || n > 99 || digits[0] == '+' {
			return Mark{}, bad
		}
		return Mark{Percent: n}, nil
	}
	length, after := strings.CutSuffix(s, " after due")
	length, before := strings.CutSuffix(length, " before due")
	if after == before {
		return Mark{}, bad
	}
	span, err := ParseSpan(length)
	if err != nil {
		return Mark{}, err
	}
	if span.N < 0 || span.Unit >= SameDay {
		return Mark{}, bad
	}
	if before {
		span = span.negative()
	}
	return Mark{Offset: span}, nil
}

// At returns the moment of the mark for a clock that began at start and ends at due.
//
// A share is taken of the open time between the two, without the pauses, and of elapsed
// time where the office does not open in between; for a limit in elapsed time pass Always,
// as Clock.At does. Minutes and hours before or after are counted as in Add; days of every
// kind keep the time of day of the due, but end with business on a working day, and do not
// move off a day off: who is told at which hour is for the notifying calendar. A mark may
// lie before start.
func (m Mark) At(start, due time.Time, cal Calendar, pauses ...Pause) time.Time {
	if m.Percent != 0 {
		return m.share(momentOf(start), momentOf(due), cal, gapsOf(pauses)).time()
	}
	end, s := momentOf(due), sum{cal: cal}
	switch o := m.Offset; {
	case o.IsZero():
		return end.time()
	case o.Elapsed() || cal.IsAlways():
		return s.elapsed(end, o, nil).time()
	case o.Unit == InWorkingMinutes || o.Unit == InWorkingHours:
		return s.add(end, o, false, nil).time()
	case o.Unit == InWorkingDays:
		at := s.workingDays(end, o.N, nil)
		return min(at, (at-1).date().start()+moment(end.ofDay())).time()
	default:
		return (end.date().add(o).start() + moment(end.ofDay())).time()
	}
}

func (m Mark) share(start, due moment, cal Calendar, g gaps) moment {
	total := measure(cal, start, due, g)
	if total == 0 {
		cal = Always()
		total = measure(cal, start, due, g)
	}
	if total <= 0 {
		return due
	}
	part := max(1, total*int64(m.Percent)/100)
	s := sum{cal: cal}
	return s.workingTime(start, part, g.after(start))
}
