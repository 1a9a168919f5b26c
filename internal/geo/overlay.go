package geo

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"gezhi/internal/fault"
)

// FlawKind says how sibling polygons fail to cover their parent exactly.
type FlawKind string

const (
	// Overlap is ground that two siblings both claim.
	Overlap FlawKind = "overlap"
	// Gap is ground of the parent that no child claims.
	Gap FlawKind = "gap"
	// Outside is ground that a child claims beyond its parent.
	Outside FlawKind = "outside"
)

// Flaw is one piece of ground that is claimed twice, or by nobody, or beyond the parent.
type Flaw struct {
	Kind  FlawKind
	IDs   []string // the children concerned; none for a gap
	Area  float64  // square metres
	At    orb.Point
	Shape orb.MultiPolygon
}

// Overlaps returns the ground that two of items both claim, largest first, leaving out pieces
// of at most tolerance square metres.
func Overlaps(items []Item, tolerance float64) ([]Flaw, error) {
	x := NewIndex(items)
	var flaws []Flaw
	for i, it := range x.items {
		g := toGeom(it.Shape).AsGeometry()
		var err error
		b := it.Shape.Bound()
		near := map[int32]bool{}
		x.tree.Search(b.Min, b.Max, func(_, _ [2]float64, j int32) bool {
			near[j] = int(j) > i
			return true
		})
		for j, later := range near {
			if !later {
				continue
			}
			var common orb.MultiPolygon
			if common, err = overlay(geom.Intersection, g, toGeom(x.items[j].Shape).AsGeometry()); err != nil {
				return nil, err
			}
			flaws = appendFlaws(flaws, common, Flaw{Kind: Overlap, IDs: []string{it.ID, x.items[j].ID}}, tolerance)
		}
	}
	sortFlaws(flaws)
	return flaws, nil
}

// Gaps returns the ground of parent that no item claims and the ground that items claim beyond
// parent, largest first, leaving out pieces of at most tolerance square metres.
func Gaps(parent orb.MultiPolygon, items []Item, tolerance float64) ([]Flaw, error) {
	whole := toGeom(parent).AsGeometry()
	parts := make([]geom.Geometry, len(items))
	var flaws []Flaw
	for i, it := range items {
		parts[i] = toGeom(it.Shape).AsGeometry()
		beyond, err := overlay(geom.Difference, parts[i], whole)
		if err != nil {
			return nil, err
		}
		beyond = slices.DeleteFunc(beyond, func(p orb.Polygon) bool {
			at, ok := within(p)
			return ok && !slices.ContainsFunc(it.Shape, func(poly orb.Polygon) bool { return where(poly, at, 0) != outside })
		})
		flaws = appendFlaws(flaws, beyond, Flaw{Kind: Outside, IDs: []string{it.ID}}, tolerance)
	}
	covered, err := geom.UnionMany(parts)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "geo.overlay_failed")
	}
	missing, err := overlay(geom.Difference, whole, covered)
	if err != nil {
		return nil, err
	}
	flaws = appendFlaws(flaws, missing, Flaw{Kind: Gap}, tolerance)
	sortFlaws(flaws)
	return flaws, nil
}

// Union returns the ground of a and of b together, without the points and lines in which the two
// only touch.
func Union(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return overlay(geom.Union, toGeom(a).AsGeometry(), toGeom(b).AsGeometry())
}

// Difference returns the ground of a that b does not claim.
func Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return overlay(geom.Difference, toGeom(a).AsGeometry(), toGeom(b).AsGeometry())
}

// within is a point well inside a piece that an overlay gave. With it the answer is checked:
// near points that lie almost on one line the overlay sometimes keeps a hole that neither
// shape claims (seen with a hole that two items share).
func within(p orb.Polygon) (orb.Point, bool) {
	at := toGeom(orb.MultiPolygon{p}).PointOnSurface()
	xy, ok := at.XY()
	return orb.Point{xy.X, xy.Y}, ok
}

func overlay(op func(a, b geom.Geometry) (geom.Geometry, error), a, b geom.Geometry) (orb.MultiPolygon, error) {
	g, err := op(a, b)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "geo.overlay_failed")
	}
	return fromGeom(g), nil
}

func appendFlaws(flaws []Flaw, pieces orb.MultiPolygon, like Flaw, tolerance float64) []Flaw {
	for _, p := range pieces {
		like.Shape = orb.MultiPolygon{p}
		if like.Area = Area(like.Shape); like.Area > tolerance {
			like.At = Centre(like.Shape)
			flaws = append(flaws, like)
		}
	}
	return flaws
}

func sortFlaws(flaws []Flaw) {
	slices.SortFunc(flaws, func(a, b Flaw) int {
		return cmp.Or(cmp.Compare(b.Area, a.Area), slices.Compare(a.IDs, b.IDs), slices.Compare(a.At[:], b.At[:]))
	})
}

func toGeom(m orb.MultiPolygon) geom.MultiPolygon {
	polys := make([]geom.Polygon, len(m))
	for i, poly := range m {
		rings := make([]geom.LineString, len(poly))
		for j, ring := range poly {
			flat := make([]float64, 0, 2*len(ring))
			for _, p := range ring {
				flat = append(flat, p[0], p[1])
			}
			rings[j] = geom.NewLineString(geom.NewSequence(flat, geom.DimXY))
		}
		polys[i] = geom.NewPolygon(rings)
	}
	return geom.NewMultiPolygon(polys)
}

// fromGeom returns the polygons in g; points and lines, where shapes only touch, are left out.
func fromGeom(g geom.Geometry) orb.MultiPolygon {
	switch g.Type() {
	case geom.TypePolygon:
		return orb.MultiPolygon{fromPolygon(g.MustAsPolygon())}
	case geom.TypeMultiPolygon:
		var out orb.MultiPolygon
		mp := g.MustAsMultiPolygon()
		for i := range mp.NumPolygons() {
			out = append(out, fromPolygon(mp.PolygonN(i)))
		}
		return out
	case geom.TypeGeometryCollection:
		var out orb.MultiPolygon
		gc := g.MustAsGeometryCollection()
		for i := range gc.NumGeometries() {
			out = append(out, fromGeom(gc.GeometryN(i))...)
		}
		return out
	default:
		return nil
	}
}

func fromPolygon(p geom.Polygon) orb.Polygon {
	out := make(orb.Polygon, 0, 1+p.NumInteriorRings())
	for _, line := range p.DumpRings() {
		seq := line.Coordinates()
		ring := make(orb.Ring, seq.Length())
		for i := range ring {
			xy := seq.GetXY(i)
			ring[i] = orb.Point{xy.X, xy.Y}
		}
		out = append(out, ring)
	}
	return out
}
