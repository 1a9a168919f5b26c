package account

import (
	"context"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
)

// Enrolment is a line of a staff list: a person, by login, with one post.
type Enrolment struct {
	Jurisdiction, Name, Login, Nature string
	Post                              NewPost // PersonID is found or made
}

var (
	personByLoginSQL = db.SQL(`SELECT id, jurisdiction, name FROM person WHERE login = $1 AND ended_at = 0`)
	samePostSQL      = db.SQL(`SELECT count(*) FROM post WHERE person_id = $1 AND role = $2 AND unit_id = $3 AND area_id = $4 AND (valid_until = 0 OR valid_until > $5)`)
)

// Enrol makes the person of an enrolment, unless the login is known, and gives the post,
// unless it is held. It joins the caller's transaction. taken reports a login that belongs
// to somebody of another name or jurisdiction: nothing is then written.
func (s *Service) Enrol(ctx context.Context, tx *db.Tx, by string, e Enrolment) (begun, taken bool, err error) {
	login, now := foldLogin(e.Login), s.Now()
	var id, jurisdiction, name string
	err = tx.Row(ctx, personByLoginSQL, []any{login}, &id, &jurisdiction, &name)
	switch {
	case err == db.ErrNoRows:
		id = s.NewID()
		p := Person{ID: id, Jurisdiction: e.Jurisdiction, Name: e.Name, Login: login, Nature: e.Nature, CreatedAt: now}
		ok, err := insertPerson(ctx, tx, p, "")
		if err != nil || !ok {
			return false, !ok, err
		}
		if err := s.leaf(ctx, tx, e.Jurisdiction, id, "person.created", by, now); err != nil {
			return false, false, err
		}
	case err != nil:
		return false, false, err
	case jurisdiction != e.Jurisdiction || name != e.Name:
		return false, true, nil
	}
	var held int64
	if err := tx.Row(ctx, samePostSQL, []any{id, e.Post.Role, e.Post.UnitID, e.Post.AreaID, now}, &held); err != nil || held > 0 {
		return false, false, err
	}
	n := e.Post
	p := Post{ID: s.NewID(), PersonID: id, Role: n.Role, UnitID: n.UnitID, AreaID: n.AreaID, AreaLevel: n.AreaLevel, Seat: n.Seat, From: n.From, Until: n.Until}
	if err := insertPost(ctx, tx, e.Jurisdiction, p); err != nil {
		return false, false, err
	}
	s.forget(tx, id)
	return true, false, s.leaf(ctx, tx, e.Jurisdiction, id, "post.given", by, now)
}

func (s *Service) leaf(ctx context.Context, tx *db.Tx, jurisdiction, person, act, by string, at time.Time) error {
	return audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: jurisdiction, Subject: "person/" + person, Act: act, Person: by, At: at})
}
