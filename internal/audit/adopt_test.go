package audit_test

import (
	"context"
	"slices"
	"testing"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

func (g *ground) adopt(t *testing.T) (int64, *audit.Report, error) {
	t.Helper()
	a := &audit.Adopter{DB: g.d, Now: clock.At(noon).Now, NewID: id.New, Public: g.log.Key.Public}
	return a.Run(t.Context())
}

// older makes the database one that was begun before leaves named rows: a leaf of the form
// before, and in every proved table a row that no leaf names.
func (g *ground) older(t *testing.T) (rows int) {
	t.Helper()
	leaf := id.At(noon.AddDate(-1, 0, 0))
	write(t, g.d, func(ctx context.Context, tx *db.Tx) error {
		rows = 0
		_, err := tx.Exec(ctx, `INSERT INTO audit_leaf (id, jurisdiction, subject, act, person_id, at, hash) VALUES ($1, 'j', 'case/x', 'move', '', 1, $2)`, leaf, "Q0nNgTIPoyB3mDHaHPbNzGOHjd8n1uLCXoVy1kOAVRM=")
		for _, x := range audit.Tables {
			if x.Proof == audit.Proved && err == nil {
				rows++
				err = g.insert(ctx, tx, x, g.row(x, 7))
			}
		}
		return err
	})
	return rows
}

// Rows older than the naming of rows are counted, then adopted once; from then on what is done
// to them is found, and what is put in beside them too.
func TestWhatIsDoneToAdoptedRowsIsFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		if _, _, err := g.adopt(t); fault.CodeOf(err) != "audit.nothing_older" {
			t.Errorf("adopted where nothing is older: %v", err)
		}
		rows := g.older(t)
		_, err := g.log.Round(t.Context())
		must(t, err)
		if r := g.verify(t); !r.OK || r.Older != int64(rows) {
			t.Fatalf("%d older of %d, %+v", r.Older, rows, r.Findings)
		}
		n, _, err := g.adopt(t)
		if err != nil || n != int64(rows) {
			t.Fatalf("adopted %d of %d: %v", n, rows, err)
		}
		if r := g.verify(t); !r.OK || r.Older != 0 {
			t.Fatalf("adopted, not numbered yet: %d older, %+v", r.Older, r.Findings)
		}
		_, err = g.log.Round(t.Context())
		must(t, err)
		if _, _, err := g.adopt(t); fault.CodeOf(err) != "audit.nothing_older" {
			t.Errorf("adopted twice: %v", err)
		}
		want := map[string]audit.Kind{}
		for _, x := range audit.Tables {
			if x.Proof != audit.Proved {
				continue
			}
			c := looseColumn(x)
			values := g.row(x, 7)
			exec(t, d, "UPDATE "+x.Name+" SET "+c+" = $1 WHERE "+x.Key[len(x.Key)-1]+" = $2", g.row(x, 9)[slices.Index(x.Columns, c)], values[slices.Index(x.Columns, x.Key[len(x.Key)-1])])
			want[x.Name] = audit.RowChanged
		}
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			return g.insert(ctx, tx, audit.Rosters, g.row(audit.Rosters, 8))
		})
		r := g.verify(t)
		inserted := 0
		for _, f := range r.Findings {
			if f.Kind == audit.RowInserted {
				inserted++
				continue
			}
			if f.Table != "involved" && want[f.Table] != f.Kind {
				t.Errorf("%s: %s", f.Table, f.Kind)
			}
			delete(want, f.Table)
		}
		if len(want) > 0 || inserted != 1 || r.Older != 0 {
			t.Errorf("not found: %v; %d put in, %d older", want, inserted, r.Older)
		}
	})
}

// A database in which something does not fit is not adopted: that would make it right.
func TestNothingIsAdoptedWhereSomethingDoesNotFit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		g := newGround(t, d)
		g.older(t)
		_, err := g.log.Round(t.Context())
		must(t, err)
		exec(t, d, `DELETE FROM unit WHERE id = $1`, g.row(audit.Units, 2)[0])
		n, r, err := g.adopt(t)
		if fault.CodeOf(err) != "audit.not_proved" || n != 0 || len(r.Findings) != 1 {
			t.Errorf("adopted %d: %v %+v", n, err, r)
		}
	})
}
