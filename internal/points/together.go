package points

import (
	"context"
	"errors"
	"sync"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

const (
	// lanes carry out postings side by side. Those of one person go one lane, and with them
	// those of the slices that they touch: so lanes hardly wait for each other.
	lanes = 4
	// sharing is how many postings share a transaction at most.
	sharing = 64
)

// lane gathers the postings that wait while others are carried out.
type lane struct {
	mu    sync.Mutex
	queue []*waiting
	turn  chan struct{} // held by who carries out
	once  sync.Once
}

// waiting is a posting on its way through a lane.
type waiting struct {
	p    Posting
	out  Posted
	err  error
	done chan struct{}
}

// together puts a posting into its lane; whoever finds nobody at work there carries out all that
// wait. A request that is given up is carried out all the same.
func (s *Service) together(ctx context.Context, p Posting) (Posted, error) {
	whose := p.To
	if kinds[p.From.Kind].lots {
		whose = p.From
	}
	l := &s.lanes[Account{Kind: Issuer}.home(whose.ID(LedgerID(p.Jurisdiction, p.Ledger)))%lanes]
	l.once.Do(func() { l.turn = make(chan struct{}, 1) })
	w := &waiting{p: p, done: make(chan struct{})}
	l.mu.Lock()
	l.queue = append(l.queue, w)
	l.mu.Unlock()
	for {
		select {
		case <-w.done:
			return w.out, w.err
		case l.turn <- struct{}{}:
			s.carryOut(context.WithoutCancel(ctx), l.next())
			<-l.turn
		}
	}
}

// next takes the postings that are carried out together.
func (l *lane) next() []*waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), sharing)
	some := l.queue[:n:n]
	l.queue = l.queue[n:]
	return some
}

// carryOut makes some postings in one transaction. A refusal is one posting's own: it has
// written nothing. Where the database fails, each is tried alone.
func (s *Service) carryOut(ctx context.Context, some []*waiting) {
	err := s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, w := range some {
			w.out, w.err = s.Post(ctx, tx, w.p)
			if f := (*fault.Error)(nil); w.err != nil && !errors.As(w.err, &f) {
				return w.err
			}
		}
		return nil
	})
	for _, w := range some {
		switch {
		case err != nil && len(some) > 1:
			w.err = s.write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
				w.out, err = s.Post(ctx, tx, w.p)
				return err
			})
		case err != nil:
			w.err = err
		}
		if w.err != nil {
			w.out = Posted{}
		}
		close(w.done)
	}
}
