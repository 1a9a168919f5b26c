package search

import (
	"context"

	"gezhi/internal/casework"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

type searchInput struct {
	Q        string `query:"q" required:"true" maxLength:"200" doc:"words, all of which must stand there; quotes keep words together"`
	Class    string `query:"class" maxLength:"200" doc:"pack/scheme:code"`
	Phase    string `query:"phase" maxLength:"20"`
	Area     string `query:"area" maxLength:"64" doc:"this area and below"`
	Severity string `query:"severity" maxLength:"20"`
	From     string `query:"from" maxLength:"10" doc:"opened on this day or later: 2026-03-01"`
	Until    string `query:"until" maxLength:"10" doc:"opened on this day or before"`
	Cursor   string `query:"cursor" maxLength:"2048" doc:"next of the page before"`
	Limit    int    `query:"limit" minimum:"0" maximum:"100" doc:"20 when 0"`
}

type searchOutput struct {
	Body struct {
		Hits []hitJSON `json:"hits" doc:"the case of the very number first, then the latest opened"`
		Next string    `json:"next,omitempty"`
	}
}

type hitJSON struct {
	Case     casework.RowJSON `json:"case"`
	Numbered bool             `json:"numbered,omitempty" doc:"its number is the very query"`
	Snippet  []Part           `json:"snippet" doc:"the line in which most words stand"`
}

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/search", ID: "searchCases", Summary: "Cases that the asker may see, by words, numbers and places", Tags: []string{"cases"}}, s.httpSearch)
}

func (s *Service) httpSearch(ctx context.Context, in *searchInput) (*searchOutput, error) {
	who, err := s.Cases.Asker(ctx)
	if err != nil {
		return nil, err
	}
	q := Query{Text: in.Q, Limit: in.Limit,
		Filter: casework.Query{Class: in.Class, Phase: workflow.Phase(in.Phase), AreaID: in.Area, Severity: in.Severity}}
	if q.From, err = casework.DayOf(in.From, 0); err != nil {
		return nil, err
	}
	if q.Until, err = casework.DayOf(in.Until, 1); err != nil {
		return nil, err
	}
	if in.Cursor != "" {
		if err := web.ReadCursor(in.Cursor, &q.After); err != nil {
			return nil, err
		}
	}
	hits, next, err := s.Find(ctx, who, q)
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	out.Body.Hits = make([]hitJSON, len(hits))
	for i, h := range hits {
		out.Body.Hits[i] = hitJSON{s.Cases.Listed(ctx, &h.Row), h.Numbered, h.Snippet}
	}
	if next != nil {
		out.Body.Next, err = web.Cursor(*next)
	}
	return out, err
}
