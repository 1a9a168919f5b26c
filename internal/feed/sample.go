package feed

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"gezhi/internal/fault"
)

//go:embed sampledata
var sampleFiles embed.FS

// Samples are mapping files to begin from: NAME.yaml.
var Samples, _ = fs.Sub(sampleFiles, "sampledata") // which is there, or it would not compile

// WriteSample puts a sample mapping into the folder of mapping files and returns where it lies.
// A file that is there already is never written over: feed.sample_exists. feed.unknown where no
// sample has the name.
func (s *Service) WriteSample(name string) (path string, err error) {
	data, err := fs.ReadFile(Samples, name+".yaml")
	if err != nil || !feedName.MatchString(name) {
		return "", fault.New(fault.NotFound, "feed.unknown")
	}
	path = filepath.Join(s.Dir, name+".yaml")
	if err := os.MkdirAll(s.Dir, 0o750); err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "feed.unreadable")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return "", fault.New(fault.Conflict, "feed.sample_exists", "file", path)
	}
	if err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "feed.unreadable")
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "feed.unreadable")
	}
	return path, nil
}
