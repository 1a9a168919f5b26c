package setup

import (
	"context"
	"net/http"
	"strings"

	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/geo"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// maxSketch is how many bytes of drawn grids are taken in at once.
const maxSketch = 4 << 20

// ShapeJSON is the coordinates of a GeoJSON MultiPolygon in WGS-84, not simplified.
type ShapeJSON [][][][]float64

// DividedJSON is an area whose grids can be drawn.
type DividedJSON struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Above     string `json:"above,omitempty"`
	Level     int    `json:"level"`
	Grids     int    `json:"grids"`
	Unplaced  int    `json:"unplaced,omitempty" doc:"of those, without a boundary"`
	Unstaffed int    `json:"unstaffed,omitempty" doc:"of the smallest, with nobody on duty"`
}

type gridsOutput struct {
	Body struct {
		Areas []DividedJSON `json:"areas"`
	}
}

// GridJSON is a grid as it is drawn in force.
type GridJSON struct {
	ID     string       `json:"id"`
	Name   string       `json:"name"`
	Code   string       `json:"code,omitempty"`
	Kind   string       `json:"kind,omitempty"`
	Parent string       `json:"parent_id"`
	Shape  ShapeJSON    `json:"shape"`
	Mark   string       `json:"mark,omitempty" doc:"of the boundary, to be told when it is drawn otherwise"`
	Square float64      `json:"square_m"`
	Below  int          `json:"below,omitempty" doc:"micro-grids"`
	People []OnDutyJSON `json:"people" doc:"who holds a post over it"`
}

// OnDutyJSON is somebody who holds a post over a grid.
type OnDutyJSON struct {
	Name string `json:"name"`
	Role string `json:"role"`
}

// BoundaryJSON is where a border ran, runs or will run.
type BoundaryJSON struct {
	Version int       `json:"version"`
	From    int64     `json:"from" doc:"ms UTC"`
	Until   int64     `json:"until,omitempty" doc:"ms UTC; none while nothing follows it"`
	Square  float64   `json:"square_m"`
	Shape   ShapeJSON `json:"shape"`
}

type gridAreaPath struct {
	ID string `path:"id" maxLength:"64"`
}

type groundOutput struct {
	Body struct {
		ID     string     `json:"id"`
		Name   string     `json:"name"`
		Above  string     `json:"above,omitempty"`
		Level  int        `json:"level"`
		Code   string     `json:"code,omitempty"`
		Shape  ShapeJSON  `json:"shape"`
		Around ShapeJSON  `json:"around" doc:"its own boundary, or that of the nearest area around it"`
		Grids  []GridJSON `json:"grids"`
		Beside []GridJSON `json:"beside" doc:"grids of neighbours, to draw along"`
	}
}

type boundariesOutput struct {
	Body struct {
		Versions []BoundaryJSON `json:"versions" doc:"oldest first"`
	}
}

// ChangeJSON is what becomes of one grid.
type ChangeJSON struct {
	Key    string    `json:"key" minLength:"1" maxLength:"64" doc:"id of the grid; of one that begins a word of one's own"`
	Parent string    `json:"parent_id" maxLength:"64"`
	Begins bool      `json:"begins,omitempty"`
	Ends   bool      `json:"ends,omitempty"`
	Into   string    `json:"into,omitempty" maxLength:"64" doc:"of one that ends: key of the one beside it that takes its place"`
	Code   string    `json:"code,omitempty" maxLength:"64" doc:"of one that begins"`
	Name   string    `json:"name" maxLength:"200"`
	Kind   string    `json:"kind,omitempty" maxLength:"64"`
	Shape  ShapeJSON `json:"shape,omitempty" doc:"none leaves the boundary as it is"`
	Mark   string    `json:"mark,omitempty" maxLength:"64" doc:"of the boundary that it was drawn from"`
}

type gridsLookInput struct {
	Body struct {
		Changes []ChangeJSON `json:"changes" maxItems:"500"`
		Also    string       `json:"also,omitempty" maxLength:"64" doc:"a village whose flaws are told, changed or not"`
	}
}

// SketchLookJSON is what a look at changes found.
type SketchLookJSON struct {
	Problems    []SketchProblemJSON `json:"problems" doc:"which forbid that it comes into force"`
	Flaws       []SketchFlawJSON    `json:"flaws" doc:"the largest first"`
	Differences []DifferenceJSON    `json:"differences"`
}

// SketchProblemJSON is something wrong with a change.
type SketchProblemJSON struct {
	Key  string `json:"key"`
	What string `json:"what"`
	Code string `json:"code"`
	Text string `json:"text"`
}

// SketchFlawJSON is ground that is claimed twice, by nobody, or beyond the area above.
type SketchFlawJSON struct {
	Kind   string    `json:"kind" enum:"overlap,gap,outside"`
	Parent string    `json:"parent_id"`
	Keys   []string  `json:"keys"`
	Square float64   `json:"square_m"`
	Lon    float64   `json:"lon"`
	Lat    float64   `json:"lat"`
	Shape  ShapeJSON `json:"shape"`
}

// DifferenceJSON is a change beside what is in force, in square metres.
type DifferenceJSON struct {
	Key    string  `json:"key"`
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	Gained float64 `json:"gained"`
	Lost   float64 `json:"lost"`
	Was    string  `json:"was,omitempty" doc:"the name it had"`
}

type gridsLookOutput struct{ Body SketchLookJSON }

type gridShapeInput struct {
	Body struct {
		Do    string    `json:"do" enum:"join,cut"`
		One   ShapeJSON `json:"one"`
		Other ShapeJSON `json:"other"`
	}
}

type gridShapeOutput struct {
	Body struct {
		Shape ShapeJSON `json:"shape"`
	}
}

func (s *Service) gridRoutes(srv *web.Server, op func(method, path, id, summary string, status int) web.Operation) {
	web.Op(srv, op("GET", "/grids", "setupGrids", "Villages and communities whose grids can be drawn", 0), s.httpGrids)
	web.Op(srv, op("GET", "/grids/{id}", "setupGround", "The grids of a village as they are drawn in force, and what borders on them", 0), s.httpGround)
	web.Op(srv, op("GET", "/grids/{id}/boundaries", "gridBoundaries", "Every boundary that a grid has had or will have", 0), s.httpBoundaries)
	look := op("POST", "/grids/look", "lookAtGrids", "What is wrong with drawn grids, and how they differ from those in force; nothing is kept", 0)
	look.MaxBody = maxSketch
	web.Op(srv, look, s.httpLook)
	shape := op("POST", "/grids/shape", "combineShapes", "Two shapes joined, or one cut out of another; nothing is kept", 0)
	shape.MaxBody = maxSketch
	web.Op(srv, shape, s.httpShape)
	web.Op(srv, op("GET", "/sketches", "listSketches", "Drawings of grids: those that are open and those that were put in force", 0), s.httpSketches)
	web.Op(srv, op("GET", "/sketches/{id}", "readSketch", "A drawing of grids", 0), s.httpSketch)
	make := op("POST", "/sketches", "makeSketch", "Keep a new drawing of grids", http.StatusCreated)
	make.MaxBody = maxSketch
	web.Op(srv, make, s.httpMakeSketch)
	save := op("PUT", "/sketches/{id}", "saveSketch", "Keep the next version of a drawing", 0)
	save.MaxBody = maxSketch
	web.Op(srv, save, s.httpSaveSketch)
	web.Op(srv, op("POST", "/sketches/{id}/drop", "dropSketch", "End a drawing that nobody goes on with", http.StatusNoContent), s.httpDropSketch)
	web.Op(srv, op("POST", "/sketches/{id}/put", "putSketch", "Put a drawing in force from a day on, or tell what would come of it", 0), s.httpPutSketch)
}

func (s *Service) httpGrids(ctx context.Context, _ *struct{}) (*gridsOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	all, err := s.Divided(ctx, a)
	out := &gridsOutput{}
	out.Body.Areas = []DividedJSON{}
	for _, d := range all {
		out.Body.Areas = append(out.Body.Areas, DividedJSON{d.ID, d.Name, d.Above, int(d.Level), d.Grids, d.Unplaced, d.Unstaffed})
	}
	return out, err
}

func (s *Service) httpGround(ctx context.Context, in *gridAreaPath) (*groundOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	g, err := s.Ground(ctx, a, in.ID)
	if err != nil {
		return nil, err
	}
	out := &groundOutput{}
	b := &out.Body
	whole, _ := g.Tree.Boundary(g.Area.ID)
	b.ID, b.Name, b.Above, b.Level, b.Code, b.Shape, b.Around = g.Area.ID, g.Area.Name, g.Tree.NameAbove(g.Area), int(g.Area.Level), codeOf(g.Area), coordinates(whole), coordinates(frame(g.Tree, g.Area))
	b.Grids, b.Beside = []GridJSON{}, []GridJSON{}
	for _, x := range g.Parts {
		b.Grids = append(b.Grids, s.gridJSON(ctx, g.Tree, x))
	}
	for _, x := range g.Beside {
		shape, _ := g.Tree.Boundary(x.ID)
		b.Beside = append(b.Beside, GridJSON{ID: x.ID, Name: x.Name, Parent: x.Parent, Shape: coordinates(shape), People: []OnDutyJSON{}})
	}
	return out, nil
}

func codeOf(x *territory.Area) string {
	if c := x.Codes[territory.SchemeGrid]; c != "" {
		return c
	}
	return x.Codes[territory.SchemeDivision]
}

func (s *Service) gridJSON(ctx context.Context, t *territory.Tree, x *territory.Area) GridJSON {
	shape, _ := t.Boundary(x.ID)
	g := GridJSON{ID: x.ID, Name: x.Name, Code: codeOf(x), Kind: x.Kind, Parent: x.Parent, Shape: coordinates(shape), Mark: territory.MarkOf(shape),
		Square: geo.Area(shape), Below: len(t.Children(x.ID)), People: []OnDutyJSON{}}
	for _, p := range s.Cases.World.People().InArea("", x.ID, s.Now()) {
		g.People = append(g.People, OnDutyJSON{s.Cases.World.People().Name(p.PersonID), s.role(ctx, x.Jurisdiction, p.Role)})
	}
	return g
}

func (s *Service) role(ctx context.Context, jurisdiction, role string) string {
	if s.Role == nil {
		return role
	}
	return s.Role(ctx, jurisdiction, role)
}

func (s *Service) httpBoundaries(ctx context.Context, in *gridAreaPath) (*boundariesOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	t, err := s.Cases.World.Territory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	if !s.own(t, a, in.ID) {
		return nil, fault.New(fault.NotFound, "territory.no_such_area")
	}
	all, err := s.Cases.World.Territory.Boundaries(ctx, in.ID)
	out := &boundariesOutput{}
	out.Body.Versions = []BoundaryJSON{}
	for _, v := range all {
		out.Body.Versions = append(out.Body.Versions, BoundaryJSON{v.Version, db.Ms(v.From), db.Ms(v.Until), v.Area, coordinates(v.Shape)})
	}
	return out, err
}

func (s *Service) httpLook(ctx context.Context, in *gridsLookInput) (*gridsLookOutput, error) {
	a, err := account.Administrator(ctx, account.SystemAdmin)
	if err != nil {
		return nil, err
	}
	changes, err := changesOf(in.Body.Changes)
	if err != nil {
		return nil, err
	}
	found, err := s.Look(ctx, a, changes, in.Body.Also)
	if err != nil {
		return nil, err
	}
	return &gridsLookOutput{sketchedJSON(ctx, found)}, nil
}

func (s *Service) httpShape(ctx context.Context, in *gridShapeInput) (*gridShapeOutput, error) {
	if _, err := account.Administrator(ctx, account.SystemAdmin); err != nil {
		return nil, err
	}
	one, err := soundOf(in.Body.One)
	if err != nil {
		return nil, err
	}
	other, err := soundOf(in.Body.Other)
	if err != nil {
		return nil, err
	}
	do := Joined
	if in.Body.Do == "cut" {
		do = Cut
	}
	b, err := do(one, other)
	out := &gridShapeOutput{}
	out.Body.Shape = coordinates(b.Shape)
	return out, err
}

// soundOf is a drawn shape fit for use.
func soundOf(c ShapeJSON) (territory.Boundary, error) {
	m, err := shapeOf(c)
	if err == nil {
		m, _, err = geo.Sound(m)
	}
	return territory.Boundary{CRS: geo.WGS84, Shape: m}, err
}

func shapeOf(c ShapeJSON) (orb.MultiPolygon, error) {
	m := make(orb.MultiPolygon, len(c))
	for i, poly := range c {
		for _, ring := range poly {
			r := make(orb.Ring, len(ring))
			for j, p := range ring {
				if len(p) != 2 {
					return nil, fault.New(fault.Invalid, "geo.not_a_place")
				}
				r[j] = geo.Round(orb.Point{p[0], p[1]})
			}
			m[i] = append(m[i], r)
		}
	}
	return m, nil
}

func coordinates(m orb.MultiPolygon) ShapeJSON {
	out := make(ShapeJSON, len(m))
	for i, poly := range m {
		for _, ring := range poly {
			r := make([][]float64, len(ring))
			for j, p := range ring {
				p = geo.Round(p)
				r[j] = []float64{p[0], p[1]}
			}
			out[i] = append(out[i], r)
		}
	}
	return out
}

func changesOf(all []ChangeJSON) ([]territory.Change, error) {
	out := make([]territory.Change, len(all))
	for i, c := range all {
		shape, err := shapeOf(c.Shape)
		if err != nil {
			return nil, err
		}
		out[i] = territory.Change{Key: c.Key, Parent: c.Parent, Begins: c.Begins, Ends: c.Ends, Into: c.Into, Code: strings.TrimSpace(c.Code),
			Name: strings.TrimSpace(c.Name), Kind: c.Kind, Shape: shape, Mark: c.Mark}
	}
	return out, nil
}

func sketchedJSON(ctx context.Context, found territory.Sketched) SketchLookJSON {
	out := SketchLookJSON{Problems: []SketchProblemJSON{}, Flaws: []SketchFlawJSON{}, Differences: []DifferenceJSON{}}
	for _, p := range found.Problems {
		key, what, _ := strings.Cut(p.Path, "/")
		out.Problems = append(out.Problems, SketchProblemJSON{key, what, p.Code, web.Say(web.Lang(ctx), p.Code, p.Args)})
	}
	for _, f := range found.Flaws {
		out.Flaws = append(out.Flaws, SketchFlawJSON{string(f.Kind), f.Parent, append([]string{}, f.Areas...), f.SquareM, f.At[0], f.At[1], coordinates(f.Shape)})
	}
	for _, d := range found.Differences {
		out.Differences = append(out.Differences, DifferenceJSON{d.Key, d.Before, d.After, d.Gained, d.Lost, d.Renamed})
	}
	return out
}
