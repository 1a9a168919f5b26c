// Package counts counts a foreign history straight from its file.
//
// It is the other half of a proof: what `gezhi replay` brought through the engine is counted
// in the database by SQL, and must equal what is counted here. So it imports nothing of the
// product and reads mapping and file in its own way.
package counts

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // histories come from zones that a machine need not know
	"unicode"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Cell is what is alike in a number of cases.
type Cell struct {
	Class     string `json:"class"`
	Month     string `json:"month"` // of the beginning, 2018-04, in the history's zone
	State     string `json:"state"` // how it ended; waiting or working while it has not
	Due       string `json:"due"`   // None, InTime or Late by the file's own due time
	Duplicate bool   `json:"duplicate"`
	Channel   string `json:"channel"`
}

// The words of Cell.Due. A case is late when it ended after its due time, or had not ended
// at the last moment that the history speaks of although its due time lay before that.
const (
	None   = "no due time"
	InTime = "in time"
	Late   = "late"
)

// Counts are the figures of a history.
type Counts struct {
	Lines    int            // of the file, without the header
	Cells    map[Cell]int   // of the lines that can be replayed
	Returned int            // how often something was handed on, in all
	Refused  map[string]int // lines that cannot be replayed, by reason
}

// mapping is what counting needs of a mapping file.
type mapping struct {
	File struct {
		Encoding, Separator string
	}
	Zone, Layout, ID, Class, Opened, Due, Returned string
	Closed                                         any
	Channel, Status                                struct {
		Column string
		Values map[string]string
		Else   string
	}
	Duplicate struct {
		Column string
		Values any
		Closed string
	}
}

type counter struct {
	m          mapping
	zone       *time.Location
	closed     string
	days       string
	duplicates map[string]bool
	cells      []string
	at         map[string]int
	seen       map[string]bool
	found      []line
	out        Counts
}

type line struct {
	cell                Cell
	opened, due, closed time.Time
}

// Of counts the first lines of a file (all of them when limit is 0) as a mapping says.
func Of(mappingFile, file []byte, limit int) (*Counts, error) {
	c := &counter{at: map[string]int{}, seen: map[string]bool{}, duplicates: map[string]bool{},
		out: Counts{Cells: map[Cell]int{}, Refused: map[string]int{}}}
	if err := c.read(mappingFile); err != nil {
		return nil, err
	}
	if c.m.File.Encoding == "gb18030" {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(file)
		if err != nil {
			return nil, err
		}
		file = decoded
	}
	table := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))))
	switch s := c.m.File.Separator; s {
	case "", ",":
	case "tab":
		table.Comma = '\t'
	default:
		table.Comma = rune(s[0])
	}
	if err := c.lines(table, limit); err != nil {
		return nil, err
	}
	c.late()
	return &c.out, nil
}

func (c *counter) read(file []byte) (err error) {
	if err := yaml.Unmarshal(file, &c.m); err != nil {
		return err
	}
	if c.zone, err = time.LoadLocation(c.m.Zone); err != nil {
		return err
	}
	switch v := c.m.Closed.(type) {
	case string:
		c.closed = v
	case map[string]any:
		c.days = fmt.Sprint(v["days"])
	}
	switch v := c.m.Duplicate.Values.(type) {
	case string:
		c.duplicates[v] = true
	case []any:
		for _, x := range v {
			c.duplicates[fmt.Sprint(x)] = true
		}
	}
	return nil
}

func (c *counter) lines(table *csv.Reader, limit int) error {
	for n := 0; limit == 0 || n <= limit; n++ {
		cells, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken *csv.ParseError
		if n > 0 && errors.As(err, &broken) {
			c.out.Lines++
			c.out.Refused["unreadable"]++
			continue
		}
		if err != nil {
			return err
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if n == 0 {
			for i, name := range cells {
				c.at[name] = i
			}
			continue
		}
		c.cells = cells
		c.out.Lines++
		if reason := c.line(); reason != "" {
			c.out.Refused[reason]++
		}
	}
	return nil
}

// get is what the line holds in a column; "" where there is no such column.
func (c *counter) get(column string) string {
	i, ok := c.at[column]
	if !ok || column == "" {
		return ""
	}
	return c.cells[i]
}

// line takes one line in, or says why it cannot be replayed.
func (c *counter) line() string {
	id := strconv.Itoa(c.out.Lines)
	if c.m.ID != "" {
		id = c.get(c.m.ID)
	}
	if id == "" || len([]rune(id)) > 100 || strings.IndexFunc(id, unicode.IsControl) >= 0 {
		return "bad_id"
	}
	l := line{cell: Cell{Class: c.get(c.m.Class)}}
	if l.cell.Class == "" {
		return "no_class"
	}
	if l.cell.Channel = either(c.m.Channel.Values[c.get(c.m.Channel.Column)], c.m.Channel.Else); l.cell.Channel == "" {
		return "unknown_channel"
	}
	if reason := c.times(&l); reason != "" {
		return reason
	}
	returned := 0
	if s := c.get(c.m.Returned); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil || n > 99 {
			return "impossible_returns"
		}
		returned = int(n)
	}
	if c.seen[id] {
		return "id_twice"
	}
	c.seen[id] = true
	c.out.Returned += returned
	l.cell.Month = l.opened.Format("2006-01")
	c.found = append(c.found, l)
	return ""
}

func either(word, other string) string {
	if word != "" {
		return word
	}
	return other
}

func (c *counter) times(l *line) string {
	if l.opened = c.time(c.m.Opened); l.opened.IsZero() {
		return "impossible_opened"
	}
	if l.due = c.time(c.m.Due); l.due.IsZero() && c.get(c.m.Due) != "" {
		return "impossible_due"
	}
	if l.closed = c.time(c.closed); l.closed.IsZero() && c.get(c.closed) != "" {
		return "impossible_closed"
	}
	if s := c.get(c.days); s != "" {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil {
			return "impossible_closed"
		}
		y, m, d := l.opened.Date()
		h, min, sec := l.opened.Clock()
		l.closed = time.Date(y, m, d+int(n), h, min, sec, 0, c.zone)
	}
	if c.m.Duplicate.Column != "" && c.duplicates[c.get(c.m.Duplicate.Column)] {
		l.cell.State, l.cell.Duplicate = "duplicate", true
		if l.closed.IsZero() {
			if l.closed = c.time(c.m.Duplicate.Closed); l.closed.IsZero() && c.get(c.m.Duplicate.Closed) != "" {
				return "impossible_closed"
			}
		}
	} else if l.cell.State = either(c.m.Status.Values[c.get(c.m.Status.Column)], c.m.Status.Else); l.cell.State == "" {
		return "unknown_status"
	}
	l.cell.Duplicate = l.cell.State == "duplicate"
	ended := l.cell.State != "waiting" && l.cell.State != "working"
	switch {
	case !ended && !l.closed.IsZero():
		return "open_with_closing"
	case ended && l.closed.IsZero():
		return "closed_without_time"
	case ended && l.closed.Before(l.opened):
		return "closed_before_opened"
	}
	return ""
}

// time is a moment of the line; zero for none and for what is no moment.
func (c *counter) time(column string) time.Time {
	t, err := time.ParseInLocation(c.m.Layout, c.get(column), c.zone)
	if err != nil || t.Year() < 1900 || t.Year() > 2199 {
		return time.Time{}
	}
	return t
}

// late compares every line with its due time, once the end of the history is known.
func (c *counter) late() {
	var end time.Time
	for _, l := range c.found {
		for _, t := range []time.Time{l.opened, l.closed} {
			if t.After(end) {
				end = t
			}
		}
	}
	for _, l := range c.found {
		until := l.closed
		if until.IsZero() {
			until = end
		}
		switch {
		case l.due.IsZero():
			l.cell.Due = None
		case until.After(l.due):
			l.cell.Due = Late
		default:
			l.cell.Due = InTime
		}
		c.out.Cells[l.cell]++
	}
}

// MarshalJSON writes the cells as a list.
func (c *Counts) MarshalJSON() ([]byte, error) {
	type entry struct {
		Cell
		Cases int `json:"cases"`
	}
	cells := []entry{}
	for cell, n := range c.Cells {
		cells = append(cells, entry{cell, n})
	}
	slices.SortFunc(cells, func(a, b entry) int { return strings.Compare(fmt.Sprint(a.Cell), fmt.Sprint(b.Cell)) })
	return json.Marshal(map[string]any{"lines": c.Lines, "returned": c.Returned, "refused": c.Refused, "cells": cells})
}
