package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"gezhi/internal/fault"
)

// IsUnique reports that err is a broken unique key. The transaction is spoilt: prefer
// INSERT … ON CONFLICT DO NOTHING RETURNING.
func IsUnique(err error) bool {
	var le *sqlite.Error
	if errors.As(err, &le) {
		return le.Code() == lib.SQLITE_CONSTRAINT_UNIQUE || le.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	var pe *pgconn.PgError
	return errors.As(err, &pe) && pe.Code == "23505"
}

// cannotWrite are the failures of a disk that still can be read: a full quota, a limit on the
// size of files, a share that went away. SQLite knows only ENOSPC as a full disk.
var cannotWrite = map[int]string{lib.SQLITE_IOERR_WRITE: "db.cannot_write", lib.SQLITE_IOERR_FSYNC: "db.cannot_write", lib.SQLITE_IOERR_DIR_FSYNC: "db.cannot_write",
	lib.SQLITE_IOERR_TRUNCATE: "db.cannot_write", lib.SQLITE_IOERR_SHMSIZE: "db.cannot_write"}

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
	var le *sqlite.Error
	var pe *pgconn.PgError
	switch {
	case errors.As(err, &le):
		if code = cannotWrite[le.Code()]; code != "" {
			break
		}
		code = map[int]string{lib.SQLITE_FULL: "db.full", lib.SQLITE_READONLY: "db.read_only", lib.SQLITE_BUSY: "db.locked",
			lib.SQLITE_IOERR: "db.broken", lib.SQLITE_CORRUPT: "db.broken", lib.SQLITE_NOTADB: "db.broken", lib.SQLITE_CANTOPEN: "db.cannot_open"}[le.Code()&0xff]
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
