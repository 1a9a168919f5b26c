package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gezhi/internal/app"
	"gezhi/internal/dbtest"
	"gezhi/internal/worktime"
)

// A county's file says when and how its people are told, and its neighbour's rules stay; what
// else the county has decided is not lost, nor are its rules when that is decided anew.
func TestACountySaysHowItsPeopleAreTold(t *testing.T) {
	t.Setenv("LC_ALL", "en")
	for engine, database := range map[string]string{"sqlite": "", "postgres": dbtest.PostgresURL(t)} {
		t.Run(engine, func(t *testing.T) {
			dir := t.TempDir()
			flags := []string{"-data", dir}
			if database != "" {
				flags = append(flags, "-db", database)
			}
			run := func(status int, args ...string) string {
				t.Helper()
				var out, errs bytes.Buffer
				if code := app.Main(t.Context(), append(flags[:len(flags):len(flags)], args...), nil, &out, &errs); code != status {
					t.Fatal(args, out.String(), errs.String())
				}
				return out.String() + errs.String()
			}
			run(0, "jurisdiction", "create", "990102", "样例县", "-sample", "-runs", "office")
			run(0, "jurisdiction", "create", "990103", "样例邻县", "-sample")
			file := filepath.Join(dir, "notices.yaml")
			if err := os.WriteFile(file, []byte("quiet: { from: 20:00, until: 06:30 }\ndigest: 08:15\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			bad := filepath.Join(dir, "bad.yaml")
			if err := os.WriteFile(bad, []byte("\nwait: 5s\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, x := range []struct {
				status int
				says   string
				args   []string
			}{
				{1, "2, wait: A wait is a minute at least", []string{"-jurisdiction", "990102", bad}},
				{0, "nothing was changed", []string{"-dry-run", "-jurisdiction", "990102", file}},
				{0, "tells its people by these rules now", []string{"-jurisdiction", "990102", file}},
				{0, "by these rules already", []string{"-jurisdiction", "990102", file}},
			} {
				if said := run(x.status, append([]string{"import", "notices"}, x.args...)...); !strings.Contains(said, x.says) {
					t.Errorf("%v: %s", x.args, said)
				}
			}
			run(0, "jurisdiction", "create", "990102", "样例县", "-sample", "-runs", "office,committee")
			o := settled(t, flags...)
			all, err := o.app.Accounts.Jurisdictions(t.Context())
			if err != nil || len(all) != 2 || strings.Join(all[0].Settings.Runs, ",") != "office,committee" {
				t.Fatal(all, err)
			}
			for i, want := range []struct{ from, digest worktime.TimeOfDay }{{20 * 60, 8*60 + 15}, {21 * 60, -1}} {
				p, err := o.app.Notify.Policy(t.Context(), all[i].ID)
				digest := worktime.TimeOfDay(-1)
				if p.Digest != nil {
					digest = *p.Digest
				}
				if err != nil || p.Quiet.From != want.from || digest != want.digest || p.Wait != 5*time.Minute {
					t.Errorf("%s: %+v, %v", all[i].Name, p, err)
				}
			}
		})
	}
}
