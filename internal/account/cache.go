package account

import (
	"sync"
	"time"

	"gezhi/internal/db"
)

// cacheSize is how many sessions are remembered; beyond it all are forgotten.
const cacheSize = 20_000

// known is an actor as read from the database, good until a moment.
type known struct {
	Actor
	ended bool // the person has left
	until time.Time
}

// cache remembers actors by the hash of their token. The zero cache is ready.
type cache struct {
	mu    sync.RWMutex
	byTok map[string]known
	gen   int64 // counts what was forgotten
}

func (c *cache) get(hash string, now time.Time) (Actor, bool) {
	c.mu.RLock()
	k, ok := c.byTok[hash]
	c.mu.RUnlock()
	if !ok || !now.Before(k.until) {
		return Actor{}, false
	}
	return k.Actor, true
}

// generation is to be asked before reading what put will remember.
func (c *cache) generation() int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.gen
}

// put remembers k unless something was forgotten since generation: it may have been read
// before the change that made us forget.
func (c *cache) put(hash string, k known, generation int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gen != generation {
		return
	}
	if c.byTok == nil || len(c.byTok) >= cacheSize {
		c.byTok = map[string]known{}
	}
	c.byTok[hash] = k
}

// drop forgets the sessions of people.
func (c *cache) drop(people []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
	for hash, k := range c.byTok {
		for _, p := range people {
			if k.PersonID == p {
				delete(c.byTok, hash)
			}
		}
	}
}

// forget drops what is known of people once tx is durable, and tells who wants to hear.
func (s *Service) forget(tx *db.Tx, people ...string) {
	if len(people) == 0 {
		return
	}
	tx.AfterCommit(func() {
		s.known.drop(people)
		if s.OnChange != nil {
			s.OnChange(people)
		}
	})
}

// Forget drops what this process remembers of people, whom another process has changed.
func (s *Service) Forget(people ...string) { s.known.drop(people) }
