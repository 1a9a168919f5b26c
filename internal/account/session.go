package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Session is one place where a person is logged in.
type Session struct {
	ID        string // names it to people; it is not the token
	PersonID  string
	CreatedAt time.Time
	SeenAt    time.Time // last use, to within seenEvery
	ExpiresAt time.Time
	UserAgent string
	Addr      string // where it was opened
	Strong    bool   // opened with a second factor
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
	Strong    bool // a second factor was given, or the way in is as good as one
}

// LogIn gives a token for a login and its password, and for the code of the second factor or a
// recovery code where the person has one. A wrong login and a wrong password are both
// session.wrong and take the same time. Only who knows the password hears more:
// session.code_needed, session.wrong_code, session.locked, session.password_expired. After some
// failures of a login or an address the answer is session.too_many with the seconds to wait.
func (s *Service) LogIn(ctx context.Context, login, password, code string, o Origin) (token string, a Actor, err error) {
	login = foldLogin(login)
	from := sources(login, o.Addr)
	if err := s.mayTry(ctx, from); err != nil {
		return "", Actor{}, err // before the queue for hashing, which a flood would fill
	}
	p, err := s.verify(ctx, login, password, code, from)
	if err != nil {
		return "", Actor{}, err
	}
	o.Strong = p.factor
	return s.open(ctx, p.personID, o, from[0])
}

// verify returns whose login, password and code these are. Asking, hashing and counting happen
// in one slot, so that a crowd of attempts cannot overtake the count.
func (s *Service) verify(ctx context.Context, login, password, code string, from []source) (proof, error) {
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return proof{}, err
	}
	defer release()
	if err := s.mayTry(ctx, from); err != nil {
		return proof{}, err
	}
	var p proof
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = proofOf(ctx, tx, login)
		return err
	})
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return proof{}, err
	}
	err = s.compare(ctx, p, password)
	switch {
	case err != nil:
	case !p.lockedAt.IsZero():
		return proof{}, fault.New(fault.Unauthenticated, "session.locked")
	case !p.oneTimeUntil.IsZero() && !s.Now().Before(p.oneTimeUntil):
		return proof{}, fault.New(fault.Unauthenticated, "session.password_expired")
	case p.factor && typed(code) == "":
		return proof{}, fault.New(fault.Unauthenticated, "session.code_needed")
	case p.factor:
		err = s.useCode(ctx, p.personID, code)
	}
	if fault.KindOf(err) != fault.Unauthenticated {
		return p, err
	}
	if uncounted := s.countFailure(ctx, from); uncounted != nil {
		return proof{}, uncounted
	}
	return proof{}, err
}

// compare refuses a password that is not the one of p with session.wrong. It takes as long
// when there is nobody to compare with. A hash made at another cost than ours is made anew.
func (s *Service) compare(ctx context.Context, p proof, password string) error {
	against := nobody
	if p.hash != "" {
		var err error
		if against, err = parseSecret(p.hash); err != nil {
			return fault.Wrap(err, fault.Internal, "internal")
		}
	}
	if len(password) > maxPassword*4 || !against.matches(password) || p.hash == "" {
		return fault.New(fault.Unauthenticated, "session.wrong")
	}
	if against.cost == spent {
		return nil
	}
	better := newSecret(password).String()
	return s.DB.Write(ctx, db.Keys{personKey(p.personID)}, func(ctx context.Context, tx *db.Tx) error {
		who, err := s.present(ctx, tx, p.personID)
		if err != nil {
			return err
		}
		if err := tx.Queue(ctx, upgradeSQL, p.personID, p.hash, better); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), who.Jurisdiction, who.ID, "password.upgraded", who.ID, nil)
	})
}

// open begins a session and forgets the failures of the login, and the person's dead sessions.
func (s *Service) open(ctx context.Context, personID string, o Origin, login source) (string, Actor, error) {
	token := newToken()
	err := s.DB.Write(ctx, db.Keys{personKey(personID), attemptKey}, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.present(ctx, tx, personID)
		if err != nil {
			return err
		}
		now := s.Now()
		if err := tx.Queue(ctx, forgetSourceSQL, login.key); err != nil {
			return err
		}
		if err := tx.Queue(ctx, deleteExpiredSQL, personID, now, now.Add(-s.Idle)); err != nil {
			return err
		}
		if err := tx.Queue(ctx, insertSessionSQL, hashToken(token), personID, now, now.Add(s.Longest), o.UserAgent, s.NewID(), o.Addr, o.Strong); err != nil {
			return err
		}
		return s.noteSession(ctx, tx, s.NewID(), p.Jurisdiction, personID, "session.opened")
	})
	if err != nil {
		return "", Actor{}, err
	}
	a, err := s.Who(ctx, token)
	return token, a, err
}

// newToken is 256 random bits, as a cookie may carry them.
func newToken() string {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails (Go 1.24)
	return base64.RawURLEncoding.EncodeToString(raw)
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

// EndSession ends one session of a person, or all of them when id is "". One that is not there
// any more is no error.
func (s *Service) EndSession(ctx context.Context, by, personID, id string) error {
	return s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		end, args := deleteSessionsSQL, []any{p.ID}
		if id != "" {
			end, args = deleteOneSQL, []any{p.ID, id}
		}
		if err := tx.Queue(ctx, end, args...); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "session.ended", by, map[string]string{"session": id})
	})
}

// EndOtherSessions ends every session of the asker but the one that asks.
func (s *Service) EndOtherSessions(ctx context.Context, a Actor) error {
	return s.change(ctx, a.PersonID, func(ctx context.Context, tx *db.Tx, p Person) error {
		if err := tx.Queue(ctx, deleteOthersSQL, p.ID, a.Session); err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "session.ended", p.ID, map[string]string{"all_but": a.Session})
	})
}

// renew gives the session of the asker another token, and ends all others of the person: what
// the person may do has changed. It joins the caller's transaction.
func (s *Service) renew(ctx context.Context, tx *db.Tx, a Actor, token string, strong bool) error {
	if err := tx.Queue(ctx, deleteOthersSQL, a.PersonID, a.Session); err != nil {
		return err
	}
	return tx.Queue(ctx, renewSessionSQL, a.PersonID, a.Session, hashToken(token), strong)
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
		k, err = s.load(ctx, tx, v, now)
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

// load reads the person of a session with the posts that are valid now; the result holds until
// the next moment at which one begins or ends.
func (s *Service) load(ctx context.Context, tx *db.Tx, v Session, now time.Time) (known, error) {
	p, err := s.person(ctx, tx, v.PersonID)
	if err != nil {
		return known{}, err
	}
	k := known{Actor: Actor{PersonID: p.ID, Name: p.Name, Jurisdiction: p.Jurisdiction, Locale: p.Locale, Session: v.ID}, ended: !p.EndedAt.IsZero() || !p.LockedAt.IsZero()}
	if !p.OneTimeUntil.IsZero() {
		k.Must = append(k.Must, MustPassword)
	}
	valid := func(from, until time.Time) bool {
		for _, t := range []time.Time{from, until} {
			if t.After(now) {
				k.until = earliest(k.until, t)
			}
		}
		return covers(from, until, now)
	}
	posts, err := postsOf(ctx, tx, v.PersonID)
	if err != nil {
		return known{}, err
	}
	for _, p := range posts {
		if valid(p.From, p.Until) {
			k.Posts = append(k.Posts, p)
		}
	}
	all, err := lentTo(ctx, tx, v.PersonID)
	if err != nil {
		return known{}, err
	}
	for _, l := range all {
		lentNow, heldNow := valid(l.from, l.until), valid(l.From, l.Until)
		if lentNow && heldNow {
			k.Acting = append(k.Acting, l.Acting)
		}
	}
	k.Lapsed = len(posts)+len(all) > 0 && len(k.Posts)+len(k.Acting) == 0
	if !v.Strong && slices.ContainsFunc(s.FactorRoles, k.Has) {
		k.Must = append(k.Must, MustFactor)
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
