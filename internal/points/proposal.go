package points

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Proposal is a budget, an adjustment, a reversal or a settlement that one person asks for and another decides.
type Proposal struct {
	ID        string
	Kind      Kind // Allot, Adjust, Reverse or Settle
	Unit      string
	Year      int    // of the budget that it gives to, or takes from
	Month     string // that a settlement is of
	Owner     string // of an adjustment
	Amount    int64  // less than 0: taken away from the budget, or from the owner
	Of        *HoldID
	Partly    bool
	Reason    string
	Person    string
	MadeAt    time.Time
	State     string
	Second    string
	Why       string
	DecidedAt time.Time
}

// The states of a proposal.
const (
	ProposalOpen    = "open"
	ProposalAgreed  = "agreed"
	ProposalRefused = "refused"
)

// proposed is what the database keeps of a proposal as one text.
type proposed struct {
	Year   int     `json:"year,omitempty"`
	Month  string  `json:"month,omitempty"`
	Owner  string  `json:"owner,omitempty"`
	Amount int64   `json:"amount,omitempty"`
	Of     *HoldID `json:"of,omitempty"`
	Partly bool    `json:"partly,omitempty"`
	Reason string  `json:"reason"`
}

var (
	lockProposal   = db.Either(`SELECT 1`, `SELECT 1 FROM points_proposal WHERE id = $1 FOR UPDATE`)
	insertProposal = db.SQL(`INSERT INTO points_proposal (id, jurisdiction, ledger_id, kind, unit_id, body, person_id, made_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open')`)
	decideProposal = db.SQL(`UPDATE points_proposal SET state = $2, second_id = $3, why = $4, decided_at = $5 WHERE id = $1`)
	proposalByID   = db.SQL(`SELECT ` + proposalColumns + ` FROM points_proposal WHERE id = $1 AND jurisdiction = $2 AND ledger_id = $3`)
	openProposals  = db.SQL(`SELECT ` + proposalColumns + ` FROM points_proposal WHERE jurisdiction = $1 AND ledger_id = $2 AND state = 'open' ORDER BY id LIMIT 200`)
)

const proposalColumns = `id, kind, unit_id, body, person_id, made_at, state, second_id, why, decided_at`

func scanProposal(r db.Rows) (p Proposal, err error) {
	var body string
	var made, decided int64
	if err = r.Scan(&p.ID, &p.Kind, &p.Unit, &body, &p.Person, &made, &p.State, &p.Second, &p.Why, &decided); err != nil {
		return p, err
	}
	var b proposed
	err = json.Unmarshal([]byte(body), &b)
	p.Year, p.Month, p.Owner, p.Amount, p.Of, p.Partly, p.Reason = b.Year, b.Month, b.Owner, b.Amount, b.Of, b.Partly, b.Reason
	p.MadeAt, p.DecidedAt = db.Time(made), db.Time(decided)
	return p, err
}

// holds reports whether somebody has one of the roles in a unit or above it; in any unit where
// none is named.
func (s *Service) holds(ctx context.Context, who account.Actor, roles []string, unit string) (bool, error) {
	above := []string{unit}
	if unit != "" {
		more, err := s.UnitsAbove(ctx, unit)
		if err != nil {
			return false, err
		}
		above = append(above, more...)
	}
	fits := func(p account.Post) bool {
		return slices.Contains(roles, p.Role) && (unit == "" || slices.Contains(above, p.UnitID))
	}
	return slices.ContainsFunc(who.Posts, fits) || slices.ContainsFunc(who.Acting, func(a account.Acting) bool { return fits(a.Post) }), nil
}

// rules reads a ledger, and refuses who has none of its roles that pick names.
func (s *Service) rules(ctx context.Context, who account.Actor, name, unit string, pick func(Roles) []string) (l Ledger, err error) {
	if err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		l, err = ledger(ctx, tx, LedgerID(who.Jurisdiction, name))
		return err
	}); err != nil || pick == nil {
		return l, err
	}
	ok, err := s.holds(ctx, who, pick(l.Roles), unit)
	if err == nil && !ok {
		err = fault.New(fault.Forbidden, "points.not_yours")
	}
	return l, err
}

// Propose asks for a budget, an adjustment or a reversal; a second person decides.
func (s *Service) Propose(ctx context.Context, who account.Actor, ledger string, p Proposal) (string, error) {
	if _, err := s.rules(ctx, who, ledger, p.Unit, p.proposers); err != nil {
		return "", err
	}
	if p.Owner == "person/"+who.PersonID {
		return "", fault.New(fault.Forbidden, "points.own_account")
	}
	p.Person = who.PersonID
	if err := cmp.Or(p.check(), s.settleable(p)); err != nil {
		return "", err
	}
	if err := s.within(ctx, who, Place{who.Jurisdiction, ledger}, p, p.proposers); err != nil {
		return "", err
	}
	body, err := json.Marshal(proposed{p.Year, p.Month, p.Owner, p.Amount, p.Of, p.Partly, p.Reason})
	if err != nil {
		return "", err
	}
	id := s.NewID()
	return id, s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, insertProposal, id, who.Jurisdiction, LedgerID(who.Jurisdiction, ledger), string(p.Kind), p.Unit, string(body), p.Person, s.Now()); err != nil {
			return err
		}
		return s.note(ctx, tx, who.Jurisdiction, "ledger.proposed", p.Person, audit.Ref{Table: audit.PointsProposals, Key: []any{id}})
	})
}

// proposers are the roles that may ask for it: a settlement is asked for by who keeps the shop.
func (p *Proposal) proposers(r Roles) []string {
	if p.Kind == Settle {
		return r.Shop
	}
	return r.Propose
}

// within refuses what concerns accounts that the actor's roles do not reach: whose points a unit
// adjusts belongs to it or stands below it, and what is reversed was its people's or its budget's.
func (s *Service) within(ctx context.Context, who account.Actor, at Place, p Proposal, pick func(Roles) []string) error {
	var concerned []Account
	l, err := s.rules(ctx, who, at.Ledger, "", nil)
	if err != nil {
		return err
	}
	switch p.Kind {
	case Adjust:
		concerned = []Account{Own(p.Owner)}
	case Reverse:
		err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			m, err := s.mirror(ctx, tx, Ref{at.Jurisdiction, at.Ledger, p.Of.Kind, p.Of.Key}, Turn{})
			concerned = []Account{m.From, m.To}
			return err
		})
	}
	if err != nil {
		return err
	}
	roles := Roles{Look: pick(l.Roles)}
	for _, a := range concerned {
		if a.Kind != Issuer && a.Kind != Available && a.Kind != Held {
			continue // of the ledger itself, or a merchant's: nobody's points
		}
		if ok, err := s.looks(ctx, who, roles, a); err != nil || !ok {
			return cmp.Or(err, error(fault.New(fault.Forbidden, "points.not_yours")))
		}
	}
	return nil
}

// settleable refuses the settlement of a month that is not over.
func (s *Service) settleable(p Proposal) error {
	if p.Kind != Settle {
		return nil
	}
	begin, err := monthOf(p.Month)
	if err == nil && s.Now().Before(begin.AddDate(0, 1, 0)) {
		err = fault.New(fault.Conflict, "points.month_not_over")
	}
	return err
}

// check refuses what could never be agreed to.
func (p *Proposal) check() error {
	switch p.Kind {
	case Allot, Adjust:
		q := p.posting(Place{}, "second")
		return q.check()
	case Reverse:
		if p.Of == nil || p.Reason == "" {
			return fault.New(fault.Invalid, "points.no_reason")
		}
		return nil
	case Settle:
		if p.Reason == "" || p.Unit != "" {
			return fault.New(fault.Invalid, "points.no_reason")
		}
		return nil
	}
	return fault.New(fault.Invalid, "points.no_such_way")
}

// posting is what a proposal comes to when it is agreed to.
func (p *Proposal) posting(at Place, second string) Posting {
	out := Posting{Jurisdiction: at.Jurisdiction, Ledger: at.Ledger, Kind: p.Kind, Key: "proposal/" + p.ID, Amount: p.Amount, Reason: p.Reason, Person: p.Person, Second: second}
	out.From, out.To = Of(Mint), Budget(p.Unit, p.Year)
	if p.Kind == Adjust {
		out.From, out.To = out.To, Own(p.Owner)
	}
	if p.Amount < 0 && p.Amount != -1<<63 {
		out.Amount = -p.Amount
		if out.From, out.To = out.To, out.From; p.Kind == Adjust {
			out.To = Of(Void)
		}
	}
	return out
}

// Proposals lists what waits for a second person, where the asker may look.
func (s *Service) Proposals(ctx context.Context, who account.Actor, name string) (out []Proposal, err error) {
	l, err := s.rules(ctx, who, name, "", func(r Roles) []string { return slices.Concat(r.Propose, r.Confirm, r.Look) })
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = db.Collect(ctx, tx, openProposals, []any{who.Jurisdiction, LedgerID(who.Jurisdiction, name)}, scanProposal)
		return err
	})
	if err != nil {
		return nil, err
	}
	var shown []Proposal
	for _, p := range out {
		ok, err := s.holds(ctx, who, slices.Concat(l.Roles.Propose, l.Roles.Confirm, l.Roles.Look), p.Unit)
		if err != nil {
			return nil, err
		}
		if ok {
			shown = append(shown, p)
		}
	}
	return shown, nil
}

// Decide agrees to a proposal, and carries it out, or refuses it. Neither the one who asked for
// it nor the one whose account it concerns decides.
func (s *Service) Decide(ctx context.Context, who account.Actor, name, id string, agree bool, why string) error {
	l, err := s.rules(ctx, who, name, "", func(r Roles) []string { return r.Confirm })
	if err != nil {
		return err
	}
	at := Place{who.Jurisdiction, name}
	none := fault.New(fault.NotFound, "points.no_proposal")
	var p Proposal
	if err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err = one(ctx, tx, proposalByID, []any{id, at.Jurisdiction, at.id()}, scanProposal, none)
		return err
	}); err != nil {
		return err
	}
	if ok, err := s.holds(ctx, who, l.Roles.Confirm, p.Unit); err != nil || !ok {
		return cmp.Or(err, error(none))
	}
	if err := p.decidedBy(who.PersonID, agree, why); err != nil {
		return err
	}
	if err := s.within(ctx, who, at, p, func(r Roles) []string { return r.Confirm }); err != nil {
		return err
	}
	if agree && p.Kind == Settle { // each merchant's is a posting of its own, once for ever: sent again it changes nothing
		if _, err := s.Settlements(ctx, at, p.Month, true, p.Person, who.PersonID); err != nil {
			return err
		}
	}
	return s.write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, lockProposal, id); err != nil {
			return err
		}
		p, err := one(ctx, tx, proposalByID, []any{id, at.Jurisdiction, at.id()}, scanProposal, none)
		if err == nil {
			err = p.decidedBy(who.PersonID, agree, why)
		}
		if err != nil {
			return err
		}
		state := ProposalRefused
		if agree {
			state = ProposalAgreed
			if err := s.carry(ctx, tx, at, p, who.PersonID); err != nil {
				return err
			}
		}
		if err := tx.Queue(ctx, decideProposal, id, state, who.PersonID, why, s.Now()); err != nil {
			return err
		}
		return s.note(ctx, tx, at.Jurisdiction, "ledger."+state, who.PersonID, audit.Ref{Table: audit.PointsProposals, Key: []any{id}})
	})
}

// decidedBy refuses who may not decide it, and what is decided already.
func (p *Proposal) decidedBy(person string, agree bool, why string) error {
	switch {
	case p.Person == person:
		return fault.New(fault.Forbidden, "points.second_person")
	case p.Owner == "person/"+person:
		return fault.New(fault.Forbidden, "points.own_account")
	case p.State != ProposalOpen:
		return fault.New(fault.Conflict, "points.decided")
	case !agree && why == "":
		return fault.New(fault.Invalid, "points.no_reason")
	}
	return nil
}

// carry carries out what a second person has agreed to.
func (s *Service) carry(ctx context.Context, tx *db.Tx, at Place, p Proposal, second string) (err error) {
	switch p.Kind {
	case Settle:
		return nil
	case Reverse:
		_, err = s.Reverse(ctx, tx, Ref{at.Jurisdiction, at.Ledger, p.Of.Kind, p.Of.Key}, Turn{Reason: p.Reason, Person: p.Person, Second: second, Partly: p.Partly})
		return err
	}
	_, err = s.Post(ctx, tx, p.posting(at, second))
	return err
}
