package pack

import (
	"os"
	"testing"

	"gezhi/internal/formula"
)

// load reads a pack that must be readable.
func load(t testing.TB, dir string) *Pack {
	t.Helper()
	p, report := Load(os.DirFS(dir))
	if p == nil {
		t.Fatalf("%s:\n%s", dir, report.Text("en"))
	}
	return p
}

// What is stored in a database comes back as the same pack with the same hash.
func TestPacksSurviveStorage(t *testing.T) {
	for _, dir := range []string{"testdata/incident", "testdata/proposal", "../../packs/core"} {
		p := load(t, dir)
		q, err := Decode(p.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if q.Hash() != p.Hash() || len(q.Lives) != len(p.Lives) || q.Name != p.Name {
			t.Errorf("%s came back changed", dir)
		}
	}
	if _, err := Decode([]byte("gezhi-pack 1\npack.yaml 99\nx")); err == nil {
		t.Error("a cut archive was read")
	}
}

// The class, its severity and the county's overlay together say how long a clock takes.
func TestLimitsComeFromClassSeverityAndCounty(t *testing.T) {
	p := load(t, "testdata/incident")
	o, report := LoadOverlay("o.yaml", []byte("overlay: incident\nlimits: { \"0102\": { handle: 1 working day }, \"01*\": { citizen: 9 working days } }\nseverities: { 1: { limits: { handle: 2h } } }\nsample: { spot: 8% }\n"), p)
	if o == nil {
		t.Fatal(report.Text("en"))
	}
	plain, county := Resolve(p, nil), Resolve(p, o)
	for _, c := range []struct {
		e                      *Effective
		class, clock, severity string
		want                   string
	}{
		{plain, "0102", "handle", "3", "4 working hours"},
		{plain, "0102", "handle", "1", "4h"},
		{plain, "0102", "citizen", "3", "7 working days"},
		{plain, "0199", "handle", "3", "5 working days"},
		{plain, "0199", "handle", "1", "8h"},
		{plain, "0102", "unknown", "3", ""},
		{county, "0102", "handle", "3", "1 working day"},
		{county, "0102", "handle", "1", "2h"},
		{county, "0199", "citizen", "3", "9 working days"},
	} {
		got, ok := c.e.Class(c.class).Limit(c.clock, c.severity)
		if got.String() != c.want || ok != (c.want != "") {
			t.Errorf("%s %s %s: %v", c.class, c.clock, c.severity, got)
		}
	}
	if plain.Class("0102").SampleOf("spot").String() != "1/20" || county.Class("0102").SampleOf("spot").String() != "2/25" {
		t.Error("sample")
	}
	env := formula.Env{Names: map[string]formula.Value{"field": formula.Map{"blocks_road": true}}}
	if g, _ := plain.Class("0102").Grade(env); g != "1" {
		t.Error("grade", g)
	}
	if g, _ := plain.Class("0199").Grade(env); g != "3" {
		t.Error("grade", g)
	}
}

// The first duty line that fits answers; admission has dates.
func TestDutyAndAdmission(t *testing.T) {
	e := Resolve(load(t, "testdata/incident"), nil)
	for _, c := range []struct{ class, level, day, want string }{
		{"0102", "township", "2026-03-02", "law_enforcement"}, {"0102", "township", "2025-03-02", "dispatcher"},
		{"0102", "village", "2026-03-02", "grid_worker"}, {"0102", "county", "2026-03-02", ""},
	} {
		d, ok := e.DutyFor(c.class, c.level, c.day)
		if d.Unit+d.Post != c.want || ok != (c.want != "") {
			t.Errorf("%v: %+v", c, d)
		}
	}
	c := e.Class("0102")
	if !c.AdmittedTo("grid_worker", "2026-03-02") || c.AdmittedTo("grid_worker", "2028-01-01") || e.Class("0199").AdmittedTo("grid_worker", "2026-03-02") || !c.AdmittedTo("dispatcher", "2028-01-01") {
		t.Error("admission")
	}
}

// The sample packs and the shipped core pass every check.
func TestGoodPacksPass(t *testing.T) {
	core := load(t, "../../packs/core")
	for _, dir := range []string{"../../packs/core", "testdata/incident", "testdata/proposal"} {
		if r := Check(load(t, dir), core); !r.OK() {
			t.Errorf("%s:\n%s", dir, r.Text("en"))
		}
	}
}

// Options that are listed by their codes alone have their titles from the words files.
func TestOptionsAreTitledByTheWords(t *testing.T) {
	p := load(t, "../../packs/incident")
	for _, l := range p.Options {
		for _, o := range l.Options {
			if o.Title["zh"] == "" || o.Title["en"] == "" {
				t.Errorf("%s.%s: %v", l.Name, o.Code, o.Title)
			}
		}
	}
	if len(p.Options) == 0 {
		t.Fatal("no options")
	}
}
