package points

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// A database in which one thing of the ledgers was changed by hand is not proved, and what was
// changed is named.
func TestEveryCorruptionIsNamed(t *testing.T) {
	path := dbtest.SQLiteFile(t)
	d, err := db.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, d)
	o.allot(5000)
	first := o.posting(Grant, budget, Own(li), 50)
	first.Expires = monday.AddDate(1, 0, 0)
	o.must(first)
	o.grant(wang, 60)
	o.must(o.posting(Hold, Own(li), HeldOf(li), 20))
	o.must(o.posting(Redeem, Own(wang), Of(Redeemed), 5))
	if err := o.Roll(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.proved()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ledgerID := LedgerID(j1, "points")
	own, kept, of := Own(li).ID(ledgerID), HeldOf(li).ID(ledgerID), budget.ID(ledgerID)
	for _, c := range []struct{ change, codes string }{
		{`UPDATE points_balance SET balance = balance + 1 WHERE account_id = '` + own + `'`, "balance"},
		{`UPDATE points_balance SET seq = seq + 1 WHERE account_id = '` + own + `'`, "balance"},
		{`DELETE FROM points_balance WHERE account_id = '` + own + `'`, "balance"},
		{`INSERT INTO points_balance VALUES ('stranger', 0, 1, 5)`, "balance"},
		{`UPDATE points_balance SET balance = -1 WHERE account_id = '` + of + `' AND slice = 0`, "balance below_zero"},
		{`UPDATE points_entry SET amount = amount + 1 WHERE account_id = '` + own + `' AND amount = 50`, "entry month no_entry running"},
		{`UPDATE points_entry SET balance = 31 WHERE account_id = '` + own + `' AND balance = 30`, "entry no_entry running"},
		{`UPDATE points_entry SET key = 'other' WHERE account_id = '` + kept + `'`, "entry month no_entry"},
		{`UPDATE points_entry SET seq = seq + 9999999999999 WHERE account_id = '` + kept + `'`, "entry month no_entry"},
		{`DELETE FROM points_entry WHERE account_id = '` + kept + `'`, "month no_entry"},
		{`INSERT INTO points_entry VALUES ('` + own + `', 0, 9999999999999999, -30, 0, 'redeem', 'forged')`, "entry"},
		{`DELETE FROM points_posting WHERE kind = 'hold'`, "balance entry held hold lot month"},
		{`UPDATE points_posting SET amount = amount + 1 WHERE kind = 'hold'`, "posting"},
		{`UPDATE points_posting SET lines = 'nothing' WHERE kind = 'redeem'`, "balance entry posting"},
		{`UPDATE points_posting SET lines = replace(lines, ' -5 ', ' -4 ') WHERE kind = 'redeem'`, "balance entry no_entry posting sum"},
		{`UPDATE points_lot SET amount = amount + 1 WHERE account_id = '` + own + `'`, "lot"},
		{`DELETE FROM points_lot WHERE account_id = '` + own + `'`, "lot"},
		{`INSERT INTO points_lot VALUES ('` + own + `', 5, 5)`, "lot"},
		{`UPDATE points_hold SET amount = 19`, "held hold"},
		{`UPDATE points_hold SET state = 'released'`, "held"},
		{`DELETE FROM points_hold`, "held hold"},
		{`UPDATE points_month SET came = came + 1 WHERE account_id = '` + own + `' AND kind = 'grant'`, "month"},
		{`DELETE FROM points_month WHERE account_id = '` + own + `' AND kind = 'grant'`, "month"},
		{`UPDATE points_rolled SET seq = 0 WHERE account_id = '` + kept + `'`, "month"},
		{`UPDATE points_account SET owner = 'person/thief' WHERE id = '` + kept + `'`, "account"},
		{`UPDATE points_account SET kind = 'void' WHERE id = '` + own + `'`, "account"},
		{`DELETE FROM points_ledger WHERE name = 'points'`, "account"},
	} {
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(copied, file, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := db.Open(t.Context(), copied)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			n, err := tx.Exec(ctx, db.Stmt(c.change))
			if n == 0 {
				t.Error("changed nothing:", c.change)
			}
			return err
		}); err != nil {
			t.Fatal(err, c.change)
		}
		proof, err := Verify(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, f := range proof.Findings {
			code := strings.TrimPrefix(f.Code, "points.found_")
			if len(codes) == 0 || codes[len(codes)-1] != code {
				codes = append(codes, code)
			}
			if f.Table == "" || f.Key == "" {
				t.Errorf("%+v names nothing", f)
			}
		}
		if got := strings.Join(codes, " "); got != c.codes {
			t.Errorf("%s\nfound %s, not %s", c.change, got, c.codes)
		}
		d.Close()
	}
}
