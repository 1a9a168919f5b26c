package app

import (
	"context"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/points"
)

// ledgers joins what is counted to the rest, under a clock.
func (a *App) ledgers(now clock.Now) *points.Service {
	return &points.Service{DB: a.DB, Now: now, NewID: a.newID, Actor: account.From, UnitsAbove: a.unitsAbove, Word: a.packWord}
}

// packWord is a word of a pack that is in force in a jurisdiction, "" for none.
func (a *App) packWord(ctx context.Context, jurisdiction, pack, section, name, lang string) string {
	packs, err := a.Book.Packs(ctx, jurisdiction)
	if err != nil || packs[pack] == nil {
		return ""
	}
	return packs[pack].Pack.Word(lang, section, name)
}
