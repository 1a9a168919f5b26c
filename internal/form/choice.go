package form

import (
	"slices"

	"gezhi/internal/fault"
)

// readChoice takes the code of one option; of yes_no, a boolean.
func readChoice(f *Field, v any, at string) (any, []fault.Place) {
	if f.Of == YesNo {
		return readBoolean(f, v, at)
	}
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "text")
	}
	if !slices.ContainsFunc(f.Options, func(o Option) bool { return o.Code == s }) {
		return nil, wrong(at, "form.not_an_option")
	}
	return s, nil
}

// readChoices takes several codes, each once, and returns them in the order of the options.
func readChoices(f *Field, v any, at string) (any, []fault.Place) {
	list, ok := v.([]any)
	if !ok {
		return nil, wrong(at, "form.type", "want", "list")
	}
	if most := f.most(len(f.Options)); len(list) > most {
		return nil, wrong(at, "form.too_many", "most", most)
	}
	given := map[string]bool{}
	for i, x := range list {
		if _, p := readChoice(f, x, index(at, i)); len(p) > 0 {
			return nil, p
		}
		given[x.(string)] = true
	}
	out := []any{}
	for _, o := range f.Options {
		if given[o.Code] {
			out = append(out, o.Code)
		}
	}
	return out, nil
}
