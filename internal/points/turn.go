package points

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Ref names a posting of a ledger.
type Ref struct {
	Jurisdiction, Ledger string
	Kind                 Kind
	Key                  string
}

// Turn is why and by whom a posting is reversed.
type Turn struct {
	Reason, Cause  string
	Person, Second string
	// Partly takes back what is left, where what was granted is spent already. Otherwise a
	// reversal that would leave less than nothing is points.too_few.
	Partly bool
}

var accountByID = db.SQL(`SELECT kind, owner, year FROM points_account WHERE id = $1`)

// reversible are the kinds of postings that have a mirror.
var reversible = []Kind{Grant, Redeem, Adjust, Deduct}

// Reverse makes the mirror of a posting, once: from where it went to where it came from, and
// what expires when as it was. What was held and is not any more comes out of what is available.
func (s *Service) Reverse(ctx context.Context, tx *db.Tx, of Ref, t Turn) (Posted, error) {
	p, err := s.mirror(ctx, tx, of, t)
	if err != nil {
		return Posted{}, err
	}
	return s.Post(ctx, tx, p)
}

func (s *Service) mirror(ctx context.Context, tx *db.Tx, of Ref, t Turn) (Posting, error) {
	was, err := s.posting(ctx, tx, of)
	if err != nil {
		return Posting{}, err
	}
	if !slices.Contains(reversible, of.Kind) {
		return Posting{}, fault.New(fault.Conflict, "points.not_reversible")
	}
	p := Posting{Jurisdiction: of.Jurisdiction, Ledger: of.Ledger, Kind: Reverse, Key: string(of.Kind) + "/" + of.Key, Amount: was.Amount,
		Reason: t.Reason, Cause: t.Cause, Item: was.Item, Area: was.Area, Person: t.Person, Second: t.Second,
		reverses: string(of.Kind) + "/" + of.Key, mirror: true, partly: t.Partly && of.Kind == Grant}
	for _, l := range was.Lines {
		a := Account{}
		if err := tx.Row(ctx, accountByID, []any{l.Account}, &a.Kind, &a.Owner, &a.Year); err != nil {
			return Posting{}, err
		}
		if l.Amount > 0 {
			p.From, p.prefer = a, l.Lots
			continue
		}
		p.To = a
		for _, lot := range l.Lots {
			p.give = append(p.give, Lot{lot.Expires, -lot.Amount})
		}
	}
	if p.To.Kind == Held { // what was held before it was spent may be spent again
		p.To.Kind = Available
	}
	if p.From.Kind == Held {
		return s.outOfHold(ctx, tx, of, p)
	}
	return p, nil
}

// outOfHold takes what a posting held out of the hold, or from what is available once it is
// released.
func (s *Service) outOfHold(ctx context.Context, tx *db.Tx, of Ref, p Posting) (Posting, error) {
	h, err := s.hold(ctx, tx, of)
	if err != nil {
		return p, err
	}
	if h.state == held || h.state == taken {
		p.Hold = &HoldID{of.Kind, of.Key}
		return p, nil
	}
	p.From.Kind = Available
	return p, nil
}

// posting reads a posting; points.not_found without it.
func (s *Service) posting(ctx context.Context, tx *db.Tx, of Ref) (Posted, error) {
	found, err := db.Collect(ctx, tx, postingByKey, []any{LedgerID(of.Jurisdiction, of.Ledger), string(of.Kind), of.Key}, scanPosting)
	if err != nil {
		return Posted{}, err
	}
	if len(found) == 0 {
		return Posted{}, fault.New(fault.NotFound, "points.not_found")
	}
	out := found[0].posted()
	out.Ledger = of.Ledger
	return out, nil
}

func (s *Service) hold(ctx context.Context, tx *db.Tx, of Ref) (hold, error) {
	found, err := db.Collect(ctx, tx, holdByID, []any{LedgerID(of.Jurisdiction, of.Ledger), string(of.Kind), of.Key}, scanHold)
	if err != nil {
		return hold{}, err
	}
	if len(found) == 0 {
		return hold{}, fault.New(fault.NotFound, "points.no_hold")
	}
	return found[0], nil
}

// Release lets an owner spend what a posting held, once; also when it is released already.
// points.hold_ended when it was spent or taken back.
func (s *Service) Release(ctx context.Context, tx *db.Tx, of Ref, reason, person string) (Posted, error) {
	h, err := s.hold(ctx, tx, of)
	if err != nil {
		return Posted{}, err
	}
	was, err := s.posting(ctx, tx, of)
	if err != nil {
		return Posted{}, err
	}
	return s.Post(ctx, tx, Posting{Jurisdiction: of.Jurisdiction, Ledger: of.Ledger, Kind: Release, Key: string(of.Kind) + "/" + of.Key, From: HeldOf(h.owner), To: Own(h.owner),
		Item: was.Item, Area: was.Area, Amount: h.amount, Hold: &HoldID{of.Kind, of.Key}, Reason: reason, Person: person})
}

// Reasons of what the system does, which are codes of words.
const (
	ReasonReleased = "points.because_released"
	ReasonGivenUp  = "points.because_given_up"
	ReasonLapsed   = "points.because_lapsed"
	ReasonShopGone = "points.because_shop_gone"
	ReasonExpired  = "points.because_expired"
	ReasonFetched  = "points.because_fetched"
	ReasonRefunded = "points.because_refunded"
	ReasonSettled  = "points.because_settled"
)

var reasons = []string{ReasonReleased, ReasonGivenUp, ReasonLapsed, ReasonShopGone, ReasonExpired, ReasonFetched, ReasonRefunded, ReasonSettled}

// atOnce is how many are done in one round of what is due.
const atOnce = 200

var (
	dueHolds = db.SQL(`SELECT h.jurisdiction, l.name, h.kind, h.key FROM points_hold h JOIN points_ledger l ON l.id = h.ledger_id
		WHERE h.state = 'held' AND h.until_at > 0 AND h.until_at <= $1 ORDER BY h.until_at LIMIT $2`)
	dueLots = db.SQL(`SELECT a.jurisdiction, l.name, a.owner, t.account_id, t.expires_at, t.amount, b.seq FROM points_lot t JOIN points_account a ON a.id = t.account_id AND a.kind = 'available'
		JOIN points_ledger l ON l.id = a.ledger_id JOIN points_balance b ON b.account_id = t.account_id AND b.slice = 0
		WHERE t.expires_at <= $1 AND t.amount > 0 ORDER BY t.expires_at, t.account_id LIMIT $2`)
)

// Due releases what was held long enough, then lets expire whose day has come, and says how many
// postings that made. Several processes may do it at once.
func (s *Service) Due(ctx context.Context) (done int, err error) {
	for ctx.Err() == nil {
		n, err := s.dueOnce(ctx)
		done += n
		if err == nil {
			var lapsed int
			lapsed, err = s.lapse(ctx)
			done, n = done+lapsed, n+lapsed
		}
		if err != nil || n == 0 {
			return done, err
		}
	}
	return done, nil
}

func (s *Service) dueOnce(ctx context.Context) (done int, err error) {
	now := s.Now()
	var holds []Ref
	var lots []Posting
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if holds, err = db.Collect(ctx, tx, dueHolds, []any{now, atOnce}, func(r db.Rows) (of Ref, err error) {
			return of, r.Scan(&of.Jurisdiction, &of.Ledger, &of.Kind, &of.Key)
		}); err != nil {
			return err
		}
		lots, err = db.Collect(ctx, tx, dueLots, []any{now, atOnce}, scanDue)
		return err
	}); err != nil {
		return 0, err
	}
	for _, of := range holds {
		err := s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Release(ctx, tx, of, ReasonReleased, "")
			return err
		})
		if err = unlessOvertaken(err); err != nil {
			return done, err
		}
		done++
	}
	for _, p := range lots {
		_, err := s.Do(ctx, p)
		if err = unlessOvertaken(err); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// unlessOvertaken forgives that somebody else was quicker: then it is due no more, or in the
// next round for what is left.
func unlessOvertaken(err error) error {
	if fault.KindOf(err) == fault.Conflict {
		return nil
	}
	return err
}

func scanDue(r db.Rows) (p Posting, err error) {
	var owner, accountID string
	var expires, amount, seq int64
	err = r.Scan(&p.Jurisdiction, &p.Ledger, &owner, &accountID, &expires, &amount, &seq)
	p.Kind, p.From, p.To, p.Amount, p.Reason = Expire, Own(owner), Of(Expired), amount, ReasonExpired
	p.Key = accountID + "/" + strconv.FormatInt(expires, 10) + "/" + strconv.FormatInt(seq, 10)
	p.prefer, p.exact = []Lot{{expires, amount}}, true
	return p, err
}

// Run does what is due, and sums up months, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		_, err := s.Due(ctx)
		if err = errors.Join(err, s.Roll(ctx)); err != nil && ctx.Err() == nil {
			slog.Error("points", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
	}
}
