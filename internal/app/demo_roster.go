package app

import (
	"context"
	_ "embed"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
)

//go:embed sampledata/roster.csv
var sampleRoster string

// rosterDays is how long the roster of the sample county is written ahead.
const rosterDays = 60

// rosterSample puts the same people of the sample county on duty every day, from yesterday on.
func (a *App) rosterSample(ctx context.Context, j account.Jurisdiction) error {
	head, shifts, _ := strings.Cut(strings.TrimSpace(sampleRoster), "\n")
	var b strings.Builder
	b.WriteString("date," + head + "\n")
	day := a.Cases.Now().In(clock.CST).AddDate(0, 0, -1)
	for range rosterDays {
		for shift := range strings.SplitSeq(shifts, "\n") {
			b.WriteString(day.Format(time.DateOnly) + "," + shift + "\n")
		}
		day = day.AddDate(0, 0, 1)
	}
	_, err := a.Cases.ImportRoster(ctx, []byte(b.String()), casework.RosterImport{Jurisdiction: j.ID})
	return err
}
