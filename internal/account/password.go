package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"gezhi/internal/fault"
)

// spent is what hashing a password costs: Argon2id as OWASP's password storage sheet gives it,
// 19 MiB, two passes, one lane. Only tests that are not about it spend less.
var spent = cost{memory: 19 * 1024, time: 2, lanes: 1}

const (
	saltBytes = 16
	keyBytes  = 32
	// What a password may be (NIST SP 800-63B section 3.1.1): length, and no other rule.
	minPassword = 8
	maxPassword = 128
	// atOnce is how many passwords are hashed at the same time, so that many log-ins wait
	// instead of taking all memory.
	atOnce = 2
)

type cost struct {
	memory uint32 // KiB
	time   uint32
	lanes  uint8
}

// secret is a hashed password.
type secret struct {
	cost
	salt, key []byte
}

// nobody is compared with the password given for a login that does not exist, so that the
// answer takes as long as for one that does.
var nobody = secret{cost: spent, salt: make([]byte, saltBytes), key: make([]byte, keyBytes)}

// checkPassword refuses what is no password for somebody of this login and name.
func checkPassword(password, login, name string) error {
	n := utf8.RuneCountInString(password)
	if n < minPassword || n > maxPassword || !utf8.ValidString(password) || foldLogin(password) == login {
		return fault.New(fault.Invalid, "password.unfit", "least", minPassword, "most", maxPassword)
	}
	if lower := strings.ToLower(password); isWeak(lower, login) || isWeak(lower, strings.ToLower(name)) {
		return fault.New(fault.Invalid, "password.weak")
	}
	return nil
}

//go:embed weak.txt
var weakList string

// weak are the passwords that everybody tries first (NIST SP 800-63B section 3.1.1.2).
var weak = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for _, line := range strings.Fields(weakList) {
		all[line] = true
	}
	return all
})

// rows are what a finger runs along.
var rows = []string{"01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm"}

// isWeak reports whether a password, in lower case, is guessed within a few tries: it is on
// the list, or the login with digits, or repeats a few characters, or runs along a row.
func isWeak(password, login string) bool {
	if weak()[password] || weak()[strings.Trim(password, "0123456789!@#.")] {
		return true
	}
	if rest := strings.Replace(password, login, "", 1); login != "" && rest != password && strings.Trim(rest, "0123456789!@#._-") == "" {
		return true
	}
	for unit := 1; unit <= 4; unit++ {
		if unit < len(password) && strings.HasPrefix(strings.Repeat(password[:unit], len(password)/unit+1), password) {
			return true
		}
	}
	back := []byte(password)
	slices.Reverse(back)
	return slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, password) || strings.Contains(row, string(back)) })
}

// slots bounds how many passwords are hashed at once.
type slots chan struct{}

// hold waits for a slot; release gives it back.
func (s slots) hold(ctx context.Context) (release func(), err error) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Unavailable, "session.busy")
	}
}

func newSecret(password string) secret { return hashed(password, spent) }

func hashed(password string, c cost) secret {
	s := secret{cost: c, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(s.salt) // never fails (Go 1.24)
	s.key = s.derive(password, keyBytes)
	return s
}

func (s secret) derive(password string, n uint32) []byte {
	return argon2.IDKey([]byte(password), s.salt, s.time, s.memory, s.lanes, n)
}

// matches reports whether password is the one that was hashed.
func (s secret) matches(password string) bool {
	return subtle.ConstantTimeCompare(s.derive(password, uint32(len(s.key))), s.key) == 1
}

// String writes the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$KEY
func (s secret) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, s.memory, s.time, s.lanes, b.EncodeToString(s.salt), b.EncodeToString(s.key))
}

var errNotPHC = errors.New("account: not an argon2id hash that we would make")

// parseSecret reads what String wrote, also with another cost within reason: a hash that asked
// for gigabytes would be an attack.
func parseSecret(text string) (secret, error) {
	var s secret
	p := strings.Split(text, "$")
	if len(p) != 6 || p[0] != "" || p[1] != "argon2id" || p[2] != "v="+strconv.Itoa(argon2.Version) {
		return s, errNotPHC
	}
	costs := strings.Split(p[3], ",")
	if len(costs) != 3 {
		return s, errNotPHC
	}
	var n [3]uint64
	for i, c := range []struct {
		name     string
		min, max uint64
	}{{"m=", 8 * 1024, 128 * 1024}, {"t=", 1, 10}, {"p=", 1, 4}} {
		text, ok := strings.CutPrefix(costs[i], c.name)
		v, err := strconv.ParseUint(text, 10, 32)
		if !ok || err != nil || v < c.min || v > c.max || strconv.FormatUint(v, 10) != text {
			return s, errNotPHC
		}
		n[i] = v
	}
	s.cost = cost{uint32(n[0]), uint32(n[1]), uint8(n[2])}
	b := base64.RawStdEncoding.Strict()
	var err1, err2 error
	s.salt, err1 = b.DecodeString(p[4])
	s.key, err2 = b.DecodeString(p[5])
	if err1 != nil || err2 != nil || strings.ContainsAny(p[4]+p[5], "\r\n") ||
		len(s.salt) < 8 || len(s.salt) > 64 || len(s.key) < 16 || len(s.key) > 64 {
		return secret{}, errNotPHC
	}
	return s, nil
}
