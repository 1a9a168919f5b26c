package territory

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"gezhi/internal/fault"
	"gezhi/internal/geo"
)

//go:embed sampledata
var sampleFiles embed.FS

// SampleCounty is a county to try the product on: real names of divisions and real county
// boundaries, everything within drawn or invented and marked as sample. It is the same each time.
type SampleCounty struct {
	Areas   []Draft // the province down to micro-grids, parents first
	Units   []UnitDraft
	Workers []SampleWorker
	Code    string // the county's division code; it owns what lies below it
	Notes   []fault.Place
}

// SampleWorker is an invented grid worker with one post.
type SampleWorker struct {
	Name  string
	Login string
	Phone string // never of the form of a real one
	Role  string
	Grid  string // code of scheme SchemeGrid, of a grid or a micro-grid
	Unit  string // code of the committee that the grid belongs to
}

type sampleConfig struct {
	County     string                `json:"county"`
	Street     string                `json:"street"`
	CRS        string                `json:"boundary_crs"`
	Cell       float64               `json:"cell_m"`
	Seats      map[string][2]float64 `json:"seats"` // about where each township is drawn
	Grids      map[string]int        `json:"grids"` // of each village of the street
	MicroGrids int                   `json:"micro_grids"`
	GridName   string                `json:"grid_name"`
	MicroName  string                `json:"micro_name"`
	Name       string                `json:"worker_name"`
	Login      string                `json:"worker_login"`
	Phone      string                `json:"worker_phone"`
	Role       string                `json:"worker_role"`
}

// sampler draws the sample county.
type sampler struct {
	cfg   sampleConfig
	out   *SampleCounty
	at    map[string]int // index of a division in out.Areas
	mesh  *geo.Mesh
	label []int // used while shapes are dissolved
	draw  drawer
}

// NewSampleCounty draws the sample county. It takes some tenths of a second.
func NewSampleCounty() (*SampleCounty, error) {
	s := &sampler{out: &SampleCounty{}, at: map[string]int{}}
	for _, step := range []func() error{s.readConfig, s.readDivisions, s.readBoundaries, s.readUnits, s.drawCounty} {
		if err := step(); err != nil {
			return nil, fault.Wrap(err, fault.Internal, "territory.sample_broken")
		}
	}
	return s.out, nil
}

func sampleFile(name string) ([]byte, error) {
	data, err := sampleFiles.ReadFile("sampledata/" + name)
	if err != nil || !bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		return data, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func (s *sampler) readConfig() error {
	data, err := sampleFile("county.json")
	if err != nil {
		return err
	}
	err = json.Unmarshal(data, &s.cfg)
	s.out.Code = s.cfg.County
	return err
}

func (s *sampler) readDivisions() error {
	data, err := sampleFile("divisions.csv.gz")
	if err != nil {
		return err
	}
	rows, _, err := readTable(data, "code", "name", "parent", "level")
	if err != nil {
		return err
	}
	for _, r := range rows {
		level, err := strconv.Atoi(r.cells["level"])
		if err != nil {
			return err
		}
		d := Draft{Line: r.line, Scheme: SchemeDivision, Code: r.cells["code"], Name: r.cells["name"], ParentScheme: SchemeDivision,
			Parent: r.cells["parent"], Level: Level(level), Kind: kindOfVillage(r.cells["code"]), Nature: Real}
		if len(d.Code) >= len(s.cfg.County) && d.Code[:len(s.cfg.County)] == s.cfg.County {
			d.Nature = Sample
		}
		s.at[d.Code] = len(s.out.Areas)
		s.out.Areas = append(s.out.Areas, d)
	}
	return nil
}

func (s *sampler) readBoundaries() error {
	data, err := sampleFile("boundaries.geojson.gz")
	if err != nil {
		return err
	}
	features, crs, err := readFeatures(data, Drawing{CRS: s.cfg.CRS})
	if err != nil {
		return err
	}
	var so Report
	for _, f := range features {
		i, ok := s.at[f.ID]
		if !ok {
			return fault.New(fault.Invalid, "territory.unknown_area")
		}
		s.out.Areas[i].Boundary = boundaryOf(f, crs, true, &so)
	}
	s.out.Notes = so.Notes
	if err := so.Refused(); err != nil {
		return err
	}
	return nil
}

func (s *sampler) readUnits() error {
	data, err := sampleFile("units.csv")
	if err != nil {
		return err
	}
	rows, _, err := readTable(data, "code", "name", "kind", "parent", "area")
	for _, r := range rows {
		s.out.Units = append(s.out.Units, UnitDraft{Line: r.line, Code: r.cells["code"], Name: r.cells["name"], Kind: r.cells["kind"],
			Parent: r.cells["parent"], AreaScheme: SchemeDivision, Area: r.cells["area"], Nature: Sample})
	}
	return err
}

// below returns the divisions directly below a code, in order of code.
func (s *sampler) below(code string) []int {
	var found []int
	for i, d := range s.out.Areas {
		if d.Parent == code && d.Scheme == SchemeDivision {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(i, j int) int { return cmp.Compare(s.out.Areas[i].Code, s.out.Areas[j].Code) })
	return found
}

func (s *sampler) drawCounty() error {
	rng := rand.New(rand.NewPCG(331125, 479))
	s.mesh = geo.NewMesh(s.out.Areas[s.at[s.cfg.County]].Boundary.Shape, s.cfg.Cell, rng.Float64)
	s.draw = newDrawer(s.mesh.Cells)
	all := make([]int, len(s.mesh.Cells))
	for c := range all {
		all[c] = c
	}
	townships := s.below(s.cfg.County)
	seats := make([]int, len(townships))
	for k, i := range townships {
		seats[k] = s.draw.nearest(all, orb.Point(s.cfg.Seats[s.out.Areas[i].Code]))
	}
	parts := s.draw.grow(all, seats)
	s.boundary(townships, parts)
	for k, i := range townships {
		villages := s.below(s.out.Areas[i].Code)
		pieces := s.draw.divide(parts[k], len(villages))
		s.boundary(villages, pieces)
		if s.out.Areas[i].Code == s.cfg.Street {
			s.drawStreet(villages, pieces)
		}
	}
	return nil
}

// boundary gives the areas the shapes that sets of cells make.
func (s *sampler) boundary(areas []int, parts [][]int) {
	if s.label == nil {
		s.label = make([]int, len(s.mesh.Cells))
	}
	for c := range s.label {
		s.label[c] = -1
	}
	for k, cells := range parts {
		for _, c := range cells {
			s.label[c] = k
		}
	}
	for k, shape := range s.mesh.Shapes(s.label, len(areas)) {
		s.out.Areas[areas[k]].Boundary = &Boundary{CRS: geo.WGS84, Shape: shape}
	}
}

// drawStreet divides the villages of the street into grids and those into micro-grids, and
// gives each of them one worker: grids first, so that each village's committee has a few
// full-time workers and many neighbours who look after a micro-grid.
func (s *sampler) drawStreet(villages []int, pieces [][]int) {
	var grids, micros, gridCells = []int{}, []int{}, [][]int{}
	for k, v := range villages {
		parts := s.draw.divide(pieces[k], s.cfg.Grids[s.out.Areas[v].Code])
		grids = append(grids, s.begin(v, parts, SchemeDivision, Grid, s.cfg.GridName)...)
		gridCells = append(gridCells, parts...)
	}
	var microCells [][]int
	for k, g := range grids {
		n := s.cfg.MicroGrids / len(grids)
		if k < s.cfg.MicroGrids%len(grids) {
			n++
		}
		parts := s.draw.divide(gridCells[k], n)
		micros = append(micros, s.begin(g, parts, SchemeGrid, MicroGrid, s.cfg.MicroName)...)
		microCells = append(microCells, parts...)
	}
	s.boundary(grids, gridCells)
	s.boundary(micros, microCells)
	for n, i := range slices.Concat(grids, micros) {
		d := s.out.Areas[i]
		s.out.Workers = append(s.out.Workers, SampleWorker{Name: fmt.Sprintf(s.cfg.Name, n+1), Login: fmt.Sprintf(s.cfg.Login, n+1),
			Phone: fmt.Sprintf(s.cfg.Phone, n+1), Role: s.cfg.Role, Grid: d.Code, Unit: s.committee(d.Code)})
	}
}

// begin adds areas below parent, numbered in the order of parts.
func (s *sampler) begin(parent int, parts [][]int, scheme string, level Level, name string) []int {
	above := s.out.Areas[parent]
	digits := 2 // a serial of two digits, as CJ/T 349 has it, is room for 99
	var added []int
	for n := range parts {
		d := Draft{Scheme: SchemeGrid, Code: fmt.Sprintf("%s%0*d", above.Code, digits, n+1), Name: fmt.Sprintf(name, n+1),
			ParentScheme: scheme, Parent: above.Code, Level: level, Nature: Sample}
		if level == Grid {
			d.Kind = KindComprehensive
		}
		added = append(added, len(s.out.Areas))
		s.out.Areas = append(s.out.Areas, d)
	}
	return added
}

// committee returns the unit of the village that a grid code begins with.
func (s *sampler) committee(grid string) string {
	for _, u := range s.out.Units {
		if len(grid) > 12 && u.Area == grid[:12] {
			return u.Code
		}
	}
	return ""
}

// drawer shares out the cells of a mesh.
type drawer struct {
	cells []geo.Cell
	at    []orb.Point // the cells' middles in a plane where both axes have one scale
	dist  []float64
	site  []int // which of the sites a cell went to, -1 none, -2 not taking part
}

func newDrawer(cells []geo.Cell) drawer {
	d := drawer{cells, make([]orb.Point, len(cells)), make([]float64, len(cells)), make([]int, len(cells))}
	for c := range cells {
		d.at[c] = orb.Point{cells[c].At[0] * math.Cos(cells[0].At[1]*math.Pi/180), cells[c].At[1]}
	}
	return d
}

// nearest returns the cell whose middle is nearest to a longitude and latitude.
func (d drawer) nearest(among []int, p orb.Point) int {
	best, at := math.Inf(1), among[0]
	for _, c := range among {
		q := d.cells[c].At
		if m := math.Hypot(q[0]-p[0], q[1]-p[1]); m < best {
			best, at = m, c
		}
	}
	return at
}
