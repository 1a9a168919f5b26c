package account

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"gezhi/internal/clock"
)

func TestMonthsOfServiceAreWholeOnes(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.ParseInLocation(time.DateOnly, s, clock.CST)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	span := func(from, until string) stretch {
		s := stretch{from: day(from)}
		if until != "" {
			s.until = day(until)
		}
		return s
	}
	for _, c := range []struct {
		all  []stretch
		want int
	}{
		{nil, 0},
		{[]stretch{span("2026-01-15", "")}, 2},
		{[]stretch{span("2026-01-16", "")}, 1},
		{[]stretch{span("2025-12-15", "")}, 3},
		{[]stretch{span("2025-12-16", "")}, 2},
		{[]stretch{span("2026-01-31", "2026-02-28")}, 1},                                   // the last day of a short month
		{[]stretch{span("2024-03-15", "2025-03-15"), span("2025-03-15", "")}, 24},          // moved to another grid: one time
		{[]stretch{span("2025-01-10", "2025-02-20"), span("2025-06-10", "2025-07-20")}, 2}, // two times, whole months of each
		{[]stretch{span("2025-01-10", "2026-01-10"), span("2025-02-10", "2025-06-10"), span("2026-03-15", "")}, 12}, // two posts beside each other count once
	} {
		if got := served(c.all, day("2026-03-15")); got != c.want {
			t.Errorf("%v: %d, want %d", c.all, got, c.want)
		}
	}
}

func TestServiceNeverShrinksWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2020, 1, rapid.IntRange(1, 800).Draw(t, "from"), rapid.IntRange(0, 23).Draw(t, "hour"), 0, 0, 0, clock.CST)
		a := from.AddDate(0, 0, rapid.IntRange(0, 900).Draw(t, "days"))
		b := a.AddDate(0, 0, rapid.IntRange(0, 900).Draw(t, "later"))
		early, late := served([]stretch{{from: from}}, a), served([]stretch{{from: from}}, b)
		if early > late || late > early+int(b.Sub(a).Hours()/24/28)+1 {
			t.Fatalf("%d months by %s, %d by %s", early, a, late, b)
		}
		cut := from.AddDate(0, 0, rapid.IntRange(0, 900).Draw(t, "moved"))
		if got := served([]stretch{{from, cut}, {from: cut}}, b); cut.Before(b) && got != late {
			t.Fatalf("moved within the time: %d months, not %d", got, late)
		}
	})
}
