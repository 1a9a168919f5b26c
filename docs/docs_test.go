// Package docs_test holds the documents in two languages together: what is shown, what is
// named and what is linked.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// pairs are the documents that stand in English and in Chinese.
var pairs = []string{"pack-authors", "operating", "../README"}

var (
	fence   = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")
	comment = regexp.MustCompile(`(\S)\s+# .*`)
	code    = regexp.MustCompile("`([^`\n]+)`")
	word    = regexp.MustCompile(`[a-z][a-z_]*(\.[a-z_]+)*`)
	link    = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// spoken are words that stand for something in an example, and are said in the reader's language.
var spoken = []string{"action", "agreement", "cond", "event", "flags", "places", "reason_code"}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shown are the fenced blocks of a document without their comments, so that what is carried
// out and checked of one is true of the other.
func shown(text string) []string {
	var out []string
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1]+"\n"+comment.ReplaceAllString(m[2], "$1"))
	}
	return out
}

// named are the words of the language, the keys and the codes that a document names.
func named(text string) map[string]bool {
	out := map[string]bool{}
	for _, m := range code.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		for _, w := range word.FindAllString(m[1], -1) {
			out[w] = true
		}
	}
	return out
}

// slug is the address of a heading on the page.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// Both languages show the same files and commands, and name the same words.
func TestBothLanguagesSayTheSame(t *testing.T) {
	for _, name := range pairs {
		t.Run(filepath.Base(name), func(t *testing.T) {
			en, zh := read(t, name+".md"), read(t, name+".zh-CN.md")
			a, b := shown(en), shown(zh)
			if len(a) == 0 || len(a) != len(b) {
				t.Fatalf("%d blocks in English, %d in Chinese", len(a), len(b))
			}
			for i := range a {
				if a[i] != b[i] {
					t.Errorf("block %d differs:\n%s\n%s", i+1, a[i], b[i])
				}
			}
			inEn, inZh := named(en), named(zh)
			for w := range inEn {
				if !inZh[w] && !slices.Contains(spoken, w) {
					t.Errorf("only the English page names %s", w)
				}
			}
			for w := range inZh {
				if !inEn[w] {
					t.Errorf("only the Chinese page names %s", w)
				}
			}
		})
	}
}

// Every link of a document leads to a file, and to a heading that stands there.
func TestLinksLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, file := range append(files, "../README.md", "../README.zh-CN.md") {
		text := fence.ReplaceAllString(read(t, file), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			links++
			to := file
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(file), m[1])
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %s is not there", file, m[1])
				continue
			}
			if m[2] == "" {
				continue
			}
			heads := heading.FindAllStringSubmatch(read(t, to), -1)
			if !slices.ContainsFunc(heads, func(h []string) bool { return "#"+slug(h[1]) == m[2] }) {
				t.Errorf("%s: %s has no heading %s", file, to, m[2])
			}
		}
	}
	if links < 20 {
		t.Errorf("only %d links were found", links)
	}
}
