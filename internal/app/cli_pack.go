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
	"strings"

	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// packVerb is one verb of gezhi pack.
type packVerb struct {
	name, usage string
	least, most int // how many arguments; most 0: it reads its own
	run         func(ctx context.Context, cfg config.Config, args []string, out io.Writer) error
}

var packVerbs = []packVerb{
	{"check", "FOLDER", 1, 1, packCheck},
	{"test", "[-run PATTERN] [-stories FOLDER] [-engine sqlite|postgres] [-v] FOLDER", 1, 0, packTest},
	{"diagram", "FOLDER [LIFE] [svg|mermaid]", 1, 3, packDiagram},
	{"diff", "OLD NEW", 2, 2, packDiff},
	{"schema", "[FILE]", 0, 1, packSchema},
	{"load", "FOLDER [OVERLAY]", 1, 2, packLoad},
}

// packCommand works on scenario packs: gezhi pack VERB ….
func packCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	var known []string
	for _, v := range packVerbs {
		known = append(known, v.name)
		if len(args) == 0 || args[0] != v.name {
			continue
		}
		if rest := args[1:]; len(rest) >= v.least && (v.most == 0 || len(rest) <= v.most) {
			return v.run(ctx, cfg, rest, out)
		}
		return usedAs(v)
	}
	if len(args) == 0 {
		return fault.New(fault.Invalid, "cli.usage_pack", "verbs", strings.Join(known, ", "))
	}
	return unknownCommand("pack "+args[0], known)
}

// usedAs refuses arguments, with how the verb is written.
func usedAs(v packVerb) error {
	return fault.New(fault.Invalid, "cli.usage", "usage", "gezhi pack "+v.name+" "+v.usage)
}

// errBadPack ends a command that has printed what is wrong.
var errBadPack = errors.New("the pack was refused")

// readPack reads and checks the pack of a folder, and prints what is wrong with it.
func readPack(dir string, out io.Writer) (*pack.Pack, error) {
	if err := folder(dir); err != nil {
		return nil, err
	}
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
	say := map[string]any{"name": p.Name, "version": p.Version, "jurisdiction": j.Name, "hash": p.Hash()[:12]}
	if _, err := fmt.Fprintln(out, web.Say(language(), "cli.pack_in_force", say)); err != nil {
		return err
	}
	return a.unmanned(ctx, j.ID, p, o, out)
}

// unmanned says which roles of a pack nobody holds, and which units of its duty lines do not
// exist: legal, since both may come later, and the first thing to look at when nobody may act.
func (a *App) unmanned(ctx context.Context, jurisdiction string, p *pack.Pack, o *pack.Overlay, out io.Writer) error {
	if err := a.World.Renew(ctx); err != nil {
		return err
	}
	var roles, units []string
	for _, r := range p.Roles {
		if len(a.World.People().WithRole(jurisdiction, r.Name, clock.System())) == 0 {
			roles = append(roles, r.Name)
		}
	}
	lines := slices.Clone(p.Duty)
	if o != nil {
		lines = append(slices.Clone(o.Duty), lines...)
	}
	for _, d := range lines {
		there := slices.ContainsFunc(a.World.Tree().Units(jurisdiction), func(u *territory.Unit) bool { return u.Kind == d.Unit || u.Code == d.Unit })
		if d.Unit != "" && !there && !slices.Contains(units, d.Unit) {
			units = append(units, d.Unit)
		}
	}
	var text string
	if len(roles) > 0 {
		text += web.Say(language(), "cli.roles_nobody_holds", map[string]any{"names": strings.Join(roles, ", ")}) + "\n"
	}
	if len(units) > 0 {
		text += web.Say(language(), "cli.units_not_there", map[string]any{"names": strings.Join(units, ", ")}) + "\n"
	}
	_, err := io.WriteString(out, text)
	return err
}
