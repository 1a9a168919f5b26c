package points

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// NewCodeKey takes the public half of the key that a telephone made for itself, and ends all
// others of the owner: one telephone at a time shows codes.
func (s *Service) NewCodeKey(ctx context.Context, jurisdiction, owner string, public []byte) (string, error) {
	if len(public) != 32 {
		return "", fault.New(fault.Invalid, "points.bad_code_key")
	}
	var b [12]byte
	rand.Read(b[:]) // never fails
	id := base64.RawURLEncoding.EncodeToString(b[:])
	return id, s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, endCodeKeys, jurisdiction, owner, s.Now()); err != nil {
			return err
		}
		return tx.Queue(ctx, insertCodeKey, id, jurisdiction, owner, base64.RawURLEncoding.EncodeToString(public), s.Now())
	})
}

// EndCodeKeys ends the codes of an owner, as when the telephone is lost.
func (s *Service) EndCodeKeys(ctx context.Context, jurisdiction, owner string) error {
	return s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, endCodeKeys, jurisdiction, owner, s.Now())
	})
}

// Scanned is what a merchant sees, and all that he sees.
type Scanned struct {
	Level string // title of the discount, "" for none
	Title string // of what was fetched with it, "" for nothing
}

// Scan reads a code at a merchant's. The first scan of a code counts; another is
// points.code_used and says when that was, and so is one that was shown before it
// (points.code_overtaken). A code that names a claim fetches it, once. The same scan sent again
// under its key, because no answer came, is answered as it was the first time.
func (s *Service) Scan(ctx context.Context, at Place, merchantID, text, person, key string) (out Scanned, err error) {
	c, signature, err := readCode(text)
	if err != nil {
		return out, err
	}
	err = s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = Scanned{}
		for _, lock := range []struct {
			s  db.Stmt
			id string
		}{{lockMerchant, merchantID}, {lockCodeKey, c.KeyID}} {
			if err := tx.Queue(ctx, lock.s, lock.id); err != nil {
				return err
			}
		}
		m, err := one(ctx, tx, merchantByID, []any{merchantID, at.Jurisdiction, at.id()}, scanMerchant, fault.New(fault.NotFound, "points.no_merchant"))
		if err != nil {
			return err
		}
		if out, err = s.again(ctx, tx, at, m, c, person, key); !errors.Is(err, db.ErrNoRows) {
			return err
		}
		if !m.EndedAt.IsZero() {
			return fault.New(fault.Conflict, "points.merchant_ended")
		}
		out, err = s.first(ctx, tx, at, m, c, signature, person, key)
		return err
	})
	return out, err
}

// again answers a scan that was sent before under the same key; db.ErrNoRows where there was none.
func (s *Service) again(ctx context.Context, tx *db.Tx, at Place, m MerchantOf, c Code, person, key string) (out Scanned, err error) {
	var owner string
	if err := tx.Row(ctx, sentScan, []any{c.KeyID, c.Stamp, c.Nonce, key, m.ID, person}, &owner); err != nil {
		return out, err
	}
	if c.Claim != "" {
		fetched, err := one(ctx, tx, claimByID, []any{c.Claim, at.Jurisdiction, at.id()}, scanClaim, fault.New(fault.NotFound, "points.no_claim"))
		if err != nil {
			return out, err
		}
		if out.Title, err = s.goodTitle(ctx, tx, at, fetched.Good); err != nil {
			return out, err
		}
	}
	out.Level, err = s.level(ctx, tx, at, m, owner)
	return out, err
}

// first takes a code that counts, and fetches what it names.
func (s *Service) first(ctx context.Context, tx *db.Tx, at Place, m MerchantOf, c Code, signature []byte, person, key string) (out Scanned, err error) {
	owner, err := s.shown(ctx, tx, at, c, signature)
	if err != nil {
		return out, err
	}
	if err := tx.Queue(ctx, insertScan, c.KeyID, c.Stamp, c.Nonce, at.Jurisdiction, m.ID, c.Claim, person, s.Now(), key); err != nil {
		return out, err
	}
	if c.Claim != "" {
		if out.Title, err = s.fetchAt(ctx, tx, at, m, c.Claim, owner, person); err != nil {
			return out, err
		}
	}
	if out.Level, err = s.level(ctx, tx, at, m, owner); err != nil {
		return out, err
	}
	return out, s.note(ctx, tx, at.Jurisdiction, "code.scanned", person, audit.Ref{Table: audit.PointsScans, Key: []any{c.KeyID, c.Stamp, c.Nonce}})
}

// shown says whose code it is, where it counts.
func (s *Service) shown(ctx context.Context, tx *db.Tx, at Place, c Code, signature []byte) (owner string, err error) {
	type codeKey struct {
		jurisdiction, owner, key string
		ended                    int64
	}
	forged := fault.New(fault.Forbidden, "points.code_forged")
	k, err := one(ctx, tx, codeKeyByID, []any{c.KeyID}, func(r db.Rows) (k codeKey, err error) {
		return k, r.Scan(&k.jurisdiction, &k.owner, &k.key, &k.ended)
	}, forged)
	if err != nil {
		return "", err
	}
	public, err := base64.RawURLEncoding.DecodeString(k.key)
	if err != nil || k.jurisdiction != at.Jurisdiction {
		return "", forged
	}
	if err := c.check(public, signature, s.Now()); fault.CodeOf(err) == "points.code_forged" {
		return "", err
	} else if used := s.used(ctx, tx, c); used != nil { // when it was used says more than that it is old
		return "", used
	} else if err != nil {
		return "", err
	}
	if k.ended > 0 {
		return "", fault.New(fault.Conflict, "points.code_ended")
	}
	return k.owner, nil
}

// used says that a code, or one shown later by the same telephone, was scanned before.
func (s *Service) used(ctx context.Context, tx *db.Tx, c Code) error {
	var stamp, scanned int64
	nonce := ""
	err := tx.Row(ctx, sameScan, []any{c.KeyID, c.Stamp, c.Nonce}, &scanned)
	if err == nil {
		return fault.New(fault.Conflict, "points.code_used", "at", db.Time(scanned).In(clock.CST).Format("2006-01-02 15:04:05"))
	}
	if !errors.Is(err, db.ErrNoRows) {
		return err
	}
	err = tx.Row(ctx, lastScan, []any{c.KeyID, c.Stamp, c.Nonce}, &stamp, &nonce, &scanned)
	if err == nil {
		return fault.New(fault.Conflict, "points.code_overtaken", "at", db.Time(scanned).In(clock.CST).Format("2006-01-02 15:04:05"))
	}
	if !errors.Is(err, db.ErrNoRows) {
		return err
	}
	return nil
}

// fetchAt fetches a claim at its merchant, and says what it is.
func (s *Service) fetchAt(ctx context.Context, tx *db.Tx, at Place, m MerchantOf, claimID, owner, person string) (string, error) {
	none := fault.New(fault.NotFound, "points.no_claim")
	c, err := one(ctx, tx, claimByID, []any{claimID, at.Jurisdiction, at.id()}, scanClaim, none)
	if err != nil {
		return "", err
	}
	if c.Owner != owner || c.Merchant != m.ID {
		return "", none
	}
	if err := s.end(ctx, tx, at, c, ClaimFetched, person); err != nil {
		return "", err
	}
	return s.goodTitle(ctx, tx, at, c.Good)
}

func (s *Service) goodTitle(ctx context.Context, tx *db.Tx, at Place, id string) (string, error) {
	g, err := one(ctx, tx, goodByID, []any{id, at.Jurisdiction, at.id()}, scanGood, fault.New(fault.NotFound, "points.no_good"))
	return g.Title, err
}

// level is the discount that an owner has at a merchant's.
func (s *Service) level(ctx context.Context, tx *db.Tx, at Place, m MerchantOf, owner string) (title string, err error) {
	own := Own(owner)
	all, err := slicesOf(ctx, tx, side{Account: own, id: own.ID(at.id())})
	for _, l := range m.Levels {
		if sumOf(all) >= l.From {
			title = l.Title
		}
	}
	return title, err
}
