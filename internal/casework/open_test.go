package casework

import (
	"os"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/workflow"
)

// A case is numbered as its pack says, under the county's overlay, else by year and number;
// the year is that of China.
func TestACaseIsNumberedAsItsPackSays(t *testing.T) {
	eve := time.Date(2026, 12, 31, 17, 0, 0, 0, time.UTC)
	for _, c := range []struct{ pack, overlay, want string }{
		{"", "", "2027-000007"}, {"GS-{year}-{n}", "", "GS-2027-000007"}, {"GS-{year}-{n}", "YH{year}{n}A", "YH2027000007A"},
	} {
		e := &pack.Effective{Pack: &pack.Pack{Number: c.pack}}
		if c.overlay != "" {
			e.Overlay = &pack.Overlay{Number: c.overlay}
		}
		if got := numbered(&Class{In: e}, eve.In(clock.CST), 7); got != c.want {
			t.Errorf("%q under %q: %s, want %s", c.pack, c.overlay, got, c.want)
		}
	}
}

// A refusal names what is in the way: the part, the seat, the field, or the pack's code.
func TestARefusalNamesWhatIsInTheWay(t *testing.T) {
	err := refusal([]unmet{{Need: workflow.Need{Part: "assist"}, Open: []*Case{{}}}, {Need: workflow.Need{Seat: "crew"}},
		{Need: workflow.Need{Field: "photo"}}, {Need: workflow.Need{Else: "too_early"}}})
	f, ok := err.(*fault.Error)
	if !ok || f.Code != "case.parts_open" || f.Args["part"] != "assist" || len(f.At) != 4 {
		t.Fatalf("%+v", err)
	}
	for i, want := range []struct{ code, arg, path string }{
		{"case.parts_open", "part", "assist"}, {"case.seat_empty", "seat", "crew"}, {"case.field_empty", "field", "photo"}, {"case.needs_unmet", "else", "too_early"}} {
		if p := f.At[i]; p.Code != want.code || p.Path != want.path || p.Args[want.arg] != want.path {
			t.Errorf("%d: %+v", i, p)
		}
	}
}

// What a face asks at opening is what the opening wants: the class's fields, then the seats
// and fields of the life that it asks; a party, who has no account, is asked for by name.
func TestTheFormOfAnOpening(t *testing.T) {
	p, report := pack.Load(os.DirFS("../story/testdata/mediation"))
	if p == nil {
		t.Fatal(report.Text("en"))
	}
	got := openingForm(words{p, "en"}, pack.Resolve(p, nil).Class("dispute"))
	if len(got) != 2 || got[0].Name != "kind" || !got[0].Required {
		t.Fatalf("%+v", got)
	}
	if f := got[1]; f.Name != "party" || f.Type != "text" || !f.Required || !f.Many || f.Title != "party" {
		t.Errorf("%+v", f)
	}
}

// A refusal speaks to people in the words of the pack, and to the log as it was.
func TestARefusalInWords(t *testing.T) {
	p, report := pack.Load(os.DirFS("../story/testdata/room-booking"))
	if p == nil {
		t.Fatal(report.Text("en"))
	}
	was := fault.New(fault.Conflict, "case.key_taken", "key", "slot")
	got, ok := inWords(was, words{p, "en"}, "booking").(*fault.Error)
	if !ok || got.Args["key"] != "same room at the same time" || was.Args["key"] != "slot" || got.Code != was.Code {
		t.Errorf("%+v", got)
	}
	if err := os.ErrClosed; inWords(err, words{p, "en"}, "booking") != err {
		t.Error("what is no refusal is changed")
	}
}
