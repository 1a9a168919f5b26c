package app

import (
	"context"
	"fmt"
	"io"

	"gezhi/internal/audit"
	"gezhi/internal/checker"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/web"
)

// auditCommand keeps the audit log: gezhi audit adopt.
func auditCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] != "adopt" {
		return fault.New(fault.Invalid, "cli.usage_audit")
	}
	d, err := db.Open(ctx, cfg.DB)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	public, err := publicKey(cfg, "")
	if err != nil {
		return err
	}
	a := &audit.Adopter{DB: d, Now: clock.System, NewID: id.New, Public: public, Tell: telling(out)}
	rows, report, err := a.Run(ctx)
	if err != nil {
		if report != nil && !report.OK {
			_ = printProof(out, report) // what stands in the way
		}
		return err
	}
	_, err = fmt.Fprintln(out, web.Say(language(), "cli.adopted", map[string]any{"rows": rows}))
	return err
}

// receiptCommand prints the page that checks receipts: gezhi receipt checker.
func receiptCommand(_ context.Context, _ config.Config, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] != "checker" {
		return fault.New(fault.Invalid, "cli.usage_receipt")
	}
	_, err := out.Write(checker.Page())
	return err
}
