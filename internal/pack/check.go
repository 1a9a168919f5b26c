package pack

import (
	"io/fs"
	"slices"
	"strings"

	"gezhi/internal/form"
	"gezhi/internal/pack/shape"
	"gezhi/internal/workflow"
)

// CheckFS reads the pack in the root of f and checks it against itself and the packs it
// needs. The pack is nil when it could not be read.
func CheckFS(f fs.FS, others ...*Pack) (*Pack, Report) {
	p, report := Load(f)
	if p == nil {
		return nil, report
	}
	return p, Check(p, others...)
}

// Check finds what a human would miss in a pack that was read. Others are the packs that
// stand beside it, for names and cycles that cross packs. Every code it can answer is in
// Rules.
func Check(p *Pack, others ...*Pack) Report {
	c := &checking{p: p, others: others, report: Report{files: p.files}}
	c.pack()
	c.classes()
	c.duty()
	c.texts()
	c.records()
	c.ledgers()
	c.shops()
	c.boards()
	c.ledgerWatches()
	for i := range p.Lives {
		c.life(&p.Lives[i])
	}
	c.coverage()
	c.families()
	c.missingWords()
	c.report.sort()
	return c.report
}

// Rules are the codes Check can answer, besides those of reading (pack.unknown_key,
// yaml.syntax, formula.unexpected, …). Each has a broken pack that proves it.
var Rules = []string{
	"pack.no_readme", "pack.unknown_need", "pack.nothing_in_it",
	"class.unknown_life", "class.unknown_severity", "class.unknown_group", "class.unknown_role", "class.unknown_clock", "class.spot_unused", "class.unsorted_stuck", "class.duplicate_unmergeable", "class.severity_rule", "class.against_public", "class.against_nobody_above",
	"role.unknown_invited",
	"text.unknown_class", "text.unknown_field",
	"duty.unknown_class", "duty.unit_or_post", "duty.unknown_role", "duty.never_reached", "date.backwards",
	"record.unknown_field", "record.personal_key", "record.key_type", "record.unchangeable", "record.unknown_changer", "relation.unknown_record", "table.overlap", "table.gap", "table.bad_value",
	"field.unknown_options", "field.choice_without_options", "field.rows_without_list", "field.personal_undeclared", "field.never_asked",
	"field.asked_although_known", "field.cycle", "field.unknown_reader",
	"formula.unknown_name", "formula.mismatch", "formula.unknown_choice", "formula.not_here", "formula.unknown_table", "formula.unknown_key", "formula.constant", "formula.balance_elsewhere",
	"busywork.log_ins", "busywork.online_time", "busywork.report_count", "busywork.gps_distance", "busywork.consecutive_days", "busywork.screenshots",
	"life.unknown_step", "life.empty_phase", "life.unknown_action", "life.unknown_seat", "life.unknown_clock", "life.unknown_part", "life.unknown_field",
	"life.unknown_role", "life.unknown_signal", "life.unknown_record", "life.unknown_class", "life.unknown_reasons", "life.unknown_list",
	"life.reserved_name", "life.kernel_action", "life.nothing_to_reclassify", "life.unreachable_step", "life.inescapable_step", "life.nobody_may", "life.loop_without_human", "life.overlapping_to", "life.to_may_fail",
	"life.no_outcome", "life.apart_leaves_nobody", "life.verified_by_handler", "life.closed_by_supervised", "life.no_household", "life.reopens", "life.system_needs_upon", "life.upon_needs_system", "life.date_starts_clocks", "life.never_begins", "life.opening_incomplete",
	"seat.never_filled", "seat.optional_actor", "seat.nobody_told", "seat.lost_on_return", "seat.impossible_count", "seat.register_names_nobody",
	"parts.body", "parts.source", "parts.never_opened", "parts.not_a_list", "parts.given_not_asked", "parts.never_waited", "parts.answer_unread", "parts.unbounded", "parts.cycle", "parts.too_deep",
	"offer.to", "offer.task", "offer.shows_personal", "offer.unknown_outcome",
	"join.kind", "join.share_without_of", "join.may_be_empty", "join.ignores_item", "need.kind", "need.impossible", "need.record_of_nothing", "need.unknown_gap",
	"coverage.kind", "coverage.relation", "coverage.has", "coverage.unused",
	"clock.start", "clock.nobody_told", "clock.pause_without_end", "clock.beyond_statutory", "clock.recomputes_itself", "clock.no_limit", "clock.missing_case", "clock.never_and_excluded", "clock.nobody_extends", "clock.no_extension", "clock.counts_back",
	"key.personal", "key.attach_unheard", "key.several", "key.holders",
	"public.personal", "public.no_end", "public.objections", "public.against", "public.nobody_reads",
	"watch.not_about", "watch.unknown_field",
	"batch.automatic", "batch.unlooked",
	"effect.one_verb", "effect.target", "effect.too_many", "effect.cycle", "effect.sets_computed",
	"effect.unknown_ledger", "effect.post_incomplete", "effect.post_deducts", "effect.post_undoes_nothing", "effect.post_without_cap", "effect.post_to_nobody", "effect.write_incomplete", "effect.writes_others",
	"ledger.unknown_role", "ledger.no_budget", "ledger.unknown_record", "ledger.season_day", "ledger.unknown_ledger", "ledger.not_spendable", "ledger.shop_field", "ledger.unknown_class", "ledger.benefit_about", "ledger.benefit_starts",
	"words.missing",
}

type checking struct {
	p      *Pack
	others []*Pack
	report Report
}

// say adds a problem at a path of a file.
func (c *checking) say(code, file string, path []string, args ...any) *Problem {
	c.report.add(c.p.problem(code, file, path, args...))
	return &c.report.Problems[len(c.report.Problems)-1]
}

// unknown adds a problem about a name, with the nearest known one.
func (c *checking) unknown(code, file string, path []string, name string, known []string) {
	p := c.say(code, file, path, "name", name)
	p.Suggestion = shape.Suggest(name, known)
	for _, n := range c.p.docs[file].At(path...).Each() { // of several, point at this one
		if n.Kind == shape.Scalar && slices.Contains(strings.Fields(n.Text), name) {
			p.Line, p.Col = n.Line, n.Col
			p.Quote(c.p.files[file])
			break
		}
	}
}

func (c *checking) pack() {
	if len(c.p.files["README.md"]) == 0 {
		c.say("pack.no_readme", "pack.yaml", nil)
	}
	if len(c.p.Lives)+len(c.p.Classes)+len(c.p.Records) == 0 {
		c.say("pack.nothing_in_it", "pack.yaml", nil)
	}
	for _, r := range c.p.Roles {
		for _, invited := range r.Invites {
			if !c.role(invited) {
				c.unknown("role.unknown_invited", "pack.yaml", []string{"roles", r.Name, "invites"}, invited, c.roleNames())
			}
		}
	}
	known := c.p.clockNames()
	for i, s := range c.p.Severities {
		for _, l := range append(slices.Clone(s.Limits), s.Extensions...) {
			if len(c.p.Lives) > 0 && !slices.Contains(known, l.Clock) {
				c.unknown("class.unknown_clock", "pack.yaml", []string{"severities", index(i), "limits", l.Clock}, l.Clock, known)
			}
		}
	}
	for _, n := range c.p.Needs {
		if !slices.ContainsFunc(c.others, func(o *Pack) bool { return o.Name == n }) {
			c.unknown("pack.unknown_need", "pack.yaml", []string{"needs"}, n, c.packNames())
		}
	}
}

func (c *checking) packNames() []string {
	return names(c.others, func(p *Pack) string { return p.Name })
}

func names[T any](list []T, of func(T) string) []string {
	var out []string
	for _, x := range list {
		out = append(out, of(x))
	}
	return out
}

func (c *checking) roleNames() []string {
	return names(c.p.Roles, func(r Role) string { return r.Name })
}

// role tells whether a role exists here or in a pack that is needed.
func (c *checking) role(name string) bool {
	return c.p.Role(name) != nil || slices.ContainsFunc(c.others, func(o *Pack) bool { return slices.Contains(c.p.Needs, o.Name) && o.Role(name) != nil })
}

func (c *checking) lifeNames() []string {
	return names(c.p.Lives, func(l Life) string { return l.Name })
}

// lifeOf finds the life of a class or a life of that name, here or in the other packs.
func (c *checking) lifeOf(class string) (*Pack, *Life) {
	for _, p := range append([]*Pack{c.p}, c.others...) {
		if k := p.Class(class); k != nil {
			if l := p.Life(k.Life); l != nil {
				return p, l
			}
		}
		if l := p.Life(class); l != nil {
			return p, l
		}
	}
	return nil, nil
}

func (c *checking) classes() {
	const file = "classes.yaml"
	for i := range c.p.Classes {
		k := &c.p.Classes[i]
		at := func(path ...string) []string { return append([]string{"classes", k.Code}, path...) }
		l := c.p.Life(k.Life)
		if l == nil {
			c.unknown("class.unknown_life", file, at("life"), k.Life, c.lifeNames())
		}
		for _, s := range append([]string{k.First}, names(k.Rules, func(r SeverityRule) string { return r.To })...) {
			if s != "" && c.p.Severity(s) == nil {
				c.unknown("class.unknown_severity", file, at("severity"), s, names(c.p.Severities, func(s Severity) string { return s.Code }))
			}
		}
		for _, r := range k.Rules {
			c.severityRule(k, r, at("severity", "rules"))
		}
		if k.Group != "" && !slices.ContainsFunc(c.p.Groups, func(g Group) bool { return g.Code == k.Group }) {
			c.unknown("class.unknown_group", file, at("group"), k.Group, names(c.p.Groups, func(g Group) string { return g.Code }))
		}
		for _, a := range k.Admitted {
			if !c.role(a.Role) {
				c.unknown("class.unknown_role", file, at("admitted", a.Role), a.Role, c.roleNames())
			}
			c.dates(file, at("admitted", a.Role), a.From, a.Until)
		}
		c.fields(file, at("fields"), k.Fields, nil)
		if l != nil {
			c.classLimits(k, l, at)
		}
	}
}

// spans checks what lengths of time of a class hang on.
func (c *checking) spans(section string, list []Limit, known []string, at func(...string) []string) {
	for _, x := range list {
		if !slices.Contains(known, x.Clock) {
			c.unknown("class.unknown_clock", "classes.yaml", at(section, x.Clock), x.Clock, known)
		}
		if x.Severity != "" && c.p.Severity(x.Severity) == nil {
			c.unknown("class.unknown_severity", "classes.yaml", at(section, x.Clock, x.Severity), x.Severity, nil)
		}
	}
}

func (c *checking) classLimits(k *Class, l *Life, at func(...string) []string) {
	known := append(names(l.Clocks, clockName), "acknowledge")
	for _, x := range k.Statutory {
		if !slices.Contains(known, x.Clock) {
			c.unknown("class.unknown_clock", "classes.yaml", at("statutory", x.Clock), x.Clock, known)
		}
	}
	for _, s := range k.Sample {
		if l.Action(s.Action) == nil {
			c.unknown("life.unknown_action", "classes.yaml", at("sample", s.Action), s.Action, names(l.Actions, func(a action) string { return a.Name }))
		}
	}
	c.spans("limits", k.Limits, known, at)
	c.spans("extensions", k.Extensions, known, at)
	if k.Duplicate != nil && l.Overlay(workflow.Merge) == nil {
		c.say("class.duplicate_unmergeable", "classes.yaml", at("duplicate"), "life", l.Name)
	}
	if k.Against == AgainstRequired && k.Public {
		c.say("class.against_public", "classes.yaml", at("public"), "class", k.Code)
	}
	if k.Against == AgainstRequired && c.p.AboveAll == "" {
		c.say("class.against_nobody_above", "classes.yaml", at("against"), "class", k.Code)
	}
	if k.Spot && !slices.ContainsFunc(l.Actions, func(a action) bool { return reads(a.If, "class", "spot") }) {
		c.say("class.spot_unused", "classes.yaml", at("spot"), "life", l.Name)
	}
	if k.Unsorted && l.Overlay(workflow.Reclassify) == nil {
		c.say("class.unsorted_stuck", "classes.yaml", at("unsorted"), "life", l.Name)
	}
}

// severityRule reads only what is known when a case opens.
func (c *checking) severityRule(k *Class, r SeverityRule, path []string) {
	for _, ref := range r.If.Refs() {
		ok := ref.Path[0] == "field" && len(ref.Path) > 1 && (slices.ContainsFunc(k.Fields, func(f form.Field) bool { return f.Name == ref.Path[1] }) || kernelField(ref.Path[1])) ||
			ref.Path[0] == "reporter" || ref.Path[0] == "class" || ref.Path[0] == "channel" || ref.Path[0] == "item" && ref.Over != nil
		if !ok || ref.Func != "" {
			c.say("class.severity_rule", "classes.yaml", path, "name", ref.String())
		}
		c.busywork("classes.yaml", path, ref.Path)
	}
}

func kernelField(name string) bool {
	return slices.ContainsFunc(KernelFields(), func(f form.Field) bool { return f.Name == name })
}

// dates refuses an end before its beginning.
func (c *checking) dates(file string, path []string, from, until string) {
	if until != "" && from > until {
		c.say("date.backwards", file, path, "from", from, "until", until)
	}
}

func (c *checking) duty() {
	const file = "duty.yaml"
	for i, d := range c.p.Duty {
		path := []string{index(i)}
		if n := c.p.docs[file]; n != nil && n.Get("duty") != nil {
			path = []string{"duty", index(i)}
		}
		if !slices.ContainsFunc(c.p.Classes, func(k Class) bool { return fits(d.Class, k.Code) }) {
			c.unknown("duty.unknown_class", file, path, d.Class, c.p.classCodes())
		}
		if (d.Unit == "") == (d.Post == "") {
			c.say("duty.unit_or_post", file, path)
		}
		if d.Post != "" && !c.role(d.Post) {
			c.unknown("duty.unknown_role", file, path, d.Post, c.roleNames())
		}
		c.dates(file, path, d.From, d.Until)
		for _, before := range c.p.Duty[:i] {
			if before.Level == d.Level && covers(before.Class, d.Class) && (before.From == "" || before.From <= d.From) && before.Until == "" {
				c.say("duty.never_reached", file, path, "line", before.Line)
				break
			}
		}
	}
}

// texts looks whether what stands ready for a field has a field to stand ready for.
func (c *checking) texts() {
	const file = "classes.yaml"
	for i, x := range c.p.Texts {
		if !slices.ContainsFunc(c.p.Classes, func(k Class) bool { return fits(x.Class, k.Code) }) {
			c.unknown("text.unknown_class", file, []string{"texts", index(i), "class"}, x.Class, c.p.classCodes())
		} else if known := c.p.textFields(x.Class); !slices.Contains(known, x.Field) {
			c.unknown("text.unknown_field", file, []string{"texts", index(i), "field"}, x.Field, known)
		}
	}
}

// covers tells whether every code that fits b fits a.
func covers(a, b string) bool {
	if prefix, ok := strings.CutSuffix(a, "*"); ok {
		return strings.HasPrefix(strings.TrimSuffix(b, "*"), prefix)
	}
	return a == b
}

// busyFacts are facts about people that no rule may be built on: they measure presence,
// not work, and turn into theatre. The list is closed; words that look alike are free.
var busyFacts = map[string]string{
	"log_ins": "busywork.log_ins", "online_time": "busywork.online_time", "report_count": "busywork.report_count",
	"gps_distance": "busywork.gps_distance", "consecutive_days": "busywork.consecutive_days", "screenshots": "busywork.screenshots",
}

// busywork refuses a path that reads such a fact, and tells whether it did.
func (c *checking) busywork(file string, at []string, path []string) bool {
	if len(path) < 2 || path[0] == "field" {
		return false
	}
	code, ok := busyFacts[path[len(path)-1]]
	if ok {
		c.say(code, file, at, "name", strings.Join(path, "."))
	}
	return ok
}
