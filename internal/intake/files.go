package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/media"
)

// Upload says for whose report a file is.
type Upload struct {
	Jurisdiction, By, Key, Name string
}

// Upload keeps a photo or a recording for a report with the same key. Anything else is
// intake.file_type, whatever it calls itself; a recording that says it is too long is
// intake.recording_too_long.
func (s *Service) Upload(ctx context.Context, by *account.Actor, from Origin, u Upload, r io.Reader) (casework.Uploaded, error) {
	j, err := s.Jurisdiction(u.Jurisdiction)
	if err != nil {
		return casework.Uploaded{}, err
	}
	a, err := s.sender(ctx, by, from, j, u.By, u.Key, true)
	if err != nil {
		return casework.Uploaded{}, err
	}
	return s.Keep(ctx, a, u.Name, r)
}

// Sender is whose a file is that comes by parts, for the report that will have the key; by and from
// are read from the request. begins counts one more.
func (s *Service) Sender(ctx context.Context, jurisdiction, way, key string, begins bool) (account.Actor, error) {
	j, err := s.Jurisdiction(jurisdiction)
	if err != nil {
		return account.Actor{}, err
	}
	by, from := asking(ctx)
	return s.sender(ctx, by, from, j, way, key, begins)
}

func (s *Service) sender(ctx context.Context, by *account.Actor, from Origin, j account.Jurisdiction, way, key string, begins bool) (account.Actor, error) {
	w, err := s.reporter(ctx, by, j, way, key)
	if err != nil {
		return account.Actor{}, err
	}
	if by == nil && begins {
		if _, err := s.count(ctx, uploads, network(from.Addr)); err != nil {
			return account.Actor{}, err
		}
	}
	return account.Actor{PersonID: w.PersonID, Jurisdiction: j.ID}, nil
}

// Keep keeps a photo or a recording of a sender, as Upload does.
func (s *Service) Keep(ctx context.Context, a account.Actor, name string, r io.Reader) (casework.Uploaded, error) {
	data, err := io.ReadAll(&capped{r, MaxFile})
	if err != nil {
		return casework.Uploaded{}, err
	}
	if d, ok := media.Length(bytes.NewReader(data), int64(len(data))); ok && casework.Overlong(d) {
		return casework.Uploaded{}, fault.New(fault.Invalid, "intake.recording_too_long", "most", int(casework.LongestRecording.Seconds()), "seconds", int(math.Ceil(d.Seconds())))
	}
	f, err := s.Cases.Upload(ctx, a, name, bytes.NewReader(data), media.Picture, media.Sound)
	if fault.CodeOf(err) == "media.type" {
		err = fault.New(fault.Invalid, "intake.file_type")
	}
	return f, err
}

// capped refuses what is longer than left bytes: blob.too_large.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	var cut *http.MaxBytesError
	if c.left -= int64(n); c.left < 0 || errors.As(err, &cut) {
		return 0, fault.New(fault.TooLarge, "blob.too_large", "limit", MaxFile)
	}
	return n, err
}
