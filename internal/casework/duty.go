package casework

import (
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
	"gezhi/internal/workflow"
)

// Duty says who handles a class in an area and below: a unit, or whoever holds a role there.
// The duties of a jurisdiction stand before the lines of the pack; of several the one for the
// smallest area holds, and of those the one that names the class most closely.
type Duty struct {
	ID           string
	Jurisdiction string
	Pack         string
	Class        string // a code, or the beginning of codes with a star behind
	Area         string
	Unit         string // either this
	Role         string // or this
	From, Until  time.Time
}

// duties are all duties that stand or will, by jurisdiction.
type duties struct {
	edition int64
	all     map[string][]Duty
}

var (
	dutyEdition = db.SQL(`SELECT CAST(COALESCE(SUM(edition), 0) AS BIGINT) FROM duty_edition`)
	bumpDuties  = db.SQL(`INSERT INTO duty_edition (jurisdiction, edition) VALUES ($1, 1) ON CONFLICT (jurisdiction) DO UPDATE SET edition = duty_edition.edition + 1`)
	dutyColumns = `id, jurisdiction, pack, class, area_id, unit_id, role, valid_from, valid_until`
	dutiesLeft  = db.SQL(`SELECT ` + dutyColumns + ` FROM duty WHERE valid_until = 0 OR valid_until > $1 ORDER BY jurisdiction, id`)
	dutiesOf    = db.SQL(`SELECT ` + dutyColumns + ` FROM duty WHERE jurisdiction = $1 AND (valid_until = 0 OR valid_until > $2) ORDER BY id`)
	insertDuty  = db.SQL(`INSERT INTO duty (` + dutyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	endDuty     = db.SQL(`UPDATE duty SET valid_until = $2 WHERE id = $1`)
)

func scanDuty(r db.Rows) (d Duty, err error) {
	var from, until int64
	err = r.Scan(&d.ID, &d.Jurisdiction, &d.Pack, &d.Class, &d.Area, &d.Unit, &d.Role, &from, &until)
	d.From, d.Until = db.Time(from), db.Time(until)
	return d, err
}

// renewDuties reads the duties again when some were changed.
func (w *World) renewDuties(ctx context.Context) error {
	return w.Accounts.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		var edition int64
		if err := tx.Row(ctx, dutyEdition, nil, &edition); err != nil {
			return err
		}
		if x := w.duties.Load(); x != nil && x.edition == edition {
			return nil
		}
		rows, err := db.Collect(ctx, tx, dutiesLeft, []any{w.Accounts.Now()}, scanDuty)
		if err != nil {
			return err
		}
		fresh := &duties{edition, map[string][]Duty{}}
		for _, d := range rows {
			fresh.all[d.Jurisdiction] = append(fresh.all[d.Jurisdiction], d)
		}
		w.duties.Store(fresh)
		return nil
	})
}

// fits tells whether a duty is for a class, by its code.
func (d *Duty) fits(code string) bool {
	begin, star := strings.CutSuffix(d.Class, "*")
	return code == d.Class || star && strings.HasPrefix(code, begin)
}

// closeness grows with how narrowly a duty names its class.
func (d *Duty) closeness() int {
	begin, star := strings.CutSuffix(d.Class, "*")
	if star {
		return 2 * len(begin)
	}
	return 2*len(begin) + 1
}

// dutiesAt are the duties for a case, the nearest first.
func (st *state) dutiesAt() []Duty {
	x := st.s.World.duties.Load()
	if x == nil {
		return nil
	}
	var out []Duty
	for _, d := range x.all[st.Jurisdiction] {
		if d.Pack == st.Pack && d.fits(st.Class) && territory.Standing(d.From, d.Until, st.now) && slices.Contains(st.Areas[1:], d.Area) {
			out = append(out, d)
		}
	}
	level := func(d Duty) int { return slices.Index(st.Areas[1:], d.Area) }
	slices.SortStableFunc(out, func(a, b Duty) int {
		if l := level(b) - level(a); l != 0 {
			return l
		}
		return b.closeness() - a.closeness()
	})
	return out
}

// ownReason is the line as the dispatcher sees it.
func (st *state) ownReason(d Duty) string {
	area, whom := d.Area, d.Role
	if a, ok := st.s.World.Tree().Area(d.Area); ok {
		area = a.Name
	}
	if u, ok := st.s.World.Tree().Unit(d.Unit); ok {
		whom = u.Name
	}
	return d.Class + " " + area + " → " + whom
}

// DutyImport is how a list of duties is taken in.
type DutyImport struct {
	Jurisdiction string
	From         time.Time // for rows without a date
	By           string
	DryRun       bool
	EndMissing   bool // end what the list no longer names
}

// ImportDuties reads a CSV or XLSX with the columns class (PACK/CODE, or PACK/BEGINNING* for
// all that begin so), area (a code), unit (a code) or role, and perhaps from and until. A row
// for a class and area that another duty has already ends that one. One bad row refuses the
// file: territory.bad_rows.
func (s *Service) ImportDuties(ctx context.Context, data []byte, imp DutyImport) (territory.Report, error) {
	rows, bad, err := territory.ReadTable(data, "class", "area")
	if err != nil {
		return territory.Report{}, err
	}
	if err := s.World.Renew(ctx); err != nil {
		return territory.Report{}, err
	}
	list := dutyList{s: s, imp: imp, seen: map[string]int{}}
	list.rep = territory.Report{DryRun: imp.DryRun, Rows: len(rows) + len(bad), Bad: bad}
	for _, r := range rows {
		if err := list.read(ctx, r); err != nil {
			return territory.Report{}, err
		}
	}
	if err := list.rep.Refused(); err != nil || list.rep.BadRows > 0 {
		return list.rep, err
	}
	var rep territory.Report
	err = s.DB.Write(ctx, db.Keys{"duty/" + imp.Jurisdiction}, func(ctx context.Context, tx *db.Tx) error {
		rep = list.rep
		return list.write(ctx, tx, &rep)
	})
	s.World.Forget()
	return rep, err
}

// dutyList is a list of duties on its way in.
type dutyList struct {
	s    *Service
	imp  DutyImport
	rep  territory.Report
	seen map[string]int // line by class and area
	want []Duty
}

func (l *dutyList) read(ctx context.Context, r territory.Row) error {
	before := len(l.rep.Bad)
	refuse := func(column string, why error) { l.rep.Refuse(r.Line, column, why) }
	d := Duty{Jurisdiction: l.imp.Jurisdiction, From: l.imp.From, Role: r.Cells["role"]}
	roles, err := l.class(ctx, &d, r.Cells["class"], refuse)
	if err != nil {
		return err
	}
	tree := l.s.World.Tree()
	a := tree.AreaByCode(r.Cells["area"])
	switch {
	case a == nil:
		refuse("area", tree.UnknownArea(r.Cells["area"], l.imp.Jurisdiction))
	case a.Jurisdiction != l.imp.Jurisdiction:
		refuse("area", fault.New(fault.Invalid, "territory.not_yours"))
	default:
		d.Area = a.ID
	}
	if c := r.Cells["unit"]; c != "" {
		if u, ok := tree.UnitByCode(l.imp.Jurisdiction, c); ok {
			d.Unit = u.ID
		} else {
			refuse("unit", fault.New(fault.Invalid, "territory.unknown_unit"))
		}
	} else if d.Role != "" && !slices.Contains(roles, d.Role) {
		refuse("role", fault.New(fault.Invalid, "territory.unknown_role"))
	}
	if (r.Cells["unit"] == "") == (d.Role == "") {
		refuse("unit", fault.New(fault.Invalid, "case.unit_or_role"))
	}
	from, ok := territory.ParseDate(r.Cells["from"])
	until, ok2 := territory.ParseDate(r.Cells["until"])
	if !from.IsZero() {
		d.From = from
	}
	d.Until = until
	switch {
	case !ok || !ok2:
		refuse("from", fault.New(fault.Invalid, "territory.bad_date"))
	case !until.IsZero() && !until.After(d.From):
		refuse("until", fault.New(fault.Invalid, "territory.ends_before_it_begins"))
	}
	key := d.Pack + "/" + d.Class + "@" + d.Area
	if first, twice := l.seen[key]; twice && d.Area != "" {
		refuse("class", fault.New(fault.Invalid, "case.duty_twice", "first", first))
	}
	l.seen[key] = r.Line
	if len(l.rep.Bad) == before {
		l.want = append(l.want, d)
	}
	return nil
}

// class finds the pack of a row and checks its code; roles are those the pack knows.
func (l *dutyList) class(ctx context.Context, d *Duty, ref string, refuse func(column string, why error)) (roles []string, err error) {
	packs, err := l.s.Book.Packs(ctx, l.imp.Jurisdiction)
	if err != nil {
		return nil, err
	}
	d.Pack, d.Class, _ = strings.Cut(ref, "/")
	if i := strings.LastIndexByte(d.Class, ':'); i >= 0 {
		d.Class = d.Class[i+1:]
	}
	e := packs[d.Pack]
	if e == nil {
		refuse("class", fault.New(fault.Invalid, "case.unknown_pack"))
		return nil, nil
	}
	fits := false
	for i := range e.Pack.Classes {
		fits = fits || d.fits(e.Pack.Classes[i].Code)
	}
	if !fits {
		refuse("class", fault.New(fault.Invalid, "case.unknown_class"))
	}
	for _, r := range e.Pack.Roles {
		roles = append(roles, r.Name)
	}
	return roles, nil
}

// write begins what is new, ends what another duty takes the place of, and leaves the rest.
func (l *dutyList) write(ctx context.Context, tx *db.Tx, rep *territory.Report) error {
	stand, err := db.Collect(ctx, tx, dutiesOf, []any{l.imp.Jurisdiction, l.imp.From}, scanDuty)
	if err != nil {
		return err
	}
	kept := map[string]bool{}
	var begin []Duty
	end := map[string]time.Time{}
	for _, d := range l.want {
		same := false
		for _, x := range stand {
			if x.Pack != d.Pack || x.Class != d.Class || x.Area != d.Area {
				continue
			}
			kept[x.ID] = true
			switch {
			case x.Unit == d.Unit && x.Role == d.Role && x.Until.Equal(d.Until) && !x.From.After(d.From):
				same = true
			case x.Unit == d.Unit && x.Role == d.Role && !x.From.After(d.From):
				same, end[x.ID] = true, d.Until
				rep.Changed++
			case x.Until.IsZero() || x.Until.After(d.From):
				end[x.ID] = d.From
			}
		}
		if same {
			continue
		}
		begin = append(begin, d)
	}
	for _, x := range stand {
		if l.imp.EndMissing && !kept[x.ID] {
			end[x.ID] = l.imp.From
			rep.Ended++
		}
	}
	rep.Begun = len(begin)
	rep.Unchanged = len(l.want) - rep.Begun - rep.Changed
	if l.imp.DryRun || len(begin)+len(end) == 0 {
		return nil
	}
	var rows []audit.Ref
	for i := range begin {
		d := &begin[i]
		d.ID = l.s.ID()
		rows = append(rows, audit.Ref{Table: audit.Duties, Key: []any{d.ID}})
		if err := tx.Queue(ctx, insertDuty, d.ID, d.Jurisdiction, d.Pack, d.Class, d.Area, d.Unit, d.Role, d.From, d.Until); err != nil {
			return err
		}
	}
	ids := make([]string, 0, len(end))
	for id := range end {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		rows = append(rows, audit.Ref{Table: audit.Duties, Key: []any{id}})
		if err := tx.Queue(ctx, endDuty, id, end[id]); err != nil {
			return err
		}
	}
	if err := tx.Queue(ctx, bumpDuties, l.imp.Jurisdiction); err != nil {
		return err
	}
	return audit.Append(ctx, tx, audit.Leaf{ID: l.s.ID(), Jurisdiction: l.imp.Jurisdiction, Subject: "duty/" + l.imp.Jurisdiction, Act: "duty.imported",
		Person: l.imp.By, At: l.s.Now(), Said: map[string]int{"begun": len(begin), "ended": len(ids)}, Rows: rows})
}

// holderOf is who handles something by holding a role over an area: the subject that a seat of
// that kind takes, "" for nobody.
func (st *state) holderOf(kind, role, area string) string {
	for _, p := range st.s.World.People().InArea(role, area, st.now) {
		if kind != workflow.SeatUnit && !st.class.AdmittedTo(p.Role, st.day()) {
			continue // a matter that nobody admitted is not given to the grid
		}
		if st.keptFrom(p.PersonID) || kind == workflow.SeatUnit && st.keptFromSubject(p.UnitID) {
			continue
		}
		return subjectOf(kind, p)
	}
	return ""
}

// subjectOf is what a seat of a kind takes of a post.
func subjectOf(kind string, p account.Post) string {
	switch kind {
	case workflow.SeatUnit:
		return p.UnitID
	case workflow.SeatPost:
		return p.ID
	}
	return p.PersonID
}
