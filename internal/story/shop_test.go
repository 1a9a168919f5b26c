package story_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/points"
	"gezhi/internal/story"
)

const shopStory = `
story: goods are records
given:
  people: { wang: villager, zhou: cadre, barber: unit }
  records:
    - { kind: merchant, id: m-1, values: { name: sample barber, unit: barber, levels: [ { least: 100, gives: ten percent }, { least: 0, gives: none } ] } }
    - { kind: good, id: rice, values: { name: rice, price: 30, stock: 5 } }
when:
  - { at: 2026-03-02, write: good, id: cut, values: { name: haircut, price: 20, stock: 9, at: barber, days: 3 } }
  - { at: 2026-03-03, write: good, id: rice, values: { price: 40, stock: 8 } }
  - { at: 2026-03-04, write: good, id: soap, values: { name: soap, price: 1, stock: 1, until: 2026-03-05 } }
  - { at: 2026-03-04, write: good, id: salt, values: { name: salt, price: 2, stock: 1, from: 2026-04-01 } }
  - { at: %s }
`

// Goods and merchants are records: the shop follows what is in force, on the day on which it is.
func TestTheShopFollowsTheRegister(t *testing.T) {
	for day, want := range map[string]map[string]points.Good{
		"2026-03-05": {"haircut": {Price: 20, Stock: 9, Days: 3}, "rice": {Price: 40, Stock: 8, Days: 14}, "soap": {Price: 1, Stock: 1, Days: 14}},
		"2026-04-02": {"haircut": {Price: 20, Stock: 9, Days: 3}, "rice": {Price: 40, Stock: 8, Days: 14}, "salt": {Price: 2, Stock: 1, Days: 14}},
	} {
		s, problems := story.Parse("shop.yaml", []byte(fmt.Sprintf(shopStory, day)))
		if s == nil {
			t.Fatal(problems)
		}
		d := dbtest.SQLite(t)
		if r := story.Run(context.Background(), d, s, packsOf(t, "testdata/ledgers"), story.Options{}); !r.Passed() {
			t.Fatal(r.Diff.Text("en"))
		}
		shop := &points.Service{DB: d}
		at := points.Place{Jurisdiction: "story", Ledger: "points"}
		merchants, err := shop.Merchants(t.Context(), at)
		if err != nil || len(merchants) != 1 || merchants[0].Name != "sample barber" || len(merchants[0].Levels) != 2 || merchants[0].Levels[1] != (points.Level{From: 100, Title: "ten percent"}) {
			t.Fatal(day, merchants, err)
		}
		goods, err := shop.Goods(t.Context(), at)
		if err != nil || len(goods) != len(want) {
			t.Fatal(day, goods, err)
		}
		for _, g := range goods {
			x := want[g.Title]
			if g.Price != x.Price || g.Stock != x.Stock || g.Days != x.Days || (g.Title == "haircut") != (g.Merchant == merchants[0].ID) {
				t.Error(day, g)
			}
		}
	}
}

// When the record of a merchant ends, so does his page for scanning: no code counts there any more,
// and what was to be had of him is off the shelf. Until that day both are there.
func TestAMerchantLeavesWithHisRecord(t *testing.T) {
	leaving := strings.Replace(shopStory, "  - { at: %s }", "  - { at: 2026-03-05, write: merchant, id: m-1, values: { until: 2026-03-06 } }\n  - { at: %s }", 1)
	for day, refused := range map[string]string{"2026-03-06": "points.code_forged", "2026-04-02": "points.merchant_ended"} {
		s, problems := story.Parse("shop.yaml", []byte(fmt.Sprintf(leaving, day)))
		if s == nil {
			t.Fatal(problems)
		}
		d := dbtest.SQLite(t)
		if r := story.Run(context.Background(), d, s, packsOf(t, "testdata/ledgers"), story.Options{}); !r.Passed() {
			t.Fatal(r.Diff.Text("en"))
		}
		now := time.Date(2026, 3, 8, 9, 0, 0, 0, clock.CST)
		shop := &points.Service{DB: d, Now: func() time.Time { return now }}
		at := points.Place{Jurisdiction: "story", Ledger: "points"}
		merchants, err := shop.Merchants(t.Context(), at)
		if err != nil || len(merchants) != 1 || merchants[0].EndedAt.IsZero() != (day == "2026-03-06") {
			t.Fatal(day, merchants, err)
		}
		goods, err := shop.Goods(t.Context(), at)
		if err != nil || slices.ContainsFunc(goods, func(g points.Good) bool { return g.Title == "haircut" }) != (day == "2026-03-06") {
			t.Error(day, goods, err)
		}
		_, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		code := points.Code{KeyID: "of-nobody", Stamp: now.Unix(), Nonce: "nonce-100"}.Sign(private)
		if _, err := shop.Scan(t.Context(), at, merchants[0].ID, code, "cashier", "scan-1"); fault.CodeOf(err) != refused {
			t.Errorf("%s: %v, want %s", day, err, refused)
		}
	}
}
