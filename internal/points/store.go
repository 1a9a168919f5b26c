package points

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

var (
	// On SQLite one transaction at a time writes, and nothing needs a lock.
	lockBalance = db.Either(`SELECT 1`, `SELECT 1 FROM points_balance WHERE account_id = $1 AND slice = $2 FOR UPDATE`)
	lockSlices  = db.Either(`SELECT 1`, `SELECT 1 FROM points_balance WHERE account_id = $1 ORDER BY slice FOR UPDATE`)
	freeSlice   = db.Either(`SELECT slice, seq, balance FROM points_balance WHERE account_id = $1 AND balance >= $2 ORDER BY slice LIMIT 1`,
		`SELECT slice, seq, balance FROM points_balance WHERE account_id = $1 AND balance >= $2 ORDER BY slice LIMIT 1 FOR UPDATE SKIP LOCKED`)
	lockHold = db.Either(`SELECT 1`, `SELECT 1 FROM points_hold WHERE ledger_id = $1 AND kind = $2 AND key = $3 FOR UPDATE`)

	balanceOf    = db.SQL(`SELECT seq, balance FROM points_balance WHERE account_id = $1 AND slice = $2`)
	balancesOf   = db.SQL(`SELECT slice, seq, balance FROM points_balance WHERE account_id = $1 ORDER BY slice`)
	lotsOf       = db.SQL(`SELECT expires_at, amount FROM points_lot WHERE account_id = $1 AND amount > 0 ORDER BY expires_at`)
	postingByKey = db.SQL(`SELECT ` + postingColumns + ` FROM points_posting WHERE ledger_id = $1 AND kind = $2 AND key = $3`)
	holdByID     = db.SQL(`SELECT ` + holdColumns + ` FROM points_hold WHERE ledger_id = $1 AND kind = $2 AND key = $3`)
	ledgerByID   = db.SQL(`SELECT rules FROM points_ledger WHERE id = $1`)

	insertLedger  = db.SQL(`INSERT INTO points_ledger (id, jurisdiction, name, rules, made_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET rules = excluded.rules WHERE points_ledger.rules <> excluded.rules`)
	insertAccount = db.SQL(`INSERT INTO points_account (id, jurisdiction, ledger_id, kind, owner, year, opened_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`)
	insertBalance = db.SQL(`INSERT INTO points_balance (account_id, slice, seq, balance) VALUES ($1, $2, 0, 0) ON CONFLICT (account_id, slice) DO NOTHING`)
	insertPosting = db.SQL(`INSERT INTO points_posting (` + postingColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`)
	insertEntries = db.SQL(`INSERT INTO points_entry (account_id, slice, seq, amount, balance, kind, key) VALUES ($1, $2, $3, $4, $5, $11, $12), ($6, $7, $8, $9, $10, $11, $12)`)
	insertEntry   = db.SQL(`INSERT INTO points_entry (account_id, slice, seq, amount, balance, kind, key) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	changeBalance = db.SQL(`UPDATE points_balance SET seq = $3, balance = $4 WHERE account_id = $1 AND slice = $2`)
	changeLot     = db.SQL(`INSERT INTO points_lot (account_id, expires_at, amount) VALUES ($1, $2, $3) ON CONFLICT (account_id, expires_at) DO UPDATE SET amount = points_lot.amount + excluded.amount`)
	dropLot       = db.SQL(`DELETE FROM points_lot WHERE account_id = $1 AND expires_at = $2 AND amount = 0`)
	insertHold    = db.SQL(`INSERT INTO points_hold (` + holdColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)
	changeHold    = db.SQL(`UPDATE points_hold SET state = $4, ended_at = $5 WHERE ledger_id = $1 AND kind = $2 AND key = $3`)
)

const (
	postingColumns = `ledger_id, kind, key, jurisdiction, hash, amount, at, person_id, second_id, reason, cause, item, area_id, reverses, lines`
	holdColumns    = `ledger_id, kind, key, jurisdiction, owner, amount, lots, until_at, state, made_at, ended_at`
)

// row is a posting as the database has it.
type row struct {
	ledgerID, kind, key, jurisdiction, hash                       string
	amount, at                                                    int64
	person, second, reason, cause, item, area, reverses, lineText string
}

func (p *row) values() []any {
	return []any{p.ledgerID, p.kind, p.key, p.jurisdiction, p.hash, p.amount, p.at, p.person, p.second, p.reason, p.cause, p.item, p.area, p.reverses, p.lineText}
}

func scanPosting(r db.Rows) (p row, err error) {
	return p, r.Scan(&p.ledgerID, &p.kind, &p.key, &p.jurisdiction, &p.hash, &p.amount, &p.at, &p.person, &p.second, &p.reason, &p.cause, &p.item, &p.area, &p.reverses, &p.lineText)
}

func (p *row) posted() Posted {
	lines, _ := readLines(p.lineText) // what a posting holds was written by writeLines; verify looks
	return Posted{At: p.at, Lines: lines, Posting: Posting{Jurisdiction: p.jurisdiction, Kind: Kind(p.kind), Key: p.key, Amount: p.amount, Person: p.person, Second: p.second,
		Reason: p.reason, Cause: p.cause, Item: p.item, Area: p.area, reverses: p.reverses}}
}

// The states of what is held.
const (
	held     = "held"
	released = "released"
	spent    = "spent"
	taken    = "taken" // by a reversal
)

// hold is something held, as the database has it.
type hold struct {
	ledgerID, kind, key, jurisdiction, owner string
	amount                                   int64
	lots                                     []Lot
	until                                    int64
	state                                    string
	made, ended                              int64
}

func (h *hold) values() []any {
	return []any{h.ledgerID, h.kind, h.key, h.jurisdiction, h.owner, h.amount, writeLots(h.lots), h.until, h.state, h.made, h.ended}
}

func scanHold(r db.Rows) (h hold, err error) {
	lots := ""
	err = r.Scan(&h.ledgerID, &h.kind, &h.key, &h.jurisdiction, &h.owner, &h.amount, &lots, &h.until, &h.state, &h.made, &h.ended)
	h.lots, _ = readLots(lots)
	return h, err
}

// slicesOf reads all slices of an account as they stand at one moment, without locking them.
func slicesOf(ctx context.Context, tx *db.Tx, a side) ([]side, error) {
	return db.Collect(ctx, tx, balancesOf, []any{a.id}, a.other)
}

// ledger reads a ledger; points.unknown_ledger when no pack has declared it.
func ledger(ctx context.Context, tx *db.Tx, ledgerID string) (l Ledger, err error) {
	rules := ""
	err = tx.Row(ctx, ledgerByID, []any{ledgerID}, &rules)
	if errors.Is(err, db.ErrNoRows) {
		return l, fault.New(fault.NotFound, "points.unknown_ledger")
	}
	if err == nil {
		err = json.Unmarshal([]byte(rules), &l)
	}
	return l, err
}

// Declare makes a ledger stand as a pack has it; what counts already stays. points.ledger_of_other
// where another pack has a ledger of that name.
func (s *Service) Declare(ctx context.Context, jurisdiction string, l Ledger) error {
	return s.DB.Write(ctx, db.Keys{"points/" + jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		return s.declare(ctx, tx, jurisdiction, l)
	})
}

func (s *Service) declare(ctx context.Context, tx *db.Tx, jurisdiction string, l Ledger) error {
	if l.Name == "" || len(l.Name) > 40 || strings.ContainsFunc(l.Name, unprintable) || l.Unit.in("") == "" {
		return fault.New(fault.Invalid, "points.bad_ledger")
	}
	rules, err := json.Marshal(l)
	if err != nil {
		return err
	}
	id := LedgerID(jurisdiction, l.Name)
	if was, err := ledger(ctx, tx, id); err == nil && was.Pack != "" && was.Pack != l.Pack { // two packs would count in one
		return fault.New(fault.Conflict, "points.ledger_of_other", "ledger", l.Name, "pack", was.Pack)
	} else if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	n, err := tx.Exec(ctx, insertLedger, id, jurisdiction, l.Name, string(rules), s.Now())
	if err != nil || n == 0 {
		return err
	}
	if err := audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: jurisdiction, Subject: "points/" + l.Name, Act: "ledger.declared", At: s.Now(),
		Rows: []audit.Ref{{Table: audit.PointsLedgers, Key: []any{id}}}}); err != nil {
		return err
	}
	return s.open(ctx, tx, id, Posting{Jurisdiction: jurisdiction, To: Of(Mint)})
}

// open opens the account that a posting goes to, unless somebody has meanwhile; it is to be
// locked then.
func (s *Service) open(ctx context.Context, tx *db.Tx, ledgerID string, p Posting) error {
	l, err := ledger(ctx, tx, ledgerID)
	if err != nil {
		return err
	}
	a := p.To
	if !l.Spendable && (a.Kind == Merchant || a.Kind == Redeemed) {
		return fault.New(fault.Conflict, "points.not_spendable")
	}
	id, now := a.ID(ledgerID), s.Now()
	row := []any{id, p.Jurisdiction, ledgerID, string(a.Kind), a.Owner, int64(a.Year), now}
	n, err := tx.Exec(ctx, insertAccount, append([]any(nil), row...)...)
	if err != nil || n == 0 {
		return err
	}
	for i := range kinds[a.Kind].slices {
		if err := tx.Queue(ctx, insertBalance, id, int64(i)); err != nil {
			return err
		}
	}
	return audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: p.Jurisdiction, Subject: "points/" + a.Owner, Act: "ledger.opened", Person: p.Person, At: now,
		Wrote: []audit.Row{{Table: audit.PointsAccounts, Values: row}}})
}

// write writes the posting and all that follows from it.
func (x *posting) write(ctx context.Context) (Posted, error) {
	p := row{x.ledgerID, string(x.Kind), x.Key, x.Jurisdiction, x.content, x.Amount, x.at(), x.Person, x.Second, x.Reason, x.Cause, x.Item, x.Area, x.reverses, writeLines(x.lines)}
	wrote := []audit.Row{{Table: audit.PointsPostings, Values: p.values()}}
	if err := x.tx.Queue(ctx, insertPosting, p.values()...); err != nil {
		return Posted{}, err
	}
	if err := x.writeLines(ctx); err != nil {
		return Posted{}, err
	}
	if x.hold != nil {
		h := *x.hold
		h.state, h.ended = stateAfter(x.Kind), p.at
		if err := x.tx.Queue(ctx, changeHold, h.ledgerID, h.kind, h.key, h.state, h.ended); err != nil {
			return Posted{}, err
		}
		wrote = append(wrote, audit.Row{Table: audit.PointsHolds, Values: h.values()})
	}
	if x.To.Kind == Held {
		h := hold{x.ledgerID, p.kind, p.key, p.jurisdiction, x.To.Owner, x.Amount, x.lines[len(x.lines)-1].Lots, ms(x.HeldUntil), held, p.at, 0}
		if err := x.tx.Queue(ctx, insertHold, h.values()...); err != nil {
			return Posted{}, err
		}
		wrote = append(wrote, audit.Row{Table: audit.PointsHolds, Values: h.values()})
	}
	owner := x.To.Owner
	if owner == "" || strings.HasPrefix(owner, "merchant/") {
		owner = x.From.Owner
	}
	err := audit.Append(ctx, x.tx, audit.Leaf{ID: x.s.NewID(), Jurisdiction: x.Jurisdiction, Subject: "points/" + owner, Act: "ledger." + p.kind, Person: x.Person, At: time.UnixMilli(p.at), Wrote: wrote})
	out := Posted{Posting: x.Posting, At: p.at, Lines: x.lines}
	return out, err
}

func stateAfter(k Kind) string {
	switch k {
	case Release:
		return released
	case Reverse:
		return taken
	}
	return spent
}

// writeLines writes what follows from the lines: entries, balances, and what expires when.
func (x *posting) writeLines(ctx context.Context) error {
	if l := x.lines; len(l) == 2 {
		if err := x.tx.Queue(ctx, insertEntries, l[0].Account, l[0].Slice, l[0].Seq, l[0].Amount, l[0].Balance,
			l[1].Account, l[1].Slice, l[1].Seq, l[1].Amount, l[1].Balance, string(x.Kind), x.Key); err != nil {
			return err
		}
	} else {
		for _, l := range x.lines {
			if err := x.tx.Queue(ctx, insertEntry, l.Account, l.Slice, l.Seq, l.Amount, l.Balance, string(x.Kind), x.Key); err != nil {
				return err
			}
		}
	}
	for _, l := range x.lines {
		if err := x.tx.Queue(ctx, changeBalance, l.Account, l.Slice, l.Seq, l.Balance); err != nil {
			return err
		}
		for _, lot := range l.Lots {
			if err := x.tx.Queue(ctx, changeLot, l.Account, lot.Expires, lot.Amount); err != nil {
				return err
			}
			if x.Kind == Expire {
				if err := x.tx.Queue(ctx, dropLot, l.Account, lot.Expires); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
