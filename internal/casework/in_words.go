package casework

import (
	"errors"
	"maps"
	"strings"

	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// spokenOf are the arguments of refusals that name something in a pack, with the section of
// its words.
var spokenOf = map[string]string{"key": "keys", "step": "steps", "part": "parts", "seat": "participants", "field": "fields", "clock": "clocks"}

// speaks tells whether a refusal names something in a pack.
func speaks(err error) bool {
	var f *fault.Error
	if !errors.As(err, &f) {
		return false
	}
	for arg := range spokenOf {
		if _, ok := f.Args[arg].(string); ok {
			return true
		}
	}
	return false
}

// inWords puts what a refusal speaks of into the words of the pack, for people.
func inWords(err error, w words, life string) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Args) == 0 {
		return err
	}
	said := *f
	said.Args = maps.Clone(f.Args)
	for arg, section := range spokenOf {
		name, _ := said.Args[arg].(string)
		if x, ok := w.find(section, life, name); ok {
			said.Args[arg] = x
		}
	}
	return &said
}

// limitedBy names the fields that say when a clock is due; "" where no field does.
func (v *View) limitedBy(w words, c *Clock) string {
	d := v.Life.Clock(c.Name)
	if d == nil {
		return ""
	}
	var titles []string
	for _, t := range d.Limit.Terms {
		if t.Expr == nil {
			continue
		}
		for _, r := range t.Expr.Refs() {
			if len(r.Path) > 1 && r.Path[0] == "field" {
				if f := v.Class.Field(r.Path[1]); f != nil {
					titles = append(titles, fieldTitle(w, v.Case.Life, f))
				}
			}
		}
	}
	return strings.Join(titles, web.Say(w.lang, "list.and", nil))
}
