package pack

import (
	"slices"
	"strconv"

	"gezhi/internal/formula"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

// parts checks each part set and the joins that read it.
func (k *lifeCheck) parts() {
	for i := range k.l.Parts {
		s := &k.l.Parts[i]
		at := to("parts", s.Name)
		n := k.p.docs[livesFile].At(k.at("parts", s.Name)...)
		if (s.Task == nil) == (s.Case == "") {
			k.note("parts.body", at, "name", s.Name)
		}
		if sources(n.Get("for")) != 1 {
			k.note("parts.source", append(at, "for"), "name", s.Name)
			continue
		}
		if s.Case != "" {
			k.class(append(at, "case"), s.Case)
		}
		k.trigger(append(at, "upon"), s.Upon)
		if s.Upon == nil && s.For.Kind != workflow.ForPublic {
			k.note("parts.never_opened", at, "name", s.Name)
		}
		k.source(s, at)
		if t := s.Task; t != nil {
			k.asks(append(at, "task", "asks"), t.Asks)
			k.asks(append(at, "task", "also"), t.Also)
			k.who(append(at, "task", "who"), t.Who)
			k.marks(append(at, "task"), t.Marks)
			k.answers(s, at)
		}
		if s.Join != nil {
			k.join(s.Join, s, append(at, "join"))
		}
		if !k.waited(s) {
			k.note("parts.never_waited", at, "name", s.Name)
		}
	}
	for i := range k.l.Actions {
		for j := range k.l.Actions[i].Needs {
			k.need(&k.l.Actions[i].Needs[j], to("actions", k.l.Actions[i].Name, "needs", index(j)))
		}
	}
}

// sources counts the sources a part set names.
func sources(n *shape.Node) int {
	count := 0
	for _, s := range []string{workflow.ForGiven, workflow.ForParticipants, workflow.ForRecords, workflow.ForDates, workflow.ForRows, workflow.ForList, workflow.ForOpen, workflow.ForOffer, workflow.ForPublic} {
		if n.Get(s) != nil {
			count++
		}
	}
	return count
}

func (k *lifeCheck) source(s *workflow.PartSet, at []string) {
	at = append(at, "for")
	switch f := s.For; f.Kind {
	case workflow.ForGiven:
		field, seat := k.field(f.Field), k.l.Seat(f.Field)
		switch {
		case field == nil && seat == nil:
			k.missing("life.unknown_field", at, f.Field, k.fieldNames())
		case field != nil && !field.IsList():
			k.note("parts.not_a_list", at, "name", f.Field)
		}
		if s.Upon != nil && s.Upon.Kind == workflow.OnDid {
			if a := k.l.Action(s.Upon.Name); a != nil && !slices.Contains(a.Asks, f.Field) && !slices.Contains(a.Also, f.Field) {
				k.note("parts.given_not_asked", at, "name", f.Field, "action", a.Name)
			}
		}
	case workflow.ForParticipants:
		for _, seat := range f.Seats {
			k.seat(at, seat)
		}
	case workflow.ForRecords:
		k.record(at, f.Record)
	case workflow.ForList:
		if k.p.List(f.List) == nil {
			k.missing("life.unknown_list", at, f.List, names(k.p.Lists, func(l RowList) string { return l.Name }))
		}
	case workflow.ForOpen:
		k.class(at, f.Open)
	case workflow.ForOffer:
		k.offer(s, at[:len(at)-1])
	case workflow.ForRows:
		for _, r := range f.Rows.Refs() {
			if r.Path[0] != "field" || len(r.Path) < 2 {
				continue
			}
			if field := k.field(r.Path[1]); field != nil && !field.IsList() {
				k.note("parts.not_a_list", at, "name", r.Path[1])
			}
		}
	case workflow.ForDates:
		if n, _ := strconv.Atoi(f.Dates.Ahead); n > 31 || (f.Dates.Every == "") == (f.Dates.On == nil) {
			k.note("parts.unbounded", at, "name", s.Name)
		}
	}
}

// waited tells whether a clock, a join, a need, a trigger or a formula waits for the set.
func (k *lifeCheck) waited(s *workflow.PartSet) bool {
	if s.Join != nil || s.Case != "" && len(s.Take) > 0 || s.Task != nil && (!s.Task.Due.IsZero() || !s.Task.Acknowledge.IsZero()) {
		return true
	}
	if slices.ContainsFunc(k.l.Ending.Parts, func(e workflow.EndingPart) bool { return e.Part == s.Name }) {
		return true
	}
	for _, a := range k.l.Actions {
		if a.Upon != nil && a.Upon.Kind == workflow.OnPart && a.Upon.Name == s.Name ||
			slices.ContainsFunc(a.Needs, func(n workflow.Need) bool { return n.Part == s.Name }) {
			return true
		}
	}
	return k.formulaReads("parts", s.Name)
}

func (k *lifeCheck) formulaReads(path ...string) bool {
	found := false
	k.everyFormula(func(e *formula.Expr, _ []string, _ scope) { found = found || reads(e, path...) })
	return found
}

// answers finds a yes or no that is asked of every item and read by no formula: a consent
// nobody looks at.
func (k *lifeCheck) answers(s *workflow.PartSet, at []string) {
	for _, name := range s.Task.Asks {
		f := k.field(name)
		if f == nil || f.FormulaType() != formula.Bool {
			continue
		}
		read := false
		k.everyFormula(func(e *formula.Expr, _ []string, sc scope) {
			for _, r := range e.Refs() {
				over := sc.part == s.Name || len(r.Over) == 2 && r.Over[0] == "parts" && r.Over[1] == s.Name
				read = read || over && r.Path[0] == "item" && len(r.Path) > 1 && r.Path[1] == name
			}
		})
		if !read {
			k.note("parts.answer_unread", append(at, "task", "asks"), "name", name)
		}
	}
}

// join checks a completion condition of a part set, nil when the set is unknown.
func (k *lifeCheck) join(j *workflow.Join, s *workflow.PartSet, at []string) {
	ways := 0
	for _, b := range []bool{j.All, j.Any, j.AtLeast > 0, j.Share != nil} {
		if b {
			ways++
		}
	}
	if ways > 1 || ways == 0 && j.Turnout == nil {
		k.note("join.kind", at)
	}
	if j.Share != nil && j.Of == "" {
		k.note("join.share_without_of", at)
	}
	for _, e := range []*formula.Expr{j.That, j.Where} {
		if e != nil && !slices.ContainsFunc(e.Refs(), func(r formula.Ref) bool { return r.Path[0] == "item" }) {
			k.note("join.ignores_item", at, "formula", e.String())
		}
	}
	if s == nil || s.For.Kind != workflow.ForParticipants {
		return
	}
	least, most := 0, 0
	for _, name := range s.For.Seats {
		seat := k.l.Seat(name)
		if seat == nil {
			return
		}
		least += seat.AtLeast
		most += seat.AtMost
		if seat.AtMost == 0 {
			most += 1 << 20
		}
	}
	if least == 0 && (j.Share != nil || j.Turnout != nil) {
		k.note("join.may_be_empty", at)
	}
	if j.AtLeast > most {
		k.note("need.impossible", at, "most", most)
	}
}

func (k *lifeCheck) need(n *workflow.Need, at []string) {
	kinds := 0
	for _, b := range []bool{n.Part != "", n.Seat != "" && n.Record == "", n.Field != "", n.That != nil && n.Part == "", n.Record != "", n.Gap != ""} {
		if b {
			kinds++
		}
	}
	if kinds != 1 {
		k.note("need.kind", at)
		return
	}
	if n.Part != "" {
		k.join(n.Join, k.l.Part(n.Part), at)
	}
	if n.Record != "" {
		k.record(at, n.Record)
		if n.Seat == "" && !slices.ContainsFunc(k.l.About, func(a workflow.AboutKind) bool { return a.Kind == workflow.AboutRecord }) {
			k.note("need.record_of_nothing", at, "name", n.Record)
		}
	}
	if n.Gap != "" && k.p.CoverageOf(n.Gap) == nil {
		k.missing("need.unknown_gap", at, n.Gap, names(k.p.Coverage, func(c workflow.Coverage) string { return c.Name }))
	}
	if s := k.l.Seat(n.Seat); n.Seat != "" && s != nil && s.AtMost > 0 && n.AtLeast > s.AtMost {
		k.note("need.impossible", at, "most", s.AtMost)
	}
}

// effects checks what actions bring about.
func (k *lifeCheck) effects() {
	for i := range k.l.Actions {
		a := &k.l.Actions[i]
		at := to("actions", a.Name, "then")
		if len(a.Then) > 8 {
			k.note("effect.too_many", at, "most", 8)
		}
		for j := range a.Then {
			k.effect(a, &a.Then[j], append(slices.Clone(at), index(j)))
		}
	}
}

func (k *lifeCheck) effect(a *action, e *workflow.Effect, at []string) {
	n := k.p.docs[livesFile].At(k.at(at...)...)
	if len(n.Entries) != 1 {
		k.note("effect.one_verb", at)
		return
	}
	for _, s := range e.Set {
		f := k.field(s.Field)
		switch {
		case f == nil:
			k.missing("life.unknown_field", at, s.Field, k.fieldNames())
		case f.Formula != nil:
			k.note("effect.sets_computed", at, "name", f.Name)
		}
	}
	for _, s := range e.Fill {
		k.seat(at, s.Field)
	}
	for _, s := range e.Free {
		k.seat(at, s)
	}
	k.who(at, e.Tell)
	if e.Start != nil {
		k.class(at, e.Start.Class)
	}
	if e.Write != nil {
		k.write(e.Write, at)
	}
	if e.Post != nil {
		k.post(a, e.Post, at)
	}
	if m := e.Move; m != nil {
		k.move(m, n.Get("move"), at)
	}
}

// move checks that the target exists and knows the action.
func (k *lifeCheck) move(m *workflow.Move, n *shape.Node, at []string) {
	if (n.Get("part") == nil) == (n.Get("what") == nil) {
		k.note("effect.target", at)
		return
	}
	if m.Target == workflow.MoveParts {
		k.part(at, m.Part)
		s := k.l.Part(m.Part)
		if s == nil {
			return
		}
		body := s.Case
		if s.Task != nil {
			body = "task"
		}
		if _, l := k.lifeOf(body); l != nil && l.Action(m.Do) == nil {
			k.missing("life.unknown_action", at, m.Do, names(l.Actions, func(a action) string { return a.Name }))
		}
		return
	}
	if !k.familyAction(m.Do) {
		k.missing("life.unknown_action", at, m.Do, nil)
	}
}
