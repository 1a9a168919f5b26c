package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
	"gezhi/internal/web"
)

// territoryCommand changes divisions: gezhi territory reform [flags] FILE.
func territoryCommand(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != territory.KindReform {
		return fault.New(fault.Invalid, "cli.usage_territory")
	}
	c, err := territory.ParseCommand(args, time.Now(), out)
	if err != nil {
		if fault.CodeOf(err) == "territory.bad_command" {
			err = fault.Wrap(err, fault.Invalid, "cli.usage_territory")
		}
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
	a.DB.WriteLimit = longestImport
	report, err := a.reform(ctx, data, c.Import)
	if err != nil {
		return err
	}
	return report.print(out)
}

// reformed is what came of a reform, or in a dry run would come.
type reformed struct {
	territory.Report
	Units int      `json:"units_left"` // that run or sit in an area which ends
	Posts int      `json:"posts_left"` // over an area which ends
	Cases []placed `json:"cases"`      // open cases that stand elsewhere
}

// placed are open cases that stand in another area than before.
type placed struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Cases int    `json:"cases"`
}

// reform carries out what a list says becomes of areas.
func (a *App) reform(ctx context.Context, data []byte, imp territory.Import) (reformed, error) {
	var out reformed
	if err := a.World.Renew(ctx); err != nil {
		return out, err
	}
	before, err := a.Territory.At(ctx, imp.From)
	if err != nil {
		return out, err
	}
	report, err := a.Territory.ImportReform(ctx, data, imp, func(r *territory.Reform) {
		r.Look = func(ctx context.Context, tx *db.Tx, after *territory.Tree, heirs func(string) ([]string, error)) error {
			moved, err := casework.PlacedAnew(ctx, tx, imp.Jurisdiction, after, heirs)
			if err != nil {
				return err
			}
			out = reformed{Cases: []placed{}}
			for _, m := range moved {
				out.Cases = append(out.Cases, placed{nameIn(before, m.From), nameIn(after, m.To), m.Cases})
			}
			ends := func(area string) bool {
				_, stood := before.Area(area)
				_, stands := after.Area(area)
				return stood && !stands
			}
			for _, u := range after.Units(imp.Jurisdiction) {
				if ends(u.Area) {
					out.Units++
				}
			}
			for _, p := range a.World.People().Standing(imp.Jurisdiction, imp.From) {
				if ends(p.AreaID) {
					out.Posts++
				}
			}
			return nil
		}
	})
	out.Report = report
	return out, err
}

// nameIn is an area's name and code in a tree.
func nameIn(t *territory.Tree, area string) string {
	x, ok := t.Area(area)
	if !ok {
		return ""
	}
	return x.Name + " " + areaAs(t, x).Code
}

// print tells a reform in figures, and then in words what is left to do.
func (r reformed) print(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return err
	}
	lang := language()
	for _, c := range r.Cases {
		fmt.Fprintln(out, "  "+web.Say(lang, "cli.reform_cases", map[string]any{"cases": c.Cases, "from": c.From, "to": c.To}))
	}
	if r.Units+r.Posts > 0 {
		fmt.Fprintln(out, "  "+web.Say(lang, "cli.reform_left", map[string]any{"units": r.Units, "posts": r.Posts}))
	}
	printPlaces(out, r.Bad)
	return nil
}
