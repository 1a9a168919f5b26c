package notify

import (
	"context"
	"encoding/json"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/jobs"
)

// collect puts a notice among what people are told together at a moment, and sees that
// somebody comes for the oldest of it.
func (s *Service) collect(ctx context.Context, tx *db.Tx, n Notice, people []string, at, now time.Time) error {
	for _, person := range people {
		err := putDelivery(ctx, tx, row{ID: s.ID(), Jurisdiction: n.Jurisdiction, Notice: n.ID, Case: n.Case,
			Person: person, Channel: DigestName, Line: DigestName, State: Waiting, DueAt: at, MadeAt: now, calm: true})
		if err != nil {
			return err
		}
		if err := jobs.Hasten(ctx, tx, jobs.Timer{Kind: DigestTimer, Ref: person, Jurisdiction: n.Jurisdiction, DueAt: at}); err != nil {
			return err
		}
	}
	return nil
}

// setDigest sets a person's timer to the first moment at which something waits for it, or
// removes it.
func (s *Service) setDigest(ctx context.Context, tx *db.Tx, jurisdiction, person string) error {
	var due int64
	if err := tx.Row(ctx, nextLine, []any{person}, &due); err != nil {
		return err
	}
	return jobs.Set(ctx, tx, jobs.Timer{Kind: DigestTimer, Ref: person, Jurisdiction: jurisdiction, DueAt: db.Time(due)})
}

// Digest fires a person's timer: all that has waited for the morning becomes one message.
func (s *Service) Digest(ctx context.Context, t jobs.Timer) error {
	p, err := s.Policy(ctx, t.Jurisdiction)
	if err != nil {
		return err
	}
	langs, err := s.languages(ctx, []string{t.Ref})
	if err != nil {
		return err
	}
	now, of := s.Now(), s.kinds(t.Jurisdiction)
	return s.DB.Write(ctx, db.Keys{"digest/" + t.Ref}, func(ctx context.Context, tx *db.Tx) error {
		lines, err := gathered(ctx, tx, t.Ref, now)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return s.setDigest(ctx, tx, t.Jurisdiction, t.Ref)
		}
		n := Notice{ID: s.ID(), Jurisdiction: t.Jurisdiction, Event: eventDigest, Fallback: p.DigestBy, People: []string{t.Ref}, Lines: lines}
		n.Fallback = usable(n, of)
		channels, next := stage(n.Fallback, 0, of)
		st := stored{Notice: n, turn: n.People, stage: next, madeAt: now, langs: langs}
		if _, err := putNotice(ctx, tx, st, now); err != nil {
			return err
		}
		if err := tx.Queue(ctx, gather, t.Ref, now, n.ID); err != nil {
			return err
		}
		if err := s.send(ctx, tx, st, st.turn, channels, p, now); err != nil {
			return err
		}
		return s.setDigest(ctx, tx, t.Jurisdiction, t.Ref)
	})
}

// gathered returns what waits for a person's digest, oldest first.
func gathered(ctx context.Context, tx *db.Tx, person string, now time.Time) ([]Line, error) {
	bodies, err := db.Collect(ctx, tx, gatheredFor, []any{person, now}, scanText)
	if err != nil {
		return nil, err
	}
	var lines []Line
	for _, b := range bodies {
		var n Notice
		if err := json.Unmarshal([]byte(b), &n); err != nil {
			return nil, err
		}
		lines = append(lines, Line{Case: n.Case, Number: n.Number, Title: n.Title, Titles: n.Titles, Event: n.Event, Did: n.Did, DueAt: n.DueAt})
	}
	return lines, nil
}
