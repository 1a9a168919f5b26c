package feed

import (
	"time"

	"gezhi/internal/db"
)

var (
	insertItem = db.SQL(`INSERT INTO feed_item (jurisdiction, source, foreign_id, first_at, seen_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING`)
	oneItem    = db.SQL(`SELECT foreign_id, case_id, digest, withdrawn, answered_at FROM feed_item WHERE jurisdiction = $1 AND source = $2 AND foreign_id = $3`)
	settleItem = db.SQL(`UPDATE feed_item SET case_id = $4, digest = $5, withdrawn = $6, seen_at = $7 WHERE jurisdiction = $1 AND source = $2 AND foreign_id = $3`)
	seenItem   = db.SQL(`UPDATE feed_item SET seen_at = $4 WHERE jurisdiction = $1 AND source = $2 AND foreign_id = $3`)
	// A case enters the step in which it has an answer when it gets the answer; those that have
	// not moved since their last export cannot have a new one.
	maybeAnswered = db.SQL(`SELECT f.foreign_id, f.case_id, f.digest, f.withdrawn, f.answered_at FROM feed_item f JOIN cases c ON c.id = f.case_id
		WHERE f.jurisdiction = $1 AND f.source = $2 AND f.foreign_id > $3 AND c.phase IN ('rating', 'closed') AND c.entered_at >= f.answered_at ORDER BY f.foreign_id LIMIT 500`)
	answerItem = db.SQL(`UPDATE feed_item SET answered_at = $4 WHERE jurisdiction = $1 AND source = $2 AND foreign_id = $3 AND answered_at < $4`)

	insertAnswer = db.SQL(`INSERT INTO feed_answer (run_id, foreign_id, case_id, answered_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)
	answersOf    = db.SQL(`SELECT foreign_id, case_id, '', 0, answered_at FROM feed_answer WHERE run_id = $1 ORDER BY foreign_id`)

	insertRun = db.SQL(`INSERT INTO feed_run (id, jurisdiction, source, kind, person_id, state, total, began_at, moved_at) VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, $7)`)
	moveRun   = db.SQL(`UPDATE feed_run SET done = $2, total = $3, moved_at = $4 WHERE id = $1`)
	endRun    = db.SQL(`UPDATE feed_run SET state = $2, done = $3, total = $4, report = $5, moved_at = $6 WHERE id = $1`)
	beatRun   = db.SQL(`UPDATE feed_run SET moved_at = $2 WHERE id = $1 AND state = 'running'`)
	cutOff    = db.SQL(`UPDATE feed_run SET state = 'failed', report = $1, moved_at = $2 WHERE state = 'running' AND moved_at < $3`)
	oneRun    = db.SQL(`SELECT id, source, kind, person_id, state, done, total, report, began_at, moved_at FROM feed_run WHERE jurisdiction = $1 AND id = $2`)
	lastRuns  = db.SQL(`SELECT id, source, kind, person_id, state, done, total, report, began_at, moved_at FROM feed_run WHERE jurisdiction = $1 AND source = $2 ORDER BY began_at DESC, id DESC LIMIT $3`)
)

// kept is what is kept of an item.
type kept struct {
	number, caseID, digest string
	withdrawn              bool
	answeredAt             time.Time
}

func scanItem(r db.Rows) (k kept, err error) {
	var withdrawn, at int64
	err = r.Scan(&k.number, &k.caseID, &k.digest, &withdrawn, &at)
	k.withdrawn, k.answeredAt = withdrawn == 1, db.Time(at)
	return k, err
}

func scanRun(r db.Rows) (x Run, err error) {
	var began, moved int64
	var report string
	err = r.Scan(&x.ID, &x.Source, &x.Kind, &x.Person, &x.State, &x.Done, &x.Total, &report, &began, &moved)
	x.BeganAt, x.MovedAt, x.report = db.Time(began), db.Time(moved), report
	return x, err
}
