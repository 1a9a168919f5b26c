package classifier

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/blob"
	"gezhi/internal/casework"
	"gezhi/internal/classify"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/territory"
	"gezhi/packs"
)

// county is a small county with people of two roles.
type county struct {
	*Service
	t     *testing.T
	clock *clock.Hand
	home  string
}

const (
	divisions = "code,name,parent,level\n99,Sample,,1\n9901,Sample City,99,2\n990102,样例县,9901,3\n990102001,北镇,990102,4\n990102001201,桥头村,990102001,5\n"
	offices   = "code,name,kind,parent,area\nnorth,North Office,office,,990102001\nv,North Village Committee,committee,north,990102001201\n"
	staff     = "name,login,role,unit\nSample A,ann,dispatcher,v\nSample D,res,resident,v\n"
)

func open(t *testing.T, d *db.DB) county {
	t.Helper()
	ctx := t.Context()
	hand := clock.At(time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST))
	ids := id.Seeded(1, hand.Now)
	people := account.New(d)
	people.Now, people.NewID = hand.Now, ids
	places := &territory.Service{DB: d, Now: hand.Now, NewID: ids}
	j, err := people.CreateJurisdiction(ctx, account.Jurisdiction{Code: "990102", Name: "样例县", Nature: "sample"})
	must(t, err)
	from := territory.Import{Jurisdiction: j.ID, From: hand.Now().AddDate(0, -1, 0), Nature: territory.Sample}
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
	return county{&Service{DB: d, Now: hand.Now, NewID: ids, Cases: cases, Fresh: time.Minute}, t, hand, j.ID}
}

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
func (c county) as(role string) *casework.Actor {
	c.t.Helper()
	posts := c.Cases.World.People().WithRole(c.home, role, c.clock.Now())
	if len(posts) != 1 {
		c.t.Fatalf("%d hold %s", len(posts), role)
	}
	who, err := c.Cases.By(c.t.Context(), account.Actor{PersonID: posts[0].PersonID, Jurisdiction: c.home, Posts: posts})
	must(c.t, err)
	return who
}

// closed reports something and has it closed.
func (c county) closed(class, text string) string {
	c.t.Helper()
	village, ok := c.Cases.World.Tree().ByCode(territory.SchemeDivision, "990102001201")
	if !ok {
		c.t.Fatal("no village")
	}
	opened, err := c.Cases.Open(c.t.Context(), c.as("resident"), casework.Opening{Class: class, Text: text, AreaID: village.ID, Channel: "home"})
	must(c.t, err)
	_, err = c.Cases.Act(c.t.Context(), c.as("dispatcher"), casework.Act{Case: opened.Case.ID, Action: "decline", Reason: "样例", Values: map[string]any{"reason": "样例", "reply": "样例"}})
	must(c.t, err)
	return opened.Case.ID
}

const (
	rubbish = "incident/sample:0102"
	cover   = "incident/sample:0103"
)

func (c county) fill() {
	for _, place := range []string{"桥头", "路口", "河边", "学校", "市场", "车站"} {
		c.closed(rubbish, place+"垃圾成堆臭气难闻")
		c.closed(cover, place+"井盖破损有人绊倒")
	}
}

// Closed cases teach; a new report is proposed the class that people gave to its like. A
// newer model takes over, an ended one gives way to the one before, and other counties know
// nothing of it.
func TestClosedCasesTeach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		text := classify.Text{Body: "小区门口垃圾没人清"}
		if said, err := c.Propose(ctx, c.home, text); err != nil || said != nil {
			t.Errorf("before anything was learnt: %+v, %v", said, err)
		}
		if _, err := c.Learn(ctx, Lesson{Jurisdiction: c.home, Cases: true}); fault.CodeOf(err) != "classify.too_few" {
			t.Errorf("of nothing: %v", err)
		}
		c.fill()
		one, err := c.Learn(ctx, Lesson{Jurisdiction: c.home, Cases: true})
		must(t, err)
		if one.Cases != 12 || one.Examples != 12 || len(one.Figures.Classes) != 2 {
			t.Errorf("%+v", one)
		}
		said, err := c.Propose(ctx, c.home, text)
		if err != nil || len(said) != 2 || said[0].Class != rubbish || len(said[0].Words) == 0 || said[0].Words[0] != "垃圾" {
			t.Errorf("%+v, %v", said, err)
		}
		if said, err := c.Propose(ctx, "another", text); err != nil || said != nil {
			t.Errorf("elsewhere: %+v, %v", said, err)
		}
		// Another process learns that rubbish is something else; this one hears of it in a minute.
		c.clock.Add(time.Second)
		var e []classify.Example
		for range 10 {
			e = append(e, classify.Example{Text: classify.Text{Body: "垃圾没人清"}, Class: "x/y:new"}, classify.Example{Text: classify.Text{Body: "路灯不亮"}, Class: "x/y:other"})
		}
		beside := &Service{DB: d, Now: c.Now, NewID: c.NewID, Cases: c.Cases}
		two, err := beside.Learn(ctx, Lesson{Jurisdiction: c.home, Examples: e})
		must(t, err)
		if said, err := c.Propose(ctx, c.home, text); err != nil || said[0].Class != rubbish {
			t.Errorf("at once: %+v, %v", said, err)
		}
		c.clock.Add(time.Minute)
		if said, err := c.Propose(ctx, c.home, text); err != nil || said[0].Class != "x/y:new" {
			t.Errorf("a minute on: %+v, %v", said, err)
		}
		ended, err := c.End(ctx, c.home, "")
		if err != nil || ended.ID != two.ID {
			t.Errorf("%+v, %v", ended, err)
		}
		if said, err := c.Propose(ctx, c.home, text); err != nil || said[0].Class != rubbish {
			t.Errorf("after the end: %+v, %v", said, err)
		}
		all, err := c.List(ctx, c.home)
		if err != nil || len(all) != 2 || all[0].ID != two.ID || all[0].EndedAt.IsZero() || !all[1].EndedAt.IsZero() || all[1].Figures.Texts != 12 {
			t.Errorf("%+v, %v", all, err)
		}
		_, err = c.End(ctx, c.home, "")
		must(t, err)
		if _, err = c.End(ctx, c.home, ""); fault.CodeOf(err) != "classifier.none" {
			t.Errorf("nothing left to end: %v", err)
		}
	})
}

// What may not train, and what was merged, is not learnt from; many pages are read to the end.
func TestWhatIsNotLearntFrom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		c.fill()
		minor := c.closed(rubbish, "绝密垃圾")
		c.closed(rubbish, "孩子990102201502030022绝密垃圾") // speaks of a minor, by an identity number
		c.closed("incident/sample:10", "邻里绝密争吵")      // a dispute between people
		merged := c.closed(rubbish, "重复垃圾")
		must(t, d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
			if err := tx.Queue(ctx, db.SQL(`INSERT INTO untrainable (case_id, jurisdiction, why, at) VALUES ($1, $2, 'minor', 0)`), minor, c.home); err != nil {
				return err
			}
			return tx.Queue(ctx, db.SQL(`UPDATE cases SET merged_into = $2 WHERE id = $1`), merged, minor)
		}))
		settled, err := c.settled(ctx, c.home)
		must(t, err)
		if len(settled) != 12 {
			t.Errorf("%d are learnt from", len(settled))
		}
		for _, e := range settled {
			if strings.Contains(e.Body, "绝密") || e.Body == "重复垃圾" {
				t.Errorf("%q is learnt from", e.Body)
			}
		}
		learnt, err := c.Learn(ctx, Lesson{Jurisdiction: c.home, Cases: true})
		must(t, err)
		said, err := c.Propose(ctx, c.home, classify.Text{Body: "绝密垃圾，绝密争吵"})
		must(t, err)
		for _, g := range said {
			for _, w := range g.Words {
				if strings.ContainsAny(w, "绝密争吵") {
					t.Errorf("%q was learnt", w)
				}
			}
		}
		if learnt.Cases != 12 || len(said) == 0 {
			t.Errorf("%d cases taught, %v", learnt.Cases, said)
		}
		seen := map[string]bool{}
		must(t, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			for after := ""; ; {
				page, err := c.Cases.Settled(ctx, tx, c.home, after, 5)
				if err != nil || len(page) == 0 {
					return err
				}
				for _, x := range page {
					if seen[x.ID] || after != "" && x.ID >= after {
						t.Errorf("%s comes after %s", x.ID, after)
					}
					seen[x.ID], after = true, x.ID
				}
			}
		}))
		if len(seen) != 15 {
			t.Errorf("%d in all pages", len(seen))
		}
	})
}
