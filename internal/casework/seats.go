package casework

import (
	"fmt"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// The seats of a task that the kernel fills: whom it is for, and who may waive it.
const (
	seatItem = "assignee"
	seatLead = "lead"
)

// seat seats somebody. A seat for one is handed over: its holder leaves when the next one
// holds it (not while it is only offered).
func (st *state) seat(seat, kind, subject, why string) {
	if subject == "" || st.keptFromSubject(subject) {
		return
	}
	d := st.life.Seat(seat)
	for _, p := range st.seats {
		if p.Seat == seat && p.Subject == subject && p.sits() {
			return
		}
	}
	p := &Participant{ID: st.s.ID(), CaseID: st.ID, Seat: seat, Kind: kind, Subject: subject, State: Held, From: st.now, Why: why, added: true}
	if st.move != nil {
		p.MoveID = st.move.ID
	}
	if d != nil && !d.Accepts.IsZero() {
		p.State, p.DueAt = Offered, worktime.Add(st.now, d.Accepts, st.s.Calendar(st.Jurisdiction), worktime.Options{}).At
		var told []string
		st.peopleOf(p, func(id string) { told = append(told, id) })
		st.tells = append(st.tells, telling{Event: "offered", Who: told})
	}
	if p.State == Held {
		st.handOver(d, seat)
	}
	st.seats = append(st.seats, p)
	if st.move != nil {
		if st.move.Data.Filled == nil {
			st.move.Data.Filled = map[string]string{}
		}
		st.move.Data.Filled[seat] = why
	}
}

// handOver ends those who hold a seat for one.
func (st *state) handOver(d *workflow.Seat, seat string) {
	if d == nil || d.AtMost != 1 || st.task != nil && seat == seatItem { // a task may be for several
		return
	}
	for _, p := range st.seats {
		if p.Seat == seat && p.State == Held {
			st.leave(p, Left)
		}
	}
}

func (st *state) leave(p *Participant, as string) {
	p.State, p.Until, p.changed = as, st.now, true
}

// free ends all who hold a seat.
func (st *state) free(seat string) {
	for _, p := range st.seats {
		if p.Seat == seat && p.sits() {
			st.leave(p, Left)
		}
	}
}

// fill seats the value of a formula or of an asked field: one subject or a list.
func (st *state) fill(seat string, v formula.Value, why string) error {
	d := st.life.Seat(seat)
	if d == nil {
		return fault.New(fault.Internal, "case.unknown_seat", "seat", seat)
	}
	subjects, ok := ids(v)
	if !ok {
		return fault.New(fault.Invalid, "case.bad_seat", "seat", seat)
	}
	if len(subjects) == 0 {
		return fault.New(fault.Conflict, "case.nobody_for_seat", "seat", seat)
	}
	for _, id := range subjects {
		if err := st.seatable(d, id); err != nil {
			return err
		}
		st.seat(seat, d.Kind, id, why)
	}
	if n := len(st.held(seat)); d.AtMost > 0 && n > d.AtMost {
		return fault.New(fault.Conflict, "case.seat_full", "seat", seat, "at_most", d.AtMost)
	}
	return nil
}

// ids reads one id or a list of them.
func ids(v formula.Value) ([]string, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		return []string{v}, v != ""
	case formula.List:
		var out []string
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, true
	}
	return nil, false
}

// seatable refuses a subject that is not there, or that sits where it must not sit besides.
func (st *state) seatable(d *workflow.Seat, id string) error {
	if st.keptFromSubject(id) {
		return fault.New(fault.Forbidden, "case.kept_from", "seat", d.Name)
	}
	switch d.Kind {
	case workflow.SeatUnit:
		if _, ok := st.s.World.Unit(id); !ok {
			return fault.New(fault.Invalid, "case.unknown_unit", "seat", d.Name)
		}
	case workflow.SeatPost:
		if _, ok := st.s.World.People().Post(id); !ok {
			return fault.New(fault.Invalid, "case.unknown_post", "seat", d.Name)
		}
	case workflow.SeatPerson:
		if !st.s.World.People().Known(id, st.Jurisdiction) {
			return fault.New(fault.Invalid, "case.unknown_person", "seat", d.Name)
		}
		if err := st.admitted(id); err != nil {
			return err
		}
	}
	for _, other := range st.life.KeptApart(d.Name) {
		if slices.ContainsFunc(st.held(other), func(p *Participant) bool { return p.Subject == id }) {
			return fault.New(fault.Forbidden, "case.not_your_own_work", "seat", other)
		}
	}
	return st.mustBeListed(d, d.Kind, id)
}

// mustBeListed refuses a subject that does not stand in the seat's register today.
func (st *state) mustBeListed(d *workflow.Seat, kind, subject string) error {
	if ok, err := st.listed(d, kind, subject); err != nil || !ok {
		return firstOf(err, fault.New(fault.Forbidden, "case.not_listed", "seat", d.Name))
	}
	return nil
}

// admitted refuses to give a matter to somebody all of whose roles it is not admitted for.
// It protects the people at the bottom: what no office has admitted, nobody hands to them.
func (st *state) admitted(person string) error {
	posts := st.s.World.People().Of(person, st.now)
	day := st.day()
	if len(posts) > 0 && !slices.ContainsFunc(posts, func(p Post) bool { return st.class.AdmittedTo(p.Role, day) }) {
		return fault.New(fault.Forbidden, "case.not_admitted")
	}
	return nil
}

// seatFirst seats those whom the life names for the beginning.
func (st *state) seatFirst() error {
	for i := range st.life.Seats {
		d := &st.life.Seats[i]
		if d.First == nil {
			continue
		}
		switch d.First.Kind { // the seats of a task name its parent and are filled by it
		case workflow.FirstReporter:
			if err := st.mustBeListed(d, d.Kind, st.ReporterID); err != nil {
				return err
			}
			st.seat(d.Name, d.Kind, st.ReporterID, "reporter")
		case workflow.FirstUnitOfArea:
			if u, ok := st.unitOfCase(); ok {
				if err := st.seatListed(d, u.ID, "unit of area"); err != nil {
					return err
				}
			}
		case workflow.FirstDuty:
			subject, why := st.duty(d.Kind)
			if err := st.seatListed(d, subject, why); err != nil {
				return err
			}
		case workflow.FirstValue:
			v, err := d.First.Path.Eval(st.env())
			if err != nil {
				return err
			}
			if v != nil {
				if err := st.fill(d.Name, v, d.First.Path.String()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// seatListed seats whom the county's own rules find, unless a register says otherwise: then
// the seat stays empty, and the case is the dispatcher's.
func (st *state) seatListed(d *workflow.Seat, subject, why string) error {
	ok, err := st.listed(d, d.Kind, subject)
	if ok {
		st.seat(d.Name, d.Kind, subject, why)
	}
	return err
}

// unitOfCase is the unit that runs the smallest area of the case that has one, but for those from
// whom it is kept.
func (st *state) unitOfCase() (Unit, bool) {
	for l := 7; l >= 1; l-- {
		if st.Areas[l] == "" {
			continue
		}
		if u, ok := st.s.World.UnitOfArea(st.Areas[l]); ok && !st.keptFromUnit(u) {
			return u, true
		}
	}
	return st.aboveAll()
}

// dutyLine begins the reason of whoever the duty lines found.
const dutyLine = "duty.yaml:"

// reason is the line as the dispatcher sees it: where it stands, and what it says.
func (d dutyAt) reason() string {
	return fmt.Sprintf(dutyLine+"%d %s %s → %s%s", d.Line, d.Class, d.Level, d.Unit, d.Post)
}

// offer is the actor's open offer of a seat.
func (st *state) offer(who *Actor) (*Participant, error) {
	for _, p := range st.seats {
		if p.State == Offered {
			if post, ok := st.matches(who, p); ok {
				st.under(post)
				return p, nil
			}
		}
	}
	return nil, fault.New(fault.Forbidden, "case.no_right")
}

func (st *state) acceptSeat(who *Actor, _ Act) error {
	p, err := st.offer(who)
	if err != nil {
		return err
	}
	if err := st.mustBeListed(st.life.Seat(p.Seat), p.Kind, p.Subject); err != nil {
		return err
	}
	st.handOver(st.life.Seat(p.Seat), p.Seat)
	p.State, p.From, p.changed = Held, st.now, true
	return nil
}

func (st *state) refuseSeat(who *Actor, _ Act) error {
	p, err := st.offer(who)
	if err != nil {
		return err
	}
	st.leave(p, Refused)
	st.tells = append(st.tells, telling{Event: "offer_refused", Who: []string{st.ReporterID}})
	return nil
}

// lapse ends offers that nobody took in time, and tells those who asked.
func (st *state) lapse() {
	for _, p := range st.seats {
		if p.State == Offered && !p.DueAt.IsZero() && !p.DueAt.After(st.now) {
			st.leave(p, Refused)
			st.tells = append(st.tells, telling{Event: "offer_lapsed", Who: []string{st.ReporterID}})
		}
	}
}

// responsible says who leads now, for queues: the holder of the seat that may act in this
// step, or the role whose holders may.
func (st *state) responsible() {
	unit, assignee, queue := "", "", ""
	for _, a := range st.life.Actions {
		if !slices.Contains(a.In, st.Step) || a.Upon != nil {
			continue
		}
		earlier := queue
		queue = ""
		for _, w := range a.Who {
			switch {
			case w.Kind == workflow.WhoSeat && w.Name != workflow.Reporter:
				for _, p := range st.held(w.Name) {
					if p.Kind == workflow.SeatUnit && unit == "" {
						unit = p.Subject
					} else if p.Kind != workflow.SeatUnit && assignee == "" {
						assignee = p.Subject
					}
				}
			case w.Kind == workflow.WhoItem:
				for _, p := range st.held(seatItem) {
					if p.Kind == workflow.SeatUnit {
						unit = p.Subject
					} else {
						assignee = p.Subject
					}
				}
			case w.Kind == workflow.WhoRole && unit == "":
				if w.Of == workflow.OfUnit {
					unit = st.unitInTurn(w, a.Apart)
				}
				if queue == "" || unit != "" {
					queue = w.Name
				}
			}
		}
		if unit != "" || assignee != "" {
			break
		}
		if earlier != "" {
			queue = earlier
		}
	}
	if !st.Open() {
		unit, assignee, queue = st.UnitID, st.AssigneeID, ""
	}
	if assignee == "" && unit != "" && unit == st.UnitID && st.worksIn(st.AssigneeID, unit) {
		assignee = st.AssigneeID // who took note of it for the unit
	}
	st.UnitID, st.AssigneeID, st.Queue = unit, assignee, queue
	if st.Phase == workflow.Working {
		st.underSupervision()
	}
}

// worksIn tells whether somebody has a post in a unit now.
func (st *state) worksIn(person, unit string) bool {
	return person != "" && slices.ContainsFunc(st.s.World.People().Of(person, st.now), func(p Post) bool { return p.UnitID == unit })
}

// underSupervision seats whoever leads a supervised case among the supervised.
func (st *state) underSupervision() {
	if st.Supervised {
		if st.UnitID == "" {
			st.seat(workflow.SeatSupervised, workflow.SeatPerson, st.AssigneeID, workflow.Supervise)
		}
		st.seat(workflow.SeatSupervised, workflow.SeatUnit, st.UnitID, workflow.Supervise)
	}
}

// unitInTurn is the unit whose holders of a role may act: the nearest one in which somebody
// is not kept apart from it.
func (st *state) unitInTurn(w workflow.Who, apart []workflow.Apart) string {
	levels, err := st.holders(w)
	if err != nil || len(levels) == 0 {
		return ""
	}
	for _, posts := range levels {
		for _, p := range posts {
			if len(apart) == 0 || st.keptApart(p.PersonID, []Post{p}, apart) == nil {
				return p.UnitID
			}
		}
	}
	return ""
}

// crowd is how many may share a queue and still be told of each case in it one by one.
const crowd = 12

// inQueue are those to tell of a case that nobody leads: the nearest holders of its role who
// are not kept apart from what is to be done. A queue of many is looked at, not told, unless
// the case wakes people.
func (st *state) inQueue() []string {
	for _, a := range st.life.Actions {
		if !slices.Contains(a.In, st.Step) || a.Upon != nil {
			continue
		}
		for _, w := range a.Who {
			if w.Kind == workflow.WhoRole && w.Name == st.Queue {
				who := st.eligible(w, a.Apart)
				if len(who) > crowd && !st.class.severity(st.Severity).Wakes {
					return nil
				}
				if len(who) > 0 {
					return who
				}
			}
		}
	}
	return nil
}

// eligible are the people of the nearest level of a Who at which somebody is not kept apart.
func (st *state) eligible(w workflow.Who, apart []workflow.Apart) []string {
	levels, err := st.holders(w)
	if err != nil {
		return nil // the database has failed, and with it the act
	}
	for _, posts := range levels {
		var who []string
		for _, p := range posts {
			if !slices.Contains(who, p.PersonID) && st.keptApart(p.PersonID, []Post{p}, apart) == nil {
				who = append(who, p.PersonID)
			}
		}
		if len(who) > 0 {
			return who
		}
	}
	return nil
}

var (
	insertParticipants = rowsOf(`INSERT INTO participant (case_id, id, jurisdiction, seat, kind, subject, state, from_at, until_at, due_at, move_id, why) VALUES `, 12, ``)
	insertInvolved     = rowsOf(`INSERT INTO involved (subject, case_id, jurisdiction, open, due_at) VALUES `, 5, ` ON CONFLICT DO NOTHING`)
	dropInvolved       = db.SQL(`DELETE FROM involved WHERE case_id = $1 AND subject = $2`)
)

// nextLapse is when the first open offer lapses; zero when there is none.
func (st *state) nextLapse() time.Time {
	var first time.Time
	for _, p := range st.seats {
		if p.State == Offered && !p.DueAt.IsZero() && (first.IsZero() || p.DueAt.Before(first)) {
			first = p.DueAt
		}
	}
	return first
}
