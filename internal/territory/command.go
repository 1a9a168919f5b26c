package territory

import (
	"context"
	"flag"
	"io"
	"slices"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
)

// Command is `gezhi import KIND [flags] FILE` as somebody typed it. The roof opens the file,
// finds the jurisdiction's id and prints the report.
type Command struct {
	Kind   string // one of Kinds
	File   string
	Import Import
	How    Drawing
}

// Kinds are what can be imported. Those from staff on belong to other packages and share only the
// flags: see the roof.
var Kinds = []string{"divisions", "boundaries", "grids", "units", "staff", "accounts", "roster", "duty", "calendar", "groups", "notices"}

// KindReform is not imported: `gezhi territory reform` shares only the flags.
const KindReform = "reform"

// ParseCommand reads what follows `gezhi import`, or `gezhi territory` for a reform. Flags may stand before the file only. What is
// wrong with them goes to usage, in the words of package flag, with the fault
// territory.bad_command.
func ParseCommand(args []string, now time.Time, usage io.Writer) (Command, error) {
	bad := fault.New(fault.Invalid, "territory.bad_command")
	var c Command
	if len(args) == 0 {
		return c, bad
	}
	c.Kind = args[0]
	verb := "gezhi import "
	switch {
	case c.Kind == KindReform:
		verb = "gezhi territory "
	case !slices.Contains(Kinds, c.Kind):
		return c, bad
	}
	flags := flag.NewFlagSet(verb+c.Kind, flag.ContinueOnError)
	flags.SetOutput(usage)
	from := flags.String("from", now.In(clock.CST).Format(time.DateOnly), "`date` from which the file holds")
	flags.StringVar(&c.Import.Jurisdiction, "jurisdiction", "", "`code` of the county or city whose territory it is")
	flags.BoolVar(&c.Import.DryRun, "dry-run", false, "check and count, change nothing")
	sample := flags.Bool("sample", false, "mark new areas as sample")
	switch c.Kind {
	case "divisions", "grids", "units", "roster", "duty", "groups":
		flags.BoolVar(&c.Import.EndMissing, "end-missing", false, "end what the file no longer lists")
	}
	if c.Kind == "boundaries" || c.Kind == "grids" {
		flags.StringVar(&c.How.CRS, "crs", "", "coordinate `system` of the file: WGS-84, CGCS2000 or GCJ-02")
		flags.BoolVar(&c.How.Mend, "mend", false, "resolve small self-crossings of coarse boundaries")
		flags.StringVar(&c.How.Code, "code", "", "`property` that holds an area's code")
	}
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() != 1 {
		bad.Err = err
		return c, bad
	}
	c.File = flags.Arg(0)
	var ok bool
	if c.Import.From, ok = parseDate(*from); !ok || *from == "" {
		return c, fault.New(fault.Invalid, "territory.bad_date")
	}
	c.Import.Nature = Real
	if *sample {
		c.Import.Nature = Sample
	}
	return c, nil
}

// Run carries out the commands that are territory's own; staff needs package account: see
// ImportStaff.
func (c Command) Run(ctx context.Context, s *Service, data []byte) (Report, error) {
	switch c.Kind {
	case "divisions":
		return s.ImportDivisions(ctx, data, c.Import)
	case "boundaries":
		return s.ImportBoundaries(ctx, data, c.How, c.Import)
	case "grids":
		return s.ImportGrids(ctx, data, c.How, c.Import)
	case "units":
		return s.ImportUnits(ctx, data, c.Import)
	default:
		return Report{}, fault.New(fault.Invalid, "territory.bad_command")
	}
}
