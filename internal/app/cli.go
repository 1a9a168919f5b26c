package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// command is one verb of the command line.
type command struct {
	name, usage string
	run         func(ctx context.Context, cfg config.Config, args []string, out io.Writer) error
}

var commands = []command{
	{"serve", "serve the product (also without any command)", serveCommand},
	{"pack", "check | test | diagram | diff | schema | load: work on scenario packs", packCommand},
	{"jurisdiction", "create CODE NAME | list: a county or city with its own data; -runs, -sample", jurisdictionCommand},
	{"import", strings.Join(territory.Kinds, " | ") + " FILE, records KIND FILE: take in a file; -dry-run checks and changes nothing", importCommand},
	{"territory", "reform FILE: merge, divide, rename or end divisions and grids; -dry-run says what becomes of open cases", territoryCommand},
	{"account", "password LOGIN: set a password, from the terminal or the first line of the input", accountCommand},
	{"privacy", "retention [-dry-run] | rotate-master [-again]: erase what is past its time; change the master key", privacyCommand},
	{"admin", "create system|security|audit LOGIN NAME | reset LOGIN: an administrator, or a new way in for one; prints a one-time password", adminCommand},
	{"search", "rebuild: write anew what searches find", searchCommand},
	{"feed", "sample | import | history | export | list: what a platform above or another system brings, and answers for it", feedCommand},
	{"replay", "MAPPING FILE: run a foreign history through the engine and compare the counts; -out, -into, -rows", replayCommand},
	{"classifier", "train | eval | duplicates | list | end: learn the classes of reports, and measure how well", classifierCommand},
	{"verify", "prove the database against the audit log; -json, -since FILE, -checkpoint FILE", verifyCommand},
	{"points", "verify [-json]: work out all ledgers again from their postings, and name what is otherwise", pointsCommand},
	{"audit", "adopt: name in the audit log, once, the rows that are older than it", auditCommand},
	{"receipt", "checker: print the page that checks receipts in a browser, without a network", receiptCommand},
	{"version", "print the version", func(_ context.Context, _ config.Config, _ []string, out io.Writer) error {
		_, err := fmt.Fprintln(out, Version)
		return err
	}},
}

// logged is the log of the program: a line to a record, whatever anybody has sent.
func logged(w io.Writer, from slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: from}))
}

// Main runs the command line and returns the exit status.
func Main(ctx context.Context, args, env []string, out, errs io.Writer) int {
	cfg, rest, err := config.Read(args, env)
	if errors.Is(err, flag.ErrHelp) {
		usage(out)
		return 0
	}
	if err == nil {
		slog.SetDefault(logged(errs, cfg.Log))
		err = dispatch(ctx, cfg, rest, out)
	}
	if err == nil {
		return 0
	}
	if errors.Is(err, errUnproved) {
		return 3
	}
	if !errors.Is(err, errBadPack) {
		complain(errs, err)
	}
	return 1
}

func dispatch(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	name := "serve"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	asked := name == "help"
	if asked && len(args) == 0 {
		usage(out)
		return nil
	}
	if asked {
		name, args = args[0], nil
	}
	var known []string
	for _, c := range commands {
		known = append(known, c.name)
		if c.name != name {
			continue
		}
		if page := helpPage(c); asked || page != nil && asksHelp(args) {
			return help(out, c, page)
		}
		err := c.run(ctx, cfg, args, out)
		if errors.Is(err, flag.ErrHelp) { // it has told its flags
			return nil
		}
		return err
	}
	return unknownCommand(name, known)
}

// language is what the terminal's user reads: Chinese unless the environment says English.
func language() string {
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if s := os.Getenv(v); s != "" {
			if strings.HasPrefix(s, "zh") {
				return "zh"
			}
			return "en"
		}
	}
	return "en"
}

// complain says what went wrong in words, with the places.
func complain(w io.Writer, err error) {
	var f *fault.Error
	if !errors.As(err, &f) {
		fmt.Fprintln(w, "gezhi:", err)
		return
	}
	lang := language()
	fmt.Fprintf(w, "gezhi: %s (%s)\n", web.Say(lang, f.Code, f.Args), f.Code)
	printPlaces(w, f.At)
	if f.Err != nil {
		fmt.Fprintln(w, "  ", f.Err)
	}
}

func serveCommand(ctx context.Context, cfg config.Config, _ []string, out io.Writer) error {
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	if cfg.Demo {
		filled, err := a.FillSample(ctx)
		if err != nil {
			a.DB.Close()
			return err
		}
		if filled && cfg.DemoMonth {
			a.Before = func(ctx context.Context) { a.liveMonth(ctx, out) }
		}
	}
	l, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		a.DB.Close()
		return err
	}
	fmt.Fprintf(out, "http://%s/\n", l.Addr())
	if cfg.Demo {
		fmt.Fprintln(out, web.Say(language(), "cli.sample_accounts", nil))
		if err := PrintAccounts(out, language()); err != nil {
			return err
		}
	}
	return a.Run(ctx, l)
}

// liveMonth lets the sample county live through its month and says how far it is.
func (a *App) liveMonth(ctx context.Context, out io.Writer) {
	began := time.Now()
	err := a.FillMonth(ctx, 1, func(percent int) {
		fmt.Fprintln(out, web.Say(language(), "cli.sample_month", map[string]any{"percent": percent, "seconds": int(time.Since(began).Seconds())}))
	})
	if err != nil && ctx.Err() == nil {
		slog.Error("sample month", "err", err)
	}
}
