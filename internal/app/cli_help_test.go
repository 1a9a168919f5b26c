package app

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/territory"
)

// run runs a command line in English without a database and returns what it printed.
func run(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	t.Setenv("LC_ALL", "en")
	var o, e bytes.Buffer
	status = Main(context.Background(), args, nil, &o, &e)
	return status, o.String(), e.String()
}

// Who asks for help gets it and no error: of the program, of a command, of a verb.
func TestHelpIsNoError(t *testing.T) {
	for line, want := range map[string]string{
		"help":             "usage: gezhi [flags] [command]",
		"-h":               "usage: gezhi [flags] [command]",
		"help pack":        "check FOLDER",
		"pack -h":          "check FOLDER",
		"pack test --help": "-stories FOLDER",
		"pack help":        "load FOLDER [OVERLAY]",
		"help serve":       "gezhi -demo",
		"help version":     "print the version",
		"import grids -h":  "-dry-run",
		"help import":      "divisions",
		"territory -h":     "-dry-run",
		"admin --help":     "admin reset LOGIN",
		"help account":     "account password LOGIN",
		"jurisdiction -h":  "-runs KINDS",
	} {
		status, out, errs := run(t, strings.Fields(line)...)
		if status != 0 || !strings.Contains(out, want) || errs != "" {
			t.Errorf("gezhi %s: %d\n%s%s", line, status, out, errs)
		}
	}
}

// Every page of help exists in both languages, and the page of packs names every verb.
func TestHelpInBothLanguages(t *testing.T) {
	pages := map[string]int{}
	err := fs.WalkDir(helpPages, "help", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			pages[filepath.Base(name)]++
		}
		return err
	})
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for page, n := range pages {
		if n != 2 {
			t.Errorf("%s is there in %d languages", page, n)
		}
	}
	for _, lang := range []string{"zh", "en"} {
		imports, err := helpPages.ReadFile("help/" + lang + "/import.txt")
		for _, kind := range append(slices.Clone(territory.Kinds), "records") {
			if err != nil || !strings.Contains(string(imports), "\n  "+kind+" ") {
				t.Errorf("%s: %s is not explained", lang, kind)
			}
		}
		text, err := helpPages.ReadFile("help/" + lang + "/pack.txt")
		for _, v := range packVerbs {
			if err != nil || !strings.Contains(string(text), "\n  "+v.name+" ") {
				t.Errorf("%s: %s is not explained", lang, v.name)
			}
		}
	}
}

// What is typed wrong is answered with what can be typed.
func TestWhatIsTypedWrong(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pack.yaml")
	if err := os.WriteFile(file, []byte("format: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const light = "../../packs/incident"
	for line, want := range map[string]string{
		"chek":                                 "there are: serve, pack, jurisdiction, import",
		"pack":                                 "the verbs are check, test, diagram, diff, schema, load",
		"pack chek x":                          "There is no command pack chek; there are: check, test",
		"pack check":                           "Usage: gezhi pack check FOLDER",
		"pack check " + dir + "/nowhere":       "There is no folder " + dir + "/nowhere",
		"pack check " + file:                   "is a file; name its folder",
		"pack test " + dir + "/nowhere":        "There is no folder",
		"pack test " + light + " -stories nix": "There is no folder nix",
		"pack test " + light + " -run [":       "pattern after -run",
		"pack test " + light + " -engine x":    "-engine sqlite|postgres",
		"pack diff " + light:                   "Usage: gezhi pack diff OLD NEW",
		"pack diagram " + light + " nolife":    "There is no life nolife in this pack; there is: incident",
		"pack schema life.yaml":                "there is a schema for: classes.yaml",
		"-data " + dir + " pack load " + light: "No county is set up in this database yet",
		"pack load " + light + " a b":          "Usage: gezhi pack load FOLDER [OVERLAY]",
		"territory split x":                    "usage: gezhi territory reform",
		"territory reform":                     "usage: gezhi territory reform",
	} {
		status, out, errs := run(t, strings.Fields(line)...)
		if status != 1 || !strings.Contains(errs, want) {
			t.Errorf("gezhi %s: %d\n%s%s", line, status, out, errs)
		}
	}
	if status, out, _ := run(t, "pack", "diff", light, light); status != 0 || out != "Nothing changes.\n" {
		t.Error(status, out)
	}
}

// Putting a pack in force says where, and which of its roles and units nobody has there.
func TestLoadSaysWhatIsMissing(t *testing.T) {
	data, _ := Samples.Of(t, db.SQLite)
	dir := filepath.Join(t.TempDir(), "lamps")
	for name, body := range map[string]string{
		"pack.yaml":     "format: 1\nname: lamps\nversion: 1.0.0\ntitle: { zh: 灯, en: lamps }\nowner: { zh: 样例, en: sample }\nroles: { dispatcher: { title: { zh: 派单员, en: dispatcher }, level: township }, lamplighter: { title: { zh: 灯夫, en: lamplighter }, level: township } }\n",
		"classes.yaml":  "format: 1\nscheme: sample\nclasses: { lamp: { title: { zh: 灯, en: lamp }, life: l } }\n",
		"lives.yaml":    "format: 1\nlives: { l: { opens: [ { by: person } ], steps: { a: { phase: working }, b: { phase: closed } }, actions: { end: { in: a, to: b, who: dispatcher of area, outcome: done } } } }\n",
		"duty.yaml":     "- { class: \"*\", level: township, unit: lamp_crew }\n",
		"words/zh.yaml": "lives: { l: 灯 }\nsteps: { a: 甲, b: 乙 }\nactions: { end: 完 }\noutcomes: { done: 完 }\n",
		"words/en.yaml": "lives: { l: l }\nsteps: { a: a, b: b }\nactions: { end: end }\noutcomes: { done: done }\n",
		"README.md":     "x",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, out, errs := run(t, "-data", data, "pack", "load", dir)
	for _, want := range []string{"lamps 1.0.0 is in force in ", "Nobody here holds these roles yet: lamplighter.", "duty lines name: lamp_crew."} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d\n%s%s", want, status, out, errs)
		}
	}
}
