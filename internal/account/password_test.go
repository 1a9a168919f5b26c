package account

import (
	"os"
	"strings"
	"testing"
	"time"
)

// shipped is what the program spends on a password.
var shipped = spent

// The other tests hash at the least cost that is read back.
func TestMain(m *testing.M) {
	spent = cost{memory: 8 * 1024, time: 1, lanes: 1}
	nobody.cost = spent
	os.Exit(m.Run())
}

// A password matches its own hash and no other, and two hashes of it differ.
func TestAHashIsOfOnePassword(t *testing.T) {
	a, b := hashed("格治2026 long", shipped), hashed("格治2026 long", shipped)
	if a.String() == b.String() {
		t.Fatal("no salt")
	}
	read, err := parseSecret(a.String())
	if err != nil || !read.matches("格治2026 long") || read.matches("格治2026 lonG") || read.matches("") {
		t.Fatal(err)
	}
	if !strings.HasPrefix(a.String(), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(a.String())
	}
}

// The reference hash of the argon2 command line tool reads and matches, so that ours are the
// hashes that other programs make.
func TestTheFormatIsTheUsualOne(t *testing.T) {
	// printf 'password' | argon2 somesalt -id -t 2 -m 16 -p 1
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	s, err := parseSecret(reference)
	if err != nil || !s.matches("password") || s.String() != reference {
		t.Fatal(err, s)
	}
}

// A hash that is broken, or asks for more work than we would ever ask for, is refused.
func TestABadHashIsRefused(t *testing.T) {
	good := "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	if _, err := parseSecret(good); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{{"argon2id", "argon2i"}, {"v=19", "v=16"}, {"m=19456", "m=4194304"}, {"m=19456", "m=8"}, {"t=2", "t=0"}, {"t=2", "t=999"},
		{"p=1", "p=0"}, {"p=1", "p=01"}, {"m=19456,t=2", "t=2,m=19456"}, {"$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAA$"}, {"AAAAA$", "AA\nAAA$"}, {"p=1$", "p=1$$"}} {
		if _, err := parseSecret(strings.Replace(good, change[0], change[1], 1)); err == nil {
			t.Errorf("%v was accepted", change)
		}
	}
}

// FuzzParseSecret: whatever the text, reading it does not panic, and what was read writes the
// same text again.
func FuzzParseSecret(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseSecret(text); err == nil && s.String() != text {
			t.Fatalf("%q became %q", text, s)
		}
	})
}

// The first failures cost nothing; then each doubles the wait, up to a bound.
func TestTheWaitDoubles(t *testing.T) {
	for failures, want := range map[int]time.Duration{0: 0, 4: 0, 5: 15 * time.Second, 6: 30 * time.Second, 8: 2 * time.Minute, 11: 15 * time.Minute, 12: 15 * time.Minute, 1 << 30: 15 * time.Minute} {
		if got := delay(failures, freeByLogin); got != want {
			t.Errorf("after %d failures %s, not %s", failures, got, want)
		}
	}
	if longestDelay >= forgetAfter {
		t.Fatal("a wait would be forgotten before it is over")
	}
}
