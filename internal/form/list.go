package form

import (
	"maps"
	"slices"

	"gezhi/internal/fault"
	"gezhi/internal/formula"
)

// readRow takes one row of a list: an object with the columns of the field, or a text where
// the field has none.
func readRow(f *Field, v any, at string) (any, []fault.Place) {
	if len(f.Rows) == 0 {
		return readText(&Field{Type: "text"}, v, at)
	}
	row, ok := v.(map[string]any)
	if !ok {
		return nil, wrong(at, "form.type", "want", "row")
	}
	var places []fault.Place
	for _, name := range slices.Sorted(maps.Keys(row)) {
		if !slices.ContainsFunc(f.Rows, func(c Field) bool { return c.Name == name }) {
			places = append(places, wrong(at+"."+clip(name), "form.unknown_field")...)
		}
	}
	out := map[string]any{}
	for i := range f.Rows {
		c := &f.Rows[i]
		x := row[c.Name]
		if Empty(x) {
			asked, err := c.AskedIf.Holds(formula.Env{Names: map[string]formula.Value{"item": formula.From(row)}})
			if !c.Optional && (asked || err != nil) {
				places = append(places, wrong(at+"."+c.Name, "form.required")...)
			}
			continue
		}
		y, p := c.validate(x, at+"."+c.Name)
		out[c.Name], places = y, append(places, p...)
	}
	if len(places) > 0 {
		return nil, places
	}
	return out, nil
}
