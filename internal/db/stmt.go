package db

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Stmt is one SQL text that runs on both engines.
type Stmt string

var (
	stmtsMu sync.Mutex
	stmts   = map[Stmt]bool{}
)

// SQL declares a statement. Declare statements as package variables: a test prepares every
// declared statement on both engines.
func SQL(text string) Stmt {
	stmtsMu.Lock()
	defer stmtsMu.Unlock()
	stmts[Stmt(text)] = true
	return Stmt(text)
}

// either parts the two texts of a statement: a character that no SQL holds.
const either = "\x00"

// Either is one statement in two texts that mean the same, for the few things that the engines do
// not share: full-text search, locks on rows, and how ranges of indexes are merged.
func Either(sqlite, postgres string) Stmt { return Stmt(sqlite + either + postgres) }

// On is the text for an engine.
func (s Stmt) On(e Engine) Stmt {
	i := strings.IndexByte(string(s), either[0])
	switch {
	case i < 0:
		return s
	case e == SQLite:
		return s[:i]
	}
	return s[i+1:]
}

// Statements returns every declared statement, sorted.
func Statements() []Stmt {
	stmtsMu.Lock()
	defer stmtsMu.Unlock()
	all := make([]Stmt, 0, len(stmts))
	for s := range stmts {
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}

// unit separates packed columns: a character that no id, code, name or number holds.
const unit = "\x1f"

// Pack joins columns into one: both drivers take longer over many columns than over long ones.
// Only for columns that hold nothing people write; none may be NULL.
func Pack(columns ...string) string {
	return "concat_ws('" + unit + "', " + strings.Join(columns, ", ") + ")"
}

// Unpack reads what Pack joined into *string and *int64, in the order of the columns.
func Unpack(packed string, dest ...any) error {
	for i, d := range dest {
		one, rest, more := strings.Cut(packed, unit)
		if more == (i == len(dest)-1) {
			return fmt.Errorf("db: other than %d columns packed", len(dest))
		}
		switch d := d.(type) {
		case *string:
			*d = one
		case *int64:
			n, err := strconv.ParseInt(one, 10, 64)
			if err != nil {
				return fmt.Errorf("db: packed column %d: %w", i, err)
			}
			*d = n
		default:
			return fmt.Errorf("db: packed column %d cannot go into %T", i, d)
		}
		packed = rest
	}
	return nil
}

// Ms is how a moment is stored: milliseconds UTC, 0 for none.
func Ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the moment behind stored milliseconds; 0 is the zero time.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// bind turns what Go code holds into what both engines store.
func bind(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case time.Time:
			args[i] = Ms(v)
		case bool:
			args[i] = int64(0)
			if v {
				args[i] = int64(1)
			}
		case []byte:
			args[i] = string(v)
		}
	}
	return args
}
