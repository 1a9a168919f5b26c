package points

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"pgregory.net/rapid"
)

// model is a ledger in thirty lines: lots by account, the budget as one lot that never expires.
type model struct {
	budget int64
	lots   map[Account][]Lot
	holds  map[string][]Lot
}

func (m *model) sum(a Account) int64 { return total(m.lots[a]) }

// take takes what expires first, what never does last.
func (m *model) take(a Account, amount int64) (out []Lot, code string) {
	if m.sum(a) < amount {
		return nil, "points.too_few"
	}
	slices.SortFunc(m.lots[a], func(x, y Lot) int {
		return cmp.Compare(uint64(x.Expires-1), uint64(y.Expires-1)) // 0 is last
	})
	for i := range m.lots[a] {
		n := min(m.lots[a][i].Amount, amount)
		m.lots[a][i].Amount -= n
		if amount -= n; n > 0 {
			out = append(out, Lot{m.lots[a][i].Expires, n})
		}
	}
	return out, ""
}

func (m *model) give(a Account, lots []Lot) {
	for _, l := range lots {
		m.lots[a] = addLot(m.lots[a], l)
	}
}

// step is one thing that happens, drawn before it does.
type step struct {
	op     string
	who    string
	amount int64
	days   int // until it expires; 0 for never
	again  bool
}

// Whatever happens in whatever order, the ledger answers and stands as thirty lines of
// arithmetic do, and all of it is proved by its postings.
func TestTheLedgerIsArithmetic(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		d.Twice = false // other tests look at closures that run twice
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) step {
				return step{rapid.SampledFrom([]string{"allot", "grant", "grant", "grant", "hold", "release", "spend", "spend", "fetch", "expire", "take"}).Draw(rt, "op"),
					rapid.SampledFrom([]string{li, wang}).Draw(rt, "who"), rapid.Int64Range(1, 40).Draw(rt, "amount"), rapid.IntRange(0, 3).Draw(rt, "days"), rapid.Bool().Draw(rt, "again")}
			}), 5, 40).Draw(rt, "steps")
			run++
			jurisdiction := fmt.Sprint("r", run)
			if err := o.Declare(t.Context(), jurisdiction, Ledger{Name: "points", Unit: Words{"en": "point"}, Spendable: true}); err != nil {
				rt.Fatal(err)
			}
			if err := o.within(func(ctx context.Context, tx *db.Tx) error {
				m := &model{lots: map[Account][]Lot{}, holds: map[string][]Lot{}}
				for i, st := range steps {
					if err := o.live(ctx, tx, jurisdiction, fmt.Sprint("s", i), st, m); err != nil {
						return fmt.Errorf("step %d %+v: %w", i, st, err)
					}
				}
				return nil
			}); err != nil {
				rt.Fatal(err)
			}
		})
		if err := o.Roll(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.proved()
	})
}

// live does one step in the ledger and in the model, and compares.
func (o *office) live(ctx context.Context, tx *db.Tx, jurisdiction, key string, st step, m *model) error {
	own, kept, expires := Own(st.who), HeldOf(st.who), time.Time{}
	if st.days > 0 {
		expires = monday.AddDate(0, 0, st.days)
	}
	p := Posting{Jurisdiction: jurisdiction, Ledger: "points", Key: key, Amount: st.amount, Reason: "r", Person: "a", Second: "b"}
	want := ""
	switch st.op {
	case "allot":
		p.Kind, p.From, p.To = Allot, Of(Mint), budget
		m.budget += st.amount
	case "grant":
		p.Kind, p.From, p.To, p.Expires = Grant, budget, own, expires
		if want = "points.over_budget"; m.budget >= st.amount {
			want = ""
			m.budget -= st.amount
			m.give(own, []Lot{{ms(expires), st.amount}})
		}
	case "hold":
		p.Kind, p.From, p.To = Hold, own, kept
		var out []Lot
		if out, want = m.take(own, st.amount); want == "" {
			m.holds[key] = out
			m.give(kept, out)
		}
	case "spend":
		p.Kind, p.From, p.To = Redeem, own, Of(Redeemed)
		_, want = m.take(own, st.amount)
	case "expire":
		i := slices.IndexFunc(m.lots[own], func(l Lot) bool { return l.Expires == ms(expires) && l.Amount > 0 && l.Expires > 0 })
		if i < 0 {
			return nil
		}
		p.Kind, p.From, p.To, p.Amount = Expire, own, Of(Expired), m.lots[own][i].Amount
		p.prefer, p.exact = []Lot{m.lots[own][i]}, true
		m.lots[own][i].Amount = 0
	default:
		return o.endHold(ctx, tx, p, st, m)
	}
	return o.compare(ctx, tx, p, st, m, want)
}

// endHold releases, fetches or takes back the oldest of what is held for somebody.
func (o *office) endHold(ctx context.Context, tx *db.Tx, p Posting, st step, m *model) error {
	for i := range 40 {
		key := fmt.Sprint("s", i)
		lots, ok := m.holds[key]
		if h, err := o.hold(ctx, tx, Ref{p.Jurisdiction, "points", Hold, key}); !ok || err != nil || h.owner != st.who {
			continue
		}
		delete(m.holds, key)
		for _, l := range lots {
			m.give(HeldOf(st.who), []Lot{{l.Expires, -l.Amount}})
		}
		p.From, p.Hold, p.Amount = HeldOf(st.who), &HoldID{Hold, key}, total(lots)
		if p.Kind, p.To = Redeem, Of(Redeemed); st.op == "release" {
			p.Kind, p.To = Release, Own(st.who)
			m.give(Own(st.who), lots)
		}
		return o.compare(ctx, tx, p, st, m, "")
	}
	return nil
}

func (o *office) compare(ctx context.Context, tx *db.Tx, p Posting, st step, m *model, want string) error {
	_, err := o.Post(ctx, tx, p)
	if fault.CodeOf(err) != want || err != nil && want == "" {
		return fmt.Errorf("answered %v, not %q", err, want)
	}
	if st.again && want == "" {
		if again, err := o.Post(ctx, tx, p); err != nil || !again.Replayed {
			return fmt.Errorf("the second time: %w", err)
		}
	}
	id := LedgerID(p.Jurisdiction, "points")
	for a, want := range map[Account]int64{budget: m.budget, Own(st.who): m.sum(Own(st.who)), HeldOf(st.who): m.sum(HeldOf(st.who))} {
		all, err := slicesOf(ctx, tx, side{Account: a, id: a.ID(id)})
		if n := sumOf(all); err != nil || n != want {
			return fmt.Errorf("%s stands at %d, not %d: %w", a.Kind, n, want, err)
		}
	}
	return nil
}
