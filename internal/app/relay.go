package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/id"
	"gezhi/internal/web"
)

// relay tells live events to the readers of this process at once, and to those of the other
// processes on the same PostgreSQL in batches: a NOTIFY for each transaction would have all
// commits wait for one lock. On SQLite there are no others.
type relay struct {
	db  *db.DB
	hub *web.Hub
	me  string // tells own batches from others'
	// changed hears of people whose rights or sessions another process has changed. May be nil.
	changed func(people ...string)

	mu      sync.Mutex
	waiting []told
	lost    bool // a batch could not be told: the others are to look at everything again
}

// told is a thing that changed, with the topics under which it is told.
type told struct {
	ID     string   `json:"id"`
	Topics []string `json:"topics"`
}

// batch is what a process tells the others.
type batch struct {
	From   string `json:"from"`
	Reset  bool   `json:"reset,omitempty"` // something was lost
	Events []told `json:"events,omitempty"`
}

const (
	gathered     = 200 * time.Millisecond // between two batches
	mostWaiting  = 5000                   // things of a batch; beyond it the others look at everything again
	firstRetry   = 200 * time.Millisecond // of a connection that broke
	longestRetry = 5 * time.Second
)

func newRelay(d *db.DB, hub *web.Hub) *relay { return &relay{db: d, hub: hub, me: id.New()} }

// publish tells that a thing changed.
func (r *relay) publish(topic, id string) {
	r.hub.Publish(topic, id)
	if r.db.Engine == db.SQLite {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.waiting); n > 0 && r.waiting[n-1].ID == id {
		if !slices.Contains(r.waiting[n-1].Topics, topic) {
			r.waiting[n-1].Topics = append(r.waiting[n-1].Topics, topic)
		}
		return
	}
	if len(r.waiting) == mostWaiting {
		r.waiting, r.lost = nil, true
	}
	r.waiting = append(r.waiting, told{id, []string{topic}})
}

// run tells and listens until ctx ends.
func (r *relay) run(ctx context.Context) {
	if r.db.Engine == db.SQLite {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { r.tell(ctx) })
	both.Go(func() { r.listen(ctx) })
	both.Wait()
}

func (r *relay) tell(ctx context.Context) {
	tick := time.NewTicker(gathered)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.flush(ctx)
		}
	}
}

// flush tells what waits.
func (r *relay) flush(ctx context.Context) {
	r.mu.Lock()
	waiting, lost := r.waiting, r.lost
	r.waiting, r.lost = nil, false
	r.mu.Unlock()
	if len(waiting) == 0 && !lost {
		return
	}
	if err := r.db.Announce(ctx, r.batches(waiting, lost)); err != nil {
		r.mu.Lock()
		r.lost = true
		r.mu.Unlock()
		if ctx.Err() == nil {
			slog.Error("relay", "err", err)
		}
	}
}

// batches packs things into texts that are short enough.
func (r *relay) batches(waiting []told, lost bool) []string {
	var out []string
	b, size := batch{From: r.me, Reset: lost}, 0
	put := func() {
		text, err := json.Marshal(b)
		if err == nil { // it always marshals
			out = append(out, string(text))
		}
		b, size = batch{From: r.me}, 0
	}
	for _, t := range waiting {
		n := len(t.ID) + 32
		for _, topic := range t.Topics {
			n += len(topic) + 3
		}
		if size+n > db.MaxAnnouncement-200 && size > 0 {
			put()
		}
		b.Events, size = append(b.Events, t), size+n
	}
	put()
	return out
}

// listen hears the others, and connects again when the connection breaks. What was told
// meanwhile nobody will tell again, so readers then look at everything.
func (r *relay) listen(ctx context.Context) {
	wait, again := firstRetry, false
	for ctx.Err() == nil {
		err := r.db.Listen(ctx, func() {
			if again {
				r.hub.Reset()
			}
			wait, again = firstRetry, true
		}, r.heard)
		if ctx.Err() != nil {
			return
		}
		slog.Warn("relay: not listening", "err", err, "again_in", wait)
		again = true
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
		wait = min(2*wait, longestRetry)
	}
}

// heard passes on what another process told.
func (r *relay) heard(text string) {
	var b batch
	if err := json.Unmarshal([]byte(text), &b); err != nil || b.From == r.me {
		return // somebody else's, or our own
	}
	if b.Reset {
		r.hub.Reset()
	}
	for _, t := range b.Events {
		for _, topic := range t.Topics {
			if reader, ok := web.ReaderOf(topic); ok && r.changed != nil {
				r.changed(reader)
			}
			r.hub.Publish(topic, t.ID)
		}
	}
}
