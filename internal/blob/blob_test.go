package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"gezhi/internal/fault"
)

var (
	day   = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	later = day.Add(time.Hour)
)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func folder(t *testing.T) (*Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	f, err := Open(dir, at(day))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, dir
}

func count(t *testing.T, dir string) (n int) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// What was put comes back under the SHA-256 of its content.
func TestAFileComesBackByItsHash(t *testing.T) {
	f, _ := folder(t)
	png := "\x89PNG\x0D\x0A\x1A\x0A rest"
	i, err := f.Put(t.Context(), strings.NewReader(png), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	if i.Size != 13 || len(i.Hash) != 64 {
		t.Fatalf("%+v", i)
	}
	if abc, err := f.Put(t.Context(), strings.NewReader("abc"), 3, nil); err != nil || abc.Hash != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Fatal(abc, err) // FIPS 180-4 example
	}
	r, err := f.Open(t.Context(), i.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != png {
		t.Fatalf("%q %v", b, err)
	}
}

// The same content, sent by twenty at once, is kept once.
func TestTheSameContentIsKeptOnce(t *testing.T) {
	f, dir := folder(t)
	content := bytes.Repeat([]byte("photo"), 10_000)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := f.Put(t.Context(), bytes.NewReader(content), 1<<20, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(t, dir); n != 1 {
		t.Fatalf("%d files", n)
	}
}

// Too much, nothing, a broken sender and one who gives up are refused, and leave nothing behind.
func TestARefusedFileLeavesNothing(t *testing.T) {
	f, dir := folder(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		r    io.Reader
		code string
	}{
		"one byte too many": {t.Context(), strings.NewReader("12345678901"), "blob.too_large"},
		"nothing":           {t.Context(), strings.NewReader(""), "blob.empty"},
		"broken off":        {t.Context(), io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(errors.New("reset"))), "blob.broken"},
		"given up":          {gone, strings.NewReader("12345"), "blob.given_up"},
	} {
		if _, err := f.Put(c.ctx, c.r, 10, nil); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := count(t, dir); n != 0 {
		t.Fatalf("%d files left", n)
	}
	no := func(r io.ReaderAt, size int64) error {
		b := make([]byte, size)
		if _, err := r.ReadAt(b, 0); err != nil {
			return err
		}
		return fault.New(fault.Invalid, "looked."+string(b))
	}
	if _, err := f.Put(t.Context(), strings.NewReader("bad"), 10, no); fault.CodeOf(err) != "looked.bad" {
		t.Errorf("looked at: %v", err)
	}
	if n := count(t, dir); n != 0 {
		t.Fatalf("%d files left of what was refused", n)
	}
	if _, err := f.Put(t.Context(), strings.NewReader("1234567890"), 10, nil); err != nil {
		t.Fatal("exactly as much as allowed:", err)
	}
}

// No text reaches a file outside the folder, and an unknown hash looks like a wrong one.
func TestOnlyHashesOpen(t *testing.T) {
	f, dir := folder(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret"), []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, h := range []string{"", "../secret", "../../../../../../../../../../../../etc/passwd/././././././././.", strings.Repeat("A", 64), strings.Repeat("a", 64), strings.Repeat("a", 65)} {
		if _, err := f.Open(t.Context(), h); fault.CodeOf(err) != "blob.none" {
			t.Errorf("%q: %v", h, err)
		}
	}
	if err := f.Delete(t.Context(), "../secret", later); fault.CodeOf(err) != "blob.none" {
		t.Error(err)
	}
}

// A deleted file is gone, and deleting it again is harmless.
func TestDelete(t *testing.T) {
	f, _ := folder(t)
	i, err := f.Put(t.Context(), strings.NewReader("x"), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Delete(t.Context(), i.Hash, later); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Open(t.Context(), i.Hash); fault.CodeOf(err) != "blob.none" {
		t.Fatal(err)
	}
}

// What was put again since somebody found that nobody needs it is not taken away from who did.
func TestWhatIsPutAgainStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	now := day
	f, err := Open(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	i, err := f.Put(t.Context(), strings.NewReader("x"), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	now = later
	if _, err := f.Put(t.Context(), strings.NewReader("x"), 1, nil); err != nil {
		t.Fatal(err)
	}
	told := map[string]time.Time{}
	each := func(hash string, at time.Time) error { told[hash] = at; return nil }
	if err := f.Each(t.Context(), each); err != nil || len(told) != 1 || !told[i.Hash].Equal(later) {
		t.Fatal(told, err)
	}
	if err := f.Delete(t.Context(), i.Hash, later); err != nil {
		t.Fatal(err)
	}
	if r, err := f.Open(t.Context(), i.Hash); err != nil {
		t.Fatal("taken away:", err)
	} else {
		r.Close()
	}
	if err := f.Delete(t.Context(), i.Hash, later.Add(1)); err != nil || count(t, dir) != 0 {
		t.Fatal("kept:", err)
	}
}

// Opening clears what a dead process left a day ago, and leaves what one is writing now.
func TestOpeningClearsOldLeftovers(t *testing.T) {
	_, dir := folder(t)
	for i, at := range []time.Time{day.Add(-25 * time.Hour), day.Add(-time.Hour)} {
		name := filepath.Join(dir, "tmp", fmt.Sprint(i))
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(dir, at(day))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if n := count(t, dir); n != 1 {
		t.Fatalf("%d left", n)
	}
	if _, err := os.Stat(filepath.Join(dir, "tmp", "1")); err != nil {
		t.Fatal(err)
	}
}
