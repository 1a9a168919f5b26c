package pack

import (
	"slices"
	"strconv"
	"time"

	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

type action = workflow.Action

func clockName(c workflow.Clock) string { return c.Name }

func index(i int) string { return strconv.Itoa(i) }

// reads tells whether a formula reads a path or something below it.
func reads(e *formula.Expr, path ...string) bool {
	return slices.ContainsFunc(e.Refs(), func(r formula.Ref) bool {
		return r.Func == "" && len(r.Path) >= len(path) && slices.Equal(r.Path[:len(path)], path)
	})
}

// personalTypes hold personal data whatever they are called.
var personalTypes = []string{"phone", "id_number", "signature"}

// fields checks declarations; l is the life they stand in, nil for a class or a record.
func (c *checking) fields(file string, at []string, fields []form.Field, l *Life) {
	for i := range fields {
		f := &fields[i]
		here := append(slices.Clone(at), f.Name)
		choice := f.Type == "choice" || f.Type == "choices"
		switch {
		case choice && f.Of == "":
			c.say("field.choice_without_options", file, here, "name", f.Name)
		case choice && f.Of != form.YesNo && c.p.Option(f.Of) == nil:
			c.unknown("field.unknown_options", file, here, f.Of, names(c.p.Options, func(o OptionList) string { return o.Name }))
		}
		if len(f.Rows) > 0 && f.Type != "list" {
			c.say("field.rows_without_list", file, here, "name", f.Name)
		}
		if f.Personal == nil && slices.Contains(personalTypes, f.Type) {
			c.say("field.personal_undeclared", file, here, "name", f.Name)
		}
		if f.From != "" {
			c.busywork(file, here, splitPath(f.From))
		}
		for _, reader := range f.SeenBy {
			if !c.role(reader) && (l == nil || l.Seat(reader) == nil) {
				c.unknown("field.unknown_reader", file, here, reader, c.roleNames())
			}
		}
		c.fields(file, append(slices.Clone(here), "rows"), f.Rows, l)
	}
	c.fieldCycle(file, at, fields)
}

func splitPath(s string) []string {
	var out []string
	start := 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			out, start = append(out, s[start:i]), i+1
		}
	}
	return out
}

// fieldCycle finds formulas that compute each other.
func (c *checking) fieldCycle(file string, at []string, fields []form.Field) {
	state := map[string]int{} // 1 on the way, 2 done
	var walk func(name string) bool
	walk = func(name string) bool {
		f := find(fields, func(f *form.Field) bool { return f.Name == name })
		if f == nil || f.Formula == nil || state[name] == 2 {
			return false
		}
		if state[name] == 1 {
			return true
		}
		state[name] = 1
		for _, r := range f.Formula.Refs() {
			if r.Func == "" && r.Path[0] == "field" && len(r.Path) > 1 && walk(r.Path[1]) {
				return true
			}
		}
		state[name] = 2
		return false
	}
	for _, f := range fields {
		if walk(f.Name) {
			c.say("field.cycle", file, append(slices.Clone(at), f.Name), "name", f.Name)
			return
		}
	}
}

func (c *checking) records() {
	const file = "records.yaml"
	for i := range c.p.Records {
		r := &c.p.Records[i]
		at := []string{"records", r.Name}
		for _, k := range r.Key {
			if r.field(k) == nil {
				c.unknown("record.unknown_field", file, append(at, "key"), k, names(r.Fields, func(f form.Field) string { return f.Name }))
			}
			c.keyField(file, append(at, "key"), r.field(k))
		}
		if !r.Table && len(r.ChangedBy) == 0 {
			c.say("record.unchangeable", file, at, "name", r.Name)
		}
		for _, by := range r.ChangedBy {
			if _, l := c.lifeOf(by); by != "import" && l == nil {
				c.unknown("record.unknown_changer", file, append(at, "changed_by"), by, append(c.lifeNames(), "import"))
			}
		}
		c.fields(file, append(at, "fields"), r.Fields, nil)
		c.table(file, r, append(at, "rows"))
	}
	for _, r := range c.p.Relations {
		for _, end := range []string{r.From, r.To} {
			if c.p.Record(end) == nil {
				c.unknown("relation.unknown_record", file, []string{"relations", r.Name}, end, names(c.p.Records, func(r Record) string { return r.Name }))
			}
		}
	}
}

// keyTypes are the types by which people know one record from another.
var keyTypes = []string{"text", "number", "date", "choice"}

// keyField checks a field of a record's key: it is neither personal nor of a type that people
// do not write.
func (c *checking) keyField(file string, at []string, f *form.Field) {
	switch {
	case f == nil:
	case f.Personal != nil:
		c.say("record.personal_key", file, at, "name", f.Name)
	case !slices.Contains(keyTypes, f.Type) || f.Of == form.YesNo:
		c.say("record.key_type", file, at, "name", f.Name, "type", f.Type)
	}
}

// table checks shipped rows: their values, and that the days of one key neither overlap nor
// leave a day out.
func (c *checking) table(file string, r *Record, at []string) {
	byKey := map[string][]int{}
	for i, row := range r.Rows {
		here := append(slices.Clone(at), index(i))
		c.dates(file, here, row.From, row.Until)
		for _, k := range sortedKeys(row.Values) {
			f := r.field(k)
			if f == nil {
				c.unknown("record.unknown_field", file, here, k, names(r.Fields, func(f form.Field) string { return f.Name }))
				continue
			}
			in := form.Coerce([]form.Field{*f}, map[string]any{k: row.Values[k]})
			if _, wrong := f.Validate(in[k]); len(wrong) > 0 {
				c.say("table.bad_value", file, here, "name", k, "type", f.Type)
			}
		}
		key := ""
		for _, k := range r.Key {
			key += row.Values[k] + "\x00"
		}
		byKey[key] = append(byKey[key], i)
	}
	for _, key := range sortedKeys(byKey) {
		rows := byKey[key]
		slices.SortFunc(rows, func(a, b int) int { return compareText(r.Rows[a].From, r.Rows[b].From) })
		for j := 1; j < len(rows); j++ {
			before, after := r.Rows[rows[j-1]], r.Rows[rows[j]]
			here := append(slices.Clone(at), index(rows[j]))
			switch {
			case before.Until == "" || after.From == "" || after.From <= before.Until:
				c.say("table.overlap", file, here, "from", after.From)
			case nextDay(before.Until) != after.From:
				c.say("table.gap", file, here, "from", before.Until, "until", after.From)
			}
		}
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func nextDay(s string) string {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return ""
	}
	return d.AddDate(0, 0, 1).Format(time.DateOnly)
}
