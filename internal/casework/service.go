package casework

import (
	"context"
	"sync"
	"time"

	"gezhi/internal/blob"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/id"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/record"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// Service is the use cases of cases. Its fields are the wiring; all but OnMove, Lookup,
// Saw and Wake must be set.
type Service struct {
	DB       *db.DB
	Now      clock.Now
	ID       id.Source
	World    *World
	Calendar func(jurisdiction string) worktime.Calendar // working time there
	Book     *Book
	// Soon is until when a case counts as due soon: the end of the next working day.
	Soon     func(jurisdiction string, now time.Time) time.Time
	TaskLife *workflow.Life // of parts that are answered rather than lived
	TaskPack *pack.Pack     // the pack that gives it: its words
	// Nature is what cases of a jurisdiction are: sample where all of it is.
	Nature func(jurisdiction string) string

	// Seed gives the seeds of samples; nil is ID.
	Seed id.Source
	// Vault seals what belongs to somebody.
	Vault *privacy.Vault
	// Erased hears, inside its transaction, that personal values of a case were erased; nil is nobody.
	Erased func(ctx context.Context, tx *db.Tx, c *Case) error
	// Files keeps the bytes of evidence.
	Files blob.Store

	// OnMove hears of every move inside its transaction, in order. An error fails the act.
	OnMove []func(ctx context.Context, tx *db.Tx, m *Move, c *Case) error
	// Lookup reads a dated table of the case's pack.
	Lookup func(ctx context.Context, tx *db.Tx, c *Case, table string, args []formula.Value, day string) (formula.Value, error)
	// Records changes records inside a move's transaction.
	Records *record.Service
	// Post carries out, inside a move's transaction, what an effect does to a ledger, and says how
	// much there was not where it takes what there is; nil where no pack has a ledger.
	Post func(ctx context.Context, tx *db.Tx, p Posting) (missing int64, err error)
	// Balance is what an owner ("person/ID" or "household/ID") may spend of a ledger; with lock nobody
	// else changes it before the transaction ends. nil where no pack has a ledger.
	Balance func(ctx context.Context, tx *db.Tx, jurisdiction, ledger, owner string, lock bool) (int64, error)
	// Saw hears, in stories, which conditions of a pack (a *formula.Expr or a *workflow.Need)
	// acts found to hold and which not.
	Saw func(p *pack.Pack, condition any, holds bool)
	// Wake is called after a commit that left something due.
	Wake func()
	// AlsoHears are further topics of the live events of who asks; nil is none.
	AlsoHears func(ctx context.Context) ([]string, error)
	// Slow refuses whoever does something too often; nil: nobody is refused. What people without
	// an office report, and what they do in a case, are paced by it, each for itself.
	Slow func(ctx context.Context, what Doing) error
	// Changed is called after a commit with the cases that changed.
	Changed func(c *Case)

	numbers  numbers
	darkroom darkroom
	said     explanations
	places   placeNames
	// Past, when set, says that what happens is history which is written down now: Now is then a
	// clock set by hand, nobody is told, nothing of an open case falls due or follows by itself,
	// only clocks that end with the case run, and Past is the real clock, which dates the log.
	Past clock.Now
	// Page is how many rows of an export are read at once; 0 means 200.
	Page int
}

// numbers hands out case numbers from blocks, so that no two creates wait for one row.
type numbers struct {
	mu   sync.Mutex
	have map[string]*block
}

type block struct{ next, end int64 }

const blockSize = 100

// number is the next number of a jurisdiction in a year. Gaps are allowed: a block that a
// crash loses is not used again.
func (s *Service) number(ctx context.Context, jurisdiction string, now time.Time) (int64, error) {
	year := now.In(clock.CST).Format("2006")
	key := jurisdiction + "/" + year
	s.numbers.mu.Lock()
	defer s.numbers.mu.Unlock()
	if s.numbers.have == nil {
		s.numbers.have = map[string]*block{}
	}
	b := s.numbers.have[key]
	if b == nil || b.next >= b.end {
		var end int64
		err := s.DB.Write(ctx, db.Keys{"number/" + key}, func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, numberBlock, []any{jurisdiction, "case/" + year, 1 + blockSize, blockSize}, &end)
		})
		if err != nil {
			return 0, err
		}
		b = &block{end - blockSize, end}
		s.numbers.have[key] = b
	}
	n := b.next
	b.next++
	return n, nil
}

// claim takes an idempotency key. done is what an earlier request with the same key and
// body came to; the same key with another body is refused.
func (s *Service) claim(ctx context.Context, tx *db.Tx, person, route, key, body, subject string, now time.Time) (done string, err error) {
	if key == "" {
		return "", nil
	}
	n, err := tx.Exec(ctx, claimKey, person, route, key, body, subject, now)
	if err != nil || n == 1 {
		return "", err
	}
	var c claimed
	if err := tx.Row(ctx, claimedBy, []any{person, route, key}, &c.body, &c.subject); err != nil {
		return "", err
	}
	return c.subject, c.same(body)
}

// claimed is what an earlier request did under an idempotency key.
type claimed struct{ body, subject string }

func scanClaimed(r db.Rows) (c claimed, err error) { return c, r.Scan(&c.body, &c.subject) }

// bodyOf is by what a second request under a key is compared with the first. It is keyed: from
// a bare hash a telephone number in the body could be tried out.
func (s *Service) bodyOf(ctx context.Context, tx *db.Tx, key string, v any) (string, error) {
	if key == "" {
		return "", nil
	}
	return s.Vault.Lookup(ctx, tx, "", "request", hashOf(v))
}

// same refuses a second body under the same key. An older program's hash is not kept.
func (c claimed) same(body string) error {
	if c.body != "" && c.body != body {
		return fault.New(fault.Conflict, "idempotency.other_body")
	}
	return nil
}
