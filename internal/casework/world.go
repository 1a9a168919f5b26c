package casework

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/territory"
)

// Post is a role that somebody holds.
type Post = account.Post

// Actor is who is asking: the posts held or acted in now, and where they may look.
type Actor struct {
	PersonID     string
	Jurisdiction string
	Posts        []Post
	Scope        account.Scope
	System       bool   // the engine itself
	Helper       string // who enters the act for the actor
}

// Area is a place in the tree of divisions and grids.
type Area struct {
	ID    string
	Level int       // 1 province … 7 micro-grid
	Path  [8]string // ancestors and itself by level
}

// Unit is an office, committee, crew or firm that can be responsible.
type Unit struct {
	ID, Kind, ParentID, AreaID string
}

// World is what casework knows of places and people: pictures of the territory and of who
// holds which post, renewed before each use case and steady within one.
type World struct {
	Territory *territory.Service
	Accounts  *account.Service
	// Runs lists, for a jurisdiction, the kinds of units that run an area (a street office, a
	// village committee), as opposed to those that merely sit in it.
	Runs func(jurisdiction string) []string
	// Fresh is how long the roll of posts is trusted before it is read again for changes
	// that another process made.
	Fresh time.Duration

	mu     sync.Mutex
	again  atomic.Bool // read everything at the next renewal
	duties atomic.Pointer[duties]
	tree   atomic.Pointer[territory.Tree]
	roll   atomic.Pointer[account.Roll]
	units  atomic.Pointer[unitIndex]
	gen    int64
	read   time.Time
}

type unitIndex struct {
	tree *territory.Tree
	runs map[string]string   // area to the unit that runs it
	kind map[string][]string // area/kind or area/code to units
}

// Forget makes the next Renew read everything again: something changed that nobody else tells.
func (w *World) Forget() { w.again.Store(true) }

// Renew brings the pictures up to date. Call it before a transaction, not inside.
func (w *World) Renew(ctx context.Context) error {
	t, err := w.Territory.Tree(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	again := w.again.Swap(false)
	if x := w.units.Load(); x == nil || x.tree != t || again {
		w.units.Store(w.index(t))
		w.tree.Store(t)
	}
	gen := w.Accounts.Generation()
	if w.roll.Load() != nil && gen == w.gen && time.Since(w.read) < w.Fresh && !again {
		return nil
	}
	if err := w.renewDuties(ctx); err != nil {
		return err
	}
	r, err := w.Accounts.Roll(ctx)
	if err != nil {
		return err
	}
	w.roll.Store(r)
	w.gen, w.read = gen, time.Now()
	return nil
}

// Reread brings the pictures up to date, also with what another process changed just now.
func (w *World) Reread(ctx context.Context) error {
	w.mu.Lock()
	w.read = time.Time{}
	w.mu.Unlock()
	return w.Renew(ctx)
}

func (w *World) index(t *territory.Tree) *unitIndex {
	x := &unitIndex{tree: t, runs: map[string]string{}, kind: map[string][]string{}}
	runs := map[string]map[string]bool{}
	for _, u := range t.Units("") {
		if runs[u.Jurisdiction] == nil {
			runs[u.Jurisdiction] = map[string]bool{}
			for _, k := range w.Runs(u.Jurisdiction) {
				runs[u.Jurisdiction][k] = true
			}
		}
		if u.Area == "" {
			continue
		}
		if runs[u.Jurisdiction][u.Kind] && x.runs[u.Area] == "" {
			x.runs[u.Area] = u.ID
		}
		x.kind[u.Area+"/"+u.Kind] = append(x.kind[u.Area+"/"+u.Kind], u.ID)
		if u.Code != u.Kind {
			x.kind[u.Area+"/"+u.Code] = append(x.kind[u.Area+"/"+u.Code], u.ID)
		}
	}
	return x
}

// Area returns an area by id.
func (w *World) Area(id string) (Area, bool) { return picture{w.tree.Load()}.Area(id) }

// picture is one picture of the territory.
type picture struct{ *territory.Tree }

func (p picture) Area(id string) (Area, bool) {
	a, ok := p.Tree.Area(id)
	if !ok {
		return Area{}, false
	}
	return areaOf(a), true
}

func (p picture) Find(lonE7, latE7 int64) (Area, bool) {
	a, ok := p.Tree.Find(orb.Point{float64(lonE7) / 1e7, float64(latE7) / 1e7})
	if !ok {
		return Area{}, false
	}
	return areaOf(a), true
}

func areaOf(a *territory.Area) Area { return Area{ID: a.ID, Level: int(a.Level), Path: a.Path} }

// Unit returns a unit by id.
func (w *World) Unit(id string) (Unit, bool) {
	u, ok := w.tree.Load().Unit(id)
	if !ok {
		return Unit{}, false
	}
	return Unit{u.ID, u.Kind, u.Parent, u.Area}, true
}

// UnitOfArea is the unit that runs an area.
func (w *World) UnitOfArea(area string) (Unit, bool) {
	return w.Unit(w.units.Load().runs[area])
}

// UnitOfKind is the unit of a kind, or of that code, that serves an area: in it, or in the
// nearest area above it.
func (w *World) UnitOfKind(kind, area string) (Unit, bool) {
	a, ok := w.Area(area)
	if !ok {
		return Unit{}, false
	}
	for l := a.Level; l >= 1; l-- {
		if ids := w.units.Load().kind[a.Path[l]+"/"+kind]; a.Path[l] != "" && len(ids) > 0 {
			return w.Unit(ids[0])
		}
	}
	return Unit{}, false
}

// Find is the smallest area at a point, in ten-millionths of a degree.
func (w *World) Find(lonE7, latE7 int64) (Area, bool) {
	return picture{w.tree.Load()}.Find(lonE7, latE7)
}

// People is the roll of posts.
func (w *World) People() *account.Roll { return w.roll.Load() }

// Tree is the territory.
func (w *World) Tree() *territory.Tree { return w.tree.Load() }

// By is an actor for somebody who has logged in.
func (s *Service) By(ctx context.Context, a account.Actor) (*Actor, error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	sees, err := s.Book.Sees(ctx, a.Jurisdiction)
	if err != nil {
		return nil, err
	}
	who := &Actor{PersonID: a.PersonID, Jurisdiction: a.Jurisdiction, Posts: a.Posts}
	for _, p := range a.Acting {
		who.Posts = append(who.Posts[:len(who.Posts):len(who.Posts)], p.Post)
	}
	who.Scope = a.Scope(sees, s.World.above())
	return who, nil
}
