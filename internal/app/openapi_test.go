package app_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"gezhi/internal/app"
	"gezhi/internal/config"
)

var update = flag.Bool("update", false, "write ui/openapi.json anew")

// The description of the API that the front end is built from is the one that the program
// serves. `make api` writes both it and the types made from it.
func TestTheCheckedInDescriptionIsServed(t *testing.T) {
	cfg, _, err := config.Read([]string{"-data", t.TempDir()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer a.DB.Close()
	var doc bytes.Buffer
	if err := json.Indent(&doc, a.Web.OpenAPI(), "", "  "); err != nil {
		t.Fatal(err)
	}
	doc.WriteByte('\n')
	path := filepath.Join("..", "..", "ui", "openapi.json")
	if *update {
		if err := os.WriteFile(path, doc.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, doc.Bytes()) {
		t.Errorf("ui/openapi.json is not what the program serves (%v): make api", err)
	}
}
