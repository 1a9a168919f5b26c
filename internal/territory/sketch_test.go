package territory

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/geo"
)

// box is a rectangle from a corner.
func box(lon, lat, wide, high float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{lon, lat}, {lon + wide, lat}, {lon + wide, lat + high}, {lon, lat + high}, {lon, lat}}}}
}

// split draws the east in two, some metres of it twice: the half beside the west stays, the other
// begins.
func split(t *testing.T, now *Tree) []Change {
	t.Helper()
	e := mustCode(t, now, east)
	whole, _ := now.Boundary(e.ID)
	return []Change{
		{Key: e.ID, Parent: e.Parent, Name: e.Name, Shape: box(119.51, 28, 0.005, 0.01), Mark: MarkOf(whole)},
		{Key: "new-1", Parent: e.Parent, Begins: true, Code: "33112500120403", Name: "市场东", Kind: KindDedicated, Shape: box(119.5149, 28, 0.0051, 0.01)},
	}
}

func codesOf(found Sketched) (all []string) {
	for _, p := range found.Problems {
		all = append(all, p.Path+" "+p.Code)
	}
	return all
}

// tomorrow is a day that comes, at its beginning.
func tomorrow(s *Service) time.Time {
	y, m, d := s.Now().In(clock.CST).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, clock.CST)
}

// A grid that was divided in a sketch is divided from the day on which it is put in force, and not
// before: the old boundary ends, the new one is its next version, and the other half is a grid.
func TestASketchComesIntoForceOnItsDay(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		now := tree(t, s)
		sk, err := s.SaveSketch(ctx, "drawer", Sketch{Jurisdiction: home, Name: "市场分格", Changes: split(t, now)})
		if err != nil || sk.Version != 1 {
			t.Fatalf("%+v, %v", sk, err)
		}
		from := tomorrow(s)
		put := Put{Jurisdiction: home, ID: sk.ID, Version: 1, From: from, By: "putter", Nature: Sample, DryRun: true}
		found, err := s.PutSketch(ctx, put)
		if err != nil || len(found.Problems) > 0 {
			t.Fatalf("%+v, %v", found, err)
		}
		if half := found.Differences[0]; half.Lost < 0.49*half.Before || half.Lost > 0.51*half.Before || half.Gained > 1 {
			t.Errorf("%+v", half)
		}
		if all, err := s.Sketches(ctx, home); err != nil || len(all) != 1 || all[0].State != SketchOpen {
			t.Fatalf("a dry run changed %+v, %v", all, err)
		}
		put.DryRun = false
		if _, err := s.PutSketch(ctx, put); fault.CodeOf(err) != "territory.sketch_flaws" { // some metres are drawn twice
			t.Fatal(err)
		}
		put.Accept = true
		if _, err := s.PutSketch(ctx, put); err != nil {
			t.Fatal(err)
		}
		if _, stands := tree(t, s).ByCode(SchemeGrid, "33112500120403"); stands {
			t.Error("it is in force before its day")
		}
		then, err := s.At(ctx, from)
		if err != nil {
			t.Fatal(err)
		}
		if a, ok := then.Find(orb.Point{119.517, 28.005}); !ok || a.Name != "市场东" || a.Nature != Sample {
			t.Errorf("%+v", a)
		}
		all, err := s.Boundaries(ctx, mustCode(t, then, east).ID)
		if err != nil || len(all) != 2 || !all[0].Until.Equal(from) || !all[1].From.Equal(from) || all[1].Version != 2 {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := s.PutSketch(ctx, put); fault.CodeOf(err) == "" {
			t.Error("it came into force twice")
		}
		if _, err := s.SaveSketch(ctx, "drawer", Sketch{ID: sk.ID, Version: 2, Jurisdiction: home, Name: "x"}); fault.CodeOf(err) != "territory.sketch_ended" {
			t.Error(err)
		}
	})
}

// A grid that was joined to the one beside it ends, with that as its successor; the micro-grids of
// the one lie below the other.
func TestJoinedGridsKeepWhatLiesBelow(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		now := tree(t, s)
		w, e := mustCode(t, now, west), mustCode(t, now, east)
		whole, _ := now.Boundary(e.ID)
		part, _ := now.Boundary(w.ID)
		both, err := geo.Union(whole, part)
		if err != nil || len(both) != 1 {
			t.Fatal(both, err)
		}
		sk, err := s.SaveSketch(ctx, "drawer", Sketch{Jurisdiction: home, Name: "并格", Changes: []Change{
			{Key: w.ID, Parent: w.Parent, Name: w.Name, Ends: true, Into: e.ID},
			{Key: e.ID, Parent: e.Parent, Name: "集市", Shape: both, Mark: MarkOf(whole)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		put := Put{Jurisdiction: home, ID: sk.ID, Version: 1, From: tomorrow(s), By: "putter", Accept: true}
		if _, err := s.PutSketch(ctx, put); fault.CodeOf(err) != "territory.not_ahead" {
			t.Errorf("what stands moves below another ahead of its day: %v", err)
		}
		put.From = put.From.AddDate(0, 0, -1)
		if _, err := s.PutSketch(ctx, put); err != nil {
			t.Fatal(err)
		}
		now = tree(t, s)
		if micro := mustCode(t, now, west+"01"); micro.Parent != e.ID || micro.Path[Grid] != e.ID {
			t.Errorf("%+v", micro)
		}
		if heirs, err := s.Successors(ctx, w.ID); err != nil || len(heirs) != 1 || heirs[0] != e.ID {
			t.Errorf("%v, %v", heirs, err)
		}
		if a := mustCode(t, now, east); a.Name != "集市" {
			t.Errorf("%+v", a)
		}
	})
}

// What cannot come into force is told with its place, and what two people drew at once does not
// overwrite each other.
func TestASketchTellsWhatIsWrongWithIt(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := withGrids(t, d)
		now := tree(t, s)
		w, village := mustCode(t, now, west), mustCode(t, now, "331125001204")
		bow := orb.MultiPolygon{{{{119.5, 28}, {119.51, 28.01}, {119.51, 28}, {119.5, 28.01}, {119.5, 28}}}}
		changes := append(split(t, now),
			Change{Key: w.ID, Parent: w.Parent, Shape: box(119.5, 28, 0.012, 0.01), Mark: "another"},
			Change{Key: "a", Parent: village.ID, Begins: true, Code: "33112500120403", Name: "重码", Shape: bow},
			Change{Key: "b", Parent: village.Parent, Begins: true, Code: "X", Name: "村"},
			Change{Key: "c", Parent: village.ID, Begins: true, Code: "no code", Name: "未画"},
			Change{Key: "none", Parent: village.ID, Name: "没有"},
			Change{Key: mustCode(t, now, west+"01").ID, Parent: w.ID, Ends: true, Into: "none"})
		found, err := now.Look(home, changes)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"new-1/code territory.duplicate_code", w.ID + "/shape territory.drawn_on_old", w.ID + "/name territory.no_name",
			"a/code territory.duplicate_code", "a/shape geo.ring_crosses_itself", "b/parent territory.only_grids",
			"c/shape territory.not_drawn", "c/code territory.bad_code", "none/area territory.gone", changes[7].Key + "/into territory.no_heir"}
		if d := cmp.Diff(want, codesOf(found)); d != "" {
			t.Error(d)
		}
		overlaps := 0
		for _, f := range found.Flaws {
			if f.Kind == geo.Overlap && f.Parent == village.ID && len(f.Shape) == 1 {
				overlaps++
			}
		}
		if overlaps != 2 { // the west now reaches into the east, and the new one does
			t.Errorf("%+v", found.Flaws)
		}
		sk, err := s.SaveSketch(ctx, "one", Sketch{Jurisdiction: home, Name: "甲", Changes: changes})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.PutSketch(ctx, Put{Jurisdiction: home, ID: sk.ID, Version: 1, From: tomorrow(s), Accept: true}); fault.CodeOf(err) != "territory.bad_sketch" {
			t.Error(err)
		}
		if _, err = s.PutSketch(ctx, Put{Jurisdiction: home, ID: sk.ID, Version: 1, From: tomorrow(s).AddDate(0, 0, -2)}); fault.CodeOf(err) != "territory.from_past" {
			t.Error(err)
		}
		again := Sketch{ID: sk.ID, Version: 1, Jurisdiction: home, Name: "乙"}
		if again, err = s.SaveSketch(ctx, "two", again); err != nil || again.Version != 2 || again.MadeBy != "one" || again.ChangedBy != "two" {
			t.Fatalf("%+v, %v", again, err)
		}
		if _, err = s.SaveSketch(ctx, "one", sk); fault.CodeOf(err) != "territory.sketch_changed" {
			t.Error(err)
		}
		if _, err := s.Sketch(ctx, "elsewhere", sk.ID); fault.CodeOf(err) != "territory.no_sketch" {
			t.Error(err)
		}
		if err := s.DropSketch(ctx, "two", home, sk.ID, 2); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Sketches(ctx, home); err != nil || len(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
