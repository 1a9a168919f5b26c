package notify

import (
	"context"
	"errors"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
)

// Asker is who asks over HTTP, and what of others' affairs they may see.
type Asker struct {
	Person       string
	Jurisdiction string
	Clerk        bool // sees whom to telephone in the jurisdiction, and marks it done
	Operator     bool // sees deliveries and dead letters of the jurisdiction, and sends again
}

// Note is something that a person finds in the program itself.
type Note struct {
	ID       string
	Notice   string
	Case     string // "" for a digest
	Number   string
	Event    string
	Severity int64
	DueAt    time.Time
	Text     string
	MadeAt   time.Time
	ReadAt   time.Time // zero while unread
}

// Call is somebody to be telephoned.
type Call struct {
	ID       string
	Notice   string
	Case     string
	Person   string // whom
	Number   string // of the case
	Severity int64
	DueAt    time.Time
	Text     string // what to say
	MadeAt   time.Time
	Address  string // telephone number, looked up when the list is read
}

var (
	// A note belongs to a delivery; one planned twice is one.
	insertNote = db.SQL(`INSERT INTO inbox_note (id, jurisdiction, person_id, notice_id, case_id, number, event, severity, due_at, text, made_at)
		SELECT id, jurisdiction, person_id, notice_id, case_id, $2, $3, $4, $5, $6, $7 FROM delivery WHERE id = $1 ON CONFLICT (id) DO NOTHING`)
	noteColumns = `id, notice_id, case_id, number, event, severity, due_at, text, made_at, read_at`
	allNotes    = db.SQL(`SELECT ` + noteColumns + ` FROM inbox_note WHERE person_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`)
	unreadNotes = db.SQL(`SELECT ` + noteColumns + ` FROM inbox_note WHERE person_id = $1 AND id < $2 AND read_at = 0 ORDER BY id DESC LIMIT $3`)
	countUnread = db.SQL(`SELECT COUNT(*) FROM (SELECT id FROM inbox_note WHERE person_id = $1 AND read_at = 0 LIMIT $2) AS few`)
	readNote    = db.SQL(`UPDATE inbox_note SET read_at = $3 WHERE id = $1 AND person_id = $2 AND read_at = 0 RETURNING notice_id`)
	hasNote     = db.SQL(`SELECT id FROM inbox_note WHERE id = $1 AND person_id = $2`)

	insertCall = db.SQL(`INSERT INTO call_task (id, jurisdiction, notice_id, case_id, person_id, number, severity, due_at, text, state, made_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10) ON CONFLICT (id) DO NOTHING`)
	openCalls = db.SQL(`SELECT c.id, c.notice_id, c.case_id, c.person_id, c.number, c.severity, c.due_at, c.text, c.made_at
		FROM call_task c JOIN notice n ON n.id = c.notice_id
		WHERE c.jurisdiction = $1 AND c.state = 'open' AND n.ending <> 'acknowledged' AND c.id > $2 ORDER BY c.id LIMIT $3`)
	doneCall  = db.SQL(`UPDATE call_task SET state = $3, done_at = $4, done_by = $5 WHERE id = $1 AND jurisdiction = $2 AND state = 'open' RETURNING notice_id, case_id, person_id`)
	callCase  = db.SQL(`SELECT case_id FROM call_task WHERE id = $1 AND jurisdiction = $2`)
	callByID  = db.SQL(`SELECT state FROM call_task WHERE id = $1 AND jurisdiction = $2`)
	voidCalls = db.SQL(`UPDATE call_task SET state = 'void', done_at = $2 WHERE notice_id = $1 AND state = 'open'`)
)

// inApp is the channel into the inbox.
type inApp struct{ s *Service }

// Send puts the message into the person's inbox, once.
func (c inApp) Send(ctx context.Context, d Delivery) (Receipt, error) {
	err := c.s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return c.put(ctx, tx, d) })
	return Receipt{Delivered: true}, err
}

func (c inApp) put(ctx context.Context, tx *db.Tx, d Delivery) error {
	c.s.publish(tx, "notes/"+d.Person, d.ID)
	return tx.Queue(ctx, insertNote, d.ID, d.Values["number"], d.Notice.Event, d.Notice.Severity, d.Notice.DueAt, d.Text, d.At)
}

// call is the channel to a clerk who telephones.
type call struct{ s *Service }

// Send asks the clerk on duty to telephone the person, once.
func (c call) Send(ctx context.Context, d Delivery) (Receipt, error) {
	n := d.Notice
	err := c.s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		c.s.publish(tx, "calls/"+d.Jurisdiction, d.ID)
		return tx.Queue(ctx, insertCall, d.ID, d.Jurisdiction, n.ID, n.Case, d.Person, d.Values["number"], n.Severity, n.DueAt, d.Text, d.At)
	})
	return Receipt{}, err
}

func (s *Service) publish(tx *db.Tx, topic, id string) {
	if s.Publish != nil {
		tx.AfterCommit(func() { s.Publish(topic, id) })
	}
}

// last is greater than every id, in every collation.
const last = "z"

// Notes returns a person's notes made before the one with id before, newest first; "" begins
// with the newest.
func (s *Service) Notes(ctx context.Context, person string, unread bool, before string, limit int) (out []Note, err error) {
	stmt := allNotes
	if unread {
		stmt = unreadNotes
	}
	if before == "" {
		before = last
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = db.Collect(ctx, tx, stmt, []any{person, before, limit}, scanNote)
		return err
	})
	return out, err
}

// Unread counts a person's unread notes, up to most.
func (s *Service) Unread(ctx context.Context, person string, most int) (n int, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, countUnread, []any{person, most}, &n)
	})
	return n, err
}

// Read marks a person's note as read; what it speaks of leaves the morning's digest. Reading
// acknowledges nothing. A second time is harmless; another's note is notify.no_note.
func (s *Service) Read(ctx context.Context, person, noteID string) error {
	now := s.Now()
	return s.DB.Write(ctx, db.Keys{"digest/" + person}, func(ctx context.Context, tx *db.Tx) error {
		var notice string
		err := tx.Row(ctx, readNote, []any{noteID, person, now}, &notice)
		if errors.Is(err, db.ErrNoRows) {
			return none(tx.Row(ctx, hasNote, []any{noteID, person}, &notice), "notify.no_note")
		}
		if err != nil {
			return err
		}
		s.publish(tx, "notes/"+person, noteID)
		if err := tx.Queue(ctx, markRead, noteID, now); err != nil {
			return err
		}
		return tx.Queue(ctx, voidLine, notice, person, now)
	})
}

// Calls returns whom to telephone in the asker's jurisdiction, oldest first, after the one
// with id after.
func (s *Service) Calls(ctx context.Context, a Asker, after string, limit int) (out []Call, err error) {
	if !a.Clerk {
		return nil, fault.New(fault.Forbidden, "notify.not_a_clerk")
	}
	out, err = known(ctx, s, after, limit, func(after string) (page []Call, err error) {
		err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			page, err = db.Collect(ctx, tx, openCalls, []any{a.Jurisdiction, after, limit}, scanCall)
			return err
		})
		return page, err
	}, func(c Call) (string, string) { return c.ID, c.Case })
	for i := range out {
		if err == nil && s.Address != nil {
			out[i].Address, err = s.Address(ctx, out[i].Person, CallName)
		}
	}
	return out, err
}

// Called writes down that a person was reached, which stops the chain of the notice, or was
// not, upon which it goes on at once. A task that is no longer open is notify.call_done.
func (s *Service) Called(ctx context.Context, a Asker, callID string, reached bool) error {
	if !a.Clerk {
		return fault.New(fault.Forbidden, "notify.not_a_clerk")
	}
	about := ""
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return none(tx.Row(ctx, callCase, []any{callID, a.Jurisdiction}, &about), "notify.no_call")
	})
	if err == nil {
		err = s.knows(ctx, about, fault.New(fault.NotFound, "notify.no_call"))
	}
	if err != nil {
		return err
	}
	state := "missed"
	if reached {
		state = "reached"
	}
	now := s.Now()
	return s.DB.Write(ctx, db.Keys{"call/" + callID}, func(ctx context.Context, tx *db.Tx) error {
		var notice, caseID, person string
		err := tx.Row(ctx, doneCall, []any{callID, a.Jurisdiction, state, now, a.Person}, &notice, &caseID, &person)
		if errors.Is(err, db.ErrNoRows) {
			if err := none(tx.Row(ctx, callByID, []any{callID, a.Jurisdiction}, &state), "notify.no_call"); err != nil {
				return err
			}
			return fault.New(fault.Conflict, "notify.call_done", "state", state)
		}
		if err != nil {
			return err
		}
		s.publish(tx, "calls/"+a.Jurisdiction, callID)
		if err := s.note(ctx, tx, a, "call."+state, callID, caseID, now); err != nil {
			return err
		}
		if reached {
			if err := tx.Queue(ctx, markRead, callID, now); err != nil {
				return err
			}
			return s.end(ctx, tx, notice, endAcknowledged, person)
		}
		st, err := noticeByID(ctx, tx, notice)
		if err != nil || st.ended {
			return err
		}
		return jobs.Set(ctx, tx, jobs.Timer{Kind: NoticeTimer, Ref: notice, Jurisdiction: st.Jurisdiction, DueAt: now})
	})
}

// note writes an audit leaf about a delivery.
func (s *Service) note(ctx context.Context, tx *db.Tx, a Asker, act, delivery, caseID string, at time.Time) error {
	subject := "delivery/" + delivery
	if caseID != "" {
		subject = "case/" + caseID
	}
	return audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: a.Jurisdiction, Subject: subject, Act: act, Person: a.Person, At: at,
		Said: map[string]string{"delivery": delivery}})
}

// none turns the absence of a row into NotFound.
func none(err error, code string) error {
	if errors.Is(err, db.ErrNoRows) {
		return fault.New(fault.NotFound, code)
	}
	return err
}

func scanNote(r db.Rows) (n Note, err error) {
	var due, made, read int64
	err = r.Scan(&n.ID, &n.Notice, &n.Case, &n.Number, &n.Event, &n.Severity, &due, &n.Text, &made, &read)
	n.DueAt, n.MadeAt, n.ReadAt = db.Time(due), db.Time(made), db.Time(read)
	return n, err
}

func scanCall(r db.Rows) (c Call, err error) {
	var due, made int64
	err = r.Scan(&c.ID, &c.Notice, &c.Case, &c.Person, &c.Number, &c.Severity, &due, &c.Text, &made)
	c.DueAt, c.MadeAt = db.Time(due), db.Time(made)
	return c, err
}
