package paste

import (
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/number"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// Service proposes cases out of what was pasted, and answers to be pasted back.
type Service struct {
	Cases *casework.Service
	// Guess says which places a text names, and which classes it may be of, with the words that
	// speak for each.
	Guess func(ctx context.Context, who account.Actor, text string) ([]Place, []Class, error)
}

// Proposed is a proposal with what the text speaks of. Numbers are out of its text: they belong
// into fields of their own.
type Proposed struct {
	Proposal
	Phone   string // the first telephone number in it, "" for none
	Numbers int    // of people in it, telephone numbers included
	Areas   []Place
	Classes []Class
}

// Place is an area that a text names.
type Place struct{ ID, Name, Why string }

// Class is a class that a text may be of, with the words that speak for it.
type Class struct{ ID, Title, Why string }

// mostGuessed is how many places and how many classes are proposed.
const mostGuessed = 3

// Propose reads a block of chat text. It keeps nothing.
func (s *Service) Propose(ctx context.Context, who account.Actor, text string) ([]Proposed, error) {
	var out []Proposed
	for _, p := range Gather(Read(text, s.Cases.Now())) {
		x := Proposed{Proposal: p}
		whole := p.Text
		x.Text = number.Replace(whole, func(f number.Found) string {
			if !f.Kind.Personal() {
				return whole[f.Start:f.End]
			}
			x.Numbers++
			if f.Kind == number.KindPhone && x.Phone == "" {
				x.Phone = f.Normal
			}
			return hidden
		})
		if !x.Idle {
			var err error
			if x.Areas, x.Classes, err = s.Guess(ctx, who, x.Text); err != nil {
				return nil, err
			}
			x.Areas, x.Classes = x.Areas[:min(len(x.Areas), mostGuessed)], x.Classes[:min(len(x.Classes), mostGuessed)]
		}
		out = append(out, x)
	}
	return out, nil
}

// Answer is what may be pasted back into the group about a case: its number, how it ended or
// where it stands, and what its reporter was told, without names, numbers and addresses.
type Answer struct {
	Number, Title, State, Text string
	ClosedAt                   time.Time
}

// AnswerOf composes the answer for somebody who may see the case.
func (s *Service) AnswerOf(ctx context.Context, who account.Actor, id string) (Answer, error) {
	actor, err := s.Cases.By(ctx, who)
	if err != nil {
		return Answer{}, err
	}
	v, err := s.Cases.View(ctx, actor, id)
	if err != nil {
		return Answer{}, err
	}
	lang := web.Lang(ctx)
	out := Answer{Number: v.Number, Title: v.Class.Title[lang], State: v.Class.In.Pack.Word(lang, "steps", v.Case.Life+"."+v.Step), ClosedAt: v.ClosedAt}
	if x := v.Class.In.Pack.Word(lang, "outcomes", v.Case.Life+"."+v.Outcome); v.Outcome != "" && x != "" {
		out.State = x
	}
	out.Text = Mask(told(v), s.names(actor.Jurisdiction))
	return out, nil
}

// told is the last that the reporter was told in words: what an act asked that tells the reporter.
func told(v *casework.View) string {
	for i := len(v.Moves) - 1; i >= 0; i-- {
		d := v.Life.Action(v.Moves[i].Action)
		if d == nil || !v.Moves[i].Done || !slices.ContainsFunc(d.Then, func(e workflow.Effect) bool {
			return slices.ContainsFunc(e.Tell, func(w workflow.Who) bool { return w.Kind == workflow.WhoSeat && w.Name == workflow.Reporter })
		}) {
			continue
		}
		var said []string
		for _, name := range slices.Concat(d.Asks, d.Also) {
			f := v.Class.Field(name)
			if text, ok := v.Moves[i].Data.Values[name].(string); ok && f != nil && f.Type == "long_text" && f.Personal == nil && name != "reason" && name != "note" {
				said = append(said, text)
			}
		}
		if len(said) > 0 {
			return strings.Join(said, "\n")
		}
	}
	return ""
}

// names are those of the people who work in the jurisdiction.
func (s *Service) names(jurisdiction string) []string {
	people := s.Cases.World.People()
	var out []string
	for _, p := range people.Standing(jurisdiction, s.Cases.Now()) {
		if n := people.Name(p.PersonID); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
