package app

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/workflow"
)

// monthAbout is a kind of records and the keys of those that a kind of work is about.
type monthAbout struct {
	Kind string   `yaml:"kind"`
	Keys []string `yaml:"keys"`
}

// about draws the record that a case is about.
func (m *month) about(a *monthAbout) *casework.About {
	if a == nil || len(a.Keys) == 0 {
		return nil
	}
	return &casework.About{Kind: workflow.AboutRecord, Of: m.pack + "/" + a.Kind, Key: []string{a.Keys[m.rng.IntN(len(a.Keys))]}}
}

// bringers are those of whom one brings a kind of work: where it is offered to others, people who
// stand above somebody.
func (m *month) bringers(w *monthWork) []account.Post {
	posts := m.app.World.People().WithRole(m.j.ID, w.By, m.hand.Now())
	if w.About != nil {
		return m.few(posts, w.Of)
	}
	return slices.DeleteFunc(posts, func(p account.Post) bool { return m.workers(p.AreaID) == 0 })
}

// few are so many of some posts, those whose people can log in first; all for 0.
func (m *month) few(posts []account.Post, n int) []account.Post {
	if n == 0 || n >= len(posts) {
		return posts
	}
	first := m.printed(posts)
	for _, p := range posts {
		if len(first) >= n {
			break
		}
		if !slices.ContainsFunc(first, func(x account.Post) bool { return x.ID == p.ID }) {
			first = append(first, p)
		}
	}
	return first[:n]
}

// opening are the fields of an opening: days in place of "+7d", a number in place of "{n}", and
// somebody where the file asks for one.
func (m *month) opening(w *monthWork) (map[string]any, error) {
	fields, err := m.dated(w.Fields)
	if err != nil {
		return nil, err
	}
	for k, v := range fields {
		if s, ok := v.(string); ok {
			fields[k] = strings.ReplaceAll(s, "{n}", strconv.Itoa(m.n))
		}
	}
	if w.One != nil {
		posts := m.few(m.app.World.People().WithRole(m.j.ID, w.One.By, m.hand.Now()), w.One.Most)
		if fields == nil {
			fields = map[string]any{}
		}
		fields[w.One.Field] = posts[m.rng.IntN(len(posts))].PersonID
	}
	return fields, nil
}

// objectInPublic lets somebody else object to what everybody may read of a case.
func (m *month) objectInPublic(ctx context.Context, c monthCase, o *monthObjects) error {
	for _, p := range m.some(o.By, c.area, 1, 1) {
		who, err := m.actor(ctx, p)
		if err != nil {
			return err
		}
		made, err := m.cases.Object(ctx, who, casework.Objection{Case: c.id, View: o.View, Text: o.Text, Key: m.app.newID()})
		if err != nil {
			return m.passing(err, "object")
		}
		m.acts(monthCase{made.ID, p, c.area}, o.Acts, 0, nil)
	}
	return nil
}
