package notify

import (
	"context"
	"encoding/json"
	"time"

	"gezhi/internal/db"
)

// The states of a delivery.
const (
	Waiting   = "waiting"   // to be sent, or sent again
	Sent      = "sent"      // the other side took it
	Delivered = "delivered" // it is there
	Read      = "read"      // somebody read it, or was reached
	Failed    = "failed"    // refused for good; went on to the next channel
	Dead      = "dead"      // tried too often; went on to the next channel
	Void      = "void"      // no longer needed before it was sent
)

// How the chain of a notice ends.
const (
	endTold         = "told" // nothing to go on for
	endAcknowledged = "acknowledged"
	endExhausted    = "exhausted"
)

const (
	noticeColumns   = `id, jurisdiction, case_id, body, people, asks, stage, round, wait_ms, made_at, ended_at`
	deliveryColumns = `id, jurisdiction, notice_id, case_id, person_id, channel, line, state, why, due_at, attempts, made_at, changed_at`
)

var (
	insertNotice = db.SQL(`INSERT INTO notice (id, jurisdiction, case_id, body, people, asks, stage, wait_ms, made_at, ended_at, ending)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`)
	selectNotice  = db.SQL(`SELECT ` + noticeColumns + ` FROM notice WHERE id = $1`)
	advanceNotice = db.SQL(`UPDATE notice SET stage = $4, round = $5, people = $6
		WHERE id = $1 AND stage = $2 AND round = $3 AND ended_at = 0`)
	endNotice = db.SQL(`UPDATE notice SET ended_at = $2, ending = $3, ended_by = $4 WHERE id = $1 AND ended_at = 0`)
	// hangingOn is what an act of $2 on case $1 ends: chains by their notice, and as '' the lines of a digest.
	hangingOn = db.SQL(`SELECT id FROM notice WHERE case_id = $1 AND ended_at = 0
		UNION ALL SELECT '' FROM delivery WHERE case_id = $1 AND person_id = $2 AND state = 'waiting' AND channel = 'digest' ORDER BY 1`)
	toldPeople  = db.SQL(`SELECT DISTINCT person_id FROM delivery WHERE notice_id = $1 AND person_id <> '' AND person_id NOT LIKE 'group/%'`)
	gatheredFor = db.SQL(`SELECT n.body FROM delivery d JOIN notice n ON n.id = d.notice_id
		WHERE d.person_id = $1 AND d.channel = 'digest' AND d.state = 'waiting' AND d.due_at <= $2 ORDER BY d.id`)

	insertDelivery = db.SQL(`INSERT INTO delivery (id, jurisdiction, notice_id, case_id, person_id, channel, line, state, due_at, made_at, changed_at, calm, attempts)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12) ON CONFLICT (notice_id, person_id, channel) DO NOTHING`)
	dueLines = db.SQL(`SELECT DISTINCT line FROM delivery WHERE state = 'waiting' AND channel <> 'digest' AND due_at <= $1 AND lease_until < $1`)
	recent   = db.SQL(`SELECT CAST(COALESCE(SUM(attempts), 0) AS BIGINT), COALESCE(MIN(tried_at), 0) FROM delivery WHERE line = $1 AND tried_at > $2 AND tried_at > 0`)
	postpone = db.SQL(`UPDATE delivery SET due_at = $3 WHERE line = $1 AND state = 'waiting' AND channel <> 'digest' AND due_at <= $2 AND lease_until < $2`)
	claim    = db.SQL(`UPDATE delivery SET lease_until = $3, attempts = attempts + 1, tried_at = $2
		WHERE lease_until < $2 AND id IN (SELECT id FROM delivery WHERE line = $1 AND state = 'waiting' AND channel <> 'digest' AND due_at <= $2 AND lease_until < $2 ORDER BY calm, due_at, id LIMIT $4)
		RETURNING ` + deliveryColumns)
	nextDue = db.SQL(`SELECT due_at, id FROM delivery WHERE state = 'waiting' AND channel <> 'digest' AND lease_until < $1 ORDER BY due_at, id LIMIT 1`)
	taken   = db.SQL(`UPDATE delivery SET state = $2, ref = $3, why = '', changed_at = $4 WHERE id = $1 AND state IN ('waiting', 'void')`)
	retry   = db.SQL(`UPDATE delivery SET due_at = $2, why = $3, lease_until = 0, changed_at = $4 WHERE id = $1 AND state = 'waiting'`)
	giveUp  = db.SQL(`UPDATE delivery SET state = $2, why = $3, changed_at = $4 WHERE id = $1 AND state = 'waiting'`)
	byRef   = db.SQL(`SELECT ` + deliveryColumns + ` FROM delivery WHERE line = $1 AND ref = $2 AND ref <> '' AND state = 'sent'`)
	report  = db.SQL(`UPDATE delivery SET state = $2, why = $3, changed_at = $4 WHERE id = $1 AND state = 'sent'`)
	revive  = db.SQL(`UPDATE delivery SET state = 'waiting', attempts = 0, due_at = $3, lease_until = 0, changed_at = $3
		WHERE id = $1 AND jurisdiction = $2 AND state IN ('failed', 'dead') RETURNING case_id`)
	markRead   = db.SQL(`UPDATE delivery SET state = 'read', changed_at = $2 WHERE id = $1`)
	voidNotice = db.SQL(`UPDATE delivery SET state = 'void', changed_at = $2 WHERE notice_id = $1 AND state = 'waiting'`)
	voidMine   = db.SQL(`UPDATE delivery SET state = 'void', changed_at = $3 WHERE case_id = $1 AND person_id = $2 AND state = 'waiting' AND channel = 'digest'`)
	voidLine   = db.SQL(`UPDATE delivery SET state = 'void', changed_at = $3 WHERE notice_id = $1 AND person_id = $2 AND state = 'waiting' AND channel = 'digest'`)
	gather     = db.SQL(`UPDATE delivery SET state = 'sent', ref = $3, changed_at = $2 WHERE person_id = $1 AND channel = 'digest' AND state = 'waiting' AND due_at <= $2`)
	nextLine   = db.SQL(`SELECT COALESCE(MIN(due_at), 0) FROM delivery WHERE person_id = $1 AND channel = 'digest' AND state = 'waiting'`)
)

// stored is a notice with how far its chain has come.
type stored struct {
	Notice
	turn   []string // people whose turn it is
	stage  int
	round  int
	wait   time.Duration
	madeAt time.Time
	ended  bool
	chain  bool

	langs map[string]string // of the people about to be told; not kept
}

// row is a delivery as it is kept.
type row struct {
	ID, Jurisdiction, Notice, Case, Person, Channel, Line, State, Why string

	DueAt, MadeAt, ChangedAt time.Time
	Attempts                 int

	calm bool // written only
}

// putNotice writes a notice, and tells whether it is new. Of one that begins no chain that is not
// asked: what follows it is written once by itself.
func putNotice(ctx context.Context, tx *db.Tx, s stored, at time.Time) (bool, error) {
	body, err := json.Marshal(s.Notice)
	if err != nil {
		return false, err
	}
	people, err := json.Marshal(s.turn)
	if err != nil {
		return false, err
	}
	ended, ending := at, endTold
	if s.chain {
		ended, ending = time.Time{}, ""
	}
	row := []any{s.ID, s.Jurisdiction, s.Case, body, people, s.chain, s.stage, s.wait.Milliseconds(), s.madeAt, ended, ending}
	if !s.chain {
		return true, tx.Queue(ctx, insertNotice, row...)
	}
	n, err := tx.Exec(ctx, insertNotice, row...)
	return n == 1, err
}

func noticeByID(ctx context.Context, tx *db.Tx, id string) (s stored, err error) {
	var body, people string
	var asks, wait, made, ended int64
	err = tx.Row(ctx, selectNotice, []any{id}, &s.ID, &s.Jurisdiction, &s.Case, &body, &people, &asks, &s.stage, &s.round, &wait, &made, &ended)
	if err != nil {
		return s, err
	}
	if err = json.Unmarshal([]byte(body), &s.Notice); err == nil {
		err = json.Unmarshal([]byte(people), &s.turn)
	}
	s.chain, s.wait, s.madeAt, s.ended = asks == 1, time.Duration(wait)*time.Millisecond, db.Time(made), ended != 0
	return s, err
}

// moveNotice takes the chain from where old has it to where s has it; false when it has
// moved, or ended, meanwhile.
func moveNotice(ctx context.Context, tx *db.Tx, old, s stored) (bool, error) {
	people, err := json.Marshal(s.turn)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, advanceNotice, s.ID, old.stage, old.round, s.stage, s.round, people)
	return n == 1, err
}

func putDelivery(ctx context.Context, tx *db.Tx, r row) error {
	return tx.Queue(ctx, insertDelivery, r.ID, r.Jurisdiction, r.Notice, r.Case, r.Person, r.Channel, r.Line, r.State, r.DueAt, r.MadeAt, r.calm, r.Attempts)
}

func scanRow(r db.Rows) (d row, err error) {
	var due, made, changed int64
	err = r.Scan(&d.ID, &d.Jurisdiction, &d.Notice, &d.Case, &d.Person, &d.Channel, &d.Line, &d.State, &d.Why, &due, &d.Attempts, &made, &changed)
	d.DueAt, d.MadeAt, d.ChangedAt = db.Time(due), db.Time(made), db.Time(changed)
	return d, err
}

func scanText(r db.Rows) (s string, err error) { err = r.Scan(&s); return s, err }
