package points

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
)

func scanStanding(r db.Rows) (st Standing, err error) {
	var ledgerID, name, rules string
	var year int64
	if err = r.Scan(&ledgerID, &name, &rules, &st.Account.Kind, &year, &st.Balance); err != nil {
		return st, err
	}
	st.Account.Year = int(year)
	return st, json.Unmarshal([]byte(rules), &st.Ledger)
}

// Sum is what came to and went from an account in a month, by what it was for.
type Sum struct {
	Month    string // "2026-03", China Standard Time
	Account  Account
	Kind     Kind
	Item     string
	Area     string
	Postings int64
	Came     int64
	Went     int64
}

// rollPage is how many entries one transaction sums up.
const rollPage = 2000

var (
	behind = db.SQL(`SELECT b.account_id, b.slice FROM points_balance b LEFT JOIN points_rolled r ON r.account_id = b.account_id AND r.slice = b.slice
		WHERE b.seq > COALESCE(r.seq, 0) ORDER BY b.account_id, b.slice LIMIT 500`)
	rolledTo   = db.SQL(`SELECT seq FROM points_rolled WHERE account_id = $1 AND slice = $2`)
	entriesFor = db.SQL(`SELECT e.seq, e.amount, e.kind, p.item, p.area_id FROM points_entry e JOIN points_account a ON a.id = e.account_id
		JOIN points_posting p ON p.ledger_id = a.ledger_id AND p.kind = e.kind AND p.key = e.key
		WHERE e.account_id = $1 AND e.slice = $2 AND e.seq > $3 ORDER BY e.seq LIMIT $4`)
	addMonth = db.SQL(`INSERT INTO points_month (account_id, month, kind, item, area_id, postings, came, went) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (account_id, month, kind, item, area_id) DO UPDATE SET postings = points_month.postings + excluded.postings, came = points_month.came + excluded.came, went = points_month.went + excluded.went`)
	setRolled = db.SQL(`INSERT INTO points_rolled (account_id, slice, seq) VALUES ($1, $2, $3) ON CONFLICT (account_id, slice) DO UPDATE SET seq = excluded.seq`)
	monthsOf  = db.SQL(`SELECT m.month, a.kind, a.owner, a.year, m.kind, m.item, m.area_id, m.postings, m.came, m.went FROM points_account a JOIN points_month m ON m.account_id = a.id
		WHERE a.ledger_id = $1 AND m.month >= $2 AND m.month <= $3 ORDER BY m.month, a.kind, a.owner, a.year, m.kind, m.item, m.area_id`)
)

// monthKey is what sums are kept by, of one account.
type monthKey struct{ month, kind, item, area string }

type monthSum struct{ n, came, went int64 }

func (m *monthSum) add(amount int64) {
	m.n++
	if amount > 0 {
		m.came += amount
	} else {
		m.went -= amount
	}
}

// Month is the month of a moment, as sums name it.
func Month(t time.Time) string { return t.In(clock.CST).Format("2006-01") }

// Roll adds to the sums of months what has been posted since they were last added to. Postings
// never wait for it: it reads their entries behind them.
func (s *Service) Roll(ctx context.Context) error {
	for ctx.Err() == nil {
		type slice struct {
			account string
			n       int64
		}
		var late []slice
		if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			late, err = db.Collect(ctx, tx, behind, nil, func(r db.Rows) (x slice, err error) { return x, r.Scan(&x.account, &x.n) })
			return err
		}); err != nil || len(late) == 0 {
			return err
		}
		for _, x := range late {
			for more := true; more && ctx.Err() == nil; {
				if err := s.DB.Write(ctx, db.Keys{"points/month/" + x.account}, func(ctx context.Context, tx *db.Tx) (err error) {
					more, err = rollSlice(ctx, tx, x.account, x.n)
					return err
				}); err != nil {
					return err
				}
			}
		}
	}
	return ctx.Err()
}

// rollSlice adds a page of one slice's entries, and says whether there may be more.
func rollSlice(ctx context.Context, tx *db.Tx, account string, slice int64) (bool, error) {
	from := int64(0)
	if err := tx.Row(ctx, rolledTo, []any{account, slice}, &from); err != nil && !errors.Is(err, db.ErrNoRows) {
		return false, err
	}
	sums := map[monthKey]*monthSum{}
	n := 0
	rows, err := tx.Query(ctx, entriesFor, account, slice, from, rollPage)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		var amount int64
		k := monthKey{}
		if err := rows.Scan(&from, &amount, &k.kind, &k.item, &k.area); err != nil {
			return false, err
		}
		k.month = Month(momentOf(from))
		if sums[k] == nil {
			sums[k] = &monthSum{}
		}
		sums[k].add(amount)
	}
	if err := rows.Err(); err != nil || n == 0 {
		return false, err
	}
	rows.Close()
	for k, m := range sums {
		if err := tx.Queue(ctx, addMonth, account, k.month, k.kind, k.item, k.area, m.n, m.came, m.went); err != nil {
			return false, err
		}
	}
	return n == rollPage, tx.Queue(ctx, setRolled, account, slice, from)
}

// Months are the sums of a ledger from a month to a month, all accounts, brought up first.
func (s *Service) Months(ctx context.Context, jurisdiction, ledger, from, to string) (out []Sum, err error) {
	if err := s.Roll(ctx); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = db.Collect(ctx, tx, monthsOf, []any{LedgerID(jurisdiction, ledger), from, to}, func(r db.Rows) (m Sum, err error) {
			var year int64
			err = r.Scan(&m.Month, &m.Account.Kind, &m.Account.Owner, &year, &m.Kind, &m.Item, &m.Area, &m.Postings, &m.Came, &m.Went)
			m.Account.Year = int(year)
			return m, err
		})
		return err
	})
	return out, err
}
