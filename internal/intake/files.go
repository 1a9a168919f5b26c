package intake

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/fault"
)

// Upload says for whose report a file is.
type Upload struct {
	Jurisdiction, By, Key, Name string
}

// taken are the media types that reports may bring, as the content itself says: photos, and
// recordings in the containers that browsers record into.
var taken = []string{"image/jpeg", "image/png", "image/webp", "image/gif",
	"audio/mpeg", "audio/wave", "audio/aiff", "application/ogg", "video/webm", "video/mp4"}

// sniffed is how many bytes the type of a file is told from.
const sniffed = 512

// Upload keeps a photo or a recording for a report with the same key. Anything else is
// intake.file_type, whatever it calls itself.
func (s *Service) Upload(ctx context.Context, by *account.Actor, from Origin, u Upload, r io.Reader) (casework.File, error) {
	j, err := s.Jurisdiction(u.Jurisdiction)
	if err != nil {
		return casework.File{}, err
	}
	w, err := s.reporter(ctx, by, j, u.By, u.Key)
	if err != nil {
		return casework.File{}, err
	}
	if by == nil {
		if _, err := s.count(ctx, uploads, network(from.Addr)); err != nil {
			return casework.File{}, err
		}
	}
	body := bufio.NewReaderSize(r, sniffed)
	head, _ := body.Peek(sniffed) // what cannot be read is found again below
	if len(head) > 0 && !slices.Contains(taken, http.DetectContentType(head)) {
		return casework.File{}, fault.New(fault.Invalid, "intake.file_type")
	}
	return s.Cases.Upload(ctx, account.Actor{PersonID: w.PersonID, Jurisdiction: j.ID}, u.Name, &capped{body, maxFile})
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
