package record

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/id"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/territory"
)

// county is a jurisdiction with a town, two villages, an office and two people who log in.
type county struct {
	*Service
	d        *db.DB
	j        string
	area     map[string]string // ids by code
	unit     string
	wang, li string
	heard    *[]Change
	hand     *clock.Hand
	pack     *pack.Pack
	overlay  **pack.Overlay
}

var march = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST)

const divisions = "code,name,parent,level\n33,样例省,,1\n3399,样例市,33,2\n339901,样例县,3399,3\n339901001,样例镇,339901,4\n339901001001,甲村委会,339901001,5\n339901001002,乙村委会,339901001,5\n"

func eachCounty(t *testing.T, fn func(t *testing.T, c county)) {
	t.Helper()
	registers := pack.Pack{}
	if p, report := pack.Load(os.DirFS("../story/testdata/registers")); p == nil {
		t.Fatal(report.Text("en"))
	} else {
		registers = *p
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		hand := clock.At(march)
		ids := id.Seeded(1, hand.Now)
		c := county{d: d, j: "j1", area: map[string]string{}, heard: &[]Change{}, hand: hand, pack: &registers, overlay: new(*pack.Overlay)}
		tr := &territory.Service{DB: d, Now: hand.Now, NewID: ids}
		imp := territory.Import{Jurisdiction: c.j, From: time.Date(2020, 1, 1, 0, 0, 0, 0, clock.CST), Nature: territory.Sample}
		if _, err := tr.ImportDivisions(ctx, []byte(divisions), imp); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.PlantUnits(ctx, []territory.UnitDraft{{Code: "hall", Name: "样例调解室", Kind: "hall", AreaScheme: territory.SchemeDivision, Area: "339901001"}}, imp); err != nil {
			t.Fatal(err)
		}
		tree, err := tr.Tree(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{"339901", "339901001", "339901001001", "339901001002"} {
			a, _ := tree.ByCode(territory.SchemeDivision, code)
			c.area[code] = a.ID
		}
		u, _ := tree.UnitByCode(c.j, "hall")
		c.unit = u.ID
		accounts := account.New(d)
		accounts.Now, accounts.NewID = hand.Now, ids
		for login, to := range map[string]*string{"wang": &c.wang, "li": &c.li} {
			p, err := accounts.CreatePerson(ctx, "", account.NewPerson{Jurisdiction: c.j, Name: "样例" + login, Login: login, Nature: territory.Sample})
			if err != nil {
				t.Fatal(err)
			}
			*to = p.ID
		}
		c.Service = &Service{DB: d, Now: hand.Now, NewID: ids, Territory: tr, Accounts: accounts, Vault: privacy.InMemory(d, hand.Now, ids),
			Kinds: func(_ context.Context, j string) ([]Kind, error) {
				if j != c.j {
					return nil, nil
				}
				return KindsOf(&registers, *c.overlay), nil
			},
			OnChange: func(_ context.Context, tx *db.Tx, all []Change) error {
				tx.AfterCommit(func() { *c.heard = append(*c.heard, all...) })
				return nil
			},
			Name: func(id string) string {
				for code, x := range c.area {
					if x == id {
						return "name of " + code
					}
				}
				return ""
			}}
		fn(t, c)
	})
}

func (c county) of(kind string) Import {
	return Import{Jurisdiction: c.j, Kind: kind, From: "2026-03-02", Nature: territory.Sample, Home: c.area["339901"]}
}

func (c county) take(t *testing.T, kind, file string) Report {
	t.Helper()
	rep, err := c.Import(t.Context(), []byte(file), c.of(kind))
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// on reads what holds of a record on a day.
func (c county) on(t *testing.T, kind, key, day string) (s Span, ok bool) {
	t.Helper()
	if err := c.d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		r, err := ByKey(ctx, tx, c.j, "registers", kind, strings.Split(key, "/"))
		if err != nil {
			return err
		}
		if s, ok, err = On(ctx, tx, r.ID, day); err != nil || !ok {
			return err
		}
		for name, v := range s.Personal {
			if _, sealed := v.(Sealed); name == "phone" && !sealed {
				t.Errorf("%s is kept in clear", name)
			}
		}
		return c.Unseal(ctx, tx, r.ID, s.Revision)
	}); err != nil {
		t.Fatal(err)
	}
	return s, ok
}

func (c county) count(t *testing.T, table string) (n int64) {
	t.Helper()
	if err := c.d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, db.Stmt("SELECT count(*) FROM "+table), nil, &n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

const households = "number,name,poor,area,phone\nH1,王家,true,339901001001,13800000000\nH2,李家,false,339901001002,\nH3,赵家,,,\n"

// A file taken in twice changes nothing the second time; a correction is a revision, and what
// was known stays readable under its day.
func TestImportingAgainNeverDoubles(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		if rep := c.take(t, "household", households); rep.Begun != 3 || rep.Rows != 3 || rep.BadRows != 0 {
			t.Fatalf("%+v", rep)
		}
		c.hand.Set(march.AddDate(0, 0, 10))
		imp := c.of("registers/household")
		imp.From = "2026-03-12"
		rep, err := c.Import(t.Context(), []byte(households), imp)
		if err != nil || rep.Unchanged != 3 || c.count(t, "record") != 3 || c.count(t, "revision") != 3 {
			t.Fatalf("%+v %v", rep, err)
		}
		rep, err = c.Import(t.Context(), []byte("number,name\n h1 ,王家大院\nH4,钱家\n"), imp) // the same key, and columns left out stay
		if err != nil || rep.Changed != 1 || rep.Begun != 1 || c.count(t, "record") != 4 {
			t.Fatalf("%+v %v", rep, err)
		}
		was, _ := c.on(t, "household", "H1", "2026-03-11")

		is, ok := c.on(t, "household", "H1", "2026-03-12")
		if !ok || was.Values["name"] != "王家" || is.Values["name"] != "王家大院" || is.Values["poor"] != true || is.AreaID != c.area["339901001001"] || is.Personal["phone"] != "13800000000" || is.Values["phone"] != nil {
			t.Errorf("%+v then %+v", was, is)
		}
		if h3, _ := c.on(t, "household", "h3", "2026-03-05"); h3.AreaID != c.area["339901"] || h3.Values["poor"] != nil {
			t.Errorf("%+v", h3)
		}
		var events []string
		for _, x := range *c.heard {
			events = append(events, x.Event+" "+x.Day)
		}
		if want := []string{"created 2026-03-02", "created 2026-03-02", "created 2026-03-02", "revised 2026-03-12", "created 2026-03-12"}; !cmp.Equal(events, want) {
			t.Errorf("heard %v", events)
		}
	})
}

// A dry run counts and changes nothing; so does a file with a bad row, which is refused with
// every bad row, its line and its reason.
func TestNothingChangesWhereARowIsBad(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		dry := c.of("household")
		dry.DryRun = true
		rep, err := c.Import(t.Context(), []byte(households), dry)
		if err != nil || !rep.DryRun || rep.Begun != 3 || c.count(t, "record")+c.count(t, "audit_leaf WHERE act LIKE 'revision%'") != 0 {
			t.Fatalf("%+v %v", rep, err)
		}
		bad := "number,name,people,state,area,from,until,phone\n" +
			"H1,a,three,,,,,\n" + // 2
			"H2,b,,ruined,,,,\n" +
			"H3,c,,,339999,,,\n" +
			"H4,d,,,,yesterday,,\n" +
			"H5,e,,,,2026-03-05,2026-03-01,\n" + // 6
			",f,,,,,,\n" +
			"H1,g,1,,,,,\n" + // not told twice: the first was bad already
			"H8,h,-1,,,,,\n" + // 9
			"H9,i,,,,,,abc\n" +
			"H10,j,,,,,,\n" +
			"h10,k,,,,,,\n" // 12
		want := []string{"2 people form.type", "3 state form.not_an_option", "4 area territory.unknown_area", "5 from territory.bad_date", "6 until territory.ends_before_it_begins",
			"7 number record.no_key", "9 people form.too_small", "10 phone form.phone", "12 number record.twice"}
		for _, imp := range []Import{dry, c.of("household")} {
			rep, err := c.Import(t.Context(), []byte(bad), imp)
			if got := places(rep.Bad); !cmp.Equal(got, want) || rep.BadRows != len(want) || rep.Rows != 11 {
				t.Errorf("%+v: %v", rep, got)
			}
			if !imp.DryRun && (fault.CodeOf(err) != "record.bad_rows" || fault.KindOf(err) != fault.Invalid) || imp.DryRun && err != nil {
				t.Error(err)
			}
		}
		if n := c.count(t, "record") + c.count(t, "revision") + int64(len(*c.heard)); n != 0 {
			t.Error(n, "left behind")
		}
	})
}

func places(all []fault.Place) (out []string) {
	for _, p := range all {
		out = append(out, fmt.Sprintf("%d %s %s", p.Line, p.Path, p.Code))
	}
	return out
}

// A large file says how far it has come, makes one report of all its rows, and leaves nothing
// behind when it is given up in the middle.
func TestALargeFileIsOneImport(t *testing.T) {
	var file strings.Builder
	file.WriteString("number,name\n")
	for i := range 1200 {
		fmt.Fprintf(&file, "H%d,家%d\n", i, i)
	}
	eachCounty(t, func(t *testing.T, c county) {
		imp := c.of("household")
		enough := errors.New("enough")
		imp.Progress = func(stage string, done, _ int) error {
			if stage == territory.StageWrite && done > rowsAtOnce {
				return enough
			}
			return nil
		}
		if _, err := c.Import(t.Context(), []byte(file.String()), imp); !errors.Is(err, enough) {
			t.Fatal(err)
		}
		if n := c.count(t, "record") + c.count(t, "revision"); n != 0 {
			t.Fatal(n, "left behind")
		}
		var heard []string
		imp.Progress = func(stage string, done, total int) error {
			if said := fmt.Sprint(stage, " ", done, "/", total); !slices.Contains(heard, said) {
				heard = append(heard, said)
			}
			return nil
		}
		rep, err := c.Import(t.Context(), []byte(file.String()), imp)
		if err != nil || rep.Rows != 1200 || rep.Begun != 1200 || c.count(t, "record") != 1200 {
			t.Fatalf("%+v %v", rep, err)
		}
		want := []string{"read 500/1200", "read 1000/1200", "read 1200/1200", "write 500/1200", "write 1000/1200", "write 1200/1200"}
		if diff := cmp.Diff(want, heard); diff != "" {
			t.Error(diff)
		}
	})
}

// Files come as GBK, as workbooks, with Chinese headings, words of options and spreadsheet
// dates; people are named by login, units by code, other records by their keys.
func TestFilesAsOfficesWriteThem(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		gbk, err := simplifiedchinese.GBK.NewEncoder().String("编号,名称,状态,困难\nH1,王家,在用,true\nH2,李家,空置,false\n")
		if err != nil {
			t.Fatal(err)
		}
		if rep := c.take(t, "household", gbk); rep.Begun != 2 {
			t.Fatalf("%+v", rep)
		}
		if h, _ := c.on(t, "household", "H2", "2026-03-02"); h.Values["name"] != "李家" || h.Values["state"] != "empty" || h.Values["poor"] != false {
			t.Errorf("%+v", h.Values)
		}
		if rep := c.take(t, "resident", "编码\t人员\t所属农户\nR1\tWang\tH1\nR2\tli\th2\n"); rep.Begun != 2 {
			t.Fatalf("%+v", rep)
		}
		f := excelize.NewFile()
		for i, row := range [][]any{{"编码", "人员", "单位", "起始日期", "结束日期"}, {"M1", "wang", "hall", 46000, "2026年12月31日"}} {
			if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
		book, err := f.WriteToBuffer()
		if err != nil {
			t.Fatal(err)
		}
		if rep := c.take(t, "mediator", book.String()); rep.Begun != 1 {
			t.Fatalf("%+v", rep)
		}
		m, ok := c.on(t, "mediator", "M1", "2026-12-31")
		if _, after := c.on(t, "mediator", "M1", "2027-01-01"); !ok || after || m.Values["person"] != c.wang || m.Values["office"] != c.unit || m.Revision.From != "2025-12-09" {
			t.Errorf("%+v %v %v", m.Revision, ok, after)
		}
		for _, x := range []struct{ kind, file, want string }{
			{"mediator", "编码,人员\nM2,nobody\n", "record.unknown_login"}, {"mediator", "编码,单位\nM2,nothing\n", "territory.unknown_unit"},
			{"resident", "code,lives_in\nR1,H9\n", "record.unknown_related"},
		} {
			rep, err := c.Import(t.Context(), []byte(x.file), c.of(x.kind))
			if fault.CodeOf(err) != "record.bad_rows" || len(rep.Bad) != 1 || rep.Bad[0].Code != x.want {
				t.Errorf("%s: %+v %v", x.file, rep, err)
			}
		}
		for kind, code := range map[string]string{"firm": "record.not_imported", "nothing": "record.unknown_kind"} {
			if _, err := c.Import(t.Context(), []byte("number\n1\n"), c.of(kind)); fault.CodeOf(err) != code {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if _, err := c.Import(t.Context(), []byte("name\nx\n"), c.of("household")); fault.CodeOf(err) != "territory.column_missing" {
			t.Error(err)
		}
	})
}

// Records are ended, not deleted: by a last day, or because the file no longer lists them. A
// known end stays where nothing is said of it, and what ended can begin again.
func TestRecordsEndAndBeginAgain(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		c.take(t, "household", "number,name,until\nH1,王家,2026-06-30\nH2,李家,\n")
		if rep := c.take(t, "household", "number,people\nH1,4\n"); rep.Changed != 1 {
			t.Fatalf("%+v", rep)
		}
		if _, ok := c.on(t, "household", "H1", "2026-07-01"); ok {
			t.Error("it has lost its end")
		}
		imp := c.of("household")
		imp.From, imp.EndMissing = "2026-05-01", true
		rep, err := c.Import(t.Context(), []byte("number\nH1\n"), imp)
		if err != nil || rep.Ended != 1 || rep.Unchanged != 1 {
			t.Fatalf("%+v %v", rep, err)
		}
		if s, ok := c.on(t, "household", "H2", "2026-04-30"); !ok || s.Values["name"] != "李家" {
			t.Error(s, ok)
		}
		if _, ok := c.on(t, "household", "H2", "2026-05-01"); ok || c.count(t, "record") != 2 {
			t.Error("it goes on")
		}
		imp.From, imp.EndMissing = "2026-09-01", false
		if rep, err = c.Import(t.Context(), []byte("number,name\nH2,李家\n"), imp); err != nil || rep.Begun != 1 {
			t.Fatalf("%+v %v", rep, err)
		}
		_, gap := c.on(t, "household", "H2", "2026-08-31")
		if _, ok := c.on(t, "household", "H2", "2026-09-01"); gap || !ok {
			t.Error(gap, ok)
		}
		var events []string
		for _, x := range *c.heard {
			events = append(events, x.Event+" "+x.Day)
		}
		want := []string{"created 2026-03-02", "ended 2026-07-01", "created 2026-03-02", "revised 2026-03-02", "ended 2026-05-01", "created 2026-09-01"}
		if !cmp.Equal(events, want) {
			t.Errorf("heard %v", events)
		}
	})
}

// A relation has days: whoever moves out was there before; records of one file may name each
// other; and whom a person shares a household with follows the days.
func TestRelationsHaveDays(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		c.take(t, "household", "number,helps\nH1,H2\nH2,H1;H3\nH3,\n")
		c.take(t, "resident", "code,person,lives_in\nR1,wang,H1\nR2,li,H1\n")
		imp := c.of("resident")
		imp.From = "2026-04-01"
		if rep, err := c.Import(t.Context(), []byte("code,lives_in\nR2,H2\n"), imp); err != nil || rep.Changed != 1 {
			t.Fatalf("%+v %v", rep, err)
		}
		if rep, err := c.Import(t.Context(), []byte("code,lives_in\nR2,H2\n"), imp); err != nil || rep.Unchanged != 1 {
			t.Fatalf("%+v %v", rep, err)
		}
		by := []Joining{{"registers", "lives_in", "resident", "household"}}
		for day, want := range map[string]bool{"2026-03-31": true, "2026-04-01": false, "2026-03-01": false} {
			if err := c.d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				a, err := Household(ctx, tx, c.j, by, c.wang, day)
				if err != nil {
					return err
				}
				b, err := Household(ctx, tx, c.j, by, c.li, day)
				if got := slices.ContainsFunc(a, func(id string) bool { return slices.Contains(b, id) }); got != want {
					t.Errorf("%s: %v", day, got)
				}
				h2, failed := ByKey(ctx, tx, c.j, "registers", "household", []string{"H2"})
				if failed != nil {
					return failed
				}
				if to, failed := Related(ctx, tx, "registers", "helps", h2.ID, "2026-03-02", false); failed != nil || len(to) != 2 {
					t.Error(to, failed)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Several imports at once of the same rows leave each record once, with one course.
func TestTwoImportsAtOnce(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		var file strings.Builder
		file.WriteString("number,name\n")
		for i := range 700 { // more than one transaction takes
			fmt.Fprintf(&file, "H%d,户%d\n", i, i)
		}
		var all sync.WaitGroup
		begun := make([]int, 3)
		for i := range begun {
			all.Go(func() {
				rep, err := c.Import(t.Context(), []byte(file.String()), c.of("household"))
				if err != nil || rep.Begun+rep.Unchanged != 700 {
					t.Errorf("%+v %v", rep, err)
				}
				begun[i] = rep.Begun
			})
		}
		all.Wait()
		if begun[0]+begun[1]+begun[2] != 700 || c.count(t, "record") != 700 || c.count(t, "revision") != 700 {
			t.Error(begun, c.count(t, "record"), c.count(t, "revision"))
		}
	})
}

// After a reform of divisions records lie where their area lies now.
func TestRestamp(t *testing.T) {
	eachCounty(t, func(t *testing.T, c county) {
		c.take(t, "household", households)
		if n, err := c.Restamp(t.Context(), c.j); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if err := c.d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			return tx.Queue(ctx, "UPDATE record SET township_id = 'old' WHERE village_id <> ''")
		}); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Restamp(t.Context(), c.j); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		if c.count(t, "record WHERE township_id = 'old'") != 0 {
			t.Error("still there")
		}
	})
}

// Whatever bytes come as a file, nothing panics, and what is refused is refused with a code.
func FuzzImportRows(f *testing.F) {
	p, report := pack.Load(os.DirFS("../story/testdata/registers"))
	if p == nil {
		f.Fatal(report.Text("en"))
	}
	f.Add([]byte(households))
	f.Add([]byte("code,lives_in,from\nR1,H1;H2,2026-01-01\n"))
	f.Add([]byte("site,number,founded,area\na/b,1,20260101,1\n"))
	kinds := KindsOf(p, nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, k := range kinds {
			x := &file{kind: k, related: relationsOf(k), tree: &territory.Tree{}, logins: map[string]string{"wang": "p"}}
			rows, _, err := territory.ReadColumns(data, x.column)
			if err != nil {
				continue
			}
			var drafts []Draft
			for _, r := range rows {
				drafts = append(drafts, x.draft(r))
			}
			c := &checking{kind: k, imp: Import{From: "2026-03-02"}, tree: x.tree, related: x.related}
			for _, d := range c.all(drafts) {
				if len(d.key) != len(k.Key) || d.from > d.until {
					t.Fatalf("%+v", d)
				}
			}
			for _, b := range append(x.bad, c.bad...) {
				if b.Line < 1 || b.Code == "" {
					t.Fatalf("%+v", b)
				}
			}
		}
	})
}

// A cell holds a list with columns: semicolons between the items, colons between their values.
func TestACellHoldsAListWithColumns(t *testing.T) {
	levels := form.Field{Name: "levels", Type: "list", Rows: []form.Field{{Name: "from", Type: "number"}, {Name: "title", Type: "text"}}}
	f := &file{}
	read, wrong := levels.Validate(f.value(2, &levels, "0:95折; 50：9折；200:85折"))
	if want := "[map[from:0 title:95折] map[from:50 title:9折] map[from:200 title:85折]]"; fmt.Sprint(read) != want || len(f.bad) > 0 {
		t.Errorf("%v, not %v; %v %v", read, want, wrong, f.bad)
	}
	f.value(3, &levels, "0:95折:more")
	if got := places(f.bad); !cmp.Equal(got, []string{"3 levels record.too_many_columns"}) {
		t.Error(got)
	}
}
