package intake

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/fault"
	"gezhi/internal/media"
)

// Upload says for whose report a file is.
type Upload struct {
	Jurisdiction, By, Key, Name string
}

// How long a recording may be, and by how much a telephone may overrun that: it stops at the end of
// what it is just writing.
const (
	longestRecording = 60 * time.Second
	overrun          = 2 * time.Second
)

// Upload keeps a photo or a recording for a report with the same key. Anything else is
// intake.file_type, whatever it calls itself; a recording that says it is too long is
// intake.recording_too_long.
func (s *Service) Upload(ctx context.Context, by *account.Actor, from Origin, u Upload, r io.Reader) (casework.Uploaded, error) {
	j, err := s.Jurisdiction(u.Jurisdiction)
	if err != nil {
		return casework.Uploaded{}, err
	}
	w, err := s.reporter(ctx, by, j, u.By, u.Key)
	if err != nil {
		return casework.Uploaded{}, err
	}
	if by == nil {
		if _, err := s.count(ctx, uploads, network(from.Addr)); err != nil {
			return casework.Uploaded{}, err
		}
	}
	data, err := io.ReadAll(&capped{r, maxFile})
	if err != nil {
		return casework.Uploaded{}, err
	}
	if d, ok := media.Length(bytes.NewReader(data), int64(len(data))); ok && d > longestRecording+overrun {
		return casework.Uploaded{}, fault.New(fault.Invalid, "intake.recording_too_long", "most", int(longestRecording.Seconds()), "seconds", int(math.Ceil(d.Seconds())))
	}
	f, err := s.Cases.Upload(ctx, account.Actor{PersonID: w.PersonID, Jurisdiction: j.ID}, u.Name, bytes.NewReader(data), media.Picture, media.Sound)
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
		return 0, fault.New(fault.TooLarge, "blob.too_large", "limit", maxFile)
	}
	return n, err
}
