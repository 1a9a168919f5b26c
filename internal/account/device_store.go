package account

import (
	"context"
	"time"

	"gezhi/internal/db"
)

// deviceColumns ends with the wrong PINs on all telephones of the person that are bound at $2.
const deviceColumns = `SELECT d.id, d.person_id, d.name, d.secret_hash, d.pin_hash, d.rotor, d.next_hash, d.next_pin, d.spent_hash,
	d.bound_at, d.seen_at, d.expires_at, d.ended_at,
	(SELECT COALESCE(SUM(o.wrong), 0) FROM device o WHERE o.person_id = d.person_id AND o.ended_at = 0 AND o.expires_at > $2) FROM device d WHERE `

var (
	insertDeviceSQL = db.SQL(`INSERT INTO device (id, jurisdiction, person_id, invitation_id, name, secret_hash, pin_hash, rotor, bound_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)`)
	deviceByIDSQL = db.SQL(deviceColumns + `d.id = $1`)
	devicesOfSQL  = db.SQL(deviceColumns + `d.person_id = $1 AND d.ended_at = 0 AND d.expires_at > $2 ORDER BY d.bound_at, d.id`)
	wrongPINSQL   = db.SQL(`UPDATE device SET wrong = wrong + 1 WHERE id = $1`)
	wrongOfSQL    = db.SQL(`SELECT COALESCE(SUM(wrong), 0) FROM device WHERE person_id = $1 AND ended_at = 0 AND expires_at > $2`)
	// wrongDevicesSQL finds the telephones that a new invitation replaces.
	wrongDevicesSQL = db.SQL(`SELECT id FROM device WHERE person_id = $1 AND ended_at = 0 AND wrong > 0 ORDER BY id`)
	turnSQL         = db.SQL(`UPDATE device SET wrong = 0, seen_at = $2, expires_at = $3, next_hash = $4, next_pin = $5 WHERE id = $1 AND ended_at = 0 AND secret_hash = $6`)
	promoteSQL      = db.SQL(`UPDATE device SET wrong = 0, seen_at = $2, expires_at = $3, spent_hash = secret_hash, secret_hash = $6, pin_hash = $7,
		next_hash = $4, next_pin = $5 WHERE id = $1 AND ended_at = 0 AND next_hash = $6`)
	endDeviceSQL = db.SQL(`UPDATE device SET ended_at = $2, ended_why = $3 WHERE id = $1 AND ended_at = 0`)
)

func scanDevice(r db.Rows) (d device, err error) {
	var bound, seen, expires, ended int64
	err = r.Scan(&d.ID, &d.PersonID, &d.Name, &d.secret, &d.pin, &d.rotor, &d.next, &d.nextPIN, &d.spent,
		&bound, &seen, &expires, &ended, &d.wrongOfPerson)
	d.BoundAt, d.SeenAt, d.Expires, d.Ended = db.Time(bound), db.Time(seen), db.Time(expires), db.Time(ended)
	return d, err
}

func deviceBy(ctx context.Context, tx *db.Tx, id string, now time.Time) (device, error) {
	all, err := db.Collect(ctx, tx, deviceByIDSQL, []any{id, now}, scanDevice)
	if err != nil {
		return device{}, err
	}
	if len(all) == 0 {
		return device{}, db.ErrNoRows
	}
	all[0].Locked = all[0].wrongOfPerson >= wrongPINs
	return all[0], nil
}
