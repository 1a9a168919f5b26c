package territory

import (
	"context"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// SetUnit makes a unit stand from a moment on, or, where want.ID names one that stands, gives it
// another name, kind, parent or area; its code stays. Parent and Area are ids. What is
// wrong with it is unit.invalid, with the places.
func (s *Service) SetUnit(ctx context.Context, by string, want Unit, at time.Time) (u Unit, err error) {
	err = s.change(ctx, want.Jurisdiction, by, "unit.set", at, func(ctx context.Context, tx *db.Tx, w *written) (any, error) {
		u = want
		t, err := loadTree(ctx, tx, at, false)
		if err != nil {
			return nil, err
		}
		fresh := u.ID == ""
		d := UnitDraft{Code: u.Code, Name: u.Name, Kind: u.Kind}
		wrong := &fault.Error{Kind: fault.Invalid, Code: "unit.invalid"}
		refuse := func(path, code string) { wrong.At = append(wrong.At, fault.Place{Path: path, Code: code}) }
		if !fresh {
			before, stands := t.Unit(u.ID)
			if !stands || before.Jurisdiction != u.Jurisdiction {
				return nil, fault.New(fault.NotFound, "unit.none")
			}
			u.Code, u.Nature, u.From, d.Code = before.Code, before.Nature, before.From, before.Code
		} else if _, taken := t.UnitByCode(u.Jurisdiction, u.Code); taken {
			refuse("code", "territory.duplicate_code")
		}
		for _, p := range checkUnits(t, []UnitDraft{d}, Import{Jurisdiction: u.Jurisdiction}) {
			wrong.At = append(wrong.At, fault.Place{Path: p.Path, Code: p.Code, Args: p.Args})
		}
		if !fitsAbove(t, &u) {
			refuse("parent_id", "territory.not_above")
		}
		if a, ok := t.Area(u.Area); u.Area != "" && (!ok || a.Jurisdiction != u.Jurisdiction) {
			refuse("area_id", "territory.not_yours")
		}
		if len(wrong.At) > 0 {
			return nil, wrong
		}
		var begin, change []*Unit
		if fresh {
			u.ID, u.From = s.NewID(), at
			begin = []*Unit{&u}
		} else {
			change = []*Unit{&u}
		}
		w.add(audit.Units, u.ID)
		return map[string]bool{"new": fresh}, storeUnits(ctx, tx, begin, change, nil, Import{From: at})
	})
	return u, err
}

// fitsAbove tells whether the unit above is one of the jurisdiction that does not itself report
// to this one.
func fitsAbove(t *Tree, u *Unit) bool {
	seen := 0
	for up := u.Parent; up != ""; seen++ {
		p, ok := t.Unit(up)
		if !ok || p.Jurisdiction != u.Jurisdiction || up == u.ID || seen > len(t.units) {
			return false
		}
		up = p.Parent
	}
	return true
}

// EndUnit ends a unit from a moment on. One that others report to is unit.has_units; free may
// refuse it for more, within the transaction.
func (s *Service) EndUnit(ctx context.Context, by, jurisdiction, unit string, at time.Time, free func(ctx context.Context, tx *db.Tx) error) error {
	return s.change(ctx, jurisdiction, by, "unit.ended", at, func(ctx context.Context, tx *db.Tx, w *written) (any, error) {
		t, err := loadTree(ctx, tx, at, false)
		if err != nil {
			return nil, err
		}
		u, stands := t.Unit(unit)
		if !stands || u.Jurisdiction != jurisdiction {
			return nil, fault.New(fault.NotFound, "unit.none")
		}
		below := 0
		for _, o := range t.Units(jurisdiction) {
			if o.Parent == unit {
				below++
			}
		}
		if below > 0 {
			return nil, fault.New(fault.Conflict, "unit.has_units", "count", below)
		}
		if err := free(ctx, tx); err != nil {
			return nil, err
		}
		w.add(audit.Units, unit)
		return map[string]string{"unit": unit}, storeUnits(ctx, tx, nil, nil, []*Unit{u}, Import{From: at})
	})
}
