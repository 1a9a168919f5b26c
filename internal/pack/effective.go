package pack

import (
	"slices"
	"time"

	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

// Effective is a pack with a county's overlay laid over it: what counts there.
type Effective struct {
	Pack    *Pack
	Overlay *Overlay // nil: none
	classes map[string]*EffectiveClass
}

// EffectiveClass is what counts for one class.
type EffectiveClass struct {
	Class
	Scheme string
	Life   *Life
	// Fields holds what a case of this class may know: the fields of the class, then those
	// of the life, then the kernel's. One name stands once; the class's own comes first.
	Fields []form.Field
	// Asked are the fields asked when such a case is opened: those of the class.
	Asked []form.Field
	pack  *Effective
}

// Resolve lays o over p; o may be nil.
func Resolve(p *Pack, o *Overlay) *Effective {
	e := &Effective{Pack: p, Overlay: o, classes: map[string]*EffectiveClass{}}
	for i := range p.Classes {
		c := &EffectiveClass{Class: p.Classes[i], Scheme: p.Scheme, pack: e}
		c.Life = p.Life(c.Class.Life)
		c.Asked = c.Class.Fields
		c.Fields = slices.Clone(c.Class.Fields)
		if c.Life != nil {
			c.Fields = addFields(c.Fields, c.Life.Fields)
		}
		c.Fields = addFields(c.Fields, KernelFields())
		if o != nil {
			for _, a := range o.Admitted {
				if fits(a.Class, c.Code) {
					c.Admitted = append(slices.Clone(c.Admitted), a.Admitted...)
				}
			}
		}
		e.classes[c.Code] = c
	}
	return e
}

func addFields(to, more []form.Field) []form.Field {
	for _, f := range more {
		if !slices.ContainsFunc(to, func(g form.Field) bool { return g.Name == f.Name }) {
			to = append(to, f)
		}
	}
	return to
}

// Class returns what counts for the class of that code, nil when there is none.
func (e *Effective) Class(code string) *EffectiveClass { return e.classes[code] }

// Field returns the field of that name, nil when there is none.
func (c *EffectiveClass) Field(name string) *form.Field {
	return find(c.Fields, func(f *form.Field) bool { return f.Name == name })
}

// Severity returns a grade with the overlay's changes; false when there is none.
func (e *Effective) Severity(code string) (Severity, bool) {
	p := e.Pack.Severity(code)
	if p == nil {
		return Severity{}, false
	}
	s := *p
	if e.Overlay == nil {
		return s, true
	}
	for _, c := range e.Overlay.Severities {
		if c.Code != code {
			continue
		}
		s.Limits = append(slices.Clone(c.Limits), s.Limits...)
		s.Extensions = append(slices.Clone(c.Extensions), s.Extensions...)
		if len(c.Fallback) > 0 {
			s.Fallback = c.Fallback
		}
		if c.Wakes != nil {
			s.Wakes = *c.Wakes
		}
		if c.Hours != "" {
			s.Hours = c.Hours
		}
	}
	return s, true
}

// Grade returns the severity a case begins with: the first rule that holds, else First,
// else the mildest grade of the pack. A rule that cannot be computed is an error.
func (c *EffectiveClass) Grade(env formula.Env) (string, error) {
	for _, r := range c.Rules {
		ok, err := r.If.Holds(env)
		if err != nil {
			return "", err
		}
		if ok {
			return r.To, nil
		}
	}
	return c.Usual(), nil
}

// Usual is the severity a case of the class has when no rule says otherwise; "" where the
// pack has no grades.
func (c *EffectiveClass) Usual() string {
	if c.First != "" {
		return c.First
	}
	if s := c.pack.Pack.Severities; len(s) > 0 {
		return s[len(s)-1].Code
	}
	return ""
}

// Limit is how long a clock with limit: class takes for a case of a severity. What names
// class and severity comes first; then the plain limit of the class, which speaks of its
// usual grade and milder ones; then the limit of the severity; at last the plain limit
// again, for a graver case whose severity says nothing. The county's values stand before
// the pack's at each place. False: nothing says.
func (c *EffectiveClass) Limit(clock, severity string) (workflow.Span, bool) {
	var county []ClassLimits
	if o := c.pack.Overlay; o != nil {
		county = o.Limits
	}
	return c.spanOf(clock, severity, county, c.Limits, func(s Severity) []Limit { return s.Limits })
}

// Extension is how much a clock with extend: { by: class } grows for a case of a severity,
// found as Limit is. False: it may not be extended.
func (c *EffectiveClass) Extension(clock, severity string) (workflow.Span, bool) {
	var county []ClassLimits
	if o := c.pack.Overlay; o != nil {
		county = o.Extensions
	}
	return c.spanOf(clock, severity, county, c.Extensions, func(s Severity) []Limit { return s.Extensions })
}

func (c *EffectiveClass) spanOf(clock, severity string, county []ClassLimits, class []Limit, of func(Severity) []Limit) (workflow.Span, bool) {
	var own []Limit
	for _, l := range county {
		if l.Class == c.Code {
			own = append(own, l.Limits...)
		}
	}
	for _, l := range county {
		if l.Class != c.Code && fits(l.Class, c.Code) {
			own = append(own, l.Limits...)
		}
	}
	own = append(own, class...)
	if s, ok := limitIn(own, clock, severity); ok && severity != "" {
		return s, true
	}
	plain, hasPlain := limitIn(own, clock, "")
	if hasPlain && !c.pack.Pack.graver(severity, c.Usual()) {
		return plain, true
	}
	if s, ok := c.pack.Severity(severity); ok {
		if span, ok := limitIn(of(s), clock, ""); ok {
			return span, true
		}
	}
	return plain, hasPlain
}

func limitIn(limits []Limit, clock, severity string) (workflow.Span, bool) {
	for _, l := range limits {
		if l.Clock == clock && l.Severity == severity {
			return l.Span, true
		}
	}
	return workflow.Span{}, false
}

// graver tells whether grade a stands before b in the pack's list.
func (p *Pack) graver(a, b string) bool {
	index := func(code string) int {
		return slices.IndexFunc(p.Severities, func(s Severity) bool { return s.Code == code })
	}
	i, j := index(a), index(b)
	return i >= 0 && j >= 0 && i < j
}

// HoursOf is how a clock with hours: class counts: the class's own word, else that of the
// severity, else the calendar.
func (c *EffectiveClass) HoursOf(severity string) string {
	if c.Hours != "" {
		return c.Hours
	}
	if s, ok := c.pack.Severity(severity); ok && s.Hours != "" {
		return s.Hours
	}
	return workflow.HoursCalendar
}

// SampleOf is the share of cases drawn after an action: the county's word, else the
// class's, else the action's own.
func (c *EffectiveClass) SampleOf(action string) workflow.Ratio {
	lists := [][]Sample{c.Sample}
	if o := c.pack.Overlay; o != nil {
		lists = [][]Sample{o.Sample, c.Sample}
	}
	for _, l := range lists {
		for _, s := range l {
			if s.Action == action {
				return s.Share
			}
		}
	}
	if c.Life != nil {
		if a := c.Life.Action(action); a != nil {
			return a.Sample
		}
	}
	return workflow.Ratio{}
}

// AdmittedTo tells whether a matter of the class may be given to a role on a day. A class
// that names no admission for the role does not restrict it, unless its holders stand in grids
// only: there nothing is given that nobody admitted.
func (c *EffectiveClass) AdmittedTo(role, day string) bool {
	named := false
	for _, a := range c.Admitted {
		if a.Role == role {
			named = true
			if a.On(day) {
				return true
			}
		}
	}
	if named {
		return false
	}
	r := c.pack.Pack.Role(role)
	return r == nil || len(r.Levels) == 0 || slices.ContainsFunc(r.Levels, func(l string) bool { return l != "grid" && l != "micro_grid" })
}

// DutyFor finds who answers for a class at a level on a day: the first line that fits, the
// county's before the pack's. False: nobody, which means the dispatcher's queue.
func (e *Effective) DutyFor(class, level, day string) (Duty, bool) {
	var lines []Duty
	if e.Overlay != nil {
		lines = append(lines, e.Overlay.Duty...)
	}
	for _, d := range append(lines, e.Pack.Duty...) {
		if fits(d.Class, class) && d.Level == level && (d.From == "" || d.From <= day) && (d.Until == "" || day <= d.Until) {
			return d, true
		}
	}
	return Duty{}, false
}

// TextsFor are the texts that stand ready for a field of the class, the county's before the pack's.
func (c *EffectiveClass) TextsFor(field string) (out []Words) {
	var all []Text
	if c.pack.Overlay != nil {
		all = append(all, c.pack.Overlay.Texts...)
	}
	for _, x := range append(all, c.pack.Pack.Texts...) {
		if x.Field == field && fits(x.Class, c.Code) {
			out = append(out, x.Text)
		}
	}
	return out
}

// textFields are the fields of the classes that fit a pattern into which people write.
func (p *Pack) textFields(pattern string) (out []string) {
	for _, c := range Resolve(p, nil).classes {
		if !fits(pattern, c.Code) {
			continue
		}
		for _, f := range c.Fields {
			if (f.Type == "text" || f.Type == "long_text") && f.Formula == nil && f.Personal == nil && !slices.Contains(out, f.Name) {
				out = append(out, f.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// List returns the rows of a shipped list, the county's in place of the pack's.
func (e *Effective) List(name string) []map[string]string {
	if e.Overlay != nil {
		if l := find(e.Overlay.Lists, func(l *RowList) bool { return l.Name == name }); l != nil {
			return l.Rows
		}
	}
	if l := e.Pack.List(name); l != nil {
		return l.Rows
	}
	return nil
}

// Number is how cases are numbered, "" for the kernel's way.
func (e *Effective) Number() string {
	if e.Overlay != nil && e.Overlay.Number != "" {
		return e.Overlay.Number
	}
	return e.Pack.Number
}

// AboveAll is the kind or code of the unit that has reports about those above whom nobody
// stands, the county's word before the pack's; "" for none.
func (e *Effective) AboveAll() string {
	if e.Overlay != nil && e.Overlay.AboveAll != "" {
		return e.Overlay.AboveAll
	}
	return e.Pack.AboveAll
}

// Lookup finds the row of a dated table for key values on a day, as an object for
// formulas; none when no row holds.
// A value behind those of the key is the day instead. Values are typed by the fields of the table.
func (e *Effective) Lookup(table string, key []formula.Value, day string) formula.Value {
	r := e.Pack.Record(table)
	if r == nil || !r.Table {
		return nil
	}
	if n := len(r.Key); len(key) == n+1 {
		text, _ := key[n].(string)
		if len(text) < len(time.DateOnly) {
			return nil
		}
		key, day = key[:n], text[:len(time.DateOnly)]
	}
	if len(key) != len(r.Key) {
		return nil
	}
	rows := r.Rows
	if e.Overlay != nil {
		if t := find(e.Overlay.Tables, func(t *TableChange) bool { return t.Table == table }); t != nil {
			rows = t.Rows
		}
	}
	for _, row := range rows {
		if (row.From != "" && row.From > day) || (row.Until != "" && row.Until < day) || !keyFits(r.Key, row, key) {
			continue
		}
		out := formula.Map{}
		for k, v := range row.Values {
			out[k] = typed(r.field(k), v)
		}
		return out
	}
	return nil
}

func keyFits(names []string, row TableRow, key []formula.Value) bool {
	for i, k := range names {
		if row.Values[k] != formula.Text(key[i]) {
			return false
		}
	}
	return true
}

func (r *Record) field(name string) *form.Field {
	return find(r.Fields, func(f *form.Field) bool { return f.Name == name })
}

// typed reads the text of a table's cell as its field says.
func typed(f *form.Field, s string) formula.Value {
	if f != nil {
		switch f.FormulaType() {
		case formula.Number:
			if n, err := formula.ParseNum(s); err == nil {
				return n
			}
			return nil
		case formula.Bool:
			return s == "true"
		}
	}
	return s
}
