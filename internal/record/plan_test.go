package record

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
)

// A page reads ranges of indexes, whoever asks: never all records, and for a township, a
// village or a grid those of that place only.
func TestPagesReadRangesOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		fillRecords(t, d)
		k := Kind{&pack.Pack{Name: "p"}, &pack.Record{Name: "k"}}
		for level := account.County; level <= account.Micro; level++ {
			for _, q := range []Query{{Day: "2026-03-02", Limit: 50}, {Day: "2026-03-02", Limit: 50, Text: "x"}, {Day: "2026-03-02", Limit: 50, area: &territory.Area{ID: "a", Level: territory.Village}}} {
				scope := account.Scope{Jurisdiction: "j", Branches: []account.Branch{{Kind: account.PersonBranch, ID: "a"}, {Kind: account.UnitBranch, ID: "a"}, {Kind: account.AreaBranch, Level: level, ID: "a"}}}
				text, args := listSQL(scope, k, q)
				plan := dbtest.Explain(t, d, text, args)
				for _, line := range strings.Split(plan, "\n") {
					if strings.Contains(line, "Seq Scan on record") || strings.HasPrefix(line, "SCAN c") || strings.HasPrefix(line, "SCAN s") || strings.Contains(line, "AUTOMATIC") {
						t.Errorf("level %d, %+v: %s in\n%s", level, q, line, plan)
					}
				}
				if column := levelColumns[level]; d.Engine == db.SQLite && level >= account.Township && level <= account.Grid && q.area == nil && !strings.Contains(plan, "kind=? AND "+column+"=? AND key>?") {
					t.Errorf("level %d is no range of its index in\n%s", level, plan)
				}
			}
		}
	})
}

// fillRecords makes 15,000 records, a tenth of them in area "a" and a few that name "a", and
// lets the engine count them.
func fillRecords(t *testing.T, d *db.DB) {
	t.Helper()
	if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		for i := range 15000 {
			r := &Record{ID: fmt.Sprintf("r%05d", i), Jurisdiction: "j", Pack: "p", Kind: "k", Key: []string{fmt.Sprint(i)}, Nature: territory.Sample, Began: "2020-01-01"}
			for l := range r.Areas {
				r.Areas[l] = fmt.Sprint("x", i%10)
				if i%10 == 0 {
					r.Areas[l] = "a"
				}
			}
			if err := r.insert(ctx, tx, strings.Repeat("x", 200)); err != nil {
				return err
			}
			who := fmt.Sprint("person/", i%5000)
			if i%5000 == 0 {
				who = "person/a"
			}
			if err := tx.Queue(ctx, putSubject, who, r.ID, "j", true); err != nil {
				return err
			}
		}
		return tx.Queue(ctx, "ANALYZE")
	}); err != nil {
		t.Fatal(err)
	}
}
