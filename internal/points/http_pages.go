package points

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/web"
)

// PointsLedgerJSON is a ledger, and what of it is the asker's to do.
type PointsLedgerJSON struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Unit      string   `json:"unit" doc:"what it counts"`
	Spendable bool     `json:"spendable" doc:"false: honour, which is never redeemed"`
	Shop      bool     `json:"shop" doc:"there are goods or merchants for it"`
	Boards    bool     `json:"boards" doc:"there are boards of it"`
	May       []string `json:"may" enum:"propose,confirm,look,shop" doc:"in some unit of theirs"`
}

// PointsMerchantJSON is a merchant.
type PointsMerchantJSON struct {
	ID     string `json:"id"`
	Ledger string `json:"ledger"`
	Name   string `json:"name"`
	Mine   bool   `json:"mine" doc:"the asker works there, and scans"`
	Ended  int64  `json:"ended_at,omitempty" doc:"ms UTC; nothing is scanned there any more"`
}

type pointsLedgersOutput struct {
	Body struct {
		Ledgers []PointsLedgerJSON `json:"ledgers"`
	}
}

type pointsCodeKeyOutput struct {
	Body struct {
		ID string `json:"id,omitempty" doc:"left out: no telephone shows the asker's codes"`
	}
}

type pointsMerchantsInput struct {
	Ledger string `query:"ledger" maxLength:"40" doc:"all merchants of this one, for who keeps its shop; left out: those at which the asker works, of all ledgers"`
}

type pointsMerchantsOutput struct {
	Body struct {
		Merchants []PointsMerchantJSON `json:"merchants"`
	}
}

var (
	ledgersOf   = db.SQL(`SELECT name, rules FROM points_ledger WHERE jurisdiction = $1 ORDER BY name`)
	namesOf     = db.SQL(`SELECT id, title FROM points_good WHERE jurisdiction = $1 AND ledger_id = $2 UNION ALL SELECT id, name FROM points_merchant WHERE jurisdiction = $1 AND ledger_id = $2`)
	codeKeyNow  = db.SQL(`SELECT id FROM points_code_key WHERE jurisdiction = $1 AND owner = $2 AND ended_at = 0 ORDER BY made_at DESC LIMIT 1`)
	merchantsIn = db.SQL(`SELECT m.id, m.name, m.unit_id, m.ended_at, l.name FROM points_merchant m JOIN points_ledger l ON l.id = m.ledger_id WHERE m.jurisdiction = $1 ORDER BY m.id`)
)

func (s *Service) pageRoutes(srv *web.Server, tags []string) {
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/ledgers", ID: "pointsLedgers", Summary: "The ledgers there are, and what of them is the asker's to do", Tags: tags}, s.httpLedgers)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/code-keys", ID: "codeKeyNow", Summary: "The key whose codes count now: which telephone shows them", Tags: tags}, s.httpCodeKeyNow)
	web.Op(srv, web.Operation{Method: "GET", Path: "/points/merchants", ID: "pointsMerchants", Summary: "The merchants at which the asker works, or all of a ledger for who keeps its shop", Tags: tags}, s.httpMerchants)
}

// shopNames are the titles of goods and the names of merchants, those that have ended too, by id.
func (s *Service) shopNames(ctx context.Context, at Place) (names map[string]string, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		names = map[string]string{}
		_, err := db.Collect(ctx, tx, namesOf, []any{at.Jurisdiction, at.id()}, func(r db.Rows) (id string, err error) {
			var name string
			err = r.Scan(&id, &name)
			names[id] = name
			return id, err
		})
		return err
	})
	return names, err
}

func (s *Service) httpCodeKeyNow(ctx context.Context, _ *struct{}) (*pointsCodeKeyOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	out := &pointsCodeKeyOutput{}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Row(ctx, codeKeyNow, []any{who.Jurisdiction, "person/" + who.PersonID}, &out.Body.ID)
		if errors.Is(err, db.ErrNoRows) {
			return nil
		}
		return err
	})
	return out, err
}

func scanLedger(r db.Rows) (l Ledger, err error) {
	var name, rules string
	if err = r.Scan(&name, &rules); err == nil {
		err = json.Unmarshal([]byte(rules), &l)
	}
	l.Name = name
	return l, err
}

// Ledgers lists the ledgers of a jurisdiction.
func (s *Service) Ledgers(ctx context.Context, jurisdiction string) (all []Ledger, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, ledgersOf, []any{jurisdiction}, scanLedger)
		return err
	})
	return all, err
}

func (s *Service) httpLedgers(ctx context.Context, _ *struct{}) (*pointsLedgersOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Ledgers(ctx, who.Jurisdiction)
	if err != nil {
		return nil, err
	}
	bare := func(l Ledger) bool { return l.Shelf == nil }
	all = append(slices.DeleteFunc(slices.Clone(all), bare), slices.DeleteFunc(all, func(l Ledger) bool { return !bare(l) })...) // those with a shop are looked for most
	out := &pointsLedgersOutput{}
	out.Body.Ledgers = make([]PointsLedgerJSON, len(all))
	for i, l := range all {
		row := PointsLedgerJSON{Name: l.Name, Title: cmp.Or(l.Title.in(web.Lang(ctx)), l.Name), Unit: l.Unit.in(web.Lang(ctx)), Spendable: l.Spendable, Shop: l.Shelf != nil, Boards: len(l.Boards) > 0, May: []string{}}
		for _, may := range []struct {
			what  string
			roles []string
		}{{"propose", l.Roles.Propose}, {"confirm", l.Roles.Confirm}, {"look", l.Roles.Look}, {"shop", l.Roles.Shop}} {
			ok, err := s.holds(ctx, who, may.roles, "")
			if err != nil {
				return nil, err
			}
			if ok {
				row.May = append(row.May, may.what)
			}
		}
		out.Body.Ledgers[i] = row
	}
	return out, nil
}

func (s *Service) httpMerchants(ctx context.Context, in *pointsMerchantsInput) (*pointsMerchantsOutput, error) {
	who, err := s.Actor(ctx)
	if err != nil {
		return nil, err
	}
	if in.Ledger != "" {
		l, err := s.rules(ctx, who, in.Ledger, "", nil)
		if err != nil {
			return nil, err
		}
		if ok, err := s.holds(ctx, who, slices.Concat(l.Roles.Shop, l.Roles.Look), ""); err != nil {
			return nil, err
		} else if !ok {
			return nil, fault.New(fault.Forbidden, "points.not_yours")
		}
	}
	type merchant struct {
		MerchantOf
		ledger string
	}
	var all []merchant
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err = db.Collect(ctx, tx, merchantsIn, []any{who.Jurisdiction}, func(r db.Rows) (m merchant, err error) {
			var ended int64
			err = r.Scan(&m.ID, &m.Name, &m.UnitID, &ended, &m.ledger)
			m.EndedAt = db.Time(ended)
			return m, err
		})
		return err
	}); err != nil {
		return nil, err
	}
	out := &pointsMerchantsOutput{}
	out.Body.Merchants = []PointsMerchantJSON{}
	for _, m := range all {
		mine := slices.ContainsFunc(who.Posts, func(p account.Post) bool { return p.UnitID == m.UnitID })
		if in.Ledger == "" && mine || in.Ledger == m.ledger && in.Ledger != "" {
			out.Body.Merchants = append(out.Body.Merchants, PointsMerchantJSON{m.ID, m.ledger, m.Name, mine, db.Ms(m.EndedAt)})
		}
	}
	return out, nil
}
