package app_test

import (
	"net/http"
	"net/url"
	"testing"
)

// Every count of a county, a street, a village and a grid worker is as long as the list it leads
// to, and what the areas hold adds up to it; a part of the county counts its own.
func TestFiguresAreAsLongAsTheirLists(t *testing.T) {
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			o := newOffice(t, engine)
			seen := map[string]float64{}
			for _, login := range []string{"leader", "street", "village", "wg029"} {
				cookie := o.logIn(login)
				f := o.figures(cookie, "")
				o.asLongAsLists(login, cookie, f)
				for _, x := range f["counts"].([]any) {
					x := x.(map[string]any)
					seen[x["name"].(string)] += x["n"].(float64)
				}
			}
			for _, name := range []string{"all", "overdue", "unassigned", "closed", "on_time", "late"} {
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
