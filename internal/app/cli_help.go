package app

import (
	"embed"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"gezhi/internal/config"
	"gezhi/internal/fault"
)

//go:embed help
var helpPages embed.FS

func usage(w io.Writer) {
	fmt.Fprintln(w, "usage: gezhi [flags] [command]")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.usage)
	}
	fmt.Fprintln(w, "  help         COMMAND: say more about a command; also: gezhi COMMAND -h")
	fmt.Fprintln(w, "flags (before the command):")
	config.Usage(w)
}

// asksHelp tells whether somebody asks what a command does rather than for the command.
func asksHelp(args []string) bool {
	if len(args) > 0 && args[0] == "help" {
		return true
	}
	return slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" })
}

// helpPage is the page of a command in the language of the terminal, nil where it has none.
func helpPage(c command) []byte {
	page, err := helpPages.ReadFile("help/" + language() + "/" + c.name + ".txt")
	if err != nil {
		return nil
	}
	return page
}

// help prints the page of a command, or its one line.
func help(w io.Writer, c command, page []byte) error {
	if page == nil {
		page = fmt.Appendf(nil, "gezhi [flags] %s %s\n", c.name, c.usage)
	}
	_, err := w.Write(page)
	return err
}

// unknownCommand refuses a command, with those there are.
func unknownCommand(name string, known []string) error {
	return fault.New(fault.Invalid, "cli.unknown_command", "name", name, "known", strings.Join(known, ", "))
}

// folder refuses what is no folder, in words of the command line.
func folder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fault.New(fault.Invalid, "cli.no_folder", "name", dir)
	case !info.IsDir():
		return fault.New(fault.Invalid, "cli.is_a_file", "name", dir)
	}
	return nil
}
