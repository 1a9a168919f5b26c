package territory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"gezhi/internal/fault"
	"gezhi/internal/geo"
)

// The states of a sketch.
const (
	SketchOpen    = "open"
	SketchPut     = "put"     // in force from a date
	SketchDropped = "dropped" // nobody goes on with it
)

const (
	// mostChanges and mostCorners keep a sketch something that one person can look through.
	mostChanges = 500
	mostCorners = 40_000
)

// Sketch is a drawing of grids that is not in force yet.
type Sketch struct {
	ID           string
	Jurisdiction string
	Name         string
	Version      int64 // counts how often it was saved
	State        string
	Changes      []Change
	MadeBy       string
	MadeAt       time.Time
	ChangedBy    string
	ChangedAt    time.Time
	From         time.Time // from when it is in force, once it was put
}

// Change is what becomes of one grid or micro-grid: it begins, is drawn otherwise, gets another
// name, or ends.
type Change struct {
	Key    string           `json:"key"`            // id of the area, or, of one that begins, a word of the sketch's own
	Parent string           `json:"parent"`         // id of the area above
	Begins bool             `json:"begins"`         // it does not stand yet
	Ends   bool             `json:"ends"`           // it stands no more
	Into   string           `json:"into,omitempty"` // of one that ends: key of the one beside it that takes its place
	Code   string           `json:"code,omitempty"` // of one that begins
	Name   string           `json:"name"`
	Kind   string           `json:"kind,omitempty"`
	Shape  orb.MultiPolygon `json:"shape,omitempty"` // WGS-84; none leaves the boundary as it is
	Mark   string           `json:"mark,omitempty"`  // of the boundary that it was drawn from: see MarkOf
}

// MarkOf names a boundary by what it holds, so that a sketch knows whether it was drawn from the
// one in force; "" for none.
func MarkOf(shape orb.MultiPolygon) string {
	if len(shape) == 0 {
		return ""
	}
	h := sha256.Sum256([]byte(geo.WriteShape(shape)))
	return hex.EncodeToString(h[:8])
}

// Sketched is what a look at the changes of a sketch found.
type Sketched struct {
	// Problems forbid that it comes into force. Path is the key of a change and what of it, as
	// KEY/name; codes are those of imports.
	Problems []fault.Place
	// Flaws are ground claimed twice, by nobody, or beyond the area above, below the areas that
	// the changes touch, the largest first. Areas are keys.
	Flaws []Flaw
	// Differences tell each change beside what is in force, in the order of the changes.
	Differences []Difference
}

// Difference is a change beside what is in force.
type Difference struct {
	Key     string
	Before  float64 // square metres; 0 for none
	After   float64
	Gained  float64 // ground that it did not have
	Lost    float64 // ground that it has no more
	Renamed string  // the name it had
}

// Look tells what is wrong with changes on the ground of a tree and how they differ from it. It
// tidies their shapes, and takes away one that is none. Flaws are told below the areas of also, too.
func (t *Tree) Look(jurisdiction string, changes []Change, also ...string) (Sketched, error) {
	l := inspection{tree: t, jurisdiction: jurisdiction, byKey: map[string]*Change{}}
	for _, id := range also {
		if a, ok := t.Area(id); ok && a.Jurisdiction == jurisdiction && a.Level >= Village {
			l.parents = append(l.parents, id)
		}
	}
	for i := range changes {
		l.read(&changes[i])
	}
	for i := range changes {
		l.check(&changes[i])
	}
	for i := range changes {
		if err := l.compare(&changes[i]); err != nil {
			return l.out, err
		}
	}
	if err := l.flaws(); err != nil {
		return l.out, err
	}
	return l.out, nil
}

// inspection is a look at changes under way.
type inspection struct {
	tree         *Tree
	jurisdiction string
	byKey        map[string]*Change
	parents      []string
	out          Sketched
}

func (l *inspection) refuse(c *Change, what, code string, args ...any) {
	p := placeOf(0, c.Key+"/"+what, fault.New(fault.Invalid, code, args...))
	l.out.Problems = append(l.out.Problems, p)
}

func (l *inspection) read(c *Change) {
	if l.byKey[c.Key] != nil {
		l.refuse(c, "code", "territory.sketched_twice")
		return
	}
	l.byKey[c.Key] = c
	if !slices.Contains(l.parents, c.Parent) {
		l.parents = append(l.parents, c.Parent)
	}
}

// check finds what is wrong with one change.
func (l *inspection) check(c *Change) {
	above, ok := l.tree.Area(c.Parent)
	switch {
	case !ok || above.Jurisdiction != l.jurisdiction:
		l.refuse(c, "parent", "territory.unknown_parent")
		return
	case above.Level != Village && above.Level != Grid:
		l.refuse(c, "parent", "territory.only_grids")
		return
	case l.byKey[c.Parent] != nil && l.byKey[c.Parent].Ends:
		l.refuse(c, "parent", "territory.unknown_parent")
	}
	if !c.Begins {
		if a, ok := l.tree.Area(c.Key); !ok || a.Parent != c.Parent {
			l.refuse(c, "area", "territory.gone")
			return
		}
		if now, _ := l.tree.Boundary(c.Key); len(c.Shape) > 0 && c.Mark != MarkOf(now) {
			l.refuse(c, "shape", "territory.drawn_on_old")
		}
	}
	if c.Ends {
		l.checkEnd(c)
		return
	}
	switch {
	case c.Name == "":
		l.refuse(c, "name", "territory.no_name")
	case utf8.RuneCountInString(c.Name) > longestName:
		l.refuse(c, "name", "territory.name_too_long", "most", longestName)
	}
	if c.Begins {
		l.checkBegin(c)
	}
	if len(c.Shape) > 0 {
		sound, _, err := geo.Sound(c.Shape)
		if err != nil {
			l.out.Problems = append(l.out.Problems, placeOf(0, c.Key+"/shape", err))
		}
		c.Shape = sound
	}
}

func (l *inspection) checkBegin(c *Change) {
	if len(c.Shape) == 0 {
		l.refuse(c, "shape", "territory.not_drawn")
	}
	_, taken := l.tree.ByCode(SchemeGrid, c.Code)
	for _, o := range l.byKey {
		taken = taken || o != c && o.Begins && o.Code == c.Code
	}
	switch {
	case !codeShape.MatchString(c.Code):
		l.refuse(c, "code", "territory.bad_code")
	case taken:
		l.refuse(c, "code", "territory.duplicate_code")
	}
}

func (l *inspection) checkEnd(c *Change) {
	if c.Into != "" {
		heir, drawn := l.byKey[c.Into]
		a, stands := l.tree.Area(c.Into)
		if c.Into == c.Key || drawn && (heir.Ends || heir.Parent != c.Parent) || !drawn && (!stands || a.Parent != c.Parent) {
			l.refuse(c, "into", "territory.no_heir")
		}
		return
	}
	if n := len(l.tree.Children(c.Key)); n > 0 {
		l.refuse(c, "into", "territory.children_left", "areas", n)
	}
}

// compare tells a change beside what is in force.
func (l *inspection) compare(c *Change) error {
	d := Difference{Key: c.Key}
	now, _ := l.tree.Boundary(c.Key)
	if a, ok := l.tree.Area(c.Key); ok && !c.Ends && a.Name != c.Name {
		d.Renamed = a.Name
	}
	after := now
	if len(c.Shape) > 0 {
		after = c.Shape
	}
	if c.Ends {
		after = nil
	}
	d.Before, d.After = geo.Area(now), geo.Area(after)
	d.Gained, d.Lost = d.After, d.Before
	if len(now) > 0 && len(after) > 0 {
		gained, err := geo.Difference(after, now)
		if err != nil {
			return err
		}
		lost, err := geo.Difference(now, after)
		if err != nil {
			return err
		}
		d.Gained, d.Lost = geo.Area(gained), geo.Area(lost)
	}
	l.out.Differences = append(l.out.Differences, d)
	return nil
}

// flaws looks for overlaps and gaps below every area that the changes touch, and below every grid
// that is drawn otherwise and has micro-grids.
func (l *inspection) flaws() error {
	over := slices.Clone(l.parents)
	for _, c := range l.byKey {
		if !c.Ends && len(c.Shape) > 0 && !slices.Contains(over, c.Key) && len(l.tree.Children(c.Key)) > 0 {
			over = append(over, c.Key)
		}
	}
	slices.Sort(over)
	for _, id := range over {
		whole := l.shape(id)
		var parts []part
		for _, a := range l.tree.Children(id) {
			if c := l.byKey[a.ID]; c == nil || !c.Ends {
				parts = append(parts, part{a.ID, a.Key(), l.shape(a.ID)})
			}
		}
		for key, c := range l.byKey {
			if c.Begins && !c.Ends && c.Parent == id {
				parts = append(parts, part{key, c.Code + "\x00" + key, c.Shape})
			}
		}
		slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.key, b.key) })
		found, _, err := flawsOf(whole, parts, 1)
		if err != nil {
			return err
		}
		for i := range found {
			found[i].Parent = id
		}
		l.out.Flaws = append(l.out.Flaws, found...)
	}
	slices.SortStableFunc(l.out.Flaws, func(a, b Flaw) int { return cmp.Compare(b.SquareM, a.SquareM) })
	return nil
}

// shape is where an area will lie.
func (l *inspection) shape(id string) orb.MultiPolygon {
	if c := l.byKey[id]; c != nil && len(c.Shape) > 0 {
		return c.Shape
	}
	now, _ := l.tree.Boundary(id)
	return now
}

// reformOf makes the changes a reform. They must have been looked at.
func reformOf(t *Tree, sk *Sketch, nature string) Reform {
	r := Reform{Jurisdiction: sk.Jurisdiction, At: sk.From, Renames: map[string]string{}, Redraws: map[string]*Boundary{}, Into: map[string]string{}}
	for _, c := range sk.Changes {
		b := &Boundary{CRS: geo.WGS84, Shape: c.Shape}
		a, _ := t.Area(c.Key)
		up, _ := t.Area(c.Parent)
		switch {
		case c.Ends && c.Begins: // drawn and taken away again
		case c.Ends:
			r.Ends = append(r.Ends, c.Key)
			if _, stands := t.Area(c.Into); stands {
				r.Into[c.Key] = c.Into
			}
		case c.Begins:
			s := Successor{Draft: Draft{Scheme: SchemeGrid, Code: c.Code, ParentScheme: schemeOf(up.Level), Parent: codeOf(up), Level: up.Level + 1,
				Kind: c.Kind, Name: c.Name, Nature: nature, Boundary: b}}
			for _, o := range sk.Changes {
				if o.Ends && !o.Begins && o.Into == c.Key {
					s.From = append(s.From, o.Key)
					for _, below := range t.Children(o.Key) {
						s.Children = append(s.Children, below.ID)
					}
				}
			}
			r.Begins = append(r.Begins, s)
		default:
			if a != nil && a.Name != c.Name {
				r.Renames[c.Key] = c.Name
			}
			if now, _ := t.Boundary(c.Key); len(c.Shape) > 0 && MarkOf(now) != MarkOf(c.Shape) {
				r.Redraws[c.Key] = b
			}
		}
	}
	return r
}

// sketchable refuses a sketch that is too large to be kept.
func (sk *Sketch) sketchable() error {
	corners := 0
	for _, c := range sk.Changes {
		for _, poly := range c.Shape {
			for _, ring := range poly {
				corners += len(ring)
			}
		}
	}
	switch {
	case sk.Name == "":
		return fault.New(fault.Invalid, "territory.no_name")
	case len(sk.Changes) > mostChanges || corners > mostCorners:
		return fault.New(fault.TooLarge, "territory.sketch_too_large", "changes", mostChanges, "corners", mostCorners)
	}
	return nil
}
