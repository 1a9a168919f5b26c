package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Of many that make the same key file one is first; nobody ever reads half of it, and others
// may not read it.
func TestAKeyFileIsThereWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "a.key")
	var first, late sync.Map
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			content := fmt.Sprintf("%064d", i)
			switch err := CreateKeyFile(path, []byte(content)); {
			case err == nil:
				first.Store(content, true)
			case errors.Is(err, fs.ErrExist):
				kept, err := os.ReadFile(path)
				late.Store(string(kept), err)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := first.Load(string(kept)); !ok {
		t.Errorf("%s is of nobody who was first", kept)
	}
	late.Range(func(text, err any) bool {
		if text != string(kept) || err != nil {
			t.Errorf("somebody read %q, %v", text, err)
		}
		return true
	})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
