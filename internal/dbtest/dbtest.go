// Package dbtest gives tests fresh, migrated databases of both engines.
//
// PostgreSQL is the server named by GEZHI_TEST_POSTGRES (make test starts one and sets it);
// without it a throwaway server is started for this test process from the programs that
// Debian's postgresql package installs. A machine without them fails the test: nothing is
// skipped.
package dbtest

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"gezhi/internal/db"
)

// Each runs fn on a fresh database of either engine. Every closure of db.Write runs twice.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

var lite struct {
	once sync.Once
	file []byte
	err  error
}

// SQLite returns a fresh SQLite database, closed with the test.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), SQLiteFile(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	d.Twice = true
	return d
}

// SQLiteFile returns the path of a fresh, migrated SQLite file that nobody has open.
func SQLiteFile(t testing.TB) string {
	t.Helper()
	lite.once.Do(func() {
		dir, err := os.MkdirTemp("", "gezhi-lite")
		if err != nil {
			lite.err = err
			return
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "t.db")
		if lite.err = migrated(path); lite.err == nil {
			lite.file, lite.err = os.ReadFile(path)
		}
	})
	if lite.err != nil {
		t.Fatal(lite.err)
	}
	path := filepath.Join(t.TempDir(), "gezhi.db")
	if err := os.WriteFile(path, lite.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func migrated(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, url)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Migrate(ctx)
}

var server struct {
	once sync.Once
	url  string // of the maintenance database
	tmpl string
	copy string // how a database is copied: " STRATEGY …"
	err  error
	n    atomic.Int64
}

// Postgres returns a fresh PostgreSQL database, dropped with the test.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	d.Twice = true
	return d
}

// PostgresURL returns the address of a fresh, migrated database, dropped with the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	if err := ready(); err != nil {
		t.Fatal(err)
	}
	return copyOf(t, server.tmpl)
}

// ready finds or starts the server and has its template migrated.
func ready() error {
	server.once.Do(func() {
		if server.url, server.err = serverURL(); server.err != nil {
			return
		}
		if server.copy, server.err = strategy(); server.err != nil {
			return
		}
		server.tmpl = fmt.Sprintf("gezhi_tmpl_%d", os.Getpid())
		if server.err = admin("CREATE DATABASE " + server.tmpl); server.err == nil {
			server.err = migrated(withDatabase(server.tmpl))
		}
	})
	return server.err
}

// strategy is how databases are copied at the least cost: file by file, which servers before
// version 15 do anyway and have no word for.
func strategy() (string, error) {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, server.url)
	if err != nil {
		return "", err
	}
	defer c.Close(ctx)
	n := 0
	if err := c.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&n); err != nil || n < 150000 {
		return "", err
	}
	return " STRATEGY FILE_COPY", nil
}

// copyOf returns the address of a fresh copy of a database, dropped with the test.
func copyOf(t testing.TB, database string) string {
	t.Helper()
	name := fmt.Sprintf("gezhi_%d_%d", os.Getpid(), server.n.Add(1))
	if err := admin("CREATE DATABASE " + name + " TEMPLATE " + database + server.copy); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return withDatabase(name)
}

var adminMu sync.Mutex

func admin(sql string) error {
	adminMu.Lock()
	defer adminMu.Unlock()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, server.url)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, sql)
	return err
}

func withDatabase(name string) string {
	cfg, err := pgx.ParseConfig(server.url)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable&pool_max_conns=16", cfg.User, cfg.Port, name)
}

//go:embed postgres.sh
var script string

func serverURL() (string, error) {
	if url := os.Getenv("GEZHI_TEST_POSTGRES"); url != "" {
		return url, nil
	}
	out, err := exec.Command("sh", "-c", script, "postgres.sh", "start", fmt.Sprint(os.Getpid())).Output()
	if err != nil {
		return "", fmt.Errorf("dbtest: no PostgreSQL for tests (%w); run `make test`, or install postgresql", err)
	}
	return string(out), nil
}

// Explain returns how the engine would run a query, a step a line.
func Explain(t testing.TB, d *db.DB, text string, args []any) string {
	t.Helper()
	verb := map[db.Engine]string{db.SQLite: "EXPLAIN QUERY PLAN ", db.Postgres: "EXPLAIN "}[d.Engine]
	var lines []string
	if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		lines, err = db.Collect(ctx, tx, db.Stmt(verb)+db.Stmt(text).On(d.Engine), args, func(r db.Rows) (line string, err error) {
			if d.Engine == db.SQLite {
				var a, b, c int64
				return line, r.Scan(&a, &b, &c, &line)
			}
			return line, r.Scan(&line)
		})
		return err
	}); err != nil {
		t.Fatal(err, text)
	}
	return strings.Join(lines, "\n")
}
