package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"time"

	"gezhi/internal/fault"
)

// Store keeps files by the hash of their content: a [Folder] or a [Bucket].
type Store interface {
	// Put stores what r gives, at most max bytes, unless look refuses it; look may be nil. More
	// is blob.too_large, nothing at all blob.empty; then, or when r, look or ctx fails, nothing
	// is kept. Of content that is there already the time of its last Put is renewed.
	Put(ctx context.Context, r io.Reader, max int64, look Look) (Info, error)
	// Open opens a stored file for reading; an unknown hash, or none, is blob.none.
	Open(ctx context.Context, hash string) (File, error)
	// Delete removes a stored file, but not one that was put again since a moment: whoever did
	// relies on it. One that is gone already is no error.
	Delete(ctx context.Context, hash string, since time.Time) error
	// Each tells of every file and of its last Put, in no order.
	Each(ctx context.Context, tell func(hash string, putAt time.Time) error) error
	// Close gives the store back.
	Close() error
}

// Look looks at the whole of a file before it is kept; its error refuses it.
type Look func(r io.ReaderAt, size int64) error

// File is a stored file that is being read.
type File interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Info says what was stored.
type Info struct {
	Hash string // SHA-256 of the content, 64 hexadecimal digits in lower case
	Size int64  // bytes
}

// fill copies r to tmp, flushes it to the disk, and has look look at it.
func fill(ctx context.Context, tmp *os.File, r io.Reader, max int64, look Look) (Info, error) {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(tmp, sum), io.LimitReader(&giveUp{ctx, r}, max+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return Info{}, fault.Wrap(err, fault.Unavailable, "blob.given_up")
	case err != nil:
		return Info{}, broken(err)
	case n > max:
		return Info{}, fault.New(fault.TooLarge, "blob.too_large", "limit", max)
	case n == 0:
		return Info{}, fault.New(fault.Invalid, "blob.empty")
	}
	if look != nil {
		if err := look(tmp, n); err != nil {
			return Info{}, broken(err)
		}
	}
	if err := tmp.Sync(); err != nil {
		return Info{}, broken(err)
	}
	return Info{Hash: hex.EncodeToString(sum.Sum(nil)), Size: n}, nil
}

// place spreads files over 256 folders.
func place(hash string) (dir, name string) { return hash[:2], hash[:2] + "/" + hash }

func valid(hash string) bool {
	if len(hash) != 2*sha256.Size {
		return false
	}
	for _, c := range hash {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func none() error { return fault.New(fault.NotFound, "blob.none") }

// broken keeps a fault that a reader gave, and calls anything else an outage of the store.
func broken(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "blob.broken")
}

// giveUp stops reading when ctx ends.
type giveUp struct {
	ctx context.Context
	r   io.Reader
}

func (g *giveUp) Read(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	return g.r.Read(p)
}
