package casework

import (
	"slices"

	"gezhi/internal/workflow"
)

// persons are the people that a list of Who names, each once, but for those from whom the case
// is kept. A role means its nearest holders.
func (st *state) persons(who []workflow.Who) ([]string, error) {
	var out []string
	add := func(id string) {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, w := range who {
		switch w.Kind {
		case workflow.WhoSeat:
			if w.Name == workflow.Reporter {
				also, err := st.mergedReporters()
				if err != nil {
					return nil, err
				}
				for _, id := range append(also, st.ReporterID) {
					add(id)
				}
				continue
			}
			for _, p := range st.held(w.Name) {
				st.peopleOf(p, add)
			}
		case workflow.WhoItem:
			for _, p := range st.held(seatItem) {
				st.peopleOf(p, add)
			}
		case workflow.WhoRole:
			levels, err := st.holders(w)
			if err != nil {
				return nil, err
			}
			if len(levels) > 0 {
				for _, p := range levels[0] {
					add(p.PersonID)
				}
			}
		}
	}
	return st.mayKnow(out), nil
}

func (st *state) peopleOf(p *Participant, add func(string)) {
	switch p.Kind {
	case workflow.SeatUnit:
		for _, post := range st.s.World.People().InUnit("", p.Subject, st.now) {
			add(post.PersonID)
		}
	case workflow.SeatPost:
		if post, ok := st.s.World.People().Post(p.Subject); ok {
			add(post.PersonID)
		}
	default:
		add(p.Subject)
	}
}
