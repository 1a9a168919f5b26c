package feed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gezhi/internal/fault"
	"gezhi/internal/territory"
)

// item is one matter of a feed as it was told.
type item struct {
	line           int
	number         string
	class, channel string
	area           string // names, from the wider to the smaller place
	text           string
	fields         map[string]string
	opened, closed time.Time
	withdrawn      bool
	act            string // by which a line of a history ended
	with           map[string]string
	files          []attached // that came with a mail
}

const (
	longestNumber = 100    // characters of a number there
	longestText   = 10_000 // characters of a cell
	mostText      = 2000   // characters of a case's text; the rest is cut off, and said so
)

// bad is what is wrong with a line.
func bad(line int, path, code string, args ...any) *fault.Place {
	p := &fault.Place{Line: line, Path: path, Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if p.Args == nil {
			p.Args = map[string]any{}
		}
		p.Args[args[i].(string)] = args[i+1]
	}
	return p
}

// read reads a table. A file that is none is refused as territory's imports refuse it; lines
// that cannot be read are places.
func (m *Mapping) read(data []byte, history bool) (items []item, wrong []fault.Place, err error) {
	known := m.columns(history)
	rows, wrong, err := territory.ReadLong(data, longestText, func(heading string) string {
		if h := strings.TrimSpace(heading); slices.Contains(known, h) {
			return h
		}
		return ""
	}, known...)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, r := range rows {
		x, p := m.item(r.Line, func(c string) string { return r.Cells[c] }, history)
		if p == nil && seen[x.number] {
			p = bad(r.Line, m.Number, "feed.number_twice")
		}
		if p != nil {
			wrong = append(wrong, *p)
			continue
		}
		seen[x.number] = true
		items = append(items, x)
	}
	return items, wrong, nil
}

// item reads one line; the place says why it is refused.
func (m *Mapping) item(line int, cell func(string) string, history bool) (x item, wrong *fault.Place) {
	x = item{line: line, number: cell(m.Number), fields: map[string]string{}, with: map[string]string{}}
	if x.number == "" || utf8.RuneCountInString(x.number) > longestNumber || strings.ContainsFunc(x.number, unicode.IsControl) {
		return x, bad(line, m.Number, "feed.bad_number")
	}
	ok := false
	if x.class, ok = m.Class.word(cell(m.Class.Column)); !ok {
		if x.class = cell(m.Class.Column); !classID.MatchString(x.class) {
			return x, bad(line, m.Class.Column, "feed.unknown_class")
		}
	}
	if x.channel, ok = m.Channel.word(cell(m.Channel.Column)); !ok {
		return x, bad(line, m.Channel.Column, "feed.unknown_channel")
	}
	if x.opened, ok = m.moment(cell(m.Opened)); !ok {
		return x, bad(line, m.Opened, "feed.bad_time")
	}
	var said []string
	for _, c := range m.Text {
		if t := strings.TrimSpace(cell(c)); t != "" && !slices.Contains(said, t) {
			said = append(said, t)
		}
	}
	x.text = strings.Join(said, "\n")
	for _, c := range m.Area.Columns {
		x.area += cell(c)
	}
	if p := m.take(line, m.Fields, cell, x.fields); p != nil {
		return x, p
	}
	x.withdrawn = m.Withdrawn.Column != "" && slices.Contains(m.Withdrawn.Values, cell(m.Withdrawn.Column))
	if history {
		wrong = m.ending(&x, cell)
	}
	return x, wrong
}

// ending reads how and when a line of a history ended.
func (m *Mapping) ending(x *item, cell func(string) string) *fault.Place {
	ok := false
	if x.closed, ok = m.moment(cell(m.Closed)); !ok || m.Closed == "" {
		return bad(x.line, m.Closed, "feed.bad_time")
	}
	if x.act, ok = m.Ended.Act.word(cell(m.Ended.Act.Column)); !ok {
		return bad(x.line, m.Ended.Act.Column, "feed.unknown_ending")
	}
	switch {
	case x.opened.IsZero():
		return bad(x.line, m.Opened, "feed.bad_time")
	case x.closed.IsZero():
		return bad(x.line, m.Closed, "feed.not_closed")
	case x.closed.Before(x.opened):
		return bad(x.line, m.Closed, "feed.closed_before_opened")
	}
	return m.take(x.line, m.Ended.With, cell, x.with)
}

// take reads fields; a cell that the mapping lists values for must be one of them.
func (m *Mapping) take(line int, from []Field, cell func(string) string, into map[string]string) *fault.Place {
	for _, f := range from {
		v := cell(f.From.Column)
		if len(f.From.Of) > 0 || f.From.Else != "" {
			w, ok := f.From.word(v)
			if !ok && v != "" {
				return bad(line, f.From.Column, "feed.unknown_value")
			}
			v = w
		}
		into[f.Name] = v
	}
	return nil
}

// serial reads a spreadsheet's number of a moment: days since 1899-12-30, with a fraction.
func serial(cell string, zone *time.Location) (time.Time, bool) {
	n, err := strconv.ParseFloat(cell, 64)
	if err != nil || n < 20000 || n >= 80000 {
		return time.Time{}, false
	}
	days, part := math.Modf(n)
	return time.Date(1899, 12, 30, 0, 0, int(math.Round(part*86400)), 0, zone).AddDate(0, 0, int(days)), true
}

// digests are the parts of what was told, each as a keyed hash: enough to see what changed,
// and nothing to try numbers out on.
func (x *item) digests(key []byte, jurisdiction, source string) map[string]string {
	out := map[string]string{}
	put := func(part, v string) {
		out[part] = hex.EncodeToString(mac(key, "feed", jurisdiction, source, x.number, part, v)[:8])
	}
	put("text", x.text)
	put("class", x.class)
	put("area", x.area)
	for name, v := range x.fields {
		put("field."+name, v)
	}
	return out
}

// mac is a keyed hash of parts, none of which can pass for another.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}
