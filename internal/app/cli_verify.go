package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// errUnproved ends a verification that found something; it has told what.
var errUnproved = errors.New("not proved")

// verifying is what the command line says of a verification.
type verifying struct {
	asJSON     bool
	since      []string
	checkpoint string
	key        string
}

func parseVerify(args []string, out io.Writer) (v verifying, err error) {
	fs := flag.NewFlagSet("verify", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.BoolVar(&v.asJSON, "json", false, "print the report as JSON")
	fs.Func("since", "`file` of a checkpoint kept elsewhere, which the log must contain; may be given again", func(s string) error {
		v.since = append(v.since, s)
		return nil
	})
	fs.StringVar(&v.checkpoint, "checkpoint", "", "`file` to write the newest checkpoint to")
	fs.StringVar(&v.key, "key", "", "`file` with the public half of the log's key, from elsewhere")
	if err := fs.Parse(args); err != nil {
		return v, err
	}
	if fs.NArg() > 0 {
		return v, fault.New(fault.Invalid, "cli.usage", "usage", "gezhi verify [-json] [-since FILE] [-checkpoint FILE] [-key FILE]")
	}
	return v, nil
}

// verifyCommand proves the database against its log, and changes nothing.
func verifyCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	v, err := parseVerify(args, out)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, cfg.DB)
	if err != nil {
		return err
	}
	defer d.Close()
	public, err := publicKey(cfg, v.key)
	if err != nil {
		return err
	}
	prover := &audit.Verifier{DB: d, Public: public, Derived: derived(d)}
	for _, file := range v.since {
		c, err := checkpointIn(file, public)
		if err != nil {
			return err
		}
		prover.Since = append(prover.Since, c)
	}
	if public != "" {
		if err := prover.AlsoKept(ctx, cfg.Data); err != nil {
			return err
		}
	}
	if !v.asJSON {
		prover.Tell = telling(out)
	}
	report, err := prover.Run(ctx)
	if err != nil {
		return err
	}
	if v.checkpoint != "" {
		if err := os.WriteFile(v.checkpoint, []byte(report.Checkpoint), 0o644); err != nil {
			return fault.Wrap(err, fault.Invalid, "cli.cannot_write")
		}
	}
	if v.asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	} else {
		err = printProof(out, report)
	}
	if err == nil && !report.OK {
		err = errUnproved
	}
	return err
}

// publicKey is the public half of the key from the file named, else from beside the key of the
// configuration; "" where neither is there.
func publicKey(cfg config.Config, file string) (string, error) {
	if file == "" {
		if b, err := os.ReadFile(cfg.AuditKey + ".pub"); err == nil {
			return strings.TrimSpace(string(b)), nil
		}
		return "", nil
	}
	b, err := readFile(file)
	return strings.TrimSpace(string(b)), err
}

func checkpointIn(file, public string) (audit.Checkpoint, error) {
	b, err := readFile(file)
	if err != nil {
		return audit.Checkpoint{}, err
	}
	if public == "" {
		return audit.Checkpoint{}, fault.New(fault.Invalid, "audit.no_public_key")
	}
	return audit.ReadCheckpoint(bytes.TrimLeft(b, "\ufeff"), public)
}

// telling prints how far it has come, every two seconds.
func telling(out io.Writer) func(audit.Progress) {
	last := time.Now()
	return func(p audit.Progress) {
		if now := time.Now(); now.Sub(last) >= 2*time.Second {
			last = now
			fmt.Fprintln(out, web.Say(language(), "cli.verify_progress", map[string]any{"stage": web.Say(language(), p.Code(), nil), "done": p.Done, "total": p.Total}))
		}
	}
}

// printProof prints a report for people.
func printProof(out io.Writer, r *audit.Report) error {
	lang := language()
	for _, f := range r.Findings {
		text := web.Say(lang, f.Kind.Code(), nil)
		for _, x := range []struct{ name, value string }{{"table", f.Table}, {"key", f.Key}, {"number", f.Number}, {"case", f.Case}, {"columns", strings.Join(f.Columns, ", ")}, {"leaf", f.Leaf}} {
			if x.value != "" {
				text += "  " + x.name + "=" + x.value
			}
		}
		if f.Seq > 0 {
			text += fmt.Sprintf("  seq=%d", f.Seq)
		}
		fmt.Fprintln(out, text)
	}
	if r.More > 0 {
		fmt.Fprintln(out, web.Say(lang, "cli.verify_more", map[string]any{"n": r.More}))
	}
	for _, subject := range r.Erased {
		fmt.Fprintln(out, web.Say(lang, "cli.verify_erased", map[string]any{"subject": subject}))
	}
	if r.Older > 0 {
		fmt.Fprintln(out, web.Say(lang, "cli.verify_older", map[string]any{"n": r.Older}))
	}
	if r.OwnKey {
		fmt.Fprintln(out, web.Say(lang, "cli.verify_own_key", nil))
	}
	fmt.Fprintln(out, web.Say(lang, "cli.verify_looked", map[string]any{"leaves": r.Size, "waiting": r.Waiting, "heads": r.Heads, "rows": r.Rows, "cases": r.Cases, "ms": r.Millis, "rate": r.PerSecond}))
	if r.OK {
		_, err := fmt.Fprintln(out, web.Say(lang, "cli.verify_ok", nil))
		return err
	}
	_, err := fmt.Fprintln(out, web.Say(lang, "cli.verify_bad", map[string]any{"n": int64(len(r.Findings)) + r.More}))
	return err
}
