package intake

import (
	"context"
	"net/http"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

type noticesInput struct {
	Jurisdiction string `query:"jurisdiction" maxLength:"20"`
	Area         string `query:"area" maxLength:"64" doc:"a place: what lies there or below it, and what is said to the places above as a whole; all of the jurisdiction when empty"`
	Cursor       string `query:"cursor" maxLength:"512" doc:"next of the page before"`
}

type noticesOutput struct {
	Body struct {
		Notices []casework.PublicJSON `json:"notices"`
		Next    string                `json:"next,omitempty"`
	}
}

type noticeInput struct {
	ID           string `path:"id" maxLength:"64"`
	View         string `path:"view" maxLength:"100"`
	Jurisdiction string `query:"jurisdiction" maxLength:"20"`
}

type noticeOutput struct{ Body casework.PublicJSON }

type objectInput struct {
	web.Idempotency
	ID   string `path:"id" maxLength:"64"`
	View string `path:"view" maxLength:"100"`
	Body struct {
		Jurisdiction string         `json:"jurisdiction,omitempty" maxLength:"20"`
		Text         string         `json:"text,omitempty" maxLength:"2000"`
		Fields       map[string]any `json:"fields,omitempty"`
		Challenge    *AnswerJSON    `json:"challenge,omitempty"`
	}
}

// noticeRoutes adds what everybody may read, and how everybody may object to it.
func (s *Service) noticeRoutes(srv *web.Server) {
	op := func(method, path, id, summary string, status int) web.Operation {
		return web.Operation{Method: method, Path: path, ID: id, Summary: summary, Tags: []string{"intake"}, Public: true, Status: status}
	}
	web.Op(srv, op("GET", "/intake/notices", "listNotices", "What everybody may read at a place now, the newest first", 0), s.httpNotices)
	web.Op(srv, op("GET", "/intake/notices/{id}/{view}", "viewNotice", "One thing that everybody may read now", 0), s.httpNotice)
	web.Op(srv, op("POST", "/intake/notices/{id}/{view}/objections", "objectToNotice", "Object to what everybody may read, with an account or without", http.StatusCreated), s.httpObject)
}

func (s *Service) httpNotices(ctx context.Context, in *noticesInput) (*noticesOutput, error) {
	_, from := asking(ctx)
	if _, err := s.count(ctx, looks, network(from.Addr)); err != nil {
		return nil, err
	}
	j, err := s.Jurisdiction(in.Jurisdiction)
	if err != nil {
		return nil, err
	}
	area := in.Area
	if area == "" {
		if area, err = s.Home(ctx, j); err != nil {
			return nil, err
		}
	}
	var after casework.PublicCursor
	if in.Cursor != "" {
		if err := web.ReadCursor(in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	page, next, err := s.Cases.PublicIn(ctx, j.ID, area, after)
	if err != nil {
		return nil, err
	}
	out := &noticesOutput{}
	out.Body.Notices = make([]casework.PublicJSON, len(page))
	for i := range page {
		out.Body.Notices[i] = s.Cases.PublicJSON(ctx, &page[i])
	}
	if next != nil {
		out.Body.Next, err = web.Cursor(next)
	}
	return out, err
}

func (s *Service) httpNotice(ctx context.Context, in *noticeInput) (*noticeOutput, error) {
	_, from := asking(ctx)
	if _, err := s.count(ctx, looks, network(from.Addr)); err != nil {
		return nil, err
	}
	j, err := s.Jurisdiction(in.Jurisdiction)
	if err != nil {
		return nil, err
	}
	c, err := s.Cases.Public(ctx, j.ID, in.ID, in.View)
	if err != nil {
		return nil, err
	}
	return &noticeOutput{s.Cases.PublicJSON(ctx, c)}, nil
}

// Object brings an objection to what is public, and gives its query code. It is counted, and may
// need an answered challenge, as a report is.
func (s *Service) Object(ctx context.Context, by *account.Actor, from Origin, jurisdiction string, o casework.Objection, answer *Answer) (Filed, error) {
	j, err := s.Jurisdiction(jurisdiction)
	if err != nil {
		return Filed{}, err
	}
	if o.Text = strings.TrimSpace(o.Text); o.Text == "" && len(o.Fields) == 0 {
		return Filed{}, &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: "text", Code: "intake.nothing_said"}}}
	}
	w, err := s.reporter(ctx, by, j, BySelf, o.Key)
	if err != nil {
		return Filed{}, err
	}
	code := newCode(mac(s.Key, "new code", []byte(j.ID), []byte(w.PersonID), []byte(o.Key)))
	if _, filed, err := s.byCode(ctx, code); err != nil {
		return Filed{}, err
	} else if !filed && by == nil {
		if err := s.admit(ctx, from, Report{Key: o.Key, Challenge: answer}); err != nil {
			return Filed{}, err
		}
	}
	if err := s.paced(ctx, by, casework.Reporting); err != nil {
		return Filed{}, err
	}
	c, err := s.Cases.Object(ctx, w.Actor, o)
	if err != nil {
		return Filed{}, err
	}
	return Filed{c.ID, c.Number, grouped(code)}, s.give(ctx, code, row{j.ID, c.ID, w.PersonID}, w)
}

func (s *Service) httpObject(ctx context.Context, in *objectInput) (*reportOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	by, from := asking(ctx)
	var answer *Answer
	if c := in.Body.Challenge; c != nil {
		answer = &Answer{c.Token, c.Answer, c.Work}
	}
	filed, err := s.Object(ctx, by, from, in.Body.Jurisdiction, casework.Objection{Case: in.ID, View: in.View, Fields: in.Body.Fields, Text: in.Body.Text, Key: key}, answer)
	if err != nil {
		return nil, err
	}
	out := &reportOutput{}
	out.Body.Number, out.Body.Code = filed.Number, filed.Code
	if by != nil {
		out.Body.ID = filed.CaseID
	}
	return out, nil
}
