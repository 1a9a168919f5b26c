package pack

import (
	"slices"

	"gezhi/internal/form"
	"gezhi/internal/workflow"
)

// lifeCheck checks one life.
type lifeCheck struct {
	*checking
	l *Life
	// asked are the fields of the life's classes, asked when a case opens.
	asked []form.Field
}

const livesFile = "lives.yaml"

func (c *checking) life(l *Life) {
	k := &lifeCheck{checking: c, l: l}
	for _, class := range c.p.Classes {
		if class.Life == l.Name {
			k.asked = addFields(k.asked, class.Fields)
		}
	}
	k.reserved()
	k.references()
	k.steps()
	k.hands()
	k.seats()
	k.returns()
	k.parts()
	k.public()
	k.watches()
	k.clocks()
	k.beginnings()
	k.effects()
	k.formulas()
	c.fields(livesFile, k.at("fields"), l.Fields, l)
	k.fieldUse()
}

func (k *lifeCheck) at(path ...string) []string {
	return append([]string{"lives", k.l.Name}, path...)
}

func (k *lifeCheck) note(code string, path []string, args ...any) *Problem {
	return k.say(code, livesFile, k.at(path...), args...)
}

func (k *lifeCheck) missing(code string, path []string, name string, known []string) {
	k.unknown(code, livesFile, k.at(path...), name, known)
}

func to(path ...string) []string { return path }

// field finds a field a case of this life may have.
func (k *lifeCheck) field(name string) *form.Field {
	for _, list := range [][]form.Field{k.l.Fields, k.asked, KernelFields()} {
		if f := find(list, func(f *form.Field) bool { return f.Name == name }); f != nil {
			return f
		}
	}
	return nil
}

func (k *lifeCheck) fieldNames() []string {
	return names(append(slices.Clone(k.l.Fields), k.asked...), func(f form.Field) string { return f.Name })
}

func (k *lifeCheck) stepNames() []string {
	return names(k.l.Steps, func(s workflow.Step) string { return s.Name })
}
func (k *lifeCheck) actionNames() []string {
	return names(k.l.Actions, func(a action) string { return a.Name })
}
func (k *lifeCheck) seatNames() []string {
	return append(names(k.l.Seats, func(s workflow.Seat) string { return s.Name }), workflow.Reporter)
}
func (k *lifeCheck) partNames() []string {
	return names(k.l.Parts, func(p workflow.PartSet) string { return p.Name })
}

// reserved refuses names that formulas or who would misread, and kernel actions redefined.
func (k *lifeCheck) reserved() {
	for _, s := range k.l.Seats {
		if slices.Contains(reservedNames, s.Name) || slices.Contains(workflow.KernelSeats, s.Name) {
			k.note("life.reserved_name", to("participants", s.Name), "name", s.Name)
		}
	}
	for _, a := range k.l.Actions {
		if workflow.IsOverlay(a.Name) {
			k.note("life.kernel_action", to("actions", a.Name), "name", a.Name)
		}
	}
}

func (k *lifeCheck) step(path []string, name string) {
	if k.l.Step(name) == nil {
		k.missing("life.unknown_step", path, name, k.stepNames())
	}
}

func (k *lifeCheck) seat(path []string, name string) {
	if name != "item" && k.l.Seat(name) == nil && !slices.Contains(workflow.KernelSeats, name) {
		k.missing("life.unknown_seat", path, name, k.seatNames())
	}
}

func (k *lifeCheck) part(path []string, name string) {
	if k.l.Part(name) == nil {
		k.missing("life.unknown_part", path, name, k.partNames())
	}
}

// asks accepts fields and seats.
func (k *lifeCheck) asks(path []string, list []string) {
	for _, name := range list {
		if k.field(name) == nil && k.l.Seat(name) == nil {
			k.missing("life.unknown_field", path, name, append(k.fieldNames(), k.seatNames()...))
		}
	}
}

func (k *lifeCheck) who(path []string, list []workflow.Who) {
	for _, w := range list {
		switch w.Kind {
		case workflow.WhoSeat:
			k.seat(path, w.Name)
			if k.l.Seat(w.Name) == nil && k.role(w.Name) { // a role says where it is held
				k.report.Problems[len(k.report.Problems)-1].Suggestion = w.Name + " of area"
			}
		case workflow.WhoRole:
			if !k.role(w.Name) {
				k.missing("life.unknown_role", path, w.Name, k.roleNames())
			}
			if w.Of == workflow.OfUnit {
				k.seat(path, w.Seat)
			}
		}
	}
}

func (k *lifeCheck) trigger(path []string, t *workflow.Trigger) {
	if t == nil {
		return
	}
	switch t.Kind {
	case workflow.OnEntered, workflow.OnLeft:
		k.step(path, t.Name)
	case workflow.OnDid:
		if k.l.Action(t.Name) == nil && !workflow.IsKernelAct(t.Name) {
			k.missing("life.unknown_action", path, t.Name, k.actionNames())
		}
	case workflow.OnClock:
		if k.l.Clock(t.Name) == nil {
			k.missing("life.unknown_clock", path, t.Name, names(k.l.Clocks, clockName))
		}
	case workflow.OnPart:
		k.part(path, t.Name)
	case workflow.OnSignal:
		k.signal(path, t.Name)
	case workflow.OnRecord:
		k.record(path, t.Name)
	case workflow.OnDate:
		if len(path) < 3 || path[0] != "clocks" || path[2] != "from" {
			k.note("life.date_starts_clocks", path, "date", t.Name)
		}
		if p := splitPath(t.Name); p[0] == "field" && k.field(p[1]) == nil {
			k.missing("life.unknown_field", path, p[1], k.fieldNames())
		}
	}
}

func (k *lifeCheck) signal(path []string, name string) {
	if !slices.ContainsFunc(append([]*Pack{k.p}, k.others...), func(p *Pack) bool {
		return slices.ContainsFunc(p.Signals, func(s Signal) bool { return s.Name == name })
	}) {
		k.missing("life.unknown_signal", path, name, names(k.p.Signals, func(s Signal) string { return s.Name }))
	}
}

func (k *lifeCheck) record(path []string, name string) {
	if !slices.ContainsFunc(append([]*Pack{k.p}, k.others...), func(p *Pack) bool { return p.Record(name) != nil }) {
		k.missing("life.unknown_record", path, name, names(k.p.Records, func(r Record) string { return r.Name }))
	}
}

// registered are the types of fields by which a record names whom a kind of seat is for.
var registered = map[string][]string{workflow.SeatPerson: {"person"}, workflow.SeatPost: {"person"}, workflow.SeatParty: {"person"},
	workflow.SeatUnit: {"unit"}, workflow.SeatAny: {"person", "unit"}}

// register checks that the records of a seat's register can name somebody for it.
func (k *lifeCheck) register(path []string, s workflow.Seat) {
	for _, p := range append([]*Pack{k.p}, k.others...) {
		if r := p.Record(s.From); r != nil {
			if !slices.ContainsFunc(r.Fields, func(f form.Field) bool { return slices.Contains(registered[s.Kind], f.Type) }) {
				k.note("seat.register_names_nobody", path, "name", s.Name, "record", s.From)
			}
			return
		}
	}
}

// joinsHousehold tells whether a relation of any pack makes one household of people.
func (k *lifeCheck) joinsHousehold() bool {
	return slices.ContainsFunc(append([]*Pack{k.p}, k.others...), func(p *Pack) bool {
		return slices.ContainsFunc(p.Relations, func(r Relation) bool { return r.Joins == workflow.SameHousehold })
	})
}

// class accepts the code of a class of this pack: what opens a case needs more than a life.
func (k *lifeCheck) class(path []string, name string) {
	if k.p.Class(name) == nil {
		k.missing("life.unknown_class", path, name, k.p.classCodes())
	}
}

// references follows every name of the life to what it names.
func (k *lifeCheck) references() {
	k.actionReferences()
	for _, a := range k.l.About {
		if a.Kind == workflow.AboutRecord {
			k.record(to("about"), a.Of)
		} else if _, l := k.lifeOf(a.Of); l == nil {
			k.missing("life.unknown_class", to("about"), a.Of, append(k.p.classCodes(), k.lifeNames()...))
		}
	}
	for _, s := range k.l.Seats {
		at := to("participants", s.Name)
		if s.From != "" {
			k.record(append(at, "from"), s.From)
			k.register(append(at, "from"), s)
		}
		for _, x := range s.Apart {
			k.seat(append(at, "apart"), x)
		}
	}
	for _, c := range k.l.Clocks {
		at := to("clocks", c.Name)
		for i := range c.From {
			k.trigger(append(at, "from"), &c.From[i])
		}
		for i := range c.Until {
			k.trigger(append(at, "until"), &c.Until[i])
		}
		k.inSteps(at, c.In)
		k.marks(at, c.Marks)
		if c.Extend != nil {
			k.who(append(at, "extend"), c.Extend.Who)
			k.trigger(append(at, "extend"), c.Extend.Upon)
		}
		for _, e := range c.Exclude {
			k.trigger(append(at, "exclude", e.Name), &e.From)
			k.trigger(append(at, "exclude", e.Name), &e.Until)
		}
	}
	for _, o := range k.l.Allow {
		at := to("allow", o.Name)
		k.inSteps(at, o.In)
		if o.To != "" {
			k.step(append(at, "to"), o.To)
		}
		k.who(append(at, "who"), o.Who)
		k.who(append(at, "tell"), o.Tell)
		if o.Reasons != "" && k.p.ReasonList(o.Reasons) == nil && !slices.ContainsFunc(k.p.Reasons, func(r ReasonList) bool { return slices.Contains(r.Codes, o.Reasons) }) {
			k.missing("life.unknown_reasons", append(at, "reasons"), o.Reasons, names(k.p.Reasons, func(r ReasonList) string { return r.Name }))
		}
	}
	if k.l.Overlay(workflow.Reclassify) != nil && len(k.p.Severities) == 0 &&
		len(slices.DeleteFunc(slices.Clone(k.p.Classes), func(c Class) bool { return c.Life != k.l.Name })) < 2 {
		k.note("life.nothing_to_reclassify", to("allow", workflow.Reclassify), "name", k.l.Name)
	}
	for _, e := range k.l.Ending.Parts {
		k.part(to("ending", "parts", e.Part), e.Part)
	}
}

func (k *lifeCheck) inSteps(at []string, steps []string) {
	for _, s := range steps {
		k.step(append(at, "in"), s)
	}
	if n := k.p.docs[livesFile].At(k.at(append(at, "in")...)...); len(steps) == 0 && n != nil {
		for _, t := range n.Texts() {
			if len(t) > 6 && t[:6] == "phase " {
				k.note("life.empty_phase", append(at, "in"), "phase", t[6:])
			}
		}
	}
}

func (k *lifeCheck) marks(at []string, marks []workflow.Mark) {
	for _, m := range marks {
		k.who(append(at, "marks"), m.Tell)
		k.who(append(at, "marks"), m.Escalate)
	}
}

func (k *lifeCheck) actionReferences() {
	for i := range k.l.Actions {
		a := &k.l.Actions[i]
		at := to("actions", a.Name)
		k.inSteps(at, a.In)
		for _, t := range a.To {
			k.step(append(at, "to"), t.Step)
		}
		k.who(append(at, "who"), a.Who)
		k.asks(append(at, "asks"), a.Asks)
		k.asks(append(at, "also"), a.Also)
		k.trigger(append(at, "upon"), a.Upon)
		if a.HelpedBy != "" {
			k.seat(append(at, "helped_by"), a.HelpedBy)
		}
		k.batch(a, append(at, "batch"))
		for _, x := range a.Apart {
			switch {
			case x.Seat != "":
				k.seat(append(at, "apart"), x.Seat)
			case x.Same == workflow.SameHousehold && !k.joinsHousehold():
				k.note("life.no_household", append(at, "apart"), "name", a.Name)
			case x.OnAbout:
				k.aboutAction(append(at, "apart"), x.Did)
			case !k.familyAction(x.Did):
				k.missing("life.unknown_action", append(at, "apart"), x.Did, k.actionNames())
			}
		}
		for _, n := range a.Needs {
			if n.Part != "" {
				k.part(append(at, "needs"), n.Part)
			}
			if n.Seat != "" {
				k.seat(append(at, "needs"), n.Seat)
			}
			if n.Field != "" && k.field(n.Field) == nil {
				k.missing("life.unknown_field", append(at, "needs"), n.Field, k.fieldNames())
			}
		}
	}
}

// batch checks an action that may be done on many cases at once: what ends them decides about
// somebody, so that each has its reason, or is looked at.
func (k *lifeCheck) batch(a *action, at []string) {
	if a.Batch != "" && a.IsAutomatic() {
		k.note("batch.automatic", at, "name", a.Name)
	}
	closes := slices.ContainsFunc(a.To, func(t workflow.Target) bool { return k.l.Phase(t.Step) == workflow.Closed })
	if a.Batch == workflow.BatchTrue && closes && !slices.Contains(a.Asks, "reason") {
		k.note("batch.unlooked", at, "name", a.Name)
	}
}

// familyAction tells whether an action exists anywhere a family of this pack may have it.
func (k *lifeCheck) familyAction(name string) bool {
	return workflow.IsKernelAct(name) || slices.ContainsFunc(append([]*Pack{k.p}, k.others...), func(p *Pack) bool {
		return slices.ContainsFunc(p.Lives, func(l Life) bool { return l.Action(name) != nil })
	})
}

func (k *lifeCheck) aboutAction(path []string, name string) {
	for _, a := range k.l.About {
		if _, l := k.lifeOf(a.Of); a.Kind == workflow.AboutCase && l != nil && l.Action(name) != nil {
			return
		}
	}
	k.missing("life.unknown_action", path, name, nil)
}

// beginnings checks openings and keys.
func (k *lifeCheck) beginnings() {
	for i, o := range k.l.Opens {
		at := to("opens", index(i))
		ok := true
		switch o.By {
		case workflow.OpenBySignal:
			if ok = o.Name != ""; ok {
				k.signal(at, o.Name)
			}
		case workflow.OpenByRecord:
			if ok = o.Upon != nil && o.Upon.Kind == workflow.OnRecord; ok {
				k.record(at, o.Upon.Name)
			}
		case workflow.OpenByDates:
			ok = o.Every != ""
		case workflow.OpenByPerson:
			ok = o.Name == "" && o.Upon == nil && o.Every == ""
		}
		if !ok {
			k.note("life.opening_incomplete", at, "by", o.By)
		}
		k.who(append(at, "who"), o.Who)
		k.asks(append(at, "asks"), o.Asks)
		k.asks(append(at, "also"), o.Also)
	}
	if len(k.l.Opens) == 0 && slices.ContainsFunc(k.p.Classes, func(c Class) bool { return c.Life == k.l.Name }) && !k.opened() {
		k.note("life.never_begins", nil, "name", k.l.Name)
	}
	for _, key := range k.l.Keys {
		at := to("keys", key.Name)
		k.severalHold(key)
		for _, e := range key.Of {
			for _, r := range e.Refs() {
				if r.Path[0] != "field" || len(r.Path) < 2 {
					continue
				}
				if f := k.field(r.Path[1]); f != nil && f.Personal != nil {
					k.note("key.personal", at, "name", f.Name)
				}
			}
		}
		for _, o := range k.l.Opens {
			if key.Else == workflow.KeyAttach && o.By == workflow.OpenBySignal &&
				!slices.ContainsFunc(k.l.Actions, func(a action) bool { return a.Upon != nil && a.Upon.Kind == workflow.OnSignal && a.Upon.Name == o.Name }) {
				k.note("key.attach_unheard", at, "signal", o.Name)
			}
		}
	}
}

// opened tells whether a part set or an effect of any pack opens a case of this life.
func (k *lifeCheck) opened() bool {
	mine := func(class string) bool { _, l := k.lifeOf(class); return l == k.l }
	for _, p := range append([]*Pack{k.p}, k.others...) {
		for _, l := range p.Lives {
			if slices.ContainsFunc(l.Parts, func(s workflow.PartSet) bool { return s.Case != "" && mine(s.Case) }) {
				return true
			}
			if slices.ContainsFunc(l.Watches, func(w workflow.Watch) bool { return mine(w.Opens) }) {
				return true
			}
			for _, a := range l.Actions {
				if slices.ContainsFunc(a.Then, func(e workflow.Effect) bool { return e.Start != nil && mine(e.Start.Class) }) {
					return true
				}
			}
		}
	}
	return false
}
