package territory

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

const west, east = "33112500120401", "33112500120402"

// gridFile has two grids of one village side by side and a micro-grid in the western one.
func gridFile() []byte {
	return collection(
		feature(west, `,"name":"第1网格","parent":"331125001204"`, square(119.5, 28, 0.01)...),
		feature(east, `,"name":"市场","parent":"331125001204","kind":"dedicated"`, square(119.51, 28, 0.01)...),
		feature(west+"01", `,"name":"第1微网格","parent":"`+west+`"`, square(119.5, 28, 0.005)...))
}

func withGrids(t *testing.T, d *db.DB) *Service {
	t.Helper()
	s := imported(t, d)
	if _, err := s.ImportGrids(context.Background(), gridFile(), Drawing{CRS: "WGS-84"}, ofHome(day(1, 1))); err != nil {
		t.Fatal(err)
	}
	return s
}

// Grids come from GeoJSON or from a table; a parent that is a grid makes a micro-grid; a point
// on the shared border goes to the first code; a point between known micro-grids to the grid.
func TestGrids(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		now := tree(t, s)
		for p, want := range map[[2]float64]string{
			{119.502, 28.002}: west + "01", {119.508, 28.008}: west, {119.515, 28.005}: east, {119.51, 28.009}: west,
			{119.505, 28.002}: west + "01", {119.5050001, 28.002}: west + "01",
		} {
			if a, ok := now.Find(p); !ok || a.Codes[SchemeGrid] != want {
				t.Errorf("%v is in %+v, want %s", p, a, want)
			}
		}
		if a := mustCode(t, now, east); a.Kind != KindDedicated || a.Level != Grid || mustCode(t, now, west).Kind != KindComprehensive {
			t.Errorf("%+v", a)
		}
		table := "网格编码,网格名称,所属村社代码\n" + west + ",第1网格(新),331125001204\n"
		imp := ofHome(day(2, 1))
		imp.EndMissing = true
		rep, err := s.ImportGrids(ctx, []byte(table), Drawing{}, imp)
		if err != nil || rep.Changed != 1 || rep.Ended != 1 {
			t.Errorf("%+v, %v", rep, err)
		}
		now = tree(t, s)
		if _, ok := now.ByCode(SchemeGrid, east); ok {
			t.Error("the grid that is no longer listed stands")
		}
		if _, ok := now.ByCode(SchemeGrid, west+"01"); !ok {
			t.Error("the micro-grid that nobody spoke of has ended")
		}
		if _, ok := now.Boundary(mustCode(t, now, west).ID); !ok {
			t.Error("a table without boundaries took one away")
		}
		bad := "code,name,parent\nG1,甲,331125001\nG2,乙,\nG3,丙,no-such\n"
		imp.DryRun = true
		rep, err = s.ImportGrids(ctx, []byte(bad), Drawing{}, imp)
		got := map[int]string{}
		for _, b := range rep.Bad {
			got[b.Line] = b.Code
		}
		if d := cmp.Diff(map[int]string{2: "territory.level_jump", 3: "territory.no_parent", 4: "territory.unknown_parent"}, got); err != nil || d != "" {
			t.Errorf("%v %s", err, d)
		}
	})
}

// The tree is one and the same until something changes, a date comes, or another process
// changed it; it never shows half a change.
func TestTreeIsRenewedWhenItMust(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hand := clock.At(today)
		s := &Service{DB: d, Now: hand.Now, NewID: id.New, Fresh: 5 * time.Second}
		other := &Service{DB: d, Now: hand.Now, NewID: id.New, Fresh: 5 * time.Second}
		empty := tree(t, other)
		if _, err := s.ImportDivisions(ctx, []byte(small), ofHome(day(1, 1))); err != nil {
			t.Fatal(err)
		}
		first := tree(t, s)
		if first.Len() != 8 || tree(t, s) != first {
			t.Error("the tree was drawn twice, or too late")
		}
		if tree(t, other) != empty {
			t.Error("another process asked before its time")
		}
		hand.Add(6 * time.Second)
		if tree(t, other).Len() != 8 {
			t.Error("another process has not heard of the change")
		}
		if tree(t, s) != first {
			t.Error("nothing changed, and the tree was drawn again")
		}
		if _, err := s.ImportDivisions(ctx, []byte("code,name,parent,level\n331125009,新街道,331125,4\n"), ofHome(day(4, 1))); err != nil {
			t.Fatal(err)
		}
		if _, ok := tree(t, s).ByCode(SchemeDivision, "331125009"); ok {
			t.Error("the new street stands before its day")
		}
		hand.Set(day(4, 1))
		if _, ok := tree(t, s).ByCode(SchemeDivision, "331125009"); !ok {
			t.Error("the day has come and the street does not stand")
		}
		hand.Set(day(3, 31)) // a clock that jumps back
		if _, ok := tree(t, s).ByCode(SchemeDivision, "331125009"); ok {
			t.Error("the street stands on a day before its own")
		}
	})
}

// Inside a transaction the tree shows what the transaction did, and keeps nothing of it when
// that is undone.
func TestTreeInsideATransaction(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(d)
		undone := errors.New("undone")
		err := d.Write(ctx, db.Keys{"territory/" + home}, func(ctx context.Context, tx *db.Tx) error {
			a := &Area{ID: "a1", Jurisdiction: home, Level: Province, Name: "x", Nature: Sample, From: day(1, 1), Codes: map[string]string{SchemeDivision: "33"}}
			if err := s.begin(ctx, tx, []*Area{a}, nil, Import{}); err != nil {
				return err
			}
			if in, err := s.TreeIn(ctx, tx); err != nil || in.Len() != 1 {
				t.Errorf("%v", err)
			}
			return undone
		})
		if !errors.Is(err, undone) || tree(t, s).Len() != 0 {
			t.Errorf("%v, %d areas", err, tree(t, s).Len())
		}
		now := tree(t, s)
		err = d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			if in, err := s.TreeIn(ctx, tx); err != nil || in != now {
				t.Errorf("not from memory: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A split: one village ends, two take its place, its grids are shared out, their paths follow,
// and whoever asks for the old one is told the new ones; a merger on top of it is followed too.
func TestReform(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		now := tree(t, s)
		old := mustCode(t, now, "331125001204")
		g1, g2 := mustCode(t, now, west), mustCode(t, now, east)
		draft := func(code, name string) Draft {
			return Draft{Scheme: SchemeDivision, Code: code, Name: name, ParentScheme: SchemeDivision, Parent: "331125001", Level: Village, Kind: KindVillage, Nature: Real}
		}
		split := Reform{Jurisdiction: home, At: day(2, 1), Ends: []string{old.ID}, By: "p1", Begins: []Successor{
			{Draft: draft("331125001208", "庄前西村"), From: []string{old.ID}, Children: []string{g1.ID}},
			{Draft: draft("331125001209", "庄前东村"), From: []string{old.ID}},
		}}
		if _, err := s.Reform(ctx, split); fault.CodeOf(err) != "territory.children_left" {
			t.Fatalf("%v", err)
		}
		split.Begins[1].Children = []string{g2.ID}
		begun, err := s.Reform(ctx, split)
		if err != nil || len(begun) != 2 {
			t.Fatalf("%v, %v", begun, err)
		}
		now = tree(t, s)
		micro := mustCode(t, now, west+"01")
		if _, ok := now.Area(old.ID); ok || micro.Path[Village] != begun[0] || mustCode(t, now, east).Parent != begun[1] || !now.Within(micro.ID, begun[0]) {
			t.Errorf("%+v", micro)
		}
		if got, err := s.Successors(ctx, old.ID); err != nil || !sameSet(got, begun) {
			t.Errorf("successors %v, %v", got, err)
		}
		merged, err := s.Reform(ctx, Reform{Jurisdiction: home, At: day(3, 1), Ends: begun, Begins: []Successor{
			{Draft: draft("331125001204", "庄前村"), From: begun, Children: []string{g1.ID, g2.ID}}}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Successors(ctx, old.ID); err != nil || !cmp.Equal(got, merged) {
			t.Errorf("successors %v, %v", got, err)
		}
		if got, err := s.Successors(ctx, g1.ID); err != nil || !cmp.Equal(got, []string{g1.ID}) {
			t.Errorf("a grid that stands: %v, %v", got, err)
		}
	})
}

func sameSet(a, b []string) bool {
	return len(a) == len(b) && cmp.Equal(sortedKeys(setOf(a)), sortedKeys(setOf(b)))
}

func setOf(ids []string) map[string]bool {
	m := map[string]bool{}
	for _, i := range ids {
		m[i] = true
	}
	return m
}

// A reform that cannot be is refused and changes nothing.
func TestReformRefuses(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		now := tree(t, s)
		village := mustCode(t, now, "331125001001")
		draft := Draft{Scheme: SchemeDivision, Code: "331125001008", Name: "新社区", ParentScheme: SchemeDivision, Parent: "331125001", Level: Village, Nature: Real}
		for want, change := range map[string]func(r *Reform){
			"territory.no_such_area":   func(r *Reform) { r.Ends = []string{"nobody"} },
			"territory.not_yours":      func(r *Reform) { r.Jurisdiction = "elsewhere" },
			"territory.unknown_parent": func(r *Reform) { r.Begins[0].Parent = "no-such" },
			"territory.level_jump":     func(r *Reform) { r.Begins[0].Level = Grid },
			"territory.duplicate_code": func(r *Reform) { r.Begins[0].Code = "331125001204" },
			"territory.not_a_child":    func(r *Reform) { r.Begins[0].Children = []string{mustCode(t, now, west).ID} },
		} {
			r := Reform{Jurisdiction: home, At: day(2, 1), Ends: []string{village.ID}, Begins: []Successor{{Draft: draft, From: []string{village.ID}}}}
			change(&r)
			if _, err := s.Reform(ctx, r); fault.CodeOf(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		if _, ok := tree(t, s).Area(village.ID); !ok {
			t.Error("a refused reform ended a village")
		}
	})
}

// Checks find ground claimed twice, ground that nobody claims, areas without a boundary, and
// grids with nobody on duty, with numbers and places.
func TestChecks(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		if _, err := s.ImportBoundaries(ctx, collection(feature("331125001204", "", square(119.5, 28, 0.02)...)), Drawing{CRS: "WGS-84"}, ofHome(day(1, 2))); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ImportBoundaries(ctx, collection(feature(east, "", square(119.509, 28, 0.01)...)), Drawing{CRS: "WGS-84"}, ofHome(day(1, 2))); err != nil {
			t.Fatal(err)
		}
		now := tree(t, s)
		village := mustCode(t, now, "331125001204")
		f, err := s.Check(ctx, Checks{Below: village.ID, Held: map[string]bool{mustCode(t, now, east).ID: true}})
		if err != nil {
			t.Fatal(err)
		}
		if f.Areas != 4 || !cmp.Equal(f.Unstaffed, []string{mustCode(t, now, west+"01").ID}) {
			t.Errorf("%d areas, unstaffed %v", f.Areas, f.Unstaffed)
		}
		kinds := map[string]int{}
		for _, w := range f.Flaws {
			kinds[string(w.Kind)]++
			if w.Kind == "overlap" && (w.SquareM < 1e5 || w.SquareM > 1.2e5 || w.At[0] < 119.509 || w.At[0] > 119.51 || w.Parent != village.ID) {
				t.Errorf("%+v", w)
			}
		}
		// The village is four times its grids' square, and the western grid more than its micro-grid.
		if !cmp.Equal(kinds, map[string]int{"overlap": 1, "gap": 2}) {
			t.Errorf("%v", kinds)
		}
		whole, err := s.Check(ctx, Checks{Below: mustCode(t, now, "331125001").ID})
		if err != nil || !cmp.Equal(whole.Unplaced, []string{mustCode(t, now, "331125001001").ID}) {
			t.Errorf("unplaced %v, %v", whole.Unplaced, err)
		}
	})
}

// Units are found by code, report to one another, change and end; a bad list is refused.
func TestUnits(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		drafts := []UnitDraft{
			{Line: 2, Code: "office", Name: "街道办", Kind: "office", AreaScheme: SchemeDivision, Area: "331125001", Nature: Real},
			{Line: 3, Code: "station", Name: "综合站", Kind: "station", Parent: "office", Nature: Real},
		}
		rep, err := s.PlantUnits(ctx, drafts, ofHome(day(1, 1)))
		if err != nil || rep.Begun != 2 {
			t.Fatalf("%+v, %v", rep, err)
		}
		now := tree(t, s)
		station, ok := now.UnitByCode(home, "station")
		if above, has := now.UnitAbove(station.ID); !ok || !has || above.Code != "office" || above.Area != mustCode(t, now, "331125001").ID {
			t.Errorf("%+v reports to %+v", station, above)
		}
		if rep, err = s.PlantUnits(ctx, drafts, ofHome(day(2, 1))); err != nil || rep.Unchanged != 2 {
			t.Errorf("again: %+v, %v", rep, err)
		}
		imp := ofHome(day(2, 1))
		imp.EndMissing = true
		drafts[0].Name = "新街道办"
		if rep, err = s.PlantUnits(ctx, drafts[:1], imp); err != nil || rep.Changed != 1 || rep.Ended != 1 {
			t.Errorf("next: %+v, %v", rep, err)
		}
		if rep, err = s.PlantUnits(ctx, drafts[1:], ofHome(day(2, 1))); err != nil || rep.Begun != 1 {
			t.Errorf("back on the day it ended: %+v, %v", rep, err)
		}
		if rep, err = s.PlantUnits(ctx, drafts[:1], imp); err != nil || rep.Ended != 1 {
			t.Errorf("and ended again: %+v, %v", rep, err)
		}
		if units := tree(t, s).Units(home); len(units) != 1 || units[0].Name != "新街道办" {
			t.Errorf("%+v", units)
		}
		imp.DryRun = true
		rep, err = s.PlantUnits(ctx, []UnitDraft{{Line: 2, Code: "a", Name: "甲", Parent: "b"}, {Line: 3, Code: "b", Name: "乙", Parent: "a"},
			{Line: 4, Code: "c", Parent: "x"}, {Line: 5, Code: "a", Name: "丙", AreaScheme: SchemeDivision, Area: "1"}}, imp)
		if err != nil || rep.BadRows < 5 {
			t.Errorf("%+v, %v", rep, err)
		}
	})
}

const staffList = `姓名,账号,岗位,区域代码,单位,起始日期
样例甲,wg1,grid_worker,33112500120401,,2026-02-01
样例甲,wg1,grid_worker,33112500120402,,
样例乙,clerk1,clerk,331125001,office,2026/3/1
`

// A staff list is handed over row by row with areas and units found, in one transaction; a dry
// run leaves nothing behind.
func TestStaff(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		if _, err := s.PlantUnits(ctx, []UnitDraft{{Line: 2, Code: "office", Name: "街道办", Nature: Real}}, ofHome(day(1, 1))); err != nil {
			t.Fatal(err)
		}
		var got []StaffRow
		imp := StaffImport{Jurisdiction: home, From: day(3, 1), DryRun: true, Role: func(r string) bool { return r == "grid_worker" || r == "clerk" },
			Give: func(ctx context.Context, tx *db.Tx, rows []StaffRow) (Report, error) {
				got = rows
				u := &Unit{ID: "given", Jurisdiction: home, Code: "given", Name: "x", Nature: Sample, From: day(1, 1)}
				return Report{Begun: len(rows)}, storeUnits(ctx, tx, []*Unit{u}, nil, nil, Import{})
			}}
		rep, err := s.ImportStaff(ctx, []byte(staffList), imp)
		if err != nil || rep.Begun != 3 || rep.Rows != 3 || len(got) != 3 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if got[0].Area.Codes[SchemeGrid] != west || !got[0].From.Equal(day(2, 1)) || !got[1].From.Equal(day(3, 1)) || got[2].Unit.Code != "office" {
			t.Errorf("%+v", got)
		}
		written := func() bool {
			t.Helper()
			now, err := s.At(ctx, today)
			if err != nil {
				t.Fatal(err)
			}
			_, ok := now.UnitByCode(home, "given")
			return ok
		}
		if written() {
			t.Error("a dry run left something behind")
		}
		imp.DryRun = false
		if _, err := s.ImportStaff(ctx, []byte(staffList), imp); err != nil || !written() {
			t.Errorf("nothing was written: %v", err)
		}
		broken := errors.New("broken")
		imp.Give = func(context.Context, *db.Tx, []StaffRow) (Report, error) { return Report{}, broken }
		if _, err := s.ImportStaff(ctx, []byte(staffList), imp); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	})
}

// Each bad row of a staff list is named with column and reason, and the list refused.
func TestBadStaffIsNamedByLine(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		list := "name,login,role,area,unit,from,until\n" +
			"甲,a1,grid_worker,33112500120401,,,\n" + // 2: sound
			",a2,grid_worker,33112500120401,,,\n" + // 3
			"乙,大写,grid_worker,33112500120401,,,\n" + // 4
			"丙,a3,king,33112500120401,,,\n" + // 5
			"丁,a4,grid_worker,nowhere,,,\n" + // 6
			"戊,a5,grid_worker,33112500120401,no-unit,,\n" + // 7
			"己,a6,grid_worker,33112500120401,,2026-02-30,\n" + // 8
			"庚,a7,grid_worker,33112500120401,,2026-03-02,2026-03-01\n" + // 9
			"另,a1,grid_worker,33112500120402,,,\n" + // 10
			"甲,a1,grid_worker,33112500120401,,,\n" + // 11
			strings.Repeat("长", 101) + ",a8,grid_worker,33112500120401,,,\n" + // 12
			"辛,a9,grid_worker,331125001,,,\n" // 13
		imp := StaffImport{Jurisdiction: home, From: day(3, 1), DryRun: true, Role: func(r string) bool { return r == "grid_worker" },
			Level: func(_ string, l Level) error {
				if l < Grid {
					return fault.New(fault.Invalid, "post.wrong_level")
				}
				return nil
			},
			Give: func(_ context.Context, _ *db.Tx, rows []StaffRow) (Report, error) {
				return Report{Begun: len(rows)}, nil
			}}
		rep, err := s.ImportStaff(ctx, []byte(list), imp)
		if err != nil || rep.Begun != 1 {
			t.Fatalf("%+v, %v", rep, err)
		}
		got := map[int]string{}
		for _, b := range rep.Bad {
			got[b.Line] += b.Path + " " + b.Code
		}
		want := map[int]string{3: "name territory.no_name", 4: "login territory.bad_login", 5: "role territory.unknown_role", 6: "area territory.unknown_area",
			7: "unit territory.unknown_unit", 8: "from territory.bad_date", 9: "until territory.ends_before_it_begins", 10: "login territory.login_twice",
			11: " territory.post_twice", 12: "name territory.name_too_long", 13: "area post.wrong_level"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		imp.DryRun = false
		if _, err := s.ImportStaff(ctx, []byte(list), imp); fault.CodeOf(err) != "territory.bad_rows" {
			t.Errorf("%v", err)
		}
	})
}

// The sample county goes into a database whole, twice the same, and its checks find nothing.
func TestSampleCountyIsStored(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := sampleCounty(t)
		s := newService(d)
		imp := Import{Jurisdiction: "province", Owners: map[string]string{c.Code: home}, From: day(1, 1), By: "p1"}
		rep, err := s.Plant(ctx, c.Areas, imp)
		if err != nil || rep.Begun != len(c.Areas) {
			t.Fatalf("%+v, %v", rep, err)
		}
		if rep, err = s.PlantUnits(ctx, c.Units, Import{Jurisdiction: home, From: day(1, 1)}); err != nil || rep.Begun != len(c.Units) {
			t.Fatalf("%+v, %v", rep, err)
		}
		if rep, err = s.Plant(ctx, c.Areas, imp); err != nil || rep.Begun+rep.Changed+rep.Redrawn != 0 || rep.Unchanged != len(c.Areas) {
			t.Errorf("again: %+v, %v", rep, err)
		}
		now := tree(t, s)
		street := mustCode(t, now, "331125001")
		found, err := s.Check(ctx, Checks{Below: street.ID, Held: heldBy(now, c.Workers)})
		if err != nil || len(found.Flaws)+len(found.Unplaced)+len(found.Unstaffed) != 0 || street.Jurisdiction != home {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// Every statement of the package can be prepared on both engines.
func TestStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, stmt := range db.Statements() {
			if err := d.Prepare(context.Background(), stmt); err != nil {
				t.Errorf("%.120s: %v", stmt, err)
			}
		}
	})
}
