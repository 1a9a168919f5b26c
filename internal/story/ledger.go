package story

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/pack/shape"
	"gezhi/internal/points"
)

// Balance is what an account of a ledger holds: of somebody or of a household, "wang" or "wang
// held"; a unit's budget, "budget street" or "budget street 2027"; or one of the ledger itself,
// "void", "expired", "redeemed".
type Balance struct {
	Line            int
	Ledger, Account string // Ledger "" is the first of the pack
	N               int64
}

// balancesOf reads accounts of the first ledger, or of ledgers by name.
func balancesOf(n *shape.Node) (out []Balance) {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Value.Kind != shape.Map {
			out = append(out, balanceOf("", e))
			continue
		}
		for _, x := range e.Value.Entries {
			out = append(out, balanceOf(e.Key.Text, x))
		}
	}
	return out
}

func balanceOf(ledger string, e shape.Entry) Balance {
	n, _ := strconv.ParseInt(e.Value.Text, 10, 64)
	return Balance{e.Key.Line, ledger, e.Key.Text, n}
}

// secondPerson agrees to the budgets of a story.
const secondPerson = "story"

// allot gives units the budgets that the story begins with.
func (w *world) allot(ctx context.Context) error {
	for _, b := range w.story.Given.Budgets {
		b.Account = "budget " + b.Account
		ledger, account, ok := w.account(b)
		if !ok {
			return unknown(b.Line, b.Account)
		}
		if _, err := w.points.Do(ctx, points.Posting{Jurisdiction: jurisdiction, Ledger: ledger, Kind: points.Allot, Key: strings.ReplaceAll(account.Owner, " ", "") + "/" + strconv.Itoa(account.Year),
			From: points.Of(points.Mint), To: account, Amount: b.N, Reason: "given", Second: secondPerson}); err != nil {
			return broken(b.Line, err)
		}
	}
	return nil
}

// ledger is the first ledger of the story's pack, "" when it counts nothing.
func (w *world) ledger() string {
	if l := w.packs.Main.Ledgers; len(l) > 0 {
		return l[0].Name
	}
	return ""
}

// account finds what a story calls an account.
func (w *world) account(b Balance) (ledger string, a points.Account, ok bool) {
	if ledger = b.Ledger; ledger == "" {
		ledger = w.ledger()
	}
	words := strings.Fields(b.Account)
	switch {
	case len(words) == 0:
		return ledger, a, false
	case words[0] == "budget" && len(words) > 1:
		year := w.story.start().In(clock.CST).Year()
		if len(words) > 2 {
			year, _ = strconv.Atoi(words[2])
		}
		id := w.unit[words[1]]
		return ledger, points.Budget(id, year), id != ""
	case len(words) == 1 && w.person[words[0]] == "" && w.record[words[0]] == "":
		kind := points.AccountKind(words[0])
		return ledger, points.Of(kind), kind == points.Void || kind == points.Expired || kind == points.Redeemed || kind == points.Settled
	}
	owner := "person/" + w.person[words[0]]
	if id := w.record[words[0]]; id != "" && w.person[words[0]] == "" {
		if owner = "household/" + id; len(words) > 1 && words[1] == "merchant" {
			return ledger, points.Account{Kind: points.Merchant, Owner: "merchant/" + id}, true
		}
	}
	if len(words) == 2 && words[1] == "held" {
		return ledger, points.HeldOf(owner), true
	}
	return ledger, points.Own(owner), len(words) == 1
}

// expectLedger compares accounts as they stand now.
func (w *world) expectLedger(ctx context.Context, want []Balance) error {
	for _, b := range want {
		ledger, account, ok := w.account(b)
		if !ok {
			return unknown(b.Line, b.Account)
		}
		got, err := w.points.BalanceAt(ctx, jurisdiction, ledger, account, time.Time{})
		if err != nil {
			return broken(b.Line, err)
		}
		if err := same(b.Line, "ledger "+ledger+" "+b.Account, strconv.FormatInt(b.N, 10), strconv.FormatInt(got, 10)); err != nil {
			return err
		}
	}
	return nil
}

// fallDue releases what was held long enough, and lets expire whose day has come.
func (w *world) fallDue(ctx context.Context) error {
	if w.ledger() == "" {
		return nil
	}
	_, err := w.points.Due(ctx)
	return err
}

// prove works the ledgers out again from their postings.
func (w *world) prove(ctx context.Context) error {
	if w.ledger() == "" {
		return nil
	}
	proof, err := points.Verify(ctx, w.d)
	if err != nil {
		return err
	}
	for _, f := range proof.Findings {
		return differ(w.story.Line, "story.ledger_wrong", "code", f.Code, "key", f.Key)
	}
	return nil
}
