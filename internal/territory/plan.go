package territory

import (
	"regexp"
	"unicode/utf8"

	"gezhi/internal/fault"
)

// plan is what has to be done so that drafts stand.
type plan struct {
	begin      []*Area
	boundaries map[string]*Boundary // of areas that begin, by id
	redraw     map[string]*Boundary // of areas that stand, by id
	change     []*Area              // areas as they shall be; they stand already
	moved      []*Area              // areas below a moved one, as they shall be
	end        []*Area              // with all that lies below
	same       int
}

var codeShape = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$`)

const longestName = 100 // characters

// planner holds what is known while drafts are checked.
type planner struct {
	tree   *Tree
	imp    Import
	drafts []Draft
	later  map[code]bool // codes of areas that begin after imp.From
	byCode map[code]int  // index into drafts
	bad    []fault.Place
	areas  []*Area // of each draft; nil until resolved
}

func (p *planner) refuse(d Draft, column string, why error) {
	p.bad = append(p.bad, placeOf(d.Line, column, why))
}

// check finds what is wrong with each draft by itself and among its neighbours.
func (p *planner) check() {
	p.byCode = make(map[code]int, len(p.drafts))
	for i, d := range p.drafts {
		switch {
		case !codeShape.MatchString(d.Code):
			p.refuse(d, "code", fault.New(fault.Invalid, "territory.bad_code"))
			continue
		case d.Name == "":
			p.refuse(d, "name", fault.New(fault.Invalid, "territory.no_name"))
		case utf8.RuneCountInString(d.Name) > longestName:
			p.refuse(d, "name", fault.New(fault.Invalid, "territory.name_too_long", "most", longestName))
		case d.Level < Province || d.Level > deepest:
			p.refuse(d, "level", fault.New(fault.Invalid, "territory.bad_level"))
		}
		if first, twice := p.byCode[code{d.Scheme, d.Code}]; twice {
			p.refuse(d, "code", fault.New(fault.Invalid, "territory.duplicate_code", "first", p.drafts[first].Line))
			continue
		}
		p.byCode[code{d.Scheme, d.Code}] = i
	}
	for i, d := range p.drafts {
		if j, ok := p.byCode[code{d.Scheme, d.Code}]; ok && j == i {
			p.checkParent(i, d)
			p.checkStanding(d)
		}
	}
}

func (p *planner) checkParent(i int, d Draft) {
	if d.Parent == "" {
		if d.Level > Province {
			p.refuse(d, "parent", fault.New(fault.Invalid, "territory.no_parent"))
		}
		return
	}
	j, inFile := p.byCode[code{d.ParentScheme, d.Parent}]
	a, stands := p.tree.ByCode(d.ParentScheme, d.Parent)
	if inFile && p.circular(i) {
		p.refuse(d, "parent", fault.New(fault.Invalid, "territory.circle"))
		return
	}
	var above Level
	switch {
	case stands: // its level cannot change, whatever the file says of it
		above = a.Level
	case inFile:
		above = p.drafts[j].Level
	}
	switch {
	case !inFile && !stands:
		p.refuse(d, "parent", fault.New(fault.Invalid, "territory.unknown_parent"))
	case above != d.Level-1:
		p.refuse(d, "level", fault.New(fault.Invalid, "territory.level_jump", "above", int(above)))
	}
}

// checkStanding compares a draft with the area that has its code already.
func (p *planner) checkStanding(d Draft) {
	a, ok := p.tree.ByCode(d.Scheme, d.Code)
	switch {
	case p.later[code{d.Scheme, d.Code}]:
		p.refuse(d, "code", fault.New(fault.Invalid, "territory.begins_later"))
	case !ok:
		if above, ok := p.tree.ByCode(d.ParentScheme, d.Parent); ok && above.Level >= County && !p.mine(above.Jurisdiction) {
			p.refuse(d, "parent", fault.New(fault.Invalid, "territory.not_yours"))
		}
	case a.Level != d.Level:
		p.refuse(d, "level", fault.New(fault.Invalid, "territory.level_changed", "before", int(a.Level)))
	case !p.mine(a.Jurisdiction) && (a.Name != d.Name || d.Boundary != nil):
		p.refuse(d, "code", fault.New(fault.Invalid, "territory.not_yours"))
	}
}

// mine reports whether the import may change areas of a jurisdiction.
func (p *planner) mine(jurisdiction string) bool {
	for _, owner := range p.imp.Owners {
		if owner == jurisdiction {
			return true
		}
	}
	return jurisdiction == p.imp.Jurisdiction
}

// circular reports whether draft i comes back to itself when one goes up.
func (p *planner) circular(i int) bool {
	j := i
	for range p.drafts {
		next, ok := p.byCode[code{p.drafts[j].ParentScheme, p.drafts[j].Parent}]
		if !ok {
			return false
		}
		if j = next; j == i {
			return true
		}
	}
	return false
}

// resolve makes the area of draft i, its parent first.
func (p *planner) resolve(i int, newID func() string) *Area {
	if p.areas[i] != nil {
		return p.areas[i]
	}
	d := p.drafts[i]
	a := &Area{Jurisdiction: p.imp.Jurisdiction, Level: d.Level, Kind: d.Kind, Name: d.Name, Sort: d.Sort,
		Nature: d.Nature, From: p.imp.From, Codes: map[string]string{d.Scheme: d.Code}}
	if a.Sort == "" {
		a.Sort = d.Code
	}
	before, stands := p.tree.ByCode(d.Scheme, d.Code)
	if stands {
		a.ID, a.From, a.Codes = before.ID, before.From, before.Codes
	} else {
		a.ID = newID()
	}
	if d.Parent != "" {
		var above *Area
		if j, ok := p.byCode[code{d.ParentScheme, d.Parent}]; ok {
			above = p.resolve(j, newID)
		} else {
			above, _ = p.tree.ByCode(d.ParentScheme, d.Parent)
		}
		a.Parent, a.Path = above.ID, above.Path
		if above.Level >= County && p.mine(above.Jurisdiction) {
			a.Jurisdiction = above.Jurisdiction
		}
	}
	if owner, ok := p.imp.Owners[d.Code]; ok {
		a.Jurisdiction = owner
	}
	if stands {
		a.Jurisdiction, a.Nature = before.Jurisdiction, before.Nature // no import changes these
	}
	a.Path[a.Level] = a.ID
	p.areas[i] = a
	return a
}

// plan sorts the drafts into what begins, changes, ends and stays.
func (p *planner) plan(newID func() string) plan {
	out := plan{boundaries: map[string]*Boundary{}, redraw: map[string]*Boundary{}}
	p.areas = make([]*Area, len(p.drafts))
	for i, d := range p.drafts {
		a := p.resolve(i, newID)
		before, stands := p.tree.Area(a.ID)
		switch {
		case !stands:
			out.begin = append(out.begin, a)
			if d.Boundary != nil {
				out.boundaries[a.ID] = d.Boundary
			}
			continue
		case before.Path != a.Path || before.Name != a.Name || before.Sort != a.Sort || before.Kind != a.Kind:
			out.change = append(out.change, a)
			if before.Path != a.Path {
				p.carry(a, &out)
			}
		case d.Boundary == nil:
			out.same++
		}
		if d.Boundary != nil {
			out.redraw[a.ID] = d.Boundary
		}
	}
	if p.imp.EndMissing {
		out.end = p.missing()
	}
	return out
}

// carry gives what lies below a moved area its new path. Areas of the file see to themselves.
func (p *planner) carry(moved *Area, out *plan) {
	for _, below := range p.tree.Children(moved.ID) {
		if p.inFile(below) {
			continue
		}
		b := *below
		copy(b.Path[:b.Level], moved.Path[:b.Level])
		out.moved = append(out.moved, &b)
		p.carry(&b, out)
	}
}

func (p *planner) inFile(a *Area) bool {
	for scheme, c := range a.Codes {
		if _, ok := p.byCode[code{scheme, c}]; ok {
			return true
		}
	}
	return false
}

// missing returns the areas that have ended because their parent is spoken of and they are
// not, with everything below them. Only schemes and levels that the file has are touched.
func (p *planner) missing() []*Area {
	type rank struct {
		scheme string
		level  Level
	}
	ranks := map[rank]bool{}
	parents := map[string]bool{}
	for i, d := range p.drafts {
		ranks[rank{d.Scheme, d.Level}] = true
		parents[p.areas[i].ID] = true
		if d.Scheme == SchemeGrid {
			// A file of grids lists each village that it names completely, and a village is
			// never itself a row of it.
			parents[p.areas[i].Parent] = true
		}
	}
	var gone []*Area
	seen := map[string]bool{}
	for parent := range parents {
		for _, a := range p.tree.Children(parent) {
			listed := false
			for scheme := range a.Codes {
				listed = listed || ranks[rank{scheme, a.Level}]
			}
			if !listed || p.inFile(a) || !p.mine(a.Jurisdiction) {
				continue
			}
			for _, b := range p.tree.Below(a.ID) {
				if !seen[b.ID] {
					seen[b.ID] = true
					gone = append(gone, b)
				}
			}
		}
	}
	return gone
}
