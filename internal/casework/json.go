package casework

import (
	"context"
	"slices"
	"sort"
	"strings"

	"gezhi/internal/db"
	"gezhi/internal/form"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// RowJSON is a case as a list shows it. Times are ms UTC; 0 is none.
type RowJSON struct {
	ID            string `json:"id"`
	Number        string `json:"number"`
	Title         string `json:"title"`
	Class         string `json:"class" doc:"pack/scheme:code"`
	ClassTitle    string `json:"class_title"`
	Severity      string `json:"severity"`
	SeverityTitle string `json:"severity_title"`
	Step          string `json:"step"`
	StepTitle     string `json:"step_title"`
	Phase         string `json:"phase" enum:"waiting,working,verifying,rating,closed"`
	Outcome       string `json:"outcome,omitempty"`
	AreaID        string `json:"area_id"`
	AreaName      string `json:"area_name"`
	UnitName      string `json:"unit_name,omitempty"`
	AssigneeName  string `json:"assignee_name,omitempty"`
	OpenedAt      int64  `json:"opened_at"`
	DueAt         int64  `json:"due_at"`
	Late          bool   `json:"late"`
	Supervised    bool   `json:"supervised,omitempty"`
	Suspended     bool   `json:"suspended,omitempty"`
	Returns       int64  `json:"returns,omitempty"`
	Version       int64  `json:"version"`
	Sample        bool   `json:"sample"`
	Point         *Point `json:"point,omitempty"`
	Coarse        bool   `json:"coarse,omitempty" doc:"where it lies may tell whose it is: a map shows about where"`
}

func rowOf(c *Case) *Row {
	return &Row{ID: c.ID, Number: c.Number, Kind: c.Kind, Title: c.Title, Pack: c.Pack, PackHash: c.PackHash, OverlayHash: c.OverlayHash, Scheme: c.Scheme,
		Class: c.Class, Life: c.Life, Severity: c.Severity, Step: c.Step, Phase: c.Phase, Outcome: c.Outcome, AreaID: c.AreaID, UnitID: c.UnitID,
		AssigneeID: c.AssigneeID, Nature: c.Nature, Version: c.Version, OpenedAt: c.OpenedAt, DueAt: c.DueAt, SuspendedUntil: c.SuspendedUntil,
		Supervised: c.Supervised, Returns: c.Returns, LonE7: c.LonE7, LatE7: c.LatE7}
}

func (s *Service) rowJSON(ctx context.Context, r *Row) RowJSON {
	k, w := s.Book.cached(r.PackHash, r.OverlayHash, r.Class), words{lang: web.Lang(ctx)}
	if k != nil {
		w.p = k.In.Pack
	}
	out := RowJSON{ID: r.ID, Number: r.Number, Title: r.Title, Class: r.Pack + "/" + r.Scheme + ":" + r.Class, Severity: r.Severity, Step: r.Step,
		StepTitle: s.stepWord(w, r.Kind, r.Life, r.Step), Phase: string(r.Phase), Outcome: r.Outcome, AreaID: r.AreaID, OpenedAt: db.Ms(r.OpenedAt),
		Supervised: r.Supervised, Suspended: !r.SuspendedUntil.IsZero(), Returns: r.Returns, Version: r.Version, Sample: r.Nature == Sample}
	if r.DueAt.Before(Never) {
		out.DueAt = db.Ms(r.DueAt)
		out.Late = r.Phase != workflow.Closed && s.Now().After(r.DueAt)
	}
	if k != nil {
		out.ClassTitle = w.title(k.Title, r.Class)
		out.SeverityTitle = w.title(k.severity(r.Severity).Title, r.Severity)
		out.Coarse = k.ofSomebody()
	}
	if out.Title = liftedWords(w.lang, r.Title); out.Title == "" {
		out.Title = out.ClassTitle
	}
	out.AreaName = s.areaName(r.AreaID)
	if u, ok := s.World.Tree().Unit(r.UnitID); ok {
		out.UnitName = u.Name
	}
	out.AssigneeName = s.World.People().Name(r.AssigneeID)
	if r.LonE7 != 0 || r.LatE7 != 0 {
		out.Point = &Point{float64(r.LonE7) / 1e7, float64(r.LatE7) / 1e7}
	}
	return out
}

// ofSomebody tells whether cases of the class are about somebody in particular: its own fields hold
// what is personal, it says whom it is about, or no classifier may learn from it.
func (k *Class) ofSomebody() bool {
	return k.Against == pack.AgainstRequired || k.Train == pack.TrainNever || slices.ContainsFunc(k.Asked, func(f form.Field) bool { return f.Personal != nil })
}

// areaName is the place as people of the county say it: the village and the grid in it.
func (s *Service) areaName(id string) string { return s.places.of(s.World.Tree(), id) }

// FieldJSON is one value of a case.
type FieldJSON struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Type   string `json:"type"`
	Value  any    `json:"value,omitempty"`
	Said   string `json:"said,omitempty" doc:"the value in words, where it is a code or an id: of options, units, places"`
	Masked bool   `json:"masked,omitempty" doc:"personal: value is what may be shown of it"`
}

// ClockJSON is a clock, with the steps of the sum that made its due time.
type ClockJSON struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	State       string   `json:"state" enum:"running,paused,stopped"`
	From        int64    `json:"from"`
	Due         int64    `json:"due,omitempty"`
	Until       int64    `json:"until,omitempty"`
	Late        bool     `json:"late"`
	Limit       string   `json:"limit"`
	Spent       string   `json:"spent_text,omitempty"`
	Provisional bool     `json:"provisional,omitempty"`
	Why         []string `json:"why"`
}

// SeatJSON is a seat with those who sit or sat there.
type SeatJSON struct {
	Seat    string       `json:"seat"`
	Title   string       `json:"title"`
	Holders []HolderJSON `json:"holders"`
}

// HolderJSON is one who sits or sat.
type HolderJSON struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"state" enum:"offered,held,left,refused"`
	From  int64  `json:"from"`
	Until int64  `json:"until,omitempty"`
	Why   string `json:"why,omitempty"`
}

// PartJSON is a part of a case.
type PartJSON struct {
	RowJSON
	Set      string `json:"set"`
	SetTitle string `json:"set_title"`
	Round    int64  `json:"round"`
	For      string `json:"for"`
}

// MoveJSON is a line of the timeline.
type MoveJSON struct {
	ID          string      `json:"id"`
	Action      string      `json:"action"`
	ActionTitle string      `json:"action_title"`
	From        string      `json:"from_step"`
	To          string      `json:"to_step"`
	StepTitle   string      `json:"step_title"`
	By          string      `json:"by_name"`
	Post        string      `json:"by_post_title,omitempty"`
	For         string      `json:"for_name,omitempty" doc:"the absent colleague in whose post it was done"`
	At          int64       `json:"at"`
	Done        bool        `json:"done"`
	Reason      string      `json:"reason,omitempty"`
	Note        string      `json:"note,omitempty"`
	Code        string      `json:"code,omitempty"`
	Marks       []string    `json:"marks,omitempty" doc:"moments of clocks that came, in words"`
	Values      []FieldJSON `json:"values"`
	Cause       string      `json:"cause,omitempty"`
}

// CaseJSON is a case with its values.
type CaseJSON struct {
	RowJSON
	Text         string       `json:"text"`
	Fields       []FieldJSON  `json:"fields"`
	OutcomeTitle string       `json:"outcome_title,omitempty"`
	Channel      string       `json:"channel"`
	Reporter     ReporterJSON `json:"reporter"`
}

// ReporterJSON is who brought the case, as far as a handler may know.
type ReporterJSON struct {
	Masked string `json:"name_masked"`
}

// ViewJSON is a case with everything a case page shows.
type ViewJSON struct {
	Case       CaseJSON     `json:"case"`
	Clocks     []ClockJSON  `json:"clocks"`
	Seats      []SeatJSON   `json:"seats"`
	Parts      []PartJSON   `json:"parts"`
	Moves      []MoveJSON   `json:"moves"`
	Can        []OfferJSON  `json:"can"`
	ParentID   string       `json:"parent_id,omitempty"`
	MergedInto string       `json:"merged_into,omitempty"`
	About      *AboutJSON   `json:"about,omitempty"`
	Unmask     []OptionJSON `json:"unmask,omitempty" doc:"purposes for which the asker may read what is masked here"`
	Kept       *KeptJSON    `json:"kept,omitempty"`
}

// KeptJSON says from whom a case is kept, to those who have it.
type KeptJSON struct {
	Against []string `json:"against" doc:"names of the people and units that it is about"`
	Avoided string   `json:"avoided,omitempty" doc:"name of the place that its reporter avoids"`
	LiesIn  string   `json:"lies_in" doc:"name of the place where the matter lies"`
}

// keptJSON is nil for a case that is kept from nobody.
func (s *Service) keptJSON(v *View) *KeptJSON {
	if len(v.Kept) == 0 {
		return nil
	}
	out := &KeptJSON{Against: []string{}, LiesIn: s.areaName(v.LiesIn)}
	for _, k := range v.Kept {
		_, id, _ := strings.Cut(k.Mark, "/")
		switch k.Why {
		case Accused:
			out.Against = append(out.Against, s.nameOf(id))
		case Avoided:
			out.Avoided = s.areaName(id)
		}
	}
	return out
}

// AboutJSON is the record or case that a case is about.
type AboutJSON struct {
	Kind    string `json:"kind" enum:"record,case"`
	Of      string `json:"of" doc:"pack/kind of a record, pack/class of a case"`
	OfTitle string `json:"of_title,omitempty" doc:"what records of the kind are called"`
	ID      string `json:"id"`
	Title   string `json:"title"`
}

func (s *Service) viewJSON(ctx context.Context, v *View) ViewJSON {
	w := words{v.Class.In.Pack, web.Lang(ctx)}
	if v.Kind == KindTask && s.TaskPack != nil {
		w.p = s.TaskPack
	}
	text, _ := v.Fields[FieldText].(string)
	text = liftedWords(w.lang, text)
	if whole, ok := v.Personal[FieldText].(string); ok {
		text = whole
	}
	out := ViewJSON{Case: CaseJSON{RowJSON: s.rowJSON(ctx, rowOf(v.Case)), Text: text, OutcomeTitle: w.word("outcomes", v.Case.Life, v.Outcome), Channel: v.Channel,
		Reporter: ReporterJSON{privacy.MaskName(s.World.People().Name(v.ReporterID))}, Fields: []FieldJSON{}},
		Clocks: []ClockJSON{}, Seats: []SeatJSON{}, Parts: []PartJSON{}, Moves: []MoveJSON{}, Can: []OfferJSON{},
		ParentID: v.ParentID, MergedInto: v.MergedInto}
	out.Kept = s.keptJSON(v)
	if v.About != nil {
		out.About = &AboutJSON{Kind: v.About.Kind, Of: v.About.Of, ID: v.About.ID, Title: v.About.Title}
		if k := v.About.register; k.Record != nil {
			out.About.OfTitle = kindTitle(k, w.lang)
		}
	}
	for i := range v.Class.Fields {
		f := &v.Class.Fields[i]
		x := FieldJSON{Name: f.Name, Title: fieldTitle(w, v.Case.Life, f), Type: f.Type, Value: liftedIn(w.lang, v.Fields[f.Name])}
		if p, ok := v.Personal[f.Name]; ok {
			x.Value = p
		}
		x.Said = s.saidAs(w, f, x.Value)
		if mask, hidden := v.Masked[f.Name]; hidden {
			x.Masked, x.Said = true, ""
			if mask != "" {
				x.Value = mask
			}
		}
		if f.Name != FieldText && (x.Value != nil || x.Masked) {
			out.Case.Fields = append(out.Case.Fields, x)
		}
	}
	if len(v.Masked) > 0 {
		for _, p := range v.Unmasks {
			out.Unmask = append(out.Unmask, OptionJSON{p, web.Say(w.lang, "purpose."+p, nil)})
		}
	}
	for _, c := range inTurn(v.Clocks) {
		out.Clocks = append(out.Clocks, s.clockJSON(w, v, c))
	}
	out.Seats = s.seatsJSON(w, v)
	for _, p := range v.Parts {
		out.Parts = append(out.Parts, PartJSON{RowJSON: s.rowJSON(ctx, rowOf(p)), Set: p.Part, SetTitle: w.word("parts", v.Case.Life, p.Part), Round: p.PartRound, For: s.nameOf(p.ItemKey)})
	}
	for _, m := range v.Moves {
		out.Moves = append(out.Moves, s.moveJSON(w, v, &m))
	}
	for _, o := range v.Can {
		out.Can = append(out.Can, s.offerJSON(w, v, o))
	}
	return out
}

// inTurn puts the running clocks first, soonest due first, and those that have stopped last.
func inTurn(clocks []*Clock) []*Clock {
	out := slices.Clone(clocks)
	rank := map[string]int{Running: 0, Paused: 1, Stopped: 2}
	slices.SortStableFunc(out, func(a, b *Clock) int {
		if d := rank[a.State] - rank[b.State]; d != 0 {
			return d
		}
		return a.Due.Compare(b.Due)
	})
	return out
}

func (s *Service) clockJSON(w words, v *View, c *Clock) ClockJSON {
	out := ClockJSON{Name: c.Name, Title: w.word("clocks", v.Case.Life, c.Name), State: c.State, From: db.Ms(c.From), Due: db.Ms(c.Due), Until: db.Ms(c.Until),
		Late: c.Late(s.Now()), Provisional: c.Provisional, Why: []string{}}
	for i, l := range c.Limit {
		if i > 0 {
			out.Limit += " / "
		}
		out.Limit += spanText(w, l)
	}
	out.Why = append(out.Why, s.said.why(w, string(c.Why))...)
	if len(out.Why) == 0 {
		if given := v.limitedBy(w, c); given != "" {
			out.Why = append(out.Why, web.Say(w.lang, "why.given", map[string]any{"field": given}))
		}
	}
	return out
}

func (s *Service) seatsJSON(w words, v *View) []SeatJSON {
	by := map[string]*SeatJSON{}
	var order []string
	for _, p := range v.Seats {
		x := by[p.Seat]
		if x == nil {
			x = &SeatJSON{Seat: p.Seat, Title: seatTitle(w, v.Case.Life, p.Seat)}
			by[p.Seat] = x
			order = append(order, p.Seat)
		}
		x.Holders = append(x.Holders, HolderJSON{Kind: p.Kind, ID: p.Subject, Name: s.nameOf(p.Subject), State: p.State, From: db.Ms(p.From), Until: db.Ms(p.Until), Why: p.Why})
	}
	out := make([]SeatJSON, len(order))
	for i, n := range order {
		out[i] = *by[n]
	}
	return out
}

// nameOf is the name of a person, post's holder or unit; the text itself for anything else.
func (s *Service) nameOf(id string) string {
	if u, ok := s.World.Tree().Unit(id); ok {
		return u.Name
	}
	if n := s.World.People().Name(id); n != "" {
		return n
	}
	if p, ok := s.World.People().Post(id); ok {
		return s.World.People().Name(p.PersonID)
	}
	return id
}

// saidAs is a value in words where the value itself is a code or an id; "" elsewhere.
func (s *Service) saidAs(w words, f *form.Field, value any) string {
	switch {
	case value == nil:
		return ""
	case f.Type == workflow.SeatPerson:
		return s.peopleSaid(w, value)
	case len(f.Options) == 0 && f.Type != "unit" && f.Type != "area":
		return ""
	}
	return s.publicText(w, f, value)
}

// peopleSaid are the people of a value by name: whole where they have a post in an office, else masked.
func (s *Service) peopleSaid(w words, value any) string {
	if list, ok := value.([]any); ok {
		all := make([]string, len(list))
		for i, x := range list {
			all[i] = s.peopleSaid(w, x)
		}
		return strings.Join(all, web.Say(w.lang, "list.and", nil))
	}
	id, _ := value.(string)
	name := s.World.People().Name(id)
	if name != "" && !s.official(id) {
		return privacy.MaskName(name)
	}
	return name
}

func (s *Service) moveJSON(w words, v *View, m *Move) MoveJSON {
	out := MoveJSON{ID: m.ID, Action: m.Action, ActionTitle: s.actionTitle(w, v.Case.Life, m.Action), From: m.From, To: m.To,
		StepTitle: s.stepWord(w, v.Kind, v.Case.Life, m.To), By: s.World.People().Name(m.PersonID), For: s.World.People().Name(m.Data.For), Post: w.roleTitle(m.Role), At: db.Ms(m.At), Done: m.Done,
		Reason: w.reason(v.Case.Life, m.Reason), Note: liftedWords(w.lang, m.Data.Note), Code: m.Data.Code, Cause: m.Cause, Values: []FieldJSON{}}
	for _, k := range m.Data.Marks {
		out.Marks = append(out.Marks, w.word("clocks", v.Case.Life, k.Clock)+" "+markText(w, k.At))
	}
	if s.privately(v, m) {
		out.By = privacy.MaskName(out.By)
	}
	names := make([]string, 0, len(m.Data.Values))
	for n := range m.Data.Values {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		x := FieldJSON{Name: n, Title: n, Value: liftedIn(w.lang, m.Data.Values[n])}
		if f := v.Class.Field(n); f != nil {
			x.Title, x.Type, x.Said = fieldTitle(w, v.Case.Life, f), f.Type, s.saidAs(w, f, x.Value)
		} else if n == valueAgainst || n == valueAvoid {
			x.Title, x.Value = web.Say(w.lang, "field_title."+n, nil), s.saidOfKept(v, x.Value)
		}
		out.Values = append(out.Values, x)
	}
	return out
}

// saidOfKept is what a move said about whom a case is kept from, in names.
func (s *Service) saidOfKept(v *View, said any) any {
	list, ok := said.([]any)
	if !ok {
		return s.areaName(v.LiesIn)
	}
	var names []string
	for _, x := range list {
		id, _ := x.(string)
		names = append(names, s.nameOf(id))
	}
	return strings.Join(names, ", ")
}
