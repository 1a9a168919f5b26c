package points

import (
	"context"
	"errors"
	"strings"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/pack"
	"gezhi/internal/workflow"
)

var postingsUnder = db.SQL(`SELECT ` + postingColumns + ` FROM points_posting WHERE ledger_id = $1 AND kind = $2 AND key >= $3 AND key < $4 ORDER BY key`)

// Loaded makes the ledgers of a pack stand as it has them, when it is put in force.
func (s *Service) Loaded(ctx context.Context, tx *db.Tx, jurisdiction string, e *pack.Effective) error {
	for _, l := range e.Ledgers() {
		shelf := shelfOf(e.Pack, l.Name)
		if err := s.declare(ctx, tx, jurisdiction, Ledger{Name: l.Name, Title: Words(l.Title), Unit: Words(l.Unit), Spendable: l.Spendable,
			Roles: Roles{Propose: l.Propose, Confirm: l.Confirm, Look: l.Look, Shop: l.Shop}, Shelf: shelf, Pack: e.Pack.Name, Objections: classOf(e.Pack, e.Pack.Objections), Benefits: classOf(e.Pack, e.Pack.Benefits), Honours: honoursOf(e.Pack), Boards: boardsOf(e.Pack, l.Name), Watches: watchesOf(e.Pack, l.Name)}); err != nil {
			return err
		}
		if shelf == nil {
			continue
		}
		if err := s.stockLater(ctx, tx, jurisdiction, stocked{Ledger: l.Name}, ""); err != nil {
			return err
		}
	}
	return nil
}

// Effect carries out an effect of a case, within the transaction of its move, and says how much
// there was not where it takes what there is.
func (s *Service) Effect(ctx context.Context, tx *db.Tx, p casework.Posting) (missing int64, err error) {
	at := Place{p.Jurisdiction, p.Ledger}
	switch p.Kind {
	case workflow.PostGrant:
		_, err = s.Post(ctx, tx, s.grantOf(p))
	case workflow.PostDeduct:
		return s.deduct(ctx, tx, p)
	case workflow.PostUndo:
		return s.undo(ctx, tx, at, p)
	case workflow.PostRelease:
		err = s.releaseUnder(ctx, tx, at, p)
	}
	return 0, err
}

// Balance is what an owner may spend, read within a transaction; with lock nobody else changes it
// before that ends.
func (s *Service) Balance(ctx context.Context, tx *db.Tx, jurisdiction, ledger, owner string, lock bool) (balance int64, err error) {
	id := Own(owner).ID(LedgerID(jurisdiction, ledger))
	if lock { // in a statement of its own: who has waited would not see what came before
		if err := tx.Queue(ctx, lockBalance, id, int64(0)); err != nil {
			return 0, err
		}
	}
	var seq int64
	if err = tx.Row(ctx, balanceOf, []any{id, int64(0)}, &seq, &balance); errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	return balance, err
}

// of is what every posting of an effect says.
func of(p casework.Posting, kind Kind) Posting {
	return Posting{Jurisdiction: p.Jurisdiction, Ledger: p.Ledger, Kind: kind, Key: p.Key, Amount: p.Amount, Reason: p.Reason, Cause: p.Cause, Item: p.Item, Area: p.Area, Person: p.Person}
}

func (s *Service) grantOf(p casework.Posting) Posting {
	out := of(p, Grant)
	out.From, out.To, out.Expires = Budget(p.Unit, p.Year), Own(p.Owner), p.Expires
	if p.Held {
		out.To, out.HeldUntil = HeldOf(p.Owner), p.HeldUntil
	}
	return out
}

// deduct takes something away from an owner.
func (s *Service) deduct(ctx context.Context, tx *db.Tx, p casework.Posting) (int64, error) {
	out := of(p, Deduct)
	out.From, out.To, out.partly = Own(p.Owner), Of(Void), p.Partly
	return s.asMuch(ctx, tx, out)
}

// asMuch posts, and says how much there was not; of nothing at all it posts nothing.
func (s *Service) asMuch(ctx context.Context, tx *db.Tx, p Posting) (missing int64, err error) {
	done, err := s.Post(ctx, tx, p)
	if p.partly && fault.CodeOf(err) == "points.too_few" {
		return p.Amount, nil
	}
	return p.Amount - done.Amount, err
}

// undo makes the mirrors of all that an action of a case posted and that stands.
func (s *Service) undo(ctx context.Context, tx *db.Tx, at Place, p casework.Posting) (missing int64, err error) {
	for _, kind := range []Kind{Grant, Deduct} {
		all, err := s.under(ctx, tx, at, kind, p.Key)
		if err != nil {
			return 0, err
		}
		for _, was := range all {
			back, err := s.mirror(ctx, tx, Ref{at.Jurisdiction, at.Ledger, kind, was.key}, Turn{Reason: p.Reason, Cause: p.Cause, Person: p.Person, Partly: p.Partly})
			if err != nil {
				return 0, err
			}
			n, err := s.asMuch(ctx, tx, back)
			if err != nil {
				return 0, err
			}
			missing += n
		}
	}
	return missing, nil
}

// under are the postings of a kind whose keys have one beginning.
func (s *Service) under(ctx context.Context, tx *db.Tx, at Place, kind Kind, prefix string) ([]row, error) {
	return db.Collect(ctx, tx, postingsUnder, []any{at.id(), string(kind), prefix, strings.TrimSuffix(prefix, "/") + "0"}, scanPosting) // 0 comes after /
}

// releaseUnder lets owners spend what an action of a case granted and what is held still.
func (s *Service) releaseUnder(ctx context.Context, tx *db.Tx, at Place, p casework.Posting) error {
	all, err := s.under(ctx, tx, at, Grant, p.Key)
	if err != nil {
		return err
	}
	for _, was := range all {
		of := Ref{at.Jurisdiction, at.Ledger, Grant, was.key}
		h, err := s.hold(ctx, tx, of)
		if fault.CodeOf(err) == "points.no_hold" || err == nil && h.state != held { // never held, or not any more
			continue
		}
		if err != nil {
			return err
		}
		if _, err := s.Release(ctx, tx, of, p.Reason, p.Person); err != nil {
			return err
		}
	}
	return nil
}
