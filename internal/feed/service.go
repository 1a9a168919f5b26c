package feed

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

// Service is the use cases of feeds. Its fields are the wiring; all must be set but Secret and
// Answer.
type Service struct {
	DB    *db.DB
	Now   clock.Now
	ID    id.Source
	Cases *casework.Service
	// Past is Cases under a clock set by hand, for histories: see casework.Service.Past.
	Past func(now clock.Now) *casework.Service
	// Dir is the folder of mapping files: NAME.yaml.
	Dir string
	// Key makes the hashes by which a change is seen; it is not in the database.
	Key []byte
	// Nobody is the reporter of a case who is nobody that the program knows, by the report's key.
	Nobody func(jurisdiction, report string) string
	// GiveCode gives the query code of a case to such a reporter, the same each time.
	GiveCode func(ctx context.Context, jurisdiction, caseID, reporter, report string) (string, error)
	// Jurisdiction finds one by its id, ByCode by its division code; "" is the only one there is.
	Jurisdiction func(id string) account.Jurisdiction
	ByCode       func(code string) (account.Jurisdiction, error)
	// Home is the area of a jurisdiction itself.
	Home func(ctx context.Context, j account.Jurisdiction) (string, error)
	// Secret is the key with which a feed signs its messages; "" for a feed that has none.
	Secret func(name string) string

	work chan func(context.Context)

	mu   sync.Mutex
	wait map[string]bool // runs of this process that are not done
}

// Mapping reads the mapping file of a feed: feed.unknown where there is none.
func (s *Service) Mapping(name string) (*Mapping, error) {
	unknown := fault.New(fault.NotFound, "feed.unknown")
	if !feedName.MatchString(name) {
		return nil, unknown
	}
	data, err := os.ReadFile(filepath.Join(s.Dir, name+".yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknown
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "feed.unreadable")
	}
	m, err := ParseMapping(data)
	if err != nil {
		return nil, err
	}
	if m.Name != name {
		return nil, fault.New(fault.Invalid, "feed.other_name", "name", m.Name)
	}
	return m, nil
}

// Names lists the feeds that have a mapping file.
func (s *Service) Names() ([]string, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.Unavailable, "feed.unreadable")
	}
	var out []string
	for _, e := range entries {
		if n, ok := strings.CutSuffix(e.Name(), ".yaml"); ok && feedName.MatchString(n) {
			out = append(out, n)
		}
	}
	return out, nil
}

// Job is one table to take in.
type Job struct {
	Jurisdiction string
	Mapping      *Mapping
	Data         []byte
	Kind         string // Check, Import or History
	By           string // person; "" is the command line
	// Progress hears how far it has come; its error gives the rest up. nil hears nothing.
	Progress func(done, total int) error
}

// longestRow is how long the lines of an import may stand between two notes of its progress.
const noteEvery = time.Second

// Begin reads a table and writes the run down; the rest is done by the function, which ends the
// run and returns what it came to. A file that is no table is refused before there is a run.
func (s *Service) Begin(ctx context.Context, j Job) (run string, rest func(context.Context) (Report, error), err error) {
	if j.Kind == History && (j.Mapping.Closed == "" || j.Mapping.Opened == "") {
		return "", nil, fault.New(fault.Invalid, "feed.no_history")
	}
	items, wrong, err := j.Mapping.read(j.Data, j.Kind == History)
	if err != nil {
		return "", nil, err
	}
	run, now, total := s.ID(), s.Now(), int64(len(items)+len(wrong))
	s.alive(run, true)
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, insertRun, run, j.Jurisdiction, j.Mapping.Name, j.Kind, j.By, total, now)
	})
	if err != nil {
		s.alive(run, false)
	}
	return run, func(ctx context.Context) (Report, error) { return s.carryOut(ctx, run, j, items, wrong) }, err
}

// waiting is how many imports may wait for the one that is carried out.
const waiting = 8

// Run carries out, one at a time, the imports that pages ask for, until ctx ends. Meanwhile it
// says that they are alive, and gives up those of processes that are not.
func (s *Service) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { s.watch(ctx) })
	defer wg.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case do := <-s.work:
			do(ctx)
		}
	}
}

const (
	beatEvery = 20 * time.Second
	// deadAfter is how long a run may show no life: several times beatEvery, and noteEvery.
	deadAfter = 2 * time.Minute
)

// watch keeps the states of runs true until ctx ends.
func (s *Service) watch(ctx context.Context) {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for begun := true; ; begun = false {
		if _, err := s.Bury(ctx, begun); err != nil && ctx.Err() == nil {
			slog.Error("feed", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Bury says of runs that their process ended before they did, and that those of this one are
// alive; it returns how many it gave up. begun tells that this process has only just begun:
// where it has the database for itself, nothing can be running then.
func (s *Service) Bury(ctx context.Context, begun bool) (n int64, err error) {
	rep, _ := json.Marshal(Report{Failed: "feed.cut_off", Lines: []Line{}}) // plain fields always marshal
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) (err error) {
		now := s.Now()
		s.mu.Lock()
		alive := slices.Collect(maps.Keys(s.wait))
		s.mu.Unlock()
		for _, run := range alive {
			if err := tx.Queue(ctx, beatRun, run, now); err != nil {
				return err
			}
		}
		before := now.Add(-deadAfter)
		if begun && s.DB.Engine == db.SQLite && len(alive) == 0 {
			before = now.Add(time.Hour) // whatever a clock said that was set back
		}
		n, err = tx.Exec(ctx, cutOff, string(rep), now, before)
		return err
	})
	return n, err
}

// alive marks a run of this process as begun, or as done.
func (s *Service) alive(run string, yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wait == nil {
		s.wait = map[string]bool{}
	}
	if s.wait[run] = true; !yes {
		delete(s.wait, run)
	}
}

// Later lets an import be carried out by Run: feed.busy where too many wait already.
func (s *Service) Later(ctx context.Context, j Job) (run string, err error) {
	if len(s.work) >= waiting {
		return "", fault.New(fault.TooMany, "feed.busy")
	}
	run, rest, err := s.Begin(ctx, j)
	if err != nil {
		return "", err
	}
	select {
	case s.work <- func(ctx context.Context) {
		if _, err := rest(ctx); err != nil && ctx.Err() == nil {
			slog.Error("feed", "source", j.Mapping.Name, "run", run, "err", err)
		}
	}:
		return run, nil
	default:
		s.alive(run, false) // and it will be given up
		return "", fault.New(fault.TooMany, "feed.busy")
	}
}

// Import is Begin and the rest of it.
func (s *Service) Import(ctx context.Context, j Job) (Report, error) {
	_, rest, err := s.Begin(ctx, j)
	if err != nil {
		return Report{}, err
	}
	return rest(ctx)
}

// carryOut takes in every line and ends the run, whatever happens.
func (s *Service) carryOut(ctx context.Context, run string, j Job, items []item, wrong []fault.Place) (Report, error) {
	defer s.alive(run, false)
	rep := Report{Lines: []Line{}}
	for i := range wrong {
		rep.add(Line{Line: wrong[i].Line, State: Refused, Why: &wrong[i]})
	}
	total := len(items) + len(wrong)
	t, err := s.taker(ctx, j)
	noted := time.Time{}
	for i := range items {
		if err != nil {
			break
		}
		var l Line
		if l, err = t.take(ctx, &items[i]); err != nil {
			break
		}
		l.Line = items[i].line
		rep.add(l)
		if time.Since(noted) >= noteEvery {
			noted = time.Now()
			err = s.note(ctx, run, rep.Rows, total)
		}
		if err == nil && j.Progress != nil {
			err = j.Progress(rep.Rows, total)
		}
	}
	state := Done
	switch {
	case err != nil && ctx.Err() != nil:
		state, rep.Failed = Failed, "feed.cut_off"
	case err != nil:
		state, rep.Failed = Failed, fault.CodeOf(err)
	}
	slices.SortStableFunc(rep.Lines, func(a, b Line) int { return a.Line - b.Line })
	body, _ := json.Marshal(rep) // plain fields always marshal
	end := s.DB.Write(context.WithoutCancel(ctx), nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, endRun, run, state, int64(rep.Rows), int64(total), string(body), s.Now())
	})
	return rep, errors.Join(err, end)
}

// note writes down how far a run has come.
func (s *Service) note(ctx context.Context, run string, done, total int) error {
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, moveRun, run, int64(done), int64(total), s.Now())
	})
}

// Runs are the newest imports and exports of a feed, the last one first.
func (s *Service) Runs(ctx context.Context, jurisdiction, name string, most int) (out []Run, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = db.Collect(ctx, tx, lastRuns, []any{jurisdiction, name, int64(most)}, scanRun)
		return err
	})
	return out, err
}

// RunOf is one run: feed.no_run where there is none.
func (s *Service) RunOf(ctx context.Context, jurisdiction, id string) (out Run, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.Collect(ctx, tx, oneRun, []any{jurisdiction, id}, scanRun)
		if err == nil && len(found) == 0 {
			err = fault.New(fault.NotFound, "feed.no_run")
		}
		if err == nil {
			out = found[0]
		}
		return err
	})
	return out, err
}
