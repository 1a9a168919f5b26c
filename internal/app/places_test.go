package app_test

import (
	"net/http"
	"net/url"
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
