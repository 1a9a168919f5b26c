package pack

import (
	"slices"

	"gezhi/internal/form"
	"gezhi/internal/workflow"
)

// languages are those a pack must have words in.
var languages = []string{"zh", "en"}

// missingWords finds what has a name and no words for people.
func (c *checking) missingWords() {
	w := &wording{checking: c, seen: map[string]bool{}}
	for _, r := range c.p.Roles {
		w.want("roles", r.Name, r.Title, "pack.yaml", "roles", r.Name)
	}
	for i, s := range c.p.Severities {
		w.want("severities", s.Code, s.Title, "pack.yaml", "severities", index(i))
	}
	for _, o := range c.p.Options {
		if o.Name == ClassOptions {
			continue
		}
		for _, x := range o.Options {
			w.want("options", o.Name+"."+x.Code, x.Title, "pack.yaml", "options", o.Name, x.Code)
		}
	}
	for _, r := range c.p.Reasons {
		for _, code := range r.Codes {
			w.want("reasons", code, nil, "pack.yaml", "reasons", r.Name)
		}
	}
	for _, g := range c.p.Groups {
		w.want("groups", g.Code, g.Title, "classes.yaml", "groups", g.Code)
	}
	for _, k := range c.p.Classes {
		w.want("classes", k.Code, k.Title, "classes.yaml", "classes", k.Code)
		w.fields("", k.Fields, "classes.yaml", "classes", k.Code, "fields")
	}
	for i, x := range c.p.Texts {
		w.want("texts", x.Class+"."+x.Field+"."+index(i), x.Text, "classes.yaml", "texts", index(i))
	}
	for _, r := range c.p.Records {
		w.want("records", r.Name, r.Title, "records.yaml", "records", r.Name)
		w.fields("", r.Fields, "records.yaml", "records", r.Name, "fields")
	}
	for _, r := range c.p.Relations {
		w.want("relations", r.Name, nil, "records.yaml", "relations", r.Name)
		w.want("relations", r.Name+"_back", nil, "records.yaml", "relations", r.Name)
	}
	for _, l := range c.p.Ledgers {
		w.want("ledgers", l.Name, l.Title, pointsFile, "ledgers", l.Name)
		w.want("units", l.Name, l.Unit, pointsFile, "ledgers", l.Name)
	}
	for _, b := range c.p.Boards {
		w.want("boards", b.Name, nil, pointsFile, "boards", b.Name)
	}
	for _, s := range c.p.Signals {
		w.want("signals", s.Name, s.Title, livesFile, "signals", s.Name)
	}
	for i := range c.p.Lives {
		w.life(&c.p.Lives[i])
	}
}

type wording struct {
	*checking
	seen map[string]bool
}

// want asks for the words of a name, given beside it or in the words files.
func (w *wording) want(section, name string, given Words, file string, at ...string) {
	if w.seen[section+"."+name] {
		return
	}
	w.seen[section+"."+name] = true
	for _, lang := range languages {
		if given[lang] == "" && w.p.Word(lang, section, name) == "" {
			w.say("words.missing", file, at, "lang", lang, "section", section, "name", name)
		}
	}
}

func (w *wording) fields(life string, fields []form.Field, file string, at ...string) {
	for _, f := range fields {
		w.want("fields", life+f.Name, f.Title, file, append(slices.Clone(at), f.Name)...)
		w.fields(life, f.Rows, file, append(slices.Clone(at), f.Name, "rows")...)
	}
}

func (w *wording) life(l *Life) {
	at := func(path ...string) []string { return append([]string{"lives", l.Name}, path...) }
	name := func(s string) string { return l.Name + "." + s }
	w.want("lives", l.Name, l.Title, livesFile, at()...)
	w.fields(name(""), l.Fields, livesFile, at("fields")...)
	for _, s := range l.Steps {
		w.want("steps", name(s.Name), nil, livesFile, at("steps", s.Name)...)
	}
	for _, s := range l.Seats {
		w.want("participants", name(s.Name), nil, livesFile, at("participants", s.Name)...)
	}
	for _, c := range l.Clocks {
		w.want("clocks", name(c.Name), nil, livesFile, at("clocks", c.Name)...)
		for _, e := range c.Exclude {
			w.want("excluded", name(e.Name), nil, livesFile, at("clocks", c.Name, "exclude", e.Name)...)
		}
	}
	for _, p := range l.Parts {
		w.want("parts", name(p.Name), nil, livesFile, at("parts", p.Name)...)
	}
	for _, v := range l.Public {
		w.want("views", name(v.Name), nil, livesFile, at("public", v.Name)...)
	}
	for _, k := range l.Keys {
		if k.Else == workflow.KeyRefuse {
			w.want("keys", name(k.Name), nil, livesFile, at("keys", k.Name)...)
		}
	}
	for _, a := range l.Actions {
		w.want("actions", name(a.Name), nil, livesFile, at("actions", a.Name)...)
		if a.Outcome != "" {
			w.want("outcomes", name(a.Outcome), nil, livesFile, at("actions", a.Name, "outcome")...)
		}
		for _, n := range a.Needs {
			if n.Else != "" {
				w.want("unmet", name(n.Else), nil, livesFile, at("actions", a.Name, "needs")...)
			}
		}
		for _, e := range a.Then {
			if e.Post != nil && e.Post.Reason != "" {
				w.want("reasons", e.Post.Reason, nil, livesFile, at("actions", a.Name, "then")...)
			}
		}
	}
}
