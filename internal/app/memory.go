package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// headroom is how much may be allocated between two collections, at least: with a heap as
	// small as that of a county the usual rule, as much again as is alive, would have the
	// collector take a quarter of the processor.
	headroom = 64 << 20
	// weighed is how often the heap is looked at.
	weighed = 10 * time.Second
)

// paceCollector keeps the headroom as what is alive grows and shrinks, until ctx ends. Who has set
// GOGC has decided otherwise.
func paceCollector(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.FreeOSMemory() // what the start has left behind
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := 100
	for tick := time.NewTicker(weighed); ; {
		metrics.Read(alive)
		if percent := collectAt(alive[0].Value.Uint64()); percent != set {
			debug.SetGCPercent(percent)
			set = percent
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// collectAt is by how many percent the heap may outgrow what is alive: in steps, so that it is
// not set anew for every byte.
func collectAt(alive uint64) int {
	percent := 100
	for percent < 800 && alive*uint64(percent)/100 < headroom {
		percent += 100
	}
	return percent
}
