// profiled is the product with Go's profiler on a loopback port of its own, given by
// BENCH_PPROF. It is built by the measurements only.
package main

import (
	"context"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"gezhi/internal/app"
)

func main() {
	if addr := os.Getenv("BENCH_PPROF"); strings.HasPrefix(addr, "127.0.0.1:") {
		runtime.SetMutexProfileFraction(100)
		go func() { log.Print(http.ListenAndServe(addr, nil)) }()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(app.Main(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}
