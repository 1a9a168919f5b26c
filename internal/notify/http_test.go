package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gezhi/internal/db"
	"gezhi/internal/notify"
	"gezhi/internal/web"
)

// api is the county's operations behind a real server.
func (c *county) api() func(method, path, body string) (int, map[string]any) {
	srv := web.New("test", "0")
	srv.Log = slog.New(slog.DiscardHandler)
	srv.Authenticate = func(ctx context.Context, _ *http.Request) (context.Context, error) { return ctx, nil }
	c.Register(srv)
	return func(method, path, body string) (int, map[string]any) {
		c.t.Helper()
		r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
		if body == "" {
			r.Body = http.NoBody
			r.ContentLength = 0
		} else {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		var v map[string]any
		if w.Body.Len() > 0 {
			if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
				c.t.Fatalf("%s %s: %s", method, path, w.Body)
			}
		}
		return w.Code, v
	}
}

func items(v map[string]any) (all []map[string]any) {
	list, _ := v["items"].([]any)
	for _, x := range list {
		all = append(all, x.(map[string]any))
	}
	return all
}

// A person lists their notes page by page, counts and reads them; others' are not found.
func TestNotesOverHTTP(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		call := c.api()
		for i := range 5 {
			n := calm
			n.Number = fmt.Sprint("YH-", i)
			c.post(n)
			c.settle()
		}
		c.asker = notify.Asker{Person: "li", Jurisdiction: "j"}
		if code, v := call("GET", "/notes/unread", ""); code != 200 || v["count"] != 5.0 || v["more"] != false {
			t.Fatal(code, v)
		}
		var seen []string
		for next := ""; ; {
			code, v := call("GET", "/notes?limit=2&cursor="+next, "")
			if code != 200 {
				t.Fatal(code, v)
			}
			for _, n := range items(v) {
				seen = append(seen, n["number"].(string))
			}
			if next, _ = v["next"].(string); next == "" {
				break
			}
		}
		c.want(seen, "YH-4", "YH-3", "YH-2", "YH-1", "YH-0")
		_, v := call("GET", "/notes?limit=1", "")
		first := items(v)[0]
		if first["text"] != "待您办理：暴露垃圾（YH-4） https://gezhi.example/c/c3" || first["read_at"] != nil {
			t.Fatal(first)
		}
		path := "/notes/" + first["id"].(string) + "/read"
		c.asker.Person = "chen"
		if code, v := call("POST", path, ""); code != 404 || v["code"] != "notify.no_note" {
			t.Fatal(code, v)
		}
		if _, v := call("GET", "/notes", ""); len(items(v)) != 0 {
			t.Fatal("another's notes are seen")
		}
		c.asker.Person = "li"
		for range 2 {
			if code, v := call("POST", path, ""); code != 204 {
				t.Fatal(code, v)
			}
		}
		if _, v := call("GET", "/notes?unread=true", ""); len(items(v)) != 4 {
			t.Fatal(v)
		}
		if code, v := call("GET", "/notes?cursor=x", ""); code != 400 || v["code"] != "page.bad_cursor" {
			t.Fatal(code, v)
		}
	})
}

// The clerk on duty sees whom to telephone, with the number, and says what came of it.
func TestCallsOverHTTP(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		call := c.api()
		n := urgent
		n.Fallback = []string{"call"}
		c.post(n)
		c.settle()
		c.asker = notify.Asker{Person: "li", Jurisdiction: "j"}
		if code, v := call("GET", "/calls", ""); code != 403 || v["code"] != "notify.not_a_clerk" {
			t.Fatal(code, v)
		}
		c.asker = clerk
		code, v := call("GET", "/calls", "")
		if code != 200 || len(items(v)) != 1 || items(v)[0]["address"] != phones["li"] || items(v)[0]["person"] != "li" {
			t.Fatal(code, v)
		}
		path := "/calls/" + items(v)[0]["id"].(string)
		if code, v := call("POST", path, `{}`); code != 422 {
			t.Fatal(code, v)
		}
		if code, v := call("POST", path, `{"reached":true}`); code != 204 {
			t.Fatal(code, v)
		}
		if code, v := call("POST", path, `{"reached":false}`); code != 409 || v["code"] != "notify.call_done" {
			t.Fatal(code, v)
		}
		if code, v := call("POST", "/calls/unknown", `{"reached":false}`); code != 404 {
			t.Fatal(code, v)
		}
		if n := c.leaves("call.reached"); n != 1 {
			t.Fatalf("%d audit leaves", n)
		}
	})
}

// An operator sees what became of messages, and sends a dead letter again; nobody else does,
// and neither words nor addresses are shown.
func TestDeliveriesOverHTTP(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		call := c.api()
		c.gateway.behave(status(403))
		n := calm
		n.Fallback = []string{"sms"}
		c.post(n)
		n.Case = "other"
		c.post(n)
		c.settle()
		c.asker = notify.Asker{Person: "li", Jurisdiction: "j"}
		for _, x := range [][2]string{{"GET", "/deliveries"}, {"GET", "/dead-letters"}, {"POST", "/dead-letters/x/resend"}} {
			if code, v := call(x[0], x[1], ""); code != 403 || v["code"] != "notify.not_an_operator" {
				t.Fatal(x, code, v)
			}
		}
		c.asker.Operator = true
		code, v := call("GET", "/deliveries?case=c3", "")
		if code != 200 || len(items(v)) != 1 || items(v)[0]["state"] != "failed" || items(v)[0]["why"] != "notify.refused" {
			t.Fatal(code, v)
		}
		if text := fmt.Sprint(v); strings.Contains(text, phones["li"]) || strings.Contains(text, "暴露垃圾") {
			t.Fatal(text)
		}
		_, page := call("GET", "/dead-letters?limit=1", "")
		_, rest := call("GET", "/dead-letters?limit=1&cursor="+page["next"].(string), "")
		if len(items(page)) != 1 || len(items(rest)) != 1 || rest["next"] != nil || items(page)[0]["subject"] == items(rest)[0]["subject"] {
			t.Fatal(page, rest)
		}
		c.gateway.behave(nil)
		path := "/dead-letters/" + items(page)[0]["id"].(string) + "/resend"
		if code, v := call("POST", path, ""); code != 204 {
			t.Fatal(code, v)
		}
		if code, v := call("POST", path, ""); code != 404 || v["code"] != "notify.no_dead_letter" {
			t.Fatal(code, v)
		}
		c.settle()
		if _, v := call("GET", "/dead-letters", ""); len(items(v)) != 1 {
			t.Fatal(v)
		}
		if n := c.leaves("delivery.resent"); n != 1 {
			t.Fatalf("%d audit leaves", n)
		}
	})
}

// leaves counts the audit leaves of one kind of act.
func (c *county) leaves(act string) (n int) {
	c.t.Helper()
	if err := c.DB.Read(c.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.Row(ctx, `SELECT COUNT(*) FROM audit_leaf WHERE act = $1`, []any{act}, &n)
	}); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// Every statement of this package can be prepared on both engines.
func TestStatementsPrepare(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		for _, s := range db.Statements() {
			if err := c.DB.Prepare(t.Context(), s); err != nil {
				t.Errorf("%s: %v", s, err)
			}
		}
	})
}
