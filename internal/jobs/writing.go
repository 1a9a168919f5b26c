package jobs

import (
	"context"
	"log/slog"
	"time"

	"gezhi/internal/db"
)

// Writing is what the delivery of a message writes.
type Writing struct {
	Keys db.Keys // of what it changes
	Do   func(ctx context.Context, tx *db.Tx) error
}

// keyJobs is held by whoever takes something from the outbox or the timers.
const keyJobs = "jobs"

// written is a message whose writing is prepared.
type written struct {
	Message
	Writing
}

// writeOut delivers messages by writing. Should one of them not be possible, each is written
// by itself, so that it fails alone.
func (r *Runner) writeOut(ctx context.Context, all []Message, now, absurd time.Time) error {
	var ready []written
	for _, m := range all {
		w, err := r.Writes[m.Topic](ctx, m)
		if err != nil {
			if err := r.notWritten(ctx, m, err); err != nil {
				return err
			}
			continue
		}
		ready = append(ready, written{m, w})
	}
	err := r.write(ctx, ready, now, absurd)
	if err == nil || len(ready) == 0 || ctx.Err() != nil {
		return err
	}
	for _, w := range ready {
		if err := r.write(ctx, []written{w}, now, absurd); err != nil {
			if err := r.notWritten(ctx, w.Message, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// write does some writings in one transaction, but for those of messages that another process
// has delivered meanwhile.
func (r *Runner) write(ctx context.Context, all []written, now, absurd time.Time) error {
	if len(all) == 0 {
		return nil
	}
	keys := db.Keys{keyJobs}
	seen := map[string]bool{}
	for _, w := range all {
		for _, k := range w.Keys {
			if !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	return r.DB.Write(ctx, keys, func(ctx context.Context, tx *db.Tx) error {
		still, err := db.Collect(ctx, tx, dueIDs, []any{now, absurd, together}, scanName)
		if err != nil {
			return err
		}
		waits := map[string]bool{}
		for _, id := range still {
			waits[id] = true
		}
		for _, w := range all {
			if !waits[w.ID] {
				continue // the next round looks again
			}
			if err := w.Do(ctx, tx); err != nil {
				return err
			}
			if err := tx.Queue(ctx, doneMessage, w.ID, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// notWritten puts a message off, or leaves it dead after so many tries.
func (r *Runner) notWritten(ctx context.Context, m Message, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	try := m.Attempts + 1
	slog.Error("message", "topic", m.Topic, "id", m.ID, "try", try, "err", cause)
	state, due := Waiting, r.Now().Add(backoff(try))
	if try >= tries {
		state, due = Dead, r.Now()
	}
	return r.DB.Write(ctx, db.Keys{keyJobs}, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, notWritten, m.ID, state, due, cause.Error())
	})
}

func scanName(r db.Rows) (s string, err error) { return s, r.Scan(&s) }
