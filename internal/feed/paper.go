package feed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// longestPhoto is the largest photo of a paper, in bytes.
const longestPhoto = 16 << 20

type reserveInput struct {
	Body struct {
		Class string `json:"class" maxLength:"200" doc:"pack/scheme:code: the case may become another one"`
		Count int    `json:"count" minimum:"1" maximum:"100"`
	}
}

type formsOutput struct {
	Body struct {
		Forms []PaperFormJSON `json:"forms"`
	}
}

// PaperFormJSON is a form on paper.
type PaperFormJSON struct {
	Number     string `json:"number"`
	ReservedAt int64  `json:"reserved_at" doc:"ms UTC"`
	Entered    bool   `json:"entered" doc:"a case has its number"`
}

type paperCodeQuery struct {
	Number string `query:"number" maxLength:"60" doc:"of a case or a form"`
}

type paperPhotoQuery struct {
	Number string `query:"number" maxLength:"60" doc:"as somebody read it on the paper, where its code is torn or blurred; the code is not looked for then"`
}

// PaperJSON is what a photo of a paper was found to be. Nothing of the case is changed yet.
type PaperJSON struct {
	File   casework.FileJSON `json:"file" doc:"the photo, kept for its uploader until an act puts it on a case"`
	Number string            `json:"number"`
	Case   string            `json:"case,omitempty"`
	Title  string            `json:"title,omitempty"`
	Form   bool              `json:"form,omitempty" doc:"a form that is not entered yet"`
	Acts   []PaperActJSON    `json:"acts" doc:"by which the photo may be put on the case now"`
}

// PaperActJSON is an action that takes a photo.
type PaperActJSON struct {
	Action string `json:"action"`
	Title  string `json:"title"`
	Field  string `json:"field"`
}

// paperRoutes adds the operations for forms and orders on paper.
func (s *Service) paperRoutes(srv *web.Server) {
	tags := []string{"paper"}
	web.Op(srv, web.Operation{Method: "POST", Path: "/paper/forms", ID: "reserveForms", Summary: "Reserve numbers for blank forms on paper", Tags: tags}, s.httpReserve)
	web.Op(srv, web.Operation{Method: "GET", Path: "/paper/forms", ID: "paperForms", Summary: "Forms on paper that were reserved last", Tags: tags}, s.httpForms)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/paper/code", ID: "paperCode", Summary: "The code that stands on a form or an order, SVG", Tags: tags,
		Exchange: web.Exchange{Query: paperCodeQuery{}, Media: "image/svg+xml"}}, s.httpCode)
	web.Raw(srv, web.Operation{Method: "POST", Path: "/paper/photos", ID: "readPaper", Summary: "Find by its code whose the paper on a photo is; the person then confirms by an act", Tags: tags, Status: http.StatusCreated,
		MaxBody: longestPhoto + 1<<20, Pace: web.UploadPace, Exchange: web.Exchange{Query: paperPhotoQuery{}, Upload: "file", Answer: PaperJSON{}}}, s.httpPhoto)
}

func (s *Service) asker(ctx context.Context) (account.Actor, *casework.Actor, error) {
	a, err := account.From(ctx)
	if err != nil {
		return a, nil, err
	}
	who, err := s.Cases.By(ctx, a)
	return a, who, err
}

func formsJSON(forms []casework.Form) *formsOutput {
	out := &formsOutput{}
	out.Body.Forms = []PaperFormJSON{}
	for _, f := range forms {
		out.Body.Forms = append(out.Body.Forms, PaperFormJSON{f.Number, db.Ms(f.ReservedAt), f.CaseID != ""})
	}
	return out
}

func (s *Service) httpReserve(ctx context.Context, in *reserveInput) (*formsOutput, error) {
	_, who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	forms, err := s.Cases.Reserve(ctx, who, in.Body.Class, in.Body.Count)
	if err != nil {
		return nil, err
	}
	return formsJSON(forms), nil
}

func (s *Service) httpForms(ctx context.Context, _ *struct{}) (*formsOutput, error) {
	_, who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	forms, err := s.Cases.Forms(ctx, who, 2*casework.MostForms)
	if err != nil {
		return nil, err
	}
	return formsJSON(forms), nil
}

func (s *Service) httpCode(w http.ResponseWriter, r *http.Request) error {
	a, who, err := s.asker(r.Context())
	if err != nil {
		return err
	}
	number := r.URL.Query().Get("number")
	if _, _, err := s.Cases.Numbered(r.Context(), who, number); err != nil {
		return err
	}
	svg, err := web.QR(CodeText(s.Jurisdiction(a.Jurisdiction).Code, number))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "private, no-store")
	_, _ = w.Write(svg)
	return nil
}

func (s *Service) httpPhoto(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, who, err := s.asker(ctx)
	if err != nil {
		return err
	}
	part, err := web.FilePart(r, "file")
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(part, longestPhoto+1))
	var big *http.MaxBytesError
	if errors.As(err, &big) || len(data) > longestPhoto {
		return fault.New(fault.TooLarge, "blob.too_large", "limit", longestPhoto)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "file.not_multipart")
	}
	out, err := s.Paper(ctx, a, who, Photo{part.FileName(), data, r.URL.Query().Get("number")})
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusCreated, out)
}

// Photo is a photo of a paper: its name, its content, and the number as somebody read it, "" for
// what its code says.
type Photo struct {
	Name   string
	Data   []byte
	Number string
}

// Paper finds by its code, or by the number that was typed, whose the paper on a photo is, and
// keeps the photo for who took it. Refused: feed.not_a_photo, feed.no_code, feed.other_county, and
// case.not_found for a case that the asker may not see.
func (s *Service) Paper(ctx context.Context, a account.Actor, who *casework.Actor, p Photo) (*PaperJSON, error) {
	number := strings.TrimSpace(p.Number)
	if number == "" {
		county, found, err := FindCode(p.Data)
		if err != nil {
			return nil, err
		}
		if county != s.Jurisdiction(a.Jurisdiction).Code {
			return nil, fault.New(fault.NotFound, "feed.other_county")
		}
		number = found
	}
	v, _, err := s.Cases.Numbered(ctx, who, number)
	if err != nil {
		return nil, err
	}
	f, err := s.Cases.Upload(ctx, a, p.Name, bytes.NewReader(p.Data))
	if err != nil {
		return nil, err
	}
	out := &PaperJSON{File: f.JSON(), Number: number, Form: v == nil, Acts: []PaperActJSON{}}
	if v == nil {
		return out, nil
	}
	out.Case, out.Title = v.ID, v.Title
	for _, o := range s.Cases.Shown(ctx, v).Can {
		asks := slices.IndexFunc(o.Asks, func(f casework.FormJSON) bool { return f.Type == "photo" || f.Type == "file" })
		if asks >= 0 && len(o.Asks) == 1 {
			out.Acts = append(out.Acts, PaperActJSON{o.Action, o.Title, o.Asks[asks].Name})
		}
	}
	return out, nil
}
