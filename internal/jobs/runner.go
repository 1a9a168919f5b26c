package jobs

import (
	"context"
	"log/slog"
	"sort"
	"sync"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Runner fires timers and delivers messages.
type Runner struct {
	DB  *db.DB
	Now clock.Now
	// Timers fires a timer by its kind. The function does what is due and sets the next
	// moment (or removes the timer) in one transaction of its own.
	Timers map[string]func(ctx context.Context, t Timer) error
	// Topics delivers a message by its topic. It may be called again with the same message.
	Topics map[string]func(ctx context.Context, m Message) error

	// Writes are the topics of messages that are delivered by writing to this database alone. Many
	// are written out in one transaction, together with the note that they are delivered: none of
	// them is claimed first, and none is delivered twice. They may overtake messages of other topics.
	Writes map[string]func(ctx context.Context, m Message) (Writing, error)

	// Lanes is how many timers or messages are worked on side by side; those about one subject
	// keep their order. 0 and 1 are one after the other.
	Lanes int

	wake chan struct{}
}

// NewRunner returns a runner without functions; fill Timers and Topics before Run.
func NewRunner(d *db.DB, now clock.Now) *Runner {
	return &Runner{DB: d, Now: now, Timers: map[string]func(context.Context, Timer) error{}, Topics: map[string]func(context.Context, Message) error{},
		Writes: map[string]func(context.Context, Message) (Writing, error){}, wake: make(chan struct{}, 1)}
}

// Wake makes Run look at once. Call it after a commit that left something due.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends. After a round it lets work gather for a moment, so that many acts
// share a few transactions; then it waits for a Wake, or a second at the most (another process
// may have left work).
func (r *Runner) Run(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := r.Round(ctx)
		if err != nil && ctx.Err() == nil {
			slog.Error("jobs", "err", err)
		}
		if n < batch {
			wait(ctx, nil, gather)
		}
		if n == 0 || err != nil {
			wait(ctx, r.wake, time.Second)
		}
	}
}

// wait returns after d, at a wake, or when ctx ends.
func wait(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-t.C:
	}
}

// Round fires and delivers what is due now, and returns how much that was. Where nothing is due
// it only looks.
func (r *Runner) Round(ctx context.Context) (int, error) {
	now := r.Now()
	// No lease and no delay reaches so far, and nothing is due at once so late: what says so was
	// written while the clock stood wrong.
	absurd := now.Add(2 * longest)
	var due []Message
	var rings []string
	err := r.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		return tx.Together(ctx, db.Ask{Stmt: dueMessages, Args: []any{now, absurd, together}, Scan: db.Into(&due, scanMessage)},
			db.Ask{Stmt: anyTimer, Args: []any{now, absurd}, Scan: db.Into(&rings, scanName)})
	})
	if err != nil {
		return 0, err
	}
	direct := due[:0:0]
	for _, m := range due {
		if r.Writes[m.Topic] != nil {
			direct = append(direct, m)
		}
	}
	n := len(direct)
	if err := r.writeOut(ctx, direct, now, absurd); err != nil || n == len(due) && len(rings) == 0 {
		return n, err
	}
	claimed, err := r.claim(ctx, now, absurd)
	return n + claimed, err
}

// claim fires and delivers what is claimed first, for it may take longer than a transaction.
func (r *Runner) claim(ctx context.Context, now, absurd time.Time) (int, error) {
	direct := ","
	for topic := range r.Writes {
		direct += topic + ","
	}
	var timers []Timer
	var messages []Message
	err := r.DB.Write(ctx, db.Keys{keyJobs}, func(ctx context.Context, tx *db.Tx) (err error) {
		if timers, err = db.Collect(ctx, tx, claimTimers, []any{now, now.Add(lease), batch, absurd}, scanTimer); err != nil {
			return err
		}
		messages, err = db.Collect(ctx, tx, claimMessages, []any{now, absurd, batch, now.Add(lease), direct}, scanMessage)
		return err
	})
	if err != nil {
		return 0, err
	}
	sort.Slice(timers, func(i, j int) bool {
		a, b := timers[i], timers[j]
		if !a.DueAt.Equal(b.DueAt) {
			return a.DueAt.Before(b.DueAt)
		}
		return a.Kind+"/"+a.Ref < b.Kind+"/"+b.Ref
	})
	sort.Slice(messages, func(i, j int) bool { return messages[i].ID < messages[j].ID })
	r.deliverAll(ctx, messages)
	apart(timers, r.Lanes, func(t Timer) string { return t.Kind + "/" + t.Ref }, func(t Timer) { r.fire(ctx, t) })
	return len(timers) + len(messages), nil
}

// apart does all, those with one name one after the other, and of others some side by side.
func apart[T any](all []T, lanes int, name func(T) string, do func(T)) {
	var order []string
	by := map[string][]T{}
	for _, x := range all {
		n := ""
		if lanes > 1 {
			n = name(x)
		}
		if by[n] == nil {
			order = append(order, n)
		}
		by[n] = append(by[n], x)
	}
	var wg sync.WaitGroup
	free := make(chan struct{}, max(lanes, 1))
	for _, n := range order {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			for _, x := range by[n] {
				do(x)
			}
		})
	}
	wg.Wait()
}

func (r *Runner) fire(ctx context.Context, t Timer) {
	f := r.Timers[t.Kind]
	err := error(fault.New(fault.Internal, "jobs.unknown", "kind", t.Kind))
	if f != nil {
		err = f(ctx, t)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	slog.Error("timer", "kind", t.Kind, "ref", t.Ref, "err", err)
	until := r.Now().Add(backoff(t.Attempts))
	r.noteDown(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, failTimer, t.Kind, t.Ref, until, err.Error())
	})
}

// deliverAll delivers messages and writes down what became of all of them at once.
func (r *Runner) deliverAll(ctx context.Context, all []Message) {
	var mu sync.Mutex
	failed := map[string]error{}
	apart(all, r.Lanes, func(m Message) string { return m.Subject }, func(m Message) {
		if err := r.deliver(ctx, m); err != nil {
			mu.Lock()
			defer mu.Unlock()
			failed[m.ID] = err
		}
	})
	if len(all) == 0 || ctx.Err() != nil {
		return
	}
	now := r.Now()
	r.noteDown(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, m := range all {
			var err error
			switch e := failed[m.ID]; {
			case e == nil:
				err = tx.Queue(ctx, doneMessage, m.ID, now)
			case m.Attempts >= tries:
				err = tx.Queue(ctx, failMessage, m.ID, Dead, now, e.Error())
			default:
				err = tx.Queue(ctx, failMessage, m.ID, Waiting, now.Add(backoff(m.Attempts)), e.Error())
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Runner) deliver(ctx context.Context, m Message) error {
	f := r.Topics[m.Topic]
	err := error(fault.New(fault.Internal, "jobs.unknown", "topic", m.Topic))
	if f != nil {
		err = f(ctx, m)
	}
	if err != nil && ctx.Err() == nil {
		slog.Error("message", "topic", m.Topic, "id", m.ID, "try", m.Attempts, "err", err)
	}
	return err
}

func (r *Runner) noteDown(ctx context.Context, fn func(context.Context, *db.Tx) error) {
	if err := r.DB.Write(ctx, nil, fn); err != nil && ctx.Err() == nil {
		slog.Error("jobs", "err", err)
	}
}

// Next is the moment of the earliest thing that waits; false when nothing does.
func (r *Runner) Next(ctx context.Context) (at time.Time, ok bool, err error) {
	now := r.Now()
	err = r.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, _, err := next(ctx, tx, nextTimer, now)
		if err != nil {
			return err
		}
		m, _, err := next(ctx, tx, nextMessage, now)
		if err != nil {
			return err
		}
		at, ok = t, !t.IsZero()
		if !m.IsZero() && (!ok || m.Before(at)) {
			at, ok = m, true
		}
		return nil
	})
	return at, ok, err
}

// DeadLetters lists messages that were given up, oldest first, after the id given.
func (r *Runner) DeadLetters(ctx context.Context, jurisdiction, after string, limit int) (out []Message, err error) {
	err = r.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = db.Collect(ctx, tx, deadMessages, []any{jurisdiction, after, limit}, scanMessage)
		return err
	})
	return out, err
}

// DeadLetter is one dead message; jobs.no_dead_letter where there is none with that id.
func (r *Runner) DeadLetter(ctx context.Context, jurisdiction, id string) (m Message, err error) {
	err = r.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.Collect(ctx, tx, deadMessage, []any{id, jurisdiction}, scanMessage)
		if err == nil && len(all) == 0 {
			err = fault.New(fault.NotFound, "jobs.no_dead_letter")
		}
		if err == nil {
			m = all[0]
		}
		return err
	})
	return m, err
}

// Resend gives a dead message its tries back.
func (r *Runner) Resend(ctx context.Context, jurisdiction, id string) error {
	var n int64
	err := r.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, reviveMessage, id, jurisdiction, r.Now())
		return err
	})
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "jobs.no_dead_letter")
	}
	r.Wake()
	return err
}
