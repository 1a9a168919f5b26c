package feed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// FeedJSON is a feed that somebody may import.
type FeedJSON struct {
	Name    string    `json:"name"`
	Title   string    `json:"title"`
	Replies bool      `json:"replies" doc:"answers can be exported"`
	Runs    []RunJSON `json:"runs" doc:"the newest first"`
}

// RunJSON is one import or export.
type RunJSON struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind" enum:"check,import,history,export"`
	State   string     `json:"state" enum:"running,done,failed"`
	Done    int64      `json:"done"`
	Total   int64      `json:"total"`
	BeganAt int64      `json:"began_at" doc:"ms UTC"`
	MovedAt int64      `json:"moved_at" doc:"ms UTC"`
	By      string     `json:"by,omitempty" doc:"who imported"`
	Counts  CountsJSON `json:"counts"`
}

// CountsJSON says how many lines became what.
type CountsJSON struct {
	New       int `json:"new"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Withdrawn int `json:"withdrawn"`
	Refused   int `json:"refused"`
	Answers   int `json:"answers"`
}

// LineJSON is what became of one line.
type LineJSON struct {
	Line   int      `json:"line,omitempty"`
	Theirs string   `json:"theirs,omitempty" doc:"its number there"`
	Number string   `json:"number,omitempty" doc:"of the case"`
	Case   string   `json:"case,omitempty"`
	State  string   `json:"state" enum:"new,updated,unchanged,withdrawn,refused"`
	Why    string   `json:"why,omitempty" doc:"of a refusal, in words"`
	Notes  []string `json:"notes,omitempty" doc:"what deserves a look, in words"`
}

type feedsOutput struct {
	Body struct {
		Feeds []FeedJSON `json:"feeds"`
	}
}

type runInput struct {
	Name string `path:"name" maxLength:"40"`
	ID   string `path:"id" maxLength:"64"`
}

type runOutput struct{ Body RunLinesJSON }

// RunLinesJSON is a run with its lines.
type RunLinesJSON struct {
	RunJSON
	Failed string     `json:"failed,omitempty" doc:"what ended it, in words"`
	Lines  []LineJSON `json:"lines"`
}

type exportInput struct {
	Name string `path:"name" maxLength:"40"`
}

type exportOutput struct {
	Body struct {
		Run *RunJSON `json:"run,omitempty" doc:"none where nothing new was answered"`
	}
}

type importQuery struct {
	Kind string `query:"kind" enum:"check,import,history" doc:"check changes nothing; import when empty"`
}

// StartedJSON names the run that was begun.
type StartedJSON struct {
	Run string `json:"run"`
}

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	tags := []string{"feeds"}
	if s.work == nil {
		s.work = make(chan func(context.Context), waiting)
	}
	web.Op(srv, web.Operation{Method: "GET", Path: "/feeds", ID: "feeds", Summary: "Feeds that one may import, with their last runs", Tags: tags}, s.httpFeeds)
	web.Op(srv, web.Operation{Method: "GET", Path: "/feeds/{name}/runs/{id}", ID: "feedRun", Summary: "One import or export, with what became of each line", Tags: tags}, s.httpRun)
	web.Op(srv, web.Operation{Method: "POST", Path: "/feeds/{name}/exports", ID: "exportAnswers", Summary: "Gather the answers given since the last export", Tags: tags}, s.httpExport)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/feeds/{name}/exports/{id}", ID: "exportedAnswers", Summary: "The answers of an export, in the feed's own columns; can be asked for again", Tags: tags,
		Exchange: web.Exchange{Media: "application/octet-stream"}}, s.httpFile)
	web.Raw(srv, web.Operation{Method: "POST", Path: "/feeds/{name}/imports", ID: "importFeed", Summary: "Take in a table, CSV or XLSX; the answer names the run, which goes on by itself", Tags: tags, Status: http.StatusAccepted,
		MaxBody: territory.MaxFile + 1<<20, Pace: web.UploadPace, Exchange: web.Exchange{Query: importQuery{}, Upload: "file", Answer: StartedJSON{}}}, s.httpImport)
	s.hookRoutes(srv)
	s.paperRoutes(srv)
}

// may is who asks, who must have one of the mapping's roles over the whole jurisdiction: to
// anybody else the feed is not there.
func (s *Service) may(ctx context.Context, name string) (account.Actor, *Mapping, error) {
	a, err := account.From(ctx)
	if err != nil {
		return a, nil, err
	}
	m, err := s.Mapping(name)
	if err != nil {
		return a, nil, err
	}
	ok, err := s.allowed(ctx, a, m)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "feed.unknown")
	}
	return a, m, err
}

func (s *Service) allowed(ctx context.Context, a account.Actor, m *Mapping) (bool, error) {
	j := s.Jurisdiction(a.Jurisdiction)
	if m.County != "" && m.County != j.Code {
		return false, nil
	}
	home, err := s.Home(ctx, j)
	if err != nil {
		return false, err
	}
	posts := slices.Clone(a.Posts)
	for _, x := range a.Acting {
		posts = append(posts, x.Post)
	}
	return home != "" && slices.ContainsFunc(posts, func(p account.Post) bool { return p.AreaID == home && m.may(p.Role) }), nil
}

func (s *Service) httpFeeds(ctx context.Context, _ *struct{}) (*feedsOutput, error) {
	a, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	out := &feedsOutput{}
	out.Body.Feeds = []FeedJSON{}
	for _, n := range names {
		m, err := s.Mapping(n)
		if err != nil {
			return nil, err
		}
		if ok, err := s.allowed(ctx, a, m); err != nil || !ok {
			if err != nil {
				return nil, err
			}
			continue
		}
		f := FeedJSON{Name: n, Title: m.Title[web.Lang(ctx)], Replies: m.Replies != nil, Runs: []RunJSON{}}
		runs, err := s.Runs(ctx, a.Jurisdiction, n, 20)
		if err != nil {
			return nil, err
		}
		for i := range runs {
			f.Runs = append(f.Runs, s.runJSON(&runs[i]))
		}
		out.Body.Feeds = append(out.Body.Feeds, f)
	}
	return out, nil
}

func (s *Service) runJSON(r *Run) RunJSON {
	rep := r.Report()
	out := RunJSON{ID: r.ID, Kind: r.Kind, State: r.State, Done: r.Done, Total: r.Total, BeganAt: db.Ms(r.BeganAt), MovedAt: db.Ms(r.MovedAt),
		Counts: CountsJSON{rep.New, rep.Updated, rep.Unchanged, rep.Withdrawn, rep.Refused, rep.Answers}}
	if r.Person != "" {
		out.By = s.Cases.World.People().Name(r.Person)
	}
	return out
}

func (s *Service) httpRun(ctx context.Context, in *runInput) (*runOutput, error) {
	a, _, err := s.may(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	r, err := s.RunOf(ctx, a.Jurisdiction, in.ID)
	if err == nil && r.Source != in.Name {
		err = fault.New(fault.NotFound, "feed.no_run")
	}
	if err != nil {
		return nil, err
	}
	lang, rep := web.Lang(ctx), r.Report()
	out := &runOutput{RunLinesJSON{RunJSON: s.runJSON(&r), Lines: []LineJSON{}}}
	if rep.Failed != "" {
		out.Body.Failed = web.Say(lang, rep.Failed, nil)
	}
	for _, l := range rep.Lines {
		x := LineJSON{Line: l.Line, Theirs: l.Theirs, Number: l.Number, Case: l.Case, State: l.State}
		if l.Why != nil {
			x.Why = Say(lang, *l.Why)
		}
		for _, n := range l.Notes {
			x.Notes = append(x.Notes, Say(lang, n))
		}
		out.Body.Lines = append(out.Body.Lines, x)
	}
	return out, nil
}

// Say is what is wrong at a place of a line, in words, with the column or field that it is about.
func Say(lang string, p fault.Place) string {
	says := web.Say(lang, p.Code, p.Args)
	if p.Path == "" {
		return says
	}
	return web.Say(lang, "feed.about", map[string]any{"column": p.Path, "says": says})
}

func (s *Service) httpImport(w http.ResponseWriter, r *http.Request) error {
	a, m, err := s.may(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	kind := r.URL.Query().Get("kind")
	switch kind {
	case "":
		kind = Import
	case Check, Import, History:
	default:
		return &fault.Error{Kind: fault.Invalid, Code: "request.invalid", At: []fault.Place{{Path: "query.kind", Code: "field.not_offered"}}}
	}
	part, err := web.FilePart(r, "file")
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(part, territory.MaxFile+1))
	var big *http.MaxBytesError
	if errors.As(err, &big) || len(data) > territory.MaxFile {
		return fault.New(fault.TooLarge, "territory.too_large", "bytes", territory.MaxFile)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "file.not_multipart")
	}
	run, err := s.Later(r.Context(), Job{Jurisdiction: a.Jurisdiction, Mapping: m, Data: data, Kind: kind, By: a.PersonID})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusAccepted, StartedJSON{run})
}

func (s *Service) httpExport(ctx context.Context, in *exportInput) (*exportOutput, error) {
	a, m, err := s.may(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	run, ok, err := s.Export(ctx, a.Jurisdiction, m, a.PersonID)
	if err != nil {
		return nil, err
	}
	out := &exportOutput{}
	if ok {
		x := s.runJSON(&run)
		out.Body.Run = &x
	}
	return out, nil
}

func (s *Service) httpFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, m, err := s.may(ctx, r.PathValue("name"))
	if err != nil {
		return err
	}
	run, err := s.RunOf(ctx, a.Jurisdiction, r.PathValue("id"))
	if err == nil && (run.Source != m.Name || run.Kind != Export) {
		err = fault.New(fault.NotFound, "feed.no_run")
	}
	if err != nil {
		return err
	}
	head, rows, err := s.Answers(ctx, a.Jurisdiction, m, run.ID)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := m.Replies.Write(&file, head, rows); err != nil {
		return err
	}
	name, media := m.Replies.File(m.Name, run.BeganAt.In(m.Zone))
	web.Attach(w, name, media)
	_, _ = w.Write(file.Bytes())
	return nil
}
