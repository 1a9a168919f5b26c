package points

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"gezhi/internal/db"
)

// Entry is a line of a posting, with what the posting says.
type Entry struct {
	Line
	At     time.Time
	Posted Posted
}

// Page asks for entries of an account, newest first.
type Page struct {
	From, Until time.Time // made at From or later, before Until; zero for ever
	After       Cursor    // of the page before
	Limit       int       // 50 when 0, 500 at most
}

// Cursor is where the page before ended.
type Cursor struct {
	Seq   int64 `json:"s"`
	Slice int64 `json:"l"`
}

// most asks that travel together.
const asksTogether = 8

var (
	entriesOf = db.SQL(`SELECT e.account_id, e.slice, e.seq, e.amount, e.balance, ` + prefixed + ` FROM points_entry e
		JOIN points_posting p ON p.ledger_id = $2 AND p.kind = e.kind AND p.key = e.key
		WHERE e.account_id = $1 AND e.slice = $3 AND e.seq >= $4 AND e.seq < $5 ORDER BY e.seq DESC LIMIT $6`)
	balanceBefore = db.SQL(`SELECT balance FROM points_entry WHERE account_id = $1 AND slice = $2 AND seq < $3 ORDER BY seq DESC LIMIT 1`)
	accountsOf    = db.SQL(`SELECT a.ledger_id, l.name, l.rules, a.kind, a.year, b.balance FROM points_account a JOIN points_ledger l ON l.id = a.ledger_id
		JOIN points_balance b ON b.account_id = a.id WHERE a.jurisdiction = $1 AND a.owner = $2 ORDER BY l.name, a.kind, a.year, b.slice`)
	lotsNext = db.SQL(`SELECT t.expires_at, t.amount FROM points_lot t WHERE t.account_id = $1 AND t.amount > 0 ORDER BY t.expires_at LIMIT 100`)
)

const prefixed = `p.ledger_id, p.kind, p.key, p.jurisdiction, p.hash, p.amount, p.at, p.person_id, p.second_id, p.reason, p.cause, p.item, p.area_id, p.reverses, p.lines`

// Statement returns a page of an account's entries, newest first; next is nil on the last.
func (s *Service) Statement(ctx context.Context, jurisdiction, ledger string, a Account, q Page) (out []Entry, nextPage *Cursor, err error) {
	if q.Limit <= 0 || q.Limit > 500 {
		q.Limit = 50
	}
	ledgerID := LedgerID(jurisdiction, ledger)
	accountID, n := a.ID(ledgerID), kinds[a.Kind].slices
	lower, upper := int64(0), int64(math.MaxInt64)
	if !q.From.IsZero() {
		lower = q.From.UnixMilli() << seqBits
	}
	if !q.Until.IsZero() {
		upper = q.Until.UnixMilli() << seqBits
	}
	asks := make([]db.Ask, n)
	parts := make([][]Entry, n)
	for i := range asks {
		end := upper
		if q.After.Seq > 0 {
			end = q.After.Seq
			if int64(i) < q.After.Slice {
				end++
			}
			end = min(end, upper)
		}
		asks[i] = db.Ask{Stmt: entriesOf, Args: []any{accountID, ledgerID, int64(i), lower, end, q.Limit + 1}, Scan: db.Into(&parts[i], scanEntry)}
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		for some := range slices.Chunk(asks, asksTogether) {
			if err := tx.Together(ctx, some...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	out = slices.Concat(parts...)
	if n > 1 {
		slices.SortFunc(out, func(a, b Entry) int { return cmp.Or(cmp.Compare(b.Seq, a.Seq), cmp.Compare(b.Slice, a.Slice)) })
	}
	if len(out) > q.Limit {
		out = out[:q.Limit]
		last := out[q.Limit-1]
		nextPage = &Cursor{last.Seq, last.Slice}
	}
	return out, nextPage, nil
}

func scanEntry(r db.Rows) (e Entry, err error) { return scanEntryAnd(r) }

// scanEntryAnd reads an entry, and what stands behind it in the row.
func scanEntryAnd(r db.Rows, more ...any) (e Entry, err error) {
	var p row
	err = r.Scan(append([]any{&e.Account, &e.Slice, &e.Seq, &e.Amount, &e.Balance,
		&p.ledgerID, &p.kind, &p.key, &p.jurisdiction, &p.hash, &p.amount, &p.at, &p.person, &p.second, &p.reason, &p.cause, &p.item, &p.area, &p.reverses, &p.lineText}, more...)...)
	e.Posted, e.At = p.posted(), momentOf(e.Seq)
	for _, l := range e.Posted.Lines {
		if l.Account == e.Account && l.Slice == e.Slice {
			e.Lots = l.Lots
		}
	}
	return e, err
}

// BalanceAt is how an account stood just before a moment; the zero moment asks for now.
func (s *Service) BalanceAt(ctx context.Context, jurisdiction, ledger string, a Account, at time.Time) (sum int64, err error) {
	end := int64(math.MaxInt64)
	if !at.IsZero() {
		end = at.UnixMilli() << seqBits
	}
	accountID := a.ID(LedgerID(jurisdiction, ledger))
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		sum = 0
		for i := range kinds[a.Kind].slices {
			part := int64(0)
			if err := tx.Row(ctx, balanceBefore, []any{accountID, int64(i), end}, &part); err != nil && !errors.Is(err, db.ErrNoRows) {
				return err
			}
			sum += part
		}
		return nil
	})
	return sum, err
}

// Standing is how one account of an owner stands.
type Standing struct {
	Ledger  Ledger
	Account Account
	Balance int64
	Expires []Lot // what of it expires when
}

// Standings are all accounts of an owner, in all ledgers, as they stand now.
func (s *Service) Standings(ctx context.Context, jurisdiction, owner string) (out []Standing, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out = nil
		all, err := db.Collect(ctx, tx, accountsOf, []any{jurisdiction, owner}, scanStanding)
		if err != nil {
			return err
		}
		for _, st := range all {
			st.Account.Owner = owner
			if n := len(out); n > 0 && out[n-1].Account == st.Account && out[n-1].Ledger.Name == st.Ledger.Name {
				out[n-1].Balance += st.Balance
				continue
			}
			if kinds[st.Account.Kind].lots {
				if st.Expires, err = db.Collect(ctx, tx, lotsNext, []any{st.Account.ID(LedgerID(jurisdiction, st.Ledger.Name))}, func(r db.Rows) (l Lot, err error) {
					return l, r.Scan(&l.Expires, &l.Amount)
				}); err != nil {
					return err
				}
			}
			out = append(out, st)
		}
		return nil
	})
	return out, err
}
