package casework

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
	"gezhi/internal/media"
)

// topicFiles is files that an act has put on a case: pictures are developed, and compared.
const topicFiles = "case.files"

// The forms of what is made of a picture.
const (
	formCopy  = "copy"
	formThumb = "thumb"
)

// developing is how many pictures are decoded at once: each may take 200 MB.
const developing = 2

// darkroom lets few pictures be developed at once. The zero value is ready.
type darkroom struct {
	once   sync.Once
	places chan struct{}
}

// enter waits for a place; leave gives it back.
func (d *darkroom) enter(ctx context.Context) (leave func(), err error) {
	d.once.Do(func() { d.places = make(chan struct{}, developing) })
	select {
	case d.places <- struct{}{}:
		return func() { <-d.places }, nil
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Unavailable, "blob.given_up")
	}
}

// fileCopy is what was made of a picture.
type fileCopy struct {
	form, hash string
	size       int64
}

var (
	copiesOf   = db.SQL(`SELECT form, hash, size FROM file_copy WHERE file_id = $1 ORDER BY form`)
	insertCopy = db.SQL(`INSERT INTO file_copy (file_id, form, jurisdiction, hash, size) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (file_id, form) DO NOTHING`)
	insertLook = db.SQL(`INSERT INTO file_look (jurisdiction, band, file_id, look) VALUES ($1, $2, $3, $4) ON CONFLICT (jurisdiction, band, file_id) DO NOTHING`)
)

func scanCopy(r db.Rows) (c fileCopy, err error) { return c, r.Scan(&c.form, &c.hash, &c.size) }

// made is a copy or thumb of a picture, developed now where that was not done before.
func (s *Service) made(ctx context.Context, f File, form string) (fileCopy, error) {
	all, err := s.copies(ctx, f)
	if err == nil && len(all) == 0 {
		all, err = s.develop(ctx, f)
	}
	if err != nil {
		return fileCopy{}, err
	}
	for _, c := range all {
		if c.form == form {
			return c, nil
		}
	}
	return fileCopy{}, fault.New(fault.NotFound, "file.ended")
}

func (s *Service) copies(ctx context.Context, f File) (out []fileCopy, err error) {
	err = s.DB.Glance(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, copiesOf, []any{f.ID}, scanCopy)
		return err
	})
	return out, err
}

// develop makes a copy, a thumb and the look of a picture, and keeps them. Nothing is kept of a
// file that has meanwhile ended.
func (s *Service) develop(ctx context.Context, f File) ([]fileCopy, error) {
	d, err := s.decoded(ctx, f)
	if err != nil {
		return nil, err
	}
	out := []fileCopy{{form: formCopy}, {form: formThumb}}
	for i, b := range [][]byte{d.Copy, d.Thumb} {
		info, err := s.Files.Put(ctx, bytes.NewReader(b), media.Largest, nil)
		if err != nil {
			return nil, err
		}
		out[i].hash, out[i].size = info.Hash, info.Size
	}
	err = s.DB.Write(ctx, db.Keys{"case/" + f.CaseID}, func(ctx context.Context, tx *db.Tx) error {
		now, err := db.Collect(ctx, tx, fileByID, []any{f.ID}, scanFile)
		if err != nil {
			return err
		}
		if len(now) == 0 || !now[0].EndedAt.IsZero() {
			return fault.New(fault.NotFound, "file.ended")
		}
		for _, c := range out {
			if err := tx.Queue(ctx, insertCopy, f.ID, c.form, f.Jurisdiction, c.hash, c.size); err != nil {
				return err
			}
		}
		if d.Look == 0 {
			return nil
		}
		for _, band := range media.LookBands(d.Look) {
			if err := tx.Queue(ctx, insertLook, f.Jurisdiction, band, f.ID, int64(d.Look)); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// decoded decodes a picture when there is room for it.
func (s *Service) decoded(ctx context.Context, f File) (d media.Developed, err error) {
	leave, err := s.darkroom.enter(ctx)
	if err != nil {
		return d, err
	}
	defer leave()
	r, err := s.Files.Open(ctx, f.Hash)
	if err != nil {
		return d, err
	}
	defer r.Close()
	turn := f.Turn
	if turn == 0 { // taken in by an older program, which measured nothing
		facts, err := media.Inspect(r, f.Size, media.Picture)
		if err != nil {
			return d, err
		}
		turn = facts.Turn
	}
	return media.Develop(r, f.Size, turn)
}

// filesAttached develops the pictures that came onto a case, so that nobody waits for them, and
// looks whether they were used before.
func (s *Service) filesAttached(ctx context.Context, m jobs.Message) error {
	var ids []string
	if err := json.Unmarshal(m.Body, &ids); err != nil {
		return err
	}
	for _, id := range ids {
		var found []File
		if err := s.DB.Glance(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			found, err = db.Collect(ctx, tx, fileByID, []any{id}, scanFile)
			return err
		}); err != nil {
			return err
		}
		if len(found) == 0 || !found[0].EndedAt.IsZero() || found[0].Kind() == media.Document {
			continue
		}
		if err := s.developAndCompare(ctx, found[0]); err != nil {
			return err
		}
	}
	if of, ok := strings.CutPrefix(m.Subject, "case/"); ok {
		return s.watchFiles(ctx, of)
	}
	return nil
}

func (s *Service) developAndCompare(ctx context.Context, f File) error {
	if f.Kind() == media.Picture {
		if _, err := s.made(ctx, f, formThumb); err != nil && fault.KindOf(err) == fault.Unavailable {
			return err
		} else if err != nil { // what cannot be decoded has no copy, and nobody is shown one
			slog.Warn("picture not developed", "file", f.ID, "code", fault.CodeOf(err))
		}
	}
	return s.compare(ctx, f)
}

// opened is what somebody is sent of a file: its bytes, and their type.
func (s *Service) opened(ctx context.Context, f File, how Showing, form string) (body io.ReadSeekCloser, mediaType string, err error) {
	kind := f.Kind()
	switch {
	case form == formThumb || how == ShownCopy && kind == media.Picture:
		if kind != media.Picture {
			return nil, "", fault.New(fault.NotFound, "file.no_thumb")
		}
		if form != formThumb {
			form = formCopy
		}
		c, err := s.made(ctx, f, form)
		if err != nil {
			return nil, "", err
		}
		body, err = s.Files.Open(ctx, c.hash)
		return body, "image/jpeg", err
	case how == ShownCopy && kind != media.Document:
		return s.unlabelled(ctx, f)
	}
	body, err = s.Files.Open(ctx, f.Hash)
	return body, f.Type, err
}

// unlabelled is a recording without what was written beside it.
func (s *Service) unlabelled(ctx context.Context, f File) (io.ReadSeekCloser, string, error) {
	r, err := s.Files.Open(ctx, f.Hash)
	if err != nil {
		return nil, "", err
	}
	patches, err := media.Labels(r, f.Size, f.Type)
	if err != nil {
		r.Close()
		return nil, "", err
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{&media.Patched{ReadSeeker: r, Patches: patches}, r}, f.Type, nil
}
