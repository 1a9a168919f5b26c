package db

import (
	"cmp"
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"

	"gezhi/internal/fault"
)

// IsUnique reports that err is a broken unique key. The transaction is spoilt: prefer
// INSERT … ON CONFLICT DO NOTHING RETURNING.
func IsUnique(err error) bool {
	if code := sqlite.ErrCode(err); code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintPrimaryKey {
		return true
	}
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Code == "23505"
}

// cannotWrite are the failures of a disk that still can be read: a full quota, a limit on the
// size of files, a share that went away. SQLite knows only ENOSPC as a full disk.
var cannotWrite = map[sqlite.ResultCode]string{sqlite.ResultIOErrWrite: "db.cannot_write", sqlite.ResultIOErrFsync: "db.cannot_write", sqlite.ResultIOErrDirFsync: "db.cannot_write",
	sqlite.ResultIOErrTruncate: "db.cannot_write", sqlite.ResultIOErrSHMSize: "db.cannot_write"}

// outages are failures of the engine that people can be told, by its primary code.
var outages = map[sqlite.ResultCode]string{sqlite.ResultFull: "db.full", sqlite.ResultReadOnly: "db.read_only", sqlite.ResultBusy: "db.locked",
	sqlite.ResultIOErr: "db.broken", sqlite.ResultCorrupt: "db.broken", sqlite.ResultNotADB: "db.broken", sqlite.ResultCantOpen: "db.cannot_open"}

// translate gives an outage of the engine a code that people can be told.
func translate(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fault.Wrap(err, fault.Unavailable, "db.gave_up")
	}
	code := ""
	var pe *pgconn.PgError
	lite := sqlite.ErrCode(err) // ResultError where it is no error of SQLite
	switch {
	case lite != sqlite.ResultError:
		code = cmp.Or(cannotWrite[lite], outages[lite.ToPrimary()])
	case errors.As(err, &pe):
		code = map[string]string{"53100": "db.full", "25006": "db.read_only", "55P03": "db.locked", "57P01": "db.closed", "57P03": "db.closed", "53300": "db.locked"}[pe.Code]
	case pgconn.Timeout(err):
		code = "db.gave_up"
	default:
		var ce *pgconn.ConnectError
		if errors.As(err, &ce) {
			code = "db.cannot_open"
		}
	}
	if code == "" {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, code)
}
