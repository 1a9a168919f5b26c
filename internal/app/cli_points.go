package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"gezhi/internal/audit"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/points"
	"gezhi/internal/web"
)

// derived are the tables that a verification works out again.
func derived(d *db.DB) []audit.Deriving {
	return []audit.Deriving{func(ctx context.Context, find func(table, key string)) error {
		proof, err := points.Verify(ctx, d)
		if err != nil {
			return err
		}
		for _, f := range proof.Findings {
			find(f.Table, f.Key)
		}
		return nil
	}}
}

// pointsCommand proves the ledgers, and changes nothing: gezhi points verify.
func pointsCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	asJSON := slices.Equal(args, []string{"verify", "-json"})
	if !asJSON && !slices.Equal(args, []string{"verify"}) {
		return fault.New(fault.Invalid, "cli.usage", "usage", "gezhi points verify [-json]")
	}
	d, err := db.Open(ctx, cfg.DB)
	if err != nil {
		return err
	}
	defer d.Close()
	proof, err := points.Verify(ctx, d)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(proof)
	} else {
		err = printLedgers(out, proof)
	}
	if err == nil && len(proof.Findings) > 0 {
		err = errUnproved
	}
	return err
}

// printLedgers prints what a verification of the ledgers found, for people.
func printLedgers(out io.Writer, p *points.Proof) error {
	lang := language()
	for _, f := range p.Findings {
		fmt.Fprintf(out, "%s  table=%s  key=%s\n", web.Say(lang, f.Code, nil), f.Table, f.Key)
	}
	if p.More > 0 {
		fmt.Fprintln(out, web.Say(lang, "cli.verify_more", map[string]any{"n": p.More}))
	}
	fmt.Fprintln(out, web.Say(lang, "cli.points_looked", map[string]any{"ledgers": p.Ledgers, "accounts": p.Accounts, "postings": p.Postings, "entries": p.Entries}))
	if len(p.Findings) == 0 {
		_, err := fmt.Fprintln(out, web.Say(lang, "cli.points_proved", nil))
		return err
	}
	_, err := fmt.Fprintln(out, web.Say(lang, "cli.verify_bad", map[string]any{"n": int64(len(p.Findings)) + p.More}))
	return err
}
