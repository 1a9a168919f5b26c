package app_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "gezhi/internal/app"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// rings draws the house: a package imports only what lies below it.
var rings = [][]string{
	{"fault", "clock", "id", "db", "web", "blob", "config"},
	{"worktime", "workflow", "form", "formula", "geo", "number", "classify", "checker", "media", "pack", "pack/shape"},
	{"privacy", "account", "territory", "audit", "jobs", "record", "casework"},
	{"signon", "intake", "upload", "classifier", "paste", "feed", "points", "notify", "indicator", "search", "relay", "sensing", "ballot", "dataset", "sealed", "reach", "setup"},
	{"app"},
}

// beside are packages that stand beside the rings: tests and the story runner.
var beside = []string{"dbtest", "apptest", "story", "bench", "replay"}

// commandLine are packages beside the rings that are verbs of the command line.
var commandLine = []string{"story", "replay"}

// within is the short list of arrows inside one ring.
var within = map[string][]string{
	"db": {"fault"}, "web": {"fault"}, "clock": {}, "id": {}, "blob": {"fault", "clock"}, "config": {"fault"},
	"pack": {"workflow", "form", "formula", "worktime", "pack/shape"}, "workflow": {"formula", "worktime"}, "form": {"formula", "worktime", "geo", "number"}, "classify": {"number"},
	"account": {"territory", "audit", "privacy"}, "territory": {"audit"}, "record": {"account", "territory", "audit", "privacy", "jobs"}, "casework": {"account", "territory", "record", "audit", "jobs", "privacy"},
}

func ringOf(pkg string) int {
	for i, r := range rings {
		if slices.Contains(r, pkg) {
			return i
		}
	}
	return -1
}

// Every import points down, or is on the short list.
func TestImportsPointDown(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, "../")))
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		from := ringOf(pkg)
		if from < 0 && !slices.Contains(beside, strings.Split(pkg, "/")[0]) {
			t.Errorf("%s: package %s is in no ring", path, pkg)
			return nil
		}
		for _, i := range f.Imports {
			to, ours := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "gezhi/internal/")
			if !ours || from < 0 {
				continue
			}
			switch r := ringOf(to); {
			case r < 0 && !(pkg == "app" && slices.Contains(commandLine, to)):
				t.Errorf("%s imports %s, which stands beside the rings", path, to)
			case r > from:
				t.Errorf("%s imports %s: the arrow points up", path, to)
			case r == from && !slices.Contains(within[pkg], to):
				t.Errorf("%s imports %s of its own ring", path, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("looked at %d files only", files)
	}
}

// Every statement that the program declares is understood by both engines.
func TestEveryStatementPrepares(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		all := db.Statements()
		if len(all) < 50 {
			t.Fatalf("only %d statements are declared", len(all))
		}
		for _, s := range all {
			if err := d.Prepare(t.Context(), s); err != nil {
				t.Errorf("%v in %s", err, strings.Join(strings.Fields(string(s)), " "))
			}
		}
	})
}
