package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// pendingFor is how long a second factor that was shown waits for its confirmation.
const pendingFor = 15 * time.Minute

var (
	factorSQL      = db.SQL(`SELECT secret, last_step, pending, changed_at FROM factor WHERE person_id = $1`)
	offerFactorSQL = db.SQL(`INSERT INTO factor (person_id, jurisdiction, pending, changed_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (person_id) DO UPDATE SET pending = $3, changed_at = $4`)
	confirmFactorSQL  = db.SQL(`UPDATE factor SET secret = pending, pending = '', last_step = $2, changed_at = $3 WHERE person_id = $1`)
	useStepSQL        = db.SQL(`UPDATE factor SET last_step = $2 WHERE person_id = $1`)
	deleteFactorSQL   = db.SQL(`DELETE FROM factor WHERE person_id = $1`)
	insertRecoverySQL = db.SQL(`INSERT INTO recovery_code (person_id, code_hash, jurisdiction) VALUES ($1, $2, $3)`)
	useRecoverySQL    = db.SQL(`UPDATE recovery_code SET used_at = $3 WHERE person_id = $1 AND code_hash = $2 AND used_at = 0`)
	deleteRecoverySQL = db.SQL(`DELETE FROM recovery_code WHERE person_id = $1`)
	recoveryLeftSQL   = db.SQL(`SELECT count(*) FROM recovery_code WHERE person_id = $1 AND used_at = 0`)
)

// Factor is what is known of somebody's second factor.
type Factor struct {
	On       bool  // codes are asked for at log-in
	Recovery int64 // recovery codes not yet used
}

// Offered is a second factor to be put into an authenticator app; it is shown once.
type Offered struct {
	Secret string // in base 32, for typing
	URI    string // for a QR code
}

// kept factor, as stored.
type factor struct {
	secret, pending string // sealed
	lastStep        int64
	changedAt       time.Time
}

func factorOf(ctx context.Context, tx *db.Tx, personID string) (f factor, err error) {
	var changed int64
	err = tx.Row(ctx, factorSQL, []any{personID}, &f.secret, &f.lastStep, &f.pending, &changed)
	f.changedAt = db.Time(changed)
	if errors.Is(err, db.ErrNoRows) {
		err = nil
	}
	return f, err
}

// FactorOf says whether somebody has a second factor.
func (s *Service) FactorOf(ctx context.Context, personID string) (out Factor, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		f, err := factorOf(ctx, tx, personID)
		if err != nil {
			return err
		}
		out.On = f.secret != ""
		return tx.Row(ctx, recoveryLeftSQL, []any{personID}, &out.Recovery)
	})
	return out, err
}

// OfferFactor makes a second factor for whoever asks and proves by password, and by code where
// they have one already, that they are not somebody else at their desk. It counts once
// ConfirmFactor has seen a code of it.
func (s *Service) OfferFactor(ctx context.Context, a Actor, password, code string, o Origin) (Offered, error) {
	p, err := s.proveAgain(ctx, a, password, code, o)
	if err != nil {
		return Offered{}, err
	}
	secret := newFactorSecret()
	sealed, err := s.seal(p.ID, secret)
	if err != nil {
		return Offered{}, err
	}
	err = s.change(ctx, p.ID, func(ctx context.Context, tx *db.Tx, p Person) error {
		return tx.Queue(ctx, offerFactorSQL, p.ID, p.Jurisdiction, sealed, s.Now())
	})
	return Offered{Secret: plain32.EncodeToString(secret), URI: keyURI(s.Issuer, p.Login, secret)}, err
}

// proveAgain asks whoever is logged in for the password, and the code where there is one.
func (s *Service) proveAgain(ctx context.Context, a Actor, password, code string, o Origin) (Person, error) {
	p, err := s.Person(ctx, a.PersonID)
	if err != nil {
		return Person{}, err
	}
	if p.Login == "" {
		return Person{}, fault.New(fault.Conflict, "person.no_login")
	}
	from := sources(p.Login, o.Addr)
	if _, err = s.verify(ctx, p.Login, password, code, from); err != nil {
		return Person{}, again(err)
	}
	return p, s.DB.Write(ctx, db.Keys{attemptKey}, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, forgetSourceSQL, from[0].key) })
}

// again turns a refusal to log in into one for somebody who is logged in: a page that hears
// "unauthenticated" would ask them to log in.
func again(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unauthenticated {
		return err
	}
	switch f.Code {
	case "session.code_needed":
		return fault.New(fault.Conflict, "factor.code_needed")
	case "session.wrong_code":
		return fault.New(fault.Conflict, "factor.wrong_code")
	}
	return fault.New(fault.Conflict, "password.wrong")
}

// ConfirmFactor makes the offered second factor count, given a code of it. It returns the
// recovery codes, which are shown once, and the new token of the session that asks: all other
// sessions have ended.
func (s *Service) ConfirmFactor(ctx context.Context, a Actor, code string) (recovery []string, token string, err error) {
	token, recovery = newToken(), newRecoveryCodes()
	err = s.change(ctx, a.PersonID, func(ctx context.Context, tx *db.Tx, p Person) error {
		now := s.Now()
		f, err := factorOf(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if f.pending == "" || now.Sub(f.changedAt) > pendingFor {
			return fault.New(fault.Conflict, "factor.none_offered")
		}
		secret, err := s.unseal(p.ID, f.pending)
		if err != nil {
			return fault.Wrap(err, fault.Internal, "internal")
		}
		step, ok := acceptedStep(secret, typed(code), now, 0)
		if !ok {
			return fault.New(fault.Conflict, "factor.wrong_code")
		}
		if err := tx.Queue(ctx, confirmFactorSQL, p.ID, step, now); err != nil {
			return err
		}
		if err := s.putRecovery(ctx, tx, p, recovery); err != nil {
			return err
		}
		if err := s.renew(ctx, tx, a, token, true); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "factor.confirmed", p.ID, nil)
	})
	if err != nil {
		return nil, "", err
	}
	return recovery, token, nil
}

func (s *Service) putRecovery(ctx context.Context, tx *db.Tx, p Person, codes []string) error {
	if err := tx.Queue(ctx, deleteRecoverySQL, p.ID); err != nil {
		return err
	}
	for _, c := range codes {
		if err := tx.Queue(ctx, insertRecoverySQL, p.ID, hashRecovery(p.ID, c), p.Jurisdiction); err != nil {
			return err
		}
	}
	return nil
}

// RenewRecovery replaces all recovery codes of whoever asks and proves who they are.
func (s *Service) RenewRecovery(ctx context.Context, a Actor, password, code string, o Origin) ([]string, error) {
	if _, err := s.proveAgain(ctx, a, password, code, o); err != nil {
		return nil, err
	}
	codes := newRecoveryCodes()
	err := s.change(ctx, a.PersonID, func(ctx context.Context, tx *db.Tx, p Person) error {
		f, err := factorOf(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if f.secret == "" {
			return fault.New(fault.Conflict, "factor.none")
		}
		if err := s.putRecovery(ctx, tx, p, codes); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "factor.codes_renewed", p.ID, nil)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveFactor takes somebody's second factor away, for it is lost, and ends their sessions.
// Where their role demands one they set up another at the next log-in.
func (s *Service) RemoveFactor(ctx context.Context, by, personID string) error {
	return s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		for _, do := range []db.Stmt{deleteFactorSQL, deleteRecoverySQL, deleteSessionsSQL} {
			if err := tx.Queue(ctx, do, p.ID); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "factor.removed", by, nil)
	})
}

// useCode takes a code of somebody's second factor, or one of their recovery codes. Each is
// good once; another is session.wrong_code.
func (s *Service) useCode(ctx context.Context, personID, code string) error {
	code = typed(code)
	wrong := fault.New(fault.Unauthenticated, "session.wrong_code")
	return s.DB.Write(ctx, db.Keys{personKey(personID)}, func(ctx context.Context, tx *db.Tx) error {
		now := s.Now()
		if isRecovery(code) {
			n, err := tx.Exec(ctx, useRecoverySQL, personID, hashRecovery(personID, code), now)
			if err == nil && n == 0 {
				err = wrong
			}
			return err
		}
		f, err := factorOf(ctx, tx, personID)
		if err != nil || f.secret == "" {
			return err // it was removed meanwhile
		}
		secret, err := s.unseal(personID, f.secret)
		if err != nil {
			return fault.Wrap(err, fault.Internal, "internal")
		}
		step, ok := acceptedStep(secret, code, now, f.lastStep)
		if !ok {
			return wrong
		}
		return tx.Queue(ctx, useStepSQL, personID, step)
	})
}

// hashRecovery is how a recovery code is kept. It has 80 random bits, so a plain hash is enough.
func hashRecovery(personID, code string) string {
	sum := sha256.Sum256([]byte(personID + "/" + typed(code)))
	return hex.EncodeToString(sum[:])
}
