package record

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
)

// A page, and a part set of some areas, reads ranges of indexes, whoever asks: never all records, and for a township, a
// village or a grid those of that place only.
func TestPagesReadRangesOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		fillRecords(t, d)
		k := Kind{Pack: &pack.Pack{Name: "p"}, Record: &pack.Record{Name: "k"}}
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
		foundByAreas(t, d)
	})
}

// foundByAreas: what lies in some areas is found by them, without a look at the rest of the kind,
// and is what reading all of it would have found there, on every day.
func foundByAreas(t *testing.T, d *db.DB) {
	t.Helper()
	days := []string{"2025-06-01", "2026-03-02"}
	if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		for i := range 6000 {
			first := Revision{ID: "a", RecordID: fmt.Sprintf("r%05d", i), From: "2020-01-01", AreaID: fmt.Sprint("v", i%300), Values: map[string]any{"x": strings.Repeat("x", 300)}}
			if err := first.insert(ctx, tx); err != nil {
				return err
			}
			if i%7 == 0 { // moves to another area
				moved := Revision{ID: "b", RecordID: first.RecordID, From: "2026-01-01", AreaID: fmt.Sprint("v", i%300+1)}
				if err := moved.insert(ctx, tx); err != nil {
					return err
				}
			}
		}
		return tx.Queue(ctx, "ANALYZE")
	}); err != nil {
		t.Fatal(err)
	}
	plan := dbtest.Explain(t, d, string(recordsWithin[1]), []any{"j", "p", "k", days[1], "v0"})
	for _, line := range strings.Split(plan, "\n") {
		if !strings.Contains(plan, "revision_area") || strings.Contains(line, "Seq Scan") || strings.HasPrefix(line, "SCAN r") || strings.HasPrefix(line, "SCAN v") || strings.HasPrefix(line, "SCAN w") {
			t.Fatalf("%s in\n%s", line, plan)
		}
	}
	for _, areas := range [][]string{{"v0"}, {"v299", "v300", "nowhere"}, someAreas(0, 100), someAreas(0, mostAreas), someAreas(0, mostAreas+1)} {
		for _, day := range days {
			if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				all, err := AllOn(ctx, tx, "j", "p", "k", day)
				if err != nil {
					return err
				}
				want := keysWithin(all, areas)
				some, err := AllWithin(ctx, tx, "j", "p", "k", day, areas)
				if got := keysWithin(some, areas); len(want) == 0 || !slices.Equal(got, want) || len(areas) <= mostAreas && len(some) != len(got) {
					t.Errorf("%d areas on %s: %d records, want %d", len(areas), day, len(some), len(want))
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func someAreas(from, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint("v", from+i))
	}
	return out
}

func keysWithin(all []Standing, areas []string) (out []string) {
	for _, s := range all {
		if slices.Contains(areas, s.Revision.AreaID) {
			out = append(out, KeyText(s.Key))
		}
	}
	return out
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
