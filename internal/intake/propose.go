package intake

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/classify"
	"gezhi/internal/territory"
)

// Draft is a report that is being written.
type Draft struct {
	Jurisdiction string
	Text         string
	AreaID       string
	Point        *casework.Point
	Class        string
	Fields       map[string]any
}

// Place is a proposed place, with the reason: it lies around the point, or the text names it.
type Place struct {
	AreaID  string
	Name    string // as people of the county say it
	Level   int
	ByPoint bool
	Named   string // the words of the text that name it
	Near    string // or the word of the text that is a slip of the pen away from its name
}

// Proposed is what may be filled in for a draft. The person confirms each; nothing is applied.
type Proposed struct {
	Places   []Place
	Classes  []Candidate
	Foreseen *casework.Foreseen // of the class and place that the draft has; nil: it lacks one

	jurisdiction string
}

const mostProposed = 5

// Propose looks for what may be filled in: places, classes, and for the class and the place
// that were chosen the grade and whose duty it is.
func (s *Service) Propose(ctx context.Context, by *account.Actor, from Origin, d Draft) (*Proposed, error) {
	if by == nil {
		if _, err := s.count(ctx, proposals, network(from.Addr)); err != nil {
			return nil, err
		}
	}
	j, err := s.Jurisdiction(d.Jurisdiction)
	if err != nil {
		return nil, err
	}
	w, err := s.reporter(ctx, by, j, BySelf, "draft")
	if err != nil {
		return nil, err
	}
	out := &Proposed{jurisdiction: j.ID}
	if out.Places, err = s.places(ctx, j, d); err != nil {
		return nil, err
	}
	if out.Classes, err = s.classes(ctx, w, j, d.Text); err != nil {
		return nil, err
	}
	if d.Class == "" || d.AreaID == "" && d.Point == nil {
		return out, nil
	}
	o := casework.Opening{Class: d.Class, Text: d.Text, AreaID: d.AreaID, Channel: channelHome, Fields: d.Fields}
	if d.Point != nil {
		o.SetPoint(*d.Point)
	}
	out.Foreseen, err = s.Cases.Foresee(ctx, w.Actor, o)
	return out, err
}

// places are the grid around the point, the areas that the text names, and those that it names but
// for a slip of the pen.
func (s *Service) places(ctx context.Context, j account.Jurisdiction, d Draft) ([]Place, error) {
	home, err := s.Home(ctx, j)
	if err != nil {
		return nil, err
	}
	t := s.Cases.World.Tree()
	var out []Place
	if d.Point != nil {
		if a, ok := t.Find(orb.Point{d.Point.Lon, d.Point.Lat}); ok && a.Jurisdiction == j.ID {
			out = append(out, Place{AreaID: a.ID, Name: placeName(t, a), Level: int(a.Level), ByPoint: true})
		}
	}
	near := map[string]string{}
	for _, x := range t.Slips(d.Text, j.ID) {
		for _, a := range x.Areas {
			near[a.ID] = x.Word
		}
	}
	var named, meant []Place
	for _, a := range t.Below(home) {
		if a.ID == home || a.Level < territory.Township || a.Level > territory.Village {
			continue
		}
		p := Place{AreaID: a.ID, Name: placeName(t, a), Level: int(a.Level), Near: near[a.ID]}
		if p.Near != "" {
			meant = append(meant, p)
		} else if p.Named = namedIn(d.Text, a.Name); p.Named != "" {
			named = append(named, p)
		}
	}
	// The more of the name is said the better; a township that is named decides between villages
	// of one name.
	within := func(p Place) int {
		n := 0
		for _, q := range named {
			if q.Level < p.Level && t.Within(p.AreaID, q.AreaID) {
				n = 1
			}
		}
		return n
	}
	slices.SortStableFunc(named, func(a, b Place) int {
		return cmp.Or(cmp.Compare(within(b), within(a)), cmp.Compare(len(b.Named), len(a.Named)), cmp.Compare(b.Level, a.Level), strings.Compare(a.Name, b.Name))
	})
	out = append(append(out, named...), meant...)
	return out[:min(len(out), mostProposed)], nil
}

// namedIn is how a text names a place: by its whole name, or all but the last letters of
// it, which say what kind of place it is; "" when it does not.
func namedIn(text, name string) string {
	if strings.Contains(text, name) {
		return name
	}
	for r, cut := []rune(name), 1; cut <= 3 && len(r)-cut >= 2; cut++ {
		if short := string(r[:len(r)-cut]); strings.Contains(text, short) {
			return short
		}
	}
	return ""
}

// placeName is the place with the township and the village it lies in.
func placeName(t *territory.Tree, a *territory.Area) string {
	var name strings.Builder
	for level := territory.Township; level < a.Level; level++ {
		if up, ok := t.Area(a.Path[level]); ok {
			name.WriteString(up.Name)
		}
	}
	name.WriteString(a.Name)
	return name.String()
}

// classes are the likeliest of those that may be reported from home.
func (s *Service) classes(ctx context.Context, w who, j account.Jurisdiction, text string) ([]Candidate, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	open, err := s.Cases.Reportable(ctx, w.Actor, channelHome)
	if err != nil {
		return nil, err
	}
	var found []Candidate
	if s.Classify != nil {
		if found, err = s.Classify(ctx, j.ID, text); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		found = byTitle(open, text)
	}
	found = slices.DeleteFunc(found, func(c Candidate) bool {
		return !slices.ContainsFunc(open, func(k casework.ClassJSON) bool { return k.ID == c.Class && !k.Unsorted })
	})
	return found[:min(len(found), mostProposed)], nil
}

// byTitle proposes classes by what they are called.
func byTitle(classes []casework.ClassJSON, text string) (out []Candidate) {
	var titles []classify.Titled
	for _, k := range classes {
		if !k.Unsorted {
			titles = append(titles, classify.Titled{Class: k.ID, Title: k.Title})
		}
	}
	for _, g := range classify.ByTitle(titles, classify.Text{Body: text}) {
		out = append(out, Candidate{Class: g.Class, Probability: g.Probability, Words: g.Words})
	}
	return out
}
