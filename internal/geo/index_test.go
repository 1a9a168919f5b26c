package geo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// board is n by n polygons that share wavy borders of 7 sides each, keyed row by row.
func board(n int) []Item {
	const step = 0.005
	at := func(i, j int) orb.Point {
		return orb.Point{119 + float64(i)*step/7 + 0.0002*math.Sin(float64(j)), 27 + float64(j)*step/7 + 0.0002*math.Cos(float64(i))}
	}
	var items []Item
	for y := range n {
		for x := range n {
			var r orb.Ring
			for k := range 7 {
				r = append(r, at(7*x+k, 7*y))
			}
			for k := range 7 {
				r = append(r, at(7*x+7, 7*y+k))
			}
			for k := range 7 {
				r = append(r, at(7*x+7-k, 7*y+7))
			}
			for k := range 7 {
				r = append(r, at(7*x, 7*y+7-k))
			}
			r = append(r, r[0])
			key := fmt.Sprintf("%03d%03d", y, x)
			items = append(items, Item{ID: "id-" + key, Key: key, Shape: orb.MultiPolygon{{r}}})
		}
	}
	return items
}

// A corner where four meet, and every point of a shared border, belongs to the polygon whose
// key sorts first, in whatever order they were put in.
func TestBorderGoesToTheFirstKey(t *testing.T) {
	items := board(4)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	x := NewIndex(items)
	ring := map[string]orb.Ring{}
	for _, it := range items {
		ring[it.Key] = it.Shape[0][0]
	}
	corner := ring["001001"][0]
	if id, _ := x.Find(corner); id != "id-000000" {
		t.Errorf("the corner went to %s", id)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := ring["001001"]
		k := rapid.IntRange(0, 6).Draw(t, "side")
		f := rapid.Float64Range(0.001, 0.999).Draw(t, "along")
		a, b := r[k], r[k+1] // the southern border, shared with 000001
		p := orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}
		if k == 0 && f < 0.01 {
			return // the corner's own neighbourhood
		}
		if id, ok := x.Find(p); !ok || id != "id-000001" {
			t.Fatalf("%v on the border of 000001 and 001001 went to %q", p, id)
		}
	})
}

// Every point of the board is in exactly one polygon, and its centre finds each polygon.
func TestEveryPointIsSomewhere(t *testing.T) {
	items := board(6)
	x := NewIndex(items)
	for _, it := range items {
		if id, ok := x.Find(Centre(it.Shape)); !ok || id != it.ID {
			t.Errorf("the centre of %s is in %q", it.ID, id)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(119.001, 119.029).Draw(t, "lon"), rapid.Float64Range(27.001, 27.029).Draw(t, "lat")}
		id, ok := x.Covers(p)
		if !ok {
			t.Fatalf("%v is nowhere", p)
		}
		n := 0
		for _, it := range items {
			if where(it.Shape[0], p, 0) == inside {
				if n++; it.ID != id {
					t.Fatalf("%v is inside %s but went to %s", p, it.ID, id)
				}
			}
		}
		if n > 1 {
			t.Fatalf("%v is inside %d", p, n)
		}
	})
}

// A point in a crack goes to the nearest polygon within a metre, a tie to the first key, and a
// point two metres off belongs to nobody.
func TestCracks(t *testing.T) {
	perLon, _ := scale(28)
	m := 1 / perLon
	x := NewIndex([]Item{
		{ID: "west", Key: "2", Shape: box(119, 28, 119.01, 28.01)},
		{ID: "east", Key: "1", Shape: box(119.01+m, 28, 119.02, 28.01)},
	})
	for metres, want := range map[float64]string{0.2: "west", 0.5: "east", 0.8: "east"} {
		if id, _ := x.Find(orb.Point{119.01 + metres*m, 28.005}); id != want {
			t.Errorf("%.1f m into the crack: %q, want %s", metres, id, want)
		}
	}
	if id, ok := x.Find(orb.Point{119 - 2*m, 28.005}); ok {
		t.Errorf("two metres outside belongs to %s", id)
	}
	if id, ok := x.Find(orb.Point{119 - 0.9*m, 28.005}); !ok || id != "west" {
		t.Errorf("0.9 m outside belongs to %q", id)
	}
}

// A point in a hole is outside; on the hole's border it is inside.
func TestHolesAreOutside(t *testing.T) {
	x := NewIndex([]Item{{ID: "ring", Shape: orb.MultiPolygon{{box(0, 0, 9, 9)[0][0], box(3, 3, 6, 6)[0][0]}}}})
	for p, want := range map[orb.Point]bool{{1, 1}: true, {4, 4}: false, {3, 4}: true, {9, 9}: true, {10, 1}: false} {
		if _, ok := x.Find(p); ok != want {
			t.Errorf("%v: %v", p, ok)
		}
	}
	if _, ok := x.Find(orb.Point{math.NaN(), 1}); ok {
		t.Error("no number is somewhere")
	}
	if _, ok := NewIndex(nil).Find(orb.Point{1, 1}); ok {
		t.Error("an empty index found something")
	}
}

func BenchmarkFind50k(b *testing.B) {
	x := NewIndex(board(224))
	rng := rand.New(rand.NewPCG(7, 7))
	points := make([]orb.Point, 4096)
	for i := range points {
		points[i] = orb.Point{119.001 + rng.Float64()*1.118, 27.001 + rng.Float64()*1.118}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, ok := x.Find(points[i&4095]); !ok {
			b.Fatal("a point is nowhere")
		}
		i++
	}
}

func BenchmarkBuild50k(b *testing.B) {
	items := board(224)
	for b.Loop() {
		NewIndex(items)
	}
}
