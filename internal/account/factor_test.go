package account

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// code is what an authenticator app shows now.
func (o office) code(secret string) string {
	o.t.Helper()
	b, err := plain32.DecodeString(secret)
	if err != nil {
		o.t.Fatal(err)
	}
	return codeAt(b, o.Now().Unix()/codeStep)
}

// bind sets up a second factor for somebody who is logged in, and returns its secret, the
// recovery codes and the session's new token.
func (o office) bind(token string) (secret string, recovery []string, fresh string) {
	o.t.Helper()
	offered, err := o.OfferFactor(o.t.Context(), o.who(token), password, "", Origin{})
	if err != nil {
		o.t.Fatal(err)
	}
	recovery, fresh, err = o.ConfirmFactor(o.t.Context(), o.who(token), o.code(offered.Secret))
	if err != nil {
		o.t.Fatal(err)
	}
	return offered.Secret, recovery, fresh
}

func (o office) try(login, password, code string) error {
	_, _, err := o.LogIn(o.t.Context(), login, password, code, Origin{Addr: "192.0.2.1"})
	return err
}

// With a second factor the password alone opens nothing; a code does, once; and who does not
// know the password does not hear that there is a second factor.
func TestASecondFactorIsAskedFor(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		secret, _, _ := o.bind(o.logIn("wang"))
		want(t, o.try("wang", "not the password", ""), "session.wrong")
		want(t, o.try("wang", "not the password", o.code(secret)), "session.wrong")
		want(t, o.try("nobody", password, ""), "session.wrong")
		want(t, o.try("wang", password, ""), "session.code_needed")
		want(t, o.try("wang", password, o.code(secret)), "session.wrong_code") // it was taken when it was set up
		o.clock.Add(codeStep * time.Second)
		_, a, err := o.LogIn(t.Context(), "wang", password, o.code(secret), Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if all, err := o.Sessions(t.Context(), a.PersonID); err != nil || !slices.ContainsFunc(all, func(s Session) bool { return s.ID == a.Session && s.Strong }) {
			t.Error(all, err)
		}
		want(t, o.try("wang", password, o.code(secret)), "session.wrong_code")
		o.clock.Add(codeStep * time.Second)
		code := o.code(secret)
		if err := o.try("wang", password, code[:3]+" "+code[3:]); err != nil {
			t.Error("with a space, as apps show it:", err)
		}
	})
}

// Ten people at once log in with one code: one of them gets in.
func TestACodeIsTakenOnceAlsoAtTheSameTime(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		secret, recovery, _ := o.bind(o.logIn("wang"))
		o.clock.Add(codeStep * time.Second)
		for _, code := range []string{o.code(secret), recovery[0]} {
			var wg sync.WaitGroup
			var mu sync.Mutex
			in := 0
			for range 4 {
				wg.Go(func() {
					err := o.try("wang", password, code)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						in++
					}
				})
			}
			wg.Wait()
			if in != 1 {
				t.Errorf("%d got in", in)
			}
		}
	})
}

// Wrong codes are counted like wrong passwords, and knowing the password does not forget them.
func TestGuessingCodesIsSlowedDown(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		secret, _, _ := o.bind(o.logIn("wang"))
		for range freeByLogin {
			want(t, o.try("wang", password, ""), "session.code_needed")
			want(t, o.try("wang", password, "000000"), "session.wrong_code")
		}
		o.clock.Add(time.Second)
		want(t, o.try("wang", password, o.code(secret)), "session.too_many")
	})
}

// A recovery code opens once in place of a code, however it is typed; new ones put all old
// ones out of use.
func TestRecoveryCodes(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		p := o.person("wang")
		secret, recovery, token := o.bind(o.logIn("wang"))
		if len(recovery) != recoveryCodes {
			t.Fatal(recovery)
		}
		if err := o.try("wang", password, " "+recovery[3][:9]+recovery[3][10:]); err != nil {
			t.Error(err)
		}
		want(t, o.try("wang", password, recovery[3]), "session.wrong_code")
		if f, err := o.FactorOf(t.Context(), p.ID); err != nil || !f.On || f.Recovery != recoveryCodes-1 {
			t.Error(f, err)
		}
		a := o.who(token)
		_, err := o.RenewRecovery(t.Context(), a, password, "", Origin{})
		want(t, err, "factor.code_needed")
		o.clock.Add(codeStep * time.Second)
		fresh, err := o.RenewRecovery(t.Context(), a, password, o.code(secret), Origin{})
		if err != nil {
			t.Fatal(err)
		}
		want(t, o.try("wang", password, recovery[0]), "session.wrong_code")
		if err := o.try("wang", password, fresh[0]); err != nil {
			t.Error(err)
		}
	})
}

// A second factor is set up only by who knows the password, and the old code where there is
// one; it counts after a code of it, within its time; then every other session has ended and
// this one has another token.
func TestSettingUpASecondFactor(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.person("wang")
		other, token := o.logIn("wang"), o.logIn("wang")
		a := o.who(token)
		_, err := o.OfferFactor(t.Context(), a, "not the password", "", Origin{})
		want(t, err, "password.wrong")
		_, _, err = o.ConfirmFactor(t.Context(), a, "000000")
		want(t, err, "factor.none_offered")
		offered, err := o.OfferFactor(t.Context(), a, password, "", Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.try("wang", password, ""); err != nil {
			t.Error("it counts before it is confirmed:", err)
		}
		_, _, err = o.ConfirmFactor(t.Context(), a, "000000")
		want(t, err, "factor.wrong_code")
		o.clock.Add(pendingFor + time.Second)
		_, _, err = o.ConfirmFactor(t.Context(), a, o.code(offered.Secret))
		want(t, err, "factor.none_offered")

		secret, _, fresh := o.bind(token)
		if fresh == token {
			t.Fatal("the token is the old one")
		}
		for _, old := range []string{other, token} {
			_, err = o.Who(t.Context(), old)
			want(t, err, "session.none")
		}
		if now := o.who(fresh); now.Session != a.Session {
			t.Error(now)
		}
		o.clock.Add(codeStep * time.Second)
		_, err = o.OfferFactor(t.Context(), o.who(fresh), password, "", Origin{})
		want(t, err, "factor.code_needed")
		if _, err = o.OfferFactor(t.Context(), o.who(fresh), password, o.code(secret), Origin{}); err != nil {
			t.Error(err)
		}
		o.clock.Add(codeStep * time.Second)
		if err := o.try("wang", password, o.code(secret)); err != nil {
			t.Error("the old one counts until another is confirmed:", err)
		}
	})
}

// Where a role demands a second factor, its holder does nothing before, and everything after.
// Who has lost it asks the security administrator and sets up another.
func TestARoleMayDemandASecondFactor(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.FactorRoles = []string{"chief"}
		p := o.person("wang")
		o.post(p.ID, "chief")
		token := o.logIn("wang")
		a := o.who(token)
		if !slices.Equal(a.Must, []string{MustFactor}) {
			t.Fatal(a.Must)
		}
		want(t, a.ready("/api/v1/cases"), "session.factor_first")
		want(t, a.ready("/api/v1/me/sessions"), "session.factor_first")
		want(t, a.ready("/me"), "session.factor_first")
		if err := a.ready("/api/v1/me/factor"); err != nil {
			t.Error(err)
		}
		_, _, fresh := o.bind(token)
		if a := o.who(fresh); len(a.Must) > 0 || a.ready("/api/v1/cases") != nil {
			t.Error(a)
		}
		if err := o.RemoveFactor(t.Context(), "boss", p.ID); err != nil {
			t.Fatal(err)
		}
		_, err := o.Who(t.Context(), fresh)
		want(t, err, "session.none")
		if a := o.who(o.logIn("wang")); !slices.Equal(a.Must, []string{MustFactor}) {
			t.Error(a.Must)
		}
		if o.leaves("factor.confirmed") != 1 || o.leaves("factor.removed") != 1 {
			t.Error("the log does not say so")
		}
	})
}
