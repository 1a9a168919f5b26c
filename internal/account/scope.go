package account

import (
	"cmp"
	"fmt"
	"slices"
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
// reaches. The zero scope reaches nothing.
type Scope struct {
	Jurisdiction string
	Branches     []Branch // sorted, none twice, none inside another
}

// Subject is what a scope needs to know of a case.
type Subject struct {
	Jurisdiction string
	Reporter     string            // person, "" for none
	People       []string          // persons who take part
	Posts        []string          // posts that take part
	Units        []string          // units that take part
	Areas        [Micro + 1]string // the area and those above it, by level; "" where there is none
}

// Scope returns where the actor may look. sees says how far a role looks; what it does not
// know, it answers with SeesOwn. ancestors gives the areas above an area in today's tree, and
// lets an area inside another of the actor's be dropped; it may be nil.
func (a Actor) Scope(sees func(role string) Sees, ancestors func(areaID string) []string) Scope {
	s := Scope{Jurisdiction: a.Jurisdiction}
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
	s.Branches = minimal(s.Branches, ancestors)
	return s
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
	return slices.ContainsFunc(s.Branches, func(b Branch) bool { return b.covers(sub) })
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

// SQL returns the branch with arguments numbered from first: two of them, the jurisdiction and
// whom or where. There are eight texts in all, so a statement for each can be prepared.
func (b Branch) SQL(jurisdiction string, first int) SQLBranch {
	where := fmt.Sprintf("c.jurisdiction = $%d AND ", first)
	if b.Kind == AreaBranch {
		// That it is not empty cannot be told from an argument, and the indexes of the lower
		// levels hold only cases that have such an area.
		where += fmt.Sprintf("c.%[1]s = $%[2]d AND c.%[1]s <> ''", areaColumns[b.Level], first+1)
		return SQLBranch{Where: where, Args: []any{jurisdiction, b.ID}}
	}
	return SQLBranch{
		Join:  "JOIN involved i ON i.case_id = c.id",
		Where: where + fmt.Sprintf("i.subject = $%d", first+1),
		Args:  []any{jurisdiction, b.Involved()},
	}
}

// SQL returns the scope's branches with arguments numbered from first, two for each branch, for
// one statement that joins them by UNION. A scope that reaches nothing has no branches: the
// caller then has no rows and needs no query.
func (s Scope) SQL(first int) []SQLBranch {
	if s.Jurisdiction == "" {
		return nil
	}
	all := make([]SQLBranch, len(s.Branches))
	for i, b := range s.Branches {
		all[i] = b.SQL(s.Jurisdiction, first+2*i)
	}
	return all
}
