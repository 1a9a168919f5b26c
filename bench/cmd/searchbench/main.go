// searchbench measures how long searches take among many messages: it fills a database with
// cases that hold them, writes the index as the product does, and asks. Run it from bench:
//
//	go run ./cmd/searchbench -n 100000 -db sqlite:/var/tmp/search.db
//
// Without -texts the messages are drawn by a generator; with it they are the column "text" of
// a CSV, repeated with other numbers and places until there are enough.
package main

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/search"
)

const villages = 200

var began = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func main() {
	n := flag.Int("n", 100000, "messages")
	url := flag.String("db", "", "database, new or filled by an earlier run")
	texts := flag.String("texts", "", "CSV with a column text; a generator by default")
	asks := flag.Int("asks", 400, "searches of each kind")
	flag.Parse()
	ctx := context.Background()
	d, err := db.Open(ctx, *url)
	check(err)
	defer d.Close()
	check(d.Migrate(ctx))
	d.WriteLimit = time.Hour
	said := messages(*texts)
	rng := rand.New(rand.NewPCG(1, 2))
	s := &search.Service{DB: d, Cases: &casework.Service{DB: d}, Texts: textsOf(said)}
	var have int
	check(d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, "SELECT count(*) FROM search_entry", nil, &have)
	}))
	if have < *n {
		fill(ctx, d, s, *n)
	}
	measure(ctx, s, said, rng, *asks)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func id(i int) string { return fmt.Sprintf("%08d-0000-7000-8000-000000000000", i) }

func opened(i int) time.Time { return began.Add(time.Duration(i) * 10 * time.Minute) }

// phase leaves one case in ten open.
func phase(i int) string {
	if i%10 == 0 {
		return "working"
	}
	return "closed"
}

const putCase = `INSERT INTO cases (id, jurisdiction, number, kind, nature, root_id, pack, pack_hash, scheme, class, life, step, phase, version, moves, channel, title,
	county_id, township_id, village_id, happened_at, opened_at, entered_at, due_at, fields) VALUES ($1, 'j', $2, 'case', 'sample', $1, 'p', '', '', 'c', 'l', 's', $3, 1, 1, 'field', $4, 'county', $5, $6, $7, $7, $7, $7, $8)`

// fill opens cases as rows, with those they concern, and writes the index anew.
func fill(ctx context.Context, d *db.DB, s *search.Service, n int) {
	begun := time.Now()
	for from := 0; from < n; from += 1000 {
		check(d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			for i := from; i < min(from+1000, n); i++ {
				t, err := s.Texts(ctx, tx, id(i))
				if err != nil {
					return err
				}
				if err := tx.Queue(ctx, putCase, id(i), t.Numbers[0], t.Phase, t.Title, t.Areas[1], t.Areas[2], t.OpenedAt, `{"text":`+fmt.Sprintf("%q", t.Said[0])+`}`); err != nil {
					return err
				}
				for _, who := range t.Involved {
					if err := tx.Queue(ctx, "INSERT INTO involved (subject, case_id, jurisdiction, open, due_at) VALUES ($1, $2, 'j', 1, 0)", who, id(i)); err != nil {
						return err
					}
				}
			}
			return nil
		}))
	}
	fmt.Printf("%d cases in %s\n", n, time.Since(begun).Round(time.Second))
	begun = time.Now()
	check(s.Rebuild(ctx, func(int) {}))
	took := time.Since(begun)
	fmt.Printf("index in %s, %s for each case\n", took.Round(time.Second), (took / time.Duration(n)).Round(time.Microsecond))
	if d.Engine == db.Postgres {
		check(d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, "ANALYZE") }))
	}
}

func textsOf(said []string) func(context.Context, *db.Tx, string) (*casework.Texts, error) {
	return func(_ context.Context, _ *db.Tx, of string) (*casework.Texts, error) {
		var i int
		if _, err := fmt.Sscanf(of, "%d-", &i); err != nil {
			return nil, err
		}
		v := i * 7919 % villages
		text := said[i%len(said)]
		title := []rune(text)
		return &casework.Texts{Jurisdiction: "j", OpenedAt: opened(i), Numbers: []string{fmt.Sprintf("EV-2024-%06d", i)}, Class: "p/:c", Phase: phase(i),
			Said: []string{text}, Title: string(title[:min(len(title), 30)]), Place: fmt.Sprintf("云和县第%d乡第%d村", v/10, v),
			Areas:    []string{"county", fmt.Sprint("town", v/10), fmt.Sprint("village", v)},
			Involved: []string{fmt.Sprint("person/p", i%5000), fmt.Sprint("unit/u", i%40)}}, nil
	}
}

// messages reads the column text, or draws messages.
func messages(path string) []string {
	if path == "" {
		return drawn(20000)
	}
	f, err := os.Open(path)
	check(err)
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	rows, err := r.ReadAll()
	check(err)
	at := slices.Index(rows[0], "text")
	var out []string
	for _, row := range rows[1:] {
		if at < len(row) && strings.TrimSpace(row[at]) != "" {
			out = append(out, row[at])
		}
	}
	return out
}

// drawn are messages of words whose frequencies fall as those of a language do.
func drawn(n int) []string {
	rng := rand.New(rand.NewPCG(3, 4))
	zipf := rand.NewZipf(rng, 1.07, 4, 19999)
	word := func() string {
		w := rand.New(rand.NewPCG(5, zipf.Uint64()))
		var b strings.Builder
		for range 2 + w.IntN(2) {
			b.WriteRune(rune(0x4e00 + w.IntN(2500)))
		}
		return b.String()
	}
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for range 40 + rng.IntN(120) {
			b.WriteString(word())
			if rng.IntN(8) == 0 {
				b.WriteString("，")
			}
		}
		out[i] = b.String()
	}
	return out
}

// measure asks as people ask, by kind of query and by how far the asker sees.
func measure(ctx context.Context, s *search.Service, said []string, rng *rand.Rand, asks int) {
	actor := func(branches ...account.Branch) *casework.Actor {
		return &casework.Actor{Jurisdiction: "j", Scope: account.Scope{Jurisdiction: "j", Branches: branches, Marks: []string{"person/p7", "unit/u3"}}}
	}
	me, unit := account.Branch{Kind: account.PersonBranch, ID: "p7"}, account.Branch{Kind: account.UnitBranch, ID: "u3"}
	people := []struct {
		name string
		who  *casework.Actor
	}{
		{"county", actor(me, account.Branch{Kind: account.AreaBranch, Level: account.County, ID: "county"})},
		{"village", actor(me, unit, account.Branch{Kind: account.AreaBranch, Level: account.Village, ID: "village11"})},
		{"unit", actor(me, unit)},
	}
	piece := func(n int) string {
		for {
			rs := []rune(said[rng.IntN(len(said))])
			if len(rs) <= n {
				continue
			}
			i := rng.IntN(len(rs) - n)
			w := string(rs[i : i+n])
			if !strings.ContainsFunc(w, func(r rune) bool { return r < 0x4e00 || r > 0x9fff }) {
				return w
			}
		}
	}
	kinds := []struct {
		name string
		ask  func() search.Query
	}{
		{"two characters", func() search.Query { return search.Query{Text: piece(2)} }},
		{"four characters", func() search.Query { return search.Query{Text: piece(4)} }},
		{"two words", func() search.Query { return search.Query{Text: piece(2) + " " + piece(2)} }},
		{"two characters, open only", func() search.Query { return search.Query{Text: piece(2), Filter: casework.Query{Phase: "working"}} }},
		{"case number", func() search.Query { return search.Query{Text: fmt.Sprintf("EV-2024-%06d", rng.IntN(100000))} }},
		{"place and word", func() search.Query {
			return search.Query{Text: fmt.Sprintf("第%d村 %s", rng.IntN(villages), piece(2))}
		}},
	}
	fmt.Println("| who sees | query | hits | p50 | p95 | max | CPU p50 | CPU p95 |\n|---|---|---|---|---|---|---|---|")
	var all, allWork []time.Duration
	worked := used()
	for _, p := range people {
		for _, k := range kinds {
			took, work := make([]time.Duration, asks), make([]time.Duration, asks)
			hits := 0
			for i := range took {
				q := k.ask()
				begun, before := time.Now(), used()
				found, _, err := s.Find(ctx, p.who, q)
				took[i], work[i] = time.Since(begun), used()-before
				check(err)
				hits += len(found)
			}
			all, allWork = append(all, took...), append(allWork, work...)
			row(p.name, k.name, float64(hits)/float64(asks), took, work)
		}
	}
	row("**all**", "", 0, all, allWork)
	fmt.Printf("%s of CPU in this process for each search; a database server's own is not in it\n", ((used() - worked) / time.Duration(len(all))).Round(10*time.Microsecond))
}

// used is the CPU time of this process, which others on the machine disturb less than the clock.
func used() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func row(who, what string, hits float64, took, work []time.Duration) {
	at := func(d []time.Duration, p int) string {
		slices.Sort(d)
		return d[min(len(d)-1, len(d)*p/100)].Round(10 * time.Microsecond).String()
	}
	fmt.Printf("| %s | %s | %.1f | %s | %s | %s | %s | %s |\n", who, what, hits, at(took, 50), at(took, 95), at(took, 100), at(work, 50), at(work, 95))
}
