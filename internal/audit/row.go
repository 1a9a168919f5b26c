package audit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Row is a row as it was just written: the values of its table's columns in their order; those
// left out at the end are empty.
type Row struct {
	Table  *Table
	Values []any
}

// Ref names rows to be read back: by the key of their table, or by another column (By), which
// may give several. A key that no row has says that the row is deleted.
type Ref struct {
	Table *Table
	By    string
	Key   []any
}

// gone stands for the digest of a row that was deleted.
const gone = "-"

// line writes "table, key, digest".
func (r Row) line(b *strings.Builder, salt, subject string) error {
	key, err := r.Table.keyOf(r.Values, subject)
	if err != nil {
		return err
	}
	writeLine(b, r.Table.Name, key, r.Table.digest(salt, r.Values))
	return nil
}

func writeLine(b *strings.Builder, table, key, digest string) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(table)
	b.WriteByte('\t')
	b.WriteString(key)
	b.WriteByte('\t')
	b.WriteString(digest)
}

// eachLine reads back what writeLine wrote.
func eachLine(wrote string, fn func(table, key, digest string)) {
	for line := range strings.SplitSeq(wrote, "\n") {
		table, rest, _ := strings.Cut(line, "\t")
		key, digest, ok := strings.Cut(rest, "\t")
		if ok {
			fn(table, key, digest)
		}
	}
}

// keyOf is a row's key as lines write it. A row of a case leaves the case out: the leaf's
// subject says it, and no other leaf may name the row.
func (t *Table) keyOf(values []any, subject string) (string, error) {
	parts := make([]string, 0, len(t.Key))
	for i, at := range t.keyAt {
		v := plainText(values[at])
		if i == 0 && t.OfCase {
			if subject != "case/"+v {
				return "", fault.New(fault.Internal, "audit.foreign_row", "table", t.Name)
			}
			continue
		}
		parts = append(parts, url.PathEscape(v))
	}
	return strings.Join(parts, "/"), nil
}

func plainText(v any) string {
	switch v := norm(v).(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprint(v)
}

// norm brings a value to what the database keeps: text, whole number or real number; nil where
// it is empty.
func norm(v any) any {
	switch x := v.(type) {
	case nil:
		return nil
	case string:
		if x == "" {
			return nil
		}
		return x
	case int64:
		if x == 0 {
			return nil
		}
		return x
	case time.Time:
		return norm(db.Ms(x))
	case []byte:
		return norm(string(x))
	case float64:
		if x == 0 {
			return nil
		}
		return x
	case bool:
		if x {
			return int64(1)
		}
		return nil
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		return norm(r.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		return norm(r.Int())
	case reflect.Slice:
		return norm(string(r.Bytes()))
	}
	return v
}

// digest is a salted digest of a row, 192 bits in base64. Columns that are empty or zero do not
// count, so that a column added later leaves the digests of older rows as they are.
func (t *Table) digest(salt string, values []any) string {
	b := make([]byte, 0, 1024)
	b = append(append(append(b, salt...), '\n'), t.Name...)
	for i, v := range values {
		if i == len(t.Columns) {
			break
		}
		v = norm(v)
		if v == nil {
			continue
		}
		b = append(append(append(b, '\n'), t.Columns[i]...), '=')
		switch x := v.(type) {
		case string:
			b = strconv.AppendInt(b, int64(len(x)), 10)
			b = append(append(b, ':'), x...)
		case int64:
			b = strconv.AppendInt(append(b, 'i'), x, 10)
		case float64:
			b = strconv.AppendUint(append(b, 'f'), math.Float64bits(x), 16)
		default:
			b = fmt.Appendf(b, "?%v", x)
		}
	}
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// readBack writes the lines of rows as the transaction sees them now.
func readBack(ctx context.Context, tx *db.Tx, b *strings.Builder, salt, subject string, refs []Ref) error {
	const together = 12
	for len(refs) > 0 {
		some := refs[:min(together, len(refs))]
		refs = refs[len(some):]
		asks := make([]db.Ask, len(some))
		for i, ref := range some {
			stmt, ok := ref.Table.by[ref.By]
			if !ok {
				return fault.New(fault.Internal, "audit.unknown_column", "table", ref.Table.Name, "column", ref.By)
			}
			asks[i] = db.Ask{Stmt: stmt, Args: append([]any(nil), ref.Key...)}
		}
		lines := make([]strings.Builder, len(some))
		for i, ref := range some {
			asks[i].Scan = func(r db.Rows) error {
				values, err := ref.Table.scan(r)
				if err != nil {
					return err
				}
				return Row{ref.Table, values}.line(&lines[i], salt, subject)
			}
		}
		if err := tx.Together(ctx, asks...); err != nil {
			return err
		}
		for i, ref := range some {
			switch {
			case lines[i].Len() > 0:
				if b.Len() > 0 {
					b.WriteByte('\n')
				}
				b.WriteString(lines[i].String())
			case ref.By == "":
				key, err := ref.Table.keyOf(ref.Table.spread(ref.Key), subject)
				if err != nil {
					return err
				}
				writeLine(b, ref.Table.Name, key, gone)
			}
		}
	}
	return nil
}

// spread puts the values of a key where its columns stand.
func (t *Table) spread(key []any) []any {
	out := make([]any, len(t.Columns))
	for i, at := range t.keyAt {
		if i < len(key) {
			out[at] = key[i]
		}
	}
	return out
}

// scan reads a row with all columns that count.
func (t *Table) scan(r db.Rows) ([]any, error) {
	values := make([]any, len(t.Columns))
	dest := make([]any, len(t.Columns))
	for i := range values {
		dest[i] = &values[i]
	}
	return values, r.Scan(dest...)
}

// wholeKeys are the columns of keys that hold whole numbers.
var wholeKeys = map[string]bool{"round": true, "version": true, "from_at": true, "valid_from": true, "stamp": true}

// keyFrom reads back what keyOf wrote.
func (t *Table) keyFrom(key, subject string) []any {
	var out []any
	if t.OfCase {
		out = append(out, strings.TrimPrefix(subject, "case/"))
	}
	for part := range strings.SplitSeq(key, "/") {
		if len(out) == len(t.Key) {
			break
		}
		s, err := url.PathUnescape(part)
		if err != nil {
			s = part // no key that this program wrote
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && wholeKeys[t.Key[len(out)]] {
			out = append(out, n)
			continue
		}
		out = append(out, s)
	}
	return out
}
