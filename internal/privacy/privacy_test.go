package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/privacy"
)

var monday = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// vaultIn opens the vault of a database with the master keys of a folder.
func vaultIn(t *testing.T, d *db.DB, dir string) *privacy.Vault {
	t.Helper()
	v, err := privacy.Open(t.Context(), d, filepath.Join(dir, "master.keys"), clock.At(monday).Now, id.New)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func write(t *testing.T, d *db.DB, fn func(ctx context.Context, tx *db.Tx) error) {
	t.Helper()
	if err := d.Write(t.Context(), nil, fn); err != nil {
		t.Fatal(err)
	}
}

func found(t *testing.T, d *db.DB, v *privacy.Vault, subject, compartment string) (k *privacy.Key) {
	t.Helper()
	if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		k, err = v.Find(ctx, tx, subject, compartment)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return k
}

// What a subject's key seals only that key opens, in that place, and nothing of it shows.
func TestSealedOpensOnlyInItsPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := vaultIn(t, d, t.TempDir())
		var mine, other, again *privacy.Key
		write(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
			if mine, err = v.Key(ctx, tx, "j", "person/1", "case/1"); err != nil {
				return err
			}
			if again, err = v.Key(ctx, tx, "j", "person/1", "case/1"); err != nil {
				return err
			}
			other, err = v.Key(ctx, tx, "j", "person/1", "case/2")
			return err
		})
		if mine.ID != again.ID || mine.ID == other.ID {
			t.Fatal(mine.ID, again.ID, other.ID)
		}
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
			sealed := mine.Seal(text, "a/b/c")
			if len(text) > 3 && strings.Contains(sealed, string(text)) || sealed == mine.Seal(text, "a/b/c") {
				t.Fatal("it shows")
			}
			if got, err := mine.Unseal(sealed, "a/b/c"); err != nil || string(got) != string(text) {
				t.Fatal(got, err)
			}
			for _, wrong := range []func() error{
				func() error { _, err := mine.Unseal(sealed, "a/b/d"); return err },
				func() error { _, err := other.Unseal(sealed, "a/b/c"); return err },
				func() error { _, err := mine.Unseal("x"+sealed[1:], "a/b/c"); return err },
				func() error { _, err := mine.Unseal(sealed[:len(sealed)-2], "a/b/c"); return err },
			} {
				if err := wrong(); fault.CodeOf(err) != "privacy.broken" && !(sealed[0] == 'x') {
					t.Fatal("opened where it must not", err)
				}
			}
		})
	})
}

// The file of the master keys is made once, for its owner alone; a start without it, or with
// another one, is refused as soon as something is wrapped by the one that is missing.
func TestNoStartWithoutTheMasterKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		v := vaultIn(t, d, dir)
		path := filepath.Join(dir, "master.keys")
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatal(info, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		v = vaultIn(t, d, dir) // nothing is wrapped yet: a new one is as good
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			_, err := v.Make(ctx, tx, "j", "person/1", "case/1")
			return err
		})
		vaultIn(t, d, dir)
		for _, other := range []string{t.TempDir(), func() string {
			dir := t.TempDir()
			if _, err := privacy.CreateMasters(filepath.Join(dir, "master.keys")); err != nil {
				t.Fatal(err)
			}
			return dir
		}()} {
			_, err := privacy.Open(t.Context(), d, filepath.Join(other, "master.keys"), clock.System, id.New)
			if fault.CodeOf(err) != "privacy.no_master" {
				t.Errorf("started without the key: %v", err)
			}
		}
		if err := os.WriteFile(path, []byte("nonsense\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := privacy.ReadMasters(path); fault.CodeOf(err) != "privacy.bad_masters" {
			t.Error(err)
		}
		if _, err := privacy.CreateMasters(path); !errors.Is(err, fs.ErrExist) {
			t.Error(err)
		}
	})
}

// A new master key wraps every data key anew: sealed values open as before, another process
// that has the same file goes on, and afterwards the old key is not needed any more.
func TestRotatingTouchesNoSealedValue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		v, beside := vaultIn(t, d, dir), vaultIn(t, d, dir)
		const n = 1203 // more than two pages
		sealed := make([]string, n)
		write(t, d, func(ctx context.Context, tx *db.Tx) error {
			for i := range n {
				k, err := v.Make(ctx, tx, "j", "person/1", "case/"+string(rune('a'+i%26))+id.New())
				if err != nil {
					return err
				}
				sealed[i] = k.Seal([]byte("13900000001"), "p")
			}
			return nil
		})
		var first *privacy.Key
		write(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
			first, err = v.Key(ctx, tx, "j", "person/2", "case/x")
			return err
		})
		value := first.Seal([]byte("13900000001"), "p")
		old := v.Masters.Current()
		master, done, err := v.Rotate(t.Context(), func(int) {})
		if err != nil || done != n+1 || master == old {
			t.Fatal(master, done, err)
		}
		for _, v := range []*privacy.Vault{v, beside} {
			if got, err := found(t, d, v, "person/2", "case/x").Unseal(value, "p"); err != nil || string(got) != "13900000001" {
				t.Fatal(string(got), err)
			}
		}
		if beside.Masters.Current() != master {
			t.Error("a process beside goes on with the old key")
		}
		if done, err := v.Rewrap(t.Context(), func(int) {}); err != nil || done != 0 {
			t.Error(done, err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "master.keys"))
		if err != nil || strings.Count(string(text), "\n") != 4 {
			t.Fatal(string(text), err)
		}
		only := t.TempDir()
		lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
		if err := os.WriteFile(filepath.Join(only, "master.keys"), []byte(lines[len(lines)-1]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := found(t, d, vaultIn(t, d, only), "person/2", "case/x").Unseal(value, "p"); err != nil || string(got) != "13900000001" {
			t.Fatal(string(got), err)
		}
	})
}

// The master key changes twice while two processes seal and open: no value is ever shut, and when
// they are quiet the last key alone opens all of them.
func TestRotatingWhileOthersSealAndOpen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		type kept struct{ subject, value string }
		vaults := []*privacy.Vault{vaultIn(t, d, dir), vaultIn(t, d, dir)}
		all := make([][]kept, len(vaults))
		stop := make(chan struct{})
		var others, begun sync.WaitGroup
		begun.Add(len(vaults))
		for i, v := range vaults {
			ready := sync.OnceFunc(begun.Done)
			others.Go(func() {
				defer ready()
				for n := 0; ; n++ {
					select {
					case <-stop:
						return
					default:
					}
					k := kept{subject: fmt.Sprintf("person/%d-%d", i, n%40)}
					err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
						key, err := v.Key(ctx, tx, "j", k.subject, "case/x")
						if err == nil {
							k.value = key.Seal([]byte(k.subject), "p")
						}
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					all[i] = append(all[i], k)
					old := all[i][n/2]
					err = d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
						key, err := v.Find(ctx, tx, old.subject, "case/x")
						if err == nil {
							_, err = key.Unseal(old.value, "p")
						}
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					if n == 10 {
						ready()
					}
				}
			})
		}
		begun.Wait()
		turns := vaultIn(t, d, dir)
		for range 2 {
			if _, _, err := turns.Rotate(t.Context(), func(int) {}); err != nil {
				t.Error(err)
			}
		}
		close(stop)
		others.Wait()
		if _, err := turns.Rewrap(t.Context(), func(int) {}); err != nil { // what was begun under an old key meanwhile
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "master.keys"))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		only := t.TempDir()
		if err := os.WriteFile(filepath.Join(only, "master.keys"), []byte(lines[len(lines)-1]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		last := vaultIn(t, d, only)
		for _, k := range slices.Concat(all...) {
			if got, err := found(t, d, last, k.subject, "case/x").Unseal(k.value, "p"); err != nil || string(got) != k.subject {
				t.Fatal(k.subject, string(got), err)
			}
		}
	})
}

// An erased key is gone for everybody; the same subject's other compartments stay, and a new
// key in the same compartment opens nothing of before.
func TestErasingOneCompartment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := vaultIn(t, d, t.TempDir())
		var one, two, after *privacy.Key
		write(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
			if one, err = v.Key(ctx, tx, "j", "person/1", "case/1"); err != nil {
				return err
			}
			two, err = v.Key(ctx, tx, "j", "person/1", "case/2")
			return err
		})
		sealed := one.Seal([]byte("x"), "p")
		write(t, d, func(ctx context.Context, tx *db.Tx) error { return v.Erase(ctx, tx, one.ID) })
		if found(t, d, v, "person/1", "case/1") != nil || found(t, d, v, "person/1", "case/2").ID != two.ID {
			t.Fatal("not that one alone")
		}
		write(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
			after, err = v.Key(ctx, tx, "j", "person/1", "case/1")
			return err
		})
		if _, err := after.Unseal(sealed, "p"); err == nil || after.ID == one.ID {
			t.Fatal("a new key opens what was erased")
		}
	})
}

// Equal values have equal hashes in one jurisdiction, and in no other; a second process agrees.
func TestLookupsAgree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		var hashes [4]string
		for i, of := range []struct{ jurisdiction, kind, value string }{{"j", "phone", "13900000001"}, {"j", "phone", "13900000001"}, {"j2", "phone", "13900000001"}, {"j", "phone", "13900000002"}} {
			v := vaultIn(t, d, dir)
			write(t, d, func(ctx context.Context, tx *db.Tx) (err error) {
				hashes[i], err = v.Lookup(ctx, tx, of.jurisdiction, of.kind, of.value)
				return err
			})
		}
		if hashes[0] != hashes[1] || hashes[0] == hashes[2] || hashes[0] == hashes[3] || len(hashes[0]) != 24 {
			t.Fatal(hashes)
		}
	})
}

// A mask never shows the middle of a number, nor more than a name's first character.
func TestMasksHide(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"phone", "13812345678"}: "138****5678", {"phone", "0578123"}: "****", {"phone", "05781234567"}: "057****4567", {"phone", "12345678"}: "****78",
		{"id_number", "99010219850203001X"}: "990****1X", {"text", "张三丰"}: "张**", {"text", "住在河边第三家"}: "****", {"text", "a1"}: "****", {"long_text", "张三"}: "****",
	} {
		if got := privacy.Mask(in[0], in[1]); got != want {
			t.Errorf("%v is shown as %s, not %s", in, got, want)
		}
	}
	if privacy.Mask("photo", []any{"x"}) != "****" || privacy.MaskName("") != "" {
		t.Error("what is no text")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.StringMatching(`[0-9]{1,20}`).Draw(t, "number")
		if m := privacy.MaskNumber(n); len(n) > 4 && strings.Contains(m, n) || len(strings.ReplaceAll(m, "*", "")) > 7 {
			t.Fatalf("%s of %s", m, n)
		}
	})
}
