package account

import (
	"context"
	"slices"
	"strings"

	"gezhi/internal/fault"
)

// Ground says what lies within what, as of now.
type Ground struct {
	Area, Unit func(id, above string) bool // id is above itself, or lies below it
}

// Looks says for whom the holders of a role answer: it reports whether a holder of role invites
// holders of other.
type Looks func(role, other string) bool

// ground is what lies within what; where nobody says so, nothing.
func (s *Service) ground(ctx context.Context) (Ground, error) {
	if s.Ground == nil {
		never := func(string, string) bool { return false }
		return Ground{never, never}, nil
	}
	return s.Ground(ctx)
}

// reaches reports whether post p lies over post q: over its area, or over its unit. Somebody
// outside any unit, such as a resident, is over nobody.
func (g Ground) reaches(p, q Post) bool {
	if p.UnitID == "" {
		return false
	}
	return p.AreaID != "" && q.AreaID != "" && g.Area(q.AreaID, p.AreaID) || q.UnitID != "" && g.Unit(q.UnitID, p.UnitID)
}

// above reports whether the holder of p is a superior of the holder of q: leads q's unit, or
// leads or stands in for the leader of one above it. Within a unit a deputy stands above members
// alone.
func (g Ground) above(p, q Post) bool {
	if p.UnitID == "" || q.UnitID == "" || p.Seat != Leader && p.Seat != Deputy {
		return false
	}
	if p.UnitID != q.UnitID {
		return g.Unit(q.UnitID, p.UnitID)
	}
	return p.Seat == Leader && q.Seat != Leader || p.Seat == Deputy && q.Seat != Leader && q.Seat != Deputy
}

// looksAfter finds the post of q's holder for which somebody with posts answers: one of a role that
// theirs invites, within their reach. Only posts of their own count: what somebody does for an
// absent colleague gives nobody a way in.
func (g Ground) looksAfter(looks Looks, posts, others []Post) (Post, bool) {
	for _, q := range others {
		if slices.ContainsFunc(posts, func(p Post) bool { return p.PersonID != q.PersonID && looks(p.Role, q.Role) && g.reaches(p, q) }) {
			return q, true
		}
	}
	return Post{}, false
}

// Charge is somebody for whom the asker answers.
type Charge struct {
	PersonID, Name string
	Post           Post // the one by which the asker answers for them
}

// Charges lists those for whom the asker answers, by name; q is part of a name or "".
func (s *Service) Charges(ctx context.Context, who Actor, q string) ([]Charge, error) {
	g, looks, err := s.rules(ctx, who.Jurisdiction)
	if err != nil || len(who.Posts) == 0 {
		return nil, err
	}
	roll, err := s.Roll(ctx)
	if err != nil {
		return nil, err
	}
	var out []Charge
	for person, home := range roll.people {
		if home != who.Jurisdiction || !strings.Contains(roll.names[person], q) {
			continue
		}
		if p, ok := g.looksAfter(looks, who.Posts, roll.Of(person, s.Now())); ok {
			out = append(out, Charge{person, roll.names[person], p})
		}
	}
	slices.SortFunc(out, func(a, b Charge) int {
		return strings.Compare(a.Post.AreaID+"\x00"+a.Name+"\x00"+a.PersonID, b.Post.AreaID+"\x00"+b.Name+"\x00"+b.PersonID)
	})
	return out, nil
}

// rules are what decides who answers for whom in a jurisdiction.
func (s *Service) rules(ctx context.Context, jurisdiction string) (Ground, Looks, error) {
	g, err := s.ground(ctx)
	if err != nil || s.Invites == nil {
		return g, func(string, string) bool { return false }, err
	}
	looks, err := s.Invites(ctx, jurisdiction)
	return g, looks, err
}

// answersFor refuses who does not answer for a person, as if the person were not there.
func (s *Service) answersFor(ctx context.Context, who Actor, personID string) (Post, error) {
	absent := fault.New(fault.NotFound, "person.none")
	g, looks, err := s.rules(ctx, who.Jurisdiction)
	if err != nil {
		return Post{}, err
	}
	other, err := s.actor(ctx, personID)
	if err != nil {
		return Post{}, err
	}
	p, ok := g.looksAfter(looks, who.Posts, other.Posts)
	if !ok || other.Jurisdiction != who.Jurisdiction {
		return Post{}, absent
	}
	return p, nil
}
