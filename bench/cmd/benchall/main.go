// benchall measures the product beside the bare reference server, in turn and in the same
// minutes, and writes a table. It loads nothing but loopback addresses.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

type options struct {
	gezhi, bin, pack, pgsh, cache string // paths
	rounds                        int
	d                             time.Duration
	sizes                         string
	pg                            string // address of the server, once started
}

func main() {
	log.SetFlags(log.Ltime)
	var o options
	flag.StringVar(&o.gezhi, "gezhi", "../bin/gezhi", "the product")
	flag.StringVar(&o.bin, "tools", "bin", "folder of refsrv and gload")
	flag.StringVar(&o.pack, "pack", "pack", "the pack to measure with")
	flag.StringVar(&o.pgsh, "pg", "pg.sh", "script that starts PostgreSQL")
	flag.StringVar(&o.cache, "cache", ".cache", "folder of seeded databases")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; figures are medians; 0 leaves rates out")
	flag.DurationVar(&o.d, "d", 3*time.Second, "length of each measurement")
	flag.StringVar(&o.sizes, "sizes", "10000,100000,1000000", "cases in the queue, none to leave it out")
	engines := flag.String("engines", "sqlite,postgres", "which engines")
	out := flag.String("out", "RESULTS.md", "file to write")
	flag.Parse()
	if err := run(o, strings.Split(*engines, ","), *out); err != nil {
		log.Fatal(err)
	}
}

func run(o options, engines []string, out string) (err error) {
	var r report
	r.line("# What was measured\n")
	r.line("Written by `make bench` on %s: %d cores, %s of memory, %s, SQLite at synchronous=FULL, PostgreSQL with fsync.", time.Now().Format(time.DateOnly), runtime.NumCPU(), memory(), runtime.Version())
	r.line("Medians of %d rounds of %v each, product and reference server in turn. *ratio* is the product's rate over the reference server's in the same round, *CPU x* its CPU per request over the reference server's; *others* is what the rest of the machine used meanwhile, in cores: above 0.4 the round was disturbed and the rates say little, the ratios more.\n", o.rounds, o.d)
	defer func() { // what was measured before something failed is worth having
		if e := os.WriteFile(out, []byte(r.String()), 0o644); err == nil {
			err = e
		}
	}()
	for _, e := range engines {
		if e == "postgres" {
			url, err := exec.Command("sh", o.pgsh, "start", fmt.Sprint(os.Getpid())).Output()
			if err != nil {
				return fmt.Errorf("PostgreSQL: %w", err)
			}
			o.pg = string(url)
			defer exec.Command("sh", o.pgsh, "stop").Run()
		}
		if err := measure(o, e, &r); err != nil {
			return fmt.Errorf("%s: %w", e, err)
		}
	}
	if err := points(&r); err != nil {
		return err
	}
	fmt.Print(r.String())
	return nil
}

func measure(o options, engine string, r *report) error {
	dir, err := os.MkdirTemp("", "gezhi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	st := &store{engine: engine, dir: dir, o: o}
	if err := st.template(); err != nil {
		return err
	}
	r.line("## %s\n", map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}[engine])
	var all []sample
	for n := range o.rounds {
		for _, c := range []int{1, 32} {
			log.Printf("%s round %d, %d clients", engine, n+1, c)
			s, err := round(o, st, n, c)
			if err != nil {
				return err
			}
			all = append(all, s...)
		}
	}
	if o.rounds > 0 {
		r.table(all)
		hot, err := hotspot(o, st)
		if err != nil {
			return err
		}
		r.line("%s", hot)
	}
	if o.sizes != "none" {
		if err := queues(o, st, r); err != nil {
			return err
		}
	}
	return sizes(o, st, r)
}

// refArgs start the reference server on the same engine.
func refArgs(o options, st *store, addr string) []string {
	a := []string{"-addr", addr, "-fresh"}
	if st.engine == "postgres" {
		return append(a, "-store", "pg", "-dsn", st.url("postgres")+"&pool_max_conns=16")
	}
	return append(a, "-path", filepath.Join(st.dir, "ref.db"))
}
