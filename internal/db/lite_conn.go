package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// liteConn is one connection with its prepared statements. It speaks to the driver itself:
// database/sql would lock, copy and convert for every argument and every value.
type liteConn struct {
	c     driver.Conn
	stmts map[Stmt]*liteStmt
	args  []driver.NamedValue // of the statement in progress
}

// liteStmt is a statement whose arguments have lost their names: the driver would look every
// one of them up at every run.
type liteStmt struct {
	driver.Stmt
	order []int // which argument stands where
}

func (l *lite) connect() (*liteConn, error) {
	c, err := l.pool.Driver().Open(l.dsn)
	if err != nil {
		return nil, err
	}
	return &liteConn{c: c, stmts: map[Stmt]*liteStmt{}}, nil
}

// begin sets what the file itself keeps. The size of a page counts for a new file only, and
// only before its journal: rows of a case are wide, and larger pages split less.
func (c *liteConn) begin() error {
	for _, s := range []Stmt{"PRAGMA page_size = 8192", "PRAGMA journal_mode = WAL"} {
		rows, err := c.query(context.Background(), s, nil)
		if err != nil {
			return err
		}
		rows.Close()
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
		st.Close()
	}
	c.c.Close()
}

// boundLimit finds limits that are arguments. SQLite plans by the value of such a limit and
// compiles the statement anew at every change of it; an expression it leaves alone.
var boundLimit = regexp.MustCompile(`LIMIT \$(\d+)`)

// argument finds arguments, and texts and comments, in which nothing is one.
var argument = regexp.MustCompile(`'[^']*'|"[^"]*"|--[^\n]*|\$(\d+)`)

func (c *liteConn) stmt(s Stmt) (*liteStmt, error) {
	if st := c.stmts[s]; st != nil {
		return st, nil
	}
	st := &liteStmt{}
	text := boundLimit.ReplaceAllString(string(s), "LIMIT ($$$1 + 0)")
	text = argument.ReplaceAllStringFunc(text, func(found string) string {
		n, err := strconv.Atoi(strings.TrimPrefix(found, "$"))
		if found[0] != '$' || err != nil {
			return found
		}
		st.order = append(st.order, n-1)
		return "?"
	})
	var err error
	if st.Stmt, err = c.c.Prepare(text); err != nil {
		return nil, err
	}
	c.stmts[s] = st
	return st, nil
}

// bound puts arguments into the form and the order of the driver.
func (c *liteConn) bound(st *liteStmt, args []any) ([]driver.NamedValue, error) {
	c.args = c.args[:0]
	for i, at := range st.order {
		if at >= len(args) {
			return nil, fmt.Errorf("db: no argument $%d", at+1)
		}
		a := args[at]
		switch a.(type) {
		case string, int64, float64, nil:
		default:
			var err error
			if a, err = driver.DefaultParameterConverter.ConvertValue(a); err != nil {
				return nil, err
			}
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args, nil
}

func (c *liteConn) exec(ctx context.Context, s Stmt, args []any) (int64, error) {
	st, err := c.stmt(s)
	if err != nil {
		return 0, err
	}
	named, err := c.bound(st, args)
	if err != nil {
		return 0, err
	}
	r, err := st.Stmt.(driver.StmtExecContext).ExecContext(ctx, named)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (c *liteConn) queue(ctx context.Context, s Stmt, args []any) error {
	_, err := c.exec(ctx, s, args)
	return err
}

func (c *liteConn) query(ctx context.Context, s Stmt, args []any) (Rows, error) {
	st, err := c.stmt(s)
	if err != nil {
		return nil, err
	}
	named, err := c.bound(st, args)
	if err != nil {
		return nil, err
	}
	rows, err := st.Stmt.(driver.StmtQueryContext).QueryContext(ctx, named)
	if err != nil {
		return nil, err
	}
	return &liteRows{rows: rows, values: make([]driver.Value, len(rows.Columns()))}, nil
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
	rows   driver.Rows
	values []driver.Value
	err    error
}

func (r *liteRows) Next() bool {
	if r.rows == nil || r.err != nil {
		return false
	}
	if err := r.rows.Next(r.values); err != nil {
		if !errors.Is(err, io.EOF) {
			r.err = err
		}
		r.Close()
		return false
	}
	return true
}

func (r *liteRows) Err() error { return r.err }

// Close resets the statement, so that it can run again.
func (r *liteRows) Close() {
	if r.rows == nil {
		return
	}
	if err := r.rows.Close(); r.err == nil {
		r.err = err
	}
	r.rows = nil
}

func (r *liteRows) Scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("db: %d places for %d columns", len(dest), len(r.values))
	}
	for i, d := range dest {
		if err := assign(d, r.values[i]); err != nil {
			return fmt.Errorf("db: column %d: %w", i, err)
		}
	}
	return nil
}

// assign stores a value of the driver where d points to.
func assign(d any, v driver.Value) error {
	switch d := d.(type) {
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *any:
		*d = v
		return nil
	}
	return assignKind(reflect.ValueOf(d), v)
}

// assignKind stores into types of our own, and into pointers, which take NULL as nil.
func assignKind(d reflect.Value, v driver.Value) error {
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
