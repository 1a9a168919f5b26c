package points

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// A report sums up what was issued, spent, put aside and lapsed, by whatever it is broken down;
// every figure is the sum of the entries behind it, and nobody reads of places or people that
// are not his to look at.
func TestEveryFigureOpensOntoItsEntries(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		served(t, o)
		o.Within = func(_ context.Context, area, of string) bool { return area == of || of == "county-area" }
		o.Item = func(_ context.Context, _, _, item string) (string, string) { return "the " + item, "safety" }
		o.allot(1000)
		o.grant("person/li", 100)
		other := o.posting(Grant, budget, Own("person/zhou"), 40)
		other.Item, other.Area = "flood", "grid-2"
		o.must(other)
		keep := o.posting(Grant, budget, HeldOf("person/li"), 30)
		o.must(keep)
		o.must(o.posting(Redeem, Own("person/li"), Of(Redeemed), 25))
		looker := func(area string) account.Actor {
			return account.Actor{PersonID: "head", Jurisdiction: j1, Posts: []account.Post{{Role: "chief", UnitID: "county", AreaID: area}}}
		}
		county := looker("county-area")
		for by, want := range map[string]string{
			ByMonth:  "2026-03=170/25/30/0",
			ByItem:   "flood=40/0/0/0 patrol=130/25/30/0",
			ByModule: "safety=170/25/30/0",
			ByArea:   "grid-1=130/25/30/0 grid-2=40/0/0/0",
			ByPerson: "person/li=100/25/30/0", // zhou is not below the county here
		} {
			q := ReportQuery{"2026-03", "2026-03", by}
			all, err := o.Report(t.Context(), county, "points", q)
			if err != nil {
				t.Fatal(err)
			}
			if got := written(all); got != want {
				t.Errorf("by %s: %s, want %s", by, got, want)
			}
			for _, g := range all {
				for which, n := range g.Sums {
					entries, next, err := o.EntriesBehind(t.Context(), county, "points", Behind{ReportQuery: q, Figure: which, Group: g.Group})
					if err != nil || next != 0 {
						t.Fatal(by, err, next)
					}
					sum := int64(0)
					for _, e := range entries {
						sum += e.Amount
					}
					if sum != n && sum != -n {
						t.Errorf("by %s, %s: figure %d is %d, its entries come to %d", by, g.Group, which, n, sum)
					}
				}
			}
		}
		all, err := o.Report(t.Context(), looker("grid-2"), "points", ReportQuery{"2026-03", "2026-03", ByArea})
		if err != nil || written(all) != "grid-2=40/0/0/0" {
			t.Error(written(all), err)
		}
		left, err := o.BudgetsLeft(t.Context(), county, "points", 2026)
		if err != nil || len(left) != 1 || left[0].Left != 830 || left[0].Title != "Sample Street" {
			t.Error(left, err)
		}
	})
}

func written(all []Figures) string {
	var out []string
	for _, g := range all {
		out = append(out, g.Group+"="+strings.Join([]string{strconv.FormatInt(g.Sums[0], 10), strconv.FormatInt(g.Sums[1], 10), strconv.FormatInt(g.Sums[2], 10), strconv.FormatInt(g.Sums[3], 10)}, "/"))
	}
	return strings.Join(out, " ")
}

// The report is asked for by who may look, as figures, as a workbook and as a printed page.
func TestTheReportIsSentInThreeForms(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t))
	h := served(t, o)
	o.allot(100)
	o.grant("person/li", 60)
	if code, _ := ask(t, h, "li", "GET", "/points/report?ledger=points", nil); code != 403 {
		t.Error("a worker reads the report:", code)
	}
	code, got := ask(t, h, "chen", "GET", "/points/report?ledger=points&from=2026-03", nil)
	groups, _ := got["groups"].([]any)
	if code != 200 || len(groups) != 1 || groups[0].(map[string]any)["issued"] != 60.0 {
		t.Error(code, got)
	}
	if code, got = ask(t, h, "chen", "GET", "/points/report/entries?ledger=points&from=2026-03&figure=issued&group=2026-03", nil); code != 200 || len(got["entries"].([]any)) != 1 {
		t.Error(code, got)
	}
	for kind, begins := range map[string]string{"xlsx": "PK", "pdf": "%PDF-1.5"} {
		r := httptest.NewRequestWithContext(context.WithValue(t.Context(), asker{}, "chen"), "GET", "/api/v1/points/report."+kind+"?ledger=points&from=2026-03", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 || !strings.HasPrefix(w.Body.String(), begins) {
			t.Error(kind, w.Code)
		}
	}
}

// Work with free places and items in which nobody took part are listed for who looks at the ledger,
// on paper and in a workbook too; and no cell of a workbook is a formula, whatever things are called.
func TestWhatNobodyClaimsIsReported(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t))
	h := served(t, o)
	o.allot(100)
	p := o.posting(Grant, budget, Own("person/li"), 10)
	p.Item = "straw"
	o.must(p)
	const formula = `=HYPERLINK("http://sample.invalid","=1+1")`
	o.Item = func(_ context.Context, _, _, item string) (string, string) { return formula, "@SUM(1)" }
	now := o.clock.Now()
	o.Offers = func(context.Context, account.Actor, string) ([]OpenOffer, error) {
		return []OpenOffer{{Case: "c2", Number: "+2", Title: "-young", Item: "straw", Places: 9, Left: 3, Since: now.Add(-36 * time.Hour)}, {Case: "c0", Places: 2, Since: now},
			{Case: "c1", Number: "1", Title: "old", Item: "straw", Places: 2, Left: 2, Since: now.Add(-100 * time.Hour), Until: now.Add(time.Hour)}}, nil
	}
	o.Idle = func(_ context.Context, _ account.Actor, _ string, from, until time.Time) ([]IdleItem, error) {
		if from.Format(time.DateOnly) != "2026-02-01" || until.Format(time.DateOnly) != "2026-04-01" {
			t.Error(from, until)
		}
		return []IdleItem{{"water", "brook/sample:water", 4}}, nil
	}
	const months = "/points/report?ledger=points&from=2026-02&until=2026-03&by="
	for _, by := range []string{"unclaimed", "idle"} {
		if code, _ := ask(t, h, "li", "GET", months+by, nil); code != 403 {
			t.Error("a worker reads", by, code)
		}
	}
	code, got := ask(t, h, "chen", "GET", months+"unclaimed", nil)
	free, _ := got["offers"].([]any)
	if code != 200 || len(free) != 2 || free[0].(map[string]any)["case"] != "c1" || free[0].(map[string]any)["days"] != 4.0 || free[1].(map[string]any)["left"] != 3.0 {
		t.Error(code, got)
	}
	code, got = ask(t, h, "chen", "GET", months+"idle", nil)
	if idle, _ := got["idle"].([]any); code != 200 || len(idle) != 1 || idle[0].(map[string]any)["published"] != 4.0 || idle[0].(map[string]any)["class"] != "brook/sample:water" {
		t.Error(code, got)
	}
	o.Name = func(context.Context, string) string { return "+1+1" }
	for _, by := range []string{"month", "area", "person", "item", "module", "unclaimed", "idle"} {
		file := func(kind string) []byte {
			r := httptest.NewRequestWithContext(context.WithValue(t.Context(), asker{}, "chen"), "GET", "/api/v1/points/report."+kind+"?ledger=points&from=2026-02&until=2026-03&by="+by, nil)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 {
				t.Error(kind, by, w.Code)
			}
			return w.Body.Bytes()
		}
		if !bytes.HasPrefix(file("pdf"), []byte("%PDF-1.5")) {
			t.Error(by, "is not printed")
		}
		book, err := excelize.OpenReader(bytes.NewReader(file("xlsx")))
		if err != nil {
			t.Fatal(err)
		}
		sheet := book.GetSheetName(0)
		rows, err := book.GetRows(sheet)
		if err != nil || len(rows) < 2 {
			t.Error(by, rows, err)
		}
		for y, row := range rows {
			for x, text := range row {
				cell, err := excelize.CoordinatesToCellName(x+1, y+1)
				if err != nil {
					t.Fatal(err)
				}
				f, err := book.GetCellFormula(sheet, cell)
				kind, err2 := book.GetCellType(sheet, cell)
				if err != nil || err2 != nil || f != "" || strings.ContainsAny(text[:min(1, len(text))], "=+-@") && kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString {
					t.Errorf("%s: %s is %q, formula %q, type %v, %v, %v", by, cell, text, f, kind, err, err2)
				}
			}
		}
	}
}
