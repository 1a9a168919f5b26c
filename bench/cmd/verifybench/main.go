// verifybench measures a verification of a long log: it fills a database with cases whose moves
// leave leaves, numbers them as the product does, and verifies. Run it from bench:
//
//	go run ./cmd/verifybench -n 1000000 -db sqlite:/var/tmp/verify.db
//
// It prints seconds of wall and CPU time and the most memory that the process held. A database
// that an earlier run has filled is verified as it is.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/id"
)

// perCase is how many moves a case has: one leaf each, which names the row of the case, the
// move and a clock.
const perCase = 10

// together is how many leaves one transaction writes.
const together = 500

func main() {
	n := flag.Int("n", 1_000_000, "leaves")
	url := flag.String("db", "", "database, new or filled by an earlier run")
	key := flag.String("key", "/var/tmp/gezhi-verifybench", "folder of the log's key")
	flag.Parse()
	ctx := context.Background()
	d, err := db.Open(ctx, *url)
	check(err)
	defer d.Close()
	check(d.Migrate(ctx))
	d.WriteLimit = time.Hour
	check(os.MkdirAll(*key, 0o700))
	k, err := audit.KeyOf(ctx, d, filepath.Join(*key, "log.key"))
	check(err)
	var have int
	check(d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, "SELECT count(*) FROM audit_leaf", nil, &have)
	}))
	if have < *n {
		begun := time.Now()
		check(fill(ctx, d, have/perCase, *n/perCase))
		fmt.Printf("%d leaves written in %.0f s\n", *n-have, time.Since(begun).Seconds())
	}
	begun := time.Now()
	l := &audit.Log{DB: d, Now: clock.System, Key: k, Holder: id.New()}
	numbered, err := l.Round(ctx)
	check(err)
	if numbered > 0 {
		fmt.Printf("%d numbered in %.1f s\n", numbered, time.Since(begun).Seconds())
	}
	verify(ctx, d, k.Public)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// verify verifies, and says what it took.
func verify(ctx context.Context, d *db.DB, public string) {
	runtime.GC()
	begun, worked := time.Now(), used()
	var most uint64
	last := time.Now()
	v := audit.Verifier{DB: d, Public: public, Tell: func(audit.Progress) {
		if now := time.Now(); now.Sub(last) > time.Second/10 {
			last = now
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	}}
	r, err := v.Run(ctx)
	check(err)
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	fmt.Printf("%s: %d leaves, %d rows, %d cases, %d heads, %d findings: %.1f s (%.1f s of CPU in this process), heap at most %d MB, process at most %d MB since its start\n",
		d.Engine, r.Size, r.Rows, r.Cases, r.Heads, len(r.Findings), time.Since(begun).Seconds(), (used() - worked).Seconds(), most>>20, u.Maxrss>>10)
	if !r.OK {
		log.Fatalf("not proved: %+v", r.Findings[0])
	}
}

// used is the CPU time of this process.
func used() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// values gives a row of a table: what is named, and nothing else but a text where one is needed.
func values(t *audit.Table, named map[string]any) []any {
	out := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		if v, ok := named[c]; ok {
			out[i] = v
			continue
		}
		out[i] = zero[t.Name+"."+c]
	}
	return out
}

// zero is the empty value of every column, by its type in the schema.
var zero = map[string]any{}

func fill(ctx context.Context, d *db.DB, from, cases int) error {
	if err := readTypes(ctx, d); err != nil {
		return err
	}
	for c := from; c < cases; {
		upto := min(c+together/perCase, cases)
		err := d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			for i := c; i < upto; i++ {
				if err := one(ctx, tx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		c = upto
	}
	return nil
}

// one writes a case as its last move leaves it, with a leaf for each of its moves.
func one(ctx context.Context, tx *db.Tx, i int) error {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Minute)
	c := id.At(at)
	row := func(step int) []any {
		return values(audit.Cases, map[string]any{"id": c, "jurisdiction": "j", "number": fmt.Sprintf("2024-%07d", i), "kind": "case", "nature": "sample", "root_id": c, "pack": "p", "scheme": "s", "class": "c",
			"life": "l", "step": fmt.Sprintf("step%d", step), "phase": "working", "version": step + 1, "moves": step + 1, "channel": "field", "title": "a matter of some forty letters, as people write", "fields": `{"a":1,"b":"two"}`,
			"opened_at": db.Ms(at), "entered_at": db.Ms(at), "due_at": db.Ms(at.Add(72 * time.Hour))})
	}
	clockRow := func(step int) []any {
		return values(audit.Clocks, map[string]any{"case_id": c, "name": "whole", "jurisdiction": "j", "state": "running", "from_at": db.Ms(at), "due_at": db.Ms(at.Add(72 * time.Hour)), "limit_text": "3 days", "next_at": int64(step)})
	}
	for step := range perCase {
		when := at.Add(time.Duration(step) * time.Hour)
		move := values(audit.Moves, map[string]any{"case_id": c, "id": id.At(when), "jurisdiction": "j", "root_id": c, "action": "go", "from_step": fmt.Sprintf("step%d", step-1), "to_step": fmt.Sprintf("step%d", step), "person_id": "somebody", "at": db.Ms(when), "done": 1, "data": `{"note":"done as agreed with the people there"}`})
		if err := insert(ctx, tx, audit.Moves, move); err != nil {
			return err
		}
		if step == perCase-1 {
			for t, v := range map[*audit.Table][]any{audit.Cases: row(step), audit.Clocks: clockRow(step)} {
				if err := insert(ctx, tx, t, v); err != nil {
					return err
				}
			}
		}
		err := audit.Append(ctx, tx, audit.Leaf{ID: id.At(when), Jurisdiction: "j", Subject: "case/" + c, Act: "move", Person: "somebody", At: when,
			Wrote: []audit.Row{{Table: audit.Cases, Values: row(step)}, {Table: audit.Moves, Values: move}, {Table: audit.Clocks, Values: clockRow(step)}}})
		if err != nil {
			return err
		}
	}
	return nil
}

func insert(ctx context.Context, tx *db.Tx, t *audit.Table, values []any) error {
	text := "INSERT INTO " + t.Name + " ("
	marks := ""
	for i, c := range t.Columns {
		if i > 0 {
			text += ", "
			marks += ", "
		}
		text += c
		marks += fmt.Sprintf("$%d", i+1)
	}
	return tx.Queue(ctx, db.Stmt(text+") VALUES ("+marks+")"), append([]any(nil), values...)...)
}

// readTypes learns which columns hold text.
func readTypes(ctx context.Context, d *db.DB) error {
	stmt := db.Either(`SELECT m.name, c.name, lower(c.type) FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`,
		`SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'`)
	return d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, stmt, nil, func(r db.Rows) (x [3]string, err error) { return x, r.Scan(&x[0], &x[1], &x[2]) })
		for _, x := range all {
			zero[x[0]+"."+x[1]] = any(int64(0))
			if x[2] == "text" {
				zero[x[0]+"."+x[1]] = ""
			}
		}
		return err
	})
}
