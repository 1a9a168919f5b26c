package casework

import (
	"cmp"
	"context"
	"slices"

	"gezhi/internal/db"
	"gezhi/internal/territory"
)

// Placed says that so many open cases of one area stand, after a change of the divisions, in
// another.
type Placed struct {
	From  string // id of the area
	To    string // id; "" is nowhere
	Cases int
}

// placesIn lists where the open cases of an area lie, by the level of the area.
var placesIn = func() (out [8]db.Stmt) {
	for l := 1; l < len(out); l++ {
		out[l] = db.SQL(`SELECT lon_e7, lat_e7, lies_in FROM cases WHERE jurisdiction = $1 AND ` + levelColumns[l] + ` = $2 AND phase <> 'closed' AND ` + levelColumns[l] + ` <> '' AND area_id = $2`)
	}
	return out
}()

// PlacedAnew counts which open cases stand in another area, or below another, on the ground of a
// tree; heirs are the areas of it that took the place of one. It changes nothing.
func PlacedAnew(ctx context.Context, tx *db.Tx, jurisdiction string, after *territory.Tree, heirs func(area string) ([]string, error)) ([]Placed, error) {
	all, err := db.Collect(ctx, tx, placesOfCases, []any{jurisdiction}, scanPlace)
	if err != nil {
		return nil, err
	}
	type way struct{ from, to string }
	count, seen := map[way]int{}, map[string]bool{}
	for _, p := range all {
		if a, stands := (picture{after}).Area(p.id); stands && a.Path == p.path || p.level() == 0 || seen[p.id] {
			continue
		}
		seen[p.id] = true
		next, err := heirs(p.id)
		if err != nil {
			return nil, err
		}
		_, err = db.Collect(ctx, tx, placesIn[p.level()], []any{jurisdiction, p.id}, func(r db.Rows) (x struct{}, err error) {
			c := &Case{AreaID: p.id, Areas: p.path}
			err = r.Scan(&c.LonE7, &c.LatE7, &c.LiesIn)
			to, _ := placeOn(picture{after}, c, next)
			count[way{p.id, to.ID}]++
			return x, err
		})
		if err != nil {
			return nil, err
		}
	}
	var out []Placed
	for w, n := range count {
		out = append(out, Placed{w.from, w.to, n})
	}
	slices.SortFunc(out, func(a, b Placed) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return out, nil
}
