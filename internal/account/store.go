package account

import (
	"context"
	"time"

	"gezhi/internal/db"
)

var (
	insertPersonSQL = db.SQL(`INSERT INTO person (id, jurisdiction, name, login, password_hash, nature, locale, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (login) WHERE login <> '' DO NOTHING`)
	personByIDSQL = db.SQL(`SELECT id, jurisdiction, name, login, nature, locale, created_at, ended_at, locked_at, one_time_until FROM person WHERE id = $1`)
	secretSQL     = db.SQL(`SELECT p.id, p.password_hash, p.locked_at, p.one_time_until, COALESCE(f.secret, '') FROM person p LEFT JOIN factor f ON f.person_id = p.id
		WHERE p.login = $1 AND p.login <> '' AND p.ended_at = 0`)
	setSecretSQL  = db.SQL(`UPDATE person SET password_hash = $2, one_time_until = $3 WHERE id = $1`)
	upgradeSQL    = db.SQL(`UPDATE person SET password_hash = $3 WHERE id = $1 AND password_hash = $2`)
	lockPersonSQL = db.SQL(`UPDATE person SET locked_at = $2 WHERE id = $1`)
	endPersonSQL  = db.SQL(`UPDATE person SET ended_at = $2, password_hash = '' WHERE id = $1`)

	insertPostSQL = db.SQL(`INSERT INTO post (jurisdiction, id, person_id, role, unit_id, area_id, area_level, seat, valid_from, valid_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	postByIDSQL = db.SQL(`SELECT id, person_id, role, unit_id, area_id, area_level, seat, valid_from, valid_until FROM post WHERE id = $1`)
	postsOfSQL  = db.SQL(`SELECT id, person_id, role, unit_id, area_id, area_level, seat, valid_from, valid_until FROM post
		WHERE person_id = $1 ORDER BY id`)
	endPostSQL  = db.SQL(`UPDATE post SET valid_until = $2 WHERE id = $1`)
	endPostsSQL = db.SQL(`UPDATE post SET valid_until = $2 WHERE person_id = $1 AND (valid_until = 0 OR valid_until > $2)`)

	insertDelegationSQL = db.SQL(`INSERT INTO delegation (id, jurisdiction, post_id, from_person, to_person, valid_from, valid_until, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	delegationByIDSQL = db.SQL(`SELECT id, post_id, from_person, to_person, valid_from, valid_until, recorded_by FROM delegation WHERE id = $1`)
	endDelegationSQL  = db.SQL(`UPDATE delegation SET valid_until = $2 WHERE id = $1`)
	endDelegationsSQL = db.SQL(`UPDATE delegation SET valid_until = $2 WHERE (from_person = $1 OR to_person = $1) AND valid_until > $2`)
	actorsOfPostSQL   = db.SQL(`SELECT to_person FROM delegation WHERE post_id = $1`)
	actorsForSQL      = db.SQL(`SELECT to_person FROM delegation WHERE from_person = $1`)
	actingSQL         = db.SQL(`SELECT d.id, d.valid_from, d.valid_until, h.name,
			p.id, p.person_id, p.role, p.unit_id, p.area_id, p.area_level, p.seat, p.valid_from, p.valid_until
		FROM delegation d JOIN post p ON p.id = d.post_id JOIN person h ON h.id = p.person_id
		WHERE d.to_person = $1 ORDER BY d.id`)

	insertSessionSQL = db.SQL(`INSERT INTO session (token_hash, person_id, created_at, seen_at, expires_at, user_agent, id, addr, strong) VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8)`)
	sessionSQL       = db.SQL(`SELECT id, person_id, created_at, seen_at, expires_at, user_agent, addr, strong FROM session WHERE token_hash = $1`)
	sessionsOfSQL    = db.SQL(`SELECT id, person_id, created_at, seen_at, expires_at, user_agent, addr, strong FROM session
		WHERE person_id = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY created_at, token_hash`)
	seeSessionSQL     = db.SQL(`UPDATE session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2`)
	renewSessionSQL   = db.SQL(`UPDATE session SET token_hash = $3, strong = $4 WHERE person_id = $1 AND id = $2`)
	deleteSessionSQL  = db.SQL(`DELETE FROM session WHERE token_hash = $1`)
	deleteOneSQL      = db.SQL(`DELETE FROM session WHERE person_id = $1 AND id = $2`)
	deleteOthersSQL   = db.SQL(`DELETE FROM session WHERE person_id = $1 AND id <> $2`)
	deleteSessionsSQL = db.SQL(`DELETE FROM session WHERE person_id = $1`)
	deleteExpiredSQL  = db.SQL(`DELETE FROM session WHERE person_id = $1 AND (expires_at <= $2 OR seen_at <= $3)`)

	failuresSQL   = db.SQL(`SELECT failures, last_at FROM login_attempt WHERE source = $1`)
	addFailureSQL = db.SQL(`INSERT INTO login_attempt (source, failures, last_at) VALUES ($1, 1, $2)
		ON CONFLICT (source) DO UPDATE SET failures = login_attempt.failures + 1, last_at = $2`)
	forgetFailuresSQL = db.SQL(`DELETE FROM login_attempt WHERE last_at < $1`)
	forgetSourceSQL   = db.SQL(`DELETE FROM login_attempt WHERE source = $1`)
)

// The rows as they are kept.
func (p Post) row() []any {
	return []any{p.ID, p.PersonID, p.Role, p.UnitID, p.AreaID, int64(p.AreaLevel), string(p.Seat), db.Ms(p.From), db.Ms(p.Until)}
}

func (d Delegation) row() []any {
	return []any{d.ID, d.PostID, d.From, d.To, db.Ms(d.Start), db.Ms(d.Until), d.RecordedBy}
}

// insertPerson reports false when the login is taken.
func insertPerson(ctx context.Context, tx *db.Tx, p Person, hash string) (bool, error) {
	n, err := tx.Exec(ctx, insertPersonSQL, p.ID, p.Jurisdiction, p.Name, p.Login, hash, p.Nature, p.Locale, p.CreatedAt)
	return n == 1, err
}

func personByID(ctx context.Context, tx *db.Tx, id string) (Person, error) {
	var p Person
	var created, ended, locked, oneTime int64
	err := tx.Row(ctx, personByIDSQL, []any{id}, &p.ID, &p.Jurisdiction, &p.Name, &p.Login, &p.Nature, &p.Locale, &created, &ended, &locked, &oneTime)
	p.CreatedAt, p.EndedAt, p.LockedAt, p.OneTimeUntil = db.Time(created), db.Time(ended), db.Time(locked), db.Time(oneTime)
	return p, err
}

// proof is what somebody has to prove who logs in.
type proof struct {
	personID     string
	hash         string // of the password, "" when there is none
	lockedAt     time.Time
	oneTimeUntil time.Time
	factor       bool // a second factor is asked for too
}

// proofOf returns what is asked of whoever logs in as login, or db.ErrNoRows.
func proofOf(ctx context.Context, tx *db.Tx, login string) (p proof, err error) {
	var locked, oneTime int64
	var secret string
	err = tx.Row(ctx, secretSQL, []any{login}, &p.personID, &p.hash, &locked, &oneTime, &secret)
	p.lockedAt, p.oneTimeUntil, p.factor = db.Time(locked), db.Time(oneTime), secret != ""
	return p, err
}

func insertPost(ctx context.Context, tx *db.Tx, jurisdiction string, p Post) error {
	return tx.Queue(ctx, insertPostSQL, append([]any{jurisdiction}, p.row()...)...)
}

// postInto returns where the columns of a post are scanned to, and a function that finishes it.
func postInto(p *Post) (dest []any, finish func()) {
	var level, from, until int64
	var seat string
	return []any{&p.ID, &p.PersonID, &p.Role, &p.UnitID, &p.AreaID, &level, &seat, &from, &until}, func() {
		p.AreaLevel, p.Seat, p.From, p.Until = Level(level), Seat(seat), db.Time(from), db.Time(until)
	}
}

func scanPost(r db.Rows) (Post, error) {
	var p Post
	dest, finish := postInto(&p)
	err := r.Scan(dest...)
	finish()
	return p, err
}

func postByID(ctx context.Context, tx *db.Tx, id string) (Post, error) {
	var p Post
	dest, finish := postInto(&p)
	err := tx.Row(ctx, postByIDSQL, []any{id}, dest...)
	finish()
	return p, err
}

func postsOf(ctx context.Context, tx *db.Tx, personID string) ([]Post, error) {
	return db.Collect(ctx, tx, postsOfSQL, []any{personID}, scanPost)
}

// lent is a delegation with its post, of any time.
type lent struct {
	Acting
	from, until time.Time
}

func lentTo(ctx context.Context, tx *db.Tx, personID string) ([]lent, error) {
	return db.Collect(ctx, tx, actingSQL, []any{personID}, func(r db.Rows) (lent, error) {
		var l lent
		var from, until int64
		dest, finish := postInto(&l.Post)
		err := r.Scan(append([]any{&l.Delegation, &from, &until, &l.HolderName}, dest...)...)
		finish()
		l.from, l.until = db.Time(from), db.Time(until)
		return l, err
	})
}

func insertDelegation(ctx context.Context, tx *db.Tx, jurisdiction string, d Delegation, now time.Time) error {
	return tx.Queue(ctx, insertDelegationSQL, d.ID, jurisdiction, d.PostID, d.From, d.To, d.Start, d.Until, d.RecordedBy, now)
}

func delegationByID(ctx context.Context, tx *db.Tx, id string) (Delegation, error) {
	var d Delegation
	var from, until int64
	err := tx.Row(ctx, delegationByIDSQL, []any{id}, &d.ID, &d.PostID, &d.From, &d.To, &from, &until, &d.RecordedBy)
	d.Start, d.Until = db.Time(from), db.Time(until)
	return d, err
}

// ids collects the first column of a query.
func ids(ctx context.Context, tx *db.Tx, s db.Stmt, args ...any) ([]string, error) {
	return db.Collect(ctx, tx, s, args, func(r db.Rows) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	})
}

func scanSession(r db.Rows) (Session, error) {
	var v Session
	var created, seen, expires, strong int64
	err := r.Scan(&v.ID, &v.PersonID, &created, &seen, &expires, &v.UserAgent, &v.Addr, &strong)
	v.Strong = strong == 1
	v.CreatedAt, v.SeenAt, v.ExpiresAt = db.Time(created), db.Time(seen), db.Time(expires)
	return v, err
}

// sessionByHash returns the session of a token, or db.ErrNoRows.
func sessionByHash(ctx context.Context, tx *db.Tx, hash string) (Session, error) {
	all, err := db.Collect(ctx, tx, sessionSQL, []any{hash}, scanSession)
	if err != nil {
		return Session{}, err
	}
	if len(all) == 0 {
		return Session{}, db.ErrNoRows
	}
	return all[0], nil
}

func failures(ctx context.Context, tx *db.Tx, source string) (n int, last time.Time, err error) {
	var ms int64
	err = tx.Row(ctx, failuresSQL, []any{source}, &n, &ms)
	return n, db.Time(ms), err
}

func addFailure(ctx context.Context, tx *db.Tx, source string, now time.Time) error {
	return tx.Queue(ctx, addFailureSQL, source, now)
}

func forgetFailures(ctx context.Context, tx *db.Tx, before time.Time) error {
	return tx.Queue(ctx, forgetFailuresSQL, before)
}
