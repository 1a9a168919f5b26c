package geo

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"gezhi/internal/fault"
)

// star is a ring with n corners at changing distances from its middle, always simple.
func star(rng *rand.Rand, n int) orb.MultiPolygon {
	var r orb.Ring
	for i := range n {
		a, d := 2*math.Pi*float64(i)/float64(n), 0.02+0.03*rng.Float64()
		r = append(r, Round(orb.Point{119.5 + d*math.Cos(a), 28 + d*math.Sin(a)}))
	}
	return orb.MultiPolygon{{append(r, r[0])}}
}

// Whatever the outline, its cells add up to it, are sound, and any way to share them out gives
// sound shapes without overlap or gap.
func TestCellsCoverTheOutline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		outline := star(rng, rapid.IntRange(3, 40).Draw(t, "corners"))
		if rapid.Bool().Draw(t, "hole") {
			hole := box(119.4995, 27.9995, 119.5005, 28.0005)[0][0]
			hole.Reverse()
			outline[0] = append(outline[0], hole)
		}
		m := NewMesh(outline, 600, rng.Float64)
		sum := 0.0
		for _, c := range m.Cells {
			sum += c.Area
		}
		if math.Abs(sum-Area(outline)) > 5 {
			t.Fatalf("cells have %.1f m2, the outline %.1f", sum, Area(outline))
		}
		const n = 5
		label := make([]int, len(m.Cells))
		for i := range label {
			label[i] = rng.IntN(n)
		}
		items := make([]Item, n)
		for i, s := range m.Shapes(label, n) {
			items[i] = Item{ID: string(rune('a' + i)), Shape: s}
			for _, poly := range s {
				if _, _, err := Sound(orb.MultiPolygon{poly}); err != nil {
					t.Fatalf("part of %d: %v", i, err)
				}
			}
		}
		flaws, err := Gaps(outline, items, 1)
		if err != nil || len(flaws) > 0 {
			t.Fatalf("%+v %v", flaws, err)
		}
	})
}

// Two cells that share a side know of each other.
func TestNeighboursAreMutual(t *testing.T) {
	m := NewMesh(star(rand.New(rand.NewPCG(3, 3)), 9), 500, func() float64 { return 0.9 })
	for i, c := range m.Cells {
		if len(c.Near) == 0 {
			t.Errorf("cell %d stands alone", i)
		}
		for _, j := range c.Near {
			if !slices.Contains(m.Cells[j].Near, i) {
				t.Errorf("%d knows %d, not the other way", i, j)
			}
		}
	}
}

// A small crossing of a coarse outline is mended and its area hardly changes; a bow tie is not
// a slip and stays refused.
func TestMend(t *testing.T) {
	crossed := shape(0, 0, 1, 0, 1, 1, 0.5, 1, 0.5001, 0.9999, 0.4999, 0.9999, 0.4999, 1.0001, 0.5001, 1, 0, 1, 0, 0)
	if _, _, err := Sound(crossed); fault.CodeOf(err) != "geo.ring_crosses_itself" {
		t.Fatalf("the example is not crossed: %v", err)
	}
	m, change, err := Mend(crossed)
	if err != nil || math.Abs(change) > 1e6 || math.Abs(Area(m)/Area(box(0, 0, 1, 1))-1) > 1e-4 {
		t.Errorf("mended into %v, changed by %.0f m2, %v", m, change, err)
	}
	if _, _, err := Mend(shape(0, 0, 2, 2, 2, 0, 0, 2, 0, 0)); fault.CodeOf(err) != "geo.ring_crosses_itself" {
		t.Errorf("a bow tie: %v", err)
	}
	if m, change, err := Mend(box(0, 0, 1, 1)); err != nil || change != 0 || len(m) != 1 {
		t.Errorf("a sound shape was changed: %v %v %v", m, change, err)
	}
}
