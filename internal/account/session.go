package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Session is one place where a person is logged in.
type Session struct {
	PersonID  string
	CreatedAt time.Time
	SeenAt    time.Time // last use, to within seenEvery
	ExpiresAt time.Time
	UserAgent string
}

const (
	tokenBytes = 32
	// seenEvery is how exactly the last use of a session is known.
	seenEvery = 5 * time.Minute
)

// Origin is the machine that somebody logs in from.
type Origin struct {
	Addr      string // IP address
	UserAgent string
}

// LogIn gives a token for a login and its password. A wrong login and a wrong password are
// both session.wrong and take the same time; after some failures of a login or an address
// the answer is session.too_many with the seconds to wait.
func (s *Service) LogIn(ctx context.Context, login, password string, o Origin) (token string, a Actor, err error) {
	login = foldLogin(login)
	from := sources(login, o.Addr)
	if err := s.mayTry(ctx, from); err != nil {
		return "", Actor{}, err // before the queue for hashing, which a flood would fill
	}
	personID, err := s.verify(ctx, login, password, from)
	if err != nil {
		return "", Actor{}, err
	}
	return s.open(ctx, personID, o, from[0])
}

// verify returns whose login and password these are. Asking, hashing and counting happen in one
// slot, so that a crowd of attempts cannot overtake the count.
func (s *Service) verify(ctx context.Context, login, password string, from []source) (personID string, err error) {
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	if err := s.mayTry(ctx, from); err != nil {
		return "", err
	}
	var stored string
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		personID, stored, err = secretOf(ctx, tx, login)
		return err
	})
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return "", err
	}
	against := nobody
	if err == nil && stored != "" {
		if against, err = parseSecret(stored); err != nil {
			return "", fault.Wrap(err, fault.Internal, "internal")
		}
	}
	if len(password) <= maxPassword*4 && against.matches(password) && stored != "" {
		return personID, nil
	}
	if err := s.countFailure(ctx, from); err != nil {
		return "", err
	}
	return "", fault.New(fault.Unauthenticated, "session.wrong")
}

// open begins a session and forgets the failures of the login, and the person's dead sessions.
func (s *Service) open(ctx context.Context, personID string, o Origin, login source) (string, Actor, error) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails (Go 1.24)
	token := base64.RawURLEncoding.EncodeToString(raw)
	now, leaf := s.Now(), s.NewID()
	err := s.DB.Write(ctx, db.Keys{personKey(personID), attemptKey}, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.present(ctx, tx, personID)
		if err != nil {
			return err
		}
		if err := tx.Queue(ctx, forgetSourceSQL, login.key); err != nil {
			return err
		}
		if err := tx.Queue(ctx, deleteExpiredSQL, personID, now, now.Add(-s.Idle)); err != nil {
			return err
		}
		if err := tx.Queue(ctx, insertSessionSQL, hashToken(token), personID, now, now.Add(s.Longest), o.UserAgent); err != nil {
			return err
		}
		return s.noteSession(ctx, tx, leaf, p.Jurisdiction, personID, "session.opened")
	})
	if err != nil {
		return "", Actor{}, err
	}
	a, err := s.Who(ctx, token)
	return token, a, err
}

// LogOut ends the session of a token. A token that is dead already is no error.
func (s *Service) LogOut(ctx context.Context, token string) error {
	hash := hashToken(token)
	leaf := s.NewID()
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		v, err := sessionByHash(ctx, tx, hash)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		p, err := personByID(ctx, tx, v.PersonID)
		if err != nil {
			return err
		}
		if err := tx.Queue(ctx, deleteSessionSQL, hash); err != nil {
			return err
		}
		s.forget(tx, v.PersonID)
		return s.noteSession(ctx, tx, leaf, p.Jurisdiction, p.ID, "session.closed")
	})
}

// Sessions returns where a person is logged in, oldest first.
func (s *Service) Sessions(ctx context.Context, personID string) (all []Session, err error) {
	now := s.Now()
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = db.Collect(ctx, tx, sessionsOfSQL, []any{personID, now, now.Add(-s.Idle)}, scanSession)
		return err
	})
	return all, err
}

// Who returns whose token this is, with the posts that are valid now. A token that is unknown,
// unused for too long, too old, or of somebody who has left is session.none.
func (s *Service) Who(ctx context.Context, token string) (Actor, error) {
	hash, now := hashToken(token), s.Now()
	if a, ok := s.known.get(hash, now); ok {
		return a, nil
	}
	generation := s.known.generation()
	var v Session
	var k known
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if v, err = sessionByHash(ctx, tx, hash); err != nil {
			return none(err, fault.New(fault.Unauthenticated, "session.none"))
		}
		k, err = s.load(ctx, tx, v.PersonID, now)
		return err
	})
	if err != nil {
		return Actor{}, err
	}
	idle := v.SeenAt.Add(s.Idle)
	if !now.Before(v.ExpiresAt) || !now.Before(idle) || k.ended {
		return Actor{}, fault.New(fault.Unauthenticated, "session.none")
	}
	if now.Sub(v.SeenAt) >= seenEvery {
		// A database that cannot be written must not lock everybody out: the use is then
		// noted another time.
		_ = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, seeSessionSQL, hash, now) })
		idle = now.Add(s.Idle)
	}
	k.until = earliest(k.until, v.ExpiresAt, idle, now.Add(s.Fresh))
	s.known.put(hash, k, generation)
	return k.Actor, nil
}

// load reads a person with the posts that are valid now; the result holds until the next moment
// at which one begins or ends.
func (s *Service) load(ctx context.Context, tx *db.Tx, personID string, now time.Time) (known, error) {
	p, err := s.person(ctx, tx, personID)
	if err != nil {
		return known{}, err
	}
	k := known{Actor: Actor{PersonID: p.ID, Name: p.Name, Jurisdiction: p.Jurisdiction, Locale: p.Locale}, ended: !p.EndedAt.IsZero()}
	valid := func(from, until time.Time) bool {
		for _, t := range []time.Time{from, until} {
			if t.After(now) {
				k.until = earliest(k.until, t)
			}
		}
		return covers(from, until, now)
	}
	posts, err := postsOf(ctx, tx, personID)
	if err != nil {
		return known{}, err
	}
	for _, p := range posts {
		if valid(p.From, p.Until) {
			k.Posts = append(k.Posts, p)
		}
	}
	all, err := lentTo(ctx, tx, personID)
	if err != nil {
		return known{}, err
	}
	for _, l := range all {
		lentNow, heldNow := valid(l.from, l.until), valid(l.From, l.Until)
		if lentNow && heldNow {
			k.Acting = append(k.Acting, l.Acting)
		}
	}
	return k, nil
}

// earliest returns the first of the moments; the zero moment is none.
func earliest(moments ...time.Time) (first time.Time) {
	for _, t := range moments {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// hashToken is how a token is kept. It has 256 random bits, so a plain hash is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
