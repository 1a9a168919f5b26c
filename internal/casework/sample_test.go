package casework

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
)

// When a month ends so many of somebody's acts are drawn as its life wants, no more, always
// the same, and never those of another month or worker.
func TestTheMonthsEndDrawsWhatLacks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.UnixMilli(1775000000000)
		s := &Service{DB: d, Now: func() time.Time { return now }, ID: id.New}
		if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			for i := range 30 {
				worker, month := fmt.Sprint("w", i%3), fmt.Sprintf("2026-0%d", 3+i%2)
				drawn := i == 1 // of w1 in April one was drawn already
				if err := tx.Queue(ctx, insertSampled, fmt.Sprint("c", i), "j", month, worker, "1/20", fmt.Sprint("seed", i), drawn); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		count := func(worker, month string) (n int) {
			t.Helper()
			if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				n = 0
				_, err := db.Collect(ctx, tx, sampledOf, []any{"j", worker, month}, func(r db.Rows) (x struct{}, err error) {
					var id, seed string
					var drawn int
					err = r.Scan(&id, &seed, &drawn)
					n += drawn
					return x, err
				})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, x := range []struct {
			worker, month string
			least, want   int
		}{{"w0", "2026-03", 1, 1}, {"w0", "2026-03", 1, 1}, {"w1", "2026-04", 1, 1}, {"w2", "2026-03", 2, 2}, {"w2", "2026-04", 9, 5}, {"w9", "2026-03", 1, 0}} {
			if err := s.drawLeast(t.Context(), jobs.Timer{Kind: TimerSample, Ref: fmt.Sprintf("%s/%s/%d", x.worker, x.month, x.least), Jurisdiction: "j"}); err != nil {
				t.Fatal(err)
			}
			if got := count(x.worker, x.month); got != x.want {
				t.Errorf("%s %s: %d drawn, not %d", x.worker, x.month, got, x.want)
			}
		}
		if n := count("w0", "2026-04") + count("w1", "2026-03"); n != 0 {
			t.Errorf("%d drawn of others", n)
		}
	})
}
