package e2e

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the test turns the program's timers back beside it
)

// outside stands for everything that messages go to: a gateway for short messages, a robot and
// a machine. It can be told to refuse.
type outside struct {
	*httptest.Server
	mu      sync.Mutex
	sms     []string // telephone numbers, in order
	hooks   []string // signatures of webhooks
	robots  int
	refuses bool
}

func newOutside(t *testing.T) *outside {
	o := &outside{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		switch r.URL.Path {
		case "/sms":
			if o.refuses {
				io.WriteString(w, `{"Code":"BAD"}`)
				return
			}
			o.sms = append(o.sms, r.PostFormValue("phone"))
			if r.PostFormValue("pass") != "gateway-secret" || r.PostFormValue("signature") == "" {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			io.WriteString(w, `{"Code":"OK"}`)
		case "/robot":
			o.robots++
			io.WriteString(w, `{"errcode":0}`)
		case "/hook":
			o.hooks = append(o.hooks, r.Header.Get("Gezhi-Signature"))
		}
	}))
	t.Cleanup(o.Close)
	return o
}

func (o *outside) refuse(yes bool) {
	o.mu.Lock()
	o.refuses = yes
	o.mu.Unlock()
}

// got waits until look is content with what came.
func (o *outside) got(t *testing.T, what string, look func() bool) {
	t.Helper()
	until(t, what, func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return look()
	})
}

// until asks again and again until the answer is yes.
func until(t *testing.T, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); !yes(); {
		select {
		case <-deadline:
			t.Fatalf("in vain: %s", what)
		case <-tick.C:
		}
	}
}

// pass makes the program's timers of a kind, and what waits for the morning, due by now, as if
// time had passed.
func (s *site) pass(database, kind string) {
	s.t.Helper()
	statements := []string{"UPDATE timer SET due_at = 1 WHERE kind = '" + kind + "'"}
	if kind == "digest" {
		statements = append(statements, "UPDATE delivery SET due_at = 1 WHERE channel = 'digest'")
	}
	if database != "" {
		pool, err := pgxpool.New(s.t.Context(), database)
		if err != nil {
			s.t.Fatal(err)
		}
		defer pool.Close()
		for i := len(statements) - 1; i >= 0; i-- {
			if _, err := pool.Exec(s.t.Context(), statements[i]); err != nil {
				s.t.Fatal(err)
			}
		}
		return
	}
	d, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "data", "gezhi.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		s.t.Fatal(err)
	}
	defer d.Close()
	for i := len(statements) - 1; i >= 0; i-- {
		if _, err := d.ExecContext(s.t.Context(), statements[i]); err != nil {
			s.t.Fatal(err)
		}
	}
}

// items are the rows of a list of the API.
func (p *person) items(path string) []map[string]any {
	p.s.t.Helper()
	r := p.send("GET", path, nil)
	list, ok := r.get("items").([]any)
	if !ok {
		p.s.t.Fatalf("%s: %d %s", path, r.status, r.body)
	}
	var out []map[string]any
	for _, x := range list {
		out = append(out, x.(map[string]any))
	}
	return out
}

const gateway = `
url: %s/sms
form: { phone: "{phone}", text: "{text}", pass: "{secret}", key: "{key}" }
sign: { hash: sha256, param: signature }
answer: { field: Code, success: OK, refused: [BAD] }
`

// An urgent case that nobody stirs for goes to the next channel and to the next person; the
// roster's clerk telephones; what a gateway refuses lies where an operator sees it and sends it
// again; and what is not urgent comes in one message in the morning.
func TestNoticesReachPeopleForReal(t *testing.T) {
	bothEngines(t, func(t *testing.T, database string) {
		out := newOutside(t)
		s := newSite(t, database, "GEZHI_WECOM=true", "GEZHI_WEBHOOK=true", "GEZHI_WEBHOOK_SECRET=hook-secret")
		write := func(name, text string) string {
			t.Helper()
			path := filepath.Join(s.dir, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		s.env = append(s.env, "GEZHI_SMS="+write("sms.yaml", fmt.Sprintf(gateway, out.URL)), "GEZHI_SMS_SECRET_FILE="+write("sms.key", "gateway-secret\n"))
		s.setUp(false)
		write("groups.csv", "channel,name,unit,address\nwecom,Village,village,"+out.URL+"/robot\nwebhook,Board,,"+out.URL+"/hook\n")
		s.run("gezhi import groups groups.csv", "", true)
		// The night of the test, whenever that is: dora and dean are on duty now.
		now := time.Now().In(time.FixedZone("CST", 8*3600))
		roster := "date,shift,seat,login,area,from,until\n"
		for _, day := range []time.Time{now.AddDate(0, 0, -1), now, now.AddDate(0, 0, 1)} {
			roster += day.Format(time.DateOnly) + ",holiday,clerk,dora,990102001,00:00,24:00\n" + day.Format(time.DateOnly) + ",holiday,leader,dean,990102001,00:00,24:00\n"
		}
		write("now.csv", roster)
		s.run("gezhi import roster now.csv", "", true)
		write("overlay.yaml", "overlay: incident\nseverities: { 1: { fallback: [in_app, sms, call, wecom, webhook] } }\n")
		s.run("gezhi pack load incident overlay.yaml", "", true)

		srv := s.serve()
		grid, vera, dora, chief := srv.logIn("grid1", secret), srv.logIn("vera", secret), srv.logIn("dora", secret), srv.logIn("chief", secret)
		where := grid.send("GET", "/areas", nil).get("areas").([]any)[0].(map[string]any)["id"]
		report := func(class string) string {
			t.Helper()
			r := grid.send("POST", "/cases", map[string]any{"class": "incident/sample:" + class, "text": "a sample matter", "area_id": where, "channel": "field"})
			id, _ := r.get("id").(string)
			if id == "" {
				t.Fatalf("%d %s", r.status, r.body)
			}
			return id
		}

		gas := report("0402")
		out.got(t, "vera gets a short message", func() bool { return len(out.sms) >= 1 && out.sms[0] == "10000000002" })
		if notes := vera.items("/notes?unread=true"); len(notes) != 1 || notes[0]["case"] != gas || notes[0]["event_title"] == "" {
			t.Errorf("vera's notes: %v", notes)
		}
		s.pass(database, "notice")
		until(t, "the clerk on duty is to telephone vera", func() bool {
			for _, c := range dora.items("/calls") {
				if c["case"] == gas && c["person_name"] == "样例乙" && c["address"] == "10000000002" {
					return true
				}
			}
			return false
		})
		s.pass(database, "notice")
		out.got(t, "the robot of vera's unit", func() bool { return out.robots >= 1 })
		until(t, "the leader on duty, who comes next, gets a short message", func() bool {
			s.pass(database, "notice")
			out.mu.Lock()
			defer out.mu.Unlock()
			return slices.Contains(out.sms, "10000000006")
		})
		out.got(t, "the signed webhook", func() bool { return len(out.hooks) >= 1 && strings.Contains(out.hooks[0], "v1=") })
		if got := vera.act(gas, "classify", nil); got != "judging" {
			t.Fatal(got)
		}
		until(t, "who acts ends the chase", func() bool { return len(dora.items("/calls")) == 0 })

		out.refuse(true)
		report("0402")
		var letter map[string]any
		until(t, "the refused message lies among the dead letters", func() bool {
			for _, l := range chief.items("/dead-letters") {
				if l["channel"] == "sms" && l["person_name"] == "样例乙" && l["why"] == "notify.refused" && l["why_text"] != "" {
					letter = l
				}
			}
			return letter != nil
		})
		if r := vera.send("GET", "/dead-letters", nil); r.status != 403 {
			t.Errorf("a village's dispatcher sees dead letters: %d", r.status)
		}
		out.refuse(false)
		out.mu.Lock()
		before := len(out.sms)
		out.mu.Unlock()
		if r := chief.send("POST", "/dead-letters/"+letter["id"].(string)+"/resend", nil); r.status != 204 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		out.got(t, "the dead letter comes after all", func() bool { return len(out.sms) > before })

		report("0102")
		until(t, "what is calm is in the inbox at once", func() bool {
			notes := vera.items("/notes?unread=true")
			return len(notes) > 0 && notes[0]["severity"] == float64(3)
		})
		s.pass(database, "digest")
		until(t, "the morning's message", func() bool {
			for _, n := range vera.items("/notes?unread=true") {
				if n["event"] == "digest" && strings.Contains(n["text"].(string), "1") {
					return true
				}
			}
			return false
		})
		if who := dora.send("GET", "/notes/unread", nil); who.get("clerk") != true || who.get("operator") != false {
			t.Errorf("%s", who.body)
		}
	})
}

// A channel that is configured halfway, or by a file that says too little, keeps the program
// from starting, and the words say what is missing; secrets are not among them.
func TestAHalfConfiguredChannelIsRefusedAtTheStart(t *testing.T) {
	s := newSite(t, "")
	bad := filepath.Join(s.dir, "sms.yaml")
	if err := os.WriteFile(bad, []byte("url: ftp://gateway\nform: { text: x }\nanswer: { field: Code }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := s.env
	for env, says := range map[string]string{
		"GEZHI_WEBHOOK=true":                                 "GEZHI_WEBHOOK_SECRET is missing",
		"GEZHI_SMTP=127.0.0.1:25":                            "GEZHI_MAIL_FROM is missing",
		"GEZHI_SMS_SECRET=hush-hush":                         "GEZHI_SMS is missing",
		"GEZHI_SMS=" + bad:                                   "form does not say {phone}",
		"GEZHI_SMS=/none.yaml":                               "cli.cannot_read",
		"GEZHI_WEBHOOK_SECRET_FILE=/none GEZHI_WEBHOOK=true": "config.bad_value",
	} {
		s.env = append(append([]string{}, plain...), strings.Fields(env)...)
		if out := s.run("gezhi -addr 127.0.0.1:0 serve", "", false); !strings.Contains(out, says) || strings.Contains(out, "hush") {
			t.Errorf("%s: %s", env, out)
		}
	}
}
