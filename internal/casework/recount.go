package casework

import (
	"context"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// actionRecount is the move of a case whose clocks were computed anew.
const actionRecount = "recount"

var provisionalCases = db.SQL(`SELECT DISTINCT case_id FROM clock WHERE jurisdiction = $1 AND provisional = 1 AND state <> 'stopped' AND case_id > $2 ORDER BY case_id LIMIT 500`)

// Recount computes anew every clock of a jurisdiction that waits for a year's holidays to
// be announced. Call it when an announcement has arrived; calling it again changes nothing.
func (s *Service) Recount(ctx context.Context, jurisdiction string) error {
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	for after := ""; ; {
		var ids []string
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			ids, err = db.Collect(ctx, tx, provisionalCases, []any{jurisdiction, after}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := s.recount(ctx, id); err != nil {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
}

func (s *Service) recount(ctx context.Context, id string) error {
	return s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		st.begin(&Actor{System: true}, Act{Action: actionRecount}, s.ID())
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		changed := false
		for _, c := range st.clocks {
			d := st.life.Clock(c.Name)
			if d == nil || !c.Provisional || c.State == Stopped {
				continue
			}
			due, provisional := c.Due, c.Provisional
			if err := st.dueOf(d, c); err != nil {
				return fault.Wrap(err, fault.KindOf(err), "case.bad_clock")
			}
			changed = changed || !due.Equal(c.Due) || provisional != c.Provisional
		}
		if !changed {
			return nil
		}
		return st.save()
	})
}
