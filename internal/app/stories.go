package app

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"slices"

	"gezhi/internal/pack"
	"gezhi/internal/setup"
	"gezhi/internal/story"
)

// tellStories runs the stories of a pack's folder, each in a database of its own that is thrown
// away, and tells how each went.
func tellStories(ctx context.Context, files map[string][]byte, lang string, tell func(setup.Told)) {
	dir, err := folderOf(files)
	if err != nil {
		slog.Error("stories", "err", err)
		return
	}
	s := story.Suite{Pack: dir, Others: map[string]*pack.Pack{}, Lang: lang}
	for _, p := range shippedPacks() {
		s.Others[p.Name] = p
		if p.Name == taskPack {
			s.Core = p
		}
	}
	s.Tell = func(o story.Outcome) { tell(setup.Told{File: o.File, Name: o.Name, Text: o.Text}) }
	story.Test(ctx, s, io.Discard)
}

// folderOf is files by their paths as a folder.
func folderOf(files map[string][]byte) (fs.FS, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
}
