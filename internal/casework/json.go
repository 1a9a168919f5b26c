package casework

import (
	"context"
	"encoding/json"
	"slices"
	"sort"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
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
}

func rowOf(c *Case) *Row {
	return &Row{ID: c.ID, Number: c.Number, Kind: c.Kind, Title: c.Title, Pack: c.Pack, PackHash: c.PackHash, OverlayHash: c.OverlayHash, Scheme: c.Scheme,
		Class: c.Class, Life: c.Life, Severity: c.Severity, Step: c.Step, Phase: c.Phase, Outcome: c.Outcome, AreaID: c.AreaID, UnitID: c.UnitID,
		AssigneeID: c.AssigneeID, Nature: c.Nature, Version: c.Version, OpenedAt: c.OpenedAt, DueAt: c.DueAt, SuspendedUntil: c.SuspendedUntil,
		Supervised: c.Supervised, Returns: c.Returns, LonE7: c.LonE7, LatE7: c.LatE7}
}

// words finds the words of a pack version in the reader's language.
type words struct {
	p    *pack.Pack
	lang string
}

func (s *Service) wordsOf(ctx context.Context, c *Case) words {
	w := words{lang: web.Lang(ctx)}
	if k := s.Book.cached(c); k != nil {
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

func (s *Service) rowJSON(ctx context.Context, r *Row) RowJSON {
	c := &Case{Jurisdiction: "", Pack: r.Pack, PackHash: r.PackHash, OverlayHash: r.OverlayHash, Class: r.Class}
	w := s.wordsOf(ctx, c)
	out := RowJSON{ID: r.ID, Number: r.Number, Title: r.Title, Class: r.Pack + "/" + r.Scheme + ":" + r.Class, Severity: r.Severity, Step: r.Step,
		StepTitle: s.stepWord(w, r.Kind, r.Life, r.Step), Phase: string(r.Phase), Outcome: r.Outcome, AreaID: r.AreaID, OpenedAt: db.Ms(r.OpenedAt),
		Supervised: r.Supervised, Suspended: !r.SuspendedUntil.IsZero(), Returns: r.Returns, Version: r.Version, Sample: r.Nature == Sample}
	if r.DueAt.Before(Never) {
		out.DueAt = db.Ms(r.DueAt)
		out.Late = r.Phase != workflow.Closed && s.Now().After(r.DueAt)
	}
	if k := s.Book.cached(c); k != nil {
		out.ClassTitle = w.title(k.Title, r.Class)
		out.SeverityTitle = w.title(k.severity(r.Severity).Title, r.Severity)
	}
	if out.Title == "" {
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

// stepWord is the word of a step; tasks speak the words of the pack of their life.
func (s *Service) stepWord(w words, kind, life, step string) string {
	if kind == KindTask && s.TaskPack != nil {
		w.p = s.TaskPack
	}
	return w.word("steps", life, step)
}

// areaName is the place as people of the county say it: the village and the grid in it.
func (s *Service) areaName(id string) string {
	t := s.World.Tree()
	a, ok := t.Area(id)
	if !ok {
		return ""
	}
	name := ""
	for _, up := range append(t.Ancestors(id), a) {
		if up.Level >= territory.Village {
			name += up.Name
		}
	}
	if name == "" {
		return a.Name
	}
	return name
}

// FieldJSON is one value of a case.
type FieldJSON struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Type   string `json:"type"`
	Value  any    `json:"value,omitempty"`
	Masked bool   `json:"masked,omitempty" doc:"personal: there is a value that the reader may not see"`
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
	At          int64       `json:"at"`
	Done        bool        `json:"done"`
	Reason      string      `json:"reason,omitempty"`
	Note        string      `json:"note,omitempty"`
	Code        string      `json:"code,omitempty"`
	Marks       []string    `json:"marks,omitempty" doc:"moments of clocks that came, in words"`
	Values      []FieldJSON `json:"values"`
	Cause       string      `json:"cause,omitempty"`
}

// FormJSON tells a face how to ask for one thing.
type FormJSON struct {
	Name     string       `json:"name"`
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Required bool         `json:"required"`
	Many     bool         `json:"many,omitempty"`
	AtLeast  *json.Number `json:"at_least,omitempty"`
	AtMost   *json.Number `json:"at_most,omitempty"`
	Options  []OptionJSON `json:"options,omitempty"`
	Rows     []FormJSON   `json:"rows,omitempty"`
	Personal bool         `json:"personal,omitempty"`
}

// OptionJSON is one answer of a choice.
type OptionJSON struct {
	Value string `json:"value"`
	Title string `json:"title"`
}

// OfferJSON is an action that the reader may do, with its form.
type OfferJSON struct {
	Action string      `json:"action"`
	Title  string      `json:"title"`
	Asks   []FormJSON  `json:"asks"`
	Also   []FormJSON  `json:"also"`
	Unmet  []UnmetJSON `json:"unmet"`
	Danger bool        `json:"danger" doc:"ends the case, or cannot be taken back"`
}

// UnmetJSON is a condition that is still in the way.
type UnmetJSON struct {
	Code  string       `json:"code"`
	Path  string       `json:"path,omitempty"`
	Text  string       `json:"text"`
	Items []OptionJSON `json:"items,omitempty" doc:"open parts for which a reason, sent under why by value, will do"`
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
	Case       CaseJSON    `json:"case"`
	Clocks     []ClockJSON `json:"clocks"`
	Seats      []SeatJSON  `json:"seats"`
	Parts      []PartJSON  `json:"parts"`
	Moves      []MoveJSON  `json:"moves"`
	Can        []OfferJSON `json:"can"`
	ParentID   string      `json:"parent_id,omitempty"`
	MergedInto string      `json:"merged_into,omitempty"`
}

func (s *Service) viewJSON(ctx context.Context, v *View) ViewJSON {
	w := words{v.Class.In.Pack, web.Lang(ctx)}
	if v.Kind == KindTask && s.TaskPack != nil {
		w.p = s.TaskPack
	}
	text, _ := v.Fields[FieldText].(string)
	out := ViewJSON{Case: CaseJSON{RowJSON: s.rowJSON(ctx, rowOf(v.Case)), Text: text, OutcomeTitle: w.word("outcomes", v.Case.Life, v.Outcome), Channel: v.Channel,
		Reporter: ReporterJSON{masked(s.World.People().Name(v.ReporterID))}, Fields: []FieldJSON{}},
		Clocks: []ClockJSON{}, Seats: []SeatJSON{}, Parts: []PartJSON{}, Moves: []MoveJSON{}, Can: []OfferJSON{},
		ParentID: v.ParentID, MergedInto: v.MergedInto}
	for i := range v.Class.Fields {
		f := &v.Class.Fields[i]
		x := FieldJSON{Name: f.Name, Title: fieldTitle(w, v.Case.Life, f), Type: f.Type, Value: v.Fields[f.Name]}
		if p, ok := v.Personal[f.Name]; ok {
			x.Value = p
		}
		for _, m := range v.Masked {
			x.Masked = x.Masked || m == f.Name
		}
		if f.Name != FieldText && (x.Value != nil || x.Masked) {
			out.Case.Fields = append(out.Case.Fields, x)
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

// masked shows the first character of a name only.
func masked(name string) string {
	r := []rune(name)
	if len(r) == 0 {
		return ""
	}
	return string(r[0]) + "**"
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

func (s *Service) clockJSON(w words, v *View, c *Clock) ClockJSON {
	out := ClockJSON{Name: c.Name, Title: w.word("clocks", v.Case.Life, c.Name), State: c.State, From: db.Ms(c.From), Due: db.Ms(c.Due), Until: db.Ms(c.Until),
		Late: c.Late(s.Now()), Provisional: c.Provisional, Why: []string{}}
	for i, l := range c.Limit {
		if i > 0 {
			out.Limit += " / "
		}
		out.Limit += l
	}
	var steps []worktime.Step
	if json.Unmarshal(c.Why, &steps) == nil {
		for _, x := range steps {
			args := x.Args()
			if r, ok := args["reason"].(string); ok {
				args["reason"] = web.Say(w.lang, "day_off."+r, nil)
			}
			if n, ok := args["ms"].(int64); ok {
				args["minutes"] = n / 60000
			}
			out.Why = append(out.Why, web.Say(w.lang, "why."+string(x.Code), args))
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

// seatTitle is the pack's word for a seat, or the kernel's for its own.
func seatTitle(w words, life, seat string) string {
	if x, ok := w.find("participants", life, seat); ok {
		return x
	}
	return web.Say(w.lang, "seat."+seat, nil)
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

func (s *Service) moveJSON(w words, v *View, m *Move) MoveJSON {
	out := MoveJSON{ID: m.ID, Action: m.Action, ActionTitle: s.actionTitle(w, v.Case.Life, m.Action), From: m.From, To: m.To,
		StepTitle: s.stepWord(w, v.Kind, v.Case.Life, m.To), By: s.World.People().Name(m.PersonID), Post: w.roleTitle(m.Role), At: db.Ms(m.At), Done: m.Done,
		Reason: m.Reason, Note: m.Data.Note, Code: m.Data.Code, Cause: m.Cause, Values: []FieldJSON{}}
	for _, k := range m.Data.Marks {
		out.Marks = append(out.Marks, w.word("clocks", v.Case.Life, k.Clock)+" "+markText(w, k.At))
	}
	if m.PersonID == v.ReporterID && m.Action == actionOpen {
		out.By = masked(out.By)
	}
	names := make([]string, 0, len(m.Data.Values))
	for n := range m.Data.Values {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		x := FieldJSON{Name: n, Title: n, Value: m.Data.Values[n]}
		if f := v.Class.Field(n); f != nil {
			x.Title, x.Type = fieldTitle(w, v.Case.Life, f), f.Type
		}
		out.Values = append(out.Values, x)
	}
	return out
}

// markText is a mark in words: due, so much of the limit, so long before or after.
func markText(w words, at string) string {
	for _, suffix := range []string{"after due", "before due"} {
		if span, ok := strings.CutSuffix(at, " "+suffix); ok {
			return web.Say(w.lang, "mark."+strings.ReplaceAll(suffix, " ", "_"), map[string]any{"span": span})
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

func (s *Service) offerJSON(w words, v *View, o Offer) OfferJSON {
	out := OfferJSON{Action: o.Action, Title: s.actionTitle(w, v.Case.Life, o.Action), Danger: o.Closes || dangerous[o.Action],
		Asks: describe(w, v, o.Asks), Also: describe(w, v, o.Also), Unmet: []UnmetJSON{}}
	if o.Overlay {
		out.Asks, out.Also = overlayForm(w, v, o)
	}
	for _, p := range o.Unmet {
		u := UnmetJSON{Code: p.Code, Path: p.Path, Text: unmetText(w, v, p)}
		for _, c := range o.Excuse[p.Path] {
			u.Items = append(u.Items, OptionJSON{c.ItemKey, s.nameOf(c.ItemKey)})
		}
		out.Unmet = append(out.Unmet, u)
	}
	return out
}

// dangerous are the kernel actions that a tired hand should confirm.
var dangerous = map[string]bool{workflow.Return: true, workflow.Merge: true, workflow.Suspend: true, actionVoid: true}

func unmetText(w words, v *View, p fault.Place) string {
	args := map[string]any{"what": p.Path}
	for k, x := range p.Args {
		args[k] = x
	}
	for _, section := range []string{"parts", "participants", "fields", "refusals"} {
		if x, ok := w.find(section, v.Case.Life, p.Path); ok {
			args["what"] = x
		}
	}
	return web.Say(w.lang, p.Code, args)
}

// formOf tells a face how to ask for a field, in the reader's language.
func formOf(w words, life string, f *form.Field) FormJSON {
	d := f.Describe()
	out := FormJSON{Name: d.Name, Type: d.Type, Title: fieldTitle(w, life, f), Required: d.Required, Many: d.Many, Personal: d.Personal,
		AtLeast: number(d.AtLeast), AtMost: number(d.AtMost)}
	for _, o := range d.Options {
		out.Options = append(out.Options, OptionJSON{o.Code, w.title(o.Title, o.Code)})
	}
	for i := range f.Rows {
		out.Rows = append(out.Rows, formOf(w, life, &f.Rows[i]))
	}
	return out
}

func number(n *formula.Num) *json.Number {
	if n == nil {
		return nil
	}
	x := json.Number(n.String())
	return &x
}

// describe tells the faces how to ask for fields and seats.
func describe(w words, v *View, names []string) []FormJSON {
	out := []FormJSON{}
	for _, n := range names {
		if f := v.Class.Field(n); f != nil {
			d := formOf(w, v.Case.Life, f)
			if n == "severity" {
				d.Type = "choice"
				for _, g := range v.Class.In.Pack.Severities {
					d.Options = append(d.Options, OptionJSON{g.Code, w.title(g.Title, g.Code)})
				}
			}
			out = append(out, d)
			continue
		}
		if seat := v.Life.Seat(n); seat != nil {
			out = append(out, FormJSON{Name: n, Type: seat.Kind, Required: true, Many: seat.AtMost != 1, Title: w.word("participants", v.Case.Life, n)})
		}
	}
	return out
}

// overlayForm is the form of a kernel action.
func overlayForm(w words, v *View, o Offer) (asks, also []FormJSON) {
	field := func(name, typ string, required bool) FormJSON {
		return FormJSON{Name: name, Type: typ, Title: web.Say(w.lang, "field_title."+name, nil), Required: required}
	}
	asks = []FormJSON{}
	reason := field("reason", "long_text", true)
	if len(o.Reasons) > 0 {
		reason.Type = "choice"
		for _, r := range o.Reasons {
			reason.Options = append(reason.Options, OptionJSON{r, w.word("reasons", v.Case.Life, r)})
		}
	}
	switch o.Action {
	case workflow.Suspend:
		asks = append(asks, field("until", "date", true), reason)
	case workflow.Transfer, workflow.Designate:
		asks = append(asks, field("unit", "unit", true))
	case workflow.Merge:
		asks = append(asks, field("into", "text", true))
	case workflow.Comment:
		return append(asks, field("note", "long_text", true)), []FormJSON{}
	case workflow.Reopen:
		asks = append(asks, reason)
	default:
		if len(o.Reasons) > 0 {
			asks = append(asks, reason)
		}
	}
	return asks, []FormJSON{field("note", "long_text", false)}
}

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
	Channels   []string   `json:"channels"`
	Fields     []FormJSON `json:"fields"`
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
	packs, err := s.Book.Packs(ctx, who.Jurisdiction)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(packs))
	for n := range packs {
		names = append(names, n)
	}
	sort.Strings(names)
	out := &classesOutput{}
	out.Body.Classes = []ClassJSON{}
	for _, n := range names {
		e := packs[n]
		w := words{e.Pack, web.Lang(ctx)}
		groups := map[string]string{}
		for _, g := range e.Pack.Groups {
			groups[g.Code] = w.title(g.Title, g.Code)
		}
		for i := range e.Pack.Classes {
			k := e.Class(e.Pack.Classes[i].Code)
			if in.For == "open" && !reportable(who, k) {
				continue
			}
			c := ClassJSON{ID: n + "/" + k.Scheme + ":" + k.Code, Code: k.Code, Scheme: k.Scheme, Pack: n, Title: w.title(k.Title, k.Code), Group: k.Group,
				GroupTitle: groups[k.Group], Severity: k.Usual(), Spot: k.Spot, Channels: append([]string{}, k.Channels...), Fields: []FormJSON{}}
			for j := range k.Asked {
				c.Fields = append(c.Fields, formOf(w, k.Class.Life, &k.Asked[j]))
			}
			out.Body.Classes = append(out.Body.Classes, c)
		}
	}
	return out, nil
}
