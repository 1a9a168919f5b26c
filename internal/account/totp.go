package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Time-based one-time passwords as RFC 6238 has them and every authenticator app understands:
// SHA-1, six digits, a step of thirty seconds. One step before and after is taken too, for
// telephones whose clock is a little wrong.
const (
	codeDigits  = 6
	codeStep    = 30 // seconds
	codeSkew    = 1  // steps
	secretBytes = 20
)

var plain32 = base32.StdEncoding.WithPadding(base32.NoPadding)

func newFactorSecret() []byte {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails (Go 1.24)
	return b
}

// codeAt is the code of a step (RFC 4226 section 5.3).
func codeAt(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, n%1_000_000)
}

// acceptedStep returns the step of a code that counts now and is later than the last one taken:
// a code that was seen once, by whomever, is worth nothing.
func acceptedStep(secret []byte, code string, now time.Time, last int64) (int64, bool) {
	found, at := int64(0), now.Unix()/codeStep
	for step := at - codeSkew; step <= at+codeSkew; step++ {
		if subtle.ConstantTimeCompare([]byte(codeAt(secret, step)), []byte(code)) == 1 && step > last {
			found = step
		}
	}
	return found, found > 0
}

// keyURI is what an authenticator app reads from the QR code (the otpauth scheme of Google's
// Authenticator, which all follow).
func keyURI(issuer, login string, secret []byte) string {
	q := url.Values{"secret": {plain32.EncodeToString(secret)}, "issuer": {issuer}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + login, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return u.String()
}

const (
	recoveryCodes = 10
	recoveryChars = 16 // of base 32: 80 bits, so that a plain hash is enough
)

// newRecoveryCodes makes codes as people write them down: four groups of four.
func newRecoveryCodes() []string {
	var out []string
	for range recoveryCodes {
		b := make([]byte, recoveryChars*5/8)
		_, _ = rand.Read(b) // never fails (Go 1.24)
		c := plain32.EncodeToString(b)
		out = append(out, c[:4]+"-"+c[4:8]+"-"+c[8:12]+"-"+c[12:])
	}
	return out
}

// typed is a code as typed, without what people put between the characters.
func typed(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(code)))
}

// isRecovery reports whether a typed code can only be a recovery code.
func isRecovery(code string) bool { return len(code) == recoveryChars }

// oneTimeAlphabet leaves out what is mistaken for something else on paper.
const oneTimeAlphabet = "abcdefghjkmnpqrstuvwxyz23456789"

// newOneTimePassword makes a password to be told and then changed: 59 bits, in groups.
func newOneTimePassword() string {
	out := make([]byte, 0, 14)
	for len(out) < 14 {
		if len(out) == 4 || len(out) == 9 {
			out = append(out, '-')
			continue
		}
		var b [1]byte
		_, _ = rand.Read(b[:])                                         // never fails (Go 1.24)
		if int(b[0]) < 256/len(oneTimeAlphabet)*len(oneTimeAlphabet) { // no character is likelier
			out = append(out, oneTimeAlphabet[int(b[0])%len(oneTimeAlphabet)])
		}
	}
	return string(out)
}
