package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"gezhi/internal/fault"
)

// Prefix is where every operation lives.
const Prefix = "/api/v1"

// maxHeader bounds the request line and headers, in bytes.
const maxHeader = 32 << 10

// Server answers HTTP. Make it with New, set its fields, register operations, then Run it.
type Server struct {
	// Authenticate returns a context that knows who asks. Its error refuses the request;
	// an operation that is Public goes on without anybody when the error is Unauthenticated or
	// Forbidden.
	// nil means that nobody is ever known. Where a request has an Authorization header it must
	// not look at cookies: such a request was not checked for being forged by another site.
	Authenticate func(context.Context, *http.Request) (context.Context, error)
	// Log takes the access log and every unexpected failure.
	Log *slog.Logger
	// Hosts are other names of this server, as "host" or "host:port", that a browser may
	// name in Origin: what the public address is when a proxy rewrites Host.
	Hosts []string
	// Proxies are the peers whose X-Forwarded-For and X-Forwarded-Proto are believed.
	// nil means the machine itself.
	Proxies []netip.Prefix
	// Reader names who asks in a context, "" for nobody. What is published under ReaderTopic of
	// that name has their live streams ask at once whether they may go on. May be nil.
	Reader func(context.Context) string
	// Hub feeds the live streams; Run closes it when the server stops.
	Hub *Hub
	// Words says what the word files of this package do not: a code that a package has words
	// of its own for. It returns the code itself when it does not know it either. May be nil.
	Words func(lang, code string, args map[string]any) string
	// Heartbeat is how often a quiet stream says that it lives, and how often it asks again
	// whether its reader may still listen. 0 means 20 seconds.
	Heartbeat time.Duration
	// Now tells the time to paces; nil means the machine's clock.
	Now func() time.Time
	// Grace is how long Run waits for running requests when it stops. 0 means 10 seconds.
	Grace time.Duration

	mux     *http.ServeMux
	api     huma.API
	ids     map[string]bool // operation ids in use
	spec    func() []byte
	handler http.Handler
	paces   paces
}

var setHumaOnce sync.Once

// New returns a server without operations. title and version go into the OpenAPI document.
func New(title, version string) *Server {
	setHumaOnce.Do(setHuma)
	s := &Server{Log: slog.Default(), Hub: NewHub(), mux: http.NewServeMux(), ids: map[string]bool{}}
	s.api = huma.NewAPI(huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI:    "3.1.0",
			Info:       &huma.Info{Title: title, Version: version},
			Components: &huma.Components{Schemas: schemas(), SecuritySchemes: security()},
		},
		Formats:                      map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}, adapter{s})
	s.spec = sync.OnceValue(func() []byte {
		b, err := json.Marshal(s.api.OpenAPI())
		if err != nil {
			panic(err)
		}
		return b
	})
	s.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(s.spec())
	})
	s.mux.HandleFunc("/api/", s.noSuchPath)
	s.handler = s.outer(s.mux)
	return s
}

// Mount serves pattern, in the words of http.ServeMux, with h: the faces, or a foreign format
// that is no operation of ours. Nobody is authenticated there.
func (s *Server) Mount(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// OpenAPI returns the OpenAPI 3.1 document as JSON. Call it after the last registration.
func (s *Server) OpenAPI() []byte { return s.spec() }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Run serves l until ctx ends, then lets running requests finish within Grace.
// It returns nil after an orderly stop.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	srv.RegisterOnShutdown(s.Hub.Close)
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Serve(l) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	grace := s.Grace
	if grace == 0 {
		grace = 10 * time.Second
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(late); err != nil {
		return errors.Join(err, srv.Close())
	}
	if err := <-stopped; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// noSuchPath answers what no operation serves: 405 when another method would do, else 404.
func (s *Server) noSuchPath(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, m := range []string{"DELETE", "GET", "PATCH", "POST", "PUT"} {
		probe := &http.Request{Method: m, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(probe); pattern != "/api/" && pattern != "/" && pattern != "" {
			allow = append(allow, m)
		}
	}
	if len(allow) == 0 {
		s.fail(w, r, fault.New(fault.NotFound, "request.no_such_path"))
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	p := problem(r.Context(), fault.New(fault.Invalid, "request.wrong_method"))
	p.setStatus(r.Context(), http.StatusMethodNotAllowed)
	p.write(w)
}

// fail answers a request with err.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := s.explain(r.Context(), err)
	if s := p.retryAfter(); s != "" {
		w.Header().Set("Retry-After", s)
	}
	p.write(w)
}
