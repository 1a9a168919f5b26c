package intake

import (
	"context"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// Ticket is what somebody follows a case with.
type Ticket struct{ Number, Code string }

// Followed is a case as its reporter may see it: no colleague's name, no note, nothing that
// the office says to itself.
type Followed struct {
	*casework.View
	DueAt     time.Time        // of the citizen's clock; zero: it has ended, or there is none
	RateUntil time.Time        // zero: it is not for the reporter to say now
	Replies   []casework.Reply // what the reporter was told, oldest first
	Phases    []Phase          // how it went
	Into      string           // number of the case that it was merged into
	Goes      *casework.View   // the case that the reporter has a say in: this one, or the other with its answer
}

// Phase is when a case came into a phase.
type Phase struct {
	Phase workflow.Phase
	At    time.Time
}

// Follow shows a case to who has its number and query code. Whatever is wrong about them, the
// answer is intake.not_found, as for a case that is not there.
func (s *Service) Follow(ctx context.Context, from Origin, t Ticket) (*Followed, error) {
	if _, err := s.count(ctx, looks, network(from.Addr)); err != nil {
		return nil, err
	}
	a, v, err := s.open(ctx, from, t)
	if err != nil {
		return nil, err
	}
	return s.followed(ctx, a, v)
}

// Act does an action on a case as its reporter, for who has its number and query code. by is
// who is logged in, nil for nobody: somebody else than the reporter is written down as helper.
// Refused as casework.Service.Act refuses, but that what may not be seen is intake.not_found.
// Who is not logged in is counted by the address, who is and has no office by the account.
func (s *Service) Act(ctx context.Context, by *account.Actor, from Origin, t Ticket, act casework.Act) (*Followed, error) {
	if _, err := s.count(ctx, looks, network(from.Addr)); err != nil {
		return nil, err
	}
	a, v, err := s.open(ctx, from, t)
	if err != nil {
		return nil, err
	}
	if by == nil {
		_, err = s.count(ctx, moves, network(from.Addr))
	} else {
		err = s.paced(ctx, by, casework.Moving)
	}
	if err != nil {
		return nil, err
	}
	goes, err := s.goesOn(ctx, a, v)
	if err != nil {
		return nil, err
	}
	act.Case = goes.ID
	if by != nil && by.PersonID != a.PersonID {
		a.Helper = by.PersonID
	}
	if _, err := s.Cases.Act(ctx, a, act); err != nil {
		return nil, err
	}
	if v, err = s.Cases.View(ctx, a, v.ID); err != nil {
		return nil, err
	}
	return s.followed(ctx, a, v)
}

// open finds the case of a ticket, and as whom its holder acts. Wrong ones are counted by the
// address they come from, all uses of a code by the code.
func (s *Service) open(ctx context.Context, from Origin, t Ticket) (*casework.Actor, *casework.View, error) {
	absent := fault.New(fault.NotFound, "intake.not_found")
	if err := s.mayAsk(ctx, wrongCodes, network(from.Addr)); err != nil {
		return nil, nil, err
	}
	wrong := func() (*casework.Actor, *casework.View, error) {
		if _, err := s.count(ctx, wrongCodes, network(from.Addr)); err != nil {
			return nil, nil, err
		}
		return nil, nil, absent
	}
	code, ok := readCode(t.Code)
	if !ok {
		return wrong()
	}
	x, ok, err := s.byCode(ctx, code)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return wrong()
	}
	if _, err := s.count(ctx, codeUses, code); err != nil {
		return nil, nil, err
	}
	a, err := s.Cases.By(ctx, account.Actor{PersonID: x.reporter, Jurisdiction: x.jurisdiction})
	if err != nil {
		return nil, nil, err
	}
	v, err := s.Cases.View(ctx, a, x.caseID)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return wrong()
	case err != nil:
		return nil, nil, err
	case !sameNumber(v.Number, t.Number):
		return wrong()
	}
	return a, v, nil
}

// sameNumber compares numbers as people write them.
func sameNumber(a, b string) bool {
	fold := func(s string) string {
		return strings.ToUpper(strings.Map(func(r rune) rune {
			if r >= 0xff01 && r <= 0xff5e {
				r -= 0xfee0
			}
			switch r {
			case ' ', '-', '\u3000', '\u2014', '\u2013':
				return -1
			}
			return r
		}, s))
	}
	return fold(a) == fold(b)
}

// goesOn is the case that a reporter has a say in: his own, or the one it was merged into once
// that has its answer.
func (s *Service) goesOn(ctx context.Context, a *casework.Actor, v *casework.View) (*casework.View, error) {
	if v.MergedInto == "" {
		return v, nil
	}
	into, err := s.Cases.View(ctx, a, v.MergedInto)
	if err == nil && (into.Phase == workflow.Rating || into.Phase == workflow.Closed) {
		return into, nil
	}
	return v, err
}

// followed is what the reporter may see. Of a case that was merged it is what became of the
// other one.
func (s *Service) followed(ctx context.Context, a *casework.Actor, v *casework.View) (*Followed, error) {
	out := &Followed{View: v, Replies: v.Replies(), Phases: phases(v)}
	if v.MergedInto != "" {
		into, err := s.Cases.View(ctx, a, v.MergedInto)
		if err != nil {
			return nil, err
		}
		out.Into, out.Replies = into.Number, append(out.Replies, into.Replies()...)
	}
	if v.Open() {
		out.DueAt, _ = v.CitizensDue()
	}
	goes, err := s.goesOn(ctx, a, v)
	if err != nil {
		return nil, err
	}
	out.Goes = goes
	if goes.Phase == workflow.Rating {
		for _, c := range goes.Clocks {
			if d := lifeClock(goes.Life, c.Name); d != nil && len(d.In) > 0 && c.State == casework.Running {
				out.RateUntil = c.Due
			}
		}
	}
	return out, nil
}

func lifeClock(l *workflow.Life, name string) *workflow.Clock {
	for i := range l.Clocks {
		if l.Clocks[i].Name == name {
			return &l.Clocks[i]
		}
	}
	return nil
}

// phases are the changes of phase, oldest first.
func phases(v *casework.View) []Phase {
	var out []Phase
	for _, m := range v.Moves {
		p := v.Life.Phase(m.To)
		if m.Done && (len(out) == 0 || out[len(out)-1].Phase != p) {
			out = append(out, Phase{p, m.At})
		}
	}
	return out
}
