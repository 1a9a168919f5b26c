package setup

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/packs"
)

// monday is an ordinary Monday at nine.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST)

// county is a county that nothing but its area is set up in.
type county struct {
	*Service
	people *account.Service
	clock  *clock.Hand
	admin  account.Actor
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, d *db.DB) county {
	t.Helper()
	ctx, hand := t.Context(), clock.At(monday)
	ids := id.Seeded(1, hand.Now)
	people := account.New(d)
	people.Now, people.NewID = hand.Now, ids
	places := &territory.Service{DB: d, Now: hand.Now, NewID: ids}
	j, err := people.CreateJurisdiction(ctx, account.Jurisdiction{Code: "990102", Name: "样例县", Nature: "sample"})
	must(t, err)
	_, err = places.ImportDivisions(ctx, []byte("code,name,parent,level\n99,Sample,,1\n9901,Sample City,99,2\n990102,样例县,9901,3\n990102001,北镇,990102,4\n"), territory.Import{Jurisdiction: j.ID, From: monday.AddDate(0, -1, 0), Nature: territory.Sample})
	must(t, err)
	core := shipped(t, "core")
	s := &Service{DB: d, Now: hand.Now, Shipped: func() []*pack.Pack { return []*pack.Pack{core} }, Nature: func(string) string { return territory.Sample },
		Cases: &casework.Service{DB: d, World: &casework.World{Territory: places, Accounts: people, Runs: func(string) []string { return nil }}, Book: &casework.Book{DB: d, Now: hand.Now, NewID: ids}}}
	s.Code = func(jurisdiction string) string { return map[string]string{j.ID: j.Code}[jurisdiction] }
	return county{s, people, hand, account.Actor{PersonID: "admin", Jurisdiction: j.ID}}
}

func shipped(t testing.TB, name string) *pack.Pack {
	t.Helper()
	dir, err := fs.Sub(packs.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	p, report := pack.Load(dir)
	if p == nil {
		t.Fatal(report.Text("en"))
	}
	return p
}

// zipped is a shipped pack's folder as an archive below a folder, with some texts exchanged.
func zipped(t testing.TB, name, below string, exchange ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	swap := strings.NewReplacer(exchange...)
	err := fs.WalkDir(packs.FS, name, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(packs.FS, file)
		if err != nil {
			return err
		}
		w, err := z.Create(path.Join(below, strings.TrimPrefix(file, name+"/")))
		if err != nil {
			return err
		}
		_, err = w.Write([]byte(swap.Replace(string(text))))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	z.Create("__MACOSX/._pack.yaml")
	z.Close()
	return b.Bytes()
}

// A unit is made, renamed and put under another; one that is used cannot be ended, one that is
// not ends and is there no more.
func TestUnitsAreMadeRenamedAndEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		top, err := c.SetUnit(ctx, c.admin, territory.Unit{Code: "centre", Name: "样例中心", Kind: "centre"})
		must(t, err)
		sub, err := c.SetUnit(ctx, c.admin, territory.Unit{Code: "station", Name: "样例站", Kind: "station", Parent: top.ID})
		must(t, err)
		renamed := sub
		renamed.Name, renamed.Code = "样例二站", "other"
		if u, err := c.SetUnit(ctx, c.admin, renamed); err != nil || u.Code != "station" || u.Name != "样例二站" {
			t.Errorf("renamed: %+v, %v", u, err)
		}
		for want, u := range map[string]territory.Unit{
			"territory.duplicate_code": {Code: "centre", Name: "Again"},
			"territory.bad_code":       {Code: "no code\n", Name: "Bad"},
			"territory.no_name":        {Code: "x"},
			"territory.not_above":      {ID: top.ID, Name: "样例中心", Parent: sub.ID},
			"territory.not_yours":      {Code: "y", Name: "Y", Area: "nowhere"},
		} {
			_, err := c.SetUnit(ctx, c.admin, u)
			if places := placesOf(err); !slices.Contains(places, want) {
				t.Errorf("%s: %v %v", want, err, places)
			}
		}
		if _, err := c.SetUnit(ctx, account.Actor{PersonID: "x", Jurisdiction: "elsewhere"}, territory.Unit{ID: top.ID, Name: "Mine"}); fault.CodeOf(err) != "unit.none" {
			t.Errorf("another county's unit: %v", err)
		}
		if err := c.EndUnit(ctx, c.admin, top.ID); fault.CodeOf(err) != "unit.has_units" {
			t.Errorf("with units below: %v", err)
		}
		p, err := c.people.CreatePerson(ctx, "", account.NewPerson{Jurisdiction: c.admin.Jurisdiction, Name: "Sample", Nature: "sample"})
		must(t, err)
		_, err = c.people.GivePost(ctx, "", account.NewPost{PersonID: p.ID, Role: "handler", UnitID: sub.ID, From: monday})
		must(t, err)
		if err := c.EndUnit(ctx, c.admin, sub.ID); fault.CodeOf(err) != "unit.in_use" {
			t.Errorf("with a post: %v", err)
		}
		all, err := c.Units(ctx, c.admin)
		if err != nil || len(all) != 2 || all[0].Posts+all[1].Posts != 1 {
			t.Errorf("units: %+v, %v", all, err)
		}
		posts, err := c.people.Posts(ctx, p.ID)
		must(t, err)
		c.clock.Add(time.Hour)
		must(t, c.people.EndPost(ctx, "", posts[0].ID, time.Time{}))
		c.clock.Add(time.Hour)
		must(t, c.EndUnit(ctx, c.admin, sub.ID))
		c.clock.Add(time.Minute)
		if all, err := c.Units(ctx, c.admin); err != nil || len(all) != 1 || all[0].Name != "样例中心" {
			t.Errorf("after the end: %+v, %v", all, err)
		}
	})
}

func placesOf(err error) (out []string) {
	var f *fault.Error
	if errors.As(err, &f) {
		for _, p := range f.At {
			out = append(out, p.Code)
		}
	}
	return out
}

// A pack is checked without being kept; loaded with the hash of its check it is in force, and an
// older version can be compared with it and put in force again.
func TestAPackIsCheckedThenLoadedAndPutBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		first := zipped(t, "incident", "incident-main")
		seen, err := c.Check(ctx, c.admin, first)
		must(t, err)
		if !seen.Report.OK() || seen.Before != nil || seen.Pack.Name != "incident" || len(seen.Roles) == 0 {
			t.Fatalf("%+v %s", seen.Roles, seen.Report.Text("en"))
		}
		if all, err := c.Cases.Book.History(ctx, c.admin.Jurisdiction); err != nil || len(all) != 0 {
			t.Fatalf("a check keeps: %v %v", all, err)
		}
		if _, err := c.Load(ctx, c.admin, first, strings.Repeat("0", 64)); fault.CodeOf(err) != "setup.other_pack" {
			t.Errorf("with another hash: %v", err)
		}
		one, err := c.Load(ctx, c.admin, first, seen.Pack.Hash())
		must(t, err)
		if _, err := c.Load(ctx, c.admin, first, seen.Pack.Hash()); fault.CodeOf(err) != "setup.in_force" {
			t.Errorf("loaded twice: %v", err)
		}
		c.clock.Add(time.Hour)
		next := zipped(t, "incident", "", "派单员", "调度员", "version: "+one.Pack.Version, "version: 9.9.9")
		seen, err = c.Check(ctx, c.admin, next)
		must(t, err)
		if !seen.Report.OK() || seen.Before == nil || len(seen.Changes) == 0 || seen.Same {
			t.Fatalf("%d changes, %s", len(seen.Changes), seen.Report.Text("en"))
		}
		_, err = c.Load(ctx, c.admin, next, seen.Pack.Hash())
		must(t, err)
		c.clock.Add(time.Hour)
		history, err := c.Cases.Book.History(ctx, c.admin.Jurisdiction)
		if err != nil || len(history) != 2 || history[1].Version != "9.9.9" || history[1].PersonID != "admin" {
			t.Fatalf("%+v %v", history, err)
		}
		changes, err := c.Compare(ctx, c.admin, "incident", VersionRef{history[1].Hash, ""}, VersionRef{history[0].Hash, ""})
		if err != nil || len(changes) == 0 {
			t.Errorf("compared: %v %v", changes, err)
		}
		for _, hash := range []string{"none", history[1].Hash} {
			if err := c.Again(ctx, c.admin, "incident", hash, ""); fault.CodeOf(err) != map[bool]string{true: "setup.no_version", false: "setup.in_force"}[hash == "none"] {
				t.Errorf("again %s: %v", hash, err)
			}
		}
		if _, err := c.Compare(ctx, account.Actor{Jurisdiction: "elsewhere"}, "incident", VersionRef{history[0].Hash, ""}, VersionRef{history[1].Hash, ""}); fault.CodeOf(err) != "setup.no_version" {
			t.Errorf("of another county: %v", err)
		}
		must(t, c.Again(ctx, c.admin, "incident", history[0].Hash, ""))
		now, err := c.Cases.Book.Packs(ctx, c.admin.Jurisdiction)
		if err != nil || now["incident"].Pack.Hash() != history[0].Hash {
			t.Errorf("in force: %v", err)
		}
	})
}

// What is wrong with a pack is told with its place, and it does not load.
func TestABrokenPackDoesNotLoad(t *testing.T) {
	c, ctx := open(t, dbtest.SQLite(t)), t.Context()
	broken := zipped(t, "incident", "", "life: ", "life: no_such_")
	seen, err := c.Check(ctx, c.admin, broken)
	must(t, err)
	if seen.Report.OK() || seen.Report.Problems[0].Line == 0 {
		t.Fatalf("%+v", seen.Report.Problems)
	}
	if _, err := c.Load(context.WithoutCancel(ctx), c.admin, broken, seen.Pack.Hash()); fault.CodeOf(err) != "setup.bad_pack" {
		t.Errorf("loaded: %v", err)
	}
}

// The county's own values are checked against the pack in force, loaded as they were checked,
// compared with those before, put back and taken away; what changes structure is refused with
// its place.
func TestTheCountysValuesAreCheckedThenLoaded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		if _, err := c.CheckOverlay(ctx, c.admin, "incident", ""); fault.CodeOf(err) != "setup.no_pack" {
			t.Errorf("of a pack that is not in force: %v", err)
		}
		first := zipped(t, "incident", "")
		seen, err := c.Check(ctx, c.admin, first)
		must(t, err)
		_, err = c.Load(ctx, c.admin, first, seen.Pack.Hash())
		must(t, err)
		of := seen.Pack.Hash()
		for text, want := range map[string]string{"overlay: incident\nroles: {}\n": "overlay.structure", "overlay: other\n": "overlay.other_pack", "overlay: [": "yaml.syntax"} {
			bad, err := c.CheckOverlay(ctx, c.admin, "incident", text)
			must(t, err)
			if bad.Report.OK() || bad.Report.Problems[0].Code != want {
				t.Errorf("%q: %s", text, bad.Report.Text("en"))
			}
			if err := c.LoadOverlay(ctx, c.admin, "incident", text, of, ""); fault.CodeOf(err) != "setup.bad_overlay" {
				t.Errorf("%q loaded: %v", text, err)
			}
		}
		load := func(text, before string) error {
			c.clock.Add(time.Hour)
			return c.LoadOverlay(ctx, c.admin, "incident", text, of, before)
		}
		one := "overlay: incident\nkeep: { personal: erase 30 days after closed }\n"
		checked, err := c.CheckOverlay(ctx, c.admin, "incident", one)
		must(t, err)
		if !checked.Report.OK() || len(checked.Changes) != 1 || !strings.Contains(checked.Changes[0].Text("en"), "keep: personal changes from - to erase 30 days after closed") {
			t.Errorf("%v %s", checked.Changes, checked.Report.Text("en"))
		}
		must(t, load(one, ""))
		if err := load(one, checked.Overlay.Hash()); fault.CodeOf(err) != "setup.in_force" {
			t.Errorf("loaded twice: %v", err)
		}
		two := strings.Replace(one, "30", "60", 1)
		if err := load(two, ""); fault.CodeOf(err) != "setup.meanwhile" {
			t.Errorf("checked against other values than are in force: %v", err)
		}
		must(t, load(two, checked.Overlay.Hash()))
		history, err := c.Cases.Book.History(ctx, c.admin.Jurisdiction)
		if err != nil || len(history) != 3 || history[2].PersonID != "admin" {
			t.Fatalf("%+v %v", history, err)
		}
		changes, err := c.Compare(ctx, c.admin, "incident", VersionRef{of, history[1].Overlay}, VersionRef{of, history[2].Overlay})
		if err != nil || len(changes) != 1 || changes[0].To != "erase 60 days after closed" {
			t.Errorf("compared: %v %v", changes, err)
		}
		c.clock.Add(time.Hour)
		must(t, c.Again(ctx, c.admin, "incident", of, history[1].Overlay))
		keeps := func() string {
			now, err := c.Cases.Book.Packs(ctx, c.admin.Jurisdiction)
			must(t, err)
			if o := now["incident"].Overlay; o != nil {
				return o.Keep[0].Text
			}
			return ""
		}
		if got := keeps(); got != "erase 30 days after closed" {
			t.Errorf("put back: %q", got)
		}
		must(t, load(" \n", history[1].Overlay))
		if got := keeps(); got != "" {
			t.Errorf("taken away: %q", got)
		}
	})
}
