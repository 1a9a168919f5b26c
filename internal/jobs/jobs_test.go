package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, clock.CST)

func set(t *testing.T, d *db.DB, ref string, at time.Time) {
	t.Helper()
	if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		return jobs.Set(ctx, tx, jobs.Timer{Kind: "k", Ref: ref, Jurisdiction: "j", DueAt: at})
	}); err != nil {
		t.Fatal(err)
	}
}

func post(t *testing.T, d *db.DB, at time.Time) string {
	t.Helper()
	m := jobs.Message{ID: id.New(), Jurisdiction: "j", Topic: "t", Subject: "case/1", Body: []byte(`{}`), MadeAt: at}
	if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error { return jobs.Post(ctx, tx, m) }); err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// A timer fires at its moment and not before, once, also when several runners look.
func TestATimerFiresOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hand := clock.At(noon)
		var fired atomic.Int32
		runners := make([]*jobs.Runner, 4)
		for i := range runners {
			r := jobs.NewRunner(d, hand.Now)
			r.Timers["k"] = func(ctx context.Context, tm jobs.Timer) error {
				fired.Add(1)
				return d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
					return jobs.Set(ctx, tx, jobs.Timer{Kind: tm.Kind, Ref: tm.Ref})
				})
			}
			runners[i] = r
		}
		for i := range 10 {
			set(t, d, fmt.Sprint(i), noon.Add(time.Minute))
		}
		round := func() {
			var wg sync.WaitGroup
			for _, r := range runners {
				wg.Go(func() {
					if _, err := r.Round(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		if round(); fired.Load() != 0 {
			t.Fatal("fired early")
		}
		hand.Add(time.Minute)
		round()
		hand.Add(time.Hour)
		if round(); fired.Load() != 10 {
			t.Fatalf("10 timers fired %d times", fired.Load())
		}
	})
}

// Moving a timer moves it; there is one per kind and ref.
func TestATimerIsMovedNotDoubled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hand := clock.At(noon)
		r := jobs.NewRunner(d, hand.Now)
		set(t, d, "a", noon.Add(time.Minute))
		set(t, d, "a", noon.Add(time.Hour))
		at, ok, err := r.Next(t.Context())
		if err != nil || !ok || !at.Equal(noon.Add(time.Hour)) {
			t.Fatal(at, ok, err)
		}
		set(t, d, "a", time.Time{})
		if _, ok, _ := r.Next(t.Context()); ok {
			t.Fatal("a removed timer still waits")
		}
	})
}

// A message that fails is tried again later and later, then lies dead, and can be sent again.
func TestAMessageIsRetriedThenDeadThenRevived(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hand := clock.At(noon)
		r := jobs.NewRunner(d, hand.Now)
		var got []string
		broken := true
		r.Topics["t"] = func(_ context.Context, m jobs.Message) error {
			got = append(got, m.ID)
			if broken {
				return errors.New("line is down")
			}
			return nil
		}
		sent := post(t, d, noon)
		for len(got) < 8 {
			before := len(got)
			if _, err := r.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(got) == before { // nothing due: the delay grows
				at, ok, _ := r.Next(t.Context())
				if !ok || !at.After(hand.Now()) {
					t.Fatalf("after %d tries nothing waits", len(got))
				}
				hand.Set(at)
			}
		}
		dead, err := r.DeadLetters(t.Context(), "j", "", 10)
		if err != nil || len(dead) != 1 || dead[0].ID != sent {
			t.Fatal(dead, err)
		}
		if other, _ := r.DeadLetters(t.Context(), "elsewhere", "", 10); len(other) != 0 {
			t.Fatal("another jurisdiction's letters are seen")
		}
		broken = false
		if err := r.Resend(t.Context(), "j", sent); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Round(t.Context()); err != nil || len(got) != 9 {
			t.Fatal(len(got), err)
		}
		for _, g := range got {
			if g != sent {
				t.Fatal("delivered under another id")
			}
		}
		if _, ok, _ := r.Next(t.Context()); ok {
			t.Fatal("a delivered message still waits")
		}
	})
}

// What a dead process had claimed is taken up by another when the lease is over.
func TestALostClaimIsTakenUpAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hand := clock.At(noon)
		ctx, die := context.WithCancel(t.Context())
		first := jobs.NewRunner(d, hand.Now)
		first.Topics["t"] = func(context.Context, jobs.Message) error { die(); return nil }
		post(t, d, noon)
		first.Round(ctx) // delivered, but died before it could say so
		second, again := jobs.NewRunner(d, hand.Now), 0
		second.Topics["t"] = func(context.Context, jobs.Message) error { again++; return nil }
		second.Round(t.Context())
		if again != 0 {
			t.Fatal("taken while leased")
		}
		hand.Add(time.Minute)
		if second.Round(t.Context()); again != 1 {
			t.Fatalf("delivered %d times", again)
		}
	})
}

// A clock that ran a year ahead for a while holds nothing up once it is right again: neither
// what was claimed or failed then, nor what was posted then.
func TestAWrongClockHoldsNothingUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hand := clock.At(noon)
		r := jobs.NewRunner(d, hand.Now)
		down, fired, sent := true, 0, 0
		r.Timers["k"] = func(ctx context.Context, tm jobs.Timer) error {
			if down {
				return errors.New("cannot be done now")
			}
			fired++
			return d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
				return jobs.Set(ctx, tx, jobs.Timer{Kind: tm.Kind, Ref: tm.Ref})
			})
		}
		r.Topics["t"] = func(context.Context, jobs.Message) error {
			if down {
				return errors.New("line is down")
			}
			sent++
			return nil
		}
		set(t, d, "a", noon)
		post(t, d, noon)
		hand.Set(noon.AddDate(1, 0, 0))
		if n, err := r.Round(t.Context()); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		post(t, d, hand.Now())
		set(t, d, "later", noon.AddDate(0, 1, 0))
		down = false
		hand.Set(noon)
		if _, err := r.Round(t.Context()); err != nil || fired != 1 || sent != 2 {
			t.Errorf("%d of 1 timers, %d of 2 messages: %v", fired, sent, err)
		}
		if n, err := r.Round(t.Context()); n != 0 || err != nil {
			t.Errorf("%d things more: %v", n, err)
		}
	})
}

// What only writes is written once, with the note that it is delivered, also by several runners
// and when it fails at first; what cannot be written fails alone and is tried again later.
func TestWritingsAreDoneOnceAndFailAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hand := clock.At(noon)
		var broken atomic.Bool
		broken.Store(true)
		bad := post(t, d, noon)
		runners := make([]*jobs.Runner, 3)
		for i := range runners {
			r := jobs.NewRunner(d, hand.Now)
			r.Writes["t"] = func(_ context.Context, m jobs.Message) (jobs.Writing, error) {
				return jobs.Writing{Keys: db.Keys{"one", "two"}, Do: func(ctx context.Context, tx *db.Tx) error {
					if m.ID == bad && broken.Load() {
						return errors.New("cannot be written now")
					}
					return jobs.Set(ctx, tx, jobs.Timer{Kind: "written", Ref: m.ID + "/" + id.New(), Jurisdiction: "j", DueAt: noon.AddDate(1, 0, 0)})
				}}, nil
			}
			runners[i] = r
		}
		for range 9 {
			post(t, d, noon)
		}
		round := func() {
			var wg sync.WaitGroup
			for _, r := range runners {
				wg.Go(func() {
					if _, err := r.Round(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		written := func() (n int64) {
			if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				return tx.Row(ctx, `SELECT count(*) FROM timer WHERE kind = 'written'`, nil, &n)
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		round()
		if round(); written() != 9 {
			t.Errorf("%d of 9 written", written())
		}
		broken.Store(false)
		if round(); written() != 9 {
			t.Error("tried again at once")
		}
		hand.Add(time.Minute)
		if round(); written() != 10 {
			t.Errorf("%d of 10 written", written())
		}
	})
}
