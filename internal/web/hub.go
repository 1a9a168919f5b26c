package web

import "sync"

// feedSize is how many events may wait for one reader before it counts as too slow.
const feedSize = 64

// Event says that something about Topic changed, and which thing. It carries no content:
// the reader asks for that with its own rights.
type Event struct {
	Topic string `json:"topic"`
	ID    string `json:"id"`
}

// Hub tells whoever listens in this process what changed. Publishing never waits.
type Hub struct {
	mu     sync.Mutex
	feeds  map[string]map[*Feed]struct{} // by topic
	closed bool
}

// Feed is one reader's queue of events.
type Feed struct {
	// C gives the events. It is closed when the reader was too slow, or the hub stopped;
	// the reader must then look at everything again.
	C chan Event

	hub    *Hub
	topics []string
	over   bool
}

// NewHub returns a hub that nobody listens to.
func NewHub() *Hub { return &Hub{feeds: map[string]map[*Feed]struct{}{}} }

// Subscribe returns a feed of the events of topics. Close it after use.
func (h *Hub) Subscribe(topics ...string) *Feed {
	f := &Feed{C: make(chan Event, feedSize), hub: h, topics: topics}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		f.over = true
		close(f.C)
		return f
	}
	for _, t := range topics {
		if h.feeds[t] == nil {
			h.feeds[t] = map[*Feed]struct{}{}
		}
		h.feeds[t][f] = struct{}{}
	}
	return f
}

// Publish tells the readers of topic that the thing with this id changed. A reader whose queue
// is full is dropped.
func (h *Hub) Publish(topic, id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for f := range h.feeds[topic] {
		select {
		case f.C <- Event{Topic: topic, ID: id}:
		default:
			h.drop(f)
		}
	}
}

// Reset ends every feed, so that each reader looks at everything again: something may have
// been missed. Later feeds are not touched.
func (h *Hub) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, feeds := range h.feeds {
		for f := range feeds {
			h.drop(f)
		}
	}
}

// Close ends every feed, and every later one at once.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, feeds := range h.feeds {
		for f := range feeds {
			h.drop(f)
		}
	}
}

// Close ends the feed. Closing twice is harmless.
func (f *Feed) Close() {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.hub.drop(f)
}

func (h *Hub) drop(f *Feed) {
	if f.over {
		return
	}
	f.over = true
	for _, t := range f.topics {
		delete(h.feeds[t], f)
		if len(h.feeds[t]) == 0 {
			delete(h.feeds, t)
		}
	}
	close(f.C)
}
