package app_test

import (
	"bufio"
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gezhi/internal/casework"
	"gezhi/internal/media"
)

// get asks for a path as somebody and returns status and body.
func (o office) get(login, path string) (int, string) {
	o.Helper()
	w, _ := o.send("GET", path, o.logIn(login), nil)
	return w.Code, w.Body.String()
}

// accused finds a unit or person by name among those that a report may be about.
func (o office) accused(login, name string) string {
	o.Helper()
	_, v := o.send("GET", "/accused?q="+name, o.logIn(login), nil)
	for _, x := range v["accused"].([]any) {
		if x := x.(map[string]any); strings.Contains(x["name"].(string), name) {
			return x["id"].(string)
		}
	}
	o.Fatalf("%s cannot be named: %v", name, v)
	return ""
}

// photo uploads a picture as somebody.
func (o office) photo(login string) string {
	o.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "wall.jpg")
	if err != nil {
		o.Fatal(err)
	}
	if _, err := part.Write(media.Sample(media.SampleLitter, 1, media.Hint{Lon: 119.57, Lat: 28.11, Placed: true}, 6)); err != nil {
		o.Fatal(err)
	}
	form.Close()
	r := httptest.NewRequest("POST", "/api/v1/files", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", o.logIn(login))
	w := httptest.NewRecorder()
	o.app.Web.ServeHTTP(w, r)
	_, id, _ := strings.Cut(w.Body.String(), `"id":"`)
	id, _, ok := strings.Cut(id, `"`)
	if !ok {
		o.Fatalf("not uploaded: %d %s", w.Code, w.Body)
	}
	return id
}

// listen reads the live events of somebody until one names an id, and returns what was heard
// before it. do makes the news once the stream is open.
func (o office) listen(server *httptest.Server, login, until string, do func()) []string {
	o.Helper()
	r, err := http.NewRequestWithContext(o.Context(), "GET", server.URL+"/api/v1/events", nil)
	if err != nil {
		o.Fatal(err)
	}
	r.Header.Set("Cookie", o.logIn(login))
	got, err := server.Client().Do(r)
	if err != nil {
		o.Fatal(err)
	}
	defer got.Body.Close()
	lines := bufio.NewScanner(got.Body)
	var heard []string
	for begun := false; lines.Scan(); {
		if !begun { // the server speaks first
			begun = true
			do()
		}
		heard = append(heard, lines.Text())
		if strings.Contains(lines.Text(), until) {
			return heard
		}
	}
	o.Fatalf("%s hears no more: %v", login, lines.Err())
	return nil
}

// What must not know of a case is answered, byte by byte, as if there were none.
func (o office) absent(login, path, id string) {
	o.Helper()
	code, body := o.get(login, strings.ReplaceAll(path, "ID", id))
	other := uuid.NewString()
	nothing, none := o.get(login, strings.ReplaceAll(path, "ID", other))
	strip := func(s, id string) string {
		said, _, _ := strings.Cut(strings.ReplaceAll(s, id, "ID"), `"request":`) // which differs each time
		return said
	}
	if code != nothing || strip(body, id) != strip(none, other) {
		o.Errorf("%s, %s: %d %s\nbut of one that is not there: %d %s", login, path, code, body, nothing, none)
	}
	if code != http.StatusNotFound {
		o.Errorf("%s, %s: %d", login, path, code)
	}
}

// A report about a village is nowhere in the village, on any route: single read, lists, exports,
// files, duplicates, acts, notes, live events. The street, and who reported, have it.
func TestAReportAboutAVillageIsNowhereInTheVillage(t *testing.T) {
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			o := newOffice(t, engine)
			village := []string{"village", "villagelead", "villagecheck", "villagehand", "wg029"}
			resident := o.logIn("resident")
			_, me := o.send("GET", "/me", resident, nil)
			area := me["posts"].([]any)[0].(map[string]any)["area"].(map[string]any)["id"]
			file := o.photo("resident")
			before := map[string]string{}
			for _, login := range village {
				_, before[login] = o.get(login, "/cases.csv")
			}
			w, v := o.send("POST", "/cases", resident, map[string]any{"class": "incident/sample:20", "channel": "home", "area_id": area, "text": "the accounts are never shown",
				"fields": map[string]any{"photo": []any{file}}, "against": []any{o.accused("resident", "庄前村村民委员会")}, "propose": true})
			if w.Code != http.StatusCreated {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			id, number := v["id"].(string), v["number"].(string)
			o.work()
			for _, login := range village {
				for _, path := range []string{"/cases/ID", "/cases/ID/duplicates"} {
					o.absent(login, path, id)
				}
				if code, _ := o.get(login, "/files/"+file); code != http.StatusNotFound {
					t.Errorf("%s gets the photo: %d", login, code)
				}
				for _, path := range []string{"/cases?limit=200", "/cases?queue=unassigned&limit=200", "/cases?queue=mine&limit=200", "/notes?limit=100", "/cases.xlsx"} {
					if code, body := o.get(login, path); code == http.StatusOK && (strings.Contains(body, id) || strings.Contains(body, number)) {
						t.Errorf("%s finds it at %s", login, path)
					}
				}
				if _, after := o.get(login, "/cases.csv"); after != before[login] {
					t.Errorf("the export of %s has changed", login)
				}
				for _, action := range []string{"comment", "sponsor", "supervise", "urge", "classify", "shield"} {
					if w, _ := o.send("POST", "/cases/"+id+"/moves", o.logIn(login), map[string]any{"action": action, "note": "x"}); w.Code != http.StatusNotFound {
						t.Errorf("%s may try %s: %d %s", login, action, w.Code, w.Body)
					}
				}
			}
			for _, login := range []string{"street", "county", "leader", "resident"} {
				code, body := o.get(login, "/cases/"+id)
				_, list := o.get(login, "/cases?limit=200")
				_, export := o.get(login, "/cases.csv")
				if code != http.StatusOK || !strings.Contains(body, "庄前") || !strings.Contains(export, number) || login != "leader" && login != "county" && !strings.Contains(list, id) {
					t.Errorf("%s: %d", login, code)
				}
			}
			for login, want := range map[string]int{"resident": http.StatusOK, "street": http.StatusForbidden, "county": http.StatusForbidden} {
				if code, body := o.get(login, "/files/"+file); code != want {
					t.Errorf("%s gets the original photo: %d %.200s", login, code, body)
				}
			}
			if w, _ := o.send("POST", "/files/"+file+"/unmask?purpose=handling", o.logIn("street"), nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Exif") || !strings.Contains(w.Header().Get(casework.HintHeader), "119.57") {
				t.Errorf("the street unmasks the photo: %d %.200s", w.Code, w.Body)
			}
			if w, _ := o.send("POST", "/files/"+file+"/unmask?purpose=handling", o.logIn("village"), nil); w.Code != http.StatusNotFound {
				t.Errorf("the village unmasks the photo: %d", w.Code)
			}
			o.hears(id)
			o.takenBack()
		})
	}
}

// hears lets something happen to a case that is kept from the village, and then to one that is not.
func (o office) hears(id string) {
	o.Helper()
	server := httptest.NewServer(o.app.Web)
	defer server.Close()
	plain := o.open()
	news := func() {
		o.act("street", id, "comment", "gathered", map[string]any{"note": "looked at"})
		o.act("street", plain, "comment", "gathered", map[string]any{"note": "looked at, too"})
	}
	if heard := o.listen(server, "village", plain, news); slices.ContainsFunc(heard, func(s string) bool { return strings.Contains(s, id) }) {
		o.Errorf("the village hears of it: %v", heard)
	}
	if heard := o.listen(server, "street", plain, news); !slices.ContainsFunc(heard, func(s string) bool { return strings.Contains(s, id) }) {
		o.Errorf("the street does not hear of it: %v", heard)
	}
}

// takenBack says later whom a case is about: what the village was told goes, and the number stays.
func (o office) takenBack() {
	o.Helper()
	id := o.open()
	o.work()
	_, v := o.send("GET", "/cases/"+id, o.logIn("wg029"), nil)
	number := v["case"].(map[string]any)["number"].(string)
	if _, notes := o.get("village", "/notes?limit=100"); !strings.Contains(notes, id) {
		o.Fatalf("the village was not told: %s", notes)
	}
	w, _ := o.send("POST", "/cases/"+id+"/moves", o.logIn("wg029"), map[string]any{"action": "shield", "values": map[string]any{"against": []any{o.accused("street", "庄前村村民委员会")}}})
	if w.Code != http.StatusOK {
		o.Fatalf("%d %s", w.Code, w.Body)
	}
	o.work()
	o.absent("village", "/cases/ID", id)
	if _, notes := o.get("village", "/notes?limit=100"); strings.Contains(notes, id) || strings.Contains(notes, number) {
		o.Errorf("a note is left: %s", notes)
	}
	if _, body := o.get("street", "/cases/"+id); !strings.Contains(body, number) {
		o.Errorf("the number has changed: %s", body)
	}
	if _, notes := o.get("street", "/notes?limit=100"); !strings.Contains(notes, id) {
		o.Errorf("the street was not told: %s", notes)
	}
}
