package territory

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// rounds is how often sites are moved to the middle of what they got: after four, parts look
// alike in size.
const rounds = 4

// grow shares out a set of cells among sites, each cell to the site that is nearest when one
// may only walk inside the set, so that each part hangs together. Specks that cannot be walked
// to go to the part that is nearest by air.
func (d drawer) grow(set, sites []int) [][]int {
	d.reach(set, sites)
	parts := make([][]int, len(sites))
	var specks []int
	for _, c := range set {
		if d.site[c] < 0 {
			specks = append(specks, c)
			continue
		}
		parts[d.site[c]] = append(parts[d.site[c]], c)
	}
	if len(specks) == 0 {
		return parts
	}
	var walked []int
	for _, p := range parts {
		walked = append(walked, p...)
	}
	for _, c := range specks {
		k := d.site[d.nearest(walked, d.cells[c].At)]
		parts[k] = append(parts[k], c)
	}
	return parts
}

// reach fills dist and site for the set by Dijkstra's method.
func (d drawer) reach(set, sites []int) {
	for c := range d.site {
		d.site[c] = -2
	}
	for _, c := range set {
		d.site[c], d.dist[c] = -1, math.Inf(1)
	}
	q := &front{}
	for k, c := range sites {
		d.site[c], d.dist[c] = k, 0
		heap.Push(q, reached{0, c})
	}
	for q.Len() > 0 {
		r := heap.Pop(q).(reached)
		if r.far > d.dist[r.cell] {
			continue
		}
		for _, n := range d.cells[r.cell].Near {
			if d.site[n] == -2 {
				continue
			}
			if m := r.far + math.Hypot(d.at[r.cell][0]-d.at[n][0], d.at[r.cell][1]-d.at[n][1]); m < d.dist[n] {
				d.dist[n], d.site[n] = m, d.site[r.cell]
				heap.Push(q, reached{m, n})
			}
		}
	}
}

type reached struct {
	far  float64
	cell int
}

type front []reached

func (f front) Len() int           { return len(f) }
func (f front) Less(i, j int) bool { return f[i].far < f[j].far }
func (f front) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *front) Push(x any)        { *f = append(*f, x.(reached)) }
func (f *front) Pop() any {
	old := *f
	last := old[len(old)-1]
	*f = old[:len(old)-1]
	return last
}

// divide shares out a set of cells into n parts of about one size, in reading order: from west
// to east within bands from north to south (CJ/T 349: left to right, top to bottom).
func (d drawer) divide(set []int, n int) [][]int {
	first := d.nearest(set, d.middle(set))
	sites := []int{first}
	for len(sites) < n {
		d.reach(set, sites)
		far, at := -1.0, first
		for _, c := range set {
			if d.site[c] >= 0 && d.dist[c] > far {
				far, at = d.dist[c], c
			}
		}
		sites = append(sites, at)
	}
	parts := d.grow(set, sites)
	for range rounds {
		for k, p := range parts {
			sites[k] = d.nearest(p, d.middle(p))
		}
		parts = d.grow(set, sites)
	}
	return d.inReadingOrder(parts)
}

// middle is the centre of a set of cells by area.
func (d drawer) middle(set []int) orb.Point {
	var x, y, sum float64
	for _, c := range set {
		a := d.cells[c].Area
		x, y, sum = x+d.cells[c].At[0]*a, y+d.cells[c].At[1]*a, sum+a
	}
	return orb.Point{x / sum, y / sum}
}

func (d drawer) inReadingOrder(parts [][]int) [][]int {
	type placed struct {
		at    orb.Point
		cells []int
	}
	all := make([]placed, len(parts))
	for k, p := range parts {
		all[k] = placed{d.middle(p), p}
	}
	slices.SortFunc(all, func(a, b placed) int { return cmp.Compare(b.at[1], a.at[1]) })
	wide := int(math.Ceil(math.Sqrt(float64(len(all)))))
	out := make([][]int, 0, len(all))
	for band := range slices.Chunk(all, wide) {
		slices.SortFunc(band, func(a, b placed) int { return cmp.Compare(a.at[0], b.at[0]) })
		for _, p := range band {
			out = append(out, p.cells)
		}
	}
	return out
}
