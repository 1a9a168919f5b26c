package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"gezhi/internal/db"
)

// Copies gives tests copies of a filled installation: a data folder with its keys, and with
// them the database, which on SQLite lies in the folder. It is filled once for a test process
// and engine, however many tests ask.
type Copies struct {
	// Fill makes it, in an empty folder and the database at an address ("" for SQLite's file in
	// the folder), and has ended everything that it opened when it returns.
	Fill func(folder, url string) error

	sqlite, postgres original
}

// original is what copies are taken from.
type original struct {
	once     sync.Once
	folder   string
	database string
	err      error
}

// Of returns a copy on an engine, gone with the test: its folder and its address as Fill got them.
func (c *Copies) Of(t testing.TB, engine db.Engine) (folder, url string) {
	t.Helper()
	from := &c.sqlite
	if engine == db.Postgres {
		from = &c.postgres
	}
	from.once.Do(func() { from.err = from.fill(c.Fill, engine) })
	if from.err != nil {
		t.Fatal(from.err)
	}
	folder = filepath.Join(t.TempDir(), "data")
	if out, err := exec.Command("cp", "-a", from.folder, folder).CombinedOutput(); err != nil { // keys stay their owner's alone
		t.Fatalf("%v: %s", err, out)
	}
	if engine == db.Postgres {
		url = copyOf(t, from.database)
	}
	return folder, url
}

// Remove ends the originals; a package's TestMain calls it last.
func (c *Copies) Remove() {
	for _, o := range []*original{&c.sqlite, &c.postgres} {
		if o.folder != "" {
			os.RemoveAll(o.folder)
		}
		if o.database != "" {
			_ = admin("DROP DATABASE " + o.database + " WITH (FORCE)")
		}
	}
}

func (o *original) fill(fill func(folder, url string) error, engine db.Engine) (err error) {
	if o.folder, err = os.MkdirTemp("", "gezhi-original"); err != nil {
		return err
	}
	url := ""
	if engine == db.Postgres {
		if err := ready(); err != nil {
			return err
		}
		o.database = fmt.Sprintf("gezhi_original_%d_%d", os.Getpid(), server.n.Add(1))
		if err := admin("CREATE DATABASE " + o.database + " TEMPLATE " + server.tmpl + server.copy); err != nil {
			return err
		}
		url = withDatabase(o.database)
	}
	return fill(o.folder, url)
}
