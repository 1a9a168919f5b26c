package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// oneTimeFor is how long a password that somebody else made may be used for the first time.
const oneTimeFor = 72 * time.Hour

// ChangePassword replaces the asker's password, who proves by the old one that they are not
// somebody else at their desk. All their other sessions end, and this one gets another token.
func (s *Service) ChangePassword(ctx context.Context, a Actor, old, fresh string, o Origin) (token string, err error) {
	p, err := s.Person(ctx, a.PersonID)
	if err != nil {
		return "", err
	}
	if err := s.comparePassword(ctx, p, old, o); err != nil {
		return "", err
	}
	if fresh == old {
		return "", fault.New(fault.Invalid, "password.same")
	}
	hash, err := s.hash(ctx, fresh, p.Login, p.Name)
	if err != nil {
		return "", err
	}
	token = newToken()
	err = s.change(ctx, p.ID, func(ctx context.Context, tx *db.Tx, p Person) error {
		if err := tx.Queue(ctx, setSecretSQL, p.ID, hash, 0); err != nil {
			return err
		}
		var strong int64
		if err := tx.Row(ctx, strengthSQL, []any{p.ID, a.Session}, &strong); err != nil {
			return none(err, fault.New(fault.Unauthenticated, "session.none"))
		}
		if err := s.renew(ctx, tx, a, token, strong == 1); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "password.changed", p.ID, nil)
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

var strengthSQL = db.SQL(`SELECT strong FROM session WHERE person_id = $1 AND id = $2`)

// comparePassword asks somebody who is logged in for the password alone; wrong ones count as
// failed log-ins do.
func (s *Service) comparePassword(ctx context.Context, p Person, password string, o Origin) error {
	from := sources(p.Login, o.Addr)
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := s.mayTry(ctx, from); err != nil {
		return err
	}
	var known proof
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		known, err = proofOf(ctx, tx, p.Login)
		return none(err, fault.New(fault.Conflict, "person.no_login"))
	})
	if err != nil {
		return err
	}
	if err = s.compare(ctx, known, password); fault.KindOf(err) != fault.Unauthenticated {
		return err
	}
	if uncounted := s.countFailure(ctx, from); uncounted != nil {
		return uncounted
	}
	return again(err)
}

// ResetPassword gives somebody a password to be told to them, which counts for 72 hours and is
// changed at the first log-in. Their sessions end, and failures of their login are forgotten.
func (s *Service) ResetPassword(ctx context.Context, by, personID string) (password string, err error) {
	password = newOneTimePassword()
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return "", err
	}
	hash := newSecret(password).String()
	release()
	err = s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		if p.Login == "" {
			return fault.New(fault.Conflict, "person.no_login")
		}
		if err := tx.Queue(ctx, setSecretSQL, p.ID, hash, s.Now().Add(oneTimeFor)); err != nil {
			return err
		}
		if err := tx.Queue(ctx, deleteSessionsSQL, p.ID); err != nil {
			return err
		}
		if err := tx.Queue(ctx, forgetSourceSQL, sources(p.Login, "")[0].key); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "password.reset", by, nil)
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// Lock keeps somebody out until Unlock: their sessions end, and they cannot log in. Posts stay.
func (s *Service) Lock(ctx context.Context, by, personID, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || !isText(reason, maxReason) {
		return &fault.Error{Kind: fault.Invalid, Code: "person.lock_invalid", At: []fault.Place{{Path: "reason", Code: "field.required"}}}
	}
	return s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		if !p.LockedAt.IsZero() {
			return fault.New(fault.Conflict, "person.locked")
		}
		now := s.Now()
		if err := tx.Queue(ctx, lockPersonSQL, p.ID, now); err != nil {
			return err
		}
		if err := tx.Queue(ctx, deleteSessionsSQL, p.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "person.locked", by, map[string]any{"locked_at": db.Ms(now), "reason": reason})
	})
}

// maxReason is how many characters the reason of a lock has at most.
const maxReason = 200

// Unlock lets somebody in again whom a lock or failed log-ins keep out.
func (s *Service) Unlock(ctx context.Context, by, personID string) error {
	return s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		if err := tx.Queue(ctx, lockPersonSQL, p.ID, 0); err != nil {
			return err
		}
		if err := tx.Queue(ctx, forgetSourceSQL, sources(p.Login, "")[0].key); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "person.unlocked", by, nil)
	})
}

// UnlockAddress lets log-ins from an address be tried again at once.
func (s *Service) UnlockAddress(ctx context.Context, by Actor, addr string) error {
	return s.DB.Write(ctx, db.Keys{personKey(by.PersonID), attemptKey}, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, forgetSourceSQL, sources("", addr)[1].key); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), by.Jurisdiction, by.PersonID, "address.unlocked", by.PersonID, nil)
	})
}

// WaitOf is until when log-ins with a login are slowed down; zero when they are not.
func (s *Service) WaitOf(ctx context.Context, login string) (until time.Time, err error) {
	if login == "" {
		return time.Time{}, nil
	}
	f := sources(login, "")[0]
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, last, err := failures(ctx, tx, f.key)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		if wait := waitOf(f, n, last, s.Now()); wait > 0 {
			until = s.Now().Add(wait)
		}
		return err
	})
	return until, err
}
