package db

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgtype"
)

// most is how many queries travel together at most.
const most = 12

// joined are the statements that ask several things at once, by the things asked.
var joined sync.Map // [most]Stmt -> Stmt

// together asks all in one statement: a query of its own costs the server, and the way there,
// more than the few rows that it reads. Each row comes as the number of its ask and a record.
func (c *pgConn) together(ctx context.Context, asks []Ask) error {
	if len(asks) > most {
		return fmt.Errorf("db: %d queries together", len(asks))
	}
	var key [most]Stmt
	var args []any
	for i, a := range asks {
		key[i] = a.Stmt
		args = append(args, a.Args...)
	}
	text, ok := joined.Load(key)
	if !ok {
		text = join(asks)
		joined.Store(key, text)
	}
	rows, err := c.query(ctx, text.(Stmt), args)
	if err != nil {
		return err
	}
	return scanAll(rows, func(r Rows) error {
		raw := r.(*pgRows).RawValues()
		if len(raw) != 2 || len(raw[0]) != 4 {
			return errors.New("db: not a numbered record")
		}
		return asks[binary.BigEndian.Uint32(raw[0])].Scan(record{c.c.TypeMap(), raw[1]})
	})
}

// join puts the texts of asks into one, their arguments in a row. The server reads the parts of
// a UNION ALL one after another, and each in the order it asks for.
func join(asks []Ask) Stmt {
	var b strings.Builder
	before := 0
	for i, a := range asks {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&b, "SELECT %d, ROW(q.*) FROM (%s) q", i, behind(a.Stmt, before))
		before += len(a.Args)
	}
	return Stmt(b.String())
}

// behind is a statement whose arguments stand behind so many others.
func behind(s Stmt, others int) string {
	return argument.ReplaceAllStringFunc(string(s), func(found string) string {
		n, err := strconv.Atoi(strings.TrimPrefix(found, "$"))
		if found[0] != '$' || err != nil {
			return found
		}
		return "$" + strconv.Itoa(n+others)
	})
}

// record is one row inside a row, in the binary form of the protocol: how many fields, and of
// each its type, its length (-1: NULL) and its bytes.
type record struct {
	types *pgtype.Map
	b     []byte
}

// Scan stores the fields of the record.
func (r record) Scan(dest ...any) error {
	b := r.b
	next := func() int32 {
		if len(b) < 4 {
			b = nil
			return -2
		}
		n := int32(binary.BigEndian.Uint32(b))
		b = b[4:]
		return n
	}
	if n := next(); int(n) != len(dest) {
		return fmt.Errorf("db: %d places for %d columns", len(dest), n)
	}
	for i, d := range dest {
		oid, size := uint32(next()), next()
		if size < -1 || int(size) > len(b) {
			return errors.New("db: a record is cut short")
		}
		var v []byte
		if size >= 0 {
			v, b = b[:size:size], b[size:]
		}
		switch d := d.(type) {
		case *string:
			if oid == pgtype.TextOID && size >= 0 {
				*d = string(v)
				continue
			}
		case *int64:
			if oid == pgtype.Int8OID && size == 8 {
				*d = int64(binary.BigEndian.Uint64(v))
				continue
			}
		}
		if err := r.types.Scan(oid, pgtype.BinaryFormatCode, v, d); err != nil {
			return fmt.Errorf("db: column %d: %w", i, err)
		}
	}
	return nil
}

// Next and the rest are the whole row's business.
func (record) Next() bool { return false }

// Err is always nil.
func (record) Err() error { return nil }

// Close does nothing.
func (record) Close() {}
