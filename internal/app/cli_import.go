package app

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// maxFile is the largest file a command reads, in bytes.
const maxFile = territory.MaxFile

// readFile reads a file that is not too large.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cli.cannot_read")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fault.New(fault.TooLarge, "territory.too_large", "bytes", maxFile)
	} else if err != nil { // a folder, a broken disk
		err = fault.Wrap(err, fault.Invalid, "cli.cannot_read")
	}
	return b, err
}

// importCommand takes in a file: gezhi import KIND [flags] FILE.
func importCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "records" {
		return importRecords(ctx, cfg, args[1:], out)
	}
	c, err := territory.ParseCommand(args, time.Now(), out)
	if err != nil {
		return err
	}
	data, err := readFile(c.File)
	if err != nil {
		return err
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	code := c.Import.Jurisdiction
	if code == "" {
		code = cfg.Jurisdiction
	}
	j, err := a.Jurisdictions.byCode(code)
	if err != nil {
		return err
	}
	c.Import.Jurisdiction = j.ID
	c.Import.Progress = progress(ctx)
	a.DB.WriteLimit = longestImport
	var report territory.Report
	if c.Kind == "staff" {
		report, err = a.importStaff(ctx, data, c.Import)
	} else {
		report, err = c.Run(ctx, a.Territory, data)
	}
	if ctx.Err() != nil && err != nil {
		return fault.Wrap(err, fault.Unavailable, "cli.given_up")
	}
	if err != nil {
		return err
	}
	return printReport(out, report)
}

// longestImport is how long the one transaction of an import may take. Nobody else waits in
// this process.
const longestImport = time.Hour

// progress says in the log how far an import has come, once in a while, and gives it up when
// ctx ends: the transaction is undone then, and nothing is changed.
func progress(ctx context.Context) func(stage string, done, total int) error {
	var last time.Time
	var at string
	return func(stage string, done, total int) error {
		if time.Since(last) >= time.Second || done == total || stage != at {
			last, at = time.Now(), stage
			slog.Info(web.Say(language(), "progress."+stage, map[string]any{"done": done, "total": total}))
		}
		return ctx.Err()
	}
}

// printReport prints what an import did, or would do, with every bad row.
func printReport(out io.Writer, r territory.Report) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// importStaff makes the people of a staff list and gives them their posts.
func (a *App) importStaff(ctx context.Context, data []byte, imp territory.Import) (territory.Report, error) {
	jurisdiction := imp.Jurisdiction
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return territory.Report{}, err
	}
	known := map[string]bool{}
	for _, e := range packs {
		for _, r := range e.Pack.Roles {
			known[r.Name] = true
		}
	}
	return a.Territory.ImportStaff(ctx, data, territory.StaffImport{Jurisdiction: jurisdiction, From: imp.From, DryRun: imp.DryRun,
		Role: func(role string) bool { return known[role] },
		Give: func(ctx context.Context, tx *db.Tx, rows []territory.StaffRow) (territory.Report, error) {
			var rep territory.Report
			for i, r := range rows {
				if err := imp.Progress(territory.StageWrite, i+1, len(rows)); err != nil {
					return rep, err
				}
				n := account.NewPost{Role: r.Role, AreaID: r.Area.ID, AreaLevel: account.Level(r.Area.Level), From: r.From, Until: r.Until}
				if r.Unit != nil {
					n.UnitID = r.Unit.ID
				}
				begun, taken, err := a.Accounts.Enrol(ctx, tx, "", account.Enrolment{Jurisdiction: jurisdiction, Name: r.Name, Login: r.Login, Nature: a.Jurisdictions.nature(jurisdiction), Post: n})
				switch {
				case err != nil:
					return rep, err
				case taken:
					rep.Bad = append(rep.Bad, fault.Place{Line: r.Line, Path: "login", Code: "person.login_taken"})
				case begun:
					rep.Begun++
				default:
					rep.Unchanged++
				}
			}
			return rep, nil
		}})
}
