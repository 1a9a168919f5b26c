package pack

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The published schemas accept every file of the good packs as an editor reads them, and
// refuse a slip of the pen.
func TestSchemasDescribeThePacks(t *testing.T) {
	for _, dir := range []string{"../../packs/core", "testdata/incident", "testdata/proposal"} {
		files, err := filepath.Glob(dir + "/*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		words, _ := filepath.Glob(dir + "/words/*.yaml")
		for _, f := range append(files, words...) {
			name := filepath.Base(f)
			if strings.Contains(f, "/words/") {
				name = "words.yaml"
			}
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, name, data); err != nil {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
	if validate(t, "lives.yaml", []byte("lives: { a: { stepps: {}, steps: {}, actions: {} } }")) == nil {
		t.Error("a slip of the pen was accepted")
	}
	if _, err := Schema("other.yaml"); err == nil {
		t.Error("a schema of nothing")
	}
}

func validate(t *testing.T, name string, data []byte) error {
	t.Helper()
	raw, err := Schema(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	v, err = jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}
