package db

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"gezhi/internal/fault"
)

// Engine is the kind of database behind a DB.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Keys name what a write changes, as "kind/id". Two writes that share a key never overlap.
type Keys []string

// ErrNoRows is what Row.Scan returns when there is no row.
var ErrNoRows = errors.New("db: no rows")

// ErrAgain makes Write run its closure again, in a new transaction without the locks of this one:
// for who finds, holding some, that others must be held before them.
var ErrAgain = errors.New("db: once more")

// DB is an open database of either engine.
type DB struct {
	Engine Engine
	eng    engine
	// Twice makes every closure of Write run once for nothing and then for real, so that
	// tests find closures that cannot bear a second run.
	Twice bool
	// WriteLimit is how long one closure of Write may take; 0 means 10 seconds.
	WriteLimit time.Duration
}

// engine is what SQLite and PostgreSQL do differently.
type engine interface {
	write(ctx context.Context, d *DB, keys Keys, fn func(context.Context, *Tx) error) error
	read(ctx context.Context, fn func(context.Context, *Tx) error) error
	glance(ctx context.Context, fn func(context.Context, *Tx) error) error
	prepare(ctx context.Context, s Stmt) error
	migrate(ctx context.Context) error
	version(ctx context.Context) (int64, error)
	announce(ctx context.Context, texts []string) error
	listen(ctx context.Context, ready func(), heard func(text string)) error
	close() error
}

// Open opens "sqlite:PATH", a bare path, or "postgres://…". It does not migrate.
func Open(ctx context.Context, url string) (*DB, error) {
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		e, err := openPG(ctx, url)
		if err != nil {
			return nil, err
		}
		return &DB{Engine: Postgres, eng: e}, nil
	}
	path := strings.TrimPrefix(url, "sqlite:")
	if path == "" || strings.Contains(path, "://") || strings.ContainsAny(path, "?#\x00") {
		return nil, fault.New(fault.Invalid, "db.bad_url") // a mistyped address, not the name of a file
	}
	e, err := openLite(path)
	if err != nil {
		return nil, err
	}
	return &DB{Engine: SQLite, eng: e}, nil
}

// Close ends all connections; writes that wait are refused.
func (d *DB) Close() error { return d.eng.close() }

// Migrate brings the schema up to this binary's. A database made by a newer binary is
// refused with db.newer.
func (d *DB) Migrate(ctx context.Context) error { return translate(d.eng.migrate(ctx)) }

// Version is the number of the newest migration that the database has.
func (d *DB) Version(ctx context.Context) (int64, error) { return d.eng.version(ctx) }

// Prepare asks the engine to prepare s, and forgets it.
func (d *DB) Prepare(ctx context.Context, s Stmt) error { return d.eng.prepare(ctx, s) }

// MaxAnnouncement is the longest text that Announce carries, in bytes (PostgreSQL's limit).
const MaxAnnouncement = 7999

// Announce tells texts, in their order and in one go, to every process that listens to this
// database, this one included. On SQLite there is nobody else, and nothing is told.
func (d *DB) Announce(ctx context.Context, texts []string) error {
	if len(texts) == 0 {
		return nil
	}
	return translate(d.eng.announce(ctx, texts))
}

// Listen hands every text that is announced to heard, on a connection of its own, until ctx
// ends or the connection does. ready is called once it listens: what was announced before is
// not heard. On SQLite it hears nothing.
func (d *DB) Listen(ctx context.Context, ready func(), heard func(text string)) error {
	return translate(d.eng.listen(ctx, ready, heard))
}

type inTx struct{}

// Write runs fn in a transaction that may change what keys name. fn may run more than
// once; its context carries no cancellation, for on SQLite it shares its transaction with
// others. The caller's context counts only while the write waits for its turn.
func (d *DB) Write(ctx context.Context, keys Keys, fn func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return fault.New(fault.Internal, "db.nested")
	}
	sorted := append(Keys(nil), keys...)
	sort.Strings(sorted)
	return translate(d.eng.write(ctx, d, sorted, fn))
}

type aside struct{}

// Aside marks the context of work that nobody waits for: lanes of jobs, searches, the log. On
// SQLite it goes with the groups of those who wait, and no group waits for more of it.
func Aside(ctx context.Context) context.Context { return context.WithValue(ctx, aside{}, true) }

// Read runs fn over one steady view of the database. fn must be short and must not write.
func (d *DB) Read(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return fault.New(fault.Internal, "db.nested")
	}
	return translate(d.eng.read(ctx, fn))
}

// Glance is a Read for a closure that asks once, with one Query or Together, as a rule: it then
// costs no transaction on PostgreSQL, and its plan is made once for whatever arguments; a question
// whose good plan hangs on them is for Read. Should the closure ask again it runs anew, whole, so
// it sets outer variables as if it had not run before.
func (d *DB) Glance(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return fault.New(fault.Internal, "db.nested")
	}
	return translate(d.eng.glance(ctx, fn))
}

// within is the context that a closure of Write gets.
func within(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), inTx{}, true)
}

// Tx is a transaction in progress. It belongs to one goroutine.
type Tx struct {
	conn   conn
	after  []func()
	failed error // first engine error; the transaction cannot commit after it
	until  time.Time
}

// conn is one connection with an open transaction.
type conn interface {
	exec(ctx context.Context, s Stmt, args []any) (int64, error)
	query(ctx context.Context, s Stmt, args []any) (Rows, error)
	queue(ctx context.Context, s Stmt, args []any) error
	together(ctx context.Context, asks []Ask) error
}

// Rows are the rows of a query. Close them before the next statement.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

func (t *Tx) ready() error {
	if t.failed != nil {
		return t.failed
	}
	if !t.until.IsZero() && time.Now().After(t.until) {
		t.failed = fault.New(fault.Unavailable, "db.too_long")
		return t.failed
	}
	return nil
}

func (t *Tx) note(err error, s Stmt) error {
	if err != nil {
		err = fmt.Errorf("%w in %.80s", err, strings.Join(strings.Fields(string(s)), " "))
		t.failed = err
	}
	return err
}

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(ctx context.Context, s Stmt, args ...any) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	n, err := t.conn.exec(ctx, s, bind(args))
	return n, t.note(err, s)
}

// Queue runs a statement whose result nobody needs. PostgreSQL sends it together with the
// next statement or the commit, so that it costs no round trip of its own; an error then
// fails the transaction.
func (t *Tx) Queue(ctx context.Context, s Stmt, args ...any) error {
	if err := t.ready(); err != nil {
		return err
	}
	return t.note(t.conn.queue(ctx, s, bind(args)), s)
}

// Query runs a query.
func (t *Tx) Query(ctx context.Context, s Stmt, args ...any) (Rows, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	rows, err := t.conn.query(ctx, s, bind(args))
	if err != nil {
		return nil, t.note(err, s)
	}
	return rows, nil
}

// Ask is a query that travels with others; see Together.
type Ask struct {
	Stmt Stmt
	Args []any
	Scan func(Rows) error // called for each row; it must not use the transaction
	// Unless says, once the asks before it are answered, that this one is of no use. Where all
	// travel at once it is not asked.
	Unless func() bool
}

// Together runs queries that do not need each other's answers, and scans their rows in the
// order of the asks. On PostgreSQL all travel at once.
func (t *Tx) Together(ctx context.Context, asks ...Ask) error {
	if err := t.ready(); err != nil {
		return err
	}
	for i := range asks {
		asks[i].Args = bind(asks[i].Args)
	}
	if err := t.conn.together(ctx, asks); err != nil {
		return t.note(err, asks[0].Stmt)
	}
	return nil
}

// Into makes the Scan of an Ask that collects rows into all.
func Into[T any](all *[]T, scan func(Rows) (T, error)) func(Rows) error {
	*all = nil
	return func(r Rows) error {
		v, err := scan(r)
		if err == nil {
			*all = append(*all, v)
		}
		return err
	}
}

// Row runs a query for one row and scans it; no row is ErrNoRows.
func (t *Tx) Row(ctx context.Context, s Stmt, args []any, dest ...any) error {
	rows, err := t.Query(ctx, s, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return t.note(err, s)
		}
		return ErrNoRows
	}
	return rows.Scan(dest...)
}

// AfterCommit runs f once the transaction is durable. Use it for live events only: a crash
// may come between the two.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Collect runs a query and scans each row with scan.
func Collect[T any](ctx context.Context, t *Tx, s Stmt, args []any, scan func(Rows) (T, error)) ([]T, error) {
	rows, err := t.Query(ctx, s, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, t.note(rows.Err(), s)
}
