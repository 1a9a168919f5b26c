package replay

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"gezhi/internal/fault"
)

// Row is one line of a history that can be replayed.
type Row struct {
	Line                int // in the file, the header being 1
	ID, Class, Channel  string
	State               string // waiting, working, duplicate or an outcome
	Unit                string // "": the file does not say
	Area                []string
	Text                string
	Opened, Due, Closed time.Time // Due and Closed are zero where there is none
	Of                  string    // id of the row it repeats
	Returns             int
	LonE7, LatE7        int64
	Located             Located
	open                bool // the file does not say that it ended
	caseID              string
	ended, merged       bool // in the engine
}

// Located tells how well a row knows its place.
type Located int

// From none to good. A point with whole degrees only is a rounding defect, not a place: it
// is dropped, and the row is placed by its area alone.
const (
	Nowhere Located = iota
	Coarse
	Exact
)

// Refusal is a line that is not replayed, and why.
type Refusal struct {
	Line   int
	Reason string
}

// The reasons to refuse a line. A missing due time is none.
const (
	Unreadable         = "unreadable"           // broken quotes, or another number of columns
	BadID              = "bad_id"               // empty, longer than 100 characters, or no text
	IDTwice            = "id_twice"             // the first line of that id counts
	NoClass            = "no_class"             //
	UnknownChannel     = "unknown_channel"      // not in the mapping
	UnknownStatus      = "unknown_status"       // not in the mapping
	ImpossibleOpened   = "impossible_opened"    // empty, or no moment between 1900 and 2199
	ImpossibleClosed   = "impossible_closed"    // not empty, and no such moment
	ImpossibleDue      = "impossible_due"       // not empty, and no such moment
	ClosedWithoutTime  = "closed_without_time"  // the status says that it ended
	OpenWithClosing    = "open_with_closing"    // the status says that it did not end
	ClosedBeforeOpened = "closed_before_opened" //
	ImpossibleReturns  = "impossible_returns"   // not empty, and no number from 0 to 99
)

// History is what a file holds.
type History struct {
	Rows    []*Row // in the order of the file
	Refused []Refusal
	Lines   int // without the header
}

const longestID = 100 // characters

// most is how many lines a file may have.
const most = 1_000_000

// ReadRows reads the first lines of a file (all of them when limit is 0) as the mapping
// says. A file that is no table is replay.not_text or replay.no_rows, one that lacks a column
// replay.column_missing; lines that cannot be read are refused one by one.
func ReadRows(m *Mapping, data []byte, limit int) (*History, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if m.GBK {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "replay.not_text")
		}
		data = decoded
	}
	if !utf8.Valid(data) {
		return nil, fault.New(fault.Invalid, "replay.not_text")
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = m.Comma
	head, err := r.Read()
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "replay.no_rows")
	}
	at := map[string]int{}
	for i, name := range head {
		at[strings.TrimSpace(name)] = i
	}
	for _, c := range m.columns() {
		if _, ok := at[c]; !ok {
			return nil, fault.New(fault.Invalid, "replay.column_missing", "column", c)
		}
	}
	h, seen := &History{}, map[string]bool{}
	for limit == 0 || h.Lines < limit {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if h.Lines++; h.Lines > most {
			return nil, fault.New(fault.TooLarge, "replay.too_many_rows", "rows", most)
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			h.Refused = append(h.Refused, Refusal{broken.StartLine, Unreadable})
			continue
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "replay.not_text")
		}
		line, _ := r.FieldPos(0)
		row, reason := m.row(h.Lines, func(column string) string { return strings.TrimSpace(cells[at[column]]) })
		if reason == "" && seen[row.ID] {
			reason = IDTwice
		}
		if reason != "" {
			h.Refused = append(h.Refused, Refusal{line, reason})
			continue
		}
		row.Line, seen[row.ID] = line, true
		h.Rows = append(h.Rows, row)
	}
	return h, nil
}

// row reads one line; reason is why it is refused.
func (m *Mapping) row(number int, cell func(string) string) (r *Row, reason string) {
	r = &Row{ID: strconv.Itoa(number)}
	if m.ID != "" {
		r.ID = cell(m.ID)
	}
	r.Class = cell(m.Class)
	ok := false
	if r.ID == "" || utf8.RuneCountInString(r.ID) > longestID || strings.ContainsFunc(r.ID, unicode.IsControl) {
		return nil, BadID
	}
	if r.Class == "" {
		return nil, NoClass
	}
	if r.Channel, ok = m.Channel.word(get(cell, m.Channel.Column)); !ok {
		return nil, UnknownChannel
	}
	if reason = m.times(r, cell); reason != "" {
		return nil, reason
	}
	if n := get(cell, m.Returned); n != "" {
		v, err := strconv.ParseUint(n, 10, 16)
		if err != nil || v > 99 {
			return nil, ImpossibleReturns
		}
		r.Returns = int(v)
	}
	r.Unit, r.Of = get(cell, m.Unit), get(cell, m.Duplicate.Of)
	for _, c := range m.Areas {
		if cell(c) == "" {
			break // what lies below a place that is not named is not placed
		}
		r.Area = append(r.Area, cell(c))
	}
	var text []string
	for _, c := range m.Text {
		if t := cell(c); t != "" {
			text = append(text, t)
		}
	}
	r.Text = strings.Join(text, "\n")
	m.point(r, cell)
	return r, ""
}

func get(cell func(string) string, column string) string {
	if column == "" {
		return ""
	}
	return cell(column)
}

// times reads when a row was opened, was due and ended, and its state.
func (m *Mapping) times(r *Row, cell func(string) string) (reason string) {
	ok := false
	if r.Opened, ok = m.moment(cell(m.Opened)); !ok || r.Opened.IsZero() {
		return ImpossibleOpened
	}
	if r.Due, ok = m.moment(get(cell, m.Due)); !ok {
		return ImpossibleDue
	}
	if r.Closed, ok = m.moment(get(cell, m.Closed)); !ok {
		return ImpossibleClosed
	}
	if days := get(cell, m.Days); days != "" {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return ImpossibleClosed
		}
		r.Closed = r.Opened.AddDate(0, 0, int(n))
	}
	if d := m.Duplicate; slices.Contains(d.Values, get(cell, d.Column)) {
		r.State = stateDuplicate
		if r.Closed.IsZero() {
			if r.Closed, ok = m.moment(get(cell, d.Closed)); !ok {
				return ImpossibleClosed
			}
		}
	} else if r.State, ok = m.Status.word(get(cell, m.Status.Column)); !ok {
		return UnknownStatus
	}
	r.open = r.State == stateWaiting || r.State == stateWorking
	switch {
	case r.open && !r.Closed.IsZero():
		return OpenWithClosing
	case !r.open && r.Closed.IsZero():
		return ClosedWithoutTime
	case !r.open && r.Closed.Before(r.Opened):
		return ClosedBeforeOpened
	}
	return ""
}

// moment reads a time of the file; an empty cell is no time, and right.
func (m *Mapping) moment(cell string) (time.Time, bool) {
	if cell == "" {
		return time.Time{}, true
	}
	t, err := time.ParseInLocation(m.Layout, cell, m.Zone)
	return t, err == nil && t.Year() >= 1900 && t.Year() < 2200
}

func (m *Mapping) point(r *Row, cell func(string) string) {
	lon, err1 := strconv.ParseFloat(get(cell, m.Lon), 64)
	lat, err2 := strconv.ParseFloat(get(cell, m.Lat), 64)
	if err1 != nil || err2 != nil || !(math.Abs(lon) <= 180) || !(math.Abs(lat) <= 90) {
		return
	}
	if lon == math.Trunc(lon) && lat == math.Trunc(lat) {
		r.Located = Coarse
		return
	}
	r.LonE7, r.LatE7, r.Located = int64(math.Round(lon*1e7)), int64(math.Round(lat*1e7)), Exact
}

// Repeats tells whether the file calls the row another one's duplicate.
func (r *Row) Repeats() bool { return r.State == stateDuplicate }
