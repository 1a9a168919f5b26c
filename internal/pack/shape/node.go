package shape

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Kind says what a node is.
type Kind int

// The kinds of nodes.
const (
	Scalar Kind = iota
	List
	Map
)

// Node is one place in a YAML file.
type Node struct {
	Kind    Kind
	Text    string // Scalar: as written; "" for null
	Quoted  bool   // Scalar: in quotes, or a block
	Entries []Entry
	Items   []*Node
	Line    int // from 1
	Col     int
}

// Entry is one key of a map with its value, in the order of the file.
type Entry struct {
	Key   *Node
	Value *Node
}

// Get returns the value of key; nil when n is nil, no map, or has no such key.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Value
		}
	}
	return nil
}

// At walks down keys; a list item is reached by its index written as digits. Where the way
// ends early, the last node found is returned, so that a place can always be shown.
func (n *Node) At(path ...string) *Node {
	for _, p := range path {
		next := n.Get(p)
		if next == nil && n != nil && n.Kind == List {
			if i := number(p); i < len(n.Items) {
				next = n.Items[i]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

func number(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 1e6 {
			return 1 << 30
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// Texts returns the scalars of a list, or the one scalar itself.
func (n *Node) Texts() []string {
	if n == nil {
		return nil
	}
	if n.Kind == Scalar {
		return []string{n.Text}
	}
	var out []string
	for _, i := range n.Items {
		out = append(out, i.Text)
	}
	return out
}

// Scalar is the text of a scalar; "" for anything else, and for nil.
func (n *Node) Scalar() string {
	if n == nil || n.Kind != Scalar {
		return ""
	}
	return n.Text
}

// Scalars is a map of scalars; nil when n is nil.
func (n *Node) Scalars() map[string]string {
	if n == nil {
		return nil
	}
	out := make(map[string]string, len(n.Entries))
	for _, e := range n.Entries {
		out[e.Key.Text] = e.Value.Text
	}
	return out
}

// Each returns the items of a list, or the node itself where one item stands alone.
func (n *Node) Each() []*Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == List:
		return n.Items
	}
	return []*Node{n}
}

// MaxFile is the largest file read, in bytes.
const MaxFile = 2 << 20

const maxNesting = 60

// Read parses one YAML document. Problems: yaml.syntax, yaml.duplicate_key, yaml.not_plain
// (anchors, aliases, tags, merge keys), yaml.too_large, yaml.too_deep, yaml.empty.
func Read(data []byte) (n *Node, problems []Problem) {
	defer func() {
		if recover() != nil { // the parser panicked on some inputs in the past
			n, problems = nil, []Problem{{Code: "yaml.syntax", Line: 1}}
		}
	}()
	if len(data) > MaxFile {
		return nil, []Problem{{Code: "yaml.too_large", Line: 1, Args: map[string]any{"max": MaxFile}}}
	}
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	if !utf8.Valid(data) {
		return nil, []Problem{{Code: "yaml.not_utf8", Line: 1}}
	}
	if deep(data) {
		return nil, []Problem{{Code: "yaml.too_deep", Line: 1}}
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, []Problem{syntaxProblem(err, data)}
	}
	r := &reader{}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if n != nil {
			r.add("yaml.documents", doc.Body.GetToken())
			break
		}
		n = r.node(doc.Body, 0)
	}
	if n == nil && len(r.problems) == 0 {
		return nil, []Problem{{Code: "yaml.empty", Line: 1}}
	}
	return n, r.problems
}

// deep tells whether brackets nest or lines are indented beyond reason, before a recursive
// parser meets them.
func deep(data []byte) bool {
	depth := 0
	for _, c := range data {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '\n':
			depth = min(depth, maxNesting) // a bracket in words does not add up over lines
		}
		if depth > 2*maxNesting {
			return true
		}
	}
	return strings.Contains(string(data), strings.Repeat("- ", maxNesting)) ||
		strings.Contains(string(data), strings.Repeat(" ", 4*maxNesting)+"-") ||
		strings.Contains(string(data), strings.Repeat("? ", maxNesting))
}

// syntaxProblem is what the parser said, or, where the line shows it, what a person did: a
// tab for spaces, a full-width bracket.
func syntaxProblem(err error, data []byte) Problem {
	p := Problem{Code: "yaml.syntax", Line: 1}
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &at) {
		p.Args = map[string]any{"message": at.GetMessage()}
		if t := at.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Col = t.Position.Line, t.Position.Column
		}
	}
	lines := strings.Split(string(data), "\n")
	if p.Line > len(lines) {
		return p
	}
	line := lines[p.Line-1]
	if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
		return Problem{Code: "yaml.tab", Line: p.Line, Col: strings.Index(indent, "\t") + 1}
	}
	if i := strings.IndexAny(line, "｛｝［］【】"); i >= 0 {
		sign, _ := utf8.DecodeRuneInString(line[i:])
		return Problem{Code: "yaml.full_width", Line: p.Line, Col: utf8.RuneCountInString(line[:i]) + 1, Args: map[string]any{"sign": string(sign), "plain": string(narrow[sign])}}
	}
	return p
}

type reader struct{ problems []Problem }

func (r *reader) add(code string, t *token.Token) {
	p := Problem{Code: code, Line: 1}
	if t != nil && t.Position != nil {
		p.Line, p.Col = t.Position.Line, t.Position.Column
	}
	r.problems = append(r.problems, p)
}

func (r *reader) node(a ast.Node, depth int) *Node {
	t := a.GetToken()
	n := &Node{Line: 1}
	if t != nil && t.Position != nil {
		n.Line, n.Col = t.Position.Line, t.Position.Column
	}
	if depth > maxNesting {
		r.add("yaml.too_deep", t)
		return n
	}
	switch a := a.(type) {
	case *ast.MappingNode:
		n.Kind = Map
		for _, v := range a.Values {
			r.entry(n, v, depth)
		}
	case *ast.MappingValueNode:
		n.Kind = Map
		r.entry(n, a, depth)
	case *ast.SequenceNode:
		n.Kind = List
		for _, v := range a.Values {
			n.Items = append(n.Items, r.node(v, depth+1))
		}
	case *ast.NullNode:
	case *ast.StringNode:
		n.Text, n.Quoted = a.Value, t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
	case *ast.LiteralNode:
		n.Text, n.Quoted = a.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		n.Text = strings.TrimSpace(t.Value)
	default:
		r.add("yaml.not_plain", t)
	}
	if n.Kind == Map && len(n.Entries) > 0 {
		n.Line, n.Col = n.Entries[0].Key.Line, n.Entries[0].Key.Col
	}
	return n
}

func (r *reader) entry(n *Node, v *ast.MappingValueNode, depth int) {
	if _, merge := v.Key.(*ast.MergeKeyNode); merge || v.Value == nil {
		r.add("yaml.not_plain", v.Key.GetToken())
		return
	}
	key := r.node(v.Key, depth+1)
	if key.Kind != Scalar {
		r.add("yaml.not_plain", v.Key.GetToken())
		return
	}
	if n.Get(key.Text) != nil {
		r.add("yaml.duplicate_key", v.Key.GetToken())
		r.problems[len(r.problems)-1].Args = map[string]any{"key": clip(key.Text)}
		return
	}
	n.Entries = append(n.Entries, Entry{key, r.node(v.Value, depth+1)})
}
