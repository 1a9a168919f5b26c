package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/record"
	"gezhi/internal/web"
)

// privacyCommand keeps personal data: gezhi privacy retention | rotate-master.
func privacyCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	usage := fault.New(fault.Invalid, "cli.usage_privacy")
	if len(args) == 0 || args[0] != "retention" && args[0] != "rotate-master" {
		return usage
	}
	flags := flag.NewFlagSet("gezhi privacy "+args[0], flag.ContinueOnError)
	flags.SetOutput(out)
	dry, again := false, false
	if args[0] == "retention" {
		flags.BoolVar(&dry, "dry-run", false, "say what would be erased, change nothing")
	} else {
		flags.BoolVar(&again, "again", false, "make no new key; finish what was broken off")
	}
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 {
		usage.Err = err
		return usage
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	if args[0] == "rotate-master" {
		return a.rotateMaster(ctx, again, out)
	}
	return a.retention(ctx, dry, out)
}

// retention goes over all closed cases and ended records and prints what is past its time: number
// or key, names of values, rule, and the day until which they were kept.
func (a *App) retention(ctx context.Context, dry bool, out io.Writer) error {
	j, err := a.Jurisdictions.byCode(a.Config.Jurisdiction)
	if err != nil {
		return err
	}
	lang := language()
	r, err := a.Cases.Retain(ctx, j.ID, dry, func(x casework.Retired) error {
		for _, v := range x.Values {
			if _, err := fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", x.Case.Number, v.Name, v.Rule, v.Until.In(clock.CST).Format(time.DateOnly)); err != nil {
				return err
			}
		}
		if !x.Past {
			return nil
		}
		_, err := fmt.Fprintf(out, "%s\t%s\n", x.Case.Number, web.Say(lang, "cli.case_past", nil))
		return err
	})
	if err != nil {
		return err
	}
	of, err := a.Records.Retain(ctx, j.ID, dry, func(x record.Retired) error {
		for i, name := range x.Names {
			if _, err := fmt.Fprintf(out, "%s/%s %s\t%s\t%s\t%s\n", x.Record.Pack, x.Record.Kind, strings.Join(x.Record.Key, "/"), name, x.Rules[i], x.Until[i].In(clock.CST).Format(time.DateOnly)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	counts := map[string]any{"looked": r.Looked, "erased": r.Erased + of.Erased, "past": r.Past, "records": of.Looked}
	says := web.Say(lang, "cli.retained", counts)
	if dry {
		says = web.Say(lang, "cli.would_retain", counts)
	}
	_, err = fmt.Fprintln(out, says)
	return err
}

// rotateMaster wraps every data key by a new master key.
func (a *App) rotateMaster(ctx context.Context, again bool, out io.Writer) error {
	show := progress(ctx)
	tell := func(done int) { _ = show("keys", done, 0) }
	master, done := a.Vault.Masters.Current(), 0
	var err error
	if again {
		done, err = a.Vault.Rewrap(ctx, tell)
	} else {
		master, done, err = a.Vault.Rotate(ctx, tell)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, web.Say(language(), "cli.rotated", map[string]any{"key": master, "count": done, "path": a.Config.Keys}))
	return err
}
