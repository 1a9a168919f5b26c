package paste

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/number"
	"gezhi/internal/territory"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// Service proposes cases out of what was pasted, and answers to be pasted back.
type Service struct {
	Cases *casework.Service
}

// Channel is how a case from a chat group came in.
const Channel = "chat"

// Proposed is a proposal with what the text speaks of. Numbers are out of its text: they belong
// into fields of their own.
type Proposed struct {
	Proposal
	Phone   string // the first telephone number in it, "" for none
	Numbers int    // of people in it, telephone numbers included
	Areas   []Place
	Classes []Class
}

// Place is an area that a text names.
type Place struct{ ID, Name, Why string }

// Class is a class that a text may be of, with the words of its title that speak for it.
type Class struct{ ID, Title, Why string }

// The most that is proposed of each.
const (
	mostPlaces  = 3
	mostClasses = 3
)

// Propose reads a block of chat text. It keeps nothing.
func (s *Service) Propose(ctx context.Context, who account.Actor, text string) ([]Proposed, error) {
	actor, err := s.Cases.By(ctx, who)
	if err != nil {
		return nil, err
	}
	titles, err := s.titles(ctx, actor)
	if err != nil {
		return nil, err
	}
	places := s.places(actor)
	var out []Proposed
	for _, p := range Gather(Read(text, s.Cases.Now())) {
		x := Proposed{Proposal: p}
		whole := p.Text
		x.Text = number.Replace(whole, func(f number.Found) string {
			if !f.Kind.Personal() {
				return whole[f.Start:f.End]
			}
			x.Numbers++
			if f.Kind == number.KindPhone && x.Phone == "" {
				x.Phone = f.Normal
			}
			return hidden
		})
		x.Areas, x.Classes = placesIn(x.Text, places), classesOf(x.Text, titles)
		out = append(out, x)
	}
	return out, nil
}

// titled is a class that may come from a chat, by its title.
type titled struct{ id, title string }

// titles are the classes whose lives a person opens through a chat.
func (s *Service) titles(ctx context.Context, actor *casework.Actor) ([]titled, error) {
	packs, err := s.Cases.Book.Packs(ctx, actor.Jurisdiction)
	if err != nil {
		return nil, err
	}
	var out []titled
	for name, e := range packs {
		for i := range e.Pack.Classes {
			k := e.Class(e.Pack.Classes[i].Code)
			if k.Life == nil || len(k.Channels) > 0 && !slices.Contains(k.Channels, Channel) || !slices.ContainsFunc(k.Life.Opens, func(o workflow.Opening) bool {
				return o.By == workflow.OpenByPerson && slices.Contains(o.Channels, Channel)
			}) {
				continue
			}
			out = append(out, titled{name + "/" + k.Scheme + ":" + k.Code, k.Title[web.Lang(ctx)]})
		}
	}
	slices.SortFunc(out, func(a, b titled) int { return strings.Compare(a.id, b.id) })
	return out, nil
}

// classesOf are the classes of whose titles most stands in a text, two characters at a time.
func classesOf(text string, titles []titled) []Class {
	type scored struct {
		Class
		share int // hundredths of the title
	}
	var all []scored
	text = strings.ToLower(text)
	for _, t := range titles {
		pieces := pairs(strings.ToLower(t.title))
		var found []string
		for _, p := range pieces {
			if strings.Contains(text, p) && !slices.Contains(found, p) {
				found = append(found, p)
			}
		}
		if len(found) > 0 {
			all = append(all, scored{Class{t.id, t.title, strings.Join(found, " ")}, 100 * len(found) / len(pieces)})
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int { return b.share - a.share })
	var out []Class
	for _, x := range all[:min(len(all), mostClasses)] {
		out = append(out, x.Class)
	}
	return out
}

// pairs are the pairs of Chinese characters of a title, and its other words of four letters or
// more.
func pairs(title string) []string {
	var out []string
	r := []rune(title)
	for i := 0; i+1 < len(r); i++ {
		if unicode.Is(unicode.Han, r[i]) && unicode.Is(unicode.Han, r[i+1]) {
			out = append(out, string(r[i:i+2]))
		}
	}
	for _, w := range strings.FieldsFunc(title, func(c rune) bool { return !unicode.IsLetter(c) || unicode.Is(unicode.Han, c) }) {
		if utf8.RuneCountInString(w) >= 4 {
			out = append(out, w)
		}
	}
	return out
}

// place is an area by the name that people write.
type place struct {
	Place
	name  string
	level territory.Level
	near  bool // where the reader works
}

// places are the areas of the reader's county below it, where he works first.
func (s *Service) places(actor *casework.Actor) []place {
	tree := s.Cases.World.Tree()
	var mine []string
	for _, p := range actor.Posts {
		mine = append(mine, p.AreaID)
	}
	var out []place
	for _, a := range tree.Below("") {
		if a.Jurisdiction != actor.Jurisdiction || a.Level < territory.Township || utf8.RuneCountInString(a.Name) < 2 {
			continue
		}
		name := a.Name
		if up, ok := tree.Area(a.Path[territory.Township]); ok && a.Level > territory.Township {
			name = up.Name + name
		}
		near := slices.ContainsFunc(mine, func(id string) bool { return id != "" && slices.Contains(a.Path[:], id) })
		out = append(out, place{Place{a.ID, name, a.Name}, a.Name, a.Level, near})
	}
	slices.SortStableFunc(out, func(a, b place) int {
		switch {
		case a.near != b.near && a.near:
			return -1
		case a.near != b.near:
			return 1
		}
		return int(b.level - a.level)
	})
	return out
}

// placesIn are the areas that a text names: where the reader works first, the smaller first.
func placesIn(text string, places []place) []Place {
	var out []Place
	for _, p := range places {
		if strings.Contains(text, p.name) && len(out) < mostPlaces {
			out = append(out, p.Place)
		}
	}
	return out
}

// Answer is what may be pasted back into the group about a case: its number, how it ended or
// where it stands, and what its reporter was told, without names, numbers and addresses.
type Answer struct {
	Number, Title, State, Text string
	ClosedAt                   time.Time
}

// AnswerOf composes the answer for somebody who may see the case.
func (s *Service) AnswerOf(ctx context.Context, who account.Actor, id string) (Answer, error) {
	actor, err := s.Cases.By(ctx, who)
	if err != nil {
		return Answer{}, err
	}
	v, err := s.Cases.View(ctx, actor, id)
	if err != nil {
		return Answer{}, err
	}
	lang := web.Lang(ctx)
	out := Answer{Number: v.Number, Title: v.Class.Title[lang], State: v.Class.In.Pack.Word(lang, "steps", v.Case.Life+"."+v.Step), ClosedAt: v.ClosedAt}
	if x := v.Class.In.Pack.Word(lang, "outcomes", v.Case.Life+"."+v.Outcome); v.Outcome != "" && x != "" {
		out.State = x
	}
	out.Text = Mask(told(v), s.names(actor.Jurisdiction))
	return out, nil
}

// told is the last that the reporter was told in words: what an act asked that tells the reporter.
func told(v *casework.View) string {
	for i := len(v.Moves) - 1; i >= 0; i-- {
		d := v.Life.Action(v.Moves[i].Action)
		if d == nil || !v.Moves[i].Done || !slices.ContainsFunc(d.Then, func(e workflow.Effect) bool {
			return slices.ContainsFunc(e.Tell, func(w workflow.Who) bool { return w.Kind == workflow.WhoSeat && w.Name == workflow.Reporter })
		}) {
			continue
		}
		var said []string
		for _, name := range slices.Concat(d.Asks, d.Also) {
			f := v.Class.Field(name)
			if text, ok := v.Moves[i].Data.Values[name].(string); ok && f != nil && f.Type == "long_text" && f.Personal == nil && name != "reason" && name != "note" {
				said = append(said, text)
			}
		}
		if len(said) > 0 {
			return strings.Join(said, "\n")
		}
	}
	return ""
}

// names are those of the people who work in the jurisdiction.
func (s *Service) names(jurisdiction string) []string {
	people := s.Cases.World.People()
	var out []string
	for _, p := range people.Standing(jurisdiction, s.Cases.Now()) {
		if n := people.Name(p.PersonID); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
