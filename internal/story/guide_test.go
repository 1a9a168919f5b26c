package story

import (
	"os"
	"strings"
	"testing"
)

// The story in the authors' guide is read.
func TestTheGuidesStoryIsRead(t *testing.T) {
	data, err := os.ReadFile("../../docs/pack-authors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(data), "```yaml\n# stories/")
	name, body, _ := strings.Cut(rest, "\n")
	body, _, closed := strings.Cut(body, "```")
	if !ok || !closed {
		t.Fatal("the guide shows no story")
	}
	s, problems := Parse(name, []byte(body))
	if s == nil || len(s.When) != 11 || len(s.Then.Cases) != 1 {
		t.Fatal(problems)
	}
}
