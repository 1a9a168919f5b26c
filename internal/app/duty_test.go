package app_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"gezhi/internal/db"
)

// Who is on duty is told to those who work there, and to nobody else; the calendar says of each day
// whether it is worked and why not; a limit tells the steps of its sum; and the life of a pack is drawn
// for whoever keeps packs, in the language that was asked for.
func TestWhoIsOnDutyTheCalendarAndTheDiagramAnswer(t *testing.T) {
	o := sampled(t, db.SQLite, "-demo")
	o.duty()
	o.calendar()
	o.diagram()
}

func (o office) duty() {
	o.Helper()
	shifts := func(login string) (now, mine int) {
		_, v := o.send("GET", "/duty", o.logIn(login), nil)
		all, ok := v["shifts"].([]any)
		if !ok {
			o.Fatalf("%s: %v", login, v)
		}
		for _, x := range all {
			s := x.(map[string]any)
			if s["area_name"] == "" || s["name"] == "" || s["until"].(float64) <= s["from"].(float64) {
				o.Errorf("%s: %v", login, s)
			}
			if s["now"] == true {
				now++
			}
			if s["mine"] == true {
				mine++
			}
		}
		return now, mine
	}
	// At any moment a clerk and a leader are on duty for the street.
	if now, mine := shifts("clerk"); now != 2 || mine == 0 {
		o.Errorf("the clerk sees %d on duty and %d shifts of their own", now, mine)
	}
	if now, mine := shifts("street"); now != 2 || mine != 0 {
		o.Errorf("the dispatcher sees %d on duty and %d shifts of their own", now, mine)
	}
	if now, mine := shifts("wg034"); now != 0 || mine != 0 {
		o.Errorf("a grid worker of a village sees %d and %d", now, mine)
	}
}

func (o office) calendar() {
	o.Helper()
	cookie := o.logIn("street")
	_, v := o.send("GET", "/calendar?year=2026", cookie, nil)
	days := map[string]map[string]any{}
	for _, d := range v["days"].([]any) {
		days[d.(map[string]any)["day"].(string)] = d.(map[string]any)
	}
	if len(days) != 365 || v["announced"] != true {
		o.Errorf("%d days, announced: %v", len(days), v["announced"])
	}
	for day, want := range map[string]struct {
		worked, madeUp bool
	}{"2026-02-17": {}, "2026-02-28": {true, true}, "2026-03-02": {true, false}, "2026-03-07": {}} {
		d := days[day]
		if worked := len(d["hours"].([]any)) > 0; worked != want.worked || (d["made_up"] == true) != want.madeUp || !worked && d["reason"] == nil {
			o.Errorf("%s: %v", day, d)
		}
	}
	if _, far := o.send("GET", "/calendar?year=2099", cookie, nil); far["announced"] != false {
		o.Error("nobody has announced 2099")
	}
	// Thursday 12 February 2026, 09:00: Friday and the made-up Saturday are worked, then comes the festival.
	_, v = o.send("GET", "/calendar/due?limit=3+working+days&from=1770858000000", cookie, nil)
	if v["due"] != float64(1771925400000) || !strings.Contains(o.text(v["why"]), "春节") {
		o.Errorf("%v", v)
	}
	for _, wrong := range []string{"limit=soon&from=1770858000000", "limit=3+working+days&from=1"} {
		if w, _ := o.send("GET", "/calendar/due?"+wrong, cookie, nil); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest {
			o.Errorf("%s: %d", wrong, w.Code)
		}
	}
}

func (o office) text(list any) string {
	var all []string
	for _, x := range list.([]any) {
		all = append(all, x.(string))
	}
	return strings.Join(all, "\n")
}

func (o office) diagram() {
	o.Helper()
	keeper := o.logIn("sysadmin")
	said := map[string]string{}
	for _, lang := range []string{"zh", "en"} {
		w, _ := o.send("GET", "/setup/packs/incident/diagram?life=incident&lang="+lang, keeper, nil)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/svg+xml" {
			o.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
		}
		said[lang] = w.Body.String()
		for d := xml.NewDecoder(strings.NewReader(said[lang])); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				o.Fatalf("the drawing in %s is not well formed: %v", lang, err)
			}
		}
	}
	if said["zh"] == said["en"] || !strings.Contains(said["zh"], "已采集") || strings.Contains(said["en"], "已采集") {
		o.Error("both drawings speak one language")
	}
	for path, want := range map[string]int{"incident/diagram?life=none": http.StatusNotFound, "nothing/diagram?life=incident": http.StatusNotFound} {
		if w, _ := o.send("GET", "/setup/packs/"+path, keeper, nil); w.Code != want {
			o.Errorf("%s: %d", path, w.Code)
		}
	}
	if w, _ := o.send("GET", "/setup/packs/incident/diagram?life=incident", o.logIn("street"), nil); w.Code != http.StatusForbidden {
		o.Errorf("a dispatcher: %d", w.Code)
	}
}
