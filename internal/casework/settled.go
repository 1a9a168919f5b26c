package casework

import (
	"context"

	"gezhi/internal/db"
)

var (
	// Identifiers sort by time, so that the newest come first and a page goes on where the last ended.
	settledFirst = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE jurisdiction = $1 AND phase = 'closed' AND kind = 'case' AND parent_id = '' AND merged_into = ''
		AND outcome <> 'duplicate' ORDER BY id DESC LIMIT $2`)
	settledAfter = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE jurisdiction = $1 AND phase = 'closed' AND kind = 'case' AND parent_id = '' AND merged_into = ''
		AND outcome <> 'duplicate' AND id < $3 ORDER BY id DESC LIMIT $2`)
)

// Settled returns a page of closed cases whose class people have lived with to the end, the
// newest first, from the one before after on (all of them for ""). What was closed as a
// duplicate is the other case once more.
func (s *Service) Settled(ctx context.Context, tx *db.Tx, jurisdiction, after string, limit int) ([]*Case, error) {
	if after == "" {
		return db.Collect(ctx, tx, settledFirst, []any{jurisdiction, limit}, scanCase)
	}
	return db.Collect(ctx, tx, settledAfter, []any{jurisdiction, limit, after}, scanCase)
}
