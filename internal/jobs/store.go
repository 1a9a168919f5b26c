package jobs

import (
	"context"
	"encoding/json"
	"time"

	"gezhi/internal/db"
)

// messageDue is what is due at $1. Where a clock stood wrong, moments lie behind $2.
const messageDue = `state = 'waiting' AND (due_at <= $1 OR due_at > $2 AND (attempts > 0 OR due_at = made_at)) AND (lease_until < $1 OR lease_until > $2)`

var (
	setTimer = db.SQL(`INSERT INTO timer (kind, ref, jurisdiction, due_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, ref) DO UPDATE SET due_at = excluded.due_at, attempts = 0, lease_until = 0, error = ''`)
	hasten = db.SQL(`INSERT INTO timer (kind, ref, jurisdiction, due_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, ref) DO UPDATE SET due_at = excluded.due_at WHERE timer.due_at > excluded.due_at`)
	dropTimer   = db.SQL(`DELETE FROM timer WHERE kind = $1 AND ref = $2`)
	claimTimers = db.SQL(`UPDATE timer SET lease_until = $2, attempts = attempts + 1
		WHERE (lease_until < $1 OR lease_until > $4) AND (kind, ref) IN
			(SELECT kind, ref FROM timer WHERE due_at <= $1 AND (lease_until < $1 OR lease_until > $4) ORDER BY due_at, kind, ref LIMIT $3)
		RETURNING kind, ref, jurisdiction, due_at, attempts`)
	failTimer = db.SQL(`UPDATE timer SET lease_until = $3, error = $4 WHERE kind = $1 AND ref = $2`)
	nextTimer = db.SQL(`SELECT due_at, kind || '/' || ref FROM timer WHERE lease_until < $1 ORDER BY due_at, kind, ref LIMIT 1`)

	postMessage = db.SQL(`INSERT INTO outbox (id, jurisdiction, topic, subject, body, due_at, state, made_at) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7)`)
	// $5 are topics whose messages are written out and not claimed: ",one,another,".
	claimMessages = db.SQL(`UPDATE outbox SET lease_until = $4, attempts = attempts + 1
		WHERE (lease_until < $1 OR lease_until > $2) AND id IN (SELECT id FROM outbox WHERE ` + messageDue + ` AND $5 NOT LIKE '%,' || topic || ',%' ORDER BY due_at, id LIMIT $3)
		RETURNING id, jurisdiction, topic, subject, body, due_at, attempts, state, error, made_at`)
	anyTimer     = db.SQL(`SELECT kind FROM timer WHERE due_at <= $1 AND (lease_until < $1 OR lease_until > $2) LIMIT 1`)
	dueMessages  = db.SQL(`SELECT id, jurisdiction, topic, subject, body, due_at, attempts, state, error, made_at FROM outbox WHERE ` + messageDue + ` ORDER BY due_at, id LIMIT $3`)
	dueIDs       = db.SQL(`SELECT id FROM outbox WHERE ` + messageDue + ` ORDER BY due_at, id LIMIT $3`)
	notWritten   = db.SQL(`UPDATE outbox SET state = $2, due_at = $3, error = $4, attempts = attempts + 1 WHERE id = $1 AND state = 'waiting'`)
	doneMessage  = db.SQL(`UPDATE outbox SET state = 'done', done_at = $2, error = '' WHERE id = $1`)
	failMessage  = db.SQL(`UPDATE outbox SET state = $2, due_at = $3, error = $4, lease_until = 0 WHERE id = $1`)
	nextMessage  = db.SQL(`SELECT due_at, id FROM outbox WHERE state = 'waiting' AND lease_until < $1 ORDER BY due_at, id LIMIT 1`)
	deadMessage  = db.SQL(`SELECT id, jurisdiction, topic, subject, body, due_at, attempts, state, error, made_at FROM outbox WHERE state = 'dead' AND id = $1 AND jurisdiction = $2`)
	deadMessages = db.SQL(`SELECT id, jurisdiction, topic, subject, body, due_at, attempts, state, error, made_at
		FROM outbox WHERE state = 'dead' AND jurisdiction = $1 AND id > $2 ORDER BY id LIMIT $3`)
	reviveMessage = db.SQL(`UPDATE outbox SET state = 'waiting', attempts = 0, due_at = $3, lease_until = 0 WHERE id = $1 AND jurisdiction = $2 AND state = 'dead'`)
)

// Set puts a timer, or moves the one of the same kind and ref. A zero DueAt removes it.
func Set(ctx context.Context, tx *db.Tx, t Timer) error {
	if t.DueAt.IsZero() {
		return tx.Queue(ctx, dropTimer, t.Kind, t.Ref)
	}
	return tx.Queue(ctx, setTimer, t.Kind, t.Ref, t.Jurisdiction, t.DueAt)
}

// Hasten puts a timer unless it is there and due before.
func Hasten(ctx context.Context, tx *db.Tx, t Timer) error {
	return tx.Queue(ctx, hasten, t.Kind, t.Ref, t.Jurisdiction, t.DueAt)
}

// Post puts a message into the outbox. A zero DueAt means at once.
func Post(ctx context.Context, tx *db.Tx, m Message) error {
	if m.DueAt.IsZero() {
		m.DueAt = m.MadeAt
	}
	return tx.Queue(ctx, postMessage, m.ID, m.Jurisdiction, m.Topic, m.Subject, string(m.Body), m.DueAt, m.MadeAt)
}

func scanTimer(r db.Rows) (t Timer, err error) {
	var due int64
	err = r.Scan(&t.Kind, &t.Ref, &t.Jurisdiction, &due, &t.Attempts)
	t.DueAt = db.Time(due)
	return t, err
}

func scanMessage(r db.Rows) (m Message, err error) {
	var due, made int64
	var body string
	err = r.Scan(&m.ID, &m.Jurisdiction, &m.Topic, &m.Subject, &body, &due, &m.Attempts, &m.State, &m.Error, &made)
	m.Body, m.DueAt, m.MadeAt = json.RawMessage(body), db.Time(due), db.Time(made)
	return m, err
}

// next is the earliest thing that waits: when, and a name that breaks ties.
func next(ctx context.Context, tx *db.Tx, s db.Stmt, now time.Time) (at time.Time, name string, err error) {
	var due int64
	if err = tx.Row(ctx, s, []any{now}, &due, &name); err == db.ErrNoRows {
		return time.Time{}, "", nil
	}
	return db.Time(due), name, err
}
