package points

import (
	"context"
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// Everybody reads their own page; of others only who looks at their account from above.
func TestAPersonsPage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		h := served(t, o)
		o.Holds = func(_ context.Context, _, person string) ([]PersonPostJSON, []PersonDutyJSON, error) {
			return []PersonPostJSON{{Role: people[person].Role, Title: "Worker"}}, []PersonDutyJSON{}, nil
		}
		o.allot(100)
		o.grant("person/li", 7)
		o.clock.Set(monday.AddDate(0, 1, 0))
		o.grant("person/li", 5)
		held := o.posting(Grant, Budget("street", 2026), HeldOf("person/li"), 3)
		held.HeldUntil = o.Now().Add(time.Hour)
		o.must(held)
		for who, want := range map[string]int{"li": 200, "chen": 200, "head": 200, "zhou": 403, "cashier": 403, "": 401} {
			code, page := ask(t, h, who, "GET", "/points/person?person=li", nil)
			if code != want {
				t.Errorf("%s: %d %v", who, code, page)
			}
			if code != 200 {
				continue
			}
			purse := page["purses"].([]any)[0].(map[string]any)
			if page["own"] != (who == "li") || purse["free"] != 12.0 || purse["held"] != 3.0 || purse["month"] != 8.0 || len(page["posts"].([]any)) != 1 {
				t.Errorf("%s: %v", who, page)
			}
		}
		if code, page := ask(t, h, "cashier", "GET", "/points/person", nil); code != 200 || len(page["purses"].([]any)) != 0 {
			t.Error(code, page)
		}
	})
}
