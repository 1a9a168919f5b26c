package points

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

// asked is what a client asked of an account: came in (more than 0), went out (less), or read.
type asked struct {
	account int
	amount  int64
}

// answered is what it was told: the balance after it, or that there is not enough.
type answered struct {
	balance int64
	refused bool
}

// purse is an account as one after another would see it.
var purse = porcupine.Model{
	Init: func() any { return int64(0) },
	Step: func(state, input, output any) (bool, any) {
		have, in, out := state.(int64), input.(asked), output.(answered)
		if out.refused {
			return in.amount < 0 && have+in.amount < 0, have
		}
		return out.balance == have+in.amount && out.balance >= 0, out.balance
	},
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[int][]porcupine.Operation{}
		for _, op := range history {
			by[op.Input.(asked).account] = append(by[op.Input.(asked).account], op)
		}
		var out [][]porcupine.Operation
		for _, part := range by {
			out = append(out, part)
		}
		return out
	},
}

// A hundred clients grant, spend and read at once; whatever each was told, there is an order of
// one after another in which it is right.
func TestAHundredClientsSeeOneLedger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		o := newOffice(t, d)
		o.allot(1_000_000_000_000)
		o.linear(100, 5, purse, func(rng *rand.Rand) (asked, func() (answered, error)) {
			in := asked{rng.IntN(5), rng.Int64N(2_000_000) - 900_000} // so many that a balance tells what led to it
			if rng.IntN(5) == 0 {
				in.amount = 0
			}
			own := Own("person/" + strconv.Itoa(in.account))
			return in, func() (answered, error) {
				var p Posting
				switch {
				case in.amount > 0:
					p = o.posting(Grant, budget, own, in.amount)
				case in.amount < 0:
					p = o.posting(Redeem, own, Of(Redeemed), -in.amount)
				default:
					n, err := o.BalanceAt(context.Background(), j1, "points", own, time.Time{})
					return answered{balance: n}, err
				}
				out, err := o.Do(context.Background(), p)
				if fault.CodeOf(err) == "points.too_few" {
					return answered{refused: true}, nil
				}
				id := own.ID(LedgerID(j1, "points"))
				for _, l := range out.Lines {
					if l.Account == id {
						return answered{balance: l.Balance}, err
					}
				}
				return answered{}, err
			}
		})
		o.proved()
	})
}

// The slices of a budget are together one budget: grants, refusals and reads agree on an order,
// down to its last points.
func TestTheSlicesOfABudgetAreOne(t *testing.T) {
	purseOf := purse
	purseOf.Init = func() any { return int64(sliced * sliceLeast) }
	purseOf.Step = func(state, input, output any) (bool, any) {
		have, in, out := state.(int64), input.(asked), output.(answered)
		if in.amount == 0 {
			return out.balance == have, have
		}
		if out.refused {
			return have < -in.amount, have
		}
		return have >= -in.amount, have + in.amount
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Twice = false
		o := newOffice(t, d)
		o.allot(sliced * sliceLeast)
		o.linear(8, 8, purseOf, func(rng *rand.Rand) (asked, func() (answered, error)) {
			in := asked{0, -100 * rng.Int64N(10)}
			return in, func() (answered, error) {
				if in.amount == 0 {
					n, err := o.BalanceAt(context.Background(), j1, "points", budget, time.Time{})
					return answered{balance: n}, err
				}
				_, err := o.Do(context.Background(), o.posting(Grant, budget, Own("person/"+strconv.Itoa(rng.IntN(30))), -in.amount))
				if fault.CodeOf(err) == "points.over_budget" {
					return answered{refused: true}, nil
				}
				return answered{}, err
			}
		})
		o.proved()
	})
}

// linear lets clients do so many things each at once, and demands that there is an order.
func (o *office) linear(clients, each int, m porcupine.Model, next func(rng *rand.Rand) (asked, func() (answered, error))) {
	o.t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	var history []porcupine.Operation
	began := time.Now()
	for c := range clients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(7, uint64(c)))
			for range each {
				in, do := next(rng)
				call := time.Since(began).Nanoseconds()
				out, err := do()
				back := time.Since(began).Nanoseconds()
				if err != nil {
					o.t.Error(err)
					return
				}
				mu.Lock()
				history = append(history, porcupine.Operation{ClientId: c, Input: in, Call: call, Output: out, Return: back})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(history) != clients*each {
		o.t.Fatal("not all were answered")
	}
	if got := porcupine.CheckOperationsTimeout(m, history, 20*time.Second); got != porcupine.Ok {
		o.t.Fatal("no order of one after another explains the answers:", got)
	}
}
