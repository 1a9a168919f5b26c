package casework

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/formula"
	"gezhi/internal/jobs"
	"gezhi/internal/workflow"
)

// TimerSample looks, when a month has ended, whether enough was drawn of somebody's acts.
const TimerSample = "sample"

var (
	insertSampled = db.SQL(`INSERT INTO sampled (case_id, jurisdiction, month, worker_id, share, seed, drawn) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`)
	sampledOf     = db.SQL(`SELECT case_id, seed, drawn FROM sampled WHERE jurisdiction = $1 AND worker_id = $2 AND month = $3 ORDER BY case_id`)
	drawCase      = db.SQL(`UPDATE sampled SET drawn = 1 WHERE case_id = $1`)
	drawnOf       = db.SQL(`SELECT count(*) FROM sampled WHERE case_id = $1 AND drawn = 1`)
)

const monthLayout = "2006-01"

// sample draws a share of the acts of an action for a later check by somebody else. The
// seed is kept, so that everybody can draw again and get the same; nobody knows it before
// the act. Where the life wants some of everybody's acts, the month's end draws what lacks.
func (st *state) sample(d *workflow.Action) error {
	share := st.class.SampleOf(d.Name)
	if share.IsZero() {
		return nil
	}
	seed := st.s.ID()
	if st.s.Seed != nil {
		seed = st.s.Seed()
	}
	day := st.now.In(clock.CST)
	month := day.Format(monthLayout)
	if d.Least > 0 && st.move.PersonID != "" {
		ends := time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, clock.CST)
		if err := jobs.Set(st.ctx, st.tx, jobs.Timer{Kind: TimerSample, Ref: st.move.PersonID + "/" + month + "/" + strconv.Itoa(d.Least), Jurisdiction: st.Jurisdiction, DueAt: ends}); err != nil {
			return err
		}
	}
	st.reread = append(st.reread, audit.Ref{Table: audit.Samples, Key: []any{st.ID}})
	return st.tx.Queue(st.ctx, insertSampled, st.ID, st.Jurisdiction, month, st.move.PersonID, share.String(), seed, drawn(seed, share))
}

// drawn decides from a seed alone.
func drawn(seed string, share workflow.Ratio) bool {
	h := sha256.Sum256([]byte("sample/" + seed))
	return binary.BigEndian.Uint64(h[:8])>>1%uint64(share.Den) < uint64(share.Num)
}

// drawLeast draws what a month lacks of somebody's acts: those whose seeds hash lowest, so
// that everybody can draw again and get the same. What was drawn is not drawn again.
func (s *Service) drawLeast(ctx context.Context, t jobs.Timer) error {
	ref := strings.Split(t.Ref, "/")
	worker, month := ref[0], ref[1]
	least, err := strconv.Atoi(ref[2])
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, db.Keys{"sample/" + worker}, func(ctx context.Context, tx *db.Tx) error {
		type act struct {
			id    string
			order [sha256.Size]byte
			drawn bool
		}
		acts, err := db.Collect(ctx, tx, sampledOf, []any{t.Jurisdiction, worker, month}, func(r db.Rows) (a act, err error) {
			var seed string
			var drawn int64
			err = r.Scan(&a.id, &seed, &drawn)
			a.order, a.drawn = sha256.Sum256([]byte("least/"+seed)), drawn == 1
			return a, err
		})
		if err != nil {
			return err
		}
		have := 0
		for _, a := range acts {
			if a.drawn {
				have++
			}
		}
		for ; have < least && have < len(acts); have++ {
			first := -1
			for i, a := range acts {
				if !a.drawn && (first < 0 || bytes.Compare(a.order[:], acts[first].order[:]) < 0) {
					first = i
				}
			}
			acts[first].drawn = true
			if err := tx.Queue(ctx, drawCase, acts[first].id); err != nil {
				return err
			}
			if err := audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: t.Jurisdiction, Subject: "case/" + acts[first].id, Act: "sample.drawn", At: s.Now(),
				Said: map[string]string{"worker": worker, "month": month, "least": ref[2]}, Rows: []audit.Ref{{Table: audit.Samples, Key: []any{acts[first].id}}}}); err != nil {
				return err
			}
		}
		return jobs.Set(ctx, tx, jobs.Timer{Kind: t.Kind, Ref: t.Ref})
	})
}

// sampleValue is what formulas read of the sample.
func (st *state) sampleValue(name string) formula.Value {
	var n int64
	if name != "drawn" || st.fresh || st.tx.Row(st.ctx, drawnOf, []any{st.ID}, &n) != nil {
		return nil
	}
	return n > 0
}

// Sampled tells whether a case was drawn for a later check by somebody else.
func (s *Service) Sampled(ctx context.Context, id string) (bool, error) {
	var n int
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, drawnOf, []any{id}, &n) })
	return n > 0, err
}
