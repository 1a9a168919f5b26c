package account

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/web"
)

// as is a header that speaks for somebody who holds an administrator's post, or none.
func (d desk) as(login, role string) (header, personID string) {
	d.t.Helper()
	p := d.person(login)
	if role != "" {
		if _, err := d.GivePost(d.t.Context(), "", NewPost{PersonID: p.ID, Role: role}); err != nil {
			d.t.Fatal(err)
		}
	}
	return "Authorization: Bearer " + d.logIn(login), p.ID
}

// Each administrator may do what is theirs and nothing else; others may do none of it; nobody
// does to themselves what only another may do; and people of another jurisdiction are answered
// like nobody at all.
func TestWhatEachAdministratorMayDo(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		system, systemID := d.as("sys", SystemAdmin)
		security, securityID := d.as("sec", SecurityAdmin)
		audit, _ := d.as("aud", AuditAdmin)
		nobody, wang := d.as("wang", "")
		post := d.post(wang, "grid_worker")
		far, err := d.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: "j2", Name: "样例", Login: "far", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			method, path, body string
			system, security   bool
		}{
			{"GET", "/accounts", "", true, true},
			{"GET", "/accounts/%s", "", true, true},
			{"GET", "/roles", "", true, true},
			{"POST", "/accounts", `{"name":"样例","login":"x%d"}`, true, false},
			{"GET", "/accounts/%s/sessions", "", false, true},
			{"POST", "/accounts/%s/posts", `{"role":"grid_worker"}`, false, true},
			{"POST", "/accounts/%s/lock", `{"reason":"样例"}`, false, true},
			{"POST", "/accounts/%s/unlock", "", false, true},
			{"POST", "/accounts/%s/remove-factor", "", false, true},
			{"POST", "/accounts/%s/reset", "", false, true},
			{"POST", "/addresses/unlock", `{"address":"192.0.2.1"}`, false, true},
			{"DELETE", "/accounts/%s/sessions/none", "", false, true},
			{"DELETE", "/accounts/%s/sessions", "", false, true},
			{"POST", "/posts/" + post.ID + "/end", `{}`, false, true},
			{"POST", "/accounts/%s/end", "", true, false},
		} {
			for i, who := range []struct {
				header string
				ok     bool
			}{{audit, false}, {nobody, false}, {system, c.system}, {security, c.security}} {
				path := "/api/v1" + c.path
				if strings.Contains(path, "%s") {
					path = fmt.Sprintf(path, wang)
				}
				w := d.ask(c.method, path, strings.ReplaceAll(c.body, "%d", fmt.Sprint(i)), who.header)
				gone := who.header == nobody && w.Code == 401 // the acts before have ended the session
				if who.ok != (w.Code < 300) || !who.ok && w.Code != 403 && !gone {
					t.Errorf("%s %s by number %d: %d %s", c.method, c.path, i, w.Code, w.Body)
				}
				if !strings.Contains(c.path, "%s") || !who.ok {
					continue
				}
				for _, id := range []string{far.ID, "nobody"} {
					other := d.ask(c.method, fmt.Sprintf("/api/v1"+c.path, id), c.body, who.header)
					if other.Code != 404 {
						t.Errorf("%s %s of %s: %d %s", c.method, c.path, id, other.Code, other.Body)
					}
				}
			}
		}
		for path, by := range map[string][]string{"posts": {security, securityID, `{"role":"chief"}`}, "lock": {security, securityID, `{"reason":"x"}`}, "unlock": {security, securityID, ""},
			"reset": {security, securityID, ""}, "remove-factor": {security, securityID, ""}, "end": {system, systemID, ""}} {
			if w := d.ask("POST", "/api/v1/accounts/"+by[1]+"/"+path, by[2], by[0]); w.Code != 409 || !strings.Contains(w.Body.String(), "admin.not_to_oneself") {
				t.Errorf("%s to oneself: %d %s", path, w.Code, w.Body)
			}
		}
	})
}

// The system administrator makes an account, which can do nothing; the security administrator
// gives it a post from a day until a day, ends it, and finds both in the person's history.
func TestFromAnAccountToAPost(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		system, _ := d.as("sys", SystemAdmin)
		security, _ := d.as("sec", SecurityAdmin)
		made := decode[OneTimePassword](t, d.ask("POST", "/api/v1/accounts", `{"name":"样例李","login":"li"}`, system))
		if w := d.ask("POST", "/api/v1/accounts", `{"name":"样例李","login":"LI"}`, system); w.Code != 409 {
			t.Error(w.Code, w.Body)
		}
		w := d.ask("POST", "/api/v1/session", `{"login":"li","password":"`+made.Password+`"}`)
		if m := decode[Me](t, w); w.Code != 200 || !slices.Equal(m.Must, []string{MustPassword}) || len(m.Posts) != 0 {
			t.Fatal(w.Code, w.Body)
		}
		c := w.Result().Cookies()[0]
		cookie := "Cookie: " + c.Name + "=" + c.Value
		if w := d.ask("GET", "/api/v1/me/contacts", "", cookie); w.Code != 403 || !strings.Contains(w.Body.String(), "session.password_first") {
			t.Error(w.Code, w.Body)
		}
		w = d.ask("POST", "/api/v1/me/password", `{"old":"`+made.Password+`","new":"a password of my own"}`, cookie)
		if w.Code != 204 || len(w.Result().Cookies()) != 1 || w.Result().Cookies()[0].Value == c.Value {
			t.Fatal(w.Code, w.Body, w.Header())
		}
		cookie = "Cookie: " + c.Name + "=" + w.Result().Cookies()[0].Value
		if w := d.ask("GET", "/api/v1/me/contacts", "", cookie); w.Code != 200 {
			t.Error(w.Code, w.Body)
		}

		until := monday.Add(48 * time.Hour)
		given := decode[AccountRow](t, d.ask("POST", "/api/v1/accounts/"+made.ID+"/posts", `{"role":"clerk","unit":"u1","until":"`+until.Format(time.RFC3339)+`"}`, security))
		if len(given.Posts) != 1 || !given.Posts[0].Standing || !given.Posts[0].Until.Equal(until) || given.Posts[0].RoleTitle != "title of clerk" {
			t.Fatalf("%+v", given)
		}
		if w := d.ask("POST", "/api/v1/posts/"+given.Posts[0].ID+"/end", `{}`, security); w.Code != 204 {
			t.Error(w.Code, w.Body)
		}
		now := decode[AccountRow](t, d.ask("GET", "/api/v1/accounts/"+made.ID, "", system))
		if now.Posts[0].Standing || !now.Posts[0].Until.Equal(monday) {
			t.Errorf("%+v", now)
		}
		if w := d.ask("GET", "/api/v1/me/contacts", "", cookie); w.Code != 403 || !strings.Contains(w.Body.String(), "session.no_post") {
			t.Error("after the last post:", w.Code, w.Body)
		}
	})
}

// People are found by a part of name or login, whatever signs it holds, page by page.
func TestFindingPeople(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		security, _ := d.as("sec", SecurityAdmin)
		for _, login := range []string{"li_1", "li%2", "li!3", "zhao"} {
			d.person(login)
		}
		find := func(query string) (logins []string) {
			type page struct {
				Accounts []AccountRow
				Next     string
			}
			for next := ""; ; {
				p := decode[page](t, d.ask("GET", "/api/v1/accounts?limit=2&"+query+next, "", security))
				for _, a := range p.Accounts {
					logins = append(logins, a.Login)
				}
				if p.Next == "" {
					return logins
				}
				next = "&cursor=" + p.Next
			}
		}
		for query, want := range map[string][]string{"": {"sec", "li_1", "li%2", "li!3", "zhao"}, "q=LI": {"li_1", "li%2", "li!3"}, "q=%25": {"li%2"}, "q=_": {"li_1"}, "q=!": {"li!3"},
			"q=%E6%A0%B7%E4%BE%8B+zh": {"zhao"}, "q=none": nil, "role=" + SecurityAdmin: {"sec"}, "q='": nil} {
			if got := find(query); !slices.Equal(got, want) {
				t.Errorf("%s: %v", query, got)
			}
		}
	})
}

// Logging in ends the session that the browser had; nobody can plant a token; over TLS only
// the cookie that belongs to this very host counts.
func TestTokensAreRotatedAndCannotBePlanted(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		d.person("wang")
		planted := d.ask("POST", "/api/v1/session", goodLogIn, "Cookie: "+web.SessionCookie+"=planted").Result().Cookies()[0]
		if planted.Value == "planted" {
			t.Fatal("it kept the token that somebody planted")
		}
		again := d.ask("POST", "/api/v1/session", goodLogIn, "Cookie: "+planted.Name+"="+planted.Value).Result().Cookies()[0]
		if w := d.ask("GET", "/api/v1/me", "", "Cookie: "+planted.Name+"="+planted.Value); w.Code != 401 {
			t.Error("the session before lives on:", w.Code)
		}
		for _, forged := range []string{again.Value + "x", again.Value[1:], strings.ToUpper(again.Value), hashToken(again.Value), "", "null", "../" + again.Value} {
			if w := d.ask("GET", "/api/v1/me", "", "Authorization: Bearer "+forged); w.Code != 401 {
				t.Errorf("%s: %d", forged, w.Code)
			}
		}
		d.srv.Proxies = nil // the machine itself is believed
		secure := []string{"X-Forwarded-Proto: https"}
		fromProxy := func(headers ...string) int {
			r := d.request("GET", "/api/v1/me", "", append(secure, headers...)...)
			r.RemoteAddr = "127.0.0.1:5"
			return d.serve(r).Code
		}
		if code := fromProxy("Cookie: " + web.SessionCookie + "=" + again.Value); code != 401 {
			t.Error("a cookie that another host can set counts over TLS:", code)
		}
		if code := fromProxy("Cookie: " + web.SecureSessionCookie + "=" + again.Value); code != 200 {
			t.Error(code)
		}
	})
}
