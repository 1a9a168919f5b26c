package casework

import (
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// Where a case stands that is kept from somebody: around the matter, above all of them.

// withhold takes the case out of the hands of those from whom it is kept: it stands in the
// smallest area around the matter that is above all of them.
func (st *state) withhold(liesIn string) error {
	a, ok := st.s.World.Area(liesIn)
	if !ok {
		a = Area{ID: st.AreaID, Path: st.Areas}
		for l := 7; l > 0 && a.Level == 0; l-- {
			if a.Path[l] != "" {
				a.Level = l
			}
		}
	}
	level := a.Level
	for _, k := range st.kept {
		level = min(level, st.levelAbove(k, a))
	}
	for level > 0 && a.Path[level] == "" {
		level--
	}
	st.LiesIn, st.AreaID, st.Areas = liesIn, "", [8]string{}
	if at, ok := st.s.World.Area(a.Path[level]); ok && level > 0 {
		st.AreaID, st.Areas = at.ID, at.Path
	}
	if _, ok := st.unitOfCase(); !ok {
		return fault.New(fault.Conflict, "case.nobody_above")
	}
	return nil
}

// levelAbove is the level of the smallest area around the matter that is above one from whom
// the case is kept: above every place where he has a post; above the unit, and for one that runs
// no place, with the unit that it belongs to.
func (st *state) levelAbove(k Kept, a Area) int {
	level := a.Level
	below := func(area string) { // the least common area, and never the accused's own
		x, ok := st.s.World.Area(area)
		if !ok {
			return
		}
		for l := 1; l <= a.Level; l++ {
			if a.Path[l] != x.Path[l] || a.Path[l] == area {
				level = min(level, l-1)
				return
			}
		}
	}
	if id, ok := k.ofKind(account.AreaMark); ok {
		below(id)
	}
	if id, ok := k.ofKind(account.PersonMark); ok && k.Why == Accused {
		for _, p := range st.s.World.People().Of(id, st.now) {
			switch {
			case p.UnitID == "": // a resident's
			case p.AreaID != "":
				below(p.AreaID)
			default:
				if u, ok := st.s.World.Unit(p.UnitID); ok {
					below(u.AreaID)
				}
			}
		}
	}
	if id, ok := k.ofKind(account.UnitMark); ok {
		u, _ := st.s.World.Unit(id)
		up, has := st.unitAbove(u)
		if runs, ok := st.s.World.UnitOfArea(u.AreaID); !ok || runs.ID == id || !has {
			below(u.AreaID)
		} else if x, ok := st.s.World.Area(up.AreaID); ok { // that unit may have it
			for l := 1; l <= a.Level; l++ {
				if a.Path[l] != x.Path[l] {
					level = min(level, l-1)
					break
				}
			}
		}
	}
	return level
}

// aboveAll is the unit that has what nobody above the accused could have: the pack's or the
// county's word.
func (st *state) aboveAll() (Unit, bool) {
	kind := st.class.In.AboveAll()
	if kind == "" || st.LiesIn == "" {
		return Unit{}, false
	}
	u, ok := st.s.World.UnitOfKind(kind, st.LiesIn)
	return u, ok && !st.keptFromUnit(u)
}

// seatAboveAll lets those who stand above everybody have a case in which no seat is the unit's
// of the place.
func (st *state) seatAboveAll() {
	if st.LiesIn == "" || slices.ContainsFunc(st.life.Seats, func(d workflow.Seat) bool { return d.First != nil && d.First.Kind == workflow.FirstUnitOfArea }) {
		return
	}
	for l := 7; l >= 1; l-- {
		if u, ok := st.s.World.UnitOfArea(st.Areas[l]); ok && !st.keptFromUnit(u) {
			return
		}
	}
	if u, ok := st.aboveAll(); ok {
		st.seat(SeatEscalated, workflow.SeatUnit, u.ID, valueAgainst)
	}
}

// isBelow tells whether whoever sits there works below the area in which the case stands.
func (st *state) isBelow(p *Participant) bool {
	level := slices.Index(st.Areas[:], st.AreaID)
	if st.AreaID == "" {
		level = 0
	}
	deeper := func(area string) bool {
		a, ok := st.s.World.Area(area)
		return ok && a.Level > max(level, int(account.County))
	}
	if u, ok := st.s.World.Unit(p.Subject); ok {
		return deeper(u.AreaID)
	}
	person := p.Subject
	if post, ok := st.s.World.People().Post(p.Subject); ok {
		person = post.PersonID
	}
	posts := st.s.World.People().Of(person, st.now)
	return p.Kind != workflow.SeatParty && len(posts) > 0 && !slices.ContainsFunc(posts, func(x Post) bool { return !deeper(x.AreaID) })
}

// withholdFamily takes the parts of the case along; whoever sits at one and must not leaves it
// by an act of its own.
func (st *state) withholdFamily(parent string) error {
	type part struct{ id, phase string }
	parts, err := db.Collect(st.ctx, st.tx, openPartsOf, []any{parent}, func(r db.Rows) (p part, err error) { return p, r.Scan(&p.id, &p.phase) })
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := st.queueWithheld(p.id); err != nil {
			return err
		}
		if err := audit.Append(st.ctx, st.tx, audit.Leaf{ID: st.s.ID(), Jurisdiction: st.Jurisdiction, Subject: "case/" + p.id, Act: "withheld", At: st.now,
			Rows: []audit.Ref{{Table: audit.Cases, Key: []any{p.id}}}}); err != nil {
			return err
		}
		st.withdraws = append(st.withdraws, p.id)
		if p.phase != string(workflow.Closed) {
			st.later = append(st.later, task{Topic: topicAct, Case: p.id, Action: workflow.Shield, Reason: st.Number})
		}
		if err := st.withholdFamily(p.id); err != nil {
			return err
		}
	}
	return nil
}

func (st *state) queueWithheld(id string) error {
	return st.tx.Queue(st.ctx, withholdCase, id, st.AreaID, st.Areas[1], st.Areas[2], st.Areas[3], st.Areas[4], st.Areas[5], st.Areas[6], st.Areas[7], st.LiesIn)
}

// handDown gives a case to the place that its reporter avoided, with a reason that stays. From
// whom it is about it remains kept.
func (st *state) handDown(a Act) error {
	if a.Reason == "" && a.Note == "" {
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: "reason", Code: "form.required"}}}
	}
	i := slices.IndexFunc(st.kept, func(k Kept) bool { return k.Why == Avoided })
	if i < 0 || st.ParentID != "" {
		return fault.New(fault.Conflict, "case.not_avoided")
	}
	if err := st.tx.Queue(st.ctx, dropShield, st.RootID, st.kept[i].Mark); err != nil {
		return err
	}
	st.reread = append(st.reread, audit.Ref{Table: audit.Shields, Key: []any{st.RootID, st.kept[i].Mark}})
	st.kept = slices.Delete(slices.Clone(st.kept), i, i+1)
	lies := st.LiesIn
	if err := st.withhold(lies); err != nil {
		return err
	}
	if len(st.kept) == 0 {
		st.LiesIn = ""
	}
	st.withheld = true
	for i := range st.life.Seats {
		d := &st.life.Seats[i]
		if u, ok := st.unitOfCase(); ok && d.First != nil && d.First.Kind == workflow.FirstUnitOfArea {
			st.free(d.Name)
			if err := st.seatListed(d, u.ID, workflow.HandDown); err != nil {
				return err
			}
		}
	}
	return st.withholdFamily(st.ID)
}
