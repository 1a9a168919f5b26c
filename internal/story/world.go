package story

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/pack"
	"gezhi/internal/points"
	"gezhi/internal/privacy"
	"gezhi/internal/record"
	"gezhi/internal/territory"
	"gezhi/internal/worktime"
)

// jurisdiction is the county of every story.
const jurisdiction = "story"

// kindRuns is the kind of units that run an area.
const kindRuns = "runs_area"

// Stranger is somebody every story has without naming: a resident whom nothing concerns.
const Stranger = "stranger"

// world is everything that a story happens in.
type world struct {
	d     *db.DB
	story *Story
	packs Packs
	hand  *clock.Hand
	newID id.Source

	territory *territory.Service
	accounts  *account.Service
	places    *casework.World
	book      *casework.Book
	cases     *casework.Service
	records   *record.Service
	points    *points.Service
	vault     *privacy.Vault
	runner    *jobs.Runner
	calendar  atomic.Pointer[worktime.Calendar]
	days      announced

	ground ground
	person map[string]string   // by name
	stands map[string][]string // persons who stand for a unit, by its name
	unit   map[string]string
	called map[string]string // what the story calls an id
	record map[string]string // ids of records by name
	lives  map[string]string // where a person lives or works, for cases opened without a place
	acting []account.Acting
	spans  []account.Delegation // of acting, in its order
	absent map[string][]int     // indexes into acting, by who acts

	opened  []string          // cases in the order they were opened by the story
	names   map[string]string // their ids by name
	notices []casework.Notice
	noticed []time.Time       // when each notice was sent
	saw     map[string]sight  // what offline actors saw
	overlay string            // text of the overlay in force
	mark    string            // id made when the event began
	said    []saying          // what the story did, for the timeline
	uploads map[string]string // files by request and name
	shut    []func()
	seen    map[string]bool // messages collected already
	down    time.Time       // jobs do not run before
	mu      sync.Mutex      // names, in a race
	troubles
}

// troubles are what went wrong behind the scenes.
type troubles struct{ broken []string }

// begin builds the world of a story on a fresh database.
func begin(ctx context.Context, d *db.DB, s *Story, packs Packs) (*world, error) {
	start := s.start().Add(-24 * time.Hour)
	w := &world{d: d, story: s, packs: packs, hand: clock.At(start), person: map[string]string{}, stands: map[string][]string{},
		unit: map[string]string{}, called: map[string]string{}, record: map[string]string{}, lives: map[string]string{}, absent: map[string][]int{},
		names: map[string]string{}, seen: map[string]bool{}, saw: map[string]sight{}, uploads: map[string]string{}}
	w.newID = id.Seeded(uint64(s.Seed), w.hand.Now)
	w.days.announce(s.Given.Holidays, s.Given.Workdays)
	if err := w.reckon(); err != nil {
		return nil, err
	}
	w.wire()
	for _, do := range []func(context.Context) error{w.plant, w.employ, w.load, w.register, w.delegate, w.shifts, w.allot} {
		if err := do(ctx); err != nil {
			return nil, err
		}
	}
	return w, w.places.Renew(ctx)
}

// long is how long what this process holds is trusted: nobody else writes.
const long = 1000 * time.Hour

// wire joins the services as the product does.
func (w *world) wire() {
	now := w.hand.Now
	w.territory = &territory.Service{DB: w.d, Now: now, NewID: w.newID, Fresh: long}
	w.accounts = account.New(w.d)
	w.vault = privacy.InMemory(w.d, now, w.newID)
	w.accounts.Now, w.accounts.NewID, w.accounts.Vault = now, w.newID, w.vault
	w.places = &casework.World{Territory: w.territory, Accounts: w.accounts, Runs: func(string) []string { return []string{kindRuns} }, Fresh: long}
	w.book = &casework.Book{DB: w.d, Now: now, NewID: w.newID, Fresh: long}
	w.points = &points.Service{DB: w.d, Now: now, NewID: w.newID}
	w.book.OnLoad = w.points.Loaded
	w.runner = jobs.NewRunner(w.d, now)
	calendar := func(string) worktime.Calendar { return *w.calendar.Load() }
	w.cases = &casework.Service{DB: w.d, Now: now, ID: w.newID, World: w.places, Book: w.book, Calendar: calendar,
		Soon: func(_ string, now time.Time) time.Time {
			return worktime.Add(now, worktime.Span{N: 1, Unit: worktime.InWorkingDays}, calendar(""), worktime.Options{}).At
		},
		TaskLife: casework.TaskLife(w.packs.Core), TaskPack: w.packs.Core, Nature: func(string) string { return casework.Real }, Lookup: w.lookup, Seed: w.drawSeed(), Vault: w.vault}
	w.cases.Post, w.cases.Balance = w.points.Effect, w.points.Balance
	w.accounts.OnPost = w.cases.PostMoved
	w.territory.OnChange = w.cases.PlacesMoved
	w.cases.Register(w.runner)
	w.points.Register(w.runner)
	w.records = &record.Service{DB: w.d, Now: now, NewID: w.newID, Territory: w.territory, Accounts: w.accounts, Kinds: w.kinds, Vault: w.vault}
	w.cases.Records = w.records
	w.listen()
}

// lookup reads a dated table: the story's rows before those of the pack.
func (w *world) lookup(ctx context.Context, tx *db.Tx, c *casework.Case, table string, args []formula.Value, day string) (formula.Value, error) {
	class, err := w.book.Of(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	e := class.In
	for _, t := range w.story.Given.Tables {
		if t.Name == table {
			e = pack.Resolve(e.Pack, &pack.Overlay{Pack: e.Pack.Name, Tables: []pack.TableChange{{Table: table, Rows: t.rows()}}})
		}
	}
	return e.Lookup(table, args, day), nil
}

// rows are the rows of a table as packs hold them.
func (t Table) rows() []pack.TableRow {
	var out []pack.TableRow
	for _, r := range t.Rows {
		row := pack.TableRow{Values: map[string]string{}}
		for k, v := range r {
			text, _ := v.(string)
			switch k {
			case "from":
				row.From = text
			case "until":
				row.Until = text
			default:
				row.Values[k] = text
			}
		}
		out = append(out, row)
	}
	return out
}

// load puts the pack of the story in force, with all that it needs.
func (w *world) load(ctx context.Context) error {
	done := map[string]bool{}
	var need func(p *pack.Pack) error
	need = func(p *pack.Pack) error {
		if p == nil || done[p.Name] {
			return nil
		}
		done[p.Name] = true
		for _, n := range p.Needs {
			if w.packs.Others[n] == nil {
				return fault.New(fault.Invalid, "story.unknown_pack", "name", n)
			}
			if err := need(w.packs.Others[n]); err != nil {
				return err
			}
		}
		if p == w.packs.Main {
			return nil
		}
		return w.book.Load(ctx, "", jurisdiction, p, nil)
	}
	if err := need(w.packs.Main); err != nil {
		return err
	}
	text := ""
	if f := w.story.Given.Overlay; f != "" {
		data, err := w.packs.file(w.story.File, f)
		if err != nil {
			return err
		}
		text = string(data)
	}
	w.packs.now, w.overlay = w.packs.Main, text
	return w.put(ctx, w.packs.Main, text)
}

// put puts a version of the pack in force, under an overlay's text and the story's duties.
func (w *world) put(ctx context.Context, p *pack.Pack, text string) error {
	text = withDuties(p.Name, text, w.story.Given.Duty)
	if text == "" {
		return w.book.Load(ctx, "", jurisdiction, p, nil)
	}
	o, report := pack.LoadOverlay("overlay.yaml", []byte(text), p)
	if o == nil {
		return report.Fault()
	}
	return w.book.Load(ctx, "", jurisdiction, p, o)
}

// delegate records who acts for whom.
func (w *world) delegate(ctx context.Context) error {
	for _, a := range w.story.Given.Absent {
		to, ok := w.person[a.Acting]
		if !ok {
			return unknown(a.Line, a.Acting)
		}
		for _, from := range w.peopleOf(a.Who) {
			posts, err := w.accounts.Posts(ctx, from)
			if err != nil {
				return err
			}
			for _, p := range posts {
				d, err := w.accounts.Delegate(ctx, "", account.Delegation{PostID: p.ID, To: to, Start: a.From, Until: a.Until})
				if err != nil {
					return err
				}
				w.absent[to] = append(w.absent[to], len(w.acting))
				w.acting = append(w.acting, account.Acting{Post: p, HolderName: a.Who, Delegation: d.ID})
				w.spans = append(w.spans, d)
			}
		}
	}
	return nil
}

// shifts puts people on the duty roster.
func (w *world) shifts(ctx context.Context) error {
	for _, s := range w.story.Given.Roster {
		area, ok := w.ground.id[s.Area]
		if !ok {
			return unknown(s.Line, s.Area)
		}
		who, ok := w.person[s.Who]
		if !ok {
			return unknown(s.Line, s.Who)
		}
		if err := w.cases.PutOnDuty(ctx, casework.Shift{Jurisdiction: jurisdiction, Area: area, Person: who, Seat: s.Role, From: s.From, Until: s.Until}); err != nil {
			return err
		}
	}
	return nil
}

// actor is somebody as of now, with the posts held and acted in.
func (w *world) actor(ctx context.Context, person string) (*casework.Actor, error) {
	if err := w.places.Renew(ctx); err != nil {
		return nil, err
	}
	now := w.hand.Now()
	a := account.Actor{PersonID: person, Name: w.called[person], Jurisdiction: jurisdiction, Posts: w.places.People().Of(person, now)}
	for _, i := range w.absent[person] {
		post, ok := w.places.People().Post(w.acting[i].ID)
		if ok && !now.Before(w.spans[i].Start) && now.Before(w.spans[i].Until) && (post.Until.IsZero() || now.Before(post.Until)) {
			a.Acting = append(a.Acting, w.acting[i])
		}
	}
	return w.cases.By(ctx, a)
}

// start is when the story begins.
func (s *Story) start() time.Time {
	at := s.When[0].At
	for _, e := range s.When {
		if e.Offline != nil && e.Offline.Made.Before(at) {
			at = e.Offline.Made
		}
	}
	return at
}

// drawSeed gives the seeds of samples: the story's own and a count, so that what is drawn
// hangs on nothing else.
func (w *world) drawSeed() id.Source {
	n := 0
	return func() string {
		n++
		return fmt.Sprintf("story %d/%d", w.story.Seed, n)
	}
}
