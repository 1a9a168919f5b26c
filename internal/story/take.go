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

// take takes a place of an offer.
func (w *world) take(ctx context.Context, e Event) (func(context.Context) error, error) {
	path, part := parted(e.Name)
	id, err := w.caseID(ctx, path, e.Line)
	if err != nil {
		return nil, err
	}
	who, err := w.everyone(ctx, e.By, e.Line)
	if err != nil {
		return nil, err
	}
	v, err := w.cases.View(ctx, system, id)
	if err != nil {
		return nil, err
	}
	d := v.Life.Part(part)
	if d == nil || d.For.Offer == nil {
		return nil, unknown(e.Line, part)
	}
	k := v.Class.In.Class(d.Case)
	said, err := w.say(ctx, e, who[0].PersonID, &casework.Class{EffectiveClass: k, In: v.Class.In}, &k.Life.Life)
	if err != nil {
		return nil, err
	}
	t := casework.Taking{Case: id, Part: part, Fields: said.values, Seats: said.seats, Text: e.Text, Key: e.Key}
	if e.Offline != nil {
		t.DeviceAt = e.Offline.Made
	}
	return func(ctx context.Context) error {
		c, err := w.cases.Take(ctx, w.mayTake(ctx, who, id, part), t)
		if err == nil {
			w.mu.Lock()
			w.remember(e.As, c.ID)
			w.mu.Unlock()
		}
		return err
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
