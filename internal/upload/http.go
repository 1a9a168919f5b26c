package upload

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/tus/tusd/v2/pkg/handler"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/media"
	"gezhi/internal/web"
)

// path is where uploads of whoever is logged in live, guestPath those of reports.
const (
	path      = web.Prefix + "/uploads/"
	guestPath = web.Prefix + "/intake/uploads/"
)

// Guests is how files of reports come in by parts, with an account or without.
type Guests struct {
	// Who is whose upload it is: of the report that will have the idempotency key, brought in a way
	// (self, caller, helper) to a jurisdiction by its division code. begins is true where one more
	// begins, which is counted.
	Who func(ctx context.Context, jurisdiction, by, key string, begins bool) (account.Actor, error)
	// Take makes a file of what is whole, or refuses it.
	Take func(ctx context.Context, a account.Actor, name string, r io.Reader) (casework.Uploaded, error)
	Most int64 // bytes
}

type finishInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body finishBody
}

type finishBody struct {
	SHA256 string `json:"sha256,omitempty" maxLength:"64" pattern:"^[0-9a-f]{64}$" doc:"of the whole file; compared with what arrived"`
}

// GuestQuery says for whose report an upload is; the key of that report is in Idempotency-Key.
type GuestQuery struct {
	By           string `query:"by" enum:"self,caller,helper" doc:"as the report will say"`
	Jurisdiction string `query:"jurisdiction" maxLength:"20"`
}

type guestFinishInput struct {
	web.Idempotency
	GuestQuery
	ID   string `path:"id" maxLength:"64"`
	Body finishBody
}

type finishOutput struct{ Body casework.FileJSON }

// Routes adds the operations: tus 1.0.0, and one that makes a file of what is whole.
func (s *Service) Routes(srv *web.Server) {
	web.Op(srv, s.parts(srv, "/uploads", "", own()), s.httpFinish)
	web.Op(srv, s.parts(srv, "/intake/uploads", "Intake", s.guest()), s.httpFinishGuest)
}

// door is a way in for uploads: whose they are, where they lie, and how large one may be.
type door struct {
	at     string
	most   int64
	public bool
	query  any
	who    func(r *http.Request, begins bool) (account.Actor, error)
}

func own() door {
	return door{at: path, most: media.Largest, who: func(r *http.Request, _ bool) (account.Actor, error) { return account.From(r.Context()) }}
}

func (s *Service) guest() door {
	return door{at: guestPath, most: s.Guests.Most, public: true, query: GuestQuery{}, who: func(r *http.Request, begins bool) (account.Actor, error) {
		key, err := web.ReadKey(r.Header.Get("Idempotency-Key"))
		if err != nil {
			return account.Actor{}, err
		}
		q := r.URL.Query()
		return s.Guests.Who(r.Context(), q.Get("jurisdiction"), q.Get("by"), key, begins)
	}}
}

// parts adds the operations of tus below a path, and gives the one that makes a file of an upload.
func (s *Service) parts(srv *web.Server, at, name string, d door) (finish web.Operation) {
	op := func(method, path, id, summary string, status int) web.Operation {
		return web.Operation{Method: method, Path: path, ID: id + name, Summary: summary, Tags: []string{"files"}, Public: d.public, Status: status, MaxBody: d.most, Exchange: web.Exchange{Query: d.query}}
	}
	begin := op("POST", at, "beginUpload", "Begin an upload that can go on after a cut connection (tus 1.0.0); Location says where", http.StatusCreated)
	begin.Pace = web.UploadPace
	web.Raw(srv, begin, s.httpBegin(d))
	web.Raw(srv, op("HEAD", at+"/{id}", "uploadOffset", "How much of an upload has arrived (tus 1.0.0: Upload-Offset)", 0), s.on(d, s.tus.HeadFile))
	web.Raw(srv, op("PATCH", at+"/{id}", "continueUpload", "Send more of an upload, from Upload-Offset on (tus 1.0.0)", http.StatusNoContent), s.on(d, s.tus.PatchFile))
	web.Raw(srv, op("DELETE", at+"/{id}", "dropUpload", "Give an upload up (tus 1.0.0)", http.StatusNoContent), s.on(d, s.tus.DelFile))
	finish = op("POST", at+"/{id}/file", "finishUpload", "Make a file of an upload that is whole; twice gives the same file", http.StatusCreated)
	finish.MaxBody, finish.Exchange = 0, web.Exchange{}
	return finish
}

type begunKey struct{}

// asBegun lets the library keep an upload under the id that its row has, and nothing of what its
// sender says of it besides.
func asBegun(e handler.HookEvent) (handler.HTTPResponse, handler.FileInfoChanges, error) {
	id, _ := e.Context.Value(begunKey{}).(string)
	if id == "" {
		return handler.HTTPResponse{}, handler.FileInfoChanges{}, handler.ErrUploadRejectedByServer
	}
	return handler.HTTPResponse{}, handler.FileInfoChanges{ID: id, MetaData: handler.MetaData{}}, nil
}

func (s *Service) httpBegin(d door) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := d.who(r, true)
		if err != nil {
			return err
		}
		size, _ := strconv.ParseInt(r.Header.Get("Upload-Length"), 10, 64) // what is none is refused as none
		if size > d.most {
			return fault.New(fault.TooLarge, "blob.too_large", "limit", d.most)
		}
		u, until, err := s.begin(r.Context(), a, nameIn(r.Header.Get("Upload-Metadata")), size)
		if err != nil {
			return err
		}
		w.Header().Set("Upload-Expires", until.UTC().Format(http.TimeFormat))
		r = r.WithContext(context.WithValue(r.Context(), begunKey{}, u.ID))
		s.serve(located{w, d.at + u.ID}, r, "", s.tus.PostFile)
		return nil
	}
}

// located answers where an upload is by its path: what the library makes of the Host header is
// wrong behind a proxy.
type located struct {
	http.ResponseWriter
	at string
}

// WriteHeader sets the place of what was made.
func (l located) WriteHeader(status int) {
	if status == http.StatusCreated {
		l.Header().Set("Location", l.at)
	}
	l.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController, by which the library sets deadlines.
func (l located) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// on lets the library answer about an upload of who asks.
func (s *Service) on(d door, h http.HandlerFunc) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := d.who(r, false)
		if err != nil {
			return err
		}
		u, err := s.of(r.Context(), a, r.PathValue("id"))
		if err != nil {
			return err
		}
		s.serve(w, r, u.ID, h)
		return nil
	}
}

// serve lets the library answer. It goes by the method that was asked for, whatever a header says.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, id string, h http.HandlerFunc) {
	r = r.Clone(r.Context())
	r.URL.Path = "/" + id
	r.Header.Del("X-HTTP-Method-Override")
	s.tus.Middleware(h).ServeHTTP(w, r)
}

// nameIn is the name of the file in what its sender says of it: "filename BASE64,…".
func nameIn(metadata string) string {
	for pair := range strings.SplitSeq(metadata, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if b, err := base64.StdEncoding.DecodeString(value); key == "filename" && err == nil {
			return casework.CleanName(string(b))
		}
	}
	return casework.CleanName("")
}

func (s *Service) httpFinish(ctx context.Context, in *finishInput) (*finishOutput, error) {
	a, err := account.From(ctx)
	if err != nil {
		return nil, err
	}
	return made(s.Finish(ctx, a, in.ID, in.Body.SHA256, s.take))
}

func (s *Service) httpFinishGuest(ctx context.Context, in *guestFinishInput) (*finishOutput, error) {
	key, err := in.ReadKey()
	if err != nil {
		return nil, err
	}
	a, err := s.Guests.Who(ctx, in.Jurisdiction, in.By, key, false)
	if err != nil {
		return nil, err
	}
	return made(s.Finish(ctx, a, in.ID, in.Body.SHA256, s.Guests.Take))
}

func made(f casework.Uploaded, err error) (*finishOutput, error) {
	if err != nil {
		return nil, err
	}
	return &finishOutput{f.JSON()}, nil
}
