package worktime

// Code is what a step of an explanation says; words are looked up by it.
type Code string

// The steps of an explanation, with the fields of Step that each one fills.
const (
	StartDay    Code = "start_day"    // From: the day of the start is not counted
	Counted     Code = "counted"      // From, To, Days or Time: open time or working days counted
	MadeUp      Code = "made_up"      // as Counted, on make-up workdays; Reason
	DayOff      Code = "day_off"      // From, To, Days, Reason: not counted
	Elapsed     Code = "elapsed"      // From, To, Time or Span: plain elapsed time
	Ends        Code = "ends"         // From, Span, To: the limit from that day ends on day To
	MonthEnd    Code = "month_end"    // To: the month has no such day, its last day stands in
	Falls       Code = "falls"        // From, Reason, To: From is a day off, the next working day stands in
	FallsBefore Code = "falls_before" // the same, the working day before
	FallsExact  Code = "falls_exact"  // From, Reason: a day off, and it stays
	Paused      Code = "paused"       // From, To, Days or Time: taken out
	Extended    Code = "extended"     // Span: the limit goes on by so much
	Closing     Code = "closing"      // To, At: ends with business, or at the time asked for
	Unannounced Code = "unannounced"  // From: first day whose calendar is not announced; the due is provisional
)

// Step is one line of the answer to "why is this due then?": a code and its arguments.
// Unused fields are zero. From and To are both inclusive.
type Step struct {
	Code   Code      `json:"code"`
	From   Date      `json:"from,omitzero"`
	To     Date      `json:"to,omitzero"`
	Days   int       `json:"days,omitzero"`
	Time   int64     `json:"ms,omitzero"` // milliseconds
	Span   Span      `json:"span,omitzero"`
	At     TimeOfDay `json:"at,omitzero"`
	Reason string    `json:"reason,omitzero"` // a holiday's code, an exception's, or WeeklyRest
}

// Args returns the fields in use under the names of their JSON, for filling in words.
func (s Step) Args() map[string]any {
	out := map[string]any{}
	if s.From != 0 {
		out["from"] = s.From.String()
	}
	if s.To != 0 {
		out["to"] = s.To.String()
	}
	if s.Days != 0 {
		out["days"] = s.Days
	}
	if s.Time != 0 {
		out["ms"] = s.Time
	}
	if !s.Span.IsZero() {
		out["span"] = s.Span.String()
	}
	if s.At != 0 {
		out["at"] = s.At.String()
	}
	if s.Reason != "" {
		out["reason"] = s.Reason
	}
	return out
}

// sum carries what a calculation has learnt so far.
type sum struct {
	cal     Calendar
	steps   []Step
	unknown Date // first day asked about whose calendar is not announced
}

// day asks the calendar and remembers whether the answer is firm.
func (s *sum) day(d Date) day {
	x := s.cal.day(d)
	if !x.firm && s.unknown == 0 {
		s.unknown = d
	}
	return x
}

func (s *sum) say(step Step) { s.steps = append(s.steps, step) }

// count adds a day to the explanation, joining it to the run it continues. Counting back
// joins at the front.
func (s *sum) count(d Date, x day, days int, ms int64) {
	step := Step{Code: Counted, From: d, To: d, Days: days, Time: ms}
	switch {
	case x.open == 0:
		step = Step{Code: DayOff, From: d, To: d, Days: 1, Reason: s.cal.reason(x)}
	case x.madeUp:
		step.Code, step.Reason = MadeUp, s.cal.reason(x)
	}
	if n := len(s.steps); n > 0 {
		last := &s.steps[n-1]
		near := last.From-1 <= d && d <= last.To+1
		if last.Code == step.Code && last.Reason == step.Reason && near {
			last.From, last.To = min(last.From, d), max(last.To, d)
			last.Days += step.Days
			last.Time += step.Time
			return
		}
	}
	s.say(step)
}
