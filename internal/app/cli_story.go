package app

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/story"
	"gezhi/internal/web"
)

// packTest: gezhi pack test [flags] DIR, or DIR [flags]. Its last line is "N passed, N failed".
func packTest(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("gezhi pack test", flag.ContinueOnError)
	fs.SetOutput(out)
	engine := fs.String("engine", "sqlite", "`engine` to run on: sqlite or postgres (the server of -db)")
	run := fs.String("run", "", "`pattern` of the names or files of the stories to run")
	stories := fs.String("stories", "", "`folder` with other stories than the pack's own")
	verbose := fs.Bool("v", false, "print the timeline of stories that pass, too")
	wrong := fault.New(fault.Invalid, "cli.usage", "usage", "gezhi pack test [-run PATTERN] [-stories FOLDER] [-engine sqlite|postgres] [-v] FOLDER")
	var dir string
	for len(args) > 0 { // the folder may stand before the flags, or after
		if err := fs.Parse(args); err != nil {
			return wrong
		}
		if fs.NArg() == 0 {
			break
		}
		if dir != "" {
			return wrong
		}
		dir, args = fs.Arg(0), fs.Args()[1:]
	}
	if dir == "" {
		return wrong
	}
	if err := folder(dir); err != nil {
		return err
	}
	s, err := suite(dir)
	if err != nil {
		return err
	}
	s.Verbose = *verbose
	if *stories != "" {
		if err := folder(*stories); err != nil {
			return err
		}
		s.Stories = os.DirFS(*stories)
	}
	if *run != "" {
		if s.Run, err = regexp.Compile(*run); err != nil {
			return fault.Wrap(err, fault.Invalid, "cli.bad_pattern")
		}
	}
	switch *engine {
	case "sqlite":
	case "postgres":
		fresh, done, err := story.Postgres(ctx, cfg.DB)
		if done != nil {
			defer done()
		}
		if err != nil {
			return fault.Wrap(err, fault.Unavailable, "db.cannot_open")
		}
		s.Fresh = fresh
	default:
		return wrong
	}
	if _, failed := story.Test(ctx, s, out); failed > 0 {
		return errBadPack
	}
	return nil
}

// suite is what the stories of a folder run on.
func suite(dir string) (story.Suite, error) {
	core, err := shipped(taskPack)
	if err != nil {
		return story.Suite{}, err
	}
	others, err := neighbours(dir)
	if err != nil {
		return story.Suite{}, err
	}
	s := story.Suite{Pack: os.DirFS(dir), Core: core, Others: map[string]*pack.Pack{}, Lang: language()}
	for _, p := range others {
		s.Others[p.Name] = p
	}
	return s, nil
}

// packDiagram: gezhi pack diagram DIR [LIFE] [svg|mermaid].
func packDiagram(_ context.Context, _ config.Config, args []string, out io.Writer) error {
	p, err := readPack(args[0], out)
	if err != nil {
		return err
	}
	form, life := "mermaid", ""
	for _, a := range args[1:] {
		if a == "svg" || a == "mermaid" {
			form = a
		} else {
			life = a
		}
	}
	if life != "" && p.Life(life) == nil {
		var known []string
		for _, l := range p.Lives {
			known = append(known, l.Name)
		}
		return fault.New(fault.Invalid, "cli.unknown_life", "name", life, "known", strings.Join(known, ", "))
	}
	for i := range p.Lives {
		if life != "" && p.Lives[i].Name != life {
			continue
		}
		mermaid, svg, err := pack.Diagram(p, p.Lives[i].Name, language())
		if err != nil {
			return err
		}
		if form == "svg" {
			_, err = out.Write(svg)
			return err
		}
		fmt.Fprintln(out, mermaid)
	}
	return nil
}

// packDiff: gezhi pack diff OLD NEW says in sentences what changes and which open cases feel it.
func packDiff(_ context.Context, _ config.Config, args []string, out io.Writer) error {
	a, err := readPack(args[0], out)
	if err != nil {
		return err
	}
	b, err := readPack(args[1], out)
	if err != nil {
		return err
	}
	changes := pack.Diff(a, b)
	for _, s := range changes {
		fmt.Fprintln(out, s.Text(language()))
	}
	if len(changes) == 0 {
		fmt.Fprintln(out, web.Say(language(), "cli.no_difference", nil))
	}
	return nil
}

// packSchema: gezhi pack schema [FILE] prints the JSON Schema of a file of packs, or the
// names of the files.
func packSchema(_ context.Context, _ config.Config, args []string, out io.Writer) error {
	if len(args) == 0 {
		for _, f := range pack.SchemaFiles() {
			fmt.Fprintln(out, f)
		}
		return nil
	}
	b, err := pack.Schema(args[0])
	if err != nil {
		return fault.New(fault.Invalid, "cli.unknown_file", "name", args[0], "known", strings.Join(pack.SchemaFiles(), ", "))
	}
	_, err = fmt.Fprintln(out, string(b))
	return err
}
