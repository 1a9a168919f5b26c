package account

import (
	"context"
	"errors"
	"time"

	"gezhi/internal/db"
)

// Enrolment is a line of a staff list: a person, by login, with one post.
type Enrolment struct {
	Jurisdiction, Name, Login, Nature string
	Contacts                          Contacts // an empty way leaves what is known
	Post                              NewPost  // PersonID is found or made; without a role there is no post
}

// Enrolled is what came of an enrolment.
type Enrolled int

// What may come of an enrolment.
const (
	Unchanged Enrolled = iota
	Changed            // a post got another end, or a person other contacts
	Begun              // a post was given, or a person made
	Taken              // the login is somebody else's, or of somebody who has left: nothing was written
)

var (
	personByLoginSQL = db.SQL(`SELECT id, jurisdiction, name FROM person WHERE login = $1 AND login <> '' AND ended_at = 0`)
	samePostSQL      = db.SQL(`SELECT id, valid_until FROM post WHERE person_id = $1 AND role = $2 AND unit_id = $3 AND area_id = $4
		AND (valid_until = 0 OR valid_until > $5) ORDER BY id LIMIT 1`)
)

// Enrol makes the person of an enrolment, unless the login is known, and gives the post,
// unless it is held; a post that is held gets the end that the line names. It joins the
// caller's transaction.
func (s *Service) Enrol(ctx context.Context, tx *db.Tx, by string, e Enrolment) (Enrolled, error) {
	n := NewPerson{Jurisdiction: e.Jurisdiction, Name: e.Name, Login: e.Login, Nature: e.Nature}
	out := Unchanged
	var p Person
	err := tx.Row(ctx, personByLoginSQL, []any{foldLogin(e.Login)}, &p.ID, &p.Jurisdiction, &p.Name)
	switch {
	case errors.Is(err, db.ErrNoRows):
		if err := n.check(); err != nil {
			return Unchanged, err
		}
		free := false
		if p, free, err = s.enrol(ctx, tx, by, n, ""); err != nil || !free {
			return Taken, err
		}
		out = Begun
	case err != nil:
		return Unchanged, err
	case p.Jurisdiction != e.Jurisdiction || p.Name != e.Name:
		return Taken, nil
	}
	changed, err := s.addContacts(ctx, tx, by, p, e.Contacts)
	if err != nil {
		return Unchanged, err
	}
	if changed {
		out = max(out, Changed)
	}
	if e.Post.Role == "" {
		return out, nil
	}
	e.Post.PersonID = p.ID
	post, err := s.hold(ctx, tx, by, p, e.Post)
	return max(out, post), err
}

// hold gives a post, or the post that is held already another end.
func (s *Service) hold(ctx context.Context, tx *db.Tx, by string, who Person, n NewPost) (Enrolled, error) {
	var id string
	var until int64
	err := tx.Row(ctx, samePostSQL, []any{n.PersonID, n.Role, n.UnitID, n.AreaID, s.Now()}, &id, &until)
	switch {
	case errors.Is(err, db.ErrNoRows) && !n.Until.IsZero() && !n.Until.After(s.Now()):
		return Unchanged, nil // a post of the past, which nobody needs any more
	case errors.Is(err, db.ErrNoRows):
		_, err = s.appoint(ctx, tx, by, n)
		return Begun, err
	case err != nil || n.Until.IsZero() || kept(n.Until).Equal(db.Time(until)):
		return Unchanged, err
	}
	post, err := postByID(ctx, tx, id)
	if err != nil {
		return Unchanged, err
	}
	return Changed, s.endAt(ctx, tx, by, who, post, kept(n.Until))
}

// endAt moves the end of a post, within a transaction.
func (s *Service) endAt(ctx context.Context, tx *db.Tx, by string, who Person, post Post, at time.Time) error {
	stand, err := ids(ctx, tx, actorsOfPostSQL, post.ID)
	if err != nil {
		return err
	}
	if err := tx.Queue(ctx, endPostSQL, post.ID, at); err != nil {
		return err
	}
	post.Until = at
	if err := s.moved(ctx, tx, who.Jurisdiction, post, at); err != nil {
		return err
	}
	s.forget(tx, append(stand, who.ID)...)
	return s.note(ctx, tx, s.NewID(), who.Jurisdiction, who.ID, "post.ended", by, map[string]any{"post": post.ID, "valid_until": db.Ms(at)})
}

// addContacts writes the ways that a line names; those it leaves out stay.
func (s *Service) addContacts(ctx context.Context, tx *db.Tx, by string, p Person, c Contacts) (bool, error) {
	if c == (Contacts{}) {
		return false, nil
	}
	old, err := s.contactsOf(ctx, tx, p.ID)
	if err != nil {
		return false, err
	}
	if c.Phone == "" {
		c.Phone = old.Phone
	}
	if c.Mail == "" {
		c.Mail = old.Mail
	}
	return s.putContacts(ctx, tx, by, p, c)
}
