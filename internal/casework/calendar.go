package casework

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/worktime"
)

// TopicRecount is the topic of the message that a new calendar leaves behind: the clocks that
// waited for it are to be computed anew.
const TopicRecount = "calendar.recount"

// Calendars keeps the working time of every jurisdiction: the national calendar, or what the
// newest version of the jurisdiction's own file lays over it. Versions are kept and never
// change. Of answers from memory; Renew brings the memory up to date.
type Calendars struct {
	DB    *db.DB
	Now   clock.Now
	NewID id.Source

	mu   sync.RWMutex
	held map[string]heldCalendar
}

type heldCalendar struct {
	version  int64
	calendar worktime.Calendar
}

var (
	newestCalendar  = db.SQL(`SELECT version, hash FROM calendar WHERE jurisdiction = $1 ORDER BY version DESC LIMIT 1`)
	insertCalendar  = db.SQL(`INSERT INTO calendar (jurisdiction, version, content, hash, person_id, loaded_at) VALUES ($1, $2, $3, $4, $5, $6)`)
	calendarNumbers = db.SQL(`SELECT jurisdiction, MAX(version) FROM calendar GROUP BY jurisdiction ORDER BY jurisdiction`)
	calendarContent = db.SQL(`SELECT content FROM calendar WHERE jurisdiction = $1 AND version = $2`)
)

// Of is the working time of a jurisdiction.
func (c *Calendars) Of(jurisdiction string) worktime.Calendar {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if h, ok := c.held[jurisdiction]; ok {
		return h.calendar
	}
	return worktime.Default()
}

// Renew reads the versions that this process does not have yet.
func (c *Calendars) Renew(ctx context.Context) error {
	type number struct {
		jurisdiction string
		version      int64
	}
	return c.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		newest, err := db.Collect(ctx, tx, calendarNumbers, nil, func(r db.Rows) (n number, err error) { return n, r.Scan(&n.jurisdiction, &n.version) })
		if err != nil {
			return err
		}
		for _, n := range newest {
			c.mu.RLock()
			known := c.held[n.jurisdiction].version
			c.mu.RUnlock()
			if known == n.version {
				continue
			}
			var content string
			if err := tx.Row(ctx, calendarContent, []any{n.jurisdiction, n.version}, &content); err != nil {
				return err
			}
			l, err := readCalendar([]byte(content))
			if err != nil {
				return err
			}
			calendar, err := l.Calendar()
			if err != nil {
				return err
			}
			c.hold(n.jurisdiction, heldCalendar{n.version, calendar})
		}
		return nil
	})
}

func (c *Calendars) hold(jurisdiction string, h heldCalendar) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = map[string]heldCalendar{}
	}
	c.held[jurisdiction] = h
}

// Load makes a calendar file the newest version of a jurisdiction and leaves the message by
// which clocks with provisional dates are computed anew. The file that holds already is left
// alone: fresh is false. A dry run only checks.
func (c *Calendars) Load(ctx context.Context, by, jurisdiction string, data []byte, dry bool) (version int64, fresh bool, err error) {
	l, err := readCalendar(data)
	if err != nil {
		return 0, false, err
	}
	calendar, err := l.Calendar()
	if err != nil {
		return 0, false, err
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	err = c.DB.Write(ctx, db.Keys{"calendar/" + jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		version, fresh = 0, false
		var holds string
		err := tx.Row(ctx, newestCalendar, []any{jurisdiction}, &version, &holds)
		if err != nil && !errors.Is(err, db.ErrNoRows) || holds == hash {
			return err
		}
		version, fresh = version+1, true
		if dry {
			return nil
		}
		now := c.Now()
		if err := tx.Queue(ctx, insertCalendar, jurisdiction, version, string(data), hash, by, now); err != nil {
			return err
		}
		m := jobs.Message{ID: c.NewID(), Jurisdiction: jurisdiction, Topic: TopicRecount, Subject: "jurisdiction/" + jurisdiction, Body: []byte("{}"), MadeAt: now}
		if err := jobs.Post(ctx, tx, m); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: c.NewID(), Jurisdiction: jurisdiction, Subject: "jurisdiction/" + jurisdiction, Act: "calendar.loaded",
			Person: by, At: now, Said: map[string]any{"version": version, "hash": hash}, Rows: []audit.Ref{{Table: audit.Calendars, Key: []any{jurisdiction, version}}}})
	})
	if err == nil && fresh && !dry {
		c.hold(jurisdiction, heldCalendar{version, calendar})
	}
	return version, fresh, err
}
