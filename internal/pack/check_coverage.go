package pack

import (
	"slices"

	"gezhi/internal/workflow"
)

// CoverageOf returns the coverage of that name, nil when there is none.
func (p *Pack) CoverageOf(name string) *workflow.Coverage {
	return find(p.Coverage, func(c *workflow.Coverage) bool { return c.Name == name })
}

// coverage checks rules on sets of records.
func (c *checking) coverage() {
	for _, x := range c.p.Coverage {
		at := []string{"coverage", x.Name}
		if r := c.p.Record(x.Every); r == nil || r.Table {
			c.unknown("life.unknown_record", livesFile, append(at, "every"), x.Every, names(c.p.Records, func(r Record) string { return r.Name }))
		}
		if (x.Via == "") == (x.Has == "") {
			c.say("coverage.kind", livesFile, at, "name", x.Name)
		}
		if x.Via != "" && !slices.ContainsFunc(c.p.Relations, func(r Relation) bool { return r.Name == x.Via && (r.From == x.Every || r.To == x.Every) }) {
			c.say("coverage.relation", livesFile, append(at, "via"), "name", x.Via, "every", x.Every)
		}
		if _, l := c.lifeOf(x.Has); x.Has != "" && (l == nil || !slices.Contains(l.About, workflow.AboutKind{Kind: workflow.AboutRecord, Of: x.Every})) {
			c.say("coverage.has", livesFile, append(at, "has"), "name", x.Has, "every", x.Every)
		}
		gates := func(l Life) bool {
			return slices.ContainsFunc(l.Actions, func(a action) bool {
				return slices.ContainsFunc(a.Needs, func(n workflow.Need) bool { return n.Gap == x.Name })
			})
		}
		if !slices.ContainsFunc(c.p.Lives, gates) {
			c.say("coverage.unused", livesFile, at, "name", x.Name)
		}
	}
}
