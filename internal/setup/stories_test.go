package setup

import (
	"context"
	"testing"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

// The stories that came with a pack are listed, run once at a time, and how they went stays, with
// the version they were run on; a version without stories says so.
func TestStoriesOfAPackAreRunAndTheirResultsStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), context.Background()
		p := shipped(t, "personal-data")
		must(t, c.Cases.Book.Load(ctx, "", c.admin.Jurisdiction, p, nil))
		files, run, err := c.Stories(ctx, c.admin, p.Name)
		if err != nil || run != nil || len(files) == 0 || countStories(files) == 0 {
			t.Fatalf("%d files, %+v, %v", len(files), run, err)
		}
		going, done := make(chan bool), make(chan bool)
		c.Tell = func(_ context.Context, got map[string][]byte, lang string, tell func(Told)) {
			if lang != "zh" || got["pack.yaml"] == nil || len(got) <= len(files) {
				t.Errorf("%s, %d files", lang, len(got))
			}
			going <- true
			<-done
			tell(Told{File: "a.yaml", Name: "one"})
			tell(Told{File: "b.yaml", Name: "other", Text: "line 3: handling, not closed"})
		}
		must(t, c.RunStories(ctx, c.admin, p.Name, "zh"))
		<-going
		if err := c.RunStories(ctx, c.admin, p.Name, "zh"); fault.CodeOf(err) != "setup.stories_running" {
			t.Error(err)
		}
		if _, run, err = c.Stories(ctx, c.admin, p.Name); err != nil || run.State != RunRunning || run.Total != countStories(files) {
			t.Errorf("%+v, %v", run, err)
		}
		close(done)
		func() { // held until the run is written down
			c.telling.Lock()
			defer c.telling.Unlock()
		}()
		_, run, err = c.Stories(ctx, c.admin, p.Name)
		if err != nil || run.State != RunDone || len(run.Results) != 2 || run.Results[1].Text == "" || run.Hash != p.Hash() || run.Person != "admin" {
			t.Errorf("%+v, %v", run, err)
		}
		if _, _, err := c.Stories(ctx, account.Actor{Jurisdiction: "elsewhere"}, p.Name); err == nil {
			t.Error("another county sees them")
		}
		must(t, c.keepRun(ctx, c.admin, p.Name, &StoryRun{State: RunRunning}))
		c.clock.Add(2 * silent)
		if _, run, err = c.Stories(ctx, c.admin, p.Name); err != nil || run.State != RunCut {
			t.Errorf("%+v, %v", run, err)
		}
	})
}
