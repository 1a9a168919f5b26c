package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Mesh cuts an outline into small cells that share every point of their borders, so that
// areas can be drawn inside it as sets of cells: without overlap, without gap, whatever the
// sets. It is how lines that do not exist anywhere are drawn for a sample.
type Mesh struct {
	Cells []Cell
	plan  *planar
	cell  []int // the cell of each face, -1 outside
}

// Cell is one small piece of a Mesh.
type Cell struct {
	At   orb.Point // its middle
	Area float64   // square metres
	Near []int     // the cells that it shares a side with
}

// NewMesh cuts outline, which must be sound, into cells about step metres wide. The corners of
// whole cells are moved a little by rnd, which gives numbers from 0 to 1, so that lines drawn
// along cells are not straight.
func NewMesh(outline orb.MultiPolygon, step float64, rnd func() float64) *Mesh {
	b := outline.Bound()
	perLon, perLat := scale(b.Center()[1])
	dx, dy := step/perLon, step/perLat
	var lines []line
	for _, poly := range outline {
		for _, r := range poly {
			lines = append(lines, sidesOf(r)...)
			rb := r.Bound()
			if rb.Max[0]-rb.Min[0] < 2*dx || rb.Max[1]-rb.Min[1] < 2*dy {
				// A speck that no line of the lattice may cross is tied to the lattice.
				c := rb.Center()
				lines = append(lines, line{a: c, b: orb.Point{c[0], c[1] + 2*dy}}, line{a: c, b: orb.Point{c[0], c[1] - 2*dy}})
			}
		}
	}
	corner := map[orb.Point]bool{}
	var xs, ys []float64
	for x := b.Min[0] - dx*0.37; x < b.Max[0]+dx; x += dx {
		xs = append(xs, Round(orb.Point{x, 0})[0])
	}
	for y := b.Min[1] - dy*0.37; y < b.Max[1]+dy; y += dy {
		ys = append(ys, Round(orb.Point{0, y})[1])
	}
	for _, x := range xs {
		lines = append(lines, line{a: orb.Point{x, ys[0]}, b: orb.Point{x, ys[len(ys)-1]}})
		for _, y := range ys {
			corner[orb.Point{x, y}] = true
		}
	}
	for _, y := range ys {
		lines = append(lines, line{a: orb.Point{xs[0], y}, b: orb.Point{xs[len(xs)-1], y}})
	}
	m := &Mesh{plan: drawn(lines, math.MaxInt)}
	m.plan.shake(corner, 0.28*dx, 0.28*dy, rnd)
	m.collect()
	return m
}

// shake moves each lattice corner that has nothing but whole cells around it.
func (m *planar) shake(corner map[orb.Point]bool, dx, dy float64, rnd func() float64) {
	whole := make([]bool, len(m.sizes))
	seen := make([]bool, len(m.sizes))
	for h, f := range m.face {
		if seen[f] {
			continue
		}
		seen[f] = true
		n, all := 0, true
		for g := h; g != h || n == 0; g = m.next[g] {
			n++
			all = all && corner[m.points[m.from[g]]] && m.turns[g] == 0
		}
		whole[f] = all && n == 4
	}
	fixed := make([]bool, len(m.points))
	for h, p := range m.from {
		fixed[p] = fixed[p] || !whole[m.face[h]]
	}
	for p := range m.points {
		if !fixed[p] {
			m.points[p] = Round(orb.Point{m.points[p][0] + (2*rnd()-1)*dx, m.points[p][1] + (2*rnd()-1)*dy})
		}
	}
}

// collect makes a cell of each face inside the outline.
func (m *Mesh) collect() {
	p := m.plan
	m.cell = p.windings()
	for f, turns := range m.cell {
		if m.cell[f] = -1; turns > 0 {
			m.cell[f] = len(m.Cells)
			m.Cells = append(m.Cells, Cell{})
		}
	}
	for h := range p.from {
		c := m.cell[p.face[h]]
		if c < 0 {
			continue
		}
		if m.Cells[c].Area == 0 {
			var ring orb.Ring
			for g := h; len(ring) == 0 || g != h; g = p.next[g] {
				ring = append(ring, p.points[p.from[g]])
			}
			m.Cells[c].At, m.Cells[c].Area = centroid(ring), math.Abs(ringArea(ring))
		}
		if other := m.cell[p.face[h^1]]; other >= 0 && other != c {
			m.Cells[c].Near = append(m.Cells[c].Near, other)
		}
	}
}

// Shapes dissolves cells with the same label, 0 to n-1, into shapes; cells with a negative
// label are left out.
func (m *Mesh) Shapes(label []int, n int) []orb.MultiPolygon {
	faces := make([]int, len(m.cell))
	for f, c := range m.cell {
		if faces[f] = -1; c >= 0 {
			faces[f] = label[c]
		}
	}
	return m.plan.regions(faces, n)
}
