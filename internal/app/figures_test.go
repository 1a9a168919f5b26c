package app_test

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Every count of a county, a street, a village and a grid worker is as long as the list it leads
// to, and what the areas hold adds up to it; a part of the county counts its own.
func TestFiguresAreAsLongAsTheirLists(t *testing.T) {
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			o := newOffice(t, engine)
			seen := map[string]float64{}
			o.openOf("incident/sample:0402", "a smell of gas at the bridge")
			for _, login := range []string{"leader", "street", "village", "wg029"} {
				cookie := o.logIn(login)
				f := o.figures(cookie, "")
				o.asLongAsLists(login, cookie, f)
				for _, x := range append(f["counts"].([]any), f["solved"].([]any)...) {
					x := x.(map[string]any)
					seen[x["name"].(string)] += x["n"].(float64)
				}
			}
			for _, name := range []string{"all", "overdue", "unassigned", "urgent", "closed", "on_time", "late", "4", "5", "6"} {
				if seen[name] == 0 {
					t.Errorf("no %s case to count", name)
				}
			}
			leader := o.logIn("leader")
			areas := o.figures(leader, "level=4")["areas"].([]any)
			part := areas[len(areas)-1].(map[string]any)
			f := o.figures(leader, "level=5&days=7&area="+part["area"].(string))
			o.asLongAsLists("leader of a street", leader, f)
			if f["counts"].([]any)[0].(map[string]any)["n"] != part["open"] {
				t.Errorf("%v of %v", f["counts"], part)
			}
			o.tellsNothingPersonal(leader)
			o.drawn(leader, part["area"].(string))
			for _, bad := range []string{"level=2", "area=nowhere", "days=-1"} {
				if w, _ := o.send("GET", "/figures?"+bad, leader, nil); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest {
					t.Errorf("%s: %d %s", bad, w.Code, w.Body)
				}
			}
		})
	}
}

func (o office) figures(cookie, query string) map[string]any {
	o.Helper()
	w, f := o.send("GET", "/figures?"+query, cookie, nil)
	if w.Code != http.StatusOK {
		o.Fatal(w.Code, w.Body)
	}
	return f
}

func (o office) asLongAsLists(who, cookie string, f map[string]any) {
	o.Helper()
	sums := map[string]float64{}
	for _, a := range f["areas"].([]any) {
		a := a.(map[string]any)
		sums["all"] += a["open"].(float64)
		sums["overdue"] += a["overdue"].(float64)
		sums["urgent"] += a["urgent"].(float64)
		sums["opened_today"] += a["opened"].(float64)
		sums["closed"] += a["closed"].(float64)
		sums["late"] += a["late"].(float64)
	}
	for _, x := range append(f["counts"].([]any), f["solved"].([]any)...) {
		x := x.(map[string]any)
		query := url.Values{"limit": {"200"}}
		for k, v := range x["query"].(map[string]any) {
			query.Set(k, v.(string))
		}
		n := 0
		for {
			w, page := o.send("GET", "/cases?"+query.Encode(), cookie, nil)
			if w.Code != http.StatusOK {
				o.Fatal(who, query, w.Body)
			}
			n += len(page["cases"].([]any))
			next, more := page["next"].(string)
			if !more {
				break
			}
			query.Set("cursor", next)
		}
		if float64(n) != x["n"] {
			o.Errorf("%s: %v are counted, %d listed", who, x, n)
		}
		name := x["name"].(string)
		if sum, ok := sums[name]; ok && sum != x["n"] {
			o.Errorf("%s: %v in all, %v by areas", who, x, sum)
		}
	}
}

// News say what kind of matter and about where, newest first, and nothing that people wrote; of a
// class that is not public not even that.
func (o office) tellsNothingPersonal(cookie string) {
	o.Helper()
	_, page := o.send("GET", "/figures/news", cookie, nil)
	news := page["news"].([]any)
	public, before := 0, math.Inf(1)
	for _, x := range news {
		x := x.(map[string]any)
		if x["at"].(float64) > before || x["step_title"] == "" || x["area_name"] == "" {
			o.Error(x)
		}
		before = x["at"].(float64)
		if x["class_title"] != nil {
			public++
		} else if strings.Contains(x["area_name"].(string), "网格") {
			o.Error("the grid of what is not public is told", x)
		}
		for name := range x {
			if !slices.Contains([]string{"case", "at", "class_title", "area_name", "step_title", "phase", "urgent"}, name) {
				o.Error("tells", name)
			}
		}
	}
	if len(news) < 5 || public == 0 {
		o.Error(len(news), "news,", public, "of public classes")
	}
}

// The outlines of a level are those of an area's own parts and of nothing beside it, within what a
// screen is to load; another county's area is not there.
func (o office) drawn(cookie, street string) {
	o.Helper()
	w, page := o.send("GET", "/areas/outlines?level=6", cookie, nil)
	levels := map[float64]int{}
	for _, x := range page["areas"].([]any) {
		x := x.(map[string]any)
		levels[x["level"].(float64)]++
		if x["level"].(float64) > 3 && x["parent"] == nil {
			o.Error("lies in nothing that is drawn", x["name"])
		}
	}
	if levels[3] != 1 || levels[4] != 10 || levels[6] != 47 || w.Body.Len() > 320<<10 {
		o.Errorf("%v in %d bytes", levels, w.Body.Len())
	}
	w, page = o.send("GET", "/areas/outlines?level=7&area="+street, cookie, nil)
	if n := len(page["areas"].([]any)); n != 1+8+479 || w.Body.Len() > 320<<10 {
		o.Errorf("%d areas in %d bytes", n, w.Body.Len())
	}
	if w, _ := o.send("GET", "/areas/outlines?level=6&area=elsewhere", cookie, nil); w.Code != http.StatusBadRequest {
		o.Error(w.Code, w.Body)
	}
}
