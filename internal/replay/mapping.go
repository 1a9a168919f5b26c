package replay

import (
	"embed"
	"os"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // histories come from zones that a server need not know

	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/pack/shape"
)

// Mapping says what the columns of a foreign table mean.
type Mapping struct {
	Name      string            // of the pack that is generated
	Title     map[string]string // by language
	GBK       bool              // the file is GB18030, which holds GBK; else UTF-8
	Comma     rune
	Zone      *time.Location // of every time in the file
	Layout    string         // how times are written: 2 January 2006, 15:04:05, as the file would
	ID        string         // column; "": the line is the id
	Class     string         // column
	Channel   Values         // to the channels of packs
	Opened    string         // column
	Due       string         // column; "": the file has no due times
	Closed    string         // column
	Days      string         // column: closed so many days after it was opened
	Status    Values         // to waiting, working, duplicate or an outcome
	Outcomes  []Outcome
	Duplicate Duplicate
	Returned  string // column: how often it was handed on before somebody kept it
	Unit      string // column: who handles it
	Above     []string
	Areas     []string // columns, from the wider to the smaller place
	Lon, Lat  string   // columns, degrees of WGS-84
	Text      []string // columns
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

// Outcome is a way to end, with its words by language.
type Outcome struct {
	Name  string
	Title map[string]string
}

// Duplicate says how a file marks a line that repeats another one.
type Duplicate struct {
	Column string
	Values []string
	Closed string // column: when the mark was set, for lines without a closing time
	Of     string // column: id of the line it repeats; "": the file does not say
}

// The words of a status that are no outcome: nobody has it yet, somebody has it, it repeats
// another one.
const (
	stateWaiting   = "waiting"
	stateWorking   = "working"
	stateDuplicate = "duplicate"
)

//go:embed mappings/*.yaml
var shipped embed.FS

// ReadMapping returns the mapping that ships under a name, or else the file of that name.
func ReadMapping(name string) ([]byte, error) {
	data, err := shipped.ReadFile("mappings/" + name + ".yaml")
	if err != nil {
		if data, err = os.ReadFile(name); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "replay.cannot_read")
		}
	}
	return data, nil
}

// ParseMapping reads a mapping. What is wrong is replay.bad_mapping with its lines; the
// codes of the places are those of package pack.
func ParseMapping(data []byte) (*Mapping, error) {
	n, problems := shape.Read(data)
	if len(problems) == 0 {
		problems = mappingShape.Check(n)
	}
	if len(problems) > 0 {
		return nil, badMapping(problems)
	}
	m := &Mapping{Name: n.Get("name").Scalar(), Title: n.Get("title").Scalars(), Comma: ',', Layout: n.Get("layout").Scalar(),
		ID: n.Get("id").Scalar(), Class: n.Get("class").Scalar(), Channel: values(n.Get("channel")), Opened: n.Get("opened").Scalar(),
		Due: n.Get("due").Scalar(), Closed: n.Get("closed").Scalar(), Days: n.At("closed").Get("days").Scalar(), Status: values(n.Get("status")),
		Returned: n.Get("returned").Scalar(), Unit: n.Get("unit").Scalar(), Above: n.Get("areas").Get("above").Texts(), Areas: n.Get("areas").Get("columns").Texts(),
		Lon: n.Get("point").Get("lon").Scalar(), Lat: n.Get("point").Get("lat").Scalar(), Text: n.Get("text").Texts()}
	f := n.Get("file")
	m.GBK = f.Get("encoding").Scalar() == "gb18030"
	if s := f.Get("separator").Scalar(); s != "" {
		m.Comma = []rune(strings.ReplaceAll(s, `tab`, "\t"))[0]
	}
	d := n.Get("duplicate")
	m.Duplicate = Duplicate{Column: d.Get("column").Scalar(), Values: d.Get("values").Texts(), Closed: d.Get("closed").Scalar(), Of: d.Get("of").Scalar()}
	for _, e := range n.Get("outcomes").Entries {
		m.Outcomes = append(m.Outcomes, Outcome{e.Key.Text, e.Value.Scalars()})
	}
	m.Zone, _ = time.LoadLocation(n.Get("zone").Scalar()) // the shape has loaded it before
	if problems = m.check(n); len(problems) > 0 {
		return nil, badMapping(problems)
	}
	return m, nil
}

// check finds words of the mapping that mean nothing.
func (m *Mapping) check(n *shape.Node) (problems []shape.Problem) {
	wrong := func(at *shape.Node, word string, known []string) {
		problems = append(problems, shape.Problem{Code: "pack.unknown_word", Line: at.Line, Col: at.Col, Path: word,
			Args: map[string]any{"word": word, "known": known}, Suggestion: shape.Suggest(word, known)})
	}
	known := []string{stateWaiting, stateWorking, stateDuplicate}
	for _, o := range m.Outcomes {
		if slices.Contains(known[:2], o.Name) {
			wrong(n.At("outcomes", o.Name), o.Name, nil)
		}
		known = append(known, o.Name)
	}
	for where, v := range map[string]Values{"status": m.Status, "channel": m.Channel} {
		list := known
		if where == "channel" {
			list = pack.Channels
		}
		for cell, word := range v.Of {
			if !slices.Contains(list, word) {
				wrong(n.At(where, "values", cell), word, list)
			}
		}
		if v.Else != "" && !slices.Contains(list, v.Else) {
			wrong(n.At(where, "else"), v.Else, list)
		}
		if v.Column == "" && v.Else == "" {
			problems = append(problems, shape.Problem{Code: "pack.missing_key", Line: n.At(where).Line, Path: where, Args: map[string]any{"key": "else"}})
		}
	}
	return problems
}

func badMapping(problems []shape.Problem) error {
	f := fault.New(fault.Invalid, "replay.bad_mapping")
	for _, p := range problems {
		f.At = append(f.At, fault.Place{Path: p.Path, Line: p.Line, Code: p.Code, Args: p.Args})
	}
	return f
}

// columns are the columns that the file must have.
func (m *Mapping) columns() []string {
	all := slices.Concat([]string{m.ID, m.Class, m.Channel.Column, m.Opened, m.Due, m.Closed, m.Days, m.Status.Column,
		m.Duplicate.Column, m.Duplicate.Closed, m.Duplicate.Of, m.Returned, m.Unit, m.Lon, m.Lat}, m.Areas, m.Text)
	return slices.DeleteFunc(all, func(c string) bool { return c == "" })
}

func values(n *shape.Node) Values {
	return Values{Column: n.Get("column").Scalar(), Of: n.Get("values").Scalars(), Else: n.Get("else").Scalar()}
}
