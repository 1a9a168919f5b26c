package app

import (
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/feed"
)

// feeds joins what other systems bring to cases.
func (a *App) feeds() {
	a.Feeds = &feed.Service{DB: a.DB, Now: clock.System, ID: a.newID, Cases: a.Cases, Past: a.past, Dir: a.Config.Feeds.Dir, Key: a.Intake.Key,
		Nobody: a.Intake.Nobody, GiveCode: a.Intake.GiveCode, Jurisdiction: a.Jurisdictions.get, ByCode: a.Jurisdictions.byCode, Home: a.home,
		Secret: func(name string) string { return string(a.Config.Feeds.Keys[name]) }}
}

// past is casework for a history: it happens under a clock set by hand, and nobody is told.
func (a *App) past(now clock.Now) *casework.Service {
	s := a.cases(now)
	s.Past, s.OnMove, s.Erased = clock.System, a.Cases.OnMove, a.Cases.Erased
	return s
}
