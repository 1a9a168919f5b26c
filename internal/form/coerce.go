package form

import "encoding/json"

// Coerce reads values that came as text (from YAML, CSV or a story) by the types of the
// fields: "12" becomes a number where a number is wanted and stays a text where a phone is.
// What does not fit is left as it is, for Validate to refuse. Unknown names pass through.
func Coerce(fields []Field, in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for name, v := range in {
		out[name] = v
		for i := range fields {
			if fields[i].Name == name {
				out[name] = fields[i].coerce(v)
			}
		}
	}
	return out
}

func (f *Field) coerce(v any) any {
	if l, ok := v.([]any); ok && f.Type != "point" && f.Type != "polygon" {
		out := make([]any, len(l))
		for i := range l {
			out[i] = f.coerce(l[i])
		}
		return out
	}
	if m, ok := v.(map[string]any); ok && f.Type == "list" {
		return Coerce(f.Rows, m)
	}
	switch f.Type {
	case "number", "money":
		return numberText(v)
	case "boolean":
		return boolText(v)
	case "choice":
		if f.Of == YesNo {
			return boolText(v)
		}
	case "point", "polygon":
		return deepNumbers(v)
	}
	return v
}

func boolText(v any) any {
	switch v {
	case "true":
		return true
	case "false":
		return false
	}
	return v
}

// numberText turns a text that is a JSON number into one.
func numberText(v any) any {
	if s, ok := v.(string); ok {
		var n json.Number
		if json.Unmarshal([]byte(s), &n) == nil && s != "" && s[0] != '"' && s != "null" {
			return n
		}
	}
	return v
}

func deepNumbers(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = deepNumbers(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = deepNumbers(x)
		}
		return out
	}
	return numberText(v)
}
