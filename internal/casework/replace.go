package casework

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/jobs"
	"gezhi/internal/workflow"
)

// Settled is how long a change of the divisions is given until every process has seen it.
const Settled = 5 * time.Second

// PlacesMoved hears, within the transaction, that areas or units change from a moment on: the
// open cases that stand where nothing stands any more, or below other areas than before, are
// then placed anew. Cases that have ended keep the area as it was.
func (s *Service) PlacesMoved(ctx context.Context, tx *db.Tx, jurisdiction string, at time.Time) error {
	if now := s.Now(); at.Before(now) {
		at = now
	}
	return s.postRestamp(ctx, tx, jurisdiction, restamp{Cause: "divisions"}, at.Add(Settled))
}

var (
	placesOfCases = db.SQL(`SELECT DISTINCT area_id, province_id, city_id, county_id, township_id, village_id, grid_id, micro_id FROM cases
		WHERE jurisdiction = $1 AND phase <> 'closed'`)
	placeCase = db.SQL(`UPDATE cases SET area_id = $2, province_id = $3, city_id = $4, county_id = $5, township_id = $6, village_id = $7, grid_id = $8, micro_id = $9 WHERE id = $1`)
)

// place is where a case stands, by its own row.
type place struct {
	id   string
	path [8]string
}

func scanPlace(r db.Rows) (p place, err error) {
	return p, r.Scan(&p.id, &p.path[1], &p.path[2], &p.path[3], &p.path[4], &p.path[5], &p.path[6], &p.path[7])
}

// level is that of the place itself.
func (p place) level() int {
	for l := 7; l > 0; l-- {
		if p.path[l] != "" {
			return l
		}
	}
	return 0
}

// findMoved leaves a message for every place that is not what its cases say.
func (s *Service) findMoved(ctx context.Context, jurisdiction string, r restamp) error {
	var all []place
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = db.Collect(ctx, tx, placesOfCases, []any{jurisdiction}, scanPlace)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range all {
		a, stands := s.World.Area(p.id)
		if stands && a.Path == p.path || p.level() == 0 {
			continue
		}
		if err := s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			return s.postRestamp(ctx, tx, jurisdiction, restamp{Area: p.id, Level: p.level(), Cause: r.Cause}, s.Now())
		}); err != nil {
			return err
		}
	}
	return nil
}

// replaceArea places the open cases of one area anew, a page to a message.
func (s *Service) replaceArea(ctx context.Context, jurisdiction string, r restamp) error {
	heirs, err := s.World.Territory.Successors(ctx, r.Area)
	if err != nil {
		return err
	}
	var page []Cursor
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		page, err = db.Collect(ctx, tx, openIn[r.Level], []any{jurisdiction, r.Area, r.After.Due, r.After.ID, restampPage}, func(rows db.Rows) (c Cursor, err error) {
			return c, rows.Scan(&c.Due, &c.ID)
		})
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range page {
		if err := s.replaceCase(ctx, c.ID, r, heirs); err != nil {
			return err
		}
	}
	if len(page) < restampPage {
		return nil
	}
	r.After = page[len(page)-1]
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return s.postRestamp(ctx, tx, jurisdiction, r, s.Now()) })
}

func (s *Service) replaceCase(ctx context.Context, id string, r restamp, heirs []string) error {
	return s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil || !st.Open() || st.AreaID != r.Area {
			return err
		}
		st.now = s.Now()
		area, ok := st.placeNow(heirs)
		if !ok || area.ID == st.AreaID && area.Path == st.Areas {
			return nil
		}
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		st.begin(&Actor{System: true}, Act{Action: actionRestamp, Cause: r.Cause}, s.ID())
		st.move.Data.Values = map[string]any{"area": area.ID, "area_before": st.AreaID}
		was := st.Areas
		st.AreaID, st.Areas = area.ID, area.Path
		st.unitsNow(was)
		if err := tx.Queue(ctx, placeCase, st.ID, area.ID, area.Path[1], area.Path[2], area.Path[3], area.Path[4], area.Path[5], area.Path[6], area.Path[7]); err != nil {
			return err
		}
		return st.save()
	})
}

// ground is what areas stand, and which lies where.
type ground interface {
	Area(id string) (Area, bool)
	Find(lonE7, latE7 int64) (Area, bool)
}

// placeNow is where a case stands today.
func (st *state) placeNow(heirs []string) (Area, bool) { return placeOn(st.s.World, st.Case, heirs) }

// placeOn is where a case stands on some ground: its own area while it stands; else its point,
// among the heirs of the area; else its only heir; else the nearest area around it that stands.
func placeOn(g ground, c *Case, heirs []string) (Area, bool) {
	if a, ok := g.Area(c.AreaID); ok {
		return a, true
	}
	if c.LiesIn != "" { // never down again to those from whom it is kept
		return areaAround(g, c)
	}
	if c.LonE7 != 0 || c.LatE7 != 0 {
		if a, ok := g.Find(c.LonE7, c.LatE7); ok && slices.ContainsFunc(heirs, func(h string) bool { return slices.Contains(a.Path[1:], h) }) {
			return a, true
		}
	}
	if len(heirs) == 1 {
		return g.Area(heirs[0])
	}
	if len(heirs) > 1 { // divided, and nobody knows between which: above them all
		if a, ok := g.Area(heirs[0]); ok && a.Level > 1 {
			return g.Area(a.Path[a.Level-1])
		}
	}
	return areaAround(g, c)
}

// areaAround is the nearest area around the case that stands.
func areaAround(g ground, c *Case) (Area, bool) {
	for l := 7; l >= 1; l-- {
		if a, ok := g.Area(c.Areas[l]); ok {
			return a, true
		}
	}
	return Area{}, false
}

// unitsNow seats, in place of a unit whose area is no more, the one that runs the area which
// took its place at that level, or the nearest one above.
func (st *state) unitsNow(was [8]string) {
	w := st.s.World
	for i := range st.life.Seats {
		d := &st.life.Seats[i]
		for _, p := range st.held(d.Name) {
			u, ok := w.Unit(p.Subject)
			level := slices.Index(was[:], u.AreaID)
			if _, stands := w.Area(u.AreaID); p.Kind != workflow.SeatUnit || p.CaseID != st.ID || !ok || stands || level < 1 {
				continue
			}
			for l := level; l >= 1; l-- {
				if heir, ok := w.UnitOfArea(st.Areas[l]); ok && st.Areas[l] != "" {
					st.leave(p, Left)
					st.seat(d.Name, workflow.SeatUnit, heir.ID, "divisions")
					break
				}
			}
		}
	}
}

// restampNow does what a message of a walk says.
func (s *Service) restampNow(ctx context.Context, m jobs.Message, r restamp) error {
	if err := s.World.Reread(ctx); err != nil {
		return err
	}
	switch {
	case r.Level > 0:
		return s.replaceArea(ctx, m.Jurisdiction, r)
	case r.Area == "":
		return s.findMoved(ctx, m.Jurisdiction, r)
	}
	return s.restampArea(ctx, m.Jurisdiction, r)
}
