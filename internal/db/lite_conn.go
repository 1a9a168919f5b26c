package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// liteConn is one connection with its prepared statements. It speaks to the engine through
// the low-level binding: database/sql and its drivers box every argument and every value.
type liteConn struct {
	c     *sqlite.Conn
	stmts map[Stmt]*liteStmt
}

// liteStmt is a statement whose arguments have lost their names: the engine would look every
// one of them up at every run.
type liteStmt struct {
	*sqlite.Stmt
	order []int // which argument stands where
	busy  bool  // its rows are being read
}

func (l *lite) connect() (*liteConn, error) {
	c, err := sqlite.OpenConn(l.path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	c.SetBusyTimeout(busyTimeout)
	conn := &liteConn{c: c, stmts: map[Stmt]*liteStmt{}}
	for _, p := range pragmas {
		if _, err := conn.exec(context.Background(), Stmt("PRAGMA "+p), nil); err != nil {
			c.Close()
			return nil, err
		}
	}
	return conn, nil
}

// begin sets what the file itself keeps. The size of a page counts for a new file only, and
// only before its journal: rows of a case are wide, and larger pages split less.
func (c *liteConn) begin() error {
	for _, s := range []Stmt{"PRAGMA page_size = 8192", "PRAGMA journal_mode = WAL"} {
		if _, err := c.exec(context.Background(), s, nil); err != nil {
			return err
		}
	}
	return nil
}

// writable fails on a file that may only be read, which SQLite would open all the same, and
// refuse at the first change. BEGIN IMMEDIATE alone would only read such a file.
func (c *liteConn) writable() error {
	ctx := context.Background()
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	_, err := c.exec(ctx, "CREATE TABLE can_be_written (x)", nil)
	_, undo := c.exec(ctx, "ROLLBACK", nil)
	return errors.Join(err, undo)
}

// close gives the connection back; the last one to go folds the journal into the file.
func (c *liteConn) close() {
	for _, st := range c.stmts {
		st.Finalize()
	}
	c.c.Close()
}

// boundLimit finds limits that are arguments. SQLite plans by the value of such a limit and
// compiles the statement anew at every change of it; an expression it leaves alone.
var boundLimit = regexp.MustCompile(`LIMIT \$(\d+)`)

// argument finds arguments, and texts and comments, in which nothing is one.
var argument = regexp.MustCompile(`'[^']*'|"[^"]*"|--[^\n]*|\$(\d+)`)

// unguarded tells SQLite that a statement which fails need not be undone by itself. It would copy
// every page that one of several rows touches, to be able to; here a failed statement spoils its
// whole transaction.
func unguarded(text string) string {
	for _, verb := range []string{"INSERT", "UPDATE"} {
		if rest, is := strings.CutPrefix(text, verb+" "); is && !strings.HasPrefix(rest, "OR ") {
			return verb + " OR FAIL " + rest
		}
	}
	return text
}

// stmt returns the statement, prepared and with its arguments bound. While rows of it are
// being read, a second run has one of its own, which ends with that run.
func (c *liteConn) stmt(s Stmt, args []any) (st *liteStmt, own bool, err error) {
	if st = c.stmts[s]; st == nil || st.busy {
		own = st != nil
		if st, err = c.prepare(s); err != nil {
			return nil, false, err
		}
		if !own {
			c.stmts[s] = st
		}
	}
	return st, own, st.bind(args)
}

func (c *liteConn) prepare(s Stmt) (*liteStmt, error) {
	st := &liteStmt{}
	text := boundLimit.ReplaceAllString(string(s.On(SQLite)), "LIMIT ($$$1 + 0)")
	text = argument.ReplaceAllStringFunc(text, func(found string) string {
		n, err := strconv.Atoi(strings.TrimPrefix(found, "$"))
		if found[0] != '$' || err != nil {
			return found
		}
		st.order = append(st.order, n-1)
		return "?"
	})
	var err error
	st.Stmt, _, err = c.c.PrepareTransient(unguarded(text))
	return st, err
}

// bind puts arguments where they stand.
func (st *liteStmt) bind(args []any) error {
	for i, at := range st.order {
		if at >= len(args) {
			return fmt.Errorf("db: no argument $%d", at+1)
		}
		if err := st.bindOne(i+1, args[at]); err != nil {
			return err
		}
	}
	return nil
}

func (st *liteStmt) bindOne(at int, a any) error {
	switch a := a.(type) {
	case string:
		st.BindText(at, a)
	case int64:
		st.BindInt64(at, a)
	case bool:
		st.BindBool(at, a)
	case float64:
		st.BindFloat(at, a)
	case []byte:
		st.BindBytes(at, a)
	case nil:
		st.BindNull(at)
	default:
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return err
		}
		if _, is := v.(time.Time); is {
			return fmt.Errorf("db: argument of type %T", a)
		}
		return st.bindOne(at, v)
	}
	return nil
}

func (c *liteConn) exec(_ context.Context, s Stmt, args []any) (int64, error) {
	st, own, err := c.stmt(s, args)
	if err != nil {
		return 0, err
	}
	if own {
		defer st.Finalize()
	}
	for {
		row, err := st.Step()
		if err != nil {
			return 0, err
		}
		if !row {
			break
		}
	}
	n := c.c.Changes()
	return int64(n), st.Reset()
}

func (c *liteConn) queue(ctx context.Context, s Stmt, args []any) error {
	_, err := c.exec(ctx, s, args)
	return err
}

func (c *liteConn) query(_ context.Context, s Stmt, args []any) (Rows, error) {
	st, own, err := c.stmt(s, args)
	if err != nil {
		return nil, err
	}
	st.busy = true
	return &liteRows{st: st, own: own}, nil
}

func (c *liteConn) together(ctx context.Context, asks []Ask) error {
	for _, a := range asks {
		if a.Unless != nil && a.Unless() {
			continue
		}
		rows, err := c.query(ctx, a.Stmt, a.Args)
		if err != nil {
			return err
		}
		if err := scanAll(rows, a.Scan); err != nil {
			return err
		}
	}
	return nil
}

// scanAll scans and closes rows.
func scanAll(rows Rows, scan func(Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

type liteRows struct {
	st  *liteStmt // nil when closed
	own bool      // the statement ends with its rows
	err error
}

func (r *liteRows) Next() bool {
	if r.st == nil || r.err != nil {
		return false
	}
	row, err := r.st.Step()
	if r.err = err; err != nil || !row {
		r.Close()
		return false
	}
	return true
}

func (r *liteRows) Err() error { return r.err }

// Close resets the statement, so that it can run again.
func (r *liteRows) Close() {
	if r.st == nil {
		return
	}
	st := r.st
	r.st = nil
	if r.own {
		st.Finalize()
		return
	}
	st.busy = false
	if err := st.Reset(); r.err == nil {
		r.err = err
	}
}

func (r *liteRows) Scan(dest ...any) error {
	if n := r.st.ColumnCount(); len(dest) != n {
		return fmt.Errorf("db: %d places for %d columns", len(dest), n)
	}
	for i, d := range dest {
		if err := r.st.column(i, d); err != nil {
			return fmt.Errorf("db: column %d: %w", i, err)
		}
	}
	return nil
}

// column stores a column of the row where d points to.
func (st *liteStmt) column(i int, d any) error {
	kind := st.ColumnType(i)
	switch d := d.(type) {
	case *string:
		if kind == sqlite.TypeText {
			*d = st.ColumnText(i)
			return nil
		}
	case *int64:
		if kind == sqlite.TypeInteger {
			*d = st.ColumnInt64(i)
			return nil
		}
	}
	var v any
	switch kind {
	case sqlite.TypeInteger:
		v = st.ColumnInt64(i)
	case sqlite.TypeFloat:
		v = st.ColumnFloat(i)
	case sqlite.TypeText:
		v = st.ColumnText(i)
	case sqlite.TypeBlob:
		b := make([]byte, st.ColumnLen(i))
		st.ColumnBytes(i, b)
		v = b
	}
	if d, is := d.(*any); is {
		*d = v
		return nil
	}
	return assignKind(reflect.ValueOf(d), v)
}

// assignKind stores into types of our own, and into pointers, which take NULL as nil.
func assignKind(d reflect.Value, v any) error {
	to := d.Elem()
	from := reflect.ValueOf(v)
	switch {
	case to.Kind() == reflect.Pointer && v == nil:
		to.SetZero()
		return nil
	case to.Kind() == reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return assignKind(to, v)
	case to.Kind() == reflect.Bool && from.IsValid() && from.CanInt():
		to.SetBool(from.Int() != 0)
		return nil
	case to.CanInt() && from.IsValid() && from.CanInt() && !to.OverflowInt(from.Int()):
		to.SetInt(from.Int())
		return nil
	case to.CanFloat() && from.IsValid() && (from.CanFloat() || from.CanInt()):
		to.Set(from.Convert(to.Type()))
		return nil
	case from.IsValid() && (from.Kind() == reflect.String || from.Type() == bytesType) && (to.Kind() == reflect.String || to.Type() == bytesType):
		to.Set(from.Convert(to.Type()))
		return nil
	}
	return fmt.Errorf("cannot store %T in %s", v, to.Type())
}

var bytesType = reflect.TypeFor[[]byte]()
