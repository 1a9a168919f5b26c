package shape

// Schema returns the JSON Schema (2020-12) of the shape, titled and with an id. Scalars are
// described as loosely as editors read YAML: `17:30` may be a number to them.
func (s *Shape) Schema(id, title string) map[string]any {
	out := s.schema()
	out["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	out["$id"], out["title"] = id, title
	return out
}

func (s *Shape) schema() map[string]any {
	out := map[string]any{}
	switch {
	case s.Free:
	case s.Alt != nil:
		var any []any
		for _, a := range []*Shape{s.Alt.Scalar, s.Alt.List, s.Alt.Map} {
			if a != nil {
				any = append(any, a.schema())
			}
		}
		out["anyOf"] = any
	case s.Keys != nil:
		s.object(out)
	case s.Of != nil:
		out["type"] = "object"
		out["additionalProperties"] = s.Of.schema()
		if s.Name.Pattern != "" {
			out["propertyNames"] = map[string]any{"pattern": s.Name.Pattern}
		}
	case s.Item != nil:
		list := map[string]any{"type": "array", "items": s.Item.schema()}
		if !s.Lone {
			out = list
			break
		}
		out["anyOf"] = []any{s.Item.schema(), list}
	default:
		scalarSchema(s, out)
	}
	if s.Doc != "" {
		out["description"] = s.Doc
	}
	return out
}

func (s *Shape) object(out map[string]any) {
	props, required := map[string]any{}, []any{}
	for _, k := range s.Keys {
		if k.Later {
			continue
		}
		props[k.Name] = k.Shape.schema()
		if k.Required {
			required = append(required, k.Name)
		}
	}
	out["type"], out["properties"], out["additionalProperties"] = "object", props, false
	if len(required) > 0 {
		out["required"] = required
	}
}

func scalarSchema(s *Shape, out map[string]any) {
	switch {
	case s.Bool:
		out["type"] = "boolean"
	case s.Int:
		out["type"], out["minimum"] = "integer", s.Min
	case s.Enum != nil:
		var words []any
		for _, e := range s.Enum {
			words = append(words, e)
		}
		out["enum"] = words
	default:
		out["type"] = []any{"string", "number", "boolean"}
		if s.Pattern != "" {
			out["pattern"] = s.Pattern
		}
	}
}
