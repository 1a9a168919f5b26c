package account

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/web"
)

// desk is an office with a web server before it.
type desk struct {
	office
	srv *web.Server
}

func eachDesk(t *testing.T, fn func(t *testing.T, d desk)) {
	t.Helper()
	each(t, func(t *testing.T, o office) {
		srv := web.New("Test", "1")
		srv.Log = slog.New(slog.DiscardHandler)
		srv.Authenticate = o.Authenticate
		o.Register(srv, Titles{
			Names: func(_ context.Context, ids []string) (map[string]string, error) {
				return map[string]string{"u1": "样例中心", "v1": "样例村"}, nil
			},
			Role:         func(_ context.Context, _, role string) string { return "title of " + role },
			Jurisdiction: func(id string) Jurisdiction { return Jurisdiction{ID: id, Name: "样例县", Nature: "sample"} },
		})
		fn(t, desk{o, srv})
	})
}

// ask sends a request as a browser does from our own page; headers are "Name: value".
func (d desk) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	return d.serve(d.request(method, path, body, headers...))
}

func (d desk) request(method, path, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("User-Agent", "browser")
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	return r
}

func (d desk) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.srv.ServeHTTP(w, r)
	return w
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return v
}

const goodLogIn = `{"login":"wang","password":"` + password + `"}`

// A browser logs in, gets a cookie that scripts cannot read, is known by it, and after logging
// out is not; nothing of the password or token is in the answers.
func TestABrowsersSession(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		p := d.person("wang")
		post := d.post(p.ID, "grid_worker")
		w := d.ask("POST", "/api/v1/session", goodLogIn)
		cookies := w.Result().Cookies()
		if w.Code != 200 || len(cookies) != 1 {
			t.Fatal(w.Code, w.Body, cookies)
		}
		c := cookies[0]
		if c.Name != web.SessionCookie || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" || c.MaxAge != 7*24*3600 {
			t.Errorf("%+v", c)
		}
		want := Me{Person: Named{p.ID, p.Name}, Jurisdiction: MyCounty{Named: Named{"j1", "样例县"}, Sample: true}, Posts: []MyPost{{ID: post.ID, Role: "grid_worker", RoleTitle: "title of grid_worker", Seat: "leader",
			Unit: &Named{"u1", "样例中心"}, Area: &MyArea{Named{"v1", "样例村"}, 5}}}}
		if diff := cmp.Diff(want, decode[Me](t, w)); diff != "" {
			t.Error(diff)
		}
		cookie := "Cookie: " + c.Name + "=" + c.Value
		w = d.ask("GET", "/api/v1/me", "", cookie)
		if diff := cmp.Diff(want, decode[Me](t, w)); diff != "" || strings.Contains(w.Body.String(), c.Value) {
			t.Error(diff)
		}
		if w := d.ask("DELETE", "/api/v1/session", "", cookie); w.Code != 204 || w.Result().Cookies()[0].MaxAge >= 0 {
			t.Error(w.Code, w.Header())
		}
		if w := d.ask("GET", "/api/v1/me", "", cookie); w.Code != 401 {
			t.Error(w.Code)
		}
		if w := d.ask("DELETE", "/api/v1/session", "", cookie); w.Code != 204 {
			t.Error("logging out twice:", w.Code)
		}
	})
}

// Behind a proxy that speaks TLS the cookie is for TLS only.
func TestTheCookieIsSecureBehindTLS(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.person("wang")
		d.srv.Proxies = nil
		r := httptest.NewRequest("POST", "/api/v1/session", strings.NewReader(goodLogIn))
		r.RemoteAddr = "127.0.0.1:5"
		r.Header.Set("X-Forwarded-Proto", "https")
		w := httptest.NewRecorder()
		d.srv.ServeHTTP(w, r)
		if w.Code != 200 || !w.Result().Cookies()[0].Secure {
			t.Error(w.Code, w.Body, w.Header())
		}
	})
}

// A program is known by its bearer token; where there is an Authorization header the cookie
// does not count.
func TestAProgramsToken(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		p := d.person("wang")
		token := d.logIn("wang")
		for _, c := range []struct {
			header, value string
			status        int
		}{
			{"Authorization", "Bearer " + token, 200}, {"Authorization", "bearer  " + token, 200}, {"Authorization", "Basic " + token, 401}, {"Authorization", token, 401},
			{"Authorization", "Bearer x", 401}, {"Cookie", web.SessionCookie + "=" + token, 200}, {"Cookie", "other=" + token, 401}, {"Cookie", web.SessionCookie + "=", 401}, {"Accept", "x", 401},
		} {
			w := d.ask("GET", "/api/v1/me", "", c.header+": "+c.value)
			if w.Code != c.status || c.status == 200 && decode[Me](t, w).Person.ID != p.ID {
				t.Errorf("%s %.12s: %d", c.header, c.value, w.Code)
			}
			if strings.Contains(w.Body.String(), token) {
				t.Error("the token is repeated")
			}
		}
		if w := d.ask("GET", "/api/v1/me", "", "Authorization: Basic x", "Cookie: "+web.SessionCookie+"="+token); w.Code != 401 {
			t.Error("the cookie counts beside another scheme")
		}
	})
}

// A wrong log-in is a problem that repeats nothing, and too many of them say how long to wait.
func TestWrongLogInsOverHTTP(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.person("wang")
		for body, status := range map[string]int{
			`{"login":"wang","password":"very secret"}`: 401, `{"login":"wang"}`: 422, `{"login":"wang","password":["very secret"]}`: 422, `{"login":"wang","password":"very secret"`: 400,
			`{"login":"` + strings.Repeat("w", 65) + `","password":"very secret"}`: 422, `{"login":"wang","password":"very secret","admin":true}`: 422,
		} {
			if w := d.ask("POST", "/api/v1/session", body); w.Code != status || strings.Contains(w.Body.String(), "very secret") || len(w.Result().Cookies()) > 0 {
				t.Errorf("%s: %d %s", body, w.Code, w.Body)
			}
		}
		for range freeByLogin {
			d.ask("POST", "/api/v1/session", `{"login":"wang","password":"very secret"}`)
		}
		w := d.ask("POST", "/api/v1/session", goodLogIn)
		if p := decode[web.Problem](t, w); w.Code != 429 || p.Code != "session.too_many" || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d %+v", w.Code, p)
		}
		if w := d.ask("POST", "/api/v1/session", goodLogIn, "Sec-Fetch-Site: cross-site"); w.Code != 403 {
			t.Error("a log-in sent by another site:", w.Code)
		}
	})
}

// Everybody sees and changes how they themselves are reached; what is no number or address is
// named by field and not repeated.
func TestMyContacts(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.person("wang")
		bearer := "Authorization: Bearer " + d.logIn("wang")
		if w := d.ask("PUT", "/api/v1/me/contacts", `{"phone":"100-0000-0001","mail":""}`, bearer, "Content-Type: application/json"); w.Code != 204 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if got := decode[MyContacts](t, d.ask("GET", "/api/v1/me/contacts", "", bearer)); got != (MyContacts{Phone: "10000000001"}) {
			t.Errorf("%+v", got)
		}
		w := d.ask("PUT", "/api/v1/me/contacts", `{"phone":"12","mail":"nonsense"}`, bearer, "Content-Type: application/json")
		if w.Code != 422 && w.Code != 400 || !strings.Contains(w.Body.String(), "person.bad_phone") || !strings.Contains(w.Body.String(), "person.bad_mail") || strings.Contains(w.Body.String(), "nonsense") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := d.ask("GET", "/api/v1/me/contacts", ""); w.Code != 401 {
			t.Errorf("nobody is told %d", w.Code)
		}
	})
}
