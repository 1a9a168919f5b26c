package pack

import (
	"slices"
	"strconv"
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// The readers here turn a tree that its shape has accepted into the types of the language.
// What the shape accepted parses, so that an error here can only be a defect of ours; it
// panics and Load turns that into pack.internal.

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func readText(n *shape.Node) string {
	if n == nil {
		return ""
	}
	return n.Text
}

func readBool(n *shape.Node) bool { return readText(n) == "true" }

func readInt(n *shape.Node) int {
	i, _ := strconv.Atoi(readText(n))
	return i
}

func readExpr(n *shape.Node) *formula.Expr {
	if n == nil {
		return nil
	}
	return must(formula.Compile(n.Text))
}

func readExprs(n *shape.Node) []*formula.Expr {
	return each(n.Each(), readExpr)
}

func readSpan(n *shape.Node) workflow.Span {
	if n == nil {
		return workflow.Span{}
	}
	return must(worktime.ParseSpan(n.Text))
}

func readTrigger(n *shape.Node) *workflow.Trigger {
	if n == nil {
		return nil
	}
	t := must(workflow.ParseTrigger(n.Text))
	return &t
}

func readTriggers(n *shape.Node) []workflow.Trigger {
	return each(n.Each(), func(n *shape.Node) workflow.Trigger { return *readTrigger(n) })
}

func readWho(n *shape.Node) []workflow.Who {
	return each(n.Each(), func(n *shape.Node) workflow.Who { return must(workflow.ParseWho(n.Text)) })
}

func readRatio(n *shape.Node) *workflow.Ratio {
	if n == nil {
		return nil
	}
	r := must(workflow.ParseRatio(n.Text))
	return &r
}

func readWords(n *shape.Node) Words {
	if n == nil {
		return nil
	}
	w := Words{}
	for _, e := range n.Entries {
		w[e.Key.Text] = e.Value.Text
	}
	return w
}

func readGive(n *shape.Node) []workflow.Assign {
	return entries(n, func(name string, v *shape.Node) workflow.Assign {
		return workflow.Assign{Field: name, Value: readExpr(v)}
	})
}

func readRow(n *shape.Node) map[string]string {
	row := map[string]string{}
	for _, e := range n.Entries {
		row[e.Key.Text] = e.Value.Text
	}
	return row
}

func readRows(n *shape.Node) []map[string]string { return each(n.Each(), readRow) }

func readKeep(n *shape.Node) []workflow.Keep {
	return entries(n, func(name string, v *shape.Node) workflow.Keep { return workflow.Keep{What: name, Text: v.Text} })
}

// each maps a list.
func each[T any](nodes []*shape.Node, read func(*shape.Node) T) []T {
	var out []T
	for _, n := range nodes {
		out = append(out, read(n))
	}
	return out
}

// entries maps the entries of a map, in their order.
func entries[T any](n *shape.Node, read func(name string, v *shape.Node) T) []T {
	if n == nil {
		return nil
	}
	var out []T
	for _, e := range n.Entries {
		out = append(out, read(e.Key.Text, e.Value))
	}
	return out
}

// parseTerm reads a span or else a formula.
func parseTerm(s string) (workflow.Term, error) {
	if span, err := worktime.ParseSpan(s); err == nil {
		return workflow.Term{Span: span}, nil
	}
	if first := strings.TrimLeft(s, "- "); first != "" && first[0] >= '0' && first[0] <= '9' {
		_, err := worktime.ParseSpan(s)
		return workflow.Term{}, err // meant as a span
	}
	e, err := formula.Compile(s)
	return workflow.Term{Expr: e}, err
}

// parseLimit reads "class" or a term.
func parseLimit(s string) (workflow.Limit, error) {
	if s == "class" {
		return workflow.Limit{Class: true}, nil
	}
	t, err := parseTerm(s)
	return workflow.Limit{Terms: []workflow.Term{t}}, err
}

// parseAhead reads a count or a span.
func parseAhead(s string) (string, error) {
	if n, err := strconv.Atoi(s); err == nil && n > 0 && n <= 100 {
		return s, nil
	}
	if _, err := worktime.ParseSpan(s); err != nil {
		return "", fault.New(fault.Invalid, "pack.bad_ahead")
	}
	return s, nil
}

func readLimit(n *shape.Node) workflow.Limit {
	if n == nil {
		return workflow.Limit{}
	}
	switch n.Kind {
	case shape.Scalar:
		return must(parseLimit(n.Text))
	case shape.List:
		return workflow.Limit{Terms: each(n.Items, func(n *shape.Node) workflow.Term { return must(parseTerm(n.Text)) })}
	}
	l := workflow.Limit{}
	for _, e := range n.Entries {
		if e.Key.Text == "by" {
			l.By = readExpr(e.Value)
			continue
		}
		l.Cases = append(l.Cases, workflow.LimitCase{Value: e.Key.Text, Term: must(parseTerm(e.Value.Text))})
	}
	return l
}

// readLimits reads spans by clock, or by clock and severity.
func readLimits(n *shape.Node) []Limit {
	var out []Limit
	for _, e := range entriesOf(n) {
		if e.Value.Kind == shape.Scalar {
			out = append(out, Limit{Clock: e.Key.Text, Span: readSpan(e.Value)})
			continue
		}
		for _, s := range e.Value.Entries {
			out = append(out, Limit{Clock: e.Key.Text, Severity: s.Key.Text, Span: readSpan(s.Value)})
		}
	}
	return out
}

func entriesOf(n *shape.Node) []shape.Entry {
	if n == nil {
		return nil
	}
	return n.Entries
}

func (p *Pack) readFields(n *shape.Node) []form.Field { return entries(n, p.readField) }

func (p *Pack) readField(name string, n *shape.Node) form.Field {
	f := form.Field{Name: name, Type: readText(n.Get("type")), Title: readWords(n.Get("title")), Optional: readBool(n.Get("optional")),
		Of: readText(n.Get("of")), From: readText(n.Get("from")), Locked: readBool(n.Get("locked")),
		Formula: readExpr(n.Get("formula")), AskedIf: readExpr(n.Get("asked_if")), SeenBy: n.Get("seen_by").Texts(), Minor: readBool(n.Get("minor")),
		Rows: p.readFields(n.Get("rows"))}
	f.AtLeast, f.AtMost = readNum(n.Get("at_least")), readNum(n.Get("at_most"))
	if o := p.Option(f.Of); o != nil {
		f.Options = o.Options
	}
	if v := n.Get("personal"); v != nil {
		f.Personal = &form.Personal{Purpose: readText(v.Get("purpose")), Basis: readText(v.Get("basis")), Keep: readText(v.Get("keep"))}
	}
	return f
}

func readNum(n *shape.Node) *formula.Num {
	if n == nil {
		return nil
	}
	x := must(formula.ParseNum(n.Text))
	return &x
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
