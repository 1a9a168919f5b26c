package classifier

import (
	"context"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/classify"
	"gezhi/internal/web"
)

type proposeClassesInput struct {
	Body struct {
		Title string `json:"title,omitempty" maxLength:"200"`
		Text  string `json:"text" maxLength:"10000"`
	}
}

// ProposalJSON is a class that a text may be of.
type ProposalJSON struct {
	Class       string   `json:"class" doc:"pack/scheme:code"`
	Title       string   `json:"title"`
	Probability float64  `json:"probability,omitempty" doc:"0 to 1; none when only the title of the class speaks for it"`
	Words       []string `json:"words" doc:"of the text, what spoke for the class"`
	Sure        bool     `json:"sure" doc:"good enough to be filled in beforehand; a person still confirms"`
}

type proposeClassesOutput struct {
	Body struct {
		Classes []ProposalJSON `json:"classes"`
		Learnt  bool           `json:"learnt" doc:"proposed by what was learnt from classed texts; else by the titles of the classes"`
	}
}

// Register adds the operation of this package.
func (s *Service) Register(srv *web.Server) {
	web.Op(srv, web.Operation{Method: "POST", Path: "/class-proposals", ID: "proposeClasses", Summary: "Classes that a text may be of, with what speaks for each; nothing is applied", Tags: []string{"cases"}}, s.httpPropose)
}

func (s *Service) httpPropose(ctx context.Context, in *proposeClassesInput) (*proposeClassesOutput, error) {
	a, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	who, err := s.Cases.By(ctx, a)
	if err != nil {
		return nil, err
	}
	open, err := s.Cases.ToOpen(ctx, who)
	if err != nil {
		return nil, err
	}
	t := classify.Text{Title: in.Body.Title, Body: in.Body.Text}
	guesses, err := s.Propose(ctx, who.Jurisdiction, t)
	if err != nil {
		return nil, err
	}
	out := &proposeClassesOutput{}
	out.Body.Classes, out.Body.Learnt = show(guesses, open, true), true
	if len(out.Body.Classes) == 0 {
		out.Body.Classes, out.Body.Learnt = show(classify.ByTitle(Titles(open), t), open, false), false
	}
	return out, nil
}

// Titles are the classes that can be told by their titles.
func Titles(classes []casework.ClassJSON) (out []classify.Titled) {
	for _, k := range classes {
		if !k.Unsorted {
			out = append(out, classify.Titled{Class: k.ID, Title: k.Title})
		}
	}
	return out
}

// show keeps what may be opened.
func show(guesses []classify.Guess, open []casework.ClassJSON, learnt bool) []ProposalJSON {
	out := []ProposalJSON{}
	for _, g := range guesses {
		i := slices.IndexFunc(open, func(k casework.ClassJSON) bool { return k.ID == g.Class && !k.Unsorted })
		if i < 0 || len(out) == mostShown {
			continue
		}
		p := ProposalJSON{Class: g.Class, Title: strings.TrimSpace(open[i].Title), Words: append([]string{}, g.Words...), Sure: g.Sure}
		if learnt {
			p.Probability = g.Probability
		}
		out = append(out, p)
	}
	return out
}
