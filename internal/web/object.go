package web

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// Appender is an answer that writes its own JSON, the same that the library would: for answers
// that are asked for all day, of which the library makes a fifth of the work.
type Appender interface {
	AppendJSON(b []byte) []byte
}

// writeJSON writes an answer as it is (no escapes for HTML), ended by a new line.
func writeJSON(w io.Writer, v any) error {
	a, ok := v.(Appender)
	if !ok {
		return huma.DefaultJSONFormat.Marshal(w, v)
	}
	buf := bodies.Get().(*bytes.Buffer)
	buf.Reset()
	b := append(a.AppendJSON(buf.AvailableBuffer()), '\n')
	_, err := w.Write(b)
	if cap(b) <= DefaultMaxBody {
		bodies.Put(bytes.NewBuffer(b))
	}
	return err
}

// Object writes the members of a JSON object behind one another. The zero Object begins nothing;
// Open begins.
type Object struct {
	B    []byte
	more bool
}

// Open begins an object.
func (o *Object) Open() { o.B, o.more = append(o.B, '{'), false }

// Close ends it.
func (o *Object) Close() { o.B, o.more = append(o.B, '}'), true }

// Key begins a member, whose value is then appended to B. Keys are names in the program.
func (o *Object) Key(name string) {
	if o.more {
		o.B = append(o.B, ',')
	}
	o.more = true
	o.B = append(append(append(o.B, '"'), name...), '"', ':')
}

// Text is a member that is a text.
func (o *Object) Text(name, v string) {
	o.Key(name)
	o.B = AppendText(o.B, v)
}

// TextIf is Text unless the text is empty.
func (o *Object) TextIf(name, v string) {
	if v != "" {
		o.Text(name, v)
	}
}

// Int is a member that is a whole number.
func (o *Object) Int(name string, v int64) {
	o.Key(name)
	o.B = strconv.AppendInt(o.B, v, 10)
}

// IntIf is Int unless the number is 0.
func (o *Object) IntIf(name string, v int64) {
	if v != 0 {
		o.Int(name, v)
	}
}

// Bool is a member that is true or false.
func (o *Object) Bool(name string, v bool) {
	o.Key(name)
	o.B = strconv.AppendBool(o.B, v)
}

// BoolIf is Bool unless it is false.
func (o *Object) BoolIf(name string, v bool) {
	if v {
		o.Bool(name, v)
	}
}

// Any is a member of whatever kind.
func (o *Object) Any(name string, v any) {
	o.Key(name)
	o.B = AppendAny(o.B, v)
}

// List is a member that is a list, whose items append themselves to what they are handed.
func List[T any](o *Object, name string, items []T, item func(*Object, *T)) {
	o.Key(name)
	if items == nil {
		o.B = append(o.B, "null"...)
		return
	}
	o.B = append(o.B, '[')
	for i := range items {
		if i > 0 {
			o.B = append(o.B, ',')
		}
		item(o, &items[i])
	}
	o.B, o.more = append(o.B, ']'), true
}

// AppendText appends a JSON text.
func AppendText(b []byte, s string) []byte {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return appendSlowly(b, s)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && (!utf8.ValidString(s) || strings.Contains(s, "\u2028") || strings.Contains(s, "\u2029")) {
		return appendSlowly(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

// AppendAny appends a value of whatever kind.
func AppendAny(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return AppendText(b, v)
	case float64:
		if size := math.Abs(v); v == 0 || size >= 1e-6 && size < 1e21 {
			return strconv.AppendFloat(b, v, 'f', -1, 64)
		}
	}
	return appendSlowly(b, v)
}

// appendSlowly has the library do it. What it cannot write is a defect of the program.
func appendSlowly(b []byte, v any) []byte {
	buf := bytes.NewBuffer(b)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})
}
