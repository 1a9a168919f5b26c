package account

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// A new password ends every session and is the only one that works.
func TestANewPasswordEndsSessions(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		token := o.logIn("wang")
		o.who(token)
		if err := o.SetPassword(t.Context(), p.ID, p.ID, "another password"); err != nil {
			t.Fatal(err)
		}
		_, err := o.Who(t.Context(), token)
		want(t, err, "session.none")
		_, _, err = o.LogIn(t.Context(), "wang", password, "", Origin{})
		want(t, err, "session.wrong")
		if _, _, err = o.LogIn(t.Context(), "wang", "another password", "", Origin{}); err != nil {
			t.Error(err)
		}
		want(t, o.SetPassword(t.Context(), p.ID, "nobody", "another password"), "person.none")
	})
}

// A session ends when it was not used for the idle time, and however much it is used at its
// longest time; use keeps it alive.
func TestSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		idle, used := o.logIn("wang"), o.logIn("wang")
		for range 13 {
			o.clock.Add(time.Hour)
			o.who(used)
		}
		_, err := o.Who(t.Context(), idle)
		want(t, err, "session.none")
		all, err := o.Sessions(t.Context(), p.ID)
		if err != nil || len(all) != 1 {
			t.Error(all, err)
		}
		for o.clock.Add(11 * time.Hour); o.Now().Before(monday.Add(o.Longest)); o.clock.Add(11 * time.Hour) {
			o.who(used)
		}
		_, err = o.Who(t.Context(), used)
		want(t, err, "session.none")
	})
}

// Sixty-four attempts at once on one login: no more are tried than are free, and one for each
// hash that runs beside; the others are told to wait. Then even the right password waits, and
// works when the wait is over. Other logins are not touched.
func TestGuessingIsSlowedDown(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		o.person("zhao")
		var wg sync.WaitGroup
		var mu sync.Mutex
		codes := map[string]int{}
		for range 64 {
			wg.Go(func() {
				_, _, err := o.LogIn(t.Context(), "wang", "guess", "", Origin{Addr: "192.0.2.9"})
				mu.Lock()
				defer mu.Unlock()
				codes[fault.CodeOf(err)]++
			})
		}
		wg.Wait()
		if n := codes["session.wrong"]; n < freeByLogin || n > freeByLogin+atOnce-1 || n+codes["session.too_many"] != 64 {
			t.Fatal(codes)
		}
		_, _, err := o.LogIn(t.Context(), "wang", password, "", Origin{Addr: "192.0.2.1"})
		want(t, err, "session.too_many")
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.TooMany {
			t.Fatal(err)
		}
		o.logIn("zhao")
		o.clock.Add(time.Duration(f.Args["seconds"].(int64)) * time.Second)
		o.logIn("wang")
		for range freeByLogin - 1 { // success has forgotten the failures
			_, _, err := o.LogIn(t.Context(), "wang", "guess", "", Origin{})
			want(t, err, "session.wrong")
		}
		o.logIn("wang")
	})
}

// An address that tries many logins is slowed down, and other addresses are not.
func TestTryingManyLoginsIsSlowedDown(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		now := o.Now()
		err := o.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO login_attempt (source, failures, last_at) VALUES ($1, $2, $3)`, sources("", "192.0.2.9")[1].key, freeByAddress-1, now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = o.LogIn(t.Context(), "somebody", "guess", "", Origin{Addr: "192.0.2.9"})
		want(t, err, "session.wrong")
		_, _, err = o.LogIn(t.Context(), "wang", password, "", Origin{Addr: "192.0.2.9"})
		want(t, err, "session.too_many")
		o.logIn("wang")
		o.clock.Add(forgetAfter + time.Minute)
		for range 2 {
			_, _, err = o.LogIn(t.Context(), "somebody", "guess", "", Origin{Addr: "192.0.2.9"})
			want(t, err, "session.wrong")
		}
	})
}

// A morning's crowd of sixty-four logs in at once behind one address, and everybody gets in.
func TestACrowdLogsIn(t *testing.T) {
	eachUnproved(t, func(t *testing.T, o office) {
		hash := newSecret(password).String()
		err := o.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
			for i := range 64 {
				if _, err := insertPerson(ctx, tx, Person{ID: o.NewID(), Jurisdiction: "j1", Name: "样例", Login: fmt.Sprint("crowd", i), CreatedAt: monday}, hash); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				token, a, err := o.LogIn(t.Context(), fmt.Sprint("crowd", i), password, "", Origin{Addr: "192.0.2.1"})
				if err != nil || token == "" || a.PersonID == "" {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
	})
}
