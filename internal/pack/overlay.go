package pack

import (
	"slices"

	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

// Overlay is what a county changes of a pack: values, never structure.
type Overlay struct {
	Pack       string
	Limits     []ClassLimits
	Extensions []ClassLimits
	Severities []SeverityChange
	Sample     []Sample
	Duty       []Duty // tried before the pack's own
	Texts      []Text // offered before the pack's own
	Admitted   []ClassAdmissions
	Tables     []TableChange
	Lists      []RowList // in place of the pack's
	Number     string
	AboveAll   string // in place of the pack's
	Keep       []workflow.Keep
	Ledgers    []LedgerChange

	data []byte
}

// ClassLimits are limits for one class or pattern.
type ClassLimits struct {
	Class  string
	Limits []Limit
}

// SeverityChange changes values of one grade.
type SeverityChange struct {
	Code       string
	Limits     []Limit
	Extensions []Limit
	Fallback   []string
	Wakes      *bool
	Hours      string
}

// ClassAdmissions are admissions for one class or pattern, besides the pack's.
type ClassAdmissions struct {
	Class    string
	Admitted []Admission
}

// TableChange gives a table rows in place of the pack's.
type TableChange struct {
	Table string
	Rows  []TableRow
}

// structure are the keys that an overlay may never have, however well meant.
var structure = []string{"lives", "steps", "actions", "classes", "participants", "parts", "clocks", "fields", "keys", "opens",
	"roles", "records", "relations", "allow", "ending", "who", "needs", "apart", "then", "options", "reasons"}

// LoadOverlay reads an overlay for p from one file. Its report says overlay.structure where
// a key would change structure, overlay.other_pack where it is for another pack, and
// overlay.unknown_class, overlay.unknown_field, overlay.unknown_clock, overlay.unknown_severity,
// overlay.unknown_action, overlay.unknown_table where a value hangs on nothing.
func LoadOverlay(name string, data []byte, p *Pack) (*Overlay, Report) {
	report := Report{files: map[string][]byte{name: data}}
	n, problems := shape.Read(data)
	if n != nil && len(problems) == 0 {
		problems = overlayShape.Check(n)
		for i := range problems {
			if key, _ := problems[i].Args["key"].(string); problems[i].Code == "pack.unknown_key" && slices.Contains(structure, key) {
				problems[i].Code, problems[i].Suggestion = "overlay.structure", ""
			}
		}
	}
	for _, q := range problems {
		q.File = name
		report.add(q)
	}
	if !report.OK() {
		return nil, report
	}
	o := readOverlay(n)
	o.data = data
	for _, q := range p.checkOverlay(o, n) {
		q.File = name
		report.add(q)
	}
	if !report.OK() {
		return nil, report
	}
	return o, report
}

// Encode returns the bytes of the overlay, to be stored and loaded again.
func (o *Overlay) Encode() []byte { return o.data }

// Hash is the identity of the overlay.
func (o *Overlay) Hash() string { return hashOf(o.data) }

func readOverlay(n *shape.Node) *Overlay {
	o := &Overlay{Pack: readText(n.Get("overlay")), Sample: readSamples(n.Get("sample")), Duty: readDuty(n.Get("duty")), Texts: readTexts(n.Get("texts")),
		Number: readText(n.Get("number")), Keep: readKeep(n.Get("keep")), AboveAll: readText(n.Get("above_all"))}
	limits := func(class string, n *shape.Node) ClassLimits { return ClassLimits{class, readLimits(n)} }
	o.Limits, o.Extensions = entries(n.Get("limits"), limits), entries(n.Get("extensions"), limits)
	o.Severities = entries(n.Get("severities"), func(code string, n *shape.Node) SeverityChange {
		c := SeverityChange{Code: code, Limits: readLimits(n.Get("limits")), Extensions: readLimits(n.Get("extensions")), Fallback: n.Get("fallback").Texts(), Hours: readText(n.Get("hours"))}
		if w := n.Get("wakes"); w != nil {
			b := readBool(w)
			c.Wakes = &b
		}
		return c
	})
	o.Admitted = entries(n.Get("admitted"), func(class string, n *shape.Node) ClassAdmissions {
		return ClassAdmissions{class, readAdmitted(n)}
	})
	o.Tables = entries(n.Get("tables"), func(table string, n *shape.Node) TableChange { return TableChange{table, tableRows(n)} })
	o.Ledgers = entries(n.Get("ledgers"), func(name string, n *shape.Node) LedgerChange {
		return LedgerChange{name, readIssuer(n.Get("issuer"), nil), readUntil(n.Get("expires")), readSeason(n.Get("clear"))}
	})
	o.Lists = entries(n.Get("lists"), func(name string, n *shape.Node) RowList { return RowList{name, readRows(n)} })
	return o
}

// checkOverlay finds values that hang on nothing.
func (p *Pack) checkOverlay(o *Overlay, n *shape.Node) []Problem {
	var out []Problem
	add := func(code, word string, known []string, path ...string) {
		at := n.At(path...)
		out = append(out, Problem{Code: code, Line: at.Line, Col: at.Col, Args: map[string]any{"word": word}, Suggestion: shape.Suggest(word, known)})
	}
	if o.Pack != p.Name {
		add("overlay.other_pack", o.Pack, []string{p.Name}, "overlay")
	}
	class := func(section, pattern string) {
		if !slices.ContainsFunc(p.Classes, func(c Class) bool { return fits(pattern, c.Code) }) {
			add("overlay.unknown_class", pattern, p.classCodes(), section, pattern)
		}
	}
	clocks := p.clockNames()
	limits := func(section string, list []ClassLimits) {
		for _, l := range list {
			class(section, l.Class)
			for _, x := range l.Limits {
				if !slices.Contains(clocks, x.Clock) {
					add("overlay.unknown_clock", x.Clock, clocks, section, l.Class, x.Clock)
				}
				if x.Severity != "" && p.Severity(x.Severity) == nil {
					add("overlay.unknown_severity", x.Severity, nil, section, l.Class, x.Clock)
				}
			}
		}
	}
	limits("limits", o.Limits)
	limits("extensions", o.Extensions)
	for _, s := range o.Severities {
		if p.Severity(s.Code) == nil {
			add("overlay.unknown_severity", s.Code, nil, "severities", s.Code)
		}
	}
	for _, s := range o.Sample {
		if !slices.ContainsFunc(p.Lives, func(l Life) bool { return l.Action(s.Action) != nil }) {
			add("overlay.unknown_action", s.Action, nil, "sample", s.Action)
		}
	}
	for _, a := range o.Admitted {
		class("admitted", a.Class)
	}
	for _, t := range o.Tables {
		if r := p.Record(t.Table); r == nil || !r.Table {
			add("overlay.unknown_table", t.Table, nil, "tables", t.Table)
		}
	}
	for i, x := range o.Texts {
		if !slices.ContainsFunc(p.Classes, func(c Class) bool { return fits(x.Class, c.Code) }) {
			add("overlay.unknown_class", x.Class, p.classCodes(), "texts", index(i), "class")
		} else if known := p.textFields(x.Class); !slices.Contains(known, x.Field) {
			add("overlay.unknown_field", x.Field, known, "texts", index(i), "field")
		}
	}
	for _, l := range p.unknownLedgers(o) {
		add("overlay.unknown_ledger", l, names(p.Ledgers, func(l Ledger) string { return l.Name }), "ledgers", l)
	}
	for _, l := range o.Lists {
		if p.List(l.Name) == nil {
			add("overlay.unknown_list", l.Name, nil, "lists", l.Name)
		}
	}
	return out
}

func (p *Pack) classCodes() []string {
	var out []string
	for _, c := range p.Classes {
		out = append(out, c.Code)
	}
	return out
}

// clockNames are the names a limit may be given for: every clock of every life, and the
// acknowledging of the kernel.
func (p *Pack) clockNames() []string {
	out := []string{workflow.Acknowledge}
	for _, l := range p.Lives {
		for _, c := range l.Clocks {
			out = append(out, c.Name)
		}
	}
	return out
}

// fits tells whether a class code fits a pattern: itself, or a beginning and a star.
func fits(pattern, code string) bool {
	if n := len(pattern); n > 0 && pattern[n-1] == '*' {
		return len(code) >= n-1 && code[:n-1] == pattern[:n-1]
	}
	return pattern == code
}
