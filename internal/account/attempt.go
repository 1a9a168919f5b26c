package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// How failed log-ins are slowed down. A login is one person's; an address may be a whole
// office's behind one router, so it is allowed more.
const (
	freeByLogin   = 5
	freeByAddress = 50
	firstDelay    = 15 * time.Second
	longestDelay  = 15 * time.Minute
	// forgetAfter is how long after the last failure the count starts anew.
	forgetAfter = time.Hour
	// attemptKey is the one key of all counts: they are few, and forgetting touches many.
	attemptKey = "login_attempt"
)

// delay is how long to wait after so many failures, of which free cost nothing: it doubles
// with each.
func delay(failures, free int) time.Duration {
	over := failures - free
	if over < 0 {
		return 0
	}
	if over > 10 {
		return longestDelay
	}
	return min(firstDelay<<over, longestDelay)
}

// source is one thing that failed log-ins are counted by, hashed: people type passwords
// into the wrong field.
type source struct {
	key  string
	free int
}

func sources(login, addr string) []source {
	hash := func(kind, s string) string {
		sum := sha256.Sum256([]byte(kind + "/" + s))
		return hex.EncodeToString(sum[:])
	}
	return []source{{hash("login", login), freeByLogin}, {hash("addr", web.Network(addr)), freeByAddress}}
}

// waitOf is how long a source must wait after so many failures. Those that were counted by a
// clock that ran ahead keep nobody out.
func waitOf(f source, failures int, last, now time.Time) time.Duration {
	if last.After(now.Add(longestDelay)) {
		return 0
	}
	return last.Add(delay(failures, f.free)).Sub(now)
}

// mayTry refuses a log-in while one of its sources must wait.
func (s *Service) mayTry(ctx context.Context, from []source) error {
	now := s.Now()
	var wait time.Duration
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		wait = 0
		for _, f := range from {
			n, last, err := failures(ctx, tx, f.key)
			if errors.Is(err, db.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			wait = max(wait, waitOf(f, n, last, now))
		}
		return nil
	})
	if err == nil && wait > 0 {
		err = fault.New(fault.TooMany, "session.too_many", "seconds", int64((wait+time.Second-1)/time.Second))
	}
	return err
}

// countFailure notes a failed log-in, and forgets old ones.
func (s *Service) countFailure(ctx context.Context, from []source) error {
	now := s.Now()
	return s.DB.Write(ctx, db.Keys{attemptKey}, func(ctx context.Context, tx *db.Tx) error {
		if err := forgetFailures(ctx, tx, now.Add(-forgetAfter)); err != nil {
			return err
		}
		for _, f := range from {
			if err := addFailure(ctx, tx, f.key, now); err != nil {
				return err
			}
		}
		return nil
	})
}
