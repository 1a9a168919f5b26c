package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/id"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, clock.CST)

// columnsOf reads the schema: the columns of every table, with whether they hold text.
func columnsOf(t *testing.T, d *db.DB) map[string]map[string]string {
	t.Helper()
	text := `SELECT m.name, c.name, lower(c.type) FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'search_gram_%'` // the last are the engine's own
	if d.Engine == db.Postgres {
		text = `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'`
	}
	out := map[string]map[string]string{}
	must(t, d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, db.Stmt(text), nil, func(r db.Rows) (x [3]string, err error) { return x, r.Scan(&x[0], &x[1], &x[2]) })
		for _, x := range all {
			if out[x[0]] == nil {
				out[x[0]] = map[string]string{}
			}
			out[x[0]][x[1]] = x[2]
		}
		return err
	}))
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, d *db.DB, fn func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	must(t, d.Write(t.Context(), nil, fn))
}

func exec(t testing.TB, d *db.DB, text string, args ...any) {
	t.Helper()
	write(t, d, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, db.Stmt(text), args...)
		if err == nil && n == 0 {
			err = fmt.Errorf("nothing done by %s", text)
		}
		return err
	})
}

// Every table of the schema stands in the list once, and every column of a proved table counts.
func TestEveryTableIsProvedOrSaysWhyNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		schema := columnsOf(t, d)
		seen := map[string]bool{}
		for _, x := range audit.Tables {
			if seen[x.Name] {
				t.Errorf("%s stands in the list twice", x.Name)
			}
			seen[x.Name] = true
			columns, there := schema[x.Name]
			if !there {
				t.Errorf("%s is no table", x.Name)
			}
			if x.Proof != audit.Proved {
				if x.Why == "" {
					t.Errorf("%s does not say why it is %s", x.Name, x.Proof)
				}
				continue
			}
			for c := range columns {
				if !slices.Contains(x.Columns, c) {
					t.Errorf("%s.%s is proved by nothing", x.Name, c)
				}
			}
			for _, c := range x.Columns {
				if columns[c] == "" {
					t.Errorf("%s.%s is no column", x.Name, c)
				}
			}
		}
		for name := range schema {
			if !seen[name] {
				t.Errorf("%s is neither proved nor exempt: add it to audit.Tables", name)
			}
		}
	})
}

// ground is a database with five rows in every proved table, each named by a leaf but the last.
type ground struct {
	d      *db.DB
	log    *audit.Log
	schema map[string]map[string]string
}

// fixed are values that other rows must know.
var fixed = map[string]any{"post.person_id": "p0", "delegation.post_id": "q0", "delegation.from_person": "p0", "delegation.to_person": "p0", "cases.reporter_id": "", "cases.entered_by": ""}

func (g *ground) row(x *audit.Table, n int) []any {
	values := make([]any, len(x.Columns))
	for i, c := range x.Columns {
		if v, ok := fixed[x.Name+"."+c]; ok {
			values[i] = v
			continue
		}
		switch {
		case strings.HasPrefix(g.schema[x.Name][c], "text"):
			values[i] = fmt.Sprintf("%s %s\t/%%%d", c, x.Name, n)
			if slices.Contains(x.Key, c) {
				values[i] = fmt.Sprintf("0190-%s-%d", strings.ReplaceAll(x.Name, "_", "-"), n)
			}
		case strings.HasPrefix(g.schema[x.Name][c], "double"):
			values[i] = float64(n) + 0.1
		default:
			values[i] = int64(1000*(i+1) + n)
		}
	}
	return values
}

func (g *ground) insert(ctx context.Context, tx *db.Tx, x *audit.Table, values []any) error {
	marks := make([]string, len(values))
	for i := range values {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	_, err := tx.Exec(ctx, db.Stmt("INSERT INTO "+x.Name+" ("+strings.Join(x.Columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+")"), slices.Clone(values)...)
	return err
}

func newGround(t *testing.T, d *db.DB) *ground {
	t.Helper()
	folder := t.TempDir()
	key, err := audit.OpenKey(filepath.Join(folder, "log.key"))
	must(t, err)
	g := &ground{d: d, log: &audit.Log{DB: d, Now: clock.At(noon).Now, Key: key, Keep: folder, Holder: "test"}, schema: columnsOf(t, d)}
	tables := slices.Clone(audit.Tables)
	slices.SortStableFunc(tables, func(a, b *audit.Table) int { return rank(a) - rank(b) })
	for _, x := range tables {
		if x.Proof != audit.Proved {
			continue
		}
		for n := range 4 {
			values := g.row(x, n)
			if n == 0 && x == audit.Persons {
				values[0] = "p0"
			}
			if n == 0 && x == audit.Posts {
				values[0] = "q0"
			}
			subject := "test/" + x.Name
			if x.OfCase {
				subject = "case/" + fmt.Sprint(values[0])
			}
			leaf := audit.Leaf{ID: id.New(), Jurisdiction: "j", Subject: subject, Act: "written", Person: "somebody", At: noon, Wrote: []audit.Row{{Table: x, Values: values}}}
			write(t, d, func(ctx context.Context, tx *db.Tx) error {
				if err := g.insert(ctx, tx, x, values); err != nil {
					return err
				}
				return audit.Append(ctx, tx, leaf)
			})
		}
	}
	_, err = g.log.Round(t.Context())
	must(t, err)
	return g
}

// rank writes those first whom others name.
func rank(x *audit.Table) int {
	switch x {
	case audit.Persons:
		return 0
	case audit.Posts:
		return 1
	}
	return 2
}

func (g *ground) verify(t *testing.T, since ...audit.Checkpoint) *audit.Report {
	t.Helper()
	v := audit.Verifier{DB: g.d, Public: g.log.Key.Public, Since: since}
	r, err := v.Run(t.Context())
	must(t, err)
	return r
}

func where(x *audit.Table) string {
	parts := make([]string, len(x.Key))
	for i, k := range x.Key {
		parts[i] = fmt.Sprintf("%s = $%d", k, i+1)
	}
	return strings.Join(parts, " AND ")
}

func keyValues(x *audit.Table, values []any) (out []any) {
	for _, k := range x.Key {
		out = append(out, values[slices.Index(x.Columns, k)])
	}
	return out
}

// looseColumn is a column outside the key that others of the table may have, too.
func looseColumn(x *audit.Table) string {
	for i := len(x.Columns) - 1; ; i-- {
		c := x.Columns[i]
		if _, is := fixed[x.Name+"."+c]; !is && !slices.Contains(x.Key, c) && c != "number" && c != "login" && c != "code" {
			return c
		}
	}
}

// Of every proved table a changed, a removed, an inserted and two exchanged rows are found, and
// nothing else.
func TestWhatIsDoneToAnyProvedTableIsFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		if r := g.verify(t); !r.OK {
			t.Fatalf("found before anything was done: %+v", r.Findings)
		}
		want := map[string]int{}
		for _, x := range audit.Tables {
			if x.Proof != audit.Proved {
				continue
			}
			rows := [][]any{g.row(x, 0), g.row(x, 1), g.row(x, 2), g.row(x, 3), g.row(x, 4)}
			if x == audit.Persons {
				rows[0][0] = "p0"
			}
			if x == audit.Posts {
				rows[0][0] = "q0"
			}
			c := looseColumn(x)
			at := slices.Index(x.Columns, c)
			set := fmt.Sprintf("UPDATE %s SET %s = $%d WHERE %s", x.Name, c, len(x.Key)+1, where(x))
			changed := rows[4][at]
			exec(t, d, set, append(keyValues(x, rows[0]), changed)...)
			exec(t, d, "DELETE FROM "+x.Name+" WHERE "+where(x), keyValues(x, rows[1])...)
			exec(t, d, set, append(keyValues(x, rows[2]), rows[3][at])...)
			exec(t, d, set, append(keyValues(x, rows[3]), rows[2][at])...)
			write(t, d, func(ctx context.Context, tx *db.Tx) error { return g.insert(ctx, tx, x, rows[4]) })
			want[x.Name+" "+string(audit.RowChanged)] = 3
			want[x.Name+" "+string(audit.RowRemoved)] = 1
			want[x.Name+" "+string(audit.RowInserted)] = 1
		}
		found := map[string]int{}
		for _, f := range g.verify(t).Findings {
			found[f.Table+" "+string(f.Kind)]++
			if f.Key == "" && f.Case == "" {
				t.Errorf("nameless: %+v", f)
			}
		}
		for k, n := range want {
			if found[k] != n {
				t.Errorf("%s: found %d of %d", k, found[k], n)
			}
			delete(found, k)
		}
		if len(found) > 0 {
			t.Errorf("besides: %v", found)
		}
	})
}

func kinds(r *audit.Report) []audit.Kind {
	var out []audit.Kind
	for _, f := range r.Findings {
		if !slices.Contains(out, f.Kind) {
			out = append(out, f.Kind)
		}
	}
	slices.Sort(out)
	return out
}

// What is done to the log itself is found, each by its name.
func TestWhatIsDoneToTheLogIsFound(t *testing.T) {
	type deed struct {
		name string
		do   func(t *testing.T, g *ground)
		want []audit.Kind
	}
	deeds := []deed{
		{"a leaf says something else", func(t *testing.T, g *ground) { exec(t, g.d, `UPDATE audit_leaf SET act = 'nothing' WHERE seq = 7`) }, []audit.Kind{audit.LeafChanged}},
		{"a leaf is gone", func(t *testing.T, g *ground) { exec(t, g.d, `DELETE FROM audit_leaf WHERE seq = 7`) }, []audit.Kind{audit.LeafRemoved, audit.RowInserted}},
		{"two leaves are exchanged", func(t *testing.T, g *ground) {
			exec(t, g.d, `UPDATE audit_leaf SET seq = 15 - seq WHERE seq IN (7, 8)`)
		}, []audit.Kind{audit.LeafChanged}},
		{"a leaf is put in", func(t *testing.T, g *ground) {
			exec(t, g.d, `INSERT INTO audit_leaf (id, jurisdiction, subject, act, person_id, at, hash, seq) SELECT id || 'x', jurisdiction, subject, act, person_id, at, hash, seq FROM audit_leaf WHERE seq = 7`)
		}, []audit.Kind{audit.LeafInserted}},
		{"a hash of the tree is another", func(t *testing.T, g *ground) {
			exec(t, g.d, `UPDATE audit_tile SET hashes = 'AAAA' || substr(hashes, 5) WHERE level = 0 AND n = 0`)
		}, []audit.Kind{audit.LeafChanged, audit.TreeChanged}},
		{"a tile is gone", func(t *testing.T, g *ground) { exec(t, g.d, `DELETE FROM audit_tile WHERE level = 0 AND n = 0`) }, []audit.Kind{audit.LeafChanged}},
		{"a head is signed by somebody else", func(t *testing.T, g *ground) {
			exec(t, g.d, `UPDATE audit_head SET note = replace(note, '— gezhi', '— other')`)
		}, []audit.Kind{audit.HeadForged}},
		{"a head says another size", func(t *testing.T, g *ground) {
			exec(t, g.d, `UPDATE audit_head SET root = $1`, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		}, []audit.Kind{audit.HeadForged, audit.TreeChanged}},
		{"the log is cut, its head left", func(t *testing.T, g *ground) { exec(t, g.d, `DELETE FROM audit_leaf WHERE seq > 100`) }, []audit.Kind{audit.LeafRemoved, audit.RowInserted}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, x := range deeds {
			t.Run(x.name, func(t *testing.T) {
				d := dbtest.SQLite(t)
				if strings.Contains(t.Name(), "/postgres/") {
					d = dbtest.Postgres(t)
				}
				g := newGround(t, d)
				x.do(t, g)
				if got := kinds(g.verify(t)); !slices.Equal(got, x.want) {
					t.Errorf("found %v, not %v", got, x.want)
				}
			})
		}
	})
}

// A log that was written anew as a whole, and a database that was rolled back, do not contain a
// checkpoint that was kept elsewhere; the log is not gone on with.
func TestACheckpointKeptElsewhereFindsWhatTheDatabaseHides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		first := g.verify(t)
		kept, err := audit.ReadCheckpoint([]byte(first.Checkpoint), g.log.Key.Public)
		must(t, err)
		leaf := func() {
			write(t, d, func(ctx context.Context, tx *db.Tx) error {
				return audit.Append(ctx, tx, audit.Leaf{ID: id.New(), Jurisdiction: "j", Subject: "test/more", Act: "said", At: noon})
			})
		}
		leaf()
		_, err = g.log.Round(t.Context())
		must(t, err)
		second := g.verify(t, kept)
		if !second.OK || second.Size != first.Size+1 {
			t.Fatalf("a log that went on: %+v", second)
		}
		newer, err := audit.ReadCheckpoint([]byte(second.Checkpoint), g.log.Key.Public)
		must(t, err)

		exec(t, d, `DELETE FROM audit_leaf WHERE seq = $1`, second.Size)
		exec(t, d, `UPDATE audit_head SET size = $1, root = $2, note = $3`, first.Size, first.Root, first.Checkpoint)
		if r := g.verify(t); !r.OK {
			t.Errorf("by itself the database that was rolled back looks whole: %+v", r.Findings)
		}
		if got := kinds(g.verify(t, newer)); !slices.Equal(got, []audit.Kind{audit.LogShorter}) {
			t.Errorf("rolled back: %v", got)
		}
		leaf()
		again := &audit.Log{DB: d, Now: g.log.Now, Key: g.log.Key, Keep: g.log.Keep, Holder: "test"}
		if n, err := again.Round(t.Context()); n != 0 || err == nil {
			t.Errorf("a database that was rolled back is gone on with: %d %v", n, err)
		}
		again.Keep = t.TempDir() // somebody who does not know goes on
		if n, err := again.Round(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if got := kinds(g.verify(t, newer)); !slices.Equal(got, []audit.Kind{audit.LogForked}) {
			t.Errorf("another leaf under the same number: %v", got)
		}
	})
}

// The key lies in a file that its owner alone can read; another key signs nothing here.
func TestOnlyTheKeyOfTheLogGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		path := filepath.Join(t.TempDir(), "other.key")
		other, err := audit.OpenKey(path)
		must(t, err)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info, err)
		}
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			return audit.Append(ctx, tx, audit.Leaf{ID: id.New(), Jurisdiction: "j", Subject: "test/more", Act: "said", At: noon})
		})
		log := &audit.Log{DB: d, Now: g.log.Now, Key: other, Holder: "test"}
		if n, err := log.Round(t.Context()); n != 0 || err == nil {
			t.Error("a foreign key goes on with the log", n, err)
		}
		must(t, os.Chmod(path, 0o644))
		if _, err := audit.OpenKey(path); err == nil {
			t.Error("a key that everybody can read is used")
		}
		same, err := audit.OpenKey(filepath.Join(g.log.Keep, "log.key"))
		if err != nil || same.Public != g.log.Key.Public {
			t.Error(same, err)
		}
	})
}
