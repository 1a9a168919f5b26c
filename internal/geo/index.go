package geo

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

const (
	// borderWidth is how near to a line, in degrees, a point is on it: 0.1 mm, the grain of
	// stored coordinates, so that rounding never moves a point off a border it was drawn on.
	borderWidth = Precision
	// CrackWidth is how far, in metres, a point may lie outside every polygon and still
	// belong to the nearest one.
	CrackWidth = 1.0
)

// Item is a polygon to be found. Key decides who gets a point on a shared border (smallest
// first); ID decides among equal keys.
type Item struct {
	ID    string
	Key   string
	Shape orb.MultiPolygon
}

// Index finds the polygon that a point falls in. It is immutable and safe for many readers.
type Index struct {
	items []Item // sorted by key, so that a smaller number wins a border
	tree  rtree.RTreeGN[float64, int32]
}

// NewIndex builds an index over items. The shapes are kept, not copied.
func NewIndex(items []Item) *Index {
	x := &Index{items: slices.Clone(items)}
	slices.SortFunc(x.items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID))
	})
	for i, it := range x.items {
		for _, poly := range it.Shape {
			if len(poly) > 0 && len(poly[0]) > 0 {
				b := poly.Bound()
				x.tree.Insert(b.Min, b.Max, int32(i))
			}
		}
	}
	return x
}

// Len returns the number of items.
func (x *Index) Len() int { return len(x.items) }

// Find returns the item that p falls in: inside or on the border, the first by key; else the
// nearest within CrackWidth metres, ties again by key.
func (x *Index) Find(p orb.Point) (id string, ok bool) {
	if id, ok = x.Covers(p); ok {
		return id, true
	}
	return x.Near(p, CrackWidth)
}

// Covers returns the first item by key that has p inside or on its border.
func (x *Index) Covers(p orb.Point) (id string, ok bool) {
	best := int32(math.MaxInt32)
	lo, hi := around(p, borderWidth, borderWidth)
	x.tree.Search(lo, hi, func(_, _ [2]float64, i int32) bool {
		if i < best && x.items[i].holds(p) {
			best = i
		}
		return true
	})
	if best == math.MaxInt32 {
		return "", false
	}
	return x.items[best].ID, true
}

// Near returns the item whose border is nearest to p, if it is within metres.
func (x *Index) Near(p orb.Point, metres float64) (id string, ok bool) {
	perLon, perLat := scale(p[1])
	if perLon < 1 { // at a pole longitude means nothing
		return "", false
	}
	type hit struct {
		i int32
		d float64
	}
	var hits []hit
	lo, hi := around(p, metres/perLon, metres/perLat)
	x.tree.Search(lo, hi, func(_, _ [2]float64, i int32) bool {
		if d := x.items[i].distance(p, perLon, perLat); d <= metres {
			hits = append(hits, hit{i, d})
		}
		return true
	})
	if len(hits) == 0 {
		return "", false
	}
	sort.Slice(hits, func(a, b int) bool {
		// A tenth of a millimetre decides nothing: two polygons at one corner are equally near.
		da, db := math.Round(hits[a].d*1e4), math.Round(hits[b].d*1e4)
		if da != db {
			return da < db
		}
		return hits[a].i < hits[b].i
	})
	return x.items[hits[0].i].ID, true
}

func around(p orb.Point, dx, dy float64) (lo, hi [2]float64) {
	return [2]float64{p[0] - dx, p[1] - dy}, [2]float64{p[0] + dx, p[1] + dy}
}

func (it Item) holds(p orb.Point) bool { return Holds(it.Shape, p) }

// Holds reports whether p is inside m or on its border.
func Holds(m orb.MultiPolygon, p orb.Point) bool {
	for _, poly := range m {
		if where(poly, p, borderWidth) != outside {
			return true
		}
	}
	return false
}

func (it Item) distance(p orb.Point, perLon, perLat float64) float64 {
	best := math.Inf(1)
	for _, poly := range it.Shape {
		for _, ring := range poly {
			for i := range ring {
				a, b := ring[i], ring[(i+1)%len(ring)]
				best = min(best, toSegment((a[0]-p[0])*perLon, (a[1]-p[1])*perLat, (b[0]-p[0])*perLon, (b[1]-p[1])*perLat))
			}
		}
	}
	return best
}

type side int

const (
	outside side = iota
	border
	inside
)

// where says on which side of poly p lies; within width degrees of a line it is on the border.
func where(poly orb.Polygon, p orb.Point, width float64) side {
	in := outside
	for i, ring := range poly {
		s := whereRing(ring, p, width)
		switch {
		case s == border:
			return border
		case i == 0 && s == outside:
			// A hole lies inside the outer ring, so that nothing more can be learnt.
			return outside
		case i == 0:
			in = inside
		case s == inside:
			in = outside
		}
	}
	return in
}

func whereRing(r orb.Ring, p orb.Point, width float64) side {
	in := outside
	x, y := p[0], p[1]
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		if (a[1] < y-width && b[1] < y-width) || (a[1] > y+width && b[1] > y+width) {
			continue
		}
		if max(a[0], b[0]) >= x-width && min(a[0], b[0]) <= x+width &&
			toSegment(a[0]-x, a[1]-y, b[0]-x, b[1]-y) <= width {
			return border
		}
		if (a[1] > y) != (b[1] > y) && x < (b[0]-a[0])*(y-a[1])/(b[1]-a[1])+a[0] {
			in = inside - in
		}
	}
	return in
}

// toSegment is the distance from the origin to the segment from a to b.
func toSegment(ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(1, max(0, -(ax*dx+ay*dy)/l))
	}
	return math.Hypot(ax+t*dx, ay+t*dy)
}

// widestRun returns the middle of the longest stretch of poly along latitude y, or fallback.
func widestRun(poly orb.Polygon, y float64, fallback orb.Point) orb.Point {
	var xs []float64
	for _, r := range poly {
		for i := range r {
			a, b := r[i], r[(i+1)%len(r)]
			if (a[1] > y) != (b[1] > y) {
				xs = append(xs, (b[0]-a[0])*(y-a[1])/(b[1]-a[1])+a[0])
			}
		}
	}
	slices.Sort(xs)
	best, at := 0.0, fallback
	for i := 0; i+1 < len(xs); i += 2 {
		if w := xs[i+1] - xs[i]; w > best {
			best, at = w, orb.Point{(xs[i] + xs[i+1]) / 2, y}
		}
	}
	return at
}
