package intake

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	testKey = bytes.Repeat([]byte{9}, 32)
	morning = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
)

// work finds what makes a token's hash begin with enough zero bits.
func work(token string) string {
	for i := 0; ; i++ {
		if w := strconv.Itoa(i); worked(token, w) {
			return w
		}
	}
}

// A challenge is right for the client it was made for, until it expires, with its own answer;
// no bit of its token may change.
func TestAChallengeIsItsClientsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nonce := rapid.SliceOfN(rapid.Byte(), nonceBytes, nonceBytes).Draw(t, "nonce")
		kind := rapid.SampledFrom([]string{ByPicture, ByWords}).Draw(t, "kind")
		token := issue(testKey, kind, nonce, morning.Add(challengeLasts), "a")
		c, ok := readChallenge(testKey, token, "a", morning)
		if !ok || c.kind != kind || !bytes.Equal(c.nonce, nonce) {
			t.Fatalf("%+v", c)
		}
		if _, ok := readChallenge(testKey, token, "b", morning); ok {
			t.Fatal("another client may use it")
		}
		if _, ok := readChallenge(testKey, token, "a", morning.Add(challengeLasts)); ok {
			t.Fatal("it never expires")
		}
		if _, ok := readChallenge(bytes.Repeat([]byte{8}, 32), token, "a", morning); ok {
			t.Fatal("another key signs for us")
		}
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, ok := readChallenge(testKey, base64.RawURLEncoding.EncodeToString(raw), "a", morning); ok {
			t.Fatal("a changed token passes")
		}
	})
}

// The right answer passes, any other does not; the sum in words asks for work besides, and
// full-width digits are digits.
func TestTheRightAnswerPasses(t *testing.T) {
	for i := range 20 {
		nonce := bytes.Repeat([]byte{byte(i)}, nonceBytes)
		token := issue(testKey, ByPicture, nonce, morning.Add(challengeLasts), "a")
		c, _ := readChallenge(testKey, token, "a", morning)
		if want := c.want(testKey); !c.answered(testKey, Answer{Token: token, Answer: want}) || c.answered(testKey, Answer{Token: token, Answer: want + "2"}) || c.answered(testKey, Answer{Token: token}) {
			t.Errorf("picture %d: %s", i, want)
		}
	}
	token := issue(testKey, ByWords, bytes.Repeat([]byte{3}, nonceBytes), morning.Add(challengeLasts), "a")
	c, _ := readChallenge(testKey, token, "a", morning)
	right := Answer{Token: token, Answer: c.want(testKey), Work: work(token)}
	if !c.answered(testKey, right) {
		t.Error("the right sum does not pass")
	}
	wide := right
	wide.Answer = ""
	for _, r := range right.Answer {
		wide.Answer += string(r - '0' + '\uff10')
	}
	if !c.answered(testKey, wide) {
		t.Error("full-width digits do not pass")
	}
	idle := right
	idle.Work = "0"
	if worked(token, "0") || c.answered(testKey, idle) {
		t.Error("no work is needed")
	}
}

// Sums stay small, and every digit a picture may show can be drawn.
func TestQuestionsAreEasy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := challenge{kind: ByWords, nonce: rapid.SliceOfN(rapid.Byte(), nonceBytes, nonceBytes).Draw(t, "nonce")}
		a, b, minus := c.sum(testKey)
		if a < 1 || a > 20 || b < 1 || b > 10 || minus && a-b < 1 {
			t.Fatalf("%d, %d, %v", a, b, minus)
		}
	})
	for _, d := range shownDigits {
		if len(glyphs[byte(d)]) == 0 {
			t.Errorf("%c cannot be drawn", d)
		}
	}
	one, err := draw("23456", testKey)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := draw("23456", testKey)
	other, _ := draw("23457", testKey)
	if !bytes.Equal(one, again) || bytes.Equal(one, other) {
		t.Error("a picture does not follow from its digits and its seed")
	}
	if img, err := png.Decode(bytes.NewReader(one)); err != nil || img.Bounds().Dx() != pictureWide {
		t.Errorf("no picture: %v", err)
	}
}

// Whatever is sent as a token is read without harm.
func FuzzChallenge(f *testing.F) {
	f.Add(issue(testKey, ByWords, make([]byte, nonceBytes), morning.Add(challengeLasts), "a"), "a")
	f.Fuzz(func(t *testing.T, token, client string) {
		if c, ok := readChallenge(testKey, token, client, morning); ok && issue(testKey, c.kind, c.nonce, c.expires, client) != token {
			t.Error("a token reads as another")
		}
	})
}
