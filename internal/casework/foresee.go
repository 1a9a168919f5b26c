package casework

import (
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/form"
	"gezhi/internal/pack"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// Foreseen is what opening a case would come to, and why, in the reader's words. Nothing of it
// is written, and nothing of it binds: the case is opened from what the reporter then says.
type Foreseen struct {
	AreaID, AreaName        string
	Severity, SeverityTitle string
	SeverityWhy             string
	UnitID, UnitName        string // who would handle it; "" is the dispatcher's queue
	UnitWhy                 string
}

// Foresee tells what opening a case would come to: where it lies, how grave it is, and whose
// duty it is. A class that is not in force is case.unknown_class; answers that are missing or
// wrong are passed over, for the form is not filled yet.
func (s *Service) Foresee(ctx context.Context, who *Actor, o Opening) (*Foreseen, error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	class, err := s.Book.InForce(ctx, who.Jurisdiction, o.Class)
	if err != nil {
		return nil, err
	}
	var out *Foreseen
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		now := s.Now()
		c := &Case{ID: s.ID(), Jurisdiction: who.Jurisdiction, Kind: KindCase, Channel: o.Channel, ReporterID: who.PersonID, Fields: map[string]any{}}
		c.RootID = c.ID
		if err := s.situate(ctx, tx, who, class, c, o); err != nil {
			return err
		}
		st, err := s.born(ctx, tx, c, class, now)
		if err != nil {
			return err
		}
		st.begin(who, Act{}, "")
		for name, v := range o.Fields {
			if f := class.Field(name); f != nil && f.Formula == nil && f.Personal == nil && !form.Empty(v) {
				if x, wrong := f.Validate(v); len(wrong) == 0 {
					c.Fields[name] = x
				}
			}
		}
		if err := st.grade(); err != nil {
			return err
		}
		if err := st.seatFirst(); err != nil {
			return err
		}
		out = st.foreseen(words{class.In.Pack, web.Lang(ctx)})
		return nil
	})
	return out, err
}

func (st *state) foreseen(w words) *Foreseen {
	out := &Foreseen{AreaID: st.AreaID, AreaName: st.s.areaName(st.AreaID), Severity: st.Severity, SeverityTitle: w.title(st.class.severity(st.Severity).Title, st.Severity),
		SeverityWhy: web.Say(w.lang, "foresee.usual", nil)}
	for _, r := range st.class.Rules {
		if ok, err := r.If.Holds(st.env()); err == nil && ok {
			out.SeverityWhy = web.Say(w.lang, "foresee.facts", map[string]any{"facts": strings.Join(st.factTitles(w, r), web.Say(w.lang, "list.and", nil))})
			break
		}
	}
	for _, d := range st.life.Seats {
		held := st.held(d.Name)
		if d.First == nil || d.First.Kind != workflow.FirstDuty || len(held) == 0 {
			continue
		}
		out.UnitID, out.UnitName, out.UnitWhy = held[0].Subject, st.s.nameOf(held[0].Subject), st.dutyWhy(w, held[0].Why)
	}
	return out
}

// factTitles are the titles of the fields that a rule of severity looks at.
func (st *state) factTitles(w words, r pack.SeverityRule) []string {
	var out []string
	for _, ref := range r.If.Refs() {
		if len(ref.Path) > 1 && ref.Path[0] == "field" {
			if f := st.class.Field(ref.Path[1]); f != nil {
				out = append(out, fieldTitle(w, st.Life, f))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// dutyWhy is why somebody was found, in words: the line's own reason where it gives one.
func (st *state) dutyWhy(w words, why string) string {
	for _, d := range st.class.duties(st.Areas, st.day()) {
		if d.reason() != why {
			continue
		}
		if x := w.title(d.Why, ""); x != "" {
			return x
		}
		return web.Say(w.lang, "foresee.duty", map[string]any{"class": w.title(st.class.Title, st.class.Code), "level": web.Say(w.lang, "level."+d.Level, nil)})
	}
	return why
}

// Shown is a view as it travels: what a case page shows, in the words of the reader.
func (s *Service) Shown(ctx context.Context, v *View) ViewJSON { return s.viewJSON(ctx, v) }

// ShownReadings are readings as they are sent, in the language of ctx.
func (s *Service) ShownReadings(ctx context.Context, all []Reading) []ReadingJSON {
	return s.readingsJSON(ctx, all)
}

// CitizensDue is when the citizen's clock is due: the one that runs from the first report to
// the end. false where the life has none, or where it has stopped.
func (v *View) CitizensDue() (time.Time, bool) {
	for _, d := range v.Life.Clocks {
		if len(d.From) == 0 || d.From[0].Kind != workflow.OnOpened || len(d.Until) == 0 || d.Until[0].Kind != workflow.OnClosed {
			continue
		}
		for _, c := range v.Clocks {
			if c.Name == d.Name && c.State != Stopped {
				return c.Due, true
			}
		}
	}
	return time.Time{}, false
}

// Replies are the answers that the case gave its reporter, oldest first: what somebody wrote in
// an act that tells the reporter.
func (v *View) Replies() []Reply {
	var out []Reply
	for _, m := range v.Moves {
		d := v.Life.Action(m.Action)
		if d == nil || !m.Done || !tellsReporter(d) {
			continue
		}
		for _, name := range slices.Concat(d.Asks, d.Also) {
			f := v.Class.Field(name)
			text, ok := m.Data.Values[name].(string)
			if ok && f != nil && f.Type == "long_text" && f.Personal == nil && name != "reason" && name != "note" {
				out = append(out, Reply{m.At, m.UnitID, m.Action, text})
			}
		}
	}
	return out
}

// Reply is what a unit answered the reporter.
type Reply struct {
	At     time.Time
	UnitID string // "" for none
	Action string // by which it was given
	Text   string
}

func tellsReporter(d *workflow.Action) bool {
	return slices.ContainsFunc(d.Then, func(e workflow.Effect) bool {
		return slices.ContainsFunc(e.Tell, func(w workflow.Who) bool { return w.Kind == workflow.WhoSeat && w.Name == workflow.Reporter })
	})
}
