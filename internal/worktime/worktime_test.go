package worktime_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gezhi/internal/clock"
	"gezhi/internal/worktime"
)

// at reads 2026-03-02T09:00 as China Standard Time; a date alone is its midnight.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	layout := "2006-01-02T15:04:05"[:len(s)]
	v, err := time.ParseInLocation(layout, s, clock.CST)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func span(t testing.TB, s string) worktime.Span {
	t.Helper()
	v, err := worktime.ParseSpan(s)
	if err != nil {
		t.Fatalf("span %q: %v", s, err)
	}
	return v
}

func date(t testing.TB, s string) worktime.Date {
	t.Helper()
	v, err := worktime.ParseDate(s)
	if err != nil {
		t.Fatalf("date %q: %v", s, err)
	}
	return v
}

// office makes a calendar from rules as a jurisdiction would write them.
func office(t testing.TB, rules string, years ...worktime.Year) worktime.Calendar {
	t.Helper()
	var r worktime.Rules
	if err := json.Unmarshal([]byte(rules), &r); err != nil {
		t.Fatalf("rules: %v", err)
	}
	c, err := worktime.New(r, append(worktime.Announced(), years...))
	if err != nil {
		t.Fatalf("calendar: %v", err)
	}
	return c
}

const fiveDays = `"monday":["08:30-12:00","14:00-17:30"],"tuesday":["08:30-12:00","14:00-17:30"],
	"wednesday":["08:30-12:00","14:00-17:30"],"thursday":["08:30-12:00","14:00-17:30"]`

// offices are calendars as unlike each other as real offices are.
func offices(t testing.TB) map[string]worktime.Calendar {
	return map[string]worktime.Calendar{
		"default": worktime.Default(),
		"half friday, summer hours, a local festival": office(t, `{
			"week": {`+fiveDays+`,"friday":["08:30-12:00"]},
			"seasons": [{"from":"06-01","to":"09-30","week":{`+fiveDays+`,"friday":["08:00-12:00","15:00-18:00"]}}],
			"exceptions": [{"from":"2026-04-19","to":"2026-04-21","closed":true,"name":"third_of_third"},
				{"from":"2026-04-25","name":"worked_saturday","hours":["09:00-11:00"]}]}`),
		"service hall over the weekend": office(t, `{"week":{
			"tuesday":["09:00-17:00"],"wednesday":["09:00-17:00"],"saturday":["09:00-20:00"],"sunday":["00:00-02:00","22:00-24:00"]}}`),
		"round the clock on weekdays": office(t, `{"week":{"monday":["00:00-24:00"],"tuesday":["00:00-24:00"],
			"wednesday":["00:00-24:00"],"thursday":["00:00-24:00"],"friday":["00:00-24:00"]}}`),
	}
}

func drawOffice(t *rapid.T, all map[string]worktime.Calendar) worktime.Calendar {
	names := rapid.SampledFrom([]string{"default", "half friday, summer hours, a local festival",
		"service hall over the weekend", "round the clock on weekdays"})
	return all[names.Draw(t, "office")]
}

// drawTime draws a whole minute between 2025 and 2028: announced years and others.
func drawTime(t *rapid.T, label string) time.Time {
	minutes := rapid.IntRange(0, 3*365*24*60).Draw(t, label)
	return time.Date(2025, 1, 1, 0, 0, 0, 0, clock.CST).Add(time.Duration(minutes) * time.Minute)
}

// drawPauses draws up to three pauses that begin within a month after from.
func drawPauses(t *rapid.T, from time.Time) []worktime.Pause {
	var out []worktime.Pause
	for range rapid.IntRange(0, 3).Draw(t, "pauses") {
		a := from.Add(time.Duration(rapid.IntRange(-600, 40000).Draw(t, "pause at")) * time.Minute)
		out = append(out, worktime.Pause{From: a, To: a.Add(time.Duration(rapid.IntRange(0, 20000).Draw(t, "pause length")) * time.Minute)})
	}
	return out
}

// inPause reports whether a clock that stands in the pauses cannot have run out at t.
func inPause(t time.Time, pauses []worktime.Pause) bool {
	for _, p := range pauses {
		if t.After(p.From) && !t.After(p.To) {
			return true
		}
	}
	return false
}
