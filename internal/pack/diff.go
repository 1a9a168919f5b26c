package pack

import (
	"slices"
	"strings"

	"gezhi/internal/pack/shape"
)

// Sentence is one thing that changes between two versions of a pack.
type Sentence struct {
	Code    string            // diff.version, diff.added, diff.removed, diff.changed, diff.reordered
	Kind    string            // "action", "step", "class", …; "" for the version
	Life    string            // the life it is in, "" for none
	Name    string            // the action, the class, …
	What    string            // diff.changed: which part of it, "who"
	From    string            // as written; "" for absent
	To      string            // as written; "" for absent
	Touches []string          // steps of Life whose open cases would feel it; "*" for all of them
	words   map[string]string // the thing's name in people's words, by language
}

// Text says the sentence in "zh" or "en".
func (s Sentence) Text(lang string) string {
	name := s.Name
	if w := s.words[lang]; w != "" && w != name {
		name += " (" + w + ")"
	}
	kind := s.Kind
	if kind != "" {
		kind = Say(lang, "thing."+kind, nil)
	}
	out := Say(lang, s.Code, map[string]any{"kind": kind, "name": name, "what": s.What, "from": orNothing(s.From), "to": orNothing(s.To)})
	if len(s.Touches) > 0 {
		where := strings.Join(s.Touches, ", ")
		if slices.Contains(s.Touches, "*") {
			where = s.Life
		}
		out += " " + Say(lang, "diff.touches", map[string]any{"name": where})
	}
	return out
}

func orNothing(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// section is a map of things in a file, and what one of them is called.
type section struct{ file, key, kind, words string }

var sections = []section{
	{"pack.yaml", "roles", "role", "roles"}, {"pack.yaml", "options", "options", ""}, {"pack.yaml", "reasons", "reasons", ""}, {"pack.yaml", "lists", "list", ""},
	{"classes.yaml", "groups", "group", "groups"}, {"classes.yaml", "classes", "class", "classes"},
	{"lives.yaml", "signals", "signal", "signals"}, {"records.yaml", "records", "record", "records"}, {"records.yaml", "relations", "relation", "relations"},
}

var lifeSections = []section{
	{"", "steps", "step", "steps"}, {"", "actions", "action", "actions"}, {"", "participants", "seat", "participants"}, {"", "clocks", "clock", "clocks"},
	{"", "parts", "part", "parts"}, {"", "fields", "field", "fields"}, {"", "keys", "key", "keys"}, {"", "allow", "overlay", ""},
}

// Diff says what changes from a to b, in the order of the files. Words alone are told as
// one sentence per language. Open cases keep the version they were opened under; Touches
// tells who would feel a migration.
func Diff(a, b *Pack) []Sentence {
	d := &differ{a: a, b: b}
	if a.Version != b.Version {
		d.add(Sentence{Code: "diff.version", From: a.Version, To: b.Version})
	}
	d.rest("pack.yaml", "pack", "", d.a.docs["pack.yaml"], d.b.docs["pack.yaml"], "roles", "options", "reasons", "lists", "version", "format")
	for _, s := range sections {
		d.section(s, "", a.docs[s.file].Get(s.key), b.docs[s.file].Get(s.key))
	}
	d.lives()
	if x, y := flow(a.docs["duty.yaml"]), flow(b.docs["duty.yaml"]); x != y {
		d.add(Sentence{Code: "diff.changed", Kind: "pack", Name: b.Name, What: "duty.yaml", From: x, To: y})
	}
	if x, y := flow(a.docs["classes.yaml"].Get("texts")), flow(b.docs["classes.yaml"].Get("texts")); x != y {
		d.add(Sentence{Code: "diff.changed", Kind: "pack", Name: b.Name, What: "texts", From: x, To: y})
	}
	for _, lang := range union(a.Languages(), b.Languages()) {
		if flow(a.words[lang]) != flow(b.words[lang]) {
			d.add(Sentence{Code: "diff.words", Kind: "pack", Name: lang})
		}
	}
	return d.out
}

type differ struct {
	a, b *Pack
	out  []Sentence
}

func (d *differ) add(s Sentence) { d.out = append(d.out, s) }

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func keysIn(n *shape.Node) []string {
	var out []string
	for _, e := range entriesOf(n) {
		out = append(out, e.Key.Text)
	}
	return out
}

// section compares the things of one map.
func (d *differ) section(s section, life string, x, y *shape.Node) {
	for _, name := range union(keysIn(x), keysIn(y)) {
		before, after := x.Get(name), y.Get(name)
		line := Sentence{Kind: s.kind, Life: life, Name: name, words: d.words(s, life, name)}
		switch {
		case before == nil:
			line.Code = "diff.added"
			line.Touches = d.touches(s.kind, life, name, false)
			d.add(line)
		case after == nil:
			line.Code = "diff.removed"
			line.Touches = d.touches(s.kind, life, name, true)
			d.add(line)
		default:
			d.thing(line, before, after)
		}
	}
	if s.kind == "step" && x != nil && y != nil {
		d.order(life, keysIn(x), keysIn(y))
	}
}

// order tells that steps which stay stand in another order: the first is the start.
func (d *differ) order(life string, x, y []string) {
	keep := func(list, of []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(of, s) })
	}
	if !slices.Equal(keep(x, y), keep(y, x)) {
		d.add(Sentence{Code: "diff.reordered", Kind: "life", Life: life, Name: life, What: "steps"})
	}
}

// thing compares two versions of one thing key by key, or as a whole when it is no map.
func (d *differ) thing(line Sentence, x, y *shape.Node) {
	line.Code = "diff.changed"
	if x.Kind != shape.Map || y.Kind != shape.Map {
		if line.From, line.To = flow(x), flow(y); line.From != line.To {
			line.What = line.Kind
			line.Touches = d.touches(line.Kind, line.Life, line.Name, true)
			d.add(line)
		}
		return
	}
	for _, key := range union(keysIn(x), keysIn(y)) {
		if from, to := flow(x.Get(key)), flow(y.Get(key)); from != to {
			line.What, line.From, line.To = key, from, to
			line.Touches = d.touches(line.Kind, line.Life, line.Name, true)
			d.add(line)
		}
	}
}

// rest compares the keys of a map that are no sections.
func (d *differ) rest(file, kind, life string, x, y *shape.Node, but ...string) {
	for _, key := range union(keysIn(x), keysIn(y)) {
		if slices.Contains(but, key) {
			continue
		}
		if from, to := flow(x.Get(key)), flow(y.Get(key)); from != to {
			s := Sentence{Code: "diff.changed", Kind: kind, Life: life, Name: d.b.Name, What: key, From: from, To: to}
			if life != "" {
				s.Name, s.Touches = life, []string{"*"}
			}
			d.add(s)
		}
	}
}

func (d *differ) lives() {
	x, y := d.a.docs[livesFile].Get("lives"), d.b.docs[livesFile].Get("lives")
	for _, life := range union(keysIn(x), keysIn(y)) {
		before, after := x.Get(life), y.Get(life)
		line := Sentence{Kind: "life", Life: life, Name: life, words: d.words(section{words: "lives"}, "", life)}
		switch {
		case before == nil:
			line.Code = "diff.added"
			d.add(line)
		case after == nil:
			line.Code, line.Touches = "diff.removed", []string{"*"}
			d.add(line)
		default:
			var sub []string
			for _, s := range lifeSections {
				d.section(s, life, before.Get(s.key), after.Get(s.key))
				sub = append(sub, s.key)
			}
			d.rest(livesFile, "life", life, before, after, sub...)
		}
	}
}

func (d *differ) words(s section, life, name string) map[string]string {
	if s.words == "" {
		return nil
	}
	if life != "" {
		name = life + "." + name
	}
	out := map[string]string{}
	for _, lang := range languages {
		if out[lang] = d.b.Word(lang, s.words, name); out[lang] == "" {
			out[lang] = d.a.Word(lang, s.words, name)
		}
	}
	return out
}

// touches are the steps whose open cases feel a change.
func (d *differ) touches(kind, life, name string, before bool) []string {
	if life == "" {
		return nil
	}
	from := d.b
	if before {
		from = d.a
	}
	l := from.Life(life)
	if l == nil {
		return nil
	}
	switch kind {
	case "step":
		if before {
			return []string{name}
		}
		return nil
	case "action":
		if a := l.Action(name); a != nil {
			return a.In
		}
	case "clock":
		if c := l.Clock(name); c != nil && len(c.In) > 0 {
			return c.In
		}
	case "overlay":
		if o := l.Overlay(name); o != nil && len(o.In) > 0 {
			return o.In
		}
	}
	return []string{"*"}
}

// flow writes a tree on one line, for comparing and for showing.
func flow(n *shape.Node) string {
	if n == nil {
		return ""
	}
	var parts []string
	switch n.Kind {
	case shape.List:
		for _, i := range n.Items {
			parts = append(parts, flow(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case shape.Map:
		for _, e := range n.Entries {
			parts = append(parts, e.Key.Text+": "+flow(e.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return n.Text
}
