package intake

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// What everybody may hear of a place: the kind, the village and how far it is of public classes.
// What is kept from somebody, or of a class that is nobody's business, is not there, and neither is
// a word, a number or a name. It is at most a minute old.
func TestNearMeIsOnlyWhatIsPublic(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, ctx := open(t, d), t.Context()
		near := func(area string) []casework.Nearby {
			t.Helper()
			list, _, err := c.Near(ctx, c.home.ID, area)
			must(t, err)
			return list
		}
		village := c.village("桥头村")
		if list := near(village); len(list) != 0 {
			t.Fatalf("nothing was reported: %+v", list)
		}
		plain := c.rubbish()
		filed, err := c.Report(ctx, nil, phone, plain)
		must(t, err)
		elsewhere := c.rubbish()
		elsewhere.AreaID = c.village("河东村")
		_, err = c.Report(ctx, nil, phone, elsewhere)
		must(t, err)
		kept := c.rubbish()
		kept.Avoid = true
		_, err = c.Report(ctx, nil, phone, kept)
		must(t, err)
		private := c.rubbish()
		private.Class = "" // unsorted: nobody has looked what it is
		_, err = c.Report(ctx, nil, Origin{"203.0.113.77", "another"}, private)
		must(t, err)
		if list := near(village); len(list) != 0 {
			t.Errorf("within a minute: %+v", list)
		}
		c.clock.Add(time.Minute)
		list := near(village)
		if len(list) != 1 || list[0].Class != plain.Class || list[0].VillageID != village || list[0].Phase != "waiting" || !list[0].ClosedAt.IsZero() {
			t.Fatalf("near %s: %+v", village, list)
		}
		town, ok := c.Cases.World.Tree().Above(village)
		if list := near(town.ID); !ok || len(list) != 2 {
			t.Errorf("in the township: %+v", list)
		}
		out, err := c.httpNear(ctx, &nearInput{Area: village})
		must(t, err)
		told, err := json.Marshal(out.Body)
		must(t, err)
		for _, secret := range []string{plain.Text, filed.Number, filed.Code, village} {
			if strings.Contains(string(told), secret) {
				t.Errorf("%s is told in %s", secret, told)
			}
		}
		home, _, err := c.Near(ctx, c.home.ID, "")
		if code(err) != "case.unknown_area" || home != nil {
			t.Errorf("a whole county: %v", err)
		}
	})
}
