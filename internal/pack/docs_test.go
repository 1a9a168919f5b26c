package pack

import (
	"maps"
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
	county := files["county.yaml"]
	maps.DeleteFunc(files, func(name string, _ *fstest.MapFile) bool {
		return strings.HasPrefix(name, "everything/") || name == "county.yaml"
	})
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
	if o, report := LoadOverlay("county.yaml", county.Data, p); o == nil {
		t.Error(report.Text("en"))
	}
	e := Resolve(p, nil)
	if s, ok := e.Class("dark_lamp").Limit("fix", ""); !ok || s.String() != "3 working days" {
		t.Error("limit", s)
	}
}

// The guide's second pack and its overlay are right, and use every key that a pack may have.
func TestTheGuideUsesEveryKey(t *testing.T) {
	files, all := fstest.MapFS{}, blocks(t, "../../docs/pack-authors.md")
	for name, f := range all {
		if rest, ok := strings.CutPrefix(name, "everything/"); ok && rest != "overlay.yaml" {
			files[rest] = f
		}
	}
	files["README.md"] = all["README.md"]
	p, report := CheckFS(files, load(t, "../../packs/core"))
	if p == nil || !report.OK() {
		t.Fatal(report.Text("en"))
	}
	over := all["everything/overlay.yaml"].Data
	if o, report := LoadOverlay("overlay.yaml", over, p); o == nil {
		t.Fatal(report.Text("en"))
	}
	used := map[*shape.Shape]map[string]bool{}
	for name, f := range files {
		if strings.HasSuffix(name, ".yaml") {
			name = strings.Replace(name, "words/zh", "words", 1)
			use(fileShapes()[strings.Replace(name, "words/en", "words", 1)], read(t, f.Data), used)
		}
	}
	use(overlayShape, read(t, over), used)
	used[needShape] = merged(used[needShape], used[joinShape]) // a condition on parts is written as a join
	used[rowShape] = used[fieldShape]                          // and a column as a field
	for file, s := range fileShapes() {
		eachShape(s, map[*shape.Shape]bool{}, func(s *shape.Shape) {
			for _, k := range s.Keys {
				if !k.Later && !used[s][k.Name] {
					t.Errorf("section 12 of the guide does not use %s of %s in %s", k.Name, s.Doc, file)
				}
			}
		})
	}
}

func merged(a, b map[string]bool) map[string]bool {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func read(t *testing.T, data []byte) *shape.Node {
	t.Helper()
	n, problems := shape.Read(data)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return n
}

// use notes which keys of each shape a tree has.
func use(s *shape.Shape, n *shape.Node, used map[*shape.Shape]map[string]bool) {
	if s == nil || n == nil {
		return
	}
	if s.Alt != nil {
		use([]*shape.Shape{s.Alt.Scalar, s.Alt.List, s.Alt.Map}[n.Kind], n, used)
		return
	}
	for _, k := range s.Keys {
		if v := n.Get(k.Name); v != nil {
			if used[s] == nil {
				used[s] = map[string]bool{}
			}
			used[s][k.Name] = true
			use(k.Shape, v, used)
		}
	}
	for _, e := range n.Entries {
		if s.Of != nil {
			use(s.Of, e.Value, used)
		}
	}
	if s.Item != nil {
		for _, i := range n.Each() {
			use(s.Item, i, used)
		}
	}
}

// eachShape visits every shape within a shape once.
func eachShape(s *shape.Shape, seen map[*shape.Shape]bool, visit func(*shape.Shape)) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	visit(s)
	for _, k := range s.Keys {
		eachShape(k.Shape, seen, visit)
	}
	eachShape(s.Of, seen, visit)
	eachShape(s.Item, seen, visit)
	if s.Alt != nil {
		eachShape(s.Alt.Scalar, seen, visit)
		eachShape(s.Alt.List, seen, visit)
		eachShape(s.Alt.Map, seen, visit)
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
