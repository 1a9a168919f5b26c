package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gezhi/internal/app"
)

// The command replays the sample history, leaves pack, jurisdiction and database in the
// folder, and ends with the line that says so; a second time it touches nothing.
func TestReplayCommand(t *testing.T) {
	dir, sample := filepath.Join(t.TempDir(), "out"), filepath.Join("..", "replay", "testdata")
	var out, errs bytes.Buffer
	args := []string{"replay", "-out", dir, filepath.Join(sample, "sample.yaml"), filepath.Join(sample, "sample.csv")}
	if status := app.Main(t.Context(), args, nil, &out, &errs); status != 0 {
		t.Fatal(status, errs.String())
	}
	if last := "26 rows: 8 loaded, 4 merged, 14 refused; counts equal\n"; !strings.HasSuffix(out.String(), last) {
		t.Error(out.String())
	}
	for _, name := range []string{"sample-history/pack.yaml", "areas.csv", "units.csv", "history.db"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	errs.Reset()
	if status := app.Main(t.Context(), args, nil, &out, &errs); status == 0 || !strings.Contains(errs.String(), "replay.done_before") {
		t.Errorf("the second time: %d %s", status, errs.String())
	}
}

// A mapping that is wrong is refused with its lines, and other arguments with the usage.
func TestReplayCommandRefuses(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("format: 1\nnames: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{bad, bad}, "replay.bad_mapping"},
		{[]string{"nowhere.yaml", bad}, "replay.cannot_read"},
		{[]string{"fuzhou-rivers", "nowhere.csv"}, "cli.cannot_read"},
		{[]string{"fuzhou-rivers", bad}, "replay.column_missing"},
		{[]string{bad}, "cli.usage_replay"},
		{[]string{"-rows", "-1", bad, bad}, "cli.usage_replay"},
	} {
		var out, errs bytes.Buffer
		args := append([]string{"replay", "-out", t.TempDir()}, c.args...)
		if len(c.args) == 1 {
			args = []string{"replay", bad}
		}
		if status := app.Main(t.Context(), args, nil, &out, &errs); status == 0 || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%v: %d %s", c.args, status, errs.String())
		}
		if c.says == "replay.bad_mapping" && !strings.Contains(out.String(), "bad.yaml:2: names:") {
			t.Error(out.String())
		}
	}
}
