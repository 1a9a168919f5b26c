package story_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The pack in the authors' guide does what its story says, on both engines.
func TestTheGuidesStoryComesTrue(t *testing.T) {
	text, err := os.ReadFile("../../docs/pack-authors.md")
	if err != nil {
		t.Fatal(err)
	}
	dir, stories := t.TempDir(), 0
	for i, block := range strings.Split(string(text), "```") {
		_, rest, shown := strings.Cut(block, "\n# ")
		name, body, _ := strings.Cut(rest, "\n")
		if i%2 == 0 || !shown || filepath.Ext(name) != ".yaml" || strings.HasPrefix(name, "everything/") || name == "county.yaml" {
			continue
		}
		if strings.HasPrefix(name, "stories/") {
			stories++
		}
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if stories == 0 {
		t.Fatal("the guide tells no story")
	}
	runs(t, dir, unproven)
}
