package story

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/pack/shape"
)

//go:embed words/*.yaml
var wordFiles embed.FS

var words = sync.OnceValue(func() map[string]*shape.Node {
	out := map[string]*shape.Node{}
	for _, lang := range []string{"zh", "en"} {
		data, err := wordFiles.ReadFile("words/" + lang + ".yaml")
		if err != nil {
			panic(err) // embedded: a defect of the build
		}
		n, problems := shape.Read(data)
		if len(problems) > 0 {
			panic(fmt.Sprint(lang, problems))
		}
		out[lang] = n
	}
	return out
})

// Text says what was different, in "zh" or "en": file, line, what, wanted, got.
func (d *Difference) Text(lang string) string {
	text := fmt.Sprintf("%s:%d: %s [%s]", d.File, d.Line, say(lang, d.Code, d.Args), d.Code)
	if d.Suggestion != "" {
		text += "\n    " + pack.Say(lang, "pack.did_you_mean", map[string]any{"word": d.Suggestion})
	}
	return text
}

// say puts a code into words: this package's own, else those of packs.
func say(lang, code string, args map[string]any) string {
	n := words()[lang].Get(code)
	if n == nil {
		return pack.Say(lang, code, args)
	}
	var pairs []string
	for k, v := range args {
		pairs = append(pairs, "{"+k+"}", fmt.Sprint(v))
	}
	return strings.NewReplacer(pairs...).Replace(n.Text)
}

// saying is one line of the timeline that the story itself did.
type saying struct {
	at   time.Time
	id   string // made when it was said, so that lines sort as things happened
	line string
}

// tell notes what the story did, for the timeline.
func (w *world) tell(e Event, who string, answer error) {
	parts := []string{}
	for _, s := range []string{e.By, who, string(e.Verb), e.Name, e.Case} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if e.As != "" {
		parts = append(parts, "= "+e.As)
	}
	if answer != nil {
		parts = append(parts, "✗ "+refusalText(answer))
	}
	w.said = append(w.said, saying{w.hand.Now(), w.mark, strings.Join(parts, " ")})
}

// refusalText is a refusal in the timeline: its code, what belongs to it, and the places.
func refusalText(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error()
	}
	text := f.Code
	for _, k := range slices.Sorted(maps.Keys(f.Args)) {
		text += fmt.Sprintf(" %s=%v", k, f.Args[k])
	}
	for _, p := range f.At {
		text += "; " + p.Path + " " + p.Code
	}
	return text
}

var allMoves = db.SQL(`SELECT case_id, id, action, from_step, to_step, outcome, person_id, done, reason, data, at FROM move WHERE jurisdiction = $1 ORDER BY id`)

type moved struct {
	caseID, id, action, from, to, outcome, person, reason, data string
	done, at                                                    int64
}

// timeline tells what happened: what the story did, the moves it led to, and who was told.
func (w *world) timeline(ctx context.Context) string {
	var moves []moved
	err := w.d.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		moves, err = db.Collect(ctx, tx, allMoves, []any{jurisdiction}, func(r db.Rows) (m moved, err error) {
			return m, r.Scan(&m.caseID, &m.id, &m.action, &m.from, &m.to, &m.outcome, &m.person, &m.done, &m.reason, &m.data, &m.at)
		})
		return err
	})
	if err != nil {
		return err.Error()
	}
	var lines []saying
	lines = append(lines, w.said...)
	for _, m := range moves {
		lines = append(lines, saying{db.Time(m.at), m.id, "    " + w.moveLine(ctx, m)})
	}
	for i, n := range w.notices {
		var who []string
		for _, p := range n.People {
			who = append(who, w.call(p))
		}
		slices.Sort(who)
		text := "    " + w.caseName(ctx, n.Case) + " → " + strings.Join(slices.Compact(who), ", ") + ": " + n.Event
		if n.Clock != "" {
			text += " " + n.Clock + " " + n.Mark
		}
		lines = append(lines, saying{w.noticed[i], n.ID, text})
	}
	slices.SortStableFunc(lines, func(a, b saying) int { return strings.Compare(a.id, b.id) })
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s  %s\n", l.at.In(clock.CST).Format("2006-01-02 15:04"), l.line)
	}
	return b.String()
}

func (w *world) moveLine(ctx context.Context, m moved) string {
	text := w.caseName(ctx, m.caseID) + " " + m.action
	switch {
	case m.from == "":
		text += ": " + m.to
	case m.from != m.to:
		text += ": " + m.from + " → " + m.to
	}
	if m.outcome != "" {
		text += " (" + m.outcome + ")"
	}
	if m.done == 0 {
		text += " ✗ " + m.data
	}
	if m.person != "" {
		text += " by " + w.call(m.person)
	}
	return text
}
