package casework

import (
	"context"
	"encoding/json"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
	"gezhi/internal/workflow"
)

// topicVacate is the walk through the open cases of somebody whose last post ended.
const topicVacate = "case.vacate"

// vacate names whose seats are freed, and why.
type vacate struct {
	Person string `json:"person"`
	Cause  string `json:"cause"`
}

// postVacate asks for that walk at the end of a post.
func (s *Service) postVacate(ctx context.Context, tx *db.Tx, jurisdiction string, p account.Post, at time.Time) error {
	body, err := json.Marshal(vacate{p.PersonID, "post " + p.ID})
	if err != nil {
		return err
	}
	return jobs.Post(ctx, tx, jobs.Message{ID: s.ID(), Jurisdiction: jurisdiction, Topic: topicVacate, Subject: "person/" + p.PersonID, Body: body, MadeAt: s.Now(), DueAt: at})
}

// openOf lists the open cases that somebody takes part in, page by page.
var openOf = db.SQL(`SELECT due_at, case_id FROM involved WHERE subject = $1 AND open = 1 AND (due_at, case_id) > ($2, $3) ORDER BY due_at, case_id LIMIT $4`)

// vacateNow frees the seats that somebody without any post still holds by work, so that nothing
// waits for who has left. Whoever has another post keeps them.
func (s *Service) vacateNow(ctx context.Context, v vacate) error {
	if err := s.World.Renew(ctx); err != nil {
		return err
	}
	if len(s.World.People().Of(v.Person, s.Now())) > 0 {
		return nil
	}
	for after := (Cursor{}); ; {
		var page []Cursor
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			page, err = db.Collect(ctx, tx, openOf, []any{involvedAs(workflow.SeatPerson, v.Person), after.Due, after.ID, restampPage}, func(r db.Rows) (c Cursor, err error) {
				return c, r.Scan(&c.Due, &c.ID)
			})
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range page {
			if err := s.vacateCase(ctx, c.ID, v); err != nil {
				return err
			}
		}
		if len(page) < restampPage {
			return nil
		}
		after = page[len(page)-1]
	}
}

func (s *Service) vacateCase(ctx context.Context, id string, v vacate) error {
	err := s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil || !st.Open() {
			return err
		}
		left := st.seatsByWork(v.Person)
		if len(left) == 0 {
			return nil
		}
		st.now = s.Now()
		st.begin(&Actor{System: true}, Act{Action: actionRestamp, Cause: v.Cause}, s.ID())
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		for _, p := range left {
			st.leave(p, Left)
		}
		return st.save()
	})
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil
	}
	return err
}

// seatsByWork are the seats that somebody has because of a post: not those of who reported, nor
// of who stands in a register.
func (st *state) seatsByWork(person string) (out []*Participant) {
	for _, p := range st.seats {
		if p.Kind != workflow.SeatPerson || p.Subject != person || p.State != Held && p.State != Offered {
			continue
		}
		d := st.life.Seat(p.Seat)
		if st.task == nil && d != nil && (d.From != "" || d.First != nil && d.First.Kind == workflow.FirstReporter) {
			continue
		}
		out = append(out, p)
	}
	return out
}
