package points

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/dbtest"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

type asker struct{}

// people of the office: li works in a grid, chen and head in the street, zhou in another one,
// cashier in the shop's unit.
var people = map[string]account.Post{
	"li": {Role: "worker", UnitID: "street"}, "chen": {Role: "clerk", UnitID: "street"}, "head": {Role: "chief", UnitID: "county"},
	"zhou": {Role: "clerk", UnitID: "other"}, "cashier": {Role: "worker", UnitID: "shop-unit"},
}

// served is the API of an office's ledgers.
func served(t *testing.T, o *office) http.Handler {
	t.Helper()
	if err := o.Declare(t.Context(), j1, Ledger{Name: "points", Unit: Words{"en": "point"}, Spendable: true, Roles: Roles{Propose: []string{"clerk"}, Confirm: []string{"clerk", "chief"}, Look: []string{"clerk", "chief"}, Shop: []string{"clerk"}}}); err != nil {
		t.Fatal(err)
	}
	o.Actor = func(ctx context.Context) (account.Actor, error) {
		name, _ := ctx.Value(asker{}).(string)
		if name == "" {
			return account.Actor{}, fault.New(fault.Unauthenticated, "session.none")
		}
		return account.Actor{PersonID: name, Jurisdiction: j1, Posts: []account.Post{people[name]}}, nil
	}
	o.UnitsAbove = func(_ context.Context, unit string) ([]string, error) {
		return map[string][]string{"street": {"county"}}[unit], nil
	}
	o.Over = func(_ context.Context, p account.Post, person string) (bool, error) {
		unit := people[person].UnitID
		return p.UnitID == unit || unit == "street" && p.UnitID == "county", nil
	}
	o.Name = func(_ context.Context, owner string) string {
		return map[string]string{"unit/street": "Sample Street", "person/li": "Li", "person/chen": "Chen"}[owner]
	}
	srv := web.New("test", "1")
	srv.Authenticate = func(ctx context.Context, _ *http.Request) (context.Context, error) { return ctx, nil }
	o.Routes(srv)
	return srv
}

// ask sends a request, and returns the status and the answer.
func ask(t *testing.T, h http.Handler, who, method, path string, body any) (int, map[string]any) {
	t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	r := httptest.NewRequestWithContext(context.WithValue(t.Context(), asker{}, who), method, "/api/v1"+path, &b)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", uuid.NewString())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	out := map[string]any{}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatal(err, w.Body.String())
		}
	}
	return w.Code, out
}

// Budgets and adjustments take two persons of the right units; everybody reads their own; a
// voucher goes from its reservation to a merchant's scan over HTTP alone.
func TestLedgersOverHTTP(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		h := served(t, o)
		merchant, voucher, good := o.shop()
		expect := func(who, method, path string, body any, status int, code string) map[string]any {
			t.Helper()
			got, out := ask(t, h, who, method, path, body)
			if got != status || code != "" && out["code"] != code {
				t.Fatalf("%s %s %s: %d %v, not %d %s", who, method, path, got, out, status, code)
			}
			return out
		}
		propose := map[string]any{"ledger": "points", "kind": "budget", "unit": "street", "year": 2026, "amount": 500, "reason": "the year's"}
		expect("", "GET", "/points/accounts", nil, 401, "session.none")
		expect("li", "POST", "/points/proposals", propose, 403, "points.not_yours")
		expect("zhou", "POST", "/points/proposals", propose, 403, "points.not_yours")
		id := expect("chen", "POST", "/points/proposals", propose, 201, "")["id"].(string)
		yes := map[string]any{"ledger": "points", "agree": true}
		expect("chen", "POST", "/points/proposals/"+id, yes, 403, "points.second_person")
		expect("zhou", "POST", "/points/proposals/"+id, yes, 404, "points.no_proposal")
		if all := expect("zhou", "GET", "/points/proposals?ledger=points", nil, 200, "")["proposals"].([]any); len(all) != 0 {
			t.Fatal("another street's proposal is shown:", all)
		}
		if p := expect("head", "GET", "/points/proposals?ledger=points", nil, 200, "")["proposals"].([]any)[0].(map[string]any); p["unit_name"] != "Sample Street" || p["person_name"] != "Chen" || p["mine"] != false {
			t.Fatal(p)
		}
		expect("head", "POST", "/points/proposals/"+id, yes, 204, "")
		expect("head", "POST", "/points/proposals/"+id, yes, 409, "points.decided")
		adjust := map[string]any{"ledger": "points", "kind": "adjust", "unit": "street", "year": 2026, "owner": "person/li", "amount": 200, "reason": "forgotten in March"}
		id = expect("chen", "POST", "/points/proposals", adjust, 201, "")["id"].(string)
		expect("head", "POST", "/points/proposals/"+id, yes, 204, "")
		b := expect("head", "GET", "/points/budget?ledger=points&unit=street&year=2026", nil, 200, "")
		if b["left"] != 300.0 || b["given"] != 500.0 || b["granted"] != 200.0 {
			t.Fatal(b)
		}
		expect("zhou", "GET", "/points/budget?ledger=points&unit=street", nil, 403, "points.not_yours")
		// Two of another street neither add to nor take from its people, nor undo what its budget gave.
		elsewhere := map[string]any{"ledger": "points", "kind": "adjust", "unit": "other", "year": 2026, "owner": "person/li", "amount": -100, "reason": "sample"}
		expect("zhou", "POST", "/points/proposals", elsewhere, 403, "points.not_yours")
		for _, unit := range []string{"other", ""} {
			undo := map[string]any{"ledger": "points", "kind": "reverse", "unit": unit, "of_kind": "adjust", "of_key": "proposal/" + id, "reason": "sample"}
			expect("zhou", "POST", "/points/proposals", undo, 403, "points.not_yours")
		}
		for _, amount := range []int64{0, -1 << 63, 1 << 62} {
			adjust["amount"] = amount
			expect("chen", "POST", "/points/proposals", adjust, 400, "points.amount")
		}
		entries := expect("li", "GET", "/points/statement?ledger=points&from=2026-03-02&until=2026-03-02", nil, 200, "")["entries"].([]any)
		if len(entries) != 1 || entries[0].(map[string]any)["reason"] != "forgotten in March" {
			t.Fatal(entries)
		}
		if n := expect("li", "GET", "/points/balance?ledger=points&day=2026-03-01", nil, 200, "")["balance"]; n != 0.0 {
			t.Fatal(n)
		}
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		keyID := expect("li", "POST", "/points/code-keys", map[string]any{"key": base64.RawURLEncoding.EncodeToString(public)}, 201, "")["id"].(string)
		if now := expect("li", "GET", "/points/code-keys", nil, 200, ""); now["id"] != keyID || expect("cashier", "GET", "/points/code-keys", nil, 200, "")["id"] != nil {
			t.Fatal("which telephone shows codes:", now)
		}
		claim := expect("li", "POST", "/points/claims", map[string]any{"ledger": "points", "good": voucher}, 201, "")["id"].(string)
		scan := map[string]any{"ledger": "points", "merchant": merchant, "code": Code{keyID, o.clock.Now().Unix(), "nonce-123", claim}.Sign(private)}
		expect("li", "POST", "/points/scans", scan, 404, "points.no_merchant")
		if out := expect("cashier", "POST", "/points/scans", scan, 200, ""); out["level"] != "five percent" || out["title"] != "haircut" || len(out) != 2 {
			t.Fatal(out)
		}
		expect("cashier", "POST", "/points/scans", scan, 409, "points.code_used")
		if c := expect("li", "GET", "/points/claims?ledger=points", nil, 200, "")["claims"].([]any)[0].(map[string]any); c["title"] != "haircut" || c["merchant_name"] != "sample shop" {
			t.Fatal(c)
		}
		if g := expect("li", "GET", "/points/goods?ledger=points", nil, 200, "")["goods"].([]any); len(g) != 2 || g[0].(map[string]any)["merchant_name"] != "sample shop" {
			t.Fatal(g)
		}
		for _, e := range expect("cashier", "GET", "/points/merchants/"+merchant+"/statement?ledger=points", nil, 200, "")["entries"].([]any) {
			if text, _ := json.Marshal(e); strings.Contains(string(text), "li") || strings.Contains(string(text), claim) {
				t.Fatal("a merchant reads whose it was:", string(text))
			}
		}
		expect("li", "GET", "/points/settlements?ledger=points&month=2026-03", nil, 403, "points.not_yours")
		if all := expect("chen", "GET", "/points/settlements?ledger=points&month=2026-03", nil, 200, "")["settlements"].([]any); len(all) != 1 || all[0].(map[string]any)["points"] != 30.0 {
			t.Fatal(all)
		}
		expect("chen", "GET", "/points/settlements.xlsx?ledger=points&month=2026-03", nil, 200, "")
		settle := map[string]any{"ledger": "points", "kind": "settle", "month": "2026-03", "reason": "March"}
		expect("li", "POST", "/points/proposals", settle, 403, "points.not_yours")
		expect("chen", "POST", "/points/proposals", settle, 409, "points.month_not_over")
		expect("zhou", "GET", "/points/entries?ledger=points&kind=available&owner=person/li", nil, 403, "points.not_yours")
		expect("li", "GET", "/points/entries?ledger=points&kind=available&owner=person/chen", nil, 403, "points.not_yours")
		expect("head", "GET", "/points/entries?ledger=points&kind=issuer&owner=unit/street", nil, 400, "points.no_such_account")
		expect("zhou", "GET", "/points/entries?ledger=points&kind=issuer&owner=unit/street&year=2026", nil, 403, "points.not_yours")
		if all := expect("head", "GET", "/points/entries?ledger=points&kind=issuer&owner=unit/street&year=2026", nil, 200, "")["entries"].([]any); len(all) != 2 {
			t.Fatal(all)
		}
		if all := expect("chen", "GET", "/points/entries?ledger=points&kind=available&owner=person/li", nil, 200, "")["entries"].([]any); len(all) != 2 {
			t.Fatal(all)
		}
		for o.clock.Now().Before(time.Date(2026, 4, 2, 0, 0, 0, 0, clock.CST)) {
			o.clock.Add(24 * time.Hour)
		}
		id = expect("chen", "POST", "/points/proposals", settle, 201, "")["id"].(string)
		expect("chen", "POST", "/points/proposals/"+id, yes, 403, "points.second_person")
		expect("head", "POST", "/points/proposals/"+id, yes, 204, "")
		if all := expect("chen", "GET", "/points/settlements?ledger=points&month=2026-03", nil, 200, "")["settlements"].([]any); all[0].(map[string]any)["settled"] != true {
			t.Fatal(all)
		}
		bag := expect("li", "POST", "/points/claims", map[string]any{"ledger": "points", "good": good}, 201, "")["code"].(string)
		expect("li", "POST", "/points/pickups", map[string]any{"ledger": "points", "code": bag}, 403, "points.not_yours")
		expect("chen", "POST", "/points/refunds", map[string]any{"ledger": "points", "code": bag}, 409, "points.claim_ended")
		expect("chen", "POST", "/points/pickups", map[string]any{"ledger": "points", "code": bag[:4] + " " + strings.ToLower(bag[4:])}, 200, "")
		expect("li", "POST", "/points/refunds", map[string]any{"ledger": "points", "code": bag}, 403, "points.not_yours")
		if c := expect("chen", "POST", "/points/refunds", map[string]any{"ledger": "points", "code": bag}, 200, ""); c["title"] != "rice" || c["state"] != "refunded" {
			t.Fatal(c)
		}
		if l := expect("head", "GET", "/points/ledgers", nil, 200, "")["ledgers"].([]any)[1].(map[string]any); l["name"] != "points" || l["spendable"] != true || fmt.Sprint(l["may"]) != "[confirm look]" {
			t.Fatal(l)
		}
		if l := expect("li", "GET", "/points/ledgers", nil, 200, "")["ledgers"].([]any)[1].(map[string]any); fmt.Sprint(l["may"]) != "[]" {
			t.Fatal(l)
		}
		for _, c := range []struct{ who, query, mine string }{{"li", "", ""}, {"cashier", "", "true"}, {"chen", "", ""}, {"chen", "?ledger=points", "false"}, {"head", "?ledger=points", "false"}} {
			mine := ""
			for _, m := range expect(c.who, "GET", "/points/merchants"+c.query, nil, 200, "")["merchants"].([]any) {
				mine += fmt.Sprint(m.(map[string]any)["mine"])
			}
			if mine != c.mine {
				t.Fatalf("%s reads merchants %s: %q", c.who, c.query, mine)
			}
		}
		expect("li", "GET", "/points/merchants?ledger=points", nil, 403, "points.not_yours")
		o.proved()
	})
}

// The file for the bank has a line for each merchant, and no cell that a spreadsheet would carry
// out, whatever a merchant calls itself.
func TestTheFileForTheBank(t *testing.T) {
	o := newOffice(t, dbtest.SQLite(t))
	h := served(t, o)
	o.allot(100)
	o.grant(li, 50)
	merchant := o.merchant(MerchantOf{Name: "=1+1", UnitID: "shop-unit"})
	o.must(o.posting(Redeem, Own(li), Account{Kind: Merchant, Owner: "merchant/" + merchant}, 20))
	r := httptest.NewRequestWithContext(context.WithValue(t.Context(), asker{}, "chen"), "GET", "/api/v1/points/settlements.xlsx?ledger=points&month=2026-03", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	f, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(w.Code, err)
	}
	sheet := f.GetSheetName(0)
	rows, err := f.GetRows(sheet)
	if err != nil || len(rows) != 2 || strings.Join(rows[1], " ") != "=1+1 2026-03 1 20" {
		t.Fatal(rows, err)
	}
	kind, err := f.GetCellType(sheet, "A2")
	if formula, _ := f.GetCellFormula(sheet, "A2"); err != nil || formula != "" || kind == excelize.CellTypeFormula {
		t.Fatal("a merchant's name is a formula:", formula, err)
	}
}
