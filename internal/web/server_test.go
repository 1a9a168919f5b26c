package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

// A server that knows nobody refuses everything that is not public.
func TestWithoutAuthenticationOnlyPublicOperationsAnswer(t *testing.T) {
	s := newTrial()
	s.Authenticate = nil
	if w := s.ask("PUT", put, `{"title":"abc"}`); w.Code != 401 {
		t.Error(w.Code)
	}
	if w := s.ask("GET", "/api/v1/open", ""); w.Code != 200 {
		t.Error(w.Code)
	}
}

// A change that carries our cookie is refused unless the browser says that it comes from our
// own pages; reading, and programs with a token, are not asked.
func TestForgedRequestsAreRefused(t *testing.T) {
	s := newTrial()
	s.Hosts = []string{"gezhi.example"}
	for _, c := range []struct {
		cookie, auth, site, origin string
		ok                         bool
	}{
		{"s=good", "", "same-origin", "", true},
		{"s=good", "", "none", "", true},
		{"s=good", "", "cross-site", "", false},
		{"s=good", "", "same-site", "", false},
		{"s=good", "", "cross-site", "http://example.com", false},
		{"s=good", "", "", "http://example.com", true},
		{"s=good", "", "", "https://EXAMPLE.com", true},
		{"s=good", "", "", "https://gezhi.example", true},
		{"s=good", "", "same-origin", "https://evil.example", true}, // the browser has compared better than we can
		{"s=good", "", "", "https://evil.example", false},
		{"s=good", "", "", "https://example.com.evil.example", false},
		{"s=good", "", "", "null", false},
		{"s=good", "", "", "", false},
		{"", "Bearer good", "", "", true},
		{"", "Bearer good", "cross-site", "", true},
		{"s=good", "Basic x", "cross-site", "", false}, // the token is no token, and the cookie does not count
	} {
		w := s.ask("PUT", put, `{"title":"abc"}`, "Cookie: "+c.cookie, "Authorization: "+c.auth, "Sec-Fetch-Site: "+c.site, "Origin: "+c.origin)
		if (w.Code == 200) != c.ok {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
		if w := s.ask("GET", "/api/v1/open", "", "Cookie: "+c.cookie, "Authorization: "+c.auth, "Sec-Fetch-Site: "+c.site, "Origin: "+c.origin); w.Code != 200 {
			t.Errorf("reading, %+v: %d", c, w.Code)
		}
	}
	// Over TLS a page of the same host without TLS is another site: anybody on the line makes one.
	s.Proxies = nil
	for origin, ok := range map[string]bool{"http://example.com": false, "https://example.com": true} {
		r := httptest.NewRequest("PUT", put, strings.NewReader(`{"title":"abc"}`))
		r.RemoteAddr = "127.0.0.1:5"
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("Cookie", "s=good")
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if (w.Code == 200) != ok {
			t.Errorf("%s over TLS: %d %s", origin, w.Code, w.Body)
		}
	}
	// A log-in that another site sends would make the victim work under a stranger's name.
	if w := s.ask("POST", "/api/v1/quiet", `{"Text":""}`, "Authorization: ", "Sec-Fetch-Site: cross-site"); problemOf(t, w).Code != "request.other_site" {
		t.Error("without a cookie, from another site:", w.Code)
	}
}

// Every answer carries the headers that keep browsers out of trouble, and its own id.
func TestEveryAnswerHasSafeHeaders(t *testing.T) {
	s := newTrial()
	seen := map[string]bool{}
	for _, path := range []string{"/api/v1/open", "/api/v1/none", "/openapi.json", "/none"} {
		h := s.ask("GET", path, "").Header()
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'self';", "script-src 'self';", "worker-src 'self';", "style-src 'self';", "connect-src 'self';", "object-src 'none';", "frame-src 'none';", "base-uri 'none';", "form-action 'self';", "img-src 'self' data: blob:;", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: %s is missing", path, part)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || strings.Contains(csp, "*") {
			t.Errorf("%s: %s", path, csp)
		}
		for name, want := range map[string]string{"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if p := h.Get("Permissions-Policy"); !strings.Contains(p, "camera=(self)") || !strings.Contains(p, "usb=()") {
			t.Errorf("%s: %s", path, p)
		}
		if h.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: without TLS nothing is promised of TLS", path)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || seen[h.Get("X-Request-Id")] || len(h.Get("X-Request-Id")) < 16 {
			t.Errorf("%s: %v", path, h)
		}
		seen[h.Get("X-Request-Id")] = true
		if strings.HasPrefix(path, "/api/") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept", path)
		}
	}
}

// The access log says what was asked and answered, and nothing of the query.
func TestTheAccessLogHoldsNoQuery(t *testing.T) {
	s := newTrial()
	s.ask("PUT", put+"?limit="+secret, `{"title":"`+secret+`"}`)
	if l := s.logged(); !strings.Contains(l, "path=/api/v1/drafts/x") || !strings.Contains(l, "status=422") || strings.Contains(l, secret) {
		t.Error(l)
	}
}

// The OpenAPI document is 3.1, names no host, and describes our problems.
func TestTheDocument(t *testing.T) {
	s := newTrial()
	w := s.ask("GET", "/openapi.json", "", "Authorization: ")
	var doc struct {
		OpenAPI    string         `json:"openapi"`
		Servers    []any          `json:"servers"`
		Paths      map[string]any `json:"paths"`
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || len(doc.Servers) != 0 || doc.Paths["/api/v1/drafts/{id}"] == nil || doc.Paths["/api/v1/raw/{id}"] == nil {
		t.Errorf("%+v", doc)
	}
	for _, want := range []string{"code", "detail", "errors", "request"} {
		if doc.Components.Schemas["Problem"].Properties[want] == nil {
			t.Errorf("Problem has no %s: %s", want, w.Body)
		}
	}
	for _, never := range []string{"example.com", "$schema", "ErrorModel"} {
		if strings.Contains(w.Body.String(), never) {
			t.Errorf("it says %s", never)
		}
	}
	for _, path := range []string{"/docs", "/schemas/Draft.json", "/openapi.yaml", "/openapi-3.0.json"} {
		if w := s.ask("GET", path, ""); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Two operations of one id are a defect that shows at once.
func TestOperationIDsAreUnique(t *testing.T) {
	s := newTrial()
	for _, o := range []Operation{{Method: "GET", Path: "/other", ID: "open"}, {Method: "GET", Path: "/other"}, {Method: "GET", Path: "other", ID: "other"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was registered", o)
				}
			}()
			Raw(s.Server, o, nil)
		}()
	}
}

// Whoever stands behind our proxy is seen; whoever pretends to is not.
func TestForwardingIsBelievedOnlyFromProxies(t *testing.T) {
	s := newTrial()
	for _, c := range []struct{ peer, forwarded, want string }{
		{"127.0.0.1:9", "198.51.100.7", "198.51.100.7"},
		{"127.0.0.1:9", "1.2.3.4, 198.51.100.7", "198.51.100.7"},
		{"127.0.0.1:9", "nonsense", "127.0.0.1"},
		{"[::1]:9", "2001:db8::1", "2001:db8::1"},
		{"203.0.113.5:9", "198.51.100.7", "203.0.113.5"},
		{"127.0.0.1:9", "1.2.3.4, 198.51.100.7, ::1", "198.51.100.7"}, // two proxies of ours, one behind the other
		{"127.0.0.1:9", "127.0.0.1", "127.0.0.1"},
		{"127.0.0.1:9", "198.51.100.7, nonsense, 127.0.0.1", "127.0.0.1"},
		{"127.0.0.1:9", "", "127.0.0.1"},
		{"127.0.0.1:9", "198.51.100.7:4711", "127.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		r.Header.Set("X-Forwarded-Proto", "https")
		got := s.client(r)
		if got.Addr != c.want || got.Secure != !strings.HasPrefix(c.peer, "203") {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// A client that made up a whole chain is seen as the proxy saw it; what a proxy sends as a
// second header counts like a list; and what somebody says of TLS who is no proxy does not count.
func TestMadeUpForwarding(t *testing.T) {
	s := newTrial()
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "127.0.0.1:9"
	r.Header.Add("X-Forwarded-For", "10.0.0.1")
	r.Header.Add("X-Forwarded-For", "198.51.100.7")
	r.Header.Add("X-Forwarded-Proto", "https, http")
	if c := s.client(r); c.Addr != "198.51.100.7" || c.Secure {
		t.Errorf("%+v", c)
	}
}

// What a browser calls itself is kept without what would break a line, a log or a page.
func TestTheNameOfABrowserIsClean(t *testing.T) {
	s := newTrial()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("User-Agent", "Mozilla\t5\r\nX-Evil: 1\x1b[31m \u202egnp.exe \xff微信"+strings.Repeat("长", 100))
	if got := s.client(r).UserAgent; len(got) > 200 || !strings.HasPrefix(got, "Mozilla5X-Evil: 1[31m gnp.exe 微信长") || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
}

// Nothing that a client sends begins a line of its own in the log, or comes back in a header.
func TestNothingIsInjectedIntoLogOrHeaders(t *testing.T) {
	s := newTrial()
	const evil = "x%0d%0aSet-Cookie:%20gezhi_session=planted%0d%0alevel=ERROR%20msg=forged"
	for _, path := range []string{"/api/v1/raw/" + evil, "/api/v1/drafts/" + evil + "?" + evil + "=" + evil, "/" + evil, "/desk/" + evil} {
		w := s.ask("POST", path, "x", "Idempotency-Key: a\u2028level=ERROR", "X-Request-Id: planted", "Accept-Language: x\u2028y")
		for name, values := range w.Header() {
			if strings.ContainsAny(name+strings.Join(values, ""), "\r\n") || name == "Set-Cookie" || strings.Contains(strings.Join(values, ""), "planted") {
				t.Errorf("%s: %s: %q", path, name, values)
			}
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(s.logged()), "\n") {
		if !strings.HasPrefix(line, "time=") || strings.HasPrefix(line, "level=") || strings.Count(line, " msg=") > 1 && !strings.Contains(line, `\n`) {
			t.Errorf("a line of the client's: %s", line)
		}
	}
}

// Nobody is led to another site, however the address is written: neither by the server, nor by
// the pages alone, should anything ever ask them directly.
func TestNoRedirectLeadsAway(t *testing.T) {
	s := newTrial()
	pages := Faces(fstest.MapFS{"desk/index.html": {Data: []byte("<!doctype html>")}})
	s.Mount("/", pages)
	led := 0
	for _, path := range []string{"//evil.example", "//evil.example/", "//evil.example/desk", "/\\evil.example", "/%5Cevil.example/desk", "/%2F%2Fevil.example", "///evil.example/..", "/desk//evil.example", "/desk?to=//evil.example", "//evil.example/%2e%2e", "/.//evil.example", "/desk/..//evil.example/", "//evil.example/api/v1/open",
		"//desk", "///home", "/\\/desk", "//evil.example/../desk", "//evil.example/%2e%2e/field", "/%2Fevil.example/..//wall", "//evil.example/../"} {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			continue // the server answers 400
		}
		for name, h := range map[string]http.Handler{"server": s, "pages": pages} {
			r := httptest.NewRequest("GET", "/", nil)
			r.RequestURI, r.URL = path, u
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			to := w.Header().Get("Location")
			if to == "" {
				continue
			}
			led++
			if u, err := url.Parse(to); err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(to, "//") || strings.HasPrefix(to, "/\\") {
				t.Errorf("the %s: %s leads to %s", name, path, to)
			}
		}
	}
	if led < 20 {
		t.Errorf("only %d led anywhere", led)
	}
}

// run starts a server on a real connection and stops it with the test.
func run(t *testing.T, s *Server) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, l) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String(), stop
}

// endless is a body without an end, and counts what was read of it.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.read.Load() > 50<<20 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'a'
	}
	e.read.Add(int64(len(p)))
	return len(p), nil
}

// Fifty megabytes, announced or not, are refused with an answer, and long before they are read.
func TestHugeBodiesAreRefused(t *testing.T) {
	s := newTrial()
	address, _ := run(t, s.Server)
	for _, announced := range []int64{50 << 20, -1} {
		body := &endless{}
		r, err := http.NewRequestWithContext(t.Context(), "PUT", address+put, body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = announced
		r.Header.Set("Authorization", "Bearer good")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 413 || !bytes.Contains(b, []byte("request.too_large")) || body.read.Load() > 20<<20 {
			t.Errorf("announced %d: %d %s after %d bytes", announced, res.StatusCode, b, body.read.Load())
		}
	}
}

// Run finishes what is running before it returns.
func TestStoppingFinishesRunningRequests(t *testing.T) {
	s := newTrial()
	started, finish := make(chan struct{}), make(chan struct{})
	Raw(s.Server, Operation{Method: "GET", Path: "/slow", ID: "slow", Public: true}, func(w http.ResponseWriter, r *http.Request) error {
		close(started)
		<-finish
		_, err := io.WriteString(w, "whole")
		return err
	})
	address, stop := run(t, s.Server)
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get(address + Prefix + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		answer <- string(b)
	}()
	<-started
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for { // until the server takes nobody new
		c, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
		if err != nil {
			break
		}
		c.Close()
	}
	select {
	case err := <-stopped:
		t.Fatal("stopped before the request was over", err)
	default:
	}
	close(finish)
	if a := <-answer; a != "whole" {
		t.Error(a)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
