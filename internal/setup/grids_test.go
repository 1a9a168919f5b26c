package setup

import (
	"context"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
)

const twoGrids = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"99010200120101","name":"一网格","parent":"990102001201"},"geometry":{"type":"Polygon","coordinates":[[[119.5,28],[119.51,28],[119.51,28.01],[119.5,28.01],[119.5,28]]]}},
{"type":"Feature","properties":{"code":"99010200120102","name":"二网格","parent":"990102001201"},"geometry":{"type":"Polygon","coordinates":[[[119.51,28],[119.52,28],[119.52,28.01],[119.51,28.01],[119.51,28]]]}}]}`

// Who draws grids is shown who is on duty in each, and what a merger would bring before it is in
// force: posts over the grid that ends are named. Another county sees none of it.
func TestGridsAreDrawnWithWhoIsOnDuty(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), context.Background()
		places, from := c.Cases.World.Territory, monday.AddDate(0, -1, 0)
		_, err := places.ImportDivisions(ctx, []byte("code,name,parent,level\n990102001201,样例村,990102001,5\n990103,邻县,9901,3\n990103001,邻镇,990103,4\n990103001201,邻村,990103001,5\n"), territory.Import{Jurisdiction: c.admin.Jurisdiction, From: from, Nature: territory.Sample})
		must(t, err)
		_, err = places.ImportGrids(ctx, []byte(twoGrids), territory.Drawing{CRS: "WGS-84"}, territory.Import{Jurisdiction: c.admin.Jurisdiction, From: from, Nature: territory.Sample})
		must(t, err)
		all, err := c.Divided(ctx, c.admin)
		if err != nil || len(all) != 1 || all[0].Grids != 2 || all[0].Unplaced != 0 || all[0].Unstaffed != 2 {
			t.Fatalf("%+v, %v", all, err)
		}
		g, err := c.Ground(ctx, c.admin, all[0].ID)
		if err != nil || len(g.Parts) != 2 {
			t.Fatalf("%+v, %v", g, err)
		}
		one, two := g.Parts[0], g.Parts[1]
		unit, err := c.SetUnit(ctx, c.admin, territory.Unit{Code: "centre", Name: "样例中心"})
		must(t, err)
		p, err := c.people.CreatePerson(ctx, "", account.NewPerson{Jurisdiction: c.admin.Jurisdiction, Name: "样例网格员", Nature: "sample"})
		must(t, err)
		_, err = c.people.GivePost(ctx, "", account.NewPost{PersonID: p.ID, Role: "grid_worker", UnitID: unit.ID, AreaID: two.ID, AreaLevel: account.Level(two.Level), From: from})
		must(t, err)
		if all, err = c.Divided(ctx, c.admin); err != nil || all[0].Unstaffed != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		if x := c.gridJSON(ctx, c.Cases.World.Tree(), two); len(x.People) != 1 || x.People[0].Name != "样例网格员" || x.Square < 1e6 {
			t.Errorf("%+v", x)
		}
		a, _ := g.Tree.Boundary(one.ID)
		b, _ := g.Tree.Boundary(two.ID)
		whole, err := Joined(territory.Boundary{Shape: a}, territory.Boundary{Shape: b})
		must(t, err)
		if _, err := Cut(whole, whole); fault.CodeOf(err) != "setup.nothing_left" {
			t.Error(err)
		}
		away := orb.MultiPolygon{{{{120, 28}, {120.01, 28}, {120.01, 28.01}, {120, 28}}}}
		if _, err := Joined(whole, territory.Boundary{Shape: away}); fault.CodeOf(err) != "setup.apart" {
			t.Error(err)
		}
		sk, err := places.SaveSketch(ctx, c.admin.PersonID, territory.Sketch{Jurisdiction: c.admin.Jurisdiction, Name: "并格", Changes: []territory.Change{
			{Key: two.ID, Parent: two.Parent, Name: two.Name, Ends: true, Into: one.ID},
			{Key: one.ID, Parent: one.Parent, Name: one.Name, Shape: whole.Shape, Mark: territory.MarkOf(a)}}})
		must(t, err)
		put := territory.Put{ID: sk.ID, Version: 1, From: time.Date(2026, 3, 2, 0, 0, 0, 0, monday.Location()), DryRun: true}
		after, err := c.PutSketch(ctx, c.admin, put)
		if err != nil || len(after.Left) != 1 || after.Left[0] != (Left{"样例网格员", "grid_worker", "二网格"}) || len(after.Problems)+len(after.Flaws) != 0 {
			t.Fatalf("%+v, %v", after, err)
		}
		put.DryRun = false
		_, err = c.PutSketch(ctx, c.admin, put)
		must(t, err)
		if all, err := c.Divided(ctx, c.admin); err != nil || all[0].Grids != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		now, err := places.Tree(ctx)
		must(t, err)
		beyond, _ := now.ByCode(territory.SchemeDivision, "990103001201") // taken in with the county, and not of it
		if _, err := c.Ground(ctx, c.admin, beyond.ID); fault.CodeOf(err) != "territory.no_such_area" {
			t.Error(err)
		}
		there := []territory.Change{{Key: "new-1", Parent: beyond.ID, Begins: true, Code: "99010300120101", Name: "网格", Shape: whole.Shape}}
		if _, err := c.Look(ctx, c.admin, there); fault.CodeOf(err) != "territory.not_yours" {
			t.Error(err)
		}
		if _, err := c.SaveSketch(ctx, c.admin, territory.Sketch{Name: "x", Changes: there}); fault.CodeOf(err) != "territory.not_yours" {
			t.Error(err)
		}
		sk, err = places.SaveSketch(ctx, "x", territory.Sketch{Jurisdiction: c.admin.Jurisdiction, Name: "x", Changes: there})
		must(t, err)
		if _, err := c.PutSketch(ctx, c.admin, territory.Put{ID: sk.ID, Version: 1, From: put.From, Accept: true}); fault.CodeOf(err) != "territory.not_yours" {
			t.Error(err)
		}
		other := account.Actor{PersonID: "x", Jurisdiction: "elsewhere"}
		if all, err := c.Divided(ctx, other); err != nil || len(all) != 0 {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := c.Ground(ctx, other, one.Parent); fault.CodeOf(err) != "territory.no_such_area" {
			t.Error(err)
		}
	})
}
