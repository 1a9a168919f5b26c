package app

import (
	"context"
	"math"

	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/geo"
	"gezhi/internal/territory"
)

// outlines are drawn for a screen that a hand holds: so far may a line be off, in metres.
const (
	fineLine   = 8
	coarseLine = 25
	// mostOutlines keeps what a telephone stores small; a county's worth of grids is for the desk.
	mostOutlines = 150
)

type outlinesOutput struct {
	Body struct {
		Areas []outlineJSON `json:"areas"`
	}
}

type outlineJSON struct {
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Level int             `json:"level"`
	How   string          `json:"how" enum:"mine,part,beside" doc:"where the asker has a post, a part of that, or what borders on it"`
	Shape [][][][]float64 `json:"shape" doc:"coordinates of a GeoJSON MultiPolygon, WGS-84, simplified"`
}

// httpOutlines draws where the asker works: the areas of the posts, their parts, and what borders
// on them, so that a face can keep a map of it. Areas without a boundary are left out.
func (a *App) httpOutlines(ctx context.Context, _ *struct{}) (*outlinesOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	d := drawing{tree: t, jurisdiction: who.Jurisdiction, seen: map[string]bool{}}
	for _, p := range who.Posts {
		d.post(p.AreaID)
	}
	out := &outlinesOutput{}
	out.Body.Areas = d.drawn()
	return out, nil
}

type drawing struct {
	tree         *territory.Tree
	jurisdiction string
	seen         map[string]bool
	areas        []*territory.Area
	how          []string
	items        []geo.Item
}

func (d *drawing) add(x *territory.Area, how string) {
	shape, ok := d.tree.Boundary(x.ID)
	if !ok || d.seen[x.ID] || x.Jurisdiction != d.jurisdiction || len(d.areas) == mostOutlines {
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

// drawn simplifies all lines together, so that neighbours still meet.
func (d *drawing) drawn() []outlineJSON {
	out := []outlineJSON{}
	line := float64(fineLine)
	for _, x := range d.areas {
		if x.Level < territory.Village {
			line = coarseLine
		}
	}
	for i, item := range geo.Simplify(d.items, line) {
		if len(item.Shape) > 0 {
			out = append(out, outlineJSON{item.ID, d.areas[i].Name, int(d.areas[i].Level), d.how[i], coordinates(item.Shape)})
		}
	}
	return out
}

// coordinates are those of a shape to some ten centimetres.
func coordinates(m orb.MultiPolygon) [][][][]float64 {
	out := make([][][][]float64, len(m))
	for i, poly := range m {
		for _, ring := range poly {
			r := make([][]float64, len(ring))
			for j, p := range ring {
				r[j] = []float64{math.Round(p[0]*1e6) / 1e6, math.Round(p[1]*1e6) / 1e6}
			}
			out[i] = append(out[i], r)
		}
	}
	return out
}
