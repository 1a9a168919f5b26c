package record

import (
	"cmp"
	"maps"
	"slices"

	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/internal/worktime"
)

// Draft is a record as it should stand from a day on: a row of a file, or of a story.
type Draft struct {
	Line   int            // where it comes from, for reports
	Values map[string]any // by field, as form takes them; nil or "" takes a value away; fields left out stay
	From   string         // first day; "" is the import's
	Until  string         // last day; "" is none
	Lasts  bool           // Until was meant: without one the record has no end. Else a known end stays
	Area   string         // id of the area it lies in; "" leaves it, or takes it from an area field
	// Related are the keys of the records that a relation shall join it to, by relation;
	// relations left out stay.
	Related map[string][][]string
}

// Import says for whom drafts are taken in, and how.
type Import struct {
	Jurisdiction string
	Kind         string // "kind" or "pack/kind"
	From         string // day for drafts without one, "2026-03-01"
	By           string // person id, for the audit; "" is the system
	Nature       string // of new records: territory.Real or territory.Sample
	Home         string // id of the area of records that lie nowhere in particular
	Cause        string // what records it; "" is import
	DryRun       bool   // check and count, change nothing
	EndMissing   bool   // end, with the day before From, what is not among the drafts
	Partial      bool   // fields that the kind requires may be missing
	// Progress hears how far a large import has come, in the stages of package territory. Its
	// error gives the import up, and nothing is changed. nil hears nothing.
	Progress func(stage string, done, total int) error
}

const causeImport = "import"

// mostBad is how many bad rows a report lists; BadRows counts all.
const mostBad = 1000

// Report is what an import did, or in a dry run would do.
type Report struct {
	DryRun    bool          `json:"dry_run"`
	Rows      int           `json:"rows"`
	Begun     int           `json:"begun"`
	Changed   int           `json:"changed"`
	Ended     int           `json:"ended"`
	Unchanged int           `json:"unchanged"`
	BadRows   int           `json:"bad_rows"`
	Bad       []fault.Place `json:"bad,omitempty"` // the first 1,000, by line
}

// refused turns a report with bad rows into the fault record.bad_rows; a dry run never is.
func (r *Report) refused() error {
	slices.SortStableFunc(r.Bad, func(a, b fault.Place) int { return cmp.Compare(a.Line, b.Line) })
	r.BadRows = len(r.Bad)
	r.Bad = r.Bad[:min(len(r.Bad), mostBad)]
	if r.BadRows == 0 || r.DryRun {
		return nil
	}
	f := fault.New(fault.Invalid, "record.bad_rows", "rows", r.BadRows)
	f.At = r.Bad
	return f
}

// checked is a draft that can be planned: values validated, its key known.
type checked struct {
	Draft
	key    []string
	from   worktime.Date
	until  worktime.Date  // endless for none
	values map[string]any // validated; nil where a value is taken away
}

// checking looks at drafts before anything is read or written.
type checking struct {
	kind    Kind
	imp     Import
	tree    *territory.Tree
	related []pack.Relation // that begin at the kind
	bad     []fault.Place
}

func (c *checking) refuse(d *Draft, path, code string, args ...any) {
	p := fault.Place{Line: d.Line, Path: path, Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if p.Args == nil {
			p.Args = map[string]any{}
		}
		p.Args[args[i].(string)] = args[i+1]
	}
	c.bad = append(c.bad, p)
}

// all returns the drafts that are right so far.
func (c *checking) all(drafts []Draft) []checked {
	lines := map[string]int{}
	var out []checked
	for i := range drafts {
		d := &drafts[i]
		before := len(c.bad)
		x := checked{Draft: *d, values: c.values(d)}
		x.key = c.key(d, x.values, before)
		c.days(d, &x)
		c.area(d)
		for _, name := range slices.Sorted(maps.Keys(d.Related)) {
			if !slices.ContainsFunc(c.related, func(r pack.Relation) bool { return r.Name == name }) {
				c.refuse(d, name, "form.unknown_field")
			}
		}
		if len(c.bad) > before {
			continue
		}
		id := identityOf(x.key)
		if first, twice := lines[id]; twice {
			c.refuse(d, c.kind.Key[0], "record.twice", "first", first)
			continue
		}
		lines[id] = d.Line
		out = append(out, x)
	}
	return out
}

// values validates what a draft gives.
func (c *checking) values(d *Draft) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(d.Values)) {
		f := c.kind.field(name)
		switch v := d.Values[name]; {
		case f == nil:
			c.refuse(d, name, "form.unknown_field")
		case form.Empty(v):
			out[name] = nil
		case f.Formula != nil:
			c.refuse(d, name, "form.locked")
		default:
			x, wrong := f.Validate(v)
			for _, w := range wrong {
				w.Line = d.Line
				c.bad = append(c.bad, w)
			}
			out[name] = x
		}
	}
	return out
}

// key are the values of the kind's key. before is how many rows were bad before this one,
// so that a key that is wrong in itself is not told twice.
func (c *checking) key(d *Draft, values map[string]any, before int) []string {
	var key []string
	for _, name := range c.kind.Key {
		text := keyText(values[name])
		if text == "" && len(c.bad) == before {
			c.refuse(d, name, "record.no_key")
		}
		key = append(key, text)
	}
	return key
}

// keyText is a value as part of a key.
func keyText(v any) string { return formula.Text(formula.From(v)) }

func (c *checking) days(d *Draft, x *checked) {
	from, err := worktime.ParseDate(cmp.Or(d.From, c.imp.From))
	if err != nil {
		c.refuse(d, "from", "territory.bad_date")
	}
	x.from, x.until = from, endless
	if d.Until != "" {
		if x.until, err = worktime.ParseDate(d.Until); err != nil {
			c.refuse(d, "until", "territory.bad_date")
		} else if x.until < from {
			c.refuse(d, "until", "territory.ends_before_it_begins")
		}
	}
}

func (c *checking) area(d *Draft) {
	if d.Area == "" {
		return
	}
	if a, ok := c.tree.Area(d.Area); !ok {
		c.refuse(d, "area", "territory.unknown_area")
	} else if a.Jurisdiction != c.imp.Jurisdiction {
		c.refuse(d, "area", "territory.not_yours")
	}
}

func (k Kind) field(name string) *form.Field {
	for i := range k.Fields {
		if k.Fields[i].Name == name {
			return &k.Fields[i]
		}
	}
	return nil
}

// next is the revision that a draft makes of what holds on its first day; nil for nothing.
func (c *checking) next(d *checked, now *Revision) *Revision {
	out := &Revision{From: dayText(d.from), Until: dayText(d.until), Cause: cmp.Or(c.imp.Cause, causeImport),
		Values: map[string]any{}, Personal: map[string]any{}}
	if now != nil {
		maps.Copy(out.Values, now.Values)
		maps.Copy(out.Personal, now.Personal)
		out.AreaID = now.AreaID
	}
	for name, v := range d.values {
		into := out.Values
		if c.kind.field(name).Personal != nil {
			into = out.Personal
		}
		if v == nil {
			delete(into, name)
		} else {
			into[name] = v
		}
	}
	area := d.Area
	for _, f := range c.kind.Fields {
		if id, ok := out.Values[f.Name].(string); ok && area == "" && f.Type == "area" {
			area = id
		}
	}
	out.AreaID = cmp.Or(area, out.AreaID, c.imp.Home)
	return out
}

// complete refuses a draft that leaves a required field empty.
func (c *checking) complete(d *checked, r *Revision) {
	if c.imp.Partial {
		return
	}
	for i := range c.kind.Fields {
		f := &c.kind.Fields[i]
		if r.Values[f.Name] == nil && r.Personal[f.Name] == nil && !f.Optional && f.Formula == nil && f.AskedIf == nil {
			c.refuse(&d.Draft, f.Name, "form.required")
		}
	}
}
