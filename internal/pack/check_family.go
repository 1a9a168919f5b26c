package pack

import (
	"slices"
	"strings"

	"gezhi/internal/workflow"
)

// familyEdges are the classes that a life opens as parts or starts.
func familyEdges(l *Life) (parts, starts []string) {
	for _, p := range l.Parts {
		if p.Case != "" {
			parts = append(parts, p.Case)
		}
	}
	for _, a := range l.Actions {
		for _, e := range a.Then {
			if e.Start != nil && a.IsAutomatic() {
				starts = append(starts, e.Start.Class)
			}
		}
	}
	return parts, starts
}

// maxDepth is how deep a family may be.
const maxDepth = 4

// families finds lives that open themselves, over all packs, and families too deep.
func (c *checking) families() {
	for i := range c.p.Lives {
		l := &c.p.Lives[i]
		at := []string{"lives", l.Name}
		if way := c.way(l, l, func(x *Life) []string { p, _ := familyEdges(x); return p }, nil); way != nil {
			c.say("parts.cycle", livesFile, at, "way", strings.Join(way, " > "))
		} else if d := c.depth(l, 0); d > maxDepth {
			c.say("parts.too_deep", livesFile, at, "depth", d, "most", maxDepth)
		}
		if way := c.way(l, l, func(x *Life) []string { p, s := familyEdges(x); return append(s, p...) }, nil); way != nil && c.startsIn(way) {
			c.say("effect.cycle", livesFile, at, "way", strings.Join(way, " > "))
		}
		c.moveCycle(l)
	}
}

// way is a path of lives from one back to another, nil when there is none.
func (c *checking) way(from, back *Life, edges func(*Life) []string, seen []*Life) []string {
	if slices.Contains(seen, from) {
		return nil
	}
	seen = append(seen, from)
	for _, class := range edges(from) {
		_, l := c.lifeOf(class)
		if l == nil {
			continue
		}
		if l == back {
			return []string{from.Name, l.Name}
		}
		if rest := c.way(l, back, edges, seen); rest != nil {
			return append([]string{from.Name}, rest...)
		}
	}
	return nil
}

// startsIn tells whether a way uses at least one start; a way of parts alone is a cycle of
// parts already.
func (c *checking) startsIn(way []string) bool {
	for i := 0; i+1 < len(way); i++ {
		_, l := c.lifeOf(way[i])
		if l == nil {
			continue
		}
		_, starts := familyEdges(l)
		for _, s := range starts {
			if _, t := c.lifeOf(s); t != nil && t.Name == way[i+1] {
				return true
			}
		}
	}
	return false
}

func (c *checking) depth(l *Life, level int) int {
	if level > maxDepth {
		return level
	}
	deepest := level + 1
	for i := range l.Parts {
		if _, x := c.lifeOf(l.Parts[i].Case); l.Parts[i].Case != "" && x != nil {
			deepest = max(deepest, c.depth(x, level+1))
		}
	}
	return deepest
}

// moveCycle finds an action whose effect comes back to itself: parent moves part moves
// parent.
func (c *checking) moveCycle(l *Life) {
	for i := range l.Actions {
		for _, e := range l.Actions[i].Then {
			if e.Move == nil || e.Move.Target != workflow.MoveParts {
				continue
			}
			s := l.Part(e.Move.Part)
			if s == nil || s.Case == "" {
				continue
			}
			_, below := c.lifeOf(s.Case)
			if below == nil {
				continue
			}
			b := below.Action(e.Move.Do)
			if b == nil {
				continue
			}
			if slices.ContainsFunc(b.Then, func(x workflow.Effect) bool {
				return x.Move != nil && x.Move.Target == workflow.MoveParent && x.Move.Do == l.Actions[i].Name
			}) {
				c.say("effect.cycle", livesFile, []string{"lives", l.Name, "actions", l.Actions[i].Name}, "way", l.Actions[i].Name+" > "+b.Name+" > "+l.Actions[i].Name)
			}
		}
	}
}
