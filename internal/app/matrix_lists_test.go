package app_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// sortsAgree looks at every order of a list: it shows the same, page by page, and in that order;
// and where a page ended in one order, no other goes on.
func (c *counties) sortsAgree(t *testing.T, who string, reads ids) {
	t.Helper()
	first := map[string]string{"due": "due_at", "opened": "-opened_at", "closed": "", "entered": "", "severity": "severity"}
	for queue, sorts := range map[string][]string{"": {"due", "opened", "entered", "severity"}, "&queue=closed": {"closed"}, "&queue=mine": {"opened"}} {
		want := of(c.rows(who, "/cases?tasks=true"+queue, "cases"), "id")
		for _, sort := range sorts {
			rows := c.rows(who, "/cases?tasks=true"+queue+"&sort="+sort, "cases")
			c.same(t, who, "the list"+queue+" by "+sort, of(rows, "id"), want)
			if len(rows) != len(want) {
				t.Errorf("%s: the list%s by %s has %d rows of %d cases", who, queue, sort, len(rows), len(want))
			}
			field, down := strings.CutPrefix(first[sort], "-")
			for i := 1; i < len(rows) && field != ""; i++ {
				a, b := rows[i-1][field], rows[i][field]
				if less(b, a) && !down || less(a, b) && down {
					t.Errorf("%s: by %s, %v comes before %v", who, sort, a, b)
				}
			}
		}
	}
	c.within(t, who, "the list by severity", of(c.rows(who, "/cases?sort=severity", "cases"), "id"), reads)
	if page := c.got(who, "GET", "/cases?sort=opened&limit=1", nil, http.StatusOK); page["next"] != nil {
		for _, sort := range []string{"", "&sort=closed", "&sort=severity"} {
			if w := c.ask(who, "GET", "/cases?limit=1"+sort+"&cursor="+url.QueryEscape(page["next"].(string)), nil); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "page.bad_cursor") {
				t.Errorf("%s: a page by opening goes on%s: %d %s", who, sort, w.Code, w.Body)
			}
		}
	}
	c.same(t, who, "records, the latest first", of(c.rows(who, "/records?kind=registers/household&sort=latest", "records"), "id"), of(c.rows(who, "/records?kind=registers/household", "records"), "id"))
}

// less tells whether one value of a row comes before another of the same field. None is last.
func less(a, b any) bool {
	switch x := a.(type) {
	case string:
		y, _ := b.(string)
		return x != "" && (y == "" || x < y)
	case float64:
		y, _ := b.(float64)
		return x != 0 && (y == 0 || x < y)
	}
	return false
}

// furtherListsAgree compares the lists that are not of cases with what single reads allow: what
// is unread, feeds and their runs, forms on paper, and what the system administrator sets up.
func (c *counties) furtherListsAgree(t *testing.T, who string) {
	t.Helper()
	c.mineAgrees(t, who)
	c.notesAgree(t, who)
	c.feedsAgree(t, who)
	c.papersAgree(t, who)
	c.setupAgrees(t, who)
}

// reported are the cases by whom they were reported; nobody else of the readers reported any.
var reported = map[string][]string{
	"resident": {"bin", "third bin"}, "deputy": {"proposal"}, "second deputy": {"second proposal"},
	"neighbour": {"wall", "second bin", "litter", "about the street", "about the centre", "about the resident", "about the deputy"},
}

// mineAgrees looks at what somebody has reported: open or closed, the latest first, and nothing
// that is only theirs to work on.
func (c *counties) mineAgrees(t *testing.T, who string) {
	t.Helper()
	want := ids{}
	for _, name := range reported[who] {
		want.add(c.cases[name])
	}
	rows := objects(c.got(who, "GET", "/intake/mine", nil, http.StatusOK)["cases"].([]any))
	c.same(t, who, "my reports", of(rows, "id"), want)
	for i := 1; i < len(rows); i++ {
		if less(rows[i-1]["opened_at"], rows[i]["opened_at"]) {
			t.Errorf("%s: of my reports an older one comes first", who)
		}
	}
}

// notesAgree counts what is unread, and reads one of the notes.
func (c *counties) notesAgree(t *testing.T, who string) {
	t.Helper()
	unread := c.rows(who, "/notes?unread=true", "items")
	if n := c.got(who, "GET", "/notes/unread", nil, http.StatusOK); n["count"] != float64(len(unread)) && n["more"] != true {
		t.Errorf("%s: %v notes are counted, %d listed", who, n, len(unread))
	}
	for id := range of(c.rows(who, "/notes", "items"), "id") {
		for _, other := range []string{who, "neighbour", "watcher", "chief elsewhere", "admin.security"} {
			if w := c.ask(other, "POST", "/notes/"+id+"/read", nil); other != who && w.Code != http.StatusNotFound || other == who && w.Code != http.StatusNoContent {
				t.Errorf("%s reads a note of %s: %d", other, who, w.Code)
			}
		}
		break // one is as good as all
	}
	if left := c.rows(who, "/notes?unread=true", "items"); len(unread) > 0 && len(left) >= len(unread) {
		t.Errorf("%s has read one of %d notes, and %d are unread", who, len(unread), len(left))
	}
}

// feedsAgree compares the runs that stand under the feeds with what single reads of all runs of
// both counties allow.
func (c *counties) feedsAgree(t *testing.T, who string) {
	t.Helper()
	listed, reads := ids{}, ids{}
	for _, f := range objects(c.got(who, "GET", "/feeds", nil, http.StatusOK)["feeds"].([]any)) {
		listed.add(slices.Collect(maps.Keys(of(objects(f["runs"].([]any)), "id")))...)
	}
	for run := range c.runs() {
		if c.ask(who, "GET", "/feeds/"+hotline+"/runs/"+run, nil).Code == http.StatusOK {
			reads.add(run)
		}
	}
	c.same(t, who, "the runs of feeds", listed, reads)
}

// runs are those of both counties.
func (c *counties) runs() ids {
	c.Helper()
	if c.things["runs"] == nil {
		c.things["runs"] = []string{c.imported(c.home), c.imported(c.other)}
	}
	s := ids{}
	s.add(c.things["runs"]...)
	return s
}

// papersAgree compares the forms that are listed with those of whose number one gets the code.
// Numbers are counted in each county: the other one has more of them.
func (c *counties) papersAgree(t *testing.T, who string) {
	t.Helper()
	for by, count := range map[string]int{"dispatcher": 3, "clerk elsewhere": 40} {
		key := "forms " + c.people[by].Jurisdiction
		if c.things[key] == nil {
			made := c.got(by, "POST", "/paper/forms", map[string]any{"class": "incident/sample:0102", "count": count}, http.StatusOK)["forms"].([]any)
			c.things[key] = slices.Sorted(maps.Keys(of(objects(made), "number")))
		}
	}
	listed, reads := ids{}, ids{}
	if w := c.ask(who, "GET", "/paper/forms", nil); w.Code == http.StatusOK {
		for _, f := range objects(c.got(who, "GET", "/paper/forms", nil, http.StatusOK)["forms"].([]any)) {
			listed.add(f["number"].(string))
		}
	} else if w.Code != http.StatusForbidden {
		t.Errorf("%s: the forms: %d %s", who, w.Code, w.Body)
	}
	for _, n := range c.things["forms "+c.people[who].Jurisdiction] {
		if c.ask(who, "GET", "/paper/code?number="+url.QueryEscape(n), nil).Code == http.StatusOK {
			reads.add(n)
		}
	}
	c.same(t, who, "the forms on paper", listed, reads)
}

// setupAgrees compares the units and packs that are listed with those that can be named alone:
// to whom there is no list, nothing of either.
func (c *counties) setupAgrees(t *testing.T, who string) {
	t.Helper()
	listed, named := ids{}, ids{}
	w := c.ask(who, "GET", "/setup/units", nil)
	if w.Code == http.StatusOK {
		for _, u := range objects(c.got(who, "GET", "/setup/units", nil, http.StatusOK)["units"].([]any)) {
			listed.add(u["id"].(string))
		}
	} else if w.Code != http.StatusForbidden {
		t.Errorf("%s: the units: %d %s", who, w.Code, w.Body)
	}
	for _, o := range offices {
		id := c.unit(c.home, o.Code)
		// A unit above itself is refused where the unit is there, and changes nothing.
		if w := c.ask(who, "PUT", "/setup/units/"+id, map[string]any{"name": "样例站", "parent_id": id}); w.Code != http.StatusNotFound && w.Code != http.StatusForbidden {
			named.add(id)
		}
	}
	for _, o := range officesElsewhere {
		id := c.unit(c.other, o.Code)
		if w := c.ask(who, "PUT", "/setup/units/"+id, map[string]any{"name": "样例站", "parent_id": id}); w.Code != http.StatusNotFound && w.Code != http.StatusForbidden {
			named.add(id)
		}
	}
	c.same(t, who, "the units", listed, named)
	packs := c.ask(who, "GET", "/setup/packs", nil)
	if packs.Code != w.Code {
		t.Errorf("%s: the units %d, the packs %d", who, w.Code, packs.Code)
	}
	if packs.Code != http.StatusOK {
		return
	}
	for _, p := range objects(c.got(who, "GET", "/setup/packs", nil, http.StatusOK)["packs"].([]any)) {
		for _, v := range objects(p["versions"].([]any)) {
			hash := v["hash"].(string)
			c.got(who, "GET", "/setup/packs/"+p["name"].(string)+"/changes?from="+hash+"&to="+hash, nil, http.StatusOK)
		}
	}
}
