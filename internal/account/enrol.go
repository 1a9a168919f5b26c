package account

import (
	"context"
	"errors"

	"gezhi/internal/db"
)

// Enrolment is a line of a staff list: a person, by login, with one post.
type Enrolment struct {
	Jurisdiction, Name, Login, Nature string
	Post                              NewPost // PersonID is found or made
}

var (
	personByLoginSQL = db.SQL(`SELECT id, jurisdiction, name FROM person WHERE login = $1 AND login <> '' AND ended_at = 0`)
	samePostSQL      = db.SQL(`SELECT count(*) FROM post WHERE person_id = $1 AND role = $2 AND unit_id = $3 AND area_id = $4 AND (valid_until = 0 OR valid_until > $5)`)
)

// Enrol makes the person of an enrolment, unless the login is known, and gives the post,
// unless it is held. It joins the caller's transaction. taken reports a login that belongs
// to somebody of another name or jurisdiction, or who has left: nothing is then written.
func (s *Service) Enrol(ctx context.Context, tx *db.Tx, by string, e Enrolment) (begun, taken bool, err error) {
	n := NewPerson{Jurisdiction: e.Jurisdiction, Name: e.Name, Login: e.Login, Nature: e.Nature}
	var p Person
	err = tx.Row(ctx, personByLoginSQL, []any{foldLogin(e.Login)}, &p.ID, &p.Jurisdiction, &p.Name)
	switch {
	case errors.Is(err, db.ErrNoRows):
		if err := n.check(); err != nil {
			return false, false, err
		}
		free := false
		if p, free, err = s.enrol(ctx, tx, by, n, ""); err != nil || !free {
			return false, err == nil, err
		}
	case err != nil:
		return false, false, err
	case p.Jurisdiction != e.Jurisdiction || p.Name != e.Name:
		return false, true, nil
	}
	var held int64
	if err := tx.Row(ctx, samePostSQL, []any{p.ID, e.Post.Role, e.Post.UnitID, e.Post.AreaID, s.Now()}, &held); err != nil || held > 0 {
		return false, false, err
	}
	e.Post.PersonID = p.ID
	_, err = s.appoint(ctx, tx, by, e.Post)
	return err == nil, false, err
}
