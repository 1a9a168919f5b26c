package story

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

// peopleOf are the ids of those who go by a name: a person, or those who stand for a unit.
func (w *world) peopleOf(name string) []string {
	if id := w.person[name]; id != "" {
		return []string{id}
	}
	if ids := w.stands[name]; len(ids) > 0 {
		return ids
	}
	if id := w.unit[name]; id != "" {
		var out []string
		for _, p := range w.places.People().InUnit("", id, w.hand.Now()) {
			if !slices.Contains(out, p.PersonID) {
				out = append(out, p.PersonID)
			}
		}
		return out
	}
	return nil
}

// everyone are the actors that go by a name.
func (w *world) everyone(ctx context.Context, name string, line int) ([]*casework.Actor, error) {
	ids := w.peopleOf(name)
	if len(ids) == 0 {
		return nil, w.unknownTo(line, name)
	}
	var out []*casework.Actor
	for _, id := range ids {
		a, err := w.actor(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// call is what the story calls an id, or the id.
func (w *world) call(id string) string {
	if n := w.called[id]; n != "" {
		return n
	}
	return id
}

// onlyCase is the name of a case that the story gave none.
const onlyCase = "case"

// caseID finds a case: by name, or by a path below one: "a/assist/crew-7". "" is the only
// case of the story.
func (w *world) caseID(ctx context.Context, path string, line int) (string, error) {
	name, rest, _ := strings.Cut(path, "/")
	if name == "" {
		if len(w.opened) == 0 {
			return "", differ(line, "story.no_case_yet")
		}
		if len(w.opened) > 1 {
			return "", differ(line, "story.which_case", "cases", strings.Join(w.opened, ", "))
		}
		name = w.opened[0]
	}
	id := w.names[name]
	if id == "" {
		return "", unknown(line, name)
	}
	for rest != "" {
		var set, item string
		set, rest, _ = strings.Cut(rest, "/")
		item, rest, _ = strings.Cut(rest, "/")
		next, err := w.part(ctx, id, set, item)
		if err != nil {
			return "", err
		}
		if next == "" {
			return "", unknown(line, path)
		}
		id = next
	}
	return id, nil
}

// follows is the word that leads from a case to the last one that followed it.
const follows = "follows"

// part is the part of a case for an item, of the latest round that has one.
func (w *world) part(ctx context.Context, id, set, item string) (string, error) {
	v, err := w.cases.View(ctx, system, id)
	if err != nil {
		return "", err
	}
	if set == follows {
		found := ""
		for _, l := range v.Links {
			if l.Kind == casework.Follows && l.To == id {
				found = l.From
			}
		}
		return found, nil
	}
	found := ""
	for _, p := range v.Parts {
		if p.Part == set && (item == "" || w.isItem(p, item)) {
			found = p.ID
		}
	}
	return found, nil
}

// isItem tells whether a part is the one a story means: by the key of its item, by what
// the story calls it, or by the seat it was opened for.
func (w *world) isItem(p *casework.Case, item string) bool {
	seat, _ := p.Fields["seat"].(string)
	return p.ItemKey == item || p.ItemKey != "" && p.ItemKey == w.names[item] || w.called[p.ItemKey] == item || seat == item || p.AboutID != "" && p.AboutID == w.record[item]
}

// keyOf is what the story calls the item of a part.
func (w *world) keyOf(p *casework.Case) string {
	if name := w.called[p.AboutID]; name != "" && p.ParentID != "" {
		return name
	}
	return w.call(p.ItemKey)
}

// system is the engine itself, which sees everything.
var system = &casework.Actor{System: true, Jurisdiction: jurisdiction}

// caseName is what the story calls a case: its name, or its path below one.
func (w *world) caseName(ctx context.Context, id string) string {
	for _, n := range w.opened {
		if w.names[n] == id {
			return n
		}
	}
	v, err := w.cases.View(ctx, system, id)
	switch {
	case err != nil:
		return "?"
	case v.ParentID != "":
		return w.caseName(ctx, v.ParentID) + "/" + v.Part + "/" + w.keyOf(v.Case)
	}
	for _, l := range v.Links {
		if l.Kind == casework.Follows && l.From == id {
			return w.caseName(ctx, l.To) + "/" + follows
		}
	}
	return v.Case.Class
}

// remember gives a case of the story its name.
func (w *world) remember(name, id string) {
	if name == "" {
		name = onlyCase
		for n := 2; w.names[name] != ""; n++ {
			name = onlyCase + "-" + strconv.Itoa(n)
		}
	}
	if w.names[name] == "" {
		w.opened = append(w.opened, name)
	}
	w.names[name] = id
}

// spoken splits what an event says into values, seats, and the words beside them; names
// become ids by what the field or seat holds.
type spoken struct {
	values, seats map[string]any
	reason, note  string
}

// say reads the with of an event for a case of a class.
func (w *world) say(ctx context.Context, e Event, by string, class *casework.Class, life *workflow.Life) (spoken, error) {
	out := spoken{values: map[string]any{}, seats: map[string]any{}}
	for name, v := range e.With {
		f := class.Field(name)
		switch seat := life.Seat(name); {
		case name == "seats" && f == nil:
			m, _ := v.(map[string]any)
			for s, x := range m {
				if d := life.Seat(s); d != nil {
					x = w.idsIn(x, d.Kind)
				}
				out.seats[s] = x
			}
		case name == "reason":
			out.reason, _ = v.(string)
		case name == "note":
			out.note, _ = v.(string)
		case f == nil && seat != nil:
			out.values[name] = w.idsIn(v, seat.Kind)
		case f != nil:
			x, err := w.evidence(ctx, f, w.typed(v, f), by, e.Key)
			if err != nil {
				return out, err
			}
			out.values[name] = x
		case name == "into":
			path, _ := v.(string)
			id, err := w.caseID(ctx, path, e.Line)
			if err != nil {
				return out, err
			}
			out.values[name] = id
		case name == "against" && e.Name == workflow.Shield:
			out.values[name] = each(v, func(s string) string { return first(w.accusedBy(s)) })
		case name == "unit":
			out.values[name] = w.idsIn(v, workflow.SeatUnit)
		default:
			out.values[name] = v
		}
	}
	out.values = form.Coerce(class.Fields, out.values)
	return out, nil
}

// typed turns names into ids where a field holds some, also within the rows of a list.
func (w *world) typed(v any, f *form.Field) any {
	switch f.Type {
	case "person", "unit":
		return w.idsIn(v, f.Type)
	case "area":
		return each(v, func(s string) string { return w.ground.id[s] })
	case "list":
		rows, _ := v.([]any)
		for _, r := range rows {
			row, _ := r.(map[string]any)
			for i := range f.Rows {
				if x, ok := row[f.Rows[i].Name]; ok {
					row[f.Rows[i].Name] = w.typed(x, &f.Rows[i])
				}
			}
		}
	}
	return v
}

// idsIn turns names into ids of a kind of seat.
func (w *world) idsIn(v any, kind string) any {
	return each(v, func(s string) string {
		switch kind {
		case workflow.SeatUnit:
			return w.unit[s]
		case workflow.SeatPost:
			for _, id := range w.peopleOf(s) {
				for _, p := range w.places.People().Of(id, w.hand.Now()) {
					return p.ID
				}
			}
			return ""
		case workflow.SeatPerson:
			return first(w.peopleOf(s))
		case workflow.SeatParty:
			return w.person[s]
		}
		if id := w.person[s]; id != "" {
			return id
		}
		return w.unit[s]
	})
}

// accusedBy is whom a name accuses: a person, else a unit.
func (w *world) accusedBy(name string) []string {
	if id := w.person[name]; id != "" {
		return []string{id}
	}
	return []string{w.unit[name]}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// each replaces every text of a value or list for which to knows another.
func each(v any, to func(string) string) any {
	switch v := v.(type) {
	case string:
		if id := to(v); id != "" {
			return id
		}
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = each(x, to)
		}
		return out
	}
	return v
}

// Difference is the first thing in a story that was not as it should be.
type Difference struct {
	File string
	Line int
	Code string         // story.differs, story.refused, …
	Args map[string]any // for the words of Code: what, want, got
	Err  error          // behind it, if any

	Suggestion string // the name that was probably meant
}

func (d *Difference) Error() string { return d.Text("en") }

// Unwrap returns what lies behind.
func (d *Difference) Unwrap() error { return d.Err }

func differ(line int, code string, args ...any) *Difference {
	return &Difference{Line: line, Code: code, Args: fault.New(fault.Invalid, code, args...).Args}
}

func unknown(line int, name string) *Difference {
	return differ(line, "story.unknown_name", "name", name)
}

// unknownTo is unknown with the nearest name of the story.
func (w *world) unknownTo(line int, name string) *Difference {
	d := unknown(line, name)
	if near := shape.Suggest(name, slices.Sorted(maps.Keys(w.person))); near != name {
		d.Suggestion = near
	}
	return d
}
