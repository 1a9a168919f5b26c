package app_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"gezhi/internal/points"
)

// counted is what was granted in each place for work there.
var counted = map[cell]int64{own: 11, otherArea: 23, otherCounty: 47}

// sums are the figures of a report, as it names them.
var sums = []string{"issued", "spent", "held", "expired"}

// grantsInPlaces grants points for work in each place, and lets some of them be put aside.
func (c *counties) grantsInPlaces() {
	c.Helper()
	for at, n := range counted {
		v, j := village[at], c.jurisdictionOf(at)
		budget, person := points.Budget(c.unit(j, v.budget), 2026), "person/"+c.people[v.claimant].ID
		c.posts(j, points.Allot, "budget of "+v.budget, points.Of(points.Mint), budget, 500)
		for i, to := range []points.Account{points.Own(person), points.HeldOf(person)} {
			_, err := c.app.Points.Do(c.Context(), points.Posting{Jurisdiction: j.ID, Ledger: "points", Kind: points.Grant, Key: "work-" + strconv.Itoa(i) + "-" + v.budget, From: budget, To: to,
				Amount: n, Reason: "样例", Person: "one", Second: "another", Item: "patrol", Area: c.place(v.place)})
			c.must(err)
		}
	}
}

// Whoever looks at a ledger reads one and the same sums as a page, as a workbook and as the entries
// behind each figure, of the places and people that are below them and of no others, however the
// report is broken down.
func (c *counties) reportsAgree(t *testing.T) {
	c.T = t
	c.grantsInPlaces()
	reach := map[string][]cell{"admin beyond": {otherArea}, "party beyond": {otherArea}, "admin elsewhere": {otherCounty}, "party elsewhere": {otherCounty}}
	for _, who := range lookers {
		reach[who] = ownOnly
	}
	for who, places := range reach {
		for _, by := range []string{points.ByMonth, points.ByItem, points.ByModule, points.ByArea, points.ByPerson} {
			query := "?ledger=points&from=2026-01&until=2026-12&by=" + by
			groups := objects(c.got(who, "GET", "/points/report"+query, nil, http.StatusOK)["groups"].([]any))
			c.bookAgrees(t, who, query, groups)
			c.entriesAgree(t, who, query, groups)
			switch by {
			case points.ByArea:
				c.placesAgree(t, who, groups, places)
			case points.ByPerson:
				c.peopleAgree(t, who, groups)
			}
		}
	}
	c.budgetsAgree(t, reach)
}

// bookAgrees compares a report with its workbook, whose last line sums it up.
func (c *counties) bookAgrees(t *testing.T, who, query string, groups []map[string]any) {
	t.Helper()
	w := c.ask(who, "GET", "/points/report.xlsx"+query, nil)
	f, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		c.Fatal(who, query, w.Code, err)
	}
	defer f.Close()
	rows, err := f.GetRows(f.GetSheetName(0))
	c.must(err)
	var want [][]string
	total := make([]int64, len(sums))
	for _, g := range groups {
		row := []string{""}
		for i, s := range sums {
			n := int64(g[s].(float64))
			total[i] += n
			row = append(row, strconv.FormatInt(n, 10))
		}
		want = append(want, row)
	}
	last := []string{""}
	for _, n := range total {
		last = append(last, strconv.FormatInt(n, 10))
	}
	want = append(want, last)
	for _, row := range rows {
		row[0] = "" // what it is called stands in words
	}
	if !slices.EqualFunc(rows[1:], want, slices.Equal) {
		t.Errorf("%s: the workbook of %s has %v, the report %v", who, query, rows[1:], want)
	}
}

// entriesAgree adds up the entries behind each figure.
func (c *counties) entriesAgree(t *testing.T, who, query string, groups []map[string]any) {
	t.Helper()
	for _, g := range groups {
		for _, s := range sums {
			sum := int64(0)
			for after := ""; ; {
				page := c.got(who, "GET", "/points/report/entries"+query+"&figure="+s+"&group="+url.QueryEscape(g["group"].(string))+after, nil, http.StatusOK)
				for _, e := range objects(page["entries"].([]any)) {
					sum += int64(e["amount"].(float64))
				}
				next, more := page["next"].(float64)
				if !more {
					break
				}
				after = "&after=" + strconv.FormatInt(int64(next), 10)
			}
			if n := int64(g[s].(float64)); sum != n && sum != -n {
				t.Errorf("%s: %s of %v%s is %d, its entries come to %d", who, s, g["title"], query, n, sum)
			}
		}
	}
}

// placesAgree sees that what was done in the places below somebody is summed up, and nothing of
// any other place.
func (c *counties) placesAgree(t *testing.T, who string, groups []map[string]any, below []cell) {
	t.Helper()
	for at, n := range counted {
		i := slices.IndexFunc(groups, func(g map[string]any) bool { return g["group"] == c.place(village[at].place) })
		switch {
		case !slices.Contains(below, at) && i >= 0:
			t.Errorf("%s: the report shows %v of a place that is not below", who, groups[i])
		case slices.Contains(below, at) && (i < 0 || groups[i]["issued"].(float64) < float64(2*n) || groups[i]["held"].(float64) < float64(n)):
			t.Errorf("%s: of %d points granted and kept in the own place the report has %v", who, n, groups)
		}
	}
}

// peopleAgree compares the people of a report with those whose pages may be read: everybody was
// given some points.
func (c *counties) peopleAgree(t *testing.T, who string, groups []map[string]any) {
	t.Helper()
	listed, reads := ids{}, ids{}
	for _, g := range groups {
		listed.add(strings.TrimPrefix(g["group"].(string), "person/"))
	}
	for _, p := range c.people {
		if c.ask(who, "GET", "/points/person?person="+p.ID, nil).Code == http.StatusOK {
			reads.add(p.ID)
		}
	}
	self := c.people[who].ID // whose page is one's own in any case
	delete(listed, self)
	delete(reads, self)
	c.same(t, who, "the people of the report", listed, reads)
}

// budgetsAgree compares what a report says that is left with what is said of each unit.
func (c *counties) budgetsAgree(t *testing.T, reach map[string][]cell) {
	t.Helper()
	for who := range reach {
		left := map[string]float64{}
		for _, b := range objects(c.got(who, "GET", "/points/report?ledger=points&from=2026-03", nil, http.StatusOK)["budgets"].([]any)) {
			left[b["unit"].(string)] = b["left"].(float64)
		}
		for at, v := range village {
			unit := c.unit(c.jurisdictionOf(at), v.budget)
			one := c.ask(who, "GET", "/points/budget?ledger=points&year=2026&unit="+unit, nil)
			n, listed := left[unit]
			if listed && one.Code != http.StatusOK {
				t.Errorf("%s: %v of the %s is listed, and alone it is %d", who, n, v.budget, one.Code)
			}
			if one.Code == http.StatusOK && listed && !strings.Contains(one.Body.String(), strconv.FormatInt(int64(n), 10)) {
				t.Errorf("%s: the %s has %v left in the report, and alone %s", who, v.budget, n, one.Body)
			}
		}
	}
}
