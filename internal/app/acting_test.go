package app_test

import (
	"slices"
	"testing"

	"gezhi/internal/account"
	"gezhi/internal/notify"
)

// Who acts for somebody absent is told what that one is told, of cases of the post that was lent;
// nothing of a case that is kept from the absent, and nothing after it ends.
func TestWhoActsForSomebodyAbsentIsToldToo(t *testing.T) {
	t.Parallel()
	c := newCounties(t, "")
	ctx := t.Context()
	c.seat(c.home, "resident", "resident", "", "990101001201")
	clerk, colleague := c.people["clerk of the village"], c.people["colleague"]
	posts, err := c.app.Accounts.Posts(ctx, clerk.ID)
	c.must(err)
	told := func(case_ string) bool {
		t.Helper()
		c.work()
		for n := 1; n > 0; {
			n, err = c.app.Notify.Round(ctx)
			c.must(err)
			c.work()
		}
		has := func(person string) bool {
			all, err := c.app.Notify.Notes(ctx, person, false, "", 50)
			c.must(err)
			return slices.ContainsFunc(all, func(n notify.Note) bool { return n.Case == c.cases[case_] })
		}
		if case_ != "about the clerk" && !has(clerk.ID) {
			t.Fatalf("%s: not even the clerk is told", case_)
		}
		return has(colleague.ID)
	}
	const village = "990101001201"
	c.reports("before", "resident", "incident/sample:0101", village, nil)
	if told("before") {
		t.Error("told before anything was lent")
	}
	d, err := c.app.Accounts.Lend(ctx, c.actor("clerk of the village"), account.Delegation{PostID: posts[0].ID, To: colleague.ID, Until: c.hand.Now().AddDate(0, 0, 2)})
	c.must(err)
	c.reports("lent", "resident", "incident/sample:0101", village, nil)
	if !told("lent") {
		t.Error("who acts for the clerk is not told")
	}
	c.reports("about the clerk", "resident", "incident/sample:0101", village, map[string]any{"against": []any{clerk.ID}})
	if told("about the clerk") {
		t.Error("told of what is kept from the clerk")
	}
	c.must(c.app.Accounts.EndDelegation(ctx, "", d.ID))
	c.reports("after", "resident", "incident/sample:0101", village, nil)
	if told("after") {
		t.Error("told after the delegation has ended")
	}
}
