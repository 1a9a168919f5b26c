package pack

import (
	"cmp"
	"slices"

	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

func (k *lifeCheck) clocks() {
	for i := range k.l.Clocks {
		c := &k.l.Clocks[i]
		at := to("clocks", c.Name)
		if (len(c.From) == 0) == (len(c.In) == 0) {
			k.note("clock.start", at, "name", c.Name)
		}
		if !k.heard(c) {
			k.note("clock.nobody_told", at, "name", c.Name)
		}
		if c.NeverPaused && len(c.Exclude) > 0 {
			k.note("clock.never_and_excluded", at, "name", c.Name)
		}
		for _, e := range c.Exclude {
			if e.From == e.Until {
				k.note("clock.pause_without_end", append(at, "exclude", e.Name), "name", e.Name)
			}
		}
		if x := c.Extend; x != nil && len(x.Who) == 0 && x.Upon == nil {
			k.note("clock.nobody_extends", append(at, "extend"), "name", c.Name)
		}
		if c.Extend != nil && c.Extend.Class && !k.extends(c) {
			k.note("clock.no_extension", append(at, "extend"), "name", c.Name)
		}
		if counts := slices.ContainsFunc(c.Limit.Terms, func(t workflow.Term) bool { return t.Span.N < 0 }); counts &&
			!slices.ContainsFunc(c.From, func(t workflow.Trigger) bool { return t.Kind == workflow.OnDate }) {
			k.note("clock.counts_back", append(at, "limit"), "name", c.Name)
		}
		k.limit(c, at)
		k.recomputes(c, at)
	}
	for i := range k.l.Allow {
		if o := &k.l.Allow[i]; o.Name == workflow.Suspend && o.AtMost.IsZero() {
			k.note("clock.pause_without_end", to("allow", o.Name), "name", o.Name)
		}
	}
}

// heard tells whether the due time means anything to anybody: a mark tells somebody, or
// something waits for it.
func (k *lifeCheck) heard(c *workflow.Clock) bool {
	if slices.ContainsFunc(c.Marks, func(m workflow.Mark) bool { return len(m.Tell)+len(m.Escalate) > 0 }) {
		return true
	}
	due := workflow.Trigger{Kind: workflow.OnClock, Name: c.Name, Event: "due"}
	return len(k.l.ActionsUpon(due))+len(k.l.PartsUpon(due)) > 0
}

// limit checks that every class and every value has one, and that none is longer than the
// law allows.
func (k *lifeCheck) limit(c *workflow.Clock, at []string) {
	if c.Limit.Class {
		k.classLimit(c, at)
	}
	if c.Limit.By != nil {
		k.limitCases(c, at)
	}
	top := find(k.l.Limits, func(l *Limit) bool { return l.Clock == c.Name })
	if top == nil {
		return
	}
	for _, t := range c.Limit.Terms {
		total := t.Span
		if c.Extend != nil {
			total = extended(total, c.Extend.By, c.Extend.Times)
		}
		if exceeds(total, top.Span) {
			k.note("clock.beyond_statutory", at, "limit", total.String(), "statutory", top.Span.String())
			return
		}
	}
}

// classLimit looks at every class of this life, at every grade.
func (k *lifeCheck) classLimit(c *workflow.Clock, at []string) {
	e := Resolve(k.p, nil)
	top := find(k.l.Limits, func(l *Limit) bool { return l.Clock == c.Name })
	for i := range k.p.Classes {
		class := &k.p.Classes[i]
		if class.Life != k.l.Name {
			continue
		}
		grades := names(k.p.Severities, func(s Severity) string { return s.Code })
		if len(grades) == 0 {
			grades = []string{""}
		}
		for _, g := range grades {
			span, ok := e.Class(class.Code).Limit(c.Name, g)
			if !ok {
				k.note("clock.no_limit", at, "name", c.Name, "class", class.Code, "severity", cmp.Or(g, "*"))
				return
			}
			law := top
			if own := find(class.Statutory, func(l *Limit) bool { return l.Clock == c.Name }); own != nil {
				law = own
			}
			if by, ok := k.extension(c, e.Class(class.Code), g); ok {
				span = extended(span, by, c.Extend.Times)
			}
			if law != nil && exceeds(span, law.Span) {
				k.say("clock.beyond_statutory", "classes.yaml", []string{"classes", class.Code}, "limit", span.String(), "statutory", law.Span.String())
			}
		}
	}
}

// extension is how much a clock grows for a class and grade; false: it may not.
func (k *lifeCheck) extension(c *workflow.Clock, class *EffectiveClass, grade string) (workflow.Span, bool) {
	switch {
	case c.Extend == nil:
		return workflow.Span{}, false
	case c.Extend.Class:
		return class.Extension(c.Name, grade)
	}
	return c.Extend.By, true
}

// extends tells whether any class of this life may be extended at any grade.
func (k *lifeCheck) extends(c *workflow.Clock) bool {
	e := Resolve(k.p, nil)
	grades := append(names(k.p.Severities, func(s Severity) string { return s.Code }), "")
	return slices.ContainsFunc(k.p.Classes, func(class Class) bool {
		return class.Life == k.l.Name && slices.ContainsFunc(grades, func(g string) bool {
			_, ok := e.Class(class.Code).Extension(c.Name, g)
			return ok
		})
	})
}

// extended is a limit with its extensions, as far as their units add up.
func extended(limit, by workflow.Span, times int) workflow.Span {
	if limit.Unit == by.Unit {
		limit.N += by.N * times
	}
	return limit
}

// limitCases compares the cases with the options of the choice they are by.
func (k *lifeCheck) limitCases(c *workflow.Clock, at []string) {
	for _, r := range c.Limit.By.Refs() {
		if r.Path[0] != "field" || len(r.Path) != 2 {
			continue
		}
		f := k.field(r.Path[1])
		if f == nil {
			continue
		}
		for _, o := range f.Options {
			if !slices.ContainsFunc(c.Limit.Cases, func(x workflow.LimitCase) bool { return x.Value == o.Code }) {
				k.note("clock.missing_case", append(at, "limit"), "value", o.Code)
			}
		}
	}
}

// exceeds tells whether a is certainly longer than b. Units that do not compare exactly
// are compared by what they are at least and at most.
func exceeds(a, b worktime.Span) bool {
	if a.Unit == b.Unit {
		return a.N > b.N
	}
	least, _ := days(a)
	_, most := days(b)
	return least > most
}

// days is how many calendar days a span takes at least and at most.
func days(s worktime.Span) (least, most float64) {
	n := float64(s.N)
	switch s.Unit {
	case worktime.InMinutes:
		return n / 1440, n / 1440
	case worktime.InHours:
		return n / 24, n / 24
	case worktime.InWorkingMinutes:
		return n / 60 / 24, n/60/4*2 + 12
	case worktime.InWorkingHours:
		return n / 24, n/4*2 + 12
	case worktime.InWorkingDays:
		return n * 1.25, n*2 + 12 // a weekend at least for every eight of them, even around make-up workdays
	case worktime.InDays:
		return n, n + 12
	case worktime.InWeeks:
		return n * 7, n*7 + 12
	case worktime.InMonths:
		return n * 28, n*31 + 12
	case worktime.InYears:
		return n * 365, n*366 + 12
	}
	return 0, 13
}

// recomputes finds a clock that starts from a date which the clock itself sets.
func (k *lifeCheck) recomputes(c *workflow.Clock, at []string) {
	var from []string
	for _, t := range c.From {
		if p := splitPath(t.Name); t.Kind == workflow.OnDate && p[0] == "field" {
			from = append(from, p[1])
		}
	}
	for _, t := range c.Limit.Terms {
		for _, r := range t.Expr.Refs() {
			if r.Path[0] == "field" && len(r.Path) > 1 {
				from = append(from, r.Path[1])
			}
		}
	}
	due := workflow.Trigger{Kind: workflow.OnClock, Name: c.Name, Event: "due"}
	for _, a := range k.l.ActionsUpon(due) {
		for _, e := range a.Then {
			if i := slices.IndexFunc(e.Set, func(s workflow.Assign) bool { return slices.Contains(from, s.Field) }); i >= 0 {
				k.note("clock.recomputes_itself", at, "name", c.Name, "field", e.Set[i].Field, "action", a.Name)
			}
		}
	}
}

// fieldUse finds fields that are shown and never get a value, and fields asked although
// the system knows them.
func (k *lifeCheck) fieldUse() {
	asked := map[string][]string{}
	note := func(list []string, at ...string) {
		for _, f := range list {
			asked[f] = at
		}
	}
	for _, f := range k.asked {
		note([]string{f.Name})
	}
	for i, o := range k.l.Opens {
		note(o.Asks, "opens", index(i), "asks")
		note(o.Also, "opens", index(i), "also")
	}
	for _, g := range k.opening() {
		note([]string{g.Field})
	}
	for _, s := range k.l.Parts {
		if s.Task != nil {
			note(s.Task.Asks, "parts", s.Name, "task", "asks")
			note(s.Task.Also, "parts", s.Name, "task", "also")
		}
		for _, t := range s.Take {
			note([]string{t.Field})
		}
	}
	for _, a := range k.l.Actions {
		note(a.Asks, "actions", a.Name, "asks")
		note(a.Also, "actions", a.Name, "also")
		for _, e := range a.Then {
			for _, s := range e.Set {
				note([]string{s.Field})
			}
			if e.Post != nil && e.Post.Missing != "" {
				note([]string{e.Post.Missing})
			}
		}
	}
	for i := range k.l.Fields {
		f := &k.l.Fields[i]
		at, ok := asked[f.Name]
		known := f.Formula != nil || f.From != "" && f.Locked
		if !ok && !known && f.From == "" && !k.clockField(f.Name) {
			k.note("field.never_asked", to("fields", f.Name), "name", f.Name)
		}
		if known && len(at) > 0 {
			k.note("field.asked_although_known", at, "name", f.Name)
		}
	}
}

// clockField tells whether a limit reads the field: such fields of the life of a task are
// filled by the kernel.
func (k *lifeCheck) clockField(name string) bool {
	return slices.ContainsFunc(k.l.Clocks, func(c workflow.Clock) bool {
		return slices.ContainsFunc(c.Limit.Terms, func(t workflow.Term) bool { return reads(t.Expr, "field", name) })
	})
}
