package casework

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
	"gezhi/internal/territory"
	"gezhi/internal/workflow"
)

// lately are the conditions on when a case was opened and closed, by whom, and whether in time.
func (s *Service) lately(who *Actor, q Query, args *arguments) (and string, err error) {
	if !q.OpenedFrom.IsZero() { // ids sort by time, which spares an index
		and += " AND c.opened_at >= " + args.add(db.Ms(q.OpenedFrom)) + " AND c.id >= " + args.add(id.Floor(q.OpenedFrom.Add(-time.Minute)))
	}
	if !q.ClosedFrom.IsZero() {
		and += " AND c.closed_at >= " + args.add(db.Ms(q.ClosedFrom))
	}
	switch q.Kept {
	case OnTime:
		and += " AND NOT " + ranOut
	case Late:
		and += " AND " + ranOut
	}
	if q.Solved != 0 {
		solver, err := s.solver(who.Jurisdiction, args.add)
		if err != nil {
			return "", err
		}
		at := args.all(s.unitsAt(who.Jurisdiction, q.Solved))
		if q.Solved == int(account.Grid) {
			at = append(at, "'"+onTheSpot+"'")
		}
		and += " AND " + solver + " IN (" + strings.Join(append(at, "'-'"), ", ") + ")"
	}
	return and, nil
}

// onTheSpot stands for the unit of a case that was ended by whoever came upon it.
const onTheSpot = "spot"

// solver is SQL for the unit that solved a case: whose act brought it out of the last step in which
// it was worked on, as the packs in force say; onTheSpot, or "" when nobody did either. arg takes
// an argument and names its place.
func (s *Service) solver(jurisdiction string, arg func(any) string) (string, error) {
	packs, err := s.Book.Packs(context.Background(), jurisdiction)
	worked, spot := []string{"1 = 0"}, []string{"1 = 0"}
	for _, name := range slices.Sorted(maps.Keys(packs)) {
		for _, life := range packs[name].Pack.Lives {
			of := func(column, value string) string {
				return "c.pack = " + arg(name) + " AND c.life = " + arg(life.Name) + " AND " + column + " = " + arg(value)
			}
			for _, step := range life.StepsIn(workflow.Working) {
				worked = append(worked, of("m.from_step", step))
			}
			if i := spotAction(&life); i >= 0 {
				spot = append(spot, of("m.action", life.Actions[i].Name))
			}
		}
	}
	here, left := strings.Join(spot, " OR "), "m.to_step <> m.from_step AND m.unit_id <> '' AND ("+strings.Join(worked, " OR ")+")"
	return "COALESCE((SELECT CASE WHEN " + here + " THEN '" + onTheSpot + "' ELSE m.unit_id END FROM move m WHERE m.case_id = c.id AND (" + here + " OR " + left + ") ORDER BY m.id DESC LIMIT 1), '')", err
}

// ranOut holds of a case of which some clock stopped later than it was due.
const ranOut = "EXISTS (SELECT 1 FROM clock k WHERE k.case_id = c.id AND k.until_at > k.due_at)"

// unitsAt are the units of a jurisdiction that are responsible for areas of a level; without an
// area, for the whole county.
func (s *Service) unitsAt(jurisdiction string, level int) (ids []string) {
	for _, u := range s.World.Tree().Units(jurisdiction) {
		if s.levelOf(u) == level {
			ids = append(ids, u.ID)
		}
	}
	return ids
}

func (s *Service) levelOf(u *territory.Unit) int {
	if a, ok := s.World.Area(u.Area); ok {
		return a.Level
	}
	return int(account.County)
}

// Figures count what somebody may see of an area and below. Every one of them is as long as the
// list of its query.
type Figures struct {
	At     time.Time
	Area   string    // "" is all that they may see
	Since  time.Time // from when on closed cases are counted
	Counts []Figure
	Solved []Figure // closed cases by the level of the unit that solved them, named by its number; on the spot is a grid's
	Areas  []AreaFigures
}

// Figure is a count with the query whose list it counts.
type Figure struct {
	Name  string
	N     int64
	Query Query
}

// AreaFigures are those of an area at the level that was asked for.
type AreaFigures struct {
	Area                                        string
	Open, Overdue, Urgent, Opened, Closed, Late int64
}

// counted is a row of the counts: an area, a unit where asked for, and how many.
type counted struct {
	area, unit string
	n          [7]int64
}

// openParts are what is counted of open cases, with the queue of each; the first argument is now,
// the second until when cases count as due soon.
var openParts = []struct{ queue, when string }{
	{QueueAll, "1 = 1"},
	{QueueOverdue, "c.due_at < $1"},
	{QueueDueSoon, "c.due_at >= $1 AND c.due_at < $2"},
	{QueueUnassigned, "c.unit_id = '' AND c.assignee_id = ''"},
	{QueueSupervised, "c.supervised = 1"},
	{QueueReturned, "c.returns > 0"},
	{QueueUrgent, ""}, // as the packs say
}

// urgent is the condition on a case of a grade that wakes people; arg takes an argument and names
// its place.
func (s *Service) urgent(jurisdiction string, arg func(any) string) (string, error) {
	packs, err := s.Book.Packs(context.Background(), jurisdiction)
	or := []string{"1 = 0"}
	for _, name := range slices.Sorted(maps.Keys(packs)) {
		for _, g := range packs[name].Pack.Severities {
			if grade, _ := packs[name].Severity(g.Code); grade.Wakes {
				or = append(or, "c.pack = "+arg(name)+" AND c.severity = "+arg(g.Code))
			}
		}
	}
	return "(" + strings.Join(or, " OR ") + ")", err
}

// Figures counts by areas of a level, closed cases since the beginning of a day so many days ago,
// today counted. An area "" is all that the actor may see.
func (s *Service) Figures(ctx context.Context, who *Actor, area string, level, days int) (*Figures, error) {
	if level < int(account.County) || level > int(account.Micro) {
		return nil, fault.New(fault.Invalid, "case.unknown_level")
	}
	now := s.Now()
	y, m, d := now.In(clock.CST).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, clock.CST)
	f := &Figures{At: now, Area: area, Since: today.AddDate(0, 0, 1-days)}
	t := tally{s: s, who: who, column: "c." + levelColumns[level], areas: map[string]*AreaFigures{}, now: now}
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := t.open(ctx, tx, f); err != nil {
			return err
		}
		if err := t.openedToday(ctx, tx, f, today); err != nil {
			return err
		}
		return t.closed(ctx, tx, f, today)
	})
	if err != nil {
		return nil, err
	}
	for _, a := range t.order {
		f.Areas = append(f.Areas, *t.areas[a])
	}
	return f, nil
}

// tally counts in one transaction.
type tally struct {
	s      *Service
	who    *Actor
	column string
	now    time.Time
	areas  map[string]*AreaFigures
	order  []string
}

func (t *tally) of(area string) *AreaFigures {
	a := t.areas[area]
	if a == nil {
		a = &AreaFigures{Area: area}
		t.areas[area], t.order = a, append(t.order, area)
	}
	return a
}

// count runs one statement over the cases of a query: sums of conditions by area, and by a second
// column. leading are the first arguments, which the conditions name.
func (t *tally) count(ctx context.Context, tx *db.Tx, q Query, second string, conditions []string, leading ...any) ([]counted, error) {
	args := arguments{leading}
	if len(t.who.Scope.Branches) == 0 || t.who.Scope.Jurisdiction == "" {
		return nil, nil
	}
	extra, of, err := t.s.filters(t.who, q, &args)
	if err != nil {
		return nil, err
	}
	scope := t.who.Scope.SQL(len(args.list) + 1)
	branches := make([]string, len(scope))
	for i, b := range scope {
		args.list = append(args.list, b.Args...)
		and := " AND " + of.cases + extra
		if b.Kind != account.AreaBranch {
			and = " AND " + of.involved + and
		}
		branches[i] = "SELECT c.id FROM cases c " + b.Join + " WHERE " + b.Where + and
	}
	sums := make([]string, len(conditions))
	for i, c := range conditions {
		sums[i] = "sum(CASE WHEN " + c + " THEN 1 ELSE 0 END)"
	}
	text := "SELECT " + t.column + ", " + second + ", " + strings.Join(sums, ", ") + " FROM (" + strings.Join(branches, " UNION ") +
		") k JOIN cases c ON c.id = k.id GROUP BY 1, 2 ORDER BY 1, 2"
	return db.Collect(ctx, tx, db.Stmt(text), args.list, func(r db.Rows) (x counted, err error) {
		into := []any{&x.area, &x.unit}
		for i := range conditions {
			into = append(into, &x.n[i])
		}
		return x, r.Scan(into...)
	})
}

func (t *tally) open(ctx context.Context, tx *db.Tx, f *Figures) error {
	leading := arguments{[]any{db.Ms(t.now), db.Ms(t.s.Soon(t.who.Jurisdiction, t.now))}}
	urgent, err := t.s.urgent(t.who.Jurisdiction, leading.add)
	if err != nil {
		return err
	}
	conditions := make([]string, len(openParts))
	for i, p := range openParts {
		conditions[i] = cmp.Or(p.when, urgent)
	}
	rows, err := t.count(ctx, tx, Query{AreaID: f.Area}, "''", conditions, leading.list...)
	if err != nil {
		return err
	}
	var sum [7]int64
	for _, r := range rows {
		for i := range openParts {
			sum[i] += r.n[i]
		}
		a := t.of(r.area)
		a.Open, a.Overdue, a.Urgent = r.n[0], r.n[1], r.n[6]
	}
	for i, p := range openParts {
		f.Counts = append(f.Counts, Figure{p.queue, sum[i], Query{Queue: p.queue, AreaID: f.Area}})
	}
	return nil
}

func (t *tally) openedToday(ctx context.Context, tx *db.Tx, f *Figures, today time.Time) error {
	q := Query{Queue: QueueOpened, AreaID: f.Area, OpenedFrom: today}
	rows, err := t.count(ctx, tx, q, "''", []string{"1 = 1"})
	var sum int64
	for _, r := range rows {
		t.of(r.area).Opened = r.n[0]
		sum += r.n[0]
	}
	f.Counts = append(f.Counts, Figure{"opened_today", sum, q})
	return err
}

func (t *tally) closed(ctx context.Context, tx *db.Tx, f *Figures, today time.Time) error {
	q := Query{Queue: QueueClosed, AreaID: f.Area, ClosedFrom: f.Since}
	leading := arguments{[]any{db.Ms(today)}}
	solver, err := t.s.solver(t.who.Jurisdiction, leading.add)
	if err != nil {
		return err
	}
	rows, err := t.count(ctx, tx, q, solver, []string{"1 = 1", ranOut, "c.closed_at >= $1"}, leading.list...)
	if err != nil {
		return err
	}
	var all, late, now int64
	var solved [account.Micro + 1]int64
	for _, r := range rows {
		a := t.of(r.area)
		a.Closed, a.Late = a.Closed+r.n[0], a.Late+r.n[1]
		all, late, now = all+r.n[0], late+r.n[1], now+r.n[2]
		if r.unit == onTheSpot {
			solved[account.Grid] += r.n[0]
		} else if u, ok := t.s.World.Tree().Unit(r.unit); ok {
			solved[t.s.levelOf(u)] += r.n[0]
		}
	}
	with := func(change func(q *Query)) Query { x := q; change(&x); return x }
	f.Counts = append(f.Counts,
		Figure{"closed_today", now, with(func(q *Query) { q.ClosedFrom = today })}, Figure{"closed", all, q},
		Figure{OnTime, all - late, with(func(q *Query) { q.Kept = OnTime })}, Figure{Late, late, with(func(q *Query) { q.Kept = Late })})
	for level, n := range solved {
		if n > 0 {
			f.Solved = append(f.Solved, Figure{strconv.Itoa(level), n, with(func(q *Query) { q.Solved = level })})
		}
	}
	return nil
}
