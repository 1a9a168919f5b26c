package app

import (
	"context"
	"log/slog"

	"gezhi/internal/casework"
	"gezhi/internal/db"
)

// sealOld seals what an older program kept in clear. Where there is nothing it costs four
// looks into empty indexes.
func (a *App) sealOld(ctx context.Context) error {
	for name, seal := range map[string]func(context.Context) (int, error){"cases": a.Cases.SealOld, "contacts": a.Accounts.SealOld, "groups": a.Notify.SealOld, "records": a.Records.SealOld} {
		n, err := seal(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			slog.Info("personal values sealed", "of", name, "count", n)
		}
	}
	return nil
}

var retainedBefore = db.SQL(`SELECT count(*) FROM retention_run WHERE jurisdiction = $1 AND kind = 'case'`)

// retainOnce goes over the closed cases of a jurisdiction that no round has looked at yet: from
// then on each has a timer of its own.
func (a *App) retainOnce(ctx context.Context, jurisdiction string) error {
	var n int64
	if err := a.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, retainedBefore, []any{jurisdiction}, &n)
	}); err != nil || n > 0 {
		return err
	}
	_, err := a.Cases.Retain(ctx, jurisdiction, false, func(casework.Retired) error { return nil })
	return err
}
