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
	var items []geo.Item
	var without []string
	for _, child := range t.Children(parent.ID) {
		if shape, ok := t.Boundary(child.ID); ok {
			items = append(items, geo.Item{ID: child.ID, Key: child.Key(), Shape: shape})
		} else {
			without = append(without, child.ID)
		}
	}
	if len(items) == 0 {
		return nil
	}
	f.Unplaced = append(f.Unplaced, without...)
	flaws, err := geo.Overlaps(items, tolerance)
	if err != nil {
		return err
	}
	if whole, ok := t.Boundary(parent.ID); ok {
		more, err := geo.Gaps(whole, items, tolerance)
		if err != nil {
			return err
		}
		for _, m := range more {
			// While a child has no boundary, its ground would look like a gap.
			if m.Kind != geo.Gap || len(without) == 0 {
				flaws = append(flaws, m)
			}
		}
	}
	for _, w := range flaws {
		f.Flaws = append(f.Flaws, Flaw{Parent: parent.ID, Kind: w.Kind, Areas: w.IDs, SquareM: w.Area, At: w.At, Shape: w.Shape})
	}
	return nil
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
