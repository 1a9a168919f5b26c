package pack

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// Every action that a pack may allow has words for a picture, in both languages.
func TestActionsOfTheKernelAreDrawnInWords(t *testing.T) {
	for _, name := range workflow.Overlays {
		for _, lang := range []string{"zh", "en"} {
			if said := Say(lang, "kernel."+name, nil); strings.HasPrefix(said, "kernel.") {
				t.Errorf("%s: %s has no words", lang, name)
			}
		}
	}
}

// The picture of a life names every step and every act, in the language asked for.
func TestDiagramsShowEveryStepAndAct(t *testing.T) {
	for _, dir := range []string{"testdata/incident", "testdata/proposal", "../../packs/core"} {
		p := load(t, dir)
		for _, lang := range []string{"zh", "en"} {
			l := &p.Lives[0]
			mermaid, svg, err := Diagram(p, l.Name, lang)
			if err != nil {
				t.Fatal(err)
			}
			if out := os.Getenv("GEZHI_DRAW"); out != "" { // to look at it
				if err := os.WriteFile(out+"/"+p.Name+"_"+lang+".svg", svg, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range l.Steps {
				if w := p.Word(lang, "steps", s.Name); !strings.Contains(mermaid, w) || !strings.Contains(string(svg), w) {
					t.Errorf("%s: the step %s is not drawn", dir, w)
				}
			}
			for _, a := range l.Actions {
				if w := p.Word(lang, "actions", a.Name); !strings.Contains(mermaid, w) || !strings.Contains(string(svg), w) {
					t.Errorf("%s: the act %s is not drawn", dir, w)
				}
			}
			d := xml.NewDecoder(strings.NewReader(string(svg)))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: the picture is no XML: %v", dir, err)
				}
			}
		}
	}
	if _, _, err := Diagram(load(t, "../../packs/core"), "none", "zh"); fault.CodeOf(err) != "pack.no_life" {
		t.Error(err)
	}
}
