package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"time"

	"github.com/tus/tusd/v2/pkg/filelocker"
	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/media"
)

const (
	// TimerExpire takes away uploads that nobody finished.
	TimerExpire = "uploads.expire"

	lasts   = 48 * time.Hour // an upload that nobody finishes
	between = time.Hour      // two rounds of taking them away
	most    = 20             // unfinished uploads of one person
	page    = 100
)

// Service is uploads under way. Make it with New.
type Service struct {
	DB    *db.DB
	Now   clock.Now
	NewID id.Source
	Cases *casework.Service
	// Guests lets files of reports in by parts.
	Guests Guests

	store filestore.FileStore
	tus   *handler.UnroutedHandler
}

// Upload is one under way.
type Upload struct {
	ID, Jurisdiction, PersonID, Name string
	Size                             int64
	FileID                           string // what became of it
}

var (
	insertUpload = db.SQL(`INSERT INTO upload (id, jurisdiction, person_id, name, size, made_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	uploadByID   = db.SQL(`SELECT id, jurisdiction, person_id, name, size, file_id FROM upload WHERE id = $1 AND person_id = $2 AND until_at > $3`)
	uploadsOf    = db.SQL(`SELECT count(*) FROM upload WHERE person_id = $1 AND file_id = '' AND until_at > $2`)
	uploadBecame = db.SQL(`UPDATE upload SET file_id = $2 WHERE id = $1 AND file_id = ''`)
	uploadsDue   = db.SQL(`SELECT id FROM upload WHERE until_at <= $1 ORDER BY until_at LIMIT $2`)
	dropUpload   = db.SQL(`DELETE FROM upload WHERE id = $1`)
)

func scanUpload(r db.Rows) (u Upload, err error) {
	return u, r.Scan(&u.ID, &u.Jurisdiction, &u.PersonID, &u.Name, &u.Size, &u.FileID)
}

// New keeps uploads in a folder, which it makes where it is missing.
func New(s Service, dir string) (*Service, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "blob.cannot_open")
	}
	s.store = filestore.New(dir)
	parts := handler.NewStoreComposer() // without concatenation and open lengths: both would go around the limits
	parts.UseCore(s.store)
	parts.UseTerminater(s.store)
	filelocker.New(dir).UseIn(parts)
	var err error
	s.tus, err = handler.NewUnroutedHandler(handler.Config{StoreComposer: parts, BasePath: path, MaxSize: media.Largest, DisableDownload: true,
		Cors: &handler.CorsConfig{Disable: true}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), PreUploadCreateCallback: asBegun})
	return &s, err
}

// begin writes down that somebody sends something of a size.
func (s *Service) begin(ctx context.Context, a account.Actor, name string, size int64) (u Upload, until time.Time, err error) {
	if size <= 0 {
		return u, until, fault.New(fault.Invalid, "upload.no_length")
	}
	if size > media.Largest {
		return u, until, fault.New(fault.TooLarge, "blob.too_large", "limit", media.Largest)
	}
	u = Upload{ID: s.NewID(), Jurisdiction: a.Jurisdiction, PersonID: a.PersonID, Name: name, Size: size}
	until = s.Now().Add(lasts)
	return u, until, s.DB.Write(ctx, db.Keys{"uploads/" + a.PersonID}, func(ctx context.Context, tx *db.Tx) error {
		var n int64
		if err := tx.Row(ctx, uploadsOf, []any{a.PersonID, s.Now()}, &n); err != nil {
			return err
		}
		if n >= most {
			return fault.New(fault.TooMany, "upload.too_many", "most", most)
		}
		return tx.Queue(ctx, insertUpload, u.ID, u.Jurisdiction, u.PersonID, u.Name, u.Size, s.Now(), until)
	})
}

// of is an upload of somebody: upload.not_found of anybody else's, and of one that has expired.
func (s *Service) of(ctx context.Context, a account.Actor, id string) (u Upload, err error) {
	err = s.DB.Glance(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.Collect(ctx, tx, uploadByID, []any{id, a.PersonID, s.Now()}, scanUpload)
		if err != nil {
			return err
		}
		if len(found) == 0 || a.PersonID == "" {
			return fault.New(fault.NotFound, "upload.not_found")
		}
		u = found[0]
		return nil
	})
	return u, err
}

// take makes a file of what somebody who is logged in has sent.
func (s *Service) take(ctx context.Context, a account.Actor, name string, r io.Reader) (casework.Uploaded, error) {
	return s.Cases.Upload(ctx, a, name, r)
}

// Finish makes a file of an upload that is whole, by take. sum, where it is not empty, is the
// SHA-256 that its sender says it has: upload.checksum where it has another. Finishing twice gives
// one file. What is refused is not kept.
func (s *Service) Finish(ctx context.Context, a account.Actor, id, sum string, take func(context.Context, account.Actor, string, io.Reader) (casework.Uploaded, error)) (f casework.Uploaded, err error) {
	u, err := s.of(ctx, a, id)
	if err != nil {
		return f, err
	}
	if u.FileID != "" {
		return s.Cases.UploadedBy(ctx, a, u.FileID)
	}
	up, err := s.store.GetUpload(ctx, id)
	if err != nil {
		return f, fault.Wrap(err, fault.NotFound, "upload.not_found")
	}
	info, err := up.GetInfo(ctx)
	if err != nil {
		return f, fault.Wrap(err, fault.Unavailable, "blob.broken")
	}
	if info.Offset < u.Size {
		return f, fault.New(fault.Conflict, "upload.not_whole", "missing", u.Size-info.Offset)
	}
	r, err := up.GetReader(ctx)
	if err != nil {
		return f, fault.Wrap(err, fault.Unavailable, "blob.broken")
	}
	f, err = take(ctx, a, u.Name, &summed{r, sha256.New(), sum})
	_ = r.Close()
	if err != nil {
		if k := fault.KindOf(err); k == fault.Invalid || k == fault.TooLarge {
			err = errors.Join(err, s.drop(ctx, id))
		}
		return f, err
	}
	first := false
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, uploadBecame, id, f.ID)
		first = n > 0
		return err
	})
	if err != nil {
		return f, err
	}
	if !first { // somebody finished it at the same time: the file that is too many is loose, and ends by itself
		return s.Finish(ctx, a, id, sum, take)
	}
	return f, s.terminate(ctx, id)
}

// drop takes an upload away.
func (s *Service) drop(ctx context.Context, id string) error {
	if err := s.terminate(ctx, id); err != nil {
		return err
	}
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, dropUpload, id) })
}

// terminate takes the bytes of an upload away; none is no error.
func (s *Service) terminate(ctx context.Context, id string) error {
	up, err := s.store.GetUpload(ctx, id)
	if errors.Is(err, handler.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = s.store.AsTerminatableUpload(up).Terminate(ctx)
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "blob.broken")
	}
	return nil
}

// Register has uploads expire.
func (s *Service) Register(r *jobs.Runner) {
	r.Timers[TimerExpire] = func(ctx context.Context, t jobs.Timer) error {
		if _, err := s.Expire(ctx); err != nil {
			return err
		}
		t.DueAt = s.Now().Add(between)
		return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error { return jobs.Set(ctx, tx, t) })
	}
}

// ExpireHourly sees to it that uploads expire.
func (s *Service) ExpireHourly(ctx context.Context) error {
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return jobs.Hasten(ctx, tx, jobs.Timer{Kind: TimerExpire, Ref: "all", DueAt: s.Now().Add(between)})
	})
}

// Expire takes away uploads whose time is over, and returns how many.
func (s *Service) Expire(ctx context.Context) (n int, err error) {
	for {
		var due []string
		if err := s.DB.Glance(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			due, err = db.Collect(ctx, tx, uploadsDue, []any{s.Now(), page}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
			return err
		}); err != nil || len(due) == 0 {
			return n, err
		}
		for _, id := range due {
			if err := s.drop(ctx, id); err != nil {
				return n, err
			}
			n++
		}
	}
}

// summed refuses, at its end, what has another sum than its sender says.
type summed struct {
	r    io.Reader
	sum  hash.Hash
	want string
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.sum.Write(p[:n])
	if err == io.EOF && s.want != "" && hex.EncodeToString(s.sum.Sum(nil)) != s.want {
		return n, fault.New(fault.Invalid, "upload.checksum")
	}
	return n, err
}
