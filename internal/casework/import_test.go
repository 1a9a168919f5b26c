package casework_test

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/territory"
	"gezhi/internal/worktime"
	"gezhi/packs"
)

// monday is an ordinary Monday at nine.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST)

// office is a small county set up as an operator would: areas, units, people, pack incident.
type office struct {
	*casework.Service
	t         *testing.T
	clock     *clock.Hand
	calendars *casework.Calendars
	home      string
}

const (
	divisions = "code,name,parent,level\n99,Sample,,1\n9901,Sample City,99,2\n990102,Sample County,9901,3\n990102001,North,990102,4\n990102001201,North Village,990102001,5\n"
	offices   = "code,name,kind,parent,area\nnorth,North Office,office,,990102001\nwaste,North Waste,sanitation_station,north,990102001\nroads,Roads Crew,roads,north,990102001\nv,North Village Committee,committee,north,990102001201\n"
	accounts  = "name,login,role,unit\nSample A,ann,dispatcher,v\nSample B,ben,handler,waste\nSample C,cai,handler,roads\nSample D,dan,duty_clerk,north\n"
)

func newOffice(t *testing.T, d *db.DB) office {
	t.Helper()
	ctx := t.Context()
	hand := clock.At(monday)
	ids := id.Seeded(1, hand.Now)
	people := account.New(d)
	people.Now, people.NewID = hand.Now, ids
	places := &territory.Service{DB: d, Now: hand.Now, NewID: ids}
	j, err := people.CreateJurisdiction(ctx, account.Jurisdiction{Code: "990102", Name: "Sample County", Nature: "sample"})
	if err != nil {
		t.Fatal(err)
	}
	from := territory.Import{Jurisdiction: j.ID, From: monday.AddDate(0, -1, 0), Nature: territory.Sample}
	if _, err := places.ImportDivisions(ctx, []byte(divisions), from); err != nil {
		t.Fatal(err)
	}
	if _, err := places.ImportUnits(ctx, []byte(offices), from); err != nil {
		t.Fatal(err)
	}
	calendars := &casework.Calendars{DB: d, Now: hand.Now, NewID: ids}
	o := office{t: t, clock: hand, calendars: calendars, home: j.ID}
	core := shipped(t, "core")
	o.Service = &casework.Service{DB: d, Now: hand.Now, ID: ids, Calendar: calendars.Of, TaskPack: core, TaskLife: casework.TaskLife(core),
		World:  &casework.World{Territory: places, Accounts: people, Runs: func(string) []string { return []string{"office", "committee"} }},
		Book:   &casework.Book{DB: d, Now: hand.Now, NewID: ids},
		Soon:   func(_ string, now time.Time) time.Time { return now.Add(24 * time.Hour) },
		Nature: func(string) string { return casework.Sample }, Vault: privacy.InMemory(d, hand.Now, ids)}
	for _, name := range []string{"core", "incident"} {
		if err := o.Book.Load(ctx, "", j.ID, shipped(t, name), nil); err != nil {
			t.Fatal(err)
		}
	}
	_, err = places.ImportStaff(ctx, []byte(accounts), territory.StaffImport{Jurisdiction: j.ID, From: from.From,
		Give: func(ctx context.Context, tx *db.Tx, rows []territory.StaffRow) (territory.Report, error) {
			for _, r := range rows {
				n := account.NewPost{Role: r.Role, UnitID: r.Unit.ID, AreaID: r.Area.ID, AreaLevel: account.Level(r.Area.Level), From: r.From}
				if _, err := people.Enrol(ctx, tx, "", account.Enrolment{Jurisdiction: j.ID, Name: r.Name, Login: r.Login, Nature: "sample", Post: n}); err != nil {
					return territory.Report{}, err
				}
			}
			return territory.Report{Begun: len(rows)}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func shipped(t *testing.T, name string) *pack.Pack {
	t.Helper()
	dir, err := fs.Sub(packs.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	p, report := pack.Load(dir)
	if p == nil {
		t.Fatal(report.Text("en"))
	}
	return p
}

// opened is a new case of a class in the village.
func (o office) opened(code string) *casework.Case {
	o.t.Helper()
	if err := o.World.Renew(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	a := o.World.Tree().AreaByCode("990102001201")
	out, err := o.Open(o.t.Context(), &casework.Actor{Jurisdiction: o.home, System: true}, casework.Opening{Class: "incident/" + code, AreaID: a.ID, Channel: "field", Text: "sample"})
	if err != nil {
		o.t.Fatal(err)
	}
	return out.Case
}

// handler is the code of the unit that the case is meant for, and why.
func (o office) handler(c *casework.Case) (unit, why string) {
	o.t.Helper()
	v, err := o.View(o.t.Context(), &casework.Actor{Jurisdiction: o.home, System: true, Scope: account.Scope{Jurisdiction: o.home,
		Branches: []account.Branch{{Kind: account.AreaBranch, Level: account.Village, ID: c.AreaID}}}}, c.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, p := range v.Seats {
		if p.Seat == "handler" {
			u, _ := o.World.Tree().Unit(p.Subject)
			return u.Code, p.Why
		}
	}
	return "", ""
}

func places(bad []fault.Place) map[int]string {
	got := map[int]string{}
	for _, b := range bad {
		got[b.Line] += b.Path + " " + b.Code
	}
	return got
}

// A county's own list of duties stands before the lines of the pack: the smallest area first,
// the narrowest class first, from a day to a day; what it does not name the pack decides.
func TestOwnDutiesStandBeforeThoseOfThePack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		if unit, _ := o.handler(o.opened("0102")); unit != "v" && unit != "waste" {
			t.Fatalf("the pack gives it to %q", unit)
		}
		imp := casework.DutyImport{Jurisdiction: o.home, From: monday.AddDate(0, 0, -1)}
		take := func(list string) territory.Report {
			t.Helper()
			rep, err := o.ImportDuties(t.Context(), []byte("class,area,unit,role,until\n"+list), imp)
			if err != nil {
				t.Fatal(err)
			}
			return rep
		}
		list := "incident/01*,990102001,north,,\nincident/0102,990102001,roads,,\nincident/0103,990102001,waste,,\nincident/0103,990102001201,v,,\nincident/0104,990102001,roads,,2026-03-04\n"
		imp.DryRun = true
		if rep := take(list); rep.Begun != 5 || !rep.DryRun {
			t.Errorf("%+v", rep)
		}
		if unit, _ := o.handler(o.opened("0102")); unit == "roads" {
			t.Error("a dry run changed who is responsible")
		}
		imp.DryRun = false
		if rep := take(list); rep.Begun != 5 {
			t.Errorf("%+v", rep)
		}
		if rep := take(list); rep.Unchanged != 5 || rep.Begun+rep.Changed+rep.Ended != 0 {
			t.Errorf("again: %+v", rep)
		}
		for code, want := range map[string]string{"0102": "roads", "0103": "v", "0101": "north", "0104": "roads"} {
			if unit, why := o.handler(o.opened(code)); unit != want || why == "" {
				t.Errorf("%s goes to %q (%s), not %q", code, unit, why, want)
			}
		}
		o.clock.Set(monday.AddDate(0, 0, 3))
		if unit, _ := o.handler(o.opened("0104")); unit != "north" {
			t.Errorf("after its last day the wider line holds, not %q", unit)
		}
		imp.From, imp.EndMissing = o.clock.Now(), true
		if rep := take("incident/0102,990102001,waste,,\n"); rep.Begun != 1 || rep.Ended != 3 {
			t.Errorf("%+v", rep)
		}
		if unit, _ := o.handler(o.opened("0102")); unit != "waste" {
			t.Errorf("the new line does not hold but %q", unit)
		}
	})
}

// Each bad row of a list of duties is named with line, column and reason.
func TestBadDutiesAreNamedByLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		list := "class,area,unit,role,from,until\n" +
			"incident/0102,990102001,waste,,,\n" + // 2: sound
			"weather/0102,990102001,waste,,,\n" + // 3
			"incident/99*,990102001,waste,,,\n" + // 4
			"incident/0103,nowhere,waste,,,\n" + // 5
			"incident/0104,990102001,nobody,,,\n" + // 6
			"incident/0105,990102001,,king,,\n" + // 7
			"incident/0106,990102001,waste,handler,,\n" + // 8
			"incident/0107,990102001,waste,,2026-03-05,2026-03-04\n" + // 9
			"incident/0102,990102001,roads,,,\n" // 10
		imp := casework.DutyImport{Jurisdiction: o.home, From: monday, DryRun: true}
		rep, err := o.ImportDuties(t.Context(), []byte(list), imp)
		if err != nil {
			t.Fatal(err)
		}
		want := map[int]string{3: "class case.unknown_pack", 4: "class case.unknown_class", 5: "area territory.unknown_area", 6: "unit territory.unknown_unit",
			7: "role territory.unknown_role", 8: "unit case.unit_or_role", 9: "until territory.ends_before_it_begins", 10: "class case.duty_twice"}
		if diff := cmp.Diff(want, places(rep.Bad)); diff != "" {
			t.Error(diff)
		}
		imp.DryRun = false
		if _, err := o.ImportDuties(t.Context(), []byte(list), imp); fault.CodeOf(err) != "territory.bad_rows" {
			t.Error(err)
		}
	})
}

const rosterFile = `日期,班次,值班岗位,账号,区域代码,上班时间,下班时间
2026-03-02,白班,值班员,dan,990102001,08:30,17:30
2026-03-02,夜班,值班员,dan,990102001,17:30,08:30
2026-03-03,节假日,带班领导,ann,990102001,08:30,08:30
`

// A roster may be taken in again; somebody is on duty from the first to the last minute of a
// shift, also over midnight; and who is no longer listed is taken off when that is asked for.
func TestARosterIsTakenIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		imp := casework.RosterImport{Jurisdiction: o.home}
		for i, c := range []struct {
			dry           bool
			begun, stayed int
		}{{true, 3, 0}, {false, 3, 0}, {false, 0, 3}} {
			imp.DryRun = c.dry
			if rep, err := o.ImportRoster(t.Context(), []byte(rosterFile), imp); err != nil || rep.Begun != c.begun || rep.Unchanged != c.stayed {
				t.Fatalf("%d: %+v, %v", i, rep, err)
			}
		}
		logins, err := o.World.Accounts.Logins(t.Context(), o.home)
		if err != nil {
			t.Fatal(err)
		}
		on := func(login string, at time.Time) bool {
			t.Helper()
			is, err := o.IsOnDuty(t.Context(), logins[login], at)
			if err != nil {
				t.Fatal(err)
			}
			return is
		}
		at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, clock.CST) }
		for when, want := range map[time.Time]bool{at(2, 8, 29): false, at(2, 8, 30): true, at(3, 2, 0): true, at(3, 8, 29): true, at(3, 8, 30): false} {
			if on("dan", when) != want {
				t.Errorf("on duty at %s: %v", when, !want)
			}
		}
		if !on("ann", at(4, 8, 29)) || on("ann", at(4, 8, 30)) {
			t.Error("a shift of a whole day ends a day later")
		}
		imp.EndMissing = true
		rep, err := o.ImportRoster(t.Context(), []byte("date,shift,seat,login,area,from,until\n2026-03-02,day,clerk,dan,990102001,08:30,17:30\n2026-03-03,day,clerk,ben,990102001,08:30,17:30\n"), imp)
		if err != nil || rep.Begun != 1 || rep.Unchanged != 1 || rep.Ended != 2 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if on("dan", at(2, 20, 0)) || on("ann", at(3, 9, 0)) || !on("ben", at(3, 9, 0)) {
			t.Error("the new list does not hold")
		}
	})
}

// Each bad row of a roster is named with line, column and reason.
func TestABadRosterIsNamedByLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		list := "date,shift,seat,login,area,from,until\n" +
			"2026-03-02,day,clerk,dan,990102001,08:30,17:30\n" + // 2: sound
			"2026-03-02,lunch,clerk,dan,990102001,08:30,17:30\n" + // 3
			"2026-03-02,day,cook,dan,990102001,08:30,17:30\n" + // 4
			"2026-03-02,day,clerk,nobody,990102001,08:30,17:30\n" + // 5
			"2026-03-02,day,clerk,dan,nowhere,08:30,17:30\n" + // 6
			"2026-02-30,day,clerk,dan,990102001,08:30,17:30\n" + // 7
			"2026-03-02,day,clerk,dan,990102001,8h,17:30\n" + // 8
			"2026-03-02,day,clerk,dan,990102001,08:30,17:30\n" + // 9
			"2020-03-02,day,clerk,dan,990102001,08:30,17:30\n" // 10
		rep, err := o.ImportRoster(t.Context(), []byte(list), casework.RosterImport{Jurisdiction: o.home, DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		got := places(rep.Bad)
		want := map[int]string{3: "shift case.bad_shift", 4: "seat case.bad_roster_seat", 5: "login person.none", 6: "area territory.unknown_area",
			7: "date territory.bad_date", 8: "from worktime.bad_time", 9: " case.shift_twice", 10: "login case.no_post_on_that_day"}
		if got[7] == "date territory.bad_datelogin case.no_post_on_that_day" {
			got[7] = want[7]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

const calendarFile = `
week:
  monday: [08:00-12:00, 14:00-17:00]
  tuesday: [08:00-12:00, 14:00-17:00]
seasons:
  - { from: 06-15, to: 09-15, week: { monday: [08:00-12:00, 15:00-18:00], tuesday: [08:00-12:00] } }
exceptions:
  - { from: 2026-04-20, closed: true, name: local_festival }
  - { from: 2026-04-25, to: 2026-04-26, hours: [09:00-11:00] }
`

// A county's file lays its hours and days over the national ones, in versions; the same file
// again is no new version, and another process knows it once it looks.
func TestALocalCalendarLiesOverTheNationalOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &casework.Calendars{DB: d, Now: clock.At(monday).Now, NewID: id.New}
		for i, x := range []struct {
			dry, fresh bool
			version    int64
		}{{true, true, 1}, {false, true, 1}, {false, false, 1}} {
			if version, fresh, err := c.Load(t.Context(), "", "j", []byte(calendarFile), x.dry); err != nil || version != x.version || fresh != x.fresh {
				t.Fatal(i, version, fresh, err)
			}
			if x.dry && !c.Of("j").IsOpen(time.Date(2026, 3, 4, 9, 30, 0, 0, clock.CST)) {
				t.Error("a dry run changed the calendar")
			}
		}
		other := &casework.Calendars{DB: d, Now: c.Now, NewID: id.New}
		if err := other.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		at := func(month time.Month, day, hour int) time.Time {
			return time.Date(2026, month, day, hour, 30, 0, 0, clock.CST)
		}
		for when, open := range map[time.Time]bool{
			at(3, 2, 8): true, at(3, 2, 13): false, // a Monday of its own week
			at(3, 4, 9):  false, // Wednesdays are not in it
			at(4, 20, 9): false, // the festival
			at(4, 25, 9): true,  // a Saturday worked
			at(7, 6, 17): true,  // summer
			at(10, 5, 9): false, // the national holiday still counts
		} {
			if other.Of("j").IsOpen(when) != open || other.Of("k").IsOpen(at(4, 20, 9)) == false {
				t.Errorf("%s: open %v", when, !open)
			}
		}
		if version, fresh, err := c.Load(t.Context(), "", "j", []byte("exceptions: []\n"), false); err != nil || version != 2 || !fresh {
			t.Error(version, fresh, err)
		}
		if err := other.Renew(t.Context()); err != nil || !other.Of("j").IsOpen(at(3, 4, 9)) {
			t.Error("a newer version is not seen", err)
		}
	})
}

// What is wrong in a calendar file is named with its line.
func TestABadCalendarIsNamedByLine(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := &casework.Calendars{DB: d, Now: clock.At(monday).Now, NewID: id.New}
		for file, want := range map[string]fault.Place{
			"week:\n  monday: [8-12]\n": {Line: 2, Code: "worktime.bad_hours"},
			"weeks: {}\n":               {Line: 1, Code: "case.unknown_key"},
			"week: { monday: [] }\n":    {Line: 1, Code: "worktime.no_hours"},
			"exceptions:\n  - { from: 2026-05-01 }\n  - { from: 2026-13-01 }\n":                     {Line: 3, Code: "worktime.bad_date"},
			"exceptions:\n  - { from: 2026-05-01, closed: perhaps }\n":                              {Line: 2, Code: "case.bad_value"},
			"\nexceptions: [ { from: 2026-05-01, to: 2026-04-01 } ]\n":                              {Line: 1, Code: "worktime.bad_exception"},
			"seasons:\n  - { week: { monday: [08:00-12:00] } }\n":                                   {Line: 1, Code: "worktime.bad_season"},
			"years:\n  - { year: 2027, days: [ { name: x, date: 2025-01-01, isOffDay: true } ] }\n": {Line: 2, Code: "worktime.bad_holidays"},
			"week: [1\n": {Line: 1, Code: "case.bad_yaml"},
			"":           {Line: 1, Code: "case.bad_yaml"},
		} {
			_, _, err := c.Load(t.Context(), "", "j", []byte(file), true)
			var f *fault.Error
			if fault.CodeOf(err) != "case.bad_calendar" {
				t.Errorf("%q: %v", file, err)
				continue
			}
			f = err.(*fault.Error)
			if diff := cmp.Diff([]fault.Place{want}, f.At[:1]); diff != "" {
				t.Errorf("%q: %s", file, diff)
			}
		}
	})
}

// A date that hung on a year not announced is firm once a file brings the announcement: the
// message that the file left behind recounts it, and a second delivery changes nothing.
func TestACalendarMakesProvisionalDatesFirm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.clock.Set(time.Date(2026, 12, 28, 9, 0, 0, 0, clock.CST))
		c := o.opened("0102") // seven working days, into 2027
		provisional := func() (n int64, due time.Time) {
			t.Helper()
			if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				var ms int64
				err := tx.Row(ctx, `SELECT provisional, due_at FROM clock WHERE case_id = $1 AND name = 'citizen'`, []any{c.ID}, &n, &ms)
				due = db.Time(ms)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n, due
		}
		if worktime.Default().Announced(2027) {
			t.Fatal("the product knows 2027: take a later year")
		}
		n, before := provisional()
		if n != 1 {
			t.Fatal("the date is firm before anybody announced the year")
		}
		file := "years:\n  - year: 2027\n    days:\n"
		for _, day := range []string{"01", "04", "05"} {
			file += "      - { name: 元旦, date: 2027-01-" + day + ", isOffDay: true }\n"
		}
		if _, _, err := o.calendars.Load(t.Context(), "", o.home, []byte(file), false); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := o.Recount(t.Context(), o.home); err != nil {
				t.Fatal(err)
			}
		}
		if n, after := provisional(); n != 0 || !after.After(before) {
			t.Errorf("still provisional (%d), or the two days off do not count: %s, %s", n, before, after)
		}
	})
}
