package signon

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/web"
)

var monday = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// idp is a provider that signs whatever a test wants.
type idp struct {
	*httptest.Server
	keys *oidctest.Server
	key  *rsa.PrivateKey
	// token makes the token that is given for a code; challenge is what the verifier must hash to.
	token func(form url.Values) string
	asked url.Values // what came for a token
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{key: key, keys: &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k1", Algorithm: oidc.RS256}}}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			p.keys.ServeHTTP(w, r)
			return
		}
		_ = r.ParseForm()
		p.asked = r.PostForm
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.token(r.PostForm)})
	}))
	t.Cleanup(p.Close)
	p.keys.SetIssuer(p.URL)
	return p
}

func (p *idp) sign(claims map[string]any) string {
	b, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return oidctest.SignIDToken(p.key, "k1", oidc.RS256, string(b))
}

// claims are those of a right token, for a nonce.
func (p *idp) claims(nonce string, other map[string]any) map[string]any {
	c := map[string]any{"iss": p.URL, "aud": "gezhi", "sub": "s-1", "sid": "sid-1", "nonce": nonce, "preferred_username": "wang",
		"iat": monday.Unix(), "exp": monday.Add(time.Minute).Unix()}
	maps.Copy(c, other)
	return c
}

// office is a service beside a provider, with one person who logs in as wang.
type office struct {
	*Service
	t     *testing.T
	idp   *idp
	clock *clock.Hand
	wang  account.Person
}

const base = "https://gezhi.example"

func each(t *testing.T, fn func(t *testing.T, o office)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		hand, p := clock.At(monday), newIDP(t)
		accounts := account.New(d)
		accounts.Now = hand.Now
		o := office{&Service{DB: d, Accounts: accounts, Now: hand.Now, NewID: id.New,
			Providers: []*Provider{{Name: "gov", Issuer: p.URL, ClientID: "gezhi", Secret: "s", Claim: "preferred_username"}, {Name: "other", Issuer: p.URL, ClientID: "gezhi", Claim: "preferred_username"}},
			Home: func(string) (account.Jurisdiction, error) {
				return account.Jurisdiction{ID: "j1", Nature: "sample"}, nil
			}}, t, p, hand, account.Person{}}
		o.wang = o.person("wang")
		p.token = func(url.Values) string { return "" }
		fn(t, o)
	})
}

func (o office) person(login string) account.Person {
	o.t.Helper()
	p, err := o.Accounts.CreatePerson(o.t.Context(), "", account.NewPerson{Jurisdiction: "j1", Name: "样例 " + login, Login: login, Nature: "sample"})
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

// begun is a log-in that stands at the provider.
type begun struct {
	cookie, state, nonce string
	query                url.Values
}

func (o office) begin(target string) begun {
	o.t.Helper()
	b, err := o.Begin(o.t.Context(), "gov", target, base)
	if err != nil {
		o.t.Fatal(err)
	}
	u, err := url.Parse(b.Address)
	if err != nil {
		o.t.Fatal(err)
	}
	return begun{b.Cookie, u.Query().Get("state"), u.Query().Get("nonce"), u.Query()}
}

// answers lets the provider give a token with other claims than the right ones.
func (o office) answers(nonce string, other map[string]any) {
	o.idp.token = func(url.Values) string { return o.idp.sign(o.idp.claims(nonce, other)) }
}

func (o office) finish(b begun) (Entered, error) {
	return o.Finish(o.t.Context(), "gov", Answer{Code: "c", State: b.state}, b.cookie, base, account.Origin{Addr: "192.0.2.1"})
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// Somebody logs in at the provider and is here whom the claim names; the question carries a
// challenge whose answer only we have, and the browser goes where it wanted.
func TestALogInAtAProvider(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		b := o.begin("/desk/cases/x?queue=mine")
		if b.query.Get("code_challenge_method") != "S256" || b.query.Get("code_challenge") == "" || b.query.Get("redirect_uri") != base+"/api/v1/session/outside/gov/callback" || b.query.Get("response_type") != "code" {
			t.Errorf("%v", b.query)
		}
		o.answers(b.nonce, nil)
		in, err := o.finish(b)
		if err != nil || in.Target != "/desk/cases/x?queue=mine" {
			t.Fatal(in, err)
		}
		a, err := o.Accounts.Who(t.Context(), in.Token)
		if err != nil || a.PersonID != o.wang.ID {
			t.Fatal(a, err)
		}
		if len(o.idp.asked.Get("code_verifier")) < 43 {
			t.Error("the code was redeemed without its verifier")
		}
		_, err = o.finish(b)
		want(t, err, "signon.state")
	})
}

// A token that is forged, too old, for somebody else, of somebody else, or an answer to another
// question lets nobody in.
func TestATokenThatIsNotRight(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		stranger, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		text := func(nonce string) string {
			b, _ := json.Marshal(o.idp.claims(nonce, nil))
			return string(b)
		}
		for name, token := range map[string]func(nonce string) string{
			"another key under a known name": func(n string) string { return oidctest.SignIDToken(stranger, "k1", oidc.RS256, text(n)) },
			"another key":                    func(n string) string { return oidctest.SignIDToken(stranger, "k9", oidc.RS256, text(n)) },
			"no signature":                   func(n string) string { return "eyJhbGciOiJub25lIn0." + raw(text(n)) + "." },
			"signed with our secret":         func(n string) string { return "eyJhbGciOiJIUzI1NiJ9." + raw(text(n)) + ".AAAA" },
			"changed after it was signed":    func(n string) string { return swap(o.idp.sign(o.idp.claims(n, nil)), text(n)) },
			"too old": func(n string) string {
				return o.idp.sign(o.idp.claims(n, map[string]any{"exp": monday.Add(-time.Second).Unix()}))
			},
			"for another client": func(n string) string { return o.idp.sign(o.idp.claims(n, map[string]any{"aud": "other"})) },
			"for two, without saying to whom": func(n string) string {
				return o.idp.sign(o.idp.claims(n, map[string]any{"aud": []string{"gezhi", "other"}}))
			},
			"handed to another client": func(n string) string { return o.idp.sign(o.idp.claims(n, map[string]any{"azp": "other"})) },
			"of another provider": func(n string) string {
				return o.idp.sign(o.idp.claims(n, map[string]any{"iss": "https://other.example"}))
			},
			"an answer to another question": func(string) string { return o.idp.sign(o.idp.claims("other", nil)) },
			"an answer to no question":      func(string) string { return o.idp.sign(o.idp.claims("", nil)) },
			"none":                          func(string) string { return "" },
		} {
			b := o.begin("/desk/")
			o.idp.token = func(url.Values) string { return token(b.nonce) }
			if _, err := o.finish(b); fault.CodeOf(err) != "signon.token" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// raw is the middle of a token.
func raw(text string) string {
	return strings.Split(oidctest.SignIDToken(testKey, "x", oidc.RS256, text), ".")[1]
}

var testKey, _ = rsa.GenerateKey(rand.Reader, 2048)

// swap puts other claims into a token.
func swap(token, text string) string {
	p := strings.Split(token, ".")
	return p[0] + "." + raw(strings.Replace(text, "wang", "root", 1)) + "." + p[2]
}

// An answer counts only in the browser that asked, at the provider that was asked, in time, once.
func TestStateIsBoundToTheBrowser(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		victim, attacker := o.begin("/desk/"), o.begin("/desk/")
		o.answers(attacker.nonce, nil)
		_, err := o.finish(begun{cookie: victim.cookie, state: attacker.state})
		want(t, err, "signon.state")
		_, err = o.finish(attacker) // was taken away by the try
		want(t, err, "signon.state")
		for _, wrong := range []begun{{cookie: "", state: victim.state}, {cookie: victim.cookie, state: ""}, {cookie: victim.cookie, state: "forged"}} {
			_, err = o.finish(wrong)
			want(t, err, "signon.state")
		}
		b := o.begin("/desk/")
		_, err = o.Finish(t.Context(), "other", Answer{Code: "c", State: b.state}, b.cookie, base, account.Origin{})
		want(t, err, "signon.state")
		b = o.begin("/desk/")
		_, err = o.Finish(t.Context(), "gov", Answer{Code: "c", State: b.state, Issuer: "https://other.example"}, b.cookie, base, account.Origin{})
		want(t, err, "signon.state")
		b = o.begin("/desk/")
		o.clock.Add(unfinished)
		_, err = o.finish(b)
		want(t, err, "signon.state")
		b = o.begin("/desk/")
		_, err = o.Finish(t.Context(), "gov", Answer{Error: "access_denied", State: b.state}, b.cookie, base, account.Origin{})
		want(t, err, "signon.refused")
	})
}

// Keys of the provider change: a token under a key that is new is understood, one under a key that
// was taken away is not.
func TestKeysRotate(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		b := o.begin("/desk/")
		o.answers(b.nonce, nil)
		if _, err := o.finish(b); err != nil {
			t.Fatal(err)
		}
		fresh, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		old := o.idp.key
		o.idp.keys.PublicKeys = []oidctest.PublicKey{{PublicKey: fresh.Public(), KeyID: "k2", Algorithm: oidc.RS256}}
		b = o.begin("/desk/")
		o.idp.token = func(url.Values) string {
			c, _ := json.Marshal(o.idp.claims(b.nonce, nil))
			return oidctest.SignIDToken(fresh, "k2", oidc.RS256, string(c))
		}
		if _, err := o.finish(b); err != nil {
			t.Fatal(err)
		}
		o.idp.key = old
		b = o.begin("/desk/")
		o.answers(b.nonce, nil)
		_, err = o.finish(b)
		want(t, err, "signon.token")
	})
}

// The claim tells who somebody is the first time; from then on the provider's subject does, so
// that a name which changes hands brings nobody in, and a changed name keeps nobody out.
func TestWhoSomebodyIs(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		try := func(other map[string]any) (string, error) {
			b := o.begin("/desk/")
			o.answers(b.nonce, other)
			in, err := o.finish(b)
			if err != nil {
				return "", err
			}
			a, err := o.Accounts.Who(t.Context(), in.Token)
			return a.PersonID, err
		}
		for _, other := range []map[string]any{{"preferred_username": "nobody"}, {"preferred_username": ""}, {"preferred_username": 7}, {"preferred_username": nil}} {
			_, err := try(other)
			want(t, err, "signon.nobody")
		}
		if who, err := try(nil); err != nil || who != o.wang.ID {
			t.Fatal(who, err)
		}
		if who, err := try(map[string]any{"preferred_username": "renamed"}); err != nil || who != o.wang.ID {
			t.Fatal(who, err)
		}
		_, err := try(map[string]any{"sub": "s-2"})
		want(t, err, "signon.other_subject")
		o.Providers[0].CreateIn = "990102"
		who, err := try(map[string]any{"sub": "s-3", "preferred_username": "new", "name": "样例新人"})
		if p, none := o.Accounts.Person(t.Context(), who); err != nil || none != nil || p.Name != "样例新人" || p.Login != "new" || p.Nature != "sample" {
			t.Errorf("%+v %v", p, err)
		}
		if err := o.Accounts.EndPerson(t.Context(), "", o.wang.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := try(nil); err == nil {
			t.Error("somebody who has left comes in")
		}
	})
}

// The provider ends its session, or all of somebody's: ours end with them. What it did not sign, an
// old message, one for another client, and a token of a log-in end nothing.
func TestTheProviderEndsSessions(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		enter := func(sid string) string {
			b := o.begin("/desk/")
			o.answers(b.nonce, map[string]any{"sid": sid})
			in, err := o.finish(b)
			if err != nil {
				t.Fatal(err)
			}
			return in.Token
		}
		over := func(other map[string]any) map[string]any {
			c := map[string]any{"iss": o.idp.URL, "aud": "gezhi", "iat": monday.Unix(), "exp": monday.Add(time.Minute).Unix(), "jti": fmt.Sprint(len(other)),
				"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}
			maps.Copy(c, other)
			return c
		}
		in := func(token string) bool { _, err := o.Accounts.Who(t.Context(), token); return err == nil }
		a, b := enter("one"), enter("two")
		for name, token := range map[string]string{
			"a log-in token": o.idp.sign(o.idp.claims("n", map[string]any{"sid": "one"})), "too old": o.idp.sign(over(map[string]any{"sid": "one", "exp": monday.Add(-time.Second).Unix()})),
			"for another": o.idp.sign(over(map[string]any{"sid": "one", "aud": "other"})), "of another": o.idp.sign(over(map[string]any{"sid": "one", "iss": "https://other.example"})),
			"with a nonce": o.idp.sign(over(map[string]any{"sid": "one", "nonce": "n"})), "of nobody": o.idp.sign(over(nil)), "forged": o.idp.sign(over(map[string]any{"sid": "one"})) + "x", "nothing": "",
		} {
			if err := o.Told(t.Context(), "gov", token); fault.CodeOf(err) != "signon.token" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !in(a) || !in(b) {
			t.Fatal("what was refused ended a session")
		}
		for range 2 {
			if err := o.Told(t.Context(), "gov", o.idp.sign(over(map[string]any{"sid": "one", "sub": "s-1"}))); err != nil {
				t.Fatal(err)
			}
		}
		if in(a) || !in(b) {
			t.Error("one session, and that alone, should have ended")
		}
		if err := o.Told(t.Context(), "gov", o.idp.sign(over(map[string]any{"sub": "s-1"}))); err != nil || in(b) {
			t.Error("all sessions of somebody should have ended", err)
		}
	})
}

// After a log-in nobody is sent anywhere but to a page of ours.
func TestNobodyIsSentElsewhere(t *testing.T) {
	for target, to := range map[string]string{
		"/desk/cases/1?queue=mine": "/desk/cases/1?queue=mine", "/field/": "/field/", "/desk": "/desk",
		"": "/desk/", "//evil.example": "/desk/", "/\\evil.example": "/desk/", "https://evil.example": "/desk/", "/desk/\r\nSet-Cookie: x": "/desk/", "javascript:alert(1)": "/desk/",
		"/api/v1/session": "/desk/", "desk/": "/desk/", "/desk/../api": "/desk/", "///evil.example/desk/": "/desk/", "/%2f/evil.example": "/desk/", "http:/desk/": "/desk/", "/\tdesk/": "/desk/",
		"/desk/" + strings.Repeat("x", 600): "/desk/",
	} {
		if got := Local(target); got != to {
			t.Errorf("%q leads to %q", target, got)
		}
	}
}

func FuzzLocal(f *testing.F) {
	for _, s := range []string{"/desk/", "//x", "/\\x", "/desk/@x", "https://x"} {
		f.Add(s)
	}
	here, _ := url.Parse(base)
	f.Fuzz(func(t *testing.T, target string) {
		u, err := here.Parse(Local(target))
		if err != nil || u.Host != here.Host || u.Scheme != here.Scheme {
			t.Errorf("%q leads to %v %v", target, u, err)
		}
	})
}

// The file of providers is read strictly; secrets come from files or the environment.
func TestTheFileOfProviders(t *testing.T) {
	env := func(name string) string { return map[string]string{"SAMPLE_SECRET": "hush"}[name] }
	all, err := Parse([]byte("providers:\n  - { name: gov, title: { zh: 统一认证, en: Government }, issuer: https://id.example/a, client_id: gezhi, secret_env: SAMPLE_SECRET, scopes: [profile], claim: uid, strong: true }\n"), env)
	if err != nil || len(all) != 1 || all[0].Secret != "hush" || all[0].Claim != "uid" || !all[0].Strong || all[0].Title["zh"] != "统一认证" || all[0].Scopes[0] != "profile" {
		t.Fatalf("%+v %v", all, err)
	}
	for text, code := range map[string]string{
		"providers: []":                "field.required",
		"nonsense":                     "field.required",
		"providers: [ { name: A b } ]": "signon.bad_name",
		"providers: [ { name: a, issuer: http://id.example, client_id: x } ]":                                                         "signon.bad_issuer",
		"providers: [ { name: a, issuer: https://id.example?x=1, client_id: x } ]":                                                    "signon.bad_issuer",
		"providers: [ { name: a, issuer: https://id.example, client_id: x, secret_env: NOT_THERE } ]":                                 "signon.no_secret",
		"providers: [ { name: a, issuer: https://id.example, client_id: x, secret: y } ]":                                             "notify.unknown_key",
		"providers: [ { name: a, issuer: https://id.example, client_id: x }, { name: a, issuer: https://id.example, client_id: x } ]": "signon.bad_name",
		"providers: [": "notify.bad_yaml",
	} {
		_, err := Parse([]byte(text), env)
		if !strings.Contains(fmt.Sprint(err), code) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("providers: [ { name: a, issuer: https://id.example, client_id: x } ]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := Parse(data, func(string) string { return "" })
		if (err == nil) != (len(all) > 0) {
			t.Error(all, err)
		}
	})
}

// Over HTTP: the browser goes out with a cookie that no script reads, comes back to its page with a
// session, and with anything wrong to the log-in with a code alone.
func TestTheWayThereAndBack(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		srv := web.New("Test", "1")
		srv.Authenticate = o.Accounts.Authenticate
		Door{o.Service, base}.Register(srv)
		ask := func(method, path string, cookies ...*http.Cookie) *http.Response {
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			for _, c := range cookies {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			srv.ServeHTTP(w, r)
			return w.Result()
		}
		out := ask("GET", "/api/v1/session/outside/gov?to=/desk/notes")
		to, err := out.Location()
		if err != nil || out.StatusCode != 303 || !strings.HasPrefix(to.String(), o.idp.URL+"/auth?") || len(out.Cookies()) != 1 {
			t.Fatal(out.StatusCode, to, err)
		}
		if c := out.Cookies()[0]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != Path {
			t.Errorf("%+v", c)
		}
		o.answers(to.Query().Get("nonce"), nil)
		back := "/api/v1/session/outside/gov/callback?code=c&other=x&state=" + to.Query().Get("state")
		if in := ask("GET", back); in.StatusCode != 303 || in.Header.Get("Location") != "/desk/login?outside=signon.state" {
			t.Error("without the cookie:", in.StatusCode, in.Header)
		}
		out = ask("GET", "/api/v1/session/outside/gov?to=//evil.example")
		to, _ = out.Location()
		o.answers(to.Query().Get("nonce"), nil)
		in := ask("GET", "/api/v1/session/outside/gov/callback?code=c&state="+to.Query().Get("state"), out.Cookies()...)
		if in.StatusCode != 303 || in.Header.Get("Location") != "/desk/" || len(in.Cookies()) != 2 || in.Cookies()[0].MaxAge >= 0 || !in.Cookies()[1].HttpOnly {
			t.Fatal(in.StatusCode, in.Header)
		}
		left := ask("POST", "/api/v1/session/leave", in.Cookies()[1])
		if left.StatusCode != 200 || left.Cookies()[0].MaxAge >= 0 {
			t.Error(left.StatusCode, left.Header)
		}
		if again := ask("POST", "/api/v1/session/leave", in.Cookies()[1]); again.StatusCode != 401 {
			t.Error(again.StatusCode)
		}
		if none := ask("GET", "/api/v1/session/outside/none"); none.StatusCode != 404 {
			t.Error(none.StatusCode)
		}
		if told := ask("POST", "/api/v1/session/outside/gov/logout"); told.StatusCode != 400 || told.Header.Get("Cache-Control") != "no-store" {
			t.Error(told.StatusCode)
		}
	})
}
