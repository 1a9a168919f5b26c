package story

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/form"
	"gezhi/internal/pack"
	"gezhi/internal/record"
	"gezhi/internal/territory"
	"gezhi/internal/workflow"
)

// always is the day from which records of a story hold that name none.
const always = "2000-01-01"

// kinds are the kinds of records of the packs in force.
func (w *world) kinds(ctx context.Context, jurisdiction string) ([]record.Kind, error) {
	packs, err := w.book.Packs(ctx, jurisdiction)
	var out []record.Kind
	for _, p := range w.packs.all() {
		if e := packs[p.Name]; e != nil {
			out = append(out, record.KindsOf(e.Pack, e.Overlay)...)
		}
	}
	return out, err
}

// kindNamed is a kind of record of the story's packs.
func (w *world) kindNamed(name string) (record.Kind, bool) {
	for _, p := range w.packs.all() {
		for _, k := range record.KindsOf(p, nil) {
			if k.Name == name {
				return k, true
			}
		}
	}
	return record.Kind{}, false
}

// register makes the records of the story stand, and those that follow from what people
// are. Nobody hears of them: they are older than the story.
func (w *world) register(ctx context.Context) error {
	records, relations := w.story.Given.Records, w.story.Given.Relations
	more, joins := w.implied()
	records, relations = slices.Concat(records, more), slices.Concat(relations, joins)
	for _, r := range records { // ids first: records name each other
		if _, ok := w.kindNamed(r.Kind); !ok {
			return unknown(r.Line, r.Kind)
		}
	}
	for _, r := range records {
		values := map[string]any{}
		for k, v := range r.Values {
			values[k] = v
		}
		if r.From != "" {
			values["from"] = r.From
		}
		if r.Until != "" {
			values["until"] = r.Until
		}
		if err := w.plantRecord(ctx, Event{Line: r.Line, Name: r.Kind, ID: r.ID, Values: values}, always); err != nil {
			return err
		}
	}
	for _, r := range relations {
		from := always
		if i := slices.IndexFunc(records, func(x Record) bool { return x.ID == r.From }); i >= 0 {
			from = cmp.Or(records[i].From, always)
		}
		if err := w.relate(ctx, r, relations, from); err != nil {
			return err
		}
	}
	w.records.OnChange = func(ctx context.Context, tx *db.Tx, all []record.Change) error {
		return errors.Join(w.cases.RecordsChanged(ctx, tx, all), w.points.RecordsChanged(ctx, tx, all))
	}
	return nil
}

// implied are the records that follow from what the story says of people. Whoever has a
// role that is also the name of a kind of record stands in that register, unless the story
// gives a record about him; people of one household are joined by the relation that makes one.
func (w *world) implied() (out []Record, joins []Relation) {
	for _, p := range w.cast() {
		for _, post := range p.Posts {
			k, ok := w.kindNamed(post.Role)
			if ok && !w.recorded(k, p.ID) {
				if r, ok := implied(k, p); ok {
					r.From, r.Until = dayText(post.From), dayText(post.Until)
					out = append(out, r)
				}
			}
		}
	}
	for _, p := range w.packs.all() {
		for _, rel := range p.Relations {
			member, ok := w.kindNamed(rel.From)
			house, ok2 := w.kindNamed(rel.To)
			if rel.Joins != workflow.SameHousehold || !ok || !ok2 || len(house.Key) != 1 {
				continue
			}
			for _, person := range w.story.Given.People {
				r, ok := implied(member, person)
				if person.House == "" || !ok {
					continue
				}
				if !slices.ContainsFunc(slices.Concat(w.story.Given.Records, out), func(x Record) bool { return x.Kind == rel.To && x.ID == person.House }) {
					out = append(out, Record{Kind: rel.To, ID: person.House, Line: person.Line})
				}
				out = append(out, r)
				joins = append(joins, Relation{rel.Name, r.ID, person.House, person.Line})
			}
		}
	}
	return out, joins
}

// dayText is a date as records write it, "" for none.
func dayText(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(clock.CST).Format(time.DateOnly)
}

// implied is a record of a kind about somebody, for kinds that name a person and are known
// by one text.
func implied(k record.Kind, p Person) (Record, bool) {
	i := slices.IndexFunc(k.Fields, func(f form.Field) bool { return f.Type == "person" && !f.IsList() })
	if i < 0 || len(k.Key) != 1 {
		return Record{}, false
	}
	return Record{Kind: k.Name, ID: p.ID, Values: map[string]any{k.Fields[i].Name: p.ID}, Line: p.Line}, true
}

// recorded tells whether the story itself gives a record of a kind about somebody.
func (w *world) recorded(k record.Kind, person string) bool {
	return slices.ContainsFunc(w.story.Given.Records, func(r Record) bool {
		return r.Kind == k.Name && slices.ContainsFunc(k.Fields, func(f form.Field) bool { return f.Type == "person" && mentions(r.Values[f.Name], person) })
	})
}

func mentions(v any, name string) bool {
	if l, ok := v.([]any); ok {
		return slices.ContainsFunc(l, func(x any) bool { return mentions(x, name) })
	}
	return v == name
}

// relate joins two records of the story, with all that the first is joined to besides.
func (w *world) relate(ctx context.Context, r Relation, all []Relation, from string) error {
	kind := ""
	for _, p := range w.packs.all() {
		for _, rel := range p.Relations {
			if rel.Name == r.Kind {
				kind = rel.From
			}
		}
	}
	if kind == "" {
		return unknown(r.Line, r.Kind)
	}
	var to []any
	for _, x := range all {
		if x.Kind == r.Kind && x.From == r.From {
			to = append(to, x.To)
		}
	}
	return w.plantRecord(ctx, Event{Line: r.Line, Name: kind, ID: r.From, Values: map[string]any{r.Kind: to}}, from)
}

// write changes a record in mid-story, as an import of one row would.
func (w *world) write(_ context.Context, e Event) (func(context.Context) error, error) {
	if _, ok := w.kindNamed(e.Name); !ok {
		return nil, unknown(e.Line, e.Name)
	}
	if e.ID == "" {
		return nil, differ(e.Line, "story.no_record_id")
	}
	return func(ctx context.Context) error { return w.plantRecord(ctx, e, dayText(w.hand.Now())) }, nil
}

// plantRecord makes one record stand as an event says, from a day on unless it names one.
func (w *world) plantRecord(ctx context.Context, e Event, from string) error {
	k, _ := w.kindNamed(e.Name)
	d, err := w.draftOf(ctx, k, e)
	if err != nil {
		return err
	}
	imp := record.Import{Jurisdiction: jurisdiction, Kind: k.Ref(), From: from, Nature: territory.Real, Home: w.ground.id[w.ground.focus[account.Grid]], Cause: "story", Partial: true}
	if _, err := w.records.Plant(ctx, []record.Draft{d}, imp); err != nil {
		return err
	}
	var key []string
	for _, f := range k.Key {
		key = append(key, fmt.Sprint(d.Values[f]))
	}
	return w.d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := record.ByKey(ctx, tx, jurisdiction, k.Pack.Name, k.Name, key)
		if err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.record[e.ID], w.called[r.ID] = r.ID, e.ID
		return nil
	})
}

// draftOf reads the values of a record: names become ids, from, until and area are those of
// the record, and a relation names records. A key of one text that the story does not give
// is the record's name.
func (w *world) draftOf(ctx context.Context, k record.Kind, e Event) (record.Draft, error) {
	d := record.Draft{Line: e.Line, Values: map[string]any{}, Related: map[string][][]string{}}
	known, err := w.keyOfRecord(ctx, e.ID)
	if err != nil {
		return d, err
	}
	for i, f := range k.Key {
		switch {
		case i < len(known):
			d.Values[f] = known[i]
		case len(k.Key) == 1:
			d.Values[f] = e.ID
		}
	}
	for name, v := range e.Values {
		i := slices.IndexFunc(k.Fields, func(f form.Field) bool { return f.Name == name })
		text, _ := v.(string)
		switch {
		case i >= 0:
			d.Values[name] = w.typed(v, &k.Fields[i])
		case name == "from":
			d.From = text
		case name == "until":
			d.Until, d.Lasts = strings.TrimPrefix(text, none), true
		case name == "area":
			if d.Area = w.ground.id[text]; d.Area == "" {
				return d, unknown(e.Line, text)
			}
		case slices.ContainsFunc(k.Pack.Relations, func(r pack.Relation) bool { return r.Name == name && r.From == k.Name }):
			if d.Related[name], err = w.keysOfRecords(ctx, v, e.Line); err != nil {
				return d, err
			}
		default:
			d.Values[name] = v // for the service to refuse
		}
	}
	d.Values = form.Coerce(k.Fields, d.Values)
	return d, nil
}

// keyOfRecord is the key of a record that the story has a name for; none for others.
func (w *world) keyOfRecord(ctx context.Context, name string) (key []string, err error) {
	w.mu.Lock()
	id := w.record[name]
	w.mu.Unlock()
	if id == "" {
		return nil, nil
	}
	err = w.d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := record.ByID(ctx, tx, id)
		if err == nil {
			key = r.Key
		}
		return err
	})
	return key, err
}

func (w *world) keysOfRecords(ctx context.Context, v any, line int) ([][]string, error) {
	out := [][]string{}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, x := range list {
		name, _ := x.(string)
		key, err := w.keyOfRecord(ctx, name)
		if err != nil {
			return nil, err
		}
		if key == nil {
			return nil, unknown(line, name)
		}
		out = append(out, key)
	}
	return out, nil
}

// about is what an event says a case is about: a record, or another case.
func (w *world) about(ctx context.Context, e Event) (*casework.About, error) {
	if e.About == "" {
		return nil, nil
	}
	if id := w.recordNamed(ctx, e.About); id != "" {
		return &casework.About{Kind: workflow.AboutRecord, ID: id}, nil
	}
	id, err := w.caseID(ctx, e.About, e.Line)
	var d *Difference
	if errors.As(err, &d) { // nothing of that name: the product refuses it too
		return &casework.About{Kind: workflow.AboutRecord, ID: e.About}, nil
	}
	return &casework.About{Kind: workflow.AboutCase, ID: id}, err
}

// recordNamed is the record of a name that the story gave, or of "kind/key"; "" without it.
func (w *world) recordNamed(ctx context.Context, name string) string {
	id := w.record[name]
	if kind, key, ok := strings.Cut(name, "/"); ok && id == "" {
		id = w.recordByKey(ctx, kind, strings.Split(key, "/"))
	}
	return id
}

// expectRecord compares a record as of a day, "house-12@2026-06-01", or of today.
func (w *world) expectRecord(ctx context.Context, f Fact) error {
	name, at, _ := strings.Cut(f.Name, "@")
	id := w.recordNamed(ctx, name)
	if id == "" {
		return unknown(f.Line, name)
	}
	want, _ := f.Value.(map[string]any)
	var got map[string]any
	err := w.d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		span, ok, err := record.On(ctx, tx, id, cmp.Or(at, dayText(w.hand.Now())))
		got = map[string]any{"holds": fmt.Sprint(ok)}
		if err != nil || !ok {
			return err
		}
		if err := w.records.Unseal(ctx, tx, id, span.Revision); err != nil {
			return err
		}
		for _, values := range []map[string]any{span.Personal, span.Values} {
			for k, v := range values {
				got[k] = v
			}
		}
		got["from"], got["area"] = span.Revision.From, span.AreaID
		if r, err := record.ByID(ctx, tx, id); err != nil {
			return err
		} else if got["until"] = r.Ended; r.Ended == "" {
			got["until"] = none
		}
		return nil
	})
	if err != nil {
		return broken(f.Line, err)
	}
	for k, v := range want {
		if err := same(f.Line, "record "+f.Name+" "+k, fmt.Sprint(w.textOfValue(v)), w.textOfValue(got[k])); err != nil {
			return err
		}
	}
	return nil
}

// recordByKey is the id of a record that no event of the story made, "" when there is none.
func (w *world) recordByKey(ctx context.Context, kind string, key []string) (id string) {
	k, ok := w.kindNamed(kind)
	if !ok {
		return ""
	}
	err := w.d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := record.ByKey(ctx, tx, jurisdiction, k.Pack.Name, k.Name, key)
		if err == nil {
			id = r.ID
		}
		return err
	})
	if err != nil {
		return ""
	}
	return id
}
