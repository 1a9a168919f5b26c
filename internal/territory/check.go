package territory

import (
	"context"

	"github.com/paulmach/orb"

	"gezhi/internal/geo"
)

// Checks says what to look for below an area.
type Checks struct {
	Below string // id of the area whose territory is looked at
	// Tolerance is the largest piece of ground, in square metres, that may be claimed twice or
	// by nobody; zero means one square metre.
	Tolerance float64
	// Held has the ids of areas in which somebody holds a post today; nil leaves out duty.
	Held map[string]bool
}

// Findings is what is wrong with a territory, with numbers and places.
type Findings struct {
	Areas     int      `json:"areas"`
	Flaws     []Flaw   `json:"flaws,omitempty"`
	Unplaced  []string `json:"unplaced,omitempty"`  // areas without a boundary though a sibling has one
	Unstaffed []string `json:"unstaffed,omitempty"` // grids or micro-grids with nobody on duty
}

// Flaw is ground below a parent that is claimed twice, by nobody, or beyond the parent.
type Flaw struct {
	Parent  string           `json:"parent"`
	Kind    geo.FlawKind     `json:"kind"`
	Areas   []string         `json:"areas,omitempty"`
	SquareM float64          `json:"square_m"`
	At      orb.Point        `json:"at"` // longitude, latitude
	Shape   orb.MultiPolygon `json:"-"`
}

// Check looks for overlaps, gaps and grids without anybody on duty in what stands today.
func (s *Service) Check(ctx context.Context, c Checks) (Findings, error) {
	t, err := s.Tree(ctx)
	if err != nil {
		return Findings{}, err
	}
	return t.Check(c)
}

// Check is Service.Check on a picture of any date.
func (t *Tree) Check(c Checks) (Findings, error) {
	if c.Tolerance == 0 {
		c.Tolerance = 1
	}
	all := t.Below(c.Below)
	f := Findings{Areas: len(all)}
	for _, parent := range all {
		if err := t.checkChildren(parent, c.Tolerance, &f); err != nil {
			return Findings{}, err
		}
	}
	if c.Held != nil {
		f.Unstaffed = t.Unstaffed(c.Below, c.Held)
	}
	return f, nil
}

func (t *Tree) checkChildren(parent *Area, tolerance float64, f *Findings) error {
	var parts []part
	for _, child := range t.Children(parent.ID) {
		shape, _ := t.Boundary(child.ID)
		parts = append(parts, part{child.ID, child.Key(), shape})
	}
	whole, _ := t.Boundary(parent.ID)
	flaws, without, err := flawsOf(whole, parts, tolerance)
	if err != nil {
		return err
	}
	for i := range flaws {
		flaws[i].Parent = parent.ID
	}
	f.Flaws, f.Unplaced = append(f.Flaws, flaws...), append(f.Unplaced, without...)
	return nil
}

// part is an area below another: its id, what orders it, and its shape, which may be none.
type part struct {
	id, key string
	shape   orb.MultiPolygon
}

// flawsOf looks for overlaps among parts and, where whole has a shape, for ground of it that none
// of them claims and ground that they claim beyond it. Parts without a shape are told, if others
// have one.
func flawsOf(whole orb.MultiPolygon, parts []part, tolerance float64) (flaws []Flaw, without []string, err error) {
	var items []geo.Item
	for _, p := range parts {
		if len(p.shape) > 0 {
			items = append(items, geo.Item{ID: p.id, Key: p.key, Shape: p.shape})
		} else {
			without = append(without, p.id)
		}
	}
	if len(items) == 0 {
		return nil, nil, nil
	}
	found, err := geo.Overlaps(items, tolerance)
	if err != nil {
		return nil, nil, err
	}
	if len(whole) > 0 {
		more, err := geo.Gaps(whole, items, tolerance)
		if err != nil {
			return nil, nil, err
		}
		for _, m := range more {
			// While a part has no boundary, its ground would look like a gap.
			if m.Kind != geo.Gap || len(without) == 0 {
				found = append(found, m)
			}
		}
	}
	for _, w := range found {
		flaws = append(flaws, Flaw{Kind: w.Kind, Areas: w.IDs, SquareM: w.Area, At: w.At, Shape: w.Shape})
	}
	return flaws, without, nil
}

// Unstaffed returns, below an area and in order, the smallest grids for which nobody is on
// duty: neither they themselves nor the grid above them are in held, the ids of areas in which
// somebody holds a post.
func (t *Tree) Unstaffed(below string, held map[string]bool) []string {
	var without []string
	for _, a := range t.Below(below) {
		if a.Level < Grid || len(t.Children(a.ID)) > 0 {
			continue
		}
		if !held[a.Path[Grid]] && !held[a.ID] {
			without = append(without, a.ID)
		}
	}
	return without
}
