package intake

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// limit is how often something may be asked from one place.
type limit struct {
	name   string
	window time.Duration
	free   int64 // from more on, a challenge must be answered
	most   int64 // and more is refused
}

// The limits. An address may be a whole village behind one router of its telephone company, so
// that a challenge comes long before a refusal.
var (
	reports    = limit{"report", time.Hour, 3, 60}
	moves      = limit{"move", time.Hour, 0, 60} // by address
	uploads    = limit{"file", time.Hour, 0, 200}
	proposals  = limit{"propose", 10 * time.Minute, 0, 200}
	challenges = limit{"challenge", 10 * time.Minute, 0, 60}
	looks      = limit{"look", 10 * time.Minute, 0, 120} // by address
	wrongCodes = limit{"wrong", time.Hour, 0, 20}        // by address
	codeUses   = limit{"code", 10 * time.Minute, 0, 40}  // by query code
)

var (
	countOne = db.SQL(`INSERT INTO intake_rate (source, began_at, n) VALUES ($1, $2, 1) ON CONFLICT (source) DO UPDATE SET
		n = CASE WHEN intake_rate.began_at <= $3 THEN 1 ELSE intake_rate.n + 1 END,
		began_at = CASE WHEN intake_rate.began_at <= $3 THEN excluded.began_at ELSE intake_rate.began_at END RETURNING began_at, n`)
	readCount    = db.SQL(`SELECT began_at, n FROM intake_rate WHERE source = $1 AND began_at > $2`)
	forgetCounts = db.SQL(`DELETE FROM intake_rate WHERE began_at < $1`)
	spend        = db.SQL(`INSERT INTO challenge_spent (nonce, used_for, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`)
	spentFor     = db.SQL(`SELECT used_for FROM challenge_spent WHERE nonce = $1`)
	forgetSpent  = db.SQL(`DELETE FROM challenge_spent WHERE expires_at < $1`)
)

// forgetAfter is how long counts are kept, longer than any window.
const forgetAfter = 24 * time.Hour

// from names where something is asked from, for a limit: neither address nor code in clear.
func (s *Service) from(l limit, source string) string {
	return hex.EncodeToString(mac(s.Key, "rate", []byte(l.name), []byte(source))[:16])
}

// count counts one more and refuses it when it is too many: intake.too_many with the seconds to
// wait. Above free it is suspicious.
func (s *Service) count(ctx context.Context, l limit, source string) (suspicious bool, err error) {
	now := s.Now()
	var began, n int64
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Row(ctx, countOne, []any{s.from(l, source), now, now.Add(-l.window)}, &began, &n); err != nil {
			return err
		}
		if n == 1 {
			return tx.Queue(ctx, forgetCounts, now.Add(-forgetAfter))
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if n > l.most {
		return true, tooMany(db.Time(began).Add(l.window).Sub(now))
	}
	return l.free > 0 && n > l.free, nil
}

// mayAsk refuses what has been counted too often already, and counts nothing.
func (s *Service) mayAsk(ctx context.Context, l limit, source string) error {
	now := s.Now()
	var began, n int64
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Row(ctx, readCount, []any{s.from(l, source), now.Add(-l.window)}, &began, &n)
		if errors.Is(err, db.ErrNoRows) {
			began, n = 0, 0
			return nil
		}
		return err
	})
	if err == nil && n >= l.most {
		err = tooMany(db.Time(began).Add(l.window).Sub(now))
	}
	return err
}

func tooMany(wait time.Duration) error {
	return fault.New(fault.TooMany, "intake.too_many", "seconds", int64((max(wait, 0)+time.Second-1)/time.Second))
}

// pass lets a report through whose challenge was answered rightly, once: a challenge that
// another report was let through by, or that was answered wrongly, is spent. The same report
// sent again passes again.
func (s *Service) pass(ctx context.Context, report, client string, a *Answer) error {
	if a == nil || a.Token == "" {
		return fault.New(fault.Forbidden, "intake.challenge_needed")
	}
	wrong := fault.New(fault.Forbidden, "intake.challenge_wrong")
	now := s.Now()
	c, ok := readChallenge(s.Key, a.Token, client, now)
	if !ok {
		return wrong
	}
	nonce, use := hex.EncodeToString(c.nonce), ""
	if c.answered(s.Key, *a) {
		use = report
	}
	var before string
	err := s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, spend, nonce, use, c.expires)
		if err != nil {
			return err
		}
		if before = use; n == 0 {
			return tx.Row(ctx, spentFor, []any{nonce}, &before)
		}
		return tx.Queue(ctx, forgetSpent, now)
	})
	if err != nil {
		return err
	}
	if use == "" || before != use {
		return wrong
	}
	return nil
}
