package casework

import (
	"context"
	"sync"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/id"
)

// However many transactions ask for a class, looking into the database for what is in force
// never waits for one of them that waits for it: there are fewer connections than askers.
func TestBookIsReadBesideManyTransactions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := &Book{DB: d, Now: clock.System, NewID: id.New, Fresh: time.Nanosecond}
		done := make(chan struct{})
		go func() {
			defer close(done)
			var all sync.WaitGroup
			for range 64 {
				all.Go(func() {
					for range 20 {
						if _, err := b.rules(t.Context()); err != nil {
							t.Error(err)
						}
						_ = d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
							_, err := b.Of(ctx, tx, &Case{Pack: "none"}) // refused; it is the waiting that counts
							return err
						})
					}
				})
			}
			all.Wait()
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatal("they wait for each other")
		}
	})
}
