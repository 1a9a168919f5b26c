package intake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// The two kinds of challenge. Either will do, and the person chooses: a picture of digits, or a
// sum in words, which a screen reader speaks. A program reads the words easily, so they cost
// its machine some work besides (workBits).
const (
	ByPicture = "picture"
	ByWords   = "words"
)

const (
	challengeLasts = 10 * time.Minute
	nonceBytes     = 16
	tokenBytes     = 1 + 8 + nonceBytes
	signBytes      = 16
	digitsShown    = 5
	workBits       = 16 // a telephone needs a second or two, ten thousand reports an afternoon
)

// shownDigits are those that look least alike.
const shownDigits = "2345678"

// Answer is what a client gives to a challenge.
type Answer struct {
	Token  string
	Answer string
	Work   string // for words: what makes the hash of the token begin with zero bits
}

// challenge is a token that was read and is ours.
type challenge struct {
	kind    string
	expires time.Time
	nonce   []byte
}

// mac is a keyed hash over parts, for one purpose.
func mac(key []byte, purpose string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	put := func(b []byte) {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	put([]byte(purpose))
	for _, p := range parts {
		put(p)
	}
	return h.Sum(nil)
}

// issue makes a token for a client. Nothing is kept: the token says all but the answer, which
// follows from its nonce and our key.
func issue(key []byte, kind string, nonce []byte, expires time.Time, client string) string {
	body := make([]byte, 0, tokenBytes+signBytes)
	body = append(body, kind[0])
	body = binary.BigEndian.AppendUint64(body, uint64(expires.UnixMilli()))
	body = append(body, nonce[:nonceBytes]...)
	body = append(body, mac(key, "challenge", body, []byte(client))[:signBytes]...)
	return base64.RawURLEncoding.EncodeToString(body)
}

// readChallenge reads a token; ok is false for one that is forged, another client's or too old.
func readChallenge(key []byte, token, client string, now time.Time) (c challenge, ok bool) {
	body, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(body) != tokenBytes+signBytes {
		return c, false
	}
	said, sign := body[:tokenBytes], body[tokenBytes:]
	if !hmac.Equal(sign, mac(key, "challenge", said, []byte(client))[:signBytes]) {
		return c, false
	}
	switch said[0] {
	case ByPicture[0]:
		c.kind = ByPicture
	case ByWords[0]:
		c.kind = ByWords
	default:
		return c, false
	}
	c.expires = time.UnixMilli(int64(binary.BigEndian.Uint64(said[1:9])))
	c.nonce = said[9:]
	return c, now.Before(c.expires)
}

// sum is the question of a challenge in words: first and second, and whether they are added or
// the second is taken away. Nothing in it is below zero or above twenty.
func (c challenge) sum(key []byte) (first, second int, minus bool) {
	r := mac(key, "sum", c.nonce)
	a, b := 1+int(r[0])%10, 1+int(r[1])%10
	if minus = r[2]&1 == 1; minus {
		return a + b, b, true
	}
	return a, b, false
}

// digits are what a picture shows.
func (c challenge) digits(key []byte) string {
	r := mac(key, "digits", c.nonce)
	out := make([]byte, digitsShown)
	for i := range out {
		out[i] = shownDigits[int(binary.BigEndian.Uint16(r[2*i:]))%len(shownDigits)]
	}
	return string(out)
}

// want is the right answer.
func (c challenge) want(key []byte) string {
	if c.kind == ByPicture {
		return c.digits(key)
	}
	a, b, minus := c.sum(key)
	if minus {
		return strconv.Itoa(a - b)
	}
	return strconv.Itoa(a + b)
}

// answered tells whether a client gave the right answer, and did the work where there is some.
func (c challenge) answered(key []byte, a Answer) bool {
	given := strings.Map(func(r rune) rune {
		switch {
		case r >= '\uff10' && r <= '\uff19':
			return r - '\uff10' + '0'
		case r == ' ' || r == '\u3000':
			return -1
		}
		return r
	}, a.Answer)
	right := hmac.Equal([]byte(given), []byte(c.want(key)))
	return right && (c.kind == ByPicture || worked(a.Token, a.Work))
}

// worked tells whether the hash of token, a colon and work begins with workBits zero bits.
func worked(token, work string) bool {
	if len(work) > 20 {
		return false
	}
	h := sha256.Sum256([]byte(token + ":" + work))
	return bits.LeadingZeros32(binary.BigEndian.Uint32(h[:4])) >= workBits
}
