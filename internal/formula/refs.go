package formula

import "strings"

// Ref is one name that a formula reads.
type Ref struct {
	Func string   // "" for a value, else balance, doer, lookup, past, served or times, with the name in Path
	Path []string // "field", "title"
	Over []string // for item inside count, sum, any, all: the path of the list
	Col  int      // where, in characters from 1
}

// String is the path with dots.
func (r Ref) String() string { return strings.Join(r.Path, ".") }

// Refs returns every name the formula reads, in the order they stand.
func (e *Expr) Refs() []Ref {
	if e == nil {
		return nil
	}
	var out []Ref
	e.root.refs(nil, &out)
	return out
}

func (n *node) refs(over []string, out *[]Ref) {
	switch n.op {
	case opPath:
		r := Ref{Path: n.names, Col: n.col}
		if n.names[0] == "item" {
			r.Over = over
		}
		*out = append(*out, r)
		return
	case opCall:
		kids := n.kids
		switch n.name {
		case "balance", "lookup", "past", "served", "times", "who_did":
			*out = append(*out, Ref{Func: n.name, Path: kids[0].names, Col: kids[0].col})
			kids = kids[1:]
		case "count", "sum", "any", "all":
			kids[0].refs(over, out)
			if len(kids) == 2 {
				inner := []string{}
				if kids[0].op == opPath {
					inner = kids[0].names
				}
				kids[1].refs(inner, out)
			}
			return
		}
		for _, k := range kids {
			k.refs(over, out)
		}
		return
	}
	for _, k := range n.kids {
		k.refs(over, out)
	}
}

// Texts returns the literal texts that value is compared with by == or !=, or that stand
// in a list value is looked for in. Checks use it to find a choice that does not exist.
func (e *Expr) Texts(path ...string) []string {
	if e == nil {
		return nil
	}
	var out []string
	e.root.texts(strings.Join(path, "."), &out)
	return out
}

func (n *node) texts(path string, out *[]string) {
	if n.op == opBinary && (n.name == "==" || n.name == "!=" || n.name == "in") {
		a, b := n.kids[0], n.kids[1]
		if b.isPath(path) {
			a, b = b, a
		}
		if a.isPath(path) {
			for _, k := range append([]*node{b}, b.kids...) {
				if s, ok := k.val.(string); ok && k.op == opLiteral {
					*out = append(*out, s)
				}
			}
		}
	}
	for _, k := range n.kids {
		k.texts(path, out)
	}
}

func (n *node) isPath(path string) bool {
	return n.op == opPath && strings.Join(n.names, ".") == path
}

// Constant returns the value of a formula that reads no name and calls nothing.
func (e *Expr) Constant() (Value, bool) {
	if e == nil || len(e.Refs()) > 0 {
		return nil, false
	}
	v, err := e.Eval(Env{})
	return v, err == nil
}

// Confines returns what a value must lie within, or be, wherever the formula holds: x of
// "path within x" and "path == x", alone or joined to the rest by and. nil: it says neither.
func (e *Expr) Confines(path ...string) *Expr {
	if e == nil {
		return nil
	}
	if n := e.root.confines(strings.Join(path, ".")); n != nil {
		return &Expr{text: e.text, root: n}
	}
	return nil
}

func (n *node) confines(path string) *node {
	if n.op != opBinary {
		return nil
	}
	switch a, b := n.kids[0], n.kids[1]; {
	case n.name == "and":
		if x := a.confines(path); x != nil {
			return x
		}
		return b.confines(path)
	case n.name != "within" && n.name != "==":
	case a.isPath(path):
		return b
	case b.isPath(path) && n.name == "==":
		return a
	}
	return nil
}
