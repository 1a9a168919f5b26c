package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
)

// sees is a set of roles as packs might name them.
func sees(role string) Sees {
	return map[string]Sees{"clerk": SeesUnit, "dispatcher": SeesArea}[role]
}

// tree is a small world: a township with two villages, one of which has a grid.
var tree = map[string][]string{"g1": {"v1", "t1", "c1"}, "v1": {"t1", "c1"}, "v2": {"t1", "c1"}, "t1": {"c1"}, "c1": nil}

func ancestors(area string) []string { return tree[area] }

// above makes x1 the unit above all others, and the area above x2.
var above = Above{Units: func(string) []string { return []string{"x1"} }, Areas: func(area string) []string {
	if area == "x2" {
		return []string{"x1"}
	}
	return nil
}}

// A role sees its own, its unit or its area; one that no pack knows sees its own.
func TestAScopeIsMadeOfPosts(t *testing.T) {
	post := func(role string) Post {
		return Post{ID: "p/" + role, Role: role, UnitID: "u1", AreaID: "v1", AreaLevel: Village}
	}
	own := []Branch{{PersonBranch, 0, "li"}}
	for role, want := range map[string][]Branch{
		"dispatcher": {{PostBranch, 0, "p/dispatcher"}, {UnitBranch, 0, "u1"}, {AreaBranch, Village, "v1"}},
		"clerk":      {{PostBranch, 0, "p/clerk"}, {UnitBranch, 0, "u1"}},
		"unheard_of": {{PostBranch, 0, "p/unheard_of"}},
	} {
		a := Actor{PersonID: "li", Jurisdiction: "j", Posts: []Post{post(role)}}
		if d := cmp.Diff(append(slices.Clone(own), want...), a.Scope(sees, Above{}).Branches); d != "" {
			t.Errorf("%s: %s", role, d)
		}
		acting := Actor{PersonID: "li", Jurisdiction: "j", Acting: []Acting{{Post: post(role)}}}
		if d := cmp.Diff(a.Scope(sees, Above{}), acting.Scope(sees, Above{})); d != "" {
			t.Errorf("acting as %s sees something else: %s", role, d)
		}
	}
}

// An area inside another of the actor's areas is dropped, and so is what is there twice.
func TestAScopeIsMinimal(t *testing.T) {
	a := Actor{PersonID: "li", Jurisdiction: "j", Posts: []Post{
		{ID: "p1", Role: "dispatcher", UnitID: "u1", AreaID: "g1", AreaLevel: Grid},
		{ID: "p2", Role: "dispatcher", UnitID: "u1", AreaID: "v2", AreaLevel: Village},
		{ID: "p3", Role: "dispatcher", UnitID: "u1", AreaID: "v1", AreaLevel: Village},
		{ID: "p4", Role: "dispatcher", UnitID: "u2", AreaID: "v2", AreaLevel: Village},
	}}
	want := []Branch{{PersonBranch, 0, "li"}, {PostBranch, 0, "p1"}, {PostBranch, 0, "p2"}, {PostBranch, 0, "p3"}, {PostBranch, 0, "p4"},
		{UnitBranch, 0, "u1"}, {UnitBranch, 0, "u2"}, {AreaBranch, Village, "v1"}, {AreaBranch, Village, "v2"}}
	if d := cmp.Diff(want, a.Scope(sees, Above{Areas: ancestors}).Branches); d != "" {
		t.Fatal(d)
	}
	if n := len(a.Scope(sees, Above{}).Branches); n != len(want)+1 {
		t.Fatalf("without a tree the grid stays: %d", n)
	}
}

// Nobody, and somebody without a jurisdiction, see nothing, whatever the case.
func TestAnEmptyScopeReachesNothing(t *testing.T) {
	sub := Subject{Jurisdiction: "j"}
	for _, s := range []Scope{{}, {Jurisdiction: "j"}, Actor{}.Scope(sees, Above{}), {Branches: []Branch{{PersonBranch, 0, "li"}}}} {
		if s.Covers(sub) || s.Covers(Subject{}) || s.Covers(Subject{Reporter: "li", People: []string{"", "li"}}) {
			t.Errorf("%+v reaches something", s)
		}
		if s.Jurisdiction == "" && s.SQL(1) != nil {
			t.Errorf("%+v has SQL", s)
		}
	}
}

// There are nine texts of a branch for each of a few numbers of marks, so that each can be a
// prepared statement.
func TestBranchesHaveFewTexts(t *testing.T) {
	texts := map[string]bool{}
	for marks := 1; marks <= 16; marks++ {
		for kind := PersonBranch; kind <= AreaBranch; kind++ {
			for level := Province; level <= Micro; level++ {
				for _, id := range []string{"a", "b"} {
					b := Scope{Jurisdiction: "j", Branches: []Branch{{kind, level, id}}, Marks: make([]string, marks)}.SQL(1)[0]
					texts[b.Join+" "+b.Where] = true
				}
			}
		}
	}
	if len(texts) != 3*9 {
		t.Fatalf("%d texts", len(texts))
	}
}

// A case that is kept from somebody is kept from them in every post, own or another's, and from
// whoever acts for them; not from their own reports, and not from those above.
func TestWhatIsKeptFromSomebody(t *testing.T) {
	places := Above{Areas: ancestors, Units: func(u string) []string { return map[string][]string{"crew": {"committee"}}[u] }}
	post := func(person, unit, area string, level Level) Post {
		return Post{ID: person + unit, PersonID: person, Role: "dispatcher", UnitID: unit, AreaID: area, AreaLevel: level}
	}
	village, town := post("vera", "committee", "v1", Village), post("vera", "office", "t1", Township)
	for name, x := range map[string]struct {
		actor Actor
		kept  string
		sees  bool
	}{
		"the person accused, in another post":         {Actor{PersonID: "vera", Posts: []Post{town}}, "person/vera", false},
		"a colleague of the person accused":           {Actor{PersonID: "ted", Posts: []Post{post("ted", "office", "t1", Township)}}, "person/vera", true},
		"who acts for the person accused":             {Actor{PersonID: "ted", Posts: []Post{post("ted", "office", "t1", Township)}, Acting: []Acting{{Post: village}}}, "person/vera", false},
		"the person accused, acting for another":      {Actor{PersonID: "vera", Acting: []Acting{{Post: post("ted", "office", "t1", Township)}}}, "person/vera", false},
		"a unit accused, by a second post elsewhere":  {Actor{PersonID: "vera", Posts: []Post{village, town}}, "unit/committee", false},
		"a unit below the one accused":                {Actor{PersonID: "carl", Posts: []Post{post("carl", "crew", "t1", Township)}}, "unit/committee", false},
		"the unit above the one accused":              {Actor{PersonID: "ted", Posts: []Post{post("ted", "office", "t1", Township)}}, "unit/committee", true},
		"a grid of the village avoided":               {Actor{PersonID: "gina", Posts: []Post{post("gina", "", "g1", Grid), town}}, "area/v1", false},
		"the township of the village avoided":         {Actor{PersonID: "ted", Posts: []Post{post("ted", "office", "t1", Township)}}, "area/v1", true},
		"a person of the same id as the unit accused": {Actor{PersonID: "committee", Posts: []Post{post("committee", "office", "t1", Township)}}, "unit/committee", true},
	} {
		x.actor.Jurisdiction = "j"
		sub := Subject{Jurisdiction: "j", Kept: []string{x.kept}}
		sub.Areas[Township], sub.Areas[County] = "t1", "c1"
		s := x.actor.Scope(sees, places)
		if s.Covers(sub) != x.sees {
			t.Errorf("%s: %v", name, !x.sees)
		}
		if sub.Reporter = x.actor.PersonID; !s.Covers(sub) {
			t.Errorf("%s: does not see his own report", name)
		}
	}
}

const (
	pool = 3 // of ids of each kind: few, so that things meet
)

// world makes the tables that scopes look at, as small as can be.
func world(t *testing.T, d *db.DB) {
	t.Helper()
	columns := strings.Join(areaColumns[Province:], " TEXT NOT NULL, ") + " TEXT NOT NULL"
	err := d.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, db.Stmt(`CREATE TABLE scope_case (id TEXT PRIMARY KEY, root_id TEXT NOT NULL, reporter_id TEXT NOT NULL, jurisdiction TEXT NOT NULL, `+columns+`)`)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE scope_shield (root_id TEXT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (root_id, subject))`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `CREATE TABLE scope_involved (subject TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (subject, case_id))`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// put replaces everything in the world by subjects, numbered.
func put(ctx context.Context, d *db.DB, subjects []Subject) error {
	return d.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		for _, s := range []db.Stmt{`DELETE FROM scope_shield`, `DELETE FROM scope_involved`, `DELETE FROM scope_case`} {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		for i, sub := range subjects {
			args := []any{fmt.Sprint(i), fmt.Sprint("root ", i), sub.Reporter, sub.Jurisdiction}
			for _, a := range sub.Areas[Province:] {
				args = append(args, a)
			}
			if _, err := tx.Exec(ctx, `INSERT INTO scope_case VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, args...); err != nil {
				return err
			}
			if err := involve(ctx, tx, fmt.Sprint(i), sub); err != nil {
				return err
			}
			for _, m := range sub.Kept {
				if _, err := tx.Exec(ctx, `INSERT INTO scope_shield (root_id, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING`, fmt.Sprint("root ", i), m); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// involve writes who takes part in a case or reported it.
func involve(ctx context.Context, tx *db.Tx, caseID string, sub Subject) error {
	var who []Branch
	for _, id := range append(slices.Clone(sub.People), sub.Reporter) {
		who = append(who, Branch{Kind: PersonBranch, ID: id})
	}
	for _, id := range sub.Posts {
		who = append(who, Branch{Kind: PostBranch, ID: id})
	}
	for _, id := range sub.Units {
		who = append(who, Branch{Kind: UnitBranch, ID: id})
	}
	for _, b := range who {
		if b.ID == "" {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO scope_involved (subject, case_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, b.Involved(), caseID); err != nil {
			return err
		}
	}
	return nil
}

// found runs the scope's SQL: one UNION, and each branch by itself.
func found(ctx context.Context, d *db.DB, s Scope) (union, single []string, err error) {
	run := func(ctx context.Context, tx *db.Tx, s Scope) ([]string, error) {
		var texts []string
		var args []any
		for _, b := range s.SQL(1) {
			text := `SELECT c.id FROM scope_case c ` + b.Join + ` WHERE ` + b.Where
			texts = append(texts, strings.NewReplacer("JOIN involved ", "JOIN scope_involved ", "FROM shield ", "FROM scope_shield ").Replace(text))
			args = append(args, b.Args...)
		}
		if len(texts) == 0 {
			return nil, nil
		}
		return ids(ctx, tx, db.Stmt(strings.Join(texts, " UNION ")), args...)
	}
	err = d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if union, err = run(ctx, tx, s); err != nil {
			return err
		}
		for _, branch := range s.Branches {
			some, err := run(ctx, tx, Scope{Jurisdiction: s.Jurisdiction, Branches: []Branch{branch}, Marks: s.Marks})
			if err != nil {
				return err
			}
			single = append(single, some...)
		}
		return nil
	})
	slices.Sort(union)
	slices.Sort(single)
	return union, slices.Compact(single), err
}

func drawID(kind string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if n := rapid.IntRange(0, pool).Draw(t, kind); n > 0 {
			return fmt.Sprintf("%s%d", kind, n)
		}
		return ""
	})
}

var (
	drawJurisdiction = rapid.SampledFrom([]string{"j1", "j2"})
	drawSubject      = rapid.Custom(func(t *rapid.T) Subject {
		s := Subject{Jurisdiction: drawJurisdiction.Draw(t, "jurisdiction"), Reporter: drawID("x").Draw(t, "reporter"),
			People: rapid.SliceOfN(drawID("x"), 0, 2).Draw(t, "people"), Posts: rapid.SliceOfN(drawID("x"), 0, 1).Draw(t, "posts"),
			Units: rapid.SliceOfN(drawID("x"), 0, 2).Draw(t, "units")}
		for level := Province; level <= Micro; level++ {
			s.Areas[level] = drawID("x").Draw(t, "area")
		}
		for _, mark := range rapid.SliceOfN(rapid.SampledFrom([]func(string) string{PersonMark, UnitMark, AreaMark}), 0, 2).Draw(t, "kept") {
			s.Kept = append(s.Kept, mark(drawID("x").Draw(t, "mark")))
		}
		return s
	})
	drawPost = rapid.Custom(func(t *rapid.T) Post {
		return Post{ID: drawID("x").Draw(t, "post"), Role: rapid.SampledFrom([]string{"clerk", "dispatcher", "visitor"}).Draw(t, "role"),
			UnitID: drawID("x").Draw(t, "unit"), AreaID: drawID("x").Draw(t, "area"), AreaLevel: Level(rapid.IntRange(0, int(Micro)+1).Draw(t, "level"))}
	})
	drawActor = rapid.Custom(func(t *rapid.T) Actor {
		a := Actor{PersonID: drawID("x").Draw(t, "person"), Jurisdiction: rapid.SampledFrom([]string{"", "j1", "j2"}).Draw(t, "jurisdiction"),
			Posts: rapid.SliceOfN(drawPost, 0, 3).Draw(t, "posts")}
		for _, p := range rapid.SliceOfN(drawPost, 0, 1).Draw(t, "acting") {
			a.Acting = append(a.Acting, Acting{Post: p})
		}
		return a
	})
)

// Whatever the actor and the cases, the check of a case and the SQL of the list agree: in one
// UNION, branch by branch, on both engines. All ids share one pool, so a unit and a person of
// the same id must not be taken for each other.
func TestCheckAndSQLAgree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		world(t, d)
		ctx := t.Context()
		var reached, missed int
		rapid.Check(t, func(t *rapid.T) {
			subjects := rapid.SliceOfN(drawSubject, 1, 8).Draw(t, "subjects")
			if err := put(ctx, d, subjects); err != nil {
				t.Fatal(err)
			}
			for _, a := range rapid.SliceOfN(drawActor, 1, 4).Draw(t, "actors") {
				s := a.Scope(sees, above)
				var want []string
				for i, sub := range subjects {
					if s.Covers(sub) {
						want = append(want, fmt.Sprint(i))
					}
				}
				union, single, err := found(ctx, d, s)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(want, union) || !slices.Equal(want, single) {
					t.Fatalf("the check says %v, UNION %v, the branches %v\nscope %+v", want, union, single, s)
				}
				reached += len(want)
				missed += len(subjects) - len(want)
			}
		})
		if reached < 50 || missed < 50 {
			t.Fatalf("the test tests little: %d reached, %d missed", reached, missed)
		}
	})
}

// Dropping areas inside others changes what is looked at, never what is found.
func TestMinimalScopesReachTheSame(t *testing.T) {
	levels := map[string]Level{"c1": County, "t1": Township, "v1": Village, "v2": Village, "g1": Grid}
	names := []string{"c1", "g1", "t1", "v1", "v2"}
	rapid.Check(t, func(t *rapid.T) {
		a := Actor{PersonID: "li", Jurisdiction: "j"}
		for _, id := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 4).Draw(t, "areas") {
			a.Posts = append(a.Posts, Post{Role: "dispatcher", AreaID: id, AreaLevel: levels[id]})
		}
		full, small := a.Scope(sees, Above{}), a.Scope(sees, Above{Areas: ancestors})
		for _, at := range names {
			sub := Subject{Jurisdiction: "j"}
			for _, id := range append([]string{at}, tree[at]...) {
				sub.Areas[levels[id]] = id
			}
			if full.Covers(sub) != small.Covers(sub) {
				t.Fatalf("%s: %v became %v", at, full.Branches, small.Branches)
			}
		}
		if len(small.Branches) > len(full.Branches) {
			t.Fatal("it grew")
		}
	})
}
