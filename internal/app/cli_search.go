package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// searchCommand keeps what searches find: gezhi search rebuild.
func searchCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] != "rebuild" {
		return fault.New(fault.Invalid, "cli.usage_search")
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	a.DB.WriteLimit = longestImport
	total := 0
	err = a.Search.Rebuild(ctx, func(done int) {
		if total = done; done%10000 == 0 {
			slog.Info("search", "cases", done)
		}
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, web.Say(language(), "cli.search_rebuilt", map[string]any{"done": total}))
	return err
}
