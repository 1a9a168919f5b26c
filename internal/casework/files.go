package casework

import (
	"context"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/form"
	"gezhi/internal/number"
	"gezhi/internal/web"
)

// File is a row with rights of its own: knowing a hash grants nothing.
type File struct {
	ID, Jurisdiction, Hash, Name, Type string
	Size                               int64
	PersonID, CaseID, Field            string
	At                                 time.Time
}

// maxUpload is the largest file, in bytes.
const maxUpload = 20 << 20

var (
	insertFile = db.SQL(`INSERT INTO file (id, jurisdiction, hash, name, type, size, person_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	fileByID   = db.SQL(`SELECT id, jurisdiction, hash, name, type, size, person_id, case_id, field, at FROM file WHERE id = $1`)
	attachFile = db.SQL(`UPDATE file SET case_id = $2, field = $3 WHERE id = $1 AND jurisdiction = $4 AND (case_id = '' AND person_id = $5 OR case_id = $2)`)
)

func scanFile(r db.Rows) (f File, err error) {
	var at int64
	err = r.Scan(&f.ID, &f.Jurisdiction, &f.Hash, &f.Name, &f.Type, &f.Size, &f.PersonID, &f.CaseID, &f.Field, &at)
	f.At = db.Time(at)
	return f, err
}

// Upload keeps a file for its uploader, until an act puts it on a case.
func (s *Service) Upload(ctx context.Context, a account.Actor, name string, r io.Reader) (File, error) {
	info, err := s.Files.Put(ctx, r, maxUpload)
	if err != nil {
		return File{}, err
	}
	f := File{ID: s.ID(), Jurisdiction: a.Jurisdiction, Hash: info.Hash, Name: cleanName(name), Type: info.Type, Size: info.Size, PersonID: a.PersonID, At: s.Now()}
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, insertFile, f.ID, f.Jurisdiction, f.Hash, f.Name, f.Type, f.Size, f.PersonID, f.At); err != nil {
			return err
		}
		return audit.Append(ctx, tx, audit.Leaf{ID: s.ID(), Jurisdiction: f.Jurisdiction, Subject: "file/" + f.ID, Act: "file.uploaded", Person: f.PersonID, At: f.At,
			Rows: []audit.Ref{{Table: audit.Files, Key: []any{f.ID}}}})
	})
	return f, err
}

// cleanName keeps the last part of a file's name, without what could mislead.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`"<>|*?:`, r) {
			return -1
		}
		return r
	}, name)
	name = number.Replace(name, Placeholder) // nobody's number goes by a file's name
	if r := []rune(name); len(r) > 100 {
		name = string(r[len(r)-100:])
	}
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	return name
}

// Showing says how a file is shown to somebody.
type Showing int

// How a file is shown: as it was handed in; without where and when it was made; or only to who
// unmasks it, with a purpose.
const (
	ShownOriginal Showing = iota
	ShownCopy
	ShownUnmasked
)

// showing is the one place that decides whether somebody gets a file as it was handed in. What
// a reporter hands in tells who he is, by voice, or by where a picture was taken: handlers get a
// copy without that, and of a case that is kept from somebody nothing without unmasking.
func (st *state) showing(who *Actor, f File) Showing {
	mine := f.PersonID == who.PersonID || st.ReporterID == who.PersonID
	reported := f.PersonID == st.ReporterID || f.PersonID == st.EnteredBy
	switch {
	case who.System || who.PersonID != "" && mine || !reported:
		return ShownOriginal
	case len(st.kept) > 0:
		return ShownUnmasked
	case slices.ContainsFunc(st.s.World.People().Of(st.ReporterID, st.now), func(p Post) bool { return p.UnitID != "" }):
		return ShownOriginal // a colleague, whom nothing masks
	}
	return ShownCopy
}

// fileFor is a file that the asker may read: his own, or one on a case he may see, as far as it
// is shown to him: file.masked where only unmasking opens it.
func (s *Service) fileFor(ctx context.Context, who *Actor, id string) (File, error) {
	var f File
	absent := fault.New(fault.NotFound, "file.not_found")
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.Collect(ctx, tx, fileByID, []any{id}, scanFile)
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].Jurisdiction != who.Jurisdiction {
			return absent
		}
		if f = found[0]; f.CaseID == "" {
			if f.PersonID != who.PersonID {
				return absent
			}
			return nil
		}
		st, err := s.load(ctx, tx, f.CaseID, s.Now())
		if err != nil {
			return err
		}
		if !st.sees(who) {
			return absent
		}
		if st.showing(who, f) == ShownUnmasked {
			return fault.New(fault.Forbidden, "file.masked")
		}
		return nil
	})
	return f, err
}

// attachFiles puts the files that a value names on the case.
func (st *state) attachFiles(f *form.Field, v any) error {
	if f == nil || !f.IsFile() {
		return nil
	}
	list, _ := v.([]any)
	for _, x := range list {
		id, _ := x.(string)
		n, err := st.tx.Exec(st.ctx, attachFile, id, st.ID, f.Name, st.Jurisdiction, st.move.PersonID)
		if err != nil {
			return err
		}
		if n == 0 {
			return &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: f.Name, Code: "file.not_found"}}}
		}
		st.reread = append(st.reread, audit.Ref{Table: audit.Files, Key: []any{id}})
	}
	return nil
}

// FileJSON is a file that was taken in.
type FileJSON struct {
	ID   string `json:"id"`
	Name string `json:"name" doc:"as cleaned"`
	Type string `json:"type" doc:"media type, found from the content"`
	Size int64  `json:"size" doc:"bytes"`
}

// fileRoutes adds upload and download.
func (s *Service) fileRoutes(srv *web.Server) {
	tags := []string{"files"}
	web.Raw(srv, web.Operation{Method: "POST", Path: "/files", ID: "uploadFile", Summary: "Upload a file: multipart, one part named file", Tags: tags, Status: http.StatusCreated, MaxBody: maxUpload + 1<<20, Pace: web.UploadPace,
		Exchange: web.Exchange{Upload: "file", Answer: FileJSON{}}}, s.httpUpload)
	web.Raw(srv, web.Operation{Method: "GET", Path: "/files/{id}", ID: "downloadFile", Summary: "Download a file of a case that the asker may see", Tags: tags,
		Exchange: web.Exchange{Media: "application/octet-stream"}}, s.httpDownload)
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
	return web.JSON(w, http.StatusCreated, FileJSON{f.ID, f.Name, f.Type, f.Size})
}

func (s *Service) httpDownload(w http.ResponseWriter, r *http.Request) error {
	who, err := s.asker(r.Context())
	if err != nil {
		return err
	}
	f, err := s.fileFor(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	body, err := s.Files.Open(f.Hash)
	if err != nil {
		return err
	}
	defer body.Close()
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Cache-Control", "private, no-store")
	disposition := "attachment"
	if strings.HasPrefix(f.Type, "image/") && f.Type != "image/svg+xml" || strings.HasPrefix(f.Type, "audio/") {
		disposition = "inline"
	}
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.Name}))
	http.ServeContent(w, r, "", f.At, body)
	return nil
}
