package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

var hole = regexp.MustCompile(`\\\{[a-z_]+\\\}`)

// wordsOf are the texts that people read in a language, of the pages, the program and the
// shipped packs, each as a pattern with its holes open.
func wordsOf(t *testing.T, language string) []*regexp.Regexp {
	t.Helper()
	files, err := filepath.Glob("../packs/*/words/" + language + ".yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no words of packs", err)
	}
	var out []*regexp.Regexp
	var take func(v any)
	take = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, w := range v {
				take(w)
			}
		case string:
			for _, form := range strings.Split(v, "|") { // one thing, many things
				open := hole.ReplaceAllString(regexp.QuoteMeta(strings.TrimSpace(form)), ".+")
				if strings.Trim(open, ".+") != "" {
					out = append(out, regexp.MustCompile("(?i)^"+open+"$"))
				}
			}
		}
	}
	for _, file := range append(files, "../ui/src/words/"+language+".json", "../ui/src/words/setup."+language+".json", "../internal/web/words/"+language+".json") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read := yaml.Unmarshal
		if filepath.Ext(file) == ".json" {
			read = json.Unmarshal
		}
		var words map[string]any
		if err := read(text, &words); err != nil {
			t.Fatal(file, err)
		}
		take(words)
	}
	return out
}

// What the handbooks quote stands on a page, word by word.
func TestTheHandbooksQuoteThePages(t *testing.T) {
	for language, book := range map[string]struct {
		file  string
		quote *regexp.Regexp
	}{
		"zh": {"handbook.zh-CN.md", regexp.MustCompile(`「([^」]+)」`)},
		"en": {"handbook.md", regexp.MustCompile(`“([^”]+)”`)},
	} {
		words, quotes := wordsOf(t, language), 0
	quoted:
		for _, m := range book.quote.FindAllStringSubmatch(read(t, book.file), -1) {
			quotes++
			for _, w := range words {
				if w.MatchString(m[1]) {
					continue quoted
				}
			}
			t.Errorf("%s quotes %q, and no page says so", book.file, m[1])
		}
		if quotes < 100 {
			t.Errorf("%s quotes only %d words", book.file, quotes)
		}
	}
}

// Both handbooks have the same chapters.
func TestBothHandbooksHaveTheSameChapters(t *testing.T) {
	en := heading.FindAllString(read(t, "handbook.md"), -1)
	zh := heading.FindAllString(read(t, "handbook.zh-CN.md"), -1)
	if len(en) != len(zh) || len(en) < 14 {
		t.Errorf("%d headings in English, %d in Chinese", len(en), len(zh))
	}
}
