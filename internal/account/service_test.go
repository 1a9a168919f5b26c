package account

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/privacy"
)

// monday is when every test begins: 2026-03-02 09:00 in China.
var monday = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

const password = "a sample password"

// office is a service with a clock set by hand, on a fresh database of either engine.
type office struct {
	*Service
	t     *testing.T
	clock *clock.Hand
}

func each(t *testing.T, fn func(t *testing.T, o office)) {
	t.Helper()
	eachUnproved(t, func(t *testing.T, o office) {
		fn(t, o)
		if r, err := (&audit.Verifier{DB: o.DB}).Run(t.Context()); err != nil || !r.OK {
			t.Errorf("a row is not what the leaves say: %v, %+v", err, r)
		}
	})
}

// eachUnproved is each for a test that writes rows by hand, which no leaf names.
func eachUnproved(t *testing.T, fn func(t *testing.T, o office)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := office{New(d), t, clock.At(monday)}
		o.Vault = privacy.InMemory(d, o.clock.Now, id.New)
		o.Now = o.clock.Now
		fn(t, o)
	})
}

func (o office) person(login string) Person {
	o.t.Helper()
	p, err := o.CreatePerson(o.t.Context(), "", NewPerson{Jurisdiction: "j1", Name: "样例 " + login, Login: login, Password: password, Nature: "sample"})
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

func (o office) post(personID, role string) Post {
	o.t.Helper()
	p, err := o.GivePost(o.t.Context(), "boss", NewPost{PersonID: personID, Role: role, UnitID: "u1", AreaID: "v1", AreaLevel: Village, Seat: Leader})
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

func (o office) logIn(login string) string {
	o.t.Helper()
	token, _, err := o.LogIn(o.t.Context(), login, password, "", Origin{Addr: "192.0.2.1", UserAgent: "test"})
	if err != nil {
		o.t.Fatal(err)
	}
	return token
}

func (o office) who(token string) Actor {
	o.t.Helper()
	a, err := o.Who(o.t.Context(), token)
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// leaves counts the audit leaves of one kind of act.
func (o office) leaves(act string) (n int) {
	o.t.Helper()
	err := o.DB.Read(o.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, `SELECT count(*) FROM audit_leaf WHERE act = $1`, []any{act}, &n)
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

func want(t *testing.T, err error, code string) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// A person logs in with the login in any case and the right password, is known by the token
// with the posts held, and is unknown after logging out.
func TestLogInAndOut(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("Wang.Li")
		post := o.post(p.ID, "grid_worker")
		token, a, err := o.LogIn(t.Context(), " WANG.li ", password, "", Origin{UserAgent: "phone"})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(a, o.who(token)); d != "" {
			t.Fatal(d)
		}
		if a.PersonID != p.ID || a.Jurisdiction != "j1" || !cmp.Equal(a.Posts, []Post{post}) || !a.Has("grid_worker") || a.Has("clerk") {
			t.Fatalf("%+v", a)
		}
		all, err := o.Sessions(t.Context(), p.ID)
		if err != nil || len(all) != 1 || all[0].UserAgent != "phone" || !all[0].CreatedAt.Equal(monday) {
			t.Fatal(all, err)
		}
		if err := o.LogOut(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		_, err = o.Who(t.Context(), token)
		want(t, err, "session.none")
		if err := o.LogOut(t.Context(), token); err != nil {
			t.Error("logging out twice:", err)
		}
		if n := o.leaves("session.opened") + o.leaves("session.closed"); n != 2 {
			t.Errorf("%d leaves", n)
		}
	})
}

// A wrong password, an unknown login, somebody without a password and somebody who has left
// all look the same.
func TestWrongLogInsLookAlike(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		if _, err := o.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: "j1", Name: "无密码样例", Login: "mute"}); err != nil {
			t.Fatal(err)
		}
		gone := o.person("gone")
		if err := o.EndPerson(t.Context(), "boss", gone.ID); err != nil {
			t.Fatal(err)
		}
		for i, c := range [][2]string{{"wang", "wrong password"}, {"wang", ""}, {"nobody", password}, {"mute", ""}, {"mute", password}, {"gone", password}, {"", ""}, {"", password}} {
			_, _, err := o.LogIn(t.Context(), c[0], c[1], "", Origin{Addr: fmt.Sprint(i)})
			want(t, err, "session.wrong")
			if f := new(fault.Error); errors.As(err, &f) && (f.Kind != fault.Unauthenticated || len(f.Args) > 0) {
				t.Errorf("%q: %+v", c, f)
			}
		}
	})
}

// What is kept of a token and a password cannot be used to log in.
func TestSecretsAreNotKeptInClear(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		token := o.logIn("wang")
		var kept, hash string
		err := o.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := tx.Row(ctx, `SELECT token_hash FROM session WHERE person_id = $1`, []any{p.ID}, &kept); err != nil {
				return err
			}
			return tx.Row(ctx, `SELECT password_hash FROM person WHERE id = $1`, []any{p.ID}, &hash)
		})
		if err != nil || kept == token || kept != hashToken(token) || hash == password {
			t.Fatal(kept, hash, err)
		}
		_, err = o.Who(t.Context(), kept)
		want(t, err, "session.none")
	})
}

// Two people cannot have one login, also when both are made at once and in different letters.
func TestALoginIsOnePersons(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for i := range 10 {
			wg.Go(func() {
				_, err := o.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: fmt.Sprintf("j%d", i%2), Name: "样例", Login: []string{"same", "SAME "}[i%2]})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					made++
				} else {
					want(t, err, "person.login_taken")
				}
			})
		}
		wg.Wait()
		if made != 1 || o.leaves("person.created") != 1 {
			t.Fatalf("%d made, %d leaves", made, o.leaves("person.created"))
		}
		for range 2 { // no login is not a login
			if _, err := o.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: "j1", Name: "样例"}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What is wrong with a person or a post is named, and nothing is kept.
func TestWhatIsWrongIsNamed(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		paths := func(err error) (all []string) {
			var f *fault.Error
			if errors.As(err, &f) && f.Kind == fault.Invalid {
				for _, at := range f.At {
					all = append(all, at.Path)
				}
			}
			return all
		}
		_, err := o.CreatePerson(t.Context(), "", NewPerson{Login: "a b", Locale: "fr"})
		if d := cmp.Diff([]string{"jurisdiction", "name", "login", "locale"}, paths(err)); d != "" {
			t.Error(d)
		}
		_, err = o.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: "j1", Name: "样例", Password: password})
		if d := cmp.Diff([]string{"login"}, paths(err)); d != "" {
			t.Error(d)
		}
		for _, bad := range []string{"short", "long.login", "\xff\xfe\xff\xfe\xff\xfe\xff\xfe"} {
			_, err = o.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: "j1", Name: "样例", Login: "long.login", Password: bad})
			want(t, err, "password.unfit")
		}
		p := o.person("wang")
		_, err = o.GivePost(t.Context(), "", NewPost{PersonID: p.ID, AreaID: "v1", Seat: "king", From: monday, Until: monday})
		if d := cmp.Diff([]string{"role", "area_level", "seat", "unit_id", "until"}, paths(err)); d != "" {
			t.Error(d)
		}
		_, err = o.GivePost(t.Context(), "", NewPost{PersonID: "nobody", Role: "clerk"})
		want(t, err, "person.none")
		if n := o.leaves("person.created") + o.leaves("post.given"); n != 1 {
			t.Errorf("%d leaves", n)
		}
	})
}

// A change of post changes rights at once, although who asks is remembered; the post that has
// ended stays in history, and no leaf is missing.
func TestAChangeOfPostChangesRightsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		token := o.logIn("wang")
		if len(o.who(token).Posts) != 0 {
			t.Fatal("a post from nowhere")
		}
		post := o.post(p.ID, "clerk")
		if !o.who(token).Has("clerk") {
			t.Fatal("the new post is not seen")
		}
		if err := o.EndPost(t.Context(), "boss", post.ID, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if o.who(token).Has("clerk") {
			t.Fatal("the ended post still counts")
		}
		want(t, o.EndPost(t.Context(), "boss", post.ID, time.Time{}), "post.ended")
		want(t, o.EndPost(t.Context(), "boss", "nothing", time.Time{}), "post.none")
		all, err := o.Posts(t.Context(), p.ID)
		if err != nil || len(all) != 1 || !all[0].Until.Equal(monday) {
			t.Fatal(all, err)
		}
		if o.leaves("post.given") != 1 || o.leaves("post.ended") != 1 {
			t.Fatal("leaves are missing")
		}
	})
}

// A post counts from its first moment to just before its end, also while the asker is
// remembered.
func TestAPostHasItsTime(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.Fresh = 24 * time.Hour
		p := o.person("wang")
		token := o.logIn("wang")
		_, err := o.GivePost(t.Context(), "boss", NewPost{PersonID: p.ID, Role: "clerk", From: monday.Add(time.Hour), Until: monday.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			after time.Duration
			has   bool
		}{{0, false}, {time.Hour - 1e6, false}, {time.Hour, true}, {2*time.Hour - 1e6, true}, {2 * time.Hour, false}} {
			o.clock.Set(monday.Add(step.after))
			if o.who(token).Has("clerk") != step.has {
				t.Errorf("after %s: %v", step.after, !step.has)
			}
		}
	})
}

// A change by another process is seen once what is remembered is no longer fresh.
func TestAnotherProcessSeesAChangeWhenFreshnessEnds(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		other := New(o.DB)
		other.Now = o.Now
		p := o.person("wang")
		token := o.logIn("wang")
		if a, err := other.Who(t.Context(), token); err != nil || a.Has("clerk") {
			t.Fatal(a, err)
		}
		o.post(p.ID, "clerk")
		o.clock.Add(other.Fresh)
		if a, err := other.Who(t.Context(), token); err != nil || !a.Has("clerk") {
			t.Fatal(a, err)
		}
	})
}

// A colleague acts in the post of somebody absent, from and until the moments that were
// recorded, and only while the post itself lasts.
func TestDelegation(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		away, stand := o.person("away"), o.person("stand")
		post := o.post(away.ID, "dispatcher")
		token := o.logIn("stand")
		d, err := o.Delegate(t.Context(), "boss", Delegation{PostID: post.ID, To: stand.ID, Until: monday.Add(48 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		a := o.who(token)
		wantActing := []Acting{{Post: post, HolderName: away.Name, Delegation: d.ID}}
		if !cmp.Equal(a.Acting, wantActing) || !a.Has("dispatcher") || len(a.Posts) != 0 {
			t.Fatalf("%+v", a)
		}
		if err := o.EndDelegation(t.Context(), "boss", d.ID); err != nil {
			t.Fatal(err)
		}
		if o.who(token).Has("dispatcher") {
			t.Fatal("the delegation has ended")
		}
		want(t, o.EndDelegation(t.Context(), "boss", d.ID), "delegation.ended")
		if _, err := o.Delegate(t.Context(), "boss", Delegation{PostID: post.ID, To: stand.ID, Until: monday.Add(48 * time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if !o.who(token).Has("dispatcher") {
			t.Fatal("delegated again, and not seen")
		}
		if err := o.EndPost(t.Context(), "boss", post.ID, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if o.who(token).Has("dispatcher") {
			t.Fatal("the post has ended, and with it the standing in")
		}
		if o.leaves("delegation.given") != 2 || o.leaves("delegation.ended") != 1 {
			t.Fatal("leaves are missing")
		}
	})
}

// A delegation without an end, to oneself, into another jurisdiction or of no post is refused.
func TestBadDelegationsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		away, stand := o.person("away"), o.person("stand")
		foreign, err := o.CreatePerson(t.Context(), "", NewPerson{Jurisdiction: "j2", Name: "外地样例"})
		if err != nil {
			t.Fatal(err)
		}
		post := o.post(away.ID, "dispatcher")
		later := monday.Add(time.Hour)
		for code, d := range map[string]Delegation{
			"delegation.invalid":            {PostID: post.ID, To: stand.ID},
			"delegation.to_oneself":         {PostID: post.ID, To: away.ID, Until: later},
			"delegation.other_jurisdiction": {PostID: post.ID, To: foreign.ID, Until: later},
			"post.none":                     {PostID: "none", To: stand.ID, Until: later},
			"person.none":                   {PostID: post.ID, To: "none", Until: later},
		} {
			_, err := o.Delegate(t.Context(), "boss", d)
			want(t, err, code)
		}
		if o.leaves("delegation.given") != 0 {
			t.Error("a leaf of nothing")
		}
	})
}

// Whoever leaves loses sessions, posts and what they stood in for, and gets no new post.
func TestWhoeverLeavesLosesEverything(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		leaver, stand := o.person("leaver"), o.person("stand")
		post := o.post(leaver.ID, "dispatcher")
		if _, err := o.Delegate(t.Context(), "boss", Delegation{PostID: post.ID, To: stand.ID, Until: monday.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		theirs, standing := o.logIn("leaver"), o.logIn("stand")
		if !o.who(standing).Has("dispatcher") {
			t.Fatal("does not stand in")
		}
		if err := o.EndPerson(t.Context(), "boss", leaver.ID); err != nil {
			t.Fatal(err)
		}
		_, err := o.Who(t.Context(), theirs)
		want(t, err, "session.none")
		if o.who(standing).Has("dispatcher") {
			t.Fatal("stands in for somebody who has left")
		}
		_, err = o.GivePost(t.Context(), "boss", NewPost{PersonID: leaver.ID, Role: "clerk"})
		want(t, err, "person.ended")
		want(t, o.SetPassword(t.Context(), "boss", leaver.ID, "another password"), "person.ended")
	})
}

// While posts are given and ended, nobody who asks afterwards is answered from before, however
// many ask at once.
func TestNobodyIsAnsweredFromBefore(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		token := o.logIn("wang")
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 2 { // more only keep the database from its work
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						if _, err := o.Who(t.Context(), token); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		for range 25 {
			post := o.post(p.ID, "clerk")
			if !o.who(token).Has("clerk") {
				t.Error("a post that was given is not seen")
			}
			if err := o.EndPost(t.Context(), "boss", post.ID, time.Time{}); err == nil && o.who(token).Has("clerk") {
				t.Error("a post that has ended is seen")
			}
			o.clock.Add(time.Millisecond)
		}
		close(stop)
		wg.Wait()
	})
}

// Every statement prepares on both engines.
func TestStatementsPrepare(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		for _, s := range db.Statements() {
			if err := o.DB.Prepare(t.Context(), s); err != nil {
				t.Errorf("%v in %s", err, s)
			}
		}
	})
}

// Asking who this is costs nothing much once it is remembered.
func BenchmarkWho(b *testing.B) {
	s := New(dbtest.SQLite(b))
	p, err := s.CreatePerson(b.Context(), "", NewPerson{Jurisdiction: "j1", Name: "样例", Login: "wang", Password: password})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.GivePost(b.Context(), "", NewPost{PersonID: p.ID, Role: "clerk"}); err != nil {
		b.Fatal(err)
	}
	token, _, err := s.LogIn(b.Context(), "wang", password, "", Origin{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Who(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
