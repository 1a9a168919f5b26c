package worktime_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gezhi/internal/clock"
	"gezhi/internal/worktime"
)

// Real dates: each limit ends where an office clerk with the State Council's calendar in
// hand would say.
func TestLimitsEndOnTheRightDay(t *testing.T) {
	for _, c := range []struct{ why, from, limit, want string }{
		{"two working days", "2026-03-02T09:00", "2 working days", "2026-03-04T17:30"},
		{"the day of the start is not counted, at midnight either", "2026-03-02", "1 working day", "2026-03-03T17:30"},
		{"after closing is the same day still", "2026-03-02T20:00", "2 working days", "2026-03-04T17:30"},
		{"over a weekend", "2026-03-06T09:00", "2 working days", "2026-03-10T17:30"},
		{"from a Saturday, counted from Monday", "2026-03-07T09:00", "2 working days", "2026-03-10T17:30"},
		{"over Spring Festival", "2026-02-13T10:00", "2 working days", "2026-02-24T17:30"},
		{"the Saturday before it is worked", "2026-02-13T10:00", "1 working day", "2026-02-14T17:30"},
		{"and so is the Saturday after it", "2026-02-26T10:00", "2 working days", "2026-02-28T17:30"},
		{"the Sunday after New Year is worked", "2025-12-31T10:00", "1 working day", "2026-01-04T17:30"},
		{"the Saturday after Labour Day is worked", "2026-04-30T10:00", "4 working days", "2026-05-09T17:30"},
		{"Mid-Autumn, then National Day", "2026-09-24T10:00", "4 working days", "2026-10-08T17:30"},
		{"the Sunday before both is worked", "2026-09-18T10:00", "1 working day", "2026-09-20T17:30"},
		{"the Saturday after both is worked", "2026-10-08T10:00", "2 working days", "2026-10-10T17:30"},

		{"open hours of one day", "2026-03-02T09:00", "4 working hours", "2026-03-02T15:00"},
		{"not a minute into the lunch break", "2026-03-02T08:30", "210 working minutes", "2026-03-02T12:00"},
		{"from before opening", "2026-03-02T03:00", "1 working hour", "2026-03-02T09:30"},
		{"over the lunch break", "2026-03-02T11:59:30", "1 working minute", "2026-03-02T14:00:30"},
		{"over a weekend", "2026-03-06T16:00", "4 working hours", "2026-03-09T11:00"},
		{"02:00 at Spring Festival", "2026-02-17T02:00", "4 working hours", "2026-02-24T14:30"},
		{"into a make-up Saturday", "2026-02-13T16:30", "4 working hours", "2026-02-14T11:30"},

		{"elapsed minutes", "2026-03-01T23:50", "30m", "2026-03-02T00:20"},
		{"elapsed hours", "2026-02-17T02:00", "24h", "2026-02-18T02:00"},

		{"days", "2026-03-02T09:00", "3 days", "2026-03-05T17:30"},
		{"days that end on a Saturday", "2026-03-02T09:00", "5 days", "2026-03-09T17:30"},
		{"days that end on a make-up Saturday", "2026-02-09T09:00", "5 days", "2026-02-14T17:30"},
		{"days that end in Spring Festival", "2026-02-10T09:00", "1 week", "2026-02-24T17:30"},
		{"weeks", "2026-03-02T09:00", "2 weeks", "2026-03-16T17:30"},
		{"three months", "2026-03-05T09:00", "3 months", "2026-06-05T17:30"},
		{"two months end on Labour Day's fifth day", "2026-03-05T09:00", "2 months", "2026-05-06T17:30"},
		{"a month after Dragon Boat", "2026-05-22T09:00", "1 month", "2026-06-22T17:30"},
		{"a month without that day, on a worked Saturday", "2026-01-31T09:00", "1 month", "2026-02-28T17:30"},
		{"a month without that day, on a weekend", "2025-10-31T09:00", "4 months", "2026-02-28T17:30"},
		{"a leap day a year later", "2024-02-29T09:00", "1 year", "2025-02-28T17:30"},

		{"same day", "2026-03-02T09:00", "same day", "2026-03-02T17:30"},
		{"same day, at closing time", "2026-03-06T17:30", "same day", "2026-03-09T17:30"},
		{"same day, on a Saturday", "2026-03-07T09:00", "same day", "2026-03-09T17:30"},
		{"same day, on a worked Saturday", "2026-02-14T09:00", "same day", "2026-02-14T17:30"},
		{"by 16:00", "2026-03-02T09:00", "16:00", "2026-03-02T16:00"},
		{"by 16:00 of the next day", "2026-03-02T16:00", "16:00", "2026-03-03T16:00"},
		{"by 16:00, on a Friday evening", "2026-03-06T18:00", "16:00", "2026-03-09T16:00"},
		{"by midnight", "2026-03-06T18:00", "24:00", "2026-03-07T00:00"},

		{"papers a week before a meeting", "2026-03-18T09:00", "-7 days", "2026-03-11T17:30"},
		{"a Sunday: the Friday before, not six days of notice", "2026-03-15T09:00", "-7 days", "2026-03-06T17:30"},
		{"a month before", "2026-06-05T09:00", "-1 month", "2026-04-30T17:30"},
		{"working days before", "2026-03-10T09:00", "-2 working days", "2026-03-06T17:30"},
		{"working hours before", "2026-03-09T09:30", "-4 working hours", "2026-03-06T14:30"},
		{"minutes before", "2026-03-09T00:10", "-30m", "2026-03-08T23:40"},
	} {
		got := worktime.Add(at(t, c.from), span(t, c.limit), worktime.Default(), worktime.Options{})
		if !got.At.Equal(at(t, c.want)) || got.Provisional || got.At.Location() != clock.CST {
			t.Errorf("%s: %s from %s is %v (provisional %v), want %s\n%+v", c.why, c.limit, c.from, got.At, got.Provisional, c.want, got.Why)
		}
	}
}

// A limit that falls exactly keeps its day, with the hour at which business usually ends.
func TestExactLimitsStay(t *testing.T) {
	for _, c := range []struct{ from, limit, want string }{
		{"2026-03-02T09:00", "5 days", "2026-03-07T17:30"},
		{"2026-03-05T09:00", "2 months", "2026-05-05T17:30"},
		{"2026-03-15T09:00", "-7 days", "2026-03-08T17:30"},
		{"2026-03-07T09:00", "same day", "2026-03-07T17:30"},
		{"2026-03-07T18:00", "12:00", "2026-03-08T12:00"},
		{"2026-03-06T09:00", "1 working day", "2026-03-09T17:30"},
	} {
		got := worktime.Add(at(t, c.from), span(t, c.limit), worktime.Default(), worktime.Options{Exact: true})
		if !got.At.Equal(at(t, c.want)) {
			t.Errorf("%s from %s: %v, want %s", c.limit, c.from, got.At, c.want)
		}
	}
}

// Where nobody closes, a working day is 24 hours and a holiday is a day like any other.
func TestLimitsWhereNobodyCloses(t *testing.T) {
	for _, c := range []struct{ from, limit, want string }{
		{"2026-02-17T02:00", "15m", "2026-02-17T02:15"},
		{"2026-02-17T02:00", "4 working hours", "2026-02-17T06:00"},
		{"2026-02-17T02:00", "3 working days", "2026-02-20T02:00"},
		{"2026-02-17T02:00", "1 week", "2026-02-24T02:00"},
		{"2026-01-31T02:00", "1 month", "2026-02-28T02:00"},
		{"2026-02-17T02:00", "same day", "2026-02-18T00:00"},
		{"2026-02-17T02:00", "17:30", "2026-02-17T17:30"},
		{"2026-02-17T17:30", "17:30", "2026-02-18T17:30"},
		{"2027-02-17T02:00", "3 working days", "2027-02-20T02:00"},
		{"2026-02-17T02:00", "-1 working day", "2026-02-16T02:00"},
	} {
		got := worktime.Add(at(t, c.from), span(t, c.limit), worktime.Always(), worktime.Options{})
		if !got.At.Equal(at(t, c.want)) || got.Provisional {
			t.Errorf("%s from %s: %v, want %s", c.limit, c.from, got.At, c.want)
		}
	}
	if got := worktime.Add(at(t, "2026-03-02T09:00"), worktime.Span{}, worktime.Default(), worktime.Options{}); !got.At.Equal(at(t, "2026-03-02T09:00")) {
		t.Errorf("no limit: %v", got.At)
	}
}

// The answer to "why is this due then?" names each stretch counted and each left out.
func TestExplanations(t *testing.T) {
	cal := worktime.Default()
	for _, c := range []struct {
		from, limit string
		opt         worktime.Options
		want        string
	}{
		{"2026-02-13T16:30", "12 working hours", worktime.Options{}, `[
			{"code":"counted","from":"2026-02-13","to":"2026-02-13","ms":3600000},
			{"code":"made_up","from":"2026-02-14","to":"2026-02-14","ms":25200000,"reason":"spring_festival"},
			{"code":"day_off","from":"2026-02-15","to":"2026-02-23","days":9,"reason":"spring_festival"},
			{"code":"counted","from":"2026-02-24","to":"2026-02-24","ms":14400000}]`},
		{"2026-03-05T09:00", "3 working days", worktime.Options{}, `[
			{"code":"start_day","from":"2026-03-05"},
			{"code":"counted","from":"2026-03-06","to":"2026-03-06","days":1},
			{"code":"day_off","from":"2026-03-07","to":"2026-03-08","days":2,"reason":"weekly_rest"},
			{"code":"counted","from":"2026-03-09","to":"2026-03-10","days":2},
			{"code":"closing","to":"2026-03-10","at":"17:30"}]`},
		{"2026-03-05T09:00", "2 months", worktime.Options{}, `[
			{"code":"ends","from":"2026-03-05","to":"2026-05-05","span":"2 months"},
			{"code":"falls","from":"2026-05-05","to":"2026-05-06","reason":"labour_day"},
			{"code":"closing","to":"2026-05-06","at":"17:30"}]`},
		{"2026-03-31T09:00", "-1 month", worktime.Options{Exact: true}, `[
			{"code":"ends","from":"2026-03-31","to":"2026-02-28","span":"-1 month"},
			{"code":"month_end","to":"2026-02-28"},
			{"code":"closing","to":"2026-02-28","at":"17:30"}]`},
		{"2026-03-02T09:00", "5 days", worktime.Options{Exact: true}, `[
			{"code":"ends","from":"2026-03-02","to":"2026-03-07","span":"5 days"},
			{"code":"falls_exact","from":"2026-03-07","reason":"weekly_rest"},
			{"code":"closing","to":"2026-03-07","at":"17:30"}]`},
		{"2026-03-15T09:00", "-1 week", worktime.Options{}, `[
			{"code":"ends","from":"2026-03-15","to":"2026-03-08","span":"-1 week"},
			{"code":"falls_before","from":"2026-03-08","to":"2026-03-06","reason":"weekly_rest"},
			{"code":"closing","to":"2026-03-06","at":"17:30"}]`},
		{"2026-03-02T23:00", "2h", worktime.Options{}, `[
			{"code":"elapsed","from":"2026-03-02","to":"2026-03-03","ms":7200000,"span":"2h"}]`},
		{"2026-12-30T09:00", "1 working day", worktime.Options{}, `[
			{"code":"start_day","from":"2026-12-30"},
			{"code":"counted","from":"2026-12-31","to":"2026-12-31","days":1},
			{"code":"closing","to":"2026-12-31","at":"17:30"},
			{"code":"unannounced","from":"2026-12-31"}]`},
	} {
		due := worktime.Add(at(t, c.from), span(t, c.limit), cal, c.opt)
		var want []worktime.Step
		if err := json.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, due.Why); d != "" {
			t.Errorf("%s from %s (-want +got):\n%s", c.limit, c.from, d)
		}
		for _, s := range due.Why {
			var fields map[string]any
			raw, err := json.Marshal(s)
			if err == nil {
				err = json.Unmarshal(raw, &fields)
			}
			delete(fields, "code")
			if args := s.Args(); err != nil || len(args) != len(fields) {
				t.Errorf("args %v, fields %v, %v", args, fields, err)
			}
		}
	}
}

// A limit into a year without a calendar is provisional and says from which day on; when
// the calendar arrives, the same question gets a firm answer.
func TestCalendarAnnouncedLate(t *testing.T) {
	from, limit := at(t, "2026-12-24T10:00"), span(t, "8 working days")
	before := worktime.Add(from, limit, worktime.Default(), worktime.Options{})
	last := before.Why[len(before.Why)-1]
	if !before.Provisional || last.Code != worktime.Unannounced || last.From != date(t, "2026-12-29") || !before.At.Equal(at(t, "2027-01-06T17:30")) {
		t.Fatalf("before: %+v", before)
	}
	sample, err := worktime.ParseYear([]byte(`{"year":2027,"papers":["sample"],"days":[
		{"name":"元旦","date":"2026-12-27","isOffDay":false},
		{"name":"元旦","date":"2026-12-31","isOffDay":true},{"name":"元旦","date":"2027-01-01","isOffDay":true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	cal, err := worktime.New(worktime.DefaultRules(), append(worktime.Announced(), sample))
	if err != nil {
		t.Fatal(err)
	}
	after := worktime.Add(from, limit, cal, worktime.Options{})
	if after.Provisional || !after.At.Equal(at(t, "2027-01-06T17:30")) {
		t.Fatalf("after: %+v", after)
	}
	if after = worktime.Add(from, span(t, "3 working days"), cal, worktime.Options{}); !after.At.Equal(at(t, "2026-12-28T17:30")) {
		t.Fatalf("the Sunday is worked: %+v", after)
	}
	if far := worktime.Add(from, span(t, "1 month"), cal, worktime.Options{}); far.Provisional {
		t.Fatalf("2027 is announced: %+v", far)
	}
	if far := worktime.Add(from, span(t, "1 year"), cal, worktime.Options{}); far.Provisional || !far.At.Equal(at(t, "2027-12-24T17:30")) {
		t.Fatalf("still before its last days: %+v", far)
	}
	if far := worktime.Add(from, span(t, "13 months"), cal, worktime.Options{}); !far.Provisional {
		t.Fatalf("2028 is not announced: %+v", far)
	}
}

// drawSpan draws a positive span of any unit.
func drawSpan(t *rapid.T) worktime.Span {
	unit := rapid.SampledFrom([]worktime.Unit{worktime.InMinutes, worktime.InHours, worktime.InWorkingMinutes, worktime.InWorkingHours,
		worktime.InWorkingDays, worktime.InDays, worktime.InWeeks, worktime.InMonths, worktime.InYears, worktime.SameDay, worktime.AtTime}).Draw(t, "unit")
	most := map[worktime.Unit]int{worktime.InYears: 2, worktime.InMonths: 13, worktime.InWeeks: 30}[unit]
	switch {
	case unit == worktime.SameDay:
		return worktime.Span{Unit: unit}
	case most == 0:
		most = 120
	}
	return worktime.Span{N: rapid.IntRange(1, most).Draw(t, "n"), Unit: unit}
}

// A limit ends after it begins; begun later or made longer it never ends earlier.
func TestLimitsAreMonotone(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal, from, s := drawOffice(t, all), drawTime(t, "from"), drawSpan(t)
		opt := worktime.Options{Exact: rapid.Bool().Draw(t, "exact")}
		due := worktime.Add(from, s, cal, opt).At
		if !due.After(from) {
			t.Fatalf("%v from %v ends %v", s, from, due)
		}
		later := from.Add(time.Duration(rapid.IntRange(0, 20000).Draw(t, "later")) * time.Minute)
		if got := worktime.Add(later, s, cal, opt).At; got.Before(due) {
			t.Fatalf("%v from %v ends %v, from %v already %v", s, from, due, later, got)
		}
		if s.Unit < worktime.SameDay {
			longer := worktime.Span{N: s.N + 1, Unit: s.Unit}
			if got := worktime.Add(from, longer, cal, opt).At; got.Before(due) || s.Unit <= worktime.InWorkingDays && !got.After(due) {
				t.Fatalf("from %v %v ends %v, %v ends %v", from, s, due, longer, got)
			}
		}
	})
}

// Working time is what a watch at the door would count, minute by minute, and the due is
// the first moment at which it has.
func TestWorkingTimeAgainstAWatch(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal, from := drawOffice(t, all), drawTime(t, "from")
		n := rapid.IntRange(1, 900).Draw(t, "minutes")
		watch := from
		for left := n; left > 0; watch = watch.Add(time.Minute) {
			if cal.IsOpen(watch) {
				left--
			}
		}
		due := worktime.Add(from, worktime.Span{N: n, Unit: worktime.InWorkingMinutes}, cal, worktime.Options{})
		if !due.At.Equal(watch) {
			t.Fatalf("%d from %v: %v, the watch says %v", n, from, due.At, watch)
		}
		if got := cal.OpenTime(from, due.At); got != time.Duration(n)*time.Minute {
			t.Fatalf("open from %v to %v: %v", from, due.At, got)
		}
		counted := int64(0)
		for _, s := range due.Why {
			counted += s.Time
		}
		if counted != int64(n)*60_000 {
			t.Fatalf("%d minutes explained as %+v", n, due.Why)
		}
		back := worktime.Add(due.At, worktime.Span{N: -n, Unit: worktime.InWorkingMinutes}, cal, worktime.Options{}).At
		if back.Before(from) || cal.OpenTime(from, back) != 0 {
			t.Fatalf("%d from %v is %v, and back %v", n, from, due.At, back)
		}
	})
}

// Working hours may be added at once or one after the other.
func TestWorkingHoursAddUp(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal, from := drawOffice(t, all), drawTime(t, "from")
		a, b := rapid.IntRange(1, 60).Draw(t, "a"), rapid.IntRange(1, 60).Draw(t, "b")
		add := func(from time.Time, n int) time.Time {
			return worktime.Add(from, worktime.Span{N: n, Unit: worktime.InWorkingHours}, cal, worktime.Options{}).At
		}
		if one, two := add(from, a+b), add(add(from, a), b); !one.Equal(two) {
			t.Fatalf("%d+%d from %v: %v, in two steps %v", a, b, from, one, two)
		}
	})
}

// Working days are what a finger on the wall calendar would count, and each ends with
// business on a day on which the office opens.
func TestWorkingDaysAgainstAFinger(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal, from := drawOffice(t, all), drawTime(t, "from")
		n := rapid.IntRange(1, 100).Draw(t, "days")
		day := worktime.DateOf(from)
		for left := n; left > 0; {
			if day++; cal.Workday(day) {
				left--
			}
		}
		hours := cal.Day(day).Hours
		due := worktime.Add(from, worktime.Span{N: n, Unit: worktime.InWorkingDays}, cal, worktime.Options{})
		if want := day.At(hours[len(hours)-1].To); !due.At.Equal(want) {
			t.Fatalf("%d from %v: %v, the finger says %v", n, from, due.At, want)
		}
		counted := 0
		for _, s := range due.Why {
			if s.Code == worktime.Counted || s.Code == worktime.MadeUp {
				counted += s.Days
			}
		}
		if counted != n {
			t.Fatalf("%d days explained as %+v", n, due.Why)
		}
	})
}

// Whatever counts by the office ends while it is open, or as it closes.
func TestDuesLieInOpenHours(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal, from, s := drawOffice(t, all), drawTime(t, "from"), drawSpan(t)
		if s.Elapsed() || s.Unit == worktime.AtTime {
			return
		}
		due := worktime.Add(from, s, cal, worktime.Options{Pauses: drawPauses(t, from)}).At
		if !cal.IsOpen(due.Add(-time.Millisecond)) {
			t.Fatalf("%v from %v ends %v", s, from, due)
		}
	})
}

// A calendar that never closes agrees with the clock on the wall.
func TestAlwaysIsTheWallClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, n := drawTime(t, "from"), rapid.IntRange(1, 5000).Draw(t, "hours")
		got := worktime.Add(from, worktime.Span{N: n, Unit: worktime.InWorkingHours}, worktime.Always(), worktime.Options{}).At
		if want := from.Add(time.Duration(n) * time.Hour); !got.Equal(want) || worktime.Always().OpenTime(from, got) != got.Sub(from) {
			t.Fatalf("%d hours from %v: %v", n, from, got)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	from := at(b, "2026-02-13T16:00")
	for _, s := range []string{"30m", "4 working hours", "3 working days", "30 working days", "30 days", "3 months", "200 working hours"} {
		limit := span(b, s)
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				worktime.Add(from, limit, worktime.Default(), worktime.Options{})
			}
		})
	}
}
