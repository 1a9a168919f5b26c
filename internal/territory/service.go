package territory

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/geo"
	"gezhi/internal/id"
)

// Service is the use cases of the territory. One per process; safe for concurrent use.
type Service struct {
	DB    *db.DB
	Now   clock.Now
	NewID id.Source
	// Fresh is how long a tree is trusted before asking the database whether another process
	// changed it; zero asks every time.
	Fresh time.Duration
	// OnChange hears, within the transaction, that areas or units are others from a moment on.
	// An error fails the change.
	OnChange func(ctx context.Context, tx *db.Tx, jurisdiction string, at time.Time) error

	held    atomic.Pointer[held]
	stale   atomic.Bool
	loading sync.Mutex
}

type held struct {
	tree    *Tree
	checked time.Time
}

// Tree returns the picture of what stands now. It answers from memory unless something
// changed, a date has come on which something begins or ends, or Fresh has passed. Inside a
// transaction use TreeIn: this opens its own.
func (s *Service) Tree(ctx context.Context) (*Tree, error) {
	now := s.Now()
	if h := s.held.Load(); h != nil && !s.stale.Load() && Standing(h.tree.from, h.tree.until, now) && s.fresh(now.Sub(h.checked)) {
		return h.tree, nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	return s.renew(ctx, now)
}

// fresh tells whether a tree checked so long ago is still trusted. One from the future is not:
// the clock has gone back since.
func (s *Service) fresh(age time.Duration) bool { return age >= 0 && age < s.Fresh }

// TreeIn is Tree for whoever is inside a transaction. It answers from memory where it can, and
// otherwise reads through tx and keeps nothing, since tx may yet be undone.
func (s *Service) TreeIn(ctx context.Context, tx *db.Tx) (*Tree, error) {
	now := s.Now()
	if h := s.held.Load(); h != nil && !s.stale.Load() && Standing(h.tree.from, h.tree.until, now) {
		return h.tree, nil
	}
	return loadTree(ctx, tx, now, true)
}

// renew loads the tree unless the one held is still true.
func (s *Service) renew(ctx context.Context, now time.Time) (*Tree, error) {
	wasStale := s.stale.Swap(false)
	var t *Tree
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if h := s.held.Load(); h != nil && !wasStale && Standing(h.tree.from, h.tree.until, now) {
			var edition int64
			if err := tx.Row(ctx, selectEdition, nil, &edition); err != nil {
				return err
			}
			if edition == h.tree.edition {
				t = h.tree
				return nil
			}
		}
		var err error
		t, err = loadTree(ctx, tx, now, true)
		return err
	})
	if err != nil {
		s.stale.Store(true)
		return nil, err
	}
	s.held.Store(&held{t, now})
	return t, nil
}

// At draws the picture of what stood, or will stand, at a moment. It is not kept.
func (s *Service) At(ctx context.Context, at time.Time) (t *Tree, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err = loadTree(ctx, tx, at, true)
		return err
	})
	return t, err
}

// written collects the rows that a change writes, for its audit leaf.
type written struct{ rows []audit.Ref }

func (w *written) add(t *audit.Table, key ...any) {
	w.rows = append(w.rows, audit.Ref{Table: t, Key: key})
}

// area adds an area with its codes and boundaries.
func (w *written) area(id string) {
	w.add(audit.Areas, id)
	w.rows = append(w.rows, audit.Ref{Table: audit.AreaCodes, By: "area_id", Key: []any{id}}, audit.Ref{Table: audit.Boundaries, By: "area_id", Key: []any{id}})
}

// change runs fn as one change of a jurisdiction's territory, with its audit leaf. fn returns
// what the leaf says besides the rows; nil means that nothing changed.
func (s *Service) change(ctx context.Context, jurisdiction, by, act string, at time.Time, fn func(ctx context.Context, tx *db.Tx, w *written) (any, error)) error {
	return s.DB.Write(ctx, db.Keys{"territory/" + jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		var w written
		said, err := fn(ctx, tx, &w)
		if err != nil || said == nil {
			return err
		}
		if err := tx.Queue(ctx, bumpEdition, jurisdiction); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.stale.Store(true) })
		if s.OnChange != nil {
			if err := s.OnChange(ctx, tx, jurisdiction, at); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: jurisdiction, Subject: "territory/" + jurisdiction,
			Act: act, Person: by, At: s.Now(), Said: said, Rows: w.rows})
	})
}

// Successors returns the areas that took the place of an area, and of those in turn, down to
// the ones that stand now. An area that stands is its own successor; one that ended without a
// successor gives nothing. Cases of an ended area are stamped anew with these.
func (s *Service) Successors(ctx context.Context, area string) ([]string, error) {
	t, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	var standing []string
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		standing, err = successors(ctx, tx, t, area)
		return err
	})
	return standing, err
}

// successors are those of t that took the place of an area.
func successors(ctx context.Context, tx *db.Tx, t *Tree, area string) (standing []string, err error) {
	seen := map[string]bool{}
	for queue := []string{area}; len(queue) > 0; queue = queue[1:] {
		a := queue[0]
		if seen[a] {
			continue
		}
		seen[a] = true
		if _, ok := t.Area(a); ok {
			standing = append(standing, a)
			continue
		}
		next, err := db.Collect(ctx, tx, selectHeirs, []any{a}, func(r db.Rows) (v string, err error) { return v, r.Scan(&v) })
		if err != nil {
			return nil, err
		}
		queue = append(queue, next...)
	}
	return standing, nil
}

// BoundaryVersion is a boundary as it was in force between two dates.
type BoundaryVersion struct {
	Boundary
	Version     int
	From, Until time.Time
	Area        float64 // square metres
}

// Boundaries returns every boundary an area has had, oldest first, with what was given.
func (s *Service) Boundaries(ctx context.Context, area string) (all []BoundaryVersion, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var jurisdiction string
		if err := tx.Row(ctx, selectOneArea, []any{area}, &jurisdiction); err == db.ErrNoRows {
			return fault.New(fault.NotFound, "territory.no_such_area")
		} else if err != nil {
			return err
		}
		all, err = db.Collect(ctx, tx, selectGiven, []any{jurisdiction, area}, func(r db.Rows) (v BoundaryVersion, err error) {
			var from, until int64
			var crs, shape string
			if err := r.Scan(&v.Version, &from, &until, &crs, &v.Given, &shape, &v.Area); err != nil {
				return v, err
			}
			v.CRS, v.From, v.Until = geo.CRS(crs), db.Time(from), db.Time(until)
			v.Shape, err = geo.ReadShape(shape)
			return v, err
		})
		return err
	})
	return all, err
}
