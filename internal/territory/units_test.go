package territory

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

const unitList = `单位编码,单位名称,类型,上级,区域
hall,浮云街道办事处,office,,331125001
station,浮云街道执法站,enforcement_station,hall,331125001
`

// Importing units twice changes nothing the second time; a dry run never changes anything; what
// is no longer listed ends only when that is asked for.
func TestUnitsCanBeImportedAgain(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		dry := ofHome(day(2, 1))
		dry.DryRun = true
		for i, c := range []struct {
			imp  Import
			file string
			want Report
		}{
			{dry, unitList, Report{DryRun: true, Rows: 2, Begun: 2}},
			{ofHome(day(2, 1)), unitList, Report{Rows: 2, Begun: 2}},
			{ofHome(day(2, 2)), unitList, Report{Rows: 2, Unchanged: 2}},
			{ofHome(day(2, 3)), "code,name,kind,parent,area\nstation,Enforcement,enforcement_station,hall,331125001\n", Report{Rows: 1, Changed: 1}},
		} {
			rep, err := s.ImportUnits(ctx, []byte(c.file), c.imp)
			if err != nil || !cmp.Equal(rep, c.want) {
				t.Errorf("%d: %+v, %v", i, rep, err)
			}
		}
		end := ofHome(day(2, 4))
		end.EndMissing = true
		if rep, err := s.ImportUnits(ctx, []byte("code,name,kind,area\nhall,浮云街道办事处,office,331125001\n"), end); err != nil || rep.Ended != 1 || rep.Unchanged != 1 {
			t.Errorf("%+v, %v", rep, err)
		}
		if u, ok := tree(t, s).UnitByCode(home, "hall"); !ok || u.Area == "" {
			t.Errorf("%+v", u)
		}
	})
}

// Each bad row of a list of units is named with line, column and reason; the file is refused.
func TestBadUnitsAreNamedByLine(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		list := "code,name,parent,area\n" +
			"a b,甲,,\n" + // 2
			"b,,,\n" + // 3
			"c,丙,nobody,\n" + // 4
			"d,丁,,999\n" + // 5
			"e,戊,f,\n" + // 6: a circle
			"f,己,e,\n" + // 7
			"d,庚,,\n" // 8
		imp := ofHome(day(2, 1))
		_, err := s.ImportUnits(ctx, []byte(list), imp)
		if fault.CodeOf(err) != "territory.bad_rows" {
			t.Fatal(err)
		}
		imp.DryRun = true
		rep, err := s.ImportUnits(ctx, []byte(list), imp)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]string{}
		for _, b := range rep.Bad {
			got[b.Line] += b.Path + " " + b.Code
		}
		want := map[int]string{2: "code territory.bad_code", 3: "name territory.no_name", 4: "parent territory.unknown_unit", 5: "area territory.unknown_area",
			6: "parent territory.circle", 7: "parent territory.circle", 8: "code territory.duplicate_code"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// A list of accounts may leave the area to the unit, names seats and ways to reach people, and
// never carries a password.
func TestAccountsAreRead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		if _, err := s.ImportUnits(t.Context(), []byte(unitList), ofHome(day(1, 1))); err != nil {
			t.Fatal(err)
		}
		imp := StaffImport{Jurisdiction: home, From: day(3, 1)}
		rows, rep, err := ReadStaff([]byte("姓名,账号,岗位,单位,席位,手机,邮箱\n样例甲,li,leader,hall,负责人,10000000001,li@gezhi.example\n样例乙,wang,clerk,,正职,,\n"), tree(t, s), imp)
		if err != nil || len(rows) != 1 || len(rep.Bad) != 2 {
			t.Fatalf("%+v %+v %v", rows, rep, err)
		}
		if r := rows[0]; r.Area.Codes[SchemeDivision] != "331125001" || r.Unit.Code != "hall" || r.Seat != "leader" || r.Phone != "10000000001" || r.Mail != "li@gezhi.example" {
			t.Errorf("%+v", r)
		}
		if _, _, err := ReadStaff([]byte("name,login,role,unit,密码\n甲,li,leader,hall,secret\n"), tree(t, s), imp); fault.CodeOf(err) != "territory.password_column" {
			t.Error(err)
		}
	})
}
