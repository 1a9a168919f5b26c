package app

import (
	"context"
	"crypto/ed25519"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/points"
)

// monthShop is what is fetched for points: how many reserve a good, and how many fetch it.
type monthShop struct {
	Ledger string `yaml:"ledger"`
	By     string `yaml:"by"` // role of who spends
	Count  int    `yaml:"count"`
	Hands  string `yaml:"hands"` // role of who hands it out
	Scans  string `yaml:"scans"` // role of who scans what is fetched at a merchant's
	Fetch  string `yaml:"fetch"` // share that is fetched
}

// shopOpens is how many days of work there are before anybody spends.
const shopOpens = 7

// spend lets somebody who has points reserve a good and perhaps fetch it.
func (m *month) spend(ctx context.Context, s *monthShop) error {
	people := m.app.World.People().WithRole(m.j.ID, s.By, m.hand.Now())
	at := points.Place{Jurisdiction: m.j.ID, Ledger: s.Ledger}
	goods, err := m.ledger.Goods(ctx, at)
	if err != nil || len(people) == 0 || len(goods) == 0 {
		return m.passing(err, "goods")
	}
	p, g := people[m.rng.IntN(len(people))], goods[m.rng.IntN(len(goods))]
	c, err := m.ledger.Reserve(ctx, at, m.app.newID(), g.ID, "person/"+p.PersonID, p.PersonID)
	if err != nil {
		return m.passing(err, "reserve")
	}
	share, err := strconv.Atoi(strings.TrimSuffix(s.Fetch, "%"))
	if err != nil || m.rng.IntN(100) >= share {
		return err
	}
	m.put(m.hand.Now().Add(time.Duration(1+m.rng.IntN(48))*time.Hour), func(ctx context.Context) error {
		var err error
		hands := m.near(s.Hands, p.AreaID)
		if c.Merchant != "" {
			if hands, err = m.behind(ctx, at, c.Merchant, s.Scans); err != nil {
				return err
			}
		}
		if len(hands) == 0 {
			return nil
		}
		if c.Merchant != "" {
			return m.passing(m.scan(ctx, at, &c, hands[0]), "scan")
		}
		_, err = m.ledger.PickUp(ctx, at, c.Code, hands[0])
		return m.passing(err, "pick up")
	})
	return nil
}

// scan lets somebody show a code on a telephone that a merchant scans. The telephone shows no other.
func (m *month) scan(ctx context.Context, at points.Place, c *points.Claim, cashier string) error {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	key, err := m.ledger.NewCodeKey(ctx, at.Jurisdiction, c.Owner, public)
	if err != nil {
		return err
	}
	code := points.Code{KeyID: key, Stamp: m.hand.Now().Unix(), Nonce: m.app.newID(), Claim: c.ID}
	if _, err := m.ledger.Scan(ctx, at, c.Merchant, code.Sign(private), cashier, m.app.newID()); err != nil {
		return err
	}
	return m.ledger.EndCodeKeys(ctx, at.Jurisdiction, c.Owner)
}

// behind are the holders of a role who work at a merchant's.
func (m *month) behind(ctx context.Context, at points.Place, merchant, role string) (out []string, err error) {
	all, err := m.ledger.Merchants(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, p := range m.app.World.People().WithRole(m.j.ID, role, m.hand.Now()) {
		if slices.ContainsFunc(all, func(x points.MerchantOf) bool { return x.ID == merchant && x.UnitID == p.UnitID }) {
			out = append(out, p.PersonID)
		}
	}
	return out, nil
}
