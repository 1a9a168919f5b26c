package story

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"gezhi/internal/casework"
)

// object is an objection to what everybody may read.
func (w *world) object(ctx context.Context, e Event) (func(context.Context) error, error) {
	a, err := w.adding(ctx, e)
	if err != nil {
		return nil, err
	}
	o := casework.Objection{Case: a.below, View: a.of, Text: e.Text, Key: e.Key}
	if p := a.view.Life.PublicView(a.of); p != nil && a.view.Life.Part(p.Objections) != nil {
		said, err := w.says(ctx, e, a, p.Objections)
		if err != nil {
			return nil, err
		}
		o.Fields = said.values
	}
	return func(ctx context.Context) error {
		c, err := w.cases.Object(ctx, a.who[0], o)
		return w.begun(e, c, err)
	}, nil
}

// expectPublic compares what everybody may read: by the views, and in the list of the place.
func (w *world) expectPublic(ctx context.Context, v *casework.View, x CaseExpect) error {
	for _, want := range x.Public {
		name := w.caseName(ctx, v.ID) + " public " + want.Name
		c, err := w.cases.Preview(ctx, system, v.ID, want.Name)
		if err != nil {
			return err
		}
		listed, _, err := w.cases.PublicIn(ctx, jurisdiction, v.AreaID, casework.PublicCursor{})
		if err != nil {
			return err
		}
		there := slices.ContainsFunc(listed, func(p casework.PublicCase) bool { return p.ID == v.ID && p.View.Name == want.Name })
		if want.Open != "" {
			if err := same(want.Line, name+" open", want.Open, strconv.FormatBool(c.Open)); err != nil {
				return err
			}
		}
		if there != c.Open {
			return same(want.Line, name+" listed", strconv.FormatBool(c.Open), strconv.FormatBool(there))
		}
		read := w.cases.PublicJSON(ctx, c)
		texts := map[string]string{"title": read.Title}
		for _, f := range read.Shows {
			texts[f.Name] = f.Text
		}
		for _, f := range want.Shows {
			text, _ := f.Value.(string)
			if err := same(f.Line, name+" "+f.Name, text, texts[f.Name]); err != nil {
				return err
			}
		}
		for _, l := range want.Lacks {
			if texts[l] != "" {
				return same(want.Line, name+" lacks", l, strings.Join([]string{l, texts[l]}, ": "))
			}
		}
	}
	return nil
}
