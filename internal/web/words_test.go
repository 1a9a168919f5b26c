package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// use is how the sources use a code: with which arguments, and whether some are not written
// out where the scan can see them.
type use struct {
	args map[string]bool
	open bool
}

// acts are names of audit acts that look like codes of their package.
var acts = map[string]bool{"territory.imported": true, "territory.units_imported": true, "territory.reformed": true}

// codesOf finds every code that the Go sources below dir give to a fault or a place, and every
// other text that begins with its package's name and a dot, which is a code on its way there.
func codesOf(t *testing.T, dir string) map[string]*use {
	t.Helper()
	codes := map[string]*use{}
	var apart []string // packages with words of their own, and a test of them
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && path != dir && e.Name() != "web" && exists(filepath.Join(path, "words")) {
			apart = append(apart, e.Name()+".")
			return filepath.SkipDir
		}
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
				if i := codeArg(n); i > 0 && len(n.Args) > i {
					if kind, ok := n.Args[i-1].(*ast.SelectorExpr); ok && kind.Sel.Name == "Internal" {
						return false // for the log alone
					}
					add(codes, n.Args[i], n.Args[i+1:], false)
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Code" {
					add(codes, n.Value, nil, true)
				}
			case *ast.BasicLit:
				own := strings.HasPrefix(n.Value, `"`+file.Name.Name+".") || file.Name.Name == "app" && strings.HasPrefix(n.Value, `"classifier.`) // what its command says
				if own && codes[strings.Trim(n.Value, `"`)] == nil && !acts[strings.Trim(n.Value, `"`)] {
					add(codes, n, nil, true)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(codes, func(code string, _ *use) bool {
		return slices.ContainsFunc(apart, func(p string) bool { return strings.HasPrefix(code, p) })
	})
	return codes
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// codeArg returns which argument of a call is the code of a fault, or words asked for; or 0.
func codeArg(call *ast.CallExpr) int {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return 0
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok {
		return 0
	}
	return map[string]int{"fault.New": 1, "fault.Wrap": 2, "web.Say": 1}[pkg.Name+"."+sel.Sel.Name]
}

var (
	codeForm = regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_]+)*$`)
	fileName = regexp.MustCompile(`\.(yaml|json|csv|go|sql|operation)$`)
)

func add(codes map[string]*use, code ast.Expr, args []ast.Expr, open bool) {
	lit, ok := code.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil || !codeForm.MatchString(s) || fileName.MatchString(s) {
		return
	}
	u := codes[s]
	if u == nil {
		u = &use{args: map[string]bool{}}
		codes[s] = u
	}
	u.open = u.open || open
	for i := 0; i < len(args); i += 2 {
		if name, ok := args[i].(*ast.BasicLit); ok && name.Kind == token.STRING {
			n, _ := strconv.Unquote(name.Value)
			u.args[n] = true
		} else {
			u.open = true // args...
		}
	}
}

// ours are the codes of the sources, with those of validation.
func ours(t *testing.T) map[string]*use {
	codes := codesOf(t, "..")
	codes["internal"] = &use{}
	for _, f := range findings {
		codes[f.code] = &use{open: true}
	}
	if len(codes) < 40 {
		t.Fatalf("the scan found only %d codes", len(codes))
	}
	return codes
}

// Every code that any package gives to a fault has words in both languages.
func TestEveryCodeHasWords(t *testing.T) {
	var missing []string
	for code, u := range ours(t) {
		for _, lang := range []string{"zh", "en"} {
			if wordList()[lang][code] == "" {
				missing = append(missing, lang+" "+code+" "+strings.Join(slices.Sorted(maps.Keys(u.args)), " "))
			}
		}
	}
	sort.Strings(missing)
	if len(missing) > 0 {
		t.Fatalf("without words in internal/web/words (code, arguments):\n%s", strings.Join(missing, "\n"))
	}
}

var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// Both languages have the same codes and speak of the same arguments, which the code has; of
// the families of codes that the sources use nothing is left over.
func TestBothLanguagesSayTheSame(t *testing.T) {
	zh, en := wordList()["zh"], wordList()["en"]
	codes := ours(t)
	family := func(code string) string { f, _, _ := strings.Cut(code, "."); return f }
	families := map[string]bool{}
	for code, u := range codes {
		families[family(code)] = families[family(code)] || len(u.args) > 0 || !u.open
	}
	for code, text := range zh {
		if _, ok := en[code]; !ok {
			t.Errorf("%s has no English", code)
		}
		u := codes[code]
		if u == nil && families[family(code)] {
			t.Errorf("%s is a code of nobody", code)
		}
		for _, name := range names(text) {
			if u != nil && !u.open && !u.args[name] {
				t.Errorf("%s speaks of {%s}, which the code does not have", code, name)
			}
		}
	}
	for code, text := range en {
		if !slices.Equal(names(text), names(zh[code])) {
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
