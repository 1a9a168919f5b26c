package casework

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/media"
	"gezhi/internal/web"
)

// FileJSON is a file that was taken in.
type FileJSON struct {
	ID   string    `json:"id"`
	Name string    `json:"name" doc:"as cleaned"`
	Kind string    `json:"kind" enum:"picture,sound,film,document"`
	Type string    `json:"type" doc:"media type, found from the content"`
	Size int64     `json:"size" doc:"bytes"`
	Hint *HintJSON `json:"hint,omitempty" doc:"where and when the camera says it was taken; told to its uploader alone"`
}

// HintJSON is where and when a picture was taken, as its camera wrote it: a hint, not a proof.
type HintJSON struct {
	Point   *Point `json:"point,omitempty" doc:"WGS-84"`
	TakenAt int64  `json:"taken_at,omitempty" doc:"ms UTC"`
}

func hintJSON(h media.Hint) *HintJSON {
	if !h.Says() {
		return nil
	}
	out := &HintJSON{}
	if h.Placed {
		out.Point = &Point{h.Lon, h.Lat}
	}
	if !h.TakenAt.IsZero() {
		out.TakenAt = db.Ms(h.TakenAt)
	}
	return out
}

// JSON is a file as its uploader is told of it.
func (u Uploaded) JSON() FileJSON {
	return FileJSON{u.ID, u.Name, string(u.Kind()), u.Type, u.Size, hintJSON(u.Seen)}
}

// EvidenceJSON is a file of a case as the asker may see it.
type EvidenceJSON struct {
	ID         string         `json:"id"`
	Name       string         `json:"name,omitempty" doc:"left out where it may tell whose it is"`
	Field      string         `json:"field"`
	FieldTitle string         `json:"field_title"`
	Kind       string         `json:"kind" enum:"picture,sound,film,document"`
	Type       string         `json:"type" doc:"media type"`
	Size       int64          `json:"size" doc:"bytes of what was handed in"`
	Width      int            `json:"width,omitempty" doc:"pixels"`
	Height     int            `json:"height,omitempty"`
	At         int64          `json:"at" doc:"ms UTC; when it was handed in"`
	Shown      string         `json:"shown" enum:"original,copy,masked,ended" doc:"copy: without what was written beside its pixels or sounds; masked: only by unmasking; ended: its bytes were erased"`
	Unmask     bool           `json:"unmask,omitempty" doc:"the original may be unmasked for a purpose"`
	Reported   bool           `json:"reported,omitempty" doc:"it came with the report"`
	Flags      []FileFlagJSON `json:"flags,omitempty"`
}

// FileFlagJSON says that a file was used before, for somebody to look at.
type FileFlagJSON struct {
	ID         string `json:"id"`
	Why        string `json:"why" enum:"same,alike" doc:"same: the same bytes; alike: the same picture, as far as can be told"`
	CaseID     string `json:"case_id" doc:"the other case; this one where it was used twice on it"`
	Number     string `json:"number"`
	FileID     string `json:"file_id" doc:"of the other use"`
	Finding    string `json:"finding,omitempty" enum:"fine,reused" doc:"of who has looked"`
	ReviewedAt int64  `json:"reviewed_at,omitempty" doc:"ms UTC"`
}

type evidenceInput struct {
	ID string `path:"id" maxLength:"64"`
}

type evidenceOutput struct {
	Body struct {
		Files    []EvidenceJSON `json:"files"`
		Purposes []OptionJSON   `json:"purposes" doc:"for which the asker may unmask originals"`
	}
}

type reviewInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body struct {
		Finding string `json:"finding" enum:"fine,reused"`
	}
}

type downloadQuery struct {
	Form string `query:"form" enum:"thumb" doc:"a small picture of a picture"`
}

type unmaskFileQuery struct {
	Purpose string `query:"purpose" maxLength:"40" doc:"one of those that the case offers"`
}

// HintHeader carries, beside an original, what its camera wrote of where and when: a HintJSON.
const HintHeader = "Gezhi-Hint"

// fileRoutes adds upload and download.
func (s *Service) fileRoutes(srv *web.Server) {
	tags := []string{"files"}
	web.Raw(srv, web.Operation{Method: "POST", Path: "/files", ID: "uploadFile", Summary: "Upload a file: multipart, one part named file", Tags: tags, Status: http.StatusCreated, MaxBody: maxUpload + 1<<20, Pace: web.UploadPace,
		Exchange: web.Exchange{Upload: "file", Answer: FileJSON{}}}, s.httpUpload)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/files/{id}", ID: "downloadFile", Summary: "Download a file of a case that the asker may see, as it is shown to him", Tags: tags,
		Exchange: web.Exchange{Query: downloadQuery{}, Media: "application/octet-stream"}}, s.httpDownload)
	web.Raw(srv, web.Operation{Method: "POST", Path: "/files/{id}/unmask", ID: "unmaskFile", Summary: "Read the original of a file, for a purpose; the person concerned is shown who did", Tags: []string{"privacy"},
		Exchange: web.Exchange{Query: unmaskFileQuery{}, Media: "application/octet-stream"}}, s.httpUnmaskFile)
	web.Op(srv, web.Operation{Method: "GET", Path: "/cases/{id}/files", ID: "caseFiles", Summary: "The files of a case, the oldest first", Tags: tags}, s.httpEvidence)
	web.Op(srv, web.Operation{Method: "POST", Path: "/file-flags/{id}", ID: "reviewFileFlag", Summary: "Write down what was found of a file that was used twice", Tags: tags}, s.httpReviewFlag)
}

func (s *Service) httpUpload(w http.ResponseWriter, r *http.Request) error {
	a, err := account.From(r.Context())
	if err != nil {
		return err
	}
	p, err := web.FilePart(r, "file")
	if err != nil {
		return err
	}
	f, err := s.Upload(r.Context(), a, p.FileName(), p)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusCreated, f.JSON())
}

func (s *Service) httpEvidence(ctx context.Context, in *evidenceInput) (*evidenceOutput, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	files, purposes, err := s.Evidence(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	out := &evidenceOutput{}
	out.Body.Files, out.Body.Purposes = []EvidenceJSON{}, []OptionJSON{}
	for _, p := range purposes {
		out.Body.Purposes = append(out.Body.Purposes, OptionJSON{p, web.Say(web.Lang(ctx), "purpose."+p, nil)})
	}
	for _, e := range files {
		x := EvidenceJSON{ID: e.ID, Name: e.Name, Field: e.Field, FieldTitle: e.FieldTitle(web.Lang(ctx)), Kind: string(e.Kind()), Type: e.Type, Size: e.Size, Width: e.Width, Height: e.Height,
			At: db.Ms(e.At), Shown: [...]string{"original", "copy", "masked"}[e.How], Unmask: e.Unmask, Reported: e.Reported}
		if e.Turn >= 5 {
			x.Width, x.Height = x.Height, x.Width
		}
		if !e.EndedAt.IsZero() {
			x.Shown = "ended"
		}
		for _, f := range e.Flags {
			x.Flags = append(x.Flags, flagJSON(e.ID, f))
		}
		out.Body.Files = append(out.Body.Files, x)
	}
	return out, nil
}

// flagJSON is a flag as it is seen from one of its two files.
func flagJSON(file string, f FileFlag) FileFlagJSON {
	out := FileFlagJSON{ID: f.ID, Why: f.Why, CaseID: f.OtherCase, FileID: f.OtherFile, Number: f.Number, Finding: f.Finding}
	if file == f.OtherFile {
		out.CaseID, out.FileID = f.CaseID, f.FileID
	}
	if !f.ReviewedAt.IsZero() {
		out.ReviewedAt = db.Ms(f.ReviewedAt)
	}
	return out
}

func (s *Service) httpReviewFlag(ctx context.Context, in *reviewInput) (*struct{}, error) {
	who, err := s.asker(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.ReviewFlag(ctx, who, in.ID, in.Body.Finding)
}

func (s *Service) httpDownload(w http.ResponseWriter, r *http.Request) error {
	who, err := s.asker(r.Context())
	if err != nil {
		return err
	}
	f, how, err := s.fileFor(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := r.URL.Query().Get("form")
	if form != formThumb { // what a list shows of a file is no reading of it
		form = ""
		if err := s.noteReading(r.Context(), who, f); err != nil {
			return err
		}
	}
	return s.send(w, r, f, how, form)
}

// httpUnmaskFile sends the original of a file, with what its camera wrote.
func (s *Service) httpUnmaskFile(w http.ResponseWriter, r *http.Request) error {
	who, err := s.asker(r.Context())
	if err != nil {
		return err
	}
	f, err := s.UnmaskFile(r.Context(), who, r.PathValue("id"), r.URL.Query().Get("purpose"))
	if err != nil {
		return err
	}
	err = s.DB.Read(r.Context(), func(ctx context.Context, tx *db.Tx) error {
		h, err := s.hintOf(ctx, tx, f)
		if x := hintJSON(h); x != nil && err == nil {
			b, _ := json.Marshal(x) // numbers always marshal
			w.Header().Set(HintHeader, string(b))
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.send(w, r, f, ShownOriginal, "")
}

// filePolicy lets nothing of a file run, or load anything, where somebody opens it by itself.
const filePolicy = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"

// send sends the bytes of a file to who may have them.
func (s *Service) send(w http.ResponseWriter, r *http.Request, f File, how Showing, form string) error {
	body, mediaType, err := s.opened(r.Context(), f, how, form)
	if err != nil {
		return err
	}
	defer body.Close()
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cache-Control", "private, no-store")
	disposition := "attachment"
	if strings.HasPrefix(mediaType, "image/") && mediaType != "image/svg+xml" || strings.HasPrefix(mediaType, "audio/") || strings.HasPrefix(mediaType, "video/") {
		disposition = "inline"
	}
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": savedAs(f, mediaType)}))
	http.ServeContent(w, r, "", f.At, body)
	return nil
}
