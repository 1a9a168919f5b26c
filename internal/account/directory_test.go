package account

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/db"
	"gezhi/internal/territory"
)

func idsOf(posts []Post) (all []string) {
	for _, p := range posts {
		all = append(all, p.ID)
	}
	return all
}

// The directory knows who holds what, where and when: at once what this process did, and after
// a refresh what another did.
func TestTheDirectory(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		li, wang := o.person("li"), o.person("wang")
		first, second := o.post(li.ID, "clerk"), o.post(wang.ID, "clerk")
		third, err := o.GivePost(t.Context(), "", NewPost{PersonID: wang.ID, Role: "grid_worker", AreaID: "g1", AreaLevel: territory.Grid, From: monday.Add(time.Hour), Until: monday.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.EndPost(t.Context(), "", first.ID, monday.Add(30*time.Minute)); err != nil {
			t.Fatal(err)
		}
		other := New(o.DB)
		if err := other.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		later := monday.Add(time.Hour)
		for name, d := range map[string]*Directory{"own": &o.Holders, "other": &other.Holders} {
			for what, c := range map[string]struct{ got, want []string }{
				"in area":       {idsOf(d.InArea("clerk", "v1", monday)), []string{first.ID, second.ID}},
				"in area later": {idsOf(d.InArea("clerk", "v1", later)), []string{second.ID}},
				"other role":    {idsOf(d.InArea("grid_worker", "v1", later)), nil},
				"any role":      {idsOf(d.InUnit("", "u1", monday)), []string{first.ID, second.ID}},
				"in no unit":    {idsOf(d.InUnit("", "", later)), nil},
				"with role":     {idsOf(d.WithRole("j1", "grid_worker", later)), []string{third.ID}},
				"elsewhere":     {idsOf(d.WithRole("j2", "grid_worker", later)), nil},
				"of":            {idsOf(d.Of(wang.ID, later)), []string{second.ID, third.ID}},
				"of, after":     {idsOf(d.Of(wang.ID, monday.Add(2*time.Hour))), []string{second.ID}},
			} {
				if !slices.Equal(c.got, c.want) {
					t.Errorf("%s, %s: %v, not %v", name, what, c.got, c.want)
				}
			}
			if p, ok := d.Post(third.ID); !ok || !cmp.Equal(p, third) {
				t.Errorf("%s: %+v", name, p)
			}
			if _, ok := d.Post("none"); ok {
				t.Errorf("%s knows a post that is not", name)
			}
		}
		if err := o.EndPerson(t.Context(), "", wang.ID); err != nil {
			t.Fatal(err)
		}
		if got := o.Holders.Of(wang.ID, later); len(got) != 0 {
			t.Errorf("somebody who left holds %v", got)
		}
		if got := other.Holders.Of(wang.ID, later); len(got) != 2 {
			t.Errorf("the other process knows without asking: %v", got)
		}
		if err := other.Refresh(t.Context()); err != nil || len(other.Holders.Of(wang.ID, later)) != 0 {
			t.Error("not refreshed", err)
		}
	})
}

// Refreshing while posts are given loses none.
func TestRefreshingLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("li")
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for range 5 {
					o.post(p.ID, "clerk")
					if err := o.Refresh(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := len(o.Holders.Of(p.ID, monday)); n != 50 {
			t.Errorf("%d of 50", n)
		}
	})
}

// An import enrols and appoints in its own transaction: all or nothing, in the database and in
// memory, and a login that is there already is found.
func TestAnImportIsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		no := errors.New("no")
		take := func(end error) error {
			return o.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
				p, err := o.Enrol(ctx, tx, "", NewPerson{Jurisdiction: "j1", Name: "样例", Login: "Li", Password: "is not looked at", Nature: "sample"})
				if err != nil {
					return err
				}
				if found, err := o.PersonByLogin(ctx, tx, "LI"); err != nil || found.ID != p.ID {
					t.Error(found, err)
				}
				_, err = o.PersonByLogin(ctx, tx, "")
				want(t, err, "person.none")
				if _, err := o.Appoint(ctx, tx, "", NewPost{PersonID: p.ID, Role: "clerk"}); err != nil {
					return err
				}
				return end
			})
		}
		if err := take(no); !errors.Is(err, no) {
			t.Fatal(err)
		}
		if n := len(o.Holders.WithRole("j1", "clerk", monday)) + o.leaves("person.created"); n != 0 {
			t.Errorf("%d left of nothing", n)
		}
		if err := take(nil); err != nil {
			t.Fatal(err)
		}
		if len(o.Holders.WithRole("j1", "clerk", monday)) != 1 || o.leaves("person.created") != 1 || o.leaves("post.given") != 1 {
			t.Error("not all is there")
		}
		want(t, take(nil), "person.login_taken")
		_, _, err := o.LogIn(t.Context(), "li", "is not looked at", Origin{})
		want(t, err, "session.wrong")
	})
}
