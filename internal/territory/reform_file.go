package territory

import (
	"cmp"
	"context"
	"slices"
	"unicode/utf8"

	"gezhi/internal/fault"
)

// reading is a list of what becomes of areas, on its way to a Reform.
type reading struct {
	tree   *Tree
	imp    Import
	rep    Report
	rows   []reformRow
	heirs  map[string][]string // of the code of an area that stands: the codes that it becomes
	olds   map[string][]int    // rows by the code that they lead to
	begins map[string]*Successor
	order  []string // codes that begin, in the order of the file
	ends   map[string]bool
	names  map[string]string
}

// reformRow is a line of the list.
type reformRow struct {
	line                          int
	area                          *Area // nil: what begins takes nobody's place
	code, becomes, name, up, kind string
}

// ReadReform reads a CSV or XLSX of what becomes of areas, with the columns code (of an area that
// stands), becomes (a code), and perhaps name, parent and kind of what begins. One row is one
// step from old to new: two rows that become one code are a merger, two rows of one code a
// division, a row without becomes ends an area without a successor, a row without code begins
// one that takes nobody's place, and a row whose two codes are the same renames an area that
// stands, or says below which of several successors it lies from now on. Of what lies below an area that
// ends nothing need be said where it has one successor, or none: it moves below that, or
// ends too.
func ReadReform(data []byte, t *Tree, imp Import) (Reform, Report, error) {
	rows, bad, err := readTable(data, "code", "becomes")
	if err != nil {
		return Reform{}, Report{}, err
	}
	l := reading{tree: t, imp: imp, heirs: map[string][]string{}, olds: map[string][]int{}, begins: map[string]*Successor{}, ends: map[string]bool{}, names: map[string]string{}}
	l.rep = Report{DryRun: imp.DryRun, Rows: len(rows) + len(bad), Bad: bad}
	for _, r := range rows {
		l.read(r)
	}
	for i := range l.rows {
		l.begin(i)
	}
	for _, c := range l.order {
		l.place(c, 0)
	}
	for i, r := range l.rows {
		if r.area != nil && l.ends[r.area.ID] && !slices.ContainsFunc(l.rows[:i], func(x reformRow) bool { return x.area == r.area }) {
			l.below(r)
		}
	}
	if err := l.rep.Refused(); err != nil || l.rep.BadRows > 0 {
		return Reform{}, l.rep, err
	}
	r := l.reform()
	return r, l.rep, nil
}

func (l *reading) refuse(line int, column string, why error) { l.rep.Refuse(line, column, why) }

// read takes in a row by itself.
func (l *reading) read(r row) {
	v := reformRow{line: r.line, code: r.cells["code"], becomes: r.cells["becomes"], name: r.cells["name"], up: r.cells["parent"], kind: r.cells["kind"]}
	before := len(l.rep.Bad)
	if v.code != "" {
		switch v.area = l.tree.AreaByCode(v.code); {
		case v.area == nil:
			l.refuse(v.line, "code", l.tree.UnknownArea(v.code, l.imp.Jurisdiction))
		case v.area.Jurisdiction != l.imp.Jurisdiction:
			l.refuse(v.line, "code", fault.New(fault.Invalid, "territory.not_yours"))
		case v.area.Level <= County:
			l.refuse(v.line, "code", fault.New(fault.Invalid, "territory.bad_level"))
		}
	}
	switch {
	case v.code == "" && v.becomes == "":
		l.refuse(v.line, "code", fault.New(fault.Invalid, "territory.bad_code"))
	case v.becomes != "" && !codeShape.MatchString(v.becomes):
		l.refuse(v.line, "becomes", fault.New(fault.Invalid, "territory.bad_code"))
	case slices.Contains(l.heirs[v.code], v.becomes) && v.code != "":
		l.refuse(v.line, "becomes", fault.New(fault.Invalid, "territory.duplicate_code"))
	case utf8.RuneCountInString(v.name) > longestName:
		l.refuse(v.line, "name", fault.New(fault.Invalid, "territory.name_too_long", "most", longestName))
	}
	if len(l.rep.Bad) > before {
		return
	}
	l.rows = append(l.rows, v)
	if v.code != "" {
		l.heirs[v.code] = append(l.heirs[v.code], v.becomes)
	}
	if v.becomes != "" {
		l.olds[v.becomes] = append(l.olds[v.becomes], len(l.rows)-1)
	}
}

// stays tells that an area goes on standing, with another name or below another.
func (l *reading) stays(r reformRow) bool {
	return r.area != nil && r.code == r.becomes && len(l.heirs[r.code]) == 1 && len(l.olds[r.code]) == 1
}

// begin says what a row ends and begins, but for where that lies.
func (l *reading) begin(i int) {
	r := l.rows[i]
	switch {
	case l.stays(r):
		if r.name != "" && r.name != r.area.Name {
			l.names[r.area.ID] = r.name
		}
		return
	case r.area != nil:
		l.ends[r.area.ID] = true
	}
	if r.becomes == "" {
		return
	}
	b := l.begins[r.becomes]
	if b == nil {
		b = &Successor{Draft: Draft{Line: r.line, Code: r.becomes, Nature: l.imp.Nature}}
		l.begins[r.becomes] = b
		l.order = append(l.order, r.becomes)
	}
	b.Name, b.Parent, b.Kind = cmp.Or(b.Name, r.name), cmp.Or(b.Parent, r.up), cmp.Or(b.Kind, r.kind)
	if r.area != nil {
		b.From = append(b.From, r.area.ID)
		b.Kind = cmp.Or(b.Kind, r.area.Kind)
		if r.code == r.becomes {
			b.Name = cmp.Or(b.Name, r.area.Name) // what keeps its code keeps its name
		}
	}
}

// mostDeep is how far below each other successors may begin.
const mostDeep = int(deepest)

// place says where what begins lies: below the parent that is named, else below that of what it
// takes the place of, or that one's own successor.
func (l *reading) place(c string, depth int) Level {
	b := l.begins[c]
	if b.Level != 0 || depth > mostDeep {
		return b.Level
	}
	if b.Name == "" {
		l.refuse(b.Line, "name", fault.New(fault.Invalid, "territory.no_name"))
	}
	if taken := l.tree.AreaByCode(c); taken != nil && !l.ends[taken.ID] {
		l.refuse(b.Line, "becomes", fault.New(fault.Conflict, "territory.duplicate_code"))
	}
	if len(b.From) > 0 && b.Parent == "" {
		old, _ := l.tree.Area(b.From[0])
		if up, ok := l.tree.Area(old.Parent); ok {
			b.Parent = codeOf(up)
			if to := l.heirs[b.Parent]; len(to) == 1 {
				b.Parent = to[0]
			}
		}
	}
	above := Level(0)
	if l.begins[b.Parent] != nil {
		above = l.place(b.Parent, depth+1)
	} else if up := l.tree.AreaByCode(b.Parent); up != nil && !l.ends[up.ID] && up.Jurisdiction == l.imp.Jurisdiction {
		above = up.Level
	}
	if above == 0 || above >= deepest {
		l.refuse(b.Line, "parent", fault.New(fault.Invalid, "territory.unknown_parent"))
		return 0
	}
	b.Level, b.Scheme, b.ParentScheme = above+1, schemeOf(above+1), schemeOf(above)
	return b.Level
}

// schemeOf is the scheme of the codes of a level.
func schemeOf(l Level) string {
	if l >= Grid {
		return SchemeGrid
	}
	return SchemeDivision
}

// codeOf is the code by which files name an area.
func codeOf(a *Area) string { return a.Codes[schemeOf(a.Level)] }

// below finds a place for all that stands directly below an area that ends.
func (l *reading) below(r reformRow) {
	left := 0
	for _, c := range l.tree.Children(r.area.ID) {
		to := l.heirs[r.code]
		if i := slices.IndexFunc(l.rows, func(x reformRow) bool { return x.area == c && l.stays(x) && x.up != "" }); i >= 0 {
			to = []string{l.rows[i].up}
		}
		switch b := l.begins[to[0]]; {
		case l.ends[c.ID]:
		case len(to) > 1, to[0] != "" && (b == nil || b.Level != c.Level-1):
			left++
		case to[0] == "":
			l.end(c)
		case !slices.Contains(b.Children, c.ID):
			b.Children = append(b.Children, c.ID)
		}
	}
	if left > 0 {
		l.refuse(r.line, "becomes", fault.New(fault.Invalid, "territory.children_left", "areas", left))
	}
}

// end ends an area with all below it of which nothing is said.
func (l *reading) end(a *Area) {
	l.ends[a.ID] = true
	for _, c := range l.tree.Children(a.ID) {
		if l.heirs[codeOf(c)] == nil {
			l.end(c)
		}
	}
}

// reform is what was read, what lies above before what lies below.
func (l *reading) reform() Reform {
	r := Reform{Jurisdiction: l.imp.Jurisdiction, At: l.imp.From, By: l.imp.By, DryRun: l.imp.DryRun, Ends: sortedKeys(l.ends), Renames: l.names}
	for _, c := range l.order {
		r.Begins = append(r.Begins, *l.begins[c])
	}
	slices.SortStableFunc(r.Begins, func(a, b Successor) int { return cmp.Compare(a.Level, b.Level) })
	l.rep.Begun, l.rep.Ended, l.rep.Changed = len(r.Begins), len(r.Ends), len(r.Renames)
	return r
}

// ImportReform carries out the reform that a list describes: see ReadReform. look, if any, sees
// what will stand, also in a dry run.
func (s *Service) ImportReform(ctx context.Context, data []byte, imp Import, look func(r *Reform)) (Report, error) {
	t, err := s.At(ctx, imp.From)
	if err != nil {
		return Report{}, err
	}
	r, rep, err := ReadReform(data, t, imp)
	if err != nil || rep.BadRows > 0 {
		return rep, err
	}
	if look != nil {
		look(&r)
	}
	_, err = s.Reform(ctx, r)
	return rep, err
}
