package web

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gezhi/internal/clock"
)

// Whoever has an IPv6 address has a whole network of them: they count as one.
func TestAddressesOfOneNetworkAreOne(t *testing.T) {
	for addr, want := range map[string]string{"192.0.2.9": "192.0.2.9", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "::ffff:192.0.2.9": "::ffff:192.0.2.9", "fe80::1%eth0": "fe80::/64", "": ""} {
		if got := Network(addr); got != want {
			t.Errorf("%s: %s, not %s", addr, got, want)
		}
	}
}

// However a caller times what they ask, in no stretch of time do they get more than the burst
// and what the time is worth; and who waits as long as they are told gets in.
func TestNobodyGoesFasterThanThePace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pace := Pace{Burst: rapid.IntRange(1, 5).Draw(t, "burst"), Every: time.Second}
		var p paces
		now := time.Unix(1_700_000_000, 0)
		var got []time.Time
		for range 40 {
			now = now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "ms")) * time.Millisecond)
			wait := p.step(walker{"op", "li"}, pace, now)
			if wait == 0 {
				got = append(got, now)
				continue
			}
			now = now.Add(wait)
			if p.step(walker{"op", "li"}, pace, now) != 0 {
				t.Fatal("waited for nothing")
			}
			got = append(got, now)
		}
		for i := range got {
			for j := i; j < len(got); j++ {
				if most := pace.Burst + int(got[j].Sub(got[i])/pace.Every); j-i+1 > most {
					t.Fatalf("%d within %s", j-i+1, got[j].Sub(got[i]))
				}
			}
		}
	})
}

// An operation with a pace refuses who asks too often, with the time to wait, and nobody else;
// people behind one address have each their own pace, and those whom nobody knows share that
// of their address.
func TestWhoAsksTooOftenWaits(t *testing.T) {
	s := newTrial()
	hand := clock.At(time.Unix(1_700_000_000, 0))
	s.Now = hand.Now
	s.Reader = func(ctx context.Context) string { who, _ := ctx.Value(whoKey{}).(string); return who }
	Raw(s.Server, Operation{Method: "GET", Path: "/dear", ID: "dear", Public: true, Pace: Pace{Burst: 2, Every: 10 * time.Second}}, func(w http.ResponseWriter, _ *http.Request) error { return JSON(w, 200, 1) })
	for i, c := range []struct {
		auth  string
		later time.Duration
		code  int
	}{
		{"Bearer good", 0, 200}, {"Bearer good", 0, 200}, {"Bearer good", 0, 429}, {"", 0, 200}, {"", 0, 200}, {"", 0, 429},
		{"Bearer good", 9 * time.Second, 429}, {"Bearer good", time.Second, 200}, {"Bearer good", 0, 429},
	} {
		hand.Add(c.later)
		w := s.ask("GET", "/api/v1/dear", "", "Authorization: "+c.auth)
		if w.Code != c.code {
			t.Errorf("%d: %d %s", i, w.Code, w.Body)
		}
		if w.Code == 429 && (problemOf(t, w).Code != "request.too_often" || w.Header().Get("Retry-After") == "") {
			t.Errorf("%d: %v %s", i, w.Header(), w.Body)
		}
	}
	if w := s.ask("GET", "/api/v1/open", ""); w.Code != 200 {
		t.Error("another operation:", w.Code)
	}
}

// Callers who may go on freely are forgotten when there are many; those who must wait are not.
func TestPacesForget(t *testing.T) {
	var p paces
	pace, now := Pace{Burst: 1, Every: time.Second}, time.Unix(1_700_000_000, 0)
	for i := range mostWalkers {
		p.step(walker{"op", fmt.Sprint(i)}, pace, now)
	}
	now = now.Add(time.Second)
	p.step(walker{"op", "late"}, pace, now)
	if len(p.free) != 1 || p.step(walker{"op", "late"}, pace, now) == 0 {
		t.Error(len(p.free))
	}
}
