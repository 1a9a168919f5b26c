package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gezhi/internal/db"
)

// Whoever types a place with a slip of the pen is offered the one that is meant, with where it
// lies; what cannot be chosen has no id.
func TestAPlaceIsProposed(t *testing.T) {
	o := newOffice(t, db.SQLite)
	street := o.logIn("street")
	for q, want := range map[string]string{
		"浮元街道":         "云和县浮云街道 near 4",
		"云和县浮云街道":      "云和县浮云街道 name 4",
		"大港口镇":         "莲都区大港头镇 near 4",
		"%' OR 1=1 --": "",
	} {
		w, v := o.send("GET", "/places?q="+url.QueryEscape(q), street, nil)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %s", q, w.Body)
		}
		var got []string
		for _, p := range v["places"].([]any) {
			m := p.(map[string]any)
			s := m["path"].(string) + m["name"].(string) + " " + m["how"].(string) + " " + string(rune('0'+int(m["level"].(float64))))
			if away := m["elsewhere"] == true; away != (m["id"] == "") {
				t.Errorf("%s: %v", q, m)
			} else if away {
				s += " elsewhere"
			}
			got = append(got, s)
		}
		if first, _, _ := strings.Cut(strings.Join(got, ", "), ","); first != want {
			t.Errorf("%s: %v, want %s", q, got, want)
		}
	}
	for _, q := range []string{"", strings.Repeat("村", 51)} {
		if w, _ := o.send("GET", "/places?q="+url.QueryEscape(q), street, nil); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d", q, w.Code)
		}
	}
	if w, _ := o.send("GET", "/places?q=x", "", nil); w.Code != http.StatusUnauthorized {
		t.Error(w.Code)
	}
}

// Where a seat is limited to a register the form says so, and the list of people then holds those
// who stand there today and nobody else. Of a kind of records that limits no seat it tells nothing.
func TestAPickerListsWhoStandsInTheRegister(t *testing.T) {
	o := sampled(t, db.SQLite)
	congress := o.logIn("congress")
	w, v := o.send("GET", "/classes?for=open", o.logIn("deputy"), nil)
	if w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	register := ""
	for _, c := range v["classes"].([]any) {
		for _, f := range c.(map[string]any)["fields"].([]any) {
			if f := f.(map[string]any); f["name"] == "cosigner" {
				register, _ = f["register"].(string)
			}
		}
	}
	names := func(query string) (out []string) {
		w, v := o.send("GET", "/people?"+query, congress, nil)
		if w.Code != http.StatusOK {
			t.Fatal(query, w.Body)
		}
		for _, p := range v["people"].([]any) {
			out = append(out, p.(map[string]any)["name"].(string))
		}
		return out
	}
	if got := names("register=" + register); register == "" || !slices.Equal(got, []string{"样例代表甲", "样例代表乙"}) {
		t.Errorf("%s: %v", register, got)
	}
	if got := names("q=乙&register=" + register); !slices.Equal(got, []string{"样例代表乙"}) {
		t.Error(got)
	}
	if got := names(""); slices.Contains(got, "样例代表甲") || len(got) < 10 {
		t.Error("without a register:", got)
	}
	for _, kind := range []string{"deputy-proposal/nothing", "deputy-proposal/", "nobody/deputy", "deputy"} {
		if w, v := o.send("GET", "/people?register="+kind, congress, nil); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest || v["code"] != "record.unknown_kind" {
			t.Errorf("%s: %d %s", kind, w.Code, w.Body)
		}
	}
}
