package worktime_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"gezhi/internal/fault"
	"gezhi/internal/worktime"
)

// Marks are read and written as packs write them.
func TestMarkIsReadAndWrittenAsPacksWriteIt(t *testing.T) {
	for text, want := range map[string]worktime.Mark{
		"80%":                      {Percent: 80},
		"due":                      {},
		"15m after due":            {Offset: worktime.Span{N: 15, Unit: worktime.InMinutes}},
		"7 days before due":        {Offset: worktime.Span{N: -7, Unit: worktime.InDays}},
		"1 working day before due": {Offset: worktime.Span{N: -1, Unit: worktime.InWorkingDays}},
	} {
		got, err := worktime.ParseMark(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%q: got %+v %q, %v", text, got, got.String(), err)
		}
	}
	for text, want := range map[string]string{
		"": "worktime.bad_mark", "0%": "worktime.bad_mark", "100%": "worktime.bad_mark", "+8%": "worktime.bad_mark", "%": "worktime.bad_mark",
		"due due": "worktime.bad_mark", "3 days": "worktime.bad_mark", "after due": "worktime.bad_mark",
		"-3 days before due": "worktime.bad_mark", "17:30 before due": "worktime.bad_mark", "same day after due": "worktime.bad_mark",
		"3 days after due before due": "worktime.unknown_unit", "0 days after due": "worktime.zero_span", "3 moons before due": "worktime.unknown_unit",
	} {
		if got, err := worktime.ParseMark(text); fault.CodeOf(err) != want || got != (worktime.Mark{}) {
			t.Errorf("%q: got %+v, %v; want %s", text, got, err, want)
		}
	}
}

// Marks survive JSON.
func TestMarkInJSON(t *testing.T) {
	var back []worktime.Mark
	text := `["80%","due","15m after due"]`
	if err := json.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	if raw, err := json.Marshal(back); err != nil || string(raw) != text {
		t.Fatalf("got %s, %v", raw, err)
	}
	if err := json.Unmarshal([]byte(`["soon"]`), &back); fault.CodeOf(err) != "worktime.bad_mark" {
		t.Fatalf("got %v", err)
	}
}

// A mark of a clock lies where the law of the office says.
func TestMarkOfAClock(t *testing.T) {
	for _, c := range []struct{ start, limit, mark, want string }{
		{"2026-03-02T09:00", "2 working days", "due", "2026-03-04T17:30"},
		{"2026-03-02T09:00", "2 working days", "15m after due", "2026-03-04T17:45"},
		{"2026-03-02T09:00", "2 working days", "1 working day before due", "2026-03-03T17:30"},
		{"2026-03-02T09:00", "2 working days", "4 working hours before due", "2026-03-04T11:30"},
		{"2026-03-02T09:00", "2 working days", "2 working hours after due", "2026-03-05T10:30"},
		{"2026-03-02T08:30", "10 working hours", "50%", "2026-03-02T15:30"}, // five of seven hours
		{"2026-03-06T16:30", "2 working hours", "80%", "2026-03-09T09:06"},  // over the weekend
		{"2026-03-02T10:00", "4h", "50%", "2026-03-02T12:00"},               // elapsed, through noon
		{"2026-03-01T20:00", "30m", "80%", "2026-03-01T20:24"},              // a Sunday night
		{"2026-03-05T10:00", "30 days", "7 days before due", "2026-03-31T17:30"},
		{"2026-05-01T10:00", "10 working days", "7 days before due", "2026-05-11T17:30"},
		{"2026-05-04T10:00", "3 working days", "3 working days before due", "2026-04-30T17:30"},
	} {
		m, err := worktime.ParseMark(c.mark)
		if err != nil {
			t.Fatal(err)
		}
		got := worktime.Clock{Start: at(t, c.start), Limit: span(t, c.limit)}.At(m, worktime.Default())
		if !got.Equal(at(t, c.want)) {
			t.Errorf("%s of %s from %s: got %v, want %s", c.mark, c.limit, c.start, got, c.want)
		}
	}
}

// On a calendar that never closes every mark is plain elapsed time.
func TestMarkWhereNobodyCloses(t *testing.T) {
	start, due := at(t, "2026-02-16T02:00"), at(t, "2026-02-16T02:15")
	for text, want := range map[string]string{
		"80%": "2026-02-16T02:12", "15m after due": "2026-02-16T02:30",
		"1 working day before due": "2026-02-15T02:15", "2 working hours after due": "2026-02-16T04:15",
	} {
		m, err := worktime.ParseMark(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.At(start, due, worktime.Always()); !got.Equal(at(t, want)) {
			t.Errorf("%s: got %v, want %s", text, got, want)
		}
	}
}

// Where the office does not open in between, a share is one of elapsed time; a limit that
// counts back has no shares but its due.
func TestShareOfClosedTime(t *testing.T) {
	half := worktime.Mark{Percent: 50}
	if got := half.At(at(t, "2026-03-07T10:00"), at(t, "2026-03-07T12:00"), worktime.Default()); !got.Equal(at(t, "2026-03-07T11:00")) {
		t.Errorf("on a Saturday: %v", got)
	}
	papers := worktime.Clock{Start: at(t, "2026-03-18T09:00"), Limit: span(t, "-7 days")}
	if got := papers.At(half, worktime.Default()); !got.Equal(at(t, "2026-03-11T17:30")) {
		t.Errorf("counting back: %v", got)
	}
}

// A reminder one working day before a short Friday does not come after its closing time.
func TestMarkKeepsToShortDays(t *testing.T) {
	cal := offices(t)["half friday, summer hours, a local festival"]
	m, _ := worktime.ParseMark("1 working day before due")
	if got := m.At(at(t, "2026-03-02T09:00"), at(t, "2026-03-09T17:30"), cal); !got.Equal(at(t, "2026-03-06T12:00")) {
		t.Fatalf("got %v", got)
	}
}

// A share of a clock lies within it, later shares later, and never within a pause.
func TestSharesAreInOrder(t *testing.T) {
	all := offices(t)
	rapid.Check(t, func(t *rapid.T) {
		cal := drawOffice(t, all)
		start := drawTime(t, "start")
		c := worktime.Clock{Start: start, Limit: drawSpan(t), Options: worktime.Options{Pauses: drawPauses(t, start)}}
		due := c.Due(cal).At
		last := start
		for _, p := range []int{1, 50, 80, 99} {
			got := c.At(worktime.Mark{Percent: p}, cal)
			if got.Before(last) || got.After(due) || got.Equal(start) && p > 1 {
				t.Fatalf("%d%% of %v to %v is %v, after %v", p, start, due, got, last)
			}
			last = got
		}
	})
}

// Whatever mark is read is written in a form that reads the same.
func FuzzMark(f *testing.F) {
	for _, s := range []string{"80%", "due", "15m after due", "1 working day before due", "-1%", " due"} {
		f.Add(s)
	}
	start, due := at(f, "2026-03-02T09:00"), at(f, "2026-03-04T17:30")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := worktime.ParseMark(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := worktime.ParseMark(m.String())
		if err != nil || again != m {
			t.Fatalf("%q: %q reads %+v, %v", s, m.String(), again, err)
		}
		got := m.At(start, due, worktime.Default())
		if m.Offset.N < 0 && !got.Before(due) || m.Offset.N > 0 && got.Before(due) {
			t.Fatalf("%q: %v", s, got)
		}
	})
}
