package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
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
	return []source{{hash("login", login), freeByLogin}, {hash("addr", network(addr)), freeByAddress}}
}

// network is what an address is counted as: whoever has an IPv6 address has 2^64 of them.
func network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Unmap().Is4() {
		return addr
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return addr
	}
	return p.String()
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
			wait = max(wait, last.Add(delay(n, f.free)).Sub(now))
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
