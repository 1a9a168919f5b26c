package e2e

import (
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A database that an older binary left behind is brought up to date at the start, and work
// goes on where it stood. The file is the sample county as the first schema had it.
func TestAnOlderDatabaseIsUpgraded(t *testing.T) {
	f, err := os.Open("testdata/first.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "old.db")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, z); err != nil {
		t.Fatal(err)
	}
	out.Close()

	s := startIn(t, t.TempDir(), "sqlite:"+path)
	leader := s.logIn("leader", "sample-leader")
	closed, ok := leader.send("GET", "/cases?queue=closed&limit=100", nil).get("cases").([]any)
	if !ok || len(closed) < 10 {
		t.Fatalf("%d closed cases are left", len(closed))
	}
	for _, c := range closed {
		v := leader.send("GET", "/cases/"+c.(map[string]any)["id"].(string), nil)
		moves, _ := v.get("moves").([]any)
		if v.status != 200 || len(moves) < 2 {
			t.Fatalf("an old case cannot be read: %d %s", v.status, v.body)
		}
	}
	worker, village := s.logIn("wg029", "sample-worker"), s.logIn("village", "sample-village")
	where := worker.send("GET", "/areas", nil).get("areas").([]any)[0].(map[string]any)["id"]
	r := worker.send("POST", "/cases", map[string]any{"class": "incident/sample:0102", "text": "after the upgrade", "area_id": where, "channel": "field"})
	id, _ := r.get("id").(string)
	if step := village.act(id, "classify", nil); step != "judging" {
		t.Fatalf("a new case cannot be worked on: %s %s", step, r.body)
	}

	// Its rows are older than the log; adopted, they are proved like all others.
	s.stop()
	run := func(args ...string) (string, error) {
		cmd := exec.Command(binary, append([]string{"-data", s.data, "-db", "sqlite:" + path}, args...)...)
		cmd.Env = append(os.Environ(), "LC_ALL=en_GB.UTF-8")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if said, err := run("verify"); err != nil || !strings.Contains(said, "older than") {
		t.Fatalf("before the adoption: %v %s", err, said)
	}
	if said, err := run("audit", "adopt"); err != nil {
		t.Fatalf("adoption: %v %s", err, said)
	}
	if said, err := run("verify"); err != nil || strings.Contains(said, "older than") {
		t.Fatalf("after it: %v %s", err, said)
	}
	if said, err := run("audit", "adopt"); err == nil {
		t.Fatalf("adopted twice: %s", said)
	}
}
