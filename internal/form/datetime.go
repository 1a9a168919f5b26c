package form

import (
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
)

// readDatetime takes a moment with an offset, or without one in China Standard Time, and
// returns it in China Standard Time to the second, so that moments compare as texts.
func readDatetime(_ *Field, v any, at string) (any, []fault.Place) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(at, "form.type", "want", "datetime")
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		t, err := time.ParseInLocation(layout, s, clock.CST)
		if err == nil && !outOfTime(t.In(clock.CST)) {
			return t.In(clock.CST).Format(time.RFC3339), nil
		}
	}
	return nil, wrong(at, "form.datetime")
}
