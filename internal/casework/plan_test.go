package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

// scopes are what people may see: one branch of every kind and level, all kinds together,
// and the same for somebody whom nothing concerns.
func scopes(jurisdiction string) map[string]account.Scope {
	out := map[string]account.Scope{}
	for _, who := range []string{"a", "nobody"} {
		var all []account.Branch
		marks := []string{account.PersonMark(who), account.UnitMark(who), account.UnitMark("up"), account.AreaMark(who), account.AreaMark("up")}
		add := func(name string, b account.Branch) {
			all = append(all, b)
			out[who+" "+name] = account.Scope{Jurisdiction: jurisdiction, Branches: []account.Branch{b}, Marks: marks}
		}
		add("person", account.Branch{Kind: account.PersonBranch, ID: who})
		add("post", account.Branch{Kind: account.PostBranch, ID: who})
		add("unit", account.Branch{Kind: account.UnitBranch, ID: who})
		for level := account.County; level <= account.Micro; level++ {
			add(fmt.Sprint("area ", level), account.Branch{Kind: account.AreaBranch, Level: level, ID: who})
		}
		out[who+" all"] = account.Scope{Jurisdiction: jurisdiction, Branches: all, Marks: marks}
	}
	return out
}

// A page of the queue reads ranges of indexes, whoever asks and whatever they may see; it
// never goes through all cases, nor through all that somebody ever took part in.
func TestQueuePagesReadRangesOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		fillCases(t, d)
		s := &Service{DB: d, Now: func() time.Time { return time.UnixMilli(1772400000000) }}
		for name, scope := range scopes("j") {
			for _, queue := range []string{QueueAll, QueueMine, QueueOverdue, QueueUnassigned} {
				who := &Actor{PersonID: "a", Jurisdiction: "j", Scope: scope}
				l, err := s.listing(t.Context(), who, Query{Queue: queue, Limit: 50})
				if err != nil {
					t.Fatal(err)
				}
				plan := dbtest.Explain(t, d, l.text, l.args)
				for _, line := range strings.Split(plan, "\n") {
					if strings.Contains(line, "Seq Scan on cases") || strings.Contains(line, "Seq Scan on involved") ||
						strings.HasPrefix(strings.TrimSpace(line), "SCAN c") || strings.HasPrefix(strings.TrimSpace(line), "SCAN i") || strings.HasPrefix(strings.TrimSpace(line), "SCAN h") || strings.Contains(line, "AUTOMATIC") {
						t.Errorf("%s, queue %s: %s in\n%s", name, queue, line, plan)
					}
					if strings.Contains(line, "TEMP B-TREE") {
						t.Errorf("%s, queue %s: what was found is sorted rather than merged in\n%s", name, queue, plan)
					}
				}
				for _, b := range scope.Branches {
					if column := levelColumns[b.Level]; d.Engine == db.SQLite && column != "" && !strings.Contains(plan, "(jurisdiction=? AND "+column+"=? AND (due_at,id)>(?,?)") {
						t.Errorf("%s, queue %s: the branch of %s is no range of its index in\n%s", name, queue, column, plan)
					}
				}
			}
		}
	})
}

// Who sees the same cases for many reasons turns the pages of all of them, and meets none twice.
func TestPagesHoldEachCaseOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fillCases(t, d)
		s := &Service{DB: d, Now: func() time.Time { return time.UnixMilli(1772400000000) }}
		who := &Actor{PersonID: "a", Jurisdiction: "j", Scope: scopes("j")["a all"]}
		var want, got []string
		if err := d.Read(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
			want, err = db.Collect(ctx, tx, `SELECT id FROM cases c WHERE phase <> 'closed' AND village_id = 'a'
				AND root_id NOT IN (SELECT root_id FROM shield WHERE subject = 'unit/a') ORDER BY due_at, id`, nil, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for q := (Query{Limit: 17}); ; {
			rows, next, err := s.List(t.Context(), who, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				got = append(got, r.ID)
			}
			if next == nil {
				break
			}
			if len(rows) != q.Limit {
				t.Fatalf("a page of %d in the midst", len(rows))
			}
			q.After = *next
		}
		if len(want) < 100 || !slices.Equal(got, want) {
			t.Fatalf("%d of %d cases", len(got), len(want))
		}
	})
}

// Looking for duplicates reads the open cases of one village, however many there are elsewhere.
func TestDuplicatesAreLookedForInOneVillage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		fillCases(t, d)
		for _, x := range []struct {
			stmt db.Stmt
			args []any
		}{{nearby, []any{"j", "a", 0, 1, 2, 1, 2, "a", "x", 60}}, {inSameArea, []any{"j", "a", 0, "a", "x", 60}}} {
			if plan := dbtest.Explain(t, d, string(x.stmt), x.args); !strings.Contains(plan, "cases_village") {
				t.Errorf("%s", plan)
			}
		}
	})
}

// fillCases makes 12,000 cases, three in four closed, a tenth of them in area "a" and as many
// concerning "a", and lets the engine count them.
func fillCases(t *testing.T, d *db.DB) {
	t.Helper()
	const batch = 3000 // a write has a time limit
	for from := 0; from < 12000; from += batch {
		fillSome(t, d, from, from+batch)
	}
	if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error { return tx.Queue(ctx, "ANALYZE") }); err != nil {
		t.Fatal(err)
	}
}

func fillSome(t *testing.T, d *db.DB, from, until int) {
	t.Helper()
	if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		for i := from; i < until; i++ {
			id := fmt.Sprintf("case-%05d", i)
			place := fmt.Sprint("x", i%10)
			if i%10 == 0 {
				place = "a"
			}
			c := &Case{ID: id, Jurisdiction: "j", Number: id, Kind: KindCase, Nature: Sample, RootID: id, Pack: "p", Step: "s", Phase: "waiting",
				Version: 1, Moves: 1, AreaID: place, Fields: map[string]any{}, DueAt: time.UnixMilli(1772000000000 + int64(i)*7919%12000*1000)}
			for l := range c.Areas {
				c.Areas[l] = place
			}
			if i%4 != 0 {
				c.Phase = "closed"
			}
			row, err := c.columns()
			if err != nil {
				return err
			}
			if err := tx.Queue(ctx, insertCase, row...); err != nil {
				return err
			}
			var involved []any
			for _, kind := range []string{"person/", "post/", "unit/"} {
				involved = append(involved, kind+place, id, "j", c.Open(), c.DueAt)
			}
			if err := insertInvolved.queue(ctx, tx, involved); err != nil {
				return err
			}
			if i%50 == 0 { // a few are kept from somebody, of "a" among others
				if err := insertShields.queue(ctx, tx, []any{id, account.UnitMark(fmt.Sprint("x", i%7)), "j", Accused, i, id, id, account.UnitMark("a"), "j", Accused, i, id}); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// What is kept from somebody is looked up once for a branch, from their side: never case by case.
func TestWhatIsKeptIsLookedUpOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		fillCases(t, d)
		s := &Service{DB: d, Now: func() time.Time { return time.UnixMilli(1772400000000) }}
		who := &Actor{PersonID: "a", Jurisdiction: "j", Scope: scopes("j")["a area 5"]}
		l, err := s.listing(t.Context(), who, Query{Queue: QueueAll, Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		plan := dbtest.Explain(t, d, l.text, l.args)
		if d.Engine == db.SQLite && (strings.Contains(plan, "CORRELATED") || !strings.Contains(plan, "shield_subject (subject=?)")) ||
			d.Engine != db.SQLite && !strings.Contains(plan, "hashed SubPlan") {
			t.Error(plan)
		}
	})
}

// What a list is sorted by is one of few words: nothing else that somebody sends reaches SQL.
func TestOrdersAreAClosedList(t *testing.T) {
	for _, sort := range []string{"c.id", "opened DESC", "'", "due_at; DROP TABLE cases", "1", " ", "OPENED"} {
		if place, err := (&Service{}).placeSQL(t.Context(), &Actor{}, sort, nil); fault.CodeOf(err) != "case.unknown_sort" || place != "" {
			t.Errorf("%q: %q %v", sort, place, err)
		}
	}
}
