package setup

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
)

// Told is how one story went.
type Told struct {
	File string `json:"file"`
	Name string `json:"name"`
	Text string `json:"text,omitempty"` // why it failed; "": it passed
}

// StoryRun is the last run of a pack's stories.
type StoryRun struct {
	Hash, Version string // of the pack that was tried
	Person        string
	State         string // one of the run states
	Started       time.Time
	Changed       time.Time
	Results       []Told
	Total         int // stories there are
}

// The states of a run.
const (
	RunRunning = "running"
	RunDone    = "done"
	RunCut     = "cut" // nothing was heard of it for long: its process has ended
)

const (
	longestRun = 10 * time.Minute
	silent     = 2 * time.Minute // since the last story of a run that is believed to go on
	longStory  = 20_000          // characters of why a story failed
)

var (
	selectRun = db.SQL(`SELECT hash, version, person_id, state, started_at, changed_at, results, total FROM pack_story_run WHERE jurisdiction = $1 AND name = $2`)
	storeRun  = db.SQL(`INSERT INTO pack_story_run (jurisdiction, name, hash, version, person_id, state, started_at, changed_at, results, total)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (jurisdiction, name) DO UPDATE SET hash = excluded.hash, version = excluded.version,
		person_id = excluded.person_id, state = excluded.state, started_at = excluded.started_at, changed_at = excluded.changed_at, results = excluded.results, total = excluded.total`)
)

// Stories returns the story files of the pack in force, and the last run of them; nil where there
// was none.
func (s *Service) Stories(ctx context.Context, a account.Actor, name string) (files map[string]string, run *StoryRun, err error) {
	e, err := s.inForce(ctx, a, name)
	if err != nil {
		return nil, nil, err
	}
	if files, err = s.storiesOf(ctx, e.Pack); err != nil {
		return nil, nil, err
	}
	run, err = s.lastRun(ctx, a, name)
	return files, run, err
}

// storiesOf are the stories that were loaded with a version, else those that it ships with.
func (s *Service) storiesOf(ctx context.Context, p *pack.Pack) (map[string]string, error) {
	files, err := s.Cases.Book.Stories(ctx, p.Hash())
	if err != nil || len(files) > 0 {
		return files, err
	}
	files = map[string]string{}
	for _, o := range s.Shipped() {
		if o.Name == p.Name && o.Hash() == p.Hash() {
			for name, data := range o.Stories() {
				files[name] = string(data)
			}
		}
	}
	return files, nil
}

func (s *Service) lastRun(ctx context.Context, a account.Actor, name string) (run *StoryRun, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r := &StoryRun{}
		var started, changed int64
		var results string
		err := tx.Row(ctx, selectRun, []any{a.Jurisdiction, name}, &r.Hash, &r.Version, &r.Person, &r.State, &started, &changed, &results, &r.Total)
		if err == db.ErrNoRows {
			return nil
		}
		if err != nil {
			return err
		}
		r.Started, r.Changed = db.Time(started), db.Time(changed)
		if r.State == RunRunning && s.Now().Sub(r.Changed) > silent {
			r.State = RunCut
		}
		run = r
		return json.Unmarshal([]byte(results), &r.Results)
	})
	return run, err
}

// RunStories begins a run of the stories of the pack in force, each in a database of its own that
// is thrown away: nothing of the jurisdiction is read or written but how they went. One run at a
// time: setup.stories_running. A pack that came without stories is setup.no_stories.
func (s *Service) RunStories(ctx context.Context, a account.Actor, name, lang string) error {
	files, last, err := s.Stories(ctx, a, name)
	switch {
	case err != nil:
		return err
	case len(files) == 0:
		return fault.New(fault.Invalid, "setup.no_stories")
	case last != nil && last.State == RunRunning || !s.telling.TryLock():
		return fault.New(fault.Conflict, "setup.stories_running")
	}
	e, err := s.inForce(ctx, a, name)
	if err != nil {
		s.telling.Unlock()
		return err
	}
	run := StoryRun{Hash: e.Pack.Hash(), Version: e.Pack.Version, Person: a.PersonID, State: RunRunning, Started: s.Now(), Results: []Told{}, Total: countStories(files)}
	if err := s.keepRun(ctx, a, name, &run); err != nil {
		s.telling.Unlock()
		return err
	}
	whole := map[string][]byte{}
	for n, data := range e.Pack.Files() {
		whole[n] = data
	}
	for n, text := range files {
		whole[n] = []byte(text)
	}
	go s.tellStories(context.WithoutCancel(ctx), a, name, lang, whole, &run)
	return nil
}

// tellStories runs the stories and writes down how far it has come once a second.
func (s *Service) tellStories(ctx context.Context, a account.Actor, name, lang string, files map[string][]byte, run *StoryRun) {
	defer s.telling.Unlock()
	ctx, stop := context.WithTimeout(ctx, longestRun)
	defer stop()
	keep := func() {
		if err := s.keepRun(context.WithoutCancel(ctx), a, name, run); err != nil {
			slog.Error("stories", "err", err)
		}
	}
	written := s.Now()
	s.Tell(ctx, files, lang, func(t Told) {
		if r := []rune(t.Text); len(r) > longStory {
			t.Text = string(r[:longStory])
		}
		run.Results = append(run.Results, t)
		if now := s.Now(); now.Sub(written) >= time.Second {
			written = now
			keep()
		}
	})
	run.State, run.Total = RunDone, len(run.Results)
	keep()
}

func (s *Service) keepRun(ctx context.Context, a account.Actor, name string, run *StoryRun) error {
	results, err := json.Marshal(run.Results)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Keys{"stories/" + a.Jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, storeRun, a.Jurisdiction, name, run.Hash, run.Version, run.Person, run.State, run.Started, s.Now(), string(results), int64(run.Total))
	})
}
