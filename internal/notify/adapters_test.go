package notify_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gezhi/internal/fault"
	"gezhi/internal/notify"
)

// sample is a delivery as the service hands it to a channel.
func sample() notify.Delivery {
	return notify.Delivery{
		ID: "01957e00-0000-7000-8000-000000000001", Jurisdiction: "j", Person: "li", Attempt: 1, At: tuesdayNight,
		Subject: "新事件：YH-1", Text: "新事件：燃气泄漏（YH-1），期限3月3日 06:00", Link: "https://gezhi.example/c/c1",
		Values: map[string]string{"number": "YH-1", "count": "0"},
		Notice: notify.Notice{ID: "n1", Jurisdiction: "j", Case: "c1", Number: "YH-1", Title: "燃气泄漏", Event: "opened", Severity: 1, DueAt: tuesdayNight.Add(4 * time.Hour)},
	}
}

func wantCode(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if fault.CodeOf(err) != code || fault.KindOf(err) != kind {
		t.Fatalf("%v, want %s", err, code)
	}
}

// The form is signed as the gateway's document says, and the gateway can check it.
func TestAShortMessageIsSigned(t *testing.T) {
	g := newGateway(t)
	d := sample()
	d.Address = phones["li"]
	got, err := g.sms().Send(t.Context(), d)
	if err != nil || got.Ref != "biz-"+d.ID || got.Delivered {
		t.Fatal(got, err)
	}
	form := g.got[0]
	sign := form.Get("Signature")
	form.Del("Signature")
	// The canonical query by RFC 3986, made here in another way than in the adapter.
	query := strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(form.Encode())
	mac := hmac.New(sha1.New, []byte("sample&"))
	io.WriteString(mac, "POST&%2F&"+strings.ReplaceAll(url.QueryEscape(query), "+", "%20"))
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); sign != want {
		t.Fatalf("signed %s, want %s", sign, want)
	}
	if form.Get("TemplateParam") != `{"n":"0","no":"YH-1"}` || form.Get("Timestamp") != "2026-03-02T18:00:00Z" {
		t.Fatal(form)
	}
}

// A template code is chosen by event; without a secret nothing is signed.
func TestAShortMessageIsUnsignedWithoutASecret(t *testing.T) {
	g := newGateway(t)
	sms := g.sms()
	sms.Sign.Secret = ""
	d := sample()
	d.Address, d.Notice.Event = "+86"+phones["li"], "digest"
	if _, err := sms.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if f := g.got[0]; f.Has("Signature") || f.Get("TemplateCode") != "T2" {
		t.Fatal(f)
	}
}

// What is no telephone number never leaves.
func TestOnlyTelephoneNumbersAreSentTo(t *testing.T) {
	g := newGateway(t)
	for _, bad := range []string{"", "12", "1380000000x", "+", "1234567890123456", "138 0000", "13800000000&Action=Delete"} {
		d := sample()
		d.Address = bad
		_, err := g.sms().Send(t.Context(), d)
		wantCode(t, err, fault.Invalid, "notify.bad_address")
	}
	if len(g.got) != 0 {
		t.Fatal(g.got)
	}
}

// Of a gateway's bad answers, some may be over at the next try and some not; none shows the
// address of the gateway, which may hold a secret.
func TestBadAnswersOfGateways(t *testing.T) {
	g := newGateway(t)
	say := func(body string) func(http.ResponseWriter, *http.Request, url.Values) {
		return func(w http.ResponseWriter, _ *http.Request, _ url.Values) { io.WriteString(w, body) }
	}
	for _, x := range []struct {
		says string
		does func(http.ResponseWriter, *http.Request, url.Values)
		kind fault.Kind
		code string
	}{
		{"an outage", status(500), fault.Unavailable, "notify.gateway_error"},
		{"overload", status(429), fault.Unavailable, "notify.gateway_error"},
		{"a redirection is not followed", func(w http.ResponseWriter, r *http.Request, _ url.Values) {
			http.Redirect(w, r, g.URL+"/x", http.StatusTemporaryRedirect)
		}, fault.Unavailable, "notify.gateway_error"},
		{"refused", status(403), fault.Invalid, "notify.refused"},
		{"a page instead of an answer", say("<html>"), fault.Unavailable, "notify.bad_reply"},
		{"nothing", say(""), fault.Unavailable, "notify.bad_reply"},
		{"another object", say(`{"hello":1}`), fault.Unavailable, "notify.bad_reply"},
		{"a list", say(`[0]`), fault.Unavailable, "notify.bad_reply"},
		{"too many for now", say(`{"errcode":45009}`), fault.Unavailable, "notify.gateway_error"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request, _ url.Values) {
			c, _, _ := http.NewResponseController(w).Hijack()
			c.Close()
		}, fault.Unavailable, "notify.unreachable"},
	} {
		g.behave(x.does)
		before := len(g.values(""))
		_, err := notify.WeCom{URL: g.URL + "/send?key=hidden"}.Send(t.Context(), sample())
		if fault.CodeOf(err) != x.code || fault.KindOf(err) != x.kind {
			t.Errorf("%s: %v", x.says, err)
		}
		if err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: the error shows the key: %v", x.says, err)
		}
		if n := len(g.values("")) - before; n != 1 {
			t.Errorf("%s: %d requests", x.says, n)
		}
	}
	g.Close()
	_, err := notify.WeCom{URL: g.URL + "/send?key=hidden"}.Send(t.Context(), sample())
	wantCode(t, err, fault.Unavailable, "notify.unreachable")
	if strings.Contains(err.Error(), "hidden") {
		t.Error(err)
	}
}

// recorded keeps one request of a robot or a webhook.
func recorded(t *testing.T) (*httptest.Server, func() (*http.Request, []byte)) {
	var mu sync.Mutex
	var last *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		last = r
		body, _ = io.ReadAll(r.Body)
		io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	t.Cleanup(s.Close)
	return s, func() (*http.Request, []byte) { mu.Lock(); defer mu.Unlock(); return last, body }
}

// A robot of DingTalk gets the time and its signature by the vendor's rule.
func TestADingTalkRobotIsSigned(t *testing.T) {
	s, last := recorded(t)
	got, err := notify.DingTalk{URL: s.URL + "/robot/send?access_token=t", Secret: "SEC1"}.Send(t.Context(), sample())
	if err != nil || !got.Delivered {
		t.Fatal(got, err)
	}
	r, body := last()
	q := r.URL.Query()
	mac := hmac.New(sha256.New, []byte("SEC1"))
	fmt.Fprintf(mac, "%d\nSEC1", tuesdayNight.UnixMilli())
	if q.Get("access_token") != "t" || q.Get("timestamp") != fmt.Sprint(tuesdayNight.UnixMilli()) || q.Get("sign") != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		t.Fatal(r.URL)
	}
	if string(body) != `{"msgtype":"text","text":{"content":"新事件：燃气泄漏（YH-1），期限3月3日 06:00"}}` {
		t.Fatalf("%s", body)
	}
}

// The receiver of a webhook can check who sent it, and that nothing was changed.
func TestAWebhookIsSigned(t *testing.T) {
	s, last := recorded(t)
	got, err := notify.Webhook{URL: s.URL, Secret: "sample"}.Send(t.Context(), sample())
	if err != nil || !got.Delivered {
		t.Fatal(got, err)
	}
	r, body := last()
	var seconds int64
	var sum string
	if _, err := fmt.Sscanf(r.Header.Get("Gezhi-Signature"), "t=%d,v1=%s", &seconds, &sum); err != nil {
		t.Fatal(r.Header, err)
	}
	mac := hmac.New(sha256.New, []byte("sample"))
	fmt.Fprintf(mac, "%d.%s", seconds, body)
	if seconds != tuesdayNight.Unix() || sum != hex.EncodeToString(mac.Sum(nil)) || r.Header.Get("Gezhi-Delivery") != sample().ID {
		t.Fatal(r.Header)
	}
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil || v["type"] != "case.opened" || v["format"] != 1.0 || v["id"] != sample().ID {
		t.Fatalf("%s", body)
	}
}

// postbox is a small mail server on the loopback that behaves badly on demand.
type postbox struct {
	net.Listener
	refuse map[string]string // verb -> what it answers instead
	mute   bool              // accepts, and says nothing
	tls    *tls.Config       // offers STARTTLS

	mu    sync.Mutex
	to    []string
	mails []string
	login string
}

func newPostbox(t *testing.T, with ...func(*postbox)) *postbox {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postbox{Listener: l, refuse: map[string]string{}}
	for _, f := range with {
		f(p)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *postbox) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	if p.mute {
		r.ReadString('\n') // until the other side gives up
		return
	}
	io.WriteString(c, "220 sample\r\n")
	secure := false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.TrimSpace(line))[:4]
		switch answer, bad := p.refuse[verb]; {
		case bad:
			io.WriteString(c, answer+"\r\n")
		case verb == "DATA":
			io.WriteString(c, "354 go on\r\n")
			p.take(r)
			io.WriteString(c, "250 taken\r\n")
		case verb == "EHLO" && p.tls != nil && !secure:
			io.WriteString(c, "250-sample\r\n250 STARTTLS\r\n")
		case verb == "EHLO" && secure:
			io.WriteString(c, "250-sample\r\n250 AUTH PLAIN\r\n")
		case verb == "STAR":
			io.WriteString(c, "220 go on\r\n")
			c, secure = tls.Server(c, p.tls), true
			r = bufio.NewReader(c)
		case verb == "AUTH":
			p.mu.Lock()
			p.login = strings.TrimSpace(line)
			p.mu.Unlock()
			io.WriteString(c, "235 welcome\r\n")
		case verb == "QUIT":
			io.WriteString(c, "221 bye\r\n")
			return
		default:
			if verb == "RCPT" {
				p.mu.Lock()
				p.to = append(p.to, strings.TrimSpace(line[len("RCPT TO:"):]))
				p.mu.Unlock()
			}
			io.WriteString(c, "250 sample\r\n")
		}
	}
}

func (p *postbox) take(r *bufio.Reader) {
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			break
		}
		all.WriteString(line)
	}
	p.mu.Lock()
	p.mails = append(p.mails, all.String())
	p.mu.Unlock()
}

func (p *postbox) email() notify.Email {
	return notify.Email{Server: p.Addr().String(), From: "格治 <gezhi@example.org>", Plain: true}
}

// A mail arrives with its words, at one address, under a Message-ID made of the key.
func TestAMailArrives(t *testing.T) {
	p := newPostbox(t)
	d := sample()
	d.Address, d.Text = "li@example.org", strings.Repeat("很长的一行", 40)
	if _, err := p.email().Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if len(p.to) != 1 || p.to[0] != "<li@example.org>" || len(p.mails) != 1 {
		t.Fatal(p.to, p.mails)
	}
	m, err := mail.ReadMessage(strings.NewReader(p.mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != d.Subject || m.Header.Get("Message-ID") != "<"+d.ID+"@example.org>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Fatal(m.Header, err)
	}
	if at, err := m.Header.Date(); err != nil || !at.Equal(d.At) {
		t.Fatal(at, err)
	}
	text, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	if err != nil || string(text) != d.Text {
		t.Fatalf("%s %v", text, err)
	}
	for _, line := range strings.Split(p.mails[0], "\r\n") {
		if len(line) > 78 {
			t.Fatalf("a line of %d bytes", len(line))
		}
	}
}

// Whoever tries to smuggle a header line in, by address or by title, is refused before a
// connection is made.
func TestHeaderInjectionIsRefused(t *testing.T) {
	p := newPostbox(t)
	for _, x := range []struct{ address, subject, code string }{
		{"li@example.org\r\nBcc: x@example.org", "s", "notify.bad_header"},
		{"li@example.org\nRCPT TO:<x@example.org>", "s", "notify.bad_header"},
		{"li@example.org", "s\r\nBcc: x@example.org", "notify.bad_header"},
		{"li@example.org", "s\n\nbody", "notify.bad_header"},
		{"li@example.org, x@example.org", "s", "notify.bad_address"},
		{"nobody", "s", "notify.bad_address"},
	} {
		d := sample()
		d.Address, d.Subject = x.address, x.subject
		_, err := p.email().Send(t.Context(), d)
		wantCode(t, err, fault.Invalid, x.code)
	}
	if len(p.to)+len(p.mails) != 0 {
		t.Fatal(p.to, p.mails)
	}
}

// A title with line ends, as it comes with a notice, becomes one line of a mail.
func TestATitleCannotBeginAHeader(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		p := newPostbox(t)
		c.Wires["email"] = notify.Wire{Channel: p.email(), Addressed: true, Silent: true}
		c.Address = func(context.Context, string, string) (string, error) { return "li@example.org", nil }
		n := calm
		n.Fallback, n.Title, n.Number = []string{"email"}, "井盖\r\nBcc: x@example.org\r\n\r\nhello", "YH-1\r\nCc: x@example.org"
		c.post(n)
		c.settle()
		c.want(c.states("c3"), "li email sent")
		m, err := mail.ReadMessage(strings.NewReader(p.mails[0]))
		if err != nil || m.Header.Get("Bcc") != "" || m.Header.Get("Cc") != "" || len(p.to) != 1 {
			t.Fatal(p.mails, p.to, err)
		}
	})
}

// What a mail server refuses for good is not tried again; what it refuses for now is. A server
// without TLS gets no mail unless that is allowed, and one that is silent is given up.
func TestBadMailServers(t *testing.T) {
	for _, x := range []struct {
		says string
		make func(p *postbox, e *notify.Email)
		kind fault.Kind
		code string
	}{
		{"no such box", func(p *postbox, _ *notify.Email) { p.refuse["RCPT"] = "550 no such box" }, fault.Invalid, "notify.refused"},
		{"grey-listed", func(p *postbox, _ *notify.Email) { p.refuse["RCPT"] = "451 later" }, fault.Unavailable, "notify.gateway_error"},
		{"not taken at the end", func(p *postbox, _ *notify.Email) { p.refuse["DATA"] = "452 full" }, fault.Unavailable, "notify.gateway_error"},
		{"wrong language", func(p *postbox, _ *notify.Email) { p.refuse["EHLO"] = "hello"; p.refuse["HELO"] = "hello" }, fault.Unavailable, "notify.unreachable"},
		{"no TLS", func(_ *postbox, e *notify.Email) { e.Plain = false }, fault.Unavailable, "notify.no_tls"},
		{"no server", func(p *postbox, _ *notify.Email) { p.Close() }, fault.Unavailable, "notify.unreachable"},
		{"a bad line", func(_ *postbox, e *notify.Email) { e.Server = "nowhere" }, fault.Invalid, "notify.bad_line"},
	} {
		var e notify.Email
		newPostbox(t, func(p *postbox) { e = p.email(); x.make(p, &e) })
		d := sample()
		d.Address = "li@example.org"
		_, err := e.Send(t.Context(), d)
		if fault.CodeOf(err) != x.code || fault.KindOf(err) != x.kind {
			t.Errorf("%s: %v", x.says, err)
		}
	}
	p := newPostbox(t, func(p *postbox) { p.mute = true })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	d := sample()
	d.Address = "li@example.org"
	if _, err := p.email().Send(ctx, d); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

// Where the server offers TLS the log-in and the mail go through it, and only to a server that
// somebody vouches for.
func TestMailGoesThroughTLS(t *testing.T) {
	s := httptest.NewTLSServer(nil) // for its certificate
	defer s.Close()
	p := newPostbox(t, func(p *postbox) { p.tls = &tls.Config{Certificates: s.TLS.Certificates} })
	d := sample()
	d.Address = "li@example.org"
	e := p.email()
	e.Plain, e.User, e.Password = false, "gezhi", "a sample password"
	_, err := e.Send(t.Context(), d)
	wantCode(t, err, fault.Unavailable, "notify.unreachable")
	e.Roots = x509.NewCertPool()
	e.Roots.AddCert(s.Certificate())
	if _, err := e.Send(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.mails) != 1 || p.login != "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00gezhi\x00a sample password")) {
		t.Fatal(p.mails, p.login)
	}
}
