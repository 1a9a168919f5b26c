package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/replay/counts"
	"gezhi/packs"
)

func tasks(t testing.TB) *pack.Pack {
	t.Helper()
	dir, err := fs.Sub(packs.FS, "core")
	if err != nil {
		t.Fatal(err)
	}
	p, report := pack.Load(dir)
	if p == nil {
		t.Fatal(report.Text("en"))
	}
	return p
}

func job(t testing.TB, d *db.DB, mapping, file string) Job {
	t.Helper()
	m, err := ReadMapping(mapping)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Job{Mapping: m, File: f, Dir: t.TempDir(), DB: d, Tasks: tasks(t), Vault: privacy.InMemory(d, clock.System, id.New)}
}

func mustRun(t testing.TB, j Job) *Result {
	t.Helper()
	r, err := Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Differences {
		t.Error(d)
	}
	return r
}

// The sample history goes through the engine of both databases, and every figure is the one
// counted by hand.
func TestTheSampleHistoryComesOutAsCountedByHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := mustRun(t, job(t, d, "testdata/sample.yaml", "testdata/sample.csv"))
		if r.Lines != 26 || r.Loaded != 8 || r.Merged != 4 || r.Refused != 14 {
			t.Errorf("%d lines: %d loaded, %d merged, %d refused", r.Lines, r.Loaded, r.Merged, r.Refused)
		}
		got := map[string]int{}
		for cell, n := range r.Found.Cells {
			got[cell.State] += n
			got[cell.Due] += n
			got[cell.Month] += n
			got[cell.Class] += n
		}
		for what, n := range map[string]int{
			"done": 5, "duplicate": 4, "transferred": 1, "waiting": 1, "working": 1,
			counts.InTime: 6, counts.Late: 3, counts.None: 3,
			// S-08 began at midnight between two months, S-07 a minute before, S-06 in the
			// hour that comes twice.
			"2025-03": 6, "2025-04": 1, "2025-05": 3, "2025-06": 1, "2025-10": 1,
			"路灯不亮（样例）": 4, "噪声（样例）": 4, "占道（样例）": 3, "<报修> & \"其他\": # '样例' \\n": 1,
		} {
			if got[what] != n {
				t.Errorf("%s: %d, not %d", what, got[what], n)
			}
		}
		if r.Stock.Merged != 1 || r.Found.Returned != 4 || r.Timers != 3 || r.Exact != 6 || r.Coarse != 1 {
			t.Errorf("%+v, %d returns, %d timers, %d points, %d coarse", r.Stock, r.Found.Returned, r.Timers, r.Exact, r.Coarse)
		}
		var out bytes.Buffer
		if err := r.Print(&out); err != nil {
			t.Fatal(err)
		}
		if last := "\n26 rows: 8 loaded, 4 merged, 14 refused; counts equal\n"; !strings.HasSuffix(out.String(), last) {
			t.Errorf("the report ends with %s", out.String())
		}
	})
}

// The pack that is generated stands on its own: read from its folder, it passes every check.
func TestTheGeneratedPackIsSound(t *testing.T) {
	m, h := sampleRows(t)
	dir := t.TempDir()
	s, err := Generate(m, h, dir, tasks(t))
	if err != nil {
		t.Fatal(err)
	}
	p, report := pack.CheckFS(os.DirFS(filepath.Join(dir, m.Name)), tasks(t))
	if !report.OK() {
		t.Fatal(report.Text("en"))
	}
	for _, c := range s.Classes {
		if got := p.Class(c.Code).Title["zh"]; got != c.Text {
			t.Errorf("%s is called %q, not %q", c.Code, got, c.Text)
		}
	}
}

var spoil = db.SQL(`UPDATE cases SET outcome = 'transferred' WHERE jurisdiction = $1 AND outcome = 'done'`)

// One changed row of the database, or one line more in the file, is found and named.
func TestADifferenceIsFound(t *testing.T) {
	d := dbtest.SQLite(t)
	j := job(t, d, "testdata/sample.yaml", "testdata/sample.csv")
	m, h := sampleRows(t)
	s, err := Generate(m, h, j.Dir, j.Tasks)
	if err != nil {
		t.Fatal(err)
	}
	all := events(h)
	e := newEngine(d, all[0].at.AddDate(0, 0, -1), j.Tasks, j.Vault)
	if err := e.settle(t.Context(), s, j.Dir); err != nil {
		t.Fatal(err)
	}
	p := &player{engine: e, s: s, byID: map[string]*Row{}}
	if err := p.play(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	compare := func(j Job) []string {
		r := &Result{Lines: h.Lines, Refused: len(h.Refused), From: all[0].at, Until: all[len(all)-1].at, Timers: e.timers}
		if err := r.compare(t.Context(), j, e, s, h); err != nil {
			t.Fatal(err)
		}
		return r.Differences
	}
	if got := compare(j); len(got) > 0 {
		t.Fatal(got)
	}
	longer := j
	longer.File = append(bytes.TrimSpace(j.File), []byte("\n")...)
	longer.File = append(longer.File, bytes.Replace(bytes.SplitAfter(j.File, []byte("\n"))[1], []byte("S-01"), []byte("S-99"), 1)...)
	if got := strings.Join(compare(longer), "\n"); !strings.Contains(got, "lines: 27 in the file, 26 in the database") || !strings.Contains(got, "done, in time: 2 in the file, 1 in the database") {
		t.Errorf("a line more: %s", got)
	}
	if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, spoil, e.jurisdiction) }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(compare(j), "\n"); !strings.Contains(got, "transferred, in time: 0 in the file, 1 in the database") {
		t.Errorf("another outcome: %s", got)
	}
}

// A history goes into an empty database only.
func TestADatabaseInUseIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := job(t, d, "testdata/sample.yaml", "testdata/sample.csv")
		mustRun(t, j)
		if _, err := Run(t.Context(), j); fault.CodeOf(err) != "replay.not_empty" {
			t.Errorf("the second time: %v", err)
		}
	})
}

// Whatever a history holds, what stands in the database is what stands in the file.
func TestAnyHistoryComesOutAsItIs(t *testing.T) {
	t.Parallel()
	mapping := []byte(strings.Replace(string(sampleMapping(t)), "gb18030", "utf-8", 1))
	core, test := tasks(t), t
	rapid.Check(t, func(t *rapid.T) {
		var file strings.Builder
		file.WriteString("编号;类型;来源;受理时间;要求办结;办结时间;状态;重复自;退回次数;承办;镇街;村社;经度;纬度;内容\n")
		moment := func(name string, empty bool) string {
			minute := rapid.IntRange(0, 400).Draw(t, name)
			if empty && minute%4 == 0 {
				return ""
			}
			return time.Date(2025, 3, 29, 22, 0, 0, 0, time.UTC).Add(time.Duration(minute) * time.Minute).Format("2006-01-02 15:04")
		}
		for i := range rapid.IntRange(1, 12).Draw(t, "rows") {
			fmt.Fprintf(&file, "%d;%s;电话;%s;%s;%s;%s;%d;%d;%s;%s;;;;x\n", i, rapid.SampledFrom([]string{"甲", "乙"}).Draw(t, "class"),
				moment("opened", false), moment("due", true), moment("closed", true),
				rapid.SampledFrom([]string{"待办", "在办", "办结", "办结", "转出", "重复", "重复"}).Draw(t, "status"), rapid.IntRange(0, 12).Draw(t, "of"),
				rapid.IntRange(0, 2).Draw(t, "returns"), rapid.SampledFrom([]string{"", "一局", "二局"}).Draw(t, "unit"), rapid.SampledFrom([]string{"", "东", "西"}).Draw(t, "area"))
		}
		path := dbtest.SQLiteFile(test)
		d, err := db.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		r, err := Run(context.Background(), Job{Mapping: mapping, File: []byte(file.String()), Dir: filepath.Dir(path), DB: d, Tasks: core, Vault: privacy.InMemory(d, clock.System, id.New)})
		if fault.CodeOf(err) == "replay.no_rows" {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, file.String())
		}
		if len(r.Differences) > 0 {
			t.Fatalf("%s in\n%s", strings.Join(r.Differences, "\n"), file.String())
		}
	})
}

// found is the path of a file of real records, which lie beside the repository where they
// are at all. They are not ours to publish.
func found(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "shared", "data", name)
		if _, err := os.Stat(path); err == nil {
			return path
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	t.Skipf("the real records %s are not here", name)
	return ""
}

// Ten thousand real requests of five years are replayed, every one accounted for; a tenth
// of them on both databases with every write run twice.
func TestBaltimoreComesOutAsItIs(t *testing.T) {
	t.Parallel()
	file := found(t, "req311/baltimore_311_sample.csv")
	t.Run("whole", func(t *testing.T) {
		d, err := db.Open(t.Context(), dbtest.SQLiteFile(t))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		r := mustRun(t, job(t, d, "baltimore-311", file))
		if r.Lines != 10000 || r.Loaded+r.Merged+r.Refused != 10000 {
			t.Errorf("%d lines: %d loaded, %d merged, %d refused", r.Lines, r.Loaded, r.Merged, r.Refused)
		}
		if r.Coarse != 892 || r.Nowhere != 590 {
			t.Errorf("%d coarse points, %d rows without one", r.Coarse, r.Nowhere)
		}
		t.Logf("replayed in %s", r.Took)
	})
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := job(t, d, "baltimore-311", file)
		j.Limit = 1000
		if r := mustRun(t, j); r.Lines != 1000 {
			t.Errorf("%d lines", r.Lines)
		}
	})
}

// The 456 hotline orders are replayed with every time that one was handed on.
func TestFuzhouComesOutAsItIs(t *testing.T) {
	t.Parallel()
	file := found(t, "messages_cn/fuzhou_river_12345.csv")
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := mustRun(t, job(t, d, "fuzhou-rivers", file))
		if r.Lines != 456 || r.Loaded != 456 || r.Found.Returned != 173 {
			t.Errorf("%d lines, %d loaded, %d returns", r.Lines, r.Loaded, r.Found.Returned)
		}
	})
}

// What is due at the very end of the history has come, and is not late.
func TestDueAtTheEndIsNotLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := job(t, d, "testdata/sample.yaml", "testdata/sample.csv")
		head, _, _ := bytes.Cut(j.File, []byte("\n"))
		gbk, err := simplifiedchinese.GB18030.NewEncoder().String("\n1;样例;电话;2025-03-29 22:01;2025-03-29 22:01;;在办;;0;;;;;;\n")
		if err != nil {
			t.Fatal(err)
		}
		j.File = append(bytes.Clone(head), gbk...)
		r := mustRun(t, j)
		for cell := range r.Found.Cells {
			if cell.Due != counts.InTime || r.Timers != 1 {
				t.Errorf("%+v, %d timers", cell, r.Timers)
			}
		}
	})
}
