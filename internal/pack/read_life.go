package pack

import (
	"slices"
	"strconv"
	"strings"

	"gezhi/internal/formula"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

func (p *Pack) readLives(n *shape.Node) {
	p.Lives = entries(n.Get("lives"), p.readLife)
	p.Signals = entries(n.Get("signals"), func(name string, n *shape.Node) Signal {
		return Signal{name, readWords(n.Get("title")), readText(n.Get("from")), n.Get("give").Texts()}
	})
	p.Coverage = entries(n.Get("coverage"), readCoverage)
}

func (p *Pack) readLife(name string, n *shape.Node) Life {
	l := Life{Title: readWords(n.Get("title")), Fields: p.readFields(n.Get("fields")), Train: readText(n.Get("train"))}
	l.Name = name
	l.About = each(n.Get("about").Each(), func(n *shape.Node) workflow.AboutKind {
		kind, of, _ := strings.Cut(n.Text, " ")
		return workflow.AboutKind{Kind: kind, Of: of}
	})
	l.Steps = entries(n.Get("steps"), func(name string, n *shape.Node) workflow.Step {
		return workflow.Step{Name: name, Phase: workflow.Phase(readText(n.Get("phase")))}
	})
	r := lifeReader{life: &l, seats: n.Get("participants")}
	l.Keys = entries(n.Get("keys"), readKey)
	l.Opens = each(n.Get("opens").Each(), readOpening)
	l.Seats = entries(r.seats, readSeat)
	l.Clocks = entries(n.Get("clocks"), r.clock)
	l.Parts = entries(n.Get("parts"), readPart)
	l.Actions = entries(n.Get("actions"), r.action)
	l.Public = entries(n.Get("public"), func(name string, n *shape.Node) workflow.PublicView {
		v := workflow.PublicView{Name: name, While: r.steps(n.Get("while")), Shows: n.Get("shows").Texts(), Objections: readText(n.Get("objections"))}
		var ends *workflow.Trigger
		if v.Until, ends = readEnd(n.Get("until")); ends != nil {
			v.Clock = "?" // an event that is none of a clock; check says so
			if ends.Kind == workflow.OnClock {
				v.Clock = ends.Name
			}
		}
		return v
	})
	l.Watches = entries(n.Get("watch"), func(name string, n *shape.Node) workflow.Watch {
		return workflow.Watch{Name: name, Upon: readTriggers(n.Get("upon")), If: readExpr(n.Get("if")), Opens: readText(n.Get("opens")), Give: readGive(n.Get("give"))}
	})
	l.Allow = entries(n.Get("allow"), r.overlay)
	l.Ending = workflow.Ending{Seats: "free", Keep: readKeep(n.Get("ending").Get("keep")),
		Parts: entries(n.Get("ending").Get("parts"), func(name string, n *shape.Node) workflow.EndingPart {
			return workflow.EndingPart{Part: name, Rule: n.Text}
		})}
	for _, e := range entriesOf(n.Get("clocks")) {
		if s := e.Value.Get("statutory"); s != nil {
			l.Limits = append(l.Limits, Limit{Clock: e.Key.Text, Span: readSpan(s)})
		}
	}
	return l
}

func readCoverage(name string, n *shape.Node) workflow.Coverage {
	c := workflow.Coverage{Name: name, Every: readText(n.Get("every")), Where: readExpr(n.Get("where")), Via: readText(n.Get("via")), Has: readText(n.Get("has"))}
	least, most, open := strings.Cut(readText(n.Get("count")), "..")
	c.Least, _ = strconv.Atoi(least)
	if c.Most, _ = strconv.Atoi(most); !open {
		c.Most = c.Least
	}
	return c
}

func readKey(name string, n *shape.Node) workflow.Key {
	return workflow.Key{Name: name, Of: readExprs(n.Get("of")), Except: n.Get("except").Texts(), Else: readText(n.Get("else")), AtMost: readExpr(n.Get("at_most")),
		Among: each(n.Get("among").Each(), func(n *shape.Node) workflow.Among {
			kind, outcome, _ := strings.Cut(n.Text, " ")
			return workflow.Among{Kind: kind, Outcome: outcome}
		})}
}

func readOpening(n *shape.Node) workflow.Opening {
	return workflow.Opening{By: readText(n.Get("by")), Channels: n.Get("channels").Texts(), Who: readWho(n.Get("who")),
		Asks: n.Get("asks").Texts(), Also: n.Get("also").Texts(), Name: readText(n.Get("name")), Give: readGive(n.Get("give")),
		Upon: readTrigger(n.Get("upon")), Every: readText(n.Get("every")), Day: readText(n.Get("day"))}
}

func readSeat(name string, n *shape.Node) workflow.Seat {
	s := workflow.Seat{Name: name, Kind: readText(n.Get("kind")), From: strings.TrimPrefix(readText(n.Get("from")), "records."),
		AtLeast: readInt(n.Get("at_least")), AtMost: readInt(n.Get("at_most")), Accepts: readSpan(n.Get("accepts")),
		Apart: n.Get("apart").Texts(), Represented: readBool(n.Get("represented")), Inherit: readBool(n.Get("inherit")), Sees: n.Get("sees").Texts()}
	if e := readInt(n.Get("exactly")); e > 0 {
		s.AtLeast, s.AtMost = e, e
	}
	switch first := readText(n.Get("first")); first {
	case "":
	case workflow.FirstReporter, workflow.FirstDuty, workflow.FirstUnitOfArea:
		s.First = &workflow.First{Kind: first}
	default:
		s.First = &workflow.First{Kind: workflow.FirstValue, Path: readExpr(n.Get("first"))}
	}
	return s
}

// lifeReader expands what needs the steps and seats of the life.
type lifeReader struct {
	life  *Life
	seats *shape.Node
}

// steps expands "phase X". The result keeps the order of the text, each step once.
func (r lifeReader) steps(n *shape.Node) []string {
	var out []string
	for _, t := range n.Texts() {
		names := []string{t}
		if p, ok := strings.CutPrefix(t, "phase "); ok {
			names = r.life.StepsIn(workflow.Phase(p))
		}
		for _, s := range names {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func (r lifeReader) clock(name string, n *shape.Node) workflow.Clock {
	c := workflow.Clock{Name: name, From: readTriggers(n.Get("from")), Until: readTriggers(n.Get("until")), In: r.steps(n.Get("in")),
		Keep: readBool(n.Get("keep")), Limit: readLimit(n.Get("limit")), Hours: hours(n), Exact: n.Get("falls") != nil,
		NeverPaused: n.Get("never") != nil, Marks: readMarks(n.Get("marks"))}
	if c.Hours == "" {
		c.Hours = workflow.HoursCalendar
		if c.Limit.Class {
			c.Hours = workflow.HoursClass
		}
	}
	if e := n.Get("extend"); e != nil {
		c.Extend = &workflow.Extend{Class: readText(e.Get("by")) == byClass, Times: max(1, readInt(e.Get("times"))), Who: readWho(e.Get("who")), Upon: readTrigger(e.Get("upon"))}
		if !c.Extend.Class {
			c.Extend.By = readSpan(e.Get("by"))
		}
	}
	c.Exclude = entries(n.Get("exclude"), func(name string, n *shape.Node) workflow.Exclude {
		return workflow.Exclude{Name: name, From: *readTrigger(n.Get("from")), Until: *readTrigger(n.Get("until")), AtMost: readSpan(n.Get("at_most"))}
	})
	return c
}

func hours(n *shape.Node) string { return readText(n.Get("hours")) }

func readMarks(n *shape.Node) []workflow.Mark {
	return each(n.Each(), func(n *shape.Node) workflow.Mark {
		return workflow.Mark{At: must(worktime.ParseMark(readText(n.Get("at")))), Tell: readWho(n.Get("tell")), Escalate: readWho(n.Get("escalate"))}
	})
}

func readPart(name string, n *shape.Node) workflow.PartSet {
	p := workflow.PartSet{Name: name, Upon: readTrigger(n.Get("upon")), For: readSource(n.Get("for")), Case: readText(n.Get("case")),
		Give: readGive(n.Get("give")), Take: readGive(n.Get("take")), Rest: readText(n.Get("rest")), Title: readExpr(n.Get("title"))}
	if p.Rest == "" {
		p.Rest = workflow.RestStay
	}
	if j := n.Get("join"); j != nil {
		p.Join = readJoin(j)
	}
	if t := n.Get("task"); t != nil {
		p.Task = &workflow.Task{Asks: t.Get("asks").Texts(), Also: t.Get("also").Texts(), Who: readWho(t.Get("who")), Due: readLimit(t.Get("due")),
			Acknowledge: readSpan(t.Get("acknowledge")), Hours: hours(t), Marks: readMarks(t.Get("marks")), Give: readGive(t.Get("give"))}
		if p.Task.Hours == "" {
			p.Task.Hours = workflow.HoursCalendar
		}
	}
	return p
}

func readSource(n *shape.Node) workflow.Source {
	s := workflow.Source{Where: readExpr(n.Get("where")), AsOf: readExpr(n.Get("as_of")), Follow: readBool(n.Get("follow"))}
	switch {
	case n.Get("given") != nil:
		s.Kind, s.Field = workflow.ForGiven, n.Get("given").Text
	case n.Get("participants") != nil:
		s.Kind, s.Seats = workflow.ForParticipants, n.Get("participants").Texts()
	case n.Get("records") != nil:
		s.Kind, s.Record = workflow.ForRecords, n.Get("records").Text
	case n.Get("rows") != nil:
		s.Kind, s.Rows = workflow.ForRows, readExpr(n.Get("rows"))
	case n.Get("list") != nil:
		_, name, _ := strings.Cut(n.Get("list").Text, ".")
		s.Kind, s.List = workflow.ForList, name
	case n.Get("open") != nil:
		s.Kind, s.Open = workflow.ForOpen, n.Get("open").Text
	case n.Get("offer") != nil:
		s.Kind, s.Offer = workflow.ForOffer, readOffer(n.Get("offer"))
	case n.Get("public") != nil:
		s.Kind, s.Public = workflow.ForPublic, n.Get("public").Text
	case n.Get("dates") != nil:
		s.Kind, s.Dates = workflow.ForDates, readDates(n.Get("dates"))
		s.Follow = s.Follow || readBool(n.Get("dates").Get("follow"))
	}
	return s
}

func readOffer(n *shape.Node) *workflow.Offer {
	o := &workflow.Offer{To: readWho(n.Get("to")), Places: readExpr(n.Get("places")), Each: max(1, readInt(n.Get("each"))), If: readExpr(n.Get("if")),
		Shows: n.Get("shows").Texts(), GivesBack: n.Get("gives_back").Texts()}
	o.Until, o.Ends = readEnd(n.Get("until"))
	return o
}

// readEnd reads what ends something: an event, else a formula of a day.
func readEnd(n *shape.Node) (*formula.Expr, *workflow.Trigger) {
	if n == nil {
		return nil, nil
	}
	if t, err := workflow.ParseTrigger(n.Text); err == nil {
		return nil, &t
	}
	return readExpr(n), nil
}

func readDates(n *shape.Node) *workflow.Dates {
	d := &workflow.Dates{Every: readText(n.Get("every")), Day: readText(n.Get("day")), Ahead: readText(n.Get("ahead"))}
	if at := n.Get("at"); at != nil {
		if t := must(parseTerm(at.Text)); t.Expr != nil {
			d.On = t.Expr
		} else {
			d.Time = at.Text
		}
	}
	// The bare words opened and closed are the defaults.
	if f := n.Get("from"); f != nil && f.Text != workflow.OnOpened {
		d.From = readExpr(f)
	}
	if u := n.Get("until"); u != nil && u.Text != workflow.OnClosed {
		d.Until = readExpr(u)
	}
	return d
}

func readJoin(n *shape.Node) *workflow.Join {
	j := &workflow.Join{All: n.Get("all") != nil, Any: n.Get("any") != nil, AtLeast: readInt(n.Get("at_least")), Share: readRatio(n.Get("share")),
		Turnout: readRatio(n.Get("turnout")), Of: readText(n.Get("of")), That: readExpr(n.Get("that")), Where: readExpr(n.Get("where")), AtLatest: n.Get("at_latest") != nil}
	return j
}

func readNeed(n *shape.Node) workflow.Need {
	d := workflow.Need{Part: readText(n.Get("part")), OrSayWhy: readBool(n.Get("or_say_why")), Seat: readText(n.Get("seat")),
		Field: readText(n.Get("field")), Else: readText(n.Get("else")),
		Record: readText(n.Get("record")), Valid: readExpr(n.Get("valid")), Gap: readText(n.Get("gap")), AtMost: readInt(n.Get("at_most"))}
	switch {
	case d.Part != "":
		d.Join = readJoin(n)
	case d.Seat != "":
		d.AtLeast = max(1, readInt(n.Get("at_least")))
	case d.Field == "":
		d.That = readExpr(n.Get("that"))
	}
	return d
}

func (r lifeReader) action(name string, n *shape.Node) workflow.Action {
	a := workflow.Action{Name: name, In: r.steps(n.Get("in")), To: readTargets(n.Get("to")), Who: readWho(n.Get("who")),
		Asks: n.Get("asks").Texts(), Also: n.Get("also").Texts(), If: readExpr(n.Get("if")), Needs: each(n.Get("needs").Each(), readNeed),
		Upon: readTrigger(n.Get("upon")), Outcome: readText(n.Get("outcome")), Times: readInt(n.Get("times")), HelpedBy: readText(n.Get("helped_by")), Batch: readText(n.Get("batch"))}
	switch s := n.Get("sample"); {
	case s == nil:
	case s.Kind == shape.Scalar:
		a.Sample = *readRatio(s)
	default:
		a.Sample, a.Least = *readRatio(s.Get("share")), readInt(s.Get("at_least"))
	}
	a.Apart = each(n.Get("apart").Each(), r.apart)
	a.Then = each(n.Get("then").Each(), r.effect)
	return a
}

func readTargets(n *shape.Node) []workflow.Target {
	if n != nil && n.Kind == shape.Scalar {
		return []workflow.Target{{Step: n.Text}}
	}
	return each(n.Each(), func(n *shape.Node) workflow.Target {
		return workflow.Target{Step: readText(n.Get("step")), If: readExpr(n.Get("if"))}
	})
}

// apart reads one line; a bare name is a seat where the life has such a seat and an action
// otherwise.
func (r lifeReader) apart(n *shape.Node) workflow.Apart {
	if n.Kind == shape.Scalar {
		if r.seats.Get(n.Text) != nil || n.Text == workflow.Reporter || slices.Contains(workflow.KernelSeats, n.Text) {
			return workflow.Apart{Seat: n.Text}
		}
		return workflow.Apart{Did: n.Text}
	}
	a := workflow.Apart{Seat: readText(n.Get("seat")), Same: readText(n.Get("same"))}
	a.Did, a.OnAbout = strings.CutPrefix(readText(n.Get("did")), "about.")
	return a
}

func (r lifeReader) effect(n *shape.Node) workflow.Effect {
	e := workflow.Effect{Set: readGive(n.Get("set")), Fill: readGive(n.Get("fill")), Free: n.Get("free").Texts(), Tell: readWho(n.Get("tell"))}
	if m := n.Get("move"); m != nil {
		e.Move = &workflow.Move{Target: readText(m.Get("what")), Part: readText(m.Get("part")), Do: readText(m.Get("do")), Where: readExpr(m.Get("where")), Give: readGive(m.Get("give"))}
		if e.Move.Part != "" {
			e.Move.Target = workflow.MoveParts
		}
	}
	if p := n.Get("personal"); p != nil {
		e.Personal = &workflow.Personal{Do: readText(p.Get("do")), Of: readExpr(p.Get("of"))}
	}
	e.Write = readWrite(n.Get("write"))
	if p := n.Get("post"); p != nil {
		e.Post = r.post(p)
	}
	if s := n.Get("start"); s != nil {
		e.Start = &workflow.Start{Class: readText(s.Get("class")), Give: readGive(s.Get("give"))}
	}
	return e
}

func (r lifeReader) overlay(name string, n *shape.Node) workflow.Overlay {
	return workflow.Overlay{Name: name, In: r.steps(n.Get("in")), To: readText(n.Get("to")), Who: readWho(n.Get("who")),
		Reasons: readText(n.Get("reasons")), Within: readLimit(n.Get("within")), AtMost: readSpan(n.Get("at_most")), Cap: readInt(n.Get("cap")),
		Then: readText(n.Get("then")), PassingOn: readText(n.Get("passing_on")) != "forbidden", Tell: readWho(n.Get("tell"))}
}
