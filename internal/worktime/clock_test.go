package worktime_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"gezhi/internal/worktime"
)

func pauses(t testing.TB, fromTo ...string) []worktime.Pause {
	t.Helper()
	var out []worktime.Pause
	for i := 0; i < len(fromTo); i += 2 {
		out = append(out, worktime.Pause{From: at(t, fromTo[i]), To: at(t, fromTo[i+1])})
	}
	return out
}

// A pause takes out what it covers, in the measure of the limit, and nothing else.
func TestPausesMoveTheDue(t *testing.T) {
	for _, c := range []struct {
		why, start, limit string
		pauses            []string
		want              string
	}{
		{"working hours: open time only", "2026-03-02T09:00", "4 working hours",
			[]string{"2026-03-02T10:00", "2026-03-02T15:00"}, "2026-03-03T09:00"},
		{"working hours: a night costs nothing", "2026-03-02T16:30", "2 working hours",
			[]string{"2026-03-02T18:00", "2026-03-03T08:00"}, "2026-03-03T09:30"},
		{"working hours: after the due, no matter", "2026-03-02T09:00", "1 working hour",
			[]string{"2026-03-02T10:00", "2026-03-04T10:00"}, "2026-03-02T10:00"},
		{"working hours: before the start, no matter", "2026-03-02T09:00", "1 working hour",
			[]string{"2026-02-24T10:00", "2026-03-02T09:30"}, "2026-03-02T10:30"},
		{"elapsed", "2026-03-02T09:00", "4h",
			[]string{"2026-03-02T10:00", "2026-03-02T15:00"}, "2026-03-02T18:00"},
		{"overlapping pauses count once, in any order", "2026-03-02T09:00", "4h",
			[]string{"2026-03-02T11:00", "2026-03-02T15:00", "2026-03-02T10:00", "2026-03-02T12:00"}, "2026-03-02T18:00"},
		{"working days: Monday and Tuesday end in the pause", "2026-03-06T09:00", "3 working days",
			[]string{"2026-03-09T10:00", "2026-03-11T10:00"}, "2026-03-13T17:30"},
		{"working days: within a day, nothing", "2026-03-06T09:00", "3 working days",
			[]string{"2026-03-09T10:00", "2026-03-09T15:00"}, "2026-03-11T17:30"},
		{"working days: suspended over Labour Day, with its make-up Saturday", "2026-04-29T09:00", "5 working days",
			[]string{"2026-04-30T09:00", "2026-05-08T09:00"}, "2026-05-13T17:30"},
		{"working days: paused as the office closes, too late to matter", "2026-03-06T09:00", "1 working day",
			[]string{"2026-03-09T17:30", "2026-03-11T10:00"}, "2026-03-09T17:30"},
		{"working days: resumed as the office closes, the day is lost", "2026-03-06T09:00", "1 working day",
			[]string{"2026-03-09T09:00", "2026-03-09T17:30"}, "2026-03-10T17:30"},
		{"days: the same", "2026-03-06T09:00", "3 days",
			[]string{"2026-03-09T17:30", "2026-03-11T10:00"}, "2026-03-09T17:30"},
		{"days: the same", "2026-03-06T09:00", "3 days",
			[]string{"2026-03-09T09:00", "2026-03-09T17:30"}, "2026-03-10T17:30"},
		{"days: each day that ends in the pause", "2026-03-02T09:00", "10 days",
			[]string{"2026-03-04T10:00", "2026-03-06T10:00"}, "2026-03-16T17:30"},
		{"days: the day of the start was never counted", "2026-03-02T09:00", "3 days",
			[]string{"2026-03-02T10:00", "2026-03-03T09:00"}, "2026-03-05T17:30"},
		{"months", "2026-03-05T09:00", "1 month",
			[]string{"2026-03-10T09:00", "2026-03-20T09:00"}, "2026-04-15T17:30"},
		{"days: begun on the Monday that stands in for a Saturday", "2026-03-02T09:00", "5 days",
			[]string{"2026-03-09T10:00", "2026-03-11T10:00"}, "2026-03-11T17:30"},
		{"same day: until the day after", "2026-03-02T09:00", "same day",
			[]string{"2026-03-02T10:00", "2026-03-03T10:00"}, "2026-03-03T17:30"},
		{"by 12:00: until the day after", "2026-03-02T09:00", "12:00",
			[]string{"2026-03-02T10:00", "2026-03-02T13:00"}, "2026-03-03T12:00"},
		{"counting back from a date knows no pause", "2026-03-18T09:00", "-7 days",
			[]string{"2026-03-01T10:00", "2026-03-20T13:00"}, "2026-03-11T17:30"},
	} {
		clk := worktime.Clock{Start: at(t, c.start), Limit: span(t, c.limit), Options: worktime.Options{Pauses: pauses(t, c.pauses...)}}
		if got := clk.Due(worktime.Default()); !got.At.Equal(at(t, c.want)) {
			t.Errorf("%s: %v, want %s\n%+v", c.why, got.At, c.want, got.Why)
		}
	}
}

// The explanation of a paused clock names the pause.
func TestPausesAreExplained(t *testing.T) {
	opt := worktime.Options{Pauses: pauses(t, "2026-03-03T10:00", "2026-03-05T15:00")}
	for limit, want := range map[string]worktime.Step{
		"10 working hours": {Code: worktime.Paused, From: date(t, "2026-03-03"), To: date(t, "2026-03-05"), Time: (5.5 + 7 + 4.5) * 3600_000},
		"24h":              {},
		"40h":              {Code: worktime.Paused, From: date(t, "2026-03-03"), To: date(t, "2026-03-05"), Time: 53 * 3600_000},
		"3 working days":   {Code: worktime.Paused, From: date(t, "2026-03-03"), To: date(t, "2026-03-04"), Days: 2},
		"3 days":           {Code: worktime.Paused, From: date(t, "2026-03-03"), To: date(t, "2026-03-05"), Days: 2},
	} {
		var got worktime.Step
		for _, s := range worktime.Add(at(t, "2026-03-02T09:00"), span(t, limit), worktime.Default(), opt).Why {
			if s.Code == worktime.Paused {
				got = s
			}
		}
		if got != want {
			t.Errorf("%s: %+v, want %+v", limit, got, want)
		}
	}
}

// An extension in the same unit makes the limit longer; in another it goes on from the end.
func TestExtensions(t *testing.T) {
	for _, c := range []struct {
		start, limit string
		by           []string
		want         string
	}{
		{"2026-03-05T09:00", "3 months", []string{"3 months"}, "2026-09-07T17:30"}, // 5 September is a Saturday
		{"2026-01-31T09:00", "1 month", []string{"1 month"}, "2026-03-31T17:30"},
		{"2026-03-02T09:00", "3 working days", []string{"3 working days", "1 working day"}, "2026-03-11T17:30"},
		{"2026-03-02T09:00", "30 days", []string{"5 working days"}, "2026-04-09T17:30"},
		{"2026-03-02T09:00", "4 working hours", []string{"1 working day", "2 working days"}, "2026-03-05T17:30"},
	} {
		clk := worktime.Clock{Start: at(t, c.start), Limit: span(t, c.limit)}
		for _, s := range c.by {
			clk.Extended = append(clk.Extended, span(t, s))
		}
		due := clk.Due(worktime.Default())
		said := 0
		for _, s := range due.Why {
			if s.Code == worktime.Extended {
				said++
			}
		}
		if !due.At.Equal(at(t, c.want)) || said != len(c.by) {
			t.Errorf("%s + %v: %v, want %s\n%+v", c.limit, c.by, due.At, c.want, due.Why)
		}
	}
}

// What has run and what is left are told in the measure of the limit.
func TestSpentAndRemaining(t *testing.T) {
	for _, c := range []struct{ start, limit, at, spent, left string }{
		{"2026-03-02T09:00", "10 working days", "2026-03-04T12:00", "1 working day", "9 working days"},
		{"2026-03-02T09:00", "10 working days", "2026-03-18T09:00", "11 working days", "-1 working day"},
		{"2026-03-02T09:00", "4 working hours", "2026-03-02T11:30", "150 working minutes", "90 working minutes"},
		{"2026-03-02T09:00", "4 working hours", "2026-03-02T11:29:30", "149 working minutes", "91 working minutes"},
		{"2026-03-02T09:00", "4 working hours", "2026-03-02T16:00", "300 working minutes", "-60 working minutes"},
		{"2026-03-02T09:00", "4h", "2026-03-02T12:45", "225m", "15m"},
		{"2026-03-02T09:00", "3 months", "2026-03-09T09:00", "6 days", "86 days"},
		{"2026-03-02T09:00", "1 week", "2026-03-02T08:00", "0 days", "7 days"},
	} {
		clk := worktime.Clock{Start: at(t, c.start), Limit: span(t, c.limit)}
		spent, left := clk.Spent(at(t, c.at), worktime.Default()), clk.Remaining(at(t, c.at), worktime.Default())
		if spent.String() != c.spent || left.String() != c.left {
			t.Errorf("%s from %s at %s: spent %v, left %v; want %s, %s", c.limit, c.start, c.at, spent, left, c.spent, c.left)
		}
	}
	clk := worktime.Clock{Start: at(t, "2026-03-02T09:00"), Limit: span(t, "10 working days"),
		Options: worktime.Options{Pauses: pauses(t, "2026-03-04T10:00", "2026-03-06T10:00")}}
	if got := clk.Spent(at(t, "2026-03-10T12:00"), worktime.Default()); got.String() != "3 working days" {
		t.Errorf("paused for two days: %v", got)
	}
	if got := worktime.Spent(at(t, "2026-02-16T00:00"), at(t, "2026-02-17T00:00"), worktime.InWorkingDays, worktime.Always()); got.String() != "1440m" {
		t.Errorf("where nobody closes: %v", got)
	}
}

// An empty pause changes nothing, a longer one never brings the due nearer, and no due
// lies inside a pause.
func TestPausesAreMonotone(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal, start, s := drawOffice(t, all), drawTime(t, "start"), drawSpan(t)
		exact := rapid.Bool().Draw(t, "exact")
		given := drawPauses(t, start)
		due := func(p []worktime.Pause) time.Time {
			return worktime.Add(start, s, cal, worktime.Options{Exact: exact, Pauses: p}).At
		}
		with := due(given)
		if with.Before(due(nil)) || inPause(with, given) {
			t.Fatalf("%v from %v: %v without, %v with %v", s, start, due(nil), with, given)
		}
		a := start.Add(time.Duration(rapid.IntRange(0, 9000).Draw(t, "a")) * time.Minute)
		if got := due(append(given, worktime.Pause{From: a, To: a}, worktime.Pause{From: a, To: a.Add(-time.Hour)})); !got.Equal(with) {
			t.Fatalf("%v from %v: an empty pause moves %v to %v", s, start, with, got)
		}
		b := a.Add(time.Duration(rapid.IntRange(0, 9000).Draw(t, "length")) * time.Minute)
		if got := due(append(given, worktime.Pause{From: a, To: b})); got.Before(with) {
			t.Fatalf("%v from %v: one more pause moves %v to %v", s, start, with, got)
		}
	})
}

// For limits in working time and in hours, what was spent and what remains make the limit
// at any moment before the due, pauses or not; at the due all of it is spent.
func TestSpentAndRemainingMakeTheLimit(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal, start, s := drawOffice(t, all), drawTime(t, "start"), drawSpan(t)
		if s.Unit > worktime.InWorkingDays {
			return
		}
		minutes := s.N
		if s.Unit == worktime.InHours || s.Unit == worktime.InWorkingHours {
			minutes *= 60
		}
		c := worktime.Clock{Start: start, Limit: s, Options: worktime.Options{Pauses: drawPauses(t, start)}}
		due := c.Due(cal).At
		now := start.Add(time.Duration(rapid.Int64Range(0, int64(due.Sub(start)/time.Second)).Draw(t, "now")) * time.Second)
		spent, left := c.Spent(now, cal), c.Remaining(now, cal)
		if spent.N+left.N != minutes || spent.Unit != left.Unit {
			t.Fatalf("%v from %v, due %v, at %v: %v and %v", s, start, due, now, spent, left)
		}
		if got := c.Spent(due, cal); got.N != minutes {
			t.Fatalf("%v from %v, due %v: spent %v", s, start, due, got)
		}
	})
}

// The order in which pauses are told does not matter, nor into how many pieces they fall.
func TestPausesAreASet(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal, start, s := drawOffice(t, all), drawTime(t, "start"), drawSpan(t)
		given := drawPauses(t, start)
		var pieces []worktime.Pause
		for _, p := range given {
			mid := p.From.Add(p.To.Sub(p.From) / 2)
			pieces = append([]worktime.Pause{{From: mid, To: p.To}, {From: p.From, To: mid}}, pieces...)
		}
		a := worktime.Add(start, s, cal, worktime.Options{Pauses: given}).At
		if b := worktime.Add(start, s, cal, worktime.Options{Pauses: pieces}).At; !a.Equal(b) {
			t.Fatalf("%v from %v: %v with %v, %v with %v", s, start, a, given, b, pieces)
		}
	})
}
