package casework

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/db"
)

// Further are those to turn to when nobody stirs, each inner list together: whom the running
// clocks of the case would escalate it to, in the order of their moments. Nobody is named
// twice. A closed case has none.
func (s *Service) Further(ctx context.Context, caseID string) (out [][]string, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, caseID, s.Now())
		if err != nil {
			return err
		}
		out, err = st.further()
		return err
	})
	return out, err
}

func (st *state) further() ([][]string, error) {
	type rung struct {
		at  time.Time
		who []string
	}
	var ladder []rung
	for _, c := range st.clocks {
		d := st.life.Clock(c.Name)
		if d == nil || c.State != Running || !st.Open() {
			continue
		}
		cal, _ := st.hours(d)
		_, running, err := least(c, cal, d.Exact)
		if err != nil {
			return nil, err
		}
		for _, m := range marks(st.marksOf(d), c, running, cal) {
			if m.rule == nil || len(m.rule.Escalate) == 0 {
				continue
			}
			who, err := st.persons(m.rule.Escalate)
			if err != nil {
				return nil, err
			}
			ladder = append(ladder, rung{m.at, who})
		}
	}
	slices.SortStableFunc(ladder, func(a, b rung) int { return a.at.Compare(b.at) })
	var out [][]string
	named := map[string]bool{}
	for _, r := range ladder {
		var who []string
		for _, p := range r.who {
			if !named[p] {
				named[p] = true
				who = append(who, p)
			}
		}
		if len(who) > 0 {
			out = append(out, who)
		}
	}
	return out, nil
}
