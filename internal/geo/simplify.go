package geo

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Simplify returns items drawn with fewer points, none moved further than metres, for maps.
// A line shared by two items is simplified once, so that neighbours still meet. What comes out
// is for looking at: never test points or measure areas with it.
func Simplify(items []Item, metres float64) []Item {
	knots := knotsOf(items)
	done := map[arcKey][]orb.Point{}
	out := make([]Item, len(items))
	for i, it := range items {
		out[i] = Item{ID: it.ID, Key: it.Key}
		for _, poly := range it.Shape {
			var slim orb.Polygon
			for j, ring := range poly {
				r := simplifyRing(ring, knots, metres, done)
				if len(r) >= 4 {
					slim = append(slim, r)
				} else if j == 0 {
					break // a part smaller than the eye can see
				}
			}
			if len(slim) > 0 {
				out[i].Shape = append(out[i].Shape, slim)
			}
		}
	}
	return out
}

// knotsOf returns the points where lines of different polygons part: they must stay.
func knotsOf(items []Item) map[orb.Point]bool {
	next := map[orb.Point][]orb.Point{}
	knots := map[orb.Point]bool{}
	link := func(a, b orb.Point) {
		if !slices.Contains(next[a], b) {
			next[a] = append(next[a], b)
			if len(next[a]) > 2 {
				knots[a] = true
			}
		}
	}
	for _, it := range items {
		for _, poly := range it.Shape {
			for _, r := range poly {
				for i := 0; i+1 < len(r); i++ {
					link(r[i], r[i+1])
					link(r[i+1], r[i])
				}
			}
		}
	}
	return knots
}

// arcKey names a line between two knots whichever way it is walked: its ends, the point after
// its smaller end, and its length.
type arcKey struct {
	from, to, second orb.Point
	points           int
}

func simplifyRing(ring orb.Ring, knots map[orb.Point]bool, metres float64, done map[arcKey][]orb.Point) orb.Ring {
	if len(ring) < 4 {
		return nil
	}
	open := ring[:len(ring)-1]
	start := startOf(open, knots)
	walk := append(append(orb.Ring{}, open[start:]...), open[:start+1]...)
	out := orb.Ring{walk[0]}
	for a, i := 0, 1; i < len(walk); i++ {
		if i == len(walk)-1 || knots[walk[i]] {
			out = append(out, simplifyArc(walk[a:i+1], metres, done)[1:]...)
			a = i
		}
	}
	return out
}

// startOf returns a knot to start at, or on a ring without knots its smallest point, so that
// both sides of a line start alike.
func startOf(open orb.Ring, knots map[orb.Point]bool) int {
	best := 0
	for i, p := range open {
		if knots[p] {
			return i
		}
		if slices.Compare(p[:], open[best][:]) < 0 {
			best = i
		}
	}
	return best
}

func simplifyArc(arc []orb.Point, metres float64, done map[arcKey][]orb.Point) []orb.Point {
	n := len(arc)
	backward := slices.Compare(arc[0][:], arc[n-1][:]) > 0 ||
		arc[0] == arc[n-1] && slices.Compare(arc[1][:], arc[n-2][:]) > 0
	line := slices.Clone(arc)
	if backward {
		slices.Reverse(line)
	}
	key := arcKey{line[0], line[n-1], line[1], n}
	slim, ok := done[key]
	if !ok {
		slim = thin(line, metres)
		done[key] = slim
	}
	if backward {
		slim = slices.Clone(slim)
		slices.Reverse(slim)
	}
	return slim
}

// thin is Douglas and Peucker's line simplification, without recursion.
func thin(line []orb.Point, metres float64) []orb.Point {
	perLon, perLat := scale(line[0][1])
	keep := make([]bool, len(line))
	keep[0], keep[len(line)-1] = true, true
	stack := [][2]int{{0, len(line) - 1}}
	for len(stack) > 0 {
		a, b := stack[len(stack)-1][0], stack[len(stack)-1][1]
		stack = stack[:len(stack)-1]
		far, at := metres, -1
		for i := a + 1; i < b; i++ {
			p := line[i]
			d := toSegment((line[a][0]-p[0])*perLon, (line[a][1]-p[1])*perLat, (line[b][0]-p[0])*perLon, (line[b][1]-p[1])*perLat)
			if d > far && !math.IsNaN(d) {
				far, at = d, i
			}
		}
		if at >= 0 {
			keep[at] = true
			stack = append(stack, [2]int{a, at}, [2]int{at, b})
		}
	}
	var out []orb.Point
	for i, p := range line {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}
