package casework

import (
	"context"
	"strings"

	"gezhi/internal/form"
	"gezhi/internal/pack"
	"gezhi/internal/web"
	"gezhi/internal/worktime"
)

// words finds the words of a pack version in the reader's language.
type words struct {
	p    *pack.Pack
	lang string
}

func (s *Service) wordsOf(ctx context.Context, c *Case) words {
	w := words{lang: web.Lang(ctx)}
	if k := s.Book.cached(c.PackHash, c.OverlayHash, c.Class); k != nil {
		w.p = k.In.Pack
	}
	return w
}

// find is the word of a name in a section.
func (w words) find(section, life, name string) (string, bool) {
	if name == "" || w.p == nil {
		return "", false
	}
	for _, n := range []string{life + "." + name, name} {
		if x := w.p.Word(w.lang, section, n); x != "" {
			return x, true
		}
	}
	return "", false
}

// word is find, with the name itself when there is no word.
func (w words) word(section, life, name string) string {
	if x, ok := w.find(section, life, name); ok {
		return x
	}
	return name
}

func (w words) title(t pack.Words, or string) string {
	if t[w.lang] != "" {
		return t[w.lang]
	}
	return or
}

// stepWord is the word of a step; tasks speak the words of the pack of their life.
func (s *Service) stepWord(w words, kind, life, step string) string {
	if kind == KindTask && s.TaskPack != nil {
		w.p = s.TaskPack
	}
	return w.word("steps", life, step)
}

func fieldTitle(w words, life string, f *form.Field) string {
	if f.Title[w.lang] != "" {
		return f.Title[w.lang]
	}
	if x, ok := w.find("fields", life, f.Name); ok {
		return x
	}
	return web.Say(w.lang, "field_title."+f.Name, nil)
}

// seatTitle is the pack's word for a seat, or the kernel's for its own.
func seatTitle(w words, life, seat string) string {
	if x, ok := w.find("participants", life, seat); ok {
		return x
	}
	return web.Say(w.lang, "seat."+seat, nil)
}

// reason is why something was done: the word of a code, or what somebody wrote.
func (w words) reason(life, reason string) string {
	if x, ok := w.find("reasons", life, reason); ok {
		return x
	}
	return liftedWords(w.lang, reason)
}

// spanKinds are the words of the units of a span.
var spanKinds = map[worktime.Unit]string{worktime.InMinutes: "minutes", worktime.InHours: "hours", worktime.InWorkingMinutes: "working_minutes",
	worktime.InWorkingHours: "working_hours", worktime.InWorkingDays: "working_days", worktime.InDays: "days", worktime.InWeeks: "weeks",
	worktime.InMonths: "months", worktime.InYears: "years", worktime.SameDay: "same_day"}

// spanText is a span in words; what is none stays as it is.
func spanText(w words, text string) string {
	span, err := worktime.ParseSpan(text)
	if err != nil || spanKinds[span.Unit] == "" {
		return text
	}
	return web.Say(w.lang, "span."+spanKinds[span.Unit], map[string]any{"n": span.N})
}

// markText is a mark in words: due, so much of the limit, so long before or after.
func markText(w words, at string) string {
	for _, suffix := range []string{"after due", "before due"} {
		if span, ok := strings.CutSuffix(at, " "+suffix); ok {
			return web.Say(w.lang, "mark."+strings.ReplaceAll(suffix, " ", "_"), map[string]any{"span": spanText(w, span)})
		}
	}
	if at == "due" {
		return web.Say(w.lang, "mark.due", nil)
	}
	return web.Say(w.lang, "mark.share", map[string]any{"share": at})
}

func (w words) roleTitle(role string) string {
	if w.p == nil {
		return role
	}
	if r := w.p.Role(role); r != nil {
		return w.title(r.Title, role)
	}
	return role
}

// actionTitle is the pack's word for an action, or the kernel's for its own.
func (s *Service) actionTitle(w words, life, action string) string {
	if x, ok := w.find("actions", life, action); ok {
		return x
	}
	return web.Say(w.lang, "action."+action, nil)
}

// ActTitles are a pack's words for an action of a class, by language; none for what is no action of it.
func ActTitles(k *Class, action string) map[string]string {
	out := map[string]string{}
	for lang := range k.Title {
		if x, ok := (words{k.In.Pack, lang}).find("actions", k.Life.Name, action); ok {
			out[lang] = x
		}
	}
	return out
}
