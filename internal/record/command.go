package record

import (
	"flag"
	"io"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
)

// Command is `gezhi import records [flags] KIND FILE` as somebody typed it. The roof opens
// the file, finds the jurisdiction and prints the report.
type Command struct {
	File   string
	Import Import // Jurisdiction is still a code
}

// ParseCommand reads what follows `gezhi import records`. Flags may stand before or behind
// the rest. What is wrong with them goes to usage, with the fault record.bad_command.
func ParseCommand(args []string, now time.Time, usage io.Writer) (Command, error) {
	var c Command
	flags := flag.NewFlagSet("gezhi import records", flag.ContinueOnError)
	flags.SetOutput(usage)
	from := flags.String("from", today(now), "`date` from which the file holds, for rows without one")
	flags.StringVar(&c.Import.Jurisdiction, "jurisdiction", "", "`code` of the county or city whose records they are")
	flags.BoolVar(&c.Import.DryRun, "dry-run", false, "check and count, change nothing")
	flags.BoolVar(&c.Import.EndMissing, "end-missing", false, "end what the file no longer lists")
	sample := flags.Bool("sample", false, "mark new records as sample")
	bad := fault.New(fault.Invalid, "record.bad_command")
	var named []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			bad.Err = err
			return c, bad
		}
		if args = flags.Args(); len(args) > 0 {
			named, args = append(named, args[0]), args[1:]
		}
	}
	if len(named) != 2 {
		return c, bad
	}
	c.Import.Kind, c.File = named[0], named[1]
	at, ok := territory.ParseDate(*from)
	if !ok || at.IsZero() {
		return c, fault.New(fault.Invalid, "territory.bad_date")
	}
	c.Import.From = at.In(clock.CST).Format(time.DateOnly)
	c.Import.Nature = territory.Real
	if *sample {
		c.Import.Nature = territory.Sample
	}
	return c, nil
}
