package app

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/feed"
	"gezhi/internal/web"
)

// feedCommand takes in what another system brings, and writes answers for it.
func feedCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	verbs := map[string]func(context.Context, config.Config, []string, io.Writer) error{
		"import": func(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
			return feedImport(ctx, cfg, feed.Import, args, out)
		},
		"history": func(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
			return feedImport(ctx, cfg, feed.History, args, out)
		},
		"export": feedExport, "list": feedList, "sample": feedSample,
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		return fault.New(fault.Invalid, "cli.usage_feed")
	}
	return verbs[args[0]](ctx, cfg, args[1:], out)
}

// feedImport takes in a table of a feed: gezhi feed import|history [-dry-run] NAME FILE.
func feedImport(ctx context.Context, cfg config.Config, kind string, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("gezhi feed "+kind, flag.ContinueOnError)
	fs.SetOutput(out)
	code := fs.String("jurisdiction", "", "`code` of the county or city that it is for")
	dry := fs.Bool("dry-run", false, "check and count, change nothing")
	if err := fs.Parse(args); err != nil || fs.NArg() != 2 {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fault.Wrap(err, fault.Invalid, "cli.usage_feed")
	}
	data, a, j, err := toImport(ctx, cfg, fs.Arg(1), *code)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	m, err := a.Feeds.Mapping(fs.Arg(0))
	if err != nil {
		return err
	}
	if *dry {
		kind = feed.Check
	}
	hear := progress(ctx)
	rep, err := a.Feeds.Import(ctx, feed.Job{Jurisdiction: j.ID, Mapping: m, Data: data, Kind: kind,
		Progress: func(done, total int) error { return hear("feed", done, total) }})
	if ctx.Err() != nil && err != nil {
		return fault.Wrap(err, fault.Unavailable, "cli.given_up_feed")
	}
	if err != nil {
		return err
	}
	return printFeed(out, rep)
}

// printFeed prints the counts, and then what became of each line that changed something.
func printFeed(out io.Writer, rep feed.Report) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	lines := rep.Lines
	rep.Lines = nil
	if err := e.Encode(rep); err != nil {
		return err
	}
	lang := language()
	for _, l := range lines {
		fmt.Fprintf(out, "%6d  %-10s %s  %s\n", l.Line, web.Say(lang, "feed_state."+l.State, nil), l.Theirs, l.Number)
		if l.Why != nil {
			fmt.Fprintf(out, "        %s (%s)\n", feed.Say(lang, *l.Why), l.Why.Code)
		}
		for _, n := range l.Notes {
			fmt.Fprintf(out, "        %s (%s)\n", feed.Say(lang, n), n.Code)
		}
	}
	return nil
}

// feedExport writes the answers of a feed: gezhi feed export [-again RUN] NAME FILE.
func feedExport(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("gezhi feed export", flag.ContinueOnError)
	fs.SetOutput(out)
	code := fs.String("jurisdiction", "", "`code` of the county or city that it is for")
	again := fs.String("again", "", "`run` whose file is to be made anew")
	if err := fs.Parse(args); err != nil || fs.NArg() != 2 {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fault.Wrap(err, fault.Invalid, "cli.usage_feed")
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	if *code == "" {
		*code = cfg.Jurisdiction
	}
	j, err := a.Jurisdictions.byCode(*code)
	if err != nil {
		return err
	}
	m, err := a.Feeds.Mapping(fs.Arg(0))
	if err != nil {
		return err
	}
	run, ok := feed.Run{ID: *again}, true
	if *again != "" {
		run, err = a.Feeds.RunOf(ctx, j.ID, *again)
	} else {
		run, ok, err = a.Feeds.Export(ctx, j.ID, m, "")
	}
	if err != nil {
		return err
	}
	if !ok {
		_, err := fmt.Fprintln(out, web.Say(language(), "cli.feed_nothing", nil))
		return err
	}
	head, rows, err := a.Feeds.Answers(ctx, j.ID, m, run.ID)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(fs.Arg(1), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "cli.cannot_write")
	}
	if err := errors.Join(m.Replies.Write(f, head, rows), f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, web.Say(language(), "cli.feed_exported", map[string]any{"answers": len(rows), "run": run.ID}))
	return err
}

// feedSample writes a mapping file to begin from: gezhi feed sample NAME.
func feedSample(_ context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) != 1 {
		return fault.New(fault.Invalid, "cli.usage_feed")
	}
	path, err := (&feed.Service{Dir: cfg.Feeds.Dir}).WriteSample(args[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, web.Say(language(), "cli.feed_sample", map[string]any{"file": path}))
	return err
}

// feedList prints the feeds that have a mapping file, with their last runs.
func feedList(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) != 0 {
		return fault.New(fault.Invalid, "cli.usage_feed")
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	names, err := a.Feeds.Names()
	if err != nil {
		return err
	}
	for _, n := range names {
		m, err := a.Feeds.Mapping(n)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s  %s\n", n, m.Title[language()])
		for _, j := range a.Jurisdictions.ids() {
			runs, err := a.Feeds.Runs(ctx, j, n, 5)
			if err != nil {
				return err
			}
			for i := range runs {
				r, rep := &runs[i], runs[i].Report()
				fmt.Fprintf(out, "  %s  %s  %-7s %-7s %d/%d  +%d ~%d =%d -%d !%d\n", r.ID, r.BeganAt.In(m.Zone).Format(time.DateTime), r.Kind, r.State, r.Done, r.Total,
					rep.New, rep.Updated, rep.Unchanged, rep.Withdrawn, rep.Refused)
			}
		}
	}
	return nil
}
