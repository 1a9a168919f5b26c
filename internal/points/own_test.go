package points

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
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
		if err := o.Declare(t.Context(), j1, Ledger{Name: "points", Unit: Words{"en": "point"}, Spendable: true, Pack: "sample", Roles: Roles{Look: []string{"chief"}}, Boards: []Board{{Name: "best", Group: 5, First: 10, Cap: 50, Adults: "adult"}}}); err != nil {
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
		o.Within = func(_ context.Context, area, of string) bool { return area == of || of == "town" }
		chen := account.Actor{PersonID: "chen", Jurisdiction: j1}
		lines, group, groups, err := o.Ranks(t.Context(), chen, "points", "best", "2026-03", "")
		if err != nil || group != "v1" || groups != nil || !slices.Equal(lines, []Ranked{{1, "li", 50}, {2, "chen", 20}}) {
			t.Error(lines, group, groups, err)
		}
		// Another village is nobody's business but that of who looks at the ledger above it.
		if _, _, _, err := o.Ranks(t.Context(), chen, "points", "best", "2026-03", "v2"); fault.CodeOf(err) != "points.not_yours" {
			t.Error(err)
		}
		head := account.Actor{PersonID: "head", Jurisdiction: j1, Posts: []account.Post{{Role: "chief", AreaID: "town"}}}
		lines, group, groups, err = o.Ranks(t.Context(), head, "points", "best", "2026-03", "v2")
		if err != nil || group != "v2" || !slices.Equal(groups, []string{"v1", "v2"}) || !slices.Equal(lines, []Ranked{{1, "zhou", 30}}) {
			t.Error(lines, group, groups, err)
		}
		// Who does not want to stand on a board stands on none, until they do.
		for _, shown := range []bool{false, true} {
			if err := o.ShowMe(t.Context(), account.Actor{PersonID: "li", Jurisdiction: j1}, shown); err != nil {
				t.Fatal(err)
			}
			lines, _, _, err := o.Ranks(t.Context(), chen, "points", "best", "2026-03", "")
			if err != nil || slices.ContainsFunc(lines, func(r Ranked) bool { return r.Person == "li" }) != shown {
				t.Error(shown, lines, err)
			}
		}
	})
}

var (
	adultForTest   = db.Stmt(`INSERT INTO record (id, jurisdiction, pack, kind, key, key_text, title, found_by, area_id, nature, began, ended, province_id, city_id, county_id, township_id, village_id, grid_id, micro_id) VALUES ($1, $2, 'sample', 'adult', $1, $1, '', '', '', 'sample', '2020-01-01', '', '', '', '', '', '', '', '')`)
	subjectForTest = db.Stmt(`INSERT INTO record_subject (subject, record_id, jurisdiction, stands) VALUES ($1, $2, $3, 1)`)
)

// A ledger is one pack's: another pack that has one of the same name is not put in force.
func TestALedgerHasOnePack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		l := Ledger{Name: "points", Unit: Words{"en": "point"}, Pack: "sample"}
		for _, pack := range []string{"sample", "sample"} {
			if l.Pack = pack; o.Declare(t.Context(), j1, l) != nil {
				t.Error("a pack cannot change its own ledger")
			}
		}
		l.Pack = "other"
		if err := o.Declare(t.Context(), j1, l); fault.CodeOf(err) != "points.ledger_of_other" {
			t.Error(err)
		}
	})
}

// The account of a household is read from over its place, and from nowhere else.
func TestAHouseholdIsLookedAtFromAbove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.Within = func(_ context.Context, area, of string) bool { return area == of || of == "town" }
		o.put(func(ctx context.Context, tx *db.Tx) error {
			return tx.Queue(ctx, householdForTest, "h1", j1)
		})
		may := Roles{Look: []string{"chief"}}
		for post, want := range map[account.Post]bool{{Role: "chief", AreaID: "v1"}: true, {Role: "chief", AreaID: "town"}: true, {Role: "chief", AreaID: "v2"}: false, {Role: "worker", AreaID: "v1"}: false, {Role: "chief"}: false} {
			ok, err := o.looks(t.Context(), account.Actor{Jurisdiction: j1, Posts: []account.Post{post}}, may, Own("household/h1"))
			if err != nil || ok != want {
				t.Error(post, ok, err)
			}
		}
		if ok, err := o.looks(t.Context(), account.Actor{Jurisdiction: j1, Posts: []account.Post{{Role: "chief", AreaID: "town"}}}, may, Own("household/none")); ok || err != nil {
			t.Error("a household that is not there", ok, err)
		}
	})
}

// Fetching at one merchant again and again in a month opens one case, which is told whom it
// concerns; another merchant and another month do not, and nothing is refused.
func TestOneShopTooOftenIsLookedInto(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		if err := o.Declare(t.Context(), j1, Ledger{Name: "points", Unit: Words{"en": "point"}, Spendable: true, Watches: []Watch{{Name: "pair", Fetched: 3, Class: "sample/review",
			Give: map[string]string{"ground": "'shop_pair'", "concerned": "owner", "seen": "seen"}}}}); err != nil {
			t.Fatal(err)
		}
		var opened []casework.Opening
		o.OpenOdd = func(_ context.Context, jurisdiction string, c casework.Opening) error {
			opened = append(opened, c)
			return nil
		}
		o.AreaOf = func(_ context.Context, person string, level int) string { return map[int]string{4: "town"}[level] }
		o.allot(1000)
		o.grant(li, 900)
		merchant, voucher, _ := o.shop()
		phone := o.phone(li)
		runner := jobs.NewRunner(d, o.clock.Now)
		o.Register(runner)
		fetch := func() {
			t.Helper()
			o.clock.Add(time.Minute)
			id := uuid.NewString()
			if _, err := o.Reserve(t.Context(), here, id, voucher, li, "li"); err != nil {
				t.Fatal(err)
			}
			o.scan(merchant, phone.code(o.clock.Now(), id), "")
			if _, err := runner.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		fetch()
		fetch()
		if len(opened) != 0 {
			t.Error("twice is not odd", opened)
		}
		fetch()
		if len(opened) != 1 || opened[0].Class != "sample/review" || opened[0].AreaID != "town" || opened[0].Fields["concerned"] != "li" || opened[0].Fields["ground"] != "shop_pair" || opened[0].Fields["seen"] != json.Number("3") {
			t.Fatalf("%+v", opened)
		}
		fetch()
		if len(opened) != 2 || opened[1].Key != opened[0].Key || !opened[1].OneKey {
			t.Error("another case of the same month", opened)
		}
		o.clock.Add(31 * 24 * time.Hour)
		fetch()
		if len(opened) != 2 {
			t.Error("a new month begins with nothing", opened)
		}
	})
}

var householdForTest = db.Stmt(`INSERT INTO record (id, jurisdiction, pack, kind, key, key_text, title, found_by, area_id, nature, began, ended, province_id, city_id, county_id, township_id, village_id, grid_id, micro_id) VALUES ($1, $2, 'sample', 'household', $1, $1, '', '', 'v1', 'sample', '2020-01-01', '', '', '', '', '', '', '', '')`)
