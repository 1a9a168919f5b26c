package worktime

import (
	"cmp"
	"slices"
	"time"
)

// Pause is time taken out of a clock, From inclusive, To exclusive. One that is still
// running has its planned end. One that ends where it begins, or earlier, is none.
type Pause struct{ From, To time.Time }

// Options are what a limit may ask for besides its length.
type Options struct {
	Exact  bool    // a last day that is a day off stays ("falls: exact")
	Pauses []Pause // in any order; they may touch and overlap
}

// Due is the end of a limit.
type Due struct {
	At          time.Time // China Standard Time, whole milliseconds
	Provisional bool      // a calendar that it depends on is not announced yet
	Why         []Step    // the steps of the sum, in order
}

// Add returns the end of a limit that begins at from, by the rules of the package comment.
// A positive limit never ends before it begins. A span without length ends where it begins.
func Add(from time.Time, s Span, cal Calendar, opt Options) Due {
	return Clock{Start: from, Limit: s, Options: opt}.Due(cal)
}

// Clock is a limit at work: when it began, how long it is, by how much it was extended.
type Clock struct {
	Start    time.Time
	Limit    Span
	Extended []Span // one in the unit before it lengthens that; another counts from the end reached
	Options
}

// Due returns when the clock runs out.
func (c Clock) Due(cal Calendar) Due {
	s := sum{cal: cal, steps: make([]Step, 0, 4)}
	at := momentOf(c.Start)
	gaps := gapsOf(c.Pauses)
	limit := c.Limit
	for i := 0; i <= len(c.Extended); i++ {
		if i < len(c.Extended) {
			s.say(Step{Code: Extended, Span: c.Extended[i]})
			if e := c.Extended[i]; e.Unit == limit.Unit && e.Unit <= InYears {
				limit.N += e.N
				continue
			}
		}
		at = s.add(at, limit, c.Exact, gaps)
		if i < len(c.Extended) {
			limit = c.Extended[i]
		}
	}
	if s.unknown != 0 {
		s.say(Step{Code: Unannounced, From: s.unknown})
	}
	return Due{At: at.time(), Provisional: s.unknown != 0, Why: s.steps}
}

// Spent returns how much of the clock has run at a moment, without its pauses: Spent of the
// package in the unit of its limit.
func (c Clock) Spent(at time.Time, cal Calendar) Span {
	return Spent(c.Start, at, c.Limit.Unit, cal, c.Pauses...)
}

// Remaining returns what is left at a moment until the clock runs out, in the unit of
// Spent, minutes rounded up; negative when it is late. Spent and Remaining make the limit.
func (c Clock) Remaining(at time.Time, cal Calendar) Span {
	due := c.Due(cal).At
	if at.After(due) {
		late := Spent(due, at, c.Limit.Unit, cal)
		late.N = -late.N
		return late
	}
	if at.Before(c.Start) {
		at = c.Start
	}
	r := passage{momentOf(at), momentOf(due), gapsOf(c.Pauses), cal}
	return r.spent(c.Limit.Unit, max(r.from.date(), DateOf(c.Start)+1), minuteMs-1)
}

// At returns the moment of a mark of this clock. A share is taken of elapsed time if the
// limit is, else of open time, without pauses.
func (c Clock) At(m Mark, cal Calendar) time.Time {
	measure := cal
	if c.Limit.Elapsed() {
		measure = Always()
	}
	due := c.Due(cal).At
	if m.Percent != 0 {
		return m.At(c.Start, due, measure, c.Pauses...)
	}
	return m.At(c.Start, due, cal)
}

// Spent returns how much time of a unit lies between two moments, without the pauses:
// whole elapsed minutes for InMinutes and InHours, whole open minutes for InWorkingMinutes
// and InWorkingHours, for InWorkingDays the working days after the day of from that have
// ended by to, for all others calendar days in the same way. On Always all of it is
// elapsed minutes. Its N may be 0, and is where to is not after from.
func Spent(from, to time.Time, unit Unit, cal Calendar, pauses ...Pause) Span {
	r := passage{momentOf(from), momentOf(to), gapsOf(pauses), cal}
	return r.spent(unit, r.from.date()+1, 0)
}

// passage is the time between two moments, seen by a calendar.
type passage struct {
	from, to moment
	gaps     gaps
	cal      Calendar
}

// spent counts days from first on; roundUp is added before minutes are cut.
func (r passage) spent(unit Unit, first Date, roundUp int64) Span {
	switch {
	case r.cal.IsAlways() || unit <= InHours:
		return Span{int((measure(Calendar{}, r.from, r.to, r.gaps) + roundUp) / minuteMs), InMinutes}
	case unit == InWorkingMinutes || unit == InWorkingHours:
		return Span{int((measure(r.cal, r.from, r.to, r.gaps) + roundUp) / minuteMs), InWorkingMinutes}
	}
	out := Span{Unit: InDays}
	if unit == InWorkingDays {
		out.Unit = InWorkingDays
	}
	for d := first; ; d++ {
		x := r.cal.day(d)
		end := d.start() + moment(r.cal.shape(x.usual).close)
		if end > r.to {
			return out
		}
		if end > r.from && (x.open != 0 || out.Unit == InDays) && !r.gaps.cover(end) {
			out.N++
		}
	}
}

// OpenTime returns how long the office is open between two moments; on Always, how long
// they are apart. 0 if to is not after from.
func (c Calendar) OpenTime(from, to time.Time) time.Duration {
	return time.Duration(c.open(momentOf(from), momentOf(to))) * time.Millisecond
}

func (c Calendar) open(from, to moment) int64 {
	if from >= to {
		return 0
	}
	if c.IsAlways() {
		return int64(to - from)
	}
	n := int64(0)
	for d := from.date(); d.start() < to; d++ {
		sh := c.shape(c.day(d).open)
		if from <= d.start() && d.start()+moment(sh.close) <= to {
			n += sh.total
			continue
		}
		for _, s := range sh.shifts {
			n += max(0, int64(min(to, d.start()+moment(s.to))-max(from, d.start()+moment(s.from))))
		}
	}
	return n
}

// measure is the open time between two moments outside the gaps.
func measure(cal Calendar, from, to moment, g gaps) int64 {
	n := cal.open(from, to)
	for _, x := range g {
		n -= cal.open(max(from, x.from), min(to, x.to))
	}
	return n
}

// gaps are pauses in order, none empty, none touching.
type gaps []gap

type gap struct{ from, to moment }

func gapsOf(pauses []Pause) gaps {
	var g gaps
	for _, p := range pauses {
		if a, b := momentOf(p.From), momentOf(p.To); a < b {
			g = append(g, gap{a, b})
		}
	}
	slices.SortFunc(g, func(a, b gap) int { return cmp.Compare(a.from, b.from) })
	out := g[:0]
	for _, x := range g {
		if n := len(out); n > 0 && x.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, x.to)
			continue
		}
		out = append(out, x)
	}
	return out
}

// cover reports whether an end of business is lost in a gap: it is if the gap began before
// and lasted until then.
func (g gaps) cover(m moment) bool {
	i, _ := slices.BinarySearchFunc(g, m, func(x gap, m moment) int { return cmp.Compare(x.from, m) })
	return i > 0 && m <= g[i-1].to
}

// after returns the parts of the gaps that lie after a moment.
func (g gaps) after(m moment) gaps {
	i := 0
	for i < len(g) && g[i].to <= m {
		i++
	}
	if i == len(g) || g[i].from >= m {
		return g[i:]
	}
	out := slices.Clone(g[i:])
	out[0].from = m
	return out
}
