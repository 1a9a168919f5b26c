package app_test

import (
	"net/http"
	"net/url"
	"testing"

	"gezhi/internal/db"
)

// index writes what searches find of all that has moved.
func (o office) index() {
	o.Helper()
	for {
		n, err := o.app.Search.Drain(o.Context())
		if err != nil {
			o.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// What somebody reports is found by its words as soon as the lane has worked, by those who
// see the case and by nobody else; a note is found too; a telephone number in it is not.
func TestAReportIsFoundByItsWords(t *testing.T) {
	o := newOffice(t, db.SQLite)
	worker := o.logIn("wg029")
	_, areas := o.send("GET", "/areas", worker, nil)
	area := areas["areas"].([]any)[0].(map[string]any)
	_, v := o.send("POST", "/cases", worker, map[string]any{"class": "incident/sample:0102", "text": "青石巷口的垃圾桶满溢，请打13800000000", "area_id": area["id"], "channel": "field"})
	found := func(cookie, query string) (ids []string) {
		w, v := o.send("GET", "/search?"+query, cookie, nil)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		for _, h := range v["hits"].([]any) {
			ids = append(ids, h.(map[string]any)["case"].(map[string]any)["id"].(string))
		}
		return ids
	}
	o.index()
	street := o.logIn("street")
	q := func(s string) string { return "q=" + url.QueryEscape(s) }
	for _, c := range []struct {
		cookie, query string
		want          int
	}{
		{street, q("青石巷口"), 1}, {worker, q("满溢 垃圾桶"), 1}, {street, q("青石巷口 " + area["name"].(string)), 1}, {street, q(v["number"].(string)), 1}, {street, q("13800000000"), 0},
		{street, q("青石巷口") + "&class=incident/sample:0102&phase=waiting", 1}, {street, q("青石巷口") + "&phase=closed", 0},
		{street, q("青石巷口") + "&area=" + area["id"].(string), 1}, {street, q("青石巷口") + "&until=2020-01-01", 0}, {street, q("青石巷口") + "&from=2020-01-01", 1},
		{o.logIn("wg034"), q("青石巷口"), 0},
	} {
		if got := found(c.cookie, c.query); len(got) != c.want || c.want == 1 && got[0] != v["id"] {
			t.Errorf("%s: %v", c.query, got)
		}
	}
	if got := found(o.logIn("leader"), q("垃圾")); len(got) < 2 {
		t.Errorf("of the sample county's own cases only %v are found", got)
	}
	for _, bad := range []string{q(""), q("水"), q("路灯") + "&from=soon", q("路灯") + "&cursor=x", q("路灯") + "&class=no/such:1", q("路灯") + "&area=nowhere"} {
		if w, _ := o.send("GET", "/search?"+bad, street, nil); w.Code < 400 || w.Code >= 500 {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
	if w, _ := o.send("GET", "/search?"+q("路灯"), "", nil); w.Code != http.StatusUnauthorized {
		t.Error(w.Code)
	}
}
