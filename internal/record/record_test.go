package record

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"gezhi/internal/account"
	"gezhi/internal/worktime"
)

// revisions draws what may be recorded of something within forty days.
func revisions(t *rapid.T) []Revision {
	n := rapid.IntRange(0, 7).Draw(t, "n")
	out := make([]Revision, n)
	for i := range out {
		from := rapid.IntRange(1, 40).Draw(t, "from")
		out[i] = Revision{ID: fmt.Sprintf("%02d", i), From: worktime.Date(from).String(), Gone: rapid.Bool().Draw(t, "gone"),
			Values: map[string]any{"v": rapid.IntRange(1, 3).Draw(t, "v")}}
		if until := rapid.IntRange(from, 45).Draw(t, "until"); until < 42 {
			out[i].Until = worktime.Date(until).String()
		}
	}
	return out
}

// Of any day the revision recorded last that speaks of it counts; stretches are in order, do
// not overlap, and none is gone.
func TestTheLastWordCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := revisions(t)
		course := Course(all)
		for i, s := range course {
			if s.Gone || s.Until < s.From || i > 0 && course[i-1].Until >= s.From {
				t.Fatalf("%d of %+v", i, course)
			}
		}
		for day := worktime.Date(0); day < 50; day++ {
			var last *Revision
			for i := range all {
				if dayOf(all[i].From, 0) <= day && day <= dayOf(all[i].Until, endless) {
					last = &all[i]
				}
			}
			got, ok := on(course, day)
			if ok != (last != nil && !last.Gone) || ok && got.ID != last.ID {
				t.Fatalf("day %v: %v %+v, not %+v", day, ok, got, last)
			}
		}
	})
}

// What becomes of a record is told once: a day on which it begins, ends or changes against
// what was known is a change, where nothing changes nothing is told, and untold it may only
// last longer than was known.
func TestChangesAreToldOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := Course(revisions(t))
		after := before
		if rapid.Bool().Draw(t, "more") {
			all := append([]Revision{}, revisionsOfCourse(before)...)
			for i, r := range revisions(t) {
				r.ID = fmt.Sprintf("x%02d", i)
				all = append(all, r)
			}
			after = Course(all)
		}
		told := changes(before, after)
		if sameCourse(before, after) && len(told) > 0 {
			t.Fatalf("from %+v to %+v: %+v", before, after, told)
		}
		for day := worktime.Date(0); day < 50 && len(told) == 0; day++ { // untold it may only last longer
			_, held := on(before, day)
			if _, holds := on(after, day); held && !holds {
				t.Fatalf("untold on %v, from %+v to %+v", day, before, after)
			}
		}
		seen := map[string]bool{}
		for _, c := range told {
			if key := c.Event + c.Day; seen[key] {
				t.Fatalf("%s twice", key)
			} else {
				seen[key] = true
			}
			day := dayOf(c.Day, endless)
			if _, holds := on(after, day); holds == (c.Event == Ended) {
				t.Fatalf("%+v, but on that day it is %v", c, holds)
			}
		}
	})
}

func revisionsOfCourse(course []Span) []Revision {
	var out []Revision
	for _, s := range course {
		r := *s.Revision
		r.From, r.Until = dayText(s.From), dayText(s.Until)
		out = append(out, r)
	}
	return out
}

// A scope reaches records in its areas and those that name its holder or unit; a public
// register everybody of the jurisdiction; nobody another county's.
func TestWhoMaySee(t *testing.T) {
	r := &Record{Jurisdiction: "j"}
	r.Areas[account.Township], r.Areas[account.Village] = "town", "village"
	area := func(level account.Level, id string) account.Scope {
		return account.Scope{Jurisdiction: "j", Branches: []account.Branch{{Kind: account.AreaBranch, Level: level, ID: id}}}
	}
	person := account.Scope{Jurisdiction: "j", Branches: []account.Branch{{Kind: account.PersonBranch, ID: "p"}}}
	for _, c := range []struct {
		scope  account.Scope
		public bool
		want   bool
	}{
		{area(account.Township, "town"), false, true}, {area(account.Village, "village"), false, true}, {area(account.Village, "other"), false, false},
		{area(account.Grid, ""), false, false}, {person, false, true}, {account.Scope{Jurisdiction: "j"}, false, false}, {account.Scope{Jurisdiction: "j"}, true, true},
		{account.Scope{Jurisdiction: "k", Branches: area(account.Township, "town").Branches}, true, false}, {account.Scope{}, true, false},
	} {
		if got := Visible(c.scope, r, c.public, []string{"person/p", "unit/u"}); got != c.want {
			t.Errorf("%+v, public %v: %v", c.scope, c.public, got)
		}
	}
}
