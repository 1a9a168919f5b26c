package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// spread writes the ids of all grids of the sample street to a file.
func spread(d *sql.DB, file string) error {
	rows, err := d.Query(`SELECT id FROM area WHERE level IN (6, 7)`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var b bytes.Buffer
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		fmt.Fprintln(&b, id)
	}
	if b.Len() == 0 {
		return fmt.Errorf("no grids")
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// hotspot compares 64 clients that report into all grids with 64 that report into one.
func hotspot(o options, st *store) (string, error) {
	one, err := clustered(o, st, true)
	if err != nil {
		return "", err
	}
	all, err := clustered(o, st, false)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("64 clients creating in one class and one grid: %.0f/s; spread over all grids: %.0f/s; ratio **%.2f**.\n", one.Rate, all.Rate, one.Rate/all.Rate), nil
}

func clustered(o options, st *store, one bool) (f figure, err error) {
	name, err := st.fresh()
	if err != nil {
		return f, err
	}
	p, err := st.start(name)
	if err != nil {
		return f, err
	}
	defer p.stop()
	t, area, err := logInAll(p)
	if err != nil {
		return f, err
	}
	d, err := st.look(name)
	if err != nil {
		return f, err
	}
	defer d.Close()
	areas, body := filepath.Join(st.dir, name, "areas"), newCase
	if one {
		body = strings.Replace(newCase, "{{rnd 1 9}}", "1", 1)
		err = os.WriteFile(areas, []byte(area+"\n"), 0o644)
	} else {
		err = spread(d, areas)
	}
	if err != nil {
		return f, err
	}
	if f, err = load(o, p, 64, append(t.post(p, "open", "/cases", body), "-ids", areas)...); err != nil {
		return f, err
	}
	if err := settled(d); err != nil {
		return f, err
	}
	return f, owed(d, f.OK)
}

// seedSQL copies the cases that are there so many times, each later than the one before, three in four closed.
const seedSQL = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %[1]d)
	INSERT INTO cases (%[2]s) SELECT %[3]s FROM n CROSS JOIN cases c WHERE c.pack = 'bench'`

// queues measures a page of the queue for the lowest role and for the county, at growing size.
func queues(o options, st *store, r *report) error {
	r.line("| cases | lowest role, page of 50: CPU ms | p50 ms | county: CPU ms | p50 ms | empty scope: CPU ms |")
	r.line("|---|---|---|---|---|---|")
	for _, text := range strings.Split(o.sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		log.Printf("%s queue at %d cases", st.engine, size)
		name, err := seeded(o, st, size)
		if err != nil {
			return err
		}
		if err := queue(o, st, name, size, r); err != nil {
			return err
		}
		if err := st.drop(name); err != nil {
			return err
		}
	}
	r.line("")
	return nil
}

func queue(o options, st *store, name string, size int, r *report) error {
	p, err := st.start(name)
	if err != nil {
		return err
	}
	defer p.stop()
	t, _, err := logInAll(p)
	if err != nil {
		return err
	}
	other, _, err := p.logIn("wg034", "sample-worker")
	if err != nil {
		return err
	}
	t["empty"] = other
	var f [3]figure
	for i, who := range []string{"open", "lead", "empty"} {
		if f[i], err = load(o, p, 1, t.get(p, who, "/cases?limit=50")...); err != nil {
			return err
		}
	}
	r.line("| %d | %.3f | %.2f | %.3f | %.2f | %.3f |", size, f[0].CPU, f[0].P50, f[1].CPU, f[1].P50, f[2].CPU)
	return nil
}

// seeded is a database with so many cases; it is kept for the next time.
func seeded(o options, st *store, size int) (string, error) {
	kept := filepath.Join(o.cache, fmt.Sprintf("%s-%d", st.engine, size))
	if _, err := os.Stat(kept); err == nil {
		st.n++
		name := fmt.Sprintf("b%d", st.n)
		there := true
		if st.engine == "postgres" {
			if there, err = st.copied(fmt.Sprintf("seed_%d", size), name); err != nil {
				return "", err
			}
		}
		if there {
			return name, copyFolder(kept, filepath.Join(st.dir, name))
		}
	}
	name, err := st.fresh()
	if err != nil {
		return "", err
	}
	p, err := st.start(name)
	if err != nil {
		return "", err
	}
	t, _, err := logInAll(p)
	if err != nil {
		return "", err
	}
	d, err := st.look(name)
	if err != nil {
		return "", err
	}
	defer d.Close()
	areas := filepath.Join(st.dir, name, "areas")
	if err := spread(d, areas); err != nil {
		return "", err
	}
	if _, err := load(o, p, 8, append(t.post(p, "open", "/cases", newCase), "-ids", areas, "-n", "2000", "-d", "60s")...); err != nil {
		return "", err
	}
	if err := settled(d); err != nil {
		return "", err
	}
	if err := p.stop(); err != nil {
		return "", err
	}
	if err := multiply(d, size); err != nil {
		return "", err
	}
	if st.engine == "sqlite" {
		if _, err := d.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			return "", err
		}
	}
	if err := d.Close(); err != nil {
		return "", err
	}
	if st.engine == "postgres" {
		seed := fmt.Sprintf("seed_%d", size) // perhaps there without its folder
		if err := st.admin("DROP DATABASE IF EXISTS " + seed + " WITH (FORCE)"); err != nil {
			return "", err
		}
		if _, err := st.copied(name, seed); err != nil {
			return "", err
		}
	}
	return name, errors.Join(os.RemoveAll(kept), os.MkdirAll(o.cache, 0o755), copyFolder(filepath.Join(st.dir, name), kept))
}

// multiply copies cases, with whom they concern, until there are so many.
func multiply(d *sql.DB, size int) error {
	rows, err := d.Query(`SELECT * FROM cases LIMIT 0`)
	if err != nil {
		return err
	}
	columns, err := rows.Columns()
	rows.Close()
	if err != nil {
		return err
	}
	values := make([]string, len(columns))
	for i, c := range columns {
		switch c {
		case "id":
			values[i] = "c.id || '-' || n.i"
		case "root_id":
			values[i] = "c.id || '-' || n.i"
		case "number":
			values[i] = "c.number || '-' || n.i"
		case "due_at":
			values[i] = "c.due_at + n.i * 977"
		case "phase":
			values[i] = "CASE WHEN n.i % 4 = 0 THEN c.phase ELSE 'closed' END"
		case "step":
			values[i] = "CASE WHEN n.i % 4 = 0 THEN c.step ELSE 'closed' END"
		default:
			values[i] = "c." + c
		}
	}
	var have int
	if err := d.QueryRow(`SELECT count(*) FROM cases WHERE pack = 'bench'`).Scan(&have); err != nil {
		return err
	}
	if _, err := d.Exec(fmt.Sprintf(seedSQL, max(1, size/have-1), strings.Join(columns, ", "), strings.Join(values, ", "))); err != nil {
		return err
	}
	// Reporters and units of a seeded case are those of the case it was copied from.
	if _, err := d.Exec(`INSERT INTO involved (subject, case_id, jurisdiction, open, due_at) SELECT i.subject, c.id, c.jurisdiction,
		CASE WHEN c.phase = 'closed' THEN 0 ELSE 1 END, c.due_at FROM cases c JOIN involved i ON i.case_id = substr(c.id, 1, 36) WHERE length(c.id) > 36`); err != nil {
		return err
	}
	_, err = d.Exec("ANALYZE")
	return err
}

// sizes measures start, memory and disk.
func sizes(o options, st *store, r *report) error {
	name, err := st.fresh()
	if err != nil {
		return err
	}
	p, err := st.start(name)
	if err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	idle := pss(p.cmd.Process.Pid)
	d, err := st.look(name)
	if err != nil {
		return err
	}
	defer d.Close()
	before, err := disk(st, d, name)
	if err != nil {
		return err
	}
	t, _, err := logInAll(p)
	if err != nil {
		return err
	}
	areas := filepath.Join(st.dir, name, "areas")
	if err := spread(d, areas); err != nil {
		return err
	}
	ids := filepath.Join(st.dir, name, "ids")
	f, err := load(o, p, 16, append(t.post(p, "open", "/cases", newCase), "-ids", areas, "-n", "5000", "-d", "60s", "-extract", `"id":"([^"]+)"`, "-out", ids)...)
	if err != nil {
		return err
	}
	for _, a := range acts {
		if _, err := load(o, p, 16, append(t.post(p, a.name, "/cases/{{id}}/moves", a.body), "-ids", ids, "-inorder", "-d", "60s")...); err != nil {
			return err
		}
	}
	if err := settled(d); err != nil {
		return err
	}
	if err := p.stop(); err != nil {
		return err
	}
	after, err := disk(st, d, name)
	if err != nil {
		return err
	}
	r.line("Cold start to the first answer: **%d ms**. Memory when idle (PSS): **%.0f MiB**. On disk for a case with its whole life (five moves): **%.1f KiB**.\n",
		p.took.Milliseconds(), idle, float64(after-before)/float64(f.OK)/1024)
	return nil
}

func disk(st *store, d *sql.DB, name string) (n int64, err error) {
	if st.engine == "postgres" {
		err = d.QueryRow("SELECT pg_database_size($1)", name).Scan(&n)
		return n, err
	}
	if _, err := d.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return 0, err
	}
	i, err := os.Stat(filepath.Join(st.dir, name, "gezhi.db"))
	if err != nil {
		return 0, err
	}
	return i.Size(), nil
}
