package replay

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/territory"
	"gezhi/internal/worktime"
)

// engine is the real kernel with a clock set by hand. Nothing outside is connected: what it
// would tell people goes nowhere.
type engine struct {
	db        *db.DB
	hand      *clock.Hand
	accounts  *account.Service
	territory *territory.Service
	book      *casework.Book
	cases     *casework.Service
	jobs      *jobs.Runner
	failed    error // the first job that failed

	jurisdiction string
	clerk        *casework.Actor
	workers      map[string]*casework.Actor // by code of their unit
	areas, units map[string]string          // ids by code
	timers, told int
}

// steady is how long pictures of people and places are trusted: nobody else changes them
// while a history is replayed.
const steady = 200 * 365 * 24 * time.Hour

// newEngine wires the kernel over a database; tasks is the pack that gives the life of tasks.
// The ids it makes follow the history's own time.
func newEngine(d *db.DB, at time.Time, tasks *pack.Pack, vault *privacy.Vault) *engine {
	e := &engine{db: d, hand: clock.At(at), workers: map[string]*casework.Actor{}, areas: map[string]string{}, units: map[string]string{}}
	ids := id.Seeded(uint64(at.UnixMilli()), e.hand.Now)
	calendar := func(string) worktime.Calendar { return worktime.Default() }
	e.accounts = account.New(d)
	e.accounts.Now, e.accounts.NewID = e.hand.Now, ids
	e.territory = &territory.Service{DB: d, Now: e.hand.Now, NewID: ids, Fresh: steady}
	e.book = &casework.Book{DB: d, Now: e.hand.Now, NewID: ids, Fresh: steady}
	e.jobs = jobs.NewRunner(d, e.hand.Now)
	e.cases = &casework.Service{DB: d, Now: e.hand.Now, ID: ids, Book: e.book, Calendar: calendar,
		World:    &casework.World{Territory: e.territory, Accounts: e.accounts, Runs: func(string) []string { return nil }, Fresh: steady},
		Soon:     func(_ string, now time.Time) time.Time { return now },
		TaskLife: casework.TaskLife(tasks), TaskPack: tasks, Nature: func(string) string { return casework.Sample }, Vault: vault}
	e.cases.Register(e.jobs)
	e.jobs.Topics[casework.TopicWithdraw] = func(context.Context, jobs.Message) error { return nil }
	e.jobs.Topics[casework.TopicNotice] = func(context.Context, jobs.Message) error { return nil }
	for kind, f := range e.jobs.Timers {
		e.jobs.Timers[kind] = func(ctx context.Context, t jobs.Timer) error { e.timers++; return e.note(f(ctx, t)) }
	}
	for topic, f := range e.jobs.Topics {
		e.jobs.Topics[topic] = func(ctx context.Context, m jobs.Message) error { e.told++; return e.note(f(ctx, m)) }
	}
	return e
}

func (e *engine) note(err error) error {
	if e.failed == nil {
		e.failed = err
	}
	return err
}

// settle brings the setting into the database: the jurisdiction, marked as sample, with its
// places, offices and one person in each, and the pack in force.
func (e *engine) settle(ctx context.Context, s *Setting, dir string) error {
	there, err := e.accounts.Jurisdictions(ctx)
	if err != nil {
		return err
	}
	if len(there) > 0 { // its timers and messages would be handled under the wrong clock
		return fault.New(fault.Conflict, "replay.not_empty")
	}
	top := s.areaCode(len(s.Above) - 1)
	j, err := e.accounts.CreateJurisdiction(ctx, account.Jurisdiction{Code: top, Name: s.Above[len(s.Above)-1], Nature: casework.Sample})
	if err != nil {
		return err
	}
	e.jurisdiction = j.ID
	file, err := os.ReadFile(filepath.Join(dir, areasFile))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "replay.cannot_read")
	}
	imp := territory.Import{Jurisdiction: j.ID, From: e.hand.Now(), Nature: territory.Sample}
	if _, err := e.territory.ImportDivisions(ctx, file, imp); err != nil {
		return err
	}
	var drafts []territory.UnitDraft
	for _, u := range s.Units {
		drafts = append(drafts, territory.UnitDraft{Code: u.Code, Name: u.Text, AreaScheme: territory.SchemeDivision, Area: top, Nature: territory.Sample})
	}
	if _, err := e.territory.PlantUnits(ctx, drafts, imp); err != nil {
		return err
	}
	if err := e.book.Load(ctx, "", j.ID, s.Pack, nil); err != nil {
		return err
	}
	return e.people(ctx, s, top)
}

// people gives every office a worker, and the whole a clerk.
func (e *engine) people(ctx context.Context, s *Setting, top string) error {
	t, err := e.territory.Tree(ctx)
	if err != nil {
		return err
	}
	for _, a := range s.Areas {
		x, ok := t.ByCode(territory.SchemeDivision, a.Code)
		if !ok {
			return fault.New(fault.Internal, "replay.area_lost", "code", a.Code)
		}
		e.areas[a.Code] = x.ID
	}
	post := account.NewPost{AreaID: e.areas[top], AreaLevel: account.Level(len(s.Above)), From: e.hand.Now()}
	var posts []account.Post
	give := func(role, unit string) error {
		who, err := e.accounts.CreatePerson(ctx, "", account.NewPerson{Jurisdiction: e.jurisdiction, Name: role + " " + unit, Nature: casework.Sample})
		if err != nil {
			return err
		}
		p := post
		p.PersonID, p.Role, p.UnitID = who.ID, role, e.units[unit]
		given, err := e.accounts.GivePost(ctx, "", p)
		posts = append(posts, given)
		return err
	}
	if err := give("clerk", ""); err != nil {
		return err
	}
	for _, u := range s.Units {
		x, ok := t.UnitByCode(e.jurisdiction, u.Code)
		if !ok {
			return fault.New(fault.Internal, "replay.unit_lost", "code", u.Code)
		}
		e.units[u.Code] = x.ID
		if err := give("worker", u.Code); err != nil {
			return err
		}
	}
	for i, p := range posts {
		who, err := e.cases.By(ctx, account.Actor{PersonID: p.PersonID, Jurisdiction: e.jurisdiction, Posts: []account.Post{p}})
		if err != nil {
			return err
		}
		if i == 0 {
			e.clerk = who
		} else {
			e.workers[s.Units[i-1].Code] = who
		}
	}
	return nil
}

// until lets time pass up to just before a moment: every timer and message at its own due
// time, in order.
func (e *engine) until(ctx context.Context, at time.Time) error {
	for {
		next, ok, err := e.jobs.Next(ctx)
		if err != nil {
			return err
		}
		if !ok || !next.Before(at) {
			e.hand.Set(at)
			return nil
		}
		if next.After(e.hand.Now()) {
			e.hand.Set(next)
		}
		n, err := e.jobs.Round(ctx)
		if err == nil && n == 0 {
			err = fault.New(fault.Internal, "replay.stuck", "at", fmt.Sprint(next))
		}
		if err != nil || e.failed != nil {
			return first(err, e.failed)
		}
	}
}

func first(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
