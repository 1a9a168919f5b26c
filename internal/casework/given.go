package casework

import (
	"context"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/formula"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// Given is a case by which somebody asked for something, in the reader's words.
type Given struct {
	Case, Number string
	Title        string // of the record that it is about, else of its class
	Step         string // or the outcome, once it is closed
	Open         bool
	Since        time.Time
}

var givenTo = db.SQL(`SELECT c.id FROM involved i JOIN cases c ON c.id = i.case_id WHERE i.subject = $1 AND c.jurisdiction = $2 AND c.reporter_id = $3 AND c.pack = $4 AND c.class = $5 ORDER BY c.id DESC LIMIT 20`)

// GivenTo are the latest twenty cases of a class that somebody opened, the newest first. Whoever
// calls has seen to it that the reader may know of them.
func (s *Service) GivenTo(ctx context.Context, jurisdiction, person, pack, class string) (out []Given, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		ids, err := db.Collect(ctx, tx, givenTo, []any{involvedAs(workflow.SeatPerson, person), jurisdiction, person, pack, class}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
		if err != nil {
			return err
		}
		for _, id := range ids {
			st, err := s.load(ctx, tx, id, s.Now())
			if err != nil {
				return err
			}
			w := words{st.class.In.Pack, web.Lang(ctx)}
			g := Given{Case: st.ID, Number: st.Number, Title: formula.Text(st.aboutValue("title")), Step: w.word("steps", st.Life, st.Step), Open: st.Open(), Since: st.OpenedAt}
			if g.Title == "" {
				g.Title = w.title(st.class.Title, st.class.Code)
			}
			if !g.Open {
				g.Step = w.word("outcomes", st.Life, st.Outcome)
			}
			out = append(out, g)
		}
		return nil
	})
	return out, err
}
