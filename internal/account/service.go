package account

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/privacy"
)

// Service does what is done with people, posts and sessions. Its callers have asked already
// whether they may; by is the person who does it, "" for the system (an import, the set-up).
type Service struct {
	DB    *db.DB
	Now   clock.Now
	NewID id.Source
	// Idle ends a session that was not used for so long, Longest any session.
	Idle, Longest time.Duration
	// Fresh is how long a process may answer Who from memory. A change made by this process
	// is seen at once, one made by another process after this time.
	Fresh time.Duration
	// OnPost hears, within the transaction, that a post begins or ends at a moment, perhaps
	// a later one. An error fails the change.
	OnPost func(ctx context.Context, tx *db.Tx, jurisdiction string, p Post, at time.Time) error
	// Vault seals how people are reached.
	Vault *privacy.Vault
	// Ground says what lies within what; nil: nothing does, and nobody answers for anybody.
	Ground func(ctx context.Context) (Ground, error)
	// Invites says which roles the holders of a role invite; nil: none.
	Invites func(ctx context.Context, jurisdiction string) (Looks, error)
	// OnChange hears, after the commit, whose rights or sessions have changed. May be nil.
	OnChange func(people []string)
	// FactorRoles are the roles whose holders do nothing before they have logged in with a
	// second factor.
	FactorRoles []string
	// Issuer names this installation in authenticator apps.
	Issuer string
	// Key seals second factors, KeyBytes long. A service that was made by New has one that is
	// forgotten with it.
	Key []byte

	hashing slots
	known   cache
}

// New returns a service with the usual clock, ids and times.
func New(d *db.DB) *Service {
	key := make([]byte, KeyBytes)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	return &Service{DB: d, Now: clock.System, NewID: id.New, Idle: 12 * time.Hour, Longest: 7 * 24 * time.Hour, Fresh: 3 * time.Second,
		Issuer: "Gezhi", Key: key, hashing: make(slots, atOnce)}
}

// NewPerson is what CreatePerson is told. Without a login, or without a password, the person
// cannot log in.
type NewPerson struct {
	Jurisdiction, Name, Login, Password, Nature, Locale string
}

// CreatePerson adds a person. A login in use by anybody in this installation is
// person.login_taken; what is wrong otherwise is named field by field.
func (s *Service) CreatePerson(ctx context.Context, by string, n NewPerson) (Person, error) {
	if err := n.check(); err != nil {
		return Person{}, err
	}
	hash := ""
	if n.Password != "" {
		var err error
		if hash, err = s.hash(ctx, n.Password, foldLogin(n.Login), n.Name); err != nil {
			return Person{}, err
		}
	}
	var p Person
	err := s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) (err error) {
		free := false
		if p, free, err = s.enrol(ctx, tx, by, n, hash); err == nil && !free {
			err = fault.New(fault.Conflict, "person.login_taken")
		}
		return err
	})
	if err != nil {
		return Person{}, err
	}
	return p, nil
}

// enrol adds a person who is checked. It reports false, and writes nothing, when the login
// is taken.
func (s *Service) enrol(ctx context.Context, tx *db.Tx, by string, n NewPerson, hash string) (p Person, free bool, err error) {
	p = Person{ID: s.NewID(), Jurisdiction: n.Jurisdiction, Name: n.Name, Login: foldLogin(n.Login), Nature: n.Nature, Locale: n.Locale, CreatedAt: s.Now()}
	if free, err = insertPerson(ctx, tx, p, hash); err != nil || !free {
		return Person{}, false, err
	}
	s.forget(tx, p.ID) // nobody knows the person yet, but a roll of everybody is now old
	return p, true, s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "person.created", by, nil)
}

// SetPassword gives a person a new password and ends all their sessions.
func (s *Service) SetPassword(ctx context.Context, by, personID, password string) error {
	p, err := s.Person(ctx, personID)
	if err != nil {
		return err
	}
	if p.Login == "" {
		return fault.New(fault.Conflict, "person.no_login")
	}
	hash, err := s.hash(ctx, password, p.Login, p.Name)
	if err != nil {
		return err
	}
	leaf := s.NewID()
	return s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		if err := tx.Queue(ctx, setSecretSQL, p.ID, hash, 0); err != nil {
			return err
		}
		if err := tx.Queue(ctx, deleteSessionsSQL, p.ID); err != nil {
			return err
		}
		return s.note(ctx, tx, leaf, p.Jurisdiction, p.ID, "password.set", by, nil)
	})
}

// EndPerson ends a person's time with us: posts, delegations and sessions end now, and the
// person cannot log in again. What they did stays.
func (s *Service) EndPerson(ctx context.Context, by, personID string) error {
	now, leaf := s.Now(), s.NewID()
	return s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		stand, err := ids(ctx, tx, actorsForSQL, p.ID)
		if err != nil {
			return err
		}
		held, err := postsOf(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		for _, post := range held {
			if covers(post.From, post.Until, now) {
				post.Until = now
				if err := s.moved(ctx, tx, p.Jurisdiction, post, now); err != nil {
					return err
				}
			}
		}
		for _, do := range []db.Stmt{endPersonSQL, endPostsSQL, endDelegationsSQL} {
			if err := tx.Queue(ctx, do, p.ID, now); err != nil {
				return err
			}
		}
		for _, do := range []db.Stmt{deleteSessionsSQL, deleteFactorSQL, deleteRecoverySQL} {
			if err := tx.Queue(ctx, do, p.ID); err != nil {
				return err
			}
		}
		s.forget(tx, stand...)
		return s.note(ctx, tx, leaf, p.Jurisdiction, p.ID, "person.ended", by, map[string]int64{"ended_at": db.Ms(now)})
	})
}

// Person returns a person, also one whose time has ended; an unknown id is person.none.
func (s *Service) Person(ctx context.Context, personID string) (p Person, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = s.person(ctx, tx, personID)
		return err
	})
	return p, err
}

// ByLogin returns who logs in as login; nobody is person.none.
func (s *Service) ByLogin(ctx context.Context, login string) (p Person, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Row(ctx, personByLoginSQL, []any{foldLogin(login)}, &p.ID, &p.Jurisdiction, &p.Name)
		if err != nil {
			return none(err, fault.New(fault.NotFound, "person.none"))
		}
		p, err = personByID(ctx, tx, p.ID)
		return err
	})
	return p, err
}

// Posts returns all posts that a person ever held, in the order in which they were given.
func (s *Service) Posts(ctx context.Context, personID string) (all []Post, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = postsOf(ctx, tx, personID)
		return err
	})
	return all, err
}

// NewPost is what GivePost is told. A zero From is now.
type NewPost struct {
	PersonID, Role, UnitID, AreaID string
	AreaLevel                      Level
	Seat                           Seat
	From, Until                    time.Time
}

// GivePost gives a person a post in their own jurisdiction. Their rights change at once.
func (s *Service) GivePost(ctx context.Context, by string, n NewPost) (Post, error) {
	var p Post
	err := s.DB.Write(ctx, db.Keys{personKey(n.PersonID)}, func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = s.appoint(ctx, tx, by, n)
		return err
	})
	if err != nil {
		return Post{}, err
	}
	return p, nil
}

// appoint gives a post within a transaction.
func (s *Service) appoint(ctx context.Context, tx *db.Tx, by string, n NewPost) (Post, error) {
	if n.From.IsZero() {
		n.From = s.Now()
	}
	n.From, n.Until = kept(n.From), kept(n.Until)
	if err := n.check(); err != nil {
		return Post{}, err
	}
	who, err := s.present(ctx, tx, n.PersonID)
	if err != nil {
		return Post{}, err
	}
	if err := s.checkKernel(ctx, tx, n); err != nil {
		return Post{}, err
	}
	p := Post{ID: s.NewID(), PersonID: n.PersonID, Role: n.Role, UnitID: n.UnitID, AreaID: n.AreaID,
		AreaLevel: n.AreaLevel, Seat: n.Seat, From: n.From, Until: n.Until}
	if err := insertPost(ctx, tx, who.Jurisdiction, p); err != nil {
		return Post{}, err
	}
	s.forget(tx, who.ID)
	if IsKernelRole(p.Role) { // whoever comes to administer logs in anew
		if err := tx.Queue(ctx, deleteSessionsSQL, who.ID); err != nil {
			return Post{}, err
		}
	}
	if err := s.moved(ctx, tx, who.Jurisdiction, p, p.From); err != nil {
		return Post{}, err
	}
	if !p.Until.IsZero() {
		if err := s.moved(ctx, tx, who.Jurisdiction, p, p.Until); err != nil {
			return Post{}, err
		}
	}
	return p, s.note(ctx, tx, s.NewID(), who.Jurisdiction, who.ID, "post.given", by, p.row())
}

// moved tells who wants to hear that a post begins or ends.
func (s *Service) moved(ctx context.Context, tx *db.Tx, jurisdiction string, p Post, at time.Time) error {
	if s.OnPost == nil {
		return nil
	}
	return s.OnPost(ctx, tx, jurisdiction, p, at)
}

// EndPost ends a post at a moment; a zero moment is now. A post that ended before keeps its end.
func (s *Service) EndPost(ctx context.Context, by, postID string, at time.Time) error {
	if at.IsZero() {
		at = s.Now()
	}
	at = kept(at)
	var post Post
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		post, err = postByID(ctx, tx, postID)
		return none(err, fault.New(fault.NotFound, "post.none"))
	})
	if err != nil {
		return err
	}
	return s.change(ctx, post.PersonID, func(ctx context.Context, tx *db.Tx, who Person) error {
		post, err := postByID(ctx, tx, postID)
		if err != nil {
			return err
		}
		if !post.Until.IsZero() && !post.Until.After(at) {
			return fault.New(fault.Conflict, "post.ended")
		}
		return s.endAt(ctx, tx, by, who, post, at)
	})
}

// Delegate lets somebody act in the post of an absent colleague of the same jurisdiction, from
// d.Start (zero: now) until d.Until. d.ID, From and RecordedBy are filled in.
func (s *Service) Delegate(ctx context.Context, by string, d Delegation) (Delegation, error) {
	now := s.Now()
	if d.Start.IsZero() {
		d.Start = now
	}
	d.Start, d.Until = kept(d.Start), kept(d.Until)
	if !d.Start.Before(d.Until) {
		return Delegation{}, &fault.Error{Kind: fault.Invalid, Code: "delegation.invalid", At: []fault.Place{{Path: "until", Code: "delegation.has_no_end"}}}
	}
	var post Post
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		post, err = postByID(ctx, tx, d.PostID)
		return none(err, fault.New(fault.NotFound, "post.none"))
	})
	if err != nil {
		return Delegation{}, err
	}
	if IsKernelRole(post.Role) {
		return Delegation{}, fault.New(fault.Conflict, "delegation.of_administration")
	}
	d.ID, d.From, d.RecordedBy = s.NewID(), post.PersonID, by
	if d.To == d.From {
		return Delegation{}, fault.New(fault.Conflict, "delegation.to_oneself")
	}
	leaf := s.NewID()
	err = s.DB.Write(ctx, db.Keys{personKey(d.From), personKey(d.To)}, func(ctx context.Context, tx *db.Tx) error {
		from, err := s.present(ctx, tx, d.From)
		if err != nil {
			return err
		}
		to, err := s.present(ctx, tx, d.To)
		if err != nil {
			return err
		}
		if from.Jurisdiction != to.Jurisdiction {
			return fault.New(fault.Conflict, "delegation.other_jurisdiction")
		}
		if err := insertDelegation(ctx, tx, from.Jurisdiction, d, now); err != nil {
			return err
		}
		s.forget(tx, d.To)
		return s.note(ctx, tx, leaf, from.Jurisdiction, d.From, "delegation.given", by, d.row())
	})
	if err != nil {
		return Delegation{}, err
	}
	return d, nil
}

// EndDelegation ends a delegation now: the colleague is back.
func (s *Service) EndDelegation(ctx context.Context, by, delegationID string) error {
	var d Delegation
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		d, err = delegationByID(ctx, tx, delegationID)
		return none(err, fault.New(fault.NotFound, "delegation.none"))
	})
	if err != nil {
		return err
	}
	now, leaf := s.Now(), s.NewID()
	return s.DB.Write(ctx, db.Keys{personKey(d.From), personKey(d.To)}, func(ctx context.Context, tx *db.Tx) error {
		d, err := delegationByID(ctx, tx, delegationID)
		if err != nil {
			return err
		}
		if !d.Until.After(now) {
			return fault.New(fault.Conflict, "delegation.ended")
		}
		from, err := personByID(ctx, tx, d.From)
		if err != nil {
			return err
		}
		if err := tx.Queue(ctx, endDelegationSQL, d.ID, now); err != nil {
			return err
		}
		s.forget(tx, d.To)
		return s.note(ctx, tx, leaf, from.Jurisdiction, d.From, "delegation.ended", by, map[string]any{"delegation": d.ID, "valid_until": db.Ms(now)})
	})
}

// change runs fn on a person who is still with us, and makes what is known of them fresh.
func (s *Service) change(ctx context.Context, personID string, fn func(context.Context, *db.Tx, Person) error) error {
	return s.DB.Write(ctx, db.Keys{personKey(personID)}, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.present(ctx, tx, personID)
		if err != nil {
			return err
		}
		s.forget(tx, personID)
		return fn(ctx, tx, p)
	})
}

func (s *Service) person(ctx context.Context, tx *db.Tx, personID string) (Person, error) {
	p, err := personByID(ctx, tx, personID)
	return p, none(err, fault.New(fault.NotFound, "person.none"))
}

// present returns a person whose time has not ended.
func (s *Service) present(ctx context.Context, tx *db.Tx, personID string) (Person, error) {
	p, err := s.person(ctx, tx, personID)
	if err == nil && !p.EndedAt.IsZero() {
		err = fault.New(fault.Conflict, "person.ended")
	}
	return p, err
}

// note appends the audit leaf of a change to a person: it names all rows that are the person's,
// and what was deleted. The person's key is held. said is kept and holds nothing personal.
func (s *Service) note(ctx context.Context, tx *db.Tx, leaf, jurisdiction, personID, act, by string, said any, deleted ...audit.Ref) error {
	of := []any{personID}
	rows := append(deleted, audit.Ref{Table: audit.Persons, Key: of}, audit.Ref{Table: audit.Posts, By: "person_id", Key: of}, audit.Ref{Table: audit.Contacts, By: "person_id", Key: of},
		audit.Ref{Table: audit.Delegations, By: "from_person", Key: of}, audit.Ref{Table: audit.Delegations, By: "to_person", Key: of})
	return audit.Append(ctx, tx, audit.Leaf{ID: leaf, Jurisdiction: jurisdiction, Subject: personKey(personID), Act: act, Person: by, At: s.Now(), Said: said, Rows: rows})
}

// noteSession appends the leaf of a session that began or ended; it changes no row that is proved.
func (s *Service) noteSession(ctx context.Context, tx *db.Tx, leaf, jurisdiction, personID, act string) error {
	return audit.Append(ctx, tx, audit.Leaf{ID: leaf, Jurisdiction: jurisdiction, Subject: personKey(personID), Act: act, Person: personID, At: s.Now()})
}

// hash makes the stored form of a password, when there is room to.
func (s *Service) hash(ctx context.Context, password, login, name string) (string, error) {
	if err := checkPassword(password, login, name); err != nil {
		return "", err
	}
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return newSecret(password).String(), nil
}

// kept is a moment as the database keeps it: in milliseconds, UTC.
func kept(t time.Time) time.Time { return db.Time(db.Ms(t)) }

func personKey(personID string) string { return "person/" + personID }

// or is err, or what is missing where there is none.
func or(err error, missing *fault.Error) error {
	if err == nil {
		return missing
	}
	return err
}

// none turns "no row" into the fault that says what is missing.
func none(err error, missing *fault.Error) error {
	if errors.Is(err, db.ErrNoRows) {
		return missing
	}
	return err
}
