package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
)

// packCommand works on scenario packs: gezhi pack VERB ….
func packCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	verbs := map[string]func(context.Context, config.Config, []string, io.Writer) error{
		"check": packCheck, "test": packTest, "diagram": packDiagram, "diff": packDiff, "schema": packSchema, "load": packLoad}
	if len(args) == 0 || verbs[args[0]] == nil {
		return fault.New(fault.Invalid, "cli.usage_pack")
	}
	return verbs[args[0]](ctx, cfg, args[1:], out)
}

// errBadPack ends a command that has printed what is wrong.
var errBadPack = errors.New("the pack was refused")

// readPack reads and checks the pack of a folder, and prints what is wrong with it.
func readPack(dir string, out io.Writer) (*pack.Pack, error) {
	others, err := neighbours(dir)
	if err != nil {
		return nil, err
	}
	p, report := pack.CheckFS(os.DirFS(dir), others...)
	if !report.OK() {
		fmt.Fprintln(out, report.Text(language()))
		return nil, errBadPack
	}
	return p, nil
}

// packNamed reads the pack of a folder, or one that ships with the product.
func packNamed(dir string, out io.Writer) (*pack.Pack, error) {
	if _, err := os.Stat(dir); err != nil && slices.Contains(shippedNames(), dir) {
		return shipped(dir)
	}
	return readPack(dir, out)
}

// neighbours are the packs that a pack may need: those shipped, and those beside it.
func neighbours(dir string) ([]*pack.Pack, error) {
	name := filepath.Base(filepath.Clean(dir))
	seen := map[string]bool{name: true}
	var out []*pack.Pack
	add := func(f fs.FS, name string) {
		if p, _ := pack.Load(f); p != nil && !seen[name] {
			seen[name] = true
			out = append(out, p)
		}
	}
	beside, err := os.ReadDir(filepath.Dir(filepath.Clean(dir)))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cli.cannot_read")
	}
	for _, e := range beside {
		if e.IsDir() {
			add(os.DirFS(filepath.Join(filepath.Dir(filepath.Clean(dir)), e.Name())), e.Name())
		}
	}
	for _, n := range shippedNames() {
		if p, err := shipped(n); err == nil && !seen[n] {
			seen[n] = true
			out = append(out, p)
		}
	}
	return out, nil
}

// packCheck: gezhi pack check DIR.
func packCheck(_ context.Context, _ config.Config, args []string, out io.Writer) error {
	if len(args) != 1 {
		return fault.New(fault.Invalid, "cli.usage_pack")
	}
	p, err := readPack(args[0], out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s %s: ok\n", p.Name, p.Version)
	return err
}

// packLoad: gezhi pack load DIR|NAME [OVERLAY]. New cases go by it from now on. A name that is
// no folder is that of a pack that ships with the product.
func packLoad(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) == 0 || len(args) > 2 {
		return fault.New(fault.Invalid, "cli.usage_pack")
	}
	p, err := packNamed(args[0], out)
	if err != nil {
		return err
	}
	var o *pack.Overlay
	if len(args) == 2 {
		data, err := readFile(args[1])
		if err != nil {
			return err
		}
		var report pack.Report
		if o, report = pack.LoadOverlay(args[1], data, p); o == nil {
			fmt.Fprintln(out, report.Text(language()))
			return errBadPack
		}
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
	if err := a.Book.Load(ctx, "", j.ID, p, o); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s %s %s\n", p.Name, p.Version, p.Hash())
	return err
}
