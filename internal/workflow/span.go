package workflow

import (
	"regexp"
	"strings"
)

var (
	spanText = regexp.MustCompile(`^(same day|[0-2][0-9]:[0-5][0-9]|-?[1-9][0-9]{0,5}(m|h| (working )?(minute|hour|day)s?| (week|month|year)s?))$`)
	markText = regexp.MustCompile(`^([1-9][0-9]?%|due|(.+) (after|before) due)$`)
)

// ParseSpan reads the text of a span and returns it with single spaces; workflow.span when
// it is none.
func ParseSpan(text string) (Span, error) {
	s := strings.Join(strings.Fields(text), " ")
	if !spanText.MatchString(s) {
		return "", bad("workflow.span", text)
	}
	return Span(s), nil
}

// ParseMark reads the text of a mark; workflow.mark when it is none.
func ParseMark(text string) (MarkAt, error) {
	s := strings.Join(strings.Fields(text), " ")
	m := markText.FindStringSubmatch(s)
	if m == nil {
		return "", bad("workflow.mark", text)
	}
	if m[2] != "" {
		if span, err := ParseSpan(m[2]); err != nil || span[0] == '-' || strings.Contains(m[2], ":") || m[2] == "same day" {
			return "", bad("workflow.mark", text)
		}
	}
	return MarkAt(s), nil
}
