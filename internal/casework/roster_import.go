package casework

import (
	"context"
	"slices"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/territory"
	"gezhi/internal/worktime"
)

// The words of a roster.
var (
	rosterShifts = []string{"day", "night", "holiday"}
	rosterSeats  = []string{"clerk", "leader"}
)

// longestShift is the longest that somebody may be on duty in one row.
const longestShift = 24 * time.Hour

// RosterImport is how a duty roster is taken in.
type RosterImport struct {
	Jurisdiction string
	By           string
	DryRun       bool
	EndMissing   bool // take off duty whom the list no longer names, within its days and areas
}

// ImportRoster reads a CSV or XLSX with the columns date, shift (day, night or holiday), seat
// (clerk or leader), login, area (a code), from and until (times of day; until is of the next
// day when it is not later than from). One bad row refuses the file: territory.bad_rows.
func (s *Service) ImportRoster(ctx context.Context, data []byte, imp RosterImport) (territory.Report, error) {
	rows, bad, err := territory.ReadTable(data, "date", "shift", "seat", "login", "area", "from", "until")
	if err != nil {
		return territory.Report{}, err
	}
	if err := s.World.Renew(ctx); err != nil {
		return territory.Report{}, err
	}
	logins, err := s.World.Accounts.Logins(ctx, imp.Jurisdiction)
	if err != nil {
		return territory.Report{}, err
	}
	list := roster{s: s, imp: imp, logins: logins, seen: map[Shift]int{}}
	list.rep = territory.Report{DryRun: imp.DryRun, Rows: len(rows) + len(bad), Bad: bad}
	for _, r := range rows {
		list.read(r)
	}
	if err := list.rep.Refused(); err != nil || list.rep.BadRows > 0 {
		return list.rep, err
	}
	keys := db.Keys{}
	for _, area := range list.areas() {
		keys = append(keys, "roster/"+area)
	}
	var rep territory.Report
	err = s.DB.Write(ctx, keys, func(ctx context.Context, tx *db.Tx) error {
		rep = list.rep
		return list.write(ctx, tx, &rep)
	})
	return rep, err
}

// roster is a duty roster on its way in.
type roster struct {
	s      *Service
	imp    RosterImport
	logins map[string]string
	rep    territory.Report
	seen   map[Shift]int
	want   []Shift
}

func (l *roster) read(r territory.Row) {
	before := len(l.rep.Bad)
	refuse := func(column string, why error) { l.rep.Refuse(r.Line, column, why) }
	x := Shift{Jurisdiction: l.imp.Jurisdiction, Shift: territory.Word(r.Cells["shift"]), Seat: territory.Word(r.Cells["seat"]), Person: l.logins[r.Cells["login"]]}
	if !slices.Contains(rosterShifts, x.Shift) {
		refuse("shift", fault.New(fault.Invalid, "case.bad_shift"))
	}
	if !slices.Contains(rosterSeats, x.Seat) {
		refuse("seat", fault.New(fault.Invalid, "case.bad_roster_seat"))
	}
	tree := l.s.World.Tree()
	if a := tree.AreaByCode(r.Cells["area"]); a == nil {
		refuse("area", tree.UnknownArea(r.Cells["area"], l.imp.Jurisdiction))
	} else if x.Area = a.ID; a.Jurisdiction != l.imp.Jurisdiction {
		refuse("area", fault.New(fault.Invalid, "territory.not_yours"))
	}
	day, ok := territory.ParseDate(r.Cells["date"])
	if !ok || day.IsZero() {
		refuse("date", fault.New(fault.Invalid, "territory.bad_date"))
	}
	from, err := worktime.ParseTimeOfDay(r.Cells["from"])
	if err != nil {
		refuse("from", fault.New(fault.Invalid, "worktime.bad_time"))
	}
	until, err := worktime.ParseTimeOfDay(r.Cells["until"])
	if err != nil {
		refuse("until", fault.New(fault.Invalid, "worktime.bad_time"))
	}
	d := worktime.DateOf(day.In(clock.CST))
	x.From, x.Until = d.At(from).UTC(), d.At(until).UTC()
	if !x.Until.After(x.From) {
		x.Until = x.Until.Add(longestShift)
	}
	switch {
	case x.Person == "":
		refuse("login", fault.New(fault.Invalid, "person.none"))
	case len(l.s.World.People().Of(x.Person, x.From)) == 0:
		refuse("login", fault.New(fault.Invalid, "case.no_post_on_that_day"))
	}
	if len(l.rep.Bad) > before {
		return
	}
	if first, twice := l.seen[x]; twice {
		refuse("", fault.New(fault.Invalid, "case.shift_twice", "first", first))
		return
	}
	l.seen[x] = r.Line
	l.want = append(l.want, x)
}

// areas are those that the roster speaks of, once each and in order.
func (l *roster) areas() []string {
	var out []string
	for _, x := range l.want {
		out = append(out, x.Area)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

var (
	shiftsIn = db.SQL(`SELECT id, area_id, shift, seat, person_id, from_at, until_at FROM roster
		WHERE jurisdiction = $1 AND area_id = $2 AND from_at < $4 AND until_at > $3 AND from_at < until_at ORDER BY id`)
	endShift = db.SQL(`UPDATE roster SET until_at = $2 WHERE id = $1`)
)

// write adds the shifts that are not there, and takes off those that are missing.
func (l *roster) write(ctx context.Context, tx *db.Tx, rep *territory.Report) error {
	now := l.s.Now()
	var added, ended []Shift
	for _, area := range l.areas() {
		first, last := l.span(area)
		stand, err := db.Collect(ctx, tx, shiftsIn, []any{l.imp.Jurisdiction, area, first, last}, scanShift)
		if err != nil {
			return err
		}
		same := func(a, b Shift) bool { a.id, b.id = "", ""; return a == b }
		for _, x := range l.want {
			if x.Area != area {
				continue
			}
			if slices.ContainsFunc(stand, func(y Shift) bool { y.Jurisdiction = x.Jurisdiction; return same(x, y) }) {
				rep.Unchanged++
				continue
			}
			x.id = l.s.ID()
			added = append(added, x)
		}
		for _, y := range stand {
			y.Jurisdiction = l.imp.Jurisdiction
			if l.imp.EndMissing && y.Until.After(now) && !slices.ContainsFunc(l.want, func(x Shift) bool { return same(x, y) }) {
				ended = append(ended, y)
			}
		}
	}
	rep.Begun, rep.Ended = len(added), len(ended)
	if l.imp.DryRun || len(added)+len(ended) == 0 {
		return nil
	}
	var rows []audit.Ref
	for _, x := range added {
		rows = append(rows, audit.Ref{Table: audit.Rosters, Key: []any{x.id}})
		if err := tx.Queue(ctx, insertShift, x.id, x.Jurisdiction, x.Area, x.Shift, x.Seat, x.Person, x.From, x.Until); err != nil {
			return err
		}
	}
	for _, y := range ended {
		at := y.From // not begun yet: nobody was ever on duty in it
		if now.After(at) {
			at = now
		}
		rows = append(rows, audit.Ref{Table: audit.Rosters, Key: []any{y.id}})
		if err := tx.Queue(ctx, endShift, y.id, at); err != nil {
			return err
		}
	}
	return audit.Append(ctx, tx, audit.Leaf{ID: l.s.ID(), Jurisdiction: l.imp.Jurisdiction, Subject: "roster/" + l.imp.Jurisdiction, Act: "roster.imported",
		Person: l.imp.By, At: now, Said: map[string]int{"begun": len(added), "ended": len(ended)}, Rows: rows})
}

// span is from the first to the last moment that the roster speaks of in an area.
func (l *roster) span(area string) (first, last time.Time) {
	for _, x := range l.want {
		if x.Area != area {
			continue
		}
		if first.IsZero() || x.From.Before(first) {
			first = x.From
		}
		if x.Until.After(last) {
			last = x.Until
		}
	}
	return first, last
}

func scanShift(r db.Rows) (x Shift, err error) {
	var from, until int64
	err = r.Scan(&x.id, &x.Area, &x.Shift, &x.Seat, &x.Person, &from, &until)
	x.From, x.Until = db.Time(from), db.Time(until)
	return x, err
}
