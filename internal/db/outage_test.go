package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

// put writes rows one by one and returns the last refusal with how many were kept.
func put(t *testing.T, d *db.DB, name string, rows int, text string) (kept int, refused error) {
	t.Helper()
	for i := range rows {
		err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			return tx.Queue(ctx, insertNumber, text, fmt.Sprint(name, i), i)
		})
		if err == nil {
			kept++
		} else {
			refused = err
		}
	}
	return kept, refused
}

func codeOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Code
	}
	return fmt.Sprint(err)
}

// A full database refuses what does not fit, to each of those who wait together, keeps what it
// had acknowledged, can be read all the while, and goes on as soon as there is room.
func TestAFullDatabaseLosesNothing(t *testing.T) {
	d := dbtest.SQLite(t)
	pages := func(n int) {
		t.Helper()
		err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, db.Stmt(fmt.Sprintf("PRAGMA max_page_count = %d", n)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	big := strings.Repeat("x", 3000)
	kept, refused := put(t, d, "before", 5, big)
	if kept != 5 {
		t.Fatal(refused)
	}
	pages(1) // no more than there are now
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range 8 {
		wg.Go(func() {
			n, err := put(t, d, fmt.Sprint("full", i, "-"), 5, big)
			mu.Lock()
			defer mu.Unlock()
			kept += n
			if codeOf(err) != "db.full" {
				t.Errorf("refused with %v", err)
			}
		})
	}
	wg.Wait()
	if got := count(t, d); got != kept {
		t.Errorf("%d rows are there, %d were acknowledged", got, kept)
	}
	pages(1 << 30)
	if n, err := put(t, d, "after", 5, big); n != 5 || count(t, d) != kept+5 {
		t.Errorf("with room again %d of 5 are kept: %v", n, err)
	}
}

// While another process holds the file, writes are refused after one wait and reads go on; then
// everything is as before.
func TestALockedFileIsWaitedForOnce(t *testing.T) {
	path := dbtest.SQLiteFile(t)
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if kept, err := put(t, d, "before", 3, "j"); kept != 3 {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	held, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := held.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err = d.Write(t.Context(), nil, func(context.Context, *db.Tx) error { runs++; return nil })
	if codeOf(err) != "db.locked" || runs != 0 {
		t.Errorf("%v after %d runs", err, runs)
	}
	if count(t, d) != 3 {
		t.Error("it cannot be read meanwhile")
	}
	if _, err := held.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if kept, err := put(t, d, "after", 3, "j"); kept != 3 || count(t, d) != 6 {
		t.Errorf("%d of 3 are kept afterwards: %v", kept, err)
	}
}
