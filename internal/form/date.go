package form

import (
	"time"

	"gezhi/internal/fault"
)

// readDate takes "2026-03-02", in the years 1900 to 2199.
func readDate(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "date")
	}
	d, err := time.Parse(time.DateOnly, s)
	if err != nil || outOfTime(d) {
		return nil, wrong(at, "form.date")
	}
	return s, nil
}

func outOfTime(t time.Time) bool { return t.Year() < 1900 || t.Year() >= 2200 }
