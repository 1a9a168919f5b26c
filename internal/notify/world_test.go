package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/id"
	"gezhi/internal/jobs"
	"gezhi/internal/notify"
	"gezhi/internal/privacy"
	"gezhi/internal/worktime"
)

// tuesdayNight is 02:00 of an ordinary Tuesday.
var tuesdayNight = time.Date(2026, 3, 3, 2, 0, 0, 0, clock.CST)

// gateway is a short message gateway that behaves badly on demand.
type gateway struct {
	*httptest.Server
	mu   sync.Mutex
	got  []url.Values // what it took or refused, in order
	does func(w http.ResponseWriter, r *http.Request, form url.Values)
}

func newGateway(t *testing.T) *gateway {
	g := &gateway{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		g.mu.Lock()
		g.got = append(g.got, r.PostForm)
		does := g.does
		g.mu.Unlock()
		if does != nil {
			does(w, r, r.PostForm)
			return
		}
		w.Write([]byte(`{"Code":"OK","BizId":"biz-` + r.PostForm.Get("OutId") + `"}`))
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) behave(does func(w http.ResponseWriter, r *http.Request, form url.Values)) {
	g.mu.Lock()
	g.does = does
	g.mu.Unlock()
}

func (g *gateway) values(name string) (all []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.got {
		all = append(all, f.Get(name))
	}
	return all
}

func status(code int) func(http.ResponseWriter, *http.Request, url.Values) {
	return func(w http.ResponseWriter, _ *http.Request, _ url.Values) { w.WriteHeader(code) }
}

// sms is the adapter that speaks to the gateway.
func (g *gateway) sms() notify.SMS {
	return notify.SMS{
		URL:       g.URL,
		Form:      map[string]string{"Action": "SendSms", "PhoneNumbers": "{phone}", "TemplateCode": "{template}", "TemplateParam": "{params}", "OutId": "{key}", "SignatureNonce": "{nonce}", "Timestamp": "{time}", "Text": "{text}"},
		Templates: map[string]string{"": "T1", "digest": "T2"},
		Params:    map[string]string{"no": "{number}", "n": "{count}"},
		Sign:      notify.Signature{Secret: "sample", Suffix: "&", Hash: "sha1", Param: "Signature"},
		Answer:    notify.Answer{Field: "Code", Success: "OK", Refused: []string{"MOBILE_NUMBER_ILLEGAL"}, Ref: "BizId"},
	}
}

// county is a service with a clock set by hand, a gateway, and two runners' worth of work.
type county struct {
	*notify.Service
	t       *testing.T
	clock   *clock.Hand
	runner  *jobs.Runner
	gateway *gateway
	asker   notify.Asker
}

// phones are made up, within the range that no operator gives out.
var phones = map[string]string{"li": "10000000001", "chen": "10000000002", "wang": "10000000003"}

func each(t *testing.T, now time.Time, fn func(t *testing.T, c *county)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newCounty(t, d, now)) })
}

func newCounty(t *testing.T, d *db.DB, now time.Time) *county {
	hand := clock.At(now)
	c := &county{Service: notify.New(d, hand.Now, id.Seeded(1, hand.Now)), t: t, clock: hand, runner: jobs.NewRunner(d, hand.Now), gateway: newGateway(t)}
	c.Vault = privacy.InMemory(d, hand.Now, id.New)
	c.Wires["sms"] = notify.Wire{Channel: c.gateway.sms(), Addressed: true}
	c.Policy = func(context.Context, string) (notify.Policy, error) {
		return notify.DefaultPolicy(worktime.Default()), nil
	}
	c.Address = func(_ context.Context, person, _ string) (string, error) { return phones[person], nil }
	c.Link = func(caseID string) string { return "https://gezhi.example/c/" + caseID }
	c.Who = func(context.Context) (notify.Asker, error) { return c.asker, nil }
	c.Letters = c.runner
	c.runner.Topics[notify.Topic] = c.Deliver
	c.runner.Timers[notify.NoticeTimer] = c.Advance
	c.runner.Timers[notify.DigestTimer] = c.Digest
	return c
}

// urgent is a notice that wakes; calm is one that does not.
var (
	urgent = notify.Notice{Jurisdiction: "j", Case: "c1", Number: "YH-1", Title: "燃气泄漏", Event: "opened", Severity: 1, Wakes: true,
		Fallback: []string{"in_app", "sms", "call"}, People: []string{"li"}, Further: []string{"chen"}}
	calm = notify.Notice{Jurisdiction: "j", Case: "c3", Number: "YH-3", Title: "暴露垃圾", Event: "assigned", Severity: 3,
		Fallback: []string{"in_app", "digest"}, People: []string{"li"}}
)

// post puts a notice into the outbox, as a move would.
func (c *county) post(n notify.Notice) string {
	c.t.Helper()
	body, err := json.Marshal(n)
	if err != nil {
		c.t.Fatal(err)
	}
	m := jobs.Message{ID: id.New(), Jurisdiction: n.Jurisdiction, Topic: notify.Topic, Subject: "case/" + n.Case, Body: body, MadeAt: c.clock.Now()}
	if err := c.DB.Write(c.t.Context(), nil, func(ctx context.Context, tx *db.Tx) error { return jobs.Post(ctx, tx, m) }); err != nil {
		c.t.Fatal(err)
	}
	return m.ID
}

// settle does all that is due now.
func (c *county) settle() {
	c.t.Helper()
	for {
		n, err := c.runner.Round(c.t.Context())
		m, err2 := c.Round(c.t.Context())
		if err := errors.Join(err, err2); err != nil {
			c.t.Fatal(err)
		}
		if n+m == 0 {
			return
		}
	}
}

// until does all that is due up to a moment, each at its own time.
func (c *county) until(end time.Time) {
	c.t.Helper()
	for {
		c.settle()
		at, ok, err := c.runner.Next(c.t.Context())
		at2, ok2, err2 := c.Next(c.t.Context())
		if err := errors.Join(err, err2); err != nil {
			c.t.Fatal(err)
		}
		if ok2 && (!ok || at2.Before(at)) {
			at, ok = at2, true
		}
		if !ok || at.After(end) {
			c.clock.Set(end)
			c.settle()
			return
		}
		c.clock.Set(at)
	}
}

func (c *county) after(d time.Duration) { c.t.Helper(); c.until(c.clock.Now().Add(d)) }

// acknowledge acts on a case, as a move would.
func (c *county) acknowledge(caseID, person string) {
	c.t.Helper()
	if err := c.DB.Write(c.t.Context(), nil, func(ctx context.Context, tx *db.Tx) error { return c.Acknowledge(ctx, tx, caseID, person) }); err != nil {
		c.t.Fatal(err)
	}
}

// states lists "person channel state" of a case's deliveries, sorted.
func (c *county) states(caseID string) []string {
	c.t.Helper()
	rows, err := c.Deliveries(c.t.Context(), notify.Asker{Jurisdiction: "j", Operator: true}, caseID, "", 1000)
	if err != nil {
		c.t.Fatal(err)
	}
	var all []string
	for _, r := range rows {
		all = append(all, r.Person+" "+r.Channel+" "+r.State)
	}
	slices.Sort(all)
	return all
}

func (c *county) notes(person string) []notify.Note {
	c.t.Helper()
	all, err := c.Notes(c.t.Context(), person, false, "", 100)
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

var clerk = notify.Asker{Person: "clerk", Jurisdiction: "j", Clerk: true}

func (c *county) calls() []notify.Call {
	c.t.Helper()
	all, err := c.Calls(c.t.Context(), clerk, "", 100)
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

func (c *county) want(got []string, want ...string) {
	c.t.Helper()
	if !slices.Equal(got, want) {
		c.t.Fatalf("got %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}
