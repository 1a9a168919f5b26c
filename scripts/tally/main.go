// Command tally reads the output of go test -json, prints what failed, and counts. Its last
// line is "go: N passed, N failed, N skipped".
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 64<<20)
	text := map[string]*strings.Builder{}
	parents := map[string]bool{}
	var leaves []event
	failed := 0
	for in.Scan() {
		var e event
		if json.Unmarshal(in.Bytes(), &e) != nil {
			fmt.Println(in.Text()) // what the compiler says
			continue
		}
		key := e.Package + "." + e.Test
		if i := strings.LastIndexByte(e.Test, '/'); i > 0 {
			parents[e.Package+"."+e.Test[:i]] = true
		}
		switch e.Action {
		case "output", "build-output":
			b := text[key]
			if b == nil {
				b = &strings.Builder{}
				text[key] = b
			}
			if b.Len() < 64<<10 {
				b.WriteString(e.Output)
			}
		case "pass", "fail", "skip":
			if e.Action == "fail" && text[key] != nil {
				fmt.Print(text[key])
			}
			if e.Test == "" {
				fmt.Printf("%-4s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
				if e.Action == "fail" {
					failed++
				}
				continue
			}
			leaves = append(leaves, e)
		case "build-fail":
			failed++
		}
	}
	count := map[string]int{}
	for _, e := range leaves {
		if parents[e.Package+"."+e.Test] {
			continue
		}
		count[e.Action]++
		if e.Action == "skip" {
			fmt.Println("skipped:", e.Package, e.Test)
		}
	}
	if count["fail"] == 0 {
		count["fail"] = failed
	}
	fmt.Printf("go: %d passed, %d failed, %d skipped\n", count["pass"], count["fail"], count["skip"])
	if failed > 0 || count["fail"] > 0 {
		os.Exit(1)
	}
}
