package app

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// jurisdictionCommand makes jurisdictions stand: gezhi jurisdiction create CODE NAME | list.
func jurisdictionCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "create" && args[0] != "list" {
		return fault.New(fault.Invalid, "cli.usage_jurisdiction")
	}
	fs := flag.NewFlagSet("gezhi jurisdiction "+args[0], flag.ContinueOnError)
	fs.SetOutput(out)
	runs := fs.String("runs", strings.Join(runsAreas, ","), "`kinds` of units that run an area, comma between")
	sample := fs.Bool("sample", false, "all of it is made up: cases stay out of real figures")
	words, err := anyOrder(fs, args[1:])
	if err != nil || (args[0] == "create") != (len(words) == 2) || args[0] == "list" && len(words) > 0 {
		return fault.Wrap(err, fault.Invalid, "cli.usage_jurisdiction")
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	if args[0] == "list" {
		return a.listJurisdictions(ctx, out)
	}
	j := account.Jurisdiction{Code: words[0], Name: words[1], Nature: casework.Real, Settings: account.Settings{Runs: strings.FieldsFunc(*runs, func(r rune) bool { return r == ',' || r == ' ' })}}
	if *sample {
		j.Nature = casework.Sample
	}
	j, begun, changed, err := a.Accounts.SetUp(ctx, j)
	if err != nil {
		return err
	}
	lang, names := language(), map[string]any{"code": j.Code, "name": j.Name}
	says := web.Say(lang, "cli.jurisdiction_stands", names)
	switch {
	case begun:
		says = web.Say(lang, "cli.jurisdiction_begun", names)
	case changed:
		says = web.Say(lang, "cli.jurisdiction_changed", names)
	}
	_, err = fmt.Fprintln(out, says)
	return err
}

// anyOrder parses flags that may stand before, between or behind words, and returns the words.
func anyOrder(fs *flag.FlagSet, args []string) (words []string, err error) {
	for len(args) > 0 {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			break
		}
		words, args = append(words, fs.Arg(0)), fs.Args()[1:]
	}
	return words, nil
}

func (a *App) listJurisdictions(ctx context.Context, out io.Writer) error {
	all, err := a.Accounts.Jurisdictions(ctx)
	for _, j := range all {
		fmt.Fprintf(out, "%s\t%s\t%s\n", j.Code, j.Name, j.Nature)
	}
	return err
}

// accountCommand works on accounts: gezhi account password LOGIN.
func accountCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) != 2 || args[0] != "password" {
		return fault.New(fault.Invalid, "cli.usage_account")
	}
	a, err := New(ctx, cfg)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	who, err := a.Accounts.ByLogin(ctx, args[1])
	if err != nil {
		return err
	}
	password, err := askPassword(ctx, os.Stdin, out)
	if err != nil {
		return err
	}
	if err := a.Accounts.SetPassword(ctx, "", who.ID, password); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, web.Say(language(), "cli.password_set", map[string]any{"name": who.Name}))
	return err
}

// askPassword reads a password: twice and without showing it from a terminal, else the first
// line of the input.
func askPassword(ctx context.Context, in *os.File, out io.Writer) (string, error) {
	lines := bufio.NewReader(in)
	info, err := in.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || silence(ctx, in, true) != nil {
		return readLine(ctx, lines)
	}
	defer func() { _ = silence(context.WithoutCancel(ctx), in, false) }()
	fmt.Fprint(out, web.Say(language(), "cli.password", nil))
	first, err := readLine(ctx, lines)
	fmt.Fprintln(out)
	if err != nil {
		return "", err
	}
	fmt.Fprint(out, web.Say(language(), "cli.password_again", nil))
	again, err := readLine(ctx, lines)
	fmt.Fprintln(out)
	if err == nil && first != again {
		err = fault.New(fault.Invalid, "cli.password_differs")
	}
	return first, err
}

// silence turns the echo of a terminal off, or on again.
func silence(ctx context.Context, in *os.File, off bool) error {
	word := "echo"
	if off {
		word = "-echo"
	}
	cmd := exec.CommandContext(ctx, "stty", word)
	cmd.Stdin = in
	return cmd.Run()
}

// readLine reads a line without its end, and gives up when ctx does.
func readLine(ctx context.Context, in *bufio.Reader) (string, error) {
	type answer struct {
		text string
		err  error
	}
	came := make(chan answer, 1)
	go func() {
		text, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) && text != "" {
			err = nil
		}
		came <- answer{strings.TrimRight(text, "\r\n"), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-came:
		if a.err != nil {
			return "", fault.Wrap(a.err, fault.Invalid, "cli.no_password")
		}
		return a.text, nil
	}
}
