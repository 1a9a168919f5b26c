package casework

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/jobs"
)

// A file ends where it is erased, or where nobody put it on a case for a fortnight: its row stays
// and says so, its bytes go, with all that was made of them.

const (
	// TimerTidy lets files end that nobody needs, and takes away bytes that no row names.
	TimerTidy = "files.tidy"
	// topicUnused is bytes that may have become unused.
	topicUnused = "files.unused"

	loose  = 14 * 24 * time.Hour // a draft on a telephone waits that long
	orphan = 24 * time.Hour      // bytes without a row may still get one for so long
	tidied = 24 * time.Hour      // between two rounds
)

var (
	endFile    = db.SQL(`UPDATE file SET hash = '', name = '', size = 0, width = 0, height = 0, turn = 0, hint = '', hint_key = '', length_ms = 0, ended_at = $2 WHERE id = $1`)
	dropCopies = db.SQL(`DELETE FROM file_copy WHERE file_id = $1`)
	dropLooks  = db.SQL(`DELETE FROM file_look WHERE file_id = $1`)
	looseFiles = db.SQL(`SELECT id, jurisdiction, hash, name, type, size, person_id, case_id, field, at, width, height, turn, hint, hint_key, ended_at, length_ms FROM file
		WHERE case_id = '' AND ended_at = 0 AND at < $1 ORDER BY at LIMIT $2`)
	usesOf = db.SQL(`SELECT count(*) FROM (SELECT id FROM file WHERE hash = $1 AND hash <> '' UNION ALL SELECT file_id FROM file_copy WHERE hash = $1) x`)
)

// end lets files end within a transaction. Salts of what was written about them are destroyed;
// their bytes are taken away after the commit, unless somebody else has handed in the same.
func (s *Service) end(ctx context.Context, tx *db.Tx, act, person string, files []File) error {
	var hashes []string
	for _, f := range files {
		made, err := db.Collect(ctx, tx, copiesOf, []any{f.ID}, scanCopy)
		if err != nil {
			return err
		}
		hashes = append(hashes, f.Hash)
		for _, c := range made {
			hashes = append(hashes, c.hash)
		}
		for _, q := range []db.Stmt{dropCopies, dropLooks} {
			if err := tx.Queue(ctx, q, f.ID); err != nil {
				return err
			}
		}
		if f.HintKey != "" {
			if err := s.Vault.Erase(ctx, tx, f.HintKey); err != nil {
				return err
			}
		}
		if err := tx.Queue(ctx, endFile, f.ID, s.Now()); err != nil {
			return err
		}
		if err := audit.Erased(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: f.Jurisdiction, Subject: "file/" + f.ID, Act: act, Person: person, At: s.Now(),
			Rows: []audit.Ref{{Table: audit.Files, Key: []any{f.ID}}}}); err != nil {
			return err
		}
	}
	if len(files) == 0 {
		return nil
	}
	body, err := json.Marshal(hashes)
	if err != nil {
		return err
	}
	if s.Wake != nil {
		tx.AfterCommit(s.Wake)
	}
	return jobs.Post(ctx, tx, jobs.Message{ID: s.ID(), Jurisdiction: files[0].Jurisdiction, Topic: topicUnused, Subject: "file/" + files[0].ID, Body: body, MadeAt: s.Now()})
}

// dropUnused takes bytes away that no row names any more, unless they were handed in again.
func (s *Service) dropUnused(ctx context.Context, m jobs.Message) error {
	var hashes []string
	if err := json.Unmarshal(m.Body, &hashes); err != nil {
		return err
	}
	for _, h := range hashes {
		if err := s.dropIfUnused(ctx, h, m.MadeAt); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) dropIfUnused(ctx context.Context, hash string, since time.Time) error {
	var uses int64
	err := s.DB.Glance(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, usesOf, []any{hash}, &uses) })
	if err != nil || uses > 0 || hash == "" {
		return err
	}
	return s.Files.Delete(ctx, hash, since)
}

// tidyAgain is one round of tidying up, and sets the next.
func (s *Service) tidyAgain(ctx context.Context, t jobs.Timer) error {
	ended, dropped, err := s.Tidy(ctx)
	if err != nil {
		return err
	}
	slog.Info("files tidied", "ended", ended, "dropped", dropped)
	t.DueAt = s.Now().Add(tidied)
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return jobs.Set(ctx, tx, t) })
}

// TidyDaily sees to it that files are tidied once a day.
func (s *Service) TidyDaily(ctx context.Context) error {
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return jobs.Hasten(ctx, tx, jobs.Timer{Kind: TimerTidy, Ref: "all", DueAt: s.Now().Add(tidied)})
	})
}

// Tidy lets files end that nobody put on a case for a fortnight, and takes away bytes that no row
// has named for a day. It returns how many.
func (s *Service) Tidy(ctx context.Context) (ended, dropped int, err error) {
	for {
		n := 0
		err := s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			files, err := db.Collect(ctx, tx, looseFiles, []any{s.Now().Add(-loose), retentionPage}, scanFile)
			if err != nil {
				return err
			}
			n = len(files)
			return s.end(ctx, tx, "file.let_go", "", files)
		})
		if ended += n; err != nil {
			return ended, 0, err
		}
		if n < retentionPage {
			break
		}
	}
	before := s.Now().Add(-orphan)
	err = s.Files.Each(ctx, func(hash string, putAt time.Time) error {
		if !putAt.Before(before) {
			return nil
		}
		var uses int64
		if err := s.DB.Glance(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, usesOf, []any{hash}, &uses) }); err != nil || uses > 0 {
			return err
		}
		dropped++
		return s.Files.Delete(ctx, hash, before)
	})
	return ended, dropped, err
}

// personalFiles are the files of a case that end with what is erased: those in the fields named,
// and, where its subject has asked for it, all that came with the report.
func (st *state) personalFiles(names []string, all bool) ([]File, error) {
	files, err := db.Collect(st.ctx, st.tx, filesOfCase, []any{st.ID}, scanFile)
	return slices.DeleteFunc(files, func(f File) bool {
		mine := all && (st.isReported(f) || st.isPersonal(f))
		return !f.EndedAt.IsZero() || !mine && !(st.isPersonal(f) && slices.Contains(names, f.Field))
	}), err
}
