package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// codesOf finds every code that the Go sources below dir give to a fault, with the names of its
// arguments where they are written out.
func codesOf(t *testing.T, dir string) map[string][]string {
	t.Helper()
	codes := map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if first := codeArg(n); first >= 0 && len(n.Args) > first {
					add(codes, n.Args[first], n.Args[first+1:])
				}
			case *ast.KeyValueExpr:
				k, _ := n.Key.(*ast.Ident)
				v, _ := n.Value.(*ast.BasicLit)
				if k != nil && k.Name == "Code" || v != nil && strings.HasPrefix(v.Value, `"`+file.Name.Name+".") {
					add(codes, n.Value, nil) // in a literal of a fault or place, or in a table of a package's own codes
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

// codeArg returns which argument of a call is the code of a fault, or -1.
func codeArg(call *ast.CallExpr) int {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return -1
	}
	if pkg, ok := sel.X.(*ast.Ident); !ok || pkg.Name != "fault" {
		return -1
	}
	switch sel.Sel.Name {
	case "New":
		return 1
	case "Wrap":
		return 2
	}
	return -1
}

var codeForm = regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_]+)*$`)

func add(codes map[string][]string, code ast.Expr, args []ast.Expr) {
	lit, ok := code.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return
	}
	s, _ := strconv.Unquote(lit.Value)
	if !codeForm.MatchString(s) {
		return
	}
	codes[s] = append(codes[s], "")
	for i := 0; i < len(args); i += 2 {
		if name, ok := args[i].(*ast.BasicLit); ok && name.Kind == token.STRING {
			n, _ := strconv.Unquote(name.Value)
			codes[s] = append(codes[s], n)
		}
	}
}

// Every code that any package gives to a fault has words in both languages.
func TestEveryCodeHasWords(t *testing.T) {
	codes := codesOf(t, "..")
	for _, f := range findings {
		codes[f.code] = nil
	}
	if len(codes) < 40 {
		t.Fatalf("the scan found only %d codes", len(codes))
	}
	var missing []string
	for code := range codes {
		for _, lang := range []string{"zh", "en"} {
			if wordList()[lang][code] == "" {
				missing = append(missing, lang+" "+code)
			}
		}
	}
	sort.Strings(missing)
	if len(missing) > 0 {
		t.Fatalf("without words in internal/web/words:\n%s", strings.Join(missing, "\n"))
	}
}

var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// Both languages have the same codes and speak of the same arguments, and nothing is left over.
func TestBothLanguagesSayTheSame(t *testing.T) {
	zh, en := wordList()["zh"], wordList()["en"]
	codes := codesOf(t, "..")
	for _, f := range findings {
		codes[f.code] = append(codes[f.code], "limit")
	}
	for code := range zh {
		if _, ok := en[code]; !ok {
			t.Errorf("%s has no English", code)
		}
		if _, ok := codes[code]; !ok && !strings.HasPrefix(code, "status.") {
			t.Errorf("%s is a code of nobody", code)
		}
	}
	for code, text := range en {
		if strings.Join(names(text), " ") != strings.Join(names(zh[code]), " ") {
			t.Errorf("%s speaks of %v in English and of %v in Chinese", code, names(text), names(zh[code]))
		}
	}
}

func names(text string) (all []string) {
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	sort.Strings(all)
	return all
}

// The language is the one of ours that the client weighs most, and Chinese without a wish.
func TestTheLanguageIsTheOneAskedFor(t *testing.T) {
	for accept, want := range map[string]string{
		"": "zh", "en": "en", "zh-CN,zh;q=0.9,en;q=0.8": "zh", "en-GB,en;q=0.9,zh;q=0.8": "en", "fr, en;q=0.5": "en",
		"en;q=0.2, zh-Hans;q=0.7": "zh", "fr": "zh", "EN-us": "en", "en;q=0": "zh", "zh;q=x,;;;,": "zh",
	} {
		if got := negotiate(accept); got != want {
			t.Errorf("%q: %s, not %s", accept, got, want)
		}
	}
}
