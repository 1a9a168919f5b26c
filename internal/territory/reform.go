package territory

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Reform is a change of divisions decided by an authority: areas end and others take their
// place on a date. A split has one end and several beginnings, a merger the reverse.
type Reform struct {
	Jurisdiction string
	At           time.Time
	Ends         []string // ids of areas that stand
	Begins       []Successor
	By           string
}

// Successor is an area that begins in a reform.
type Successor struct {
	Draft             // Parent names an area that stands; Line is not used
	From     []string // which of Ends it takes the place of
	Children []string // ids of areas that stood directly below those and lie below it from now on
}

// Reform carries out r and returns the ids of the areas that began, in order. Every area below
// one that ends must have been given a new parent: territory.children_left otherwise.
func (s *Service) Reform(ctx context.Context, r Reform) (begun []string, err error) {
	err = s.change(ctx, r.Jurisdiction, r.By, "areas.reformed", r.At, func(ctx context.Context, tx *db.Tx, w *written) (any, error) {
		t, err := loadTree(ctx, tx, r.At, false)
		if err != nil {
			return nil, err
		}
		ends, err := r.ending(t)
		if err != nil {
			return nil, err
		}
		areas, moved, err := r.beginning(t, ends, s.NewID)
		if err != nil {
			return nil, err
		}
		if err := endAreas(ctx, tx, ends, r.At); err != nil {
			return nil, err
		}
		boundaries := map[string]*Boundary{}
		var heirs []any
		begun = nil
		for i, a := range areas {
			boundaries[a.ID] = r.Begins[i].Boundary
			begun = append(begun, a.ID)
			for _, from := range r.Begins[i].From {
				heirs = append(heirs, from, a.ID, r.Jurisdiction, r.At)
				w.add(audit.Heirs, from, a.ID)
			}
		}
		if err := s.begin(ctx, tx, areas, boundaries, Import{From: r.At}); err != nil {
			return nil, err
		}
		for _, a := range moved {
			if err := storeArea(ctx, tx, a); err != nil {
				return nil, err
			}
		}
		for _, a := range slices.Concat(ends, areas, moved) {
			w.area(a.ID)
		}
		return map[string]any{"ended": len(r.Ends), "begun": len(begun)}, insertHeirs.insert(ctx, tx, heirs)
	})
	if err != nil {
		return nil, err
	}
	return begun, nil
}

// ending returns the areas that end.
func (r Reform) ending(t *Tree) ([]*Area, error) {
	var ends []*Area
	for _, id := range r.Ends {
		a, ok := t.Area(id)
		if !ok {
			return nil, fault.New(fault.NotFound, "territory.no_such_area")
		}
		if a.Jurisdiction != r.Jurisdiction {
			return nil, fault.New(fault.Forbidden, "territory.not_yours")
		}
		ends = append(ends, a)
	}
	return ends, nil
}

// beginning returns the areas that begin and, as they shall be, all that move below them.
func (r Reform) beginning(t *Tree, ends []*Area, newID func() string) (areas, moved []*Area, err error) {
	left := map[string]bool{}
	for _, e := range ends {
		for _, c := range t.Children(e.ID) {
			left[c.ID] = true
		}
	}
	for _, b := range r.Begins {
		above, ok := t.ByCode(b.ParentScheme, b.Parent)
		taken, stands := t.ByCode(b.Scheme, b.Code)
		switch {
		case !ok || slices.Contains(r.Ends, above.ID):
			return nil, nil, fault.New(fault.Invalid, "territory.unknown_parent")
		case b.Level != above.Level+1:
			return nil, nil, fault.New(fault.Invalid, "territory.level_jump", "above", int(above.Level))
		case stands && !slices.Contains(r.Ends, taken.ID):
			return nil, nil, fault.New(fault.Conflict, "territory.duplicate_code")
		}
		a := &Area{ID: newID(), Jurisdiction: r.Jurisdiction, Parent: above.ID, Level: b.Level, Kind: b.Kind, Name: b.Name,
			Sort: b.Sort, Nature: b.Nature, From: r.At, Codes: map[string]string{b.Scheme: b.Code}, Path: above.Path}
		if a.Sort == "" {
			a.Sort = b.Code
		}
		a.Path[a.Level] = a.ID
		areas = append(areas, a)
		for _, child := range b.Children {
			if !left[child] {
				return nil, nil, fault.New(fault.Invalid, "territory.not_a_child")
			}
			delete(left, child)
			moved = append(moved, moveBelow(t, child, a)...)
		}
	}
	if len(left) > 0 {
		return nil, nil, fault.New(fault.Conflict, "territory.children_left", "areas", len(left))
	}
	return areas, moved, nil
}

// moveBelow returns child and all below it as they are once child lies below parent.
func moveBelow(t *Tree, child string, parent *Area) []*Area {
	var out []*Area
	for _, a := range t.Below(child) {
		b := *a
		copy(b.Path[:parent.Level+1], parent.Path[:parent.Level+1])
		if b.ID == child {
			b.Parent = parent.ID
		}
		out = append(out, &b)
	}
	return out
}
