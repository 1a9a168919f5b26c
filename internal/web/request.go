package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gezhi/internal/fault"
)

// Client is what is known of the machine that sent a request.
type Client struct {
	Addr      string // IP address without port
	Secure    bool   // reached us, or our proxy, over TLS
	UserAgent string // cut to 200 bytes
	Host      string // by which it reached us, as it says
}

// request travels in the context of every request.
type request struct {
	id     string
	lang   string // that its sender prefers
	client Client
	words  func(lang, code string, args map[string]any) string // Server.Words
}

type requestKey struct{}

func from(ctx context.Context) *request {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		return q
	}
	return &request{}
}

// RequestID returns the id of the request that ctx belongs to, or "". It is the same in the
// log, in the header X-Request-Id and in problems.
func RequestID(ctx context.Context) string { return from(ctx).id }

// ClientOf returns what is known of the sender of the request that ctx belongs to.
func ClientOf(ctx context.Context) Client { return from(ctx).client }

// Base is the address under which the sender of the request reached us: scheme and host.
func Base(ctx context.Context) string {
	c := ClientOf(ctx)
	if c.Secure {
		return "https://" + c.Host
	}
	return "http://" + c.Host
}

// Lang returns the language, "zh" or "en", that the sender of the request prefers.
// Without a preference it is Chinese.
func Lang(ctx context.Context) string { return cmp.Or(from(ctx).lang, standard) }

// The policy of every page: our own scripts and styles only, no frames, no other origin.
const policy = "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; font-src 'self'; " +
	"img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// What pages may ask a device for: picture, sound and place of a report, and nothing else.
const permissions = "camera=(self), microphone=(self), geolocation=(self), payment=(), usb=(), serial=(), bluetooth=(), display-capture=(), browsing-topics=()"

// always are the headers of every answer. Answers share their values.
var always = []struct {
	name  string
	value []string
}{
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Content-Security-Policy", []string{policy}},
	{"Referrer-Policy", []string{"same-origin"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Permissions-Policy", []string{permissions}},
}

// outer wraps every request: id, headers, access log, and an answer when something panics.
func (s *Server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		q := &request{id: rand.Text()[:16], lang: negotiate(r.Header.Get("Accept-Language")), client: s.client(r), words: s.Words}
		h := w.Header()
		h.Set("X-Request-Id", q.id)
		for _, x := range always {
			h[x.name] = x.value
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		if q.client.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		rec := &recorder{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
		defer s.finish(rec, r, began)
		next.ServeHTTP(rec, r)
	})
}

// finish turns a panic into an answer and writes the access log.
func (s *Server) finish(w *recorder, r *http.Request, began time.Time) {
	p := recover()
	if p != nil && p != http.ErrAbortHandler {
		s.Log.ErrorContext(r.Context(), "panic", "request", RequestID(r.Context()), "panic", p, "stack", string(debug.Stack()))
		if w.status == 0 {
			problem(r.Context(), fault.New(fault.Internal, "internal")).write(w)
			p = nil
		} else {
			p = http.ErrAbortHandler // half an answer must not look whole
		}
	}
	if s.Log.Enabled(r.Context(), slog.LevelInfo) {
		s.Log.LogAttrs(r.Context(), slog.LevelInfo, "http",
			slog.String("request", RequestID(r.Context())), slog.String("method", r.Method), slog.String("path", r.URL.Path),
			slog.Int("status", cmp.Or(w.status, http.StatusOK)), slog.Int64("bytes", w.bytes), slog.Duration("took", time.Since(began)))
	}
	if p != nil {
		panic(p)
	}
}

// client reads who sent r, believing forwarding headers only from our own proxies.
func (s *Server) client(r *http.Request) Client {
	c := Client{Addr: r.RemoteAddr, Secure: r.TLS != nil, UserAgent: plainText(r.UserAgent(), 200), Host: r.Host}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		c.Addr = host
	}
	peer, err := netip.ParseAddr(c.Addr)
	if err != nil || !s.isProxy(peer.Unmap()) {
		return c
	}
	c.Secure = c.Secure || strings.EqualFold(lastOf(r.Header.Values("X-Forwarded-Proto")), "https")
	// Each proxy writes behind the others whom it saw. Reading from the end, the first that is no
	// proxy of ours is the client; what stands before it the client may have made up.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		c.Addr = a.Unmap().String()
		if !s.isProxy(a.Unmap()) {
			break
		}
	}
	return c
}

// lastOf is the last entry of a header that may be given several times, or as a list.
func lastOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	all := strings.Split(values[len(values)-1], ",")
	return strings.TrimSpace(all[len(all)-1])
}

// plainText is text of a header as it may be shown and logged: without control characters, in
// so many bytes at most.
func plainText(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

func (s *Server) isProxy(a netip.Addr) bool {
	if s.Proxies == nil {
		return a.IsLoopback()
	}
	for _, p := range s.Proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status and sends it.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts what it sends.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
