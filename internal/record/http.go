package record

import (
	"context"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/privacy"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// RecordKindJSON is a kind of record, as a page that lists records needs it.
type RecordKindJSON struct {
	ID     string `json:"id" doc:"pack/kind"`
	Title  string `json:"title"`
	Public bool   `json:"public" doc:"everybody in the jurisdiction may look it up"`
}

// RecordJSON is a record as a list shows it.
type RecordJSON struct {
	ID       string `json:"id"`
	Kind     string `json:"kind" doc:"pack/kind"`
	Key      string `json:"key" doc:"the values of its key, slashes between them"`
	Title    string `json:"title"`
	AreaID   string `json:"area_id,omitempty"`
	AreaName string `json:"area_name,omitempty"`
	From     string `json:"from" doc:"first day of what holds"`
	Until    string `json:"until,omitempty" doc:"last day of the record, as far as it is known"`
	Sample   bool   `json:"sample"`
}

// RecordFieldJSON is one value of a record.
type RecordFieldJSON struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Type   string `json:"type"`
	Value  any    `json:"value,omitempty"`
	Text   string `json:"text,omitempty" doc:"the value in words: names of people, units and areas, titles of options"`
	Masked bool   `json:"masked,omitempty" doc:"personal: text is what may be shown of it"`
}

// RecordSpanJSON is a stretch of days on which a record did not change.
type RecordSpanJSON struct {
	ID         string `json:"id"`
	From       string `json:"from"`
	Until      string `json:"until,omitempty"`
	RecordedAt int64  `json:"recorded_at" doc:"ms UTC"`
}

// RelatedRecordsJSON are the records that a relation joins to one.
type RelatedRecordsJSON struct {
	Relation string       `json:"relation"`
	Title    string       `json:"title"`
	Records  []RecordJSON `json:"records"`
}

// RecordViewJSON is a record with everything its page shows.
type RecordViewJSON struct {
	Record  RecordJSON           `json:"record"`
	Holds   bool                 `json:"holds" doc:"on the day asked for; without it there are no fields"`
	Fields  []RecordFieldJSON    `json:"fields"`
	Course  []RecordSpanJSON     `json:"course" doc:"what held when, the earliest first"`
	Related []RelatedRecordsJSON `json:"related"`
}

type recordKindsOutput struct {
	Body struct {
		Kinds []RecordKindJSON `json:"kinds"`
	}
}

type recordsInput struct {
	Kind   string `query:"kind" required:"true" maxLength:"100" doc:"kind, or pack/kind"`
	Q      string `query:"q" maxLength:"50" doc:"part of the key or title"`
	AsOf   string `query:"as_of" maxLength:"10" doc:"a day; today when left out"`
	Area   string `query:"area" maxLength:"64" doc:"this area and below"`
	Sort   string `query:"sort" enum:",latest" doc:"what comes first: by key (when empty), or what holds since latest"`
	Cursor string `query:"cursor" maxLength:"2048"`
	Limit  int    `query:"limit" minimum:"0" maximum:"200"`
}

type recordsOutput struct {
	Body struct {
		Records []RecordJSON `json:"records"`
		Next    string       `json:"next,omitempty"`
	}
}

type recordInput struct {
	ID   string `path:"id" maxLength:"64"`
	AsOf string `query:"as_of" maxLength:"10" doc:"a day; today when left out"`
}

type recordOutput struct{ Body RecordViewJSON }

// Routes adds the operations of this package.
func (s *Service) Routes(srv *web.Server) {
	tags := []string{"records"}
	web.Op(srv, web.Operation{Method: "GET", Path: "/record-kinds", ID: "listRecordKinds", Summary: "The kinds of records that the packs in force declare", Tags: tags}, s.httpKinds)
	web.Op(srv, web.Operation{Method: "GET", Path: "/records", ID: "listRecords", Summary: "A page of the records of a kind that the asker may see", Tags: tags}, s.httpList)
	web.Op(srv, web.Operation{Method: "GET", Path: "/records/{id}", ID: "viewRecord", Summary: "One record as of a day, with its history", Tags: tags}, s.httpView)
}

// scope is where the asker may look, with rights as of now.
func (s *Service) scope(ctx context.Context) (account.Scope, error) {
	a, err := account.From(ctx)
	if err != nil {
		return account.Scope{}, err
	}
	return s.Scope(ctx, a)
}

func (s *Service) httpKinds(ctx context.Context, _ *struct{}) (*recordKindsOutput, error) {
	a, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	kinds, err := s.Kinds(ctx, a.Jurisdiction)
	if err != nil {
		return nil, err
	}
	out := &recordKindsOutput{}
	out.Body.Kinds = make([]RecordKindJSON, len(kinds))
	for i, k := range kinds {
		out.Body.Kinds[i] = RecordKindJSON{k.Ref(), k.word(web.Lang(ctx), "records", k.Name, k.Title), k.Public}
	}
	return out, nil
}

func (s *Service) httpList(ctx context.Context, in *recordsInput) (*recordsOutput, error) {
	scope, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	var after Cursor
	if in.Cursor != "" {
		if err := web.ReadCursor(in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	_, rows, next, err := s.List(ctx, scope, Query{Kind: in.Kind, Text: in.Q, Day: in.AsOf, AreaID: in.Area, Sort: in.Sort, After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &recordsOutput{}
	out.Body.Records = make([]RecordJSON, len(rows))
	for i, r := range rows {
		out.Body.Records[i] = s.rowJSON(r.Record)
		out.Body.Records[i].From = r.Revision.From
	}
	if next != nil {
		out.Body.Next, err = web.Cursor(next)
	}
	return out, err
}

func (s *Service) httpView(ctx context.Context, in *recordInput) (*recordOutput, error) {
	scope, err := s.scope(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.View(ctx, scope, in.ID, in.AsOf)
	if err != nil {
		return nil, err
	}
	lang := web.Lang(ctx)
	out := RecordViewJSON{Record: s.rowJSON(v.Record), Fields: []RecordFieldJSON{}, Course: []RecordSpanJSON{}, Related: []RelatedRecordsJSON{}}
	if v.Holds != nil {
		out.Holds, out.Record.From = true, v.Holds.Revision.From
		out.Fields = s.fieldsJSON(v.Kind, v.Holds.Revision, lang)
	}
	for _, x := range v.Course {
		out.Course = append(out.Course, RecordSpanJSON{x.ID, dayText(x.From), dayText(x.Until), db.Ms(x.RecordedAt)})
	}
	for _, x := range v.Related {
		r := RelatedRecordsJSON{Relation: x.Relation, Title: v.Kind.word(lang, "relations", x.Relation, nil)}
		for _, rec := range x.Records {
			r.Records = append(r.Records, s.rowJSON(rec))
		}
		out.Related = append(out.Related, r)
	}
	return &recordOutput{out}, nil
}

func (s *Service) rowJSON(r *Record) RecordJSON {
	return RecordJSON{ID: r.ID, Kind: r.Pack + "/" + r.Kind, Key: KeyText(r.Key), Title: r.Title, AreaID: r.AreaID, AreaName: s.Name(r.AreaID),
		From: r.Began, Until: r.Ended, Sample: r.Nature == territory.Sample}
}

// word is what a pack calls something in a language: beside the thing, in its words files,
// else the name itself.
func (k Kind) word(lang, section, name string, title map[string]string) string {
	if title[lang] != "" {
		return title[lang]
	}
	if w := k.Pack.Word(lang, section, name); w != "" {
		return w
	}
	return name[strings.LastIndexByte(name, '.')+1:]
}

// fieldsJSON are the values of a revision in the order of the kind's fields, personal ones
// masked.
func (s *Service) fieldsJSON(k Kind, r *Revision, lang string) []RecordFieldJSON {
	out := []RecordFieldJSON{}
	for i := range k.Fields {
		f := &k.Fields[i]
		x := RecordFieldJSON{Name: f.Name, Title: k.word(lang, "fields", k.Name+"."+f.Name, f.Title), Type: f.Type}
		if v, there := r.Values[f.Name]; there {
			x.Value, x.Text = v, s.inWords(k, f, v, lang)
		} else if p := r.Personal[f.Name]; p != nil {
			x.Masked, x.Text = true, privacy.Mask(f.Type, p)
		} else {
			continue
		}
		out = append(out, x)
	}
	return out
}

// inWords is a value as people read it.
func (s *Service) inWords(k Kind, f *form.Field, v any, lang string) string {
	if all, ok := v.([]any); ok {
		var parts []string
		for _, x := range all {
			parts = append(parts, s.inWords(k, f, x, lang))
		}
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
	}
	text := formula.Text(formula.From(v))
	switch f.Type {
	case subjectPerson, subjectUnit, "area":
		return s.Name(text)
	case "choice", "choices":
		for _, o := range f.Options {
			if o.Code == text {
				return k.word(lang, "options", f.Of+"."+text, o.Title)
			}
		}
	}
	return text
}
