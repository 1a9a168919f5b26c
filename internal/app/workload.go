package app

import (
	"cmp"
	"context"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/territory"
)

type workloadInput struct {
	Area string `query:"area" required:"true" maxLength:"64"`
}

type workloadOutput struct {
	Body struct {
		Places []placeLoadJSON `json:"places" doc:"the least loaded first; empty for who gives out no work there"`
	}
}

// placeLoadJSON is how much lies with those who work in a place, or below it.
type placeLoadJSON struct {
	AreaID  string           `json:"area_id"`
	Area    string           `json:"area_name"`
	Open    int              `json:"open" doc:"open cases and claims that lie with them"`
	Workers int              `json:"workers"`
	People  []workerLoadJSON `json:"people" doc:"of a grid; of larger places the sums alone"`
}

type workerLoadJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Open int    `json:"open"`
}

// httpWorkload tells whoever gives out work in an area how much lies where: by villages of a town,
// by grids of a village, each with the workers of the grids in it.
func (a *App) httpWorkload(ctx context.Context, in *workloadInput) (*workloadOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.World.Renew(ctx); err != nil {
		return nil, err
	}
	out := &workloadOutput{}
	out.Body.Places = []placeLoadJSON{}
	t, roll, now := a.World.Tree(), a.World.People(), a.Cases.Now()
	x, ok := t.Area(in.Area)
	if !ok || x.Jurisdiction != who.Jurisdiction || x.Level < territory.Township {
		return out, nil
	}
	workers := map[string][]account.Post{} // by place right below
	var people []string
	var gather func(place *territory.Area, under string)
	gather = func(place *territory.Area, under string) {
		if place.Level > territory.Village {
			for _, p := range roll.InArea("", place.ID, now) {
				if p.UnitID != "" && a.publishesFor(&who, p) {
					workers[under], people = append(workers[under], p), append(people, p.PersonID)
				}
			}
		}
		for _, c := range t.Children(place.ID) {
			gather(c, cmp.Or(under, c.ID))
		}
	}
	own := ""
	if x.Level > territory.Village { // a grid speaks of itself
		own = x.ID
	}
	gather(x, own)
	slices.Sort(people)
	loads, err := a.Cases.Loads(ctx, slices.Compact(people))
	if err != nil {
		return nil, err
	}
	for id, posts := range workers {
		place, ok := t.Area(id)
		if !ok {
			continue
		}
		p := placeLoadJSON{AreaID: id, Area: place.Name, People: []workerLoadJSON{}}
		seen := map[string]bool{}
		for _, post := range posts {
			if seen[post.PersonID] {
				continue
			}
			seen[post.PersonID] = true
			p.Workers, p.Open = p.Workers+1, p.Open+loads[post.PersonID]
			if place.Level > territory.Village {
				p.People = append(p.People, workerLoadJSON{post.PersonID, roll.Name(post.PersonID), loads[post.PersonID]})
			}
		}
		out.Body.Places = append(out.Body.Places, p)
	}
	slices.SortFunc(out.Body.Places, func(a, b placeLoadJSON) int {
		return cmp.Or(cmp.Compare(a.Open*max(b.Workers, 1), b.Open*max(a.Workers, 1)), cmp.Compare(a.Area, b.Area))
	})
	return out, nil
}
