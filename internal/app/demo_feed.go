package app

import (
	"context"
	_ "embed"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/feed"
)

// sampleFeed is the feed of the sample county: a platform above that hands matters down.
const sampleFeed = "city-hotline"

//go:embed sampledata/orders.csv
var sampleOrders string

// handDown gives the sample county a feed, and takes in a table of it. Where the folder of feeds
// has one of that name already, nothing is done.
func (a *App) handDown(ctx context.Context, j account.Jurisdiction) error {
	if _, err := a.Feeds.WriteSample(sampleFeed); fault.CodeOf(err) == "feed.sample_exists" {
		return nil
	} else if err != nil {
		return err
	}
	m, err := a.Feeds.Mapping(sampleFeed)
	if err != nil {
		return err
	}
	moment := func(ahead time.Duration) string {
		return clock.System().Add(ahead).In(clock.CST).Format(time.DateTime)
	}
	orders := strings.NewReplacer("{opened}", moment(-2*time.Hour), "{due}", moment(3*24*time.Hour)).Replace(sampleOrders)
	_, err = a.Feeds.Import(ctx, feed.Job{Jurisdiction: j.ID, Mapping: m, Data: []byte(orders), Kind: feed.Import})
	return err
}
