package setup

import (
	"context"
	"net/http"

	"gezhi/internal/account"
	"gezhi/internal/web"
)

// longestOverlay is how much text of an overlay is taken in, in characters.
const longestOverlay = 200_000

type overlayInput struct {
	Name string `path:"name" maxLength:"100"`
}

type overlayOutput struct {
	Body struct {
		Text string `json:"text" doc:"YAML; empty where the county has no values of its own"`
		Hash string `json:"hash,omitempty"`
	}
}

type checkOverlayInput struct {
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Text string `json:"text" maxLength:"200000" doc:"YAML; empty takes the county's values away"`
	}
}

// OverlayCheckJSON is the report on a county's own values for a pack.
type OverlayCheckJSON struct {
	Title    string            `json:"title"`
	Version  string            `json:"version" doc:"of the pack in force"`
	Pack     string            `json:"pack" doc:"its hash, to be told when the values are loaded"`
	Before   string            `json:"before,omitempty" doc:"hash of the overlay in force, to be told likewise"`
	OK       bool              `json:"ok" doc:"it may be loaded"`
	Same     bool              `json:"same,omitempty" doc:"it is in force already"`
	Problems []PackProblemJSON `json:"problems"`
	Changes  []string          `json:"changes" doc:"from what is in force, in words"`
	Units    []string          `json:"units" doc:"that duty lines name, and that do not stand"`
}

type checkOverlayOutput struct{ Body OverlayCheckJSON }

type loadOverlayInput struct {
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Text   string `json:"text" maxLength:"200000"`
		Pack   string `json:"pack" maxLength:"64" doc:"as the check told"`
		Before string `json:"before,omitempty" maxLength:"64" doc:"as the check told"`
	}
}

func (s *Service) overlayRoutes(srv *web.Server, op func(method, path, id, summary string, status int) web.Operation) {
	web.Op(srv, op("GET", "/packs/{name}/overlay", "packOverlay", "The county's own values for a pack", 0), s.httpOverlay)
	check := op("POST", "/packs/{name}/overlay/check", "checkOverlay", "Check values of the county's own: what is wrong, what they would change; nothing is kept", 0)
	check.MaxBody = 4 * longestOverlay
	web.Op(srv, check, s.httpCheckOverlay)
	load := op("PUT", "/packs/{name}/overlay", "loadOverlay", "Put checked values in force for new cases", http.StatusNoContent)
	load.MaxBody = 4 * longestOverlay
	web.Op(srv, load, s.httpLoadOverlay)
}

func (s *Service) httpOverlay(ctx context.Context, in *overlayInput) (*overlayOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	e, err := s.inForce(ctx, a, in.Name)
	if err != nil {
		return nil, err
	}
	out := &overlayOutput{}
	if o := e.Overlay; o != nil {
		out.Body.Text, out.Body.Hash = string(o.Encode()), o.Hash()
	}
	return out, nil
}

func (s *Service) httpCheckOverlay(ctx context.Context, in *checkOverlayInput) (*checkOverlayOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	c, err := s.CheckOverlay(ctx, a, in.Name, in.Body.Text)
	if err != nil {
		return nil, err
	}
	return &checkOverlayOutput{OverlayCheckJSON{Title: titleOf(ctx, c.Pack.Pack), Version: c.Pack.Pack.Version, Pack: c.Pack.Pack.Hash(), Before: c.before(),
		OK: c.Report.OK() && !c.Same, Same: c.Same, Problems: problemsOf(ctx, c.Report), Changes: inWords(ctx, c.Changes), Units: append([]string{}, c.Units...)}}, nil
}

func (s *Service) httpLoadOverlay(ctx context.Context, in *loadOverlayInput) (*struct{}, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	b := in.Body
	return nil, s.LoadOverlay(ctx, a, in.Name, b.Text, b.Pack, b.Before)
}
