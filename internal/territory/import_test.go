package territory

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/geo"
	"gezhi/internal/id"
)

const home = "j-home"

func day(month, d int) time.Time { return time.Date(2026, time.Month(month), d, 0, 0, 0, 0, clock.CST) }

func newService(d *db.DB) *Service {
	hand := clock.At(today)
	return &Service{DB: d, Now: hand.Now, NewID: id.Seeded(1, hand.Now)}
}

func ofHome(from time.Time) Import {
	return Import{Jurisdiction: home, From: from, Nature: Real, By: "p1"}
}

func tree(t *testing.T, s *Service) *Tree {
	t.Helper()
	tr, err := s.Tree(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

const small = `code,name,parent,level
33,浙江省,,1
3311,丽水市,33,2
331125,云和县,3311,3
331124,松阳县,3311,3
331125001,浮云街道,331125,4
331125002,元和街道,331125,4
331125001001,中山社区,331125001,5
331125001204,庄前村委会,331125001,5
`

func imported(t *testing.T, d *db.DB) *Service {
	t.Helper()
	s := newService(d)
	if _, err := s.ImportDivisions(context.Background(), []byte(small), ofHome(day(1, 1))); err != nil {
		t.Fatal(err)
	}
	return s
}

// Importing divisions twice changes nothing the second time; a new name is taken over, what is
// no longer listed ends, and the picture of an earlier date still has it.
func TestDivisionsCanBeImportedAgain(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		first := tree(t, s)
		village := mustCode(t, first, "331125001204")
		if first.Len() != 8 || village.Kind != KindVillage || mustCode(t, first, "331125001001").Kind != KindCommunity ||
			village.Path[County] != mustCode(t, first, "331125").ID || village.Path[Village] != village.ID {
			t.Fatalf("%d areas, %+v", first.Len(), village)
		}
		rep, err := s.ImportDivisions(ctx, []byte(small), ofHome(day(2, 1)))
		if err != nil || rep.Unchanged != 8 || rep.Begun+rep.Changed+rep.Ended != 0 {
			t.Errorf("again: %+v, %v", rep, err)
		}
		next := strings.Replace(strings.Replace(small, "331125001204,庄前村委会,331125001,5\n", "", 1), "中山社区", "中山新社区", 1)
		imp := ofHome(day(3, 1))
		imp.EndMissing = true
		rep, err = s.ImportDivisions(ctx, []byte(next), imp)
		if err != nil || rep.Changed != 1 || rep.Ended != 1 || rep.Unchanged != 6 {
			t.Errorf("next: %+v, %v", rep, err)
		}
		now := tree(t, s)
		if _, ok := now.ByCode(SchemeDivision, "331125001204"); ok || mustCode(t, now, "331125001001").Name != "中山新社区" {
			t.Error("the import is not visible")
		}
		before, err := s.At(ctx, day(2, 1))
		if err != nil || mustCode(t, before, "331125001204").ID != village.ID {
			t.Errorf("the past has changed: %v", err)
		}
		// It comes back on the same day: a new life of the same code.
		rep, err = s.ImportDivisions(ctx, []byte(small), imp)
		if err != nil || rep.Begun != 1 || mustCode(t, tree(t, s), "331125001204").ID == village.ID {
			t.Errorf("back again: %+v, %v", rep, err)
		}
	})
}

// A township that moves to another county takes along what lies below it, also what the file
// does not speak of.
func TestMovedTownshipTakesItsVillagesAlong(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		file := "code,name,parent,level\n331125001,浮云街道,331124,4\n"
		rep, err := s.ImportDivisions(ctx, []byte(file), ofHome(day(2, 1)))
		if err != nil || rep.Changed != 1 {
			t.Fatalf("%+v, %v", rep, err)
		}
		now := tree(t, s)
		v, to := mustCode(t, now, "331125001204"), mustCode(t, now, "331124")
		if v.Path[County] != to.ID || !now.Within(v.ID, to.ID) || now.Within(v.ID, mustCode(t, now, "331125").ID) {
			t.Errorf("the village's path is %v", v.Path)
		}
	})
}

// A file with bad rows is refused whole, a dry run names every one with line and reason, and
// neither changes anything.
func TestBadDivisionsAreNamedByLine(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		file := "code,name,parent,level\n" +
			"331125003,白龙山街道,331125,4\n" + // 2: sound
			"33 11,甲,3311,3\n" + // 3
			"331199,,3311,3\n" + // 4
			"331198,乙,3311,七\n" + // 5
			"331197,丙,9999,3\n" + // 6
			"331196,丁,33,3\n" + // 7
			"331195,戊,,3\n" + // 8
			"331125003,又一个,331125,4\n" + // 9
			"331125,云和县,3311,4\n" + // 10
			"A,甲,B,3\nB,乙,A,3\n" + // 11, 12
			"331194,\"己,3311,3\n" // 13
		imp := ofHome(day(2, 1))
		imp.DryRun = true
		rep, err := s.ImportDivisions(ctx, []byte(file), imp)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]string{}
		for _, b := range rep.Bad {
			got[b.Line] += b.Path + " " + b.Code + ";"
		}
		want := map[int]string{3: "code territory.bad_code;", 4: "name territory.no_name;", 5: "level territory.bad_level;",
			6: "parent territory.unknown_parent;", 7: "level territory.level_jump;", 8: "parent territory.no_parent;",
			9: "code territory.duplicate_code;", 10: "level territory.level_jump;level territory.level_changed;",
			11: "parent territory.circle;", 12: "parent territory.circle;", 13: " territory.bad_quotes;"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("bad rows: %s", diff)
		}
		imp.DryRun = false
		_, err = s.ImportDivisions(ctx, []byte(file), imp)
		if fault.CodeOf(err) != "territory.bad_rows" || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v", err)
		}
		if tree(t, s).Len() != 8 {
			t.Error("something was changed")
		}
	})
}

// A dry run of a sound file counts what it would do and does nothing.
func TestDryRunChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(d)
		imp := ofHome(day(1, 1))
		imp.DryRun = true
		rep, err := s.ImportDivisions(context.Background(), []byte(small), imp)
		if err != nil || rep.Begun != 8 || tree(t, s).Len() != 0 {
			t.Errorf("%+v, %v, %d areas", rep, err, tree(t, s).Len())
		}
	})
}

// A file for an earlier date than that from which its areas stand would make them twice: it is
// refused.
func TestNoSecondLifeBeforeTheFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		_, err := s.ImportDivisions(context.Background(), []byte(small), ofHome(day(1, 1).AddDate(-1, 0, 0)))
		f, ok := err.(*fault.Error)
		if !ok || f.Code != "territory.bad_rows" || f.At[0].Code != "territory.begins_later" {
			t.Errorf("%v", err)
		}
	})
}

// The same table is read from UTF-8 with and without mark, GBK, UTF-16, tabs, and a spreadsheet,
// under English and Chinese column names.
func TestTableInEveryDress(t *testing.T) {
	plain := "代码,名称,上级代码,级别\n331125001001,中山社区,331125001,5\n\n331125001204,庄前村委会,331125001,5\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(plain, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"utf-8": []byte(plain), "marked": []byte("\xef\xbb\xbf" + plain), "gbk": []byte(gbk), "utf-16 with tabs": []byte(utf16),
		"crlf": []byte(strings.ReplaceAll(plain, "\n", "\r\n")), "xlsx": sheet(t, plain),
	} {
		rows, bad, err := readTable(data, "code", "name", "parent", "level")
		if err != nil || len(bad) > 0 || len(rows) != 2 || rows[1].line != 4 || rows[1].cells["name"] != "庄前村委会" || rows[0].cells["code"] != "331125001001" {
			t.Errorf("%s: %v %v %v", name, rows, bad, err)
		}
	}
}

// sheet makes a spreadsheet of a CSV text; what looks like a number is one, as people's are.
func sheet(t testing.TB, text string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for y, line := range strings.Split(text, "\n") {
		for x, cell := range strings.Split(line, ",") {
			at, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				t.Fatal(err)
			}
			var v any = cell
			var n int64
			if _, err := fmt.Sscanf(cell, "%d", &n); err == nil && fmt.Sprint(n) == cell {
				v = float64(n)
			}
			if err := f.SetCellValue("Sheet1", at, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is no table is refused with the reason.
func TestWhatIsNoTable(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"nothing":         {nil, "territory.no_rows"},
		"header only":     {[]byte("code,name,parent,level\n"), "territory.no_rows"},
		"fifty megabytes": {make([]byte, 50<<20), "territory.too_large"},
		"old excel":       {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "territory.old_excel"},
		"broken excel":    {[]byte("PK\x03\x04 and then nothing"), "territory.bad_excel"},
		"a picture":       {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff"), "territory.not_text"},
		"zeros":           {make([]byte, 100), "territory.not_text"},
		"no code":         {[]byte("name,parent,level\na,b,1\n"), "territory.column_missing"},
		"two codes":       {[]byte("code,代码,name,parent,level\n1,1,b,,1\n"), "territory.column_twice"},
		"too many rows":   {[]byte("code,name,parent,level\n" + strings.Repeat("1,a,,1\n", maxRows+5)), "territory.too_many_rows"},
	} {
		if _, _, err := readTable(c.data, "code", "name", "parent", "level"); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// A workbook that would swell beyond measure is refused before anything of it is unpacked.
func TestASwellingWorkbookIsRefused(t *testing.T) {
	swell := func(parts int, size int64) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i := range parts {
			w, err := z.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1))
			if err == nil {
				_, err = io.CopyN(w, zeros{}, size)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, data := range map[string][]byte{"one part": swell(1, 20<<20), "many parts": swell(maxParts+1, 1), "all together": swell(90, 3<<20)} {
		if _, _, err := ReadTable(data); fault.CodeOf(err) != "territory.swells" {
			t.Errorf("%s, %d bytes packed: %v", name, len(data), err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Dates are read as people write them, and impossible ones refused.
func TestDates(t *testing.T) {
	want := time.Date(2026, 3, 2, 0, 0, 0, 0, clock.CST)
	for _, s := range []string{"2026-03-02", "2026/3/2", "2026.3.2", "2026年3月2日", "20260302", "46083"} {
		if got, ok := parseDate(s); !ok || !got.Equal(want) {
			t.Errorf("%s: %v %v", s, got, ok)
		}
	}
	for _, s := range []string{"2026-02-30", "2026-13-01", "soon", "2026-3", "1026-03-02", "99999999", "-5"} {
		if got, ok := parseDate(s); ok {
			t.Errorf("%s is read as %v", s, got)
		}
	}
	if got, ok := parseDate(""); !ok || !got.IsZero() {
		t.Error("no date is a date")
	}
}

// One county may not change what another owns, and a file for several puts each area where it
// belongs.
func TestJurisdictionsKeepTheirOwn(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(d)
		imp := ofHome(day(1, 1))
		imp.Owners = map[string]string{"331125": "j-yunhe", "331124": "j-songyang"}
		if _, err := s.ImportDivisions(ctx, []byte(small), imp); err != nil {
			t.Fatal(err)
		}
		for c, want := range map[string]string{"3311": home, "331125": "j-yunhe", "331125001204": "j-yunhe", "331124": "j-songyang"} {
			if a := mustCode(t, tree(t, s), c); a.Jurisdiction != want {
				t.Errorf("%s belongs to %s", c, a.Jurisdiction)
			}
		}
		other := Import{Jurisdiction: "j-songyang", From: day(2, 1), Nature: Real, DryRun: true}
		rep, err := s.ImportDivisions(ctx, []byte("code,name,parent,level\n33,浙江省,,1\n331125,改名县,3311,3\n331125009,新街道,331125,4\n331124001,西屏街道,331124,4\n"), other)
		if err != nil || len(rep.Bad) != 2 || rep.Bad[0].Line != 3 || rep.Bad[1].Line != 4 || rep.Bad[0].Code != "territory.not_yours" {
			t.Errorf("%+v, %v", rep, err)
		}
		whole := other
		whole.EndMissing = true
		rep, err = s.ImportDivisions(ctx, []byte("code,name,parent,level\n3311,丽水市,33,2\n331124,松阳县,3311,3\n"), whole)
		if err != nil || rep.Ended != 0 {
			t.Errorf("one county ends another: %+v, %v", rep, err)
		}
		rep, err = s.ImportDivisions(ctx, []byte("code,name,parent,level\n331125009,新街道,331125,4\n"), other)
		if err != nil || len(rep.Bad) != 1 || rep.Bad[0].Code != "territory.not_yours" {
			t.Errorf("%+v, %v", rep, err)
		}
	})
}

// Two people import the same file at once: it is there once.
func TestSameImportTwiceAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(d)
		type answer struct {
			rep Report
			err error
		}
		answers := make(chan answer, 4)
		for range cap(answers) {
			go func() {
				rep, err := s.ImportDivisions(context.Background(), []byte(small), ofHome(day(1, 1)))
				answers <- answer{rep, err}
			}()
		}
		begun := 0
		for range cap(answers) {
			a := <-answers
			if a.err != nil {
				t.Error(a.err)
			}
			begun += a.rep.Begun
		}
		if begun != 8 || tree(t, s).Len() != 8 {
			t.Errorf("%d begun, %d there", begun, tree(t, s).Len())
		}
	})
}

func feature(code, extra string, ring ...[2]float64) string {
	b, err := json.Marshal(ring)
	if err != nil {
		panic(err)
	}
	return `{"type":"Feature","properties":{"code":"` + code + `"` + extra + `},"geometry":{"type":"Polygon","coordinates":[` + string(b) + `]}}`
}

func collection(features ...string) []byte {
	return []byte(`{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`)
}

func square(x, y, size float64) [][2]float64 {
	return [][2]float64{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}
}

// A boundary given in GCJ-02 lies half a kilometre further on the ground; what was given is
// kept; the same again is no new version; another one is, and the old one stays readable.
func TestBoundariesHaveVersions(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		file := collection(feature("331125", "", square(119.5, 28, 0.1)...))
		rep, err := s.ImportBoundaries(ctx, file, Drawing{CRS: "gcj-02"}, ofHome(day(1, 1)))
		if err != nil || rep.Redrawn != 1 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if rep, err = s.ImportBoundaries(ctx, file, Drawing{CRS: "GCJ-02"}, ofHome(day(2, 1))); err != nil || rep.Redrawn != 0 || rep.Unchanged != 1 {
			t.Errorf("again: %+v, %v", rep, err)
		}
		now := tree(t, s)
		county := mustCode(t, now, "331125")
		corner := geo.GCJ02.ToWGS84([2]float64{119.5, 28})
		if a, ok := now.Find(corner); !ok || a.ID != county.ID {
			t.Errorf("the corner is in %v", a)
		}
		if _, ok := now.Find([2]float64{119.5999, 28.0999}); ok {
			t.Error("the boundary was not moved")
		}
		if _, err := s.ImportBoundaries(ctx, collection(feature("331125", "", square(119.5, 28, 0.2)...)), Drawing{CRS: "CGCS2000"}, ofHome(day(3, 1))); err != nil {
			t.Fatal(err)
		}
		all, err := s.Boundaries(ctx, county.ID)
		if err != nil || len(all) != 2 {
			t.Fatalf("%d versions, %v", len(all), err)
		}
		if all[0].CRS != geo.GCJ02 || !strings.Contains(all[0].Given, "[119.5,28]") || !all[0].Until.Equal(day(3, 1)) ||
			all[1].CRS != geo.CGCS2000 || !all[1].Until.IsZero() || all[1].Area < 3.9*all[0].Area {
			t.Errorf("%+v", all)
		}
		if _, ok := tree(t, s).Find([2]float64{119.69, 28.19}); !ok {
			t.Error("the new boundary is not in force")
		}
		before, err := s.At(ctx, day(2, 1))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := before.Find([2]float64{119.69, 28.19}); ok {
			t.Error("the new boundary was in force before its day")
		}
	})
}

// Boundaries that cannot be right are named by feature; a file without, or with another,
// coordinate system is refused.
func TestBadBoundaries(t *testing.T) {
	ctx := context.Background()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := imported(t, d)
		file := collection(
			feature("331125", "", square(119.5, 28, 0.1)...),
			feature("999999", "", square(119.5, 28, 0.1)...),
			feature("331124", "", [][2]float64{{0, 0}, {2, 2}, {2, 0}, {0, 2}, {0, 0}}...),
			feature("331125001", "", [][2]float64{{0, 0}, {2, 2}, {2, 0}}...),
			`{"type":"Feature","properties":{"code":"331125002"},"geometry":null}`,
			feature("331125", "", square(119.5, 28, 0.1)...))
		imp := ofHome(day(2, 1))
		imp.DryRun = true
		rep, err := s.ImportBoundaries(ctx, file, Drawing{CRS: "WGS-84"}, imp)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]string{}
		for _, b := range rep.Bad {
			got[b.Line] = b.Code
		}
		want := map[int]string{2: "territory.unknown_area", 3: "geo.ring_crosses_itself", 4: "geo.ring_open", 5: "geo.not_a_polygon", 6: "territory.duplicate_code"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for name, c := range map[string]struct{ crs, file, code string }{
			"undeclared":   {"", string(file), "geo.crs_missing"},
			"unknown":      {"BD-09", string(file), "geo.crs_unknown"},
			"contradicted": {"GCJ-02", `{"type":"FeatureCollection","crs":{"properties":{"name":"EPSG:4490"}},"features":[]}`, "territory.crs_differs"},
			"empty":        {"GCJ-02", `{"type":"FeatureCollection","features":[]}`, "territory.no_rows"},
			"no GeoJSON":   {"GCJ-02", "code,name\n", "geo.not_json"},
		} {
			if _, err := s.ImportBoundaries(ctx, []byte(c.file), Drawing{CRS: c.crs}, imp); fault.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
	})
}
