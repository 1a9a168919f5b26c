package notify_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/notify"
)

// A retry after a 500, and after a wrong answer, has the same key.
func TestARetryKeepsTheKey(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		tries := 0
		c.gateway.behave(func(w http.ResponseWriter, _ *http.Request, _ url.Values) {
			switch tries++; tries {
			case 1:
				w.WriteHeader(500)
			case 2:
				w.Write([]byte(`<html>welcome</html>`))
			case 3:
				w.Write([]byte(`{"Code":"BUSINESS_LIMIT_CONTROL"}`))
			default:
				w.Write([]byte(`{"Code":"OK"}`))
			}
		})
		n := urgent
		n.Fallback = []string{"sms"}
		c.post(n)
		c.after(time.Minute)
		keys, nonces := c.gateway.values("OutId"), c.gateway.values("SignatureNonce")
		if len(keys) != 4 || len(slices.Compact(slices.Clone(keys))) != 1 || len(slices.Compact(slices.Clone(nonces))) != 4 {
			t.Fatal(keys, nonces)
		}
		c.want(c.states("c1"), "li sms sent")
	})
}

// What the gateway refuses for good is not tried again, and goes on to the next channel.
func TestARefusalIsFinal(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.gateway.behave(func(w http.ResponseWriter, _ *http.Request, _ url.Values) {
			w.Write([]byte(`{"Code":"MOBILE_NUMBER_ILLEGAL"}`))
		})
		c.post(urgent)
		c.settle()
		c.want(c.states("c1"), "li call sent", "li in_app delivered", "li sms failed")
		if n := len(c.gateway.values("OutId")); n != 1 {
			t.Fatalf("%d tries", n)
		}
	})
}

// What fails eight times lies dead, an operator sees it and sends it again under its key;
// the person was told over the next channel meanwhile.
func TestADeadLetterIsSeenAndSentAgain(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		c.gateway.behave(status(500))
		n := calm
		n.Fallback = []string{"sms", "in_app"}
		c.post(n)
		c.after(time.Hour)
		keys := c.gateway.values("OutId")
		if len(keys) != 8 || len(slices.Compact(slices.Clone(keys))) != 1 {
			t.Fatal(keys)
		}
		c.want(c.states("c3"), "li in_app delivered", "li sms dead")

		operator := notify.Asker{Person: "op", Jurisdiction: "j", Operator: true}
		if _, err := c.DeadLetters(t.Context(), clerk, "", 10); fault.CodeOf(err) != "notify.not_an_operator" {
			t.Fatal(err)
		}
		if other, err := c.DeadLetters(t.Context(), notify.Asker{Jurisdiction: "elsewhere", Operator: true}, "", 10); err != nil || len(other) != 0 {
			t.Fatal(other, err)
		}
		dead, err := c.DeadLetters(t.Context(), operator, "", 10)
		if err != nil || len(dead) != 1 || dead[0].ID != keys[0] || dead[0].Why != "notify.gateway_error" || dead[0].Subject != "case/c3" || dead[0].Attempts != 8 {
			t.Fatal(dead, err)
		}
		if err := c.Resend(t.Context(), notify.Asker{Person: "op", Jurisdiction: "elsewhere", Operator: true}, keys[0]); fault.CodeOf(err) != "notify.no_dead_letter" {
			t.Fatal(err)
		}
		c.gateway.behave(nil)
		if err := c.Resend(t.Context(), operator, keys[0]); err != nil {
			t.Fatal(err)
		}
		c.settle()
		if all := c.gateway.values("OutId"); len(all) != 9 || all[8] != keys[0] {
			t.Fatal(all)
		}
		c.want(c.states("c3"), "li in_app delivered", "li sms sent")
		if err := c.Resend(t.Context(), operator, keys[0]); fault.CodeOf(err) != "notify.no_dead_letter" {
			t.Fatal(err)
		}
	})
}

// A notice that cannot be read lies dead in the outbox, and is seen beside the deliveries.
func TestAnUnreadableNoticeIsADeadLetter(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		bad := calm
		bad.People = nil
		sent := c.post(bad)
		c.after(time.Hour)
		operator := notify.Asker{Person: "op", Jurisdiction: "j", Operator: true}
		dead, err := c.DeadLetters(t.Context(), operator, "", 10)
		if err != nil || len(dead) != 1 || dead[0].ID != sent || dead[0].Of != notify.Topic {
			t.Fatal(dead, err)
		}
		if err := c.Resend(t.Context(), operator, sent); err != nil {
			t.Fatal(err)
		}
		if dead, err = c.DeadLetters(t.Context(), operator, "", 10); err != nil || len(dead) != 0 {
			t.Fatal(dead, err)
		}
	})
}

// Two processes at work on the same deliveries send each of them once.
func TestTwoProcessesSendOnce(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		for i := range 30 {
			n := urgent
			n.Case, n.Fallback = fmt.Sprint("c", i), []string{"sms"}
			c.post(n)
		}
		if _, err := c.runner.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := newCounty(t, c.DB, tuesdayNight)
		second.Wires["sms"] = c.Wires["sms"]
		var wg sync.WaitGroup
		for _, s := range []*notify.Service{c.Service, second.Service} {
			wg.Go(func() {
				for {
					n, err := s.Round(t.Context())
					if err != nil {
						t.Error(err)
					}
					if n == 0 {
						return
					}
				}
			})
		}
		wg.Wait()
		keys := c.gateway.values("OutId")
		slices.Sort(keys)
		if len(keys) != 30 || len(slices.Compact(keys)) != 30 {
			t.Fatalf("%d messages, %d keys", len(c.gateway.values("OutId")), len(slices.Compact(keys)))
		}
	})
}

// What a dead process was sending is sent by another when its lease is over, under the same key.
func TestALostDeliveryIsTakenUpAgain(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		ctx, die := context.WithCancel(t.Context())
		c.gateway.behave(func(w http.ResponseWriter, r *http.Request, _ url.Values) {
			die() // it came, but the sender never learns
			<-r.Context().Done()
		})
		n := urgent
		n.Fallback = []string{"sms"}
		c.post(n)
		if _, err := c.runner.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Round(ctx); err != nil {
			t.Fatal(err)
		}
		c.gateway.behave(nil)
		c.settle()
		if n := len(c.gateway.values("OutId")); n != 1 {
			t.Fatalf("sent %d times while it was leased", n)
		}
		c.after(time.Minute)
		keys := c.gateway.values("OutId")
		if len(keys) != 2 || keys[0] != keys[1] {
			t.Fatal(keys)
		}
		c.want(c.states("c1"), "li sms sent")
	})
}

// A gateway that hangs delays nobody: the others' messages go out while it still hangs, and it
// is given up after its time and tried again.
func TestAHangingGatewayBlocksNobody(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		hanging, group := make(chan struct{}, 8), newGateway(t)
		let := make(chan struct{})
		c.gateway.behave(func(_ http.ResponseWriter, r *http.Request, _ url.Values) {
			hanging <- struct{}{}
			select {
			case <-r.Context().Done():
			case <-let:
			}
		})
		came := make(chan struct{}, 8)
		group.behave(func(w http.ResponseWriter, _ *http.Request, _ url.Values) {
			w.Write([]byte(`{"errcode":0,"errmsg":"ok"}`))
			came <- struct{}{}
		})
		c.Wires["sms"] = notify.Wire{Channel: c.gateway.sms(), Addressed: true, Timeout: time.Hour}
		c.Wires["wecom"] = notify.Wire{Channel: notify.WeCom{URL: group.URL}, Shared: true, PerMinute: notify.RobotsPerMinute}
		n := urgent
		n.Fallback = []string{"sms"}
		c.post(n)
		c.runner.Round(t.Context())
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { c.Run(ctx); close(over) }()
		<-hanging
		n.Fallback, n.Case = []string{"wecom"}, "c2"
		c.post(n)
		c.runner.Round(t.Context())
		<-came // while the other gateway hangs
		stop()
		<-over
		close(let)
		c.want(c.states("c1"), "li sms waiting")
	})
}

// A gateway that takes too long is given up, and counts as a failed try.
func TestASlowGatewayTimesOut(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.gateway.behave(func(_ http.ResponseWriter, r *http.Request, _ url.Values) { <-r.Context().Done() })
		c.Wires["sms"] = notify.Wire{Channel: c.gateway.sms(), Addressed: true, Timeout: 20 * time.Millisecond}
		n := urgent
		n.Fallback = []string{"sms"}
		c.post(n)
		c.settle()
		rows, err := c.Deliveries(t.Context(), notify.Asker{Jurisdiction: "j", Operator: true}, "c1", "", 10)
		if err != nil || len(rows) != 1 || rows[0].Why != "notify.timeout" || rows[0].State != notify.Waiting || rows[0].Attempts != 1 {
			t.Fatal(rows, err)
		}
	})
}

// A robot gets twenty messages a minute and no more; the rest comes in the next minutes.
func TestARobotIsNotFlooded(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		group := newGateway(t)
		group.behave(func(w http.ResponseWriter, _ *http.Request, _ url.Values) { w.Write([]byte(`{"errcode":0}`)) })
		c.Wires["j/dingtalk"] = notify.Wire{Channel: notify.DingTalk{URL: group.URL + "?access_token=t", Secret: "s"}, Shared: true, PerMinute: notify.RobotsPerMinute}
		for i := range 50 {
			n := calm
			n.Case, n.Fallback, n.People = fmt.Sprint("c", i), []string{"dingtalk"}, []string{"li", "chen"}
			c.post(n)
		}
		for _, want := range []int{20, 40, 50, 50} {
			c.settle()
			if n := len(group.values("")); n != want {
				t.Fatalf("%d messages, want %d", n, want)
			}
			c.after(59 * time.Second)
			if n := len(group.values("")); n != want {
				t.Fatalf("%d messages within the minute, want %d", n, want)
			}
			c.after(2 * time.Second)
		}
	})
}

// A channel of one jurisdiction is not another's.
func TestAGroupBelongsToItsJurisdiction(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		group := newGateway(t)
		group.behave(func(w http.ResponseWriter, _ *http.Request, _ url.Values) { w.Write([]byte(`{"errcode":0}`)) })
		c.Wires["j/wecom"] = notify.Wire{Channel: notify.WeCom{URL: group.URL}, Shared: true}
		other := calm
		other.Jurisdiction, other.Fallback = "k", []string{"wecom"}
		c.post(other)
		c.settle()
		if len(group.values("")) != 0 || len(c.notes("li")) != 1 {
			t.Fatal("a notice went into another county's group")
		}
	})
}

// A dead group goes on to the next channel of everybody it was for.
func TestAFailedGroupGoesOnToPeople(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		group := newGateway(t)
		group.behave(status(404))
		c.Wires["j/wecom"] = notify.Wire{Channel: notify.WeCom{URL: group.URL}, Shared: true}
		n := calm
		n.Fallback, n.People = []string{"wecom", "sms"}, []string{"li", "chen"}
		c.post(n)
		c.settle()
		c.want(c.states("c3"), " wecom failed", "chen sms sent", "li sms sent")
	})
}

// The gateway's later report makes a sent message a delivered one, or sends it another way.
func TestAReportFromTheGateway(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		n := urgent
		n.People = []string{"li", "chen"}
		c.post(n)
		c.settle()
		keys := c.gateway.values("OutId")
		slices.Sort(keys)
		for range 2 {
			if err := c.Report(t.Context(), "sms", "biz-"+keys[0], true); err != nil {
				t.Fatal(err)
			}
			if err := c.Report(t.Context(), "sms", "biz-"+keys[1], false); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Report(t.Context(), "sms", "unknown", true); err != nil {
			t.Fatal(err)
		}
		c.settle()
		c.want(c.states("c1"), "chen call sent", "chen in_app delivered", "chen sms failed", "li in_app delivered", "li sms delivered")

		other := urgent
		other.Case = "c2"
		c.post(other)
		c.settle()
		c.acknowledge("c2", "chen")
		sent := c.gateway.values("OutId")
		if err := c.Report(t.Context(), "sms", "biz-"+sent[len(sent)-1], false); err != nil {
			t.Fatal(err)
		}
		c.settle()
		c.want(c.states("c2"), "li in_app delivered", "li sms failed") // no call after an acknowledgement
	})
}

// A line that is no longer configured gives its messages up instead of keeping them for ever.
func TestALineThatIsGone(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.post(urgent)
		c.runner.Round(t.Context())
		delete(c.Wires, "sms")
		c.settle()
		c.want(c.states("c1"), "li call sent", "li in_app delivered", "li sms failed")
	})
}

// Run sends what is posted while it runs, and returns when it is told to stop.
func TestRun(t *testing.T) {
	c := newCounty(t, dbtest.SQLite(t), tuesdayNight)
	c.Now = clock.System
	came := make(chan string, 1)
	c.gateway.behave(func(w http.ResponseWriter, _ *http.Request, form url.Values) {
		w.Write([]byte(`{"Code":"OK"}`))
		came <- form.Get("PhoneNumbers")
	})
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { c.Run(ctx); close(over) }()
	c.post(urgent)
	c.runner.Round(t.Context())
	if p := <-came; p != phones["li"] {
		t.Fatal(p)
	}
	stop()
	<-over
}

// On a line with a limit, what wakes overtakes what does not.
func TestWhatWakesGoesFirst(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		w := c.Wires["sms"]
		w.PerMinute = 2
		c.Wires["sms"] = w
		n := calm
		n.Fallback = []string{"sms"}
		for i := range 5 {
			n.Case = fmt.Sprint("c", i)
			c.post(n)
		}
		c.settle()
		n = urgent
		n.Fallback, n.Number = []string{"sms"}, "urgent"
		c.post(n)
		c.after(61 * time.Second)
		got := c.gateway.values("TemplateParam")
		if len(got) != 4 || !slices.Contains(got[2:], `{"n":"0","no":"urgent"}`) { // the two of a minute go out side by side
			t.Fatal(got)
		}
	})
}

// Live readers are told of a new note, of one that was read, and of a call.
func TestLiveReadersAreTold(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		var mu sync.Mutex
		var told []string
		c.Publish = func(topic, _ string) { mu.Lock(); told = append(told, topic); mu.Unlock() }
		n := urgent
		n.Fallback = []string{"in_app"}
		c.post(n)
		c.settle()
		if err := c.Read(t.Context(), "li", c.notes("li")[0].ID); err != nil {
			t.Fatal(err)
		}
		n.Fallback = []string{"call"}
		c.post(n)
		c.settle()
		c.want(told, "notes/li", "notes/li", "calls/j")
	})
}
