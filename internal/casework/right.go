package casework

import (
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// in tells whether the actor has a post in a unit, and which.
func (a *Actor) in(unit string) (Post, bool) {
	for _, p := range a.Posts {
		if p.UnitID == unit && unit != "" {
			return p, true
		}
	}
	return Post{}, false
}

// entitled finds the post under which the actor may act as one of who. ok is false when
// none of them names the actor.
func (st *state) entitled(a *Actor, who []workflow.Who, apart []workflow.Apart) (post Post, ok bool, err error) {
	for _, w := range who {
		if post, ok, err = st.is(a, w, apart); ok || err != nil {
			return post, ok, err
		}
	}
	return Post{}, false, nil
}

func (st *state) is(a *Actor, w workflow.Who, apart []workflow.Apart) (Post, bool, error) {
	switch w.Kind {
	case workflow.WhoSystem:
		return Post{}, a.System, nil
	case workflow.WhoSeat:
		if w.Name == seatItem && st.task != nil && len(st.task.Who) > 0 {
			return st.doesTask(a, apart)
		}
		return st.sits(a, w.Name)
	case workflow.WhoItem:
		return st.isItem(a)
	case workflow.WhoRole:
		return st.hasRole(a, w, apart)
	}
	return Post{}, false, nil
}

// sits tells whether the actor holds a seat: in person, by a post, or in the unit that
// holds it.
func (st *state) sits(a *Actor, seat string) (Post, bool, error) {
	if seat == workflow.Reporter {
		ok, err := st.isReporter(a)
		return st.postHere(a), ok, err
	}
	for _, p := range st.held(seat) {
		if post, ok := st.matches(a, p); ok {
			return post, true, nil
		}
	}
	return Post{}, false, nil
}

// isReporter tells whether the actor reported the case. Who reported what was merged into it
// has the same answer to judge: from the answer on, that is reporting it, too. What comes
// before, as to take the case back, is for the first alone.
func (st *state) isReporter(a *Actor) (bool, error) {
	if a.PersonID == "" || st.ReporterID == a.PersonID {
		return a.PersonID != "", nil
	}
	if st.Phase != workflow.Rating && st.Phase != workflow.Closed {
		return false, nil
	}
	also, err := st.mergedReporters()
	return slices.Contains(also, a.PersonID), err
}

// postHere is the actor's own post nearest to the case, for the record of what they do in person.
func (st *state) postHere(a *Actor) Post {
	best := Post{}
	for _, p := range a.Posts {
		if p.PersonID == a.PersonID && (best.ID == "" || p.AreaID != "" && st.Areas[p.AreaLevel] == p.AreaID && p.AreaLevel > best.AreaLevel) {
			best = p
		}
	}
	return best
}

func (st *state) matches(a *Actor, p *Participant) (Post, bool) {
	switch p.Kind {
	case workflow.SeatUnit:
		return a.in(p.Subject)
	case workflow.SeatPost:
		for _, post := range a.Posts {
			if post.ID == p.Subject {
				return post, true
			}
		}
		return Post{}, false
	case workflow.SeatPerson:
		if post, ok := st.standsIn(a, p.Subject); ok {
			return post, true
		}
	}
	return st.postHere(a), p.Subject == a.PersonID
}

// standsIn finds the post in which the actor acts for an absent colleague who has the case in person:
// one in the unit that leads it, or over its place.
func (st *state) standsIn(a *Actor, person string) (Post, bool) {
	for _, p := range a.Posts {
		if p.PersonID == person && person != a.PersonID && p.UnitID != "" && (p.UnitID == st.UnitID || p.AreaID != "" && st.Areas[p.AreaLevel] == p.AreaID) {
			return p, true
		}
	}
	return Post{}, false
}

// doesTask tells whether the actor is one of those whom the set names for its tasks.
func (st *state) doesTask(a *Actor, apart []workflow.Apart) (Post, bool, error) {
	for _, w := range st.task.Who {
		post, ok, err := Post{}, false, error(nil)
		switch {
		case w.Kind == workflow.WhoItem:
			post, ok, err = st.isItem(a)
		case w.Kind == workflow.WhoSeat:
			post, ok, err = st.sits(a, w.Name)
		default:
			post, ok, err = st.is(a, w, apart)
		}
		if ok || err != nil {
			return post, ok, err
		}
	}
	return Post{}, false, nil
}

// isItem tells whether the actor is what a task was opened for.
func (st *state) isItem(a *Actor) (Post, bool, error) {
	for _, p := range st.seats {
		if p.Seat == seatItem && p.State == Held {
			if post, ok := st.matches(a, p); ok {
				return post, true, nil
			}
		}
	}
	return Post{}, false, nil
}

// hasRole finds the holders of a role level by level, from the case's place upwards. Only
// the nearest level with somebody eligible counts: where everybody there is kept apart,
// the case goes one level up, never around the rule.
func (st *state) hasRole(a *Actor, w workflow.Who, apart []workflow.Apart) (Post, bool, error) {
	levels, err := st.holders(w)
	if err != nil {
		return Post{}, false, err
	}
	for _, posts := range levels {
		mine, others := Post{}, false
		for _, p := range posts {
			if p.PersonID == a.PersonID || mine.ID == "" && slices.ContainsFunc(a.Posts, func(x Post) bool { return x.ID == p.ID }) {
				mine = p // one's own before that of an absent colleague
			}
		}
		if mine.ID != "" {
			return mine, true, nil
		}
		for _, p := range posts {
			if err := st.keptApart(p.PersonID, []Post{p}, apart); err == nil {
				others = true
				break
			} else if fault.KindOf(err) == fault.Internal {
				return Post{}, false, err
			}
		}
		if others {
			return Post{}, false, nil
		}
	}
	return Post{}, false, nil
}

// holders are the posts that a Who names, nearest level first, but for those of people from
// whom the case is kept.
func (st *state) holders(w workflow.Who) ([][]Post, error) {
	levels, err := st.allHolders(w)
	if err != nil || len(st.kept) == 0 {
		return levels, err
	}
	for i := range levels {
		levels[i] = slices.DeleteFunc(slices.Clone(levels[i]), func(p Post) bool { return st.keptFrom(p.PersonID) })
	}
	return filled(levels), nil
}

func (st *state) allHolders(w workflow.Who) ([][]Post, error) {
	people := st.s.World.People()
	switch w.Of {
	case workflow.OfUnit:
		var out [][]Post
		for _, u := range st.unitsOf(w.Seat) {
			out = append(out, people.InUnit(w.Name, u.ID, st.now))
			for up, ok := st.unitAbove(u); ok; up, ok = st.unitAbove(up) {
				out = append(out, people.InUnit(w.Name, up.ID, st.now))
			}
		}
		return filled(out), nil
	case workflow.OfJurisdiction:
		return filled([][]Post{people.WithRole(st.Jurisdiction, w.Name, st.now)}), nil
	case workflow.OfDutyArea:
		return st.onDuty(w.Name)
	}
	var out [][]Post
	for l := 7; l >= 1; l-- {
		if st.Areas[l] != "" {
			out = append(out, people.InArea(w.Name, st.Areas[l], st.now))
		}
	}
	out = filled(out)
	if w.Of == workflow.OfAreaAbove {
		// One level above the place of work: above the handling unit's own area when it is
		// higher than the nearest holder's.
		for len(out) > 0 && out[0][0].AreaLevel >= st.workLevel() {
			out = out[1:]
		}
	}
	return out, nil
}

// onDuty are the holders of a role who are on the roster of the nearest area that has one.
func (st *state) onDuty(role string) ([][]Post, error) {
	for l := 7; l >= 1; l-- {
		if st.Areas[l] == "" {
			continue
		}
		persons, err := st.onRoster(st.Areas[l])
		if err != nil {
			return nil, err
		}
		var out []Post
		for _, person := range persons {
			for _, p := range st.s.World.People().Of(person, st.now) {
				if role == "" || p.Role == role {
					out = append(out, p)
				}
			}
		}
		if len(out) > 0 {
			return [][]Post{out}, nil
		}
	}
	return nil, nil
}

func filled(levels [][]Post) [][]Post {
	return slices.DeleteFunc(levels, func(p []Post) bool { return len(p) == 0 })
}

// workLevel is the area level of the unit that leads; without one the level of the village.
func (st *state) workLevel() account.Level {
	if u, ok := st.s.World.Unit(st.UnitID); ok {
		if a, ok := st.s.World.Area(u.AreaID); ok {
			return account.Level(a.Level)
		}
	}
	for l := account.Village; l >= 1; l-- {
		if st.Areas[l] != "" {
			return l
		}
	}
	return 1
}

// unitsOf are the units that hold a seat, or whose people do.
func (st *state) unitsOf(seat string) []Unit {
	var out []Unit
	add := func(id string) {
		if u, ok := st.s.World.Unit(id); ok {
			out = append(out, u)
		}
	}
	held := st.held(seat)
	if seat == "item" {
		held = st.held(seatItem)
	}
	for _, p := range held {
		switch p.Kind {
		case workflow.SeatUnit:
			add(p.Subject)
		case workflow.SeatPost:
			if post, ok := st.s.World.People().Post(p.Subject); ok {
				add(post.UnitID)
			}
		default:
			for _, post := range st.s.World.People().Of(p.Subject, st.now) {
				add(post.UnitID)
			}
		}
	}
	return out
}

// apartOf is whom an action is kept from: as the pack says, and whoever is supervised does
// not close.
func (st *state) apartOf(d *workflow.Action) []workflow.Apart {
	closes := st.Open() && slices.ContainsFunc(d.To, func(t workflow.Target) bool { return st.life.Phase(t.Step) == workflow.Closed })
	if !st.Supervised || !closes {
		return d.Apart
	}
	return append(slices.Clone(d.Apart), workflow.Apart{Seat: workflow.SeatSupervised})
}

// keptAway refuses the actor, under a post, what a rule keeps in other hands. Who acts for an
// absent colleague is kept from what either of the two is kept from.
func (st *state) keptAway(who *Actor, under Post, apart []workflow.Apart) error {
	if err := st.keptApart(who.PersonID, who.Posts, apart); err != nil || under.PersonID == "" || under.PersonID == who.PersonID {
		return err
	}
	return st.keptApart(under.PersonID, who.Posts, apart)
}

// keptApart refuses somebody who did one of the acts, or sits in one of the seats, that a
// rule keeps in other hands.
func (st *state) keptApart(person string, posts []Post, apart []workflow.Apart) error {
	for _, r := range apart {
		if r.Seat != "" {
			who := Actor{PersonID: person, Posts: posts}
			if _, ok, _ := st.sits(&who, r.Seat); ok {
				return fault.New(fault.Forbidden, "case.not_your_own_work", "seat", r.Seat)
			}
			continue
		}
		doers, err := st.doers(r)
		if err != nil {
			return err
		}
		for _, d := range doers {
			same := d.person == person
			if r.Same == workflow.SameUnit && d.unit != "" {
				same = same || slices.ContainsFunc(posts, func(p Post) bool { return p.UnitID == d.unit })
			}
			if r.Same == workflow.SameHousehold && !same {
				if same, err = st.oneHousehold(d.person, person); err != nil {
					return err
				}
			}
			if same {
				return fault.New(fault.Forbidden, "case.not_your_own_work", "did", r.Did)
			}
		}
	}
	return nil
}

type doer struct{ person, unit string }

// doersOf counts both, where somebody acted in the post of another.
func doersOf(person, unit, holder string) []doer {
	if holder == "" || holder == person {
		return []doer{{person, unit}}
	}
	return []doer{{person, unit}, {holder, unit}}
}

// doers are who did an action, here or anywhere in the family. The act in progress counts
// once it is done, though it is not written yet.
func (st *state) doers(r workflow.Apart) ([]doer, error) {
	if st.moves != nil && !r.OnAbout && st.RootID == st.ID && len(st.sets) == 0 { // the family is this case
		var out []doer
		for _, m := range st.moves {
			if m.Done && m.Action == r.Did && m.PersonID != "" {
				out = append(out, doersOf(m.PersonID, m.UnitID, m.Data.For)...)
			}
		}
		return out, nil
	}
	stmt, id := doersInFamily, st.RootID
	if r.OnAbout {
		if stmt, id = doersOfCase, st.AboutID; id == "" {
			return nil, nil
		}
	}
	out, known := st.did[id+"/"+r.Did]
	if !known { // asked of every holder of a role: once is enough
		var err error
		if _, err = db.Collect(st.ctx, st.tx, stmt, []any{id, r.Did}, func(rows db.Rows) (struct{}, error) {
			var person, unit, holder string
			err := rows.Scan(&person, &unit, &holder)
			out = append(out, doersOf(person, unit, holder)...)
			return struct{}{}, err
		}); err != nil {
			return nil, err
		}
		if st.did == nil {
			st.did = map[string][]doer{}
		}
		st.did[id+"/"+r.Did] = out
	}
	if st.acted && !r.OnAbout && st.move.Action == r.Did && st.move.PersonID != "" {
		out = append(slices.Clone(out), doersOf(st.move.PersonID, st.move.UnitID, st.move.Data.For)...)
	}
	return out, nil
}
