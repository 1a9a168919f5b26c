package app_test

import (
	"context"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/points"
)

// A month of the sample county is lived through by the real services: work is published, taken,
// assessed and approved, activities are posted, goods are fetched, and the books are in order.
func TestTheSampleCountyLivesThroughAMonth(t *testing.T) {
	t.Parallel()
	a := sampled(t, db.SQLite).app
	last := -1
	if err := a.FillMonth(t.Context(), 12, func(percent int) {
		if percent <= last {
			t.Errorf("%d %% after %d %%", percent, last)
		}
		last = percent
	}); err != nil {
		t.Fatal(err)
	}
	if last != 100 {
		t.Errorf("it ended at %d %%", last)
	}
	kinds := map[string]int64{}
	if err := a.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Collect(ctx, tx, db.SQL(`SELECT kind, COUNT(*) FROM points_posting GROUP BY kind`), nil, func(r db.Rows) (struct{}, error) {
			var kind string
			var n int64
			err := r.Scan(&kind, &n)
			kinds[kind] = n
			return struct{}{}, err
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var scans int64
	if err := a.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, db.SQL(`SELECT COUNT(*) FROM points_scan WHERE claim_id <> ''`), nil, &scans)
	}); err != nil || scans == 0 {
		t.Errorf("vouchers scanned at a merchant's: %d %v", scans, err)
	}
	if kinds["budget"] != 1 || kinds["grant"] < 100 || kinds["redeem"] == 0 {
		t.Errorf("postings: %v", kinds)
	}
	p, err := points.Verify(t.Context(), a.DB)
	if err != nil || len(p.Findings) > 0 {
		t.Errorf("%v %+v", err, p)
	}
}
