package notify

import (
	"context"
	"errors"
	"sort"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

var (
	allDeliveries   = db.SQL(`SELECT ` + deliveryColumns + ` FROM delivery WHERE jurisdiction = $1 AND id < $2 ORDER BY id DESC LIMIT $3`)
	caseDeliveries  = db.SQL(`SELECT ` + deliveryColumns + ` FROM delivery WHERE jurisdiction = $1 AND case_id = $4 AND case_id <> '' AND id < $2 ORDER BY id DESC LIMIT $3`)
	deadDeliveries  = db.SQL(`SELECT ` + deliveryColumns + ` FROM delivery WHERE jurisdiction = $1 AND state IN ('failed', 'dead') AND id > $2 ORDER BY id LIMIT $3`)
	deliveryCase    = db.SQL(`SELECT case_id FROM delivery WHERE id = $1 AND jurisdiction = $2`)
	errNotOperator  = fault.New(fault.Forbidden, "notify.not_an_operator")
	errNoDeadLetter = fault.New(fault.NotFound, "notify.no_dead_letter")
)

// DeliveryStatus is what became of a delivery, as an operator sees it: without its words and
// without the address.
type DeliveryStatus struct {
	ID        string
	Notice    string
	Case      string
	Person    string // "" for a group
	Channel   string
	State     string
	Why       string // code of the last failure
	Attempts  int
	DueAt     time.Time // of the next try, while it waits
	MadeAt    time.Time
	ChangedAt time.Time
}

// Letter is something that was given up: a delivery, or a message of the outbox.
type Letter struct {
	ID       string
	Of       string // "delivery", or the topic of the message
	Subject  string // "case/ID"
	Channel  string // of a delivery
	Person   string // of a delivery
	State    string // failed or dead
	Why      string // code of the last failure; of a message only the log has it
	Attempts int
	MadeAt   time.Time
}

// Deliveries returns the deliveries of the asker's jurisdiction, or of one case there, newest
// first, made before the one with id before; "" begins with the newest.
func (s *Service) Deliveries(ctx context.Context, a Asker, caseID, before string, limit int) (out []DeliveryStatus, err error) {
	if !a.Operator {
		return nil, errNotOperator
	}
	if before == "" {
		before = last
	}
	return known(ctx, s, before, limit, func(before string) ([]DeliveryStatus, error) { return s.deliveries(ctx, a, caseID, before, limit) },
		func(d DeliveryStatus) (string, string) { return d.ID, d.Case })
}

func (s *Service) deliveries(ctx context.Context, a Asker, caseID, before string, limit int) (out []DeliveryStatus, err error) {
	stmt, args := allDeliveries, []any{a.Jurisdiction, before, limit}
	if caseID != "" {
		stmt, args = caseDeliveries, append(args, caseID)
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := db.Collect(ctx, tx, stmt, args, scanRow)
		out = nil
		for _, r := range rows {
			out = append(out, DeliveryStatus{ID: r.ID, Notice: r.Notice, Case: r.Case, Person: r.Person, Channel: r.Channel,
				State: r.State, Why: r.Why, Attempts: r.Attempts, DueAt: r.DueAt, MadeAt: r.MadeAt, ChangedAt: r.ChangedAt})
		}
		return err
	})
	return out, err
}

// caseOf is the case in the subject of a message; "" for what is about something else.
func caseOf(subject string) string {
	id, ok := strings.CutPrefix(subject, "case/")
	if !ok {
		return ""
	}
	return id
}

// DeadLetters returns what was given up in the asker's jurisdiction, oldest first, after the
// one with id after.
func (s *Service) DeadLetters(ctx context.Context, a Asker, after string, limit int) (out []Letter, err error) {
	if !a.Operator {
		return nil, errNotOperator
	}
	return known(ctx, s, after, limit, func(after string) ([]Letter, error) { return s.deadLetters(ctx, a, after, limit) },
		func(l Letter) (string, string) { return l.ID, caseOf(l.Subject) })
}

func (s *Service) deadLetters(ctx context.Context, a Asker, after string, limit int) (out []Letter, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := db.Collect(ctx, tx, deadDeliveries, []any{a.Jurisdiction, after, limit}, scanRow)
		out = nil
		for _, r := range rows {
			l := Letter{ID: r.ID, Of: "delivery", Channel: r.Channel, Person: r.Person, State: r.State, Why: r.Why, Attempts: r.Attempts, MadeAt: r.MadeAt}
			if r.Case != "" {
				l.Subject = "case/" + r.Case
			}
			out = append(out, l)
		}
		return err
	})
	if err != nil || s.Letters == nil {
		return out, err
	}
	messages, err := s.Letters.DeadLetters(ctx, a.Jurisdiction, after, limit)
	for _, m := range messages {
		out = append(out, Letter{ID: m.ID, Of: m.Topic, Subject: m.Subject, State: Dead, Attempts: m.Attempts, MadeAt: m.MadeAt})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out[:min(len(out), limit)], err
}

// aboutLetter is the case that a dead letter is about; "" for none, or where there is no such letter.
func (s *Service) aboutLetter(ctx context.Context, a Asker, letterID string) (caseID string, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, deliveryCase, []any{letterID, a.Jurisdiction}, &caseID)
	})
	if !errors.Is(err, db.ErrNoRows) || s.Letters == nil {
		return caseID, none(err, errNoDeadLetter.Code)
	}
	m, err := s.Letters.DeadLetter(ctx, a.Jurisdiction, letterID)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return "", errNoDeadLetter
	}
	return caseOf(m.Subject), err
}

// Resend gives a dead letter of the asker's jurisdiction its tries back, under the same key.
// What is none is notify.no_dead_letter.
func (s *Service) Resend(ctx context.Context, a Asker, letterID string) error {
	if !a.Operator {
		return errNotOperator
	}
	about, err := s.aboutLetter(ctx, a, letterID)
	if err == nil {
		err = s.knows(ctx, about, errNoDeadLetter)
	}
	if err != nil {
		return err
	}
	now, found := s.Now(), false
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		var caseID string
		err := tx.Row(ctx, revive, []any{letterID, a.Jurisdiction, now}, &caseID)
		found = err == nil
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		tx.AfterCommit(s.Wake)
		return s.note(ctx, tx, a, "delivery.resent", letterID, caseID, now)
	})
	if err != nil || found {
		return err
	}
	if s.Letters == nil {
		return errNoDeadLetter
	}
	err = s.Letters.Resend(ctx, a.Jurisdiction, letterID)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return errNoDeadLetter
	}
	return err
}
