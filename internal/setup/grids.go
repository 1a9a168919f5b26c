package setup

import (
	"cmp"
	"context"
	"slices"

	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/geo"
	"gezhi/internal/territory"
)

// mostBeside is how many grids of neighbours are shown around those that are drawn.
const mostBeside = 300

// Divided is an area below which grids or micro-grids lie, or may.
type Divided struct {
	*territory.Area
	Above     string // names of the areas above it
	Grids     int
	Unplaced  int // of those, without a boundary
	Unstaffed int // of those, with nobody on duty
}

// Divided lists the villages and communities of the asker's jurisdiction around which something is
// drawn, and the grids that are divided again: those with grids first.
func (s *Service) Divided(ctx context.Context, a account.Actor) ([]Divided, error) {
	t, held, err := s.ground(ctx, a)
	if err != nil {
		return nil, err
	}
	var out []Divided
	if home, ok := s.home(t, a); ok {
		for _, x := range t.Below(home) {
			below := t.Children(x.ID)
			if x.Level != territory.Village && (x.Level != territory.Grid || len(below) == 0) || len(below) == 0 && frame(t, x) == nil {
				continue
			}
			d := Divided{Area: x, Above: t.NameAbove(x), Grids: len(below), Unstaffed: len(t.Unstaffed(x.ID, held))}
			for _, b := range below {
				if _, drawn := t.Boundary(b.ID); !drawn {
					d.Unplaced++
				}
			}
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(x, y Divided) int { return cmp.Compare(min(y.Grids, 1), min(x.Grids, 1)) })
	return out, nil
}

// frame is the boundary of an area, or of the township around it.
func frame(t *territory.Tree, x *territory.Area) orb.MultiPolygon {
	for l := x.Level; l >= territory.Township; l-- {
		if shape, ok := t.Boundary(x.Path[l]); ok {
			return shape
		}
	}
	return nil
}

// home is the asker's own area. Divisions around it may have been taken in with it; they are not
// drawn from here.
func (s *Service) home(t *territory.Tree, a account.Actor) (string, bool) {
	x, ok := t.ByCode(territory.SchemeDivision, s.Code(a.Jurisdiction))
	if !ok || x.Jurisdiction != a.Jurisdiction {
		return "", false
	}
	return x.ID, true
}

// own tells whether an area lies below the asker's own.
func (s *Service) own(t *territory.Tree, a account.Actor, id string) bool {
	home, ok := s.home(t, a)
	return ok && t.Within(id, home)
}

// allOwn refuses changes below areas that are not the asker's: territory.not_yours.
func (s *Service) allOwn(ctx context.Context, a account.Actor, changes []territory.Change) error {
	t, err := s.Cases.World.Territory.Tree(ctx)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if !s.own(t, a, c.Parent) {
			return fault.New(fault.Forbidden, "territory.not_yours")
		}
	}
	return nil
}

// ground is what stands, and the areas in which somebody of a unit holds a post.
func (s *Service) ground(ctx context.Context, a account.Actor) (*territory.Tree, map[string]bool, error) {
	if err := s.Cases.World.Renew(ctx); err != nil {
		return nil, nil, err
	}
	held := map[string]bool{}
	for _, p := range s.Cases.World.People().Standing(a.Jurisdiction, s.Now()) {
		held[p.AreaID] = true
	}
	return s.Cases.World.Tree(), held, nil
}

// Ground is an area with the grids below it, as they are drawn in force, and what borders on them.
type Ground struct {
	Tree   *territory.Tree
	Area   *territory.Area
	Parts  []*territory.Area
	Beside []*territory.Area
}

// Ground returns what somebody needs who draws the grids of an area: territory.unknown_area where
// it is none of the asker's, territory.only_grids where no grids lie below it.
func (s *Service) Ground(ctx context.Context, a account.Actor, id string) (*Ground, error) {
	t, _, err := s.ground(ctx, a)
	if err != nil {
		return nil, err
	}
	x, ok := t.Area(id)
	switch {
	case !ok || !s.own(t, a, id):
		return nil, fault.New(fault.NotFound, "territory.no_such_area")
	case x.Level != territory.Village && x.Level != territory.Grid:
		return nil, fault.New(fault.Invalid, "territory.only_grids")
	}
	g := &Ground{Tree: t, Area: x, Parts: t.Children(id)}
	whole, drawn := t.Boundary(id)
	if !drawn {
		return g, nil
	}
	near := whole.Bound().Pad(1e-4)
	if up, ok := t.Area(x.Path[territory.Township]); ok {
		around := t.Children(up.Parent) // the townships beside it, too
		for _, town := range around {
			if shape, ok := t.Boundary(town.ID); !ok || !shape.Bound().Intersects(near) {
				continue
			}
			for _, b := range t.Below(town.ID) {
				shape, ok := t.Boundary(b.ID)
				if ok && b.Level == x.Level+1 && b.Parent != id && shape.Bound().Intersects(near) && len(g.Beside) < mostBeside {
					g.Beside = append(g.Beside, b)
				}
			}
		}
	}
	return g, nil
}

// Joined returns the ground of two shapes together, Cut that of one without another. Grids that do
// not touch are setup.apart, one of which nothing is left setup.nothing_left.
func Joined(one, other territory.Boundary) (territory.Boundary, error) {
	both, err := geo.Union(one.Shape, other.Shape)
	if err == nil && len(both) >= len(one.Shape)+len(other.Shape) {
		err = fault.New(fault.Conflict, "setup.apart")
	}
	return territory.Boundary{CRS: geo.WGS84, Shape: both}, err
}

// Cut is one without what another claims: see Joined.
func Cut(one, other territory.Boundary) (territory.Boundary, error) {
	rest, err := geo.Difference(one.Shape, other.Shape)
	if err == nil && geo.Area(rest) < 1 {
		err = fault.New(fault.Conflict, "setup.nothing_left")
	}
	return territory.Boundary{CRS: geo.WGS84, Shape: rest}, err
}

// Look tells what is wrong with changes as of now: see territory.Tree.Look.
func (s *Service) Look(ctx context.Context, a account.Actor, changes []territory.Change, also ...string) (territory.Sketched, error) {
	if err := s.allOwn(ctx, a, changes); err != nil {
		return territory.Sketched{}, err
	}
	t, err := s.Cases.World.Territory.Tree(ctx)
	if err != nil {
		return territory.Sketched{}, err
	}
	return t.Look(a.Jurisdiction, changes, also...)
}

// SaveSketch keeps what somebody has drawn in their own area: see territory.Service.SaveSketch.
func (s *Service) SaveSketch(ctx context.Context, a account.Actor, want territory.Sketch) (territory.Sketch, error) {
	if err := s.allOwn(ctx, a, want.Changes); err != nil {
		return territory.Sketch{}, err
	}
	want.Jurisdiction = a.Jurisdiction
	return s.Cases.World.Territory.SaveSketch(ctx, a.PersonID, want)
}

// Left is a post over a grid that ends.
type Left struct {
	Person, Role, Area string
}

// Afterwards is what a sketch brings besides its boundaries.
type Afterwards struct {
	territory.Sketched
	Cases []casework.Placed
	Left  []Left
	Tree  *territory.Tree // as it will stand
}

// PutSketch puts a sketch in force, or in a dry run tells what would come of it: see
// territory.Service.PutSketch.
func (s *Service) PutSketch(ctx context.Context, a account.Actor, p territory.Put) (Afterwards, error) {
	var out Afterwards
	before, _, err := s.ground(ctx, a)
	if err != nil {
		return out, err
	}
	sk, err := s.Cases.World.Territory.Sketch(ctx, a.Jurisdiction, p.ID)
	if err == nil {
		err = s.allOwn(ctx, a, sk.Changes)
	}
	if err != nil {
		return out, err
	}
	p.Jurisdiction, p.By, p.Nature = a.Jurisdiction, a.PersonID, s.Nature(a.Jurisdiction)
	p.Look = func(ctx context.Context, tx *db.Tx, after *territory.Tree, heirs func(string) ([]string, error)) (err error) {
		out.Tree, out.Left = after, nil
		if out.Cases, err = casework.PlacedAnew(ctx, tx, a.Jurisdiction, after, heirs); err != nil {
			return err
		}
		for _, post := range s.Cases.World.People().Standing(a.Jurisdiction, p.From) {
			x, stood := before.Area(post.AreaID)
			if _, stands := after.Area(post.AreaID); stood && !stands {
				out.Left = append(out.Left, Left{s.Cases.World.People().Name(post.PersonID), post.Role, x.Name})
			}
		}
		slices.SortFunc(out.Left, func(x, y Left) int { return slices.Compare([]string{x.Area, x.Person}, []string{y.Area, y.Person}) })
		return nil
	}
	out.Sketched, err = s.Cases.World.Territory.PutSketch(ctx, p)
	return out, err
}
