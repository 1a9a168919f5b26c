package app

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/jobs"
	"gezhi/internal/points"
	"gezhi/internal/workflow"
	"gezhi/packs"
)

// monthFile is the demo folder's month.yaml of a pack: what people take on and earn in a month.
type monthFile struct {
	Format  int           `yaml:"format"`
	Budgets []monthBudget `yaml:"budgets"`
	Work    []monthWork   `yaml:"work"`
	Shop    []monthShop   `yaml:"shop"`
}

// monthBudget is a budget that one person asks for and another agrees to.
type monthBudget struct {
	Ledger  string `yaml:"ledger"`
	Unit    string `yaml:"unit"` // code of the unit
	Amount  int64  `yaml:"amount"`
	Propose string `yaml:"propose"` // roles
	Confirm string `yaml:"confirm"`
	Reason  string `yaml:"reason"`
}

// monthWork is one kind of work, how often it comes up, and who takes part.
type monthWork struct {
	Class  string         `yaml:"class"`
	Count  int            `yaml:"count"`
	By     string         `yaml:"by"`
	Texts  []string       `yaml:"texts"`
	Fields map[string]any `yaml:"fields"` // "+7d" is a day, counted from its own
	Acts   []demoAct      `yaml:"acts"`
	About  *monthAbout    `yaml:"about"`
	Later  int            `yaml:"later"` // days after the beginning, before which it does not come up
	Last   int            `yaml:"last"`  // days before now in which alone it comes up; 0 is any
	Of     int            `yaml:"of"`    // so few of those who hold the role bring it, who can log in first; 0 is all
	One    *monthNamed    `yaml:"one"`   // a field of the opening that holds somebody
	Takes  *monthTakes    `yaml:"takes"`
	Named  *monthNamed    `yaml:"named"`
	Then   []demoAct      `yaml:"then"` // when those who took part are through
}

// monthTakes is how places of an offer are taken, and what becomes of each.
type monthTakes struct {
	Part   string    `yaml:"part"`
	By     string    `yaml:"by"`
	Least  int       `yaml:"least"` // how many take one
	Most   int       `yaml:"most"`
	Within string    `yaml:"within"` // the time in which they do
	Acts   []demoAct `yaml:"acts"`

	Objects *monthObjects `yaml:"objects"`
}

// monthObjects is what some of those who took part bring about what became of it.
type monthObjects struct {
	Class string    `yaml:"class"`
	View  string    `yaml:"view"` // instead of a class: the public view that somebody else objects to
	By    string    `yaml:"by"`   // role of who does
	Share string    `yaml:"share"`
	Text  string    `yaml:"text"`
	Acts  []demoAct `yaml:"acts"`
}

// monthNamed is a field of the first act of Then that holds people of a role.
type monthNamed struct {
	Field string `yaml:"field"`
	By    string `yaml:"by"`
	Least int    `yaml:"least"`
	Most  int    `yaml:"most"`
}

const (
	monthDays = 30 // before now, at least
	monthBack = 14 // of the month before this one, at least
	monthSeed = 526
	monthTold = 20 // how often progress is said
)

// month lets the sample county work for a month in the past, through the real services under a
// clock of its own. It runs beside the pages and before the timers of the present: what is due
// in its past has happened before anything of today is due.
type month struct {
	*demo
	ledger *points.Service
	file   monthFile
	pack   string
	steps  monthSteps
	oneIn  int
	days   int // that it lasts
	n      int // steps put in, so that equal moments keep their order
}

// monthStep is something that happens at a moment.
type monthStep struct {
	at time.Time
	n  int
	do func(context.Context) error
}

type monthSteps []monthStep

func (s monthSteps) Len() int      { return len(s) }
func (s monthSteps) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *monthSteps) Push(x any)   { *s = append(*s, x.(monthStep)) }

func (s monthSteps) Less(i, j int) bool {
	if !s[i].at.Equal(s[j].at) {
		return s[i].at.Before(s[j].at)
	}
	return s[i].n < s[j].n
}

func (s *monthSteps) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}

// FillMonth lets the sample county live through the months of the packs' demo folders: of what
// begins in them, one in so many. It says how far it is, in percent.
func (a *App) FillMonth(ctx context.Context, oneIn int, said func(percent int)) error {
	all, err := a.Accounts.Jurisdictions(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	if err := a.World.Renew(ctx); err != nil {
		return err
	}
	for _, name := range shippedNames() {
		data, err := fs.ReadFile(packs.FS, name+"/demo/month.yaml")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		m := a.newMonth(all[0], name)
		m.oneIn = oneIn
		if err := yaml.UnmarshalWithOptions(data, &m.file, yaml.Strict()); err != nil {
			return fmt.Errorf("%s/demo/month.yaml: %w", name, err)
		}
		if err := m.live(ctx, said); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) newMonth(j account.Jurisdiction, pack string) *month {
	d := &demo{app: a, j: j, rng: rand.New(rand.NewPCG(monthSeed, 1)), spots: rand.New(rand.NewPCG(monthSeed, 2)), now: clock.System()}
	days := max(monthDays, d.now.In(clock.CST).Day()-1+monthBack)
	d.hand = clock.At(d.now.AddDate(0, 0, -days))
	d.cases = a.cases(d.hand.Now)
	d.cases.OnMove = append(d.cases.OnMove, a.Search.Moved)
	d.run = jobs.NewRunner(a.DB, d.hand.Now)
	d.cases.Register(d.run)
	quiet := func(context.Context, jobs.Message) error { return nil } // nobody is told of the past
	d.run.Topics[casework.TopicWithdraw], d.run.Topics[casework.TopicNotice] = quiet, quiet
	m := &month{demo: d, ledger: a.ledgers(d.hand.Now), pack: pack, days: days}
	m.ledger.Register(d.run)
	return m
}

func (m *month) put(at time.Time, do func(context.Context) error) {
	m.n++
	heap.Push(&m.steps, monthStep{at, m.n, do})
}

// live puts the month's beginnings into the order of time and does one thing after another.
func (m *month) live(ctx context.Context, said func(int)) error {
	began := m.hand.Now()
	for _, b := range m.file.Budgets {
		if err := m.budget(ctx, b); err != nil {
			return err
		}
	}
	for i := range m.file.Work {
		w := &m.file.Work[i]
		for range (w.Count + m.oneIn - 1) / m.oneIn {
			from, days := began.AddDate(0, 0, w.Later), m.days-2-w.Later
			if w.Last > 0 {
				from, days = m.now.AddDate(0, 0, -w.Last), w.Last-1
			}
			m.put(m.working(from, days), func(ctx context.Context) error { return m.begin(ctx, w) })
		}
	}
	for i := range m.file.Shop {
		s := &m.file.Shop[i]
		for range (s.Count + m.oneIn - 1) / m.oneIn {
			m.put(m.working(began.AddDate(0, 0, shopOpens), m.days-shopOpens), func(ctx context.Context) error { return m.spend(ctx, s) })
		}
	}
	told := -1
	for m.steps.Len() > 0 && ctx.Err() == nil {
		s := heap.Pop(&m.steps).(monthStep)
		if s.at.After(m.now) {
			break // it has not happened yet
		}
		if err := m.until(ctx, s.at); err != nil {
			return err
		}
		if err := s.do(ctx); err != nil {
			return err
		}
		if p := int(s.at.Sub(began) * monthTold / m.now.Sub(began)); p > told {
			told = p
			said(p * 100 / monthTold)
		}
	}
	if err := m.until(ctx, m.now); err != nil || ctx.Err() != nil {
		return err
	}
	said(100)
	return nil
}

// working is a moment in working hours within some days of a beginning.
func (m *month) working(from time.Time, days int) time.Time {
	day := from.In(clock.CST).AddDate(0, 0, m.rng.IntN(days))
	return time.Date(day.Year(), day.Month(), day.Day(), 8, 30, 0, 0, clock.CST).Add(time.Duration(m.rng.IntN(8*60)) * time.Minute)
}

func (m *month) budget(ctx context.Context, b monthBudget) error {
	u, ok := m.app.World.Tree().UnitByCode(m.j.ID, b.Unit)
	if !ok {
		return fmt.Errorf("month.yaml: no unit %s", b.Unit)
	}
	one, err := m.of(b.Propose, u.Area)
	if err != nil {
		return err
	}
	two, err := m.of(b.Confirm, u.Area)
	if err != nil {
		return err
	}
	id, err := m.ledger.Propose(ctx, one, b.Ledger, points.Proposal{Kind: points.Allot, Unit: u.ID, Year: m.now.In(clock.CST).Year(), Amount: b.Amount, Reason: b.Reason})
	if err != nil {
		return err
	}
	return m.ledger.Decide(ctx, two, b.Ledger, id, true, b.Reason)
}

// of is the nearest holder of a role at an area.
func (m *month) of(role, area string) (account.Actor, error) {
	near := m.near(role, area)
	if len(near) == 0 {
		return account.Actor{}, fmt.Errorf("month.yaml: nobody is %s", role)
	}
	return account.Actor{PersonID: near[0], Jurisdiction: m.j.ID, Posts: m.app.World.People().Of(near[0], m.hand.Now())}, nil
}

// near are the holders of a role who stand at an area or above it, the nearest first; below are
// those who stand at it or below.
func (m *month) near(role, area string) []string {
	return m.standing(role, func(at string) bool { return m.app.World.Tree().Within(area, at) })
}

func (m *month) below(role, area string) []string {
	return m.standing(role, func(at string) bool { return m.app.World.Tree().Within(at, area) })
}

func (m *month) standing(role string, fits func(area string) bool) (out []string) {
	posts := slices.DeleteFunc(m.app.World.People().WithRole(m.j.ID, role, m.hand.Now()), func(p account.Post) bool { return !fits(p.AreaID) })
	slices.SortStableFunc(posts, func(a, b account.Post) int { return int(b.AreaLevel) - int(a.AreaLevel) })
	for _, p := range posts {
		out = append(out, p.PersonID)
	}
	return out
}

// monthCase is a case of the month, and who brought it.
type monthCase struct{ id, by, area string }

func (m *month) begin(ctx context.Context, w *monthWork) error {
	posts := m.bringers(w)
	if len(posts) == 0 {
		return nil
	}
	p := posts[m.rng.IntN(len(posts))]
	who, err := m.actor(ctx, p.PersonID)
	if err != nil {
		return err
	}
	fields, err := m.opening(w)
	if err != nil {
		return err
	}
	opened, err := m.cases.Open(ctx, who, casework.Opening{Class: m.pack + "/" + w.Class, Text: w.Texts[m.rng.IntN(len(w.Texts))], Fields: fields,
		AreaID: p.AreaID, Channel: "window", Nature: casework.Sample, About: m.about(w.About)})
	if err != nil {
		return m.passing(err, "open")
	}
	c := monthCase{opened.Case.ID, p.PersonID, p.AreaID}
	m.acts(c, w.Acts, 0, func(at time.Time) {
		if w.Takes == nil {
			m.then(c, w)
			return
		}
		m.takers(c, w, at)
	})
	return nil
}

// workers counts the areas below: work is published where somebody looks after grids.
func (m *month) workers(area string) int { return len(m.app.World.Tree().Below(area)) }

// dated are fields with days in place of "+7d".
func (m *month) dated(fields map[string]any) (map[string]any, error) {
	out, err := asSent(fields)
	if err != nil {
		return nil, err
	}
	for k, v := range out {
		s, _ := v.(string)
		rest, ok := strings.CutPrefix(s, "+")
		days, err := strconv.Atoi(strings.TrimSuffix(rest, "d"))
		if ok && err == nil {
			out[k] = m.hand.Now().In(clock.CST).AddDate(0, 0, days).Format(time.DateOnly)
		}
	}
	return out, nil
}

// acts does a list of acts one after another, and then goes on. What is refused ends the list.
func (m *month) acts(c monthCase, list []demoAct, n int, then func(at time.Time)) {
	if n >= len(list) {
		if then != nil {
			then(m.hand.Now())
		}
		return
	}
	wait, err := time.ParseDuration(list[n].After)
	if err != nil {
		wait = time.Hour
	}
	at := m.hand.Now().Add(wait/2 + time.Duration(m.rng.Int64N(int64(wait)+1)))
	m.put(at, func(ctx context.Context) error {
		if m.waits(list[n]) {
			return nil
		}
		if m.once(ctx, c, list[n]) {
			m.acts(c, list, n+1, then)
		}
		return nil
	})
}

// once lets whoever is nearest and may do it do an act.
func (m *month) once(ctx context.Context, c monthCase, act demoAct) bool {
	persons := []string{c.by}
	if act.By != workflow.Reporter {
		persons = m.near(act.By, c.area)
	}
	values, err := m.dated(act.With)
	if err != nil {
		return false
	}
	for _, p := range persons {
		who, err := m.actor(ctx, p)
		if err != nil {
			return false
		}
		if _, err = m.cases.Act(ctx, who, casework.Act{Case: c.id, Action: act.Do, Values: values, Reason: act.Reason}); err == nil {
			return true
		}
		_ = m.passing(err, act.Do)
	}
	return false
}

// takers lets people of the place take what is offered, and each goes the way of the file.
func (m *month) takers(c monthCase, w *monthWork, at time.Time) {
	within, err := time.ParseDuration(w.Takes.Within)
	if err != nil {
		within = 24 * time.Hour
	}
	last := at
	for _, p := range m.some(w.Takes.By, c.area, w.Takes.Least, w.Takes.Most) {
		when := at.Add(time.Duration(m.rng.Int64N(int64(within))))
		if when.After(last) {
			last = when
		}
		m.put(when, func(ctx context.Context) error {
			who, err := m.actor(ctx, p)
			if err != nil {
				return err
			}
			child, err := m.cases.Take(ctx, who, casework.Taking{Case: c.id, Part: w.Takes.Part})
			if err != nil {
				return m.passing(err, "take")
			}
			taken := monthCase{child.ID, p, c.area}
			m.acts(taken, w.Takes.Acts, 0, func(at time.Time) { m.object(taken, w.Takes.Objects, at) })
			return nil
		})
	}
	m.put(last.Add(time.Minute), func(context.Context) error { m.then(c, w); return nil })
}

// object lets one of some who took part bring a case about it.
func (m *month) object(c monthCase, o *monthObjects, at time.Time) {
	if o == nil || m.waits(demoAct{Share: o.Share}) {
		return
	}
	m.put(at.Add(3*time.Hour), func(ctx context.Context) error {
		who, err := m.actor(ctx, c.by)
		if err != nil {
			return err
		}
		if o.View != "" {
			return m.objectInPublic(ctx, c, o)
		}
		opened, err := m.cases.Open(ctx, who, casework.Opening{Class: m.pack + "/" + o.Class, Text: o.Text, About: &casework.About{Kind: workflow.AboutCase, ID: c.id}, Channel: "field", Nature: casework.Sample})
		if err != nil {
			return m.passing(err, "object")
		}
		m.acts(monthCase{opened.Case.ID, c.by, c.area}, o.Acts, 0, nil)
		return nil
	})
}

// some are people of a role at a place, drawn at random.
func (m *month) some(role, area string, least, most int) []string {
	all := m.below(role, area)
	m.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(len(all), least+m.rng.IntN(max(most-least, 0)+1))]
}

// then does what follows, with the people whom its first act names.
func (m *month) then(c monthCase, w *monthWork) {
	list := slices.Clone(w.Then)
	if w.Named != nil && len(list) > 0 {
		var people []any
		for _, p := range m.some(w.Named.By, c.area, w.Named.Least, w.Named.Most) {
			people = append(people, p)
		}
		with := map[string]any{w.Named.Field: people}
		for k, v := range list[0].With {
			with[k] = v
		}
		list[0].With = with
	}
	m.acts(c, list, 0, nil)
}
