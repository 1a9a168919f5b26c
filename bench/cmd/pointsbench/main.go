// pointsbench measures ledgers beside the least that a database could do for them in the same
// minutes: on PostgreSQL plain double entry in one statement, on SQLite the create of refsrv
// without its HTTP. Run it from bench:
//
//	go run ./cmd/pointsbench -db sqlite:/var/tmp/points.db -fill 1000000
//
// It prints rates, their ratio to the ceiling, CPU of this process for each posting, what
// postings cost behind so many others, and how long a statement and a month's report take.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/id"
	"gezhi/internal/points"
)

const (
	jurisdiction = "bench"
	ledger       = "points"
	workers      = 526
)

var budget = points.Budget("street", 2026)

func main() {
	url := flag.String("db", "", "database, new or of an earlier run")
	clients := flag.Int("c", 100, "clients")
	length := flag.Duration("d", 5*time.Second, "of each round")
	rounds := flag.Int("rounds", 3, "rounds of each kind, in turn")
	fill := flag.Int("fill", 0, "so many postings are to stand before the statement and the report")
	flag.Parse()
	ctx := context.Background()
	d, err := db.Open(ctx, *url)
	check(err)
	defer d.Close()
	check(d.Migrate(ctx))
	d.WriteLimit = time.Hour
	s := &points.Service{DB: d, Now: clock.System, NewID: id.New}
	check(s.Declare(ctx, jurisdiction, points.Ledger{Name: ledger, Unit: points.Words{"en": "point"}, Spendable: true}))
	_, err = s.Do(ctx, points.Posting{Jurisdiction: jurisdiction, Ledger: ledger, Kind: points.Allot, Key: id.New(), From: points.Of(points.Mint), To: budget, Amount: 1e12, Reason: "bench", Person: "a", Second: "b"})
	check(err)
	bare, end := ceiling(ctx, d.Engine, *url)
	defer end()
	kinds := []struct {
		name string
		do   func(rng *rand.Rand) error
	}{
		{"bare", bare},
		{"spread", func(rng *rand.Rand) error { return grant(ctx, s, rng.IntN(workers)) }},
		{"one account", func(*rand.Rand) error { return grant(ctx, s, workers) }},
	}
	rates := map[string][]float64{}
	for range *rounds {
		for _, k := range kinds {
			rate, p50, p99, cpu := measure(*clients, *length, k.do)
			rates[k.name] = append(rates[k.name], rate)
			fmt.Printf("%-12s %7.0f/s  p50 %6.1f ms  p99 %6.1f ms  %4.0f us of CPU here\n", k.name, rate, p50, p99, cpu)
		}
	}
	for _, k := range kinds[1:] {
		fmt.Printf("%s: median %.2f of the ceiling\n", k.name, median(rates[k.name])/median(rates["bare"]))
	}
	if *fill > 0 {
		grow(ctx, s, *fill)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

func posting(worker int) points.Posting {
	return points.Posting{Jurisdiction: jurisdiction, Ledger: ledger, Kind: points.Grant, Key: "case/" + id.New(), From: budget, To: points.Own(fmt.Sprint("person/", worker)),
		Amount: int64(1 + worker%20), Reason: "patrol", Cause: "case/1", Item: fmt.Sprint("item-", worker%26), Area: fmt.Sprint("grid-", worker%60), Person: "a"}
}

func grant(ctx context.Context, s *points.Service, worker int) error {
	_, err := s.Do(ctx, posting(worker))
	return err
}

// measure lets clients do something again and again for a while.
func measure(clients int, length time.Duration, do func(*rand.Rand) error) (rate, p50, p99, cpu float64) {
	took := make([][]float64, clients)
	worked, begun := used(), time.Now()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(c)))
			for time.Since(begun) < length {
				t := time.Now()
				check(do(rng))
				took[c] = append(took[c], time.Since(t).Seconds()*1000)
			}
		})
	}
	wg.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	n := float64(len(all))
	return n / time.Since(begun).Seconds(), all[len(all)/2], all[len(all)*99/100], (used() - worked).Seconds() / n * 1e6
}

// used is the CPU time of this process.
func used() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// together is how many postings one transaction makes while filling.
const together = 500

// grow fills the ledger, and says what postings cost on the way, by CPU and by time, of the
// first thousands and of the last.
func grow(ctx context.Context, s *points.Service, n int) {
	var first, last time.Duration
	const part = 20_000
	for done := 0; done < n; done += part {
		begun := time.Now()
		for range part / together {
			check(s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
				for range together {
					if _, err := s.Post(ctx, tx, posting(rand.IntN(workers))); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		if last = time.Since(begun); done == 0 {
			first = last
		}
	}
	fmt.Printf("behind %d postings one costs %.2f of what it cost at first (%.0f us, %.0f us)\n", n, last.Seconds()/first.Seconds(), first.Seconds()/part*1e6, last.Seconds()/part*1e6)
	for done := 0; done < 100_000; done += together {
		check(s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			for range together {
				if _, err := s.Post(ctx, tx, posting(workers)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	begun := time.Now()
	check(s.Roll(ctx))
	fmt.Printf("months summed up in %.1f s\n", time.Since(begun).Seconds())
	month := points.Month(time.Now())
	for range 3 {
		begun = time.Now()
		sums, err := s.Months(ctx, jurisdiction, ledger, month, month)
		check(err)
		report := time.Since(begun)
		begun = time.Now()
		page, _, err := s.Statement(ctx, jurisdiction, ledger, points.Own(fmt.Sprint("person/", workers)), points.Page{})
		check(err)
		statement := time.Since(begun)
		begun = time.Now()
		_, err = s.BalanceAt(ctx, jurisdiction, ledger, points.Own(fmt.Sprint("person/", workers)), time.Now().Add(-time.Minute))
		check(err)
		fmt.Printf("report of a month %.0f ms (%d sums), statement %.1f ms (%d entries of 100 thousand), balance at a moment %.1f ms\n", ms(report), len(sums), ms(statement), len(page), ms(time.Since(begun)))
	}
	begun = time.Now()
	proof, err := points.Verify(ctx, s.DB)
	check(err)
	fmt.Printf("%d postings proved in %.1f s, %d findings\n", proof.Postings, time.Since(begun).Seconds(), len(proof.Findings))
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// ceiling is the least that the database could do.
func ceiling(ctx context.Context, e db.Engine, url string) (do func(*rand.Rand) error, end func()) {
	if e == db.Postgres {
		return plain(ctx, url)
	}
	return create(strings.TrimPrefix(url, "sqlite:") + ".bare")
}
