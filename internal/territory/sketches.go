package territory

import (
	"context"
	"encoding/json"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

const sketchColumns = `id, jurisdiction, name, version, state, changes, made_by, made_at, changed_by, changed_at, from_at`

var (
	selectSketches = db.SQL(`SELECT id, jurisdiction, name, version, state, '', made_by, made_at, changed_by, changed_at, from_at FROM territory_sketch
		WHERE jurisdiction = $1 AND state <> 'dropped' ORDER BY changed_at DESC, id DESC LIMIT 100`)
	selectSketch = db.SQL(`SELECT ` + sketchColumns + ` FROM territory_sketch WHERE jurisdiction = $1 AND id = $2`)
	insertSketch = db.SQL(`INSERT INTO territory_sketch (` + sketchColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	updateSketch = db.SQL(`UPDATE territory_sketch SET name = $2, version = $3, state = $4, changes = $5, changed_by = $6, changed_at = $7, from_at = $8 WHERE id = $1`)
)

func scanSketch(r db.Rows) (sk Sketch, err error) {
	var made, changed, from int64
	var changes string
	if err := r.Scan(&sk.ID, &sk.Jurisdiction, &sk.Name, &sk.Version, &sk.State, &changes, &sk.MadeBy, &made, &sk.ChangedBy, &changed, &from); err != nil {
		return sk, err
	}
	sk.MadeAt, sk.ChangedAt, sk.From = db.Time(made), db.Time(changed), db.Time(from)
	if changes != "" {
		err = json.Unmarshal([]byte(changes), &sk.Changes)
	}
	return sk, err
}

// Sketches lists the sketches of a jurisdiction without their changes, those changed last first,
// at most 100; dropped ones are left out.
func (s *Service) Sketches(ctx context.Context, jurisdiction string) (all []Sketch, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, selectSketches, []any{jurisdiction}, scanSketch)
		return err
	})
	return all, err
}

// Sketch returns one sketch whole: territory.no_sketch where there is none.
func (s *Service) Sketch(ctx context.Context, jurisdiction, id string) (sk Sketch, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		sk, err = sketchIn(ctx, tx, jurisdiction, id)
		return err
	})
	return sk, err
}

func sketchIn(ctx context.Context, tx *db.Tx, jurisdiction, id string) (Sketch, error) {
	all, err := db.Collect(ctx, tx, selectSketch, []any{jurisdiction, id}, scanSketch)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "territory.no_sketch")
	}
	if err != nil {
		return Sketch{}, err
	}
	return all[0], nil
}

// SaveSketch keeps what somebody has drawn: a new sketch where want.ID is empty, else the next
// version of one that is open. Version must be the one that was read: territory.sketch_changed
// where somebody else has saved since. What is wrong with the changes does not hinder keeping them.
func (s *Service) SaveSketch(ctx context.Context, by string, want Sketch) (sk Sketch, err error) {
	if err := want.sketchable(); err != nil {
		return sk, err
	}
	changes, err := json.Marshal(want.Changes)
	if err != nil {
		return sk, fault.Wrap(err, fault.Internal, "territory.unreadable")
	}
	err = s.DB.Write(ctx, db.Keys{"territory/" + want.Jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		sk = want
		sk.State, sk.ChangedBy, sk.ChangedAt, sk.Version = SketchOpen, by, s.Now(), want.Version+1
		if want.ID == "" {
			sk.ID, sk.MadeBy, sk.MadeAt, sk.Version = s.NewID(), by, sk.ChangedAt, 1
			return tx.Queue(ctx, insertSketch, sk.ID, sk.Jurisdiction, sk.Name, sk.Version, sk.State, string(changes), by, sk.MadeAt, by, sk.ChangedAt, int64(0))
		}
		was, err := s.openSketch(ctx, tx, want.Jurisdiction, want.ID, want.Version)
		if err != nil {
			return err
		}
		sk.MadeBy, sk.MadeAt = was.MadeBy, was.MadeAt
		return tx.Queue(ctx, updateSketch, sk.ID, sk.Name, sk.Version, sk.State, string(changes), by, sk.ChangedAt, int64(0))
	})
	return sk, err
}

// openSketch is a sketch of a version that may still be changed.
func (s *Service) openSketch(ctx context.Context, tx *db.Tx, jurisdiction, id string, version int64) (Sketch, error) {
	sk, err := sketchIn(ctx, tx, jurisdiction, id)
	switch {
	case err != nil:
		return sk, err
	case sk.State != SketchOpen:
		return sk, fault.New(fault.Conflict, "territory.sketch_ended")
	case sk.Version != version:
		return sk, fault.New(fault.Conflict, "territory.sketch_changed")
	}
	return sk, nil
}

// end writes that a sketch was put in force from a day, or dropped.
func (sk *Sketch) end(ctx context.Context, tx *db.Tx, by, state string, at time.Time) error {
	changes, err := json.Marshal(sk.Changes)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, updateSketch, sk.ID, sk.Name, sk.Version+1, state, string(changes), by, at, sk.From)
}

// DropSketch ends a sketch that nobody goes on with.
func (s *Service) DropSketch(ctx context.Context, by, jurisdiction, id string, version int64) error {
	return s.DB.Write(ctx, db.Keys{"territory/" + jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		sk, err := s.openSketch(ctx, tx, jurisdiction, id, version)
		if err != nil {
			return err
		}
		return sk.end(ctx, tx, by, SketchDropped, s.Now())
	})
}

// Put says how a sketch comes into force.
type Put struct {
	Jurisdiction string
	ID           string
	Version      int64 // that was looked at
	From         time.Time
	By           string
	Nature       string // of grids that begin: Real or Sample
	DryRun       bool
	// Accept puts it in force although ground is claimed twice, by nobody or beyond the area above.
	Accept bool
	// Look is that of a Reform.
	Look func(ctx context.Context, tx *db.Tx, after *Tree, heirs func(area string) ([]string, error)) error
}

// PutSketch makes what was drawn the territory from a day on, which is today or comes: one reform,
// with the new boundaries as their next versions. Changes with problems are territory.bad_sketch,
// with their places; flaws that nobody accepted are territory.sketch_flaws.
func (s *Service) PutSketch(ctx context.Context, p Put) (Sketched, error) {
	sk, err := s.Sketch(ctx, p.Jurisdiction, p.ID)
	if err != nil {
		return Sketched{}, err
	}
	y, m, d := s.Now().In(clock.CST).Date()
	if p.From.Before(time.Date(y, m, d, 0, 0, 0, 0, clock.CST)) {
		return Sketched{}, fault.New(fault.Invalid, "territory.from_past")
	}
	if sk.From = p.From; len(sk.Changes) == 0 {
		return Sketched{}, fault.New(fault.Invalid, "territory.no_rows")
	}
	t, err := s.At(ctx, p.From)
	if err != nil {
		return Sketched{}, err
	}
	found, err := t.Look(p.Jurisdiction, sk.Changes)
	switch {
	case err != nil:
		return found, err
	case len(found.Problems) > 0:
		f := fault.New(fault.Invalid, "territory.bad_sketch", "count", len(found.Problems))
		f.At = found.Problems
		return found, f
	case len(found.Flaws) > 0 && !p.Accept && !p.DryRun:
		return found, fault.New(fault.Conflict, "territory.sketch_flaws", "count", len(found.Flaws))
	}
	r := reformOf(t, &sk, p.Nature)
	r.By, r.DryRun = p.By, p.DryRun
	r.Look = func(ctx context.Context, tx *db.Tx, after *Tree, heirs func(area string) ([]string, error)) error {
		if _, err := s.openSketch(ctx, tx, p.Jurisdiction, p.ID, p.Version); err != nil {
			return err
		}
		if p.Look != nil {
			if err := p.Look(ctx, tx, after, heirs); err != nil {
				return err
			}
		}
		return sk.end(ctx, tx, p.By, SketchPut, s.Now())
	}
	_, err = s.Reform(ctx, r)
	return found, err
}
