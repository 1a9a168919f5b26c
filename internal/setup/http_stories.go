package setup

import (
	"context"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/web"
)

// StoryRunJSON is the last run of a pack's stories.
type StoryRunJSON struct {
	Version string      `json:"version" doc:"of the pack that was tried"`
	Hash    string      `json:"hash"`
	State   string      `json:"state" enum:"running,done,cut" doc:"cut: its process ended before it did"`
	Started int64       `json:"started" doc:"ms UTC"`
	Changed int64       `json:"changed" doc:"ms UTC"`
	By      string      `json:"by_name"`
	Passed  int         `json:"passed"`
	Failed  int         `json:"failed"`
	Total   int         `json:"total"`
	Results []StoryJSON `json:"results"`
}

// StoryJSON is how one story went.
type StoryJSON struct {
	File   string `json:"file"`
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Text   string `json:"text,omitempty" doc:"what happened, and the first thing that was not as the story says"`
}

type storiesOutput struct {
	Body struct {
		Count int           `json:"count" doc:"stories that came with the version in force"`
		Names []string      `json:"names" doc:"of them"`
		Run   *StoryRunJSON `json:"run,omitempty"`
	}
}

type runStoriesInput struct {
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Lang string `json:"lang,omitempty" enum:"zh,en" doc:"of what is said of failures"`
	}
}

func (s *Service) storyRoutes(srv *web.Server, op func(method, path, id, summary string, status int) web.Operation) {
	web.Op(srv, op("GET", "/packs/{name}/stories", "packStories", "Stories of the pack in force, and how they went when they were run last", 0), s.httpStories)
	web.Op(srv, op("POST", "/packs/{name}/stories/run", "runStories", "Run the stories of the pack in force, in databases of their own", http.StatusAccepted), s.httpRunStories)
}

var storyHead = regexp.MustCompile(`(?m)^["']?(?:story|broken)["']?\s*:\s*["']?(.*?)["']?\s*$`)

// storyNames are what stories are called, in the order of their files; those below a folder of a
// later version are none.
func storyNames(files map[string]string) []string {
	var names []string
	for _, file := range sortedNames(files) {
		m := storyHead.FindStringSubmatch(files[file])
		if m == nil || strings.Contains(path.Dir(file), "@") {
			continue
		}
		names = append(names, m[1])
	}
	return names
}

func sortedNames(files map[string]string) []string {
	var all []string
	for name := range files {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func countStories(files map[string]string) int { return len(storyNames(files)) }

func (s *Service) httpStories(ctx context.Context, in *overlayInput) (*storiesOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	files, run, err := s.Stories(ctx, a, in.Name)
	if err != nil {
		return nil, err
	}
	out := &storiesOutput{}
	out.Body.Names = append([]string{}, storyNames(files)...)
	out.Body.Count = len(out.Body.Names)
	if run == nil {
		return out, nil
	}
	if err := s.Cases.World.Renew(ctx); err != nil {
		return nil, err
	}
	r := &StoryRunJSON{Version: run.Version, Hash: run.Hash, State: run.State, Started: db.Ms(run.Started), Changed: db.Ms(run.Changed),
		By: s.Cases.World.People().Name(run.Person), Total: run.Total, Results: []StoryJSON{}}
	for _, t := range run.Results {
		r.Results = append(r.Results, StoryJSON{t.File, t.Name, t.Text == "", t.Text})
		if t.Text == "" {
			r.Passed++
		} else {
			r.Failed++
		}
	}
	out.Body.Run = r
	return out, nil
}

func (s *Service) httpRunStories(ctx context.Context, in *runStoriesInput) (*struct{}, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	lang := in.Body.Lang
	if lang == "" {
		lang = web.Lang(ctx)
	}
	return nil, s.RunStories(ctx, a, in.Name, lang)
}
