package pack

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var codeText = regexp.MustCompile(`"((?:pack|yaml|class|duty|date|record|relation|table|field|formula|busywork|life|seat|parts|join|need|clock|key|effect|ledger|words|overlay|story|workflow|worktime)\.[a-z_]+)"`)

// codesInSource collects the codes that stand in the check_*.go files.
func codesInSource(t *testing.T) []string {
	return codesIn(t, "check_*.go")
}

func codesIn(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal(pattern, err)
	}
	var out []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codeText.FindAllSubmatch(data, -1) {
			if c := string(m[1]); !strings.HasSuffix(c, ".yaml") {
				out = append(out, c)
			}
		}
	}
	return out
}
