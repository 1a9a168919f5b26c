package territory

import (
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/geo"
)

// Level is how deep an area lies in the tree.
type Level int

const (
	Province  Level = 1
	City      Level = 2
	County    Level = 3
	Township  Level = 4 // township, town or street
	Village   Level = 5 // village or community
	Grid      Level = 6
	MicroGrid Level = 7

	deepest = MicroGrid
)

// The schemes of codes that imports write. Others may stand beside them in area_code.
const (
	// SchemeDivision is the statistical division code, 2 to 12 digits by level (GB/T 2260,
	// GB/T 10114 and the statistical code of villages).
	SchemeDivision = "division"
	// SchemeGrid is the code of grids and micro-grids, by default the village's code with a
	// serial behind it.
	SchemeGrid = "grid"
)

// Kinds that the kernel itself gives. A county's data may use others.
const (
	KindVillage       = "village"       // an administrative village
	KindCommunity     = "community"     // a residents' community
	KindComprehensive = "comprehensive" // a grid for all matters
	KindDedicated     = "dedicated"     // a grid for one market, school, park
)

// Natures: real data, or data marked as sample wherever it is shown.
const (
	Real   = "real"
	Sample = "sample"
)

// Area is a place as it stands at a moment.
type Area struct {
	ID           string
	Jurisdiction string
	Parent       string // "" at the top
	Level        Level
	Kind         string
	Name         string
	Sort         string // among siblings; also decides who gets a point on a shared border
	Nature       string
	From, Until  time.Time           // Until is zero while it stands
	Codes        map[string]string   // scheme to code
	Path         [deepest + 1]string // Path[l] is the ancestor of level l, itself included; Path[0] is unused
}

// Key orders areas on a shared border and in lists: the area's sort key, then its id.
func (a *Area) Key() string { return a.Sort + "\x00" + a.ID }

// Standing reports whether something with these dates stands at t.
func Standing(from, until, t time.Time) bool {
	return !t.Before(from) && (until.IsZero() || t.Before(until))
}

// Unit is an office, station, committee or company.
type Unit struct {
	ID           string
	Jurisdiction string
	Code         string // how packs, files and stories name it
	Name         string
	Kind         string
	Parent       string // the unit it reports to, "" at the top
	Area         string // where it is responsible, "" everywhere in its jurisdiction
	Nature       string
	From, Until  time.Time
}

// Boundary is where an area's border runs.
type Boundary struct {
	CRS   geo.CRS          // the system it was given in
	Given string           // its GeoJSON as given; "" when it was not given but drawn
	Shape orb.MultiPolygon // WGS-84
}

// Draft is an area that should stand: a row of a file, or of a generator.
type Draft struct {
	Line         int    // where it comes from, for reports
	Scheme       string // of Code
	Code         string
	ParentScheme string // of Parent
	Parent       string // code of the area above, "" at the top
	Level        Level
	Kind         string
	Name         string
	Sort         string // "" sorts by Code
	Nature       string
	Boundary     *Boundary // nil leaves the area's boundary as it is
}

// UnitDraft is a unit that should stand, naming its parent and area by code.
type UnitDraft struct {
	Line       int
	Code       string
	Name       string
	Kind       string
	Parent     string // code of a unit
	AreaScheme string
	Area       string
	Nature     string
}
