package account

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"gezhi/internal/db"
)

func (o office) roll() *Roll {
	o.t.Helper()
	r, err := o.Roll(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func idsOf(posts []Post) (all []string) {
	for _, p := range posts {
		all = append(all, p.ID)
	}
	return all
}

// The roll knows who holds what, where and when, in the order in which posts were given, and
// who is with us; whatever changes it is counted.
func TestTheRoll(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		counted := o.Generation()
		changes := func(what string) {
			t.Helper()
			if g := o.Generation(); g == counted {
				t.Errorf("%s is not counted", what)
			} else {
				counted = g
			}
		}
		li, wang := o.person("li"), o.person("wang")
		changes("a person")
		first, second := o.post(li.ID, "clerk"), o.post(wang.ID, "clerk")
		changes("a post")
		third, err := o.GivePost(t.Context(), "", NewPost{PersonID: wang.ID, Role: "grid_worker", AreaID: "g1", AreaLevel: Grid, From: monday.Add(time.Hour), Until: monday.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.EndPost(t.Context(), "", first.ID, monday.Add(30*time.Minute)); err != nil {
			t.Fatal(err)
		}
		changes("the end of a post")
		r, later := o.roll(), monday.Add(time.Hour)
		for what, c := range map[string]struct{ got, want []string }{
			"in area":       {idsOf(r.InArea("clerk", "v1", monday)), []string{first.ID, second.ID}},
			"in area later": {idsOf(r.InArea("clerk", "v1", later)), []string{second.ID}},
			"other role":    {idsOf(r.InArea("grid_worker", "v1", later)), nil},
			"any role":      {idsOf(r.InUnit("", "u1", monday)), []string{first.ID, second.ID}},
			"with role":     {idsOf(r.WithRole("j1", "grid_worker", later)), []string{third.ID}},
			"elsewhere":     {idsOf(r.WithRole("j2", "grid_worker", later)), nil},
			"of":            {idsOf(r.Of(wang.ID, later)), []string{second.ID, third.ID}},
			"of, after":     {idsOf(r.Of(wang.ID, monday.Add(2*time.Hour))), []string{second.ID}},
		} {
			if !slices.Equal(c.got, c.want) {
				t.Errorf("%s: %v, not %v", what, c.got, c.want)
			}
		}
		if p, ok := r.Post(third.ID); !ok || p.PersonID != wang.ID || !r.Known(li.ID, li.Jurisdiction) || r.Known(li.ID, "elsewhere") || r.Known("none", li.Jurisdiction) || r.Name(li.ID) != li.Name {
			t.Errorf("%+v", p)
		}
		if err := o.EndPerson(t.Context(), "", wang.ID); err != nil {
			t.Fatal(err)
		}
		changes("the end of somebody's time")
		if r := o.roll(); r.Known(wang.ID, wang.Jurisdiction) || len(r.Of(wang.ID, later)) != 0 {
			t.Error("somebody who left is on the roll")
		}
	})
}

// An import enrols in its own transaction: all or nothing. The same line again changes nothing,
// another name under the login is refused, and whoever left does not come back by it.
func TestAnImportIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		take := func(name, role string, end error) (begun, taken bool) {
			t.Helper()
			err := o.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) (err error) {
				var out Enrolled
				out, err = o.Enrol(ctx, tx, "", Enrolment{Jurisdiction: "j1", Name: name, Login: "Li", Nature: "sample", Post: NewPost{Role: role}})
				begun, taken = out == Begun, out == Taken
				return errors.Join(err, end)
			})
			if !errors.Is(err, end) {
				t.Error(err)
			}
			return begun, taken
		}
		take("样例", "clerk", errors.New("no"))
		if n := len(o.roll().WithRole("j1", "clerk", monday)) + o.leaves("person.created"); n != 0 {
			t.Errorf("%d left of nothing", n)
		}
		for i, c := range []struct {
			name, role           string
			begun, taken         bool
			people, posts, roles int
		}{
			{"样例", "clerk", true, false, 1, 1, 1}, {"样例", "clerk", false, false, 1, 1, 1}, {"样例", "dispatcher", true, false, 1, 2, 1}, {"另一样例", "clerk", false, true, 1, 2, 1},
		} {
			begun, taken := take(c.name, c.role, nil)
			if begun != c.begun || taken != c.taken || o.leaves("person.created") != c.people || o.leaves("post.given") != c.posts || len(o.roll().WithRole("j1", c.role, monday)) != c.roles {
				t.Errorf("line %d: begun %v, taken %v", i, begun, taken)
			}
		}
		_, _, err := o.LogIn(t.Context(), "li", "", "", Origin{})
		want(t, err, "session.wrong")
		if err := o.EndPerson(t.Context(), "", o.roll().WithRole("j1", "clerk", monday)[0].PersonID); err != nil {
			t.Fatal(err)
		}
		if begun, taken := take("样例", "clerk", nil); begun || !taken {
			t.Error("somebody who left came back")
		}
	})
}
