package app_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gezhi/internal/app"
	"gezhi/internal/casework"
	"gezhi/internal/dbtest"
)

// A list merges two villages and divides a third on the command line: the dry run says how many
// open cases go where and changes nothing; afterwards they stand there.
func TestAReformOnTheCommandLine(t *testing.T) {
	t.Setenv("LC_ALL", "en")
	for engine, database := range map[string]string{"sqlite": "", "postgres": dbtest.PostgresURL(t)} {
		t.Run(engine, func(t *testing.T) {
			dir := t.TempDir()
			flags := []string{"-data", dir}
			if database != "" {
				flags = append(flags, "-db", database)
			}
			file := func(name, text string) string {
				name = filepath.Join(dir, name)
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return name
			}
			run := func(args ...string) string {
				t.Helper()
				var out, errs bytes.Buffer
				if code := app.Main(t.Context(), append(flags[:len(flags):len(flags)], args...), nil, &out, &errs); code != 0 {
					t.Fatal(args, out.String(), errs.String())
				}
				return out.String()
			}
			run("jurisdiction", "create", "990102", "样例县", "-sample")
			run("import", "divisions", "-from", "2026-01-01", file("d.csv", "code,name,parent,level\n99,样例省,,1\n9901,样例市,99,2\n990102,样例县,9901,3\n"+
				"990102001,城北街道,990102,4\n990102001001,甲村,990102001,5\n990102001002,乙村,990102001,5\n990102001003,丙村,990102001,5\n"))
			run("import", "grids", "-from", "2026-01-01", file("g.csv", "code,name,parent\n99010200100101,甲一,990102001001\n99010200100301,丙一,990102001003\n"))
			run("import", "units", "-from", "2026-01-01", file("u.csv", "code,name,kind,area\nv1,甲村委会,committee,990102001001\n"))
			run("pack", "load", "core")
			run("pack", "load", "incident")
			run("import", "accounts", "-from", "2026-01-01", file("a.csv", "name,login,role,unit\n样例甲,vera,dispatcher,v1\n"))
			o := settled(t, flags...)
			who, err := o.app.Accounts.ByLogin(t.Context(), "vera")
			if err != nil {
				t.Fatal(err)
			}
			tree, err := o.app.Territory.Tree(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var cases []string
			for _, code := range []string{"99010200100101", "990102001002", "990102001003", "99010200100301"} {
				opened, err := o.app.Cases.Open(t.Context(), &casework.Actor{PersonID: who.ID, Jurisdiction: who.Jurisdiction},
					casework.Opening{Class: "incident/sample:0102", Text: "x", Channel: "field", AreaID: tree.AreaByCode(code).ID})
				if err != nil {
					t.Fatal(err)
				}
				cases = append(cases, opened.Case.ID)
			}
			o.app.DB.Close()
			list := file("r.csv", "原代码,新代码,名称,上级\n990102001001,990102001101,新村,\n990102001002,990102001101,,\n"+
				"990102001003,990102001102,东村,\n990102001003,990102001103,西村,\n99010200100301,99010200100301,,990102001103\n")
			said := run("territory", "reform", "-dry-run", list)
			for _, want := range []string{"1 open cases of 甲一 99010200100101 go to 甲一 99010200100101", "1 open cases of 乙村 990102001002 go to 新村 990102001101",
				"1 open cases of 丙村 990102001003 go to 城北街道 990102001", "1 units and 1 posts"} {
				if !strings.Contains(said, want) {
					t.Errorf("%s is not said:\n%s", want, said)
				}
			}
			var report struct {
				Begun, Ended int
				DryRun       bool `json:"dry_run"`
			}
			if err := json.NewDecoder(strings.NewReader(said)).Decode(&report); err != nil || report.Begun != 3 || report.Ended != 3 || !report.DryRun {
				t.Error(report, err)
			}
			if again := run("territory", "reform", "-dry-run", list); again != said {
				t.Errorf("a dry run has changed something:\n%s", again)
			}
			run("territory", "reform", list)
			o = settled(t, flags...)
			later := func() { o.hand.Add(casework.Settled) }
			o.app.Jobs.Now, o.app.Cases.Now = o.hand.Now, o.hand.Now
			later()
			o.work()
			if tree, err = o.app.Territory.Tree(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, code := range []string{"99010200100101", "990102001101", "990102001", "99010200100301"} {
				v, err := o.app.Cases.View(t.Context(), &casework.Actor{System: true, PersonID: who.ID, Jurisdiction: who.Jurisdiction}, cases[i])
				if err != nil {
					t.Fatal(err)
				}
				if want := tree.AreaByCode(code); v.AreaID != want.ID || v.Areas != want.Path {
					t.Errorf("the case of %s stands in %s", code, v.AreaID)
				}
			}
		})
	}
}
