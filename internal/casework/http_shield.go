package casework

import (
	"context"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/fault"
	"gezhi/internal/privacy"
	"gezhi/internal/web"
)

type accusedInput struct {
	Area string `query:"area" maxLength:"64" doc:"where the matter lies"`
	Q    string `query:"q" maxLength:"50" doc:"whose name contains this"`
}

type accusedOutput struct {
	Body struct {
		Accused []AccusedJSON `json:"accused"`
	}
}

// AccusedJSON is a unit or person that a report may be about.
type AccusedJSON struct {
	ID   string `json:"id"`
	Kind string `json:"kind" enum:"unit,person"`
	Name string `json:"name"`
	Hint string `json:"hint,omitempty" doc:"the role and unit of a person"`
}

// mostAccused is how many answers are given at once.
const mostAccused = 60

func (s *Service) httpAccused(ctx context.Context, in *accusedInput) (*accusedOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	out := &accusedOutput{}
	out.Body.Accused, err = s.Accused(ctx, who, in.Area, strings.TrimSpace(in.Q))
	return out, err
}

// Accused lists whom a report from a place may be about: those who work there, the nearest
// first, then those of the jurisdiction whose name contains q. To who has no account names are
// masked, and only a place is answered.
func (s *Service) Accused(ctx context.Context, who *Actor, area, q string) ([]AccusedJSON, error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	list := accusedList{s: s, ctx: ctx, who: who, q: q, out: []AccusedJSON{}}
	var path [8]string
	if area != "" || who.PersonID == "" {
		a, ok := s.World.Tree().Area(area)
		if !ok || a.Jurisdiction != who.Jurisdiction {
			return nil, fault.New(fault.Invalid, "case.unknown_area")
		}
		path = a.Path
	}
	units := s.World.Tree().Units(who.Jurisdiction)
	posts := s.World.People().Standing(who.Jurisdiction, s.Now())
	for l := 7; l >= int(account.Township); l-- {
		for _, u := range units {
			if path[l] != "" && u.Area == path[l] {
				list.unit(u.ID, u.Name)
			}
		}
		for _, p := range posts {
			if path[l] != "" && p.AreaID == path[l] {
				list.person(p)
			}
		}
	}
	if q != "" || area == "" {
		for _, u := range units {
			list.unit(u.ID, u.Name)
		}
		for _, p := range posts {
			list.person(p)
		}
	}
	return list.out, nil
}

// accusedList gathers whom a report may be about, each once.
type accusedList struct {
	s   *Service
	ctx context.Context
	who *Actor
	q   string
	out []AccusedJSON
}

func (l *accusedList) add(x AccusedJSON) {
	if len(l.out) < mostAccused && strings.Contains(x.Name, l.q) && !slices.ContainsFunc(l.out, func(y AccusedJSON) bool { return y.ID == x.ID }) {
		l.out = append(l.out, x)
	}
}

func (l *accusedList) unit(id, name string) { l.add(AccusedJSON{ID: id, Kind: "unit", Name: name}) }

func (l *accusedList) person(p Post) {
	if p.PersonID == l.who.PersonID && p.PersonID != "" || len(l.out) >= mostAccused {
		return
	}
	hint := p.Role
	packs, err := l.s.Book.Packs(l.ctx, l.who.Jurisdiction)
	if err == nil {
		for _, e := range packs {
			if r := e.Pack.Role(p.Role); r != nil {
				hint = (words{e.Pack, web.Lang(l.ctx)}).title(r.Title, p.Role)
				break
			}
		}
	}
	if u, ok := l.s.World.Tree().Unit(p.UnitID); ok {
		hint += " · " + u.Name
	}
	name := l.s.World.People().Name(p.PersonID)
	if l.who.PersonID == "" {
		name = privacy.MaskName(name)
	}
	l.add(AccusedJSON{ID: p.PersonID, Kind: "person", Name: name, Hint: hint})
}
