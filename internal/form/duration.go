package form

import (
	"gezhi/internal/fault"
	"gezhi/internal/worktime"
)

// readDuration takes a span as packs write it and returns it as working time prints it.
func readDuration(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "duration")
	}
	span, err := worktime.ParseSpan(s)
	if err != nil {
		return nil, wrong(at, "form.duration")
	}
	return span.String(), nil
}
