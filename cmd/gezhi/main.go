// Command gezhi is the whole product in one binary.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"gezhi/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(app.Main(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}
