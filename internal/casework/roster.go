package casework

import (
	"context"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

var dutyPersons = db.SQL(`SELECT area_id, person_id FROM roster WHERE jurisdiction = $1 AND area_id IN ($2, $3, $4, $5, $6, $7, $8)
	AND from_at <= $9 AND until_at > $9 ORDER BY seat, person_id`)

// rota are the persons on the rosters of a case's areas at a moment, by area.
type rota struct {
	of      [8]string
	at      time.Time
	persons map[string][]string
}

// onRoster are the persons on the roster of an area of the case now. All its areas are asked for
// at once, and once: who may do each of many things is read off the same rosters.
func (st *state) onRoster(area string) ([]string, error) {
	if st.rota.persons == nil || st.rota.of != st.Areas || !st.rota.at.Equal(st.now) {
		args, found := []any{st.Jurisdiction}, map[string][]string{}
		for _, a := range st.Areas[1:] {
			args = append(args, a)
		}
		_, err := db.Collect(st.ctx, st.tx, dutyPersons, append(args, st.now), func(r db.Rows) (none struct{}, err error) {
			var area, person string
			err = r.Scan(&area, &person)
			found[area] = append(found[area], person)
			return none, err
		})
		if err != nil {
			return nil, err
		}
		st.rota = rota{st.Areas, st.now, found}
	}
	return st.rota.persons[area], nil
}

// Shift is a time on the duty roster of an area.
type Shift struct {
	Jurisdiction, Area, Person string
	Shift                      string // day, night or holiday; "" is named by the seat
	Seat                       string // clerk, leader, …
	From, Until                time.Time

	id string
}

var insertShift = db.SQL(`INSERT INTO roster (id, jurisdiction, area_id, shift, seat, person_id, from_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)

// PutOnDuty adds a shift to the roster.
func (s *Service) PutOnDuty(ctx context.Context, x Shift) error {
	if !x.From.Before(x.Until) {
		return fault.New(fault.Invalid, "case.bad_value")
	}
	return s.DB.Write(ctx, db.Keys{"roster/" + x.Area}, func(ctx context.Context, tx *db.Tx) error {
		id := s.ID()
		if x.Shift == "" {
			x.Shift = x.Seat
		}
		if err := tx.Queue(ctx, insertShift, id, x.Jurisdiction, x.Area, x.Shift, x.Seat, x.Person, x.From, x.Until); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: id, Jurisdiction: x.Jurisdiction, Subject: "roster/" + x.Area, Act: "roster.added", At: s.Now(), Rows: []audit.Ref{{Table: audit.Rosters, Key: []any{id}}}})
	})
}

var isOnDuty = db.SQL(`SELECT count(*) FROM roster WHERE person_id = $1 AND from_at <= $2 AND until_at > $2`)

// IsOnDuty reports whether somebody is on any roster at a moment.
func (s *Service) IsOnDuty(ctx context.Context, person string, at time.Time) (bool, error) {
	var n int64
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, isOnDuty, []any{person, at}, &n) })
	return n > 0, err
}
