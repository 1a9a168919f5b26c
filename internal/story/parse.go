package story

import (
	"slices"
	"strconv"
	"time"

	"gezhi/internal/pack/shape"
	"gezhi/internal/worktime"
)

// Parse reads one story file. With any problem the story is nil; each problem has the file
// and a line.
func Parse(file string, data []byte) (*Story, []shape.Problem) {
	n, problems := shape.Read(data)
	p := &parser{file: file, data: data}
	if len(problems) > 0 {
		p.take(problems)
		return nil, p.problems
	}
	p.take(storyShape.Check(n))
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	s := &Story{File: file, Line: n.Line, Name: n.Get("story").Scalar(), Seed: 1}
	if v := n.Get("seed"); v != nil {
		s.Seed = int64(intOf(v))
	}
	s.Given = p.given(n.Get("given"))
	for _, e := range n.Get("when").Items {
		s.When = append(s.When, p.event(e))
	}
	s.Then = p.expect(n.Get("then"))
	p.times(s)
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return s, nil
}

// ParseGiven reads a file that stories use: a given, under that key or alone.
func ParseGiven(file string, data []byte) (Given, []shape.Problem) {
	n, problems := shape.Read(data)
	p := &parser{file: file, data: data}
	if len(problems) > 0 {
		p.take(problems)
		return Given{}, p.problems
	}
	if g := n.Get("given"); g != nil {
		n = g
	}
	p.take(givenShape.Check(n))
	if len(p.problems) > 0 {
		return Given{}, p.problems
	}
	return p.given(n), nil
}

type parser struct {
	file     string
	data     []byte
	problems []shape.Problem
}

func (p *parser) take(problems []shape.Problem) {
	for _, q := range problems {
		q.File = p.file
		q.Quote(p.data)
		p.problems = append(p.problems, q)
	}
}

func (p *parser) add(n *shape.Node, code string, args ...any) {
	q := shape.Problem{Code: code, Line: n.Line, Col: n.Col}
	for i := 0; i+1 < len(args); i += 2 {
		if q.Args == nil {
			q.Args = map[string]any{}
		}
		q.Args[args[i].(string)] = args[i+1]
	}
	p.take([]shape.Problem{q})
}

func intOf(n *shape.Node) int {
	i, _ := strconv.Atoi(n.Scalar())
	return i
}

func timeOf(n *shape.Node) time.Time {
	t, _ := parseTime(n.Scalar())
	return t
}

// plain turns a tree into texts, lists and maps.
func plain(n *shape.Node) any {
	switch n.Kind {
	case shape.List:
		out := []any{}
		for _, i := range n.Items {
			out = append(out, plain(i))
		}
		return out
	case shape.Map:
		return plainMap(n)
	}
	return n.Text
}

func plainMap(n *shape.Node) map[string]any {
	if n == nil {
		return nil
	}
	out := map[string]any{}
	for _, e := range n.Entries {
		out[e.Key.Text] = plain(e.Value)
	}
	return out
}

func plainAny(n *shape.Node) any {
	if n == nil {
		return nil
	}
	return plain(n)
}

func (p *parser) event(n *shape.Node) Event {
	e := Event{Line: n.Line, At: timeOf(n.Get("at")), By: n.Get("by").Scalar(), As: n.Get("as").Scalar(), Case: n.Get("case").Scalar(),
		Cases: n.Get("cases").Texts(), With: plainMap(n.Get("with")), Refused: n.Get("refused").Scalar(), Note: n.Get("note").Scalar(),
		Channel: n.Get("channel").Scalar(), Text: n.Get("text").Scalar(), Point: plainAny(n.Get("point")), Area: n.Get("area").Scalar(),
		For: n.Get("for").Scalar(), About: n.Get("about").Scalar(), Key: n.Get("key").Scalar(), Values: plainMap(n.Get("values")), ID: n.Get("id").Scalar(),
		Against: n.Get("against").Texts(), Avoid: n.Get("avoid").Scalar() == "true", Winners: intOf(n.Get("winners"))}
	e.Why, e.Each = n.Get("why").Scalars(), map[string]string{}
	if w := n.Get("with").Get("why"); w != nil && w.Kind == shape.Map {
		e.Why = w.Scalars()
		delete(e.With, "why")
	}
	if each := n.Get("each"); each != nil {
		for _, x := range each.Entries {
			e.Each[x.Key.Text] = x.Value.Get("refused").Scalar()
		}
	}
	if o := n.Get("offline"); o != nil {
		e.Offline = &Offline{timeOf(o.Get("made")), timeOf(o.Get("sent"))}
		if e.Offline.Sent.Before(e.Offline.Made) {
			p.add(o, "story.sent_before_made")
		}
	}
	for _, v := range verbKeys {
		if n.Get(string(v)) == nil {
			continue
		}
		if e.Verb != VerbPass {
			p.add(n, "story.two_verbs", "first", string(e.Verb), "second", string(v))
		}
		e.Verb = v
	}
	p.verb(&e, n)
	return e
}

// verb reads what belongs to the verb of an event and says what is missing.
func (p *parser) verb(e *Event, n *shape.Node) {
	v := n.Get(string(e.Verb))
	switch e.Verb {
	case VerbPass:
		if n.Get("at") == nil || len(n.Entries) > 1 {
			p.add(n, "story.no_verb")
		}
	case VerbOpen, VerbDo, VerbTake, VerbObject:
		e.Name = v.Text
		if e.By == "" {
			p.add(n, "story.nobody", "verb", string(e.Verb))
		}
	case VerbSignal, VerbWrite, VerbLoad:
		e.Name = v.Text
	case VerbAnswer:
		e.With = plainMap(v)
		if e.By == "" {
			p.add(n, "story.nobody", "verb", string(e.Verb))
		}
	case VerbExpect:
		e.Expect = p.expect(v)
		if e.Expect.Keys == 0 {
			p.add(n, "story.expects_nothing")
		}
	case VerbTogether:
		for _, i := range v.Items {
			e.Many = append(e.Many, p.event(i))
		}
		if len(e.Many) < 2 {
			p.add(v, "story.not_together")
		}
	case VerbHolidays:
		e.Days = v.Texts()
	case VerbOutage:
		e.Outage, _ = worktime.ParseSpan(v.Text)
	case VerbRepeat:
		p.repeat(e, v)
	case VerbPost:
		e.Change = &PostChange{Who: v.Get("who").Scalar(), Ends: v.Get("ends").Scalar()}
		if g := v.Get("gives"); g != nil {
			post := postOf(g)
			e.Change.Gives = &post
		}
	case VerbReform:
		e.Reform = &Reform{Ends: v.Get("ends").Texts()}
		for _, b := range v.Get("begins").Each() {
			e.Reform.Begins = append(e.Reform.Begins, Successor{Area{ID: b.Get("id").Scalar(), In: b.Get("in").Scalar(), Polygon: plainAny(b.Get("polygon")), Line: b.Line},
				b.Get("from").Texts(), b.Get("children").Texts()})
		}
	}
	if len(e.Cases) > 0 && (e.Verb != VerbDo || e.Case != "") {
		p.add(n, "story.cases_without_do")
	}
}

// maxRepeats bounds a repeat.
const maxRepeats = 400

func (p *parser) repeat(e *Event, v *shape.Node) {
	inner := &shape.Node{Kind: shape.Map, Line: v.Line, Col: v.Col}
	for _, x := range v.Entries {
		if x.Key.Text != "every" && x.Key.Text != "until" {
			inner.Entries = append(inner.Entries, x)
		}
	}
	e.Repeat = &Repeat{Every: v.Get("every").Scalar(), Until: timeOf(v.Get("until")), Do: p.event(inner)}
	days := map[string]int{"day": 1, "week": 7, "month": 28}[e.Repeat.Every]
	if !e.At.IsZero() && e.Repeat.Until.Sub(e.At) > time.Duration(maxRepeats*days)*24*time.Hour {
		p.add(v, "story.repeats_too_often", "most", maxRepeats)
	}
}

// times refuses a story whose clock would run backwards or never start.
func (p *parser) times(s *Story) {
	var last time.Time
	for i, e := range s.When {
		if i == 0 && e.At.IsZero() {
			p.add(&shape.Node{Line: e.Line}, "story.no_start")
		}
		if !e.At.IsZero() {
			if e.At.Before(last) {
				p.add(&shape.Node{Line: e.Line}, "story.backwards")
			}
			last = e.At
		}
	}
}

func (p *parser) expect(n *shape.Node) Expect {
	x := Expect{}
	if n == nil {
		return x
	}
	x.Line, x.Keys = n.Line, len(n.Entries)
	if n.Kind != shape.Map {
		p.add(n, "pack.wrong_kind", "want", "map")
		return x
	}
	world, only := &shape.Node{Kind: shape.Map, Line: n.Line}, &shape.Node{Kind: shape.Map, Line: n.Line}
	for _, e := range n.Entries {
		switch name := e.Key.Text; {
		case has(worldShape, name):
			world.Entries = append(world.Entries, e)
		case has(caseShape, name):
			only.Entries = append(only.Entries, e)
		case e.Value.Kind == shape.Map:
			x.Cases = append(x.Cases, p.caseExpect(name, e.Value))
		default:
			q := shape.Problem{Code: "pack.unknown_key", Line: e.Key.Line, Col: e.Key.Col, Args: map[string]any{"key": name, "known": keysOf(caseShape, worldShape)}}
			q.Suggestion = shape.Suggest(name, keysOf(caseShape, worldShape))
			p.take([]shape.Problem{q})
		}
	}
	p.take(worldShape.Check(world))
	if len(only.Entries) > 0 {
		x.Cases = append(x.Cases, p.caseExpect("", only))
	}
	x.Told, x.Inbox = namesOf(world.Get("told")), namesOf(world.Get("inbox"))
	x.Count = numbersOf(world.Get("count"))
	x.Facts = factsOf(world.Get("record"))
	x.Ledger = balancesOf(world.Get("ledger"))
	return x
}

func has(s *shape.Shape, key string) bool {
	return slices.ContainsFunc(s.Keys, func(k shape.Key) bool { return k.Name == key })
}

func keysOf(shapes ...*shape.Shape) []string {
	var out []string
	for _, s := range shapes {
		for _, k := range s.Keys {
			out = append(out, k.Name)
		}
	}
	return out
}

func (p *parser) caseExpect(name string, n *shape.Node) CaseExpect {
	before := len(p.problems)
	p.take(caseShape.Check(n))
	c := CaseExpect{Line: n.Line, Case: name}
	if len(p.problems) > before {
		return c
	}
	get := func(key string) string { return n.Get(key).Scalar() }
	c.Step, c.Outcome, c.Phase, c.Class, c.Severity = get("step"), get("outcome"), get("phase"), get("class"), get("severity")
	c.Area, c.Nature, c.Open, c.Sampled, c.Follows, c.Merged, c.Moves, c.Assignee = get("area"), get("nature"), get("open"), get("sampled"), get("follows"), get("merged"), get("moves"), get("assignee")
	c.Likely = namesOf(n.Get("likely"))
	c.Late, c.History = listOf(n.Get("late")), listOf(n.Get("history"))
	c.Why, c.Seats, c.Can, c.Cannot = namesOf(n.Get("why")), namesOf(n.Get("seats")), namesOf(n.Get("can")), namesOf(n.Get("cannot"))
	c.Unmet, c.Sees, c.Told, c.Fields = namesOf(n.Get("unmet")), namesOf(n.Get("sees")), namesOf(n.Get("told")), factsOf(n.Get("fields"))
	if v := n.Get("clocks"); v != nil {
		for _, e := range v.Entries {
			c.Clocks = append(c.Clocks, ClockExpect{e.Key.Line, e.Key.Text, timeOf(e.Value.Get("due")), len(e.Value.Get("due").Scalar()) == len(time.DateOnly), e.Value.Get("spent").Scalar(),
				e.Value.Get("state").Scalar(), e.Value.Get("provisional").Scalar(), e.Value.Get("extended").Scalar()})
		}
	}
	c.Gaps = namesOf(n.Get("gaps"))
	if v := n.Get("public"); v != nil {
		for _, e := range v.Entries {
			c.Public = append(c.Public, PublicExpect{e.Key.Line, e.Key.Text, e.Value.Get("open").Scalar(), factsOf(e.Value.Get("shows")), e.Value.Get("lacks").Texts()})
		}
	}
	if v := n.Get("parts"); v != nil {
		for _, e := range v.Entries {
			c.Parts = append(c.Parts, partExpect(e))
		}
	}
	return c
}

// partExpect tells states of items from counts of states: a count is a number under the
// name of a state.
func partExpect(e shape.Entry) PartExpect {
	x := PartExpect{Line: e.Key.Line, Name: e.Key.Text}
	for _, i := range e.Value.Entries {
		if n, err := strconv.Atoi(i.Value.Text); err == nil {
			x.Counts = append(x.Counts, Number{i.Key.Line, i.Key.Text, n})
			continue
		}
		x.Items = append(x.Items, Fact{i.Key.Line, i.Key.Text, i.Value.Text})
	}
	return x
}

func listOf(n *shape.Node) *Names {
	if n == nil {
		return nil
	}
	return &Names{Line: n.Line, List: n.Texts()}
}

func namesOf(n *shape.Node) []Names {
	if n == nil {
		return nil
	}
	var out []Names
	for _, e := range n.Entries {
		out = append(out, Names{e.Key.Line, e.Key.Text, e.Value.Texts()})
	}
	return out
}

func numbersOf(n *shape.Node) []Number {
	if n == nil {
		return nil
	}
	var out []Number
	for _, e := range n.Entries {
		out = append(out, Number{e.Key.Line, e.Key.Text, intOf(e.Value)})
	}
	return out
}

func factsOf(n *shape.Node) []Fact {
	if n == nil {
		return nil
	}
	var out []Fact
	for _, e := range n.Entries {
		out = append(out, Fact{e.Key.Line, e.Key.Text, plain(e.Value)})
	}
	return out
}
