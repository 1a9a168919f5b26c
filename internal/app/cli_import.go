package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/notify"
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
	data, a, j, err := toImport(ctx, cfg, c.File, c.Import.Jurisdiction)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	c.Import.Jurisdiction = j.ID
	if j.Nature == casework.Sample {
		c.Import.Nature = territory.Sample
	}
	if c.Kind == "calendar" {
		return a.importCalendar(ctx, data, c.Import, out)
	}
	if c.Kind == "notices" {
		return a.importPolicy(ctx, data, j, c.Import.DryRun, out)
	}
	c.Import.Progress = progress(ctx)
	a.DB.WriteLimit = longestImport
	report, err := a.takeIn(ctx, c, data)
	if ctx.Err() != nil && err != nil {
		return fault.Wrap(err, fault.Unavailable, "cli.given_up")
	}
	if err != nil {
		return err
	}
	return printReport(out, report)
}

// toImport reads a file and opens the database of the jurisdiction that it is for: the one
// with that code, or else the configured one.
func toImport(ctx context.Context, cfg config.Config, file, code string) (data []byte, a *App, j account.Jurisdiction, err error) {
	if data, err = readFile(file); err != nil {
		return nil, nil, j, err
	}
	if a, err = New(ctx, cfg); err != nil {
		return nil, nil, j, err
	}
	if code == "" {
		code = cfg.Jurisdiction
	}
	if j, err = a.Jurisdictions.byCode(code); err != nil {
		a.DB.Close()
	}
	return data, a, j, err
}

// takeIn hands a file to the package whose it is.
func (a *App) takeIn(ctx context.Context, c territory.Command, data []byte) (territory.Report, error) {
	i := c.Import
	switch c.Kind {
	case "staff", "accounts":
		return a.importStaff(ctx, data, i)
	case "roster":
		return a.Cases.ImportRoster(ctx, data, casework.RosterImport{Jurisdiction: i.Jurisdiction, DryRun: i.DryRun, EndMissing: i.EndMissing})
	case "duty":
		return a.Cases.ImportDuties(ctx, data, casework.DutyImport{Jurisdiction: i.Jurisdiction, From: i.From, DryRun: i.DryRun, EndMissing: i.EndMissing})
	case "groups":
		t, err := a.Territory.Tree(ctx)
		if err != nil {
			return territory.Report{}, err
		}
		return a.Notify.ImportGroups(ctx, data, notify.GroupImport{Jurisdiction: i.Jurisdiction, DryRun: i.DryRun, EndMissing: i.EndMissing, Unit: func(code string) string {
			if u, ok := t.UnitByCode(i.Jurisdiction, code); ok {
				return u.ID
			}
			return ""
		}})
	}
	return c.Run(ctx, a.Territory, data)
}

// importCalendar makes a file the newest version of a jurisdiction's working time.
func (a *App) importCalendar(ctx context.Context, data []byte, imp territory.Import, out io.Writer) error {
	version, fresh, err := a.Calendars.Load(ctx, imp.By, imp.Jurisdiction, data, imp.DryRun)
	if err != nil {
		return err
	}
	lang, args := language(), map[string]any{"version": version}
	says := web.Say(lang, "cli.calendar_same", args)
	switch {
	case fresh && imp.DryRun:
		says = web.Say(lang, "cli.calendar_sound", args)
	case fresh:
		says = web.Say(lang, "cli.calendar_loaded", args)
	}
	_, err = fmt.Fprintln(out, says)
	return err
}

// importPolicy makes a file the way in which the people of a jurisdiction are told.
func (a *App) importPolicy(ctx context.Context, data []byte, j account.Jurisdiction, dryRun bool, out io.Writer) error {
	text, err := notify.ReadPolicy(data)
	if err != nil {
		return err
	}
	lang, args := language(), map[string]any{"name": j.Name}
	says := web.Say(lang, "cli.notices_sound", nil)
	if !dryRun {
		changed, err := a.Accounts.Settle(ctx, j, func(s *account.Settings) { s.Notify = text })
		if err != nil {
			return err
		}
		if says = web.Say(lang, "cli.notices_same", args); changed {
			says = web.Say(lang, "cli.notices_loaded", args)
		}
	}
	_, err = fmt.Fprintln(out, says)
	return err
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

// printReport prints what an import did, or would do, and then every bad row in words.
func printReport(out io.Writer, r territory.Report) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return err
	}
	printPlaces(out, r.Bad)
	return nil
}

// printPlaces says in words what is wrong where.
func printPlaces(w io.Writer, places []fault.Place) {
	lang := language()
	for _, p := range places {
		where := p.Path
		switch {
		case p.Line > 0 && p.Path != "":
			where = fmt.Sprintf("%d, %s", p.Line, p.Path)
		case p.Line > 0:
			where = fmt.Sprint(p.Line)
		}
		fmt.Fprintln(w, "  "+web.Say(lang, "cli.place", map[string]any{"where": where})+web.Say(lang, p.Code, p.Args)+" ("+p.Code+")")
	}
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
		Level: func(role string, level territory.Level) error {
			if wrong := mayStand(packs, language(), role, level); wrong != nil {
				return wrong
			}
			return nil
		},
		Give: func(ctx context.Context, tx *db.Tx, rows []territory.StaffRow) (territory.Report, error) {
			var rep territory.Report
			for i, r := range rows {
				if err := imp.Progress(territory.StageWrite, i+1, len(rows)); err != nil {
					return rep, err
				}
				if err := a.enrol(ctx, tx, jurisdiction, r, &rep); err != nil {
					return rep, err
				}
			}
			return rep, nil
		}})
}

// enrol takes in one row of a staff list.
func (a *App) enrol(ctx context.Context, tx *db.Tx, jurisdiction string, r territory.StaffRow, rep *territory.Report) error {
	contacts, err := account.Contacts{Phone: r.Phone, Mail: r.Mail}.Tidy()
	if f, ok := err.(*fault.Error); ok {
		for _, p := range f.At {
			rep.Bad = append(rep.Bad, fault.Place{Line: r.Line, Path: p.Path, Code: p.Code})
		}
		return nil
	}
	n := account.NewPost{Role: r.Role, AreaID: r.Area.ID, AreaLevel: account.Level(r.Area.Level), Seat: account.Seat(r.Seat), From: r.From, Until: r.Until}
	if r.Unit != nil {
		n.UnitID = r.Unit.ID
	}
	done, err := a.Accounts.Enrol(ctx, tx, "", account.Enrolment{Jurisdiction: jurisdiction, Name: r.Name, Login: r.Login,
		Nature: a.Jurisdictions.nature(jurisdiction), Contacts: contacts, Post: n})
	switch {
	case err != nil:
		return err
	case done == account.Taken:
		rep.Bad = append(rep.Bad, fault.Place{Line: r.Line, Path: "login", Code: "person.login_taken"})
	case done == account.Begun:
		rep.Begun++
	case done == account.Changed:
		rep.Changed++
	default:
		rep.Unchanged++
	}
	return nil
}
