package app

import (
	"context"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/id"
)

// newestIDs are the greatest ids of the tables that every change, every message and every
// notice writes to.
var newestIDs = []db.Stmt{
	db.SQL(`SELECT COALESCE(MAX(id), '') FROM audit_leaf`),
	db.SQL(`SELECT COALESCE(MAX(id), '') FROM outbox`),
	db.SQL(`SELECT COALESCE(MAX(id), '') FROM notice`),
	db.SQL(`SELECT COALESCE(MAX(id), '') FROM delivery`),
}

// sameAct is longer than an act takes from its leaf to the last id that it makes.
const sameAct = time.Second

// idsAfter is a source of ids that sort after all that the database holds, whatever the
// machine's clock says: histories and inboxes are read in the order of ids, and a clock that was
// set back while the program did not run must not put what is new before what is old.
func idsAfter(ctx context.Context, d *db.DB) (id.Source, error) {
	floor := ""
	err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		floor = ""
		for _, s := range newestIDs {
			var newest string
			if err := tx.Row(ctx, s, nil, &newest); err != nil {
				return err
			}
			floor = max(floor, newest)
		}
		return nil
	})
	return id.After(id.Later(floor, sameAct), time.Now), err
}
