package points

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"gezhi/internal/db"
)

// Finding names one thing that is not as it must be. Code is a code of words.
type Finding struct {
	Code  string `json:"code"`
	Table string `json:"table"`
	Key   string `json:"key"` // of the row, or of the posting whose line is missing
}

// Proof is what a verification came to.
type Proof struct {
	Ledgers, Accounts, Postings, Entries int64
	Findings                             []Finding
	More                                 int64 // findings that are not listed
}

// mostFindings are listed; the rest is counted.
const mostFindings = 1000

var (
	allLedgers  = db.SQL(`SELECT id FROM points_ledger ORDER BY id`)
	allAccounts = db.SQL(`SELECT id, ledger_id, kind, owner, year FROM points_account ORDER BY id`)
	allPostings = db.SQL(`SELECT ledger_id, kind, key, amount, lines FROM points_posting ORDER BY ledger_id, kind, key`)
	allEntries  = db.SQL(`SELECT e.account_id, e.slice, e.seq, e.amount, e.balance, e.kind, e.key, COALESCE(p.item, ''), COALESCE(p.area_id, '') FROM points_entry e
		LEFT JOIN points_account a ON a.id = e.account_id LEFT JOIN points_posting p ON p.ledger_id = a.ledger_id AND p.kind = e.kind AND p.key = e.key ORDER BY e.account_id, e.slice, e.seq`)
	allBalances = db.SQL(`SELECT account_id, slice, seq, balance FROM points_balance ORDER BY account_id, slice`)
	allLots     = db.SQL(`SELECT account_id, expires_at, amount FROM points_lot ORDER BY account_id, expires_at`)
	allHolds    = db.SQL(`SELECT ledger_id, owner, kind, key, amount, state FROM points_hold ORDER BY ledger_id, kind, key`)
	allMonths   = db.SQL(`SELECT account_id, month, kind, item, area_id, postings, came, went FROM points_month ORDER BY account_id, month, kind, item, area_id`)
	allRolled   = db.SQL(`SELECT account_id, slice, seq FROM points_rolled ORDER BY account_id, slice`)
)

// sliceKey names a slice.
type sliceKey struct {
	account string
	slice   int64
}

func (k sliceKey) String() string { return fmt.Sprintf("%s/%d", k.account, k.slice) }

// told is what postings, or entries, tell of a slice: how many lines, their sum, the last of
// them, and a mark of all of them in whatever order.
type told struct{ n, sum, last, mark int64 }

func (t *told) add(l Line, kind, key string) {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %d %d %s %s", l.Seq, l.Amount, l.Balance, kind, key)
	t.n++
	t.sum += l.Amount
	t.last = max(t.last, l.Seq)
	t.mark ^= int64(h.Sum64())
}

type lotKey struct {
	account string
	expires int64
}

// verifying is a verification on its way.
type verifying struct {
	proof    Proof
	ledgers  map[string]int64 // sum of all balances
	accounts map[string]Account
	of       map[string]string // ledger of an account
	posted   map[sliceKey]*told
	entered  map[sliceKey]*told
	lots     map[lotKey]int64
	rolled   map[sliceKey]int64
	months   map[string]map[monthKey]*monthSum // by account
	made     map[string]int64                  // amounts of postings to held accounts, by ledger, kind and key
	held     map[string]int64                  // by held account
}

// Verify works out again, from the postings alone, every entry, balance, expiry, held amount and
// sum of a month, and names what is otherwise; that postings balance, that budgets and balances
// never fall below zero, and that every ledger sums to zero. It reads only.
func Verify(ctx context.Context, d *db.DB) (*Proof, error) {
	v := &verifying{ledgers: map[string]int64{}, accounts: map[string]Account{}, of: map[string]string{}, posted: map[sliceKey]*told{}, entered: map[sliceKey]*told{},
		lots: map[lotKey]int64{}, rolled: map[sliceKey]int64{}, months: map[string]map[monthKey]*monthSum{}, made: map[string]int64{}, held: map[string]int64{}}
	err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, pass := range []func(context.Context, *db.Tx) error{v.names, v.postings, v.entries, v.balances, v.expiring, v.holds, v.sums, v.apart} {
			if err := pass(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(v.proof.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Key, b.Key))
	})
	return &v.proof, err
}

func (v *verifying) find(code, table, key string) {
	if len(v.proof.Findings) == mostFindings {
		v.proof.More++
		return
	}
	v.proof.Findings = append(v.proof.Findings, Finding{code, table, key})
}

// each hands every row of a query to fn.
func each(ctx context.Context, tx *db.Tx, s db.Stmt, fn func(r db.Rows) error) error {
	rows, err := tx.Query(ctx, s)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (v *verifying) names(ctx context.Context, tx *db.Tx) error {
	if err := each(ctx, tx, allLedgers, func(r db.Rows) error {
		id := ""
		err := r.Scan(&id)
		v.ledgers[id] = 0
		v.proof.Ledgers++
		return err
	}); err != nil {
		return err
	}
	if err := each(ctx, tx, allAccounts, func(r db.Rows) error {
		var id, ledgerID, kind string
		var a Account
		var year int64
		if err := r.Scan(&id, &ledgerID, &kind, &a.Owner, &year); err != nil {
			return err
		}
		a.Kind, a.Year = AccountKind(kind), int(year)
		if _, ok := v.ledgers[ledgerID]; !ok || a.ID(ledgerID) != id {
			v.find("points.found_account", "points_account", id)
		}
		v.accounts[id], v.of[id] = a, ledgerID
		v.proof.Accounts++
		return nil
	}); err != nil {
		return err
	}
	return each(ctx, tx, allRolled, func(r db.Rows) error {
		var k sliceKey
		var seq int64
		err := r.Scan(&k.account, &k.slice, &seq)
		v.rolled[k] = seq
		return err
	})
}

func tell(all map[sliceKey]*told, k sliceKey) *told {
	if all[k] == nil {
		all[k] = &told{}
	}
	return all[k]
}

func (v *verifying) postings(ctx context.Context, tx *db.Tx) error {
	return each(ctx, tx, allPostings, func(r db.Rows) error {
		var ledgerID, kind, key, text string
		var amount int64
		if err := r.Scan(&ledgerID, &kind, &key, &amount, &text); err != nil {
			return err
		}
		v.proof.Postings++
		id := ledgerID + "/" + kind + "/" + key
		lines, ok := readLines(text)
		in, out := int64(0), int64(0)
		for _, l := range lines {
			if l.Amount > 0 {
				in += l.Amount
			} else {
				out -= l.Amount
			}
			ok = ok && v.of[l.Account] == ledgerID
			tell(v.posted, sliceKey{l.Account, l.Slice}).add(l, kind, key)
			v.ledgers[ledgerID] += l.Amount
			for _, lot := range l.Lots {
				v.lots[lotKey{l.Account, lot.Expires}] += lot.Amount
			}
			if v.accounts[l.Account].Kind == Held && l.Amount > 0 {
				v.made[id] = l.Amount
			}
		}
		if !ok || in != out || in != amount || amount <= 0 {
			v.find("points.found_posting", "points_posting", id)
		}
		return nil
	})
}

func (v *verifying) entries(ctx context.Context, tx *db.Tx) error {
	at, balance := sliceKey{}, int64(0)
	return each(ctx, tx, allEntries, func(r db.Rows) error {
		var l Line
		var kind, key string
		k := monthKey{}
		if err := r.Scan(&l.Account, &l.Slice, &l.Seq, &l.Amount, &l.Balance, &kind, &key, &k.item, &k.area); err != nil {
			return err
		}
		v.proof.Entries++
		of := sliceKey{l.Account, l.Slice}
		if of != at {
			at, balance = of, 0
		}
		if balance += l.Amount; balance != l.Balance {
			v.find("points.found_running", "points_entry", fmt.Sprintf("%s/%d", of, l.Seq))
			balance = l.Balance
		}
		if l.Balance < 0 && v.accounts[l.Account].Kind != Mint {
			v.find("points.found_below_zero", "points_entry", fmt.Sprintf("%s/%d", of, l.Seq))
		}
		tell(v.entered, of).add(l, kind, key)
		if l.Seq <= v.rolled[of] {
			k.month, k.kind = Month(momentOf(l.Seq)), kind
			if v.months[l.Account] == nil {
				v.months[l.Account] = map[monthKey]*monthSum{}
			}
			if v.months[l.Account][k] == nil {
				v.months[l.Account][k] = &monthSum{}
			}
			v.months[l.Account][k].add(l.Amount)
		}
		return nil
	})
}

func (v *verifying) balances(ctx context.Context, tx *db.Tx) error {
	seen := map[sliceKey]bool{}
	if err := each(ctx, tx, allBalances, func(r db.Rows) error {
		var k sliceKey
		var seq, balance int64
		if err := r.Scan(&k.account, &k.slice, &seq, &balance); err != nil {
			return err
		}
		seen[k] = true
		if p := tell(v.posted, k); p.sum != balance || p.last != seq {
			v.find("points.found_balance", "points_balance", k.String())
		}
		if a, ok := v.accounts[k.account]; !ok {
			v.find("points.found_balance", "points_balance", k.String())
		} else if balance < 0 && a.Kind != Mint {
			v.find("points.found_below_zero", "points_balance", k.String())
		}
		return nil
	}); err != nil {
		return err
	}
	for k, p := range v.posted {
		if p.n > 0 && !seen[k] {
			v.find("points.found_balance", "points_balance", k.String())
		}
		if v.accounts[k.account].Kind == Held {
			v.held[k.account] += p.sum
		}
	}
	for id, sum := range v.ledgers {
		if sum != 0 {
			v.find("points.found_sum", "points_ledger", id)
		}
	}
	return nil
}

func (v *verifying) expiring(ctx context.Context, tx *db.Tx) error {
	if err := each(ctx, tx, allLots, func(r db.Rows) error {
		var k lotKey
		var amount int64
		if err := r.Scan(&k.account, &k.expires, &amount); err != nil {
			return err
		}
		if v.lots[k] != amount || amount < 0 {
			v.find("points.found_lot", "points_lot", fmt.Sprintf("%s/%d", k.account, k.expires))
		}
		delete(v.lots, k)
		return nil
	}); err != nil {
		return err
	}
	for k, amount := range v.lots {
		if amount != 0 {
			v.find("points.found_lot", "points_lot", fmt.Sprintf("%s/%d", k.account, k.expires))
		}
	}
	return nil
}

func (v *verifying) holds(ctx context.Context, tx *db.Tx) error {
	if err := each(ctx, tx, allHolds, func(r db.Rows) error {
		var ledgerID, owner, kind, key, state string
		var amount int64
		if err := r.Scan(&ledgerID, &owner, &kind, &key, &amount, &state); err != nil {
			return err
		}
		id := ledgerID + "/" + kind + "/" + key
		if v.made[id] != amount {
			v.find("points.found_hold", "points_hold", id)
		}
		delete(v.made, id)
		if state == held {
			v.held[HeldOf(owner).ID(ledgerID)] -= amount
		}
		return nil
	}); err != nil {
		return err
	}
	for id := range v.made {
		v.find("points.found_hold", "points_hold", id)
	}
	for account, left := range v.held {
		if left != 0 {
			v.find("points.found_held", "points_balance", account+"/0")
		}
	}
	return nil
}

func (v *verifying) sums(ctx context.Context, tx *db.Tx) error {
	name := func(account string, k monthKey) string {
		return account + "/" + k.month + "/" + k.kind + "/" + k.item + "/" + k.area
	}
	if err := each(ctx, tx, allMonths, func(r db.Rows) error {
		account, k, m := "", monthKey{}, monthSum{}
		if err := r.Scan(&account, &k.month, &k.kind, &k.item, &k.area, &m.n, &m.came, &m.went); err != nil {
			return err
		}
		if have := v.months[account][k]; have == nil || *have != m {
			v.find("points.found_month", "points_month", name(account, k))
		}
		delete(v.months[account], k)
		return nil
	}); err != nil {
		return err
	}
	for account, all := range v.months {
		for k := range all {
			v.find("points.found_month", "points_month", name(account, k))
		}
	}
	return nil
}

// apart names the entries that are not as the postings say, in the slices where they differ.
func (v *verifying) apart(ctx context.Context, tx *db.Tx) error {
	differ := map[sliceKey]bool{}
	for k, p := range v.posted {
		differ[k] = *p != *tell(v.entered, k)
	}
	for k, e := range v.entered {
		differ[k] = *e != *tell(v.posted, k)
	}
	if !slices.Contains(slices.Collect(maps.Values(differ)), true) {
		return nil
	}
	lines := map[string]string{} // what postings say, and the row
	if err := each(ctx, tx, allPostings, func(r db.Rows) error {
		var ledgerID, kind, key, text string
		var amount int64
		if err := r.Scan(&ledgerID, &kind, &key, &amount, &text); err != nil {
			return err
		}
		all, _ := readLines(text)
		for _, l := range all {
			if k := (sliceKey{l.Account, l.Slice}); differ[k] {
				lines[fmt.Sprint(k, l.Seq, l.Amount, l.Balance, kind, key)] = fmt.Sprintf("%s/%d", k, l.Seq)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := each(ctx, tx, allEntries, func(r db.Rows) error {
		var l Line
		var kind, key, item, area string
		if err := r.Scan(&l.Account, &l.Slice, &l.Seq, &l.Amount, &l.Balance, &kind, &key, &item, &area); err != nil {
			return err
		}
		k := sliceKey{l.Account, l.Slice}
		text := fmt.Sprint(k, l.Seq, l.Amount, l.Balance, kind, key)
		if _, ok := lines[text]; differ[k] && !ok {
			v.find("points.found_entry", "points_entry", fmt.Sprintf("%s/%d", k, l.Seq))
		}
		delete(lines, text)
		return nil
	}); err != nil {
		return err
	}
	for _, row := range lines {
		v.find("points.found_no_entry", "points_entry", row)
	}
	return nil
}
