package formula

// Type is what is known about a value before it is computed.
type Type int

// The types. Any fits everywhere; Text covers dates and moments too.
const (
	Any Type = iota
	Bool
	Number
	Words
	ListOf
	Thing // an object
)

// String names the type as messages to authors do.
func (t Type) String() string {
	return [...]string{"any", "boolean", "number", "text", "list", "object"}[t]
}

// Mismatch is a place where a formula cannot be right, whatever the values.
type Mismatch struct {
	Col       int
	Want, Got Type
}

// TypeOf infers the type of the formula. Names answers the type of a path; over is the
// list that item stands for, as in Ref. Mismatches are returned in the order found.
func (e *Expr) TypeOf(names func(path, over []string) Type) (Type, []Mismatch) {
	c := &checker{names: names}
	return c.of(e.root), c.found
}

type checker struct {
	names func(path, over []string) Type
	over  []string
	found []Mismatch
}

func (c *checker) want(n *node, want Type) {
	if got := c.of(n); got != want && got != Any && want != Any {
		c.found = append(c.found, Mismatch{n.col, want, got})
	}
}

func (c *checker) of(n *node) Type {
	switch n.op {
	case opLiteral:
		switch n.val.(type) {
		case bool:
			return Bool
		case Num:
			return Number
		case string:
			return Words
		}
		return Any
	case opList:
		for _, k := range n.kids {
			c.of(k)
		}
		return ListOf
	case opPath:
		return c.names(n.names, c.over)
	case opMember:
		c.of(n.kids[0])
		return Any
	case opNot:
		c.want(n.kids[0], Bool)
		return Bool
	case opNeg:
		c.want(n.kids[0], Number)
		return Number
	case opIf:
		c.want(n.kids[0], Bool)
		return c.both(n.kids[1], n.kids[2])
	case opCall:
		return c.call(n)
	}
	return c.binary(n)
}

// both is the common type of two branches.
func (c *checker) both(a, b *node) Type {
	ta, tb := c.of(a), c.of(b)
	if ta == tb {
		return ta
	}
	return Any
}

func (c *checker) binary(n *node) Type {
	a, b := n.kids[0], n.kids[1]
	switch n.name {
	case "and", "or":
		c.want(a, Bool)
		c.want(b, Bool)
		return Bool
	case "??":
		return c.both(a, b)
	case "within":
		c.of(a)
		c.of(b)
		return Bool
	case "in":
		c.of(a)
		c.want(b, ListOf)
		return Bool
	}
	ta, tb := c.of(a), c.of(b)
	ordered := n.name != "==" && n.name != "!="
	for _, x := range []struct {
		n *node
		t Type
	}{{a, ta}, {b, tb}} {
		if ordered && (x.t == Bool || x.t == ListOf || x.t == Thing) {
			c.found = append(c.found, Mismatch{x.n.col, Number, x.t})
			return Bool
		}
	}
	// An object compares with the text of its id.
	if ta != tb && ta != Any && tb != Any && !(ta == Thing && tb == Words || ta == Words && tb == Thing) {
		c.found = append(c.found, Mismatch{b.col, ta, tb})
	}
	switch n.name {
	case "+":
		if ta == Any {
			return tb
		}
		return ta
	case "-", "*", "/":
		for _, x := range []struct {
			n *node
			t Type
		}{{a, ta}, {b, tb}} {
			if x.t == Words {
				c.found = append(c.found, Mismatch{x.n.col, Number, x.t})
			}
		}
		return Number
	}
	return Bool
}

func (c *checker) call(n *node) Type {
	switch n.name {
	case "count", "sum", "any", "all":
		c.want(n.kids[0], ListOf)
		if len(n.kids) == 2 {
			outer := c.over
			c.over = []string{}
			if n.kids[0].op == opPath {
				c.over = n.kids[0].names
			}
			if n.name == "sum" {
				c.want(n.kids[1], Number)
			} else {
				c.want(n.kids[1], Bool)
			}
			c.over = outer
		}
		if n.name == "any" || n.name == "all" {
			return Bool
		}
		return Number
	case "times":
		return Number
	case "balance", "served":
		c.of(n.kids[1])
		return Number
	case "weekday":
		c.want(n.kids[0], Words)
		return Number
	case "month":
		c.want(n.kids[0], Words)
		return Words
	case "round":
		for _, k := range n.kids {
			c.want(k, Number)
		}
		return Number
	case "max", "min":
		t := c.of(n.kids[0])
		for _, k := range n.kids[1:] {
			if c.of(k) != t {
				t = Any
			}
		}
		return t
	case "lookup":
		for _, k := range n.kids[1:] {
			c.of(k)
		}
	case "above":
		c.of(n.kids[0])
	}
	return Any
}
