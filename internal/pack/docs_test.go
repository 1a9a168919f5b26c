package pack

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"gezhi/internal/pack/shape"
)

// blocks returns the files shown in a document: fenced blocks whose first line names one.
func blocks(t *testing.T, file string) fstest.MapFS {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for i, b := range strings.Split(string(data), "```") {
		first, rest, _ := strings.Cut(b, "\n# ")
		name, body, ok := strings.Cut(rest, "\n")
		if i%2 == 1 && ok && (first == "yaml" || first == "markdown") && (strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".md")) {
			out[name] = &fstest.MapFile{Data: []byte(body)}
		}
	}
	return out
}

// The pack in the authors' guide passes every check, and the guide names every rule.
func TestTheGuidesPackIsRight(t *testing.T) {
	const guide = "../../docs/pack-authors.md"
	files := blocks(t, guide)
	p, report := CheckFS(files, load(t, "../../packs/core"))
	if p == nil || !report.OK() || len(files) != 8 {
		t.Fatalf("%d files\n%s", len(files), report.Text("en"))
	}
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range Rules {
		if !strings.Contains(string(text), "`"+code+"`") {
			t.Errorf("the guide does not name %s", code)
		}
	}
	e := Resolve(p, nil)
	if s, ok := e.Class("dark_lamp").Limit("fix", ""); !ok || s.String() != "3 working days" {
		t.Error("limit", s)
	}
}

// The packs that somebody wrote who had nothing but the guide are right, broken ones apart.
func TestPacksWrittenFromTheGuideAreRight(t *testing.T) {
	for _, name := range []string{"water-point", "room-booking", "mediation"} {
		p, report := CheckFS(os.DirFS("../story/testdata/"+name), load(t, "../../packs/core"))
		if p == nil || !report.OK() {
			t.Errorf("%s: %s", name, report.Text("en"))
			continue
		}
		broken, _ := BrokenOf(p)
		for _, b := range broken {
			if found, ok := b.Caught(p); !ok {
				t.Errorf("%s: %s: %s", name, b.File, found.Text("en"))
			}
		}
	}
}

// Every key and every enumerated word a pack may hold stands in the guide, the reserved
// ones too.
func TestTheGuideNamesEveryWord(t *testing.T) {
	data, err := os.ReadFile("../../docs/pack-authors.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	shapes := fileShapes()
	shapes["broken.yaml"] = brokenShape
	for file, s := range shapes {
		seen := map[*shape.Shape]bool{}
		var walk func(s *shape.Shape, path string)
		walk = func(s *shape.Shape, path string) {
			if s == nil || seen[s] {
				return
			}
			seen[s] = true
			for _, w := range s.Enum {
				if !strings.Contains(text, w) {
					t.Errorf("%s: the guide does not name %s of %s", file, w, path)
				}
			}
			for _, k := range s.Keys {
				if !strings.Contains(text, k.Name) {
					t.Errorf("%s: the guide does not name %s.%s", file, path, k.Name)
				}
				walk(k.Shape, path+"."+k.Name)
			}
			walk(s.Of, path)
			walk(s.Item, path)
			if s.Alt != nil {
				walk(s.Alt.Scalar, path)
				walk(s.Alt.List, path)
				walk(s.Alt.Map, path)
			}
		}
		walk(s, "")
	}
}
