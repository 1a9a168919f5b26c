package feed

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/intake"
	"gezhi/internal/web"
)

// signature signs a body as a partner's program does.
func signature(key string, at time.Time, body string) string {
	h := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(h, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(h.Sum(nil)))
}

const message = `{"id":"X-1","at":"2026-03-02T08:30:00+08:00","type":"garbage","place":{"town":"北镇","village":"桥头村"},"title":"垃圾","body":"桥头垃圾","due":"2026-03-04T18:00:00+08:00","caller":{"name":"样例甲","phone":"13800000001"},"state":"open"}`

// A signed message becomes a case, answered with number and query code; whatever is forged,
// late, replayed or no message is refused and opens nothing.
func TestASignedMessageBecomesACase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		ctx, key := t.Context(), secrets["partner"]
		now := c.clock.Now()
		cases := func() (n int) {
			must(t, d.Read(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, `SELECT count(*) FROM cases`, nil, &n) }))
			return n
		}
		refused := []struct{ what, feed, signature, body, code string }{
			{"unsigned", "partner", "", message, "feed.bad_signature"},
			{"another key", "partner", signature(strings.Repeat("x", 40), now, message), message, "feed.bad_signature"},
			{"another body", "partner", signature(key, now, message), strings.Replace(message, "X-1", "X-2", 1), "feed.bad_signature"},
			{"another time", "partner", strings.Replace(signature(key, now, message), "t=1", "t=2", 1), message, "feed.bad_signature"},
			{"a feed without a key", "city-hotline", signature("", now, message), message, "feed.bad_signature"},
			{"a path for a name", "../partner", signature(key, now, message), message, "feed.bad_signature"},
			{"late", "partner", signature(key, now.Add(-6*time.Minute), message), message, "feed.too_late"},
			{"early", "partner", signature(key, now.Add(6*time.Minute), message), message, "feed.too_late"},
			{"no object", "partner", signature(key, now, `["x"]`), `["x"]`, "feed.bad_message"},
			{"nested too deep", "partner", signature(key, now, deep), deep, "feed.bad_message"},
			{"without a number", "partner", signature(key, now, `{"type":"garbage"}`), `{"type":"garbage"}`, "feed.bad_message"},
		}
		for _, x := range refused {
			if _, err := c.Receive(ctx, x.feed, x.signature, []byte(x.body)); fault.CodeOf(err) != x.code {
				t.Errorf("%s: %v, want %s", x.what, err, x.code)
			}
		}
		if n := cases(); n != 0 {
			t.Fatalf("%d cases were opened by what was refused", n)
		}
		first, err := c.Receive(ctx, "partner", signature(key, now, message), []byte(message))
		if err != nil || first.State != New || first.Number == "" || first.Code == "" {
			t.Fatalf("%+v %v", first, err)
		}
		if f, err := c.inlet.Follow(ctx, intake.Origin{Addr: "203.0.113.7"}, intake.Ticket{Number: first.Number, Code: first.Code}); err != nil || f.Fields["platform_number"] != "X-1" {
			t.Errorf("the code opens the case: %v", err)
		}
		if _, err := c.Receive(ctx, "partner", signature(key, now, message), []byte(message)); fault.CodeOf(err) != "feed.replayed" {
			t.Errorf("replayed: %v", err)
		}
		again, err := c.Receive(ctx, "partner", signature(key, now.Add(time.Second), message), []byte(message))
		if err != nil || again.State != Unchanged || again.Number != first.Number || again.Code != first.Code {
			t.Errorf("signed anew because the answer was lost: %+v %v", again, err)
		}
		changed := strings.Replace(message, "2026-03-04", "2026-03-06", 1)
		if got, err := c.Receive(ctx, "partner", signature(key, now, changed), []byte(changed)); err != nil || got.State != Updated || got.Number != first.Number {
			t.Errorf("changed: %+v %v", got, err)
		}
		if n := cases(); n != 1 {
			t.Errorf("%d cases of one matter", n)
		}
	})
}

var deep = strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)

// A message is taken at the door only up to its size, and without anybody being logged in.
func TestTheDoorForMessages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := open(t, d)
		srv := web.New("test", "1")
		c.Routes(srv)
		post := func(body string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("POST", "/api/v1/hooks/partner", bytes.NewReader([]byte(body)))
			r.Header.Set("Gezhi-Signature", signature(secrets["partner"], c.clock.Now(), body))
			w := httptest.NewRecorder()
			srv.ServeHTTP(w, r)
			return w
		}
		if w := post(message); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"code":`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := post(`{"id":"` + strings.Repeat("x", longestBody) + `"}`); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("too big: %d %s", w.Code, w.Body)
		}
		if w := post(`{}`); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest {
			t.Errorf("empty: %d %s", w.Code, w.Body)
		}
	})
}

// Whatever a message holds, it is read or refused, and its cells stay few.
func FuzzFlatten(f *testing.F) {
	f.Add([]byte(message))
	f.Add([]byte(deep))
	f.Add([]byte(`{"a":[1,"x",null,true],"b":{"c":1e400}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		cells, err := flatten(body)
		if err != nil && fault.CodeOf(err) != "feed.bad_message" {
			t.Fatal(err)
		}
		if len(cells) > mostValues+1 {
			t.Fatalf("%d cells", len(cells))
		}
	})
}

// A mapping is read or refused with a line; never more.
func FuzzMapping(f *testing.F) {
	f.Add([]byte("format: 1\nname: x\n"))
	f.Add([]byte(hotlineYAML))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMapping(data)
		if (m == nil) == (err == nil) {
			t.Fatal(m, err)
		}
	})
}
