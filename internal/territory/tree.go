package territory

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/geo"
)

// Tree is everything that stands at one moment. It never changes; readers share it and must
// not change what it hands out.
type Tree struct {
	at         time.Time
	edition    int64
	from       time.Time // the picture is true from here
	until      time.Time // to before here; zero for ever
	areas      map[string]*Area
	children   map[string][]*Area // by parent, in order; "" holds the tops
	codes      map[code]string
	boundaries map[string]orb.MultiPolygon
	index      [deepest + 1]*geo.Index
	units      map[string]*Unit
	unitCode   map[code]string // scheme is the jurisdiction
	naming     sync.Once
	names      *names
}

type code struct{ scheme, code string }

// newTree joins rows that stand at a moment.
func newTree(at time.Time, areas []*Area, codes []codeRow, boundaries map[string]orb.MultiPolygon, units []*Unit) *Tree {
	t := &Tree{at: at, areas: make(map[string]*Area, len(areas)), children: map[string][]*Area{},
		codes: make(map[code]string, len(codes)), boundaries: boundaries, units: map[string]*Unit{}, unitCode: map[code]string{}}
	for _, a := range areas {
		t.areas[a.ID] = a
	}
	for _, c := range codes {
		if a := t.areas[c.area]; a != nil {
			a.Codes[c.scheme] = c.code
			t.codes[code{c.scheme, c.code}] = c.area
		}
	}
	for _, a := range areas {
		t.children[a.Parent] = append(t.children[a.Parent], a)
	}
	for _, list := range t.children {
		slices.SortFunc(list, byKey)
	}
	var items [deepest + 1][]geo.Item
	for id, shape := range boundaries {
		if a := t.areas[id]; a != nil {
			items[a.Level] = append(items[a.Level], geo.Item{ID: id, Key: a.Key(), Shape: shape})
		}
	}
	for l := range items {
		t.index[l] = geo.NewIndex(items[l])
	}
	for _, u := range units {
		t.units[u.ID] = u
		t.unitCode[code{u.Jurisdiction, u.Code}] = u.ID
	}
	return t
}

func byKey(a, b *Area) int { return cmp.Compare(a.Key(), b.Key()) }

// Len returns how many areas stand.
func (t *Tree) Len() int { return len(t.areas) }

// Area returns the area with an id.
func (t *Tree) Area(id string) (*Area, bool) {
	a, ok := t.areas[id]
	return a, ok
}

// ByCode returns the area that has a code.
func (t *Tree) ByCode(scheme, c string) (*Area, bool) { return t.Area(t.codes[code{scheme, c}]) }

// Children returns the areas directly below id in order; id "" gives the tops.
func (t *Tree) Children(id string) []*Area { return t.children[id] }

// Ancestors returns the areas above id from the top, itself not included.
func (t *Tree) Ancestors(id string) []*Area {
	a, ok := t.areas[id]
	if !ok {
		return nil
	}
	var up []*Area
	for _, p := range a.Path[1:a.Level] {
		if b, ok := t.areas[p]; ok {
			up = append(up, b)
		}
	}
	return up
}

// Above returns the area directly above id.
func (t *Tree) Above(id string) (*Area, bool) {
	a, ok := t.areas[id]
	if !ok {
		return nil, false
	}
	return t.Area(a.Parent)
}

// Within reports whether area is ancestor or lies below it.
func (t *Tree) Within(area, ancestor string) bool {
	a, ok := t.areas[area]
	if !ok {
		return false
	}
	b, ok := t.areas[ancestor]
	return ok && a.Path[b.Level] == ancestor
}

// Below returns id's area and all areas below it, parents before children, siblings in order.
func (t *Tree) Below(id string) []*Area {
	var all []*Area
	if a, ok := t.areas[id]; ok {
		all = append(all, a)
	}
	for _, c := range t.children[id] {
		all = append(all, t.Below(c.ID)...)
	}
	return all
}

// Boundary returns the border of an area in WGS-84.
func (t *Tree) Boundary(id string) (orb.MultiPolygon, bool) {
	m, ok := t.boundaries[id]
	return m, ok
}

// Find returns the deepest area that a WGS-84 point falls in. A point on a shared border
// belongs to the area whose key sorts first; a point in a crack between two areas to the
// nearest within a metre, never leaving an outer area that plainly holds it.
func (t *Tree) Find(p orb.Point) (*Area, bool) {
	var in *Area
	for l := deepest; l >= Province && in == nil; l-- {
		if id, ok := t.index[l].Covers(p); ok {
			in = t.areas[id]
		}
	}
	for l := deepest; l >= Province && (in == nil || l > in.Level); l-- {
		if id, ok := t.index[l].Near(p, geo.CrackWidth); ok && (in == nil || t.Within(id, in.ID)) {
			return t.areas[id], true
		}
	}
	return in, in != nil
}

// Unit returns the unit with an id.
func (t *Tree) Unit(id string) (*Unit, bool) {
	u, ok := t.units[id]
	return u, ok
}

// UnitByCode returns the unit that a jurisdiction knows by a code.
func (t *Tree) UnitByCode(jurisdiction, c string) (*Unit, bool) {
	return t.Unit(t.unitCode[code{jurisdiction, c}])
}

// Units returns the units of a jurisdiction ("" is all), sorted by code.
func (t *Tree) Units(jurisdiction string) []*Unit {
	var all []*Unit
	for _, u := range t.units {
		if jurisdiction == "" || u.Jurisdiction == jurisdiction {
			all = append(all, u)
		}
	}
	slices.SortFunc(all, func(a, b *Unit) int { return strings.Compare(a.Code, b.Code) })
	return all
}

// UnitAbove returns the unit that id reports to.
func (t *Tree) UnitAbove(id string) (*Unit, bool) {
	u, ok := t.units[id]
	if !ok {
		return nil, false
	}
	return t.Unit(u.Parent)
}
