package account

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/db"
)

// A one-time password opens nothing but the way to a password of one's own, for three days.
func TestAOneTimePasswordIsChangedFirst(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		old := o.logIn("wang")
		oneTime, err := o.ResetPassword(t.Context(), "boss", p.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.Who(t.Context(), old)
		want(t, err, "session.none")
		want(t, o.try("wang", password, ""), "session.wrong")
		token, a, err := o.LogIn(t.Context(), "wang", oneTime, "", Origin{})
		if err != nil || !slices.Equal(a.Must, []string{MustPassword}) {
			t.Fatal(a, err)
		}
		want(t, a.ready("/api/v1/cases"), "session.password_first")
		_, err = o.ChangePassword(t.Context(), a, "not the password", "a password of my own", Origin{})
		want(t, err, "password.wrong")
		_, err = o.ChangePassword(t.Context(), a, oneTime, oneTime, Origin{})
		want(t, err, "password.same")
		_, err = o.ChangePassword(t.Context(), a, oneTime, "wang1234", Origin{})
		want(t, err, "password.weak")
		_, err = o.ChangePassword(t.Context(), a, oneTime, "样例 wang123", Origin{})
		want(t, err, "password.weak") // the name with digits behind
		fresh, err := o.ChangePassword(t.Context(), a, oneTime, "a password of my own", Origin{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = o.Who(t.Context(), token)
		want(t, err, "session.none")
		if a := o.who(fresh); len(a.Must) > 0 {
			t.Error(a.Must)
		}
		want(t, o.try("wang", oneTime, ""), "session.wrong")

		if oneTime, err = o.ResetPassword(t.Context(), "boss", p.ID); err != nil {
			t.Fatal(err)
		}
		o.clock.Add(oneTimeFor)
		want(t, o.try("wang", oneTime, ""), "session.password_expired")
		if o.leaves("password.reset") != 2 || o.leaves("password.changed") != 1 {
			t.Error("the log does not say so")
		}
	})
}

// Guessing the old password of somebody who left the desk is slowed down like guessing at the
// log-in.
func TestGuessingTheOldPasswordIsSlowedDown(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		a := o.who(o.logIn("wang"))
		for range freeByLogin {
			_, err := o.ChangePassword(t.Context(), a, "guess", "a password of my own", Origin{})
			want(t, err, "password.wrong")
		}
		_, err := o.ChangePassword(t.Context(), a, password, "a password of my own", Origin{})
		want(t, err, "session.too_many")
	})
}

// Who is locked is out at once and stays out, and only who knows the password hears why.
func TestALockKeepsOut(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		post := o.post(p.ID, "grid_worker")
		token := o.logIn("wang")
		want(t, o.Lock(t.Context(), "boss", p.ID, " "), "person.lock_invalid")
		if err := o.Lock(t.Context(), "boss", p.ID, "样例：电话丢失"); err != nil {
			t.Fatal(err)
		}
		want(t, o.Lock(t.Context(), "boss", p.ID, "again"), "person.locked")
		_, err := o.Who(t.Context(), token)
		want(t, err, "session.none")
		want(t, o.try("wang", password, ""), "session.locked")
		want(t, o.try("wang", "guess", ""), "session.wrong")
		if err := o.Unlock(t.Context(), "boss", p.ID); err != nil {
			t.Fatal(err)
		}
		if a := o.who(o.logIn("wang")); len(a.Posts) != 1 || a.Posts[0].ID != post.ID {
			t.Error("posts did not stay:", a.Posts)
		}
	})
}

// The security administrator sees that a login is slowed down, and lets it in again at once;
// an address too.
func TestUnlockingForgetsFailures(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		for range freeByLogin {
			want(t, o.try("wang", "guess", ""), "session.wrong")
		}
		want(t, o.try("wang", password, ""), "session.too_many")
		if until, err := o.WaitOf(t.Context(), "wang"); err != nil || !until.Equal(o.Now().Add(firstDelay)) {
			t.Error(until, err)
		}
		if err := o.Unlock(t.Context(), "boss", p.ID); err != nil {
			t.Fatal(err)
		}
		if until, err := o.WaitOf(t.Context(), "wang"); err != nil || !until.IsZero() {
			t.Error(until, err)
		}
		o.logIn("wang")

		err := o.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO login_attempt (source, failures, last_at) VALUES ($1, $2, $3)`, sources("", "192.0.2.77")[1].key, freeByAddress, o.Now())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = o.LogIn(t.Context(), "wang", password, "", Origin{Addr: "192.0.2.77"})
		want(t, err, "session.too_many")
		if err := o.UnlockAddress(t.Context(), Actor{PersonID: p.ID, Jurisdiction: p.Jurisdiction}, "192.0.2.77"); err != nil {
			t.Fatal(err)
		}
		if _, _, err = o.LogIn(t.Context(), "wang", password, "", Origin{Addr: "192.0.2.77"}); err != nil {
			t.Error(err)
		}
	})
}

// Failures that were counted while the clock ran ahead keep nobody out.
func TestAClockThatRanAheadLocksNobodyOut(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		o.clock.Add(300 * time.Hour)
		for range freeByLogin {
			want(t, o.try("wang", "guess", ""), "session.wrong")
		}
		o.clock.Set(monday)
		if until, err := o.WaitOf(t.Context(), "wang"); err != nil || !until.IsZero() {
			t.Error(until, err)
		}
		o.logIn("wang")
	})
}

// A password that was hashed at a lower cost is hashed anew when it is next given.
func TestOldHashesAreMadeAnew(t *testing.T) {
	low := spent
	spent = shipped
	t.Cleanup(func() { spent = low })
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		cheap := secret{cost: cost{8 * 1024, 1, 1}, salt: []byte("sixteen bytes of")}
		cheap.key = cheap.derive(password, keyBytes)
		set := func(hash string) {
			err := o.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE person SET password_hash = $2 WHERE id = $1`, p.ID, hash)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		kept := func() (hash string) {
			err := o.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				return tx.Row(ctx, `SELECT password_hash FROM person WHERE id = $1`, []any{p.ID}, &hash)
			})
			if err != nil {
				t.Fatal(err)
			}
			return hash
		}
		set(cheap.String())
		want(t, o.try("wang", "guess", ""), "session.wrong")
		if kept() != cheap.String() {
			t.Fatal("made anew of a wrong password")
		}
		o.logIn("wang")
		better := kept()
		if !strings.Contains(better, "m=19456,t=2") {
			t.Fatal(better)
		}
		o.logIn("wang")
		if kept() != better {
			t.Error("made anew without need")
		}
	})
}

// Sessions are named, tell where they come from, and are ended one by one or all the others.
func TestSessionsAreEndedOneByOne(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		o.person("zhao")
		one, two, three := o.logIn("wang"), o.logIn("wang"), o.logIn("wang")
		all, err := o.Sessions(t.Context(), p.ID)
		if err != nil || len(all) != 3 || all[0].Addr != "192.0.2.1" || all[0].UserAgent != "test" {
			t.Fatal(all, err)
		}
		if err := o.EndSession(t.Context(), "zhao", o.who(o.logIn("zhao")).PersonID, o.who(one).Session); err != nil {
			t.Fatal(err)
		}
		o.who(one) // it is not zhao's to end
		if err := o.EndSession(t.Context(), p.ID, p.ID, o.who(one).Session); err != nil {
			t.Fatal(err)
		}
		_, err = o.Who(t.Context(), one)
		want(t, err, "session.none")
		if err := o.EndOtherSessions(t.Context(), o.who(two)); err != nil {
			t.Fatal(err)
		}
		_, err = o.Who(t.Context(), three)
		want(t, err, "session.none")
		o.who(two)
		if err := o.EndSession(t.Context(), "boss", p.ID, ""); err != nil {
			t.Fatal(err)
		}
		_, err = o.Who(t.Context(), two)
		want(t, err, "session.none")
	})
}

// When the last post ends, the session has no rights at the next request; a person who never
// had a post is no such case, and neither is one who acts for a colleague.
func TestWhoseLastPostEndedHasNoRights(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p, other := o.person("wang"), o.person("zhao")
		token := o.logIn("wang")
		if err := o.who(token).ready("/api/v1/cases"); err != nil {
			t.Error("never had a post:", err)
		}
		post, lent := o.post(p.ID, "grid_worker"), o.post(other.ID, "grid_worker")
		if err := o.who(token).ready("/api/v1/cases"); err != nil {
			t.Error(err)
		}
		var told []string
		o.OnChange = func(people []string) { told = append(told, people...) }
		if err := o.EndPost(t.Context(), "boss", post.ID, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(told, p.ID) {
			t.Error("nobody hears of it:", told)
		}
		want(t, o.who(token).ready("/api/v1/cases"), "session.no_post")
		if _, err := o.Delegate(t.Context(), "boss", Delegation{PostID: lent.ID, To: p.ID, Until: o.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if err := o.who(token).ready("/api/v1/cases"); err != nil {
			t.Error("acts for a colleague:", err)
		}
		o.clock.Add(time.Hour)
		want(t, o.who(token).ready("/api/v1/cases"), "session.no_post")
	})
}
