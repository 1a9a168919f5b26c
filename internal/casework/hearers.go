package casework

import (
	"context"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/workflow"
)

// TopicWithdraw takes back what people were told of a case before it was kept from them.
const TopicWithdraw = "notice.withdraw"

// Withdrawal names the case whose notices are looked at again.
type Withdrawal struct {
	Case string `json:"case"`
}

// KeptFrom are those of some people from whom a case is kept.
func (s *Service) KeptFrom(ctx context.Context, caseID string, people []string) (out []string, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, caseID, s.Now())
		if err != nil {
			return err
		}
		out = slices.DeleteFunc(slices.Clone(people), func(p string) bool { return !st.keptFrom(p) })
		return nil
	})
	return out, err
}

// hearers are the topics under which a change is told to those who take part, and of a case kept
// from somebody to all who may hear.
func (st *state) hearers() ([]string, error) {
	var out []string
	if st.LiesIn != "" {
		people, err := st.audience()
		for _, p := range people {
			out = append(out, involvedAs(workflow.SeatPerson, p))
		}
		return out, err
	}
	for _, p := range append(slices.Clone(st.seats), &Participant{Kind: workflow.SeatPerson, Subject: st.EnteredBy, State: Held}) {
		if t := involvedAs(p.Kind, p.Subject); t != "" && p.sits() && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out, nil
}

// audience are the people who hear at once that a case kept from somebody has changed: those
// above the place where it stands and at its seats, one by one, as far as they may read it. A
// place or unit would tell all who stand there.
func (st *state) audience() (out []string, err error) {
	sees, err := st.s.Book.seesIn(st.ctx, st.tx, st.Jurisdiction)
	if err != nil {
		return nil, err
	}
	of, above := st.subject(), st.s.World.above()
	add := func(person string) {
		a := account.Actor{PersonID: person, Jurisdiction: st.Jurisdiction, Posts: st.s.World.People().Of(person, st.now)}
		if person != "" && !slices.Contains(out, person) && a.Scope(sees, above).Covers(of) {
			out = append(out, person)
		}
	}
	add(st.ReporterID)
	for _, area := range st.Areas[1:] {
		if area == "" {
			continue
		}
		for _, p := range st.s.World.People().InArea("", area, st.now) {
			add(p.PersonID)
		}
	}
	for _, p := range st.seats {
		if p.State == Held || p.State == Offered {
			st.peopleOf(p, add)
		}
	}
	return out, nil
}
