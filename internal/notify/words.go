package notify

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"gezhi/internal/clock"
)

//go:embed words/zh.json words/en.json
var wordFiles embed.FS

// wordList is language -> key -> words.
var wordList = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range []string{"zh", "en"} {
		raw, err := wordFiles.ReadFile("words/" + lang + ".json")
		if err != nil {
			panic(err) // embedded: a defect of the build
		}
		var m map[string]string
		if err := json.Unmarshal(raw, &m); err != nil {
			panic(fmt.Errorf("words/%s.json: %w", lang, err))
		}
		all[lang] = m
	}
	return all
})

// language returns lang where there are words in it, else the first language of the product.
func language(lang string) string {
	if _, ok := wordList()[lang]; ok {
		return lang
	}
	return "zh"
}

// fill puts values into the {name}s of a template, in one pass: a value is never read as one.
func fill(template string, values map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		v, known := values[name]
		if !known || !closed { // the brace is only a brace
			out.WriteByte('{')
			template = rest
			continue
		}
		out.WriteString(v)
		template = after
	}
}

const (
	maxTitle = 60 // characters
	maxLines = 20 // of a digest that are written out
	// tooLong is how many digits in a row may be a telephone or identity number.
	tooLong = 7
)

// safe returns a title fit for every channel: one line of printable text, cut to maxTitle
// characters, with stars for digits that might be somebody's number.
func safe(s string) string {
	var out []rune
	digits := 0
	for _, r := range strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ") {
		if unicode.IsDigit(r) {
			digits++
		} else {
			digits = 0
		}
		out = append(out, r)
		if digits == tooLong {
			for i := len(out) - tooLong; i < len(out); i++ {
				out[i] = '*'
			}
		} else if digits > tooLong {
			out[len(out)-1] = '*'
		}
	}
	if len(out) > maxTitle {
		out = append(out[:maxTitle-1], '…')
	}
	return string(out)
}

// line returns a code, such as a case's number, as one line of printable text.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// values returns what the words of a notice speak of, in a language.
func values(lang string, n Notice, link string) map[string]string {
	w := wordList()[lang]
	event, ok := w["event."+n.Event]
	if !ok {
		event = w["event.other"]
	}
	if did := n.Did[lang]; did != "" {
		event = safe(did)
	}
	return map[string]string{
		"number": line(n.Number), "title": safe(n.Titles.in(lang, n.Title)), "event": event, "due": moment(w, n.DueAt), "link": line(link),
		"severity": strconv.FormatInt(n.Severity, 10), "count": strconv.Itoa(len(n.Lines)),
	}
}

func moment(w map[string]string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.CST).Format(w["moment"])
}

// compose returns the words of a notice: a subject of one line, a text, and the values that
// templates may speak of.
func compose(lang string, n Notice, link string) (subject, text string, v map[string]string) {
	lang = language(lang)
	w := wordList()[lang]
	v = values(lang, n, link)
	if n.Event == eventDigest {
		return fill(w["digest.subject"], v), digestText(lang, n, v), v
	}
	return fill(w["subject"], v), sentence(w, "message", v), v
}

// sentence fills a template whose deadline and link fall away where there are none.
func sentence(w map[string]string, key string, v map[string]string) string {
	parts := map[string]string{}
	for k, s := range v {
		parts[k] = s
		if (k == "due" || k == "link") && s != "" {
			parts[k] = fill(w[k], v)
		}
	}
	return fill(w[key], parts)
}

func digestText(lang string, n Notice, v map[string]string) string {
	w := wordList()[lang]
	all := []string{fill(w["digest.head"], v)}
	for i, l := range n.Lines {
		if i == maxLines {
			all = append(all, fill(w["digest.more"], map[string]string{"count": strconv.Itoa(len(n.Lines) - maxLines)}))
			break
		}
		one := Notice{Number: l.Number, Title: l.Title, Titles: l.Titles, Event: l.Event, Did: l.Did, DueAt: l.DueAt}
		all = append(all, sentence(w, "digest.line", values(lang, one, "")))
	}
	if v["link"] != "" {
		all = append(all, v["link"])
	}
	return strings.Join(all, "\n")
}
