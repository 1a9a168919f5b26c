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
	t := a.World.Tree()
	x, ok := t.Area(in.Area)
	if !ok || x.Jurisdiction != who.Jurisdiction || x.Level < territory.Township {
		return out, nil
	}
	workers, people := a.workersOf(&who, x)
	slices.Sort(people)
	loads, err := a.Cases.Loads(ctx, slices.Compact(people))
	if err != nil {
		return nil, err
	}
	for id, posts := range workers {
		if place, ok := t.Area(id); ok {
			out.Body.Places = append(out.Body.Places, a.loadOf(place, posts, loads))
		}
	}
	slices.SortFunc(out.Body.Places, func(a, b placeLoadJSON) int {
		return cmp.Or(cmp.Compare(a.Open*max(b.Workers, 1), b.Open*max(a.Workers, 1)), cmp.Compare(a.Area, b.Area))
	})
	return out, nil
}

// workersOf are those to whom somebody may give work in an area and below it: by the place right
// below the area, or by the grid itself; and all of them once more.
func (a *App) workersOf(who *account.Actor, x *territory.Area) (workers map[string][]account.Post, people []string) {
	workers = map[string][]account.Post{}
	var gather func(place *territory.Area, under string)
	gather = func(place *territory.Area, under string) {
		if place.Level > territory.Village {
			for _, p := range a.World.People().InArea("", place.ID, a.Cases.Now()) {
				if p.UnitID != "" && a.publishesFor(who, p) {
					workers[under], people = append(workers[under], p), append(people, p.PersonID)
				}
			}
		}
		for _, c := range a.World.Tree().Children(place.ID) {
			gather(c, cmp.Or(under, c.ID))
		}
	}
	own := ""
	if x.Level > territory.Village { // a grid speaks of itself
		own = x.ID
	}
	gather(x, own)
	return workers, people
}

// loadOf adds up what lies with people in a place, each counted once; of a grid it names them.
func (a *App) loadOf(place *territory.Area, posts []account.Post, loads map[string]int) placeLoadJSON {
	out := placeLoadJSON{AreaID: place.ID, Area: place.Name, People: []workerLoadJSON{}}
	seen := map[string]bool{}
	for _, post := range posts {
		if seen[post.PersonID] {
			continue
		}
		seen[post.PersonID] = true
		out.Workers, out.Open = out.Workers+1, out.Open+loads[post.PersonID]
		if place.Level > territory.Village {
			out.People = append(out.People, workerLoadJSON{post.PersonID, a.World.People().Name(post.PersonID), loads[post.PersonID]})
		}
	}
	return out
}
