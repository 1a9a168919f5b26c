package points

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/fault"
)

const (
	// CodeLasts is how long a code counts after the telephone made it.
	CodeLasts = 60 * time.Second
	// codeAhead is how far the clock of a telephone may be ahead.
	codeAhead = 5 * time.Second
	codeForm  = "GZ1"
	// longestCode is longer than any code, in bytes.
	longestCode = 400
)

// Code is what a telephone shows as a QR code: who shows it, when, and for which claim. A
// telephone makes it without a network, with a key that it got while it had one.
type Code struct {
	KeyID string
	Stamp int64  // seconds since 1970, by the telephone
	Nonce string // so that no two are alike
	Claim string // id of what is to be fetched; "" where only a discount is asked for
}

// signed is what the telephone signs.
func (c Code) signed() []byte {
	return fmt.Appendf(nil, "%s.%s.%d.%s.%s", codeForm, c.KeyID, c.Stamp, c.Nonce, c.Claim)
}

// Sign makes the text of the code, as telephones do.
func (c Code) Sign(key ed25519.PrivateKey) string {
	return string(c.signed()) + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, c.signed()))
}

// readCode reads the text of a code; points.code_unreadable for anything else.
func readCode(text string) (c Code, signature []byte, err error) {
	unreadable := fault.New(fault.Invalid, "points.code_unreadable")
	f := strings.Split(strings.TrimSpace(text), ".")
	if len(text) > longestCode || len(f) != 6 || f[0] != codeForm || f[1] == "" || len(f[3]) < 8 || len(f[3]) > 40 || len(f[1]) > 64 || len(f[4]) > 64 {
		return c, nil, unreadable
	}
	c.KeyID, c.Nonce, c.Claim = f[1], f[3], f[4]
	if c.Stamp, err = strconv.ParseInt(f[2], 10, 64); err != nil || c.Stamp <= 0 || c.Stamp > 1<<40 || strconv.FormatInt(c.Stamp, 10) != f[2] {
		return c, nil, unreadable
	}
	if signature, err = base64.RawURLEncoding.Strict().DecodeString(f[5]); err != nil || len(signature) != ed25519.SignatureSize {
		return c, nil, unreadable
	}
	for _, part := range []string{c.KeyID, c.Nonce, c.Claim} {
		if strings.ContainsFunc(part, unprintable) {
			return c, nil, unreadable
		}
	}
	return c, signature, nil
}

// check says whether a code counts at a moment: points.code_forged, points.code_expired, or
// points.code_early where the telephone's clock is ahead.
func (c Code) check(key, signature []byte, now time.Time) error {
	made := time.Unix(c.Stamp, 0)
	switch {
	case len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, c.signed(), signature):
		return fault.New(fault.Forbidden, "points.code_forged")
	case now.Sub(made) > CodeLasts:
		return fault.New(fault.Conflict, "points.code_expired", "seconds", int64(CodeLasts/time.Second))
	case made.Sub(now) > codeAhead:
		return fault.New(fault.Conflict, "points.code_early")
	}
	return nil
}
