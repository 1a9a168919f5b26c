package points

import (
	"context"
	"crypto/ed25519"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
)

var here = Place{j1, "points"}

// phone signs codes as a telephone does, without a network.
type phone struct {
	key   ed25519.PrivateKey
	keyID string
	n     int
}

func (o *office) phone(owner string) *phone {
	o.t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	id, err := o.NewCodeKey(o.t.Context(), j1, owner, public)
	if err != nil {
		o.t.Fatal(err)
	}
	return &phone{private, id, 0}
}

func (p *phone) code(at time.Time, claim string) string {
	p.n++
	return Code{p.keyID, at.Unix(), "nonce-" + strconv.Itoa(100+p.n), claim}.Sign(p.key)
}

// put stands in for what a record of the register brings.
func (o *office) put(do func(ctx context.Context, tx *db.Tx) error) {
	o.t.Helper()
	if err := o.write(o.t.Context(), do); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) merchant(m MerchantOf) string {
	m.ID = o.NewID()
	o.put(func(ctx context.Context, tx *db.Tx) error { return o.putMerchant(ctx, tx, here, m) })
	return m.ID
}

func (o *office) good(g Good) string {
	g.ID = o.NewID()
	o.put(func(ctx context.Context, tx *db.Tx) error { return o.putGood(ctx, tx, here, g) })
	return g.ID
}

// shop is a merchant with a voucher, and goods of an office.
func (o *office) shop() (merchant, voucher, good string) {
	o.t.Helper()
	merchant = o.merchant(MerchantOf{Name: "sample shop", UnitID: "shop-unit", Levels: []Level{{0, "none"}, {100, "five percent"}, {500, "ten percent"}}})
	voucher = o.good(Good{Merchant: merchant, Title: "haircut", Price: 30, Stock: 10, Days: 30})
	good = o.good(Good{Title: "rice", Price: 50, Stock: 2, Days: 5})
	return merchant, voucher, good
}

func (o *office) scan(merchant, code, want string) Scanned {
	o.t.Helper()
	out, err := o.Scan(o.t.Context(), here, merchant, code, "cashier", o.NewID())
	if fault.CodeOf(err) != want || err != nil && want == "" {
		o.t.Fatalf("scanned: %v, not %q", err, want)
	}
	return out
}

// A code counts once, for a minute, from one telephone; forged, expired, replayed and
// photographed ones are refused, each by its name. The merchant sees the discount alone.
func TestACodeCountsOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		o.grant(li, 120)
		merchant, _, _ := o.shop()
		p := o.phone(li)
		now := o.clock.Now()
		first := p.code(now, "")
		if out := o.scan(merchant, first, ""); out != (Scanned{Level: "five percent"}) {
			t.Fatalf("%+v", out)
		}
		o.clock.Add(10 * time.Second)
		_, err := o.Scan(t.Context(), here, merchant, first, "cashier", o.NewID())
		if fault.CodeOf(err) != "points.code_used" || !strings.Contains(err.Error(), "09:00:00") {
			t.Fatal("a second scan does not say when it was used:", err)
		}
		photo := p.code(now.Add(-20*time.Second), "") // still within its minute, shown before the first
		o.scan(merchant, photo, "points.code_overtaken")
		second := p.code(o.clock.Now(), "")
		for _, bad := range []string{"", "GZ1", second + "x", strings.Replace(second, "GZ1", "GZ2", 1), strings.Repeat("a.", 500), strings.Replace(second, ".17", ".017", 1)} {
			o.scan(merchant, bad, "points.code_unreadable")
		}
		forged := Code{p.keyID, o.clock.Now().Unix(), "nonce-forged", ""}.Sign(o.phone(wang).key)
		o.scan(merchant, forged, "points.code_forged")
		o.scan(merchant, Code{"nobody", o.clock.Now().Unix(), "nonce-forged", ""}.Sign(p.key), "points.code_forged")
		o.scan(merchant, p.code(o.clock.Now().Add(6*time.Second), ""), "points.code_early")
		o.clock.Add(61 * time.Second)
		o.scan(merchant, second, "points.code_expired")
		o.scan(merchant, first, "points.code_used") // when it was used says more than that it is old
		o.scan("elsewhere", p.code(o.clock.Now(), ""), "points.no_merchant")
		late := p.code(o.clock.Now(), "")
		if err := o.EndCodeKeys(t.Context(), j1, li); err != nil { // the telephone is lost
			t.Fatal(err)
		}
		o.scan(merchant, late, "points.code_ended")
		again := o.phone(li)
		o.put(func(ctx context.Context, tx *db.Tx) error { return o.endMerchant(ctx, tx, here, merchant) })
		o.scan(merchant, again.code(o.clock.Now(), ""), "points.merchant_ended")
		o.proved()
	})
}

// The answer to a scan got lost: sent again under its key it is what it was, also when the code is
// old by then and the merchant has left; under another key, or by somebody else, it was used.
func TestAScanWhoseAnswerGotLostIsAnsweredAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		o.grant(li, 150)
		merchant, voucher, _ := o.shop()
		claim, err := o.Reserve(t.Context(), here, "claim-1", voucher, li, "li")
		if err != nil {
			t.Fatal(err)
		}
		code, key := o.phone(li).code(o.clock.Now(), claim.ID), o.NewID()
		ask := func(merchant, person, key, want string) {
			t.Helper()
			out, err := o.Scan(t.Context(), here, merchant, code, person, key)
			if fault.CodeOf(err) != want || want == "" && out != (Scanned{Level: "five percent", Title: "haircut"}) {
				t.Errorf("%+v %v, not %q", out, err, want)
			}
		}
		ask(merchant, "cashier", key, "")
		ask(merchant, "cashier", key, "")
		o.clock.Add(10 * time.Minute)
		ask(merchant, "cashier", key, "")
		ask(merchant, "cashier", o.NewID(), "points.code_used")
		ask(merchant, "another", key, "points.code_used")
		other := o.merchant(MerchantOf{Name: "other shop", UnitID: "other-unit"})
		ask(other, "cashier", key, "points.code_used")
		o.put(func(ctx context.Context, tx *db.Tx) error { return o.endMerchant(ctx, tx, here, merchant) })
		ask(merchant, "cashier", key, "")
		ask(merchant, "cashier", o.NewID(), "points.merchant_ended")
		o.stands(Account{Kind: Merchant, Owner: "merchant/" + merchant}, 30)
		o.proved()
	})
}

// A merchant is removed while vouchers are being scanned there: each scan counted before, or was
// refused; what was not fetched goes back to its owner, and nothing more is kept there.
func TestAMerchantRemovedInMidScan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(5000)
		merchant, voucher, _ := o.shop()
		var codes []string
		for i := range 10 {
			owner := "person/" + strconv.Itoa(i)
			o.grant(owner, 30)
			claim, err := o.Reserve(t.Context(), here, "claim-"+strconv.Itoa(i), voucher, owner, owner)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, o.phone(owner).code(o.clock.Now(), claim.ID))
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := map[string]int{}
		for i, code := range codes {
			if i == 5 {
				wg.Go(func() {
					if err := o.write(context.Background(), func(ctx context.Context, tx *db.Tx) error { return o.endMerchant(ctx, tx, here, merchant) }); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Go(func() {
				_, err := o.Scan(context.Background(), here, merchant, code, "cashier", o.NewID())
				mu.Lock()
				defer mu.Unlock()
				if got[fault.CodeOf(err)]++; err != nil && fault.CodeOf(err) == "" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		fetched := got[""]
		if fetched+got["points.merchant_ended"] != 10 {
			t.Fatal(got)
		}
		o.stands(Account{Kind: Merchant, Owner: "merchant/" + merchant}, int64(30*fetched))
		if n, err := o.Due(t.Context()); n != 10-fetched || err != nil {
			t.Fatal("given back:", n, err)
		}
		var left int64
		for i := range 10 {
			all, err := o.Claims(t.Context(), here, "person/"+strconv.Itoa(i))
			if err != nil || len(all) != 1 || all[0].State == ClaimOpen {
				t.Fatalf("%+v %v", all, err)
			}
			if all[0].State == ClaimLapsed {
				o.stands(Own("person/"+strconv.Itoa(i)), 30)
				left++
			}
		}
		if left != int64(10-fetched) {
			t.Error(left)
		}
		if _, err := o.Reserve(t.Context(), here, "claim-late", voucher, li, "li"); fault.CodeOf(err) != "points.merchant_ended" {
			t.Error(err)
		}
		o.proved()
	})
}

// Two telephones of a merchant scan one code with a voucher at once: one consumes it.
func TestAVoucherIsConsumedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		o.grant(li, 100)
		merchant, voucher, _ := o.shop()
		claim, err := o.Reserve(t.Context(), here, "claim-1", voucher, li, "li")
		if err != nil {
			t.Fatal(err)
		}
		o.stands(Own(li), 70)
		p, other := o.phone(li), "person/zhao"
		code := p.code(o.clock.Now(), claim.ID)
		codes := map[string]int{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := o.Scan(context.Background(), here, merchant, code, "cashier", o.NewID())
				mu.Lock()
				defer mu.Unlock()
				codes[fault.CodeOf(err)]++
				if err != nil && fault.CodeOf(err) == "" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if codes[""] != 1 || codes["points.code_used"] != 9 {
			t.Fatal(codes)
		}
		o.clock.Add(time.Second)
		o.scan(merchant, p.code(o.clock.Now(), claim.ID), "points.claim_fetched") // another code, the same voucher
		o.scan(merchant, o.phone(other).code(o.clock.Now(), claim.ID), "points.no_claim")
		o.stands(Account{Kind: Merchant, Owner: "merchant/" + merchant}, 30)
		if err := o.Refund(t.Context(), here, claim.ID, "keeper"); err != nil {
			t.Fatal(err)
		}
		if err := o.Refund(t.Context(), here, claim.ID, "keeper"); fault.CodeOf(err) != "points.claim_ended" {
			t.Fatal("refunded twice:", err)
		}
		o.stands(Own(li), 100)
		o.proved()
	})
}

// Of the last two pieces that ten people want at once, two get one; what is not fetched in time
// or given up is back in stock, and the points with it.
func TestStock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(5000)
		_, _, good := o.shop()
		for i := range 10 {
			o.grant("person/"+strconv.Itoa(i), 60)
		}
		got := map[string]Claim{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				owner := "person/" + strconv.Itoa(i)
				c, err := o.Reserve(context.Background(), here, "claim-"+strconv.Itoa(i), good, owner, owner)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					got[owner] = c
				} else if fault.CodeOf(err) != "points.out_of_stock" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(got) != 2 {
			t.Fatalf("%d got one of two", len(got))
		}
		var winners []Claim
		for owner, c := range got {
			winners = append(winners, c)
			if again, err := o.Reserve(t.Context(), here, c.ID, good, owner, owner); err != nil || again.Code != c.Code { // sent again
				t.Fatal(err)
			}
			if _, err := o.Reserve(t.Context(), here, c.ID, good, "person/another", ""); fault.CodeOf(err) != "points.key_used" {
				t.Fatal(err)
			}
		}
		if _, err := o.PickUp(t.Context(), here, strings.ToLower(winners[0].Code), "keeper"); err != nil {
			t.Fatal(err)
		}
		if _, err := o.PickUp(t.Context(), here, winners[0].Code, "keeper"); fault.CodeOf(err) != "points.claim_fetched" {
			t.Fatal(err)
		}
		if err := o.GiveUp(t.Context(), here, winners[1].ID, "person/another", ""); fault.CodeOf(err) != "points.no_claim" {
			t.Fatal(err)
		}
		o.clock.Add(5 * 24 * time.Hour)
		if n, err := o.Due(t.Context()); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		o.stands(Own(winners[1].Owner), 60)
		goods, err := o.Goods(t.Context(), here)
		if err != nil || len(goods) != 2 || goods[1].Stock != 1 {
			t.Fatalf("%+v %v", goods, err)
		}
		o.proved()
	})
}

// A merchant is settled once for a month that is over; what is refunded does not count, and
// nobody is named.
func TestSettlement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.allot(1000)
		o.grant(li, 200)
		merchant, voucher, _ := o.shop()
		p := o.phone(li)
		for i := range 3 {
			o.clock.Add(time.Minute)
			c, err := o.Reserve(t.Context(), here, "claim-"+strconv.Itoa(i), voucher, li, "li")
			if err != nil {
				t.Fatal(err)
			}
			o.scan(merchant, p.code(o.clock.Now(), c.ID), "")
		}
		if err := o.Refund(t.Context(), here, "claim-0", "keeper"); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Settlements(t.Context(), here, "2026-03", true, "keeper", "head"); fault.CodeOf(err) != "points.month_not_over" {
			t.Fatal(err)
		}
		o.clock.Set(monday.AddDate(0, 1, 0))
		for _, settle := range []bool{false, true, true} {
			all, err := o.Settlements(t.Context(), here, "2026-03", settle, "keeper", "head")
			if err != nil || len(all) != 1 || all[0].Claims != 2 || all[0].Points != 60 || all[0].Settled != settle {
				t.Fatalf("%+v %v", all, err)
			}
			if row := strings.Join(SettlementRow(all[0]), " "); row != "sample shop 2026-03 2 60" {
				t.Fatal(row)
			}
		}
		o.stands(Of(Settled), 60)
		o.proved()
	})
}

// Whatever is held before the camera, reading it does not fail, and what is read is written so.
func FuzzCode(f *testing.F) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(Code{"key", 1772413200, "nonce-100", "claim"}.Sign(key))
	f.Add("GZ1.a.1.12345678..")
	f.Fuzz(func(t *testing.T, text string) {
		c, signature, err := readCode(text)
		if err != nil {
			return
		}
		if !strings.HasPrefix(strings.TrimSpace(text), string(c.signed())+".") || len(signature) != ed25519.SignatureSize {
			t.Fatalf("%q was read as %+v", text, c)
		}
	})
}

// A posting's lines are read as they were written, and nothing else is.
func FuzzLines(f *testing.F) {
	f.Add("account 0 7250000000000 -5 10 1772413200000:-5")
	f.Add("a 0 1 1 1 \nb 3 2 -1 0 ")
	f.Fuzz(func(t *testing.T, text string) {
		lines, ok := readLines(text)
		if ok && writeLines(lines) != text {
			t.Fatalf("%q was read as %+v", text, lines)
		}
	})
}
