package territory

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// province is a tree drawn from a list of divisions: each county is its own jurisdiction.
func province(t testing.TB, data []byte) *Tree {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	byCode := map[string]*Area{}
	var areas []*Area
	var codes []codeRow
	for _, r := range rows[1:] {
		a := &Area{ID: "id" + r[0], Name: r[1], Sort: r[0], Level: Level(r[3][0] - '0'), Codes: map[string]string{}}
		if up := byCode[r[2]]; up != nil {
			a.Parent, a.Path = up.ID, up.Path
		}
		a.Path[a.Level] = a.ID
		if a.Level >= County {
			a.Jurisdiction = r[0][:6]
		}
		byCode[r[0]] = a
		areas = append(areas, a)
		codes = append(codes, codeRow{a.ID, SchemeDivision, r[0]})
	}
	return newTree(time.Time{}, areas, codes, nil, nil)
}

func sampleDivisions(t testing.TB) []byte {
	packed, err := os.ReadFile("sampledata/divisions.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// said writes matches as "name how, …" with the areas above.
func said(t *Tree, found []Match) string {
	var s []string
	for _, m := range found {
		s = append(s, t.LongName(m.Area)+" "+string(m.How))
	}
	return strings.Join(s, ", ")
}

// A name is proposed where it stands, at home first, and a slip of the pen finds its place.
func TestNamesAreMatched(t *testing.T) {
	tree := province(t, sampleDivisions(t))
	for _, c := range []struct{ name, home, want string }{
		{"大港口镇", "331102", "莲都区大港头镇 near"},
		{"莲都区大港口镇", "331125", "莲都区大港头镇 near"},
		{"大港头", "331102", "莲都区大港头镇 name, 莲都区大港头镇大港头村委会 name, 莲都区大港头镇大港头镇居委会 part"},
		{"大港头村", "331102", "莲都区大港头镇大港头村委会 name, 莲都区大港头镇 name"},
		{"丽水市莲都区大港头镇河边村", "331125", "莲都区大港头镇河边村委会 name"},
		{"丽水 莲都 大港头 河边", "331125", "莲都区大港头镇河边村委会 name"},
		{"大港口镇河边村", "331102", "莲都区大港头镇河边村委会 near"},
		{"云河县", "331125", "云和县 near"},
		{"（云和县）", "331123", "云和县 name"},
		{"浮云接道", "331125", "云和县浮云街道 near"},
		{"河边村村民委员会", "331102", "莲都区大港头镇河边村委会 name"},
		{"", "331102", ""}, {"，。", "331102", ""}, {"完全不是地名", "331102", ""}, {"%' OR 1=1", "331102", ""}, {strings.Repeat("村", 5000), "331102", ""},
	} {
		if got := said(tree, tree.Match(c.name, c.home, 3)); got != c.want {
			t.Errorf("%q in %s\n got %s\nwant %s", c.name, c.home, got, c.want)
		}
	}
}

// A name that several areas have is answered by all of them, those of the jurisdiction first,
// each told apart by what lies above.
func TestANameThatRepeatsIsAnsweredByAll(t *testing.T) {
	tree := province(t, sampleDivisions(t))
	byName := map[string][]*Area{}
	for _, a := range tree.Below("") {
		byName[a.Name] = append(byName[a.Name], a)
	}
	repeated := 0
	for name, areas := range byName {
		if len(areas) == 1 || len(areas) > 20 {
			continue
		}
		repeated++
		home := areas[len(areas)-1].Jurisdiction
		found := tree.Match(name, home, 1000)
		if found[0].Area.Jurisdiction != home {
			t.Errorf("%s: %s comes first", name, tree.LongName(found[0].Area))
		}
		told := map[string]bool{}
		for _, m := range found {
			if m.How == ByName && m.Area.Name == name {
				told[tree.LongName(m.Area)] = true
			}
		}
		if len(told) != len(areas) {
			t.Errorf("%s: %d of %d are told apart", name, len(told), len(areas))
		}
	}
	if repeated < 20 {
		t.Fatalf("only %d names repeat", repeated)
	}
}

// Whatever single slip is made in the name of a township of four characters, it is proposed.
func TestAnySlipFindsItsTownship(t *testing.T) {
	tree := province(t, sampleDivisions(t))
	var towns []*Area
	for _, a := range tree.Below("") {
		if a.Level == Township && len([]rune(a.Name)) >= 4 {
			towns = append(towns, a)
		}
	}
	for _, a := range towns {
		whole := []rune(a.Name)
		for i := range len(whole) - 1 {
			changed, swapped := slices.Clone(whole), slices.Clone(whole)
			changed[i] = '囧'
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			for _, name := range [][]rune{changed, swapped, slices.Insert(slices.Clone(whole), i, whole[i])} {
				if !slices.ContainsFunc(tree.Match(string(name), a.Jurisdiction, 1000), func(m Match) bool { return m.Area == a }) {
					t.Errorf("%s does not find %s", string(name), a.Name)
				}
			}
		}
	}
}

// Names are found in running text; one that repeats is told by the other places of the text.
func TestPlacesAreFoundInText(t *testing.T) {
	tree := province(t, sampleDivisions(t))
	text := "您好，我住大港头镇河边村，到莲都区碧湖镇的路灯坏了，云和那边没问题。"
	var got []string
	for _, m := range tree.Mentions(text, "331102") {
		got = append(got, fmt.Sprintf("%s=%s/%d", text[m.Start:m.End], tree.LongName(m.Areas[0]), len(m.Areas)))
	}
	want := "大港头镇=莲都区大港头镇/2 河边村=莲都区大港头镇河边村委会/1 莲都区=莲都区/1 碧湖镇=莲都区碧湖镇/1"
	if strings.Join(got, " ") != want {
		t.Errorf("%s", strings.Join(got, " "))
	}
	if m := tree.Mentions("云和那边", "331125"); len(m) != 1 || m[0].Areas[0].Name != "云和县" {
		t.Errorf("%+v", m)
	}
}

// A name in running text that is a slip of the pen away leads to the place that is meant; the very
// name, a word that might be many places, and one of another county lead nowhere.
func TestSlipsAreFoundInText(t *testing.T) {
	tree := province(t, sampleDivisions(t))
	for text, want := range map[string]string{
		"大港口镇的路灯坏了":   "大港口镇=莲都区大港头镇",
		"我家在太港头镇,灯坏了": "太港头镇=莲都区大港头镇",
		"从大港镇出发":      "大港镇=莲都区大港头镇",
		"在大港头头镇上":     "大港头头镇=莲都区大港头镇",
		"到大头港镇":       "大头港镇=莲都区大港头镇",
		"大港头镇和碧湖镇":    "",
		"浮元街道":        "",
		"我们村的人":       "",
		"":            "",
		"镇":           "",
		"大港口，镇上":      "",
		"去大港口镇，再去碧胡镇，都没人管": "大港口镇=莲都区大港头镇 碧胡镇=莲都区碧湖镇",
	} {
		var got []string
		for _, x := range tree.Slips(text, "331102") {
			for _, a := range x.Areas {
				got = append(got, x.Word+"="+tree.LongName(a))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

// An import that names a place where its code is wanted says which codes may be meant.
func TestAnImportAsksWhetherAnotherPlaceWasMeant(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		rep, err := s.ImportUnits(ctx, []byte("code,name,kind,area\na,甲,office,浮元街道\nb,乙,office,浮云街道\nc,丙,office,x\n"), ofHome(day(1, 1)))
		if err == nil || len(rep.Bad) != 3 {
			t.Fatalf("%+v, %v", rep, err)
		}
		for i, want := range []string{"331125001 云和县浮云街道", "331125001 云和县浮云街道"} {
			if b := rep.Bad[i]; b.Code != "territory.area_meant" || b.Args["areas"] != want {
				t.Errorf("%+v, want %s", b, want)
			}
		}
		if b := rep.Bad[2]; b.Code != "territory.unknown_area" {
			t.Errorf("%+v", b)
		}
	})
}

// A place is found among the names of a whole province in less than five milliseconds.
func BenchmarkMatch(b *testing.B) {
	data := sampleDivisions(b)
	rows := strings.SplitAfter(string(data), "\n")
	var all strings.Builder
	all.WriteString(string(data))
	for i := 1; i < 12; i++ { // twelve times the sample is a province of 27 thousand
		for _, r := range rows[1:] {
			if cells := strings.Split(strings.TrimSpace(r), ","); len(cells) == 4 && cells[3] >= "4" {
				fmt.Fprintf(&all, "%s-%d,%s,%s,%s\n", cells[0], i, cells[1], cells[2], cells[3])
			}
		}
	}
	tree := province(b, []byte(all.String()))
	tree.Match("x", "331102", 10)
	names := []string{"大港口镇", "莲都区大港口镇", "丽水市莲都区大港头镇河边村", "村", "和平村", "完全不是地名的一句话"}
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				tree.Match(name, "331102", 10)
			}
		})
	}
}

func FuzzMatch(f *testing.F) {
	tree := province(f, sampleDivisions(f))
	for _, s := range []string{"大港口镇", "莲都区大港头", "云 和", "\xff村", "ＡＢＣ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := tree.Match(s, "331102", 7); len(got) > 7 {
			t.Fatal(len(got))
		}
		last := 0
		for _, m := range tree.Mentions(s, "331102") {
			if m.Start < last || m.End <= m.Start || m.End > len(s) || len(m.Areas) == 0 {
				t.Fatalf("%+v", m)
			}
			last = m.End
		}
	})
}
