package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/blob"
	"gezhi/internal/casework"
	"gezhi/internal/classifier"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/feed"
	"gezhi/internal/formula"
	"gezhi/internal/id"
	"gezhi/internal/intake"
	"gezhi/internal/jobs"
	"gezhi/internal/notify"
	"gezhi/internal/pack"
	"gezhi/internal/paste"
	"gezhi/internal/points"
	"gezhi/internal/privacy"
	"gezhi/internal/record"
	"gezhi/internal/search"
	"gezhi/internal/setup"
	"gezhi/internal/signon"
	"gezhi/internal/territory"
	"gezhi/internal/upload"
	"gezhi/internal/web"
	"gezhi/internal/worktime"
	"gezhi/packs"
	"gezhi/ui"
)

// Version of the product, set by the build.
var Version = "dev"

// App is the whole program, built and not yet running.
type App struct {
	Config        config.Config
	DB            *db.DB
	Accounts      *account.Service
	Territory     *territory.Service
	World         *casework.World
	Book          *casework.Book
	Calendars     *casework.Calendars
	Cases         *casework.Service
	Records       *record.Service
	Jobs          *jobs.Runner
	Notify        *notify.Service
	Search        *search.Service
	SignOn        *signon.Service
	Intake        *intake.Service
	Uploads       *upload.Service
	Classifier    *classifier.Service
	Feeds         *feed.Service
	Audit         *audit.Service
	Points        *points.Service
	Web           *web.Server
	Jurisdictions *jurisdictions

	Vault *privacy.Vault

	// Before is done beside the pages and before the timers of the present; nil is nothing.
	Before func(context.Context)

	newID id.Source // of all that the program writes
	relay *relay
	core  *pack.Pack
	files blob.Store
}

// lanes is how many messages and timers are worked on side by side.
const lanes = 8

// New opens and migrates the database and joins everything to it.
func New(ctx context.Context, cfg config.Config) (*App, error) {
	d, err := db.Open(ctx, cfg.DB)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		d.Close()
		return nil, err
	}
	ids, err := idsAfter(ctx, d)
	if err != nil {
		d.Close()
		return nil, err
	}
	vault, err := privacy.Open(ctx, d, cfg.Keys, clock.System, ids)
	if err != nil {
		d.Close()
		return nil, err
	}
	a := &App{Config: cfg, DB: d, Vault: vault, newID: ids, Jobs: jobs.NewRunner(d, clock.System)}
	a.Jobs.Lanes = lanes
	a.Accounts = account.New(d)
	a.Accounts.Vault, a.Accounts.NewID = vault, ids
	if err := a.logIns(cfg); err != nil {
		d.Close()
		return nil, err
	}
	a.Territory = &territory.Service{DB: d, Now: clock.System, NewID: a.newID, Fresh: 3 * time.Second}
	a.Jurisdictions = &jurisdictions{accounts: a.Accounts}
	a.World = &casework.World{Territory: a.Territory, Accounts: a.Accounts, Runs: a.Jurisdictions.runs, Fresh: 3 * time.Second}
	a.Book = &casework.Book{DB: d, Now: clock.System, NewID: a.newID, Fresh: 3 * time.Second}
	a.Calendars = &casework.Calendars{DB: d, Now: clock.System, NewID: a.newID}
	files, err := fileStore(ctx, cfg)
	if err != nil {
		d.Close()
		return nil, err
	}
	core, err := shipped(taskPack)
	if err != nil {
		d.Close()
		return nil, err
	}
	a.core = core
	a.files = files
	a.Points = a.ledgers(clock.System)
	a.Points.Register(a.Jobs)
	a.Book.OnLoad = a.Points.Loaded
	a.Cases = a.cases(clock.System)
	a.Cases.Wake = a.Jobs.Wake
	a.Cases.Register(a.Jobs)
	a.Accounts.OnPost = a.Cases.PostMoved
	a.Accounts.Invites = a.Book.Invites
	a.Accounts.Ground = a.ground
	a.Territory.OnChange = a.Cases.PlacesMoved
	a.records()
	a.Jobs.Topics[casework.TopicRecount] = a.recountOne
	a.Classifier = &classifier.Service{DB: d, Now: clock.System, NewID: a.newID, Cases: a.Cases, Fresh: time.Minute}
	if err := errors.Join(a.notifies(), a.inlet()); err != nil {
		d.Close()
		return nil, err
	}
	a.Search = &search.Service{DB: d, Cases: a.Cases, Texts: a.Cases.TextsOf}
	a.Cases.OnMove = append(a.Cases.OnMove, a.Search.Moved)
	a.Cases.Erased = a.Search.Erased
	a.feeds()
	if a.Uploads, err = upload.New(upload.Service{DB: d, Now: clock.System, NewID: id.New, Cases: a.Cases, Guests: upload.Guests{Who: a.Intake.Sender, Take: a.Intake.Keep, Most: intake.MaxFile}}, filepath.Join(cfg.Data, "uploads")); err != nil {
		d.Close()
		return nil, err
	}
	a.Uploads.Register(a.Jobs)
	if a.SignOn, err = a.signOn(); err != nil {
		d.Close()
		return nil, err
	}
	a.serve()
	if err := errors.Join(a.refresh(ctx), a.sealOld(ctx)); err != nil {
		d.Close()
		return nil, err
	}
	return a, nil
}

// fileStore is where uploaded files are kept.
func fileStore(ctx context.Context, cfg config.Config) (blob.Store, error) {
	f := cfg.Files
	if f.Bucket == nil {
		return blob.Open(filepath.Join(cfg.Data, "files"), clock.System)
	}
	bucket, prefix := f.Place()
	return blob.OpenBucket(ctx, blob.Place{Endpoint: f.Bucket.Host, TLS: f.Bucket.Scheme == "https", Bucket: bucket, Prefix: prefix, Region: f.Region, Key: string(f.Key), Secret: string(f.Secret)},
		filepath.Join(cfg.Data, "files", "tmp"))
}

// refresh reads what another process may have changed of jurisdictions and their calendars.
func (a *App) refresh(ctx context.Context) error {
	changed, err := a.Jurisdictions.load(ctx)
	if changed {
		a.World.Forget() // which units run an area is a jurisdiction's word
	}
	return errors.Join(err, a.Calendars.Renew(ctx))
}

// cases joins casework to the rest, under a clock.
func (a *App) cases(now clock.Now) *casework.Service {
	return &casework.Service{DB: a.DB, Now: now, ID: a.newID, World: a.World, Book: a.Book, Calendar: a.Calendars.Of, Soon: a.soon,
		TaskLife: casework.TaskLife(a.core), TaskPack: a.core, Nature: a.Jurisdictions.nature, Files: a.files, Vault: a.Vault, Lookup: a.lookup, Post: a.ledgers(now).Effect, Balance: a.ledgers(now).Balance, Records: a.Records}
}

// lookup reads a dated table of the pack that a case was opened under.
func (a *App) lookup(ctx context.Context, tx *db.Tx, c *casework.Case, table string, key []formula.Value, day string) (formula.Value, error) {
	k, err := a.Book.Of(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	return k.In.Lookup(table, key, day), nil
}

// taskPack is the shipped pack that gives the life of tasks.
const taskPack = "core"

// serve builds the server with every operation.
func (a *App) serve() {
	a.Web = web.New("Gezhi", Version)
	a.Web.Authenticate = a.Accounts.Authenticate
	a.Web.Proxies = a.Config.Proxies
	a.Web.Reader = readerOf
	a.Cases.Slow = func(ctx context.Context, what casework.Doing) error {
		return a.Web.InPace(ctx, string(what), web.ReportPace)
	}
	titles := account.Titles{Names: a.names, Role: a.roleTitle, Jurisdiction: a.Jurisdictions.get, Roles: a.roles, Seat: a.seat}
	a.Accounts.Register(a.Web, titles)
	account.Door{Accounts: a.Accounts, Titles: titles, Public: a.Config.Base()}.Register(a.Web)
	signon.Door{Service: a.SignOn, Public: a.Config.Base()}.Register(a.Web)
	if a.Config.Public != nil {
		a.Web.Hosts = []string{a.Config.Public.Host}
	}
	a.Cases.Routes(a.Web)
	a.Audit = &audit.Service{DB: a.DB, Now: clock.System, NewID: a.newID, Keep: a.Config.Data, KeyFile: a.Config.AuditKey, May: a.auditor, Name: a.personName, Derived: derived(a.DB)}
	a.Audit.Routes(a.Web)
	a.Records.Routes(a.Web)
	(&setup.Service{DB: a.DB, Now: clock.System, Cases: a.Cases, Shipped: shippedPacks, Nature: a.Jurisdictions.nature, Role: a.roleTitle, Tell: tellStories,
		Code: func(jurisdiction string) string { return a.Jurisdictions.get(jurisdiction).Code }}).Routes(a.Web)
	(&paste.Service{Cases: a.Cases, Guess: a.guess}).Routes(a.Web)
	a.Search.Routes(a.Web)
	a.lookups()
	a.Notify.Register(a.Web)
	a.Intake.Routes(a.Web)
	a.Uploads.Routes(a.Web)
	a.Feeds.Routes(a.Web)
	a.Points.Routes(a.Web)

	a.Classifier.Register(a.Web)
	a.relay = newRelay(a.DB, a.Web.Hub)
	a.relay.changed = a.Accounts.Forget
	a.Accounts.OnChange = func(people []string) {
		for _, p := range people {
			a.relay.publish(web.ReaderTopic(p), p)
		}
	}
	a.Notify.Publish = a.relay.publish
	a.Web.Mount("/", web.Faces(ui.Files()))
	a.Cases.Changed = func(c *casework.Case) {
		for _, t := range c.Topics() {
			a.relay.publish(t, c.ID)
		}
	}
}

// names gives the names of units and areas.
func (a *App) names(ctx context.Context, ids []string) (map[string]string, error) {
	t, err := a.Territory.Tree(ctx)
	out := map[string]string{}
	if err != nil {
		return nil, err
	}
	for _, x := range ids {
		if u, ok := t.Unit(x); ok {
			out[x] = u.Name
		} else if ar, ok := t.Area(x); ok {
			out[x] = ar.Name
		}
	}
	return out, nil
}

// unitsAbove lists the units above one, nearest first.
func (a *App) unitsAbove(ctx context.Context, unit string) ([]string, error) {
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for u, ok := t.Unit(unit); ok && u.Parent != "" && len(out) < 20; u, ok = t.Unit(u.Parent) {
		out = append(out, u.Parent)
	}
	return out, nil
}

// Run serves until ctx ends.
func (a *App) Run(ctx context.Context, l net.Listener) error {
	key, err := audit.KeyOf(ctx, a.DB, a.Config.AuditKey)
	if err != nil {
		if ctx.Err() != nil {
			err = nil // told to end before it had begun
		}
		return errors.Join(err, l.Close(), a.DB.Close())
	}
	log := &audit.Log{DB: a.DB, Now: clock.System, Key: key, Keep: a.Config.Data, Holder: id.New()}
	work, stop := context.WithCancel(db.Aside(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { paceCollector(work) })
	ready := make(chan struct{})
	wg.Go(func() {
		defer close(ready)
		if a.Before != nil {
			a.Before(work)
		}
	})
	wg.Go(func() { <-ready; a.Jobs.Run(work) })
	wg.Go(func() { a.Notify.Run(work) })
	wg.Go(func() { a.Search.Run(work) })
	wg.Go(func() { a.Feeds.Run(work) })
	wg.Go(func() { <-ready; a.Points.Run(work) })
	if p := a.mailbox(); p != nil {
		wg.Go(func() { p.Run(work) })
	}
	wg.Go(func() { a.recount(work) })
	wg.Go(func() { a.watch(work) })
	wg.Go(func() { a.relay.run(work) })
	wg.Go(func() { log.Run(work) })
	wg.Go(func() { a.Audit.Run(work) })
	err = a.Web.Run(ctx, l)
	stop()
	wg.Wait()
	return errors.Join(err, a.DB.Close())
}

// watch looks now and then for what commands beside this process have changed. Nobody can be
// beside it on SQLite.
func (a *App) watch(ctx context.Context) {
	if a.DB.Engine == db.SQLite {
		return
	}
	for tick := time.NewTicker(watched); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			if err := a.refresh(ctx); err != nil && ctx.Err() == nil {
				slog.Error("refresh", "err", err)
			}
		}
	}
}

// watched is how often a process looks for what others have changed.
const watched = 3 * time.Second

// recount looks once after the start whether this binary knows the holidays of a year that
// an older one had to guess, and where records lie after a reform of divisions.
func (a *App) recount(ctx context.Context) {
	if err := errors.Join(a.Cases.TidyDaily(ctx), a.Uploads.ExpireHourly(ctx)); err != nil && ctx.Err() == nil {
		slog.Error("files", "err", err)
	}
	for _, id := range a.Jurisdictions.ids() {
		if err := a.Cases.Recount(ctx, id); err != nil && ctx.Err() == nil {
			slog.Error("recount", "jurisdiction", id, "err", err)
		}
		if err := a.retainOnce(ctx, id); err != nil && ctx.Err() == nil {
			slog.Error("retention", "jurisdiction", id, "err", err)
		}
		if err := a.Records.Daily(ctx, id); err != nil && ctx.Err() == nil {
			slog.Error("retention of records", "jurisdiction", id, "err", err)
		}
		if _, err := a.Records.Restamp(ctx, id); err != nil && ctx.Err() == nil {
			slog.Error("restamp", "jurisdiction", id, "err", err)
		}
	}
}

// recountOne computes anew the provisional clocks of a jurisdiction whose calendar is new.
func (a *App) recountOne(ctx context.Context, m jobs.Message) error {
	if err := a.refresh(ctx); err != nil {
		return err
	}
	return a.Cases.Recount(ctx, m.Jurisdiction)
}

// soon is the end of the next working day.
func (a *App) soon(jurisdiction string, now time.Time) time.Time {
	return worktime.Add(now, worktime.Span{N: 1, Unit: worktime.InWorkingDays}, a.Calendars.Of(jurisdiction), worktime.Options{}).At
}

// shipped reads a pack that ships with the product.
func shipped(name string) (*pack.Pack, error) {
	dir, err := fs.Sub(packs.FS, name)
	if err != nil {
		return nil, err
	}
	p, report := pack.Load(dir)
	if p == nil {
		return nil, fault.Wrap(report.Fault(), fault.Internal, "pack.shipped_broken", "pack", name)
	}
	return p, nil
}

// shippedNames lists the packs that ship with the product.
func shippedNames() []string {
	var out []string
	entries, err := packs.FS.ReadDir(".")
	if err != nil {
		slog.Error("packs", "err", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out
}

// jurisdictions remembers what the jurisdictions have decided.
type jurisdictions struct {
	accounts *account.Service
	mu       sync.RWMutex
	byID     map[string]account.Jurisdiction
}

// load reads all jurisdictions and reports whether one is new or has changed.
func (j *jurisdictions) load(ctx context.Context) (changed bool, err error) {
	all, err := j.accounts.Jurisdictions(ctx)
	if err != nil {
		return false, err
	}
	fresh := map[string]account.Jurisdiction{}
	for _, x := range all {
		fresh[x.ID] = x
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	changed = !reflect.DeepEqual(j.byID, fresh)
	j.byID = fresh
	return changed, nil
}

func (j *jurisdictions) get(id string) account.Jurisdiction {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.byID[id]
}

// ids lists all jurisdictions.
func (j *jurisdictions) ids() []string {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return slices.Sorted(maps.Keys(j.byID))
}

func (j *jurisdictions) runs(id string) []string { return j.get(id).Settings.Runs }

func (j *jurisdictions) nature(id string) string { return j.get(id).Nature }

// byCode is the jurisdiction of a division code; "" is the only one there is.
func (j *jurisdictions) byCode(code string) (account.Jurisdiction, error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	var found []account.Jurisdiction
	var codes []string
	for _, x := range j.byID {
		if code == "" || x.Code == code {
			found = append(found, x)
		}
		codes = append(codes, x.Code)
	}
	slices.Sort(codes)
	switch known := strings.Join(codes, ", "); {
	case len(codes) == 0:
		return account.Jurisdiction{}, fault.New(fault.Invalid, "jurisdiction.none")
	case len(found) == 0:
		return account.Jurisdiction{}, fault.New(fault.Invalid, "jurisdiction.unknown", "code", code, "known", known)
	case len(found) > 1:
		return account.Jurisdiction{}, fault.New(fault.Invalid, "jurisdiction.which", "known", known)
	}
	return found[0], nil
}
