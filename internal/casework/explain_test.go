package casework

import (
	"slices"
	"testing"

	"gezhi/internal/territory"
)

// What is remembered of an explanation is its language's, and says the same the second time.
func TestExplanationsAreRememberedByLanguage(t *testing.T) {
	var e explanations
	const why = `[{"code":"start_day","from":"2026-03-02"},{"code":"closing","to":"2026-03-05","at":"17:30"}]`
	zh, en := e.why(words{lang: "zh"}, why), e.why(words{lang: "en"}, why)
	if len(zh) != 2 || len(en) != 2 || zh[0] == en[0] {
		t.Fatal(zh, en)
	}
	if again := e.why(words{lang: "zh"}, why); !slices.Equal(again, zh) {
		t.Fatal(again)
	}
	if none := e.why(words{lang: "zh"}, "not a sum"); len(none) != 0 {
		t.Fatal(none)
	}
}

// A place has the name that it has in today's picture, not the one of yesterday's.
func TestPlaceNamesFollowThePicture(t *testing.T) {
	var p placeNames
	p.in, p.known = &territory.Tree{}, map[string]string{"a": "what it was called before"}
	if name := p.of(&territory.Tree{}, "a"); name != "" {
		t.Fatal(name)
	}
}
