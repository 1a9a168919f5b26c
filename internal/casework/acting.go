package casework

import (
	"context"
	"slices"

	"gezhi/internal/db"
)

// ActingFor are those who act now for somebody told of a case, in a post through which that one
// has to do with it. Who is to be kept from the case is not among them, and nobody acts in it
// for such a one.
func (s *Service) ActingFor(ctx context.Context, caseID string, people []string) (out []string, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	lent := map[Post][]string{}
	for _, person := range people {
		for _, p := range s.World.People().Of(person, s.Now()) {
			if to := s.World.People().ActsIn(p.ID, s.Now()); len(to) > 0 {
				lent[p] = to
			}
		}
	}
	if len(lent) == 0 || caseID == "" {
		return nil, nil
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		st, err := s.load(ctx, tx, caseID, s.Now())
		if err != nil {
			return err
		}
		for p, to := range lent {
			if !st.reaches(p) || st.keptFrom(p.PersonID) {
				continue
			}
			for _, id := range st.mayKnow(to) {
				if !slices.Contains(people, id) && !slices.Contains(out, id) {
					out = append(out, id)
				}
			}
		}
		slices.Sort(out)
		return nil
	})
	return out, err
}
