package territory

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

// outline is what stands below an area: codes, names and levels, indented.
func outline(t *Tree, id string, indent string) string {
	var b strings.Builder
	for _, a := range t.Children(id) {
		fmt.Fprintf(&b, "%s%s %s\n%s", indent, codeOf(a), a.Name, outline(t, a.ID, indent+"  "))
	}
	return b.String()
}

// A list of what becomes of areas merges, divides, renames and ends them in one act: what lies
// below moves with it or ends with it; a dry run says as much and changes nothing.
func TestAReformByList(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		street := mustCode(t, tree(t, s), "331125001")
		old := mustCode(t, tree(t, s), "331125001204")
		list := "原代码,新代码,名称,上级\n" +
			"331125001204,331125001301,庄前西村,\n" + // divided
			"331125001204,331125001302,庄前东村,\n" +
			west + "," + west + ",西网格,331125001301\n" + // goes with one, under a new name
			east + ",,,\n" + // ends
			",33112500130101,新网格,331125001302\n" // in nobody's place
		imp := ofHome(day(2, 1))
		imp.DryRun = true
		before := outline(tree(t, s), street.ID, "")
		var heirs []string
		look := func(r *Reform) {
			r.Look = func(_ context.Context, _ *db.Tx, after *Tree, of func(string) ([]string, error)) (err error) {
				if _, stands := after.Area(old.ID); stands {
					t.Error("what ends stands in the picture of afterwards")
				}
				heirs, err = of(old.ID)
				return err
			}
		}
		rep, err := s.ImportReform(ctx, []byte(list), imp, look)
		if err != nil || rep.Begun != 3 || rep.Ended != 2 || rep.Changed != 1 || len(heirs) != 2 || outline(tree(t, s), street.ID, "") != before {
			t.Fatalf("%+v, %v\n%s", rep, err, outline(tree(t, s), street.ID, ""))
		}
		imp.DryRun = false
		if rep, err = s.ImportReform(ctx, []byte(list), imp, nil); err != nil || rep.Begun != 3 {
			t.Fatalf("%+v, %v", rep, err)
		}
		now := tree(t, s)
		a, b := mustCode(t, now, "331125001301"), mustCode(t, now, "331125001302")
		if got, want := outline(now, a.ID, ""), west+" 西网格\n  "+west+"01 第1微网格\n"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := outline(now, b.ID, ""); got != "33112500130101 新网格\n" {
			t.Error(got)
		}
		if m := mustCode(t, now, west+"01"); m.Path[Village] != a.ID || m.Path[Grid] != mustCode(t, now, west).ID {
			t.Errorf("%+v", m)
		}
	})
}

// A merger takes along what lies below without a word; whoever ends without a successor ends
// with all that lies below; of a divided area each part below must be placed.
func TestWhatLiesBelowInAReform(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		for want, list := range map[string]string{
			"2 becomes territory.children_left":  "331125001204,331125001301,甲,\n331125001204,331125001302,乙,\n",
			"2 parent territory.unknown_parent":  "331125001204,331125001301,甲,331125001001\n331125001001,331125001302,乙,\n",
			"2 name territory.no_name":           "331125001204,331125001301,,\n",
			"2 code territory.unknown_area":      "nowhere,331125001301,甲,\n",
			"2 code territory.bad_level":         "331125,331126,甲,\n",
			"2 becomes territory.bad_code":       "331125001204,新 村,甲,\n",
			"3 becomes territory.duplicate_code": "331125001204,331125001301,甲,\n331125001204,331125001301,甲,\n",
			"2 code territory.bad_code":          ",,甲,\n",
		} {
			imp := ofHome(day(2, 1))
			imp.DryRun = true
			rep, err := s.ImportReform(ctx, []byte("原代码,新代码,名称,上级\n"+list), imp, nil)
			if err != nil || len(rep.Bad) == 0 || fmt.Sprint(rep.Bad[0].Line, " ", rep.Bad[0].Path, " ", rep.Bad[0].Code) != want {
				t.Errorf("%+v, %v, want %s", rep.Bad, err, want)
			}
		}
		if _, err := s.ImportReform(ctx, []byte("原代码,新代码,名称\n331125001204,331125001301,新庄村\n331125001001,331125001301,\n"), ofHome(day(2, 1)), nil); err != nil {
			t.Fatal(err)
		}
		now := tree(t, s)
		union := mustCode(t, now, "331125001301")
		if got, want := outline(now, union.ID, ""), west+" 第1网格\n  "+west+"01 第1微网格\n"+east+" 市场\n"; got != want || union.Name != "新庄村" || union.Kind != KindVillage {
			t.Errorf("%+v\n%s", union, got)
		}
		ahead := ofHome(s.Now().AddDate(0, 1, 0))
		if _, err := s.ImportReform(ctx, []byte("原代码,新代码,名称\n331125001301,331125001302,甲\n"), ahead, nil); fault.CodeOf(err) != "territory.not_ahead" {
			t.Errorf("%v", err)
		}
		if _, err := s.ImportReform(ctx, []byte("原代码,新代码\n331125001301,\n"), ofHome(day(3, 1)), nil); err != nil {
			t.Fatal(err)
		}
		for _, gone := range []string{"331125001301", west, west + "01", east} {
			if a := tree(t, s).AreaByCode(gone); a != nil {
				t.Errorf("%s still stands", gone)
			}
		}
		if heirs, err := s.Successors(ctx, union.ID); err != nil || len(heirs) != 0 {
			t.Errorf("%v, %v", heirs, err)
		}
	})
}

// An area between two that are named moves with the one above, and takes along what goes on
// standing below, each with its new path.
func TestTwoLevelsAreReformedAtOnce(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		list := "code,becomes,name\n331125001204,331125001301,新庄村\n" + west + ",33112500130101,新第1网格\n"
		if _, err := s.ImportReform(ctx, []byte(list), ofHome(day(2, 1)), nil); err != nil {
			t.Fatal(err)
		}
		now := tree(t, s)
		village, grid, micro, market := mustCode(t, now, "331125001301"), mustCode(t, now, "33112500130101"), mustCode(t, now, west+"01"), mustCode(t, now, east)
		want := grid.Path
		want[MicroGrid] = micro.ID
		if diff := cmp.Diff(want, micro.Path); diff != "" || grid.Path[Village] != village.ID || market.Path[Village] != village.ID || micro.Parent != grid.ID {
			t.Errorf("%s\n%s", diff, outline(now, village.ID, ""))
		}
	})
}
