package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/web"
)

type unmaskInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Purpose string   `json:"purpose" maxLength:"40" doc:"one of those that the case offers"`
		Names   []string `json:"names,omitempty" maxItems:"50" doc:"fields, or text, note, reason, why for texts that numbers were lifted out of; all when empty"`
	}
}

// UnmaskedJSON is a personal value as it was given.
type UnmaskedJSON struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	MoveID string `json:"move_id" doc:"the move that gave it; a later one stands for an earlier"`
	Value  any    `json:"value"`
}

type unmaskOutput struct {
	Body struct {
		Values []UnmaskedJSON `json:"values"`
	}
}

type readingsInput struct {
	Before string `query:"before" maxLength:"64" doc:"next of the page before"`
}

// ReadingJSON is one reading of what is kept of somebody.
type ReadingJSON struct {
	ID      string   `json:"id"`
	At      int64    `json:"at"`
	By      string   `json:"by_name"`
	Post    string   `json:"by_post_title,omitempty"`
	Unit    string   `json:"by_unit_name,omitempty"`
	CaseID  string   `json:"case_id,omitempty"`
	Number  string   `json:"number,omitempty"`
	Purpose string   `json:"purpose" doc:"in words"`
	What    []string `json:"what" doc:"in words"`
}

type readingsOutput struct {
	Body struct {
		Readings []ReadingJSON `json:"readings"`
		Next     string        `json:"next,omitempty"`
	}
}

type earlierInput struct {
	Body struct {
		Phone   string `json:"phone" maxLength:"40"`
		Purpose string `json:"purpose" maxLength:"40"`
	}
}

type earlierOutput struct {
	Body struct {
		Cases []RowJSON `json:"cases"`
	}
}

type correctInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Field   string `json:"field" maxLength:"100"`
		Value   any    `json:"value"`
		Reason  string `json:"reason" maxLength:"2000"`
		Purpose string `json:"purpose,omitempty" maxLength:"40" doc:"not needed by the reporter"`
	}
}

type copyQuery struct {
	Purpose string `query:"purpose" maxLength:"40" doc:"not needed by the reporter"`
	Format  string `query:"format" enum:"json,text" doc:"json when left out"`
}

// privacyRoutes adds what people may do with what is masked, and with what is kept of them.
func (s *Service) privacyRoutes(srv *web.Server) {
	tags := []string{"privacy"}
	web.Op(srv, web.Operation{Method: "POST", Path: "/cases/{id}/unmask", ID: "unmask", Summary: "Read what is masked, for a purpose; the person concerned is shown who did", Tags: tags}, s.httpUnmask)
	web.Op(srv, web.Operation{Method: "POST", Path: "/cases/{id}/correct", ID: "correctPersonal", Summary: "Set a personal value right", Tags: tags, Status: http.StatusNoContent}, s.httpCorrect)
	web.Op(srv, web.Operation{Method: "POST", Path: "/cases/earlier", ID: "earlierCases", Summary: "Earlier cases of a telephone number", Tags: tags}, s.httpEarlier)
	web.Op(srv, web.Operation{Method: "GET", Path: "/me/readings", ID: "myReadings", Summary: "Who read what is masked of me, the latest first", Tags: tags}, s.httpReadings)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/cases/{id}/copy", ID: "personalCopy", Summary: "The copy that a request has granted: all that is kept of its reporter", Tags: tags,
		Exchange: web.Exchange{Query: copyQuery{}, Media: "application/json"}}, s.httpCopy)
}

func (s *Service) httpUnmask(ctx context.Context, in *unmaskInput) (*unmaskOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	values, err := s.Unmask(ctx, who, in.ID, in.Body.Purpose, in.Body.Names)
	if err != nil {
		return nil, err
	}
	v, err := s.View(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &unmaskOutput{}
	out.Body.Values = s.unmaskedJSON(ctx, v, values)
	return out, nil
}

func (s *Service) unmaskedJSON(ctx context.Context, v *View, values []Unmasked) []UnmaskedJSON {
	w := words{v.Class.In.Pack, web.Lang(ctx)}
	out := make([]UnmaskedJSON, len(values))
	for i, x := range values {
		out[i] = UnmaskedJSON{x.Name, nameTitle(w, v, x.Name), x.MoveID, x.Value}
	}
	return out
}

// nameTitle is what a field, or a text of the kernel, is called.
func nameTitle(w words, v *View, name string) string {
	if f := v.Class.Field(name); f != nil {
		return fieldTitle(w, v.Case.Life, f)
	}
	return web.Say(w.lang, "field_title."+name, nil)
}

func (s *Service) httpCorrect(ctx context.Context, in *correctInput) (*struct{}, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Correct(ctx, who, in.ID, in.Body.Field, in.Body.Value, in.Body.Reason, in.Body.Purpose)
}

func (s *Service) httpEarlier(ctx context.Context, in *earlierInput) (*earlierOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	cases, err := s.EarlierOf(ctx, who, in.Body.Phone, in.Body.Purpose)
	if err != nil {
		return nil, err
	}
	out := &earlierOutput{}
	out.Body.Cases = make([]RowJSON, len(cases))
	for i, c := range cases {
		out.Body.Cases[i] = s.rowJSON(ctx, rowOf(c))
	}
	return out, nil
}

// readingsPage is how many readings a page shows.
const readingsPage = 50

func (s *Service) httpReadings(ctx context.Context, in *readingsInput) (*readingsOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Readings(ctx, "person/"+who.PersonID, in.Before, readingsPage)
	if err != nil {
		return nil, err
	}
	out := &readingsOutput{}
	out.Body.Readings = s.readingsJSON(ctx, all)
	if len(all) == readingsPage {
		out.Body.Next = all[len(all)-1].ID
	}
	return out, nil
}

func (s *Service) readingsJSON(ctx context.Context, all []Reading) []ReadingJSON {
	lang := web.Lang(ctx)
	out := make([]ReadingJSON, len(all))
	for i, r := range all {
		x := ReadingJSON{ID: r.ID, At: db.Ms(r.At), By: s.World.People().Name(r.PersonID), CaseID: r.CaseID, Number: r.Number,
			Purpose: web.Say(lang, "purpose."+r.Purpose, nil), What: []string{}}
		if p, ok := s.World.People().Post(r.PostID); ok {
			x.Unit = s.nameOf(p.UnitID)
			x.Post = s.roleName(ctx, r.Jurisdiction, p.Role)
		}
		v := &View{}
		if r.CaseID != "" {
			v = s.bare(ctx, r.CaseID)
		}
		for _, name := range r.What {
			if v.Class == nil || v.Class.Field(name) == nil {
				x.What = append(x.What, web.Say(lang, "field_title."+kernelName(name), nil))
				continue
			}
			x.What = append(x.What, nameTitle(words{v.Class.In.Pack, lang}, v, name))
		}
		out[i] = x
	}
	return out
}

// kernelName is what a reading that is not of a field is titled by.
func kernelName(name string) string {
	kind, _, _ := strings.Cut(name, "/") // file/ID
	return kind
}

// bare is a case with its class alone; an empty view without it.
func (s *Service) bare(ctx context.Context, id string) *View {
	v := &View{}
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if v.Case, err = s.read(ctx, tx, id); err != nil {
			return err
		}
		v.Class, err = s.Book.Of(ctx, tx, v.Case)
		return err
	})
	if err != nil {
		return &View{}
	}
	return v
}

// roleName is what a role is called, by the first pack in force that has it.
func (s *Service) roleName(ctx context.Context, jurisdiction, role string) string {
	packs, err := s.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return role
	}
	for _, n := range slices.Sorted(maps.Keys(packs)) {
		if packs[n].Pack.Role(role) != nil {
			return words{packs[n].Pack, web.Lang(ctx)}.roleTitle(role)
		}
	}
	return role
}

// CopyJSON is all that is kept of somebody.
type CopyJSON struct {
	MadeAt   int64          `json:"made_at"`
	Cases    []CopyCaseJSON `json:"cases"`
	Readings []ReadingJSON  `json:"readings" doc:"who read what is masked"`
}

// CopyCaseJSON is a case in a copy.
type CopyCaseJSON struct {
	Number   string         `json:"number"`
	Class    string         `json:"class"`
	OpenedAt int64          `json:"opened_at"`
	ClosedAt int64          `json:"closed_at,omitempty"`
	Channel  string         `json:"channel"`
	Place    string         `json:"place"`
	Text     string         `json:"text"`
	Fields   []FieldJSON    `json:"fields"`
	Personal []UnmaskedJSON `json:"personal"`
	Moves    []MoveJSON     `json:"moves"`
}

func (s *Service) copyJSON(ctx context.Context, c *Copy) CopyJSON {
	out := CopyJSON{MadeAt: db.Ms(s.Now()), Cases: []CopyCaseJSON{}, Readings: s.readingsJSON(ctx, c.Read)}
	for _, v := range c.Cases {
		whole := s.viewJSON(ctx, v)
		out.Cases = append(out.Cases, CopyCaseJSON{Number: v.Number, Class: whole.Case.ClassTitle, OpenedAt: db.Ms(v.OpenedAt), ClosedAt: db.Ms(v.ClosedAt), Channel: v.Channel,
			Place: s.areaName(v.AreaID), Text: whole.Case.Text, Fields: whole.Case.Fields, Personal: s.unmaskedJSON(ctx, v, c.Values[v.ID]), Moves: whole.Moves})
	}
	return out
}

func (s *Service) httpCopy(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	who, err := s.asker(ctx)
	if err != nil {
		return err
	}
	purpose := r.URL.Query().Get("purpose")
	if purpose == "" {
		purpose = purposeOwn
	} else if !slices.Contains(form.Purposes, purpose) {
		return fault.New(fault.Invalid, "privacy.bad_purpose")
	}
	c, err := s.CopyOf(ctx, who, r.PathValue("id"), purpose)
	if err != nil {
		return err
	}
	out := s.copyJSON(ctx, c)
	h := w.Header()
	h.Set("Cache-Control", "private, no-store")
	if r.URL.Query().Get("format") == "text" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="copy.txt"`)
		_, err := w.Write([]byte(copyText(web.Lang(ctx), out)))
		return err
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="copy.json"`)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// purposeOwn is why somebody reads what is kept of himself.
const purposeOwn = "own"

// copyText is a copy as people read it.
func copyText(lang string, c CopyJSON) string {
	var b strings.Builder
	line := func(code string, v any) {
		if v != nil && fmt.Sprint(v) != "" {
			fmt.Fprintf(&b, "%s: %v\n", web.Say(lang, code, nil), v)
		}
	}
	at := func(ms int64) string { return db.Time(ms).In(clock.CST).Format(time.DateTime) }
	line("copy.made_at", at(c.MadeAt))
	for _, x := range c.Cases {
		b.WriteString("\n")
		line("column.number", x.Number)
		line("column.class", x.Class)
		line("column.opened_at", at(x.OpenedAt))
		line("column.area", x.Place)
		line("field_title.text", x.Text)
		for _, f := range x.Fields {
			if !f.Masked {
				fmt.Fprintf(&b, "%s: %v\n", f.Title, f.Value)
			}
		}
		for _, p := range x.Personal {
			fmt.Fprintf(&b, "%s: %v\n", p.Title, p.Value)
		}
		for _, m := range x.Moves {
			fmt.Fprintf(&b, "  %s %s %s %s\n", at(m.At), m.ActionTitle, m.Post, m.Note)
		}
	}
	b.WriteString("\n" + web.Say(lang, "copy.readings", nil) + "\n")
	for _, r := range c.Readings {
		fmt.Fprintf(&b, "  %s %s %s %s: %s (%s)\n", at(r.At), r.Number, r.Unit, r.By, strings.Join(r.What, ", "), r.Purpose)
	}
	return b.String()
}
