package worktime_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/worktime"
)

// Every announced day off is closed, every announced make-up workday open, in all years,
// and no name is left without a code.
func TestAnnouncedDaysAreKept(t *testing.T) {
	cal := worktime.Default()
	off, made := 0, 0
	for _, y := range worktime.Announced() {
		for _, h := range y.Days {
			d := cal.Day(h.Date)
			if cal.Workday(h.Date) == h.Off || len(d.Hours) == 0 != h.Off {
				t.Errorf("%v %s: off %v, calendar says %+v", h.Date, h.Name, h.Off, d)
			}
			if h.Name[0] > 'z' || d.Reason != h.Name {
				t.Errorf("%v: name %q, reason %q", h.Date, h.Name, d.Reason)
			}
			if h.Off {
				off++
				continue
			}
			made++
			weekend := h.Date.Weekday() == time.Saturday || h.Date.Weekday() == time.Sunday
			if d.MadeUp != weekend || !cal.IsOpen(h.Date.At(9*60)) {
				t.Errorf("%v: %+v", h.Date, d)
			}
		}
	}
	if off != 255 || made != 60 {
		t.Errorf("%d days off and %d make-up workdays, counted otherwise in the files", off, made)
	}
	for year, want := range map[int]bool{2017: false, 2018: true, 2026: true, 2027: false} {
		if cal.Announced(year) != want {
			t.Errorf("announced %d: %v", year, !want)
		}
	}
}

// The year 2026, day by day where it differs from the weekday.
func TestYear2026(t *testing.T) {
	cal := worktime.Default()
	for _, c := range []struct {
		from, to string
		open     bool
		reason   string
	}{
		{"2026-01-01", "2026-01-03", false, "new_year"},
		{"2026-01-04", "2026-01-04", true, "new_year"},
		{"2026-02-14", "2026-02-14", true, "spring_festival"},
		{"2026-02-15", "2026-02-23", false, "spring_festival"},
		{"2026-02-28", "2026-02-28", true, "spring_festival"},
		{"2026-03-01", "2026-03-01", false, "weekly_rest"},
		{"2026-04-04", "2026-04-06", false, "qingming"},
		{"2026-05-01", "2026-05-05", false, "labour_day"},
		{"2026-05-06", "2026-05-08", true, ""},
		{"2026-05-09", "2026-05-09", true, "labour_day"},
		{"2026-06-19", "2026-06-21", false, "dragon_boat"},
		{"2026-09-20", "2026-09-20", true, "national_day"},
		{"2026-09-25", "2026-09-27", false, "mid_autumn"},
		{"2026-09-28", "2026-09-30", true, ""},
		{"2026-10-01", "2026-10-07", false, "national_day"},
		{"2026-10-10", "2026-10-10", true, "national_day"},
	} {
		for d := date(t, c.from); d <= date(t, c.to); d++ {
			got := cal.Day(d)
			if cal.Workday(d) != c.open || got.Reason != c.reason || got.Provisional {
				t.Errorf("%v: %+v", d, got)
			}
		}
	}
	n := 0
	for d := date(t, "2026-01-01"); d <= date(t, "2026-12-31"); d++ {
		if cal.Workday(d) {
			n++
		}
	}
	if n != 248 {
		t.Errorf("%d workdays in 2026, the law knows 248", n)
	}
}

// A year that is not announced has its weekends and the holidays with a fixed date, and
// says that it is provisional; so do the days at its edge that announcements have moved.
func TestUnannouncedYears(t *testing.T) {
	cal := worktime.Default()
	for d, want := range map[string]worktime.Day{
		"2027-01-01": {Reason: "new_year", Provisional: true},
		"2027-05-02": {Reason: "labour_day", Provisional: true},
		"2027-10-03": {Reason: "national_day", Provisional: true},
		"2027-02-06": {Reason: "weekly_rest", Provisional: true}, // new year's day of the moon: unknown, a Saturday
		"2050-10-01": {Reason: "national_day", Provisional: true},
		"1991-10-01": {Reason: "national_day", Provisional: true},
		"2026-12-26": {Reason: "weekly_rest"},
	} {
		want.Date = date(t, d)
		if got := cal.Day(want.Date); len(got.Hours) > 0 || got.Reason != want.Reason || got.Provisional != want.Provisional {
			t.Errorf("%s: %+v", d, got)
		}
	}
	for d, want := range map[string]bool{"2025-12-31": false, "2026-12-28": false, "2026-12-29": true, "2027-03-01": true, "2017-12-28": true} {
		if got := cal.Day(date(t, d)); len(got.Hours) != 2 || got.Provisional != want {
			t.Errorf("%s: %+v", d, got)
		}
	}
}

// An office has seasons, short days, festivals of its own and worked Saturdays.
func TestRulesOfAJurisdiction(t *testing.T) {
	cal := offices(t)["half friday, summer hours, a local festival"]
	for d, want := range map[string]string{
		"2026-05-29": `["08:30-12:00"]`,               // a Friday in spring
		"2026-06-05": `["08:00-12:00","15:00-18:00"]`, // a Friday in summer
		"2026-04-20": `null`,                          // the festival
		"2026-04-25": `["09:00-11:00"]`,               // the worked Saturday
		"2026-05-09": `["08:30-12:00","14:00-17:30"]`, // made up: as a Monday
		"2026-09-20": `["08:30-12:00","14:00-17:30"]`,
	} {
		raw, err := json.Marshal(cal.Day(date(t, d)).Hours)
		if err != nil || string(raw) != want {
			t.Errorf("%s: %s, %v; want %s", d, raw, err, want)
		}
	}
	if got := cal.Day(date(t, "2026-04-20")); got.Reason != "third_of_third" {
		t.Errorf("festival: %+v", got)
	}
	if got := cal.Day(date(t, "2026-04-25")); !got.MadeUp || got.Reason != "worked_saturday" {
		t.Errorf("worked Saturday: %+v", got)
	}
	winter := office(t, `{"week":{"monday":["09:00-17:00"]},"seasons":[{"from":"11-01","to":"02-29","week":{"monday":["10:00-16:00"]}}]}`)
	for d, want := range map[string]bool{"2026-01-12": false, "2026-03-02": true, "2026-10-26": true, "2026-11-02": false} {
		if got := winter.IsOpen(date(t, d).At(9*60 + 30)); got != want {
			t.Errorf("%s 09:30: open %v", d, got)
		}
	}
}

// Open hours begin with their first minute and are over with the last.
func TestOpenHours(t *testing.T) {
	cal := worktime.Default()
	for s, want := range map[string]string{
		"2026-03-02T08:29": "2026-03-02T08:30",
		"2026-03-02T08:30": "2026-03-02T08:30",
		"2026-03-02T12:00": "2026-03-02T14:00",
		"2026-03-02T17:29": "2026-03-02T17:29",
		"2026-03-06T17:30": "2026-03-09T08:30",
		"2026-02-14T18:00": "2026-02-24T08:30", // Spring Festival
	} {
		if got := cal.NextOpen(at(t, s)); !got.Equal(at(t, want)) {
			t.Errorf("next open from %s: %v, want %s", s, got, want)
		}
		if got := cal.IsOpen(at(t, s)); got != (s == want) {
			t.Errorf("open at %s: %v", s, got)
		}
	}
	if got := worktime.Always().NextOpen(at(t, "2026-02-17T02:00")); !got.Equal(at(t, "2026-02-17T02:00")) {
		t.Errorf("always: %v", got)
	}
	if d := worktime.Always().Day(date(t, "2026-02-17")); len(d.Hours) != 1 || d.Hours[0].To != 24*60 || d.Provisional || d.Reason != "" {
		t.Errorf("always: %+v", d)
	}
}

// Rules that cannot be right are refused with a code.
func TestRulesAreChecked(t *testing.T) {
	for rules, want := range map[string]string{
		`{"week":{}}`:                                       "worktime.no_hours",
		`{"week":{"monday":["09:00-09:59"]}}`:               "worktime.no_hours",
		`{"week":{"monday":["12:00-09:00"]}}`:               "worktime.bad_hours",
		`{"week":{"monday":["09:00"]}}`:                     "worktime.bad_hours",
		`{"week":{"monday":["09:00-24:01"]}}`:               "worktime.bad_hours",
		`{"week":{"monday":["09:00-12:00","11:59-13:00"]}}`: "worktime.bad_hours",
		`{"week":{"monday":["09:00-12:00"]},"seasons":[{"from":"06-01","to":"09-30","week":{}}]}`:                        "worktime.no_hours",
		`{"week":{"monday":["09:00-12:00"]},"seasons":[{"from":"06-01","week":{"monday":["09:00-12:00"]}}]}`:             "worktime.bad_season",
		`{"week":{"monday":["09:00-12:00"]},"seasons":[{"from":"06-31","to":"09-30"}]}`:                                  "worktime.bad_date",
		`{"week":{"monday":["09:00-12:00"]},"exceptions":[{"from":"2026-02-30"}]}`:                                       "worktime.bad_date",
		`{"week":{"monday":["09:00-12:00"]},"exceptions":[{"from":"2026-02-03","to":"2026-02-01","closed":true}]}`:       "worktime.bad_exception",
		`{"week":{"monday":["09:00-12:00"]},"exceptions":[{"from":"2026-02-03","to":"9026-02-01","closed":true}]}`:       "worktime.bad_exception",
		`{"week":{"monday":["09:00-12:00"]},"exceptions":[{"closed":true}]}`:                                             "worktime.bad_exception",
		`{"week":{"monday":["09:00-12:00"]},"exceptions":[{"from":"2026-02-03","closed":true,"hours":["09:00-10:00"]}]}`: "worktime.bad_exception",
	} {
		var r worktime.Rules
		err := json.Unmarshal([]byte(rules), &r)
		if err == nil {
			_, err = worktime.New(r, nil)
		}
		if fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", rules, err, want)
		}
	}
}

// An announcement is read strictly; what is none is refused and nothing panics.
func TestAnnouncementsAreChecked(t *testing.T) {
	for _, raw := range []string{
		``, `[]`, `{}`, `{"year":1066}`, `{"year":2027,"days":[{"name":"x","date":"2027-13-01","isOffDay":true}]}`,
		`{"year":2027,"days":[{"name":"x","date":"2028-01-01","isOffDay":true}]}`,
		`{"year":2027,"days":[{"name":"x","date":"2026-11-30","isOffDay":true}]}`,
		`{"year":2027,"days":[{"name":"x","date":"2027-01-01"}]}`,
		`{"year":2027,"days":[{"name":"","date":"2027-01-01","isOffDay":true}]}`,
		`{"year":2027,"days":[{"name":"x","date":"2027-01-01","isOffDay":true},{"name":"x","date":"2027-01-01","isOffDay":false}]}`,
	} {
		if _, err := worktime.ParseYear([]byte(raw)); fault.CodeOf(err) != "worktime.bad_holidays" {
			t.Errorf("%s: %v", raw, err)
		}
	}
	y, err := worktime.ParseYear([]byte(`{"year":2027,"days":[{"name":"sample festival","date":"2026-12-31","isOffDay":true}]}`))
	if err != nil || len(y.Days) != 1 || y.Days[0].Name != "sample festival" {
		t.Errorf("%+v, %v", y, err)
	}
}

// Whatever is read as an announcement makes a calendar that keeps it.
func FuzzYear(f *testing.F) {
	f.Add([]byte(`{"year":2027,"papers":[],"days":[]}`))
	f.Add([]byte(`{"year":2027,"days":[{"name":"x","date":"2026-12-31","isOffDay":true},{"name":"y","date":"2027-02-06","isOffDay":false}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		y, err := worktime.ParseYear(raw)
		if err != nil {
			return
		}
		cal, err := worktime.New(worktime.DefaultRules(), []worktime.Year{y})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range y.Days {
			if cal.Workday(h.Date) == h.Off {
				t.Fatalf("%v: off %v", h.Date, h.Off)
			}
		}
	})
}

// Days are those of the civil calendar, before 1970 as after, and a month later is the same
// number or the month's last.
func TestDatesAreCivil(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-4e9, 9e9).Draw(t, "at"), 0).In(clock.CST)
		d := worktime.DateOf(at)
		if d.String() != at.Format(time.DateOnly) || d.Weekday() != at.Weekday() || d.Year() != at.Year() {
			t.Fatalf("%v is %v, a %v", at, d, d.Weekday())
		}
		n := rapid.IntRange(-600, 600).Draw(t, "months")
		want := time.Date(at.Year(), at.Month()+time.Month(n), at.Day(), 0, 0, 0, 0, time.UTC)
		if want.Day() != at.Day() {
			want = want.AddDate(0, 0, -want.Day()) // ran over into the next month
		}
		if got := d.AddMonths(n); got.String() != want.Format(time.DateOnly) {
			t.Fatalf("%d months from %v: %v, want %v", n, d, got, want)
		}
	})
}

// Dates, times of day and shifts are written in the form they are read in.
func FuzzTexts(f *testing.F) {
	for _, s := range []string{"2026-05-06", "02-29", "17:30", "08:30-12:00", "24:00", "0:00-24:00", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, v := range []interface {
			UnmarshalText([]byte) error
			MarshalText() ([]byte, error)
		}{new(worktime.Date), new(worktime.MonthDay), new(worktime.TimeOfDay), new(worktime.Shift)} {
			if v.UnmarshalText([]byte(s)) != nil {
				continue
			}
			out, err := v.MarshalText()
			if err != nil || v.UnmarshalText(out) != nil {
				t.Fatalf("%T %q: %q, %v", v, s, out, err)
			}
			again, _ := v.MarshalText()
			if string(again) != string(out) {
				t.Fatalf("%T %q: %q then %q", v, s, out, again)
			}
		}
	})
}
