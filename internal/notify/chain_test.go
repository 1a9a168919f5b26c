package notify_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/jobs"
	"gezhi/internal/notify"
)

// Level 1 at 02:00 sounds by short message at once, then a clerk is asked to telephone, then
// it is the next person's turn, and so on until there is nobody left.
func TestLevelOneSoundsAtNight(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.post(urgent)
		c.settle()
		c.want(c.gateway.values("PhoneNumbers"), phones["li"])
		if n := c.notes("li"); len(n) != 1 || n[0].Number != "YH-1" {
			t.Fatal(n)
		}
		if len(c.calls()) != 0 {
			t.Fatal("a clerk telephones before the person had time to answer")
		}
		c.after(5 * time.Minute)
		if calls := c.calls(); len(calls) != 1 || calls[0].Person != "li" || calls[0].Address != phones["li"] {
			t.Fatal(calls)
		}
		c.want(c.gateway.values("PhoneNumbers"), phones["li"])
		c.after(5 * time.Minute)
		c.want(c.gateway.values("PhoneNumbers"), phones["li"], phones["chen"])
		c.after(time.Hour)
		c.want(c.gateway.values("PhoneNumbers"), phones["li"], phones["chen"])
		if calls := c.calls(); len(calls) != 2 || calls[1].Person != "chen" {
			t.Fatal(calls)
		}
		c.want(c.states("c1"), "chen call sent", "chen in_app delivered", "chen sms sent", "li call sent", "li in_app delivered", "li sms sent")
	})
}

// The notice's own deadline for an acknowledgement sets the pace.
func TestTheTurnPassesWhenTheTimeToAcknowledgeIsOver(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		n := urgent
		n.AckUntil = tuesdayNight.Add(20 * time.Minute)
		c.post(n)
		c.until(tuesdayNight.Add(19 * time.Minute))
		c.want(c.gateway.values("PhoneNumbers"), phones["li"])
		if len(c.calls()) != 1 {
			t.Fatal(c.calls())
		}
		c.until(n.AckUntil)
		c.want(c.gateway.values("PhoneNumbers"), phones["li"], phones["chen"])
	})
}

// After the notice's own people the roof is asked who comes next, with those already told.
func TestFurtherPeopleAreAskedFor(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		var asked [][]string
		c.Further = func(_ context.Context, _ notify.Notice, told []string) ([]string, error) {
			asked = append(asked, told)
			return []string{"li", "wang"}, nil // li was told already
		}
		c.post(urgent)
		c.after(3 * time.Hour)
		c.want(c.gateway.values("PhoneNumbers"), phones["li"], phones["chen"], phones["wang"])
		if len(asked) != 2 || len(asked[0]) != 2 || len(asked[1]) != 3 {
			t.Fatal(asked)
		}
	})
}

// An acknowledgement in between stops the chain, and takes back the call not yet made.
func TestAcknowledgementStopsTheChain(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.post(urgent)
		c.after(6 * time.Minute)
		if len(c.calls()) != 1 {
			t.Fatal(c.calls())
		}
		c.acknowledge("c1", "li")
		if len(c.calls()) != 0 {
			t.Fatal("somebody who has acknowledged is telephoned")
		}
		c.after(24 * time.Hour)
		c.want(c.gateway.values("PhoneNumbers"), phones["li"])
		c.want(c.states("c1"), "li call sent", "li in_app delivered", "li sms sent")
		if at, ok, _ := c.runner.Next(t.Context()); ok {
			t.Fatalf("a timer waits at %s", at)
		}
	})
}

// What was planned but not sent is not sent after an acknowledgement, and acting on another
// case stops nothing.
func TestWhatIsNotSentYetIsTakenBack(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.gateway.behave(status(503))
		c.post(urgent)
		c.settle()
		c.acknowledge("another", "li")
		c.after(3 * time.Second)
		if n := len(c.gateway.values("OutId")); n != 2 {
			t.Fatalf("%d tries", n)
		}
		c.acknowledge("c1", "li")
		c.after(time.Hour)
		if n := len(c.gateway.values("OutId")); n != 2 {
			t.Fatalf("%d tries", n)
		}
		c.want(c.states("c1"), "li in_app delivered", "li sms void")
	})
}

// An acknowledgement that comes while the clerk's task is being made leaves no task behind.
func TestACallMadeTooLateIsNotSeen(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.Lang = func(context.Context, string) (string, error) { // asked while the delivery is on its way
			c.acknowledge("c1", "li")
			return "en", nil
		}
		n := urgent
		n.Fallback = []string{"call"}
		c.post(n)
		c.settle()
		c.want(c.states("c1"), "li call sent")
		if calls := c.calls(); len(calls) != 0 {
			t.Fatal(calls)
		}
	})
}

// Who acted before the notice was even taken in is told, but not chased.
func TestASettledCaseIsNotChased(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		settled := false
		c.Settled = func(context.Context, notify.Notice, time.Time) (bool, error) { return settled, nil }
		c.post(urgent)
		c.after(time.Minute)
		settled = true
		second := urgent
		second.Case = "c2"
		c.post(second)
		c.after(time.Hour)
		c.want(c.gateway.values("PhoneNumbers"), phones["li"])
		c.want(c.states("c1"), "li in_app delivered", "li sms sent")
		c.want(c.states("c2"), "li digest waiting", "li in_app delivered")
	})
}

// A clerk who reached the person stops the chain; one who did not lets it go on at once.
func TestTheClerksWordCounts(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.post(urgent)
		c.after(5 * time.Minute)
		first := c.calls()[0]
		if err := c.Called(t.Context(), notify.Asker{Person: "x", Jurisdiction: "j"}, first.ID, true); fault.CodeOf(err) != "notify.not_a_clerk" {
			t.Fatal(err)
		}
		if err := c.Called(t.Context(), notify.Asker{Person: "x", Jurisdiction: "elsewhere", Clerk: true}, first.ID, true); fault.CodeOf(err) != "notify.no_call" {
			t.Fatal(err)
		}
		if err := c.Called(t.Context(), clerk, first.ID, false); err != nil {
			t.Fatal(err)
		}
		c.settle() // no minute later
		c.want(c.gateway.values("PhoneNumbers"), phones["li"], phones["chen"])
		if err := c.Called(t.Context(), clerk, first.ID, true); fault.CodeOf(err) != "notify.call_done" {
			t.Fatal(err)
		}
		c.after(5 * time.Minute)
		if err := c.Called(t.Context(), clerk, c.calls()[0].ID, true); err != nil {
			t.Fatal(err)
		}
		if len(c.calls()) != 0 {
			t.Fatal(c.calls())
		}
		if at, ok, _ := c.runner.Next(t.Context()); ok {
			t.Fatalf("a timer waits at %s", at)
		}
		c.want(c.states("c1"), "chen call read", "chen in_app delivered", "chen sms sent", "li call sent", "li in_app delivered", "li sms sent")
	})
}

// To be told, of an answer or of a closing, asks nothing of anybody.
func TestWhatOnlyInformsIsNotChased(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		for i, event := range []string{notify.EventTold, notify.EventAnswered, notify.EventClosed} {
			n := urgent
			n.Case, n.Event = string(rune('a'+i)), event
			c.post(n)
		}
		c.after(time.Hour)
		c.want(c.states("a"), "li in_app delivered", "li sms sent")
		c.want(c.states("b"), "li digest waiting", "li in_app delivered")
		c.want(c.states("c"), "li digest waiting", "li in_app delivered")
	})
}

// A message that comes twice is one notice.
func TestANoticeTakenInTwiceIsSentOnce(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		m := jobs.Message{ID: c.ID(), Jurisdiction: "j", MadeAt: tuesdayNight, Body: []byte(`{"case":"c1","number":"YH-1","event":"opened","wakes":true,"fallback":["sms"],"people":["li"]}`)}
		for range 3 {
			if err := c.Deliver(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			c.settle()
		}
		c.want(c.gateway.values("PhoneNumbers"), phones["li"])
	})
}

// A person without an address on one channel is told over the next at once.
func TestNoAddressGoesOnToTheNextChannel(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		n := urgent
		n.People = []string{"zhao"} // has no telephone
		c.post(n)
		c.settle()
		c.want(c.states("c1"), "zhao call sent", "zhao in_app delivered", "zhao sms failed")
		c.want(c.gateway.values("PhoneNumbers"))
	})
}

// When somebody acknowledges in the very moment in which the chain goes on, nothing of it is
// left over: no timer, nothing waiting.
func TestAcknowledgingWhileTheChainMovesOn(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		const many = 20
		for i := range many {
			n := urgent
			n.Case = fmt.Sprint("c", i)
			c.post(n)
		}
		c.settle()
		c.clock.Add(5 * time.Minute)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.runner.Round(t.Context()); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			for i := range many {
				if err := c.DB.Write(t.Context(), nil, func(ctx context.Context, tx *db.Tx) error {
					return c.Acknowledge(ctx, tx, fmt.Sprint("c", i), "li")
				}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Wait()
		if at, ok, err := c.Next(t.Context()); ok || err != nil {
			t.Fatalf("a delivery waits, due at %s %v", at, err)
		}
		c.after(24 * time.Hour)
		if len(c.calls()) != 0 || len(c.gateway.values("OutId")) != many {
			t.Fatal(c.calls(), len(c.gateway.values("OutId")))
		}
	})
}
