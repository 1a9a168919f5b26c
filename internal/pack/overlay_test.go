package pack

import (
	"strings"
	"testing"
)

// An overlay changes values; what would change structure, or hangs on nothing, is refused.
func TestOverlaysChangeValuesOnly(t *testing.T) {
	p := load(t, "testdata/incident")
	for text, want := range map[string]string{
		"lives: { incident: {} }":                                              "overlay.structure",
		"classes: { \"0102\": {} }":                                            "overlay.structure",
		"limitz: {}":                                                           "pack.unknown_key",
		"limits: { \"09*\": { handle: 1 day } }":                               "overlay.unknown_class",
		"limits: { \"0102\": { handel: 1 day } }":                              "overlay.unknown_clock",
		"limits: { \"0102\": { handle: { 9: 1 day } } }":                       "overlay.unknown_severity",
		"extensions: { \"0102\": { handel: 1 day } }":                          "overlay.unknown_clock",
		"severities: { 9: { limits: { handle: 1 day } } }":                     "overlay.unknown_severity",
		"sample: { spott: 8% }":                                                "overlay.unknown_action",
		"tables: { rate: [ { a: b } ] }":                                       "overlay.unknown_table",
		"lists: { groups: [ { a: b } ] }":                                      "overlay.unknown_list",
		"texts: [ { class: \"0902\", field: reply, text: { zh: a } } ]":        "overlay.unknown_class",
		"texts: [ { class: \"0102\", field: stars, text: { zh: a } } ]":        "overlay.unknown_field",
		"texts: [ { class: \"01*\", field: result, text: { zh: a } } ]":        "",
		"admitted: { \"0102\": { grid_worker: { by: x, from: 2026-01-01 } } }": "",
	} {
		o, report := LoadOverlay("o.yaml", []byte("overlay: incident\n"+text+"\n"), p)
		if (o != nil) != (want == "") || want != "" && !report.Has(want) {
			t.Errorf("%s: %s", text, report.Text("en"))
		}
		if want != "" && report.Problems[0].Line != 2 {
			t.Errorf("%s: line %d", text, report.Problems[0].Line)
		}
	}
	if _, report := LoadOverlay("o.yaml", []byte("overlay: other\n"), p); !report.Has("overlay.other_pack") {
		t.Error("an overlay for another pack was taken")
	}
}

// A report shows file, line, the line itself and the word that was meant.
func TestReportsShowThePlace(t *testing.T) {
	b, report := ParseBroken("b.yaml", []byte("broken: x\ncheck: life.unknown_step\npatch: [ { file: lives.yaml, replace: 'to: judged, who: disp', with: 'to: judgd, who: disp' } ]\n"))
	if b == nil {
		t.Fatal(report.Text("en"))
	}
	found, caught := b.Caught(load(t, "testdata/incident"), load(t, "../../packs/core"))
	got := found.Text("en")
	for _, want := range []string{"lives.yaml:30:40: there is no step called judgd [life.unknown_step]", "| judge:       { in: reported, to: judgd", "did you mean: judged"} {
		if !caught || !strings.Contains(got, want) {
			t.Errorf("%s is missing from\n%s", want, got)
		}
	}
}

// Whatever an archive holds, decoding ends with a pack or a fault.
func FuzzDecode(f *testing.F) {
	f.Add(load(f, "testdata/proposal").Encode())
	f.Add([]byte("gezhi-pack 1\npack.yaml 10\nformat: 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if (p == nil) != (err != nil) {
			t.Fatal(p, err)
		}
		if p != nil {
			Check(p)
			Diff(p, p)
			for _, l := range p.Lives {
				if _, _, err := Diagram(p, l.Name, "zh"); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// Whatever the bytes of an overlay or a broken story, reading ends with one or with problems.
func FuzzOverlay(f *testing.F) {
	p := load(f, "testdata/incident")
	f.Add([]byte("overlay: incident\nlimits: { \"0102\": { handle: 1 day } }\nduty: [ { class: \"*\", level: county, unit: x } ]\n"))
	f.Add([]byte("broken: x\ncheck: a.b\npatch: [ { file: lives.yaml, replace: a, with: b } ]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, report := LoadOverlay("o.yaml", data, p); (o == nil) == report.OK() {
			t.Fatal(report.Text("en"))
		}
		b, report := ParseBroken("b.yaml", data)
		if (b == nil) == report.OK() {
			t.Fatal(report.Text("en"))
		}
		if b != nil {
			b.Caught(p)
		}
	})
}
