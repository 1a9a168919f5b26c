package casework

import (
	"slices"
	"strconv"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/record"
	"gezhi/internal/workflow"
	"gezhi/internal/worktime"
)

// Posting is what an effect of a case does to a ledger, within the transaction of its move.
type Posting struct {
	Jurisdiction string
	Kind         string // workflow.PostGrant, PostDeduct, PostUndo or PostRelease
	Ledger       string
	// Key is the effect's, for ever: case, action and how often that was done. Of what is undone
	// or released it is the beginning that all keys of the action have.
	Key       string
	Owner     string // "person/ID" or "household/ID"
	Unit      string // whose budget a grant comes from
	Year      int    // of the budget
	Amount    int64
	Expires   time.Time // of a grant; zero for never
	Held      bool      // a grant that may not be spent yet
	HeldUntil time.Time // zero: until an action releases it
	Partly    bool
	Reason    string // a word of the pack: PACK/reasons.CODE or PACK/actions.LIFE.ACTION
	Cause     string // "case/ID"
	Item      string
	Area      string
	Person    string
}

// The owners of accounts.
const (
	ownerPerson    = "person/"
	ownerHousehold = "household/"
)

// postTo carries out an effect that moves points. What the ledger refuses fails the act.
func (st *state) postTo(index int, p *workflow.Post) error {
	l, ok := st.class.In.Ledger(p.Ledger)
	if !ok || st.s.Post == nil {
		return fault.New(fault.Internal, "case.unknown_ledger", "ledger", p.Ledger)
	}
	out := Posting{Jurisdiction: st.Jurisdiction, Kind: p.Kind, Ledger: p.Ledger, Partly: p.Partly, Reason: st.postReason(p),
		Cause: "case/" + st.ID, Area: st.AreaID, Person: st.move.PersonID}
	var missing int64
	var err error
	if p.Kind == workflow.PostUndo || p.Kind == workflow.PostRelease {
		out.Key = st.ID + "/" + p.Action + "/"
		missing, err = st.s.Post(st.ctx, st.tx, out)
	} else {
		missing, err = st.postEach(index, p, &l, out)
	}
	if err != nil || p.Missing == "" {
		return err
	}
	return st.setField(p.Missing, formula.Int(missing))
}

// postReason is why, as a word of the pack.
func (st *state) postReason(p *workflow.Post) string {
	if p.Reason != "" {
		return st.Pack + "/reasons." + p.Reason
	}
	return st.Pack + "/actions." + st.Life + "." + st.move.Action
}

// postEach grants to, or deducts from, everybody whom the effect names. Accounts are taken in
// their order, as everybody does who posts several times in one transaction.
func (st *state) postEach(index int, p *workflow.Post, l *pack.Ledger, out Posting) (missing int64, err error) {
	env := st.env()
	if out.Amount, err = whole(p.Amount, env); err != nil || out.Amount == 0 {
		return 0, err
	}
	owners, err := st.owners(p, l)
	if err != nil {
		return 0, err
	}
	if p.Item != nil {
		v, err := p.Item.Eval(env)
		if err != nil {
			return 0, err
		}
		out.Item = formula.Text(v)
	}
	if p.Kind == workflow.PostGrant {
		err = st.grants(p, l, &out)
	} else {
		err = st.mayDeduct(l)
	}
	if err != nil {
		return 0, err
	}
	round, err := st.times(st.move.Action)
	if err != nil {
		return 0, err
	}
	key := st.ID + "/" + st.move.Action + "/" + strconv.FormatInt(round, 10) + "/" + strconv.Itoa(index)
	for _, o := range owners {
		one := out
		one.Key, one.Owner = key, o
		if len(owners) > 1 {
			one.Key += "/" + o
		}
		n, err := st.s.Post(st.ctx, st.tx, one)
		if err != nil {
			return 0, err
		}
		missing += n
	}
	return missing, nil
}

// whole is an amount: a whole number, not below zero.
func whole(e *formula.Expr, env formula.Env) (int64, error) {
	v, err := e.Eval(env)
	if err != nil {
		return 0, err
	}
	n, ok := v.(formula.Num)
	if !ok || !n.IsInt() || n.Int64() < 0 {
		return 0, fault.New(fault.Conflict, "case.bad_amount", "amount", formula.Text(v))
	}
	return n.Int64(), nil
}

// owners are those whose accounts an effect concerns, each once, in their order.
func (st *state) owners(p *workflow.Post, l *pack.Ledger) ([]string, error) {
	v, err := p.To.Eval(st.env())
	if err != nil {
		return nil, err
	}
	subjects, ok := ids(v)
	if !ok || len(subjects) == 0 {
		return nil, fault.New(fault.Conflict, "case.nobody_to_post_to", "ledger", l.Name)
	}
	var out []string
	for _, id := range subjects {
		o, err := st.owner(l, id)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// owner is whose account something of a person, or of a record, goes to.
func (st *state) owner(l *pack.Ledger, id string) (string, error) {
	if l.Household == "" {
		if !st.s.World.People().Known(id, st.Jurisdiction) {
			return "", fault.New(fault.Conflict, "case.nobody_to_post_to", "ledger", l.Name)
		}
		return ownerPerson + id, nil
	}
	houses, err := st.household(id)
	if err != nil {
		return "", err
	}
	for _, h := range append(houses, id) {
		r, err := record.ByID(st.ctx, st.tx, h)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return "", err
		}
		if r.Kind == l.Household && r.Jurisdiction == st.Jurisdiction {
			return ownerHousehold + h, nil
		}
	}
	return "", fault.New(fault.Conflict, "case.no_household", "ledger", l.Name)
}

// grants fills in whose budget a grant comes from, when it expires and until when it is held.
func (st *state) grants(p *workflow.Post, l *pack.Ledger, out *Posting) (err error) {
	from := p.From
	if from == nil {
		from = l.Issuer
	}
	if out.Unit, err = st.issuer(from); err != nil {
		return err
	}
	now := st.now.In(clock.CST)
	out.Year = now.Year()
	until := p.Expires
	if until == nil {
		until = l.Expires
	}
	if out.Expires, err = st.expires(until); err != nil {
		return err
	}
	if l.Clear != nil {
		if end := l.Clear.End(now); out.Expires.IsZero() || end.Before(out.Expires) {
			out.Expires = end
		}
	}
	if p.Hold == nil {
		return nil
	}
	if out.Held, err = p.Hold.If.Holds(st.env()); err == nil && out.Held && !p.Hold.For.IsZero() {
		out.HeldUntil = worktime.Add(st.now, p.Hold.For, st.s.Calendar(st.Jurisdiction), worktime.Options{}).At
	}
	return err
}

// expires is the moment from which on something counts no more; zero for never.
func (st *state) expires(u *workflow.Until) (time.Time, error) {
	switch {
	case u == nil:
		return zero, nil
	case u.Day != nil:
		return u.Day.After(st.now.In(clock.CST)), nil
	case u.Expr == nil:
		return worktime.Add(st.now, u.Span, st.s.Calendar(st.Jurisdiction), worktime.Options{Exact: true}).At, nil
	}
	v, err := u.Expr.Eval(st.env())
	if err != nil || v == nil {
		return zero, err
	}
	at, ok := moment(v, 24*60)
	if !ok || !at.After(st.now) {
		return zero, fault.New(fault.Conflict, "case.bad_expiry")
	}
	return at, nil
}

// issuer is the unit whose budget something is granted from.
func (st *state) issuer(i *workflow.Issuer) (string, error) {
	none := fault.New(fault.Conflict, "case.no_issuer")
	switch {
	case i.OfArea:
		if u, ok := st.s.World.UnitOfArea(st.AreaID); ok {
			return u.ID, nil
		}
		return "", none
	case i.Kind != "":
		if u, ok := st.s.World.UnitOfKind(i.Kind, st.AreaID); ok {
			return u.ID, nil
		}
		return "", none
	}
	v, err := i.Value.Eval(st.env())
	if err != nil {
		return "", err
	}
	id, _ := v.(string)
	if _, ok := st.s.World.Unit(id); !ok {
		return "", none
	}
	return id, nil
}

// mayDeduct refuses to deduct where no decision stands: a record of the kind that the ledger
// names, valid today, of the case's area or of one above it.
func (st *state) mayDeduct(l *pack.Ledger) error {
	areas := slices.DeleteFunc(slices.Clone(st.Areas[:]), func(a string) bool { return a == "" })
	all, err := record.AllWithin(st.ctx, st.tx, st.Jurisdiction, st.Pack, l.Deductions, st.day(), areas)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(r record.Standing) bool { return slices.Contains(areas, r.Span.AreaID) }) {
		return fault.New(fault.Conflict, "case.no_decision", "ledger", l.Name)
	}
	return nil
}
