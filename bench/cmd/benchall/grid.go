package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/geo"
)

// points measures how long a point takes to find its grid among 50,000 polygons of 24 corners
// that share their borders.
func points(r *report) error {
	const side, step = 224, 0.002 // degrees
	rnd := rand.New(rand.NewPCG(1, 2))
	// One jagged line for each border, used by both neighbours.
	jag := func(a, b orb.Point, seed uint64) []orb.Point {
		rnd := rand.New(rand.NewPCG(seed, 7))
		out := []orb.Point{a}
		for i := 1; i < 6; i++ {
			f := float64(i) / 6
			out = append(out, orb.Point{a[0] + f*(b[0]-a[0]) + (rnd.Float64()-.5)*step/10, a[1] + f*(b[1]-a[1]) + (rnd.Float64()-.5)*step/10})
		}
		return append(out, b)
	}
	at := func(i, j int) orb.Point { return orb.Point{119 + float64(i)*step, 28 + float64(j)*step} }
	across := func(i, j int) []orb.Point { return jag(at(i, j), at(i+1, j), uint64(2*(j*1000+i))) }
	up := func(i, j int) []orb.Point { return jag(at(i, j), at(i, j+1), uint64(2*(j*1000+i)+1)) }
	back := func(p []orb.Point) []orb.Point { p = slices.Clone(p); slices.Reverse(p); return p }
	items := make([]geo.Item, 0, side*side)
	for i := range side {
		for j := range side {
			ring := orb.Ring{}
			for _, line := range [][]orb.Point{across(i, j), up(i+1, j), back(across(i, j+1)), back(up(i, j))} {
				ring = append(ring, line[:len(line)-1]...)
			}
			ring = append(ring, ring[0])
			id := fmt.Sprintf("g%d-%d", i, j)
			items = append(items, geo.Item{ID: id, Key: id, Shape: orb.MultiPolygon{orb.Polygon{ring}}})
		}
	}
	from := time.Now()
	x := geo.NewIndex(items)
	built := time.Since(from)
	took := make([]time.Duration, 200_000)
	for i := range took {
		p := orb.Point{119 + (0.5+rnd.Float64()*(side-1))*step, 28 + (0.5+rnd.Float64()*(side-1))*step}
		from := time.Now()
		if _, ok := x.Find(p); !ok {
			return fmt.Errorf("no grid at %v", p)
		}
		took[i] = time.Since(from)
	}
	slices.Sort(took)
	r.line("A point finds its grid among %d polygons of 24 corners in **%.1f µs** (median; p99 %.1f µs); the index is built in %d ms.\n", len(items),
		float64(took[len(took)/2].Nanoseconds())/1000, float64(took[len(took)*99/100].Nanoseconds())/1000, built.Milliseconds())
	return nil
}
