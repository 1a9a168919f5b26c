package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gezhi/internal/db"
)

// provider is a running OpenID Connect provider that takes orders.
type provider struct {
	t      *testing.T
	orders io.Writer
	says   *bufio.Scanner
	issuer string
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	cmd := exec.Command("node", "../ui/e2e/provider.mjs")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	p := &provider{t: t, orders: in, says: bufio.NewScanner(out)}
	p.issuer = p.line()["issuer"].(string)
	return p
}

func (p *provider) line() (v map[string]any) {
	p.t.Helper()
	for p.says.Scan() {
		if json.Unmarshal(p.says.Bytes(), &v) == nil {
			return v
		}
	}
	p.t.Fatal("the provider says nothing")
	return nil
}

// order tells the provider what to do, and returns how often it has asked somebody to log in.
func (p *provider) order(v map[string]any) float64 {
	p.t.Helper()
	b, _ := json.Marshal(v)
	if _, err := fmt.Fprintf(p.orders, "%s\n", b); err != nil {
		p.t.Fatal(err)
	}
	return p.line()["asked"].(float64)
}

// browser follows redirects and keeps cookies; it stops before an address that begins with stop.
type browser struct {
	*http.Client
	t    *testing.T
	stop string
}

func newBrowser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t}
	b.Client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if b.stop != "" && strings.HasPrefix(r.URL.String(), b.stop) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return b
}

// open asks for an address and returns the answer with its text.
func (b *browser) open(address string) (*http.Response, string) {
	b.t.Helper()
	r, err := b.Get(address)
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return r, string(text)
}

func (b *browser) post(address string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	q, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r, err := b.Do(q)
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	return r, string(text)
}

// who is who the browser is at the program, "" for nobody.
func (b *browser) who(base string) string {
	b.t.Helper()
	r, text := b.open(base + "/api/v1/me")
	if r.StatusCode != 200 {
		return ""
	}
	var me struct{ Person struct{ Name string } }
	if err := json.Unmarshal([]byte(text), &me); err != nil {
		b.t.Fatal(err)
	}
	return me.Person.Name
}

var hidden = regexp.MustCompile(`name="xsrf" value="([^"]+)"`)

// Against a real provider: people come in as whom the provider says they are, also after its keys
// have changed; a code counts once and a state in one browser; log-out here ends the provider's
// session, and log-out there ours.
func TestLogInAtARealProvider(t *testing.T) {
	p := startProvider(t)
	file := filepath.Join(t.TempDir(), "providers.yaml")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a sample secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("providers:\n  - { name: gov, title: { zh: 样例统一认证, en: sample }, issuer: %s, client_id: gezhi, secret_file: %s, scopes: [profile] }\n", p.issuer, secret)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GEZHI_OIDC", file)
	s := start(t, db.SQLite)
	p.order(map[string]any{"base": s.base, "account": "street"})
	begin := s.base + "/api/v1/session/outside/gov?to=/desk/notes"

	b := newBrowser(t)
	if r, _ := b.open(begin); r.Request.URL.Path != "/desk/notes" || b.who(s.base) != "样例街道派单员" {
		t.Fatal(r.Request.URL, b.who(s.base))
	}
	_, signIns := b.open(s.base + "/api/v1/session/outside")
	if !strings.Contains(signIns, "样例统一认证") {
		t.Error(signIns)
	}

	p.order(map[string]any{"account": "nobody-here"})
	other := newBrowser(t)
	if r, _ := other.open(begin); r.Request.URL.Query().Get("outside") != "signon.nobody" || other.who(s.base) != "" {
		t.Error("somebody unknown:", r.Request.URL)
	}

	p.order(map[string]any{"account": "village", "rotate": true})
	fresh := newBrowser(t)
	if fresh.open(begin); fresh.who(s.base) != "样例村干部" {
		t.Fatal("after the keys have changed: nobody")
	}

	t.Run("a code counts once, in one browser", func(t *testing.T) {
		callback := s.base + "/api/v1/session/outside/gov/callback"
		first := newBrowser(t)
		first.stop = callback
		r, _ := first.open(begin)
		back, err := r.Location()
		if err != nil {
			t.Fatal(err)
		}
		first.stop = ""
		thief := newBrowser(t)
		if r, _ := thief.open(back.String()); r.Request.URL.Query().Get("outside") != "signon.state" || thief.who(s.base) != "" {
			t.Error("in another browser:", r.Request.URL)
		}
		second := newBrowser(t)
		second.stop = callback
		r, _ = second.open(begin)
		again, err := r.Location()
		if err != nil {
			t.Fatal(err)
		}
		second.stop = ""
		good := *again
		if second.open(again.String()); second.who(s.base) != "样例村干部" {
			t.Error("nobody came in")
		}
		if r, _ := second.open(good.String()); r.Request.URL.Query().Get("outside") != "signon.state" {
			t.Error("the same answer twice:", r.Request.URL)
		}
		third := newBrowser(t)
		third.stop = callback
		r, _ = third.open(begin)
		mixed, err := r.Location()
		if err != nil {
			t.Fatal(err)
		}
		third.stop = ""
		q := mixed.Query()
		q.Set("code", good.Query().Get("code"))
		mixed.RawQuery = q.Encode()
		if r, _ := third.open(mixed.String()); r.Request.URL.Query().Get("outside") != "signon.token" || third.who(s.base) != "" {
			t.Error("a code that was used:", r.Request.URL)
		}
	})

	t.Run("log-out here and there", func(t *testing.T) {
		r, text := fresh.post(s.base+"/api/v1/session/leave", nil)
		var left struct{ To string }
		if err := json.Unmarshal([]byte(text), &left); err != nil || r.StatusCode != 200 || !strings.HasPrefix(left.To, p.issuer+"/session/end?") || fresh.who(s.base) != "" {
			t.Fatal(r.StatusCode, text)
		}
		before := p.order(map[string]any{"account": "village"})
		end := func(b *browser, address string) string {
			t.Helper()
			_, page := b.open(address)
			xsrf := hidden.FindStringSubmatch(page)
			if xsrf == nil {
				t.Fatal(page)
			}
			r, _ := b.post(p.issuer+"/session/end/confirm", url.Values{"xsrf": {xsrf[1]}, "logout": {"yes"}})
			return r.Request.URL.String()
		}
		if to := end(fresh, left.To); !strings.HasPrefix(to, s.base+"/desk/login") {
			t.Error("the provider sends back to", to)
		}
		if fresh.open(begin); fresh.who(s.base) != "样例村干部" || p.order(map[string]any{}) != before+1 {
			t.Error("the provider's session went on after log-out")
		}
		end(fresh, p.issuer+"/session/end")
		if who := fresh.who(s.base); who != "" {
			t.Error("the provider ended its session, and here still is", who)
		}
		if b.who(s.base) != "样例街道派单员" {
			t.Error("somebody else's session ended, too")
		}
	})
}
