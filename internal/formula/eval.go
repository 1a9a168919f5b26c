package formula

import (
	"slices"

	"gezhi/internal/fault"
)

// MaxSteps is how many nodes one evaluation may visit; formula.steps beyond.
const MaxSteps = 100_000

// maxText is the longest text an evaluation may build, in bytes.
const maxText = 10_000

// Env is what a formula may read. A nil function answers none (or 0, or false).
type Env struct {
	// Names holds the namespaces: field, class, reporter, about, parent, root, item, parts,
	// group, signal, record.
	Names map[string]Value
	// Seat answers a bare name that is no namespace.
	Seat func(name string) Value
	// Today is the day of the move, "2026-03-02"; "" where it may not be read.
	Today string
	Times func(action string) int64
	// Doer is who did an action last.
	Doer   func(action string) Value
	Lookup func(table string, args []Value) (Value, error)
	Past   func(key string) (Value, error)
	Above  func(v Value) (Value, error)
	// Balance is what somebody may spend of a ledger, Served for how many whole months somebody has
	// held a role.
	Balance func(ledger string, whose Value) (Value, error)
	Served  func(role string, who Value) (Value, error)
	Within  func(a, b Value) (bool, error)
	// Saw hears what every condition came to; nil hears nothing.
	Saw func(e *Expr, holds bool)
}

// Eval computes the expression. Errors are Invalid faults: formula.type (with column and
// what was wanted), formula.overflow, formula.divided_by_zero, formula.steps,
// formula.too_long, or what a function of env returned. An Object is never returned by a
// formula that check accepted as a condition.
func (e *Expr) Eval(env Env) (Value, error) {
	m := machine{env: env, left: MaxSteps}
	return m.eval(e.root)
}

// Holds evaluates a condition: nil holds, none does not.
func (e *Expr) Holds(env Env) (bool, error) {
	if e == nil {
		return true, nil
	}
	m := machine{env: env, left: MaxSteps}
	holds, err := m.truth(e.root)
	if err == nil && env.Saw != nil {
		env.Saw(e, holds)
	}
	return holds, err
}

// With returns a copy of env in which item is v.
func (env Env) With(item Value) Env {
	names := make(map[string]Value, len(env.Names)+1)
	for k, v := range env.Names {
		names[k] = v
	}
	names["item"] = item
	env.Names = names
	return env
}

type machine struct {
	env   Env
	left  int
	items []Value // innermost last
}

func (m *machine) eval(n *node) (Value, error) {
	if m.left--; m.left < 0 {
		return nil, fault.New(fault.Invalid, "formula.steps", "max", MaxSteps)
	}
	switch n.op {
	case opLiteral:
		return n.val, nil
	case opList:
		return m.list(n.kids)
	case opPath:
		return members(m.root(n.names[0]), n.names[1:]), nil
	case opMember:
		v, err := m.eval(n.kids[0])
		return members(v, n.names), err
	case opCall:
		return m.call(n)
	case opNot:
		b, err := m.truth(n.kids[0])
		return !b, err
	case opNeg:
		v, err := m.number(n.kids[0])
		if v == nil || err != nil {
			return nil, err
		}
		return result(v.neg())
	case opIf:
		b, err := m.truth(n.kids[0])
		if err != nil {
			return nil, err
		}
		if b {
			return m.eval(n.kids[1])
		}
		return m.eval(n.kids[2])
	}
	return m.binary(n)
}

// result keeps a typed zero from hiding an error.
func result(n Num, err error) (Value, error) {
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (m *machine) list(kids []*node) (Value, error) {
	out := make(List, len(kids))
	for i, k := range kids {
		v, err := m.eval(k)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (m *machine) root(name string) Value {
	if name == "item" && len(m.items) > 0 {
		return m.items[len(m.items)-1]
	}
	if name == "today" {
		if m.env.Today == "" {
			return nil
		}
		return m.env.Today
	}
	if v, ok := m.env.Names[name]; ok {
		return From(v)
	}
	if m.env.Seat != nil {
		return From(m.env.Seat(name))
	}
	return nil
}

func members(v Value, names []string) Value {
	for _, name := range names {
		v = From(v)
		switch x := v.(type) {
		case Object:
			v = From(x.Member(name))
		case List:
			if name != "count" {
				return nil
			}
			v = Int(int64(len(x)))
		default:
			return nil
		}
	}
	return From(v)
}

func wrongType(n *node, want string) error {
	return syntax("formula.type", n.col, "want", want)
}

func (m *machine) truth(n *node) (bool, error) {
	v, err := m.eval(n)
	if err != nil {
		return false, err
	}
	switch v := v.(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	}
	return false, wrongType(n, "boolean")
}

// number evaluates n to a number; nil is none.
func (m *machine) number(n *node) (*Num, error) {
	v, err := m.eval(n)
	if err != nil || v == nil {
		return nil, err
	}
	if x, ok := v.(Num); ok {
		return &x, nil
	}
	return nil, wrongType(n, "number")
}

func (m *machine) binary(n *node) (Value, error) {
	a, b := n.kids[0], n.kids[1]
	switch n.name {
	case "and", "or":
		x, err := m.truth(a)
		if err != nil || x == (n.name == "or") {
			return x, err
		}
		return m.truth(b)
	case "??":
		if v, err := m.eval(a); v != nil || err != nil {
			return v, err
		}
		return m.eval(b)
	}
	va, err := m.eval(a)
	if err != nil {
		return nil, err
	}
	vb, err := m.eval(b)
	if err != nil {
		return nil, err
	}
	switch n.name {
	case "==":
		return Equal(va, vb), nil
	case "!=":
		return !Equal(va, vb), nil
	case "in":
		return m.in(n, va, vb)
	case "within":
		if m.env.Within == nil || va == nil || vb == nil {
			return false, nil
		}
		return m.env.Within(va, vb)
	case "<", "<=", ">", ">=":
		return compare(n, va, vb)
	}
	return arithmetic(n, va, vb)
}

func (m *machine) in(n *node, v, list Value) (Value, error) {
	l, ok := list.(List)
	if !ok {
		if list == nil {
			return false, nil
		}
		return nil, wrongType(n.kids[1], "list")
	}
	if m.left -= len(l); m.left < 0 {
		return nil, fault.New(fault.Invalid, "formula.steps", "max", MaxSteps)
	}
	return slices.ContainsFunc(l, func(x Value) bool { return Equal(v, x) }), nil
}

func compare(n *node, a, b Value) (Value, error) {
	if a == nil || b == nil {
		return false, nil
	}
	c, ok := order(a, b)
	if !ok {
		return nil, wrongType(n, "two numbers or two texts")
	}
	switch n.name {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	}
	return c >= 0, nil
}

// order compares two numbers or two texts.
func order(a, b Value) (int, bool) {
	switch x := a.(type) {
	case Num:
		if y, ok := b.(Num); ok {
			return cmp(x, y), true
		}
	case string:
		if y, ok := b.(string); ok {
			return cmp(x, y), true
		}
	}
	return 0, false
}

func cmp[T Num | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func arithmetic(n *node, a, b Value) (Value, error) {
	if a == nil || b == nil {
		return nil, nil
	}
	if s, ok := a.(string); ok && n.name == "+" {
		t, ok := b.(string)
		if !ok {
			return nil, wrongType(n.kids[1], "text")
		}
		if len(s)+len(t) > maxText {
			return nil, fault.New(fault.Invalid, "formula.too_long", "max", maxText)
		}
		return s + t, nil
	}
	x, ok := a.(Num)
	if !ok {
		return nil, wrongType(n.kids[0], "number")
	}
	y, ok := b.(Num)
	if !ok {
		return nil, wrongType(n.kids[1], "number")
	}
	switch n.name {
	case "+":
		return result(x.add(y))
	case "-":
		z, err := y.neg()
		if err != nil {
			return nil, err
		}
		return result(x.add(z))
	case "*":
		return result(x.mul(y))
	}
	return result(x.div(y))
}
