package shape

import (
	"slices"
	"strconv"
	"strings"

	"gezhi/internal/fault"
)

// Shape describes what a node may be. Exactly one of the groups of members is used.
type Shape struct {
	Doc string // a sentence for the author, shown by editors

	// A map with these keys.
	Keys []Key
	// A map from names to Of. Name checks each key; nil means IsName of the language.
	Of   *Shape
	Name *Shape
	// A list of Item; a lone item may stand without brackets where Lone is set.
	Item *Shape
	Lone bool
	// A scalar.
	Text    func(string) error // nil: any text
	Pattern string             // for editors, anchored
	Enum    []string
	Bool    bool
	Int     bool
	Min     int
	// Alternatives by the kind of the node.
	Alt *Alternatives
	// Anything, kept as it is.
	Free bool
}

// Alternatives chooses a shape by the kind of the node; nil is refused.
type Alternatives struct{ Scalar, List, Map *Shape }

// Key is one key of a map.
type Key struct {
	Name     string
	Shape    *Shape
	Required bool
	Later    bool // a word of the language whose time has not come
}

// booleans are the words that YAML 1.1 reads as true or false.
var booleans = []string{"on", "off", "yes", "no", "y", "n"}

func isBooleanWord(s string) bool { return slices.Contains(booleans, strings.ToLower(s)) }

// Check compares a tree with the shape. The problems carry lines and paths, not files.
func (s *Shape) Check(n *Node) []Problem {
	c := &checker{}
	c.check(s, n, nil)
	for i, sign := range c.wide {
		p := c.problems[i]
		p.Code, p.Args, p.Suggestion = "yaml.full_width", map[string]any{"sign": string(sign), "plain": string(narrow[sign])}, ""
		c.problems[i] = p
	}
	return c.problems
}

type checker struct {
	problems []Problem
	wide     map[int]rune // full-width signs in what the problem of that index refuses
}

// narrow are the signs of a Chinese keyboard that look like signs of YAML and are none.
var narrow = map[rune]rune{'：': ':', '，': ',', '｛': '{', '｝': '}', '［': '[', '］': ']', '【': '[', '】': ']',
	'（': '(', '）': ')', '“': '"', '”': '"', '‘': '\'', '’': '\'', '＂': '"', '；': ';', '　': ' ', '＃': '#', '－': '-', '％': '%', '＞': '>', '＜': '<', '＝': '='}

// wideSign is the first such sign of a text.
func wideSign(text string) (rune, bool) {
	for _, r := range text {
		if narrow[r] != 0 {
			return r, true
		}
	}
	return 0, false
}

func (c *checker) add(n *Node, path []string, code string, args ...any) *Problem {
	p := Problem{Code: code, Line: n.Line, Col: n.Col, Path: strings.Join(path, ".")}
	for i := 0; i+1 < len(args); i += 2 {
		if p.Args == nil {
			p.Args = map[string]any{}
		}
		p.Args[args[i].(string)] = args[i+1]
	}
	if sign, ok := wideSign(n.Text); ok && n.Kind == Scalar && !n.Quoted {
		if c.wide == nil {
			c.wide = map[int]rune{}
		}
		c.wide[len(c.problems)] = sign
	}
	c.problems = append(c.problems, p)
	return &c.problems[len(c.problems)-1]
}

func (c *checker) check(s *Shape, n *Node, path []string) {
	switch {
	case s.Free:
	case s.Alt != nil:
		alt := [...]*Shape{Scalar: s.Alt.Scalar, List: s.Alt.List, Map: s.Alt.Map}[n.Kind]
		if alt == nil {
			c.add(n, path, "pack.wrong_kind", "want", s.kinds())
			return
		}
		c.check(alt, n, path)
	case s.Keys != nil:
		if c.want(n, Map, path) {
			c.keys(s, n, path)
		}
	case s.Of != nil:
		if c.want(n, Map, path) {
			c.names(s, n, path)
		}
	case s.Item != nil:
		if s.Lone && n.Kind != List {
			c.check(s.Item, n, path)
		} else if c.want(n, List, path) {
			for i, item := range n.Items {
				c.check(s.Item, item, append(slices.Clone(path), strconv.Itoa(i)))
			}
		}
	default:
		if c.want(n, Scalar, path) {
			c.scalar(s, n, path)
		}
	}
}

func (c *checker) want(n *Node, k Kind, path []string) bool {
	if n.Kind == k {
		return true
	}
	if n.Kind == Scalar && n.Text == "" && !n.Quoted && k != Scalar {
		c.add(n, path, "pack.empty")
		return false
	}
	c.add(n, path, "pack.wrong_kind", "want", kindNames[k])
	return false
}

var kindNames = [...]string{Scalar: "text", List: "list", Map: "map"}

func (s *Shape) kinds() string {
	var out []string
	for i, a := range []*Shape{s.Alt.Scalar, s.Alt.List, s.Alt.Map} {
		if a != nil {
			out = append(out, kindNames[i])
		}
	}
	return strings.Join(out, ", ")
}

func (c *checker) keys(s *Shape, n *Node, path []string) {
	for _, e := range n.Entries {
		here := append(slices.Clone(path), e.Key.Text)
		i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.Name == e.Key.Text })
		switch {
		case i < 0 && isBooleanWord(e.Key.Text):
			c.add(e.Key, here, "yaml.boolean_word", "word", e.Key.Text)
		case i < 0:
			var known []string
			for _, k := range s.Keys {
				if !k.Later {
					known = append(known, k.Name)
				}
			}
			p := c.add(e.Key, here, "pack.unknown_key", "key", clip(e.Key.Text), "known", known)
			p.Suggestion = Suggest(e.Key.Text, known)
		case s.Keys[i].Later:
			c.add(e.Key, here, "pack.not_yet", "word", e.Key.Text)
		default:
			c.check(s.Keys[i].Shape, e.Value, here)
		}
	}
	for _, k := range s.Keys {
		if k.Required && n.Get(k.Name) == nil {
			c.add(n, path, "pack.missing_key", "key", k.Name)
		}
	}
}

func (c *checker) names(s *Shape, n *Node, path []string) {
	for _, e := range n.Entries {
		here := append(slices.Clone(path), e.Key.Text)
		if isBooleanWord(e.Key.Text) && !e.Key.Quoted {
			c.add(e.Key, here, "yaml.boolean_word", "word", e.Key.Text)
			continue
		}
		c.check(s.Name, e.Key, here)
		c.check(s.Of, e.Value, here)
	}
}

func (c *checker) scalar(s *Shape, n *Node, path []string) {
	switch {
	case n.Text == "" && !n.Quoted:
		c.add(n, path, "pack.empty")
	case s.Bool:
		if n.Text != "true" && n.Text != "false" {
			c.add(n, path, "pack.not_boolean")
		}
	case s.Int:
		if v, err := strconv.Atoi(n.Text); err != nil || v < s.Min || v > 1_000_000_000 {
			c.add(n, path, "pack.not_a_number", "least", s.Min)
		}
	case s.Enum != nil:
		if !slices.Contains(s.Enum, n.Text) {
			p := c.add(n, path, "pack.unknown_word", "word", clip(n.Text), "known", s.Enum)
			p.Suggestion = Suggest(n.Text, s.Enum)
		}
	case s.Text != nil:
		err := s.Text(n.Text)
		if err == nil {
			return
		}
		p := c.add(n, path, fault.CodeOf(err))
		var f *fault.Error
		if asFault(err, &f) {
			p.Args = f.Args
			if name, ok := f.Args["suggestion"].(string); ok {
				p.Suggestion = name
			}
		}
	}
}

func asFault(err error, to **fault.Error) bool {
	f, ok := err.(*fault.Error)
	if ok {
		*to = f
	}
	return ok
}
