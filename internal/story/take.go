package story

import (
	"context"
	"strings"

	"gezhi/internal/casework"
)

// parted are the path of a case and the name of something of it; the only case needs no path.
func parted(name string) (path, of string) {
	if i := strings.LastIndex(name, "/"); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

// adding is a part that somebody of the story opens from outside: below which case, and of which
// set or view.
type adding struct {
	below, of string
	who       []*casework.Actor
	view      *casework.View
}

// adding reads CASE/NAME, and who does it.
func (w *world) adding(ctx context.Context, e Event) (a adding, err error) {
	path := ""
	path, a.of = parted(e.Name)
	if a.below, err = w.caseID(ctx, path, e.Line); err != nil {
		return a, err
	}
	if a.who, err = w.everyone(ctx, e.By, e.Line); err != nil {
		return a, err
	}
	a.view, err = w.cases.View(ctx, system, a.below)
	return a, err
}

// says is what the opening of a part says.
func (w *world) says(ctx context.Context, e Event, a adding, set string) (spoken, error) {
	k := a.view.Class.In.Class(a.view.Life.Part(set).Case)
	return w.say(ctx, e, a.who[0].PersonID, &casework.Class{EffectiveClass: k, In: a.view.Class.In}, &k.Life.Life)
}

// begun remembers a part under the name that the story gives it.
func (w *world) begun(e Event, c *casework.Case, err error) error {
	if err == nil {
		w.mu.Lock()
		w.remember(e.As, c.ID)
		w.mu.Unlock()
	}
	return err
}

// take takes a place of an offer.
func (w *world) take(ctx context.Context, e Event) (func(context.Context) error, error) {
	a, err := w.adding(ctx, e)
	if err != nil {
		return nil, err
	}
	if d := a.view.Life.Part(a.of); d == nil || d.For.Offer == nil {
		return nil, unknown(e.Line, a.of)
	}
	said, err := w.says(ctx, e, a, a.of)
	if err != nil {
		return nil, err
	}
	t := casework.Taking{Case: a.below, Part: a.of, Fields: said.values, Seats: said.seats, Text: e.Text, Key: e.Key}
	if e.Offline != nil {
		t.DeviceAt = e.Offline.Made
	}
	return func(ctx context.Context) error {
		c, err := w.cases.Take(ctx, w.mayTake(ctx, a.who, a.below, a.of), t)
		return w.begun(e, c, err)
	}, nil
}

// mayTake is who of those that go by one name takes a place: the first to whom it is offered.
func (w *world) mayTake(ctx context.Context, who []*casework.Actor, id, part string) *casework.Actor {
	for _, a := range who {
		if _, err := w.cases.Offer(ctx, a, id, part); err == nil {
			return a
		}
	}
	return who[0]
}
