package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"gezhi/internal/fault"
)

// DefaultMaxBody is how many bytes a request body may have unless its operation says more.
const DefaultMaxBody = 1 << 20

// Operation describes one thing that the API can do.
type Operation struct {
	Method  string
	Path    string // below Prefix, in the words of http.ServeMux: "/cases/{id}"
	ID      string // operation id for generated clients: "openCase"; unique
	Summary string // one sentence, in English
	Tags    []string
	Status  int   // of success; 0 means 200, or 204 when there is no body
	MaxBody int64 // bytes; 0 means DefaultMaxBody
	Public  bool  // answers also when nobody is logged in
	Pace    Pace  // how often one caller may ask

	Exchange Exchange // of Raw alone; Op finds it in its types
}

func (o Operation) maxBody() int64 {
	if o.MaxBody > 0 {
		return o.MaxBody
	}
	return DefaultMaxBody
}

const metaKey = "web.operation"

// huma returns the description for the OpenAPI document.
func (o Operation) huma() huma.Operation {
	return huma.Operation{
		Method: o.Method, Path: Prefix + o.Path, OperationID: o.ID, Summary: o.Summary, Tags: o.Tags,
		DefaultStatus: o.Status, MaxBodyBytes: o.maxBody() + 1, BodyReadTimeout: -1, Security: o.security(),
		Metadata: map[string]any{metaKey: o},
	}
}

// Op registers an operation that takes JSON and answers JSON. In and Out are structs in huma's
// manner: path, query and header tags, and a Body. An error of h becomes a problem.
func Op[In, Out any](s *Server, o Operation, h func(context.Context, *In) (*Out, error)) {
	s.claim(o)
	huma.Register(s.api, o.huma(), func(ctx context.Context, in *In) (*Out, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, s.explain(ctx, err)
		}
		return out, nil
	})
}

// Raw registers an operation that reads and writes HTTP itself: a stream, a download, an
// upload, a foreign format. h returns an error only while it has written nothing.
func Raw(s *Server, o Operation, h func(http.ResponseWriter, *http.Request) error) {
	s.claim(o)
	s.api.OpenAPI().AddOperation(s.describe(o))
	s.mux.HandleFunc(o.Method+" "+Prefix+o.Path, s.guard(o, func(w http.ResponseWriter, r *http.Request) {
		err := o.Exchange.refuseUnasked(r)
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}))
}

// claim panics on an operation that could not be described: a defect of the program.
func (s *Server) claim(o Operation) {
	if o.ID == "" || s.ids[o.ID] || !strings.HasPrefix(o.Path, "/") {
		panic("web: operation without id, with an id in use, or with a bad path: " + o.ID + " " + o.Path)
	}
	s.ids[o.ID] = true
}

// adapter joins huma to our mux.
type adapter struct{ s *Server }

// Handle registers what huma made of an operation behind our own guard.
func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	o := op.Metadata[metaKey].(Operation)
	a.s.mux.HandleFunc(op.Method+" "+op.Path, a.s.guard(o, func(w http.ResponseWriter, r *http.Request) {
		if op.RequestBody != nil {
			release, err := readJSON(r, o.maxBody())
			if err != nil {
				a.s.fail(w, r, err)
				return
			}
			defer release()
		}
		handler(humago.NewContext(op, r, w))
	}))
}

// ServeHTTP answers one request.
func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.s.ServeHTTP(w, r) }

// slowest is the slowest upload that is waited for, in bytes per second.
const slowest = 16 << 10

// guard lets a request through to next when it is well-formed, not forged, not too large, and
// from somebody who is known, or need not be.
func (s *Server) guard(o Operation, next http.HandlerFunc) http.HandlerFunc {
	max := o.maxBody()
	return func(w http.ResponseWriter, r *http.Request) {
		err := wellFormed(r)
		if err == nil {
			err = s.notForged(r)
		}
		if err == nil && r.ContentLength > max {
			err = tooLarge(max)
		}
		if err == nil && s.Authenticate != nil {
			var ctx context.Context
			if ctx, err = s.Authenticate(r.Context(), r); err == nil {
				r = r.WithContext(ctx)
			} else if o.Public && asNobody(err) {
				err = nil
			}
		} else if err == nil && !o.Public {
			err = fault.New(fault.Unauthenticated, "session.none")
		}
		if err == nil {
			err = s.inPace(r.Context(), o)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if r.ContentLength != 0 {
			r.Body = http.MaxBytesReader(w, r.Body, max)
		}
		if max > DefaultMaxBody {
			allow := 30*time.Second + time.Duration(max/slowest)*time.Second
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(allow))
		}
		next(w, r)
	}
}

// asNobody reports whether an error of Authenticate only means that nobody, or nobody who may
// do anything, asks: what is public answers them like anybody.
func asNobody(err error) bool {
	k := fault.KindOf(err)
	return k == fault.Unauthenticated || k == fault.Forbidden
}

// JSON answers a Raw operation with v.
func JSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b)
	return nil
}
