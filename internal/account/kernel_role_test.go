package account

import (
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gezhi/internal/fault"
)

// Nobody has two of the three administrations at one time, not even when both are given at the
// same moment; one after the other is no such case.
func TestNobodyHasTwoAdministrations(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p, other := o.person("wang"), o.person("zhao")
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[string]int{}
		for _, role := range KernelRoles() {
			wg.Go(func() {
				_, err := o.GivePost(t.Context(), "boss", NewPost{PersonID: p.ID, Role: role})
				mu.Lock()
				defer mu.Unlock()
				codes[fault.CodeOf(err)]++
			})
		}
		wg.Wait()
		if codes[""] != 1 || codes["post.one_administration"] != 2 {
			t.Fatal(codes)
		}
		if _, err := o.GivePost(t.Context(), "boss", NewPost{PersonID: other.ID, Role: AuditAdmin, Until: o.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		_, err := o.GivePost(t.Context(), "boss", NewPost{PersonID: other.ID, Role: SystemAdmin, From: o.Now().Add(time.Hour - time.Millisecond)})
		want(t, err, "post.one_administration")
		_, err = o.GivePost(t.Context(), "boss", NewPost{PersonID: other.ID, Role: SystemAdmin, From: o.Now().Add(time.Hour)})
		want(t, err, "")
	})
}

// An administrator's post stands nowhere, nobody acts in it, and who comes to hold it logs in
// anew.
func TestAnAdministratorsPost(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p, other := o.person("wang"), o.person("zhao")
		token := o.logIn("wang")
		_, err := o.GivePost(t.Context(), "boss", NewPost{PersonID: p.ID, Role: AuditAdmin, AreaID: "v1", AreaLevel: Village})
		want(t, err, "post.administrators_have_no_place")
		post, err := o.GivePost(t.Context(), "boss", NewPost{PersonID: p.ID, Role: AuditAdmin})
		want(t, err, "")
		_, err = o.Who(t.Context(), token)
		want(t, err, "session.none")
		_, err = o.Delegate(t.Context(), "boss", Delegation{PostID: post.ID, To: other.ID, Until: o.Now().Add(time.Hour)})
		want(t, err, "delegation.of_administration")

		a := o.who(o.logIn("wang"))
		if _, err := Administrator(With(t.Context(), a), SystemAdmin, AuditAdmin); err != nil {
			t.Error(err)
		}
		_, err = Administrator(With(t.Context(), a), SystemAdmin, SecurityAdmin)
		want(t, err, "admin.not_yours")
		acting := Actor{PersonID: "x", Acting: []Acting{{Post: post}}}
		_, err = Administrator(With(t.Context(), acting), AuditAdmin)
		want(t, err, "admin.not_yours")
		_, err = Administrator(t.Context(), AuditAdmin)
		want(t, err, "session.none")
	})
}

// However far roles look, an administrator's adds nothing to where somebody may look.
func TestAdministratorsSeeNoCase(t *testing.T) {
	for _, role := range KernelRoles() {
		bare := Actor{PersonID: "p", Jurisdiction: "j"}
		with := bare
		with.Posts = []Post{{ID: "post", PersonID: "p", Role: role}}
		far := func(string) Sees { return SeesArea }
		if a, b := bare.Scope(far, Above{}), with.Scope(far, Above{}); len(a.Branches) != len(b.Branches) {
			t.Errorf("%s: %v", role, b.Branches)
		}
	}
}

// Two spans overlap exactly when some moment lies in both.
func TestOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string, least int64) time.Time {
			n := rapid.Int64Range(least, 12).Draw(t, name)
			if n == 0 {
				return time.Time{}
			}
			return time.Unix(n, 0)
		}
		from, from2, until, until2 := at("from", 1), at("from2", 1), at("until", 0), at("until2", 0)
		if !until.IsZero() && !from.Before(until) || !until2.IsZero() && !from2.Before(until2) {
			return
		}
		both := false
		for n := int64(1); n < 20; n++ {
			now := time.Unix(n, 0)
			both = both || covers(from, until, now) && covers(from2, until2, now)
		}
		if got := overlap(from, until, from2, until2); got != both {
			t.Fatalf("%v", got)
		}
	})
}
