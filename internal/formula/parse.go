package formula

import (
	"slices"

	"gezhi/internal/fault"
)

const (
	maxNodes = 300
	maxDepth = 40
)

// Expr is a compiled expression. It is never changed and may be shared.
type Expr struct {
	text string
	root *node
}

// op is what a node does.
type op int

const (
	opLiteral op = iota
	opList
	opPath   // names
	opMember // kids[0] . names
	opCall   // names[0] ( kids )
	opNot
	opNeg
	opIf
	opBinary // name is the operator
)

type node struct {
	op    op
	col   int
	name  string
	names []string
	kids  []*node
	val   Value
}

// Compile reads text. Errors are Invalid faults with a column: formula.unexpected,
// formula.unclosed, formula.number, formula.unknown_function, formula.arguments,
// formula.too_long, formula.too_deep, formula.empty, formula.not_yet.
func Compile(text string) (*Expr, error) {
	toks, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks}
	if p.peek().kind == 0 {
		return nil, syntax("formula.empty", 1)
	}
	root, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.peek().kind != 0 {
		return nil, p.unexpected()
	}
	return &Expr{text: text, root: root}, nil
}

// MustCompile is Compile for texts known to be right, in tests.
func MustCompile(text string) *Expr {
	e, err := Compile(text)
	if err != nil {
		panic(err)
	}
	return e
}

// String returns the text the expression was compiled from.
func (e *Expr) String() string {
	if e == nil {
		return ""
	}
	return e.text
}

// MarshalText writes the text of the expression.
func (e *Expr) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText compiles b into e.
func (e *Expr) UnmarshalText(b []byte) error {
	c, err := Compile(string(b))
	if err != nil {
		return err
	}
	*e = *c
	return nil
}

type parser struct {
	toks  []token
	pos   int
	nodes int
	depth int
}

func (p *parser) peek() token { return p.toks[p.pos] }

func (p *parser) take() token {
	t := p.toks[p.pos]
	if t.kind != 0 {
		p.pos++
	}
	return t
}

func (p *parser) is(op string) bool {
	t := p.peek()
	return t.kind == 'o' && t.text == op
}

func (p *parser) expect(op string) error {
	if !p.is(op) {
		return p.unexpected()
	}
	p.take()
	return nil
}

func (p *parser) unexpected() error {
	t := p.peek()
	return syntax("formula.unexpected", t.col, "near", t.text)
}

func (p *parser) make(n node) (*node, error) {
	p.nodes++
	if p.nodes > maxNodes {
		return nil, fault.New(fault.Invalid, "formula.too_deep", "max", maxNodes)
	}
	return &n, nil
}

// Binding powers, loosest first. The ternary is 1, not is 5.
var powers = map[string]int{
	"?": 1, "??": 2, "or": 3, "and": 4,
	"==": 6, "!=": 6, "<": 6, "<=": 6, ">": 6, ">=": 6, "in": 6, "within": 6,
	"+": 7, "-": 7, "*": 8, "/": 8,
}

const powerNot, powerNeg = 5, 9

// expression reads everything that binds tighter than min.
func (p *parser) expression(min int) (*node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, fault.New(fault.Invalid, "formula.too_deep", "max", maxDepth)
	}
	left, err := p.prefix()
	for err == nil {
		t := p.peek()
		power, ok := powers[t.text]
		if t.kind != 'o' || !ok || power <= min {
			return left, nil
		}
		p.take()
		if t.text == "?" {
			left, err = p.ternary(left, t)
			continue
		}
		var right *node
		if right, err = p.expression(power); err == nil {
			if power == 6 && p.peek().kind == 'o' && powers[p.peek().text] == 6 {
				return nil, p.unexpected() // a < b < c means nothing
			}
			left, err = p.make(node{op: opBinary, col: t.col, name: t.text, kids: []*node{left, right}})
		}
	}
	return nil, err
}

func (p *parser) ternary(cond *node, t token) (*node, error) {
	yes, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if err = p.expect(":"); err != nil {
		return nil, err
	}
	no, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	return p.make(node{op: opIf, col: t.col, kids: []*node{cond, yes, no}})
}

func (p *parser) prefix() (*node, error) {
	t := p.peek()
	switch {
	case p.is("not"):
		return p.unary(opNot, powerNot)
	case p.is("-"):
		return p.unary(opNeg, powerNeg)
	case p.is("("):
		p.take()
		n, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		if err = p.expect(")"); err != nil {
			return nil, err
		}
		return p.members(n)
	case p.is("["):
		p.take()
		kids, err := p.list("]")
		if err != nil {
			return nil, err
		}
		return p.make(node{op: opList, col: t.col, kids: kids})
	case t.kind == 'n':
		p.take()
		n, err := ParseNum(t.text)
		if err != nil {
			return nil, syntax("formula.number", t.col)
		}
		return p.make(node{op: opLiteral, col: t.col, val: n})
	case t.kind == 's':
		p.take()
		return p.make(node{op: opLiteral, col: t.col, val: t.text})
	case t.kind == 'i':
		return p.name()
	}
	return nil, p.unexpected()
}

func (p *parser) unary(o op, power int) (*node, error) {
	t := p.take()
	kid, err := p.expression(power)
	if err != nil {
		return nil, err
	}
	return p.make(node{op: o, col: t.col, kids: []*node{kid}})
}

// name reads a literal word, a call or a path.
func (p *parser) name() (*node, error) {
	t := p.take()
	switch t.text {
	case "true", "false":
		return p.make(node{op: opLiteral, col: t.col, val: t.text == "true"})
	case "none":
		return p.make(node{op: opLiteral, col: t.col})
	}
	if p.is("(") {
		return p.call(t)
	}
	n, err := p.make(node{op: opPath, col: t.col, names: []string{t.text}})
	if err != nil {
		return nil, err
	}
	n.names, err = p.dots(n.names)
	return n, err
}

// dots reads ".a.b" behind what was read already.
func (p *parser) dots(names []string) ([]string, error) {
	for p.is(".") {
		p.take()
		t := p.peek()
		if t.kind != 'i' && !wordOperators[t.text] {
			return nil, p.unexpected()
		}
		names = append(names, p.take().text)
		if p.is("(") {
			return nil, p.unexpected() // no methods
		}
	}
	return names, nil
}

func (p *parser) members(n *node) (*node, error) {
	col := p.peek().col
	names, err := p.dots(nil)
	if err != nil || len(names) == 0 {
		return n, err
	}
	return p.make(node{op: opMember, col: col, names: names, kids: []*node{n}})
}

func (p *parser) list(end string) ([]*node, error) {
	var kids []*node
	for !p.is(end) {
		if len(kids) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		k, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		kids = append(kids, k)
	}
	p.take()
	return kids, nil
}

// functions gives each function the least and the greatest number of arguments.
var functions = map[string][2]int{
	"lookup": {2, 4}, "past": {1, 1}, "times": {1, 1}, "who_did": {1, 1}, "above": {1, 1}, "weekday": {1, 1}, "month": {1, 1},
	"count": {1, 2}, "sum": {1, 2}, "any": {1, 2}, "all": {2, 2},
	"max": {1, 8}, "min": {1, 8}, "round": {1, 2},
	"balance": {2, 2}, "served": {2, 2},
}

// laterFunctions are words of the language whose time has not come.
var laterFunctions = []string{"chosen", "connector", "matches"}

// namedFirst are the functions whose first argument is a name and not a value.
var namedFirst = []string{"balance", "lookup", "past", "served", "times", "who_did"}

func (p *parser) call(t token) (*node, error) {
	p.take()
	kids, err := p.list(")")
	if err != nil {
		return nil, err
	}
	if slices.Contains(laterFunctions, t.text) {
		return nil, syntax("formula.not_yet", t.col, "name", t.text)
	}
	arity, ok := functions[t.text]
	if !ok {
		return nil, syntax("formula.unknown_function", t.col, "name", t.text)
	}
	if len(kids) < arity[0] || len(kids) > arity[1] {
		return nil, syntax("formula.arguments", t.col, "name", t.text, "least", arity[0], "most", arity[1])
	}
	if slices.Contains(namedFirst, t.text) && (kids[0].op != opPath || len(kids[0].names) > 2) {
		return nil, syntax("formula.arguments", kids[0].col, "name", t.text, "least", arity[0], "most", arity[1])
	}
	n, err := p.make(node{op: opCall, col: t.col, name: t.text, kids: kids})
	if err != nil {
		return nil, err
	}
	return p.members(n)
}
