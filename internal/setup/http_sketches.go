package setup

import (
	"context"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
)

// SketchJSON is a drawing of grids.
type SketchJSON struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Version   int64        `json:"version" doc:"counts how often it was saved; to be told when it is saved again"`
	State     string       `json:"state" enum:"open,put,dropped"`
	MadeBy    string       `json:"made_by_name"`
	ChangedBy string       `json:"changed_by_name"`
	ChangedAt int64        `json:"changed_at" doc:"ms UTC"`
	From      int64        `json:"from,omitempty" doc:"ms UTC: from when it is in force"`
	Changes   []ChangeJSON `json:"changes" doc:"none in a list"`
}

type sketchesOutput struct {
	Body struct {
		Sketches []SketchJSON `json:"sketches"`
	}
}

type sketchOutput struct{ Body SketchJSON }

// SketchBody is what is kept of a drawing.
type SketchBody struct {
	Name    string       `json:"name" minLength:"1" maxLength:"100"`
	Changes []ChangeJSON `json:"changes" maxItems:"500"`
}

type makeSketchInput struct{ Body SketchBody }

type saveSketchInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		SketchBody
		Version int64 `json:"version" minimum:"1" doc:"that was read"`
	}
}

type dropSketchInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Version int64 `json:"version" minimum:"1"`
	}
}

type putSketchInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Version int64  `json:"version" minimum:"1" doc:"that was looked at"`
		From    string `json:"from" minLength:"10" maxLength:"10" doc:"the first day, as 2026-03-02: today or one that comes"`
		Accept  bool   `json:"accept,omitempty" doc:"although ground is claimed twice, by nobody or beyond the village"`
		DryRun  bool   `json:"dry_run,omitempty"`
	}
}

type putSketchOutput struct {
	Body struct {
		SketchLookJSON
		Cases []PlacedJSON `json:"cases" doc:"open cases that stand elsewhere then"`
		Left  []LeftJSON   `json:"left" doc:"posts over grids that end: they are given anew"`
	}
}

// PlacedJSON are open cases that stand in another area than before.
type PlacedJSON struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Cases int    `json:"cases"`
}

// LeftJSON is a post over a grid that ends.
type LeftJSON struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Area string `json:"area"`
}

func (s *Service) httpSketches(ctx context.Context, _ *struct{}) (*sketchesOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	all, err := s.Cases.World.Territory.Sketches(ctx, a.Jurisdiction)
	if err == nil {
		err = s.Cases.World.Renew(ctx)
	}
	out := &sketchesOutput{}
	out.Body.Sketches = []SketchJSON{}
	for _, sk := range all {
		out.Body.Sketches = append(out.Body.Sketches, s.sketchJSON(sk))
	}
	return out, err
}

func (s *Service) sketchJSON(sk territory.Sketch) SketchJSON {
	name := s.Cases.World.People().Name
	out := SketchJSON{sk.ID, sk.Name, sk.Version, sk.State, name(sk.MadeBy), name(sk.ChangedBy), db.Ms(sk.ChangedAt), db.Ms(sk.From), []ChangeJSON{}}
	for _, c := range sk.Changes {
		out.Changes = append(out.Changes, ChangeJSON{c.Key, c.Parent, c.Begins, c.Ends, c.Into, c.Code, c.Name, c.Kind, coordinates(c.Shape), c.Mark})
	}
	return out
}

func (s *Service) httpSketch(ctx context.Context, in *gridAreaPath) (*sketchOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	sk, err := s.Cases.World.Territory.Sketch(ctx, a.Jurisdiction, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.Cases.World.Renew(ctx); err != nil {
		return nil, err
	}
	return &sketchOutput{s.sketchJSON(sk)}, nil
}

func (s *Service) httpMakeSketch(ctx context.Context, in *makeSketchInput) (*sketchOutput, error) {
	return s.saveSketch(ctx, "", 0, in.Body)
}

func (s *Service) httpSaveSketch(ctx context.Context, in *saveSketchInput) (*sketchOutput, error) {
	return s.saveSketch(ctx, in.ID, in.Body.Version, in.Body.SketchBody)
}

func (s *Service) saveSketch(ctx context.Context, id string, version int64, b SketchBody) (*sketchOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	changes, err := changesOf(b.Changes)
	if err != nil {
		return nil, err
	}
	if err := s.Cases.World.Renew(ctx); err != nil {
		return nil, err
	}
	sk, err := s.SaveSketch(ctx, a, territory.Sketch{ID: id, Name: b.Name, Version: version, Changes: changes})
	if err != nil {
		return nil, err
	}
	return &sketchOutput{s.sketchJSON(sk)}, nil
}

func (s *Service) httpDropSketch(ctx context.Context, in *dropSketchInput) (*struct{}, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	return nil, s.Cases.World.Territory.DropSketch(ctx, a.PersonID, a.Jurisdiction, in.ID, in.Body.Version)
}

func (s *Service) httpPutSketch(ctx context.Context, in *putSketchInput) (*putSketchOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	from, err := time.ParseInLocation(time.DateOnly, in.Body.From, clock.CST)
	if err != nil {
		return nil, fault.New(fault.Invalid, "territory.bad_date")
	}
	after, err := s.PutSketch(ctx, a, territory.Put{ID: in.ID, Version: in.Body.Version, From: from, Accept: in.Body.Accept, DryRun: in.Body.DryRun})
	if err != nil {
		return nil, err
	}
	out := &putSketchOutput{}
	out.Body.SketchLookJSON = sketchedJSON(ctx, after.Sketched)
	out.Body.Cases, out.Body.Left = []PlacedJSON{}, []LeftJSON{}
	before := s.Cases.World.Tree()
	for _, c := range after.Cases {
		out.Body.Cases = append(out.Body.Cases, PlacedJSON{nameOf(before, c.From), nameOf(after.Tree, c.To), c.Cases})
	}
	for _, l := range after.Left {
		out.Body.Left = append(out.Body.Left, LeftJSON{l.Person, s.role(ctx, a.Jurisdiction, l.Role), l.Area})
	}
	return out, nil
}

func nameOf(t *territory.Tree, area string) string {
	if x, ok := t.Area(area); ok {
		return x.Name
	}
	return ""
}
