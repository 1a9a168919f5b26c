package casework

import (
	"time"

	"gezhi/internal/account"
)

// Area is a place in the tree of divisions and grids.
type Area struct {
	ID    string
	Level int       // 1 province … 7 micro-grid
	Path  [8]string // ancestors and itself by level
}

// Unit is an office, committee, crew or firm that can be responsible.
type Unit struct {
	ID, Kind, ParentID, AreaID string
}

// Places tells casework about territory.
type Places interface {
	Area(id string) (Area, bool)
	Unit(id string) (Unit, bool)
	// UnitOfArea is the unit that runs an area: the street office, the village committee.
	UnitOfArea(area string) (Unit, bool)
	// UnitOfKind is the unit of a kind that serves an area: in it, or in the nearest area
	// above it.
	UnitOfKind(kind, area string) (Unit, bool)
	// Find is the smallest area at a point, in ten-millionths of a degree.
	Find(lonE7, latE7 int64) (Area, bool)
}

// Post is a role that somebody holds.
type Post = account.Post

// Actor is who is asking: the posts held or acted in now, and where they may look.
type Actor struct {
	PersonID     string
	Jurisdiction string
	Posts        []Post
	Scope        account.Scope
	System       bool   // the engine itself
	Helper       string // who enters the act for the actor
}

// People tells casework who holds which post at a moment.
type People interface {
	InArea(role, area string, at time.Time) []Post // with that very area
	InUnit(role, unit string, at time.Time) []Post // role "" is any
	WithRole(jurisdiction, role string, at time.Time) []Post
	Of(person string, at time.Time) []Post
	Post(id string) (Post, bool)
	OnDuty(area string, at time.Time) []string // persons
}
