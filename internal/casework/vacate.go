package casework

import (
	"context"
	"encoding/json"
	"slices"
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
	Post   string `json:"post,omitempty"` // that ended
	Cause  string `json:"cause"`
}

// postVacate asks for that walk at the end of a post.
func (s *Service) postVacate(ctx context.Context, tx *db.Tx, jurisdiction string, p account.Post, at time.Time) error {
	body, err := json.Marshal(vacate{p.PersonID, p.ID, "post " + p.ID})
	if err != nil {
		return err
	}
	return jobs.Post(ctx, tx, jobs.Message{ID: s.ID(), Jurisdiction: jurisdiction, Topic: topicVacate, Subject: "person/" + p.PersonID, Body: body, MadeAt: s.Now(), DueAt: at})
}

// openOf lists the open cases that somebody takes part in, page by page.
var openOf = db.SQL(`SELECT due_at, case_id FROM involved WHERE subject = $1 AND open = 1 AND (due_at, case_id) > ($2, $3) ORDER BY due_at, case_id LIMIT $4`)

// vacateNow frees the seats of a post that has ended, and those that somebody without any post
// still holds by work, so that nothing waits for who has left. Whoever has another post keeps
// what they were given by name.
func (s *Service) vacateNow(ctx context.Context, v vacate) error {
	if err := s.World.Reread(ctx); err != nil {
		return err
	}
	var gone []string
	if p, ok := s.World.People().Post(v.Post); !ok || !p.Standing(s.Now()) {
		gone = append(gone, involvedAs(workflow.SeatPost, v.Post))
	}
	if len(s.World.People().Of(v.Person, s.Now())) == 0 {
		gone = append(gone, involvedAs(workflow.SeatPerson, v.Person))
	}
	for _, subject := range gone {
		if err := s.vacateAll(ctx, subject, v); err != nil {
			return err
		}
	}
	return nil
}

// vacateAll walks through the open cases in which a subject takes part.
func (s *Service) vacateAll(ctx context.Context, subject string, v vacate) error {
	for after := (Cursor{}); subject != ""; {
		var page []Cursor
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			page, err = db.Collect(ctx, tx, openOf, []any{subject, after.Due, after.ID, restampPage}, func(r db.Rows) (c Cursor, err error) {
				return c, r.Scan(&c.Due, &c.ID)
			})
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range page {
			if err := s.vacateCase(ctx, c.ID, subject, v); err != nil {
				return err
			}
		}
		if len(page) < restampPage {
			return nil
		}
		after = page[len(page)-1]
	}
	return nil
}

func (s *Service) vacateCase(ctx context.Context, id, subject string, v vacate) error {
	err := s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil || !st.Open() {
			return err
		}
		st.now = s.Now()
		st.begin(&Actor{System: true}, Act{Action: actionRestamp, Cause: v.Cause}, s.ID())
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		for _, p := range slices.Clone(st.seats) {
			if st.byWork(p) && involvedAs(p.Kind, p.Subject) == subject {
				st.vacate(p)
			}
		}
		if len(st.vacated) == 0 {
			return nil
		}
		for i := range st.life.Seats {
			if d := &st.life.Seats[i]; slices.Contains(st.vacated, d.Name) && len(st.held(d.Name)) == 0 {
				st.seatDuty(d)
			}
		}
		return st.save()
	})
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil
	}
	return err
}

// sits tells that a participant holds a seat, or is offered it.
func (p *Participant) sits() bool { return p.State == Held || p.State == Offered }

// byWork tells that somebody sits because of a post: unlike who reported, and whom a register
// or what the case is about names.
func (st *state) byWork(p *Participant) bool {
	if p.Kind == workflow.SeatParty || !p.sits() {
		return false
	}
	d := st.life.Seat(p.Seat)
	return st.task != nil || d == nil || d.From == "" && (d.First == nil || d.First.Kind != workflow.FirstReporter && d.First.Kind != workflow.FirstValue)
}

// vacate ends a seat whose holder can do nothing with it any more.
func (st *state) vacate(p *Participant) {
	st.leave(p, Left)
	if !slices.Contains(st.vacated, p.Seat) {
		st.vacated = append(st.vacated, p.Seat)
	}
}

// eventVacated is told to those who can fill a seat that somebody had to leave.
const eventVacated = "vacated"

// tellVacant tells those who can fill a seat that nobody sits in it any more, rather than that
// the case is theirs. Where nobody leads the case and nobody can fill the seat, it goes one
// level up.
func (st *state) tellVacant() error {
	empty := slices.DeleteFunc(slices.Clone(st.vacated), func(seat string) bool { return slices.Contains(workflow.KernelSeats, seat) || len(st.held(seat)) > 0 })
	if len(empty) == 0 {
		return nil
	}
	who, err := st.whoFill(empty)
	if err != nil {
		return err
	}
	if len(who) == 0 {
		who = st.responsiblePeople()
	}
	who = slices.DeleteFunc(who, func(person string) bool { return len(st.s.World.People().Of(person, st.now)) == 0 })
	if len(who) == 0 && st.task == nil {
		if err := st.escalate(); err != nil && fault.CodeOf(err) != "case.nobody_above" {
			return err
		}
		return nil
	}
	for i := range st.tells {
		if t := &st.tells[i]; t.Event == eventAssigned {
			t.Who = slices.DeleteFunc(t.Who, func(person string) bool { return slices.Contains(who, person) })
		}
	}
	st.tells = append(st.tells, telling{Event: eventVacated, Who: who})
	return nil
}

// whoFill are the people who may do an act, here and now, that fills one of some seats; of a
// task, those who lead what it belongs to.
func (st *state) whoFill(seats []string) ([]string, error) {
	if st.task != nil {
		up, err := st.up()
		if err != nil || up == nil {
			return nil, err
		}
		return st.mayKnow(up.responsiblePeople()), nil
	}
	var who []workflow.Who
	for _, a := range st.life.Actions {
		asked := func(seat string) bool { return slices.Contains(a.Asks, seat) || slices.Contains(a.Also, seat) }
		if slices.Contains(a.In, st.Step) && !a.IsAutomatic() && slices.ContainsFunc(seats, asked) {
			who = append(who, a.Who...)
		}
	}
	return st.persons(who)
}
