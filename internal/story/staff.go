package story

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/internal/workflow"
)

// office is a unit that shall stand.
type office struct{ name, kind, area, above string }

// offices are the units of the story: one that runs each place from the county to the
// village, those that the story names, and those that duty lines name.
func (w *world) offices() []office {
	g := &w.ground
	var out []office
	have := map[string]int{}
	add := func(o office) {
		if _, there := have[o.name]; !there && o.name != "" {
			have[o.name] = len(out)
			out = append(out, o)
		}
	}
	for _, name := range g.order {
		runs := ""
		if a := g.declared[name]; a != nil {
			runs = a.Unit
		}
		if runs == "" && g.level[name] >= territory.County && g.level[name] <= territory.Village {
			runs = name
		}
		add(office{name: runs, kind: kindRuns, area: name})
	}
	for _, u := range w.story.Given.Units {
		o := office{name: u.ID, kind: u.ID, area: u.Area, above: u.In}
		if o.area == "" {
			o.area = w.areaOfUnit(u.ID)
		}
		if i, there := have[u.ID]; there { // also runs a place
			out[i].above = u.In
			continue
		}
		add(o)
	}
	for _, p := range w.story.Given.People {
		if p.Unit {
			add(office{name: p.ID, kind: p.ID, area: w.areaOfUnit(p.ID)})
		}
		for _, post := range p.Posts {
			add(office{name: post.Unit, kind: post.Unit, area: w.areaOfUnit(post.Unit)})
		}
	}
	for _, d := range w.dutyLines() {
		add(office{name: d.Unit, kind: d.Unit, area: w.areaOfUnit(d.Unit)})
	}
	for _, o := range slices.Clone(out) {
		add(office{name: o.above, kind: o.above, area: w.areaOfUnit(o.above)})
	}
	return out
}

// dutyLines are the story's and the pack's.
func (w *world) dutyLines() []pack.Duty {
	var out []pack.Duty
	for _, d := range w.story.Given.Duty {
		out = append(out, pack.Duty{Class: d.Class, Level: d.Level, Unit: d.Unit, Post: d.Post})
	}
	return append(out, w.packs.Main.Duty...)
}

// areaOfUnit is where a unit works that the story puts nowhere: at the level a duty line
// gives it, else where its people's role belongs, else the county.
func (w *world) areaOfUnit(unit string) string {
	for _, d := range w.dutyLines() {
		if d.Unit == unit && levels[d.Level] > 0 {
			return w.ground.focus[levels[d.Level]]
		}
	}
	for _, p := range w.story.Given.People {
		for _, post := range p.Posts {
			if post.Unit != unit {
				continue
			}
			if post.Area != "" && w.ground.level[post.Area] > 0 {
				return post.Area
			}
			if l := w.levelsOf(post.Role); len(l) > 0 {
				return w.ground.focus[min(l[0], territory.Village)]
			}
		}
	}
	return w.ground.focus[territory.County]
}

// levelsOf are the levels at which a role stands, as the packs say.
func (w *world) levelsOf(role string) []territory.Level {
	var out []territory.Level
	for _, p := range w.packs.all() {
		if r := p.Role(role); r != nil {
			for _, l := range r.Levels {
				out = append(out, levels[l])
			}
			return out
		}
	}
	return nil
}

// employ gives everybody an account and their posts.
func (w *world) employ(ctx context.Context) error {
	for _, p := range w.cast() {
		if p.Unit {
			if err := w.staff(ctx, p); err != nil {
				return err
			}
			continue
		}
		id, err := w.newPerson(ctx, p.ID)
		if err != nil {
			return err
		}
		w.person[p.ID], w.lives[id] = id, p.Area
		for _, post := range p.Posts {
			if post.Area == "" {
				post.Area = p.Area
			}
			if err := w.give(ctx, id, post, p.Line); err != nil {
				return err
			}
		}
	}
	return nil
}

// cast is everybody in the story: those named, the workers of places, those who act under
// the name of a role, and a stranger.
func (w *world) cast() []Person {
	out := slices.Clone(w.story.Given.People)
	find := func(name string) int { return slices.IndexFunc(out, func(p Person) bool { return p.ID == name }) }
	for _, a := range w.story.Given.Areas {
		if a.Worker == "" {
			continue
		}
		i := find(a.Worker)
		if i < 0 {
			out = append(out, Person{ID: a.Worker, Line: a.Line})
			i = len(out) - 1
		}
		p := &out[i]
		p.Posts = slices.Clone(p.Posts)
		at := slices.IndexFunc(p.Posts, func(x Post) bool {
			return x.Area == "" && (slices.Contains(w.levelsOf(x.Role), w.ground.level[a.ID]) || len(p.Posts) == 1)
		})
		switch role := w.roleAt(w.ground.level[a.ID]); {
		case at >= 0:
			p.Posts[at].Area = a.ID
		case role != "":
			p.Posts = append(p.Posts, Post{Role: role, Area: a.ID})
		}
	}
	for _, name := range w.story.actors() {
		if find(name) < 0 && w.levelsOf(name) != nil {
			out = append(out, Person{ID: name, Posts: []Post{{Role: name}}})
		}
	}
	if find(Stranger) < 0 {
		out = append(out, Person{ID: Stranger})
	}
	return out
}

// roleAt is the first role that stands at a level.
func (w *world) roleAt(l territory.Level) string {
	for _, p := range w.packs.all() {
		for _, r := range p.Roles {
			if slices.Contains(w.levelsOf(r.Name), l) {
				return r.Name
			}
		}
	}
	return ""
}

// actors are the names under which things are done.
func (s *Story) actors() []string {
	var out []string
	add := func(e Event) {
		if e.By != "" && !slices.Contains(out, e.By) {
			out = append(out, e.By)
		}
	}
	for _, e := range s.When {
		add(e)
		for _, m := range e.Many {
			add(m)
		}
		if e.Repeat != nil {
			add(e.Repeat.Do)
		}
	}
	return out
}

// memberOf is the role of somebody in a unit to which the packs give none.
const memberOf = "member"

// staff puts people into a unit that the story names like a person: one for each role that
// the packs look for in units, or else one member.
func (w *world) staff(ctx context.Context, p Person) error {
	roles := w.rolesOfUnits()
	if len(roles) == 0 {
		roles = []string{memberOf}
	}
	for _, r := range roles {
		id, err := w.newPerson(ctx, p.ID)
		if err != nil {
			return err
		}
		w.stands[p.ID] = append(w.stands[p.ID], id)
		if err := w.give(ctx, id, Post{Role: r, Unit: p.ID, Area: p.Area}, p.Line); err != nil {
			return err
		}
	}
	return nil
}

// rolesOfUnits are the roles that the lives of the pack look for in units.
func (w *world) rolesOfUnits() []string {
	var out []string
	add := func(list []workflow.Who) {
		for _, x := range list {
			if x.Kind == workflow.WhoRole && x.Of == workflow.OfUnit && !slices.Contains(out, x.Name) {
				out = append(out, x.Name)
			}
		}
	}
	for _, l := range w.packs.Main.Lives {
		for _, a := range l.Actions {
			add(a.Who)
		}
		for _, o := range l.Allow {
			add(o.Who)
		}
		for _, c := range l.Clocks {
			for _, m := range c.Marks {
				add(m.Tell)
				add(m.Escalate)
			}
		}
		for _, s := range l.Parts {
			if s.Task != nil {
				add(s.Task.Who)
			}
		}
	}
	return out
}

func (w *world) newPerson(ctx context.Context, name string) (string, error) {
	p, err := w.accounts.CreatePerson(ctx, "", account.NewPerson{Jurisdiction: jurisdiction, Name: name, Nature: territory.Sample})
	w.called[p.ID] = name
	return p.ID, err
}

// give gives a person a post, at the place where such a role stands unless the story says.
func (w *world) give(ctx context.Context, person string, post Post, line int) error {
	g := &w.ground
	area := post.Area
	if area == "" && post.Unit != "" {
		area = w.placeOf(post.Unit)
	}
	wants := w.levelsOf(post.Role)
	if post.Area == "" && len(wants) > 0 && !slices.Contains(wants, g.level[area]) {
		area = g.focus[wants[0]]
		if post.Unit != "" && g.level[w.placeOf(post.Unit)] < wants[0] {
			area = w.placeOf(post.Unit) // a role of a deeper level in a higher unit stands there
		}
	}
	if area == "" {
		area = g.focus[territory.County]
	}
	id, ok := g.id[area]
	if !ok {
		return unknown(line, area)
	}
	unit := w.unit[post.Unit]
	if post.Unit == "" {
		for at := area; at != "" && unit == ""; at = g.parent[at] {
			unit = w.unit[w.runs(at)]
		}
	}
	_, err := w.accounts.GivePost(ctx, "", account.NewPost{PersonID: person, Role: post.Role, UnitID: unit, AreaID: id,
		AreaLevel: account.Level(g.level[area]), Seat: account.Seat(post.Seat), From: post.From, Until: post.Until})
	return err
}

// runs is the unit that runs a place.
func (w *world) runs(area string) string {
	if a := w.ground.declared[area]; a != nil && a.Unit != "" {
		return a.Unit
	}
	return area
}

// placeOf is where a unit of the story works.
func (w *world) placeOf(unit string) string {
	if u, ok := w.unitByName(unit); ok {
		return w.called[u.Area]
	}
	return ""
}

func (w *world) unitByName(name string) (*territory.Unit, bool) {
	tree, err := w.territory.Tree(context.Background())
	if err != nil {
		return nil, false
	}
	return tree.Unit(w.unit[name])
}

// withDuties adds the duty lines of a story to an overlay's text, or makes one.
func withDuties(name, text string, lines []DutyLine) string {
	if len(lines) == 0 {
		return text
	}
	var b strings.Builder
	if text == "" {
		fmt.Fprintf(&b, "overlay: %s\n", name)
	} else {
		b.WriteString(strings.TrimRight(text, "\n") + "\n")
	}
	b.WriteString("duty:\n")
	for _, d := range lines {
		fmt.Fprintf(&b, "  - { class: %q, level: %s", d.Class, d.Level)
		if d.Unit != "" {
			fmt.Fprintf(&b, ", unit: %s", d.Unit)
		}
		if d.Post != "" {
			fmt.Fprintf(&b, ", post: %s", d.Post)
		}
		b.WriteString(" }\n")
	}
	return b.String()
}
