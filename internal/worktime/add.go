package worktime

import "math"

// add returns the end of one limit, saying each step.
func (s *sum) add(from moment, sp Span, exact bool, g gaps) moment {
	if sp.N < 0 {
		g = nil // it hangs on a date
	}
	g = g.after(from)
	switch {
	case sp.Unit == SameDay || sp.Unit == AtTime:
		return s.days(from, sp, exact, g)
	case sp.N == 0 || sp.Unit == 0:
		return from
	case sp.Elapsed() || s.cal.IsAlways():
		return s.elapsed(from, sp, g)
	case sp.Unit == InWorkingMinutes:
		return s.workingTime(from, int64(sp.N)*minuteMs, g)
	case sp.Unit == InWorkingHours:
		return s.workingTime(from, int64(sp.N)*hourMs, g)
	case sp.Unit == InWorkingDays:
		return s.workingDays(from, sp.N, g)
	}
	return s.days(from, sp, exact, g)
}

// elapsed adds plain time; months and years keep the time of day.
func (s *sum) elapsed(from moment, sp Span, g gaps) moment {
	to := from
	switch n := moment(sp.N); sp.Unit {
	case InMinutes, InWorkingMinutes:
		to += n * moment(minuteMs)
	case InHours, InWorkingHours:
		to += n * moment(hourMs)
	case InDays, InWorkingDays:
		to += n * moment(dayMs)
	case InWeeks:
		to += n * moment(7*dayMs)
	case InMonths, InYears:
		to = from.date().add(sp).start() + moment(from.ofDay())
	}
	s.say(Step{Code: Elapsed, From: min(from, to).date(), To: max(from, to).date(), Time: int64(to - from), Span: sp})
	for _, x := range g {
		if x.from >= to {
			break
		}
		to += x.to - x.from
		s.pause(x, int64(x.to-x.from))
	}
	return to
}

// add moves a day by a span in calendar units.
func (d Date) add(sp Span) Date {
	switch sp.Unit {
	case InDays:
		return d + Date(sp.N)
	case InWeeks:
		return d + Date(7*sp.N)
	case InMonths:
		return d.AddMonths(sp.N)
	case InYears:
		return d.AddMonths(12 * sp.N)
	}
	return d
}

func (s *sum) pause(x gap, ms int64) {
	s.say(Step{Code: Paused, From: x.from.date(), To: (x.to - 1).date(), Time: ms})
}

// workingTime counts open time outside the gaps.
func (s *sum) workingTime(from moment, ms int64, g gaps) moment {
	if ms < 0 {
		return s.walkBack(from, -ms)
	}
	for _, x := range g {
		if from < x.from {
			if from, ms = s.walk(from, x.from, ms); ms == 0 {
				return from
			}
		}
		s.pause(x, s.cal.open(x.from, x.to))
		from = x.to
	}
	from, _ = s.walk(from, math.MaxInt64, ms)
	return from
}

// walk counts open time from a moment until ms are used up or the limit is reached, and
// returns where that was and what was left.
func (s *sum) walk(from, limit moment, ms int64) (moment, int64) {
	for d := from.date(); d.start() < limit; d++ {
		x := s.day(d)
		used := int64(0)
		for _, sh := range s.cal.shape(x.open).shifts {
			lo, hi := max(from, d.start()+moment(sh.from)), min(limit, d.start()+moment(sh.to))
			n := int64(hi - lo)
			if n >= ms {
				s.count(d, x, 0, used+ms)
				return lo + moment(ms), 0
			}
			if n > 0 {
				used, ms = used+n, ms-n
			}
		}
		if used > 0 || x.open == 0 {
			s.count(d, x, 0, used)
		}
	}
	return limit, ms
}

// walkBack is walk towards the past.
func (s *sum) walkBack(from moment, ms int64) moment {
	for d := from.date(); ; d-- {
		x := s.day(d)
		used := int64(0)
		shifts := s.cal.shape(x.open).shifts
		for i := len(shifts) - 1; i >= 0; i-- {
			lo, hi := d.start()+moment(shifts[i].from), min(from, d.start()+moment(shifts[i].to))
			n := int64(hi - lo)
			if n >= ms {
				s.count(d, x, 0, used+ms)
				return hi - moment(ms)
			}
			if n > 0 {
				used, ms = used+n, ms-n
			}
		}
		if used > 0 || x.open == 0 {
			s.count(d, x, 0, used)
		}
	}
}

// workingDays finds the nth working day after the day of the start, or before it, leaving
// out those whose end of business lies in a gap.
func (s *sum) workingDays(from moment, n int, g gaps) moment {
	d, step := from.date(), Date(1)
	if n < 0 {
		n, step = -n, -1
	}
	s.say(Step{Code: StartDay, From: d})
	for {
		d += step
		x := s.day(d)
		if x.open != 0 && g.cover(s.closing(d)) {
			s.pauseDay(d)
			continue
		}
		s.count(d, x, 1, 0)
		if x.open == 0 {
			continue
		}
		if n--; n == 0 {
			return s.close(d, s.closing(d))
		}
	}
}

// pauseDay adds a paused day to the explanation.
func (s *sum) pauseDay(d Date) {
	if last := &s.steps[len(s.steps)-1]; last.Code == Paused && last.To+1 == d {
		last.To = d
		last.Days++
		return
	}
	s.say(Step{Code: Paused, From: d, To: d, Days: 1})
}

// closing is the end of business of a day; of a day off, what it would be on a workday.
func (s *sum) closing(d Date) moment {
	return d.start() + moment(s.cal.shape(s.cal.day(d).usual).close)
}

// close ends the sum at a moment of a day.
func (s *sum) close(d Date, at moment) moment {
	s.say(Step{Code: Closing, To: d, At: TimeOfDay(int64(at-d.start()) / minuteMs)})
	return at
}

// days counts calendar days. The end moves on by the days whose end of business lies in a
// gap, and from a day off to a working day unless it is exact.
func (s *sum) days(from moment, sp Span, exact bool, g gaps) moment {
	begin := from.date()
	closing, first := s.closing, begin+1
	if sp.Unit == AtTime {
		closing = func(d Date) moment { return d.start() + moment(int64(sp.N)*minuteMs) }
	}
	end := begin.add(sp)
	if sp.Unit >= SameDay {
		end = endingAfter(closing, from)
		first = end
	}
	s.say(Step{Code: Ends, From: begin, To: end, Span: sp})
	if (sp.Unit == InMonths || sp.Unit == InYears) && end.monthDay()%100 != begin.monthDay()%100 {
		s.say(Step{Code: MonthEnd, To: end})
	}
	for _, x := range g {
		last := end
		if !exact {
			last = s.workday(end, 1)
		}
		if x.from >= closing(last) {
			break
		}
		// Beyond the end, on the way to the day that stands in, only the end itself is lost.
		lost := endingAfter(closing, x.to) - min(end, max(first, endingAfter(closing, x.from)))
		if lost > 0 {
			end += lost
			s.say(Step{Code: Paused, From: x.from.date(), To: (x.to - 1).date(), Days: int(lost)})
		}
	}
	end = s.fall(end, sp.N < 0, exact)
	return s.close(end, closing(end))
}

// endingAfter is the first day that ends, as closing tells, after a moment.
func endingAfter(closing func(Date) moment, m moment) Date {
	d := m.date()
	if closing(d) <= m {
		d++
	}
	return d
}

// fall replaces a last day that is a day off.
func (s *sum) fall(end Date, back, exact bool) Date {
	x := s.day(end)
	if x.open != 0 {
		return end
	}
	step := Step{Code: FallsExact, From: end, Reason: s.cal.reason(x)}
	if exact {
		s.say(step)
		return end
	}
	step.Code, step.To = Falls, s.workday(end, 1)
	if back {
		step.Code, step.To = FallsBefore, s.workday(end, -1)
	}
	s.say(step)
	return step.To
}

// workday is the first working day from d on, d included, in steps of 1 or -1.
func (s *sum) workday(d, step Date) Date {
	for s.day(d).open == 0 {
		d += step
	}
	return d
}
