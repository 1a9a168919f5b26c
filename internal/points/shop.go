package points

import (
	"context"
	"encoding/json"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// MerchantOf is who gives discounts, or goods for vouchers.
type MerchantOf struct {
	ID      string
	Name    string
	UnitID  string // its people scan
	Levels  []Level
	EndedAt time.Time
}

// Level is a discount from so many points on.
type Level struct {
	From  int64  `json:"from"`
	Title string `json:"title"`
}

// Good is something that points are spent on.
type Good struct {
	ID       string
	Merchant string // "": fetched at an office
	Title    string
	Photo    string // id of a file
	Price    int64
	Stock    int64
	Days     int64 // for which it is kept for somebody
	EndedAt  time.Time
}

// Claim is a good that is kept for somebody, or a voucher.
type Claim struct {
	ID, Good, Merchant, Owner string
	Amount                    int64
	Code                      string
	State                     string
	MadeAt, Until, EndedAt    time.Time
}

// The states of a claim.
const (
	ClaimOpen     = "open"
	ClaimFetched  = "fetched"
	ClaimLapsed   = "lapsed"
	ClaimGivenUp  = "given_up"
	ClaimRefunded = "refunded"
)

// Place is a ledger in a jurisdiction.
type Place struct{ Jurisdiction, Ledger string }

func (p Place) id() string { return LedgerID(p.Jurisdiction, p.Ledger) }

var (
	lockGood     = db.Either(`SELECT 1`, `SELECT 1 FROM points_good WHERE id = $1 FOR UPDATE`)
	lockClaim    = db.Either(`SELECT 1`, `SELECT 1 FROM points_claim WHERE id = $1 FOR UPDATE`)
	lockMerchant = db.Either(`SELECT 1`, `SELECT 1 FROM points_merchant WHERE id = $1 FOR SHARE`)
	lockCodeKey  = db.Either(`SELECT 1`, `SELECT 1 FROM points_code_key WHERE id = $1 FOR UPDATE`)

	upsertMerchant = db.SQL(`INSERT INTO points_merchant (id, jurisdiction, ledger_id, name, unit_id, levels, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, unit_id = excluded.unit_id, levels = excluded.levels, ended_at = 0
		WHERE points_merchant.name <> excluded.name OR points_merchant.unit_id <> excluded.unit_id OR points_merchant.levels <> excluded.levels OR points_merchant.ended_at <> 0`)
	merchantOfUnit = db.SQL(`SELECT id, name, unit_id, levels, ended_at FROM points_merchant WHERE jurisdiction = $1 AND ledger_id = $2 AND (unit_id = $3 OR id = $3) ORDER BY CASE WHEN ended_at = 0 THEN 0 ELSE 1 END, id LIMIT 1`)
	endMerchant    = db.SQL(`UPDATE points_merchant SET ended_at = $3 WHERE id = $1 AND jurisdiction = $2 AND ended_at = 0`)
	merchantByID   = db.SQL(`SELECT id, name, unit_id, levels, ended_at FROM points_merchant WHERE id = $1 AND jurisdiction = $2 AND ledger_id = $3`)
	merchantsOf    = db.SQL(`SELECT id, name, unit_id, levels, ended_at FROM points_merchant WHERE jurisdiction = $1 AND ledger_id = $2 ORDER BY id`)

	upsertGood = db.SQL(`INSERT INTO points_good (id, jurisdiction, ledger_id, merchant_id, title, photo, price, stock, days, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET merchant_id = excluded.merchant_id, title = excluded.title, photo = excluded.photo, price = excluded.price, stock = excluded.stock, days = excluded.days, ended_at = 0
		WHERE points_good.merchant_id <> excluded.merchant_id OR points_good.title <> excluded.title OR points_good.photo <> excluded.photo OR points_good.price <> excluded.price
			OR points_good.stock <> excluded.stock OR points_good.days <> excluded.days OR points_good.ended_at <> 0`)
	endGood   = db.SQL(`UPDATE points_good SET ended_at = $3 WHERE id = $1 AND jurisdiction = $2 AND ended_at = 0`)
	claimedOf = db.SQL(`SELECT count(*) FROM points_claim WHERE good_id = $1 AND state IN ('open', 'fetched')`)
	goodByID  = db.SQL(`SELECT id, merchant_id, title, photo, price, stock, days, ended_at FROM points_good WHERE id = $1 AND jurisdiction = $2 AND ledger_id = $3`)
	goodsOf   = db.SQL(`SELECT id, merchant_id, title, photo, price, stock, days, ended_at FROM points_good WHERE jurisdiction = $1 AND ledger_id = $2 AND ended_at = 0 ORDER BY id`)
	takeStock = db.SQL(`UPDATE points_good SET stock = stock + $2 WHERE id = $1`)

	insertClaim = db.SQL(`INSERT INTO points_claim (id, jurisdiction, ledger_id, good_id, merchant_id, owner, amount, code, state, made_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`)
	endClaimAs  = db.SQL(`UPDATE points_claim SET state = $2, ended_at = $3, ended_by = $4 WHERE id = $1`)
	goodOfClaim = db.SQL(`SELECT g.title FROM points_claim c JOIN points_good g ON g.id = c.good_id WHERE c.id = $1 AND c.jurisdiction = $2`)
	claimByID   = db.SQL(`SELECT ` + claimColumns + ` FROM points_claim WHERE id = $1 AND jurisdiction = $2 AND ledger_id = $3`)
	claimByCode = db.SQL(`SELECT ` + claimColumns + ` FROM points_claim WHERE jurisdiction = $1 AND code = $2 AND ledger_id = $3`)
	claimsOf    = db.SQL(`SELECT ` + claimColumns + ` FROM points_claim WHERE jurisdiction = $1 AND owner = $2 AND ledger_id = $3 ORDER BY id DESC LIMIT 100`)
	dueClaims   = db.SQL(`SELECT c.id, c.jurisdiction, l.name FROM points_claim c JOIN points_ledger l ON l.id = c.ledger_id WHERE c.state = 'open' AND c.until_at <= $1 ORDER BY c.until_at LIMIT $2`)
	goneClaims  = db.SQL(`SELECT c.id, c.jurisdiction, l.name FROM points_merchant m JOIN points_claim c ON c.merchant_id = m.id AND c.state = 'open' JOIN points_ledger l ON l.id = c.ledger_id WHERE m.ended_at > 0 AND m.ended_at <= $1 ORDER BY c.id LIMIT $2`)

	insertCodeKey = db.SQL(`INSERT INTO points_code_key (id, jurisdiction, owner, key, made_at) VALUES ($1, $2, $3, $4, $5)`)
	endCodeKeys   = db.SQL(`UPDATE points_code_key SET ended_at = $3 WHERE jurisdiction = $1 AND owner = $2 AND ended_at = 0`)
	codeKeyByID   = db.SQL(`SELECT jurisdiction, owner, key, ended_at FROM points_code_key WHERE id = $1`)
	insertScan    = db.SQL(`INSERT INTO points_scan (key_id, stamp, nonce, jurisdiction, merchant_id, claim_id, person_id, at, sent_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	lastScan      = db.SQL(`SELECT stamp, nonce, at FROM points_scan WHERE key_id = $1 AND (stamp > $2 OR stamp = $2 AND nonce = $3) ORDER BY stamp DESC, at DESC LIMIT 1`)
	sentScan      = db.SQL(`SELECT k.owner FROM points_scan s JOIN points_code_key k ON k.id = s.key_id WHERE s.key_id = $1 AND s.stamp = $2 AND s.nonce = $3 AND s.sent_key = $4 AND s.merchant_id = $5 AND s.person_id = $6`)
	sameScan      = db.SQL(`SELECT at FROM points_scan WHERE key_id = $1 AND stamp = $2 AND nonce = $3`)
)

const claimColumns = `id, good_id, merchant_id, owner, amount, code, state, made_at, until_at, ended_at`

func scanMerchant(r db.Rows) (m MerchantOf, err error) {
	var levels string
	var ended int64
	if err = r.Scan(&m.ID, &m.Name, &m.UnitID, &levels, &ended); err != nil {
		return m, err
	}
	m.EndedAt = db.Time(ended)
	return m, json.Unmarshal([]byte(levels), &m.Levels)
}

func scanGood(r db.Rows) (g Good, err error) {
	var ended int64
	err = r.Scan(&g.ID, &g.Merchant, &g.Title, &g.Photo, &g.Price, &g.Stock, &g.Days, &ended)
	g.EndedAt = db.Time(ended)
	return g, err
}

func scanClaim(r db.Rows) (c Claim, err error) {
	var made, until, ended int64
	err = r.Scan(&c.ID, &c.Good, &c.Merchant, &c.Owner, &c.Amount, &c.Code, &c.State, &made, &until, &ended)
	c.MadeAt, c.Until, c.EndedAt = db.Time(made), db.Time(until), db.Time(ended)
	return c, err
}

// one reads the only row of a query; the fault where there is none.
func one[T any](ctx context.Context, tx *db.Tx, s db.Stmt, args []any, scan func(db.Rows) (T, error), none *fault.Error) (v T, err error) {
	all, err := db.Collect(ctx, tx, s, args, scan)
	if err == nil && len(all) == 0 {
		err = none
	}
	if err != nil {
		return v, err
	}
	return all[0], nil
}

// note writes the leaf of something in the shop.
func (s *Service) note(ctx context.Context, tx *db.Tx, jurisdiction, act, by string, rows ...audit.Ref) error {
	return audit.Append(ctx, tx, audit.Leaf{ID: s.NewID(), Jurisdiction: jurisdiction, Subject: "shop/" + jurisdiction, Act: act, Person: by, At: s.Now(), Rows: rows})
}

// Merchants lists the merchants of a ledger.
func (s *Service) Merchants(ctx context.Context, at Place) (all []MerchantOf, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, merchantsOf, []any{at.Jurisdiction, at.id()}, scanMerchant)
		return err
	})
	return all, err
}

// Goods lists what points can be spent on now.
func (s *Service) Goods(ctx context.Context, at Place) (all []Good, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, goodsOf, []any{at.Jurisdiction, at.id()}, scanGood)
		return err
	})
	return all, err
}

// Claims lists what an owner has reserved, newest first.
func (s *Service) Claims(ctx context.Context, at Place, owner string) (all []Claim, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, claimsOf, []any{at.Jurisdiction, owner, at.id()}, scanClaim)
		return err
	})
	return all, err
}
