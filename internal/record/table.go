package record

import (
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
)

// Import takes in a CSV or XLSX file of one kind of record. Its columns are the fields of
// the kind, by name or by the words of its pack; area (the code of an area), from and until
// (first and last day); and the relations that begin at the kind (keys of records,
// semicolons between them). People are named by login, units and areas by code. One bad row
// refuses the file: record.bad_rows.
func (s *Service) Import(ctx context.Context, data []byte, imp Import) (Report, error) {
	k, err := s.kind(ctx, imp.Jurisdiction, imp.Kind)
	if err != nil {
		return Report{}, err
	}
	if !slices.Contains(k.ChangedBy, causeImport) {
		return Report{}, fault.New(fault.Forbidden, "record.not_imported")
	}
	f := &file{kind: k, related: relationsOf(k), jurisdiction: imp.Jurisdiction}
	if f.tree, err = s.Territory.Tree(ctx); err != nil {
		return Report{}, err
	}
	if f.logins, err = s.Accounts.Logins(ctx, imp.Jurisdiction); err != nil {
		return Report{}, err
	}
	rows, bad, err := territory.ReadColumns(data, f.column, k.Key...)
	if err != nil {
		return Report{}, err
	}
	f.bad = bad
	drafts := make([]Draft, 0, len(rows))
	for _, r := range rows {
		before := len(f.bad)
		if d := f.draft(r); len(f.bad) == before {
			drafts = append(drafts, d)
		}
	}
	return s.plant(ctx, drafts, imp, f.bad)
}

// The columns that every kind has besides its fields.
const (
	columnArea  = "area"
	columnFrom  = "from"
	columnUntil = "until"
)

// file reads the rows of a file into drafts.
type file struct {
	kind         Kind
	related      []pack.Relation
	jurisdiction string
	tree         *territory.Tree
	logins       map[string]string
	bad          []fault.Place
}

// column finds what a heading means: a field or relation by its name or words, else one of
// the columns that every kind has.
func (f *file) column(heading string) string {
	heading = folded(heading)
	for i := range f.kind.Fields {
		d := &f.kind.Fields[i]
		if f.called(heading, d.Name, d.Title, "fields", f.kind.Name+"."+d.Name) {
			return d.Name
		}
	}
	for _, r := range f.related {
		if f.called(heading, r.Name, nil, "relations", r.Name) {
			return r.Name
		}
	}
	switch name := territory.ColumnName(heading); name {
	case columnArea, columnFrom, columnUntil:
		return name
	}
	return ""
}

// called tells whether a heading is a name or one of its words.
func (f *file) called(heading, name string, title map[string]string, section, word string) bool {
	if heading == name {
		return true
	}
	for _, lang := range f.kind.Pack.Languages() {
		if w := f.kind.Pack.Word(lang, section, word); w != "" && folded(w) == heading {
			return true
		}
	}
	for _, w := range title {
		if folded(w) == heading {
			return true
		}
	}
	return false
}

func (f *file) refuse(line int, path, code string) {
	f.bad = append(f.bad, fault.Place{Line: line, Path: path, Code: code})
}

// draft reads a row.
func (f *file) draft(r territory.Row) Draft {
	d := Draft{Line: r.Line, Values: map[string]any{}, Related: map[string][][]string{}}
	for i := range f.kind.Fields {
		field := &f.kind.Fields[i]
		if cell, there := r.Cells[field.Name]; there {
			d.Values[field.Name] = f.value(r.Line, field, cell)
		}
	}
	for _, rel := range f.related {
		if cell, there := r.Cells[rel.Name]; there {
			d.Related[rel.Name] = f.keys(rel, cell)
		}
	}
	if f.kind.field(columnFrom) == nil {
		d.From = f.day(r.Line, columnFrom, r.Cells[columnFrom])
	}
	if until, there := r.Cells[columnUntil]; there && f.kind.field(columnUntil) == nil {
		d.Until, d.Lasts = f.day(r.Line, columnUntil, until), true
	}
	if f.kind.field(columnArea) == nil {
		d.Area = f.area(r.Line, columnArea, r.Cells[columnArea])
	}
	return d
}

// day reads a day as files write it, to "2026-03-01".
func (f *file) day(line int, path, cell string) string {
	at, ok := territory.ParseDate(cell)
	if !ok {
		f.refuse(line, path, "territory.bad_date")
	}
	if !ok || at.IsZero() {
		return ""
	}
	return at.Format(time.DateOnly)
}

func (f *file) area(line int, path, code string) string {
	if code == "" {
		return ""
	}
	if a := f.tree.AreaByCode(code); a != nil {
		return a.ID
	}
	why := f.tree.UnknownArea(code, f.jurisdiction)
	f.bad = append(f.bad, fault.Place{Line: line, Path: path, Code: why.Code, Args: why.Args})
	return ""
}

// list cuts a cell that holds several.
func list(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == '；' || r == '、' })
}

// keys are the keys of records that a cell names; the values of one key have a slash
// between them.
func (f *file) keys(rel pack.Relation, cell string) [][]string {
	to := f.kind.Pack.Record(rel.To)
	out := [][]string{}
	for _, text := range list(cell) {
		key := []string{strings.TrimSpace(text)}
		if to != nil && len(to.Key) > 1 {
			key = strings.Split(key[0], "/")
		}
		out = append(out, key)
	}
	return out
}

// value turns a cell into what form takes: people, units and areas by what files call them,
// choices by code or words, days and numbers as people write them.
func (f *file) value(line int, d *form.Field, cell string) any {
	if cell == "" {
		return nil
	}
	if d.IsList() {
		var out []any
		for _, x := range list(cell) {
			out = append(out, f.single(line, d, strings.TrimSpace(x)))
		}
		return out
	}
	return f.single(line, d, cell)
}

func (f *file) single(line int, d *form.Field, cell string) any {
	switch d.Type {
	case subjectPerson:
		if id := f.logins[strings.ToLower(cell)]; id != "" {
			return id
		}
		f.refuse(line, d.Name, "record.unknown_login")
	case subjectUnit:
		if u, ok := f.tree.UnitByCode(f.jurisdiction, cell); ok {
			return u.ID
		}
		f.refuse(line, d.Name, "territory.unknown_unit")
	case "area":
		return f.area(line, d.Name, cell)
	case "date":
		return f.day(line, d.Name, cell)
	case "choice", "choices":
		for _, o := range d.Options {
			for _, w := range f.kind.Pack.WordsOf("options", d.Of+"."+o.Code) {
				if w == cell {
					return o.Code
				}
			}
			for _, w := range o.Title {
				if w == cell {
					return o.Code
				}
			}
		}
	case "list":
		return f.columns(line, d, cell)
	case "point":
		lon, lat, _ := strings.Cut(cell, ",")
		return form.Coerce([]form.Field{*d}, map[string]any{d.Name: []any{strings.TrimSpace(lon), strings.TrimSpace(lat)}})[d.Name]
	}
	return form.Coerce([]form.Field{*d}, map[string]any{d.Name: cell})[d.Name]
}

// columns is an item of a list with columns: their values in the order of the pack, with colons
// between them.
func (f *file) columns(line int, d *form.Field, item string) any {
	cells := strings.FieldsFunc(item, func(r rune) bool { return r == ':' || r == '：' })
	if len(cells) > len(d.Rows) {
		f.refuse(line, d.Name, "record.too_many_columns")
		return nil
	}
	out := map[string]any{}
	for i, cell := range cells {
		out[d.Rows[i].Name] = f.value(line, &d.Rows[i], strings.TrimSpace(cell))
	}
	return out
}
