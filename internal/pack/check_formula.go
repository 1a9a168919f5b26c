package pack

import (
	"slices"

	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

// scope says what a formula may read where it stands.
type scope struct {
	part      string // item is an item of this part set; "" no item
	item      bool
	signal    string // signal is this one; "" none
	record    string // record is of this kind; "" none
	taker     bool   // taker is who would take a place
	today     bool
	condition bool // must be true or false
	decides   bool // is what an action depends on
}

// everyFormula visits the formulas of the life with their places.
func (k *lifeCheck) everyFormula(visit func(e *formula.Expr, at []string, s scope)) {
	call := func(e *formula.Expr, at []string, s scope) {
		if e != nil {
			visit(e, at, s)
		}
	}
	gives := func(list []workflow.Assign, at []string, s scope) {
		for _, g := range list {
			call(g.Value, append(slices.Clone(at), g.Field), s)
		}
	}
	for _, f := range k.l.Fields {
		call(f.Formula, to("fields", f.Name, "formula"), scope{today: true})
		call(f.AskedIf, to("fields", f.Name, "asked_if"), scope{condition: true})
	}
	for _, key := range k.l.Keys {
		for _, e := range key.Of {
			call(e, to("keys", key.Name, "of"), scope{})
		}
		call(key.AtMost, to("keys", key.Name, "at_most"), scope{today: true})
	}
	for i, o := range k.l.Opens {
		s := scope{signal: o.Name, today: true}
		if o.Upon != nil && o.Upon.Kind == workflow.OnRecord {
			s.record = o.Upon.Name
		}
		gives(o.Give, to("opens", index(i), "give"), s)
	}
	for _, s := range k.l.Seats {
		if s.First != nil && s.First.Kind == workflow.FirstValue {
			call(s.First.Path, to("participants", s.Name, "first"), scope{})
		}
	}
	for _, c := range k.l.Clocks {
		limitFormulas(c.Limit, to("clocks", c.Name, "limit"), scope{}, call)
	}
	for _, w := range k.l.Watches {
		call(w.If, to("watch", w.Name, "if"), scope{today: true, condition: true})
		gives(w.Give, to("watch", w.Name, "give"), scope{today: true})
	}
	for _, v := range k.l.Public {
		call(v.Until, to("public", v.Name, "until"), scope{})
	}
	for i := range k.l.Parts {
		k.partFormulas(&k.l.Parts[i], call, gives)
	}
	for i := range k.l.Actions {
		k.actionFormulas(&k.l.Actions[i], call, gives)
	}
}

func limitFormulas(l workflow.Limit, at []string, s scope, call func(*formula.Expr, []string, scope)) {
	call(l.By, at, s)
	for _, t := range l.Terms {
		call(t.Expr, at, s)
	}
	for _, c := range l.Cases {
		call(c.Term.Expr, append(slices.Clone(at), c.Value), s)
	}
}

func (k *lifeCheck) partFormulas(p *workflow.PartSet, call func(*formula.Expr, []string, scope), gives func([]workflow.Assign, []string, scope)) {
	at := to("parts", p.Name)
	item := scope{part: p.Name, item: true, today: true}
	source := item
	if p.For.Kind == workflow.ForRecords {
		source.record = p.For.Record
	}
	source.condition = true
	call(p.For.Where, append(at, "for", "where"), source)
	call(p.For.AsOf, append(at, "for", "as_of"), scope{})
	call(p.For.Rows, append(at, "for", "rows"), scope{})
	if d := p.For.Dates; d != nil {
		for _, e := range []*formula.Expr{d.On, d.From, d.Until} {
			call(e, append(at, "for", "dates"), scope{})
		}
	}
	if o := p.For.Offer; o != nil {
		call(o.Places, append(at, "for", "offer", "places"), scope{})
		call(o.If, append(at, "for", "offer", "if"), scope{part: p.Name, taker: true, today: true, condition: true})
		call(o.Until, append(at, "for", "offer", "until"), scope{})
	}
	call(p.Title, append(at, "title"), item)
	gives(p.Give, append(at, "give"), item)
	gives(p.Take, append(at, "take"), item)
	if p.Task != nil {
		limitFormulas(p.Task.Due, append(at, "task", "due"), item, call)
		gives(p.Task.Give, append(at, "task", "give"), item)
	}
	if p.Join != nil {
		joinFormulas(p.Join, append(at, "join"), p.Name, call)
	}
}

func joinFormulas(j *workflow.Join, at []string, part string, call func(*formula.Expr, []string, scope)) {
	s := scope{part: part, item: true, condition: true}
	call(j.That, append(slices.Clone(at), "that"), s)
	call(j.Where, append(slices.Clone(at), "where"), s)
}

func (k *lifeCheck) actionFormulas(a *action, call func(*formula.Expr, []string, scope), gives func([]workflow.Assign, []string, scope)) {
	at := to("actions", a.Name)
	s := scope{condition: true, decides: true}
	if a.Upon != nil && a.Upon.Kind == workflow.OnSignal {
		s.signal = a.Upon.Name
	}
	call(a.If, append(at, "if"), s)
	for _, t := range a.To {
		call(t.If, append(at, "to"), s)
	}
	for i := range a.Needs {
		n := &a.Needs[i]
		call(n.That, append(at, "needs", index(i), "that"), s)
		call(n.Valid, append(at, "needs", index(i), "valid"), scope{today: true})
		if c := k.p.CoverageOf(n.Gap); c != nil {
			call(c.Where, append(at, "needs", index(i), "gap"), scope{record: c.Every, item: true, condition: true})
		}
		if n.Join != nil {
			joinFormulas(n.Join, append(at, "needs", index(i)), n.Part, call)
		}
	}
	s.condition, s.decides, s.today = false, false, true
	for i, e := range a.Then {
		here := append(slices.Clone(at), "then", index(i))
		gives(e.Set, append(slices.Clone(here), "set"), s)
		gives(e.Fill, append(slices.Clone(here), "fill"), s)
		if e.Move != nil {
			m := s
			m.item, m.part = e.Move.Target == workflow.MoveParts, e.Move.Part
			gives(e.Move.Give, append(slices.Clone(here), "move", "give"), m)
			m.condition = true
			call(e.Move.Where, append(slices.Clone(here), "move", "where"), m)
		}
		if e.Start != nil {
			gives(e.Start.Give, append(slices.Clone(here), "start", "give"), s)
		}
		if e.Write != nil {
			writeFormulas(e.Write, append(slices.Clone(here), "write"), s, call, gives)
		}
		if e.Post != nil {
			postFormulas(e.Post, append(slices.Clone(here), "post"), s, call)
		}
	}
}

// postFormulas visits the formulas of an effect that moves points.
func postFormulas(p *workflow.Post, at []string, s scope, call func(*formula.Expr, []string, scope)) {
	for key, e := range map[string]*formula.Expr{"to": p.To, "amount": p.Amount, "item": p.Item} {
		call(e, append(slices.Clone(at), key), s)
	}
	if p.From != nil {
		call(p.From.Value, append(slices.Clone(at), "from"), s)
	}
	if p.Expires != nil {
		call(p.Expires.Expr, append(slices.Clone(at), "expires"), s)
	}
	if p.Hold != nil {
		s.condition = true
		call(p.Hold.If, append(slices.Clone(at), "hold", "if"), s)
	}
}

// formulas checks what the formulas of the life read, and their types.
func (k *lifeCheck) formulas() {
	k.everyFormula(func(e *formula.Expr, at []string, s scope) {
		for _, r := range e.Refs() {
			k.ref(r, at, s)
		}
		got, wrong := e.TypeOf(func(path, over []string) formula.Type { return k.typeOf(path, over, s) })
		for _, m := range wrong {
			k.note("formula.mismatch", at, "col", m.Col, "want", m.Want.String(), "got", m.Got.String())
		}
		if s.condition && len(wrong) == 0 && got != formula.Bool && got != formula.Any {
			k.note("formula.mismatch", at, "col", 1, "want", formula.Bool.String(), "got", got.String())
		}
		if _, constant := e.Constant(); constant && s.condition {
			k.note("formula.constant", at, "formula", e.String())
		}
		k.choices(e, at, s)
	})
}

// ref checks one name that a formula reads.
func (k *lifeCheck) ref(r formula.Ref, at []string, s scope) {
	last := r.Path[len(r.Path)-1]
	switch r.Func {
	case "times", "who_did":
		if k.l.Action(last) == nil && !workflow.IsKernelAct(last) {
			k.missing("life.unknown_action", at, last, k.actionNames())
		}
		return
	case "past":
		if k.keyOf(last, s) == nil {
			k.missing("formula.unknown_key", at, last, names(k.l.Keys, func(x workflow.Key) string { return x.Name }))
		}
		return
	case "balance":
		if k.p.Ledger(last) == nil {
			k.missing("effect.unknown_ledger", at, last, names(k.p.Ledgers, func(l Ledger) string { return l.Name }))
		} else if !s.decides || !k.p.gives(k.l.Name) {
			k.note("formula.balance_elsewhere", at, "name", last)
		}
		return
	case "served":
		if !k.role(last) {
			k.missing("life.unknown_role", at, last, k.roleNames())
		}
		return
	case "lookup":
		if !slices.ContainsFunc(append([]*Pack{k.p}, k.others...), func(p *Pack) bool { t := p.Record(last); return t != nil && t.Table }) {
			k.missing("formula.unknown_table", at, last, names(k.p.Records, func(x Record) string { return x.Name }))
		}
		return
	}
	if k.busywork(livesFile, k.at(at...), r.Path) {
		return
	}
	known, problem := k.known(r, s)
	if problem != "" {
		q := k.note(problem, at, "name", r.String(), "col", r.Col)
		q.Suggestion = shape.Suggest(last, known)
	}
}

// Members of the closed namespaces, as the kernel fills them.
var (
	classMembers    = []string{"code", "scheme", "group", "spot", "public"}
	reporterMembers = []string{"id", "role", "unit"}
	itemMembers     = []string{"id", "key", "number", "step", "phase", "outcome", "area", "answered", "seat", "subject", "day", "at"}
	recordMembers   = []string{"id", "key", "from", "until", "area", "title"}
	sampleMembers   = []string{"drawn"}
	fileMembers     = []string{"reused", "elsewhere", "first_taken", "last_taken"}
	bareNames       = []string{"severity", "channel", "opened"}
)

// known tells what is wrong with a path ("" nothing), and what could have stood there.
func (k *lifeCheck) known(r formula.Ref, s scope) ([]string, string) {
	const unknown, notHere = "formula.unknown_name", "formula.not_here"
	second := ""
	if len(r.Path) > 1 {
		second = r.Path[1]
	}
	in := func(list []string) ([]string, string) {
		if slices.Contains(list, second) {
			return nil, ""
		}
		return list, unknown
	}
	switch r.Path[0] {
	case "field":
		if second != "" && k.field(second) != nil {
			return nil, ""
		}
		return k.fieldNames(), unknown
	case "class":
		return in(classMembers)
	case "reporter":
		if second == "" {
			return nil, ""
		}
		return in(reporterMembers)
	case "sample":
		if !k.samples() {
			return nil, notHere
		}
		return in(sampleMembers)
	case "files":
		return in(fileMembers)
	case "parts":
		return k.partNames(), choose(k.l.Part(second) != nil, "", unknown)
	case "item":
		if r.Over == nil && !s.item {
			return nil, notHere
		}
		members := k.itemFields(r.Over, s)
		return members, choose(members == nil || second == "" || slices.Contains(members, second), "", unknown)
	case "signal":
		return nil, choose(s.signal != "", "", notHere)
	case "record":
		if s.record == "" {
			return nil, notHere
		}
		return in(k.recordFields(s.record))
	case "today":
		return nil, choose(s.today, "", notHere)
	case workflow.Taker:
		if !s.taker {
			return nil, notHere
		}
		return in(k.takerMembers())
	case "about":
		members := k.aboutMembers()
		return members, choose(len(k.l.About) == 0, notHere, choose(members == nil || second == "" || slices.Contains(members, second), "", unknown))
	case "parent", "root", "group":
		return nil, ""
	}
	if len(r.Path) == 1 && slices.Contains(bareNames, r.Path[0]) {
		return nil, ""
	}
	return append(k.seatNames(), "field", "class", "parts", "item", "about"), choose(k.l.Seat(r.Path[0]) != nil, "", unknown)
}

// samples tells whether any action of the life draws a sample.
func (k *lifeCheck) samples() bool {
	return slices.ContainsFunc(k.l.Actions, func(a action) bool { return !a.Sample.IsZero() }) ||
		slices.ContainsFunc(k.p.Classes, func(c Class) bool { return c.Life == k.l.Name && len(c.Sample) > 0 })
}

func choose(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

// aboutMembers are what about may be asked for: the fields and relations of the records, the
// kinds themselves and now; nil where it may be a case, which may have any.
func (k *lifeCheck) aboutMembers() []string {
	out := []string{"now"}
	for _, a := range k.l.About {
		if a.Kind != workflow.AboutRecord {
			return nil
		}
		out = append(append(out, a.Of), k.recordFields(a.Of)...)
		for _, p := range append([]*Pack{k.p}, k.others...) {
			for _, r := range p.Relations {
				if r.From == a.Of {
					out = append(out, r.Name)
				}
			}
		}
	}
	return out
}

func (k *lifeCheck) recordFields(kind string) []string {
	for _, p := range append([]*Pack{k.p}, k.others...) {
		if r := p.Record(kind); r != nil {
			return append(names(r.Fields, func(f form.Field) string { return f.Name }), recordMembers...)
		}
	}
	return recordMembers
}

// itemFields are the members item may have, nil when anything may be.
func (k *lifeCheck) itemFields(over []string, s scope) []string {
	part := s.part
	if over != nil {
		switch {
		case len(over) == 2 && over[0] == "parts":
			part = over[1]
		case len(over) == 2 && over[0] == "field":
			if f := k.field(over[1]); f != nil && len(f.Rows) > 0 {
				return names(f.Rows, func(f form.Field) string { return f.Name })
			}
			return nil
		default:
			return nil
		}
	}
	p := k.l.Part(part)
	if p == nil || p.Case != "" || p.For.Kind == workflow.ForList || p.For.Kind == workflow.ForOpen || p.For.Kind == workflow.ForRecords {
		return nil
	}
	out := slices.Concat(itemMembers, p.Task.Asks, p.Task.Also, assigned(p.Task.Give), assigned(p.Give))
	if p.For.Kind == workflow.ForRows {
		for _, r := range p.For.Rows.Refs() {
			f := k.field(r.Path[len(r.Path)-1])
			if r.Path[0] != "field" || f == nil {
				return nil
			}
			out = append(out, names(f.Rows, func(f form.Field) string { return f.Name })...)
		}
	}
	return out
}

// itemField finds the declaration behind item.NAME, nil when it is not known.
func (k *lifeCheck) itemField(name string, over []string, s scope) *form.Field {
	part := s.part
	if len(over) == 2 && over[0] == "parts" {
		part = over[1]
	} else if len(over) == 2 && over[0] == "field" {
		if f := k.field(over[1]); f != nil {
			return find(f.Rows, func(f *form.Field) bool { return f.Name == name })
		}
	}
	if p := k.l.Part(part); p != nil && p.Task != nil && (slices.Contains(p.Task.Asks, name) || slices.Contains(p.Task.Also, name)) {
		return k.field(name)
	}
	return nil
}

func (k *lifeCheck) typeOf(path, over []string, s scope) formula.Type {
	switch {
	case path[0] == "field" && len(path) == 2:
		if f := k.field(path[1]); f != nil {
			return f.FormulaType()
		}
	case path[0] == "item" && len(path) == 2:
		if f := k.itemField(path[1], over, s); f != nil {
			return f.FormulaType()
		}
	case path[0] == "parts" && len(path) == 2:
		return formula.ListOf
	case path[0] == "class" && len(path) == 2 && (path[1] == "spot" || path[1] == "public"):
		return formula.Bool
	case path[len(path)-1] == "count":
		return formula.Number
	}
	return formula.Any
}

// choices finds texts compared with a choice that has no such option.
func (k *lifeCheck) choices(e *formula.Expr, at []string, s scope) {
	for _, r := range e.Refs() {
		var f *form.Field
		if r.Func == "" && len(r.Path) == 2 && r.Path[0] == "field" {
			f = k.field(r.Path[1])
		} else if r.Func == "" && len(r.Path) == 2 && r.Path[0] == "item" {
			f = k.itemField(r.Path[1], r.Over, s)
		}
		if f == nil || len(f.Options) == 0 {
			continue
		}
		known := names(f.Options, func(o form.Option) string { return o.Code })
		for _, t := range e.Texts(r.Path...) {
			if !slices.Contains(known, t) {
				k.missing("formula.unknown_choice", at, t, known)
			}
		}
	}
}

func assigned(list []workflow.Assign) []string {
	return names(list, func(a workflow.Assign) string { return a.Field })
}
