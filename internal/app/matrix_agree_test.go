package app_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"
)

// ids is a set of ids.
type ids map[string]bool

func (s ids) add(all ...string) {
	for _, x := range all {
		if x != "" {
			s[x] = true
		}
	}
}

// names are the cases of a set by the names that the test gave them, for its messages.
func (c *counties) names(s ids) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(s)) {
		name := id
		for n, x := range c.cases {
			if x == id {
				name = n
			}
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// same complains where two ways to find the same do not agree.
func (c *counties) same(t *testing.T, who, what string, got, want ids) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("%s: %s: %v, but single reads allow %v", who, what, c.names(got), c.names(want))
	}
}

// within complains where something is shown that single reads do not allow.
func (c *counties) within(t *testing.T, who, what string, got, want ids) {
	t.Helper()
	for id := range got {
		if !want[id] {
			t.Errorf("%s: %s shows %v, but single reads allow %v", who, what, c.names(ids{id: true}), c.names(want))
		}
	}
}

// rows are all items of a list, over all its pages.
func (c *counties) rows(who, path, field string) (all []map[string]any) {
	c.Helper()
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	for cursor := ""; ; {
		page := c.got(who, "GET", path+join+"limit=7"+cursor, nil, http.StatusOK)
		for _, x := range page[field].([]any) {
			all = append(all, x.(map[string]any))
		}
		next, _ := page["next"].(string)
		if next == "" {
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(next)
	}
}

// of is the set of one value of rows.
func of(rows []map[string]any, field string) ids {
	s := ids{}
	for _, r := range rows {
		v, _ := r[field].(string)
		s.add(v)
	}
	return s
}

// What somebody finds of cases by a single read, a list and its filters, a search, an export, a
// file, what is alike, what was told, what is to be called, and what is heard live, is one and
// the same set, however they look.
func (c *counties) agreement(t *testing.T) {
	c.T = t
	every := c.everyCase()
	found := map[string]ids{}
	shown := 0
	for _, who := range readers() {
		reads := ids{}
		for id := range every {
			if w := c.ask(who, "GET", "/cases/"+id, nil); w.Code == http.StatusOK {
				reads.add(id)
			} else if w.Code != http.StatusNotFound {
				t.Errorf("%s reads a case: %d %s", who, w.Code, w.Body)
			}
		}
		found[who] = reads
		shown += len(reads)
		c.listsAgree(t, who, reads)
		c.sortsAgree(t, who, reads)
		c.furtherListsAgree(t, who)
		c.figuresAgree(t, who)
		c.filesAgree(t, who, reads)
		c.mentionsAgree(t, who, reads, every)
		c.othersAgree(t, who)
	}
	c.eventsAgree(t, found)
	t.Logf("%d cases, %d readers, %d times one may be read", len(every), len(found), shown)
}

// readers are all of the table who are logged in, and some who see for other reasons.
func readers() (all []string) {
	for _, s := range standpoints {
		if s.role != anonymous {
			all = append(all, s.role)
		}
	}
	return append(all, "neighbour", "second deputy", "colleague", "cleaner", "stand-in", "watcher", "clerk elsewhere")
}

// everyCase are the ids of all cases and parts of both counties.
func (c *counties) everyCase() ids {
	c.Helper()
	all := ids{}
	for _, who := range []string{"county_chief", "watcher", "neighbour", "chief elsewhere", "handler", "cleaner"} {
		for _, queue := range []string{"", "&queue=closed"} {
			all.add(slices.Collect(maps.Keys(of(c.rows(who, "/cases?tasks=true"+queue, "cases"), "id")))...)
		}
	}
	c.registered = ids{}
	for _, r := range append(c.rows("county_chief", "/cases", "cases"), c.rows("chief elsewhere", "/cases", "cases")...) {
		if strings.HasPrefix(r["class"].(string), "registers/") {
			c.registered.add(r["id"].(string))
		}
	}
	for name, id := range c.cases {
		if !all[id] {
			c.Errorf("nobody sees %s", name)
		}
	}
	return all
}

// listsAgree compares lists, their filters, searches and exports with what may be read.
func (c *counties) listsAgree(t *testing.T, who string, reads ids) {
	t.Helper()
	whole := append(c.rows(who, "/cases?tasks=true", "cases"), c.rows(who, "/cases?tasks=true&queue=closed", "cases")...)
	c.same(t, who, "the lists", of(whole, "id"), reads)
	if n := len(whole); n != len(reads) {
		t.Errorf("%s: %d rows of %d cases", who, n, len(reads))
	}
	for _, queue := range []string{"mine", "unassigned", "due_soon", "overdue", "returned", "supervised", "sampled"} {
		c.within(t, who, queue, of(c.rows(who, "/cases?tasks=true&queue="+queue, "cases"), "id"), reads)
	}
	open, closed := c.rows(who, "/cases", "cases"), c.rows(who, "/cases?queue=closed", "cases")
	cases := append(slices.Clone(open), closed...)
	for field, filter := range map[string]string{"class": "class", "severity": "severity", "phase": "phase"} {
		for value := range of(whole, field) {
			narrow := filter + "=" + url.QueryEscape(value)
			if field != "phase" {
				c.same(t, who, "the closed ones with "+narrow, of(c.rows(who, "/cases?queue=closed&"+narrow, "cases"), "id"), having(closed, field, value))
				c.same(t, who, "the list with "+narrow, of(c.rows(who, "/cases?"+narrow, "cases"), "id"), having(open, field, value))
			} else {
				c.same(t, who, "the list with "+narrow, of(c.rows(who, "/cases?"+narrow, "cases"), "id"), having(cases, field, value))
			}
			c.same(t, who, "the search with "+narrow, c.searched(who, "&"+narrow), c.worded(having(whole, field, value)))
		}
	}
	c.same(t, who, "the search", c.searched(who, ""), c.worded(of(whole, "id")))
	numbers := of(cases, "number")
	c.same(t, who, "the table", c.exported(who, "/cases.csv", readCSV), numbers)
	c.same(t, who, "the workbook", c.exported(who, "/cases.xlsx", readXLSX), numbers)
	for number := range numbers {
		hits := objects(c.got(who, "GET", "/search?q="+url.QueryEscape(number), nil, http.StatusOK)["hits"].([]any))
		if len(hits) == 0 || hits[0]["numbered"] != true || hits[0]["case"].(map[string]any)["number"] != number {
			t.Errorf("%s: %s is not found: %v", who, number, hits)
		}
	}
}

// figuresAgree compares every count with the list of its query.
func (c *counties) figuresAgree(t *testing.T, who string) {
	t.Helper()
	f := c.got(who, "GET", "/figures", nil, http.StatusOK)
	for _, x := range objects(append(f["counts"].([]any), f["solved"].([]any)...)) {
		query := url.Values{}
		for k, v := range x["query"].(map[string]any) {
			query.Set(k, v.(string))
		}
		if n := len(c.rows(who, "/cases?"+query.Encode(), "cases")); float64(n) != x["n"] {
			t.Errorf("%s: %v are counted, %d listed", who, x, n)
		}
	}
}

// worded are those of some cases in whose texts the word stands: not those that a register
// opened by itself.
func (c *counties) worded(s ids) ids {
	out := maps.Clone(s)
	for id := range c.registered {
		delete(out, id)
	}
	return out
}

// having are the ids of the rows with a value.
func having(rows []map[string]any, field, value string) ids {
	s := ids{}
	for _, r := range rows {
		if r[field] == value {
			s.add(r["id"].(string))
		}
	}
	return s
}

// searched are the cases that a search for the word in all of them finds.
func (c *counties) searched(who, filter string) ids {
	c.Helper()
	s := ids{}
	for _, h := range c.rows(who, "/search?q="+url.QueryEscape(searched)+filter, "hits") {
		s.add(h["case"].(map[string]any)["id"].(string))
	}
	return s
}

// exported are the numbers in the tables of what is open and what is closed.
func (c *counties) exported(who, path string, read func([]byte) ([][]string, error)) ids {
	c.Helper()
	s := ids{}
	for _, queue := range []string{"", "?queue=closed"} {
		w := c.ask(who, "GET", path+queue, nil)
		rows, err := read(w.Body.Bytes())
		if w.Code != http.StatusOK || err != nil || len(rows) == 0 {
			c.Fatal(who, path, w.Code, err)
		}
		for _, r := range rows[1:] {
			s.add(r[0])
		}
	}
	return s
}

func readCSV(b []byte) ([][]string, error) { return csv.NewReader(bytes.NewReader(b)).ReadAll() }

func readXLSX(b []byte) ([][]string, error) {
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.GetRows(f.GetSheetName(0))
}

// filesAgree gets every file of every case, and of none that may not be read.
func (c *counties) filesAgree(t *testing.T, who string, reads ids) {
	t.Helper()
	for name, file := range c.files {
		w := c.ask(who, "GET", "/files/"+file, nil)
		masked := w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), `"file.masked"`)
		if there := w.Code == http.StatusOK || masked; there != reads[c.cases[name]] {
			t.Errorf("%s: the file of %s: %d, but single reads allow %v", who, name, w.Code, c.names(reads))
		}
	}
}

// mentionsAgree looks for cases that are shown beside others, or in what was told of them.
func (c *counties) mentionsAgree(t *testing.T, who string, reads, every ids) {
	t.Helper()
	for id := range every {
		c.within(t, who, "the parts of "+id, of(c.rows(who, "/cases?tasks=true&parent="+id, "cases"), "id"), reads)
	}
	for id := range reads {
		v := c.got(who, "GET", "/cases/"+id, nil, http.StatusOK)
		if parts, ok := v["parts"].([]any); ok {
			c.within(t, who, "the parts beside "+c.names(ids{id: true})[0], of(objects(parts), "id"), reads)
		}
		likely := c.got(who, "GET", "/cases/"+id+"/duplicates", nil, http.StatusOK)["duplicates"].([]any)
		c.within(t, who, "what is like "+id, of(objects(likely), "id"), reads)
	}
	for class, place := range map[string]string{"incident/sample:0101": "99010100120101", "incident/sample:0102": "990101002201", "incident/sample:20": "99010100120101"} {
		likely := c.got(who, "POST", "/cases/duplicates", map[string]any{"class": class, "text": "样例 " + searched, "area_id": c.place(place)}, http.StatusOK)["duplicates"].([]any)
		c.within(t, who, "what is like a new one", of(objects(likely), "id"), reads)
	}
	earlier := c.got(who, "POST", "/cases/earlier", map[string]any{"phone": "13800000000", "purpose": "contact"}, http.StatusOK)["cases"].([]any)
	c.within(t, who, "earlier ones of a number", of(objects(earlier), "id"), reads)
	for _, list := range []string{"/notes", "/calls", "/deliveries", "/dead-letters"} {
		if w := c.ask(who, "GET", list, nil); w.Code == http.StatusForbidden {
			continue
		}
		rows := c.rows(who, list, "items")
		about := of(rows, "case")
		for subject := range of(rows, "subject") {
			about.add(strings.TrimPrefix(subject, "case/"))
		}
		c.within(t, who, list, about, reads)
	}
}

func objects(list []any) (out []map[string]any) {
	for _, x := range list {
		out = append(out, x.(map[string]any))
	}
	return out
}

// othersAgree compares the lists of records and of accounts with single reads, and sees that
// what forms choose from is of the own county.
func (c *counties) othersAgree(t *testing.T, who string) {
	t.Helper()
	reads := ids{}
	for _, id := range c.records {
		if c.ask(who, "GET", "/records/"+id, nil).Code == http.StatusOK {
			reads.add(id)
		}
	}
	c.same(t, who, "the list of records", of(c.rows(who, "/records?kind=registers/household", "records"), "id"), reads)
	home := ids{} // of the reader
	for _, p := range c.people {
		if p.Jurisdiction == c.people[who].Jurisdiction {
			home.add(p.ID)
		}
	}
	if c.ask(who, "GET", "/accounts", nil).Code == http.StatusOK {
		reads := ids{}
		for _, p := range c.people {
			if c.ask(who, "GET", "/accounts/"+p.ID, nil).Code == http.StatusOK {
				reads.add(p.ID)
			}
		}
		for _, sort := range []string{"", "?sort=name", "?sort=latest"} {
			c.same(t, who, "the list of accounts"+sort, of(c.rows(who, "/accounts"+sort, "accounts"), "id"), reads)
		}
	}
	c.within(t, who, "people", of(objects(c.got(who, "GET", "/people", nil, http.StatusOK)["people"].([]any)), "id"), home)
	c.within(t, who, "charges", of(objects(c.got(who, "GET", "/charges", nil, http.StatusOK)["people"].([]any)), "id"), home)
	if c.people[who].Jurisdiction == c.other.ID {
		return
	}
	for _, path := range []string{"/units", "/accused", "/areas?parent=" + c.place("9901"), "/areas?parent=" + c.place("990102"), "/places?q=" + url.QueryEscape("南山村"), "/delegations", "/delegations/posts"} {
		body := c.ask(who, "GET", path, nil).Body.String()
		for _, elsewhere := range []string{c.unit(c.other, "north"), c.place("990102"), c.place("990102001"), c.place("990102001201"), c.people["clerk elsewhere"].ID} {
			if strings.Contains(body, elsewhere) {
				t.Errorf("%s: %s shows something of the other county: %s", who, path, body)
			}
		}
	}
}

// eventsAgree lets something happen to every case while everybody listens.
func (c *counties) eventsAgree(t *testing.T, reads map[string]ids) {
	t.Helper()
	server := httptest.NewServer(c.app.Web)
	defer server.Close()
	heard, begun := map[string]ids{}, make(chan struct{})
	var mu sync.Mutex
	var all sync.WaitGroup
	for who := range reads {
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/events", nil)
		c.must(err)
		r.Header.Set("Cookie", "gezhi_session="+c.token(who))
		all.Go(func() {
			mine := ids{}
			defer func() { mu.Lock(); heard[who] = mine; mu.Unlock() }()
			w, err := server.Client().Do(r)
			if err != nil {
				t.Error(err)
				begun <- struct{}{}
				return
			}
			defer w.Body.Close()
			lines := bufio.NewScanner(w.Body)
			for first := true; lines.Scan(); first = false {
				if first {
					begun <- struct{}{}
				}
				var e struct{ Topic, ID string }
				data, ok := strings.CutPrefix(lines.Text(), "data: ")
				if !ok || json.Unmarshal([]byte(data), &e) != nil || strings.HasPrefix(e.Topic, "notes/") || strings.HasPrefix(e.Topic, "calls/") {
					continue
				}
				if e.ID == "the end" {
					return
				}
				mine.add(e.ID)
			}
			t.Errorf("%s hears no more", who)
		})
	}
	for range reads {
		<-begun
	}
	moved := c.everythingMoves()
	for who := range reads {
		c.app.Web.Hub.Publish("person/"+c.people[who].ID, "the end")
	}
	all.Wait()
	for who, mine := range heard {
		want := ids{}
		for id := range reads[who] {
			if moved[id] {
				want.add(id)
			}
		}
		if who == "stand-in" || who == "neighbour" { // who acts for somebody, and whose report was merged, may miss something
			c.within(t, who, "what is heard live", mine, want)
			continue
		}
		c.same(t, who, "what is heard live", mine, want)
	}
}

// everythingMoves lets something happen to each case, by who may.
func (c *counties) everythingMoves() ids {
	c.Helper()
	moved := ids{}
	for name, id := range c.cases {
		moved.add(id)
		switch name {
		case "proposal", "second proposal":
			c.does(name, deed{"congress_office", "register", nil})
		case "litter", "second bin":
			delete(moved, id) // closed
		case "third bin":
			c.does(name, deed{"resident", "comment", map[string]any{"note": "seen"}})
		case "far":
			c.does(name, deed{"resident elsewhere", "comment", map[string]any{"note": "seen"}})
		case "bin":
			c.does(name, deed{"resident", "comment", map[string]any{"note": "seen"}})
		case "road":
			c.does(name, deed{"resident beyond", "comment", map[string]any{"note": "seen"}})
		default:
			c.does(name, deed{"neighbour", "comment", map[string]any{"note": "seen"}})
		}
	}
	return moved
}
