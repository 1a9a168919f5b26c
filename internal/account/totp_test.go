package account

import (
	"net/url"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The codes are those of RFC 6238, appendix B, in their last six digits.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for unix, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := codeAt(secret, unix/codeStep); got != want {
			t.Errorf("%d: %s, not %s", unix, got, want)
		}
	}
}

// A code counts in its step and one beside it, and never once it, or a later one, was taken.
func TestACodeCountsOnceAndNotForLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), secretBytes, secretBytes).Draw(t, "secret")
		now := time.Unix(rapid.Int64Range(1_700_000_000, 4_000_000_000).Draw(t, "now"), 0)
		away := rapid.Int64Range(-5, 5).Draw(t, "steps away")
		at := now.Unix()/codeStep + away
		code := codeAt(secret, at)
		for _, near := range []int64{-1, 0, 1} {
			if away != near && code == codeAt(secret, now.Unix()/codeStep+near) {
				t.Skip("two steps of one code")
			}
		}
		step, ok := acceptedStep(secret, code, now, 0)
		if ok != (away >= -codeSkew && away <= codeSkew) || ok && step != at {
			t.Fatalf("%d steps away: %v, step %d of %d", away, ok, step, at)
		}
		if _, again := acceptedStep(secret, code, now, at); again {
			t.Fatal("taken twice")
		}
	})
}

// An authenticator app finds issuer, account and secret in the address.
func TestTheAddressForApps(t *testing.T) {
	u, err := url.Parse(keyURI("格治", "li wei", []byte("12345678901234567890")))
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/格治:li wei" {
		t.Fatal(u, err)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil || q.Get("issuer") != "格治" || q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Error(q, err)
	}
}

// One-time passwords and recovery codes differ each time, and pass what is asked of passwords.
func TestWhatIsMadeByChance(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		p := newOneTimePassword()
		if seen[p] || len(p) != 14 || checkPassword(p, "wang", "样例") != nil {
			t.Fatal(p)
		}
		seen[p] = true
	}
	for _, c := range newRecoveryCodes() {
		if seen[c] || !isRecovery(typed(" "+c+" ")) {
			t.Fatal(c)
		}
		seen[c] = true
	}
}

// What is sealed for one person opens for that person alone, and with the same key alone.
func TestSealedSecrets(t *testing.T) {
	s := New(nil)
	sealed, err := s.seal("p1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.unseal("p1", sealed); err != nil || string(b) != "secret" {
		t.Error(b, err)
	}
	for _, x := range []struct {
		s          *Service
		id, sealed string
	}{{s, "p2", sealed}, {New(nil), "p1", sealed}, {s, "p1", sealed[:8]}, {s, "p1", "%"}, {s, "p1", sealed[:len(sealed)-2] + "AA"}} {
		if _, err := x.s.unseal(x.id, x.sealed); err == nil {
			t.Errorf("%s opens %s", x.id, x.sealed)
		}
	}
}
