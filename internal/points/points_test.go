package points

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, clock.CST)

// office is a service on a database, with a clock set by hand and two ledgers.
type office struct {
	*Service
	t     testing.TB
	clock *clock.Hand
	n     int
	mu    sync.Mutex
}

const j1 = "j1"

func newOffice(t testing.TB, d *db.DB) *office {
	t.Helper()
	hand := clock.At(monday)
	o := &office{Service: &Service{DB: d, Now: hand.Now, NewID: id.New}, t: t, clock: hand}
	for _, l := range []Ledger{{Name: "points", Unit: Words{"en": "point"}, Spendable: true}, {Name: "honour", Unit: Words{"en": "star"}}} {
		if err := o.Declare(t.Context(), j1, l); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o *office) key() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.n++
	return "k" + strconv.Itoa(o.n)
}

var budget = Budget("street", 2026)

// posting is one in the ledger of points, with a key of its own.
func (o *office) posting(kind Kind, from, to Account, amount int64) Posting {
	p := Posting{Jurisdiction: j1, Ledger: "points", Kind: kind, Key: o.key(), From: from, To: to, Amount: amount, Reason: "patrol", Person: "clerk", Item: "patrol", Area: "grid-1"}
	if kind == Allot || kind == Adjust {
		p.Second = "head"
	}
	return p
}

func (o *office) must(p Posting) Posted {
	o.t.Helper()
	out, err := o.Do(o.t.Context(), p)
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

func (o *office) refused(p Posting, code string) {
	o.t.Helper()
	if _, err := o.Do(o.t.Context(), p); fault.CodeOf(err) != code {
		o.t.Fatalf("%s: %v, not refused with %s", p.Kind, err, code)
	}
}

func (o *office) allot(amount int64) {
	o.t.Helper()
	o.must(o.posting(Allot, Of(Mint), budget, amount))
}

func (o *office) grant(who string, amount int64) Posted {
	o.t.Helper()
	return o.must(o.posting(Grant, budget, Own(who), amount))
}

func (o *office) balance(a Account) int64 {
	o.t.Helper()
	n, err := o.BalanceAt(o.t.Context(), j1, "points", a, time.Time{})
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

func (o *office) stands(a Account, want int64) {
	o.t.Helper()
	if n := o.balance(a); n != want {
		o.t.Fatalf("%s of %s stands at %d, not %d", a.Kind, a.Owner, n, want)
	}
}

func (o *office) proved() {
	o.t.Helper()
	proof, err := Verify(o.t.Context(), o.DB)
	if err != nil {
		o.t.Fatal(err)
	}
	if len(proof.Findings) > 0 || proof.Postings == 0 {
		o.t.Fatalf("not proved: %+v", proof)
	}
	log, err := (&audit.Verifier{DB: o.DB}).Run(o.t.Context())
	if err != nil || !log.OK || log.Rows == 0 {
		o.t.Fatalf("the log does not prove the ledgers: %+v %v", log, err)
	}
}

func (o *office) within(fn func(ctx context.Context, tx *db.Tx) error) error {
	return o.write(o.t.Context(), fn)
}

func (o *office) ref(p Posted) Ref { return Ref{j1, "points", p.Kind, p.Key} }

const li, wang = "person/li", "person/wang"

// Points come out of a budget, are held, released, spent, and every ledger sums to zero.
func TestALifeOfPoints(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(100)
		o.grant(li, 30)
		p := o.posting(Grant, budget, HeldOf(li), 20)
		p.HeldUntil = monday.AddDate(0, 0, 5)
		inNotice := o.must(p)
		o.stands(budget, 50)
		o.stands(Own(li), 30)
		o.stands(HeldOf(li), 20)
		o.refused(o.posting(Redeem, Own(li), Of(Redeemed), 31), "points.too_few")
		o.refused(o.posting(Grant, budget, Own(wang), 51), "points.over_budget")
		if n, err := o.Due(t.Context()); n != 0 || err != nil {
			t.Fatal("released before its time:", n, err)
		}
		o.clock.Set(monday.AddDate(0, 0, 5))
		if n, err := o.Due(t.Context()); n != 1 || err != nil {
			t.Fatal("not released:", n, err)
		}
		o.stands(Own(li), 50)
		o.stands(HeldOf(li), 0)
		o.must(o.posting(Redeem, Own(li), Of(Redeemed), 50))
		if err := o.within(func(ctx context.Context, tx *db.Tx) error {
			_, err := o.Reverse(ctx, tx, o.ref(inNotice), Turn{Reason: "recheck failed", Person: "clerk"})
			return err
		}); fault.CodeOf(err) != "points.too_few" {
			t.Fatal("taken back though spent:", err)
		}
		o.stands(Of(Redeemed), 50)
		o.proved()
	})
}

// The same request under the same key changes nothing; another one is a conflict, also in
// another kind's name never.
func TestAKeyCountsForEver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(100)
		p := o.posting(Grant, budget, Own(li), 10)
		first := o.must(p)
		p.Person, p.Reason = "another clerk", "said otherwise" // who asks and how does not count
		o.clock.Add(1000 * 24 * time.Hour)
		again := o.must(p)
		if !again.Replayed || again.At != first.At || len(again.Lines) != 2 {
			t.Fatalf("%+v", again)
		}
		o.stands(Own(li), 10)
		for _, change := range []func(*Posting){func(p *Posting) { p.Amount = 11 }, func(p *Posting) { p.To = Own(wang) }, func(p *Posting) { p.Item = "other" },
			func(p *Posting) { p.Expires = monday }, func(p *Posting) { p.Cause = "case/2" }} {
			q := p
			change(&q)
			o.refused(q, "points.key_used")
		}
		other := o.posting(Redeem, Own(li), Of(Redeemed), 10)
		other.Key = p.Key // keys are of a kind and ledger
		o.must(other)
		inHonour := p
		inHonour.Ledger, inHonour.Kind, inHonour.From, inHonour.To, inHonour.Second = "honour", Allot, Of(Mint), budget, "head"
		o.must(inHonour)
		o.proved()
	})
}

// Twenty ask for the same posting at once: it is made once, and all are told of it.
func TestOneKeyAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(100)
		p := o.posting(Grant, budget, Own(li), 10)
		made, codes := 0, map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				q := p
				if i%4 == 3 {
					q.To = Own(wang) // other content under the key
				}
				out, err := o.Do(t.Context(), q)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && !out.Replayed {
					made++
				}
				codes[fault.CodeOf(err)]++
			})
		}
		wg.Wait()
		if made != 1 || codes[""]+codes["points.key_used"] != 20 {
			t.Fatal(made, codes)
		}
		if o.balance(Own(li))+o.balance(Own(wang)) != 10 {
			t.Fatal("made more than once")
		}
		o.proved()
	})
}

func TestWhatIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(100)
		o.grant(li, 50)
		grant := o.posting(Grant, budget, Own(li), 1)
		for _, c := range []struct {
			code   string
			change func(*Posting)
		}{
			{"points.amount", func(p *Posting) { p.Amount = 0 }},
			{"points.amount", func(p *Posting) { p.Amount = -5 }},
			{"points.amount", func(p *Posting) { p.Amount = Most + 1 }},
			{"points.amount", func(p *Posting) { p.Amount = -1 << 63 }},
			{"points.bad_key", func(p *Posting) { p.Key = "" }},
			{"points.bad_key", func(p *Posting) { p.Key = "a b" }},
			{"points.bad_account", func(p *Posting) { p.To = Account{Kind: "purse", Owner: li} }},
			{"points.bad_account", func(p *Posting) { p.To = Account{Kind: Available} }},
			{"points.bad_account", func(p *Posting) { p.From.Year = 0 }},
			{"points.no_such_way", func(p *Posting) { p.From = Own(wang) }}, // nobody gives points to another
			{"points.no_such_way", func(p *Posting) { p.From, p.Kind = Own(li), Hold }},
			{"points.no_such_way", func(p *Posting) { p.Kind = Reverse }},
			{"points.no_reason", func(p *Posting) { p.Reason = "" }},
			{"points.unknown_ledger", func(p *Posting) { p.Ledger, p.Kind, p.From, p.To, p.Second = "hours", Allot, Of(Mint), budget, "head" }},
			{"points.no_hold", func(p *Posting) { p.Kind, p.From, p.To = Release, HeldOf(li), Own(li) }},
			{"points.no_hold", func(p *Posting) {
				p.Kind, p.From, p.To, p.Hold = Release, HeldOf(li), Own(li), &HoldID{Grant, "none"}
			}},
			{"points.second_person", func(p *Posting) { p.Kind = Adjust }},
			{"points.second_person", func(p *Posting) { p.Kind, p.Second = Adjust, p.Person }},
			{"points.over_budget", func(p *Posting) { p.From.Year = 2027 }},
			{"points.overflow", func(p *Posting) {
				p.Kind, p.From, p.To, p.Amount, p.Second = Allot, Of(Mint), budget, Most, "head"
			}},
		} {
			p := grant
			c.change(&p)
			o.refused(p, c.code)
		}
		honour := grant
		honour.Ledger, honour.Kind, honour.From, honour.To, honour.Second = "honour", Allot, Of(Mint), budget, "head"
		o.must(honour)
		honour.Kind, honour.From, honour.To, honour.Second = Grant, budget, Own(li), ""
		o.must(honour)
		honour.Kind, honour.From, honour.To = Redeem, Own(li), Of(Redeemed)
		o.refused(honour, "points.not_spendable")
		o.stands(Own(li), 50)
		o.proved()
	})
}

// A hundred people spend the same fifty points at once: fifty succeed.
func TestNobodyOverdraws(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		o.grant(li, 50)
		if n := o.race(100, func() Posting { return o.posting(Redeem, Own(li), Of(Redeemed), 1) }); n != 50 {
			t.Fatalf("%d spent of 50", n)
		}
		o.stands(Own(li), 0)
		o.proved()
	})
}

// A hundred grants at once out of a budget that does for forty: forty are made, though the
// budget lies in many slices and the last grants need several of them.
func TestABudgetCannotBePassed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(sliced*sliceLeast + 123)
		amount := int64(sliced*sliceLeast+123) / 40
		n := 0
		if made := o.race(100, func() Posting {
			n++
			return o.posting(Grant, budget, Own("person/"+strconv.Itoa(n%37)), amount)
		}); made != 40 {
			t.Fatalf("%d granted of 40", made)
		}
		o.stands(budget, int64(sliced*sliceLeast+123)-40*amount)
		o.must(o.posting(Allot, budget, Of(Mint), o.balance(budget)))
		o.proved()
	})
}

// race does n postings at once, and says how many were made; the others must be refused for
// want of points.
func (o *office) race(n int, make func() Posting) (made int) {
	o.DB.Twice = false
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range n {
		p := make()
		wg.Go(func() {
			_, err := o.Do(context.Background(), p)
			mu.Lock()
			defer mu.Unlock()
			switch fault.CodeOf(err) {
			case "points.too_few", "points.over_budget":
			default:
				if err != nil {
					o.t.Error(err)
					return
				}
				made++
			}
		})
	}
	wg.Wait()
	return made
}

// What expires first is spent first; the rest expires on its day, and what is held does not.
func TestExpiryByBatch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		april, june := monday.AddDate(0, 1, 0), monday.AddDate(0, 3, 0)
		for _, g := range []struct {
			amount  int64
			expires time.Time
		}{{10, june}, {20, april}, {5, time.Time{}}, {7, april}} {
			p := o.posting(Grant, budget, Own(li), g.amount)
			p.Expires = g.expires
			o.must(p)
		}
		o.must(o.posting(Redeem, Own(li), Of(Redeemed), 12)) // of April's 27
		p := o.posting(Hold, Own(li), HeldOf(li), 6)
		kept := o.must(p)
		o.clock.Set(april)
		if n, err := o.Due(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		o.stands(Of(Expired), 9)
		o.stands(Own(li), 15)
		if err := o.within(func(ctx context.Context, tx *db.Tx) error {
			_, err := o.Release(ctx, tx, o.ref(kept), "not fetched", "clerk")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		o.stands(Own(li), 21)
		if n, err := o.Due(t.Context()); n != 1 || err != nil { // released too late to be spent
			t.Fatal(n, err)
		}
		o.stands(Of(Expired), 15)
		o.clock.Set(june.AddDate(10, 0, 0))
		if n, err := o.Due(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		o.stands(Own(li), 5)
		o.proved()
	})
}

// A reversal is the mirror: a refund brings points back with the day on which they expire, a
// clawback takes what is left of what was granted, and neither happens twice.
func TestReversalIsAMirror(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		p := o.posting(Grant, budget, Own(li), 30)
		p.Expires = monday.AddDate(0, 1, 0)
		first := o.must(p)
		shop := o.must(o.posting(Redeem, Own(li), Account{Kind: Merchant, Owner: "merchant/m1"}, 25))
		reverse := func(of Posted, partly bool) (out Posted, err error) {
			err = o.within(func(ctx context.Context, tx *db.Tx) (err error) {
				out, err = o.Reverse(ctx, tx, o.ref(of), Turn{Reason: "refund", Person: "clerk", Partly: partly})
				return err
			})
			return out, err
		}
		if _, err := reverse(first, false); fault.CodeOf(err) != "points.too_few" {
			t.Fatal("more taken back than was left:", err)
		}
		if _, err := reverse(shop, false); err != nil {
			t.Fatal(err)
		}
		if back, err := reverse(shop, false); err != nil || !back.Replayed {
			t.Fatal("refunded twice", err)
		}
		o.stands(Own(li), 30)
		all, err := o.Standings(t.Context(), j1, li)
		if err != nil || len(all) != 1 || len(all[0].Expires) != 1 || all[0].Expires[0].Amount != 30 {
			t.Fatalf("%+v %v", all, err)
		}
		o.must(o.posting(Redeem, Own(li), Of(Redeemed), 22))
		back, err := reverse(first, true)
		if err != nil || back.Amount != 8 {
			t.Fatalf("%+v %v", back, err)
		}
		o.stands(Own(li), 0)
		o.stands(budget, 978)
		held := o.must(o.posting(Grant, budget, HeldOf(li), 40))
		if _, err := reverse(held, false); err != nil {
			t.Fatal(err)
		}
		o.stands(HeldOf(li), 0)
		if _, err := reverse(o.must(o.posting(Allot, Of(Mint), budget, 1)), false); fault.CodeOf(err) != "points.not_reversible" {
			t.Fatal(err)
		}
		o.proved()
	})
}

// When the clock goes back, entries stand at the last moment until it has caught up, and every
// day's balance stays what it was.
func TestAClockThatGoesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		first := o.grant(li, 10)
		noon := o.clock.Now()
		o.clock.Add(-48 * time.Hour)
		second := o.grant(li, 5)
		if second.At < first.At {
			t.Fatal("an entry before the one before it")
		}
		if n, err := o.BalanceAt(t.Context(), j1, "points", Own(li), noon); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		o.clock.Set(noon.Add(time.Minute))
		if n, err := o.BalanceAt(t.Context(), j1, "points", Own(li), o.clock.Now()); n != 15 || err != nil {
			t.Fatal(n, err)
		}
		o.proved()
	})
}

// Many are the first to post to an account that is not open yet, with different keys: all count.
func TestAnAccountOpenedByMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		for i := range 5 {
			who := Own("person/" + strconv.Itoa(i))
			if n := o.race(20, func() Posting { return o.posting(Grant, budget, who, 1) }); n != 20 {
				t.Fatalf("%d of 20 counted", n)
			}
			o.stands(who, 20)
		}
		o.proved()
	})
}
