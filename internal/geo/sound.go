package geo

import (
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"gezhi/internal/fault"
)

// A shape with more points or holes than these is no area that people administer, and would
// take longer to check than anybody waits.
const (
	maxPoints = 1_000_000
	maxHoles  = 1_000
)

// Repairs counts what Sound put right without asking, because no area changed by it.
type Repairs struct {
	RepeatedPoints int // the same point twice in a row
	Spikes         int // a line out and back over itself
	Touches        int // a ring that met itself in a point and was cut there into two
}

// Any reports whether anything was put right.
func (r Repairs) Any() bool { return r != Repairs{} }

// Sound returns m fit for use, with outer rings anticlockwise and closed, or an Invalid fault
// that says what is wrong and where: geo.empty, geo.not_a_place (a coordinate that is no
// longitude and latitude), geo.ring_open, geo.ring_too_short, geo.ring_crosses_itself,
// geo.too_many_points, geo.hole_outside, geo.rings_nested, geo.rings_cross, geo.parts_overlap.
// Args lon and lat tell the place in the coordinates of m. Use it on coordinates as given,
// before any conversion, since conversion bends straight lines.
func Sound(m orb.MultiPolygon) (orb.MultiPolygon, Repairs, error) {
	var rep Repairs
	var out orb.MultiPolygon
	points := 0
	for _, poly := range m {
		for _, ring := range poly {
			if points += len(ring); points > maxPoints {
				return nil, rep, fault.New(fault.TooLarge, "geo.too_many_points", "most", maxPoints)
			}
			if err := checkRing(ring); err != nil {
				return nil, rep, err
			}
		}
		parts, err := tidy(poly, &rep)
		if err != nil {
			return nil, rep, err
		}
		out = append(out, parts...)
	}
	if len(out) == 0 {
		return nil, rep, fault.New(fault.Invalid, "geo.empty")
	}
	if err := toGeom(out).Validate(); err != nil {
		return nil, rep, unsound(err, out)
	}
	return out, rep, nil
}

func checkRing(r orb.Ring) error {
	if len(r) == 0 {
		return fault.New(fault.Invalid, "geo.empty")
	}
	for _, p := range r {
		// The comparison is also false for NaN.
		if !Valid(p) {
			return fault.New(fault.Invalid, "geo.not_a_place")
		}
	}
	switch {
	case r[0] != r[len(r)-1]:
		return located(fault.New(fault.Invalid, "geo.ring_open"), r[0])
	case len(r) < 4:
		return located(fault.New(fault.Invalid, "geo.ring_too_short"), r[0])
	}
	return nil
}

// located says where a fault of a shape lies.
func located(f *fault.Error, at orb.Point) error {
	f.Args = map[string]any{"lon": at[0], "lat": at[1]}
	return f
}

// tidy cuts each ring where it meets itself and sorts the loops: those that turn as the
// outer ring does are parts, the others holes.
func tidy(poly orb.Polygon, rep *Repairs) (orb.MultiPolygon, error) {
	var parts orb.MultiPolygon
	var holes []orb.Ring
	cut := 0 // how many holes were cut from the outer ring, and so must lie inside it
	for i, ring := range poly {
		loops := cutLoops(ring, rep)
		main := 0.0
		for _, l := range loops {
			if a := ringArea(l); math.Abs(a) > math.Abs(main) {
				main = a
			}
		}
		for _, l := range loops {
			if outer := (ringArea(l) > 0) == (main > 0); outer == (i == 0) {
				parts = append(parts, orb.Polygon{turned(l, true)})
			} else {
				holes = append(holes, turned(l, false))
			}
		}
		if i == 0 {
			cut = len(holes)
		}
	}
	if len(holes) > maxHoles || len(parts) > maxHoles {
		return nil, fault.New(fault.TooLarge, "geo.too_many_points", "most", maxHoles)
	}
	for i, h := range holes {
		k := home(parts, h)
		switch {
		case k < 0 && i < cut:
			return nil, located(fault.New(fault.Invalid, "geo.ring_crosses_itself"), h[0])
		case k < 0:
			return nil, located(fault.New(fault.Invalid, "geo.hole_outside"), h[0])
		}
		parts[k] = append(parts[k], h)
	}
	return parts, nil
}

// home finds the part that hole h lies in, or -1.
func home(parts orb.MultiPolygon, h orb.Ring) int {
	for k, part := range parts {
		for _, p := range h {
			if s := whereRing(part[0], p, 0); s == inside {
				return k
			} else if s == outside {
				break
			}
		}
	}
	return -1
}

// cutLoops walks a closed ring and cuts off a loop whenever it comes back to a point where it
// has been. Loops without area are spikes and are dropped.
func cutLoops(ring orb.Ring, rep *Repairs) []orb.Ring {
	var loops []orb.Ring
	at := map[orb.Point]int{}
	var walk orb.Ring
	for i, p := range ring {
		if len(walk) > 0 && walk[len(walk)-1] == p {
			rep.RepeatedPoints++
			continue
		}
		k, seen := at[p]
		if !seen {
			at[p] = len(walk)
			walk = append(walk, p)
			continue
		}
		loop := append(orb.Ring(nil), walk[k:]...)
		for _, q := range walk[k+1:] {
			delete(at, q)
		}
		walk = walk[:k+1]
		switch loop = unspiked(append(loop, p), rep); {
		case len(loop) < 4:
			rep.Spikes++
		default:
			loops = append(loops, loop)
			if i < len(ring)-1 {
				rep.Touches++
			}
		}
	}
	return loops
}

// unspiked drops points where a closed loop runs straight back over its own line.
func unspiked(loop orb.Ring, rep *Repairs) orb.Ring {
	r := loop[:len(loop)-1]
	for i := 0; len(r) > 2 && i < len(r); {
		a, b, c := r[(i+len(r)-1)%len(r)], r[i], r[(i+1)%len(r)]
		ux, uy, vx, vy := b[0]-a[0], b[1]-a[1], c[0]-b[0], c[1]-b[1]
		if ux*vy-uy*vx == 0 && ux*vx+uy*vy <= 0 {
			r = append(r[:i:i], r[i+1:]...)
			rep.Spikes++
			i = max(0, i-2)
			continue
		}
		i++
	}
	if len(r) < 3 {
		return nil
	}
	return append(r[:len(r):len(r)], r[0])
}

func turned(r orb.Ring, anticlockwise bool) orb.Ring {
	if (ringArea(r) > 0) != anticlockwise {
		r.Reverse()
	}
	return r
}

var reasons = []struct{ text, code string }{
	{text: "polygon ring not simple", code: "geo.ring_crosses_itself"},
	{text: "interior ring outside", code: "geo.hole_outside"},
	{text: "nested rings", code: "geo.rings_nested"},
	{text: "disconnected interior", code: "geo.rings_cross"},
	{text: "rings intersect", code: "geo.rings_cross"},
	{text: "child polygons", code: "geo.parts_overlap"},
}

// unsound gives the library's refusal of m a stable code, and its place.
func unsound(err error, m orb.MultiPolygon) error {
	f := fault.Wrap(err, fault.Invalid, "geo.not_sound")
	text := err.Error()
	for _, r := range reasons {
		if strings.Contains(text, r.text) {
			f.Code = r.code
			break
		}
	}
	at, ok := placeIn(text)
	if f.Code == "geo.ring_crosses_itself" {
		at, ok = firstCrossing(m) // the library names the ring's first point only
	}
	if !ok {
		return f
	}
	return located(f, at)
}

// placeIn reads the place at the end of the library's message: "(at or near {119.5 28.1})".
func placeIn(text string) (p orb.Point, ok bool) {
	i := strings.LastIndex(text, "{")
	if i < 0 {
		return p, false
	}
	n, _ := fmt.Sscanf(text[i:], "{%g %g}", &p[0], &p[1])
	return p, n == 2
}

// firstCrossing returns a point where two sides of one ring of m cross or overlap.
func firstCrossing(m orb.MultiPolygon) (at orb.Point, found bool) {
	for _, poly := range m {
		for _, r := range poly {
			var sides rtree.RTreeGN[float64, int]
			for i := 0; i+1 < len(r) && !found; i++ {
				b := orb.LineString{r[i], r[i+1]}.Bound()
				sides.Search(b.Min, b.Max, func(_, _ [2]float64, j int) bool {
					at, found = crossing(r[j], r[j+1], r[i], r[i+1])
					return !found
				})
				sides.Insert(b.Min, b.Max, i)
			}
			if found {
				return at, true
			}
		}
	}
	return at, false
}

// crossing returns where the sides a-b and c-d meet otherwise than in a common end.
func crossing(a, b, c, d orb.Point) (orb.Point, bool) {
	for _, p := range []orb.Point{c, d} {
		if p != a && p != b && toSegment(a[0]-p[0], a[1]-p[1], b[0]-p[0], b[1]-p[1]) == 0 {
			return p, true
		}
	}
	den := (b[0]-a[0])*(d[1]-c[1]) - (b[1]-a[1])*(d[0]-c[0])
	if den == 0 || a == c || a == d || b == c || b == d {
		return orb.Point{}, false
	}
	t := ((c[0]-a[0])*(d[1]-c[1]) - (c[1]-a[1])*(d[0]-c[0])) / den
	u := ((c[0]-a[0])*(b[1]-a[1]) - (c[1]-a[1])*(b[0]-a[0])) / den
	return orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}, t >= 0 && t <= 1 && u >= 0 && u <= 1
}
