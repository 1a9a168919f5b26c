// Command replaycount counts a foreign history straight from its file and prints the counts
// as JSON: replaycount MAPPING-FILE FILE. It imports nothing of the engine.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"gezhi/internal/replay/counts"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "replaycount:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: replaycount MAPPING-FILE FILE")
	}
	mapping, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	file, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	c, err := counts.Of(mapping, file, 0)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(c)
}
