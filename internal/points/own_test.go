package points

import (
	"context"
	"testing"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// Somebody objects to an entry of his own: that opens one case, about the one that led to it, in
// the class that the pack names. Entries of others are not there for him.
func TestOnlyOnesOwnEntriesAreObjectedTo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		served(t, o)
		o.allot(100)
		p := o.posting(Grant, budget, Own("person/li"), 10)
		p.Cause = "case/c-1"
		o.must(p)
		ask := func(person string) (string, error) {
			return o.Object(t.Context(), account.Actor{PersonID: person, Jurisdiction: j1}, "points", Grant, p.Key, "it was twice as much")
		}
		if _, err := ask("li"); fault.CodeOf(err) != "points.no_objections" {
			t.Error(err)
		}
		if err := o.Declare(t.Context(), j1, Ledger{Name: "points", Unit: Words{"en": "point"}, Spendable: true, Objections: "sample/review"}); err != nil {
			t.Fatal(err)
		}
		var got casework.Opening
		o.Open = func(_ context.Context, _ account.Actor, x casework.Opening) (*casework.Opened, error) {
			got = x
			return &casework.Opened{Case: &casework.Case{ID: "c-2"}}, nil
		}
		if id, err := ask("li"); err != nil || id != "c-2" || got.Class != "sample/review" || got.About == nil || got.About.Kind != workflow.AboutCase || got.About.ID != "c-1" || !got.OneKey {
			t.Error(id, err, got)
		}
		if _, err := ask("zhou"); fault.CodeOf(err) != "points.not_found" {
			t.Error("an entry of somebody else:", err)
		}
	})
}

// Places of a board: who has as much stands in the same place, and of those all are shown or none.
func TestThoseWhoHaveAsMuchShareAPlace(t *testing.T) {
	all := ranked([]Ranked{{Person: "d", Points: 5}, {Person: "b", Points: 9}, {Person: "a", Points: 9}, {Person: "c", Points: 7}, {Person: "e", Points: 5}}, 3)
	want := []Ranked{{1, "a", 9}, {1, "b", 9}, {3, "c", 7}}
	if len(all) != len(want) {
		t.Fatal(all)
	}
	for i := range want {
		if all[i] != want[i] {
			t.Error(i, all[i])
		}
	}
}

// A board counts what was granted in the month, up to its cap, of the people of one group who
// stand in the register of adults.
func TestABoardIsOfOneGroupAndOfAdults(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		served(t, o)
		if err := o.Declare(t.Context(), j1, Ledger{Name: "points", Unit: Words{"en": "point"}, Spendable: true, Pack: "sample", Boards: []Board{{Name: "best", Group: 5, First: 10, Cap: 50, Adults: "adult"}}}); err != nil {
			t.Fatal(err)
		}
		o.AreaOf = func(_ context.Context, person string, _ int) string {
			return map[string]string{"li": "v1", "chen": "v1", "child": "v1", "zhou": "v2"}[person]
		}
		o.allot(1000)
		for who, n := range map[string]int64{"li": 80, "chen": 20, "child": 90, "zhou": 30} {
			o.grant("person/"+who, n)
		}
		o.put(func(ctx context.Context, tx *db.Tx) error {
			for _, who := range []string{"li", "chen", "zhou"} {
				if err := tx.Queue(ctx, adultForTest, "r-"+who, j1); err != nil {
					return err
				}
				if err := tx.Queue(ctx, subjectForTest, "person/"+who, "r-"+who, j1); err != nil {
					return err
				}
			}
			return nil
		})
		lines, err := o.Ranks(t.Context(), account.Actor{PersonID: "chen", Jurisdiction: j1}, "points", "best", "2026-03")
		if err != nil || len(lines) != 2 || lines[0] != (Ranked{1, "li", 50}) || lines[1] != (Ranked{2, "chen", 20}) {
			t.Error(lines, err)
		}
	})
}

var (
	adultForTest   = db.Stmt(`INSERT INTO record (id, jurisdiction, pack, kind, key, key_text, title, found_by, area_id, nature, began, ended, province_id, city_id, county_id, township_id, village_id, grid_id, micro_id) VALUES ($1, $2, 'sample', 'adult', $1, $1, '', '', '', 'sample', '2020-01-01', '', '', '', '', '', '', '', '')`)
	subjectForTest = db.Stmt(`INSERT INTO record_subject (subject, record_id, jurisdiction, stands) VALUES ($1, $2, $3, 1)`)
)
