package story

import (
	"context"
	"encoding/json"
	"math"
	"sync"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// happen does one event at its time.
func (w *world) happen(ctx context.Context, e Event) error {
	w.mark = w.newID()
	switch e.Verb {
	case VerbPass:
		return nil
	case VerbExpect:
		return w.expect(ctx, e.Expect)
	case VerbTogether:
		return w.together(ctx, e)
	case verbSee:
		return w.see(ctx, e)
	case VerbLoad:
		return w.reload(ctx, e)
	case VerbHolidays:
		w.days.announce(e.Days, nil)
		if err := w.reckon(); err != nil {
			return err
		}
		w.tell(e, "", nil)
		return w.cases.Recount(ctx, jurisdiction)
	case VerbOutage:
		w.tell(e, "", nil)
		w.down = w.hand.Now().Add(elapsed(e.Outage))
		return nil
	case VerbReform:
		return w.reform(ctx, e)
	case VerbPost:
		return w.change(ctx, e)
	}
	if len(e.Cases) > 0 {
		return w.batch(ctx, e)
	}
	return w.attempt(ctx, e)
}

// elapsed is a span of an outage; days are of 24 hours.
func elapsed(s worktime.Span) time.Duration {
	switch s.Unit {
	case worktime.InMinutes:
		return time.Duration(s.N) * time.Minute
	case worktime.InHours:
		return time.Duration(s.N) * time.Hour
	}
	return time.Duration(s.N) * 24 * time.Hour
}

// attempt does something that may be refused, and compares the refusal with the story's.
func (w *world) attempt(ctx context.Context, e Event) error {
	do, err := w.prepare(ctx, e)
	if err != nil {
		return err
	}
	answer := do(ctx)
	code, err := refusal(answer)
	if err != nil {
		return err
	}
	w.tell(e, "", answer)
	return judge(e, code)
}

// judge compares what came back with what the story says.
func judge(e Event, code string) error {
	switch {
	case code == e.Refused:
		return nil
	case e.Refused == "":
		return differ(e.Line, "story.refused", "code", code)
	case code == "":
		return differ(e.Line, "story.not_refused", "code", e.Refused)
	}
	return differ(e.Line, "story.refused_otherwise", "code", code, "want", e.Refused)
}

// prepare works out what an event means now; the result does it.
func (w *world) prepare(ctx context.Context, e Event) (func(context.Context) error, error) {
	switch e.Verb {
	case VerbOpen:
		return w.opening(ctx, e)
	case VerbSignal:
		return w.signal(ctx, e)
	case VerbWrite:
		return w.write(ctx, e)
	case VerbDo:
		return w.act(ctx, e, e.Name)
	case VerbAnswer:
		return w.act(ctx, e, "answer")
	case VerbTake:
		return w.take(ctx, e)
	case VerbObject:
		return w.object(ctx, e)
	}
	return nil, differ(e.Line, "story.not_yet", "word", string(e.Verb))
}

// opening opens a case.
func (w *world) opening(ctx context.Context, e Event) (func(context.Context) error, error) {
	who, err := w.everyone(ctx, e.By, e.Line)
	if err != nil {
		return nil, err
	}
	name := w.packs.packOf(e.Name)
	o := casework.Opening{Class: name + "/" + e.Name, Text: e.Text, Channel: e.Channel, Key: e.Key}
	class, err := w.book.InForce(ctx, jurisdiction, o.Class)
	if err != nil {
		return func(context.Context) error { return err }, nil
	}
	said, err := w.say(ctx, e, who[0].PersonID, class, &class.Life.Life)
	if err != nil {
		return nil, err
	}
	o.Fields, o.Seats = said.values, said.seats
	for seat, v := range o.Fields { // a seat may be answered like a field
		if class.Field(seat) == nil && class.Life.Life.Seat(seat) != nil {
			o.Seats[seat] = v
			delete(o.Fields, seat)
		}
	}
	if t, ok := o.Fields["text"].(string); ok && o.Text == "" {
		o.Text = t
		delete(o.Fields, "text")
	}
	if o.Channel == "" && len(class.Channels) > 0 {
		o.Channel = class.Channels[0]
	}
	if e.For != "" {
		if o.Reporter = first(w.peopleOf(e.For)); o.Reporter == "" {
			return nil, unknown(e.Line, e.For)
		}
	}
	if e.Offline != nil {
		o.DeviceAt = e.Offline.Made
	}
	o.Avoid = e.Avoid
	for _, name := range e.Against {
		o.Against = append(o.Against, first(w.accusedBy(name)))
	}
	if o.About, err = w.about(ctx, e); err != nil {
		return nil, err
	}
	if e.About == "" || e.Area != "" || e.Point != nil { // else it lies where its subject does
		if err := w.place(&o, e, who[0]); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error {
		got, err := w.cases.Open(ctx, who[0], o)
		if err == nil {
			w.mu.Lock()
			w.remember(e.As, got.Case.ID)
			w.mu.Unlock()
		}
		return err
	}, nil
}

// place says where a case lies: at the point given, in the place named, where its reporter
// works, or in the story's own corner.
func (w *world) place(o *casework.Opening, e Event, who *casework.Actor) error {
	if e.Point != nil {
		lon, lat, ok := position(e.Point)
		if !ok {
			return differ(e.Line, "story.bad_point")
		}
		o.HasPoint, o.LonE7, o.LatE7 = true, int64(math.Round(lon*1e7)), int64(math.Round(lat*1e7))
		if w.ground.shaped && e.Area == "" {
			return nil
		}
	}
	area := e.Area
	if area == "" {
		area = w.lives[who.PersonID]
	}
	if area == "" {
		for _, p := range who.Posts {
			if p.AreaLevel >= account.Village {
				area = w.called[p.AreaID]
			}
		}
	}
	if area == "" {
		area = w.ground.focus[account.Grid]
	}
	if o.AreaID = w.ground.id[area]; o.AreaID == "" {
		return unknown(e.Line, area)
	}
	return nil
}

// act does an action on a case.
func (w *world) act(ctx context.Context, e Event, action string) (func(context.Context) error, error) {
	id, err := w.caseID(ctx, e.Case, e.Line)
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
	actor := w.able(ctx, who, id, action)
	said, err := w.say(ctx, e, actor.PersonID, spokenOf(v, e), v.Life)
	if err != nil {
		return nil, err
	}
	for seat, x := range said.seats {
		said.values[seat] = x
	}
	a := casework.Act{Case: id, Action: action, Values: said.values, Why: w.reasons(e.Why), Reason: said.reason, Note: said.note, Key: e.Key}
	if e.Note != "" {
		a.Note = e.Note
	}
	if e.Offline != nil {
		a.Offline, a.DeviceAt = true, e.Offline.Made
		a.Step, a.Version = w.saw[e.ID].step, w.saw[e.ID].version
	}
	return func(ctx context.Context) error {
		_, err := w.cases.Act(ctx, actor, a)
		return err
	}, nil
}

// spokenOf is the class whose fields an act speaks of: the one a case becomes by it, if any.
func spokenOf(v *casework.View, e Event) *casework.Class {
	if code, ok := e.With["class"].(string); ok && e.Name == workflow.Reclassify {
		if k := v.Class.In.Class(code); k != nil {
			return &casework.Class{EffectiveClass: k, In: v.Class.In}
		}
	}
	return v.Class
}

// reasons for open parts, under the keys of their items.
func (w *world) reasons(why map[string]string) map[string]string {
	out := map[string]string{}
	for item, text := range why {
		for _, id := range append(w.peopleOf(item), w.unit[item]) {
			out[id] = text
		}
		out[item] = text
	}
	delete(out, "")
	return out
}

// able is who of those that go by one name acts: the first to whom the action is open.
func (w *world) able(ctx context.Context, who []*casework.Actor, id, action string) *casework.Actor {
	for _, a := range who {
		if v, err := w.cases.View(ctx, a, id); err == nil && len(who) > 1 {
			for _, o := range v.Can {
				if o.Action == action {
					return a
				}
			}
		}
	}
	for _, a := range who { // else one who sees it, so that the refusal tells why
		if _, err := w.cases.View(ctx, a, id); err == nil {
			return a
		}
	}
	return who[0]
}

// sight is where somebody without signal believes a case to stand.
type sight struct {
	step    string
	version int64
}

// see notes where the case stands when somebody acts without signal.
func (w *world) see(ctx context.Context, e Event) error {
	if len(w.opened) == 0 && e.Case == "" {
		return nil // a case opened without signal
	}
	id, err := w.caseID(ctx, e.Case, e.Line)
	if err != nil {
		return err
	}
	v, err := w.cases.View(ctx, system, id)
	if err == nil {
		w.saw[e.Name] = sight{v.Step, v.Version}
	}
	return err
}

// signal hands in something heard from outside.
func (w *world) signal(_ context.Context, e Event) (func(context.Context) error, error) {
	g := casework.Signal{Jurisdiction: jurisdiction, Source: "story", ID: e.ID, Name: e.Name, Pack: w.packs.Main.Name, Values: measured(e.Values), At: w.hand.Now()}
	if g.ID == "" {
		g.ID = w.newID()
	}
	o := casework.Opening{}
	if err := w.place(&o, e, &casework.Actor{}); err != nil {
		return nil, err
	}
	g.AreaID, g.HasPoint, g.LonE7, g.LatE7 = o.AreaID, o.HasPoint, o.LonE7, o.LatE7
	return func(ctx context.Context) error {
		got, err := w.cases.Receive(ctx, g)
		if err == nil && got.CaseID != "" && (e.As != "" || got.Opened) {
			w.mu.Lock()
			w.remember(e.As, got.CaseID)
			w.mu.Unlock()
		}
		return err
	}, nil
}

// measured turns texts that are numbers into numbers, as a source would send them.
func measured(values map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range values {
		out[k] = v
		if s, ok := v.(string); ok && json.Valid([]byte(s)) && s != "null" {
			out[k] = json.Number(s)
		}
		switch v {
		case "true", "false":
			out[k] = v == "true"
		}
	}
	return out
}

// together is a race: everything at once, and so many succeed.
func (w *world) together(ctx context.Context, e Event) error {
	doing := make([]func(context.Context) error, len(e.Many))
	for i, m := range e.Many {
		var err error
		if doing[i], err = w.prepare(ctx, m); err != nil {
			return at(err, m.Line)
		}
	}
	answers := make([]error, len(doing))
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i, do := range doing {
		all.Go(func() {
			<-gate
			answers[i] = do(ctx)
		})
	}
	close(gate)
	all.Wait()
	won := 0
	for i, m := range e.Many {
		code, err := refusal(answers[i])
		if err != nil {
			return at(err, m.Line)
		}
		w.tell(m, "", answers[i])
		if code == "" {
			won++
		}
		if m.Refused != "" || e.Winners == 0 {
			if err := judge(m, code); err != nil {
				return err
			}
		}
	}
	if e.Winners > 0 && won != e.Winners {
		return differ(e.Line, "story.winners", "want", e.Winners, "got", won)
	}
	return nil
}

// reload puts another version of the pack, or another overlay, in force.
func (w *world) reload(ctx context.Context, e Event) error {
	p, text, err := w.packs.version(w.story.File, e.Name)
	if err != nil {
		return at(err, e.Line)
	}
	if p == nil {
		p = w.packs.now
	} else if text == "" {
		text = w.overlay
	}
	w.overlay = text
	w.packs.now = p
	w.tell(e, "", nil)
	return w.put(ctx, p, text)
}

// change gives or ends a post.
func (w *world) change(ctx context.Context, e Event) error {
	c := e.Change
	ids := w.peopleOf(c.Who)
	if len(ids) == 0 {
		return unknown(e.Line, c.Who)
	}
	w.tell(e, c.Who, nil)
	if c.Ends != "" {
		ended := 0
		for _, id := range ids {
			for _, p := range w.places.People().Of(id, w.hand.Now()) {
				if p.Role != c.Ends {
					continue
				}
				if err := w.accounts.EndPost(ctx, "", p.ID, time.Time{}); err != nil {
					return err
				}
				ended++
			}
		}
		if ended == 0 {
			return unknown(e.Line, c.Ends)
		}
	}
	if c.Gives != nil {
		if err := w.give(ctx, ids[0], *c.Gives, e.Line); err != nil {
			return err
		}
	}
	return w.places.Renew(ctx)
}
