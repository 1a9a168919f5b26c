package casework

import (
	"context"
	"net/http"

	"gezhi/internal/web"
)

// SavedViewJSON is a view as its owner sees it.
type SavedViewJSON struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Query Filter `json:"query" doc:"parameters of a list of cases"`
}

type savedOutput struct {
	Body struct {
		Views []SavedViewJSON `json:"views"`
	}
}

type saveInput struct {
	Body struct {
		Name  string `json:"name" maxLength:"100"`
		Query Filter `json:"query"`
	}
}

type saveOutput struct{ Body SavedViewJSON }

func (s *Service) savedRoutes(srv *web.Server) {
	tags := []string{"cases"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/me/views", ID: "savedViews", Summary: "The cuts of the queues that the asker keeps", Tags: tags}, s.httpSaved)
	web.Op(srv, web.Operation{Method: "POST", Path: "/me/views", ID: "saveView", Summary: "Keep a cut of the queues under a name", Tags: tags, Status: http.StatusCreated}, s.httpSave)
	web.Op(srv, web.Operation{Method: "DELETE", Path: "/me/views/{id}", ID: "dropView", Summary: "Forget a view", Tags: tags, Status: http.StatusNoContent}, s.httpDrop)
}

func (s *Service) httpSaved(ctx context.Context, _ *struct{}) (*savedOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.SavedViews(ctx, who)
	out := &savedOutput{}
	out.Body.Views = []SavedViewJSON{}
	for _, v := range all {
		out.Body.Views = append(out.Body.Views, SavedViewJSON{v.ID, v.Name, v.Filter})
	}
	return out, err
}

func (s *Service) httpSave(ctx context.Context, in *saveInput) (*saveOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.SaveView(ctx, who, in.Body.Name, in.Body.Query)
	return &saveOutput{SavedViewJSON{v.ID, v.Name, v.Filter}}, err
}

func (s *Service) httpDrop(ctx context.Context, in *viewInput) (*struct{}, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.DropView(ctx, who, in.ID)
}
