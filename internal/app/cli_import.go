package app

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
)

// maxFile is the largest file an import reads, in bytes.
const maxFile = 50 << 20

// readFile reads a file that is not too large.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cli.cannot_read")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fault.New(fault.TooLarge, "request.too_large", "limit", maxFile)
	}
	return b, err
}

// importCommand takes in a file: gezhi import [-n] [-from DAY] [-crs SYSTEM] [-end] KIND FILE.
func importCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("import", flag.ContinueOnError)
	dry := fs.Bool("n", false, "check, report every bad row, change nothing")
	from := fs.String("from", time.Now().In(clock.CST).Format(time.DateOnly), "`day` from which it holds")
	crs := fs.String("crs", "", "coordinate `system` of outlines: WGS-84, CGCS2000 or GCJ-02")
	end := fs.Bool("end", false, "end what the file no longer lists")
	code := fs.String("code", "", "`property` that holds the code in GeoJSON")
	nature := fs.String("nature", territory.Real, "real or sample")
	if err := fs.Parse(args); err != nil || fs.NArg() != 2 {
		return fault.New(fault.Invalid, "cli.usage_import")
	}
	day, err := time.ParseInLocation(time.DateOnly, *from, clock.CST)
	if err != nil {
		return fault.New(fault.Invalid, "worktime.bad_date")
	}
	data, err := readFile(fs.Arg(1))
	if err != nil {
		return err
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	j, err := a.Jurisdictions.byCode(cfg.Jurisdiction)
	if err != nil {
		return err
	}
	imp := territory.Import{Jurisdiction: j.ID, From: day, Nature: *nature, DryRun: *dry, EndMissing: *end}
	drawing := territory.Drawing{CRS: *crs, Mend: true, Code: *code}
	var report territory.Report
	switch fs.Arg(0) {
	case "divisions":
		report, err = a.Territory.ImportDivisions(ctx, data, imp)
	case "outlines":
		report, err = a.Territory.ImportOutlines(ctx, data, drawing, imp)
	case "grids":
		report, err = a.Territory.ImportGrids(ctx, data, drawing, imp)
	case "staff":
		report, err = a.importStaff(ctx, data, j.ID, day, *dry)
	default:
		return fault.New(fault.Invalid, "cli.usage_import")
	}
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(report)
}

// importStaff makes the people of a staff list and gives them their posts.
func (a *App) importStaff(ctx context.Context, data []byte, jurisdiction string, from time.Time, dry bool) (territory.Report, error) {
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
	return a.Territory.ImportStaff(ctx, data, territory.StaffImport{Jurisdiction: jurisdiction, From: from, DryRun: dry,
		Role: func(role string) bool { return known[role] },
		Give: func(ctx context.Context, tx *db.Tx, rows []territory.StaffRow) (territory.Report, error) {
			var rep territory.Report
			for _, r := range rows {
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
