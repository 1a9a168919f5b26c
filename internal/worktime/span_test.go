package worktime_test

import (
	"encoding/json"
	"testing"

	"gezhi/internal/fault"
	"gezhi/internal/worktime"
)

// Every form the pack language knows is read and written back in its canonical form.
func TestSpanIsReadAndWrittenAsPacksWriteIt(t *testing.T) {
	for text, want := range map[string]struct {
		span worktime.Span
		text string
	}{
		"30m":                {worktime.Span{N: 30, Unit: worktime.InMinutes}, "30m"},
		"1h":                 {worktime.Span{N: 1, Unit: worktime.InHours}, "1h"},
		"90 working minutes": {worktime.Span{N: 90, Unit: worktime.InWorkingMinutes}, "90 working minutes"},
		"1 working hour":     {worktime.Span{N: 1, Unit: worktime.InWorkingHours}, "1 working hour"},
		"4 working hours":    {worktime.Span{N: 4, Unit: worktime.InWorkingHours}, "4 working hours"},
		"1 working days":     {worktime.Span{N: 1, Unit: worktime.InWorkingDays}, "1 working day"},
		" 3  working\tdays ": {worktime.Span{N: 3, Unit: worktime.InWorkingDays}, "3 working days"},
		"05 days":            {worktime.Span{N: 5, Unit: worktime.InDays}, "5 days"},
		"-7 days":            {worktime.Span{N: -7, Unit: worktime.InDays}, "-7 days"},
		"-1 day":             {worktime.Span{N: -1, Unit: worktime.InDays}, "-1 day"},
		"-30m":               {worktime.Span{N: -30, Unit: worktime.InMinutes}, "-30m"},
		"2 weeks":            {worktime.Span{N: 2, Unit: worktime.InWeeks}, "2 weeks"},
		"3 months":           {worktime.Span{N: 3, Unit: worktime.InMonths}, "3 months"},
		"1 year":             {worktime.Span{N: 1, Unit: worktime.InYears}, "1 year"},
		"same day":           {worktime.Span{Unit: worktime.SameDay}, "same day"},
		"17:30":              {worktime.Span{N: 17*60 + 30, Unit: worktime.AtTime}, "17:30"},
		"9:05":               {worktime.Span{N: 9*60 + 5, Unit: worktime.AtTime}, "09:05"},
		"00:00":              {worktime.Span{N: 24 * 60, Unit: worktime.AtTime}, "24:00"},
	} {
		got, err := worktime.ParseSpan(text)
		if err != nil || got != want.span || got.String() != want.text {
			t.Errorf("%q: got %+v %q, %v; want %+v %q", text, got, got.String(), err, want.span, want.text)
		}
	}
}

// What is no span is refused with a code that says why.
func TestSpanRefusesWithAReason(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "worktime.bad_span",
		"-":                        "worktime.bad_span",
		"days":                     "worktime.bad_span",
		"+3 days":                  "worktime.bad_span",
		"--3 days":                 "worktime.bad_span",
		"３ days":                   "worktime.bad_span",
		"-same day":                "worktime.bad_span",
		"0 days":                   "worktime.zero_span",
		"0m":                       "worktime.zero_span",
		"-0 working days":          "worktime.zero_span",
		"3":                        "worktime.bad_span",
		"30 m":                     "worktime.unknown_unit",
		"3days":                    "worktime.unknown_unit",
		"2 fortnights":             "worktime.unknown_unit",
		"1.5 days":                 "worktime.unknown_unit",
		"3 Working Days":           "worktime.unknown_unit",
		"101 years":                "worktime.span_too_long",
		"99999999999999999999 day": "worktime.span_too_long",
		"25:00":                    "worktime.bad_time",
		"24:01":                    "worktime.bad_time",
		"17:60":                    "worktime.bad_time",
		"-17:30":                   "worktime.bad_time",
		"1:2:3":                    "worktime.bad_time",
	} {
		got, err := worktime.ParseSpan(text)
		if fault.CodeOf(err) != want || fault.KindOf(err) != fault.Invalid || !got.IsZero() {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
}

// A span survives JSON; an optional one is left out when there is none.
func TestSpanInJSON(t *testing.T) {
	type limits struct {
		Handle worktime.Span `json:"handle"`
		Rate   worktime.Span `json:"rate,omitzero"`
	}
	raw, err := json.Marshal(limits{Handle: span(t, "3 working days")})
	if err != nil || string(raw) != `{"handle":"3 working days"}` {
		t.Fatalf("got %s, %v", raw, err)
	}
	var back limits
	if err := json.Unmarshal(raw, &back); err != nil || back.Handle != span(t, "3 working days") {
		t.Fatalf("got %+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"handle":"soon"}`), &back); fault.CodeOf(err) != "worktime.bad_span" {
		t.Fatalf("got %v", err)
	}
	if s := (worktime.Span{}).String(); s != "" {
		t.Fatalf("no span reads %q", s)
	}
}

// Whatever is read is written in a form that reads the same, and can be added to a moment.
func FuzzSpan(f *testing.F) {
	for _, s := range []string{"30m", "4 working hours", "-3 working days", "same day", "17:30", "3 months", "100 years", "24:00", "x", "9 "} {
		f.Add(s)
	}
	start := at(f, "2026-03-02T09:00")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := worktime.ParseSpan(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := worktime.ParseSpan(v.String())
		if err != nil || again != v {
			t.Fatalf("%q: %q reads %+v, %v", s, v.String(), again, err)
		}
		due := worktime.Add(start, v, worktime.Default(), worktime.Options{}).At
		if v.N >= 0 != due.After(start) {
			t.Fatalf("%q: from %v to %v", s, start, due)
		}
	})
}
