package notify

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Wake makes Run look at once.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run sends what is due until ctx ends, and returns when all that is being sent has come to
// an end. Every line has a lane of its own, so that none waits for another.
func (s *Service) Run(ctx context.Context) {
	var lanes sync.WaitGroup
	defer lanes.Wait()
	for ctx.Err() == nil {
		lines, err := s.due(ctx)
		if err != nil && ctx.Err() == nil {
			slog.Error("notify", "err", err)
		}
		for _, line := range lines {
			if s.begin(line) {
				lanes.Go(func() { s.lane(ctx, line) })
			}
		}
		t := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// begin reports that a line has no lane at work, and gives it one.
func (s *Service) begin(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[line] {
		return false
	}
	s.busy[line] = true
	return true
}

// lane sends what is due on a line until there is nothing left.
func (s *Service) lane(ctx context.Context, line string) {
	defer func() {
		s.mu.Lock()
		delete(s.busy, line)
		s.mu.Unlock()
	}()
	for ctx.Err() == nil {
		n, err := s.work(ctx, line)
		if err != nil && ctx.Err() == nil {
			slog.Error("notify", "line", line, "err", err)
		}
		if n == 0 || err != nil {
			return
		}
	}
}

// Round sends a batch of what is due now on every line, side by side, and returns how many
// deliveries that was.
func (s *Service) Round(ctx context.Context) (int, error) {
	lines, err := s.due(ctx)
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	var sent atomic.Int64
	failed := make([]error, len(lines))
	for i, line := range lines {
		wg.Go(func() {
			n, err := s.work(ctx, line)
			sent.Add(int64(n))
			failed[i] = err
		})
	}
	wg.Wait()
	return int(sent.Load()), errors.Join(failed...)
}

// Next returns when the earliest waiting delivery is due; false when none waits. Digests
// wait for their timer and do not count.
func (s *Service) Next(ctx context.Context) (at time.Time, ok bool, err error) {
	now := s.Now()
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var ms int64
		var id string
		err := tx.Row(ctx, nextDue, []any{now}, &ms, &id)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		at, ok = db.Time(ms), err == nil
		return err
	})
	return at, ok, err
}

// due returns the lines on which something is due.
func (s *Service) due(ctx context.Context) (lines []string, err error) {
	now := s.Now()
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		lines, err = db.Collect(ctx, tx, dueLines, []any{now}, scanText)
		return err
	})
	return lines, err
}

// work claims a batch of a line and sends it.
func (s *Service) work(ctx context.Context, line string) (int, error) {
	batch, err := s.claim(ctx, line)
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	failed := make([]error, len(batch))
	for i, r := range batch {
		wg.Go(func() { failed[i] = s.try(ctx, r) })
	}
	wg.Wait()
	return len(batch), errors.Join(failed...)
}

// claim takes what is due on a line for as long as a try may take. A line whose minute is
// used up has its deliveries put off until the minute is over.
func (s *Service) claim(ctx context.Context, line string) (batch []row, err error) {
	now := s.Now()
	w, _ := s.wireOf(line)
	until := now.Add(w.timeout() + 20*time.Second)
	err = s.DB.Write(ctx, db.Keys{"line/" + line}, func(ctx context.Context, tx *db.Tx) error {
		batch = nil
		limit := int64(together)
		if w.PerMinute > 0 {
			var used, oldest int64
			if err := tx.Row(ctx, recent, []any{line, now.Add(-time.Minute)}, &used, &oldest); err != nil {
				return err
			}
			if limit = min(limit, int64(w.PerMinute)-used); limit <= 0 {
				return tx.Queue(ctx, postpone, line, now, db.Time(oldest).Add(time.Minute+time.Millisecond))
			}
		}
		batch, err = db.Collect(ctx, tx, claim, []any{line, now, until, limit}, scanRow)
		return err
	})
	return batch, err
}

// try sends one delivery and writes down what became of it.
func (s *Service) try(ctx context.Context, r row) error {
	st, err := s.notice(ctx, r.Notice)
	if err != nil {
		return err
	}
	w, ok := s.wireOf(r.Line)
	var got Receipt
	if !ok {
		err = refused(nil, "notify.no_channel")
	} else {
		got, err = s.carry(ctx, w, r, st)
	}
	if err == nil {
		return s.took(context.WithoutCancel(ctx), r, got)
	}
	if ctx.Err() != nil {
		return nil // stopping: the lease runs out and another takes it up under the same key
	}
	return s.failed(ctx, r, st, err)
}

// carry makes the message of a delivery and hands it to its channel, for so long.
func (s *Service) carry(ctx context.Context, w Wire, r row, st stored) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout())
	defer cancel()
	var address string
	var err error
	if w.Addressed {
		if address, err = s.Address(ctx, r.Person, r.Channel); err != nil {
			return Receipt{}, err
		}
		if address == "" {
			return Receipt{}, refused(nil, "notify.no_address")
		}
	}
	secret := ""
	if w.Grouped {
		g, err := s.group(ctx, r.Person)
		if err != nil {
			return Receipt{}, err
		}
		address, secret = g.Address, g.Secret
	}
	langs, err := s.languages(ctx, []string{r.Person})
	if err != nil {
		return Receipt{}, err
	}
	d := s.letter(r, st, langs[r.Person])
	d.Address, d.Secret = address, secret
	return w.Channel.Send(ctx, d)
}

// letter is what a channel gets of a delivery.
func (s *Service) letter(r row, st stored, lang string) Delivery {
	d := Delivery{ID: r.ID, Jurisdiction: r.Jurisdiction, Person: r.Person, Channel: r.Channel, Attempt: r.Attempts, At: s.Now(), Notice: st.Notice}
	if s.Link != nil {
		d.Link = s.Link(st.Case)
	}
	d.Subject, d.Text, d.Values = compose(lang, st.Notice, d.Link)
	return d
}

func (s *Service) took(ctx context.Context, r row, got Receipt) error {
	state := Sent
	if got.Delivered {
		state = Delivered
	}
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, taken, r.ID, state, got.Ref, s.Now())
	})
}

// failed puts a delivery off, or gives it up and goes on to the person's next channel.
func (s *Service) failed(ctx context.Context, r row, st stored, cause error) error {
	now, code := s.Now(), why(cause)
	slog.Warn("delivery failed", "id", r.ID, "line", r.Line, "try", r.Attempts, "why", code, "reply", reply(cause))
	state := Failed
	if fault.KindOf(cause) != fault.Invalid {
		if r.Attempts < tries {
			return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
				return tx.Queue(ctx, retry, r.ID, now.Add(backoff(r.Attempts)), code, now)
			})
		}
		state = Dead
	}
	return s.fall(ctx, r, st, func(ctx context.Context, tx *db.Tx) (bool, error) {
		n, err := tx.Exec(ctx, giveUp, r.ID, state, code, now)
		return n == 1, err
	})
}

// reply returns what the other side answered, where that is fit for a log.
func reply(err error) any {
	var e *fault.Error
	if errors.As(err, &e) {
		return e.Args["reply"]
	}
	return nil
}

// Report writes down what a line's gateway says of a message that it took earlier: that it is
// there, or that it could not be brought. An unknown name is ignored, as is a second report.
func (s *Service) Report(ctx context.Context, line, ref string, delivered bool) error {
	var found []row
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = db.Collect(ctx, tx, byRef, []any{line, ref}, scanRow)
		return err
	})
	if err != nil || len(found) == 0 || ref == "" {
		return err
	}
	r, state, code := found[0], Delivered, ""
	if !delivered {
		state, code = Failed, "notify.not_delivered"
	}
	note := func(ctx context.Context, tx *db.Tx) (bool, error) {
		n, err := tx.Exec(ctx, report, r.ID, state, code, s.Now())
		return n == 1, err
	}
	if delivered {
		return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			_, err := note(ctx, tx)
			return err
		})
	}
	st, err := s.notice(ctx, r.Notice)
	if err != nil {
		return err
	}
	return s.fall(ctx, r, st, note)
}

// fall gives a delivery up with give, which says whether it still could, and plans the next channel of those it was for.
func (s *Service) fall(ctx context.Context, r row, st stored, give func(context.Context, *db.Tx) (bool, error)) error {
	p, err := s.Policy(ctx, st.Jurisdiction)
	if err != nil {
		return err
	}
	now, of := s.Now(), s.kinds(st.Jurisdiction)
	people := []string{r.Person}
	if r.Person == "" || strings.HasPrefix(r.Person, asGroup) {
		people = st.turn
	}
	quiet := p.IsQuiet(now)
	over := st.chain && st.ended || st.Event == eventDigest && quiet
	var channels []string
	if i := slices.Index(st.Fallback, r.Channel); i >= 0 && !over {
		channels, _ = plan(st.Notice, i+1, quiet, of)
	}
	if st.langs, err = s.languages(ctx, people); err != nil {
		return err
	}
	return s.DB.Write(ctx, keys(st.ID, people), func(ctx context.Context, tx *db.Tx) error {
		given, err := give(ctx, tx)
		if err != nil || !given || len(channels) == 0 {
			return err
		}
		st := st
		st.chain = false // its timer stays where it is
		return s.send(ctx, tx, st, people, channels, p, now)
	})
}
