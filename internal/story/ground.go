package story

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/fault"
	"gezhi/internal/geo"
	"gezhi/internal/territory"
)

// The places every story has: one of each level, called by its level, below those that the
// story names.
var usual = [8]string{"", "province", "city", "county", "town", "village", "grid", ""}

var levels = map[string]territory.Level{"province": 1, "city": 2, "county": 3, "township": 4, "village": 5, "grid": 6, "micro_grid": 7}

// ground is the territory of a story.
type ground struct {
	declared map[string]*Area
	level    map[string]territory.Level
	parent   map[string]string
	order    []string // parents first
	focus    [8]string
	id       map[string]string
	shaped   bool // some place has an outline
}

// lay works out which places there are: those named, those they lie in, and the usual ones.
func (g *ground) lay(areas []Area) error {
	g.declared, g.level, g.parent, g.id = map[string]*Area{}, map[string]territory.Level{}, map[string]string{}, map[string]string{}
	for i := range areas {
		g.declared[areas[i].ID] = &areas[i]
	}
	deepest := ""
	for _, a := range areas {
		if err := g.add(a.ID, 0, 0); err != nil {
			return err
		}
		if deepest == "" || g.level[a.ID] > g.level[deepest] {
			deepest = a.ID
		}
	}
	for at := deepest; at != ""; at = g.parent[at] {
		g.focus[g.level[at]] = at
	}
	for l := territory.Province; l <= territory.Grid; l++ {
		if g.focus[l] == "" {
			g.focus[l] = usual[l]
			if _, there := g.level[usual[l]]; there && g.level[usual[l]] != l {
				return fault.New(fault.Invalid, "story.name_taken", "name", usual[l])
			}
			if _, there := g.level[usual[l]]; !there {
				g.level[usual[l]], g.parent[usual[l]] = l, g.focus[l-1]
				g.order = append(g.order, usual[l])
			}
		}
	}
	slices.SortStableFunc(g.order, func(a, b string) int { return int(g.level[a] - g.level[b]) })
	return nil
}

// add places an area and what it lies in. What is only named as lying around others is a
// village, or one above them.
func (g *ground) add(id string, below territory.Level, depth int) error {
	if _, there := g.level[id]; there {
		return nil
	}
	if depth > int(territory.MicroGrid) {
		return fault.New(fault.Invalid, "territory.circle", "name", id)
	}
	a := g.declared[id]
	level, parent := territory.Village, ""
	if below > 1 {
		level = below - 1
	}
	if i := slices.Index(usual[:], id); i > 0 {
		level = territory.Level(i)
	}
	if a != nil {
		parent = a.In
		switch {
		case a.Level != "":
			l, ok := levels[a.Level]
			if !ok {
				return differ(a.Line, "story.unknown_level", "name", a.Level)
			}
			level = l
		case a.In != "":
			level = 0
		case a.Worker != "":
			level = territory.Grid
		}
	}
	if parent != "" {
		if err := g.add(parent, level, depth+1); err != nil {
			return err
		}
		if level == 0 {
			level = g.level[parent] + 1
		}
	} else if level > territory.Province {
		parent = usual[level-1]
		if err := g.add(parent, level, depth+1); err != nil {
			return err
		}
	}
	g.level[id], g.parent[id] = level, parent
	g.order = append(g.order, id)
	return nil
}

var plainCode = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$`)

// codes gives names codes that the territory accepts.
type codes map[string]string

func (c codes) of(name string) string {
	if name == "" || plainCode.MatchString(name) {
		return name
	}
	if c[name] == "" {
		c[name] = "x" + strconv.Itoa(len(c)+1)
	}
	return c[name]
}

// plant makes the territory and the units stand.
func (w *world) plant(ctx context.Context) error {
	g := &w.ground
	if err := g.lay(w.story.Given.Areas); err != nil {
		return err
	}
	imp := territory.Import{Jurisdiction: jurisdiction, From: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Nature: territory.Sample}
	code := codes{}
	var drafts []territory.Draft
	for i, name := range g.order {
		d := territory.Draft{Line: i + 1, Scheme: territory.SchemeDivision, Code: code.of(name), Name: name, Level: g.level[name],
			Sort: fmt.Sprintf("%04d", i), Nature: territory.Sample}
		if p := g.parent[name]; p != "" {
			d.ParentScheme, d.Parent = territory.SchemeDivision, code.of(p)
		}
		if a := g.declared[name]; a != nil && a.Polygon != nil {
			shape, err := shapeOf(a)
			if err != nil {
				return err
			}
			d.Boundary, g.shaped = &territory.Boundary{CRS: geo.WGS84, Shape: shape}, true
		}
		drafts = append(drafts, d)
	}
	if _, err := w.territory.Plant(ctx, drafts, imp); err != nil {
		return err
	}
	staff := w.offices()
	var units []territory.UnitDraft
	for i, u := range staff {
		units = append(units, territory.UnitDraft{Line: i + 1, Code: code.of(u.name), Name: u.name, Kind: u.kind, Parent: code.of(u.above),
			AreaScheme: territory.SchemeDivision, Area: code.of(u.area), Nature: territory.Sample})
	}
	if _, err := w.territory.PlantUnits(ctx, units, imp); err != nil {
		return err
	}
	tree, err := w.territory.Tree(ctx)
	if err != nil {
		return err
	}
	for _, name := range g.order {
		if a, ok := tree.ByCode(territory.SchemeDivision, code.of(name)); ok {
			g.id[name], w.called[a.ID] = a.ID, name
		}
	}
	for _, u := range staff {
		if x, ok := tree.UnitByCode(jurisdiction, code.of(u.name)); ok {
			w.unit[u.name], w.called[x.ID] = x.ID, u.name
		}
	}
	return nil
}

// shapeOf reads the rings of a place: a list of positions, or a list of such lists.
func shapeOf(a *Area) (orb.MultiPolygon, error) {
	bad := differ(a.Line, "story.bad_polygon", "name", a.ID)
	outer, _ := a.Polygon.([]any)
	if len(outer) > 0 {
		if first, ok := outer[0].([]any); ok && len(first) > 0 {
			if _, flat := first[0].(string); flat {
				outer = []any{outer}
			}
		}
	}
	var p orb.Polygon
	for _, r := range outer {
		points, _ := r.([]any)
		var ring orb.Ring
		for _, x := range points {
			lon, lat, ok := position(x)
			if !ok {
				return nil, bad
			}
			ring = append(ring, orb.Point{lon, lat})
		}
		if len(ring) < 3 {
			return nil, bad
		}
		if ring[0] != ring[len(ring)-1] {
			ring = append(ring, ring[0])
		}
		p = append(p, ring)
	}
	if len(p) == 0 {
		return nil, bad
	}
	return orb.MultiPolygon{p}, nil
}

// position reads [lon, lat] of texts.
func position(v any) (lon, lat float64, ok bool) {
	l, _ := v.([]any)
	if len(l) != 2 {
		return 0, 0, false
	}
	x, _ := l[0].(string)
	y, _ := l[1].(string)
	return lon, lat, json.Unmarshal([]byte(x), &lon) == nil && json.Unmarshal([]byte(y), &lat) == nil
}
