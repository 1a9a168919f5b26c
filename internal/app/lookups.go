package app

import (
	"context"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/internal/web"
	"gezhi/internal/workflow"
)

// mostFound is how many answers a look-up gives.
const mostFound = 100

type areasInput struct {
	Parent string `query:"parent" maxLength:"64"`
}

type areasOutput struct {
	Body struct {
		Areas []areaJSON `json:"areas"`
	}
}

type areaJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Path        string `json:"path" doc:"the names above it"`
	Level       int    `json:"level"`
	Code        string `json:"code"`
	HasChildren bool   `json:"has_children"`
}

type placesInput struct {
	Q string `query:"q" required:"true" minLength:"1" maxLength:"50" doc:"a name or a part of one, perhaps led by the names above it"`
}

type placesOutput struct {
	Body struct {
		Places []namedPlaceJSON `json:"places" doc:"best first; names repeat, so that several may be meant"`
	}
}

type namedPlaceJSON struct {
	ID          string `json:"id" doc:"empty where it cannot be chosen"`
	Name        string `json:"name"`
	Path        string `json:"path" doc:"the names above it"`
	Level       int    `json:"level"`
	Code        string `json:"code"`
	HasChildren bool   `json:"has_children"`
	How         string `json:"how" enum:"name,part,near" doc:"the very name, a part of one, or a slip of the pen away"`
	Elsewhere   bool   `json:"elsewhere,omitempty" doc:"in another jurisdiction: cannot be chosen here"`
}

type unitsInput struct {
	Q        string `query:"q" maxLength:"50"`
	Register string `query:"register" maxLength:"200" doc:"only those that stand in this kind of records today, pack/kind: the one to which a seat is limited"`
}

type unitsOutput struct {
	Body struct {
		Units []unitJSON `json:"units"`
	}
}

type unitJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

type peopleInput struct {
	Unit     string `query:"unit" maxLength:"64" doc:"who works in this unit"`
	Q        string `query:"q" maxLength:"50" doc:"whose name contains this, among those who hold a post"`
	Register string `query:"register" maxLength:"200" doc:"only those who stand in this kind of records today, pack/kind: the one to which a seat is limited"`
}

type peopleOutput struct {
	Body struct {
		People []personJSON `json:"people"`
	}
}

type personJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
	Unit string `json:"unit_name,omitempty"`
	Load *int   `json:"load,omitempty" doc:"open cases and tasks that lie with this person; told to whoever has a post above"`
}

// lookups adds what forms choose from: places, units and colleagues of the own jurisdiction.
func (a *App) lookups() {
	tags := []string{"lookups"}
	web.Op(a.Web, web.Operation{Method: "GET", Path: "/areas", ID: "listAreas", Summary: "Places below one, or where the asker has posts", Tags: tags}, a.httpAreas)
	web.Op(a.Web, web.Operation{Method: "GET", Path: "/areas/outlines", ID: "areaOutlines", Summary: "Outlines of where the asker works and of what borders on it, for a map that is kept", Tags: tags}, a.httpOutlines)
	web.Op(a.Web, web.Operation{Method: "GET", Path: "/places", ID: "matchPlaces", Summary: "Places that a name may mean, with suggestions for slips of the pen", Tags: tags}, a.httpPlaces)
	web.Op(a.Web, web.Operation{Method: "GET", Path: "/units", ID: "listUnits", Summary: "Units by name", Tags: tags}, a.httpUnits)
	web.Op(a.Web, web.Operation{Method: "GET", Path: "/workload", ID: "areaWorkload", Summary: "How much lies with those who work in the places right below one, for whoever gives out work there", Tags: tags}, a.httpWorkload)
	web.Op(a.Web, web.Operation{Method: "GET", Path: "/people", ID: "listPeople", Summary: "Who works in a unit", Tags: tags}, a.httpPeople)
}

func (a *App) httpAreas(ctx context.Context, in *areasInput) (*areasOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	var found []*territory.Area
	if in.Parent != "" {
		found = t.Children(in.Parent)
	} else { // where the asker has posts
		for _, p := range who.Posts {
			if x, ok := t.Area(p.AreaID); ok {
				found = append(found, x)
			}
		}
	}
	out := &areasOutput{}
	out.Body.Areas = []areaJSON{}
	for _, x := range found {
		if x.Jurisdiction != who.Jurisdiction {
			continue
		}
		out.Body.Areas = append(out.Body.Areas, areaAs(t, x))
		if len(out.Body.Areas) == mostFound {
			break
		}
	}
	return out, nil
}

// areaAs tells an area to a face.
func areaAs(t *territory.Tree, x *territory.Area) areaJSON {
	code := x.Codes[territory.SchemeDivision]
	if code == "" {
		code = x.Codes[territory.SchemeGrid]
	}
	return areaJSON{x.ID, x.Name, t.NameAbove(x), int(x.Level), code, len(t.Children(x.ID)) > 0}
}

// mostPlaces is how many places a name is answered by.
const mostPlaces = 20

func (a *App) httpPlaces(ctx context.Context, in *placesInput) (*placesOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	out := &placesOutput{}
	out.Body.Places = []namedPlaceJSON{}
	for _, m := range t.Match(in.Q, who.Jurisdiction, mostPlaces) {
		x := areaAs(t, m.Area)
		p := namedPlaceJSON{x.ID, x.Name, x.Path, x.Level, x.Code, x.HasChildren, string(m.How), m.Area.Jurisdiction != who.Jurisdiction}
		if p.Elsewhere {
			p.ID, p.HasChildren = "", false
		}
		out.Body.Places = append(out.Body.Places, p)
	}
	return out, nil
}

func (a *App) httpUnits(ctx context.Context, in *unitsInput) (*unitsOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := a.register(ctx, who.Jurisdiction, in.Register)
	if err != nil {
		return nil, err
	}
	out := &unitsOutput{}
	out.Body.Units = []unitJSON{}
	for _, u := range t.Units(who.Jurisdiction) {
		if in.Register != "" && !slices.Contains(listed, u.ID) {
			continue
		}
		if strings.Contains(u.Name, in.Q) && len(out.Body.Units) < mostFound {
			out.Body.Units = append(out.Body.Units, unitJSON{u.ID, u.Name, u.Kind})
		}
	}
	return out, nil
}

func (a *App) httpPeople(ctx context.Context, in *peopleInput) (*peopleOutput, error) {
	who, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.World.Renew(ctx); err != nil {
		return nil, err
	}
	out := &peopleOutput{}
	out.Body.People = []personJSON{}
	roll := a.World.People()
	posts := roll.Standing(who.Jurisdiction, a.Cases.Now())
	if in.Unit != "" {
		posts = nil // of a unit that is not there, nobody
	}
	if u, ok := a.World.Tree().Unit(in.Unit); ok && u.Jurisdiction == who.Jurisdiction {
		posts = roll.InUnit("", in.Unit, a.Cases.Now())
	}
	if in.Register != "" {
		if posts, err = a.postsIn(ctx, who.Jurisdiction, in.Register); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	var below []string
	for _, p := range posts {
		name := roll.Name(p.PersonID)
		if seen[p.PersonID] || !strings.Contains(name, in.Q) || len(out.Body.People) == mostFound {
			continue
		}
		seen[p.PersonID] = true
		unit := ""
		if u, ok := a.World.Tree().Unit(p.UnitID); ok {
			unit = u.Name
		}
		out.Body.People = append(out.Body.People, personJSON{ID: p.PersonID, Name: name, Role: p.Role, Unit: unit})
		if a.publishesFor(&who, p) {
			below = append(below, p.PersonID)
		}
	}
	return out, a.loads(ctx, out.Body.People, below)
}

// publishesFor tells whether who asks gives out work where a post stands: they have one in an area
// around it, no lower than a village.
func (a *App) publishesFor(who *account.Actor, p account.Post) bool {
	return slices.ContainsFunc(who.Posts, func(own account.Post) bool {
		x, ok := a.World.Tree().Area(own.AreaID)
		return ok && x.Level <= territory.Village && own.AreaID != p.AreaID && a.World.Tree().Within(p.AreaID, own.AreaID)
	})
}

// loads fills in how much lies with those people.
func (a *App) loads(ctx context.Context, people []personJSON, of []string) error {
	n, err := a.Cases.Loads(ctx, of)
	for i := range people {
		if slices.Contains(of, people[i].ID) {
			people[i].Load = new(int)
			*people[i].Load = n[people[i].ID]
		}
	}
	return err
}

// register are the ids of the people and units that stand today in a register to which a seat of
// a pack in force is limited. Of any other kind of records nobody learns here who is in it:
// record.unknown_kind.
func (a *App) register(ctx context.Context, jurisdiction, kind string) ([]string, error) {
	if kind == "" {
		return nil, nil
	}
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return nil, err
	}
	name, of, _ := strings.Cut(kind, "/")
	if e := packs[name]; e == nil || !slices.ContainsFunc(e.Pack.Lives, func(l pack.Life) bool {
		return slices.ContainsFunc(l.Seats, func(d workflow.Seat) bool { return d.From == of && of != "" })
	}) {
		return nil, fault.New(fault.Invalid, "record.unknown_kind")
	}
	return a.Records.Named(ctx, jurisdiction, kind)
}

// postsIn is a post of each person who stands in a register, or just the person where they hold
// none: a register may name people who work nowhere.
func (a *App) postsIn(ctx context.Context, jurisdiction, kind string) ([]account.Post, error) {
	listed, err := a.register(ctx, jurisdiction, kind)
	var out []account.Post
	for _, id := range listed {
		held := a.World.People().Of(id, a.Cases.Now())
		if len(held) == 0 && a.World.People().Known(id, jurisdiction) {
			held = []account.Post{{PersonID: id}}
		}
		out = append(out, held...)
	}
	return out, err
}
