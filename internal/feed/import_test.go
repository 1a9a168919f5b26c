package feed

import (
	"bytes"
	"context"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/territory"
	"gezhi/internal/workflow"

	"golang.org/x/text/encoding/simplifiedchinese"
)

const head = "工单编号,受理时间,问题分类,镇街,村社,标题,诉求内容,办理时限,来电人,联系电话,工单状态,办结时间,答复内容,办理情况\n"

const (
	lineA = "P-001,2026-03-02 08:30:00,垃圾清运,北镇,桥头村,垃圾满溢,桥头垃圾桶满了三天,2026-03-05 18:00:00,样例甲,13800000001,处理中,,,\n"
	lineB = "P-002,2026/3/2 8:40,占道经营,北镇,河东村,占道,河东路口摆摊,2026-03-04 18:00:00,样例乙,,处理中,,,\n"
)

func lineOf(r Report, theirs string) Line {
	for _, l := range r.Lines {
		if l.Theirs == theirs {
			return l
		}
	}
	return Line{}
}

func dueOf(c county, id, name string) time.Time {
	for _, x := range c.seen(id).Clocks {
		if x.Name == name {
			return x.Due
		}
	}
	return time.Time{}
}

// What the platform above hands down keeps its number and its deadline; what comes again
// changes its case and never makes a second one.
func TestAnImportKeepsNumberAndDeadlineAndNeverDoubles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		if rep := c.takes(Check, head+lineA+lineB); rep.New != 2 || rep.Refused != 0 {
			t.Fatalf("check: %+v", rep)
		}
		rep := c.takes(Import, head+lineA+lineB)
		if rep.New != 2 || rep.Refused != 0 {
			t.Fatalf("first: %+v", rep)
		}
		a := lineOf(rep, "P-001")
		v := c.seen(a.Case)
		if v.Number != a.Number || v.Fields["platform_number"] != "P-001" || v.ClassID() != "incident/sample:0102" || v.Channel != "platform" || v.AreaID != c.village("桥头村") ||
			!v.HappenedAt.Equal(time.Date(2026, 3, 2, 8, 30, 0, 0, clock.CST)) || v.Fields["text"] != "垃圾满溢\n桥头垃圾桶满了三天" {
			t.Errorf("case: %+v %v", v.Case, v.Fields)
		}
		if due := dueOf(c, a.Case, "platform"); !due.Equal(time.Date(2026, 3, 5, 18, 0, 0, 0, clock.CST)) {
			t.Errorf("their deadline is %s", due)
		}
		if v.Masked["caller_phone"] != "138****0001" {
			t.Errorf("the caller can be reached by who unmasks: %v", v.Masked)
		}
		shown := c.Cases.Shown(t.Context(), v)
		explained := false
		for _, x := range shown.Clocks {
			explained = explained || x.Name == "platform" && len(x.Why) == 1 && strings.Contains(x.Why[0], "上级平台时限")
		}
		if !explained {
			t.Errorf("nobody says where the deadline comes from: %+v", shown.Clocks)
		}

		if rep := c.takes(Import, head+lineA+lineB); rep.New != 0 || rep.Unchanged != 2 {
			t.Errorf("the same again: %+v", rep)
		}
		later := strings.Replace(strings.Replace(lineA, "2026-03-05", "2026-03-09", 1), "满了三天", "满了五天", 1)
		if rep := c.takes(Check, head+later); rep.Updated != 1 || !dueOf(c, a.Case, "platform").Equal(time.Date(2026, 3, 5, 18, 0, 0, 0, clock.CST)) {
			t.Errorf("a check changes nothing: %+v", rep)
		}
		rep = c.takes(Import, head+later+lineB)
		if rep.Updated != 1 || rep.Unchanged != 1 || len(lineOf(rep, "P-001").Notes) != 1 {
			t.Errorf("changed: %+v", rep)
		}
		if due := dueOf(c, a.Case, "platform"); !due.Equal(time.Date(2026, 3, 9, 18, 0, 0, 0, clock.CST)) {
			t.Errorf("the later deadline counts: %s", due)
		}
		moves := c.seen(a.Case).Moves
		if last := moves[len(moves)-1]; last.Action != workflow.Comment || !strings.Contains(last.Data.Note, "满了五天") || last.Cause != "feed city-hotline" {
			t.Errorf("what else changed is a note: %+v", last)
		}
		if rep := c.takes(Import, head+later); rep.Unchanged != 1 {
			t.Errorf("once is enough: %+v", rep)
		}
	})
}

// What was taken back there is taken back here, or those who work on it are told.
func TestWhatWasTakenBackThereIsTakenBackHere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		rep := c.takes(Import, head+lineA+lineB)
		a, b := lineOf(rep, "P-001").Case, lineOf(rep, "P-002").Case
		c.does("dispatcher", a, "classify", nil)
		c.does("dispatcher", a, "dispatch", nil)
		back := func(line string) string { return strings.Replace(line, "处理中", "已撤单", 1) }
		rep = c.takes(Import, head+back(lineA)+back(lineB)+back(strings.Replace(lineB, "P-002", "P-003", 1)))
		if rep.Withdrawn != 3 {
			t.Fatalf("%+v", rep)
		}
		if v := c.seen(b); v.Open() || v.Outcome != "withdrawn" {
			t.Errorf("nobody had begun, and yet it goes on: %+v", v.Case)
		}
		v := c.seen(a)
		if last := v.Moves[len(v.Moves)-1]; !v.Open() || last.Action != workflow.Comment || len(lineOf(rep, "P-001").Notes) == 0 {
			t.Errorf("work had begun: %+v", last)
		}
		if lineOf(rep, "P-003").Case != "" {
			t.Error("what was taken back before it came became a case")
		}
		if rep := c.takes(Import, head+back(lineA)); rep.Unchanged != 1 {
			t.Errorf("once is enough: %+v", rep)
		}
	})
}

// A line that cannot be taken in is named with its reason, and the others come in.
func TestBadLinesAreRefusedOneByOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		rep := c.takes(Import, head+lineA+
			",2026-03-02 08:30:00,垃圾清运,北镇,桥头村,无编号,,,,,处理中,,,\n"+
			"P-010,昨天,垃圾清运,北镇,桥头村,时间,,,,,处理中,,,\n"+
			"P-001,2026-03-02 08:30:00,垃圾清运,北镇,桥头村,重复,,,,,处理中,,,\n"+
			"P-011,2026-03-02 08:30:00,垃圾清运,北镇,桥头村,电话,,,,不是电话,处理中,,,\n"+
			"P-012,2026-03-02 08:30:00,垃圾清运,北镇,桥头庄,地名,,,,,处理中,,,\n")
		if rep.New != 2 || rep.Refused != 4 || rep.Rows != 6 {
			t.Fatalf("%+v", rep)
		}
		want := []string{"", "feed.bad_number", "feed.bad_time", "feed.number_twice", "form.phone", ""}
		for i, l := range rep.Lines {
			got := ""
			if l.Why != nil {
				got = l.Why.Code
			}
			if got != want[i] || l.Line != i+2 {
				t.Errorf("line %d: %q, want %q", l.Line, got, want[i])
			}
		}
		if l := lineOf(rep, "P-012"); len(l.Notes) != 1 || c.seen(l.Case).AreaID == c.village("桥头村") {
			t.Errorf("a name that is nearly another's was taken for it: %+v", l)
		}
	})
}

// Answers go back in the platform's own columns, each once, and a file can be made again.
func TestAnswersGoBackOnceInTheirOwnColumns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		m := c.hotline()
		rep := c.takes(Import, head+lineA+strings.Replace(lineB, "河东村", "桥头村", 1))
		a, b := lineOf(rep, "P-001").Case, lineOf(rep, "P-002").Case
		if _, ok, err := c.Export(t.Context(), c.home.ID, m, ""); ok || err != nil {
			t.Fatalf("nothing was answered: %v %v", ok, err)
		}
		c.does("dispatcher", b, "decline", map[string]any{"reason": "不属本单位", "reply": "=HYPERLINK(\"http://x\")"})
		run, ok, err := c.Export(t.Context(), c.home.ID, m, "")
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		rows := c.file(m, run.ID)
		if len(rows) != 2 || strings.Join(rows[0], "|") != "工单编号|办理结果代码|答复内容|答复时间|承办单位|回传单位" ||
			strings.Join(rows[1], "|") != "P-002|3|'=HYPERLINK(\"http://x\")|2026-03-02 09:00:00|North Village Committee|样例县" {
			t.Errorf("%q", rows)
		}
		if _, ok, _ := c.Export(t.Context(), c.home.ID, m, ""); ok {
			t.Error("an answer went back twice")
		}
		c.does("dispatcher", a, "classify", nil)
		c.does("dispatcher", a, "dispatch", nil)
		c.clock.Add(time.Hour)
		c.does("handler", a, "finish", map[string]any{"result": "已清运"})
		c.does("inspector", a, "confirm", map[string]any{"reply": "已清运"})
		second, ok, err := c.Export(t.Context(), c.home.ID, m, "")
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if rows := c.file(m, second.ID); len(rows) != 2 || rows[1][0] != "P-001" || rows[1][1] != "1" {
			t.Errorf("only what is new: %q", rows)
		}
		if again := c.file(m, run.ID); len(again) != 2 || again[1][0] != "P-002" {
			t.Errorf("the first file again: %q", again)
		}
	})
}

// file is the file of an export, read back from its encoding.
func (c county) file(m *Mapping, run string) [][]string {
	c.t.Helper()
	head, rows, err := c.Answers(c.t.Context(), c.home.ID, m, run)
	must(c.t, err)
	var b bytes.Buffer
	must(c.t, m.Replies.Write(&b, head, rows))
	plain, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b.Bytes())
	must(c.t, err)
	out, err := csv.NewReader(bytes.NewReader(plain)).ReadAll()
	must(c.t, err)
	return out
}

// A workbook of answers holds texts and no formulas, and is read back by the same imports.
func TestAWorkbookOfAnswersHoldsNoFormulas(t *testing.T) {
	var b bytes.Buffer
	r := &Replies{XLSX: true}
	must(t, r.Write(&b, []string{"编号"}, [][]string{{"=1+1"}}))
	rows, _, err := territory.ReadColumns(b.Bytes(), func(s string) string { return s })
	if err != nil || len(rows) != 1 || rows[0].Cells["编号"] != "=1+1" {
		t.Errorf("%v %v", rows, err)
	}
}

// An import whose process ended before it did is said to have failed: at once by the next process
// that has the database for itself, else when it has shown no life for minutes. One that is
// alive, or waits for another, is left alone; and the same file again doubles nothing.
func TestAnImportThatWasCutOffDoesNotRunForEver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		ctx := t.Context()
		job := Job{Jurisdiction: c.home.ID, Mapping: c.hotline(), Data: []byte(head + lineA + lineB), Kind: Import}
		state := func(run string) Run {
			t.Helper()
			r, err := c.RunOf(ctx, c.home.ID, run)
			must(t, err)
			return r
		}
		dead, _, err := c.Begin(ctx, job)
		must(t, err)
		killed, stop := context.WithCancel(ctx)
		job.Progress = func(done, _ int) error { stop(); return killed.Err() }
		ended, rest, err := c.Begin(ctx, job)
		must(t, err)
		if _, err := rest(killed); err == nil {
			t.Error("an import went on after its process was told to end")
		}
		if r := state(ended); r.State != Failed || r.Report().Failed != "feed.cut_off" {
			t.Errorf("told to end: %+v", r)
		}
		next := &Service{DB: d, Now: c.Now, ID: c.ID, Cases: c.Cases, Key: c.Key, Dir: c.Dir, Nobody: c.Nobody, Jurisdiction: c.Jurisdiction, Home: c.Home}
		job.Progress = nil
		waits, carryOut, err := next.Begin(ctx, job)
		must(t, err)
		alone := d.Engine == db.SQLite
		n, err := (&Service{DB: d, Now: c.Now}).Bury(ctx, true)
		must(t, err)
		if want := map[bool]int64{true: 2, false: 0}[alone]; n != want {
			t.Errorf("%d given up at the start, not %d", n, want)
		}
		if !alone {
			for range 3 {
				c.clock.Add(time.Minute)
				_, err = next.Bury(ctx, false)
				must(t, err)
			}
			if r := state(waits); r.State != Running {
				t.Errorf("one that waits: %+v", r)
			}
		}
		if r := state(dead); r.State != Failed || r.Report().Failed != "feed.cut_off" || len(r.Report().Lines) != 0 {
			t.Errorf("of a process that is gone: %+v", r)
		}
		rep, err := carryOut(ctx)
		must(t, err)
		if r := state(waits); r.State != Done || rep.New != 1 || rep.Unchanged != 1 {
			t.Errorf("again: %+v %+v", r, rep)
		}
		if n, err = next.Bury(ctx, false); n != 0 || err != nil {
			t.Error(n, err)
		}
	})
}
