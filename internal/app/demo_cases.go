package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
	"gezhi/internal/media"
	"gezhi/internal/territory"
	"gezhi/internal/workflow"
	"gezhi/packs"
)

// demoFile is the demo folder's cases.yaml of a pack: sample cases and how they go.
type demoFile struct {
	Format int        `yaml:"format"`
	Cases  []demoCase `yaml:"cases"`
}

type demoCase struct {
	Class  string         `yaml:"class"`
	Weight int            `yaml:"weight"` // how often, against the others
	By     string         `yaml:"by"`     // role of the reporter
	Texts  []string       `yaml:"texts"`
	Fields map[string]any `yaml:"fields"`
	Photo  string         `yaml:"photo"` // what a sample picture with it shows: litter, road, lamp, clean
	Acts   []demoAct      `yaml:"acts"`
}

type demoAct struct {
	Do     string            `yaml:"do"`
	By     string            `yaml:"by"` // role, or reporter
	After  string            `yaml:"after"`
	With   map[string]any    `yaml:"with"`
	Seats  map[string]string `yaml:"seats"` // kind of the unit for a seat: the one that serves the area
	Reason string            `yaml:"reason"`
	Share  string            `yaml:"share"` // how many cases go this way; the others stop here
}

const (
	demoCases = 180
	demoDays  = 21 // before now
	demoSeed  = 331125
	demoYoung = 60 * time.Hour // a case younger than this may still wait anywhere
	demoLate  = 4              // of a hundred acts on older ones that are done days late
	demoShots = 8              // pictures; the last one is the first once more, for somebody to notice
)

// workSample lets the sample county work: cases of the packs' demo files go through the
// real service under a clock of the past, up to now.
func (a *App) workSample(ctx context.Context, j account.Jurisdiction) error {
	d := &demo{app: a, j: j, rng: rand.New(rand.NewPCG(demoSeed, 1)), spots: rand.New(rand.NewPCG(demoSeed, 2)), now: time.Now().Truncate(time.Millisecond)}
	d.hand = clock.At(d.now.AddDate(0, 0, -demoDays))
	d.cases = a.cases(d.hand.Now)
	d.cases.OnMove = append(d.cases.OnMove, a.Search.Moved)
	d.run = jobs.NewRunner(a.DB, d.hand.Now)
	d.cases.Register(d.run)
	a.ledgers(d.hand.Now).Register(d.run)
	d.run.Topics[casework.TopicWithdraw] = func(context.Context, jobs.Message) error { return nil }
	d.run.Topics[casework.TopicNotice] = func(context.Context, jobs.Message) error { return nil } // nobody is told of the past
	if err := d.read(); err != nil || len(d.kinds) == 0 {
		return err
	}
	return d.play(ctx)
}

type demo struct {
	app   *App
	j     account.Jurisdiction
	rng   *rand.Rand
	spots *rand.Rand // places have chances of their own, so that what happens stays as it is
	hand  *clock.Hand
	now   time.Time
	cases *casework.Service
	run   *jobs.Runner
	kinds []demoKind
	shots []string // what the pictures show that were handed in
}

type demoKind struct {
	demoCase
	pack string
}

// step is one thing that happens at a moment.
type step struct {
	at   time.Time
	kind *demoKind
	n    int    // which act; -1 opens
	id   string // of the case
	by   string // its reporter

	area   string
	opened time.Time
	late   bool // was put off already
}

func (d *demo) read() error {
	for _, name := range shippedNames() {
		data, err := fs.ReadFile(packs.FS, name+"/demo/cases.yaml")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		var f demoFile
		if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
			return fmt.Errorf("%s/demo/cases.yaml: %w", name, err)
		}
		for _, c := range f.Cases {
			for i := range c.Acts {
				if c.Acts[i].With, err = asSent(c.Acts[i].With); err != nil {
					return err
				}
			}
			for range max(c.Weight, 1) {
				d.kinds = append(d.kinds, demoKind{c, name})
			}
		}
	}
	return nil
}

// asSent gives values the types they have when they come over HTTP.
func asSent(values map[string]any) (out map[string]any, err error) {
	b, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return out, dec.Decode(&out)
}

// play does all steps in the order of time. What comes after now has not happened yet.
func (d *demo) play(ctx context.Context) error {
	var steps []step
	for range demoCases {
		day := d.now.AddDate(0, 0, -d.rng.IntN(demoDays))
		at := time.Date(day.Year(), day.Month(), day.Day(), 8, 0, 0, 0, clock.CST).Add(time.Duration(d.rng.IntN(10*60)) * time.Minute)
		steps = append(steps, step{at: at, kind: &d.kinds[d.rng.IntN(len(d.kinds))], n: -1})
	}
	for len(steps) > 0 {
		i := earliest(steps)
		s := steps[i]
		steps = slices.Delete(steps, i, i+1)
		if s.at.After(d.now) {
			continue
		}
		if err := d.until(ctx, s.at); err != nil {
			return err
		}
		next, err := d.do(ctx, s)
		if err != nil {
			return err
		}
		if next != nil {
			steps = append(steps, *next)
		}
	}
	return d.until(ctx, d.now)
}

func earliest(steps []step) int {
	first := 0
	for i := range steps {
		if steps[i].at.Before(steps[first].at) {
			first = i
		}
	}
	return first
}

// until lets timers and messages happen, each at its time.
func (d *demo) until(ctx context.Context, at time.Time) error {
	for {
		due, ok, err := d.run.Next(ctx)
		if err != nil || !ok || due.After(at) {
			d.hand.Set(at)
			return err
		}
		if due.After(d.hand.Now()) {
			d.hand.Set(due)
		}
		if _, err := d.run.Round(ctx); err != nil {
			return err
		}
	}
}

// do does one step and returns the next of the same case.
func (d *demo) do(ctx context.Context, s step) (*step, error) {
	if s.n < 0 {
		return d.open(ctx, s)
	}
	act := s.kind.Acts[s.n]
	if d.now.Sub(s.opened) <= demoYoung {
		if d.waits(act) {
			return nil, nil
		}
	} else if !s.late && d.rng.IntN(100) < demoLate {
		s.late, s.at = true, s.at.AddDate(0, 0, 2+d.rng.IntN(5))
		return &s, nil
	}
	if !d.act(ctx, s, act) {
		return nil, nil
	}
	return d.after(s), nil
}

// waits tells whether a young case stands here in the present.
func (d *demo) waits(act demoAct) bool {
	n := 100
	if share, ok := strings.CutSuffix(act.Share, "%"); ok {
		if _, err := fmt.Sscan(share, &n); err != nil {
			return false
		}
	}
	return d.rng.IntN(100) >= n
}

// after is the step that follows, none after the last.
func (d *demo) after(s step) *step {
	s.n++
	if s.n >= len(s.kind.Acts) {
		return nil
	}
	wait, err := time.ParseDuration(s.kind.Acts[s.n].After)
	if err != nil {
		wait = time.Hour
	}
	s.at = s.at.Add(wait/2 + time.Duration(d.rng.Int64N(int64(wait)+1)))
	return &s
}

func (d *demo) open(ctx context.Context, s step) (*step, error) {
	people := d.app.World.People()
	reporters := people.WithRole(d.j.ID, s.kind.By, d.now)
	if len(reporters) == 0 {
		return nil, nil
	}
	p := reporters[d.rng.IntN(len(reporters))]
	if printed := d.printed(reporters); len(printed) > 0 && d.rng.IntN(3) == 0 {
		p = printed[d.rng.IntN(len(printed))]
	}
	who, err := d.actor(ctx, p.PersonID)
	if err != nil {
		return nil, err
	}
	o := casework.Opening{Class: s.kind.pack + "/" + s.kind.Class, Text: s.kind.Texts[d.rng.IntN(len(s.kind.Texts))], Fields: s.kind.Fields,
		AreaID: d.place(p.AreaID), Channel: channelOf(s.kind.By), Nature: casework.Sample}
	if at, ok := d.spot(o.AreaID); ok {
		o.HasPoint, o.LonE7, o.LatE7 = true, int64(math.Round(at.Lon()*1e7)), int64(math.Round(at.Lat()*1e7))
	}
	if o.Fields, err = d.withPhoto(ctx, s, who); err != nil {
		return nil, err
	}
	opened, err := d.cases.Open(ctx, who, o)
	if err != nil {
		return nil, d.passing(err, "open")
	}
	s.id, s.by, s.area, s.opened = opened.Case.ID, p.PersonID, o.AreaID, s.at
	return d.after(s), nil
}

// withPhoto is what a case says, with a sample picture to the first few of the young ones.
func (d *demo) withPhoto(ctx context.Context, s step, who *casework.Actor) (map[string]any, error) {
	if s.kind.Photo == "" || len(d.shots) >= demoShots || d.now.Sub(s.at) > demoYoung {
		return s.kind.Fields, nil
	}
	d.shots = append(d.shots, s.kind.Photo)
	n := (len(d.shots) - 1) % (demoShots - 1)
	b := media.Sample(d.shots[n], uint64(n), media.Hint{Lon: 119.57, Lat: 28.11, Placed: true, TakenAt: s.at}, 6)
	f, err := d.cases.Upload(ctx, account.Actor{PersonID: who.PersonID, Jurisdiction: d.j.ID}, "sample.jpg", bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	fields := map[string]any{"photo": []any{f.ID}}
	maps.Copy(fields, s.kind.Fields)
	return fields, nil
}

// channelOf is how a role brings a case.
func channelOf(role string) string {
	if strings.HasPrefix(role, "grid") {
		return "field"
	}
	return "home"
}

// printed are the posts of the people who can log in: their desks should not be empty.
func (d *demo) printed(posts []account.Post) []account.Post {
	accounts, err := readSampleAccounts()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(posts), func(p account.Post) bool {
		name := d.app.World.People().Name(p.PersonID)
		return !slices.ContainsFunc(accounts, func(s sampleAccount) bool { return s.Name == name })
	})
}

// place is a micro-grid within an area, or the area itself.
func (d *demo) place(area string) string {
	below := slices.DeleteFunc(d.app.World.Tree().Below(area), func(a *territory.Area) bool { return a.Level < territory.MicroGrid })
	if len(below) == 0 {
		return area
	}
	return below[d.rng.IntN(len(below))].ID
}

// spot is a point somewhere in an area that has a boundary.
func (d *demo) spot(area string) (orb.Point, bool) {
	t := d.app.World.Tree()
	shape, ok := t.Boundary(area)
	if !ok {
		return orb.Point{}, false
	}
	box := shape.Bound()
	for range 50 { // a boundary fills most of its box
		p := orb.Point{box.Min.Lon() + d.spots.Float64()*(box.Max.Lon()-box.Min.Lon()), box.Min.Lat() + d.spots.Float64()*(box.Max.Lat()-box.Min.Lat())}
		if a, ok := t.Find(p); ok && a.ID == area {
			return p, true
		}
	}
	return orb.Point{}, false
}

func (d *demo) actor(ctx context.Context, person string) (*casework.Actor, error) {
	return d.cases.By(ctx, account.Actor{PersonID: person, Jurisdiction: d.j.ID, Posts: d.app.World.People().Of(person, d.now)})
}

// act lets the nearest holder of the role who may do it do the act.
func (d *demo) act(ctx context.Context, s step, act demoAct) bool {
	var persons []string
	if act.By == workflow.Reporter {
		persons = []string{s.by}
	} else {
		posts := d.app.World.People().WithRole(d.j.ID, act.By, d.now)
		slices.SortStableFunc(posts, func(a, b account.Post) int { return int(b.AreaLevel) - int(a.AreaLevel) })
		for _, p := range posts {
			persons = append(persons, p.PersonID)
		}
	}
	values := maps.Clone(act.With)
	for seat, kind := range act.Seats {
		u, _ := d.app.World.UnitOfKind(kind, s.area)
		if values == nil {
			values = map[string]any{}
		}
		values[seat] = u.ID
	}
	for _, p := range persons {
		who, err := d.actor(ctx, p)
		if err != nil {
			return false
		}
		_, err = d.cases.Act(ctx, who, casework.Act{Case: s.id, Action: act.Do, Values: values, Reason: act.Reason})
		if err == nil {
			return true
		}
		if k := fault.KindOf(err); k != fault.Forbidden && k != fault.NotFound {
			_ = d.passing(err, act.Do)
			return false
		}
	}
	return false
}

// passing lets a sample case be refused: the sample county goes on without it.
func (d *demo) passing(err error, what string) error {
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	slog.Debug("sample", "act", what, "refused", fault.CodeOf(err))
	return nil
}
