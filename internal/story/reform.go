package story

import (
	"context"

	"gezhi/internal/geo"
	"gezhi/internal/territory"
)

// reform ends areas and begins others in their place, each with a unit of its name.
func (w *world) reform(ctx context.Context, e Event) error {
	w.tell(e, "", nil)
	g := &w.ground
	ids := func(names []string) (out []string, err error) {
		for _, n := range names {
			if g.id[n] == "" {
				return nil, unknown(e.Line, n)
			}
			out = append(out, g.id[n])
		}
		return out, nil
	}
	r := territory.Reform{Jurisdiction: jurisdiction, At: w.hand.Now()}
	var err error
	if r.Ends, err = ids(e.Reform.Ends); err != nil {
		return err
	}
	imp := territory.Import{Jurisdiction: jurisdiction, From: w.hand.Now(), Nature: territory.Sample}
	var units []territory.UnitDraft
	for _, b := range e.Reform.Begins {
		g.level[b.ID] = g.level[b.In] + 1
		s := territory.Successor{Draft: territory.Draft{Scheme: territory.SchemeDivision, Code: b.ID, Name: b.ID, ParentScheme: territory.SchemeDivision, Parent: b.In,
			Level: g.level[b.ID], Nature: territory.Sample}}
		if s.From, err = ids(b.From); err != nil {
			return err
		}
		if s.Children, err = ids(b.Children); err != nil {
			return err
		}
		if b.Polygon != nil {
			shape, err := shapeOf(&b.Area)
			if err != nil {
				return err
			}
			s.Boundary, g.shaped = &territory.Boundary{CRS: geo.WGS84, Shape: shape}, true
		}
		r.Begins = append(r.Begins, s)
		units = append(units, territory.UnitDraft{Code: b.ID, Name: b.ID, Kind: kindRuns, AreaScheme: territory.SchemeDivision, Area: b.ID, Nature: territory.Sample})
	}
	begun, err := w.territory.Reform(ctx, r)
	if err != nil {
		return err
	}
	if _, err := w.territory.PlantUnits(ctx, units, imp); err != nil {
		return err
	}
	tree, err := w.territory.Tree(ctx)
	if err != nil {
		return err
	}
	for i, b := range e.Reform.Begins {
		g.id[b.ID], g.parent[b.ID], w.called[begun[i]] = begun[i], b.In, b.ID
		if u, ok := tree.UnitByCode(jurisdiction, b.ID); ok {
			w.unit[b.ID], w.called[u.ID] = u.ID, b.ID
		}
	}
	return w.places.Renew(ctx)
}
