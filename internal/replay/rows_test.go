package replay

import (
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/replay/counts"
)

func sampleRows(t testing.TB) (*Mapping, *History) {
	t.Helper()
	m, err := ParseMapping(sampleMapping(t))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("testdata/sample.csv")
	if err != nil {
		t.Fatal(err)
	}
	h, err := ReadRows(m, file, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m, h
}

// The sample has a line for every reason to refuse one; each is refused for that reason.
func TestEveryReasonRefusesItsLine(t *testing.T) {
	_, h := sampleRows(t)
	want := map[int]string{12: ClosedWithoutTime, 13: ClosedBeforeOpened, 15: ImpossibleOpened, 16: ImpossibleDue, 17: ImpossibleClosed,
		18: ClosedWithoutTime, 19: OpenWithClosing, 20: UnknownStatus, 21: UnknownChannel, 22: NoClass, 23: BadID, 24: IDTwice,
		25: ImpossibleReturns, 26: Unreadable}
	got := map[int]string{}
	for _, r := range h.Refused {
		got[r.Line] = r.Reason
	}
	if !maps.Equal(got, want) {
		t.Errorf("refused %v, not %v", got, want)
	}
	if h.Lines != 26 || len(h.Rows) != 12 {
		t.Errorf("%d lines, %d rows", h.Lines, len(h.Rows))
	}
}

// A line without a due time, or due before it was opened, is a row like others.
func TestDueTimesAreTakenAsTheyAre(t *testing.T) {
	_, h := sampleRows(t)
	byID := map[string]*Row{}
	for _, r := range h.Rows {
		byID[r.ID] = r
	}
	if r := byID["S-04"]; r == nil || !r.Due.IsZero() {
		t.Errorf("without a due time: %+v", r)
	}
	if r := byID["S-09"]; r == nil || !r.Due.Before(r.Opened) {
		t.Errorf("due before it was opened: %+v", r)
	}
}

// Times are those of the mapping's zone, also where its clocks jump.
func TestTimesAreOfTheZone(t *testing.T) {
	_, h := sampleRows(t)
	for _, r := range h.Rows {
		if r.ID != "S-05" {
			continue
		}
		if got := r.Closed.Sub(r.Opened); got != 3*time.Hour+30*time.Minute {
			t.Errorf("a night in which an hour is missing took %s", got)
		}
		return
	}
	t.Error("no S-05")
}

// A point of whole degrees is a defect and no place; one outside the world is none at all.
func TestCoarsePointsAreDropped(t *testing.T) {
	_, h := sampleRows(t)
	want := map[string]Located{"S-01": Exact, "S-02": Coarse, "S-03": Nowhere, "S-06": Nowhere, "S-08": Nowhere}
	for _, r := range h.Rows {
		if w, ok := want[r.ID]; ok && (r.Located != w || (w != Exact && r.LonE7 != 0)) {
			t.Errorf("%s: %+v", r.ID, r)
		}
	}
}

// What is no table is refused as a whole, and says why.
func TestWhatIsNoTableIsRefused(t *testing.T) {
	m, _ := sampleRows(t)
	m.GBK = false
	for file, code := range map[string]string{
		"":             "replay.no_rows",
		"a;b\n1;2\n":   "replay.column_missing",
		"\xff\xfe\x00": "replay.not_text",
	} {
		if _, err := ReadRows(m, []byte(file), 0); fault.CodeOf(err) != code {
			t.Errorf("%q: %v, not %s", file, err, code)
		}
	}
}

// Whatever a file holds, every line is a row or refused, and both readers agree on it.
func FuzzReadRows(f *testing.F) {
	mapping := []byte(strings.Replace(string(sampleMapping(f)), "gb18030", "utf-8", 1))
	m, err := ParseMapping(mapping)
	if err != nil {
		f.Fatal(err)
	}
	head := "编号;类型;来源;受理时间;要求办结;办结时间;状态;重复自;退回次数;承办;镇街;村社;经度;纬度;内容\n"
	f.Add("1;a;电话;2025-03-03 09:00;;;待办;;;;;;;;\n")
	f.Add("1;a;电话;2025-03-03 09:00;;2025-03-03 09:00;办结;;9;;;;1e2;NaN;x\n\"1;a\n2;b\n")
	f.Fuzz(func(t *testing.T, lines string) {
		file := []byte(head + lines)
		h, err := ReadRows(m, file, 0)
		if err != nil {
			return
		}
		if h.Lines != len(h.Rows)+len(h.Refused) {
			t.Fatalf("%d lines, %d rows, %d refused", h.Lines, len(h.Rows), len(h.Refused))
		}
		c, err := counts.Of(mapping, file, 0)
		if err != nil {
			t.Fatal(err)
		}
		refused := map[string]int{}
		for _, r := range h.Refused {
			refused[r.Reason]++
		}
		if c.Lines != h.Lines || !maps.Equal(refused, c.Refused) {
			t.Fatalf("%d lines refused as %v, or %d as %v", h.Lines, refused, c.Lines, c.Refused)
		}
	})
}
