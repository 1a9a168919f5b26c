package territory

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"gezhi/internal/clock"
	"gezhi/internal/geo"
)

var today = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST)

var sampleOnce = sync.OnceValues(NewSampleCounty)

func sampleCounty(t testing.TB) *SampleCounty {
	t.Helper()
	c, err := sampleOnce()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// treeOf plans drafts on an empty territory, without a database.
func treeOf(t testing.TB, drafts []Draft) *Tree {
	t.Helper()
	n := 0
	p := &planner{tree: newTree(today, nil, nil, nil, nil), imp: Import{Jurisdiction: "j", From: today}, drafts: drafts}
	if p.check(); len(p.bad) > 0 {
		t.Fatalf("%+v", p.bad)
	}
	todo := p.plan(func() string { n++; return fmt.Sprintf("a%06d", n) })
	var codes []codeRow
	shapes := map[string]orb.MultiPolygon{}
	for _, a := range todo.begin {
		for scheme, c := range a.Codes {
			codes = append(codes, codeRow{scheme, c, a.ID})
		}
		if o := todo.boundaries[a.ID]; o != nil {
			shapes[a.ID] = o.Shape
		}
	}
	return newTree(today, todo.begin, codes, shapes, nil)
}

// The street has its real four communities and four villages, 479 micro-grids, 526 workers and
// four co-operatives; the other seven counties are divisions with boundaries.
func TestSampleCountyIsComplete(t *testing.T) {
	c := sampleCounty(t)
	tree := treeOf(t, c.Areas)
	street, _ := tree.ByCode(SchemeDivision, "331125001")
	count := map[Level]int{}
	kinds := map[string]int{}
	for _, a := range tree.Below(street.ID) {
		count[a.Level]++
		kinds[a.Kind]++
		if a.Nature != Sample {
			t.Errorf("%s is not marked as sample", a.Name)
		}
	}
	if want := (map[Level]int{Township: 1, Village: 8, Grid: 47, MicroGrid: 479}); !cmp.Equal(count, want) || kinds[KindCommunity] != 4 || kinds[KindVillage] != 4 {
		t.Errorf("the street has %v, %v", count, kinds)
	}
	if len(c.Workers) != 526 {
		t.Errorf("%d workers", len(c.Workers))
	}
	coops := 0
	for _, u := range c.Units {
		if u.Kind == "cooperative" {
			coops++
		}
	}
	if coops != 4 {
		t.Errorf("%d co-operatives", coops)
	}
	boundaryd := 0
	for _, a := range tree.areas {
		if a.Level == County {
			if _, ok := tree.Boundary(a.ID); ok {
				boundaryd++
			}
		}
	}
	if boundaryd != 8 {
		t.Errorf("%d counties with a boundary", boundaryd)
	}
}

// Every worker's grid exists, and nobody looks real: no telephone number of a real form.
func TestSampleWorkersAreInvented(t *testing.T) {
	c := sampleCounty(t)
	tree := treeOf(t, c.Areas)
	logins := map[string]bool{}
	for _, w := range c.Workers {
		if _, ok := tree.ByCode(SchemeGrid, w.Grid); !ok || w.Unit == "" || logins[w.Login] || !loginShape.MatchString(w.Login) {
			t.Fatalf("%+v", w)
		}
		logins[w.Login] = true
		if w.Phone[:4] != "000-" {
			t.Fatalf("%s", w.Phone)
		}
	}
	if d := cmp.Diff([]string(nil), tree.Unstaffed(mustCode(t, tree, "331125001").ID, heldBy(tree, c.Workers))); d != "" {
		t.Errorf("grids without anybody: %s", d)
	}
}

func heldBy(tree *Tree, workers []SampleWorker) map[string]bool {
	held := map[string]bool{}
	for _, w := range workers {
		if a, ok := tree.ByCode(SchemeGrid, w.Grid); ok {
			held[a.ID] = true
		}
	}
	return held
}

func mustCode(t testing.TB, tree *Tree, c string) *Area {
	t.Helper()
	for _, scheme := range []string{SchemeDivision, SchemeGrid} {
		if a, ok := tree.ByCode(scheme, c); ok {
			return a
		}
	}
	t.Fatalf("no area has code %s", c)
	return nil
}

// Lines drawn inside the county leave no gap and no overlap at any level, each area is sound,
// and all but the specks of the county's own boundary hang together.
func TestSampleLinesFit(t *testing.T) {
	c := sampleCounty(t)
	tree := treeOf(t, c.Areas)
	found, err := tree.Check(Checks{Below: mustCode(t, tree, "331125").ID})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Flaws) > 0 || len(found.Unplaced) > 0 {
		t.Errorf("%d flaws, first %+v; unplaced %v", len(found.Flaws), found.Flaws[:min(1, len(found.Flaws))], found.Unplaced)
	}
	for _, a := range tree.Below(mustCode(t, tree, "331125").ID) {
		m, _ := tree.Boundary(a.ID)
		sound, rep, err := geo.Sound(m)
		if err != nil || rep.Any() || len(sound) != len(m) {
			t.Errorf("%s: %v %+v", a.Name, err, rep)
		}
		if len(m) > 1 && geo.Area(m[:1])+geo.Area(m[1:]) > 0 {
			specks := geo.Area(m)
			for _, poly := range m {
				specks = min(specks, geo.Area(m)-geo.Area(orb.MultiPolygon{poly}))
			}
			if specks > 50_000 {
				t.Errorf("%s is torn: %.0f m2 lie apart", a.Name, specks)
			}
		}
	}
}

// Every point inside the county lies in exactly one township and village, and inside the
// street in exactly one grid and micro-grid, one within the other.
func TestEveryPointHasOneChain(t *testing.T) {
	c := sampleCounty(t)
	tree := treeOf(t, c.Areas)
	county := mustCode(t, tree, "331125")
	street := mustCode(t, tree, "331125001")
	for _, whole := range []*Area{county, street} {
		shape, _ := tree.Boundary(whole.ID)
		b := shape.Bound()
		rapid.Check(t, func(t *rapid.T) {
			p := orb.Point{rapid.Float64Range(b.Min[0], b.Max[0]).Draw(t, "lon"), rapid.Float64Range(b.Min[1], b.Max[1]).Draw(t, "lat")}
			if !geo.Holds(shape, p) {
				return
			}
			a, ok := tree.Find(p)
			if !ok || !tree.Within(a.ID, whole.ID) {
				t.Fatalf("%v is in %+v", p, a)
			}
			if tree.Within(a.ID, street.ID) != (a.Level == MicroGrid) || a.Level < Village {
				t.Fatalf("%v ends at level %d, %s", p, a.Level, a.Name)
			}
			for _, up := range append(tree.Ancestors(a.ID), a) {
				if m, ok := tree.Boundary(up.ID); ok && !geo.Holds(m, p) {
					t.Fatalf("%v is in %s but not in %s above it", p, a.Name, up.Name)
				}
			}
		})
	}
}

// A point of a border that micro-grids share goes to the same one however it is asked, also
// after a trip through GCJ-02.
func TestBorderPointIsSteady(t *testing.T) {
	c := sampleCounty(t)
	tree := treeOf(t, c.Areas)
	again := treeOf(t, c.Areas)
	micros := []*Area{}
	for _, a := range tree.Below(mustCode(t, tree, "331125001").ID) {
		if a.Level == MicroGrid {
			micros = append(micros, a)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		m, _ := tree.Boundary(micros[rng.IntN(len(micros))].ID)
		ring := m[0][0]
		i, f := rng.IntN(len(ring)-1), rng.Float64()
		p := orb.Point{ring[i][0] + f*(ring[i+1][0]-ring[i][0]), ring[i][1] + f*(ring[i+1][1]-ring[i][1])}
		a, ok := tree.Find(p)
		b, _ := again.Find(p)
		moved, _ := tree.Find(geo.Round(geo.GCJ02.ToWGS84(geo.GCJ02.FromWGS84(p))))
		if !ok || a.ID != b.ID || a.ID != moved.ID {
			t.Fatalf("%v: %v, %v, %v", p, a, b, moved)
		}
	}
}

// Drawn twice the county is the same.
func TestSampleIsSteady(t *testing.T) {
	again, err := NewSampleCounty()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sampleCounty(t), again); d != "" {
		t.Errorf("drawn differently: %.500s", d)
	}
}

func BenchmarkSampleCounty(b *testing.B) {
	for b.Loop() {
		if _, err := NewSampleCounty(); err != nil {
			b.Fatal(err)
		}
	}
}
