package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
)

// Folder keeps files below one folder, and can reach nothing outside it.
type Folder struct {
	root *os.Root
	now  clock.Now
}

const (
	tmpDir = "tmp"
	// stale is the age at which an unfinished file belongs to a process that has died.
	stale = 24 * time.Hour
)

// Open opens the folder at dir, making it when it is missing, and clears away what a crash
// left unfinished. Several processes may share a folder.
func Open(dir string, now clock.Now) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "blob.cannot_open")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "blob.cannot_open")
	}
	f := &Folder{root, now}
	if err := f.sweep(); err != nil {
		return nil, errors.Join(fault.Wrap(err, fault.Unavailable, "blob.cannot_open"), root.Close())
	}
	return f, nil
}

func (f *Folder) sweep() error {
	if err := f.root.MkdirAll(tmpDir, 0o750); err != nil {
		return err
	}
	left, err := fs.ReadDir(f.root.FS(), tmpDir)
	if err != nil {
		return err
	}
	for _, e := range left {
		if i, err := e.Info(); err == nil && f.now().Sub(i.ModTime()) > stale {
			_ = f.root.Remove(path.Join(tmpDir, e.Name()))
		}
	}
	return nil
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.root.Close() }

// Put stores what r gives.
func (f *Folder) Put(ctx context.Context, r io.Reader, max int64, look Look) (Info, error) {
	name := path.Join(tmpDir, rand.Text())
	tmp, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	if err != nil {
		return Info{}, broken(err)
	}
	defer func() { _ = f.root.Remove(name) }() // gone already when all went well
	info, err := fill(ctx, tmp, r, max, look)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return Info{}, err
	}
	if err := f.keep(name, info.Hash); err != nil {
		return Info{}, broken(err)
	}
	return info, nil
}

// keep gives the finished file its lasting name, and flushes that name too.
func (f *Folder) keep(tmp, hash string) error {
	dir, name := place(hash)
	if err := f.root.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if now := f.now(); f.root.Chtimes(tmp, now, now) != nil {
		return fs.ErrPermission
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

// Open opens a stored file for reading.
func (f *Folder) Open(_ context.Context, hash string) (File, error) {
	if !valid(hash) {
		return nil, none()
	}
	_, name := place(hash)
	h, err := f.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, none()
	}
	if err != nil {
		return nil, broken(err)
	}
	return h, nil
}

// Delete removes a stored file. It is taken aside first: a Put in that moment makes it anew.
func (f *Folder) Delete(_ context.Context, hash string, since time.Time) error {
	if !valid(hash) {
		return none()
	}
	_, name := place(hash)
	aside := path.Join(tmpDir, rand.Text())
	if err := f.root.Rename(name, aside); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return broken(err)
	}
	i, err := f.root.Stat(aside)
	if err == nil && !i.ModTime().Before(since) {
		err = f.root.Rename(aside, name)
	} else if err == nil {
		err = f.root.Remove(aside)
	}
	if err != nil {
		return broken(err)
	}
	return nil
}

// Each tells of every file.
func (f *Folder) Each(ctx context.Context, tell func(hash string, putAt time.Time) error) error {
	dirs, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return broken(err)
	}
	for _, d := range dirs {
		if !d.IsDir() || len(d.Name()) != 2 {
			continue
		}
		files, err := fs.ReadDir(f.root.FS(), d.Name())
		if err != nil {
			return broken(err)
		}
		for _, e := range files {
			i, err := e.Info()
			if err != nil || !valid(e.Name()) {
				continue // gone meanwhile, or none of ours
			}
			if err := errors.Join(ctx.Err(), tell(e.Name(), i.ModTime())); err != nil {
				return err
			}
		}
	}
	return nil
}
