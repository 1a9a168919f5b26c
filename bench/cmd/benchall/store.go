package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"
)

// store makes fresh databases of one engine, each with the sample county and the pack.
type store struct {
	engine, dir string
	o           options
	n           int
}

func (s *store) url(database string) string {
	if s.engine == "sqlite" {
		return "sqlite:" + filepath.Join(s.dir, database, "gezhi.db")
	}
	return strings.Replace(s.o.pg, "/postgres?", "/"+database+"?", 1)
}

// look opens a database beside the product.
func (s *store) look(database string) (*sql.DB, error) {
	if s.engine == "sqlite" {
		return sql.Open("sqlite3", "file:"+filepath.Join(s.dir, database, "gezhi.db")+"?_busy_timeout=10000&_cache_size=-500000")
	}
	return sql.Open("pgx", s.url(database))
}

func (s *store) admin(q string) error {
	d, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer d.Close()
	_, err = d.Exec(q)
	return err
}

// template is filled once; fresh copies it.
func (s *store) template() error {
	if err := os.MkdirAll(filepath.Join(s.dir, "tmpl"), 0o755); err != nil {
		return err
	}
	if s.engine == "postgres" {
		if err := s.clear(); err != nil {
			return err
		}
		if err := s.admin("CREATE DATABASE tmpl"); err != nil {
			return err
		}
	}
	p, err := s.start("tmpl", "-demo")
	if err != nil {
		return err
	}
	if err := p.stop(); err != nil {
		return err
	}
	out, err := exec.Command(s.o.gezhi, "-data", filepath.Join(s.dir, "tmpl"), "-db", s.url("tmpl"), "pack", "load", s.o.pack).CombinedOutput()
	if err != nil {
		return fmt.Errorf("pack load: %w: %s", err, out)
	}
	return nil
}

// clear drops what an earlier run left behind, but for seeded databases.
func (s *store) clear() error {
	d, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	defer d.Close()
	var names []string
	rows, err := d.Query(`SELECT datname FROM pg_database WHERE datname = 'tmpl' OR datname ~ '^b[0-9]+$'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	for _, name := range names {
		if err := s.drop(name); err != nil {
			return err
		}
	}
	return rows.Err()
}

// copied makes database to out of from, if from is there.
func (s *store) copied(from, to string) (bool, error) {
	d, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return false, err
	}
	defer d.Close()
	var n int
	if err := d.QueryRow(`SELECT count(*) FROM pg_database WHERE datname = $1`, from).Scan(&n); err != nil || n == 0 {
		return false, err
	}
	_, err = d.Exec("CREATE DATABASE " + to + " TEMPLATE " + from + " STRATEGY file_copy")
	return true, err
}

func (s *store) fresh() (string, error) {
	s.n++
	name := fmt.Sprintf("b%d", s.n)
	if s.engine == "postgres" {
		if err := s.admin("CREATE DATABASE " + name + " TEMPLATE tmpl"); err != nil {
			return "", err
		}
	}
	return name, copyFolder(filepath.Join(s.dir, "tmpl"), filepath.Join(s.dir, name))
}

// copyFolder copies a data folder; its keys stay their owner's alone.
func copyFolder(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func (s *store) drop(name string) error {
	if s.engine == "postgres" {
		if err := s.admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			return err
		}
	}
	return os.RemoveAll(filepath.Join(s.dir, name))
}

// process is a server under measurement.
type process struct {
	cmd  *exec.Cmd
	addr string
	took time.Duration // from the start to the first answer
}

func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (s *store) start(database string, more ...string) (*process, error) {
	addr, err := free()
	if err != nil {
		return nil, err
	}
	args := append([]string{"-data", filepath.Join(s.dir, database), "-db", s.url(database), "-addr", addr, "-log", "warn"}, more...)
	return launch(addr, "/openapi.json", s.o.gezhi, args...)
}

// launch starts a server and waits for its first answer.
func launch(addr, path, bin string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(bin, args...), addr: addr}
	p.cmd.Stderr = os.Stderr
	from := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(from) < time.Minute {
		if r, err := http.Get("http://" + addr + path); err == nil {
			r.Body.Close()
			p.took = time.Since(from)
			return p, nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.cmd.Process.Kill()
	return nil, fmt.Errorf("%s does not answer", bin)
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	_ = p.cmd.Wait() // refsrv knows no orderly end
	return nil
}

// logIn returns the token of a sample account and where its first post is.
func (p *process) logIn(login, password string) (token, area string, err error) {
	body, err := json.Marshal(map[string]string{"login": login, "password": password})
	if err != nil {
		return "", "", err
	}
	r, err := http.Post("http://"+p.addr+"/api/v1/session", "application/json", bytes.NewReader(body))
	if err != nil {
		return "", "", err
	}
	defer r.Body.Close()
	var me struct {
		Posts []struct{ Area struct{ ID string } }
	}
	if err := json.NewDecoder(bufio.NewReader(r.Body)).Decode(&me); err != nil || len(me.Posts) == 0 {
		return "", "", fmt.Errorf("log-in of %s: %s %w", login, r.Status, err)
	}
	for _, c := range r.Cookies() {
		if c.Name == "gezhi_session" {
			token = c.Value
		}
	}
	return token, me.Posts[0].Area.ID, nil
}

// settled waits until nothing is left in the outbox, so that one figure does not pay for another.
func settled(d *sql.DB) error {
	for range 1200 {
		var n int
		if err := d.QueryRowContext(context.Background(), `SELECT count(*) FROM outbox WHERE state = 'waiting'`).Scan(&n); err != nil || n == 0 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the outbox does not empty")
}

// owed looks whether every case has the rows that the engine owes it.
func owed(d *sql.DB, created int64) error {
	if _, err := d.Exec(`CREATE INDEX IF NOT EXISTS bench_subject ON outbox (subject)`); err != nil {
		return err
	}
	for q, want := range map[string]int64{
		`SELECT count(*) FROM cases WHERE pack = 'bench'`:                                                                             created,
		`SELECT count(*) FROM cases c WHERE pack = 'bench' AND moves <> (SELECT count(*) FROM move m WHERE m.case_id = c.id)`:         0,
		`SELECT count(*) FROM move m WHERE done = 1 AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.id = m.id)`:                    0,
		`SELECT count(*) FROM cases c WHERE pack = 'bench' AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.subject = 'case/' || c.id)`: 0,
		`SELECT count(*) FROM cases c WHERE pack = 'bench' AND phase <> 'closed' AND NOT EXISTS (SELECT 1 FROM timer t WHERE t.kind = 'case' AND t.ref = c.id)
			AND EXISTS (SELECT 1 FROM clock k WHERE k.case_id = c.id AND k.state = 'running' AND k.next_at > 0)`: 0,
		`SELECT count(*) FROM cases c WHERE pack = 'bench' AND NOT EXISTS (SELECT 1 FROM clock k WHERE k.case_id = c.id)`: 0,
	} {
		var n int64
		if err := d.QueryRow(q).Scan(&n); err != nil {
			return err
		}
		if n != want {
			return fmt.Errorf("a row is owed: %d and not %d of: %s", n, want, q)
		}
	}
	return nil
}
