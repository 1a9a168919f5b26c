package casework

import (
	"context"
	"slices"
	"sort"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/pack"
	"gezhi/internal/record"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

var exportColumns = []string{"number", "class", "title", "severity", "step", "outcome", "area", "unit", "opened_at", "due_at", "late"}

func (s *Service) exportRow(ctx context.Context, r *Row) []string {
	j := s.rowJSON(ctx, r)
	when := func(n int64) string {
		if n == 0 {
			return ""
		}
		return db.Time(n).In(clock.CST).Format(time.DateTime)
	}
	late := ""
	if j.Late {
		late = web.Say(web.Lang(ctx), "column.is_late", nil)
	}
	return []string{j.Number, j.ClassTitle, j.Title, j.SeverityTitle, j.StepTitle, j.Outcome, j.AreaName, j.UnitName, when(j.OpenedAt), when(j.DueAt), late}
}

type classesInput struct {
	For string `query:"for" maxLength:"20"`
}

type classesOutput struct {
	Body struct {
		Classes []ClassJSON `json:"classes"`
	}
}

// ClassJSON is a class that may be reported, with its form.
type ClassJSON struct {
	ID         string     `json:"id"`
	Code       string     `json:"code"`
	Scheme     string     `json:"scheme"`
	Pack       string     `json:"pack"`
	Title      string     `json:"title"`
	Group      string     `json:"group,omitempty"`
	GroupTitle string     `json:"group_title,omitempty"`
	Severity   string     `json:"severity"`
	Spot       bool       `json:"spot,omitempty"`
	OnSpot     *SpotJSON  `json:"on_spot,omitempty" doc:"how its reporter ends at once what was found and done in one act; those whom the pack lets do so"`
	Unsorted   bool       `json:"unsorted,omitempty" doc:"for what is brought without a class"`
	OnDuty     bool       `json:"on_duty,omitempty" doc:"brought by whoever is on duty alone: a hand-over"`
	Channels   []string   `json:"channels"`
	Fields     []FormJSON `json:"fields"`
	Offers     bool       `json:"offers,omitempty" doc:"whoever opens one gives out work: places of it are taken by many"`
	Against    string     `json:"against" enum:"required,allowed,never" doc:"whether a report of it says whom it is about, and is kept from them"`
	// About are the kinds of things that a case of it may be about.
	About []AboutKindJSON `json:"about,omitempty"`
}

// SpotJSON is the action by which a case is ended in the moment it is reported.
type SpotJSON struct {
	Action string     `json:"action"`
	Title  string     `json:"title"`
	Asks   []FormJSON `json:"asks"`
	Also   []FormJSON `json:"also"`
}

// AboutKindJSON is a kind of thing that a case may be about.
type AboutKindJSON struct {
	Kind  string `json:"kind" enum:"record,case"`
	Of    string `json:"of" doc:"pack/kind of records; class or life of cases"`
	Title string `json:"title"`
}

// aboutKinds tells a face what a case of a class may be about.
func aboutKinds(w words, packs map[string]*pack.Effective, k *pack.EffectiveClass) []AboutKindJSON {
	if k.Life == nil {
		return nil
	}
	var out []AboutKindJSON
	for _, a := range k.Life.About {
		x := AboutKindJSON{Kind: a.Kind, Of: a.Of, Title: a.Of}
		if a.Kind == workflow.AboutRecord {
			kind := kindOf(w.p, packs, a.Of)
			if kind.Record == nil {
				continue
			}
			x.Of, x.Title = kind.Ref(), kindTitle(kind, w.lang)
		} else if other := w.p.Class(a.Of); other != nil {
			x.Title = w.title(other.Title, a.Of)
		}
		out = append(out, x)
	}
	return out
}

// kindTitle is what records of a kind are called.
func kindTitle(k record.Kind, lang string) string {
	w := words{k.Pack, lang}
	return w.title(k.Title, w.word("records", "", k.Name))
}

// reportable tells whether somebody may bring a case of a class at all: its life opens by a
// person, and where it names roles the asker has one of them.
func reportable(who *Actor, k *pack.EffectiveClass) bool {
	if k.Life == nil || len(k.Life.Opens) == 0 {
		return k.Life != nil
	}
	for _, o := range k.Life.Opens {
		if o.By != workflow.OpenByPerson {
			continue
		}
		if len(o.Who) == 0 || slices.ContainsFunc(o.Who, func(w workflow.Who) bool {
			return w.Kind == workflow.WhoRole && slices.ContainsFunc(who.Posts, func(p Post) bool { return p.Role == w.Name })
		}) {
			return true
		}
	}
	return false
}

func (s *Service) httpClasses(ctx context.Context, in *classesInput) (*classesOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	out := &classesOutput{}
	out.Body.Classes, err = s.classes(ctx, who, func(k *pack.EffectiveClass) bool { return in.For != "open" || reportable(who, k) })
	return out, err
}

// ToOpen lists the classes that somebody may bring at all, with their forms.
func (s *Service) ToOpen(ctx context.Context, who *Actor) ([]ClassJSON, error) {
	return s.classes(ctx, who, func(k *pack.EffectiveClass) bool { return reportable(who, k) })
}

// Reportable lists the classes that somebody may bring by a channel, with their forms.
func (s *Service) Reportable(ctx context.Context, who *Actor, channel string) ([]ClassJSON, error) {
	return s.classes(ctx, who, func(k *pack.EffectiveClass) bool {
		return reportable(who, k) && (len(k.Channels) == 0 || contains(k.Channels, channel)) && opensBy(k, channel)
	})
}

// opensBy tells whether a person may open a case of a class by a channel, for all that its
// life says.
func opensBy(k *pack.EffectiveClass, channel string) bool {
	return len(k.Life.Opens) == 0 || slices.ContainsFunc(k.Life.Opens, func(o workflow.Opening) bool {
		return o.By == workflow.OpenByPerson && (len(o.Channels) == 0 || contains(o.Channels, channel))
	})
}

// classes lists the classes in force that keep lets through.
func (s *Service) classes(ctx context.Context, who *Actor, keep func(*pack.EffectiveClass) bool) ([]ClassJSON, error) {
	packs, err := s.Book.Packs(ctx, who.Jurisdiction)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(packs))
	for n := range packs {
		names = append(names, n)
	}
	sort.Strings(names)
	out := []ClassJSON{}
	for _, n := range names {
		e := packs[n]
		w := words{e.Pack, web.Lang(ctx)}
		groups := map[string]string{}
		for _, g := range e.Pack.Groups {
			groups[g.Code] = w.title(g.Title, g.Code)
		}
		for i := range e.Pack.Classes {
			k := e.Class(e.Pack.Classes[i].Code)
			if !keep(k) {
				continue
			}
			c := ClassJSON{ID: n + "/" + k.Scheme + ":" + k.Code, Code: k.Code, Scheme: k.Scheme, Pack: n, Title: w.title(k.Title, k.Code), Group: k.Group,
				GroupTitle: groups[k.Group], Severity: k.Usual(), Spot: k.Spot, Unsorted: k.Unsorted, OnDuty: onDutyAlone(k), Channels: append([]string{}, k.Channels...), Fields: openingForm(w, k), Against: k.Against}
			c.About = aboutKinds(w, packs, k)
			c.Offers = k.Life != nil && slices.ContainsFunc(k.Life.Parts, func(p workflow.PartSet) bool { return p.For.Offer != nil })
			c.OnSpot = s.onSpot(w, k)
			out = append(out, c)
		}
	}
	return out, nil
}
