package story

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/worktime"
)

// expectCase compares one case.
func (w *world) expectCase(ctx context.Context, id string, x CaseExpect) error {
	v, err := w.cases.View(ctx, system, id)
	if err != nil {
		return at(err, x.Line)
	}
	for _, check := range []func(context.Context, *casework.View, CaseExpect) error{
		w.expectRow, w.expectClocks, w.expectParts, w.expectSeats, w.expectRights, w.expectFields, w.expectHistory, w.expectLikely, w.expectPublic, w.expectGaps} {
		if err := check(ctx, v, x); err != nil {
			return at(err, x.Line)
		}
	}
	for _, t := range x.Told {
		if err := w.wasTold(t, id); err != nil {
			return err
		}
	}
	return nil
}

// none is how a story says that something is empty.
const none = "none"

// expectRow compares where the case stands.
func (w *world) expectRow(ctx context.Context, v *casework.View, x CaseExpect) error {
	name := w.caseName(ctx, v.ID) + " "
	follow, merged := "", ""
	for _, l := range v.Links {
		if l.Kind == casework.Follows && l.From == v.ID && x.Follows != "" {
			follow = w.caseName(ctx, l.To)
		}
	}
	if v.MergedInto != "" {
		merged = w.caseName(ctx, v.MergedInto)
	}
	for _, c := range []struct{ what, want, got string }{
		{"step", x.Step, v.Step}, {"outcome", x.Outcome, v.Outcome}, {"phase", x.Phase, string(v.Phase)}, {"class", x.Class, v.Case.Class},
		{"severity", x.Severity, v.Severity}, {"area", x.Area, w.call(v.AreaID)}, {"nature", x.Nature, v.Nature},
		{"open", x.Open, strconv.FormatBool(v.Open())}, {"follows", x.Follows, follow}, {"merged", x.Merged, merged},
		{"assignee", x.Assignee, w.call(v.AssigneeID)}, {"moves", x.Moves, strconv.Itoa(len(v.Moves))},
	} {
		if c.want == "" {
			continue
		}
		if c.want == none {
			c.want = ""
		}
		if err := same(x.Line, name+c.what, c.want, c.got); err != nil {
			return err
		}
	}
	if x.Sampled != "" {
		drawn, err := w.cases.Sampled(ctx, v.ID)
		if err != nil {
			return err
		}
		return same(x.Line, name+"sampled", x.Sampled, strconv.FormatBool(drawn))
	}
	return nil
}

// layout is how moments are shown.
const layout = "2006-01-02T15:04"

func shownTime(t time.Time) string { return t.In(clock.CST).Format(layout) }

// expectClocks compares the clocks: their due times, states, explanations, and which are late.
func (w *world) expectClocks(ctx context.Context, v *casework.View, x CaseExpect) error {
	name := w.caseName(ctx, v.ID)
	if x.Late != nil {
		var late []string
		for _, c := range v.Clocks {
			if c.Late(w.hand.Now()) {
				late = append(late, c.Name)
			}
		}
		if err := sameSet(x.Late.Line, name+" late", x.Late.List, late); err != nil {
			return err
		}
	}
	for _, want := range x.Clocks {
		if err := w.expectClock(name, clockOf(v, want.Name), want); err != nil {
			return err
		}
	}
	for _, want := range x.Why {
		c := clockOf(v, want.Name)
		if c == nil {
			return same(want.Line, name+" clock "+want.Name, "why", "")
		}
		lines := whyOf(c)
		for _, l := range want.List {
			if !slices.ContainsFunc(lines, func(s string) bool { return strings.Contains(s, l) }) {
				return same(want.Line, name+" why "+want.Name, l, strings.Join(lines, "; "))
			}
		}
	}
	return nil
}

func clockOf(v *casework.View, name string) *casework.Clock {
	for _, c := range v.Clocks {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// waiting is the state of a clock that has not begun.
const waiting = "waiting"

func (w *world) expectClock(name string, c *casework.Clock, want ClockExpect) error {
	what := name + " clock " + want.Name + " "
	if c == nil {
		if want.State == waiting && want.Due.IsZero() {
			return nil
		}
		if want.State == "" && !want.Due.IsZero() {
			return same(want.Line, what+"due", shownTime(want.Due), waiting)
		}
		return same(want.Line, what+"state", shown(want.State), waiting)
	}
	if !want.Due.IsZero() {
		wants, got := shownTime(want.Due), shownTime(c.Due)
		if want.Day {
			wants, got = wants[:10], got[:10]
		}
		if err := same(want.Line, what+"due", wants, got); err != nil {
			return err
		}
	}
	if want.Spent != "" {
		span, err := worktime.ParseSpan(want.Spent)
		if err != nil {
			return err
		}
		if err := same(want.Line, what+"spent", span.String(), w.spent(c, span.Unit).String()); err != nil {
			return err
		}
	}
	for _, f := range []struct{ what, want, got string }{
		{"state", want.State, c.State}, {"provisional", want.Provisional, strconv.FormatBool(c.Provisional)},
		{"extended", want.Extended, strconv.Itoa(len(c.Extended))},
	} {
		if f.want == "" {
			continue
		}
		if err := same(want.Line, what+f.what, f.want, f.got); err != nil {
			return err
		}
	}
	return nil
}

// spent is how much of a clock has run, in a unit.
func (w *world) spent(c *casework.Clock, unit worktime.Unit) worktime.Span {
	cal := *w.calendar.Load()
	if c.Hours == "always" {
		cal = worktime.Always()
	}
	end := w.hand.Now()
	if c.State == casework.Stopped {
		end = c.Until
	}
	var pauses []worktime.Pause
	for _, p := range c.Pauses {
		until := p.Until
		if until.IsZero() {
			until = end
		}
		pauses = append(pauses, worktime.Pause{From: p.From, To: until})
	}
	s := worktime.Spent(c.From, end, unit, cal, pauses...)
	switch {
	case unit == worktime.InHours && s.Unit == worktime.InMinutes, unit == worktime.InWorkingHours && s.Unit == worktime.InWorkingMinutes:
		if s.N%60 == 0 {
			s = worktime.Span{N: s.N / 60, Unit: unit}
		}
	}
	return s
}

// whyOf are the lines of a clock's explanation: a code and what belongs to it.
func whyOf(c *casework.Clock) []string {
	var steps []worktime.Step
	if json.Unmarshal(c.Why, &steps) != nil {
		return nil
	}
	out := make([]string, len(steps))
	for i, s := range steps {
		args := s.Args()
		line := []string{string(s.Code)}
		for _, k := range []string{"from", "to", "days", "ms", "span", "at", "reason"} {
			if x, ok := args[k]; ok {
				line = append(line, asText(x))
			}
		}
		out[i] = strings.Join(line, " ")
	}
	return out
}

func asText(v any) string {
	if n, ok := v.(int); ok {
		return strconv.Itoa(n)
	}
	if n, ok := v.(int64); ok {
		return strconv.FormatInt(n, 10)
	}
	s, _ := v.(string)
	return s
}

// The words for parts besides their steps and outcomes.
const (
	partOpen     = "open"
	partDone     = "done"
	partLate     = "late"
	partExpected = "expected"
	partPlaces   = "places_left"
)

// statesOf are the words that are true of a part.
func (w *world) statesOf(p *casework.Case) []string {
	out := []string{p.Step}
	switch {
	case !p.Open():
		out = append(out, p.Outcome)
		if p.Outcome != "waived" && p.Outcome != "void" {
			out = append(out, partDone)
		}
	case w.hand.Now().After(p.DueAt):
		out = append(slices.DeleteFunc(out, func(s string) bool { return s == partOpen }), partLate)
	default:
		out = append(out, partOpen)
	}
	return out
}

// expectParts compares part sets, their latest round.
func (w *world) expectParts(ctx context.Context, v *casework.View, x CaseExpect) error {
	name := w.caseName(ctx, v.ID)
	for _, want := range x.Parts {
		var set *casework.PartSet
		for _, s := range v.Sets {
			if s.Name == want.Name {
				set = s // rounds are in order
			}
		}
		var parts []*casework.Case
		for _, p := range v.Parts {
			if set != nil && p.Part == want.Name && p.PartRound == set.Round {
				parts = append(parts, p)
			}
		}
		for _, i := range want.Items {
			if err := w.expectItem(name+"/"+want.Name+"/"+i.Name, parts, i); err != nil {
				return err
			}
		}
		for _, n := range want.Counts {
			got := w.countParts(set, parts, n.Name)
			if n.Name == partPlaces {
				left, err := w.cases.PlacesLeft(ctx, v.ID, want.Name)
				if err != nil {
					return err
				}
				got = int(left)
			}
			if err := same(n.Line, name+" parts "+want.Name+" "+n.Name, strconv.Itoa(n.N), strconv.Itoa(got)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) expectItem(what string, parts []*casework.Case, want Fact) error {
	text, _ := want.Value.(string)
	for _, p := range parts {
		if !w.isItem(p, want.Name) {
			continue
		}
		states := w.statesOf(p)
		if slices.Contains(states, text) {
			return nil
		}
		return same(want.Line, what, text, states[len(states)-1])
	}
	return same(want.Line, what, text, "")
}

func (w *world) countParts(set *casework.PartSet, parts []*casework.Case, state string) int {
	if state == partExpected {
		if set == nil {
			return 0
		}
		return int(set.Expected)
	}
	n := 0
	for _, p := range parts {
		if state == partOpen && p.Open() || state != partOpen && slices.Contains(w.statesOf(p), state) {
			n++
		}
	}
	return n
}

// expectSeats compares who sits where.
func (w *world) expectSeats(ctx context.Context, v *casework.View, x CaseExpect) error {
	for _, want := range x.Seats {
		var got []string
		for _, p := range v.Seats {
			if p.Seat == want.Name && p.State == casework.Held {
				got = append(got, w.callSubject(p))
			}
		}
		if err := sameSet(want.Line, w.caseName(ctx, v.ID)+" seat "+want.Name, want.List, got); err != nil {
			return err
		}
	}
	return nil
}

// callSubject is what the story calls the holder of a seat; a post is called by its holder.
func (w *world) callSubject(p *casework.Participant) string {
	if post, ok := w.places.People().Post(p.Subject); ok {
		return w.call(post.PersonID)
	}
	return w.call(p.Subject)
}

// expectRights compares what people may do and see, and what stands in the way of actions.
func (w *world) expectRights(ctx context.Context, v *casework.View, x CaseExpect) error {
	name := w.caseName(ctx, v.ID)
	for _, want := range x.Can {
		got, err := w.can(ctx, v.ID, want)
		if err != nil {
			return err
		}
		if err := sameSet(want.Line, name+" can "+want.Name, want.List, got); err != nil {
			return err
		}
	}
	for _, want := range x.Cannot {
		got, err := w.can(ctx, v.ID, want)
		if err != nil {
			return err
		}
		for _, action := range want.List {
			if slices.Contains(got, action) {
				return differ(want.Line, "story.can", "who", want.Name, "action", action)
			}
		}
	}
	for _, want := range x.Unmet {
		var got []string
		for _, o := range v.Can {
			if o.Action == want.Name {
				for _, p := range o.Unmet {
					got = append(got, p.Path)
				}
			}
		}
		if err := sameSet(want.Line, name+" unmet "+want.Name, want.List, got); err != nil {
			return err
		}
	}
	for _, want := range x.Sees {
		if err := w.sees(ctx, v.ID, name, want); err != nil {
			return err
		}
	}
	return nil
}

// can are the actions open to somebody.
func (w *world) can(ctx context.Context, id string, who Names) ([]string, error) {
	actors, err := w.everyone(ctx, who.Name, who.Line)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range actors {
		v, err := w.cases.View(ctx, a, id)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, o := range v.Can {
			out = append(out, o.Action)
		}
	}
	return out, nil
}

// The words for what somebody sees of a case.
const (
	seesAll     = "all"
	seesNothing = "nothing"
)

// sees compares what somebody sees of a case: all, nothing, or the fields named.
func (w *world) sees(ctx context.Context, id, name string, want Names) error {
	actors, err := w.everyone(ctx, want.Name, want.Line)
	if err != nil {
		return err
	}
	whole, err := w.cases.View(ctx, system, id)
	if err != nil {
		return err
	}
	got := seesNothing
	var fields []string
	for _, a := range actors {
		v, err := w.cases.View(ctx, a, id)
		if whole.ParentID == "" { // a list shows exactly what may be read
			in, bad := w.inList(ctx, a, id)
			if bad != nil {
				return bad
			}
			if in != (err == nil) {
				return same(want.Line, name+" listed for "+want.Name, strconv.FormatBool(err == nil), strconv.FormatBool(in))
			}
		}
		if err != nil {
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			return err
		}
		got = "part"
		if len(v.Masked) == 0 {
			got = seesAll
		}
		for k := range v.Fields {
			fields = append(fields, k)
		}
		for k := range v.Personal {
			fields = append(fields, k)
		}
	}
	what := name + " sees " + want.Name
	if len(want.List) == 1 && (want.List[0] == seesAll || want.List[0] == seesNothing) {
		return same(want.Line, what, want.List[0], got)
	}
	return sameSet(want.Line, what, want.List, fields)
}

// inList tells whether somebody finds a case by going through the lists of open and closed ones.
func (w *world) inList(ctx context.Context, who *casework.Actor, id string) (bool, error) {
	for _, queue := range []string{casework.QueueAll, casework.QueueClosed} {
		for q := (casework.Query{Queue: queue, Limit: 200}); ; {
			rows, next, err := w.cases.List(ctx, who, q)
			if err != nil || slices.ContainsFunc(rows, func(r casework.Row) bool { return r.ID == id }) {
				return err == nil, err
			}
			if next == nil {
				break
			}
			q.After = *next
		}
	}
	return false, nil
}

// expectFields compares values as a story writes them.
func (w *world) expectFields(ctx context.Context, v *casework.View, x CaseExpect) error {
	for _, want := range x.Fields {
		got := v.Fields[want.Name]
		if f := v.Class.Field(want.Name); f != nil && f.IsList() {
			if _, ok := want.Value.([]any); !ok && want.Value != "" {
				want.Value = []any{want.Value}
			}
		}
		if err := same(want.Line, w.caseName(ctx, v.ID)+" field "+want.Name, w.textOfValue(want.Value), w.textOfValue(got)); err != nil {
			return err
		}
	}
	return nil
}

// expectHistory compares the acts that were done, in order: not the engine's own bookkeeping.
func (w *world) expectHistory(ctx context.Context, v *casework.View, x CaseExpect) error {
	if x.History == nil {
		return nil
	}
	var got []string
	for _, m := range v.Moves {
		if m.Done && !m.Bookkeeping() {
			got = append(got, m.Action)
		}
	}
	return sameList(x.History.Line, w.caseName(ctx, v.ID)+" history", x.History.List, got)
}
