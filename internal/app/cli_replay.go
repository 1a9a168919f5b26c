package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/pack"
	"gezhi/internal/privacy"
	"gezhi/internal/replay"
)

// replayCommand runs a foreign history through the engine: gezhi replay [flags] MAPPING FILE.
// It never touches the database of the configuration: a history goes into a database of its
// own, or where -into says.
func replayCommand(ctx context.Context, _ config.Config, args []string, out io.Writer) error {
	usage := fault.New(fault.Invalid, "cli.usage_replay")
	flags := flag.NewFlagSet("gezhi replay", flag.ContinueOnError)
	flags.SetOutput(out)
	dir := flags.String("out", "", "`folder` for pack, jurisdiction and database; a new temporary one by default")
	into := flags.String("into", "", "`database` to replay into; history.db in the folder by default")
	rows := flags.Int("rows", 0, "replay so many `lines` only")
	if err := flags.Parse(args); err != nil || flags.NArg() != 2 || *rows < 0 {
		usage.Err = err
		return usage
	}
	mapping, err := readMapping(flags.Arg(0), out)
	if err != nil {
		return err
	}
	file, err := readFile(flags.Arg(1))
	if err != nil {
		return err
	}
	if *dir, err = replayFolder(*dir); err != nil {
		return err
	}
	if *into == "" {
		*into = filepath.Join(*dir, "history.db")
		if _, err := os.Stat(*into); err == nil {
			return fault.New(fault.Conflict, "replay.done_before")
		}
	}
	tasks, err := shipped(taskPack)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, *into)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	vault, err := privacy.Open(ctx, d, filepath.Join(*dir, "keys", "master.keys"), clock.System, id.New)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, *dir)
	result, err := replay.Run(ctx, replay.Job{Mapping: mapping, File: file, Limit: *rows, Dir: *dir, DB: d, Tasks: tasks, Vault: vault})
	if err != nil {
		return err
	}
	if err := result.Print(out); err != nil {
		return err
	}
	if n := len(result.Differences); n > 0 {
		return fault.New(fault.Conflict, "replay.counts_differ", "count", n)
	}
	return nil
}

// readMapping reads a mapping, and prints what is wrong with it in the words of packs.
func readMapping(name string, out io.Writer) ([]byte, error) {
	data, err := replay.ReadMapping(name)
	if err != nil {
		return nil, err
	}
	_, err = replay.ParseMapping(data)
	var f *fault.Error
	if errors.As(err, &f) {
		for _, p := range f.At {
			fmt.Fprintf(out, "%s:%d: %s: %s\n", name, p.Line, p.Path, pack.Say(language(), p.Code, p.Args))
		}
		return nil, fault.New(f.Kind, f.Code)
	}
	return data, err
}

// replayFolder makes the folder for what a replay generates.
func replayFolder(dir string) (string, error) {
	var err error
	if dir == "" {
		dir, err = os.MkdirTemp("", "gezhi-replay-")
	} else {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "replay.cannot_write")
	}
	return dir, nil
}
