package account

import (
	"context"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

var (
	insertTieSQL = db.SQL(`INSERT INTO session_tie (tie, session_id, at) SELECT $1, s.id, $3 FROM session s WHERE s.id = $2 ON CONFLICT DO NOTHING`)
	tiesSQL      = db.SQL(`SELECT tie FROM session_tie WHERE session_id = $1 ORDER BY tie`)
	looseTiesSQL = db.SQL(`DELETE FROM session_tie WHERE tie = $1 AND session_id NOT IN (SELECT id FROM session)`)
	tiedSQL      = db.SQL(`SELECT s.id, s.person_id FROM session_tie t JOIN session s ON s.id = t.session_id WHERE t.tie = $1 ORDER BY s.id`)
)

// Enter begins a session for somebody who has shown otherwise who they are: with a telephone and
// its PIN, or at another system. ties name what the session hangs on, see EndTied. A person whose
// time has ended is person.ended.
func (s *Service) Enter(ctx context.Context, personID string, o Origin, ties ...string) (token string, a Actor, err error) {
	if token, a, err = s.open(ctx, personID, o, source{}); err != nil {
		return "", Actor{}, err
	}
	// Nobody has the token yet, so nobody can have used a session without its ties.
	err = s.DB.Write(ctx, db.Keys{personKey(personID)}, func(ctx context.Context, tx *db.Tx) error {
		for _, tie := range ties {
			if err := tx.Queue(ctx, looseTiesSQL, tie); err != nil {
				return err
			}
			if n, err := tx.Exec(ctx, insertTieSQL, tie, a.Session, s.Now()); err != nil || n == 0 {
				return or(err, fault.New(fault.Unauthenticated, "session.none"))
			}
		}
		return nil
	})
	if err != nil {
		return "", Actor{}, err
	}
	return token, a, nil
}

// Ties returns what a session hangs on.
func (s *Service) Ties(ctx context.Context, session string) (ties []string, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		ties, err = ids(ctx, tx, tiesSQL, session)
		return err
	})
	return ties, err
}

// EndTied ends every session that hangs on tie, and tells how many those were. by is who ends them,
// "" for another system.
func (s *Service) EndTied(ctx context.Context, by, tie string) (n int, err error) {
	err = s.DB.Write(ctx, db.Keys{"tie/" + tie}, func(ctx context.Context, tx *db.Tx) error {
		n, err = s.endTied(ctx, tx, by, tie)
		return err
	})
	return n, err
}

func (s *Service) endTied(ctx context.Context, tx *db.Tx, by, tie string) (int, error) {
	all, err := db.Collect(ctx, tx, tiedSQL, []any{tie}, func(r db.Rows) (x [2]string, err error) { return x, r.Scan(&x[0], &x[1]) })
	if err != nil {
		return 0, err
	}
	for _, x := range all {
		p, err := personByID(ctx, tx, x[1])
		if err != nil {
			return 0, err
		}
		if err := tx.Queue(ctx, deleteOneSQL, p.ID, x[0]); err != nil {
			return 0, err
		}
		s.forget(tx, x[1])
		if err := s.note(ctx, tx, s.NewID(), p.Jurisdiction, p.ID, "session.closed", by, nil); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}
