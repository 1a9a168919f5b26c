package app_test

import (
	"context"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/app"
	"gezhi/internal/casework"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/points"
)

// A month of the sample county is lived through by the real services: work is published, taken,
// assessed and approved, activities are posted, goods are fetched, and the books are in order.
func TestTheSampleCountyLivesThroughAMonth(t *testing.T) {
	t.Parallel()
	a := sampled(t, db.SQLite).app
	last := -1
	if err := a.FillMonth(t.Context(), 12, func(percent int) {
		if percent <= last {
			t.Errorf("%d %% after %d %%", percent, last)
		}
		last = percent
	}); err != nil {
		t.Fatal(err)
	}
	if last != 100 {
		t.Errorf("it ended at %d %%", last)
	}
	kinds := map[string]int64{}
	if err := a.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := db.Collect(ctx, tx, db.SQL(`SELECT kind, COUNT(*) FROM points_posting GROUP BY kind`), nil, func(r db.Rows) (struct{}, error) {
			var kind string
			var n int64
			err := r.Scan(&kind, &n)
			kinds[kind] = n
			return struct{}{}, err
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var scans int64
	if err := a.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, db.SQL(`SELECT COUNT(*) FROM points_scan WHERE claim_id <> ''`), nil, &scans)
	}); err != nil || scans == 0 {
		t.Errorf("vouchers scanned at a merchant's: %d %v", scans, err)
	}
	asksForMeasures(t, a)
	if kinds["budget"] != 1 || kinds["grant"] < 100 || kinds["redeem"] == 0 {
		t.Errorf("postings: %v", kinds)
	}
	seenByWhoPublishes(t, a)
	p, err := points.Verify(t.Context(), a.DB)
	if err != nil || len(p.Findings) > 0 {
		t.Errorf("%v %+v", err, p)
	}
}

// What is published stands on one list, what nobody took first, for those alone who may read it; and
// of an activity everybody who may read it sees who came.
func seenByWhoPublishes(t *testing.T, a *app.App) {
	t.Helper()
	rows := func(query string) (all [][2]string) {
		t.Helper()
		if err := a.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			all = nil
			_, err := db.Collect(ctx, tx, db.SQL(query), nil, func(r db.Rows) (x struct{}, err error) {
				var one [2]string
				err = r.Scan(&one[0], &one[1])
				all = append(all, one)
				return x, err
			})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	as := func(person, jurisdiction string) *casework.Actor {
		who, err := a.Cases.By(t.Context(), account.Actor{PersonID: person, Jurisdiction: jurisdiction, Posts: a.World.People().Of(person, a.Cases.Now())})
		if err != nil {
			t.Fatal(err)
		}
		return who
	}
	var seen int
	for _, p := range rows(`SELECT person_id, jurisdiction FROM post WHERE role = 'community_admin'`) {
		offers, _, err := a.Cases.Published(t.Context(), as(p[0], p[1]), casework.PublishedCursor{})
		if err != nil {
			t.Fatal(err)
		}
		seen += len(offers)
		for i, o := range offers {
			if o.Left > o.Places || !o.Taken && (o.Left < o.Places || i > 0 && offers[i-1].Taken) {
				t.Errorf("%s: %d of %d places left, taken: %v, behind %d others", o.Number, o.Left, o.Places, o.Taken, i)
			}
		}
	}
	if seen == 0 {
		t.Error("nobody who publishes sees what is published")
	}
	worker := rows(`SELECT person_id, jurisdiction FROM post WHERE role = 'grid_worker' ORDER BY id LIMIT 1`)[0]
	if offers, _, err := a.Cases.Published(t.Context(), as(worker[0], worker[1]), casework.PublishedCursor{}); err != nil || len(offers) > 0 {
		t.Errorf("%v: a grid worker sees %d of what others published", err, len(offers))
	}
	came := 0
	for _, c := range rows(`SELECT id, reporter_id FROM cases WHERE life = 'activity' AND step <> 'planned'`) {
		lists, err := a.Cases.AttendanceLists(t.Context(), as(c[1], worker[1]), c[0])
		if err != nil || len(lists) != 1 || lists[0].Action.Name != "mark" {
			t.Fatalf("%v: %d lists", err, len(lists))
		}
		for _, x := range lists[0].People {
			if x.May && !x.Open() {
				t.Errorf("%s: marked once more, though it has ended", x.Number)
			}
			came++
		}
	}
	if came == 0 {
		t.Error("nobody signed up for any activity")
	}
}

// Measures were asked for and given, and stand on the page of who asked; honours were given, somebody
// objected in public, and the month before this one has points that were spent.
func asksForMeasures(t *testing.T, a *app.App) {
	t.Helper()
	counted := func(of string, args ...any) (n int64) {
		if err := a.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return tx.Row(ctx, db.Stmt(`SELECT COUNT(*) FROM `+of), args, &n)
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, of := range []string{`cases WHERE class = 'benefit' AND step IN ('granted', 'used')`, `cases WHERE class = 'honour_new' AND outcome = 'written'`} {
		if counted(of) == 0 {
			t.Errorf("there are none: %s", of)
		}
	}
	now := time.Now().In(clock.CST)
	if counted(`points_posting WHERE kind = 'grant' AND at < $1`, time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, clock.CST)) == 0 {
		t.Error("nothing was granted in the month before this one")
	}
	var person, jurisdiction string
	if err := a.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, db.SQL(`SELECT reporter_id, jurisdiction FROM cases WHERE class = 'benefit' ORDER BY id LIMIT 1`), nil, &person, &jurisdiction)
	}); err != nil {
		t.Fatal(err)
	}
	given, err := a.Cases.GivenTo(t.Context(), jurisdiction, person, "village-points", "benefit")
	if n := counted(`cases WHERE class = 'benefit' AND reporter_id = $1`, person); err != nil || int64(len(given)) != n {
		t.Errorf("%d of %d measures stand on the page of who asked for them: %v", len(given), n, err)
	}
}
