package story_test

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/pack"
	"gezhi/internal/story"
)

// packAt loads the pack of a folder.
func packAt(t *testing.T, dir string) *pack.Pack {
	t.Helper()
	p, report := pack.Load(os.DirFS(dir))
	if p == nil {
		t.Fatal(dir, report.Text("en"))
	}
	return p
}

// shipped are the packs that the product ships, by name.
func shipped(t *testing.T) map[string]*pack.Pack {
	t.Helper()
	dirs, err := filepath.Glob("../../packs/*/pack.yaml")
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	out := map[string]*pack.Pack{}
	for _, d := range dirs {
		p := packAt(t, filepath.Dir(d))
		out[p.Name] = p
	}
	return out
}

// packsOf is what the stories of a folder's pack may load.
func packsOf(t *testing.T, dir string) story.Packs {
	t.Helper()
	all := shipped(t)
	p := story.Packs{Main: packAt(t, dir), Core: all["core"], Others: all, Root: os.DirFS(dir)}
	p.Files, _ = fs.Sub(p.Root, "stories")
	return p
}

// runs runs every story of a folder's pack on a database of either engine, and keeps what they
// prove of its conditions.
func runs(t *testing.T, dir string, proof func(p *pack.Pack) *story.Proof) {
	packs := packsOf(t, dir)
	if _, err := fs.Stat(packs.Files, "."); err != nil {
		return // a pack of which nothing is told
	}
	stories, bad, err := story.Stories(packs.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bad {
		t.Error(b.Text("en"))
	}
	shown := proof(packs.Main)
	for _, s := range stories {
		t.Run(strings.TrimSuffix(s.File, ".yaml"), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				if r := story.Run(context.Background(), d, s, packs, story.Options{Proof: shown}); !r.Passed() {
					t.Error(r.Text("en"))
				}
				proved(t, d)
			})
		})
	}
}

// proved fails the test where a row is not what the leaves of the audit say.
func proved(t *testing.T, d *db.DB) {
	t.Helper()
	r, err := (&audit.Verifier{DB: d}).Run(t.Context())
	if err != nil || !r.OK || r.Rows == 0 {
		t.Errorf("verification: %v, %+v", err, r)
	}
}

// unproven keeps nothing: the stories show only what they are about.
func unproven(*pack.Pack) *story.Proof { return nil }

// Every story of every pack that is shipped comes true, and together they make every
// condition of the pack both true and false: what check cannot see through is shown.
func TestShippedStories(t *testing.T) {
	dirs, err := filepath.Glob("../../packs/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if info, err := os.Stat(d); err == nil && info.IsDir() {
			t.Run(filepath.Base(d), func(t *testing.T) {
				runs(t, d, func(p *pack.Pack) *story.Proof {
					proof := story.Prove(p.Name)
					t.Cleanup(func() { // after the stories, which run side by side
						if strings.Count(flag.Lookup("test.run").Value.String(), "/") > 1 {
							return // only some of them
						}
						for _, u := range proof.Missing(p) {
							t.Errorf("no story makes %s %v: %s", u.Place, u.Never, u.Text)
						}
					})
					return proof
				})
			})
		}
	}
}

// The packs written from the excerpts of the language do what their stories say.
func TestSampleStories(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*/pack.yaml")
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	for _, d := range dirs {
		t.Run(filepath.Base(filepath.Dir(d)), func(t *testing.T) {
			runs(t, filepath.Dir(d), unproven)
		})
	}
}
