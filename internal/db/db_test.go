package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

var (
	insertNumber = db.SQL(`INSERT INTO number_block (jurisdiction, name, next) VALUES ($1, $2, $3)`)
	readNumber   = db.SQL(`SELECT next FROM number_block WHERE jurisdiction = $1 AND name = $2`)
	setNumber    = db.SQL(`UPDATE number_block SET next = $3 WHERE jurisdiction = $1 AND name = $2`)
	countNumbers = db.SQL(`SELECT count(*) FROM number_block`)
)

func count(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, countNumbers, nil, &n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// Arguments are ordinals: the second may be used before the first, and twice.
func TestArgumentsAreOrdinals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var s string
		err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, db.Stmt(`SELECT CAST($2 AS TEXT) || CAST($1 AS TEXT) || CAST($2 AS TEXT)`), []any{"a", "b"}, &s)
		})
		if err != nil || s != "bab" {
			t.Fatalf("got %q, %v", s, err)
		}
	})
}

// What is queued is carried out as it stands, whatever of it travels together.
func TestQueuedChangesAreCarriedOutInTheirOrder(t *testing.T) {
	insertKey := db.SQL(`INSERT INTO idempotency (person_id, route, key, body_hash, subject, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`)
	insertLeaf := db.SQL(`INSERT INTO audit_leaf (id, jurisdiction, subject, act, person_id, at, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	dropKey := db.SQL(`DELETE FROM idempotency WHERE person_id = $1`)
	leafAt := db.SQL(`UPDATE audit_leaf SET at = $2, hash = $3 WHERE id = $1`)
	whole := db.SQL(`SELECT (SELECT next FROM number_block WHERE name = 'x'), (SELECT count(*) FROM idempotency), (SELECT at FROM audit_leaf WHERE id = 'l')`)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		queue := func(more bool) error {
			return d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
				for _, s := range []struct {
					s    db.Stmt
					args []any
				}{
					{insertNumber, []any{"j", "x", 1}},
					{insertKey, []any{"p", "r", "k", "h", "s", 5}},
					{insertLeaf, []any{"l", "j", "s", "a", "p", 6, "h"}},
					{setNumber, []any{"j", "x", 7}},
					{leafAt, []any{"l", 8, "h"}},
					{dropKey, []any{"p"}},
				} {
					if err := tx.Queue(ctx, s.s, s.args...); err != nil {
						return err
					}
				}
				if !more {
					return nil
				}
				return tx.Queue(ctx, insertLeaf, "l", "j", "s", "a", "p", 9, "h")
			})
		}
		read := func() (next, keys, at int64) {
			err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, whole, nil, &next, &keys, &at) })
			if err != nil {
				t.Fatal(err)
			}
			return next, keys, at
		}
		if err := queue(true); err == nil {
			t.Fatal("a key was given twice")
		}
		if n := count(t, d); n != 0 {
			t.Fatalf("%d rows of a write that failed", n)
		}
		if err := queue(false); err != nil {
			t.Fatal(err)
		}
		if next, keys, at := read(); next != 7 || keys != 0 || at != 8 {
			t.Errorf("next %d, keys %d, at %d", next, keys, at)
		}
	})
}

// Fifty writers read, add one and write back under one key; none is lost.
func TestWritersOfOneKeyDoNotOverlap(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write := func(fn func(context.Context, *db.Tx) error) error { return d.Write(t.Context(), db.Keys{"n/x"}, fn) }
		if err := write(func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, insertNumber, "j", "x", 0) }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				err := write(func(ctx context.Context, tx *db.Tx) error {
					var n int64
					if err := tx.Row(ctx, readNumber, []any{"j", "x"}, &n); err != nil {
						return err
					}
					return tx.Queue(ctx, setNumber, "j", "x", n+1)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var n int64
		d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, readNumber, []any{"j", "x"}, &n) })
		if n != 50 {
			t.Fatalf("counted %d of 50", n)
		}
	})
}

// A closure that fails leaves nothing behind, and those that shared its flush are kept.
func TestABadClosureFailsAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		bad := errors.New("bad")
		var wg sync.WaitGroup
		var failed atomic.Int32
		for i := range 60 {
			wg.Go(func() {
				err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
					if err := tx.Queue(ctx, insertNumber, "j", fmt.Sprint(i), i); err != nil {
						return err
					}
					switch i % 6 {
					case 0:
						return bad
					case 1: // a broken key that the closure swallows
						tx.Exec(ctx, insertNumber, "j", fmt.Sprint(i), i)
					}
					return nil
				})
				if err != nil {
					failed.Add(1)
				}
			})
		}
		wg.Wait()
		if got := count(t, d); failed.Load() != 20 || got != 40 {
			t.Fatalf("%d failed, %d rows", failed.Load(), got)
		}
	})
}

// A panic in one closure reaches its caller and harms no neighbour.
func TestAPanicFailsAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				defer func() {
					if r := recover(); (r != nil) != (i == 7) {
						t.Errorf("closure %d: recovered %v", i, r)
					}
				}()
				d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
					if i == 7 {
						panic("seven")
					}
					return tx.Queue(ctx, insertNumber, "j", fmt.Sprint(i), i)
				})
			})
		}
		wg.Wait()
		if got := count(t, d); got != 19 {
			t.Fatalf("%d rows", got)
		}
	})
}

// A caller who gives up while queued is not written; one who gives up later is.
func TestGivingUpCountsOnlyWhileQueued(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			cancel()
			return tx.Queue(ctx, insertNumber, "j", "x", 1)
		})
		if err != nil || count(t, d) != 1 {
			t.Fatalf("a write in progress was lost: %v", err)
		}
		if err := d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, insertNumber, "j", "y", 1) }); err == nil {
			t.Fatal("a write whose caller had gone was accepted")
		}
	})
}

// Live events are told after the commit, once, and not after a refusal.
func TestAfterCommitRunsOnceAndOnlyAfterSuccess(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := 0
		d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { n++ })
			return tx.Queue(ctx, insertNumber, "j", "x", 1)
		})
		d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			tx.AfterCommit(func() { n += 100 })
			return errors.New("no")
		})
		if n != 1 {
			t.Fatalf("told %d times", n)
		}
	})
}

// A transaction inside a transaction is refused at once, for it would wait for itself.
func TestNestingIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			return d.Read(ctx, func(context.Context, *db.Tx) error { return nil })
		})
		if fault.CodeOf(err) != "db.nested" {
			t.Fatal(err)
		}
	})
}

// A read sees one moment, whatever is written meanwhile.
func TestAReadIsSteady(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var before, after int
			if err := tx.Row(ctx, countNumbers, nil, &before); err != nil {
				return err
			}
			if err := d.Write(context.Background(), nil, func(ctx context.Context, tx *db.Tx) error {
				return tx.Queue(ctx, insertNumber, "j", "x", 1)
			}); err != nil {
				return err
			}
			if err := tx.Row(ctx, countNumbers, nil, &after); err != nil {
				return err
			}
			if before != after {
				return fmt.Errorf("saw %d, then %d", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A second process on the same file is refused; so is a file that is no database.
func TestOpeningRefusesWhatItCannotServe(t *testing.T) {
	path := dbtest.SQLiteFile(t)
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), path); fault.CodeOf(err) != "db.in_use" {
		t.Fatalf("second open: %v", err)
	}
	d.Close()
	if d, err = db.Open(t.Context(), path); err != nil {
		t.Fatalf("after the first has closed: %v", err)
	}
	d.Close()
	for _, mistyped := range []string{"", "postgre://x@127.0.0.1/y", "x?/gezhi@127.0.0.1:5432/y?sslmode=disable"} {
		if _, err := db.Open(t.Context(), mistyped); fault.CodeOf(err) != "db.bad_url" {
			t.Fatalf("%q: %v", mistyped, err)
		}
	}
	if _, err := db.Open(t.Context(), filepath.Join(path, "below", "a.db")); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("a path below a file: %v", err)
	}
}

// Packed columns come back as they were, empty ones too; what was packed otherwise is refused.
func TestPackedColumnsComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var packed string
		query := db.Stmt("SELECT " + db.Pack("a", "b", "n", "c") + " FROM (SELECT '' AS a, '格治, ''x''' AS b, -9007199254740993 AS n, '' AS c) AS t")
		if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, query, nil, &packed) }); err != nil {
			t.Fatal(err)
		}
		a, b, c, n := "?", "?", "?", int64(0)
		if err := db.Unpack(packed, &a, &b, &n, &c); err != nil || a != "" || b != "格治, 'x'" || n != -9007199254740993 || c != "" {
			t.Fatal(a, b, n, c, err)
		}
		if db.Unpack(packed, &a, &b, &n) == nil || db.Unpack(packed, &a, &b, &n, &c, &a) == nil || db.Unpack(packed, &a, &n, &b, &c) == nil {
			t.Fatal("columns of another number or kind are taken")
		}
	})
}

// Queries that travel together are each answered in full and in their own order, whatever the
// types of their columns, and each keeps its own arguments.
func TestTogetherAnswersEachQueryForItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		numbers := db.Stmt(`SELECT n, 'a $1 b' FROM (SELECT CAST($1 AS BIGINT) AS n UNION ALL SELECT CAST($2 AS BIGINT)) x ORDER BY n DESC`)
		mixed := db.Stmt(`SELECT CAST(NULL AS TEXT), CAST(1.5 AS DOUBLE PRECISION), CAST($1 AS TEXT)`)
		none := db.Stmt(`SELECT id FROM person WHERE id = $1`)
		var got []string
		read := func(ctx context.Context, tx *db.Tx) error {
			got = nil
			return tx.Together(ctx,
				db.Ask{Stmt: numbers, Args: []any{1, 2}, Scan: func(r db.Rows) error {
					var n int64
					var s string
					err := r.Scan(&n, &s)
					got = append(got, fmt.Sprint(n, s))
					return err
				}},
				db.Ask{Stmt: none, Args: []any{"nobody"}, Scan: func(db.Rows) error { return errors.New("a row of nobody") }},
				db.Ask{Stmt: mixed, Args: []any{"it's \"quoted\", (so)"}, Scan: func(r db.Rows) error {
					var null *string
					var f float64
					var s string
					err := r.Scan(&null, &f, &s)
					got = append(got, fmt.Sprint(null == nil, f, s))
					return err
				}})
		}
		want := []string{"2a $1 b", "1a $1 b", `true 1.5it's "quoted", (so)`}
		for _, look := range []func(context.Context, func(context.Context, *db.Tx) error) error{d.Read, d.Glance} {
			if err := look(t.Context(), read); err != nil || !slices.Equal(got, want) {
				t.Errorf("%q, %v; want %q", got, err, want)
			}
		}
	})
}

// A glance that asks more than once begins anew, and sees one state of affairs.
func TestAGlanceThatAsksTwiceIsASteadyView(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one := db.Stmt(`SELECT CAST(1 AS BIGINT)`)
		runs, sum := 0, int64(0)
		err := d.Glance(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			runs, sum = runs+1, 0
			for range 3 {
				var n int64
				if err := tx.Row(ctx, one, nil, &n); err != nil {
					return err
				}
				sum += n
			}
			return nil
		})
		if err != nil || sum != 3 || runs > 2 {
			t.Errorf("%d runs, sum %d, %v", runs, sum, err)
		}
	})
}

// What is asked at a glance keeps its plan on PostgreSQL; whatever reads or writes more is planned
// as the server thinks best.
func TestAGlanceKeepsItsPlan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine != db.Postgres {
			return
		}
		for _, x := range []struct {
			look func(context.Context, func(context.Context, *db.Tx) error) error
			want string
		}{
			{d.Glance, "force_generic_plan"},
			{d.Read, "auto"},
			{func(ctx context.Context, fn func(context.Context, *db.Tx) error) error { return d.Write(ctx, nil, fn) }, "auto"},
		} {
			var mode string
			if err := x.look(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				return tx.Row(ctx, "SELECT current_setting('plan_cache_mode')", nil, &mode)
			}); err != nil || mode != x.want {
				t.Errorf("%s, %v; want %s", mode, err, x.want)
			}
		}
	})
}
