package territory

import (
	"context"
	"errors"
	"maps"
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
	Ends         []string // ids of areas that stand, in any order; what lies below one may be among them
	Begins       []Successor
	Renames      map[string]string // new names of areas that go on standing, by id
	// Redraws are the boundaries of areas that go on standing, by id.
	Redraws map[string]*Boundary
	// Into names, by the id of an area that ends, one beside it that goes on standing and takes its
	// place. What lies directly below the one lies below the other from then on.
	Into   map[string]string
	By     string
	DryRun bool
	// Look sees within the transaction, also of a dry run, what will stand, and which areas take
	// the place of one that does not. nil looks at nothing.
	Look func(ctx context.Context, tx *db.Tx, after *Tree, heirs func(area string) ([]string, error)) error
}

// Successor is an area that begins in a reform.
type Successor struct {
	Draft             // Parent names an area that stands, or one that stands before it in Begins
	From     []string // which of Ends it takes the place of
	Children []string // ids of areas that stood directly below those and lie below it from now on
}

// Reform carries out r and returns the ids of the areas that began, in order. Every area below
// one that ends must end with it or have been given a new parent: territory.children_left
// otherwise. Areas that go on standing below another change at once, so that such a reform is
// not written down ahead of its day: territory.not_ahead.
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
		if moved = r.renamed(t, moved); len(moved) > 0 && r.At.After(s.Now()) {
			return nil, fault.New(fault.Conflict, "territory.not_ahead")
		}
		if begun, err = s.reform(ctx, tx, r, w, ends, areas, moved); err != nil {
			return nil, err
		}
		if err := s.lookAt(ctx, tx, r); err != nil {
			return nil, err
		}
		if r.DryRun {
			return nil, errDryRun
		}
		said := map[string]any{"ended": len(r.Ends), "begun": len(begun), "renamed": len(r.Renames)}
		if len(r.Redraws) > 0 {
			said["redrawn"] = len(r.Redraws)
		}
		return said, nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, err
	}
	return begun, nil
}

// reform writes what ends, begins and moves.
func (s *Service) reform(ctx context.Context, tx *db.Tx, r Reform, w *written, ends, areas, moved []*Area) (begun []string, err error) {
	if err := endAreas(ctx, tx, ends, r.At); err != nil {
		return nil, err
	}
	boundaries := map[string]*Boundary{}
	var heirs []any
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
	for _, from := range sortedKeys(r.Into) {
		heirs = append(heirs, from, r.Into[from], r.Jurisdiction, r.At)
		w.add(audit.Heirs, from, r.Into[from])
	}
	drawn, err := s.redraw(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	for _, a := range slices.Concat(ends, areas, moved, drawn) {
		w.area(a.ID)
	}
	return begun, insertHeirs.insert(ctx, tx, heirs)
}

// redraw writes new boundaries of areas that go on standing. One that is drawn anew on a later day
// already is territory.begins_later.
func (s *Service) redraw(ctx context.Context, tx *db.Tx, r Reform) (drawn []*Area, err error) {
	for _, id := range sortedKeys(r.Redraws) {
		a := &Area{ID: id, Jurisdiction: r.Jurisdiction}
		var later int64
		if err := tx.Row(ctx, laterBoundaries, []any{id, r.At}, &later); err != nil {
			return nil, err
		}
		if later > 0 {
			return nil, fault.New(fault.Conflict, "territory.begins_later")
		}
		if _, err := storeBoundary(ctx, tx, s.NewID(), a, r.Redraws[id], r.At); err != nil {
			return nil, err
		}
		drawn = append(drawn, a)
	}
	return drawn, nil
}

// lookAt shows what stands after the reform.
func (s *Service) lookAt(ctx context.Context, tx *db.Tx, r Reform) error {
	if r.Look == nil {
		return nil
	}
	after, err := loadTree(ctx, tx, r.At, true)
	if err != nil {
		return err
	}
	return r.Look(ctx, tx, after, func(area string) ([]string, error) { return successors(ctx, tx, after, area) })
}

// renamed gives areas that stand their new names, those that move among them.
func (r Reform) renamed(t *Tree, moved []*Area) []*Area {
	for _, id := range sortedKeys(r.Renames) {
		if i := slices.IndexFunc(moved, func(a *Area) bool { return a.ID == id }); i >= 0 {
			moved[i].Name = r.Renames[id]
		} else if a, ok := t.Area(id); ok {
			b := *a
			b.Name = r.Renames[id]
			moved = append(moved, &b)
		}
	}
	return moved
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
			left[c.ID] = !slices.Contains(r.Ends, c.ID)
		}
	}
	maps.DeleteFunc(left, func(_ string, stays bool) bool { return !stays })
	for _, b := range r.Begins {
		a, err := r.successor(t, b, slices.Concat(areas, moved))
		if err != nil {
			return nil, nil, err
		}
		a.ID = newID()
		a.Path[a.Level] = a.ID
		areas = append(areas, a)
		for _, child := range b.Children {
			if c, _ := t.Area(child); !left[child] || c.Level != a.Level+1 {
				return nil, nil, fault.New(fault.Invalid, "territory.not_a_child")
			}
			delete(left, child)
			moved = append(moved, r.moveBelow(t, child, a)...)
		}
	}
	for _, from := range sortedKeys(r.Into) {
		heir, stands := t.Area(r.Into[from])
		if gone, ok := t.Area(from); !ok || !stands || gone.Parent != heir.Parent || slices.Contains(r.Ends, heir.ID) || !slices.Contains(r.Ends, from) {
			return nil, nil, fault.New(fault.Invalid, "territory.no_heir")
		}
		for _, c := range t.Children(from) {
			if left[c.ID] {
				delete(left, c.ID)
				moved = append(moved, r.moveBelow(t, c.ID, heir)...)
			}
		}
	}
	if len(left) > 0 {
		return nil, nil, fault.New(fault.Conflict, "territory.children_left", "areas", len(left))
	}
	return areas, moved, nil
}

// successor is an area that begins, below one that goes on standing as it was, or one that has
// begun or moved before it.
func (r Reform) successor(t *Tree, b Successor, changed []*Area) (*Area, error) {
	above, ok := t.ByCode(b.ParentScheme, b.Parent)
	ok = ok && !slices.Contains(r.Ends, above.ID)
	if i := slices.IndexFunc(changed, func(a *Area) bool { return b.Parent != "" && a.Codes[b.ParentScheme] == b.Parent }); i >= 0 {
		above, ok = changed[i], true
	}
	taken, stands := t.ByCode(b.Scheme, b.Code)
	switch {
	case !ok:
		return nil, fault.New(fault.Invalid, "territory.unknown_parent")
	case b.Level != above.Level+1:
		return nil, fault.New(fault.Invalid, "territory.level_jump", "above", int(above.Level))
	case stands && !slices.Contains(r.Ends, taken.ID):
		return nil, fault.New(fault.Conflict, "territory.duplicate_code")
	}
	a := &Area{Jurisdiction: r.Jurisdiction, Parent: above.ID, Level: b.Level, Kind: b.Kind, Name: b.Name,
		Sort: b.Sort, Nature: b.Nature, From: r.At, Codes: map[string]string{b.Scheme: b.Code}, Path: above.Path}
	if a.Sort == "" {
		a.Sort = b.Code
	}
	return a, nil
}

// moveBelow returns child and all below it that goes on standing, as they are once child lies
// below parent. What lies below an area that ends moves with another, or ends.
func (r Reform) moveBelow(t *Tree, child string, parent *Area) []*Area {
	a, _ := t.Area(child)
	b := *a
	copy(b.Path[:parent.Level+1], parent.Path[:parent.Level+1])
	b.Parent = parent.ID
	out := []*Area{&b}
	for _, c := range t.Children(child) {
		if !slices.Contains(r.Ends, c.ID) {
			out = append(out, r.moveBelow(t, c.ID, &b)...)
		}
	}
	return out
}
