package feed

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// taker takes in the items of one feed.
type taker struct {
	s    *Service
	m    *Mapping
	j    account.Jurisdiction
	kind string
	home string
	who  *casework.Actor // the system, with whoever imports as the one who typed it
	hand *clock.Hand     // of a history
	past *casework.Service
}

func (s *Service) taker(ctx context.Context, job Job) (*taker, error) {
	t := &taker{s: s, m: job.Mapping, j: s.Jurisdiction(job.Jurisdiction), kind: job.Kind,
		who: &casework.Actor{System: true, Jurisdiction: job.Jurisdiction}}
	t.who.Helper = job.By
	if job.Kind == History {
		t.hand = clock.At(s.Now())
		t.past = s.Past(t.hand.Now)
	}
	home, err := s.Home(ctx, t.j)
	t.home = home
	if err == nil {
		err = s.Cases.World.Renew(ctx)
	}
	return t, err
}

// take takes in one item. An error means that nothing more can be; what the kernel refuses of
// the item itself stands in the line.
func (t *taker) take(ctx context.Context, x *item) (Line, error) {
	l := Line{Theirs: x.number, State: Unchanged}
	old, there, err := t.known(ctx, x)
	if err != nil {
		return l, err
	}
	l.Case = old.caseID
	switch {
	case there && old.caseID != "":
		if t.past != nil {
			return l, nil // what is history does not change
		}
		err = t.again(ctx, x, old, &l)
	case x.withdrawn && t.past == nil:
		l.State = TakenBack // before it ever came
	default:
		err = t.first(ctx, x, &l)
	}
	if f := refusal(err); f != nil {
		l.State, l.Why = Refused, f
		return l, nil
	}
	return l, err
}

// refusal is why one line is not taken in; nil where the error speaks of more than that.
func refusal(err error) *fault.Place {
	if err == nil {
		return nil
	}
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable {
		return nil
	}
	p := &fault.Place{Code: fault.CodeOf(err)}
	if f, ok := err.(*fault.Error); ok {
		p.Args = f.Args
		if len(f.At) > 0 {
			p.Path, p.Code, p.Args = f.At[0].Path, f.At[0].Code, f.At[0].Args
		}
	}
	return p
}

// known is what is kept of an item.
func (t *taker) known(ctx context.Context, x *item) (k kept, ok bool, err error) {
	err = t.s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.Collect(ctx, tx, oneItem, []any{t.j.ID, t.m.Name, x.number}, scanItem)
		if ok = len(found) > 0; ok {
			k = found[0]
		}
		return err
	})
	return k, ok, err
}

// key is the idempotency key of an item, and of what it once said.
func (t *taker) key(x *item, more ...string) string {
	return "feed/" + t.m.Name + "/" + x.number + strings.Join(more, "")
}

// first opens the case of an item that is new.
func (t *taker) first(ctx context.Context, x *item, l *Line) error {
	l.State = New
	o, class, err := t.opening(ctx, x, l)
	if err != nil {
		return err
	}
	var ended map[string]any
	if t.past != nil {
		if ended, err = t.ending(x, class); err != nil {
			return err
		}
	}
	if t.kind == Check {
		return nil
	}
	if err := t.s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, insertItem, t.j.ID, t.m.Name, x.number, t.s.Now())
	}); err != nil {
		return err
	}
	if err := t.upload(ctx, x.files, class, &o); err != nil {
		return err
	}
	cases := t.s.Cases
	if t.past != nil {
		cases = t.past
		t.hand.Set(x.opened)
	}
	opened, err := cases.Open(ctx, t.who, o)
	if err != nil {
		return err
	}
	l.Case, l.Number = opened.Case.ID, opened.Case.Number
	if t.past != nil {
		if err := t.end(ctx, x, l.Case, ended); err != nil {
			return err
		}
	}
	return t.settle(ctx, x, l.Case, x.withdrawn)
}

// ending is what the action takes by which a line of a history ended. It is looked at before
// the case is opened: none shall stay open for want of an end.
func (t *taker) ending(x *item, class *casework.Class) (map[string]any, error) {
	d := class.Life.Action(x.act)
	if d == nil {
		return nil, fault.New(fault.Invalid, "case.unknown_action")
	}
	values, e := map[string]any{}, &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing"}
	for _, name := range slices.Concat(d.Asks, d.Also) {
		v := t.value(class, name, x.with[name])
		f := class.Field(name)
		switch {
		case form.Empty(v):
			if slices.Contains(d.Asks, name) {
				e.At = append(e.At, fault.Place{Path: name, Code: "form.required"})
			}
			continue
		case f != nil:
			_, wrong := f.Validate(v)
			e.At = append(e.At, wrong...)
		}
		values[name] = v
	}
	if len(e.At) > 0 {
		return nil, e
	}
	return values, nil
}

// end lets a case of a history end as it did.
func (t *taker) end(ctx context.Context, x *item, id string, values map[string]any) error {
	t.hand.Set(x.closed)
	v, err := t.past.View(ctx, t.who, id)
	if err != nil || !v.Open() {
		return err
	}
	_, err = t.past.Act(ctx, t.who, casework.Act{Case: id, Action: x.act, Values: values, Key: t.key(x, "/end"), Cause: cause(t.m)})
	return err
}

// cause is what the moves of a feed say they came from.
func cause(m *Mapping) string { return "feed " + m.Name }

// settle writes down what an item has said.
func (t *taker) settle(ctx context.Context, x *item, id string, withdrawn bool) error {
	digest, _ := json.Marshal(x.digests(t.s.Key, t.j.ID, t.m.Name)) // texts always marshal
	return t.s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, settleItem, t.j.ID, t.m.Name, x.number, id, string(digest), withdrawn, t.s.Now())
	})
}

// opening is the case that an item asks for.
func (t *taker) opening(ctx context.Context, x *item, l *Line) (o casework.Opening, class *casework.Class, err error) {
	if class, err = t.s.Cases.Book.InForce(ctx, t.j.ID, x.class); err != nil {
		return o, nil, err
	}
	o = casework.Opening{Class: x.class, Channel: x.channel, Nature: t.j.Nature, Key: t.key(x), OneKey: true, Cause: cause(t.m), Anonymous: true,
		Reporter: t.s.Nobody(t.j.ID, t.key(x)), Text: cut(x.text, l), HappenedAt: x.opened, Fields: map[string]any{}}
	if o.AreaID, err = t.place(x, l); err != nil {
		return o, nil, err
	}
	e := &fault.Error{Kind: fault.Invalid, Code: "case.bad_value"}
	for _, name := range slices.Sorted(maps.Keys(x.fields)) {
		v := t.value(class, name, x.fields[name])
		if form.Empty(v) {
			continue
		}
		f := class.Field(name)
		if f == nil {
			e.At = append(e.At, fault.Place{Path: name, Code: "form.unknown_field"})
			continue
		}
		if _, wrong := f.Validate(v); len(wrong) > 0 {
			e.At = append(e.At, wrong...)
			continue
		}
		o.Fields[name] = v
	}
	if len(e.At) > 0 {
		return o, nil, e
	}
	return o, class, nil
}

// cut shortens a text to what a case holds, and says so.
func cut(text string, l *Line) string {
	if utf8.RuneCountInString(text) <= mostText {
		return text
	}
	l.Notes = append(l.Notes, fault.Place{Path: casework.FieldText, Code: "feed.text_cut", Args: map[string]any{"most": mostText}})
	return string([]rune(text)[:mostText])
}

// value is a cell as a field of its type is given.
func (t *taker) value(class *casework.Class, name, cell string) any {
	f := class.Field(name)
	if f == nil || cell == "" {
		return cell
	}
	at, ok := t.m.moment(cell)
	switch {
	case f.Type == "datetime" && ok:
		return at.Format(time.RFC3339)
	case f.Type == "date" && ok:
		return at.In(clock.CST).Format(time.DateOnly)
	case f.Type == "number":
		return json.Number(cell)
	}
	return cell
}

// place finds where an item lies. A name that is no area's, or several areas', is the
// jurisdiction itself where the mapping says so, with a note of what may be meant.
func (t *taker) place(x *item, l *Line) (string, error) {
	if x.area == "" && t.m.Area.Home {
		return t.home, nil
	}
	tree := t.s.Cases.World.Tree()
	found := tree.Match(x.area, t.j.ID, 3)
	found = slices.DeleteFunc(found, func(m territory.Match) bool { return m.Area.Jurisdiction != t.j.ID })
	if len(found) > 0 && found[0].How == territory.ByName && (len(found) == 1 || found[1].How != territory.ByName) {
		return found[0].Area.ID, nil
	}
	unknown := tree.UnknownArea(x.area, t.j.ID)
	if !t.m.Area.Home {
		return "", unknown
	}
	l.Notes = append(l.Notes, fault.Place{Path: "area", Code: unknown.Code, Args: unknown.Args})
	return t.home, nil
}

// again looks what an item says anew. Fields that the mapping's action may change are changed by
// it; of all else the case gets a note, for people to judge; what was taken back there is
// taken back here, where the life still allows it.
func (t *taker) again(ctx context.Context, x *item, old kept, l *Line) error {
	changed := x.changed(t.s.Key, t.j.ID, t.m.Name, old.digest)
	takenBack := x.withdrawn && !old.withdrawn
	if len(changed) == 0 && !takenBack {
		return t.seen(ctx, x, old)
	}
	v, err := t.s.Cases.View(ctx, t.who, old.caseID)
	if err != nil {
		return err
	}
	l.Number, l.State = v.Number, Updated
	if takenBack {
		l.State = TakenBack
	}
	if t.kind == Check {
		return nil
	}
	if len(changed) > 0 {
		if err := t.change(ctx, x, v, changed, l); err != nil {
			return err
		}
	}
	if takenBack {
		if err := t.takeBack(ctx, x, v, l); err != nil {
			return err
		}
	}
	return t.settle(ctx, x, old.caseID, x.withdrawn)
}

// seen writes down that an item came again and said nothing new.
func (t *taker) seen(ctx context.Context, x *item, old kept) error {
	if t.kind == Check {
		return nil
	}
	return t.s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, seenItem, t.j.ID, t.m.Name, x.number, t.s.Now())
	})
}

// changed are the parts that say something else than before.
func (x *item) changed(key []byte, jurisdiction, source, before string) []string {
	old := map[string]string{}
	_ = json.Unmarshal([]byte(before), &old) // '' of an item whose opening was cut short: all is new
	var out []string
	for part, d := range x.digests(key, jurisdiction, source) {
		if old[part] != d {
			out = append(out, part)
		}
	}
	slices.Sort(out)
	return out
}

// change gives an open case what the item says now.
func (t *taker) change(ctx context.Context, x *item, v *casework.View, changed []string, l *Line) error {
	act := casework.Act{Case: v.ID, Action: t.m.Changed, Values: map[string]any{}, Key: t.key(x, "/", t.stamp(x)), Cause: cause(t.m)}
	var rest []string
	d := v.Life.Action(t.m.Changed)
	for _, part := range changed {
		name, isField := strings.CutPrefix(part, "field.")
		if isField && d != nil && (slices.Contains(d.Asks, name) || slices.Contains(d.Also, name)) {
			act.Values[name] = t.value(v.Class, name, x.fields[name])
			continue
		}
		rest = append(rest, part)
	}
	if len(act.Values) > 0 {
		_, err := t.s.Cases.Act(ctx, t.who, act)
		if f := refusal(err); f != nil {
			l.Notes = append(l.Notes, *f)
			rest = changed
		} else if err != nil {
			return err
		}
	}
	if len(rest) == 0 {
		return nil
	}
	l.Notes = append(l.Notes, fault.Place{Code: "feed.noted"})
	return t.remark(ctx, x, v.ID, "/note", "feed.says_anew", map[string]any{"title": t.m.Title["zh"], "text": t.saying(x, rest)})
}

// saying is what changed, in the item's own words; nothing that belongs to somebody.
func (t *taker) saying(x *item, parts []string) string {
	var out []string
	for _, p := range parts {
		switch {
		case p == "text":
			out = append(out, cut(x.text, &Line{}))
		case p == "class":
			out = append(out, x.class)
		case p == "area":
			out = append(out, x.area)
		}
	}
	return strings.Join(out, "\n")
}

// stamp tells one state of an item from another.
func (t *taker) stamp(x *item) string {
	all, _ := json.Marshal(x.digests(t.s.Key, t.j.ID, t.m.Name)) // texts always marshal
	return hex.EncodeToString(mac(t.s.Key, "stamp", string(all))[:8])
}

// takeBack withdraws a case whose item was taken back; where the life does not allow it any
// more, those who have it read so.
func (t *taker) takeBack(ctx context.Context, x *item, v *casework.View, l *Line) error {
	reason := web.Say("zh", "feed.taken_back", map[string]any{"title": t.m.Title["zh"]})
	_, err := t.s.Cases.Act(ctx, t.who, casework.Act{Case: v.ID, Action: t.m.Withdrawn.Act, Reason: reason, Key: t.key(x, "/withdrawn"), Cause: cause(t.m)})
	f := refusal(err)
	if f == nil {
		return err
	}
	l.Notes = append(l.Notes, *f)
	return t.remark(ctx, x, v.ID, "/withdrawn/note", "feed.taken_back", map[string]any{"title": t.m.Title["zh"]})
}

// remark puts a note on a case.
func (t *taker) remark(ctx context.Context, x *item, id, key, code string, args map[string]any) error {
	_, err := t.s.Cases.Act(ctx, t.who, casework.Act{Case: id, Action: "comment", Note: web.Say("zh", code, args), Key: t.key(x, key, t.stamp(x)), Cause: cause(t.m)})
	return err
}
