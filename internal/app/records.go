package app

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/record"
	"gezhi/internal/territory"
)

// records joins package record to the rest: packs declare its kinds, cases hear of its
// changes, and who may look is what casework says of an actor.
func (a *App) records() {
	a.Records = &record.Service{DB: a.DB, Now: clock.System, NewID: a.newID, Territory: a.Territory, Accounts: a.Accounts,
		Vault: a.Vault, Kinds: a.recordKinds, Name: a.nameOf, OnChange: a.recordsChanged,
		Scope: func(ctx context.Context, who account.Actor) (account.Scope, error) {
			actor, err := a.Cases.By(ctx, who)
			if err != nil {
				return account.Scope{}, err
			}
			return actor.Scope, nil
		}}
	a.Cases.Records = a.Records
	a.Jobs.Timers[record.TimerRetention] = a.Records.Round
}

// recordsChanged tells those who hear of records what became of some.
func (a *App) recordsChanged(ctx context.Context, tx *db.Tx, all []record.Change) error {
	if err := a.Cases.RecordsChanged(ctx, tx, all); err != nil {
		return err
	}
	return a.Points.RecordsChanged(ctx, tx, all)
}

// recordKinds lists the kinds of records that the packs in force declare.
func (a *App) recordKinds(ctx context.Context, jurisdiction string) ([]record.Kind, error) {
	packs, err := a.Book.Packs(ctx, jurisdiction)
	var out []record.Kind
	for _, n := range slices.Sorted(maps.Keys(packs)) {
		out = append(out, record.KindsOf(packs[n].Pack, packs[n].Overlay)...)
	}
	return out, err
}

// nameOf is what people call a person, unit or area; "" for anything else.
func (a *App) nameOf(id string) string {
	if u, ok := a.World.Tree().Unit(id); ok {
		return u.Name
	}
	if x, ok := a.World.Tree().Area(id); ok {
		return x.Name
	}
	return a.World.People().Name(id)
}

// home is the area of a jurisdiction itself, where what lies nowhere in particular lies.
func (a *App) home(ctx context.Context, j account.Jurisdiction) (string, error) {
	t, err := a.Territory.Tree(ctx)
	if err != nil {
		return "", err
	}
	if x, ok := t.ByCode(territory.SchemeDivision, j.Code); ok {
		return x.ID, nil
	}
	return "", nil
}

// importRecords takes in a file of records: gezhi import records [flags] KIND FILE.
func importRecords(ctx context.Context, cfg config.Config, args []string, out io.Writer) error {
	c, err := record.ParseCommand(args, time.Now(), out)
	if err != nil {
		return err
	}
	data, a, j, err := toImport(ctx, cfg, c.File, c.Import.Jurisdiction)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	if c.Import.Jurisdiction = j.ID; j.Nature == casework.Sample {
		c.Import.Nature = territory.Sample
	}
	if c.Import.Home, err = a.home(ctx, j); err != nil {
		return err
	}
	c.Import.Progress = progress(ctx)
	a.DB.WriteLimit = longestImport
	report, err := a.Records.Import(ctx, data, c.Import)
	if ctx.Err() != nil && err != nil {
		return fault.Wrap(err, fault.Unavailable, "cli.given_up")
	}
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	if err := e.Encode(report); err != nil {
		return err
	}
	printPlaces(out, report.Bad)
	return nil
}
