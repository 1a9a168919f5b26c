package points

import (
	"context"
	"crypto/rand"
	"strings"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Reserve keeps one piece of a good for an owner, and holds its price, once for an id that the
// caller chose. points.out_of_stock, points.too_few, points.merchant_ended.
func (s *Service) Reserve(ctx context.Context, at Place, id, goodID, owner, person string) (c Claim, err error) {
	err = s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, lockGood, goodID); err != nil {
			return err
		}
		g, err := one(ctx, tx, goodByID, []any{goodID, at.Jurisdiction, at.id()}, scanGood, fault.New(fault.NotFound, "points.no_good"))
		if err != nil {
			return err
		}
		now := s.Now()
		until := now.AddDate(0, 0, int(g.Days))
		n, err := tx.Exec(ctx, insertClaim, id, at.Jurisdiction, at.id(), goodID, g.Merchant, owner, g.Price, pickupCode(), ClaimOpen, now, until)
		if err != nil {
			return err
		}
		if c, err = one(ctx, tx, claimByID, []any{id, at.Jurisdiction, at.id()}, scanClaim, fault.New(fault.Conflict, "points.key_used")); err != nil {
			return err
		}
		if n == 0 { // sent again
			if c.Owner != owner || c.Good != goodID {
				return fault.New(fault.Conflict, "points.key_used")
			}
			return nil
		}
		if err := s.stillThere(ctx, tx, at, g.Merchant); err != nil {
			return err
		}
		if !g.EndedAt.IsZero() || g.Stock < 1 {
			return fault.New(fault.Conflict, "points.out_of_stock")
		}
		if err := tx.Queue(ctx, takeStock, goodID, -1); err != nil {
			return err
		}
		if _, err := s.Post(ctx, tx, Posting{Jurisdiction: at.Jurisdiction, Ledger: at.Ledger, Kind: Hold, Key: "claim/" + id, From: Own(owner), To: HeldOf(owner), Amount: g.Price,
			Reason: g.Title, Cause: "good/" + goodID, Person: person}); err != nil {
			return err
		}
		return s.note(ctx, tx, at.Jurisdiction, "claim.made", person, audit.Ref{Table: audit.PointsClaims, Key: []any{id}}, audit.Ref{Table: audit.PointsGoods, Key: []any{goodID}})
	})
	return c, err
}

// stillThere refuses what is fetched at a merchant who is gone; "" is an office.
func (s *Service) stillThere(ctx context.Context, tx *db.Tx, at Place, merchant string) error {
	if merchant == "" {
		return nil
	}
	m, err := one(ctx, tx, merchantByID, []any{merchant, at.Jurisdiction, at.id()}, scanMerchant, fault.New(fault.NotFound, "points.no_merchant"))
	if err == nil && !m.EndedAt.IsZero() {
		err = fault.New(fault.Conflict, "points.merchant_ended")
	}
	return err
}

// pickupCode is eight letters and digits that nobody can guess, not even who sees the claim's id
// among the entries of its owner.
func pickupCode() string { return rand.Text()[:8] }

// end ends an open claim: points.claim_ended says when it was.
func (s *Service) end(ctx context.Context, tx *db.Tx, at Place, c Claim, state, person string) error {
	if err := tx.Queue(ctx, lockClaim, c.ID); err != nil {
		return err
	}
	c, err := one(ctx, tx, claimByID, []any{c.ID, at.Jurisdiction, at.id()}, scanClaim, fault.New(fault.NotFound, "points.no_claim"))
	if err != nil {
		return err
	}
	from := ClaimOpen
	if state == ClaimRefunded {
		from = ClaimFetched
	}
	if c.State != from {
		return ended(c)
	}
	hold := Ref{at.Jurisdiction, at.Ledger, Hold, "claim/" + c.ID}
	refs := []audit.Ref{{Table: audit.PointsClaims, Key: []any{c.ID}}}
	if state == ClaimFetched {
		p := Posting{Jurisdiction: at.Jurisdiction, Ledger: at.Ledger, Kind: Redeem, Key: "claim/" + c.ID, From: HeldOf(c.Owner), To: Of(Redeemed), Amount: c.Amount,
			Hold: &HoldID{Hold, hold.Key}, Reason: ReasonFetched, Cause: "claim/" + c.ID, Person: person}
		if c.Merchant != "" {
			if err := s.watchLater(ctx, tx, at, c); err != nil {
				return err
			}
			p.To = Account{Kind: Merchant, Owner: "merchant/" + c.Merchant}
		}
		_, err = s.Post(ctx, tx, p)
	} else {
		if err := tx.Queue(ctx, lockGood, c.Good); err != nil {
			return err
		}
		if err := tx.Queue(ctx, takeStock, c.Good, 1); err != nil {
			return err
		}
		refs = append(refs, audit.Ref{Table: audit.PointsGoods, Key: []any{c.Good}})
		if state == ClaimRefunded {
			_, err = s.Reverse(ctx, tx, Ref{at.Jurisdiction, at.Ledger, Redeem, "claim/" + c.ID}, Turn{Reason: ReasonRefunded, Cause: "claim/" + c.ID, Person: person})
		} else {
			_, err = s.Release(ctx, tx, hold, s.whyBack(c, state), person)
		}
	}
	if err != nil {
		return err
	}
	if err := tx.Queue(ctx, endClaimAs, c.ID, state, s.Now(), person); err != nil {
		return err
	}
	return s.note(ctx, tx, at.Jurisdiction, "claim."+state, person, refs...)
}

// whyBack says why what was held for a claim goes back: given up, not fetched in time, or the
// merchant is gone before its time was over.
func (s *Service) whyBack(c Claim, state string) string {
	switch {
	case state == ClaimGivenUp:
		return ReasonGivenUp
	case c.Until.After(s.Now()):
		return ReasonShopGone
	}
	return ReasonLapsed
}

// ended says that a claim was used, or has ended otherwise, and when.
func ended(c Claim) error {
	code := "points.claim_ended"
	if c.State == ClaimFetched {
		code = "points.claim_fetched"
	}
	return fault.New(fault.Conflict, code, "at", c.EndedAt.In(clock.CST).Format("2006-01-02 15:04:05"))
}

// GiveUp lets an owner give up what he reserved.
func (s *Service) GiveUp(ctx context.Context, at Place, id, owner, person string) error {
	return s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err := one(ctx, tx, claimByID, []any{id, at.Jurisdiction, at.id()}, scanClaim, fault.New(fault.NotFound, "points.no_claim"))
		if err == nil && c.Owner != owner {
			err = fault.New(fault.NotFound, "points.no_claim")
		}
		if err != nil {
			return err
		}
		return s.end(ctx, tx, at, c, ClaimGivenUp, person)
	})
}

// PickUp hands out what is fetched by its code, once; the second time it says when it was.
// Vouchers of merchants are fetched by a scan.
func (s *Service) PickUp(ctx context.Context, at Place, code, person string) (c Claim, err error) {
	err = s.write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		c, err = one(ctx, tx, claimByCode, []any{at.Jurisdiction, readPickup(code), at.id()}, scanClaim, fault.New(fault.NotFound, "points.no_claim"))
		if err == nil && c.Merchant != "" {
			err = fault.New(fault.Conflict, "points.at_merchant")
		}
		if err != nil {
			return err
		}
		return s.end(ctx, tx, at, c, ClaimFetched, person)
	})
	return c, err
}

// byCode is what has a code; points.no_claim.
func (s *Service) byCode(ctx context.Context, at Place, code string) (c Claim, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, err = one(ctx, tx, claimByCode, []any{at.Jurisdiction, readPickup(code), at.id()}, scanClaim, fault.New(fault.NotFound, "points.no_claim"))
		return err
	})
	return c, err
}

// readPickup is a code as somebody typed it.
func readPickup(code string) string {
	return strings.ToUpper(strings.Join(strings.Fields(code), ""))
}

// Refund takes back what was fetched: the points return with the day on which they expire.
func (s *Service) Refund(ctx context.Context, at Place, id, person string) error {
	return s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return s.end(ctx, tx, at, Claim{ID: id}, ClaimRefunded, person)
	})
}

type dueClaim struct {
	id string
	at Place
}

func scanDueClaim(r db.Rows) (x dueClaim, err error) {
	return x, r.Scan(&x.id, &x.at.Jurisdiction, &x.at.Ledger)
}

// lapse ends the claims whose time is over, and those at merchants who are gone.
func (s *Service) lapse(ctx context.Context) (done int, err error) {
	var all []dueClaim
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		all = nil
		for _, due := range []db.Stmt{dueClaims, goneClaims} {
			some, err := db.Collect(ctx, tx, due, []any{s.Now(), atOnce}, scanDueClaim)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		return nil
	}); err != nil {
		return 0, err
	}
	for _, x := range all {
		err := s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
			return s.end(ctx, tx, x.at, Claim{ID: x.id}, ClaimLapsed, "")
		})
		if err = unlessOvertaken(err); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}
