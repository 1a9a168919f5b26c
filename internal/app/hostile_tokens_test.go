package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/account"
	"gezhi/internal/web"
)

// with sends a request that carries a token as a browser's cookie, or as a program's.
func (c *counties) with(token string, bearer bool, method, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	c.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", uuid.NewString())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if bearer {
		r.Header.Set("Authorization", "Bearer "+token)
	} else {
		r.Header.Set("Cookie", "gezhi_session="+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.app.Web.ServeHTTP(w, r)
	return w
}

// somebody is a new handler with a session.
func (c *counties) somebody() (p account.Person, token string) {
	c.Helper()
	who := "somebody " + uuid.NewString()[:13]
	p = c.seat(c.home, who, "handler", "enforcement", "990101001")
	return p, c.token(who)
}

// On no operation does a token open anything that was made up, taken from another, altered, or
// used again after its session has ended, by whatever end: all are answered like no token at all.
func (c *counties) forgedTokens(t *testing.T) {
	a := c.app.Accounts
	_, good := c.somebody()
	left, loggedOut := c.somebody()
	c.must(a.LogOut(t.Context(), loggedOut))
	_, ended := left, loggedOut
	p, ofEnded := c.somebody()
	c.must(a.EndPerson(t.Context(), "", p.ID))
	p, ofLocked := c.somebody()
	c.must(a.Lock(t.Context(), "", p.ID, "sample"))
	p, ofOver := c.somebody()
	c.must(a.EndSession(t.Context(), "", p.ID, ""))
	old, tooOld := c.somebody()
	tokens := map[string]string{"none": "", "made up": strings.Repeat("A", len(good)), "longer": good + "x", "shorter": good[1:], "in capitals": strings.ToUpper(good) + "=", "null": "null",
		"an id": old.ID, "logged out": ended, "of who has left": ofEnded, "of who is locked out": ofLocked, "ended by another": ofOver, "a wild one": "%' OR 1=1 --", "too old": tooOld}
	c.hand.Add(a.Longest)
	_, good = c.somebody()
	asked := 0
	for op, o := range c.operations() {
		if o.public {
			continue
		}
		path := filled(o.path, uuid.NewString())
		none := ""
		for _, name := range []string{"none", "made up", "longer", "shorter", "in capitals", "null", "an id", "logged out", "of who has left", "of who is locked out", "ended by another", "a wild one", "too old"} {
			for _, bearer := range []bool{false, true} {
				w := c.with(tokens[name], bearer, o.method, path, strings.NewReader("{}"))
				asked++
				if w.Code != http.StatusUnauthorized {
					t.Errorf("%s with a token that is %s (bearer %v): %d %s", op, name, bearer, w.Code, w.Body)
				}
				if said := plain(w.Body.String(), nil); none == "" {
					none = said
				} else if said != none {
					t.Errorf("%s with a token that is %s tells: %s", op, name, said)
				}
			}
		}
	}
	for _, bearer := range []bool{false, true} {
		if w := c.with(good, bearer, "GET", "/me", nil); w.Code != http.StatusOK {
			t.Errorf("a good token: %d %s", w.Code, w.Body)
		}
	}
	if w := c.with("x", true, "GET", "/me", nil, "Cookie", "gezhi_session="+good); w.Code != http.StatusUnauthorized {
		t.Errorf("a cookie beside a program's token counts: %d", w.Code)
	}
	t.Logf("%d requests", asked)
}

// A session whose last post was taken away opens nothing any more but the own account, from the
// very next request on; who loses one post of two loses what came with it.
func (c *counties) removedPost(t *testing.T) {
	p, token := c.somebody()
	posts, err := c.app.Accounts.Posts(t.Context(), p.ID)
	c.must(err)
	if w := c.with(token, false, "GET", "/cases/"+c.cases["bin"], nil); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	_, err = c.app.Accounts.GivePost(t.Context(), "", account.NewPost{PersonID: p.ID, Role: "resident", AreaID: c.place("990101001201"), AreaLevel: account.Village, From: began})
	c.must(err)
	c.must(c.app.Accounts.EndPost(t.Context(), "", posts[0].ID, c.hand.Now()))
	if w := c.with(token, false, "GET", "/cases/"+c.cases["bin"], nil); w.Code != http.StatusNotFound {
		t.Errorf("the case of the post that is gone: %d", w.Code)
	}
	posts, err = c.app.Accounts.Posts(t.Context(), p.ID)
	c.must(err)
	for _, x := range posts {
		if x.Until.IsZero() {
			c.must(c.app.Accounts.EndPost(t.Context(), "", x.ID, c.hand.Now()))
		}
	}
	open := 0
	for op, o := range c.operations() {
		if o.public {
			continue
		}
		for _, bearer := range []bool{false, true} {
			w := c.with(token, bearer, o.method, filled(o.path, uuid.NewString()), strings.NewReader("{}"))
			switch own := strings.HasPrefix(o.path, "/me") && !strings.Contains(o.path, "{") && !strings.HasPrefix(o.path, "/me/readings"); {
			case own && w.Code < http.StatusUnauthorized:
				open++
			case own:
			case w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"session.no_post"`):
				t.Errorf("%s without any post (bearer %v): %d %.200s", op, bearer, w.Code, w.Body)
			}
		}
	}
	if open == 0 {
		t.Error("not even the own account is open")
	}
}

// The same act sent again is done once; the key of somebody else's act opens nothing of theirs.
func (c *counties) keyOfSomebodyElse(t *testing.T) {
	key := uuid.NewString()
	report := func(who, text string) string {
		t.Helper()
		body := fmt.Sprintf(`{"class":"incident/sample:0102","channel":"home","text":%q,"area_id":%q}`, text, c.place("990101001201"))
		return c.with(c.token(who), false, "POST", "/cases", strings.NewReader(body), "Idempotency-Key", key).Body.String()
	}
	first := report("resident", "样例一")
	if again := report("resident", "样例一"); again != first {
		t.Errorf("sent again: %s, but first %s", again, first)
	}
	if other := report("neighbour", "样例一"); other == first || !strings.Contains(other, `"id"`) {
		t.Errorf("of somebody else: %s, but of the first %s", other, first)
	}
}

// Whoever reports without an office is named to nobody, whatever they do on their case later, also
// when it was merged into another's; nor is an official who reports what is kept from somebody.
// Officials who act in their office are named.
func (c *counties) namesOfReporters(t *testing.T) {
	const grid = "99010100120101"
	says := map[string]any{"note": "样例"}
	c.reports("whisper", "neighbour", "incident/sample:0403", grid, nil)
	c.reports("second whisper", "resident", "incident/sample:0403", grid, nil)
	c.reports("whistle", "grid_worker", "incident/sample:20", grid, map[string]any{"against": []any{c.unit(c.home, "east")}})
	for name, who := range map[string]string{"whisper": "neighbour", "second whisper": "resident", "whistle": "grid_worker"} {
		c.does(name, deed{who, "comment", says}, deed{who, "urge", says})
	}
	c.does("second whisper", deed{"clerk of the village", "merge", map[string]any{"into": c.cases["whisper"]}})
	c.does("whisper", deed{"clerk of the village", "decline", map[string]any{"reason": "样例", "reply": "样例"}}, deed{"resident", "reopen", map[string]any{"reason": "样例"}})
	for name, x := range map[string]struct{ reader, named string }{"whisper": {"dispatcher", "clerk of the village"}, "second whisper": {"dispatcher", "clerk of the village"}, "whistle": {"county_chief", ""}} {
		w := c.ask(x.reader, "GET", "/cases/"+c.cases[name], nil)
		var seen struct {
			Moves []struct {
				Action string
				By     string `json:"by_name"`
			}
		}
		c.must(json.Unmarshal(w.Body.Bytes(), &seen))
		var moves, masked int
		for _, m := range seen.Moves {
			moves++
			if m.By == "样**" {
				masked++
			}
		}
		if w.Code != http.StatusOK || moves < 3 || masked < 3 {
			t.Errorf("%s: %d, %d moves, %d of them masked", name, w.Code, moves, masked)
		}
		for _, who := range []string{"neighbour", "resident", "grid_worker"} {
			if strings.Contains(w.Body.String(), c.people[who].Name) {
				t.Errorf("%s names %s: %s", name, who, w.Body)
			}
		}
		if x.named != "" && !strings.Contains(w.Body.String(), c.people[x.named].Name) {
			t.Errorf("%s does not say that %s acted", name, x.named)
		}
	}
}

// Who has an account and no office may report so many times at once, by whichever way, and then
// once in a while; those in office go on, and so do others.
func (c *counties) reportsWithoutEnd(t *testing.T) {
	paced := c.app.Web.Now
	defer func() { c.app.Web.Now = paced }()
	later := today.AddDate(10, 0, 0)
	c.app.Web.Now = func() time.Time { return later }
	report := func(who string, i int) int {
		body, path := map[string]any{"text": "样例", "area_id": c.place("990101001201"), "class": "incident/sample:0102"}, "/cases"
		if i%2 == 0 {
			body["jurisdiction"], path = "990101", "/intake/reports"
		} else {
			body["channel"] = "home"
		}
		return c.ask(who, "POST", path, body).Code
	}
	for i := range web.ReportPace.Burst {
		if status := report("resident beyond", i); status != http.StatusCreated {
			t.Fatalf("report %d: %d", i, status)
		}
	}
	for i := range 2 {
		if status := report("resident beyond", i); status != http.StatusTooManyRequests {
			t.Errorf("one more: %d", status)
		}
	}
	if status := c.ask("resident beyond", "POST", "/intake/notices/none/none/objections", map[string]any{"jurisdiction": "990101", "text": "样例"}).Code; status != http.StatusTooManyRequests {
		t.Errorf("an objection besides: %d", status)
	}
	for i := range 2 {
		if status := report("worker beyond", i); status != http.StatusCreated {
			t.Errorf("somebody in office: %d", status)
		}
	}
	later = later.Add(web.ReportPace.Every)
	if status := report("resident beyond", 1); status != http.StatusCreated {
		t.Errorf("a while later: %d", status)
	}
}

// Who has an account and no office may remark and urge so many times at once, on whatever case and
// one by one or many together, and then once in a while; those in office go on, and so do others.
func (c *counties) remarksWithoutEnd(t *testing.T) {
	paced := c.app.Web.Now
	defer func() { c.app.Web.Now = paced }()
	later := paced()
	c.app.Web.Now = func() time.Time { return later }
	says := func(who, name string) *httptest.ResponseRecorder {
		return c.ask(who, "POST", "/cases/"+c.cases[name]+"/moves", map[string]any{"action": "comment", "note": "样例"})
	}
	cases := []string{"bin", "third bin"}
	for i := range web.ReportPace.Burst {
		if w := says("resident", cases[i%2]); w.Code != http.StatusOK {
			t.Fatalf("remark %d: %d %s", i, w.Code, w.Body)
		}
	}
	for _, name := range cases {
		if w := says("resident", name); w.Code != http.StatusTooManyRequests || !strings.Contains(w.Body.String(), "request.too_often") || w.Header().Get("Retry-After") == "" {
			t.Errorf("one more on the %s: %d %s", name, w.Code, w.Body)
		}
	}
	many := map[string]any{"action": "comment", "items": []any{map[string]any{"case": c.cases["bin"], "note": "样例"}}}
	if w := c.ask("resident", "POST", "/batches", many); w.Code != http.StatusTooManyRequests {
		t.Errorf("many at once: %d %s", w.Code, w.Body)
	}
	for who, name := range map[string]string{"neighbour": "wall", "dispatcher": "bin"} {
		if w := says(who, name); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", who, w.Code, w.Body)
		}
	}
	for range web.ReportPace.Burst + 5 {
		if w := says("dispatcher", "bin"); w.Code != http.StatusOK {
			t.Fatalf("in office: %d %s", w.Code, w.Body)
		}
	}
	later = later.Add(web.ReportPace.Every)
	if w := says("resident", "bin"); w.Code != http.StatusOK {
		t.Errorf("a while later: %d %s", w.Code, w.Body)
	}
}

// Whoever may hand out goods cannot try out codes of others as fast as a machine does, nor does
// anybody make keys without end.
func (c *counties) codesWithoutEnd(t *testing.T) {
	paced := c.app.Web.Now
	defer func() { c.app.Web.Now = paced }()
	later := paced()
	c.app.Web.Now = func() time.Time { return later }
	for _, x := range []struct {
		who, op string
		status  int
		body    map[string]any
	}{
		{"community_admin", "pickups", http.StatusNotFound, map[string]any{"ledger": "points", "code": "AAAAAAAA"}},
		{"community_admin", "refunds", http.StatusNotFound, map[string]any{"ledger": "points", "code": "AAAAAAAA"}},
		{"resident", "code-keys", http.StatusCreated, map[string]any{"key": strings.Repeat("A", 43)}},
	} {
		for i := range web.CodePace.Burst {
			if w := c.ask(x.who, "POST", "/points/"+x.op, x.body); w.Code != x.status {
				t.Fatalf("%s %d: %d %s", x.op, i, w.Code, w.Body)
			}
		}
		if w := c.ask(x.who, "POST", "/points/"+x.op, x.body); w.Code != http.StatusTooManyRequests {
			t.Errorf("one more of %s: %d %s", x.op, w.Code, w.Body)
		}
	}
}

// brackets is a body of so many opening brackets.
type brackets struct{ left int }

// Read gives the next of them.
func (b *brackets) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), b.left)
	for i := range p[:n] {
		p[i] = '['
	}
	b.left -= n
	return n, nil
}

// Ten megabytes of nested brackets are refused by every operation that takes JSON, after no more
// of them than a body may have; what is small enough and nested is refused as such.
func (c *counties) nestedBrackets(t *testing.T) {
	const huge = 10 << 20
	taken := 0
	for op, o := range c.operations() {
		if !o.json {
			continue
		}
		taken++
		for _, x := range []struct {
			size   int
			status int
			code   string
		}{{huge, http.StatusRequestEntityTooLarge, "request.too_large"}, {1 << 19, http.StatusBadRequest, "request.too_deep"}} {
			b := &brackets{x.size}
			w := c.with(c.token("admin.system"), true, o.method, filled(o.path, uuid.NewString()), b)
			if w.Code != x.status || !strings.Contains(w.Body.String(), x.code) {
				t.Errorf("%s with %d brackets: %d %.200s", op, x.size, w.Code, w.Body)
			}
			most := 2 << 20
			if strings.Contains(op, " /setup/sketches") || strings.Contains(op, " /setup/grids") { // drawings are larger
				most = 4<<20 + 1
			}
			if read := x.size - b.left; read > most {
				t.Errorf("%s read %d of them", op, read)
			}
		}
	}
	if taken < 30 {
		t.Errorf("only %d operations take JSON", taken)
	}
	hook := c.with("x", true, "POST", "/hooks/partner", &brackets{huge})
	if hook.Code < 400 || hook.Code >= 500 {
		t.Errorf("the hook: %d %s", hook.Code, hook.Body)
	}
}

// However a file is called, it is kept by its content alone, nothing lands beside the files, and
// its name leads nowhere when it is downloaded.
func (c *counties) namesOfFiles(t *testing.T) {
	beside := func() (all []string) {
		c.must(filepath.WalkDir(c.app.Config.Data, func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() && !strings.Contains(path, "/files/") {
				all = append(all, path)
			}
			return err
		}))
		return all
	}
	before := len(beside())
	for i, name := range []string{"../../../etc/cron.d/x", `..\..\windows\win.ini`, "/etc/passwd", `C:\x.jpg`, "a\x00b.jpg", "x.jpg\r\nSet-Cookie: planted=1", `x"; filename*=UTF-8''y.html`, "\u202egpj.exe", "\u2066a\u2069.jpg",
		"<script>alert(1)</script>.jpg", strings.Repeat("长", 3000) + ".jpg", "..", ".", "", "con|aux?.jpg"} {
		body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + "\"\r\n\r\n" + string(picture(fmt.Sprint(i))) + "\r\n--x--\r\n"
		w := c.with(c.token("resident"), false, "POST", "/files", strings.NewReader(body), "Content-Type", "multipart/form-data; boundary=x")
		if w.Code >= 400 && w.Code < 500 {
			continue // refused
		}
		if w.Code != http.StatusCreated {
			t.Errorf("%q: %d %s", name, w.Code, w.Body)
			continue
		}
		_, id, _ := strings.Cut(w.Body.String(), `"id":"`)
		id, _, _ = strings.Cut(id, `"`)
		_, kept, _ := strings.Cut(w.Body.String(), `"name":"`)
		kept, _, _ = strings.Cut(kept, `","`)
		got := c.with(c.token("resident"), false, "GET", "/files/"+id, nil)
		said := got.Header().Get("Content-Disposition")
		_, parameters, err := mime.ParseMediaType(said)
		for _, x := range []string{kept, said} {
			if strings.ContainsAny(x, "/\r\n\x00<>|\u202e\u2066\u2069") || strings.Contains(x, "..") || strings.Contains(x, `\\`) || len(x) > 1200 {
				t.Errorf("%q is kept as %q and downloaded as %q", name, kept, said)
			}
		}
		if got.Code != http.StatusOK || got.Header().Get("Set-Cookie") != "" || got.Header().Get("X-Content-Type-Options") != "nosniff" || err != nil || len(parameters) != 1 {
			t.Errorf("%q: %d %v", name, got.Code, got.Header())
		}
	}
	if after := beside(); len(after) != before {
		t.Errorf("there were %d files beside them, and now %v", before, after)
	}
}
