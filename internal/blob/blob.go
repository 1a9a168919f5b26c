package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"time"

	"gezhi/internal/fault"
)

// Info says what was stored.
type Info struct {
	Hash string // SHA-256 of the content, 64 hexadecimal digits in lower case
	Size int64  // bytes
	Type string // media type by the content's first bytes, whatever its sender called it
}

// Folder keeps files below one folder, and can reach nothing outside it.
type Folder struct{ root *os.Root }

const (
	tmpDir = "tmp"
	// stale is the age at which an unfinished file belongs to a process that has died.
	stale = 24 * time.Hour
)

// Open opens the folder at dir, making it when it is missing, and clears away what a crash
// left unfinished. Several processes may share a folder.
func Open(dir string, now time.Time) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "blob.cannot_open")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "blob.cannot_open")
	}
	f := &Folder{root}
	if err := f.sweep(now); err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Unavailable, "blob.cannot_open"), root.Close())
	}
	return f, nil
}

func (f *Folder) sweep(now time.Time) error {
	if err := f.root.MkdirAll(tmpDir, 0o750); err != nil {
		return err
	}
	left, err := fs.ReadDir(f.root.FS(), tmpDir)
	if err != nil {
		return err
	}
	for _, e := range left {
		if i, err := e.Info(); err == nil && now.Sub(i.ModTime()) > stale {
			_ = f.root.Remove(path.Join(tmpDir, e.Name()))
		}
	}
	return nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.root.Close() }

// Put stores what r gives, at most max bytes. More is blob.too_large, nothing at all
// blob.empty; then, or when r or ctx fails, nothing is kept.
func (f *Folder) Put(ctx context.Context, r io.Reader, max int64) (Info, error) {
	name := path.Join(tmpDir, rand.Text())
	tmp, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return Info{}, broken(err)
	}
	defer func() { _ = f.root.Remove(name) }() // gone already when all went well
	info, err := fill(ctx, tmp, r, max)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return Info{}, err
	}
	if err := f.keep(name, info.Hash); err != nil {
		return Info{}, broken(err)
	}
	return info, nil
}

// fill copies r to tmp and flushes it to the disk.
func fill(ctx context.Context, tmp *os.File, r io.Reader, max int64) (Info, error) {
	sum, head := sha256.New(), &first{}
	n, err := io.Copy(io.MultiWriter(tmp, sum, head), io.LimitReader(&giveUp{ctx, r}, max+1))
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
	if err := tmp.Sync(); err != nil {
		return Info{}, broken(err)
	}
	return Info{Hash: hex.EncodeToString(sum.Sum(nil)), Size: n, Type: http.DetectContentType(head.b)}, nil
}

// keep gives the finished file its lasting name, and flushes that name too.
func (f *Folder) keep(tmp, hash string) error {
	dir, name := place(hash)
	if err := f.root.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if err := f.root.Rename(tmp, name); err != nil {
		return err
	}
	for _, d := range []string{dir, "."} {
		h, err := f.root.Open(d)
		if err != nil {
			return err
		}
		if err := errors.Join(h.Sync(), h.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Open opens a stored file for reading; an unknown hash, or none, is blob.none.
func (f *Folder) Open(hash string) (*os.File, error) {
	if !valid(hash) {
		return nil, fault.New(fault.NotFound, "blob.none")
	}
	_, name := place(hash)
	h, err := f.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "blob.none")
	}
	if err != nil {
		return nil, broken(err)
	}
	return h, nil
}

// Delete removes a stored file. One that is gone already is no error.
func (f *Folder) Delete(hash string) error {
	if !valid(hash) {
		return fault.New(fault.NotFound, "blob.none")
	}
	_, name := place(hash)
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return broken(err)
	}
	return nil
}

// place spreads files over 256 folders.
func place(hash string) (dir, name string) { return hash[:2], path.Join(hash[:2], hash) }

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

// broken keeps a fault that a reader gave, and calls anything else an outage of the disk.
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

// first keeps the beginning of what is written to it, as much as sniffing looks at.
type first struct{ b []byte }

func (f *first) Write(p []byte) (int, error) {
	if room := 512 - len(f.b); room > 0 {
		f.b = append(f.b, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
