package story

import (
	"slices"

	"gezhi/internal/pack"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

// vocabulary is what the packs of a story know by name.
type vocabulary struct {
	roles, classes, actions, steps, clocks, parts []string
}

// vocabularyOf gathers the names of a story's packs and of the life of tasks.
func vocabularyOf(p *Packs) vocabulary {
	v := vocabulary{actions: slices.Concat(workflow.Overlays, workflow.KernelActs)}
	all := p.all()
	if p.Core != nil && !slices.Contains(all, p.Core) {
		all = append(all, p.Core)
	}
	for _, q := range all {
		for _, r := range q.Roles {
			v.roles = append(v.roles, r.Name)
		}
		for _, c := range q.Classes {
			v.classes = append(v.classes, c.Code)
		}
		for i := range q.Lives {
			v.life(&q.Lives[i])
		}
	}
	return v
}

func (v *vocabulary) life(l *pack.Life) {
	for _, a := range l.Actions {
		v.actions = append(v.actions, a.Name)
	}
	for _, s := range l.Steps {
		v.steps = append(v.steps, s.Name)
	}
	for _, c := range l.Clocks {
		v.clocks = append(v.clocks, c.Name)
	}
	for _, s := range l.Parts {
		v.parts = append(v.parts, s.Name)
	}
}

// misnamed is the first name in a story that no pack of it knows, with the nearest one; nil
// when all are known. A story that loads another version is believed, and so is an act that
// the story expects to be refused.
func (s *Story) misnamed(p *Packs) *Difference {
	v := vocabularyOf(p)
	for _, who := range s.Given.People {
		for _, post := range who.Posts {
			if d := named(who.Line, "story.unknown_role", post.Role, v.roles); d != nil {
				return d
			}
		}
	}
	if slices.ContainsFunc(s.When, func(e Event) bool { return e.Verb == VerbLoad }) {
		return nil
	}
	for _, e := range s.When {
		if d := v.event(e); d != nil {
			return d
		}
	}
	return v.expect(s.Then)
}

func (v *vocabulary) event(e Event) *Difference {
	for _, x := range e.Many {
		if d := v.event(x); d != nil {
			return d
		}
	}
	switch {
	case e.Repeat != nil:
		return v.event(e.Repeat.Do)
	case e.Verb == VerbExpect:
		return v.expect(e.Expect)
	case e.Refused != "":
	case e.Verb == VerbOpen:
		return named(e.Line, "story.unknown_class", e.Name, v.classes)
	case e.Verb == VerbDo:
		return named(e.Line, "story.unknown_action", e.Name, v.actions)
	}
	return nil
}

func (v *vocabulary) expect(x Expect) *Difference {
	for _, c := range x.Cases {
		if d := named(c.Line, "story.unknown_step", c.Step, v.steps); d != nil {
			return d
		}
		for _, k := range c.Clocks {
			if d := named(k.Line, "story.unknown_clock", k.Name, v.clocks); d != nil {
				return d
			}
		}
		for _, s := range c.Parts {
			if d := named(s.Line, "story.unknown_part", s.Name, v.parts); d != nil {
				return d
			}
		}
	}
	return nil
}

// named is nil when a name is known, absent, or the word for nothing.
func named(line int, code, name string, known []string) *Difference {
	if name == "" || name == none || slices.Contains(known, name) {
		return nil
	}
	d := differ(line, code, "name", name)
	d.Suggestion = shape.Suggest(name, known)
	return d
}
