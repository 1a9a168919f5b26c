package casework

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/privacy"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

var (
	putView   = db.SQL(`INSERT INTO public_view (jurisdiction, place, own, since_at, case_id, view, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`)
	dropViews = db.SQL(`DELETE FROM public_view WHERE case_id = $1`)
	// Of one place, own or also what lies below it, the newest first.
	viewsAt = db.SQL(`SELECT since_at, case_id, view FROM public_view WHERE jurisdiction = $1 AND place = $2 AND own >= $3 AND (until_at = 0 OR until_at > $4)
		AND (since_at < $5 OR since_at = $5 AND case_id < $6) ORDER BY since_at DESC, case_id DESC LIMIT $7`)
)

// publicNow tells whether everybody may read a view of the case now, and until when; zero is
// until something happens. What is kept from somebody is never public.
func (st *state) publicNow(v *workflow.PublicView) (until time.Time, ok bool, err error) {
	if !slices.Contains(v.While, st.Step) || st.LiesIn != "" || st.MergedInto != "" {
		return zero, false, nil
	}
	if v.Clock != "" {
		switch c := st.clock(v.Clock); {
		case c == nil || c.State == Paused:
			return zero, true, nil
		case c.State == Stopped:
			return zero, false, nil
		default:
			return c.Due, c.Due.After(st.now), nil
		}
	}
	if v.Until == nil {
		return zero, true, nil
	}
	x, err := v.Until.Eval(st.env())
	if err != nil {
		return zero, false, err
	}
	until, named := moment(x, endOfDay)
	return until, !named || until.After(st.now), nil
}

// savePublic keeps the index of what is public in step with the case. It writes nothing for lives
// without a view, nor while the case stands where it never was public.
func (st *state) savePublic() error {
	was := func(v workflow.PublicView) bool {
		return slices.Contains(v.While, st.Step) || slices.Contains(v.While, st.move.From)
	}
	if !slices.ContainsFunc(st.life.Public, was) {
		return nil
	}
	if !st.fresh {
		if err := st.tx.Queue(st.ctx, dropViews, st.ID); err != nil {
			return err
		}
	}
	for i := range st.life.Public {
		v := &st.life.Public[i]
		until, ok, err := st.publicNow(v)
		if err != nil {
			return err
		}
		for _, place := range st.Areas {
			if !ok || place == "" {
				continue
			}
			if err := st.tx.Queue(st.ctx, putView, st.Jurisdiction, place, place == st.AreaID, st.EnteredAt, st.ID, v.Name, until); err != nil {
				return err
			}
		}
	}
	return nil
}

// PublicCase is what everybody may read of a case.
type PublicCase struct {
	*Case
	Class *Class
	View  *workflow.PublicView
	Since time.Time
	Until time.Time // zero: until something happens
	Open  bool      // strangers may read it now; a preview need not be open
}

// PublicCursor is where a page of what is public ended.
type PublicCursor struct {
	Since int64  `json:"s"`
	Case  string `json:"c"`
}

const mostPublic = 20

// PublicIn are a page of what everybody may read in a place now, the newest first: what lies there
// or below it, and what is said of the places above as a whole.
func (s *Service) PublicIn(ctx context.Context, jurisdiction, area string, after PublicCursor) (page []PublicCase, next *PublicCursor, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, nil, err
	}
	a, ok := s.World.Area(area)
	if !ok {
		return nil, nil, &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: "area", Code: "case.unknown_area"}}}
	}
	if after.Case == "" {
		after.Since = math.MaxInt64
	}
	type row struct {
		PublicCursor
		view string
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		page, next = nil, nil
		var found []row
		for _, place := range a.Path {
			if place == "" {
				continue
			}
			own := 1
			if place == area {
				own = 0
			}
			rows, err := db.Collect(ctx, tx, viewsAt, []any{jurisdiction, place, own, s.Now(), after.Since, after.Case, mostPublic + 1}, func(r db.Rows) (x row, err error) {
				return x, r.Scan(&x.Since, &x.Case, &x.view)
			})
			if err != nil {
				return err
			}
			found = append(found, rows...)
		}
		slices.SortFunc(found, func(a, b row) int { return cmp.Or(cmp.Compare(b.Since, a.Since), strings.Compare(b.Case, a.Case)) })
		if len(found) > mostPublic {
			found = found[:mostPublic]
			next = &found[mostPublic-1].PublicCursor
		}
		for _, f := range found {
			c, err := s.publicCase(ctx, tx, f.Case, f.view)
			if err != nil {
				return err
			}
			if c.Open {
				page = append(page, *c)
			}
		}
		return nil
	})
	return page, next, err
}

func (s *Service) publicCase(ctx context.Context, tx *db.Tx, id, view string) (*PublicCase, error) {
	st, err := s.load(ctx, tx, id, s.Now())
	if err != nil {
		return nil, err
	}
	v := st.life.PublicView(view)
	if v == nil || st.Kind == KindTask {
		return nil, fault.New(fault.NotFound, "case.not_found")
	}
	until, ok, err := st.publicNow(v)
	return &PublicCase{Case: st.Case, Class: st.class, View: v, Since: st.EnteredAt, Until: until, Open: ok}, err
}

// Public is what everybody may read of a case by one of its views; case.not_found when there is
// nothing to read now.
func (s *Service) Public(ctx context.Context, jurisdiction, id, view string) (c *PublicCase, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err = s.publicCase(ctx, tx, id, view)
		return err
	})
	if err == nil && (!c.Open || c.Jurisdiction != jurisdiction) {
		return nil, fault.New(fault.NotFound, "case.not_found")
	}
	return c, err
}

// Preview is what strangers would read of a case that the actor may see.
func (s *Service) Preview(ctx context.Context, who *Actor, id, view string) (c *PublicCase, err error) {
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		if !who.System && !st.sees(who) {
			return fault.New(fault.NotFound, "case.not_found")
		}
		c, err = s.publicCase(ctx, tx, id, view)
		return err
	})
	return c, err
}

// Objection is what somebody says to what is public.
type Objection struct {
	Case   string
	View   string
	Fields map[string]any
	Text   string
	Key    string
}

// Object opens a part of the case for an objection to one of its views: case.not_found when it is
// not public now or takes no objections.
func (s *Service) Object(ctx context.Context, who *Actor, o Objection) (*Case, error) {
	return s.under(ctx, who, adding{o.Case, "object", o.Key, o}, func(st *state) (func(partID string) (*state, error), error) {
		return func(partID string) (*state, error) { return st.object(who, o, partID) }, nil
	})
}

func (st *state) object(who *Actor, o Objection, partID string) (*state, error) {
	v := st.life.PublicView(o.View)
	none := fault.New(fault.NotFound, "case.not_found")
	if v == nil || v.Objections == "" || who.Jurisdiction != st.Jurisdiction {
		return nil, none
	}
	until, open, err := st.publicNow(v)
	if err != nil || !open {
		return nil, firstOf(err, none)
	}
	d := st.life.Part(v.Objections)
	set := st.set(d.Name)
	if set == nil {
		set = &PartSet{Name: d.Name, Round: 1, Source: d.For.Kind, SnapshotDay: st.day(), State: SetOffered, OpenedAt: st.now, Next: until, added: true}
		st.sets = append(st.sets, set)
	}
	most := int64(maxParts)
	if !st.s.World.People().Known(who.PersonID, st.Jurisdiction) {
		most /= 2 // nobody in particular, again and again, does not keep out those who have an account
	}
	if set.Opened >= most {
		return nil, fault.New(fault.Conflict, "case.too_many_parts", "most", most)
	}
	st.begin(&Actor{System: true}, Act{Action: movePart + moveAdded}, st.s.ID()) // who objects is the part's to keep
	child, values, err := st.newPart(d, set, item{Key: strconv.FormatInt(set.Opened+1, 10)}, int(set.Opened))
	if err != nil {
		return nil, err
	}
	child.Case.ID, child.ReporterID = partID, who.PersonID
	for k, x := range values {
		if child.class.Field(k) != nil {
			child.Fields[k] = x
		}
	}
	child.begin(who, Act{Action: actionOpen, Cause: st.move.ID}, st.s.ID())
	child.under(child.postHere(who))
	title := child.Title
	if err := unasked(child.class.EffectiveClass, o.Fields); err != nil {
		return nil, err
	}
	if err := child.firstValues(who, Opening{Fields: o.Fields, Text: o.Text}); err != nil {
		return nil, err
	}
	if o.Text == "" {
		child.Title = title
	}
	set.Opened++
	set.Expected, set.changed = set.Opened, true
	if set.State != SetOffered { // said again where it had been withdrawn meanwhile
		set.State, set.EndedAt = SetOffered, zero
	}
	return child, child.birth()
}

// PublicJSON is what everybody may read of a case.
type PublicJSON struct {
	ID         string            `json:"id" doc:"of the case"`
	Number     string            `json:"number"`
	View       string            `json:"view"`
	Kind       string            `json:"kind,omitempty" doc:"what the view is called"`
	Title      string            `json:"title" doc:"what the case is called, else what its class is called"`
	ClassTitle string            `json:"class_title"`
	AreaName   string            `json:"area_name"`
	Since      int64             `json:"since"`
	Until      int64             `json:"until,omitempty"`
	Open       bool              `json:"open" doc:"everybody may read it now"`
	Objections bool              `json:"objections" doc:"everybody may object"`
	Asks       []FormJSON        `json:"asks" doc:"what an objection answers"`
	Shows      []PublicFieldJSON `json:"shows"`
	Sample     bool              `json:"sample,omitempty"`
}

// PublicFieldJSON is a value as everybody reads it.
type PublicFieldJSON struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// PublicJSON is a view in words.
func (s *Service) PublicJSON(ctx context.Context, c *PublicCase) PublicJSON {
	w := words{c.Class.In.Pack, web.Lang(ctx)}
	out := PublicJSON{ID: c.ID, Number: c.Number, View: c.View.Name, ClassTitle: w.title(c.Class.Title, c.Class.Code), AreaName: s.areaName(c.AreaID), Since: db.Ms(c.Since), Until: db.Ms(c.Until),
		Open: c.Open, Shows: []PublicFieldJSON{}, Asks: []FormJSON{}, Sample: c.Nature == Sample}
	out.Kind, _ = w.find("views", c.Case.Life, c.View.Name)
	out.Title = cmp.Or(out.Kind, out.ClassTitle)
	for _, name := range c.View.Shows {
		f := c.Class.Field(name)
		if name == "title" {
			out.Title = cmp.Or(liftedWords(w.lang, c.Title), out.Title)
			continue
		}
		if f == nil || f.Personal != nil || c.Fields[name] == nil {
			continue
		}
		out.Shows = append(out.Shows, PublicFieldJSON{name, fieldTitle(w, c.Case.Life, f), s.publicText(w, f, c.Fields[name])})
	}
	if d := c.Class.Life.Life.Part(c.View.Objections); d != nil {
		out.Objections = true
		if k := c.Class.In.Class(d.Case); k != nil {
			for _, f := range openingForm(w, k) {
				if f.Type != "photo" && f.Type != "audio" && f.Type != "file" && !f.Personal {
					out.Asks = append(out.Asks, f)
				}
			}
		}
	}
	return out
}

// publicText is a value in words: names of options, units and places in place of their codes.
func (s *Service) publicText(w words, f *form.Field, v any) string {
	switch v := v.(type) {
	case []any:
		var all []string
		for _, x := range v {
			all = append(all, s.publicText(w, f, x))
		}
		return strings.Join(all, web.Say(w.lang, "list.and", nil))
	case string:
		for _, o := range f.Options {
			if o.Code == v {
				return w.title(o.Title, v)
			}
		}
		switch f.Type {
		case "unit":
			return s.nameOf(v)
		case "area":
			return s.areaName(v)
		case workflow.SeatPerson:
			return privacy.MaskName(s.World.People().Name(v))
		}
		return liftedWords(w.lang, v)
	case bool:
		return web.Say(w.lang, "public."+strconv.FormatBool(v), nil)
	}
	return formula.Text(formula.From(v))
}
