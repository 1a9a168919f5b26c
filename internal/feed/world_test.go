package feed

import (
	"bytes"
	"context"
	"io/fs"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/blob"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/intake"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/territory"
	"gezhi/packs"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// monday is an ordinary Monday at nine.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST)

// county is a small county that a platform hands matters down to.
type county struct {
	*Service
	inlet *intake.Service
	t     *testing.T
	clock *clock.Hand
	home  account.Jurisdiction
}

const (
	divisions = "code,name,parent,level\n99,Sample,,1\n9901,Sample City,99,2\n990102,样例县,9901,3\n990102001,北镇,990102,4\n990102001201,桥头村,990102001,5\n990102001202,河东村,990102001,5\n"
	offices   = "code,name,kind,parent,area\nnorth,North Office,office,,990102001\nwaste,North Waste,sanitation_station,north,990102001\nv,North Village Committee,committee,north,990102001201\n"
	staff     = "name,login,role,unit\nSample A,ann,dispatcher,v\nSample B,ben,handler,waste\nSample C,ivy,inspector,v\nSample D,res,resident,v\n"
)

func open(t *testing.T, d *db.DB) county {
	t.Helper()
	ctx := t.Context()
	hand := clock.At(monday)
	ids := id.Seeded(1, hand.Now)
	people := account.New(d)
	people.Now, people.NewID = hand.Now, ids
	places := &territory.Service{DB: d, Now: hand.Now, NewID: ids}
	j, err := people.CreateJurisdiction(ctx, account.Jurisdiction{Code: "990102", Name: "样例县", Nature: "sample"})
	must(t, err)
	from := territory.Import{Jurisdiction: j.ID, From: monday.AddDate(0, -1, 0), Nature: territory.Sample}
	_, err = places.ImportDivisions(ctx, []byte(divisions), from)
	must(t, err)
	_, err = places.ImportUnits(ctx, []byte(offices), from)
	must(t, err)
	files, err := blob.Open(t.TempDir(), hand.Now)
	must(t, err)
	calendars := &casework.Calendars{DB: d, Now: hand.Now, NewID: ids}
	core := shipped(t, "core")
	cases := &casework.Service{DB: d, Now: hand.Now, ID: ids, Calendar: calendars.Of, TaskPack: core, TaskLife: casework.TaskLife(core), Files: files, Vault: privacy.InMemory(d, hand.Now, ids),
		World: &casework.World{Territory: places, Accounts: people, Runs: func(string) []string { return []string{"office", "committee"} }},
		Book:  &casework.Book{DB: d, Now: hand.Now, NewID: ids},
		Soon:  func(_ string, now time.Time) time.Time { return now.Add(24 * time.Hour) }}
	for _, name := range []string{"core", "incident"} {
		must(t, cases.Book.Load(ctx, "", j.ID, shipped(t, name), nil))
	}
	_, err = places.ImportStaff(ctx, []byte(staff), territory.StaffImport{Jurisdiction: j.ID, From: from.From,
		Give: func(ctx context.Context, tx *db.Tx, rows []territory.StaffRow) (territory.Report, error) {
			for _, r := range rows {
				n := account.NewPost{Role: r.Role, UnitID: r.Unit.ID, AreaID: r.Area.ID, AreaLevel: account.Level(r.Area.Level), From: r.From}
				if _, err := people.Enrol(ctx, tx, "", account.Enrolment{Jurisdiction: j.ID, Name: r.Name, Login: r.Login, Nature: "sample", Post: n}); err != nil {
					return territory.Report{}, err
				}
			}
			return territory.Report{Begun: len(rows)}, nil
		}})
	must(t, err)
	must(t, cases.World.Renew(ctx))
	home, _ := cases.World.Tree().ByCode(territory.SchemeDivision, j.Code)
	byCode := func(code string) (account.Jurisdiction, error) {
		if code != "" && code != j.Code {
			return account.Jurisdiction{}, fault.New(fault.Invalid, "jurisdiction.unknown")
		}
		return j, nil
	}
	homeOf := func(context.Context, account.Jurisdiction) (string, error) { return home.ID, nil }
	key := bytes.Repeat([]byte{7}, 32)
	inlet := &intake.Service{DB: d, Now: hand.Now, ID: ids, Cases: cases, Key: key, Jurisdiction: byCode, Home: homeOf}
	s := &Service{DB: d, Now: hand.Now, ID: ids, Cases: cases, Key: key, Dir: "sampledata", Nobody: inlet.Nobody, GiveCode: inlet.GiveCode,
		Jurisdiction: func(string) account.Jurisdiction { return j }, ByCode: byCode, Home: homeOf, Secret: func(name string) string { return secrets[name] },
		Past: func(now clock.Now) *casework.Service {
			past := &casework.Service{DB: d, Now: now, ID: ids, Calendar: cases.Calendar, TaskPack: core, TaskLife: cases.TaskLife, Files: files, Vault: cases.Vault, World: cases.World, Book: cases.Book, Soon: cases.Soon, Past: hand.Now}
			return past
		}}
	return county{s, inlet, t, hand, j}
}

// secrets are the keys of feeds that send messages.
var secrets = map[string]string{"partner": "a key of at least thirty-two characters"}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func shipped(t *testing.T, name string) *pack.Pack {
	t.Helper()
	dir, err := fs.Sub(packs.FS, name)
	must(t, err)
	p, report := pack.Load(dir)
	if p == nil {
		t.Fatal(report.Text("en"))
	}
	return p
}

// as is somebody with a post, by the post's role.
func (c county) as(role string) *account.Actor {
	c.t.Helper()
	posts := c.Cases.World.People().WithRole(c.home.ID, role, c.clock.Now())
	if len(posts) != 1 {
		c.t.Fatalf("%d hold %s", len(posts), role)
	}
	return &account.Actor{PersonID: posts[0].PersonID, Jurisdiction: c.home.ID, Posts: posts}
}

// village is the id of an area of the county.
func (c county) village(name string) string {
	c.t.Helper()
	for _, a := range c.Cases.World.Tree().Below("") {
		if a.Name == name {
			return a.ID
		}
	}
	c.t.Fatalf("no %s", name)
	return ""
}

// does lets somebody with a post act on a case.
func (c county) does(role, caseID, action string, values map[string]any) {
	c.t.Helper()
	who, err := c.Cases.By(c.t.Context(), *c.as(role))
	must(c.t, err)
	if _, err = c.Cases.Act(c.t.Context(), who, casework.Act{Case: caseID, Action: action, Values: values}); err != nil {
		c.t.Fatalf("%s %s: %v", role, action, err)
	}
}

// seen is a case as the program itself sees it.
func (c county) seen(id string) *casework.View {
	c.t.Helper()
	v, err := c.Cases.View(c.t.Context(), &casework.Actor{System: true, Jurisdiction: c.home.ID}, id)
	must(c.t, err)
	return v
}

// hotline is the mapping of the sample platform.
func (c county) hotline() *Mapping {
	c.t.Helper()
	m, err := c.Mapping("city-hotline")
	must(c.t, err)
	return m
}

// takes imports a table, GBK as such platforms write it, and returns what became of the lines.
func (c county) takes(kind, table string) Report {
	c.t.Helper()
	data, err := simplifiedchinese.GB18030.NewEncoder().String(table)
	must(c.t, err)
	rep, err := c.Import(c.t.Context(), Job{Jurisdiction: c.home.ID, Mapping: c.hotline(), Data: []byte(data), Kind: kind})
	must(c.t, err)
	return rep
}
