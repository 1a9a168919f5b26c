package worktime

import (
	"strings"
	"time"

	"gezhi/internal/fault"
)

// Shift is one stretch of open hours within a day, From inclusive, To exclusive. Its text
// is 08:30-12:00. A shift over midnight is two: until 24:00 and from 00:00.
type Shift struct{ From, To TimeOfDay }

// MarshalText writes the shift as 08:30-12:00.
func (s Shift) MarshalText() ([]byte, error) {
	return []byte(s.From.String() + "-" + s.To.String()), nil
}

// UnmarshalText reads a shift such as 08:30-12:00. Anything else is Invalid,
// worktime.bad_hours.
func (s *Shift) UnmarshalText(text []byte) error {
	a, b, _ := strings.Cut(string(text), "-")
	from, err1 := ParseTimeOfDay(a)
	to, err2 := ParseTimeOfDay(b)
	if err1 != nil || err2 != nil || from >= to {
		return fault.New(fault.Invalid, "worktime.bad_hours")
	}
	*s = Shift{from, to}
	return nil
}

// Hours are the shifts of a day in order, without overlap. None means closed.
type Hours []Shift

// Week gives the hours of each weekday; a day left out is closed.
type Week struct {
	Monday    Hours `json:"monday,omitempty" yaml:"monday,omitempty"`
	Tuesday   Hours `json:"tuesday,omitempty" yaml:"tuesday,omitempty"`
	Wednesday Hours `json:"wednesday,omitempty" yaml:"wednesday,omitempty"`
	Thursday  Hours `json:"thursday,omitempty" yaml:"thursday,omitempty"`
	Friday    Hours `json:"friday,omitempty" yaml:"friday,omitempty"`
	Saturday  Hours `json:"saturday,omitempty" yaml:"saturday,omitempty"`
	Sunday    Hours `json:"sunday,omitempty" yaml:"sunday,omitempty"`
}

func (w Week) days() [7]Hours {
	return [7]Hours{
		time.Sunday: w.Sunday, time.Monday: w.Monday, time.Tuesday: w.Tuesday, time.Wednesday: w.Wednesday,
		time.Thursday: w.Thursday, time.Friday: w.Friday, time.Saturday: w.Saturday,
	}
}

// Season is a part of every year with its own hours, such as summer; both ends belong to
// it, and it may reach over the end of the year. Of two seasons the first that fits holds.
type Season struct {
	From MonthDay `json:"from" yaml:"from"`
	To   MonthDay `json:"to" yaml:"to"`
	Week Week     `json:"week" yaml:"week"`
}

func (s Season) holds(m MonthDay) bool {
	if s.From <= s.To {
		return s.From <= m && m <= s.To
	}
	return s.From <= m || m <= s.To
}

// Exception is a day, or several in a row, on which a jurisdiction differs from its week
// and from the national holidays: a local festival off, or a Saturday worked.
type Exception struct {
	From   Date   `json:"from" yaml:"from"`
	To     Date   `json:"to,omitzero" yaml:"to,omitempty"`         // last day; none: a single day
	Closed bool   `json:"closed,omitzero" yaml:"closed,omitempty"` // a day off; otherwise a workday
	Name   string `json:"name,omitzero" yaml:"name,omitempty"`     // a code that words are looked up by
	Hours  Hours  `json:"hours,omitempty" yaml:"hours,omitempty"`  // of a workday, if not the usual ones
}

// Rules are the part of a calendar that a jurisdiction decides itself. Of two exceptions
// for a day the later in the list holds.
type Rules struct {
	Week       Week        `json:"week" yaml:"week"`
	Seasons    []Season    `json:"seasons,omitempty" yaml:"seasons,omitempty"`
	Exceptions []Exception `json:"exceptions,omitempty" yaml:"exceptions,omitempty"`
}

// The years a calendar may speak of; a typing error must not fill the memory.
const firstYear, lastYear = 1990, 2100

func (r Rules) check() error {
	weeks := []Week{r.Week}
	for _, s := range r.Seasons {
		weeks = append(weeks, s.Week)
		if s.From == 0 || s.To == 0 {
			return fault.New(fault.Invalid, "worktime.bad_season")
		}
	}
	for _, w := range weeks {
		if err := w.check(); err != nil {
			return err
		}
	}
	for _, e := range r.Exceptions {
		if e.From.Year() < firstYear || e.last().Year() > lastYear || e.last() < e.From || e.Closed && len(e.Hours) > 0 {
			return fault.New(fault.Invalid, "worktime.bad_exception", "from", e.From.String())
		}
		if _, err := e.Hours.total(); err != nil {
			return err
		}
	}
	return nil
}

func (e Exception) last() Date {
	if e.To == 0 {
		return e.From
	}
	return e.To
}

// check asks for at least one open hour a week, so that counting comes to an end.
func (w Week) check() error {
	sum := 0
	for _, h := range w.days() {
		n, err := h.total()
		if err != nil {
			return err
		}
		sum += n
	}
	if sum < 60 {
		return fault.New(fault.Invalid, "worktime.no_hours")
	}
	return nil
}

// total is the number of open minutes.
func (h Hours) total() (int, error) {
	sum, end := 0, TimeOfDay(0)
	for _, s := range h {
		if s.From < end || s.From >= s.To || s.To > 24*60 {
			return 0, fault.New(fault.Invalid, "worktime.bad_hours")
		}
		sum += int(s.To - s.From)
		end = s.To
	}
	return sum, nil
}
