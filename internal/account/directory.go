package account

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"gezhi/internal/db"
)

// Directory answers from memory who holds which post at a moment, so that rules may ask in the
// middle of a transaction. What this process changes it knows at once; what another process
// changes it knows after the next Refresh. Results are in the order in which posts were given.
// The zero directory is empty.
type Directory struct {
	mu    sync.RWMutex
	gen   int64 // counts changes
	posts map[string]Post
	by    map[place][]string // ids of posts
}

// place is one way to look up posts.
type place struct{ what, id string }

func (p Post) places() []place {
	return []place{{"area", p.AreaID}, {"unit", p.UnitID}, {"person", p.PersonID}, {"role", p.Jurisdiction + "/" + p.Role}}
}

// Refresh reads all posts anew. Call it at start, and when another process may have changed some.
func (s *Service) Refresh(ctx context.Context) error {
	for {
		gen := s.Holders.generation()
		var all []Post
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			all, err = db.Collect(ctx, tx, allPostsSQL, nil, scanPost)
			return err
		})
		if err != nil || s.Holders.replace(all, gen) {
			return err
		}
	}
}

func (d *Directory) generation() int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.gen
}

// replace reports false, and does nothing, when something changed since gen.
func (d *Directory) replace(all []Post, gen int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gen != gen {
		return false
	}
	d.posts, d.by = nil, nil
	for _, p := range all {
		d.keep(p)
	}
	return true
}

// keep adds or changes a post. What a post is for never changes, only its end.
func (d *Directory) keep(p Post) {
	if d.posts == nil {
		d.posts, d.by = map[string]Post{}, map[place][]string{}
	}
	if _, there := d.posts[p.ID]; !there {
		for _, at := range p.places() {
			d.by[at] = append(d.by[at], p.ID)
		}
	}
	d.posts[p.ID] = p
}

// changed keeps posts once tx is durable.
func (d *Directory) changed(tx *db.Tx, posts ...Post) {
	tx.AfterCommit(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.gen++
		for _, p := range posts {
			d.keep(p)
		}
	})
}

// find returns the posts of a place that are valid at a moment; role "" is any.
func (d *Directory) find(what, id, role string, at time.Time) (found []Post) {
	if id == "" {
		return nil
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, postID := range d.by[place{what, id}] {
		if p := d.posts[postID]; (role == "" || p.Role == role) && covers(p.From, p.Until, at) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b Post) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// InArea returns who has role in that very area at a moment; role "" is any.
func (d *Directory) InArea(role, area string, at time.Time) []Post {
	return d.find("area", area, role, at)
}

// InUnit returns who has role in a unit at a moment; role "" is any.
func (d *Directory) InUnit(role, unit string, at time.Time) []Post {
	return d.find("unit", unit, role, at)
}

// WithRole returns who has role anywhere in a jurisdiction at a moment.
func (d *Directory) WithRole(jurisdiction, role string, at time.Time) []Post {
	return d.find("role", jurisdiction+"/"+role, "", at)
}

// Of returns the posts that a person holds at a moment.
func (d *Directory) Of(person string, at time.Time) []Post { return d.find("person", person, "", at) }

// Post returns a post by its id, whatever its time.
func (d *Directory) Post(id string) (Post, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	p, ok := d.posts[id]
	return p, ok
}
