package feed

import (
	"slices"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/pack/shape"
)

// Mapping says what the columns of a feed mean, and what is written back.
type Mapping struct {
	Name      string            // of the feed
	Title     map[string]string // by language
	County    string            // division code of the jurisdiction that it is for; "": any, and for messages the only one there is
	Roles     []string          // who may import and export, with a post over the whole jurisdiction
	Zone      *time.Location    // of times without an offset
	Layouts   []string          // of times, besides the usual forms
	Number    string            // column: its number there
	Opened    string            // column; "": now
	Closed    string            // column: when it ended, of a history
	Class     Values            // to pack/scheme:code
	Channel   Values            // to the channels of packs
	Area      Area
	Text      []string // columns, joined line by line
	Fields    []Field
	Withdrawn Withdrawn
	Changed   string // action by which fields of an open case are given anew; "" has none
	Ended     Ended
	Replies   *Replies // nil: nothing is written back
}

// Values turns what a column holds into words of ours.
type Values struct {
	Column string
	Of     map[string]string
	Else   string // for what Of does not list; "" refuses the line
}

// word is what a cell means; false when nothing says.
func (v Values) word(cell string) (string, bool) {
	w, ok := v.Of[cell]
	if !ok {
		w = v.Else
	}
	return w, w != ""
}

// Field is a field of the case with the column that gives it.
type Field struct {
	Name string
	From Values // without Of and Else the cell itself
}

// Area says where a line lies.
type Area struct {
	Columns []string // names, from the wider to the smaller place
	Home    bool     // a name that settles nothing means the jurisdiction itself; else it refuses the line
}

// Withdrawn says which lines were taken back there, and by which action the case follows.
type Withdrawn struct {
	Column string
	Values []string
	Act    string
}

// Ended says, of a history, by which action a line ended, and which of the action's fields
// come from which columns.
type Ended struct {
	Act  Values
	With []Field
}

// Replies says how answers are written back.
type Replies struct {
	XLSX    bool // else CSV
	GBK     bool // of CSV; else UTF-8 with a byte order mark
	Columns []Column
}

// Column is one column that is written back: its title, and what stands in it.
type Column struct {
	Title  string
	Is     string // one of what columns may be; "" with Text
	Text   string // the same in each line
	Of     map[string]string
	Layout string // of a moment
}

// What a column that is written back may hold.
const (
	isTheirNumber = "their_number"
	isNumber      = "number"
	isAnswer      = "answer"
	isAnsweredAt  = "answered_at"
	isAction      = "action"  // by which the case was answered
	isOutcome     = "outcome" // "" while the case is open
	isUnit        = "unit"    // that answered
	isClass       = "class"   // its code
)

var columnKinds = []string{isTheirNumber, isNumber, isAnswer, isAnsweredAt, isAction, isOutcome, isUnit, isClass}

// usual are forms of moments that need no layout.
var usual = []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006/1/2 15:04:05", "2006/1/2 15:04", "2006-1-2", "2006/1/2", "20060102150405", "20060102"}

// ParseMapping reads a mapping file. What is wrong is feed.bad_mapping with its lines; the
// codes of the places are those of package pack.
func ParseMapping(data []byte) (*Mapping, error) {
	n, problems := shape.Read(data)
	if len(problems) == 0 {
		problems = mappingShape.Check(n)
	}
	if len(problems) == 0 && len(n.Get("area").Get("columns").Texts()) == 0 && n.Get("area").Get("unknown").Scalar() != "home" {
		problems = []shape.Problem{{Code: "pack.missing_key", Line: n.At("area").Line, Path: "area", Args: map[string]any{"key": "columns"}}}
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "feed.bad_mapping")
		for _, p := range problems {
			f.At = append(f.At, fault.Place{Path: p.Path, Line: p.Line, Code: p.Code, Args: p.Args})
		}
		return nil, f
	}
	return readMapping(n), nil
}

func readMapping(n *shape.Node) *Mapping {
	m := &Mapping{Name: n.Get("name").Scalar(), Title: n.Get("title").Scalars(), County: n.Get("jurisdiction").Scalar(), Roles: n.Get("roles").Texts(), Zone: clock.CST, Layouts: n.Get("layout").Texts(),
		Number: n.Get("number").Scalar(), Opened: n.Get("opened").Scalar(), Closed: n.Get("closed").Scalar(),
		Class: values(n.Get("class")), Channel: values(n.Get("channel")), Text: n.Get("text").Texts(), Fields: fields(n.Get("fields")),
		Area:      Area{Columns: n.Get("area").Get("columns").Texts(), Home: n.Get("area").Get("unknown").Scalar() == "home"},
		Withdrawn: Withdrawn{Column: n.Get("withdrawn").Get("column").Scalar(), Values: n.Get("withdrawn").Get("values").Texts(), Act: n.Get("withdrawn").Get("act").Scalar()},
		Changed:   n.Get("changed").Scalar(), Ended: Ended{Act: values(n.Get("ended")), With: fields(n.Get("ended").Get("with"))}}
	if z := n.Get("zone").Scalar(); z != "" {
		m.Zone, _ = time.LoadLocation(z) // the shape has loaded it before
	}
	if r := n.Get("replies"); r != nil {
		m.Replies = &Replies{XLSX: r.Get("file").Scalar() != "csv", GBK: r.Get("encoding").Scalar() == "gb18030"}
		for _, c := range r.Get("columns").Items {
			m.Replies.Columns = append(m.Replies.Columns, Column{Title: c.Get("title").Scalar(), Is: c.Get("is").Scalar(), Text: c.Get("text").Scalar(),
				Of: c.Get("values").Scalars(), Layout: c.Get("layout").Scalar()})
		}
	}
	return m
}

// columns are those that a table of the feed must have; more with a history.
func (m *Mapping) columns(history bool) []string {
	all := slices.Concat([]string{m.Number, m.Opened, m.Class.Column, m.Channel.Column, m.Withdrawn.Column}, m.Area.Columns, m.Text)
	for _, f := range m.Fields {
		all = append(all, f.From.Column)
	}
	if history {
		all = append(all, m.Closed, m.Ended.Act.Column)
		for _, f := range m.Ended.With {
			all = append(all, f.From.Column)
		}
	}
	all = slices.DeleteFunc(all, func(c string) bool { return c == "" })
	slices.Sort(all)
	return slices.Compact(all)
}

// may tells whether a role may import and export.
func (m *Mapping) may(role string) bool { return slices.Contains(m.Roles, role) }

// moment reads a time of the feed; "" is the zero time.
func (m *Mapping) moment(cell string) (time.Time, bool) {
	if cell == "" {
		return time.Time{}, true
	}
	if t, ok := serial(cell, m.Zone); ok {
		return t, true
	}
	for _, layout := range append(slices.Clone(m.Layouts), usual...) {
		if t, err := time.ParseInLocation(layout, cell, m.Zone); err == nil && t.Year() >= 1949 && t.Year() < 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}

// values reads what a column means: a lone scalar is the column.
func values(n *shape.Node) Values {
	if n != nil && n.Kind == shape.Scalar {
		return Values{Column: n.Text}
	}
	return Values{Column: n.Get("column").Scalar(), Of: n.Get("values").Scalars(), Else: n.Get("else").Scalar()}
}

func fields(n *shape.Node) []Field {
	var out []Field
	if n != nil {
		for _, e := range n.Entries {
			out = append(out, Field{strings.TrimSpace(e.Key.Text), values(e.Value)})
		}
	}
	return out
}
