package geo

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// planar is the map that a bundle of lines draws: points where they meet, the sides between
// those, and the faces that the sides enclose. Each side is two halves, 2k and 2k+1, that run
// in opposite directions, each with its own face on its left.
type planar struct {
	points []orb.Point
	from   []int // where a half starts; it ends where its twin starts
	next   []int // the half that follows around the same face
	face   []int // the face to the left
	turns  []int // how often the outline runs along this half, less how often against it
	sizes  []float64
}

type line struct {
	a, b    orb.Point
	outline bool // part of the outline, as against a line that only divides
}

// drawn returns the map of lines, or nil when they meet more often than most times. Points
// nearer than Precision are one point.
func drawn(lines []line, most int) *planar {
	var tree rtree.RTreeGN[float64, int]
	stops := make([][]orb.Point, len(lines))
	met := 0
	for i, l := range lines {
		b := orb.LineString{l.a, l.b}.Bound().Pad(borderWidth)
		tree.Search(b.Min, b.Max, func(_, _ [2]float64, j int) bool {
			for _, p := range meeting(lines[j], l) {
				stops[i] = append(stops[i], p)
				stops[j] = append(stops[j], p)
				met++
			}
			return met <= most
		})
		if met > most {
			return nil
		}
		tree.Insert(b.Min, b.Max, i)
	}
	m := &planar{}
	ids := map[orb.Point]int{}
	node := func(p orb.Point) int {
		n, ok := ids[p]
		if !ok {
			n = len(m.points)
			ids[p] = n
			m.points = append(m.points, p)
		}
		return n
	}
	halves := map[[2]int]int{}
	for i, l := range lines {
		along := append(stops[i], Round(l.a), Round(l.b))
		dx, dy := l.b[0]-l.a[0], l.b[1]-l.a[1]
		slices.SortFunc(along, func(p, q orb.Point) int {
			return cmp.Compare((p[0]-l.a[0])*dx+(p[1]-l.a[1])*dy, (q[0]-l.a[0])*dx+(q[1]-l.a[1])*dy)
		})
		for k := 0; k+1 < len(along); k++ {
			if a, b := node(along[k]), node(along[k+1]); a != b {
				m.side(halves, a, b, l.outline)
			}
		}
	}
	m.link()
	return m
}

func (m *planar) side(halves map[[2]int]int, a, b int, outline bool) {
	h, ok := halves[[2]int{a, b}]
	if !ok {
		h = len(m.from)
		halves[[2]int{a, b}], halves[[2]int{b, a}] = h, h+1
		m.from = append(m.from, a, b)
		m.turns = append(m.turns, 0, 0)
	}
	if outline {
		m.turns[h]++
		m.turns[h^1]--
	}
}

// meeting returns the points, on the grain, where two lines cross or touch.
func meeting(l, k line) []orb.Point {
	var ps []orb.Point
	near := func(p orb.Point, s line) {
		if toSegment(s.a[0]-p[0], s.a[1]-p[1], s.b[0]-p[0], s.b[1]-p[1]) <= borderWidth {
			ps = append(ps, Round(p))
		}
	}
	near(l.a, k)
	near(l.b, k)
	near(k.a, l)
	near(k.b, l)
	if len(ps) == 0 {
		if p, ok := crossing(l.a, l.b, k.a, k.b); ok {
			ps = append(ps, Round(p))
		}
	}
	return ps
}

// link finds the faces: around a point the halves that leave it are sorted by direction, and
// whoever arrives goes on along the next one clockwise, which keeps its face on the left.
func (m *planar) link() {
	leaving := make([][]int, len(m.points))
	for h, p := range m.from {
		leaving[p] = append(leaving[p], h)
	}
	m.next = make([]int, len(m.from))
	for p, hs := range leaving {
		slices.SortFunc(hs, func(g, h int) int { return cmp.Compare(m.angle(p, g), m.angle(p, h)) })
		for i, h := range hs {
			m.next[h^1] = hs[(i+len(hs)-1)%len(hs)]
		}
	}
	m.face = make([]int, len(m.from))
	for h := range m.face {
		m.face[h] = -1
	}
	for h := range m.from {
		if m.face[h] >= 0 {
			continue
		}
		var ring orb.Ring
		for g := h; m.face[g] < 0; g = m.next[g] {
			m.face[g] = len(m.sizes)
			ring = append(ring, m.points[m.from[g]])
		}
		m.sizes = append(m.sizes, ringArea(ring))
	}
}

func (m *planar) angle(p, h int) float64 {
	a, b := m.points[p], m.points[m.from[h^1]]
	return math.Atan2(b[1]-a[1], b[0]-a[0])
}

// windings returns how often the outline runs around each face, 0 for what is outside. The map
// must hang together.
func (m *planar) windings() []int {
	start := 0 // the face of all that lies beyond is the one that is walked clockwise
	for f, size := range m.sizes {
		if size < m.sizes[start] {
			start = f
		}
	}
	halves := make([][]int, len(m.sizes))
	for h, f := range m.face {
		halves[f] = append(halves[f], h)
	}
	turns, seen := make([]int, len(m.sizes)), make([]bool, len(m.sizes))
	seen[start] = true
	for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
		for _, h := range halves[queue[0]] {
			if f := m.face[h^1]; !seen[f] {
				seen[f] = true
				turns[f] = turns[queue[0]] + m.turns[h^1]
				queue = append(queue, f)
			}
		}
	}
	return turns
}

// regions dissolves faces with the same label, 0 to n-1, into shapes; a negative label is left
// out. Shapes that were neighbours share every point of their border.
func (m *planar) regions(label []int, n int) []orb.MultiPolygon {
	rings := make([][]orb.Ring, n)
	done := make([]bool, len(m.from))
	for h := range m.from {
		l := label[m.face[h]]
		if l < 0 || done[h] || label[m.face[h^1]] == l {
			continue
		}
		var ring orb.Ring
		for g := h; !done[g]; {
			done[g] = true
			ring = append(ring, m.points[m.from[g]])
			for g = m.next[g]; label[m.face[g^1]] == l; {
				g = m.next[g^1]
			}
		}
		rings[l] = append(rings[l], cutLoops(append(ring, ring[0]), &Repairs{})...)
	}
	out := make([]orb.MultiPolygon, n)
	for l := range rings {
		out[l] = nested(rings[l])
	}
	return out
}

// nested puts clockwise rings as holes into the anticlockwise ring around them.
func nested(rings []orb.Ring) orb.MultiPolygon {
	var m orb.MultiPolygon
	for _, r := range rings {
		if ringArea(r) > 0 {
			m = append(m, orb.Polygon{r})
		}
	}
	for _, r := range rings {
		if ringArea(r) < 0 {
			if k := home(m, r); k >= 0 {
				m[k] = append(m[k], r)
			}
		}
	}
	return m
}

func sidesOf(r orb.Ring) []line {
	var ls []line
	for i := 0; i+1 < len(r); i++ {
		if r[i] != r[i+1] {
			ls = append(ls, line{r[i], r[i+1], true})
		}
	}
	return ls
}

// mendable is the share of its area by which an outline may change when it is mended.
const mendable = 0.001

// Mend resolves the small self-crossings of an outline that was drawn on a coarse raster: what
// the line runs around, however often, is inside. It refuses with the fault of Sound a shape
// with holes and one whose area would change by more than a thousandth, for that is no slip.
// The second result is the change in square metres.
func Mend(m orb.MultiPolygon) (orb.MultiPolygon, float64, error) {
	sound, _, why := Sound(m)
	if why == nil {
		return sound, 0, nil
	}
	var out orb.MultiPolygon
	var given float64
	for _, poly := range m {
		if len(poly) != 1 || checkRing(poly[0]) != nil {
			return nil, 0, why
		}
		given += math.Abs(ringArea(poly[0]))
		sides := sidesOf(poly[0])
		p := drawn(sides, 10*len(sides)) // neighbours meet twice; a slip adds a few
		if p == nil {
			return nil, 0, why
		}
		label := p.windings()
		for f, turns := range label {
			if label[f] = 0; turns == 0 {
				label[f] = -1
			}
		}
		out = append(out, p.regions(label, 1)[0]...)
	}
	change := Area(out) - given
	if math.Abs(change) > mendable*given {
		return nil, 0, why
	}
	out, _, err := Sound(out)
	return out, change, err
}
