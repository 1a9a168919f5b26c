package casework

import (
	"gezhi/internal/account"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
)

// balance is what somebody may spend of a ledger of the pack. Where an act depends on it, it is
// locked until the act is done, so that nobody spends meanwhile what counted. None for nobody in
// particular, and for who belongs to no household where households have the accounts.
func (st *state) balance(ledger string, whose formula.Value) (formula.Value, error) {
	l, ok := st.class.In.Ledger(ledger)
	subjects, one := ids(whose)
	if !ok || st.s.Balance == nil || !one || len(subjects) != 1 {
		return nil, nil
	}
	owner, err := st.owner(&l, subjects[0])
	if err != nil {
		if fault.KindOf(err) == fault.Conflict {
			err = nil
		}
		return nil, err
	}
	n, err := st.s.Balance(st.ctx, st.tx, st.Jurisdiction, ledger, owner, st.acting())
	if err != nil {
		return nil, err
	}
	return formula.Int(n), nil
}

// served is for how many whole months somebody has held a role, now and before.
func (st *state) served(role string, who formula.Value) (formula.Value, error) {
	subjects, ok := ids(who)
	if !ok || len(subjects) != 1 {
		return nil, nil
	}
	n, err := account.Served(st.ctx, st.tx, subjects[0], role, st.now)
	if err != nil {
		return nil, err
	}
	return formula.Int(int64(n)), nil
}
