package worktime

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// WeeklyRest is the reason of a day off that is neither a holiday nor an exception.
const WeeklyRest = "weekly_rest"

// Calendar says when an office is open. It is an immutable value, cheap to copy and safe
// for concurrent use; New makes one. The zero Calendar never closes.
type Calendar struct{ t *table }

// Always returns the calendar that never closes, for duty rosters and urgent cases.
func Always() Calendar { return Calendar{} }

// IsAlways reports whether the calendar never closes.
func (c Calendar) IsAlways() bool { return c.t == nil }

// table is a calendar made ready for counting. Days near the announced years are laid out
// in advance; the others are derived when asked for.
type table struct {
	shapes    []shape
	names     []string
	seasons   []Season
	weeks     []weekShapes // of the rules, then of each season
	marks     map[Date]mark
	announced [lastYear - firstYear + 1]bool
	first     Date
	days      []day
}

// shape is how a day is open: shifts in milliseconds since midnight.
type shape struct {
	shifts []stretch
	total  int64
	close  int64 // end of business
}

type stretch struct{ from, to int64 }

// weekShapes are indexes into shapes; 0 is closed. normal is the first open day from Monday.
type weekShapes struct {
	by     [7]uint16
	normal uint16
}

// mark is what a holiday or an exception says of a date.
type mark struct {
	off   bool
	name  uint16
	shape uint16 // own hours, or 0
}

// day is one day of the table; the fields are indexes.
type day struct {
	open   uint16 // shape; 0 is closed
	usual  uint16 // shape, or the shape it would have if it were a workday
	name   uint16 // reason of a day off or of a make-up workday
	madeUp bool
	firm   bool // known from an announcement
}

//go:embed default.json
var defaultRules []byte

var standard = sync.OnceValue(func() Calendar {
	c, err := New(DefaultRules(), Announced())
	if err != nil {
		panic(err) // embedded: a defect of the build
	}
	return c
})

// DefaultRules returns the hours of an ordinary government office, Monday to Friday.
func DefaultRules() Rules {
	var r Rules
	if err := json.Unmarshal(defaultRules, &r); err != nil {
		panic(err) // embedded: a defect of the build
	}
	return r
}

// Default returns the calendar of DefaultRules and all announced years.
func Default() Calendar { return standard() }

// New makes a calendar from a jurisdiction's rules and the announced years; of two
// announcements for a date the later in the list holds, and an exception beats both.
// Hours that overlap, a week without an open hour and an exception outside 1990 to 2100
// are Invalid (worktime.bad_hours, no_hours, bad_season, bad_exception).
func New(rules Rules, years []Year) (Calendar, error) {
	if err := rules.check(); err != nil {
		return Calendar{}, err
	}
	t := &table{shapes: []shape{{}}, names: []string{"", WeeklyRest}, marks: map[Date]mark{}, seasons: slices.Clone(rules.Seasons)}
	t.weeks = append(t.weeks, t.week(rules.Week))
	for _, s := range rules.Seasons {
		t.weeks = append(t.weeks, t.week(s.Week))
	}
	first, last := lastYear, firstYear
	span := func(d Date) { first, last = min(first, d.Year()), max(last, d.Year()) }
	for _, y := range years {
		if len(y.Days) == 0 || y.Year < firstYear || y.Year > lastYear {
			continue
		}
		t.announced[y.Year-firstYear] = true
		for _, h := range y.Days {
			t.marks[h.Date] = mark{off: h.Off, name: t.name(h.Name)}
			span(h.Date)
		}
	}
	for _, e := range rules.Exceptions {
		m := mark{off: e.Closed, name: t.name(e.Name), shape: t.shape(e.Hours)}
		for d := e.From; d <= e.last(); d++ {
			t.marks[d] = m
		}
		span(e.From)
		span(e.last())
	}
	for _, f := range law().Fixed {
		t.name(f.Name)
	}
	t.fill(first, last+2)
	return Calendar{t}, nil
}

func (t *table) fill(first, last int) {
	if first > last {
		return
	}
	from, to := NewDate(first, 1, 1), NewDate(last, 12, 31)
	days := make([]day, 0, to-from+1)
	for d := from; d <= to; d++ {
		days = append(days, t.derive(d))
	}
	t.first, t.days = from, days
}

func (t *table) name(s string) uint16 {
	if i := slices.Index(t.names, s); i >= 0 {
		return uint16(i)
	}
	t.names = append(t.names, s)
	return uint16(len(t.names) - 1)
}

func (t *table) shape(h Hours) uint16 {
	if len(h) == 0 {
		return 0
	}
	var s shape
	for _, x := range h {
		from, to := int64(x.From)*minuteMs, int64(x.To)*minuteMs
		s.shifts = append(s.shifts, stretch{from, to})
		s.total += to - from
		s.close = to
	}
	t.shapes = append(t.shapes, s)
	return uint16(len(t.shapes) - 1)
}

func (t *table) week(w Week) weekShapes {
	var out weekShapes
	for i, h := range w.days() {
		out.by[i] = t.shape(h)
	}
	for i := 1; i <= 7 && out.normal == 0; i++ {
		out.normal = out.by[i%7]
	}
	return out
}

// derive says what a day is: an exception or a holiday, else a fixed holiday where nothing
// is announced, else its weekday.
func (t *table) derive(d Date) day {
	utc := d.utc()
	year, month, dom := utc.Date()
	md := MonthDay(int(month)*100 + dom)
	week := t.weeks[0]
	for i, s := range t.seasons {
		if s.holds(md) {
			week = t.weeks[i+1]
			break
		}
	}
	weekly := week.by[utc.Weekday()]
	out := day{open: weekly, usual: weekly, firm: t.firm(year, md)}
	if weekly == 0 {
		out.usual, out.name = week.normal, 1
	}
	if m, ok := t.marks[d]; ok {
		out.name = m.name
		switch {
		case m.off:
			out.open = 0
		case m.shape != 0:
			out.open, out.usual = m.shape, m.shape
		default:
			out.open = out.usual
		}
		out.madeUp = weekly == 0 && out.open != 0
		return out
	}
	if !t.isAnnounced(year) {
		for _, f := range law().Fixed {
			if f.From <= md && md <= f.To {
				out.open, out.name = 0, t.name(f.Name)
			}
		}
	}
	return out
}

func (t *table) isAnnounced(year int) bool {
	return year >= firstYear && year <= lastYear && t.announced[year-firstYear]
}

// firm: the announcement for a year has moved workdays as far back as 29 December (2018).
func (t *table) firm(year int, md MonthDay) bool {
	return t.isAnnounced(year) && (md < 1229 || t.isAnnounced(year+1))
}

// alwaysDay is a day of the calendar that never closes.
var alwaysShapes = []shape{{}, {shifts: []stretch{{0, dayMs}}, total: dayMs, close: dayMs}}

func (c Calendar) day(d Date) day {
	if c.t == nil {
		return day{open: 1, usual: 1, firm: true}
	}
	if i := int(d - c.t.first); i >= 0 && i < len(c.t.days) {
		return c.t.days[i]
	}
	return c.t.derive(d)
}

func (c Calendar) shape(i uint16) *shape {
	if c.t == nil {
		return &alwaysShapes[i]
	}
	return &c.t.shapes[i]
}

func (c Calendar) reason(d day) string {
	if c.t == nil {
		return ""
	}
	return c.t.names[d.name]
}

// Announced reports whether the holidays of a year are known to the calendar. Always needs
// none and knows all.
func (c Calendar) Announced(year int) bool { return c.t == nil || c.t.isAnnounced(year) }

// Day is what a calendar says of one date, for showing it.
type Day struct {
	Date        Date   `json:"date"`
	Hours       Hours  `json:"hours,omitempty"`      // none: a day off
	Reason      string `json:"reason,omitzero"`      // of a day off or a make-up workday: a holiday's code, an exception's, WeeklyRest
	MadeUp      bool   `json:"made_up,omitzero"`     // open on a weekday that is closed in other weeks
	Provisional bool   `json:"provisional,omitzero"` // its year, or the next for the last days of December, is not announced
}

// Day returns what the calendar says of a date.
func (c Calendar) Day(d Date) Day {
	x := c.day(d)
	out := Day{Date: d, Reason: c.reason(x), MadeUp: x.madeUp, Provisional: !x.firm}
	for _, s := range c.shape(x.open).shifts {
		out.Hours = append(out.Hours, Shift{TimeOfDay(s.from / minuteMs), TimeOfDay(s.to / minuteMs)})
	}
	return out
}

// Workday reports whether the office opens on that day.
func (c Calendar) Workday(d Date) bool { return c.day(d).open != 0 }

// IsOpen reports whether the office is open at t; at closing time it no longer is.
func (c Calendar) IsOpen(t time.Time) bool {
	m := momentOf(t)
	of := m.ofDay()
	for _, s := range c.shape(c.day(m.date()).open).shifts {
		if s.from <= of && of < s.to {
			return true
		}
	}
	return false
}

// NextOpen returns the first moment from t on, t included, at which the office is open.
func (c Calendar) NextOpen(t time.Time) time.Time {
	m := momentOf(t)
	for d := m.date(); ; d++ {
		for _, s := range c.shape(c.day(d).open).shifts {
			if end := d.start() + moment(s.to); m < end {
				return max(m, d.start()+moment(s.from)).time()
			}
		}
	}
}
