package app

import (
	"context"
	"math"

	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/fault"
	"gezhi/internal/geo"
	"gezhi/internal/territory"
)

// outlines are drawn for a screen: so far may a line be off, in metres.
const (
	fineLine   = 8
	coarseLine = 25
	// mostOutlines keeps what a telephone stores small.
	mostOutlines = 150
	// mostPoints is what a whole county may weigh on its way to a screen: some 300 KiB as text. Lines
	// become coarser until it holds.
	mostPoints = 14_000
)

type outlinesInput struct {
	Area  string `query:"area" maxLength:"64" doc:"with level: of this area; where the asker has posts when empty"`
	Level int    `query:"level" minimum:"0" maximum:"7" doc:"an area, its children and all of this level below it, as 6 for grids, without what borders on it; when 0, as a telephone keeps it"`
}

type outlinesOutput struct {
	Body struct {
		Areas []outlineJSON `json:"areas"`
	}
}

type outlineJSON struct {
	ID     string          `json:"id"`
	Name   string          `json:"name"`
	Level  int             `json:"level"`
	Parent string          `json:"parent,omitempty" doc:"the next area above that is drawn too"`
	How    string          `json:"how" enum:"mine,part,beside" doc:"where the asker has a post, or the area asked for; a part of that; or what borders on it"`
	Shape  [][][][]float64 `json:"shape" doc:"coordinates of a GeoJSON MultiPolygon, WGS-84, simplified"`
}

// httpOutlines draws where the asker works: the areas of the posts, their parts, and what borders
// on them, so that a face can keep a map of it; or all areas of a level. Areas without a boundary
// are left out.
func (a *App) httpOutlines(ctx context.Context, in *outlinesInput) (*outlinesOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	d := drawing{tree: t, jurisdiction: who.Jurisdiction, seen: map[string]bool{}, most: mostOutlines}
	out := &outlinesOutput{}
	switch {
	case in.Level == 0:
		for _, p := range who.Posts {
			d.post(p.AreaID)
		}
	case in.Area != "":
		if x, ok := t.Area(in.Area); !ok || x.Jurisdiction != who.Jurisdiction {
			return nil, fault.New(fault.Invalid, "territory.unknown_area")
		}
		d.whole(in.Area, in.Level)
	default:
		for _, p := range who.Posts {
			d.whole(p.AreaID, in.Level)
		}
	}
	out.Body.Areas = d.drawn()
	return out, nil
}

type drawing struct {
	tree         *territory.Tree
	jurisdiction string
	most         int // areas; 0 is no limit
	seen         map[string]bool
	areas        []*territory.Area
	how          []string
	items        []geo.Item
}

func (d *drawing) add(x *territory.Area, how string) {
	shape, ok := d.tree.Boundary(x.ID)
	if !ok || d.seen[x.ID] || x.Jurisdiction != d.jurisdiction || d.most > 0 && len(d.areas) == d.most {
		return
	}
	d.seen[x.ID] = true
	d.areas, d.how, d.items = append(d.areas, x), append(d.how, how), append(d.items, geo.Item{ID: x.ID, Key: x.ID, Shape: shape})
}

func (d *drawing) post(id string) {
	mine, ok := d.tree.Area(id)
	if !ok {
		return
	}
	d.add(mine, "mine")
	for _, x := range d.tree.Children(id) {
		d.add(x, "part")
	}
	above, ok := d.tree.Above(id)
	own, drawn := d.tree.Boundary(id)
	if !ok || !drawn {
		return
	}
	near := own.Bound().Pad(1e-4) // some ten metres: what borders on it
	for _, x := range d.tree.Children(above.ID) {
		if shape, ok := d.tree.Boundary(x.ID); ok && near.Intersects(shape.Bound()) {
			d.add(x, "beside")
		}
	}
}

// whole adds an area, its children, and everything of a level below it.
func (d *drawing) whole(id string, level int) {
	d.most = 0
	mine, ok := d.tree.Area(id)
	if !ok {
		return
	}
	d.add(mine, "mine")
	for _, x := range d.tree.Children(id) {
		if int(x.Level) <= level {
			d.add(x, "part")
		}
	}
	for _, x := range d.tree.Below(id) {
		if int(x.Level) == level {
			d.add(x, "part")
		}
	}
}

// drawn simplifies all lines together, so that neighbours still meet.
func (d *drawing) drawn() []outlineJSON {
	out := []outlineJSON{}
	line := float64(fineLine)
	for _, x := range d.areas {
		if x.Level < territory.Village {
			line = coarseLine
		}
	}
	slim := geo.Simplify(d.items, line)
	for d.most == 0 && corners(slim) > mostPoints && line < 1000 {
		line *= 2
		slim = geo.Simplify(d.items, line)
	}
	for i, item := range slim {
		if len(item.Shape) > 0 {
			x := d.areas[i]
			out = append(out, outlineJSON{item.ID, x.Name, int(x.Level), d.above(x), d.how[i], coordinates(item.Shape)})
		}
	}
	return out
}

// above is the next area above one that is drawn too.
func (d *drawing) above(x *territory.Area) string {
	for level := int(x.Level) - 1; level >= 0; level-- {
		if d.seen[x.Path[level]] {
			return x.Path[level]
		}
	}
	return ""
}

func corners(items []geo.Item) (n int) {
	for _, it := range items {
		for _, poly := range it.Shape {
			for _, ring := range poly {
				n += len(ring)
			}
		}
	}
	return n
}

// coordinates are those of a shape to some metre.
func coordinates(m orb.MultiPolygon) [][][][]float64 {
	out := make([][][][]float64, len(m))
	for i, poly := range m {
		for _, ring := range poly {
			r := make([][]float64, len(ring))
			for j, p := range ring {
				r[j] = []float64{math.Round(p[0]*1e5) / 1e5, math.Round(p[1]*1e5) / 1e5}
			}
			out[i] = append(out[i], r)
		}
	}
	return out
}
