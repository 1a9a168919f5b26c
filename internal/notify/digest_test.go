package notify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/notify"
	"gezhi/internal/worktime"
)

func day(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, clock.CST)
}

// byShortMessage sends digests to telephones.
func (c *county) byShortMessage() {
	c.Policy = func(context.Context, string) (notify.Policy, error) {
		p := notify.DefaultPolicy(worktime.Default())
		p.DigestBy = []string{"sms", "in_app"}
		return p, nil
	}
}

// Level 3 at 02:00 waits for the morning; five notices are one message.
func TestLevelThreeWaitsForTheMorning(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.byShortMessage()
		for i := range 5 {
			n := calm
			n.Case, n.Number = fmt.Sprint("c", i), fmt.Sprint("YH-", i)
			n.Fallback = []string{"in_app", "sms"} // would sound by day
			c.post(n)
		}
		c.until(day(3, 3, 7, 29))
		c.want(c.gateway.values("Text"))
		if n := c.notes("li"); len(n) != 5 {
			t.Fatalf("%d notes lie in the inbox", len(n))
		}
		c.until(day(3, 3, 7, 30))
		c.want(c.gateway.values("TemplateCode"), "T2")
		c.want(c.gateway.values("TemplateParam"), `{"n":"5","no":""}`)
		text := c.gateway.values("Text")[0]
		if !strings.HasPrefix(text, "您有5条提醒：\nYH-0 暴露垃圾：待您办理\nYH-1 ") {
			t.Fatal(text)
		}
		c.until(day(3, 10, 0, 0))
		if n := len(c.gateway.values("Text")); n != 1 {
			t.Fatalf("%d messages", n)
		}
		if err := c.DB.Read(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var timers int
			err := tx.Row(ctx, `SELECT COUNT(*) FROM timer`, nil, &timers)
			if timers != 0 {
				t.Errorf("%d timers are left over", timers)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// Each person gets one of their own.
func TestEachPersonHasTheirDigest(t *testing.T) {
	each(t, day(3, 3, 10, 0), func(t *testing.T, c *county) {
		c.byShortMessage()
		both := calm
		both.People = []string{"li", "chen"}
		c.post(both)
		c.after(time.Hour)
		c.post(calm)
		c.until(day(3, 4, 7, 30))
		got := map[string]string{}
		for i, p := range c.gateway.values("PhoneNumbers") {
			got[p] += c.gateway.values("TemplateParam")[i]
		}
		if len(got) != 2 || got[phones["li"]] != `{"n":"2","no":""}` || got[phones["chen"]] != `{"n":"1","no":""}` {
			t.Fatal(got)
		}
	})
}

// A Saturday that makes up for a holiday is a working day for the digest; an ordinary one is not.
func TestAMakeUpSaturdayHasADigest(t *testing.T) {
	each(t, day(2, 13, 22, 0), func(t *testing.T, c *county) {
		c.byShortMessage()
		c.post(calm)
		c.until(day(2, 14, 7, 29))
		c.want(c.gateway.values("Text"))
		c.until(day(2, 14, 7, 30))
		if n := len(c.gateway.values("Text")); n != 1 {
			t.Fatalf("%d messages on the make-up Saturday", n)
		}
		c.until(day(3, 6, 22, 0))
		c.post(calm)
		c.until(day(3, 9, 7, 29))
		if n := len(c.gateway.values("Text")); n != 1 {
			t.Fatalf("%d messages before the Monday", n)
		}
		c.until(day(3, 9, 7, 30))
		if n := len(c.gateway.values("Text")); n != 2 {
			t.Fatalf("%d messages on the Monday", n)
		}
	})
}

// What was read, or acted on, before the morning is not told again.
func TestWhatIsKnownIsNotToldAgain(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.byShortMessage()
		for _, caseID := range []string{"read", "acted", "left"} {
			n := calm
			n.Case, n.Number = caseID, caseID
			c.post(n)
		}
		c.settle()
		for _, n := range c.notes("li") {
			if n.Case == "read" {
				for range 2 {
					if err := c.Read(t.Context(), "li", n.ID); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		c.acknowledge("acted", "li")
		c.until(day(3, 3, 8, 0))
		if got := c.gateway.values("Text"); len(got) != 1 || !strings.HasPrefix(got[0], "您有1条提醒：\nleft ") {
			t.Fatal(got)
		}
		c.want(c.states("read"), "li digest void", "li in_app read")
		c.want(c.states("acted"), "li digest void", "li in_app delivered")
		c.want(c.states("left"), "li digest sent", "li in_app delivered")
	})
}

// A day's outage loses no digest: it goes out when the program is there again.
func TestAnOutageLosesNoDigest(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.byShortMessage()
		c.post(calm)
		c.settle()
		c.clock.Set(day(3, 4, 11, 0))
		other := calm
		other.Case = "c4"
		c.post(other)
		c.settle()
		c.want(c.gateway.values("TemplateParam"), `{"n":"1","no":""}`)
		c.until(day(3, 5, 7, 30))
		c.want(c.gateway.values("TemplateParam"), `{"n":"1","no":""}`, `{"n":"1","no":""}`)
	})
}

// A digest whose first channel refuses it takes the next.
func TestADigestHasAFallback(t *testing.T) {
	each(t, tuesdayNight, func(t *testing.T, c *county) {
		c.byShortMessage()
		n := calm
		n.People = []string{"zhao"} // has no telephone
		c.post(n)
		c.until(day(3, 3, 8, 0))
		if notes := c.notes("zhao"); len(notes) != 2 || notes[0].Event != "digest" || !strings.HasPrefix(notes[0].Text, "您有1条提醒") {
			t.Fatal(notes)
		}
	})
}

// Two counties of one installation tell their people by their own rules: what is quiet in one
// sounds in the other, each digest goes out at its own time, and the next channel is tried after
// its own wait.
func TestEachCountyHasItsRules(t *testing.T) {
	each(t, day(3, 3, 20, 30), func(t *testing.T, c *county) {
		early := []byte(`{"quiet": {"from": "20:00", "until": "06:30"}, "digest": "08:15", "wait": "2m", "digest_by": ["sms"]}`)
		c.Policy = func(_ context.Context, jurisdiction string) (notify.Policy, error) {
			p := notify.DefaultPolicy(worktime.Default())
			if jurisdiction == "early" {
				return p.With(early)
			}
			return p, nil
		}
		aloud := calm
		aloud.Fallback = []string{"in_app", "sms"}
		late := aloud
		aloud.Jurisdiction, aloud.Number, aloud.People = "early", "E-1", []string{"chen"}
		late.Number = "L-1"
		c.post(aloud)
		c.post(late)
		c.until(day(3, 4, 8, 14))
		c.want(c.gateway.values("PhoneNumbers"), phones["li"])
		c.until(day(3, 4, 8, 15))
		c.want(c.gateway.values("PhoneNumbers"), phones["li"], phones["chen"])
		wakes := urgent
		wakes.Jurisdiction, wakes.Fallback, wakes.Further = "early", []string{"sms", "call"}, nil
		c.post(wakes)
		calls := func() int {
			all, err := c.Calls(t.Context(), notify.Asker{Person: "clerk", Jurisdiction: "early", Clerk: true}, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		c.after(119 * time.Second)
		if n := calls(); n != 0 {
			t.Fatalf("%d calls before the wait is over", n)
		}
		c.after(time.Second)
		if n := calls(); n != 1 {
			t.Fatalf("%d calls after it", n)
		}
	})
}
