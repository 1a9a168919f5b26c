package checker

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"testing"
)

func wordsIn(t *testing.T, file []byte) map[string]string {
	t.Helper()
	var m map[string]string
	if err := json.Unmarshal(file, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// The page is whole: one file, one script, which is the one that its policy allows.
func TestThePageHoldsItsOnlyScript(t *testing.T) {
	_, rest, _ := bytes.Cut(Page(), []byte("<script>"))
	script, rest, whole := bytes.Cut(rest, []byte("</script>"))
	if !whole || bytes.Contains(rest, []byte("<script")) {
		t.Fatal("not one script")
	}
	sum := sha256.Sum256(script)
	if !bytes.Contains(Page(), []byte("script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")) {
		t.Error("its policy does not allow its own script")
	}
	if x := regexp.MustCompile(`(?i)https?://|//[a-z]+\.|src=|href=|@import|url\(|fetch\(|XMLHttp|WebSocket|\beval\b`).Find(Page()); x != nil {
		t.Errorf("the page speaks of something outside: %s", x)
	}
}

// Every word that the page asks for is there in both languages, and no other.
func TestTheWordsOfThePageAreThereInBothLanguages(t *testing.T) {
	z, e := wordsIn(t, zh), wordsIn(t, en)
	asked := map[string]bool{}
	for _, m := range regexp.MustCompile(`data-word="([a-z_]+)"|(?:say|pair|Wrong)\('([a-z_]+)'`).FindAllSubmatch(append(append(append([]byte{}, page...), arithmetic...), conduct...), -1) {
		asked[string(m[1])+string(m[2])] = true
	}
	hole := regexp.MustCompile(`\{[a-z]+\}`)
	for code := range asked {
		if z[code] == "" || e[code] == "" {
			t.Errorf("%s has no words", code)
		}
		if a, b := hole.FindAllString(z[code], -1), hole.FindAllString(e[code], -1); len(a) != len(b) {
			t.Errorf("%s: %v and %v", code, a, b)
		}
	}
	for code := range e {
		if !asked[code] || z[code] == "" {
			t.Errorf("%s is asked by nothing, or is not in Chinese", code)
		}
	}
	if len(z) != len(e) || len(asked) < 30 {
		t.Errorf("%d words asked, %d and %d there", len(asked), len(z), len(e))
	}
}
