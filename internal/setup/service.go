package setup

import (
	"context"
	"maps"
	"slices"
	"sync"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
)

// Service is the use cases of the system administrator. Safe for concurrent use.
type Service struct {
	DB    *db.DB
	Now   clock.Now
	Cases *casework.Service
	// Shipped are the packs that come with the product: what a pack may need.
	Shipped func() []*pack.Pack
	// Nature is what is made in a jurisdiction: sample or real.
	Nature func(jurisdiction string) string
	// Role is what a role is called in the reader's language; nil: its name.
	Role func(ctx context.Context, jurisdiction, role string) string
	// Code is the division code of a jurisdiction: its grids lie below the area that has it.
	Code func(jurisdiction string) string
	// Tell runs the stories of a pack's folder and tells how each went. They touch nothing of any
	// jurisdiction.
	Tell func(ctx context.Context, files map[string][]byte, lang string, tell func(Told))

	telling sync.Mutex // held while stories run
}

// Unit is a unit with what stands in the way of its end.
type Unit struct {
	*territory.Unit
	Posts int64 // that stand now or later
	Open  int64 // cases it has to do with
	Duty  int64 // duty lines that name it
}

var (
	postsIn = db.SQL(`SELECT unit_id, count(*) FROM post WHERE jurisdiction = $1 AND unit_id <> '' AND (valid_until = 0 OR valid_until > $2) GROUP BY unit_id`)
	dutyOf  = db.SQL(`SELECT unit_id, count(*) FROM duty WHERE jurisdiction = $1 AND unit_id <> '' AND (valid_until = 0 OR valid_until > $2) GROUP BY unit_id`)
	openOf  = db.SQL(`SELECT count(*) FROM (SELECT case_id FROM involved WHERE subject = $1 AND open = 1 LIMIT 1000) AS c`)
)

// Units lists the units of the asker's jurisdiction that stand, by code.
func (s *Service) Units(ctx context.Context, a account.Actor) (out []Unit, err error) {
	t, err := s.Cases.World.Territory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		posts, err := counts(ctx, tx, postsIn, a.Jurisdiction, s.Now())
		if err != nil {
			return err
		}
		duty, err := counts(ctx, tx, dutyOf, a.Jurisdiction, s.Now())
		for _, u := range t.Units(a.Jurisdiction) {
			out = append(out, Unit{Unit: u, Posts: posts[u.ID], Duty: duty[u.ID]})
		}
		return err
	})
	return out, err
}

func counts(ctx context.Context, tx *db.Tx, stmt db.Stmt, args ...any) (map[string]int64, error) {
	out := map[string]int64{}
	type row struct {
		unit string
		n    int64
	}
	all, err := db.Collect(ctx, tx, stmt, args, func(r db.Rows) (x row, err error) { return x, r.Scan(&x.unit, &x.n) })
	for _, x := range all {
		out[x.unit] = x.n
	}
	return out, err
}

// SetUnit makes a unit, or changes one; see territory.Service.SetUnit.
func (s *Service) SetUnit(ctx context.Context, a account.Actor, u territory.Unit) (territory.Unit, error) {
	u.Jurisdiction = a.Jurisdiction
	if s.Nature != nil {
		u.Nature = s.Nature(a.Jurisdiction)
	}
	return s.Cases.World.Territory.SetUnit(ctx, a.PersonID, u, s.Now())
}

// EndUnit ends a unit from now on. One with posts, duty lines or open cases is unit.in_use.
func (s *Service) EndUnit(ctx context.Context, a account.Actor, unit string) error {
	now := s.Now()
	return s.Cases.World.Territory.EndUnit(ctx, a.PersonID, a.Jurisdiction, unit, now, func(ctx context.Context, tx *db.Tx) error {
		posts, err := counts(ctx, tx, postsIn, a.Jurisdiction, now)
		if err != nil {
			return err
		}
		duty, err := counts(ctx, tx, dutyOf, a.Jurisdiction, now)
		if err != nil {
			return err
		}
		var open int64
		if err := tx.Row(ctx, openOf, []any{"unit/" + unit}, &open); err != nil {
			return err
		}
		if posts[unit]+duty[unit]+open > 0 {
			return fault.New(fault.Conflict, "unit.in_use", "posts", posts[unit], "duty", duty[unit], "cases", open)
		}
		return nil
	})
}

// Checked is what a check of an uploaded pack found.
type Checked struct {
	Pack    *pack.Pack // nil where it cannot be read
	Report  pack.Report
	Before  *pack.Effective // what is in force under its name; nil for none
	Changes []pack.Sentence
	Same    bool     // it is in force already
	Roles   []string // of the pack, that nobody holds
	Units   []string // that duty lines name, and that do not stand
}

// Check reads a pack out of a ZIP, and tells what is wrong with it, what it would change and
// what would be missing. Nothing is kept. The overlay in force is held against it, too.
func (s *Service) Check(ctx context.Context, a account.Actor, archive []byte) (*Checked, error) {
	files, err := unzip(archive)
	if err != nil {
		return nil, err
	}
	inForce, err := s.Cases.Book.Packs(ctx, a.Jurisdiction)
	if err != nil {
		return nil, err
	}
	others := map[string]*pack.Pack{}
	for _, p := range s.Shipped() {
		others[p.Name] = p
	}
	for name, e := range inForce {
		others[name] = e.Pack
	}
	p, report := pack.LoadFiles(files)
	c := &Checked{Pack: p, Report: report}
	if p == nil {
		return c, nil
	}
	delete(others, p.Name)
	c.Report = pack.Check(p, slices.Collect(maps.Values(others))...)
	if c.Before = inForce[p.Name]; c.Before != nil {
		c.Changes, c.Same = pack.Diff(c.Before.Pack, p), c.Before.Pack.Hash() == p.Hash()
		if o := c.Before.Overlay; o != nil && c.Report.OK() {
			_, c.Report = pack.LoadOverlay("overlay", o.Encode(), p)
		}
	}
	c.Roles, c.Units, err = s.missing(ctx, a.Jurisdiction, c)
	return c, err
}

// missing are the roles of a pack that nobody holds, and the units of its duty lines that do
// not stand: legal, since both may come later, and what to look at when nobody may act.
func (s *Service) missing(ctx context.Context, jurisdiction string, c *Checked) (roles, units []string, err error) {
	if err := s.Cases.World.Renew(ctx); err != nil {
		return nil, nil, err
	}
	for _, r := range c.Pack.Roles {
		if len(s.Cases.World.People().WithRole(jurisdiction, r.Name, s.Now())) == 0 {
			roles = append(roles, r.Name)
		}
	}
	lines := slices.Clone(c.Pack.Duty)
	if c.Before != nil && c.Before.Overlay != nil {
		lines = append(slices.Clone(c.Before.Overlay.Duty), lines...)
	}
	stand := s.Cases.World.Tree().Units(jurisdiction)
	for _, d := range lines {
		there := slices.ContainsFunc(stand, func(u *territory.Unit) bool { return u.Kind == d.Unit || u.Code == d.Unit })
		if d.Unit != "" && !there && !slices.Contains(units, d.Unit) {
			units = append(units, d.Unit)
		}
	}
	return roles, units, nil
}

// Load puts an uploaded pack in force for new cases, with the overlay that is in force. hash is
// what its check told: another file is setup.other_pack. One that does not pass its check is
// setup.bad_pack, one that is in force already setup.in_force.
func (s *Service) Load(ctx context.Context, a account.Actor, archive []byte, hash string) (*Checked, error) {
	c, err := s.Check(ctx, a, archive)
	switch {
	case err != nil:
		return nil, err
	case c.Pack == nil || !c.Report.OK():
		return nil, fault.New(fault.Invalid, "setup.bad_pack")
	case c.Pack.Hash() != hash:
		return nil, fault.New(fault.Conflict, "setup.other_pack")
	case c.Same:
		return nil, fault.New(fault.Conflict, "setup.in_force")
	}
	var o *pack.Overlay
	if c.Before != nil {
		o = c.Before.Overlay
	}
	return c, s.Cases.Book.Load(ctx, a.PersonID, a.Jurisdiction, c.Pack, o)
}

// Again puts a version that was in force before in force again, with the overlay it had then.
// One that never was is setup.no_version, the one that is setup.in_force.
func (s *Service) Again(ctx context.Context, a account.Actor, name, hash, overlay string) error {
	all, err := s.Cases.Book.History(ctx, a.Jurisdiction)
	if err != nil {
		return err
	}
	mine := slices.DeleteFunc(all, func(v casework.Version) bool { return v.Name != name })
	i := slices.IndexFunc(mine, func(v casework.Version) bool { return v.Hash == hash && v.Overlay == overlay })
	switch {
	case i < 0:
		return fault.New(fault.NotFound, "setup.no_version")
	case mine[len(mine)-1].Hash == hash && mine[len(mine)-1].Overlay == overlay:
		return fault.New(fault.Conflict, "setup.in_force")
	}
	e, err := s.Cases.Book.Version(ctx, hash, overlay)
	if err != nil {
		return err
	}
	return s.Cases.Book.Load(ctx, a.PersonID, a.Jurisdiction, e.Pack, e.Overlay)
}

// VersionRef names a version of a pack that was in force, with the overlay it had.
type VersionRef struct{ Hash, Overlay string }

// Compare says what changes from one version of a pack and the county's values to another. Both
// must have been in force in the asker's jurisdiction: else setup.no_version.
func (s *Service) Compare(ctx context.Context, a account.Actor, name string, from, to VersionRef) ([]pack.Sentence, error) {
	all, err := s.Cases.Book.History(ctx, a.Jurisdiction)
	if err != nil {
		return nil, err
	}
	var both [2]*pack.Effective
	for i, ref := range []VersionRef{from, to} {
		if !slices.ContainsFunc(all, func(v casework.Version) bool { return v.Name == name && v.Hash == ref.Hash && v.Overlay == ref.Overlay }) {
			return nil, fault.New(fault.NotFound, "setup.no_version")
		}
		if both[i], err = s.Cases.Book.Version(ctx, ref.Hash, ref.Overlay); err != nil {
			return nil, err
		}
	}
	return append(pack.Diff(both[0].Pack, both[1].Pack), pack.DiffOverlays(both[0].Overlay, both[1].Overlay)...), nil
}
