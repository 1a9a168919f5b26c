package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

type report struct{ strings.Builder }

func (r *report) line(format string, a ...any) { fmt.Fprintf(r, format+"\n", a...) }

// table prints the medians of all rounds.
func (r *report) table(all []sample) {
	r.line("| | clients | per second | p50 ms | p99 ms | CPU ms | ceiling per second | ceiling CPU ms | ratio | CPU x | others |")
	r.line("|---|---|---|---|---|---|---|---|---|---|---|")
	for _, what := range []string{"create", "transition", "life", "get", "list"} {
		for _, c := range []int{1, 32} {
			var s []sample
			for _, x := range all {
				if x.what == what && x.clients == c {
					s = append(s, x)
				}
			}
			if len(s) == 0 {
				continue
			}
			m := func(f func(sample) float64) float64 { return median(s, f) }
			r.line("| %s | %d | %.0f | %.2f | %.1f | %.3f | %.0f | %.3f | **%.2f** | **%.1f** | %.2f |", what, c,
				m(func(x sample) float64 { return x.our.Rate }), m(func(x sample) float64 { return x.our.P50 }), m(func(x sample) float64 { return x.our.P99 }),
				m(func(x sample) float64 { return x.our.CPU }), m(func(x sample) float64 { return x.ref.Rate }), m(func(x sample) float64 { return x.ref.CPU }),
				m(func(x sample) float64 { return x.our.Rate / x.ref.Rate }), m(func(x sample) float64 { return x.our.CPU / x.ref.CPU }),
				m(func(x sample) float64 { return max(x.our.Other, x.ref.Other) }))
		}
	}
	r.line("\nA life is one create and four transitions. After every round each case had its moves, clock, timer, messages and audit leaves.\n")
}

func median[T any](all []T, f func(T) float64) float64 {
	v := make([]float64, len(all))
	for i, x := range all {
		v[i] = f(x)
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func memory() string {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return "?"
	}
	var kib int64
	if _, err := fmt.Sscanf(string(b), "MemTotal: %d kB", &kib); err != nil {
		return "?"
	}
	return fmt.Sprintf("%d GiB", (kib+1<<19)>>20)
}

// pss is the proportional memory of a process in MiB.
func pss(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for _, l := range strings.Split(string(b), "\n") {
		var kib float64
		if n, _ := fmt.Sscanf(l, "Pss: %f kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}
