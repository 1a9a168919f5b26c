package points

import (
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// A statement leads through all entries, newest first, a page at a time, also of an account in
// slices; each entry says why. The balance of any day is what the entries before it come to.
func TestStatementsOfAnyDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(50_000)
		for i := range 25 {
			o.clock.Set(monday.AddDate(0, 0, i))
			o.grant(li, 10)
		}
		o.grant(wang, 7)
		for _, c := range []struct {
			a    Account
			n    int
			last int64
		}{{Own(li), 25, 250}, {budget, 25 + 1 + sliced, 50_000 - 257}} {
			var all []Entry
			q := Page{Limit: 4}
			for {
				page, next, err := o.Statement(t.Context(), j1, "points", c.a, q)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, page...)
				if next == nil {
					break
				}
				q.After = *next
			}
			if len(all) != c.n {
				t.Fatalf("%d entries of %s, not %d", len(all), c.a.Kind, c.n)
			}
			sum := int64(0)
			for i, e := range all {
				sum += e.Amount
				if i > 0 && e.Seq > all[i-1].Seq || e.Posted.Reason != "patrol" {
					t.Fatalf("%+v", e)
				}
			}
			if sum != c.last {
				t.Fatal(sum)
			}
		}
		tenth, twelfth := monday.AddDate(0, 0, 10), monday.AddDate(0, 0, 12)
		page, next, err := o.Statement(t.Context(), j1, "points", Own(li), Page{From: tenth, Until: twelfth})
		if err != nil || len(page) != 2 || next != nil || !page[1].At.Equal(tenth) {
			t.Fatal(page, err)
		}
		if n, err := o.BalanceAt(t.Context(), j1, "points", Own(li), tenth); n != 100 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := o.BalanceAt(t.Context(), j1, "points", budget, tenth); n != 50_000-100 || err != nil {
			t.Fatal(n, err)
		}
	})
}

// The sums of months are those of the entries, whenever they were last brought up, and by the
// month of China Standard Time.
func TestMonthsAreTheSumsOfEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(5000)
		o.grant(li, 10)
		o.grant(li, 5)
		if err := o.Roll(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.must(o.posting(Redeem, Own(li), Of(Redeemed), 4))
		o.clock.Set(time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC)) // midnight in China
		o.grant(li, 3)
		o.proved()
		all, err := o.Months(t.Context(), j1, "points", "2026-03", "2026-04")
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]Sum{}
		for _, m := range all {
			if m.Account == Own(li) {
				got[m.Month+" "+string(m.Kind)] = m
			}
		}
		for name, want := range map[string][3]int64{"2026-03 grant": {2, 15, 0}, "2026-03 redeem": {1, 0, 4}, "2026-04 grant": {1, 3, 0}} {
			if m := got[name]; (m.Postings != want[0]) || m.Came != want[1] || m.Went != want[2] || m.Item != "patrol" || m.Area != "grid-1" {
				t.Errorf("%s: %+v", name, m)
			}
		}
		if len(got) != 3 {
			t.Error(got)
		}
		o.proved()
	})
}
