package pack

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every code this package and its readers can answer has words in both languages, with the
// same placeholders.
func TestEveryCodeHasWords(t *testing.T) {
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	codes := append(codesIn(t, "*.go"), codesIn(t, "shape/*.go")...)
	codes = append(codes, codesIn(t, "../story/parse.go")...) // the runner has words of its own
	codes = append(codes, codesIn(t, "../story/shapes.go")...)
	codes = append(codes, codesIn(t, "../worktime/span.go")...)
	codes = append(codes, codesIn(t, "../worktime/mark.go")...)
	notCodes := []string{"field.meeting", "field.absent", "field.absent_at"}
	for _, code := range codes {
		if slices.Contains(notCodes, code) {
			continue
		}
		zh, en := Say("zh", code, nil), Say("en", code, nil)
		if zh == code || en == code {
			t.Errorf("%s has no words", code)
		}
		a, b := placeholder.FindAllString(zh, -1), placeholder.FindAllString(en, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: %v and %v", code, a, b)
		}
	}
	if got := Say("en", "pack.unknown_word", map[string]any{"word": "x", "known": []string{"a", "b"}}); got != "x is not one of a, b" {
		t.Error(got)
	}
	if !strings.Contains(Say("zh", "life.unknown_step", map[string]any{"name": "甲"}), "甲") {
		t.Error("zh")
	}
}
