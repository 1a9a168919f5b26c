package pack

import (
	"fmt"
	"slices"
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// Diagram draws one life of a pack in the words of lang: as Mermaid text for documents and
// as SVG for the wall of the office. An unknown life is NotFound, pack.no_life.
func Diagram(p *Pack, life, lang string) (mermaid string, svg []byte, err error) {
	l := p.Life(life)
	if l == nil {
		return "", nil, fault.New(fault.NotFound, "pack.no_life", "known", names(p.Lives, func(l Life) string { return l.Name }))
	}
	g := graphOf(p, l, lang)
	return g.mermaid(), g.svg(), nil
}

// graph is a life ready to be drawn.
type graph struct {
	title string
	nodes []graphNode
	edges []graphEdge
	notes []string
}

type graphNode struct {
	name, label string
	phase       workflow.Phase
	stays       []string // acts that leave the case where it is
}

type graphEdge struct {
	from, to  int
	labels    []string
	automatic bool // every act on it is the system's
}

// word is the word of a name in the life, else the name itself.
func (p *Pack) word(lang, section, life, name string) string {
	if w := p.Word(lang, section, life+"."+name); w != "" {
		return w
	}
	return name
}

func graphOf(p *Pack, l *Life, lang string) *graph {
	g := &graph{title: p.Word(lang, "lives", l.Name)}
	if g.title == "" {
		g.title = l.Name
	}
	for _, s := range l.Steps {
		g.nodes = append(g.nodes, graphNode{name: s.Name, label: p.word(lang, "steps", l.Name, s.Name), phase: s.Phase})
	}
	for i := range l.Actions {
		a := &l.Actions[i]
		label := p.word(lang, "actions", l.Name, a.Name)
		if who := p.whoLabel(a.Who, l, lang); who != "" {
			label += " · " + who
		}
		for _, in := range a.In {
			g.act(in, targetSteps(a), label, a.IsAutomatic())
		}
	}
	for i := range l.Allow {
		o := &l.Allow[i]
		if o.To == "" {
			continue
		}
		for _, s := range l.Steps {
			if o.Allowed(&l.Life, s.Name) && s.Name != o.To {
				g.act(s.Name, []string{o.To}, Say(lang, "kernel."+o.Name, nil), false)
			}
		}
	}
	for _, c := range l.Clocks {
		g.notes = append(g.notes, clockNote(p, l, &c, lang))
	}
	return g
}

func targetSteps(a *action) []string {
	return names(a.To, func(t workflow.Target) string { return t.Step })
}

func (g *graph) node(name string) int {
	return slices.IndexFunc(g.nodes, func(n graphNode) bool { return n.name == name })
}

// act adds an act to the edges from one step, or to the acts that stay there.
func (g *graph) act(from string, targets []string, label string, automatic bool) {
	i := g.node(from)
	if i < 0 {
		return
	}
	if len(targets) == 0 {
		g.nodes[i].stays = append(g.nodes[i].stays, label)
	}
	for _, to := range targets {
		j := g.node(to)
		if j < 0 {
			continue
		}
		k := slices.IndexFunc(g.edges, func(e graphEdge) bool { return e.from == i && e.to == j })
		if k < 0 {
			g.edges = append(g.edges, graphEdge{from: i, to: j, automatic: true})
			k = len(g.edges) - 1
		}
		g.edges[k].labels = append(g.edges[k].labels, label)
		g.edges[k].automatic = g.edges[k].automatic && automatic
	}
}

func (p *Pack) whoLabel(list []workflow.Who, l *Life, lang string) string {
	var out []string
	for _, w := range list {
		s := w.Name
		switch w.Kind {
		case workflow.WhoSeat:
			if s = p.Word(lang, "participants", l.Name+"."+w.Name); s == "" {
				if s = Say(lang, "kernel."+w.Name, nil); strings.HasPrefix(s, "kernel.") {
					s = w.Name
				}
			}
		case workflow.WhoRole:
			if r := p.Role(w.Name); r != nil && r.Title[lang] != "" {
				s = r.Title[lang]
			} else if t := p.Word(lang, "roles", w.Name); t != "" {
				s = t
			}
		default:
			s = Say(lang, "kernel."+w.Kind, nil)
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, "/")
}

// clockNote tells a clock in one line: name and limit.
func clockNote(p *Pack, l *Life, c *workflow.Clock, lang string) string {
	limit := Say(lang, "kernel.by_class", nil)
	var terms []string
	for _, t := range c.Limit.Terms {
		if t.Expr != nil {
			terms = append(terms, t.Expr.String())
		} else {
			terms = append(terms, t.Span.String())
		}
	}
	for _, x := range c.Limit.Cases {
		terms = append(terms, x.Value+" "+x.Term.Span.String())
	}
	if len(terms) > 0 {
		limit = strings.Join(terms, ", ")
	}
	return p.word(lang, "clocks", l.Name, c.Name) + ": " + limit
}

// mermaid writes a state diagram.
func (g *graph) mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, n := range g.nodes {
		fmt.Fprintf(&b, "    state %q as %s\n", n.label, n.name)
	}
	if len(g.nodes) > 0 {
		fmt.Fprintf(&b, "    [*] --> %s\n", g.nodes[0].name)
	}
	for _, e := range g.edges {
		fmt.Fprintf(&b, "    %s --> %s : %s\n", g.nodes[e.from].name, g.nodes[e.to].name, plainLabel(strings.Join(e.labels, ", ")))
	}
	for _, n := range g.nodes {
		if n.phase == workflow.Closed {
			fmt.Fprintf(&b, "    %s --> [*]\n", n.name)
		}
		if len(n.stays) > 0 {
			fmt.Fprintf(&b, "    note right of %s : %s\n", n.name, plainLabel(strings.Join(n.stays, ", ")))
		}
	}
	return b.String()
}

// plainLabel keeps the characters that mean something to Mermaid out of a label.
func plainLabel(s string) string {
	return strings.NewReplacer(":", " ", ";", " ", "\n", " ", "#", " ").Replace(s)
}
