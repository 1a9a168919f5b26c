package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/id"
)

// note writes rows and a leaf that reads them back.
func (g *ground) note(t testing.TB, x *audit.Table, subject string, rows ...[]any) {
	t.Helper()
	leaf := audit.Leaf{ID: id.New(), Jurisdiction: "j", Subject: subject, Act: "written", At: noon}
	for _, values := range rows {
		leaf.Rows = append(leaf.Rows, audit.Ref{Table: x, Key: keyValues(x, values)})
	}
	write(t, g.d, func(ctx context.Context, tx *db.Tx) error {
		for _, values := range rows {
			if err := g.insert(ctx, tx, x, values); err != nil {
				return err
			}
		}
		return audit.Append(ctx, tx, leaf)
	})
}

// A leaf that reads its rows back says the same as one that was given their values, however
// many rows there are.
func TestRowsReadBackAreTheRowsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		for _, x := range audit.Tables {
			if x.Proof != audit.Proved {
				continue
			}
			if x.OfCase {
				values := g.row(x, 5)
				g.note(t, x, "case/"+fmt.Sprint(values[0]), values)
				continue
			}
			var rows [][]any
			for n := range 30 {
				rows = append(rows, g.row(x, 5+n))
			}
			g.note(t, x, "test/"+x.Name, rows...)
		}
		if r := g.verify(t); !r.OK || r.Waiting == 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A row of a case is named by a leaf about that case, and by no other.
func TestARowOfACaseIsNamedUnderItsCase(t *testing.T) {
	d := dbtest.SQLite(t)
	g := &ground{d: d, schema: columnsOf(t, d)}
	err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		return audit.Append(ctx, tx, audit.Leaf{ID: id.New(), Subject: "person/x", Act: "written", At: noon, Wrote: []audit.Row{{Table: audit.Moves, Values: g.row(audit.Moves, 1)}}})
	})
	if err == nil {
		t.Error("a move was named under a person")
	}
}

// A row that is deleted is named as gone: it is not missed, and not let in again.
func TestADeletedRowIsNamedAsGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		row := g.row(audit.Contacts, 1)
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM contact WHERE person_id = $1`, row[0]); err != nil {
				return err
			}
			return audit.Append(ctx, tx, audit.Leaf{ID: id.New(), Subject: "person/x", Act: "contacts.set", At: noon, Rows: []audit.Ref{{Table: audit.Contacts, Key: keyValues(audit.Contacts, row)}}})
		})
		if r := g.verify(t); !r.OK {
			t.Errorf("deleted by the rules: %+v", r.Findings)
		}
		write(t, d, func(ctx context.Context, tx *db.Tx) error { return g.insert(ctx, tx, audit.Contacts, row) })
		if r := g.verify(t); !slices.Equal(kinds(r), []audit.Kind{audit.RowInserted}) {
			t.Errorf("let in again: %+v", r.Findings)
		}
	})
}

// After an erasure nothing is left to guess at what was erased; the log stands, what is left is
// proved, and the erasure is named.
func TestAfterAnErasureVerificationPassesAndNamesIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		row := g.row(audit.Payloads, 2)
		subject := "case/" + fmt.Sprint(row[0])
		erase := func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE payload SET body = '', key_id = '' WHERE case_id = $1`, row[0])
			return err
		}
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			if err := erase(ctx, tx); err != nil {
				return err
			}
			return audit.Erased(ctx, tx, audit.Leaf{ID: id.New(), Subject: subject, At: noon})
		})
		before := g.verify(t)
		if _, err := g.log.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := g.verify(t)
		if !before.OK || !r.OK || r.Erasures != 1 || !slices.Equal(r.Erased, []string{subject}) {
			t.Errorf("%+v", r)
		}
		must(t, d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var salted int64
			err := tx.Row(ctx, `SELECT count(*) FROM audit_leaf WHERE subject = $1 AND salt <> ''`, []any{subject}, &salted)
			if salted != 1 {
				t.Errorf("%d leaves keep their salt; the newest alone may", salted)
			}
			return err
		}))
		exec(t, d, `UPDATE payload SET body = 'put back' WHERE case_id = $1`, row[0])
		if r := g.verify(t); !slices.Equal(kinds(r), []audit.Kind{audit.RowChanged}) {
			t.Errorf("put back: %+v", r.Findings)
		}
	})
}

// Leaves are numbered whatever their id: one that is committed late, under an old id, is not
// skipped. Several processes give every number once.
func TestLateLeavesAreNumberedAndNumbersAreGivenOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		hand := clock.At(noon)
		logs := make([]*audit.Log, 3)
		for i := range logs {
			logs[i] = &audit.Log{DB: d, Now: hand.Now, Key: g.log.Key, Holder: fmt.Sprint(i)}
		}
		late := id.New()
		append1 := func(leaf string) {
			write(t, d, func(ctx context.Context, tx *db.Tx) error {
				return audit.Append(ctx, tx, audit.Leaf{ID: leaf, Subject: "test/late", Act: "said", At: noon})
			})
		}
		for range 1300 { // several batches
			append1(id.New())
		}
		hand.Add(leaseOver)
		var wg sync.WaitGroup
		for _, l := range logs {
			wg.Go(func() {
				if _, err := l.Round(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		append1(late)
		hand.Add(leaseOver)
		if n, err := logs[1].Round(t.Context()); n != 1 || err != nil {
			t.Errorf("a late leaf: %d %v", n, err)
		}
		append1(id.New())
		if n, err := logs[2].Round(t.Context()); n != 0 || err != nil {
			t.Errorf("numbered while another held the lease: %d %v", n, err)
		}
		r := g.verify(t)
		if !r.OK || r.Waiting != 1 {
			t.Errorf("%+v", r)
		}
	})
}

const leaseOver = 11e9 // longer than a lease, in nanoseconds

// A receipt proves that its leaf is in the log, also as a code, and shows neither who wrote it
// nor what; proofs lead from one checkpoint to the next.
func TestAReceiptProvesItsLeaf(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		s := &audit.Service{DB: d, Now: g.log.Now, NewID: id.New}
		_, first, err := s.Head(t.Context())
		must(t, err)
		leaf := id.New()
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			return audit.Append(ctx, tx, audit.Leaf{ID: leaf, Subject: "case/c1", Act: "move", Person: "the-clerk", Said: "what-was-said", At: noon})
		})
		of := func() (r *audit.Receipt, err error) {
			err = d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				r, err = audit.ReceiptOf(ctx, tx, leaf, "2026-000001")
				return err
			})
			return r, err
		}
		if _, err := of(); err == nil {
			t.Error("a receipt of what is not in the log yet")
		}
		_, err = g.log.Round(t.Context())
		must(t, err)
		r, err := of()
		must(t, err)
		head, err := r.Check(g.log.Key.Public)
		must(t, err)
		code, err := r.Compact()
		must(t, err)
		if strings.Contains(code, "clerk") || strings.Contains(code, "what-was") || len(code) > 1800 {
			t.Errorf("%d bytes: %s", len(code), code)
		}
		proof, err := s.Consistency(t.Context(), first.Size, head.Size)
		must(t, err)
		must(t, tlog.CheckTree(proof, head.Size, head.Root, first.Size, first.Root))
		in, err := s.Inclusion(t.Context(), r.Seq, head.Size)
		must(t, err)
		must(t, tlog.CheckRecord(in, head.Size, head.Root, r.Seq-1, tlog.RecordHash([]byte(r.Record))))
		if _, err := s.Consistency(t.Context(), 1, head.Size+1); err == nil {
			t.Error("a proof of what is not there yet")
		}
		r.Record += " "
		if _, err := r.Check(g.log.Key.Public); err == nil {
			t.Error("a changed receipt holds")
		}
	})
}
