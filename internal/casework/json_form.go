package casework

import (
	"encoding/json"
	"slices"

	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// FormJSON tells a face how to ask for one thing.
type FormJSON struct {
	Name     string       `json:"name"`
	Type     string       `json:"type" enum:"area,audio,boolean,choice,choices,credit_code,date,datetime,duration,file,id_number,list,long_text,money,number,person,phone,photo,point,polygon,signature,text,unit"`
	Title    string       `json:"title"`
	Required bool         `json:"required"`
	Many     bool         `json:"many,omitempty"`
	AtLeast  *json.Number `json:"at_least,omitempty"`
	AtMost   *json.Number `json:"at_most,omitempty"`
	Options  []OptionJSON `json:"options,omitempty"`
	Rows     []FormJSON   `json:"rows,omitempty"`
	Personal bool         `json:"personal,omitempty"`
	Register string       `json:"register,omitempty" doc:"kind of records, pack/kind, in which whoever is chosen must stand today"`

	Known    any                 `json:"known,omitempty" doc:"what the case says of it already: left out, it stays so"`
	Proposed []SeatCandidateJSON `json:"proposed,omitempty" doc:"who may be meant, the likeliest first, and why"`
	Texts    []string            `json:"texts,omitempty" doc:"answers that stand ready, to be taken and changed"`
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
	Batch  bool        `json:"batch,omitempty" doc:"may be done on several cases at once, each an act of its own"`
	Looked bool        `json:"looked,omitempty" doc:"of several cases each is opened before it is done"`
	Gives  bool        `json:"gives_out,omitempty" doc:"places are offered by it, to be taken by many"`
	// What a tired hand should know before it presses.
	Confirm string `json:"confirm,omitempty" doc:"in words, where danger is true"`
}

// UnmetJSON is a condition that is still in the way.
type UnmetJSON struct {
	Code  string       `json:"code"`
	Path  string       `json:"path,omitempty"`
	Text  string       `json:"text"`
	Items []OptionJSON `json:"items,omitempty" doc:"open parts for which a reason, sent under why by value, will do"`
}

func (s *Service) offerJSON(w words, v *View, o Offer) OfferJSON {
	out := OfferJSON{Action: o.Action, Title: s.actionTitle(w, v.Case.Life, o.Action), Confirm: confirm(w, o),
		Asks: describe(w, v, o.Asks), Also: describe(w, v, o.Also), Unmet: []UnmetJSON{}}
	if o.Overlay {
		out.Asks, out.Also = overlayForm(w, v, o)
	}
	s.offered(w, v, o, out.Asks, out.Also)
	out.Danger = out.Confirm != ""
	out.Batch = o.Batch && (!out.Danger || o.ByPack)
	out.Looked = out.Batch && o.Looked
	out.Gives = givesOut(v.Life, o.Action)
	for _, p := range o.Unmet {
		u := UnmetJSON{Code: p.Code, Path: p.Path, Text: unmetText(w, v, p)}
		for _, c := range o.Excuse[p.Path] {
			u.Items = append(u.Items, OptionJSON{c.ItemKey, s.nameOf(c.ItemKey)})
		}
		out.Unmet = append(out.Unmet, u)
	}
	return out
}

// givesOut tells whether an action of a life opens an offer of places.
func givesOut(l *workflow.Life, action string) bool {
	if l == nil {
		return false
	}
	i := slices.IndexFunc(l.Actions, func(a workflow.Action) bool { return a.Name == action })
	return i >= 0 && slices.ContainsFunc(l.Parts, func(d workflow.PartSet) bool {
		if d.For.Offer == nil || d.Upon == nil {
			return false
		}
		into := slices.ContainsFunc(l.Actions[i].To, func(t workflow.Target) bool { return t.Step == d.Upon.Name })
		return d.Upon.Kind == workflow.OnEntered && into || d.Upon.Kind == workflow.OnDid && d.Upon.Name == action
	})
}

// confirm says what cannot be taken back about an action; "" about the others.
func confirm(w words, o Offer) string {
	switch o.Action {
	case workflow.Return, workflow.Merge, workflow.Suspend, workflow.HandDown, actionVoid:
		return web.Say(w.lang, "confirm."+o.Action, nil)
	}
	if o.Closes {
		return web.Say(w.lang, "confirm.closes", nil)
	}
	return ""
}

// unmetText says what is still in the way, in the pack's words: its own sentence for a
// condition, else the kernel's with the part, seat or field that it speaks of.
func unmetText(w words, v *View, p fault.Place) string {
	if x, ok := w.find("unmet", v.Case.Life, p.Path); ok && p.Path != "" {
		return x
	}
	args := map[string]any{}
	for k, x := range p.Args {
		args[k] = x
	}
	for key, section := range map[string]string{"part": "parts", "seat": "participants", "field": "fields"} {
		if args[key] == nil {
			continue
		}
		if x, ok := w.find(section, v.Case.Life, p.Path); ok {
			args[key] = x
		}
	}
	return web.Say(w.lang, p.Code, args)
}

// formOf tells a face how to ask for a field, in the reader's language.
func formOf(w words, life string, f *form.Field) FormJSON {
	d := f.Describe()
	out := FormJSON{Name: d.Name, Type: d.Type, Title: fieldTitle(w, life, f), Required: d.Required, Many: d.Many, Personal: d.Personal,
		AtLeast: jsonNumber(d.AtLeast), AtMost: jsonNumber(d.AtMost)}
	for _, o := range d.Options {
		out.Options = append(out.Options, OptionJSON{o.Code, w.title(o.Title, o.Code)})
	}
	for i := range f.Rows {
		out.Rows = append(out.Rows, formOf(w, life, &f.Rows[i]))
	}
	return out
}

func jsonNumber(n *formula.Num) *json.Number {
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
			out = append(out, seatForm(w, v.Class.In.Pack.Name, v.Case.Life, seat, true))
		}
	}
	return out
}

// reclassForm asks what a case is held to be, and what another class may want to know.
func reclassForm(w words, v *View) []FormJSON {
	class := FormJSON{Name: valueClass, Type: "choice", Title: web.Say(w.lang, "field_title.class", nil)}
	var facts []FormJSON
	for _, k := range v.Class.classesLike() {
		class.Options = append(class.Options, OptionJSON{k.Code, w.title(k.Title, k.Code)})
		for i := range k.Asked {
			f := &k.Asked[i]
			known := func(x FormJSON) bool { return x.Name == f.Name }
			if v.Fields[f.Name] == nil && !masks(v, f.Name) && !slices.ContainsFunc(facts, known) {
				x := formOf(w, v.Case.Life, f)
				x.Required = false // only of the classes that ask it
				facts = append(facts, x)
			}
		}
	}
	return append(append([]FormJSON{class}, describe(w, v, []string{valueSeverity})...), facts...)
}

func masks(v *View, name string) bool {
	_, hidden := v.Masked[name]
	return hidden
}

// seatForm tells a face how to ask who takes a seat.
func seatForm(w words, pack, life string, d *workflow.Seat, required bool) FormJSON {
	out := FormJSON{Name: d.Name, Type: seatType(d.Kind), Required: required, Many: d.AtMost != 1, Title: w.word("participants", life, d.Name)}
	if d.From != "" {
		out.Register = pack + "/" + d.From
	}
	return out
}

// seatType is the type of the control that asks who takes a seat.
func seatType(kind string) string {
	if form.IsType(kind) {
		return kind
	}
	return "text" // a party has no account to choose
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
	case workflow.Reclassify:
		return []FormJSON{reason}, append(reclassForm(w, v), field("note", "long_text", false))
	case workflow.Merge:
		asks = append(asks, field("into", "text", true))
	case workflow.Shield:
		whom := field("against", "person", true) // units, too: the face asks for both
		whom.Many = true
		asks = append(asks, whom)
	case workflow.HandDown:
		asks = append(asks, reason)
	case workflow.Comment:
		return append(asks, field("note", "long_text", true)), []FormJSON{}
	case workflow.Reopen, actionVoid:
		asks = append(asks, reason)
	case actionExtend:
		which := field("clock", "choice", true)
		for _, c := range o.Clocks {
			which.Options = append(which.Options, OptionJSON{c, w.word("clocks", v.Case.Life, c)})
		}
		asks = append(asks, which, reason)
	default:
		if len(o.Reasons) > 0 {
			asks = append(asks, reason)
		}
	}
	return asks, []FormJSON{field("note", "long_text", false)}
}
