package form

import (
	"maps"
	"slices"
	"strconv"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
)

// Validate reads the answers to a form. Unknown names are form.unknown_field, a missing
// required field form.required, a given but locked or computed one form.locked. A field
// whose asked_if does not hold, seen with the other answers under "field", is not required.
// The result holds only what was given; nil when there is anything wrong.
func Validate(fields []Field, in map[string]any, env formula.Env) (map[string]any, []fault.Place) {
	var places []fault.Place
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !slices.ContainsFunc(fields, func(f Field) bool { return f.Name == name }) {
			places = append(places, wrong(clip(name), "form.unknown_field")...)
		}
	}
	for i := range fields {
		f := &fields[i]
		v := in[f.Name]
		if Empty(v) {
			continue
		}
		if f.Locked || f.Formula != nil {
			places = append(places, wrong(f.Name, "form.locked")...)
			continue
		}
		n, p := f.Validate(v)
		if len(p) > 0 {
			places = append(places, p...)
			continue
		}
		out[f.Name] = n
	}
	env = withFields(env, out)
	for i := range fields {
		f := &fields[i]
		if f.Optional || f.Locked || f.Formula != nil || !Empty(in[f.Name]) {
			continue
		}
		asked, err := f.AskedIf.Holds(env)
		if err != nil {
			places = append(places, wrong(f.Name, fault.CodeOf(err))...)
		} else if asked {
			places = append(places, wrong(f.Name, "form.required")...)
		}
	}
	if len(places) > 0 {
		return nil, places
	}
	return out, nil
}

// answers shows new answers over the fields a case already has.
type answers struct {
	fresh  map[string]any
	before formula.Value
}

// Member returns the new answer, else the old value.
func (a answers) Member(name string) formula.Value {
	if v, ok := a.fresh[name]; ok {
		return formula.From(v)
	}
	if o, ok := a.before.(formula.Object); ok {
		return o.Member(name)
	}
	return nil
}

func withFields(env formula.Env, fresh map[string]any) formula.Env {
	names := maps.Clone(env.Names)
	if names == nil {
		names = map[string]formula.Value{}
	}
	names["field"] = answers{fresh, formula.From(names["field"])}
	env.Names = names
	return env
}

// Description tells a face how to ask for a field.
type Description struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Title    map[string]string `json:"title,omitempty"`
	Required bool              `json:"required"`
	Many     bool              `json:"many,omitempty"`
	AtLeast  *formula.Num      `json:"at_least,omitempty"`
	AtMost   *formula.Num      `json:"at_most,omitempty"`
	Options  []Option          `json:"options,omitempty"`
	Rows     []Description     `json:"rows,omitempty"`
	From     string            `json:"from,omitempty"`
	AskedIf  string            `json:"asked_if,omitempty"`
	Locked   bool              `json:"locked,omitempty"`
	Personal bool              `json:"personal,omitempty"`
}

// Describe tells a face how to ask for the field.
func (f *Field) Describe() Description {
	d := Description{Name: f.Name, Type: f.Type, Title: f.Title, Required: !f.Optional, Many: f.IsList(),
		AtLeast: f.AtLeast, AtMost: f.AtMost, Options: f.Options, From: f.From, AskedIf: f.AskedIf.String(),
		Locked: f.Locked || f.Formula != nil, Personal: f.Personal != nil}
	for i := range f.Rows {
		d.Rows = append(d.Rows, f.Rows[i].Describe())
	}
	return d
}

func index(at string, i int) string { return at + "." + strconv.Itoa(i) }

// clip keeps a name that a stranger sent from filling the answer.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40])
	}
	return s
}
