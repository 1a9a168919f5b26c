package points

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// classOf is a class of a pack, as cases name it; "" for none.
func classOf(p *pack.Pack, code string) string {
	if code == "" {
		return ""
	}
	return p.Name + "/" + code
}

// honoursOf are the records of a pack that say who was honoured.
func honoursOf(p *pack.Pack) *Honours {
	if p.Honours == nil {
		return nil
	}
	return &Honours{p.Honours.Kind, p.Honours.Fields["title"], p.Honours.Fields["person"]}
}

// Object opens a case about an entry of the asker's own, in the class that the pack names for it:
// about the case that led to the entry, where there is one. Objecting twice to one entry is one
// case. points.not_found for an entry of others.
func (s *Service) Object(ctx context.Context, who account.Actor, name string, kind Kind, key, text string) (string, error) {
	var was Posted
	var l Ledger
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if l, err = ledger(ctx, tx, LedgerID(who.Jurisdiction, name)); err != nil {
			return err
		}
		was, err = s.posting(ctx, tx, Ref{who.Jurisdiction, name, kind, key})
		return err
	}); err != nil {
		return "", err
	}
	id := LedgerID(who.Jurisdiction, name)
	mine := []string{own(who, string(Available)).ID(id), own(who, string(Held)).ID(id)}
	if !slices.ContainsFunc(was.Lines, func(line Line) bool { return slices.Contains(mine, line.Account) }) {
		return "", fault.New(fault.NotFound, "points.not_found")
	}
	if l.Objections == "" || s.Open == nil {
		return "", fault.New(fault.Conflict, "points.no_objections")
	}
	o := casework.Opening{Class: l.Objections, Text: text, Channel: "home", AreaID: was.Area, Key: "objection/" + name + "/" + string(kind) + "/" + key, OneKey: true}
	if len(who.Posts) > 0 {
		o.Channel = "field"
		if o.AreaID == "" {
			o.AreaID = who.Posts[0].AreaID
		}
	}
	if about, ok := strings.CutPrefix(was.Cause, "case/"); ok {
		o.About = &casework.About{Kind: workflow.AboutCase, ID: about}
	}
	opened, err := s.Open(ctx, who, o)
	if err != nil {
		return "", err
	}
	return opened.Case.ID, nil
}

type pointsObjectInput struct {
	Body struct {
		Ledger string `json:"ledger" maxLength:"40"`
		Kind   string `json:"kind" maxLength:"20" doc:"of the entry"`
		Key    string `json:"key" maxLength:"160" doc:"of the entry"`
		Text   string `json:"text" minLength:"1" maxLength:"2000"`
	}
}

func (s *Service) ownRoutes(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "POST", Path: "/points/objections", ID: "objectToPoints", Summary: "Object to an entry of one's own: opens a case", Tags: tags, Status: http.StatusCreated}, func(ctx context.Context, in *pointsObjectInput) (*pointsMadeOutput, error) {
		who, err := s.Actor(ctx)
		if err != nil {
			return nil, err
		}
		out := &pointsMadeOutput{}
		out.Body.ID, err = s.Object(ctx, who, in.Body.Ledger, Kind(in.Body.Kind), in.Body.Key, in.Body.Text)
		return out, err
	})
	web.Op(srv, web.Operation{Method: "PUT", Path: "/points/boards/me", ID: "showMeOnBoards", Summary: "Whether the asker wants to stand on boards", Tags: tags, Status: http.StatusNoContent}, s.httpShowMe)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/boards", ID: "pointsBoards", Summary: "Who was granted the most in a month, by group, as the pack has boards", Tags: tags}, s.httpBoards)
}
