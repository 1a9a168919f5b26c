package counts_test

import (
	"go/parser"
	"go/token"
	"maps"
	"os"
	"strings"
	"testing"

	"gezhi/internal/replay/counts"
)

func sample(t *testing.T, limit int) *counts.Counts {
	t.Helper()
	mapping, err := os.ReadFile("../testdata/sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("../testdata/sample.csv")
	if err != nil {
		t.Fatal(err)
	}
	c, err := counts.Of(mapping, file, limit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The sample's figures are those counted by hand.
func TestTheSampleIsCountedAsByHand(t *testing.T) {
	c := sample(t, 0)
	due, states, duplicates := map[string]int{}, map[string]int{}, 0
	for cell, n := range c.Cells {
		due[cell.Due] += n
		states[cell.State] += n
		if cell.Duplicate {
			duplicates += n
		}
	}
	if want := map[string]int{counts.Late: 3, counts.InTime: 6, counts.None: 3}; !maps.Equal(due, want) {
		t.Errorf("due: %v", due)
	}
	if want := map[string]int{"done": 5, "duplicate": 4, "transferred": 1, "waiting": 1, "working": 1}; !maps.Equal(states, want) {
		t.Errorf("states: %v", states)
	}
	if c.Lines != 26 || c.Returned != 4 || duplicates != 4 || c.Refused["closed_without_time"] != 2 || len(c.Refused) != 13 {
		t.Errorf("%d lines, %d returns, %d duplicates, %v", c.Lines, c.Returned, duplicates, c.Refused)
	}
}

// A limit counts the first lines, and the history then ends with them: what is open is late
// by that end.
func TestALimitEndsTheHistory(t *testing.T) {
	c := sample(t, 8)
	if c.Lines != 8 {
		t.Errorf("%d lines", c.Lines)
	}
	n := 0
	for cell, k := range c.Cells {
		n += k
		if cell.State == "working" && cell.Due != counts.InTime {
			t.Errorf("%+v", cell)
		}
	}
	if n != 8 {
		t.Errorf("%d cases", n)
	}
}

// What proves the engine right does not use it.
func TestCountingStandsAlone(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "counts.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range f.Imports {
		if strings.HasPrefix(i.Path.Value, `"gezhi/`) {
			t.Errorf("imports %s", i.Path.Value)
		}
	}
}
