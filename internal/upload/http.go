package upload

import (
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/tus/tusd/v2/pkg/handler"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/media"
	"gezhi/internal/web"
)

// path is where uploads live.
const path = web.Prefix + "/uploads/"

type finishInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		SHA256 string `json:"sha256,omitempty" maxLength:"64" pattern:"^[0-9a-f]{64}$" doc:"of the whole file; compared with what arrived"`
	}
}

type finishOutput struct{ Body casework.FileJSON }

// Routes adds the operations: tus 1.0.0, and one that makes a file of what is whole.
func (s *Service) Routes(srv *web.Server) {
	op := func(method, path, id, summary string) web.Operation {
		return web.Operation{Method: method, Path: path, ID: id, Summary: summary, Tags: []string{"files"}}
	}
	begin := op("POST", "/uploads", "beginUpload", "Begin an upload that can go on after a cut connection (tus 1.0.0); Location says where")
	begin.Status, begin.Pace, begin.MaxBody = http.StatusCreated, web.UploadPace, media.Largest
	web.Raw(srv, begin, s.httpBegin)
	web.Raw(srv, op("HEAD", "/uploads/{id}", "uploadOffset", "How much of an upload has arrived (tus 1.0.0: Upload-Offset)"), s.on(s.tus.HeadFile))
	patch := op("PATCH", "/uploads/{id}", "continueUpload", "Send more of an upload, from Upload-Offset on (tus 1.0.0)")
	patch.Status, patch.MaxBody = http.StatusNoContent, media.Largest
	web.Raw(srv, patch, s.on(s.tus.PatchFile))
	end := op("DELETE", "/uploads/{id}", "dropUpload", "Give an upload up (tus 1.0.0)")
	end.Status = http.StatusNoContent
	web.Raw(srv, end, s.on(s.tus.DelFile))
	file := op("POST", "/uploads/{id}/file", "finishUpload", "Make a file of an upload that is whole; twice gives the same file")
	file.Status = http.StatusCreated
	web.Op(srv, file, s.httpFinish)
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

func (s *Service) httpBegin(w http.ResponseWriter, r *http.Request) error {
	a, err := account.From(r.Context())
	if err != nil {
		return err
	}
	size, _ := strconv.ParseInt(r.Header.Get("Upload-Length"), 10, 64) // what is none is refused as none
	u, until, err := s.begin(r.Context(), a, nameIn(r.Header.Get("Upload-Metadata")), size)
	if err != nil {
		return err
	}
	w.Header().Set("Upload-Expires", until.UTC().Format(http.TimeFormat))
	r = r.WithContext(context.WithValue(r.Context(), begunKey{}, u.ID))
	s.serve(located{w, path + u.ID}, r, "", s.tus.PostFile)
	return nil
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
func (s *Service) on(h http.HandlerFunc) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := account.From(r.Context())
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
	f, err := s.Finish(ctx, a, in.ID, in.Body.SHA256)
	if err != nil {
		return nil, err
	}
	return &finishOutput{f.JSON()}, nil
}
