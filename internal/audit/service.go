package audit

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

// Asker is somebody who may read the audit of a jurisdiction.
type Asker struct{ Person, Jurisdiction string }

// Service lets auditors read leaves and ask for verifications, and everybody fetch checkpoints
// and proofs.
type Service struct {
	DB      *db.DB
	Now     clock.Now
	NewID   id.Source
	Keep    string // folder of the head that is kept outside the database
	KeyFile string // of the log's key; its public half is looked for beside it
	// May tells who asks, if he may read the audit.
	May func(ctx context.Context) (Asker, error)
	// Name is what a person is called.
	Name func(ctx context.Context, person string) string

	// Derived is what verifications work out again.
	Derived []Deriving

	asked chan string
}

var (
	insertCheck = db.SQL(`INSERT INTO audit_check (id, jurisdiction, person_id, state, asked_at, seen_at) VALUES ($1, $2, $3, 'waiting', $4, $4)`)
	markCheck   = db.SQL(`UPDATE audit_check SET state = $2, done = $3, total = $4, seen_at = $5 WHERE id = $1`)
	endCheck    = db.SQL(`UPDATE audit_check SET state = $2, ended_at = $3, seen_at = $3, report = $4 WHERE id = $1`)
	checksOf    = db.SQL(`SELECT id, person_id, state, done, total, asked_at, seen_at, ended_at, report FROM audit_check WHERE jurisdiction = $1 ORDER BY id DESC LIMIT 20`)
	leavesList  = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE seq > 0 AND seq < $2 AND jurisdiction = $1 ORDER BY seq DESC LIMIT $3`)
	leavesBy    = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE seq > 0 AND seq < $2 AND jurisdiction = $1 AND subject = $4 ORDER BY seq DESC LIMIT $3`)
	leavesWho   = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE seq > 0 AND seq < $2 AND jurisdiction = $1 AND person_id = $4 ORDER BY seq DESC LIMIT $3`)
	// seq < $2 stands first: PostgreSQL takes the type of $2 from where it stands first.
	leavesAct = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE seq < $2 AND seq >= $2 - 200000 AND seq > 0 AND jurisdiction = $1 AND act = $4 ORDER BY seq DESC LIMIT $3`)
	seqOfLeaf = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE id = $1`)
	tellHead  = db.SQL(`SELECT note, at FROM audit_head ORDER BY size DESC LIMIT 1`)
)

// The states of a verification.
const (
	CheckWaiting = "waiting"
	CheckRunning = "running"
	CheckDone    = "done"
	CheckFailed  = "failed"
)

// lostAfter is how long nothing is heard of a verification until its process counts as dead.
const lostAfter = time.Minute

// Check is a verification that somebody asked for.
type Check struct {
	ID, Person, State       string
	Done, Total             int64
	AskedAt, SeenAt, EndsAt time.Time
	Report                  *Report
}

// Public is the public half of the key, from beside the key file; "" where it is not there.
func (s *Service) public() string {
	b, err := os.ReadFile(s.KeyFile + ".pub")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// Ask asks for a verification; it runs in this process, one at a time. One that waits or runs
// already is audit.check_runs.
func (s *Service) Ask(ctx context.Context, a Asker) (string, error) {
	all, err := s.Checks(ctx, a)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if c.State == CheckWaiting || c.State == CheckRunning {
			return "", fault.New(fault.Conflict, "audit.check_runs")
		}
	}
	check := s.NewID()
	if err := s.DB.Write(ctx, db.Keys{"audit/check"}, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, insertCheck, check, a.Jurisdiction, a.Person, s.Now()); err != nil {
			return err
		}
		return Append(ctx, tx, Leaf{ID: s.NewID(), Jurisdiction: a.Jurisdiction, Subject: "log", Act: "log.verified", Person: a.Person, At: s.Now()})
	}); err != nil {
		return "", err
	}
	select {
	case s.asked <- check:
		return check, nil
	default:
		return "", fault.New(fault.Conflict, "audit.check_runs")
	}
}

// Run carries out the verifications that this process is asked for, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case check := <-s.asked:
			if err := s.check(ctx, check); err != nil && ctx.Err() == nil {
				slog.Error("verification", "err", err)
			}
		}
	}
}

// check verifies, and writes down how far it is every second.
func (s *Service) check(ctx context.Context, check string) error {
	last := time.Time{}
	v := &Verifier{DB: s.DB, Public: s.public(), Derived: s.Derived}
	v.Tell = func(p Progress) {
		if now := s.Now(); now.Sub(last) >= time.Second {
			last = now
			if err := s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
				return tx.Queue(ctx, markCheck, check, CheckRunning, p.Done, p.Total, now)
			}); err != nil && ctx.Err() == nil {
				slog.Error("verification", "err", err)
			}
		}
	}
	report, err := &Report{}, error(nil)
	if v.Public != "" {
		err = v.AlsoKept(ctx, s.Keep)
	}
	if err == nil {
		report, err = v.Run(ctx)
	}
	state, text := CheckDone, []byte(nil)
	if err != nil {
		state = CheckFailed
	} else if text, err = json.Marshal(report); err != nil {
		return err
	}
	return errors.Join(err, s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, endCheck, check, state, s.Now(), string(text))
	}))
}

// AlsoKept makes the verification look for the head that is kept in a folder, too.
func (v *Verifier) AlsoKept(ctx context.Context, folder string) error {
	return v.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		head, _, err := current(ctx, tx)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		kept, err := Kept(folder, head.Origin, v.Public)
		if err == nil && kept.Size > 0 {
			v.Since = append(v.Since, kept)
		}
		return err
	})
}

// Checks lists the newest verifications of a jurisdiction.
func (s *Service) Checks(ctx context.Context, a Asker) (all []Check, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, checksOf, []any{a.Jurisdiction}, func(r db.Rows) (c Check, err error) {
			var asked, seen, ended int64
			var report string
			if err = r.Scan(&c.ID, &c.Person, &c.State, &c.Done, &c.Total, &asked, &seen, &ended, &report); err != nil {
				return c, err
			}
			c.AskedAt, c.SeenAt, c.EndsAt = db.Time(asked), db.Time(seen), db.Time(ended)
			if (c.State == CheckWaiting || c.State == CheckRunning) && s.Now().Sub(c.SeenAt) > lostAfter {
				c.State = CheckFailed // its process is gone
			}
			if report != "" {
				c.Report = &Report{}
				err = json.Unmarshal([]byte(report), c.Report)
			}
			return c, err
		})
		return err
	})
	return all, err
}

// Head is the newest signed head, as text and read; none yet is audit.not_begun.
func (s *Service) Head(ctx context.Context) (signed string, c Checkpoint, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var at int64
		if err := tx.Row(ctx, tellHead, nil, &signed, &at); err != nil {
			if errors.Is(err, db.ErrNoRows) {
				err = fault.New(fault.NotFound, "audit.not_begun")
			}
			return err
		}
		c, _, err = current(ctx, tx)
		return err
	})
	return signed, c, err
}

// Consistency proves that the tree of the smaller size is the beginning of the larger one.
// Sizes that the log has not reached are audit.no_such_size.
func (s *Service) Consistency(ctx context.Context, from, to int64) (proof tlog.TreeProof, err error) {
	err = s.reading(ctx, func(c Checkpoint, r tlog.HashReader) error {
		if from < 1 || from > to || to > c.Size {
			return fault.New(fault.Invalid, "audit.no_such_size", "size", c.Size)
		}
		proof, err = tlog.ProveTree(to, from, r)
		return err
	})
	return proof, err
}

// Inclusion proves that the leaf of a number (from 1) is in the tree of a size.
func (s *Service) Inclusion(ctx context.Context, seq, size int64) (proof tlog.RecordProof, err error) {
	err = s.reading(ctx, func(c Checkpoint, r tlog.HashReader) error {
		if seq < 1 || seq > size || size > c.Size {
			return fault.New(fault.Invalid, "audit.no_such_size", "size", c.Size)
		}
		proof, err = tlog.ProveRecord(size, seq-1, r)
		return err
	})
	return proof, err
}

func (s *Service) reading(ctx context.Context, fn func(Checkpoint, tlog.HashReader) error) error {
	return s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, _, err := current(ctx, tx)
		if errors.Is(err, db.ErrNoRows) {
			err = fault.New(fault.NotFound, "audit.not_begun")
		}
		if err != nil {
			return err
		}
		return fn(c, reader(ctx, tx, c))
	})
}
