package replay

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"gezhi/internal/fault"
	"gezhi/internal/pack"
)

func sampleMapping(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The mappings that ship are right, and are found by name.
func TestShippedMappingsAreRight(t *testing.T) {
	for _, name := range []string{"baltimore-311", "fuzhou-rivers", "testdata/sample.yaml"} {
		data, err := ReadMapping(name)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := ParseMapping(data); err != nil {
			t.Error(name, err)
		}
	}
	if _, err := ReadMapping("nowhere"); fault.CodeOf(err) != "replay.cannot_read" {
		t.Error(err)
	}
}

// Each fault of a mapping is found at its line, in words.
func TestABadMappingIsRefusedAtItsLine(t *testing.T) {
	good := string(sampleMapping(t))
	for _, c := range []struct{ was, is, code string }{
		{"due: 要求办结", "dua: 要求办结", "pack.unknown_key"},
		{"class: 类型\n", "", "pack.missing_key"},
		{"zone: Europe/Berlin", "zone: Europe/Bärlin", "pack.unknown_word"},
		{`layout: "2006-01-02 15:04"`, "layout: YYYY-MM-DD", "pack.unknown_word"},
		{"待办: waiting", "待办: waitng", "pack.unknown_word"},
		{"电话: hotline", "电话: telephone", "pack.unknown_word"},
		{"来源, values: {", "来源, else: pigeon, values: {", "pack.unknown_word"},
		{"status: { column: 状态, values: {", "status: { values: {", "pack.missing_key"},
		{"  transferred: { zh", "  working: { zh", "pack.unknown_word"},
		{"name: sample-history", "name: Sample History", "pack.bad_name"},
		{"encoding: gb18030", "encoding: latin-1", "pack.unknown_word"},
		{"format: 1", "format: 2", "pack.unknown_word"},
		{"id: 编号", "id: 编号\nid: 编号", "yaml.duplicate_key"},
		{"text: 内容", "text: [内容", "yaml.syntax"},
	} {
		if !strings.Contains(good, c.was) {
			t.Fatalf("the sample has no %q", c.was)
		}
		_, err := ParseMapping([]byte(strings.Replace(good, c.was, c.is, 1)))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "replay.bad_mapping" || !slices.ContainsFunc(f.At, func(p fault.Place) bool { return p.Code == c.code && p.Line > 0 }) {
			t.Errorf("%s: %v", c.is, err)
			continue
		}
		for _, p := range f.At {
			if pack.Say("zh", p.Code, p.Args) == p.Code {
				t.Errorf("%s has no words", p.Code)
			}
		}
	}
}

// No text makes the parser fall over, and what it takes can be used.
func FuzzParseMapping(f *testing.F) {
	for _, name := range []string{"baltimore-311", "fuzhou-rivers", "testdata/sample.yaml"} {
		data, err := ReadMapping(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("format: 1\nclosed: { days: }\nareas: {}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMapping(data)
		if err == nil && (m.Zone == nil || m.Class == "" || m.Comma == 0) {
			t.Fatalf("%+v", m)
		}
	})
}
