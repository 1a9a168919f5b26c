package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Absence is a delegation with those whom it concerns by name.
type Absence struct {
	Delegation
	Post             Post
	FromName, ToName string
	MayEnd           bool // by who asks
}

// shownAfter is how long a delegation that has ended is still listed.
const shownAfter = 30 * 24 * time.Hour

var absencesSQL = db.SQL(`SELECT d.id, d.post_id, d.from_person, d.to_person, d.valid_from, d.valid_until, d.recorded_by, f.name, t.name,
		p.id, p.person_id, p.role, p.unit_id, p.area_id, p.area_level, p.seat, p.valid_from, p.valid_until
	FROM delegation d JOIN post p ON p.id = d.post_id JOIN person f ON f.id = d.from_person JOIN person t ON t.id = d.to_person
	WHERE d.jurisdiction = $1 AND d.valid_until > $2 ORDER BY d.valid_until DESC, d.id`)

// mayLend reports whether somebody may say who acts in a post: its holder, or a superior by a post of
// their own. What one does for an absent colleague cannot be passed on.
func (s *Service) mayLend(ctx context.Context, who Actor, p Post) (bool, error) {
	g, err := s.ground(ctx)
	if err != nil || p.PersonID == who.PersonID {
		return err == nil, err
	}
	return who.guards() || slices.ContainsFunc(who.Posts, func(own Post) bool { return g.above(own, p) }), nil
}

// guards reports whether somebody says who has which post in a jurisdiction.
func (a Actor) guards() bool {
	return slices.ContainsFunc(a.Posts, func(p Post) bool { return p.Role == SecurityAdmin })
}

// Lend records who acts in a post while its holder is away, from d.Start (now, when it is past)
// until d.Until. The post must be the asker's own, or that of somebody below them: any other is
// post.none, and so is a post outside any unit, such as a deputy's: a mandate is not lent. Who is to act must hold a post in a unit (delegation.not_staff).
func (s *Service) Lend(ctx context.Context, who Actor, d Delegation) (Delegation, error) {
	now := s.Now()
	var p Post
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = postByID(ctx, tx, d.PostID)
		return none(err, fault.New(fault.NotFound, "post.none"))
	})
	if err != nil {
		return Delegation{}, err
	}
	holder, err := s.actor(ctx, p.PersonID)
	if err != nil {
		return Delegation{}, err
	}
	may, err := s.mayLend(ctx, who, p)
	if err == nil && (!may || p.UnitID == "" || holder.Jurisdiction != who.Jurisdiction || !p.Until.IsZero() && !p.Until.After(now)) {
		err = fault.New(fault.NotFound, "post.none")
	}
	if err != nil {
		return Delegation{}, err
	}
	to, err := s.actor(ctx, d.To)
	if err == nil && to.Jurisdiction != who.Jurisdiction {
		err = fault.New(fault.NotFound, "person.none")
	}
	if err == nil && !slices.ContainsFunc(to.Posts, func(p Post) bool { return p.UnitID != "" }) {
		err = fault.New(fault.Conflict, "delegation.not_staff")
	}
	if err != nil {
		return Delegation{}, err
	}
	if d.Start.Before(now) {
		d.Start = now
	}
	return s.Delegate(ctx, who.PersonID, d)
}

// Absences lists the delegations that concern the asker: of their own posts, to them, and of the
// posts below them; also those that ended in the last thirty days.
func (s *Service) Absences(ctx context.Context, who Actor) ([]Absence, error) {
	var all []Absence
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = db.Collect(ctx, tx, absencesSQL, []any{who.Jurisdiction, s.Now().Add(-shownAfter)}, scanAbsence)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []Absence
	for _, a := range all {
		may, err := s.mayLend(ctx, who, a.Post)
		if err != nil {
			return nil, err
		}
		if may || a.To == who.PersonID {
			a.MayEnd = a.Until.After(s.Now())
			out = append(out, a)
		}
	}
	return out, nil
}

func scanAbsence(r db.Rows) (a Absence, err error) {
	var from, until int64
	dest, finish := postInto(&a.Post)
	err = r.Scan(append([]any{&a.ID, &a.PostID, &a.From, &a.To, &from, &until, &a.RecordedBy, &a.FromName, &a.ToName}, dest...)...)
	finish()
	a.Start, a.Until = db.Time(from), db.Time(until)
	return a, err
}

// TakeBack ends a delegation before its time: by those who may record it, and by who acts under it.
// Anybody else's is delegation.none.
func (s *Service) TakeBack(ctx context.Context, who Actor, delegationID string) error {
	all, err := s.Absences(ctx, who)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(a Absence) bool { return a.ID == delegationID }) {
		return fault.New(fault.NotFound, "delegation.none")
	}
	return s.EndDelegation(ctx, who.PersonID, delegationID)
}

// Lendable lists the posts for which the asker may say who acts in them, own ones first; q is part
// of the holder's name or "". At most limit are listed.
func (s *Service) Lendable(ctx context.Context, who Actor, q string, limit int) ([]Charge, error) {
	roll, err := s.Roll(ctx)
	if err != nil {
		return nil, err
	}
	var out []Charge
	for _, p := range roll.Standing(who.Jurisdiction, s.Now()) {
		may, err := s.mayLend(ctx, who, p)
		if err != nil {
			return nil, err
		}
		if name := roll.Name(p.PersonID); may && strings.Contains(name, q) {
			out = append(out, Charge{p.PersonID, name, p})
		}
	}
	slices.SortStableFunc(out, func(a, b Charge) int {
		switch mineA, mineB := a.PersonID == who.PersonID, b.PersonID == who.PersonID; {
		case mineA == mineB:
			return strings.Compare(a.Name, b.Name)
		case mineA:
			return -1
		}
		return 1
	})
	return out[:min(len(out), limit)], nil
}
