package casework

import (
	"context"
	"slices"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/workflow"
)

// Kept is one from whom a case is kept, with all that lies below it.
type Kept struct {
	Mark string // person/ID, unit/ID or area/ID, as scopes know them
	Why  string // Accused, Belongs or Avoided
}

// Why a case is kept from somebody.
const (
	Accused = "accused" // somebody said that it is about them
	Belongs = "belongs" // worked in an accused unit when that was said
	Avoided = "avoided" // the reporter does not want the place to have it
)

// ofKind is the id in a mark of a kind: "person", "unit" or "area".
func (k Kept) ofKind(mark func(string) string) (id string, ok bool) {
	begin := mark("")
	if len(k.Mark) > len(begin) && k.Mark[:len(begin)] == begin {
		return k.Mark[len(begin):], true
	}
	return "", false
}

var (
	keptOf        = db.SQL(`SELECT subject, why FROM shield WHERE root_id = $1 ORDER BY subject`)
	insertShields = rowsOf(`INSERT INTO shield (root_id, subject, jurisdiction, why, at, move_id) VALUES `, 6, ` ON CONFLICT (root_id, subject) DO NOTHING`)
	nameShield    = db.SQL(`UPDATE shield SET why = $3 WHERE root_id = $1 AND subject = $2`)
	dropShield    = db.SQL(`DELETE FROM shield WHERE root_id = $1 AND subject = $2`)
	withholdCase  = db.SQL(`UPDATE cases SET area_id = $2, province_id = $3, city_id = $4, county_id = $5, township_id = $6, village_id = $7, grid_id = $8, micro_id = $9, lies_in = $10 WHERE id = $1`)
	openPartsOf   = db.SQL(`SELECT id, phase FROM cases WHERE parent_id = ($1 || '') AND parent_id <> '' ORDER BY id`)
)

func scanKept(r db.Rows) (k Kept, err error) { return k, r.Scan(&k.Mark, &k.Why) }

// keptFor reads from whom a family is kept. Almost none is, so that it is asked only where the
// row says so.
func keptFor(ctx context.Context, tx *db.Tx, c *Case) ([]Kept, error) {
	if c.LiesIn == "" {
		return nil, nil
	}
	return db.Collect(ctx, tx, keptOf, []any{c.RootID}, scanKept)
}

// marks are the marks from which the case is kept.
func (st *state) marks() []string {
	out := make([]string, len(st.kept))
	for i, k := range st.kept {
		out[i] = k.Mark
	}
	return out
}

// above is what lies above areas and units today.
func (w *World) above() account.Above {
	tree := w.Tree()
	return account.Above{
		Areas: func(id string) []string {
			var up []string
			for _, x := range tree.Ancestors(id) {
				up = append(up, x.ID)
			}
			return up
		},
		Units: func(id string) []string {
			var up []string
			for u, ok := tree.Unit(id); ok && u.Parent != "" && !slices.Contains(up, u.Parent); u, ok = tree.Unit(u.Parent) {
				up = append(up, u.Parent)
			}
			return up
		},
	}
}

// keptFrom tells whether the case is kept from a person, by what he is in any of his posts.
// Nobody's own report is kept from him.
func (st *state) keptFrom(person string) bool {
	if len(st.kept) == 0 || person == "" || person == st.ReporterID {
		return false
	}
	s := account.Scope{Marks: account.Marks(person, st.s.World.People().Of(person, st.now), st.s.World.above())}
	return s.Kept(st.marks())
}

// keptFromUnit tells whether the case is kept from a whole unit.
func (st *state) keptFromUnit(u Unit) bool {
	if len(st.kept) == 0 {
		return false
	}
	s := account.Scope{Marks: account.PostMarks(Post{UnitID: u.ID, AreaID: u.AreaID}, st.s.World.above())}
	return s.Kept(st.marks())
}

// keptFromSubject tells whether the case is kept from whoever would take a seat.
func (st *state) keptFromSubject(id string) bool {
	if len(st.kept) == 0 {
		return false
	}
	if u, ok := st.s.World.Unit(id); ok {
		return st.keptFromUnit(u)
	}
	if p, ok := st.s.World.People().Post(id); ok {
		return st.keptFrom(p.PersonID)
	}
	return st.keptFrom(id)
}

// mayKnow are those of some people from whom the case is not kept.
func (st *state) mayKnow(people []string) []string {
	if len(st.kept) == 0 {
		return people
	}
	return slices.DeleteFunc(slices.Clone(people), st.keptFrom)
}

// shieldAtOpening takes in whom a report is about and whether its reporter avoids the place.
func (st *state) shieldAtOpening(o Opening) error {
	rule := st.class.Against
	switch {
	case len(o.Against) == 0 && !o.Avoid && rule == pack.AgainstRequired && o.record == nil && o.signal == nil && o.Follows == "":
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: valueAgainst, Code: "form.required"}}}
	case (len(o.Against) > 0 || o.Avoid) && rule == pack.AgainstNever:
		return fault.New(fault.Invalid, "case.not_against")
	case o.Follows != "":
		from, err := st.s.read(st.ctx, st.tx, o.Follows)
		if err != nil {
			return err
		}
		if st.kept, err = keptFor(st.ctx, st.tx, from); err != nil || len(st.kept) == 0 {
			return err
		}
		st.keptNew = slices.Clone(st.kept)
		return st.withhold(from.LiesIn)
	case len(o.Against) == 0 && !o.Avoid:
		return nil
	}
	if err := st.accuse(o.Against); err != nil {
		return err
	}
	if o.Avoid {
		a, ok := st.s.World.Area(st.AreaID)
		if l := min(a.Level, int(account.Village)); ok && l > 0 {
			st.keep(Kept{account.AreaMark(a.Path[l]), Avoided})
		}
	}
	st.move.Data.Values = map[string]any{}
	if len(o.Against) > 0 {
		st.move.Data.Values[valueAgainst] = anyOf(o.Against)
	}
	if o.Avoid {
		st.move.Data.Values[valueAvoid] = true
	}
	return st.withhold(st.AreaID)
}

// The values of moves by which a case is kept from somebody.
const (
	valueAgainst = "against"
	valueAvoid   = "avoid"
)

func anyOf(list []string) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = x
	}
	return out
}

// keep adds one from whom the case is kept. Who is named stands before who merely belongs.
func (st *state) keep(k Kept) {
	i := slices.IndexFunc(st.kept, func(x Kept) bool { return x.Mark == k.Mark })
	switch {
	case i < 0:
		st.kept, st.keptNew = append(st.kept, k), append(st.keptNew, k)
	case st.kept[i].Why == Belongs && k.Why != Belongs:
		st.kept[i] = k
		if j := slices.IndexFunc(st.keptNew, func(x Kept) bool { return x.Mark == k.Mark }); j >= 0 {
			st.keptNew[j] = k
		} else {
			st.keptNamed = append(st.keptNamed, k)
		}
	}
}

// accuse keeps the case from units, people, and the holders of posts. With a grid worker it is
// kept from all who work in grids only. With a unit it is kept
// from all who work there or below it now, wherever they work tomorrow.
func (st *state) accuse(subjects []string) error {
	w, people := st.s.World, st.s.World.People()
	for i, id := range subjects {
		wrong := &fault.Error{Kind: fault.Invalid, Code: "case.bad_value", At: []fault.Place{{Path: valueAgainst, Code: "case.unknown_accused", Args: map[string]any{"n": i + 1}}}}
		if p, ok := people.Post(id); ok {
			id = p.PersonID
		}
		u, isUnit := w.Tree().Unit(id)
		switch {
		case isUnit && u.Jurisdiction == st.Jurisdiction:
			st.keep(Kept{account.UnitMark(id), Accused})
			for _, p := range people.Standing(st.Jurisdiction, st.now) {
				if (p.UnitID == id || slices.Contains(w.above().Units(p.UnitID), id)) && p.PersonID != st.ReporterID {
					st.keep(Kept{account.PersonMark(p.PersonID), Belongs})
				}
			}
		case !isUnit && people.Known(id, st.Jurisdiction) && id != st.ReporterID:
			st.keep(Kept{account.PersonMark(id), Accused})
			if slices.ContainsFunc(people.Of(id, st.now), func(p Post) bool { return p.UnitID != "" && p.AreaLevel >= account.Grid }) {
				st.keep(Kept{account.GridMark, Belongs}) // those who walk beside him
			}
		default:
			return wrong
		}
	}
	return nil
}

// shield keeps a case from somebody from now on: it leaves their hands, and stands above them.
func (st *state) shield(a Act) error {
	if st.ParentID != "" {
		return st.leaveKept()
	}
	list, ok := ids(formula.From(a.Values[valueAgainst]))
	if !ok || len(list) == 0 {
		return &fault.Error{Kind: fault.Invalid, Code: "case.asks_missing", At: []fault.Place{{Path: valueAgainst, Code: "form.required"}}}
	}
	if st.class.Against == pack.AgainstNever {
		return fault.New(fault.Invalid, "case.not_against")
	}
	lies := st.LiesIn
	if lies == "" {
		lies = st.AreaID
	}
	if err := st.accuse(list); err != nil {
		return err
	}
	if len(st.keptNew)+len(st.keptNamed) == 0 {
		return fault.New(fault.Conflict, "case.nothing_changes")
	}
	st.move.Data.Values = map[string]any{valueAgainst: anyOf(list)}
	if err := st.withhold(lies); err != nil {
		return err
	}
	st.withheld = true
	if err := st.leaveKept(); err != nil {
		return err
	}
	return st.withholdFamily(st.ID)
}

// leaveKept empties the seats of those from whom the case is kept, and of everybody below the
// place where it now stands, and gives the place's own seat to who has it there.
func (st *state) leaveKept() error {
	for _, p := range st.seats {
		if (p.State == Held || p.State == Offered) && (st.keptFromSubject(p.Subject) || st.isBelow(p)) {
			st.leave(p, Left)
		}
	}
	if st.keptFrom(st.AssigneeID) {
		st.AssigneeID = ""
	}
	for i := range st.life.Seats {
		d := &st.life.Seats[i]
		if d.First == nil || d.First.Kind != workflow.FirstUnitOfArea || len(st.held(d.Name)) > 0 {
			continue
		}
		if u, ok := st.unitOfCase(); ok {
			if err := st.seatListed(d, u.ID, "unit of area"); err != nil {
				return err
			}
		}
	}
	st.seatAboveAll()
	return nil
}

// saveShield writes from whom the case is kept, and where it stands for that.
func (st *state) saveShield() error {
	var rows []any
	for _, k := range st.keptNew {
		rows = append(rows, st.RootID, k.Mark, st.Jurisdiction, k.Why, st.now, st.move.ID)
	}
	if err := insertShields.queue(st.ctx, st.tx, rows); err != nil {
		return err
	}
	for _, k := range st.keptNamed {
		if err := st.tx.Queue(st.ctx, nameShield, st.RootID, k.Mark, k.Why); err != nil {
			return err
		}
	}
	if len(st.keptNew)+len(st.keptNamed) > 0 {
		st.reread = append(st.reread, audit.Ref{Table: audit.Shields, By: "root_id", Key: []any{st.RootID}})
	}
	if !st.withheld {
		return nil
	}
	if err := st.queueWithheld(st.ID); err != nil {
		return err
	}
	for _, id := range append(st.withdraws, st.ID) {
		if err := st.post(TopicWithdraw, Withdrawal{Case: id}); err != nil {
			return err
		}
	}
	return nil
}

// sameMarks tells whether two cases are kept from the same.
func sameMarks(a, b []Kept) bool {
	has := func(list []Kept, k Kept) bool {
		return slices.ContainsFunc(list, func(x Kept) bool { return x.Mark == k.Mark })
	}
	missing := func(from, in []Kept) bool {
		return slices.ContainsFunc(from, func(k Kept) bool { return k.Why != Belongs && !has(in, k) })
	}
	return !missing(a, b) && !missing(b, a)
}
