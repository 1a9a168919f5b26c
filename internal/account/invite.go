package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Invitation is a way in for one person, used once: a picture that carries Token, or Code read out
// over the telephone. Either is shown once, when the invitation is made.
type Invitation struct {
	ID       string
	PersonID string
	Name     string
	Post     Post // by which the inviter answers for them
	Token    string
	Code     string // twelve digits
	Expires  time.Time
}

const (
	// InvitedFor is how long an invitation may be used.
	InvitedFor = 24 * time.Hour
	// SheetFor is how long one on paper may be used: the sheet has to travel to its village.
	SheetFor = 7 * 24 * time.Hour
	// mostInvited is how many people one request invites: each code is hashed slowly.
	mostInvited = 60
	// wrongCodes is how many wrong codes an invitation bears.
	wrongCodes = 5

	locatorDigits = 5
	restDigits    = 7
)

// digits returns n random digits.
func digits(n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	x, err := rand.Int(rand.Reader, limit)
	if err != nil { // never (Go 1.24)
		panic(err)
	}
	return fmt.Sprintf("%0*d", n, x)
}

// Invite gives people, for whom the asker must answer, each a way to log in with their own
// telephone. It takes the place of any invitation before it. Somebody for whom the asker does not
// answer is person.none; then nobody is invited.
func (s *Service) Invite(ctx context.Context, who Actor, people []string, lasts time.Duration) ([]Invitation, error) {
	if len(people) == 0 || len(people) > mostInvited {
		return nil, fault.New(fault.Invalid, "invitation.too_many", "most", mostInvited)
	}
	var out []Invitation
	for _, id := range people {
		post, err := s.answersFor(ctx, who, id)
		if err != nil {
			return nil, err
		}
		out = append(out, Invitation{PersonID: id, Post: post})
	}
	for i := range out {
		if err := s.inviteOne(ctx, who.PersonID, &out[i], lasts); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Service) inviteOne(ctx context.Context, by string, inv *Invitation, lasts time.Duration) error {
	inv.Token = newToken()
	rest := digits(restDigits)
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return err
	}
	hash := newSecret(rest).String()
	release()
	return s.change(ctx, inv.PersonID, func(ctx context.Context, tx *db.Tx, p Person) error {
		now := s.Now()
		inv.ID, inv.Name, inv.Expires = s.NewID(), p.Name, kept(now.Add(lasts))
		if err := tx.Queue(ctx, endInvitationsSQL, p.ID, now); err != nil {
			return err
		}
		for {
			locator := digits(locatorDigits)
			n, err := tx.Exec(ctx, insertInvitationSQL, inv.ID, p.Jurisdiction, p.ID, by, now, inv.Expires, hashToken(inv.Token), locator, hash)
			if err != nil {
				return err
			}
			if n == 1 {
				inv.Code = locator + rest
				break
			}
			// The locator is in use: one that can no longer be used gives it up.
			if err := tx.Queue(ctx, endExpiredInvitationsSQL, now); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "invitation.made", by, []any{inv.ID, db.Ms(inv.Expires)})
	})
}

// Uninvite takes back the invitation of somebody for whom the asker answers. Without one it is
// invitation.none.
func (s *Service) Uninvite(ctx context.Context, who Actor, personID string) error {
	if _, err := s.answersFor(ctx, who, personID); err != nil {
		return err
	}
	return s.change(ctx, personID, func(ctx context.Context, tx *db.Tx, p Person) error {
		n, err := tx.Exec(ctx, endInvitationsSQL, p.ID, s.Now())
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "invitation.none")
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "invitation.ended", who.PersonID, nil)
	})
}

// Invited is what somebody who holds an invitation is told before using it.
type Invited struct {
	PersonID, Name, Jurisdiction string
	By                           string // name of who made it
	Expires                      time.Time
}

// invitation is one as it is kept.
type invitation struct {
	id, personID, by, codeHash string
	wrong                      int
	expires, used, ended       time.Time
}

func (i invitation) open(now time.Time) bool {
	return i.used.IsZero() && i.ended.IsZero() && now.Before(i.expires) && i.wrong < wrongCodes
}

// LookAt returns whom an invitation, given by token or by code, is for. One that is unknown, used,
// too old or taken back is invitation.none; so is one whose maker no longer answers for the
// invited. Wrong codes are counted by the invitation and by the address they come from.
func (s *Service) LookAt(ctx context.Context, token, code string, o Origin) (Invited, error) {
	i, err := s.invitation(ctx, token, code, o)
	if err != nil {
		return Invited{}, err
	}
	p, err := s.Person(ctx, i.personID)
	if err != nil {
		return Invited{}, err
	}
	by, err := s.Person(ctx, i.by)
	return Invited{p.ID, p.Name, p.Jurisdiction, by.Name, i.expires}, err
}

func (s *Service) invitation(ctx context.Context, token, code string, o Origin) (invitation, error) {
	from := sources("", o.Addr)[1:]
	if err := s.mayTry(ctx, from); err != nil {
		return invitation{}, err
	}
	i, err := s.opened(ctx, token, code)
	if err != nil {
		return invitation{}, err
	}
	if i.id == "" {
		if err := s.countFailure(ctx, from); err != nil {
			return invitation{}, err
		}
		return invitation{}, fault.New(fault.NotFound, "invitation.none")
	}
	// Rights change at once: an invitation does not outlive the right to make it.
	maker, err := s.actor(ctx, i.by)
	if err == nil {
		_, err = s.answersFor(ctx, maker, i.personID)
	}
	if fault.KindOf(err) == fault.NotFound {
		err = fault.New(fault.NotFound, "invitation.none")
	}
	return i, err
}

// opened returns the open invitation that token or code names, or none.
func (s *Service) opened(ctx context.Context, token, code string) (invitation, error) {
	if token != "" {
		i, err := s.invitationBy(ctx, invitationByTokenSQL, hashToken(token))
		if err != nil || !i.open(s.Now()) {
			return invitation{}, err
		}
		return i, nil
	}
	code = strings.NewReplacer(" ", "", "-", "").Replace(code)
	if len(code) != locatorDigits+restDigits {
		return invitation{}, nil
	}
	i, err := s.invitationBy(ctx, invitationByLocatorSQL, code[:locatorDigits])
	if err != nil || !i.open(s.Now()) {
		return invitation{}, err
	}
	release, err := s.hashing.hold(ctx)
	if err != nil {
		return invitation{}, err
	}
	defer release()
	// The try is counted before it is looked at, so that a crowd of tries cannot overtake the count.
	var n int64
	err = s.DB.Write(ctx, db.Keys{personKey(i.personID)}, func(ctx context.Context, tx *db.Tx) error {
		n, err = tx.Exec(ctx, tryCodeSQL, i.id, wrongCodes)
		return err
	})
	if err != nil || n == 0 {
		return invitation{}, err
	}
	hash, err := parseSecret(i.codeHash)
	if err != nil {
		return invitation{}, fault.Wrap(err, fault.Internal, "internal")
	}
	if !hash.matches(code[locatorDigits:]) {
		return invitation{}, nil
	}
	return i, s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, untryCodeSQL, i.id) })
}

func (s *Service) invitationBy(ctx context.Context, by db.Stmt, key string) (i invitation, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var expires, used, ended int64
		err := tx.Row(ctx, by, []any{key}, &i.id, &i.personID, &i.by, &i.codeHash, &i.wrong, &expires, &used, &ended)
		i.expires, i.used, i.ended = db.Time(expires), db.Time(used), db.Time(ended)
		return err
	})
	if errors.Is(err, db.ErrNoRows) {
		return invitation{}, nil
	}
	return i, err
}

// Invitations returns until when the open invitations of people may be used.
func (s *Service) Invitations(ctx context.Context, jurisdiction string) (until map[string]time.Time, err error) {
	until = map[string]time.Time{}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		clear(until)
		_, err := db.Collect(ctx, tx, openInvitationsSQL, []any{jurisdiction, s.Now(), wrongCodes}, func(r db.Rows) (struct{}, error) {
			var person string
			var at int64
			err := r.Scan(&person, &at)
			until[person] = db.Time(at)
			return struct{}{}, err
		})
		return err
	})
	return until, err
}

// actor is somebody as of now, read from the database.
func (s *Service) actor(ctx context.Context, personID string) (Actor, error) {
	var k known
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		k, err = s.load(ctx, tx, Session{PersonID: personID}, s.Now())
		return err
	})
	if err == nil && k.ended {
		err = fault.New(fault.NotFound, "person.none")
	}
	return k.Actor, err
}

const invitationColumns = `SELECT id, person_id, made_by, code_hash, wrong, expires_at, used_at, ended_at FROM invitation WHERE `

var (
	insertInvitationSQL = db.SQL(`INSERT INTO invitation (id, jurisdiction, person_id, made_by, made_at, expires_at, token_hash, locator, code_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (locator) WHERE used_at = 0 AND ended_at = 0 DO NOTHING`)
	invitationByTokenSQL     = db.SQL(invitationColumns + `token_hash = $1`)
	invitationByLocatorSQL   = db.SQL(invitationColumns + `locator = $1 AND used_at = 0 AND ended_at = 0`)
	endInvitationsSQL        = db.SQL(`UPDATE invitation SET ended_at = $2 WHERE person_id = $1 AND used_at = 0 AND ended_at = 0`)
	endExpiredInvitationsSQL = db.SQL(`UPDATE invitation SET ended_at = $1 WHERE used_at = 0 AND ended_at = 0 AND expires_at <= $1`)
	useInvitationSQL         = db.SQL(`UPDATE invitation SET used_at = $2 WHERE id = $1 AND used_at = 0 AND ended_at = 0 AND expires_at > $2`)
	tryCodeSQL               = db.SQL(`UPDATE invitation SET wrong = wrong + 1 WHERE id = $1 AND wrong < $2 AND used_at = 0 AND ended_at = 0`)
	untryCodeSQL             = db.SQL(`UPDATE invitation SET wrong = wrong - 1 WHERE id = $1 AND wrong > 0`)
	openInvitationsSQL       = db.SQL(`SELECT person_id, expires_at FROM invitation WHERE jurisdiction = $1 AND used_at = 0 AND ended_at = 0 AND expires_at > $2 AND wrong < $3`)
)
