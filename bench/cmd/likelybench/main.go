// likelybench measures how long proposals of duplicates take among many open cases: it sets up a
// sample county of 200 villages with borders, opens cases through the product's own service, and
// asks what is like one about to be opened and what is like one that is open. Run it from bench:
//
//	go run ./cmd/likelybench -n 100000 -db sqlite:/var/tmp/likely.db
//
// A database that an earlier run has filled is asked as it is.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/app"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/packs"
)

const (
	villages = 200
	towns    = 20
	side     = 100_000 // of a village, in 1e-7 degrees: about a kilometre
	west     = 1_190_000_000
	south    = 280_000_000
	county   = "990101"
)

var (
	classes = []string{"0102", "0103", "0104", "0501", "0505"}
	began   = time.Date(2026, 3, 2, 0, 0, 0, 0, clock.CST)
	span    = 6 * 24 * time.Hour // in which all cases are opened; a class looks back three days
)

func main() {
	n := flag.Int("n", 100_000, "open cases")
	url := flag.String("db", "", "database, new or filled by an earlier run")
	data := flag.String("data", "/var/tmp/gezhi-likelybench", "folder of the keys")
	asks := flag.Int("asks", 2000, "proposals of each kind")
	flag.Parse()
	ctx := context.Background()
	a, err := open(ctx, *data, *url)
	check(err)
	who, have, err := chief(ctx, a)
	check(err)
	if who == "" {
		check(found(ctx, a))
		a.DB.Close()
		a, err = open(ctx, *data, *url) // which knows the county from its start
		check(err)
		who, _, err = chief(ctx, a)
		check(err)
	}
	defer a.DB.Close()
	all, err := a.Accounts.Jurisdictions(ctx)
	check(err)
	actor, err := a.Cases.By(ctx, account.Actor{PersonID: who, Jurisdiction: all[0].ID, Posts: a.World.People().Of(who, began)})
	check(err)
	if have < *n {
		begun := time.Now()
		fill(ctx, a.Cases, actor, have, *n)
		fmt.Printf("%d cases opened in %s\n", *n-have, time.Since(begun).Round(time.Second))
	}
	if a.DB.Engine == db.Postgres {
		check(a.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, "ANALYZE") }))
	}
	a.Cases.Now = clock.At(began.Add(span)).Now
	ask(ctx, a, actor, *n, *asks)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func open(ctx context.Context, data, url string) (*app.App, error) {
	cfg, _, err := config.Read([]string{"-data", data, "-db", url}, nil)
	if err != nil {
		return nil, err
	}
	return app.New(ctx, cfg)
}

// chief is who asks, who sees the county; "" while there is none; and how many cases there are.
func chief(ctx context.Context, a *app.App) (person string, cases int, err error) {
	if err := a.World.Renew(ctx); err != nil {
		return "", 0, err
	}
	err = a.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		who, err := db.Collect(ctx, tx, "SELECT person_id FROM post WHERE role = 'county_chief'", nil, func(r db.Rows) (s string, err error) { return s, r.Scan(&s) })
		if err != nil || len(who) == 0 {
			return err
		}
		person = who[0]
		return tx.Row(ctx, "SELECT count(*) FROM cases", nil, &cases)
	})
	return person, cases, err
}

// corner is the south-western one of a village, in 1e-7 degrees: towns are columns of ten villages.
func corner(v int) (lon, lat int64) { return west + int64(v/10)*side, south + int64(v%10)*side }

func squareOf(v int) *territory.Boundary {
	lon, lat := corner(v)
	at := func(x, y int64) orb.Point { return orb.Point{float64(lon+x) / 1e7, float64(lat+y) / 1e7} }
	return &territory.Boundary{CRS: "wgs84", Shape: orb.MultiPolygon{{orb.Ring{at(0, 0), at(side, 0), at(side, side), at(0, side), at(0, 0)}}}}
}

// found makes the county: places with borders, the pack, and somebody who sees all of it.
func found(ctx context.Context, a *app.App) error {
	j, err := a.Accounts.CreateJurisdiction(ctx, account.Jurisdiction{Code: county, Name: "County (sample)", Nature: territory.Sample, Settings: account.Settings{Runs: []string{"centre"}}})
	if err != nil {
		return err
	}
	drafts := []territory.Draft{{Code: "99", Level: territory.Province, Name: "Province (sample)"}, {Code: "9901", Parent: "99", Level: territory.City, Name: "City (sample)"},
		{Code: county, Parent: "9901", Level: territory.County, Name: "County (sample)"}}
	for t := range towns {
		drafts = append(drafts, territory.Draft{Code: fmt.Sprintf("%s%03d", county, t+1), Parent: county, Level: territory.Township, Name: fmt.Sprintf("Town %d (sample)", t+1)})
	}
	for v := range villages {
		town := fmt.Sprintf("%s%03d", county, v/10+1)
		drafts = append(drafts, territory.Draft{Code: fmt.Sprintf("%s%03d", town, 200+v%10), Parent: town, Level: territory.Village, Name: fmt.Sprintf("Village %d (sample)", v+1), Boundary: squareOf(v)})
	}
	for i := range drafts {
		drafts[i].Scheme, drafts[i].ParentScheme = territory.SchemeDivision, territory.SchemeDivision
	}
	imp := territory.Import{Jurisdiction: j.ID, Owners: map[string]string{county: j.ID}, From: began.AddDate(-1, 0, 0), Nature: territory.Sample}
	for _, step := range []func() (territory.Report, error){
		func() (territory.Report, error) { return a.Territory.Plant(ctx, drafts, imp) },
		func() (territory.Report, error) {
			return a.Territory.PlantUnits(ctx, []territory.UnitDraft{{Code: "centre", Kind: "centre", Name: "Centre (sample)", AreaScheme: territory.SchemeDivision, Area: county}}, imp)
		},
	} {
		if r, err := step(); err != nil || len(r.Bad) > 0 {
			return fmt.Errorf("%v %w", r.Bad, err)
		}
	}
	for _, name := range []string{"core", "incident"} {
		in, err := fs.Sub(packs.FS, name)
		if err != nil {
			return err
		}
		p, _ := pack.Load(in)
		if err := a.Book.Load(ctx, "", j.ID, p, nil); err != nil {
			return err
		}
	}
	tree, err := a.Territory.Tree(ctx)
	if err != nil {
		return err
	}
	unit, _ := tree.UnitByCode(j.ID, "centre")
	area, _ := tree.ByCode(territory.SchemeDivision, county)
	p, err := a.Accounts.CreatePerson(ctx, "", account.NewPerson{Jurisdiction: j.ID, Name: "Chief (sample)", Login: "chief", Nature: territory.Sample})
	if err != nil {
		return err
	}
	_, err = a.Accounts.GivePost(ctx, "", account.NewPost{PersonID: p.ID, Role: "county_chief", From: imp.From, UnitID: unit.ID, AreaID: area.ID, AreaLevel: account.County})
	return err
}

// draft is what the i-th case says, and where and when.
func draft(i int) casework.Opening {
	rng := rand.New(rand.NewPCG(uint64(i), 7))
	lon, lat := corner(rng.IntN(villages))
	return casework.Opening{Class: "incident/sample:" + classes[rng.IntN(len(classes))], Text: text(rng), HasPoint: true, Channel: "hotline",
		LonE7: lon + 1 + rng.Int64N(side-2), LatE7: lat + 1 + rng.Int64N(side-2), Key: fmt.Sprintf("%08d-0000-7000-8000-000000000000", i)}
}

// text is thirty to ninety words of two letters whose frequencies fall as those of a language do.
func text(rng *rand.Rand) string {
	zipf := rand.NewZipf(rng, 1.07, 4, 4999)
	var b strings.Builder
	for range 30 + rng.IntN(60) {
		w := rand.New(rand.NewPCG(5, zipf.Uint64()))
		for range 2 {
			b.WriteRune(rune(0x4e00 + w.IntN(2500)))
		}
	}
	return b.String()
}

// fill opens cases, sixteen at a time.
func fill(ctx context.Context, s *casework.Service, who *casework.Actor, from, to int) {
	next, mu, all := from, sync.Mutex{}, sync.WaitGroup{}
	s.Now = func() time.Time { // each opened a little later than the one before
		mu.Lock()
		defer mu.Unlock()
		return began.Add(span / time.Duration(to) * time.Duration(next))
	}
	for range 16 {
		all.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= to {
					return
				}
				_, err := s.Open(ctx, who, draft(i))
				check(err)
			}
		})
	}
	all.Wait()
}

// ask asks what is like cases that are about to be opened, and like some that are open.
func ask(ctx context.Context, a *app.App, who *casework.Actor, n, asks int) {
	var open []string
	check(a.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		open, err = db.Collect(ctx, tx, "SELECT id FROM cases WHERE phase <> 'closed' ORDER BY opened_at DESC LIMIT 20000", nil, func(r db.Rows) (s string, err error) { return s, r.Scan(&s) })
		return err
	}))
	rng := rand.New(rand.NewPCG(1, 2))
	for _, k := range []struct {
		name string
		do   func(i int) ([]casework.Likely, error)
	}{
		{"to be opened, with a point", func(i int) ([]casework.Likely, error) { return a.Cases.LikelyTo(ctx, who, draft(n+i)) }},
		{"to be opened, without a point", func(i int) ([]casework.Likely, error) {
			o := draft(n + i)
			x, ok := a.World.Find(o.LonE7, o.LatE7)
			if !ok {
				log.Fatal("no village there")
			}
			o.AreaID, o.HasPoint, o.LonE7, o.LatE7 = x.ID, false, 0, 0
			return a.Cases.LikelyTo(ctx, who, o)
		}},
		{"open", func(int) ([]casework.Likely, error) { return a.Cases.LikelyOf(ctx, who, open[rng.IntN(len(open))]) }},
	} {
		took := make([]time.Duration, asks)
		proposed, worked := 0, used()
		for i := range took {
			t := time.Now()
			found, err := k.do(i)
			check(err)
			took[i], proposed = time.Since(t), proposed+len(found)
		}
		worked = used() - worked
		slices.Sort(took)
		ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
		fmt.Printf("%-30s p50 %6.1f ms  p95 %6.1f ms  p99 %6.1f ms  %5.2f ms of CPU here  %.2f proposed\n", k.name,
			ms(took[asks/2]), ms(took[asks*95/100]), ms(took[asks*99/100]), ms(worked)/float64(asks), float64(proposed)/float64(asks))
	}
}

// used is the CPU time of this process.
func used() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
