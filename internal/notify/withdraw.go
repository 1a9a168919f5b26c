package notify

import (
	"context"
	"slices"

	"gezhi/internal/db"
)

var (
	toldOfCase = db.SQL(`SELECT DISTINCT person_id FROM delivery WHERE jurisdiction = $1 AND case_id = $2 AND case_id <> '' AND person_id <> ''`)
	goingOn    = db.SQL(`SELECT id FROM notice WHERE case_id = $1 AND ended_at = 0 ORDER BY id`)
	voidTheirs = db.SQL(`UPDATE delivery SET state = 'void', changed_at = $3 WHERE case_id = $1 AND person_id = $2 AND state = 'waiting'`)
	dropNotes  = db.SQL(`DELETE FROM inbox_note WHERE person_id = $2 AND case_id = $1`)
)

// Withdraw takes back what people were told of a case that is now kept from them: notes in the
// inbox, lines of a digest and what has not left the building. The chase after the case ends; who
// has it now is told anew. kept returns from whom of some people the case is kept.
func (s *Service) Withdraw(ctx context.Context, jurisdiction, caseID string, kept func(ctx context.Context, people []string) ([]string, error)) error {
	var told []string
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		told, err = db.Collect(ctx, tx, toldOfCase, []any{jurisdiction, caseID}, scanText)
		return err
	})
	if err != nil || len(told) == 0 {
		return err
	}
	from, err := kept(ctx, told)
	if err != nil || len(from) == 0 {
		return err
	}
	slices.Sort(from)
	keys := db.Keys{"case/" + caseID}
	for _, p := range from {
		keys = append(keys, "digest/"+p)
	}
	return s.DB.Write(ctx, keys, func(ctx context.Context, tx *db.Tx) error {
		open, err := db.Collect(ctx, tx, goingOn, []any{caseID}, scanText)
		if err != nil {
			return err
		}
		for _, notice := range open {
			if err := s.end(ctx, tx, notice, endAcknowledged, ""); err != nil {
				return err
			}
		}
		now := s.Now()
		for _, p := range from {
			if err := tx.Queue(ctx, voidTheirs, caseID, p, now); err != nil {
				return err
			}
			if err := tx.Queue(ctx, dropNotes, caseID, p); err != nil {
				return err
			}
			s.publish(tx, "notes/"+p, caseID)
		}
		return nil
	})
}

// knows refuses what is about a case of which who asks may not know, as if it were not there.
func (s *Service) knows(ctx context.Context, caseID string, absent error) error {
	if s.Hidden == nil || caseID == "" {
		return nil
	}
	hidden, err := s.Hidden(ctx, []string{caseID})
	if err == nil && hidden[caseID] {
		err = absent
	}
	return err
}

// known fills a page with what who asks may know of. fetch gives the page that follows an
// id, ids the id of an item and of its case.
func known[T any](ctx context.Context, s *Service, from string, limit int, fetch func(from string) ([]T, error), ids func(T) (id, caseID string)) (out []T, err error) {
	for {
		page, err := fetch(from)
		if err != nil || s.Hidden == nil || len(page) == 0 {
			return append(out, page...), err
		}
		var cases []string
		for _, x := range page {
			if _, c := ids(x); c != "" && !slices.Contains(cases, c) {
				cases = append(cases, c)
			}
		}
		hidden, err := s.Hidden(ctx, cases)
		if err != nil {
			return nil, err
		}
		for _, x := range page {
			id, c := ids(x)
			from = id
			if !hidden[c] {
				out = append(out, x)
			}
			if len(out) == limit {
				return out, nil
			}
		}
		if len(page) < limit {
			return out, nil
		}
	}
}
