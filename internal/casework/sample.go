package casework

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/workflow"
)

var insertSampled = db.SQL(`INSERT INTO sampled (case_id, jurisdiction, month, worker_id, share, seed, drawn) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`)

// sample draws a share of the acts of an action for a later check by somebody else. The
// seed is kept, so that everybody can draw again and get the same; nobody knows it before
// the act.
func (st *state) sample(d *workflow.Action) error {
	share := st.class.SampleOf(d.Name)
	if share.IsZero() {
		return nil
	}
	seed := st.s.ID()
	if st.s.Seed != nil {
		seed = st.s.Seed()
	}
	return st.tx.Queue(st.ctx, insertSampled, st.ID, st.Jurisdiction, st.now.In(clock.CST).Format("2006-01"), st.move.PersonID, share.String(), seed, drawn(seed, share))
}

// drawn decides from a seed alone.
func drawn(seed string, share workflow.Ratio) bool {
	h := sha256.Sum256([]byte("sample/" + seed))
	return binary.BigEndian.Uint64(h[:8])>>1%uint64(share.Den) < uint64(share.Num)
}

var drawnOf = db.SQL(`SELECT count(*) FROM sampled WHERE case_id = $1 AND drawn = 1`)

// Sampled tells whether a case was drawn for a later check by somebody else.
func (s *Service) Sampled(ctx context.Context, id string) (bool, error) {
	var n int
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, drawnOf, []any{id}, &n) })
	return n > 0, err
}
