package pack

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Every rule of check has a broken pack that it catches, with the file it is in.
func TestEveryRuleCatchesItsBrokenPack(t *testing.T) {
	core := load(t, "../../packs/core")
	bases := map[string]*Pack{"incident": load(t, "testdata/incident"), "proposal": load(t, "testdata/proposal")}
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	proved := map[string]bool{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b, report := ParseBroken(filepath.Base(f), data)
		if b == nil {
			t.Errorf("%s:\n%s", f, report.Text("en"))
			continue
		}
		report, caught := b.Caught(bases[b.Base], core)
		if !caught {
			t.Errorf("%s: %s was not caught; found:\n%s", f, b.Check, report.Text("en"))
		}
		for _, p := range report.Problems {
			if p.Code == b.Check && p.File == "" && p.Code != "pack.no_pack_yaml" {
				t.Errorf("%s: %s has no place", f, p.Code)
			}
			if p.Code == "pack.internal" {
				t.Errorf("%s broke the reader", f)
			}
		}
		proved[b.Check] = true
	}
	for _, code := range Rules {
		if !proved[code] {
			t.Errorf("no broken pack proves %s", code)
		}
	}
	// The other way round: no code of a check is missing from Rules.
	for _, code := range codesInSource(t) {
		if !slices.Contains(Rules, code) {
			t.Errorf("%s is answered by a check and not in Rules", code)
		}
	}
}

// A pack brings its own broken stories; they change nothing of its identity.
func TestPacksBringTheirBrokenStories(t *testing.T) {
	p := load(t, "testdata/incident")
	list, report := BrokenOf(p)
	if len(list) != 1 || !report.OK() {
		t.Fatal(list, report.Text("en"))
	}
	if report, caught := list[0].Caught(p, load(t, "../../packs/core")); !caught {
		t.Error(report.Text("en"))
	}
	q, err := Decode(p.Encode())
	if err != nil || q.File("stories/broken/own_work.yaml") != nil || q.Hash() != p.Hash() {
		t.Error("stories count for the identity", err)
	}
	b := &Broken{Check: "life.unknown_step", Patch: []Patch{{File: "lives.yaml", Replace: "not there"}}}
	if report, caught := b.Caught(p); caught || !report.Has("pack.patch_misses") {
		t.Error("a patch that misses was not told")
	}
}
