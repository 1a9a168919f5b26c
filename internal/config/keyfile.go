package config

import (
	"errors"
	"os"
	"path/filepath"
)

// CreateKeyFile writes a file that its owner alone may read, whole or not at all. Of two
// processes that do so at once one is first; the other, and whoever finds a file there, gets
// fs.ErrExist.
func CreateKeyFile(path string, content []byte) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, filepath.Base(path)) // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
