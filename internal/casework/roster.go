package casework

import (
	"context"
	"time"

	"gezhi/internal/db"
)

var dutyPersons = db.SQL(`SELECT person_id FROM roster WHERE jurisdiction = $1 AND area_id = $2 AND from_at <= $3 AND until_at > $3 ORDER BY seat, person_id`)

// onDuty are the persons on the roster of an area at a moment.
func (s *Service) onDuty(ctx context.Context, tx *db.Tx, jurisdiction, area string, at time.Time) ([]string, error) {
	return db.Collect(ctx, tx, dutyPersons, []any{jurisdiction, area, at}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
}
