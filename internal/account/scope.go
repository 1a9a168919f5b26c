package account

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Sees is how far the holder of a role may look.
type Sees int

// From least to most; each includes the one before.
const (
	SeesOwn  Sees = iota // what they, or their post, are involved in
	SeesUnit             // and what their unit is involved in
	SeesArea             // and everything in their area and below
)

// BranchKind is one way in which a case can concern somebody.
type BranchKind int

// The kinds. The first three are involvement, the last is place.
const (
	PersonBranch BranchKind = iota // the person reported it or takes part in it
	PostBranch                     // the post takes part in it, whoever holds the post
	UnitBranch                     // the unit takes part in it
	AreaBranch                     // it lies in the area or below
)

// Branch is one reason to see a case.
type Branch struct {
	Kind  BranchKind
	Level Level // of the area; NoLevel otherwise
	ID    string
}

// Scope is where somebody may look: the cases of one jurisdiction that any of the branches
// reaches, but for those that are kept from one of the marks. The zero scope reaches nothing.
type Scope struct {
	Jurisdiction string
	Branches     []Branch // sorted, none twice, none inside another
	Marks        []string // under which a case may be kept from somebody: "person/ID", "unit/ID", "area/ID"
}

// Above is what lies above areas and units in today's tree, themselves not included. A nil
// function knows of nothing above.
type Above struct {
	Areas func(area string) []string
	Units func(unit string) []string // those whose people answer for it
}

// Subject is what a scope needs to know of a case.
type Subject struct {
	Jurisdiction string
	Reporter     string            // person, "" for none
	People       []string          // persons who take part
	Posts        []string          // posts that take part
	Units        []string          // units that take part
	Areas        [Micro + 1]string // the area and those above it, by level; "" where there is none
	Kept         []string          // from whom the case is kept, as marks
}

// Scope returns where the actor may look. sees says how far a role looks; what it does not
// know, it answers with SeesOwn. The areas above an area let one inside another of the actor's
// be dropped.
func (a Actor) Scope(sees func(role string) Sees, above Above) Scope {
	s := Scope{Jurisdiction: a.Jurisdiction, Marks: a.marks(above)}
	add := func(kind BranchKind, level Level, id string) {
		if id != "" {
			s.Branches = append(s.Branches, Branch{kind, level, id})
		}
	}
	add(PersonBranch, NoLevel, a.PersonID)
	post := func(p Post) {
		if IsKernelRole(p.Role) {
			return // an administrator sees no case by that role
		}
		add(PostBranch, NoLevel, p.ID)
		far := sees(p.Role)
		if far >= SeesUnit {
			add(UnitBranch, NoLevel, p.UnitID)
		}
		if far >= SeesArea && p.AreaLevel > NoLevel && p.AreaLevel <= Micro {
			add(AreaBranch, p.AreaLevel, p.AreaID)
		}
	}
	for _, p := range a.Posts {
		post(p)
	}
	for _, p := range a.Acting {
		post(p.Post)
	}
	s.Branches = minimal(s.Branches, above.Areas)
	return s
}

// marks are all that the actor is, and whom the actor stands for at present: a case that is
// kept from any of it is kept from the actor, whatever post it would be seen under.
func (a Actor) marks(above Above) []string {
	if a.PersonID == "" {
		return nil
	}
	posts := slices.Clone(a.Posts)
	for _, p := range a.Acting {
		posts = append(posts, p.Post)
	}
	return Marks(a.PersonID, posts, above)
}

// Marks are the marks of a person with the posts that he holds or acts in.
func Marks(person string, posts []Post, above Above) []string {
	out := []string{PersonMark(person)}
	grids, offices := 0, 0
	for _, p := range posts {
		out = append(out, PostMarks(p, above)...)
		if p.UnitID != "" {
			offices++
		}
		if p.UnitID != "" && p.AreaLevel >= Grid {
			grids++
		}
	}
	if grids > 0 && grids == offices {
		out = append(out, GridMark)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// PersonMark is the mark of a person.
func PersonMark(id string) string { return "person/" + id }

// UnitMark is the mark of everybody in a unit and in those below it.
func UnitMark(id string) string { return "unit/" + id }

// AreaMark is the mark of everybody who stands in an area or below it.
func AreaMark(id string) string { return "area/" + id }

// GridMark is the mark of everybody who works in grids only.
const GridMark = "grids/all"

// PostMarks are the marks of whoever holds a post, or acts in it: its holder, its unit and
// place, and what these belong to.
func PostMarks(p Post, above Above) []string {
	var out []string
	if p.PersonID != "" {
		out = append(out, PersonMark(p.PersonID))
	}
	add := func(id string, mark func(string) string, up func(string) []string) {
		if id == "" {
			return
		}
		out = append(out, mark(id))
		if up != nil {
			for _, x := range up(id) {
				out = append(out, mark(x))
			}
		}
	}
	add(p.UnitID, UnitMark, above.Units)
	add(p.AreaID, AreaMark, above.Areas)
	return out
}

// minimal sorts branches and drops those that are there twice or lie inside another.
func minimal(branches []Branch, ancestors func(string) []string) []Branch {
	slices.SortFunc(branches, func(a, b Branch) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Level, b.Level), cmp.Compare(a.ID, b.ID))
	})
	branches = slices.Compact(branches)
	if ancestors == nil {
		return branches
	}
	areas := map[string]bool{}
	for _, b := range branches {
		if b.Kind == AreaBranch {
			areas[b.ID] = true
		}
	}
	if len(areas) < 2 {
		return branches
	}
	return slices.DeleteFunc(branches, func(b Branch) bool {
		return b.Kind == AreaBranch && slices.ContainsFunc(ancestors(b.ID), func(up string) bool { return up != b.ID && areas[up] })
	})
}

// Covers reports whether the scope reaches the case. It is the same rule as SQL.
func (s Scope) Covers(sub Subject) bool {
	if s.Jurisdiction == "" || s.Jurisdiction != sub.Jurisdiction {
		return false
	}
	if s.Kept(sub.Kept) { // but nobody's own report is kept from him
		return sub.Reporter != "" && slices.Contains(s.Branches, Branch{Kind: PersonBranch, ID: sub.Reporter})
	}
	return slices.ContainsFunc(s.Branches, func(b Branch) bool { return b.covers(sub) })
}

// Kept reports whether something kept from those marks is kept from whoever has this scope.
func (s Scope) Kept(from []string) bool {
	return slices.ContainsFunc(from, func(m string) bool { return slices.Contains(s.Marks, m) })
}

func (b Branch) covers(sub Subject) bool {
	switch b.Kind {
	case PersonBranch:
		return sub.Reporter == b.ID || slices.Contains(sub.People, b.ID)
	case PostBranch:
		return slices.Contains(sub.Posts, b.ID)
	case UnitBranch:
		return slices.Contains(sub.Units, b.ID)
	case AreaBranch:
		return sub.Areas[b.Level] == b.ID
	}
	return false
}

// SQLBranch is one branch of a scope in SQL, for a query over a table of cases called c.
// Branches are joined by UNION, never by OR, which no index serves.
type SQLBranch struct {
	Branch
	Join  string // to follow the table; "" when the branch looks at c alone
	Where string
	Args  []any
}

// areaColumns are the columns of a case that hold its area's ancestors.
var areaColumns = [Micro + 1]string{Province: "province_id", City: "city_id", County: "county_id",
	Township: "township_id", Village: "village_id", Grid: "grid_id", Micro: "micro_id"}

// Involved returns how the table involved names somebody who takes part in a case, or reported
// it: "person/ID", "post/ID" or "unit/ID". For an area it returns "".
func (b Branch) Involved() string {
	switch b.Kind {
	case PersonBranch:
		return "person/" + b.ID
	case PostBranch:
		return "post/" + b.ID
	case UnitBranch:
		return "unit/" + b.ID
	}
	return ""
}

// sql returns the branch for a jurisdiction that is the argument of that name; whom or where is
// an argument of its own.
func (b Branch) sql(jurisdiction, whom string) SQLBranch {
	where := "c.jurisdiction = " + jurisdiction + " AND "
	if b.Kind == AreaBranch {
		// That it is not empty cannot be told from an argument, and the indexes of the lower
		// levels hold only cases that have such an area.
		column := areaColumns[b.Level]
		return SQLBranch{Branch: b, Where: where + "c." + column + " = " + whom + " AND c." + column + " <> ''", Args: []any{b.ID}}
	}
	return SQLBranch{
		Branch: b,
		Join:   "JOIN involved i ON i.case_id = c.id",
		Where:  where + "i.subject = " + whom,
		Args:   []any{b.Involved()},
	}
}

// SQL returns the scope's branches with arguments numbered from first, for one statement that
// joins them by UNION: each takes up the numbers that follow those of the one before, and the
// first brings what all share. A scope that reaches nothing has no branches: the caller then has
// no rows and needs no query. Branches come from here alone, so that no list forgets what is kept
// from its reader.
func (s Scope) SQL(first int) []SQLBranch {
	if s.Jurisdiction == "" || len(s.Branches) == 0 {
		return nil
	}
	shared := []any{s.Jurisdiction}
	kept, marks := s.keptSQL(first + 1)
	shared = append(shared, marks...)
	next := first + len(shared)
	all := make([]SQLBranch, len(s.Branches))
	for i, b := range s.Branches {
		x := b.sql(place(first), place(next))
		next++
		switch {
		case kept == "":
		case b.Kind == PersonBranch: // their own reports stay; the rows come from the index of involved
			x.Where += " AND (" + kept + " OR c.reporter_id = " + place(next) + ")"
			x.Args = append(x.Args, b.ID)
			next++
		default:
			x.Where += " AND " + kept
		}
		if i == 0 {
			x.Args = append(shared, x.Args...)
		}
		all[i] = x
	}
	return all
}

// keptSQL leaves out what is kept from the marks. The list inside hangs on the arguments alone:
// it is made once for each branch, is empty for almost everybody, and is one look into an index
// for each mark. The number of marks is rounded up, so that there are few texts.
func (s Scope) keptSQL(first int) (string, []any) {
	if len(s.Marks) == 0 {
		return "", nil
	}
	n := 4
	for n < len(s.Marks) {
		n *= 2
	}
	args := make([]any, n)
	places := make([]string, n)
	for i := range args {
		args[i], places[i] = s.Marks[min(i, len(s.Marks)-1)], place(first+i)
	}
	return "c.root_id NOT IN (SELECT h.root_id FROM shield h WHERE h.subject IN (" + strings.Join(places, ", ") + "))", args
}

// place is where an argument stands.
func place(n int) string { return "$" + strconv.Itoa(n) }
