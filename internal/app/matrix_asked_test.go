package app_test

import (
	"net/http"
	"strings"
	"testing"
)

// Whoever reports, takes a place or objects gives what the form asks and nothing else: not what
// was done about it, how it was answered and rated, who is to handle it, or what is granted for it.
// What an act does not ask is not kept.
func (c *counties) nothingUnasked(t *testing.T) {
	c.T = t
	village, job, grant := c.place("990101001201"), c.things[string(anOffer)+string(own)][0], c.things[string(aGrant)+string(own)][0]
	report := func(fields, seats map[string]any) map[string]any {
		return map[string]any{"class": "incident/sample:0102", "channel": "home", "text": "样例", "area_id": village, "fields": fields, "seats": seats}
	}
	for _, who := range []string{"resident", "dispatcher", "county_chief"} {
		for name, value := range map[string]any{"result": "done", "reply": "it is done", "stars": 5} {
			c.unasked(t, who, "/cases", name, report(map[string]any{name: value}, nil))
		}
		c.unasked(t, who, "/cases", "handler", report(nil, map[string]any{"handler": c.unit(c.home, "sanitation")}))
		c.unasked(t, who, "/cases", "handler", report(map[string]any{"handler": c.unit(c.home, "sanitation")}, nil))
	}
	for name, value := range map[string]any{"points": 999, "granted": 999, "grade": "full", "reviewer": "community_admin", "claimant": c.people["resident"].ID} {
		c.unasked(t, "second neighbour", "/offers/"+job+"/claims", name, map[string]any{"fields": map[string]any{name: value}})
	}
	for name, value := range map[string]any{"granted": 1, "item": "other", "finding": "as I say"} {
		c.unasked(t, "neighbour", "/intake/notices/"+grant+"/grant/objections", name, map[string]any{"jurisdiction": "990101", "text": "样例", "fields": map[string]any{name: value}})
	}
	c.got("resident", "POST", "/cases/"+c.cases["bin"]+"/moves", map[string]any{"action": "comment", "note": "样例", "values": map[string]any{"stars": 5, "reply": "as nobody said"}}, http.StatusOK)
	if w := c.ask("resident", "GET", "/cases/"+c.cases["bin"], nil); strings.Contains(w.Body.String(), "as nobody said") {
		t.Errorf("a remark keeps what it does not ask: %s", w.Body)
	}
}

// unasked expects that a request is refused for what it says of one thing.
func (c *counties) unasked(t *testing.T, who, path, name string, body map[string]any) {
	t.Helper()
	w := c.ask(who, "POST", path, body)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"`+name+`"`) {
		t.Errorf("%s gives %s to %s: %d %s", who, name, path, w.Code, w.Body)
	}
}
