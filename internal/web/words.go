package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed words/zh.json words/en.json
var wordFiles embed.FS

// wordList is code -> words, for each language.
var wordList = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range []string{"zh", "en"} {
		b, err := wordFiles.ReadFile("words/" + lang + ".json")
		if err != nil {
			panic(err)
		}
		var m map[string]string
		if err := json.Unmarshal(b, &m); err != nil {
			panic(fmt.Errorf("words/%s.json: %w", lang, err))
		}
		all[lang] = m
	}
	return all
})

// Say returns the words of code in lang ("zh" or "en"), with {name} replaced by args.
// A code without words stands for itself.
func Say(lang, code string, args map[string]any) string {
	text, ok := wordList()[lang][code]
	if !ok {
		return code
	}
	for name, v := range args {
		text = strings.ReplaceAll(text, "{"+name+"}", fmt.Sprint(v))
	}
	return text
}

// standard is the language of those who prefer none.
const standard = "zh"

// negotiate picks the language of an Accept-Language header (RFC 9110 section 12.5.4): the one
// of ours with the highest weight, the first among equals, Chinese when neither is wanted.
func negotiate(accept string) string {
	if accept == "" {
		return standard
	}
	best, weight := standard, 0.0
	for _, part := range strings.Split(accept, ",") {
		tag, params, _ := strings.Cut(part, ";")
		tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if tag != "zh" && tag != "en" {
			continue
		}
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			if f, err := strconv.ParseFloat(v, 64); err == nil {
				q = f
			}
		}
		if q > weight {
			best, weight = tag, q
		}
	}
	return best
}
