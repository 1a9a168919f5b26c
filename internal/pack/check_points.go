package pack

import (
	"slices"

	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

const pointsFile = "points.yaml"

// ledgers checks what the ledgers of the pack name.
func (c *checking) ledgers() {
	for _, l := range c.p.Ledgers {
		at := func(path ...string) []string { return append([]string{"ledgers", l.Name}, path...) }
		for i, roles := range [][]string{l.Propose, l.Confirm, l.Look, l.Shop} {
			for _, r := range roles {
				if !c.role(r) {
					c.unknown("ledger.unknown_role", pointsFile, at("roles", []string{"propose", "confirm", "look", "shop"}[i]), r, c.roleNames())
				}
			}
		}
		if len(l.Propose) == 0 || len(l.Confirm) == 0 {
			c.say("ledger.no_budget", pointsFile, at("roles"), "name", l.Name)
		}
		for key, kind := range map[string]string{"household": l.Household, "deductions": l.Deductions} {
			if r := c.p.Record(kind); kind != "" && (r == nil || r.Table) {
				c.unknown("ledger.unknown_record", pointsFile, at(key), kind, names(c.p.Records, func(r Record) string { return r.Name }))
			}
		}
		if l.Clear != nil && l.Clear.Day != nil && l.Clear.Every != "year" {
			c.say("ledger.season_day", pointsFile, at("clear"), "every", l.Clear.Every)
		}
	}
}

// shops checks what goods and merchants are.
func (c *checking) shops() {
	for _, s := range c.p.Shops {
		if l := c.p.Ledger(s.Ledger); l == nil {
			c.unknown("ledger.unknown_ledger", pointsFile, []string{"shop", s.Ledger}, s.Ledger, names(c.p.Ledgers, func(l Ledger) string { return l.Name }))
		} else if !l.Spendable {
			c.say("ledger.not_spendable", pointsFile, []string{"shop", s.Ledger}, "name", s.Ledger)
		}
		c.shopRecords(s.Goods, "shop", s.Ledger, "goods")
		c.shopRecords(s.Merchants, "shop", s.Ledger, "merchants")
	}
}

// boards checks what boards are made of, and to which class objections go.
func (c *checking) boards() {
	if x := c.p.Objections; x != "" && c.p.Class(x) == nil {
		c.unknown("ledger.unknown_class", pointsFile, []string{"objections"}, x, c.p.classCodes())
	}
	c.benefits()
	c.shopRecords(c.p.Honours, "honours")
	for _, b := range c.p.Boards {
		at := []string{"boards", b.Name}
		if c.p.Ledger(b.Ledger) == nil {
			c.unknown("ledger.unknown_ledger", pointsFile, append(at, "ledger"), b.Ledger, names(c.p.Ledgers, func(l Ledger) string { return l.Name }))
		}
		if r := c.p.Record(b.Adults); r == nil || r.Table || !slices.ContainsFunc(r.Fields, func(f form.Field) bool { return f.Type == "person" }) {
			c.unknown("ledger.unknown_record", pointsFile, append(at, "adults"), b.Adults, names(c.p.Records, func(r Record) string { return r.Name }))
		}
	}
}

// ledgerWatches checks which ledger is looked at, and what the case is given.
func (c *checking) ledgerWatches() {
	for _, w := range c.p.Watches {
		at := []string{"watch", w.Name}
		if c.p.Shop(w.Ledger) == nil {
			c.unknown("ledger.unknown_ledger", pointsFile, append(at, "ledger"), w.Ledger, names(c.p.Shops, func(s Shop) string { return s.Ledger }))
		}
		class := c.p.Class(w.Opens)
		if class == nil {
			c.unknown("ledger.unknown_class", pointsFile, append(at, "opens"), w.Opens, c.p.classCodes())
			continue
		}
		l := c.p.Life(class.Life)
		for _, g := range w.Give {
			here := append(slices.Clone(at), "give", g.Field)
			is := func(f form.Field) bool { return f.Name == g.Field }
			if l != nil && l.Seat(g.Field) == nil && !slices.ContainsFunc(l.Fields, is) && !slices.ContainsFunc(class.Fields, is) {
				c.say("watch.unknown_field", pointsFile, here, "name", g.Field, "class", w.Opens)
			}
			for _, r := range g.Value.Refs() {
				if r.Func != "" || !slices.Contains(LedgerFacts, r.String()) {
					c.unknown("formula.unknown_name", pointsFile, here, r.String(), LedgerFacts)
				}
			}
		}
	}
}

// shopTypes are the types that the fields of goods and merchants need.
var shopTypes = map[string]string{"price": "number", "stock": "number", "days": "number", "merchant": "unit", "unit": "unit", "photo": "photo", "title": "text", "levels": "list", "person": "person"}

// benefits checks the class that gives by rule: what is given stands in a register with its quota,
// and a case in which a balance counted begins no other.
func (c *checking) benefits() {
	if c.p.Benefits == "" {
		return
	}
	at := []string{"benefits"}
	class, l := c.p.Class(c.p.Benefits), (*Life)(nil)
	if class != nil {
		l = find(c.p.Lives, func(l *Life) bool { return l.Name == class.Life })
	}
	if l == nil {
		c.unknown("ledger.unknown_class", pointsFile, at, c.p.Benefits, c.p.classCodes())
		return
	}
	if len(l.About) == 0 || slices.ContainsFunc(l.About, func(a workflow.AboutKind) bool { return a.Kind != workflow.AboutRecord }) {
		c.say("ledger.benefit_about", pointsFile, at, "name", l.Name)
	}
	starts := slices.ContainsFunc(l.Parts, func(p workflow.PartSet) bool { return p.Case != "" && p.For.Kind != workflow.ForPublic })
	for _, a := range l.Actions {
		starts = starts || slices.ContainsFunc(a.Then, func(e workflow.Effect) bool { return e.Start != nil || e.Move != nil })
	}
	if starts {
		c.say("ledger.benefit_starts", pointsFile, at, "name", l.Name)
	}
}

// gives tells whether all cases of a life are benefits.
func (p *Pack) gives(life string) bool {
	return p.Benefits != "" && !slices.ContainsFunc(p.Classes, func(c Class) bool { return c.Life == life && c.Code != p.Benefits })
}

func (c *checking) shopRecords(s *ShopRecords, at ...string) {
	if s == nil {
		return
	}
	r := c.p.Record(s.Kind)
	if r == nil || r.Table {
		c.unknown("ledger.unknown_record", pointsFile, append(at, "records"), s.Kind, names(c.p.Records, func(r Record) string { return r.Name }))
		return
	}
	for _, what := range sortedKeys(s.Fields) {
		here := append(slices.Clone(at), what)
		switch f := r.field(s.Fields[what]); {
		case f == nil:
			c.unknown("record.unknown_field", pointsFile, here, s.Fields[what], names(r.Fields, func(f form.Field) string { return f.Name }))
		case f.Type != shopTypes[what] || f.Personal != nil || what == "levels" && !levels(f):
			c.say("ledger.shop_field", pointsFile, here, "name", f.Name, "type", shopTypes[what])
		}
	}
}

// levels tells whether a list says from how many points which title: a number and a text.
func levels(f *form.Field) bool {
	return len(f.Rows) == 2 && (f.Rows[0].FormulaType() == formula.Number) != (f.Rows[1].FormulaType() == formula.Number)
}

// post checks an effect that moves points.
func (k *lifeCheck) post(a *action, p *workflow.Post, at []string) {
	at = append(slices.Clone(at), "post")
	l := k.p.Ledger(p.Ledger)
	if l == nil {
		k.missing("effect.unknown_ledger", at, p.Ledger, names(k.p.Ledgers, func(l Ledger) string { return l.Name }))
		return
	}
	n := k.p.docs[livesFile].At(k.at(at...)...)
	verbs := 0
	for _, key := range []string{"to", "undo", "release"} {
		if n.Get(key) != nil {
			verbs++
		}
	}
	grants := p.Kind == workflow.PostGrant || p.Kind == workflow.PostDeduct
	if verbs != 1 || grants != (p.Amount != nil) || grants && p.To == nil || p.Partly && (p.Kind == workflow.PostGrant || p.Kind == workflow.PostRelease) ||
		p.Kind != workflow.PostGrant && (p.Hold != nil || p.Expires != nil || p.From != nil) {
		k.note("effect.post_incomplete", at, "ledger", p.Ledger)
		return
	}
	if p.Missing != "" {
		k.missingField(at, p)
	}
	if p.Kind == workflow.PostDeduct && l.Deductions == "" {
		k.note("effect.post_deducts", at, "ledger", p.Ledger)
	}
	if !grants {
		k.undoes(p, at)
		return
	}
	k.bounded(a, at)
	k.maybeNobody(a, p, at)
}

// missingField is where an effect writes down how much there was not.
func (k *lifeCheck) missingField(at []string, p *workflow.Post) {
	if f := k.field(p.Missing); f == nil {
		k.missing("life.unknown_field", at, p.Missing, k.fieldNames())
	} else if f.FormulaType() != formula.Number || !p.Partly {
		k.note("effect.post_incomplete", at, "ledger", p.Ledger)
	}
}

// undoes checks that the action whose postings are undone posts something.
func (k *lifeCheck) undoes(p *workflow.Post, at []string) {
	d := k.l.Action(p.Action)
	if d == nil {
		k.missing("life.unknown_action", at, p.Action, k.actionNames())
		return
	}
	if !slices.ContainsFunc(d.Then, func(e workflow.Effect) bool {
		return e.Post != nil && e.Post.Ledger == p.Ledger && (e.Post.Kind == workflow.PostGrant || e.Post.Kind == workflow.PostDeduct)
	}) {
		k.note("effect.post_undoes_nothing", at, "name", p.Action)
	}
}

// bounded refuses points for what may be done again and again where the case stands.
func (k *lifeCheck) bounded(a *action, at []string) {
	stays := len(a.To) == 0 || slices.ContainsFunc(a.To, func(t workflow.Target) bool { return a.Allowed(t.Step) })
	if stays && a.Times == 0 {
		k.note("effect.post_without_cap", at, "name", a.Name)
	}
}

// maybeNobody refuses points for a seat in which nobody may sit.
func (k *lifeCheck) maybeNobody(a *action, p *workflow.Post, at []string) {
	for _, r := range p.To.Refs() {
		s := k.l.Seat(r.Path[0])
		if s == nil || len(r.Path) > 1 || s.Name == workflow.Reporter || s.AtLeast > 0 || s.First != nil {
			continue
		}
		if !slices.ContainsFunc(a.Needs, func(n workflow.Need) bool { return n.Seat == s.Name }) && !slices.Contains(a.Asks, s.Name) {
			k.note("effect.post_to_nobody", at, "seat", s.Name)
		}
	}
}
