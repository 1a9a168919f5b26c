package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

// shelf is cases without packs: what is said of each stands in a map.
type shelf struct {
	*Service
	texts map[string]*casework.Texts
}

func newShelf(d *db.DB) *shelf {
	s := &shelf{texts: map[string]*casework.Texts{}}
	s.Service = &Service{DB: d, Cases: &casework.Service{DB: d, ID: id.New}, Texts: func(_ context.Context, _ *db.Tx, id string) (*casework.Texts, error) {
		if t, ok := s.texts[id]; ok {
			return t, nil
		}
		return nil, fault.New(fault.NotFound, "case.not_found")
	}}
	return s
}

const putCase = `INSERT INTO cases (id, jurisdiction, number, kind, nature, root_id, pack, pack_hash, scheme, class, life, step, phase, version, moves, channel, title,
	county_id, village_id, happened_at, opened_at, entered_at, due_at) VALUES ($1, $2, $3, 'case', 'sample', $1, 'p', '', '', 'c', 'l', 's', 'working', 1, 1, 'field', $4, 'county', $5, 0, $6, 0, 0)`

// put opens a case with a move, as the acts of cases do.
func (s *shelf) put(t testing.TB, id, jurisdiction, number, village, text string, at time.Time, involved ...string) {
	t.Helper()
	s.texts[id] = &casework.Texts{Jurisdiction: jurisdiction, OpenedAt: at, Numbers: []string{number}, Class: "p/:c", Phase: "working", Said: []string{text}, Title: "标题", Areas: []string{"county", village}, Involved: involved}
	err := s.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, putCase, id, jurisdiction, number, "标题", village, at); err != nil {
			return err
		}
		for _, i := range involved {
			if err := tx.Queue(ctx, `INSERT INTO involved (subject, case_id, jurisdiction, open, due_at) VALUES ($1, $2, $3, 1, 0)`, i, id, jurisdiction); err != nil {
				return err
			}
		}
		return s.Moved(ctx, tx, &casework.Move{ID: "m" + id}, &casework.Case{ID: id, Jurisdiction: jurisdiction})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// move leaves a row, as if the case had moved.
func (s *shelf) move(t testing.TB, move, id string) {
	t.Helper()
	if err := s.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		return s.Moved(ctx, tx, &casework.Move{ID: move}, &casework.Case{ID: id, Jurisdiction: "j"})
	}); err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) drain(t testing.TB) {
	t.Helper()
	for {
		n, err := s.Drain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// county sees all of j; of a jurisdiction j.
var county = &casework.Actor{Jurisdiction: "j", Scope: account.Scope{Jurisdiction: "j", Branches: []account.Branch{{Kind: account.AreaBranch, Level: account.County, ID: "county"}}}}

// ids reads all pages of an answer.
func (s *shelf) ids(t testing.TB, who *casework.Actor, q Query) []string {
	t.Helper()
	var out []string
	for range 1000 {
		hits, next, err := s.Find(t.Context(), who, q)
		if err != nil {
			t.Fatalf("%q: %v", q.Text, err)
		}
		for _, h := range hits {
			out = append(out, h.Row.ID)
		}
		if next == nil {
			return out
		}
		q.After = *next
	}
	t.Fatal("pages without end")
	return nil
}

func hour(n int) time.Time { return time.Date(2026, 3, 2, n, 0, 0, 0, time.UTC) }

// Words of two characters, longer ones, numbers and quoted words are found; the very number
// comes first, then the latest; what one may not see is not found.
func TestCasesAreFoundByTheirWords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(d)
		s.put(t, "a", "j", "EV-2026-000001", "v1", "村口路灯不亮，夜里很黑", hour(1))
		s.put(t, "b", "j", "EV-2026-000002", "v1", "水管漏水。路灯也坏了，参见EV-2026-000001", hour(2))
		s.put(t, "c", "j", "EV-2026-000003", "v2", "灯不亮的路，GB50016 on the road", hour(3), "unit/u")
		s.put(t, "d", "other", "EV-2026-000001", "v9", "村口路灯不亮", hour(4))
		s.drain(t)
		village := &casework.Actor{Jurisdiction: "j", Scope: account.Scope{Jurisdiction: "j", Branches: []account.Branch{{Kind: account.AreaBranch, Level: account.Village, ID: "v1"}}}}
		unit := &casework.Actor{Jurisdiction: "j", Scope: account.Scope{Jurisdiction: "j", Branches: []account.Branch{{Kind: account.PersonBranch, ID: "p"}, {Kind: account.UnitBranch, ID: "u"}}}}
		for _, c := range []struct {
			who     *casework.Actor
			q, want string
		}{
			{county, "路灯", "b a"}, {county, "路灯不亮", "a"}, {county, "不亮", "c a"}, {county, "路灯 不亮", "a"}, {county, "灯不亮的", "c"},
			{county, "EV-2026-000001", "a b"}, {county, "ev-2026-000001", "a b"}, {county, "000002", "b"}, {county, "3", "c"}, {county, "EV-2026", "c b a"},
			{county, "gb500", "c"}, {county, `"on the road"`, "c"}, {county, `"the on"`, ""}, {county, "ＲＯＡＤ", "c"}, {county, "水 管漏", "b"}, {county, "水管 路灯 没有", ""},
			{county, "' OR 1=1", ""}, {county, "路灯%", "b a"}, {county, "NEAR(路灯)", ""},
			{village, "不亮", "a"}, {village, "路灯", "b a"}, {unit, "不亮", "c"}, {unit, "路灯", ""}, {&casework.Actor{Jurisdiction: "j"}, "路灯", ""},
		} {
			if got := strings.Join(s.ids(t, c.who, Query{Text: c.q}), " "); got != c.want {
				t.Errorf("%q: %q, want %q", c.q, got, c.want)
			}
		}
		if got := s.ids(t, county, Query{Text: "路灯", From: hour(2)}); fmt.Sprint(got) != "[b]" {
			t.Error(got)
		}
		if got := s.ids(t, county, Query{Text: "路灯", Until: hour(2)}); fmt.Sprint(got) != "[a]" {
			t.Error(got)
		}
		if got := s.ids(t, county, Query{Text: "路灯", Filter: casework.Query{Phase: "closed"}}); len(got) != 0 {
			t.Error(got)
		}
		if got := s.ids(t, county, Query{Text: "路灯", Filter: casework.Query{Phase: "working"}}); fmt.Sprint(got) != "[b a]" {
			t.Error(got)
		}
	})
}

// A case that is kept from somebody is not found by him, neither by its words nor by its number.
func TestWhatIsKeptFromSomebodyIsNotFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(d)
		s.put(t, "a", "j", "EV-2026-000001", "v1", "路灯不亮，所里不管", hour(1))
		s.put(t, "b", "j", "EV-2026-000002", "v1", "路灯不亮", hour(2))
		s.drain(t)
		if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			return tx.Queue(ctx, `INSERT INTO shield (root_id, subject, jurisdiction, why, at, move_id) VALUES ('a', 'unit/u', 'j', 'accused', 0, '')`)
		}); err != nil {
			t.Fatal(err)
		}
		accused := &casework.Actor{Jurisdiction: "j", Scope: county.Scope}
		accused.Scope.Marks = []string{"person/p", "unit/u"}
		for q, want := range map[string]string{"路灯": "[b]", "不管": "[]", "EV-2026-000001": "[]"} {
			if got := fmt.Sprint(s.ids(t, accused, Query{Text: q})); got != want {
				t.Errorf("%s: %s, want %s", q, got, want)
			}
		}
		if got := fmt.Sprint(s.ids(t, county, Query{Text: "路灯"})); got != "[b a]" {
			t.Errorf("everybody else finds %s", got)
		}
	})
}

// An entry follows its case, in batches that lose nothing; what is erased is found no more at
// once; a rebuild finds the same again.
func TestAnEntryFollowsItsCase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const batch = 50
		s := newShelf(d)
		s.Batch = batch
		for i := range 2*batch + 5 {
			s.put(t, fmt.Sprintf("c%03d", i), "j", fmt.Sprintf("N%03d", i), "v", "水管漏水", hour(0).Add(time.Duration(i)*time.Minute))
		}
		if n, err := s.Drain(t.Context()); n != batch || err != nil {
			t.Fatal(n, err)
		}
		if got := len(s.ids(t, county, Query{Text: "漏水"})); got != batch {
			t.Errorf("%d of the first batch", got)
		}
		again := newShelf(d) // another process, or the same one after a crash
		again.texts = s.texts
		again.drain(t)
		if got := len(s.ids(t, county, Query{Text: "漏水", Limit: 7})); got != 2*batch+5 {
			t.Errorf("%d of all", got)
		}
		s.texts["c003"].Said = []string{"路灯不亮"}
		s.move(t, "n1", "c003")
		s.drain(t)
		if got := fmt.Sprint(s.ids(t, county, Query{Text: "不亮"}), len(s.ids(t, county, Query{Text: "漏水"}))); got != "[c003] 104" {
			t.Error(got)
		}
		if err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			return s.Erased(ctx, tx, &casework.Case{ID: "c003", Jurisdiction: "j"})
		}); err != nil {
			t.Fatal(err)
		}
		if got := s.ids(t, county, Query{Text: "不亮"}); len(got) != 0 {
			t.Error(got)
		}
		if err := s.Rebuild(t.Context(), func(int) {}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(s.ids(t, county, Query{Text: "不亮"}), len(s.ids(t, county, Query{Text: "漏水"}))); got != "[c003] 104" {
			t.Error(got)
		}
	})
}

// A number of a person that still stood in a text is not found and not kept; a case number is.
func TestNumbersOfPeopleAreNotKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newShelf(d)
		s.put(t, "a", "j", "13800000000", "v", "请打13800000000，身份证11010519491231002X，漏水", hour(1))
		s.drain(t)
		for q, want := range map[string]string{"11010519491231002X": "[]", "1101051949": "[]", "漏水": "[a]", "13800000000": "[a]"} {
			if got := fmt.Sprint(s.ids(t, county, Query{Text: q})); got != want {
				t.Errorf("%s: %s", q, got)
			}
		}
		hits, _, err := s.Find(t.Context(), county, Query{Text: "漏水"})
		if err != nil || fmt.Sprint(hits[0].Snippet) != "[{请打·,身份证·, false} {漏水 true}]" {
			t.Errorf("%v %v", hits, err)
		}
	})
}

// Both engines answer every query with the same cases in the same order.
func TestBothEnginesAnswerAlike(t *testing.T) {
	stock := []string{"路灯", "不亮", "水管", "漏水", "村口", "道路", "积水", "噪声", "施工", "垃圾", "EV-2026", "GB50016", "大港头镇", "灯", "水", "，", "。", " "}
	answers := map[db.Engine][]string{}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		rng := rand.New(rand.NewPCG(1, 2))
		some := func(n int) string {
			var b strings.Builder
			for range n {
				b.WriteString(stock[rng.IntN(len(stock))])
			}
			return b.String()
		}
		s := newShelf(d)
		for i := range 300 {
			at := hour(0).Add(time.Duration(rng.IntN(40)) * time.Minute) // many at one moment
			if i%3 == 0 {
				at = at.AddDate(0, -rng.IntN(30), 0) // and some over years
			}
			s.put(t, fmt.Sprintf("c%03d", i), "j", fmt.Sprintf("EV-2026-%06d", i), fmt.Sprint("v", i%3), some(12), at, fmt.Sprint("unit/u", i%5))
		}
		s.drain(t)
		both := &casework.Actor{Jurisdiction: "j", Scope: account.Scope{Jurisdiction: "j", Branches: []account.Branch{
			{Kind: account.UnitBranch, ID: "u1"}, {Kind: account.AreaBranch, Level: account.Village, ID: "v2"}}}}
		found := 0
		for i := range 120 {
			who := county
			if i%2 == 1 {
				who = both
			}
			q := some(1 + rng.IntN(3))
			if i%10 == 0 {
				q = fmt.Sprintf("EV-2026-%06d", i)
			}
			if _, err := words(q); err != nil {
				continue
			}
			asked := Query{Text: q, Limit: 1 + rng.IntN(30)}
			if i%7 == 0 {
				asked.From, asked.Until = hour(0).AddDate(0, -20, 0), hour(0).AddDate(0, -2, 0)
			}
			got := s.ids(t, who, asked)
			found += len(got)
			answers[d.Engine] = append(answers[d.Engine], q+": "+strings.Join(got, " "))
		}
		if found < 1000 {
			t.Fatalf("only %d hits", found)
		}
	})
	lite, pg := answers[db.SQLite], answers[db.Postgres]
	if len(lite) == 0 || len(lite) != len(pg) {
		t.Fatal(len(lite), len(pg))
	}
	for i := range lite {
		if lite[i] != pg[i] {
			t.Errorf("SQLite   %s\nPostgreSQL %s", lite[i], pg[i])
		}
	}
}

// However often a search is asked, PostgreSQL never reads the range of places by its key: that
// takes the grams of every row in it apart.
func TestTheIndexOverGramsIsAsked(t *testing.T) {
	d := dbtest.Postgres(t)
	d.Twice = false
	s := newShelf(d)
	for i := range 40 {
		s.put(t, fmt.Sprintf("c%03d", i), "j", fmt.Sprintf("N%03d", i), "v", "水管漏水", hour(0).AddDate(0, -i, 0))
	}
	s.drain(t)
	err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{"SET LOCAL plan_cache_mode = force_generic_plan", string(useIndex), "PREPARE hits (text, bigint, bigint) AS SELECT seq FROM search_gram WHERE " + inMonths("$1", "$2", "$3")} {
			if _, err := tx.Exec(ctx, db.SQL(q)); err != nil {
				return err
			}
		}
		plan, err := db.Collect(ctx, tx, "EXPLAIN EXECUTE hits ('x', 9, 0)", nil, func(r db.Rows) (line string, err error) { return line, r.Scan(&line) })
		if got := strings.Join(plan, "\n"); err == nil && !strings.Contains(got, "search_gram_grams") {
			t.Error(got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
