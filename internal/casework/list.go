package casework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/workflow"
)

// The queues of the desk. Each is a cut of what the actor may see.
const (
	QueueAll        = "all"
	QueueMine       = "mine"       // led by the actor, or by a unit the actor works in and theirs to act on there, or escalated to either
	QueueUnassigned = "unassigned" // nobody leads yet: the dispatcher's
	QueueDueSoon    = "due_soon"   // due within a working day
	QueueOverdue    = "overdue"
	QueueReturned   = "returned"
	QueueSupervised = "supervised"
	QueueClosed     = "closed"
	QueueSampled    = "sampled" // closed, and drawn for a later check
	QueueUrgent     = "urgent"  // of a grade that wakes people
	QueueOpened     = "opened"  // opened lately, open still or closed: needs Query.OpenedFrom
)

// How a closed case kept its clocks.
const (
	OnTime = "on_time" // none ran out
	Late   = "late"
)

// The orders of a list. In each, what is first is what its reader would look at first.
const (
	SortDue      = "due"      // soonest due first; the usual one
	SortOpened   = "opened"   // latest opened first
	SortClosed   = "closed"   // latest closed first
	SortEntered  = "entered"  // what came into its step latest first
	SortSeverity = "severity" // gravest first, and of these the soonest due
)

// Query asks for a page of cases.
type Query struct {
	Queue    string
	Sort     string // SortDue when ""
	Class    string // pack/scheme:code; "" is any
	Phase    workflow.Phase
	AreaID   string // this area and below
	Parent   string // parts of one case
	Reporter string // reported by this person; "" is anybody
	Tasks    bool   // parts that are answered rather than lived, besides cases
	After    Cursor
	Limit    int
	Severity string

	OpenedFrom, ClosedFrom time.Time // at this moment or later
	Kept                   string    // OnTime or Late, of closed cases; "" is either
	Solved                 int       // solved by a unit of an area of this level; 0 is any
}

// Cursor is where the page before ended: the place of its last case in the order of the list,
// which is its deadline where no other order was asked for.
type Cursor struct {
	Due  int64  `json:"d"`
	ID   string `json:"i"`
	Sort string `json:"s,omitempty"`
}

// Row is a case as a queue shows it.
type Row struct {
	ID, Number, Kind, Title, Pack, PackHash, OverlayHash, Scheme, Class, Life, Severity, Step string
	Phase                                                                                     workflow.Phase
	Outcome, AreaID, UnitID, AssigneeID, Nature                                               string
	Version                                                                                   int64
	OpenedAt, DueAt, SuspendedUntil                                                           time.Time
	Supervised                                                                                bool
	Returns                                                                                   int64
	LonE7, LatE7                                                                              int64
}

// rowColumns are few: whatever people cannot write into travels packed.
var rowColumns = `c.due_at, c.id, ` + rowRest

// rowRest are the columns of a row after its deadline and its id.
var rowRest = `c.title, ` + db.Pack("c.number", "c.kind", "c.pack", "c.pack_hash", "c.overlay_hash", "c.scheme", "c.class", "c.life", "c.severity", "c.step",
	"c.phase", "c.outcome", "c.area_id", "c.unit_id", "c.assignee_id", "c.nature", "c.version", "c.opened_at", "c.suspended", "c.supervised", "c.returns", "c.lon_e7", "c.lat_e7")

// packedRow is a row as it travels, with its place in the order of a list.
type packedRow struct {
	place, due        int64
	id, title, packed string
}

func scanPacked(r db.Rows) (x packedRow, err error) {
	err = r.Scan(&x.due, &x.id, &x.title, &x.packed)
	x.place = x.due
	return x, err
}

// scanPlaced reads a row behind its place.
func scanPlaced(r db.Rows) (packedRow, error) {
	var place int64
	x, err := scanPacked(behind{r, []any{&place}})
	x.place = place
	return x, err
}

func (p *packedRow) unpack(x *Row) error {
	var opened, suspended, supervised int64
	var phase string
	err := db.Unpack(p.packed, &x.Number, &x.Kind, &x.Pack, &x.PackHash, &x.OverlayHash, &x.Scheme, &x.Class, &x.Life, &x.Severity, &x.Step,
		&phase, &x.Outcome, &x.AreaID, &x.UnitID, &x.AssigneeID, &x.Nature, &x.Version, &opened, &suspended, &supervised, &x.Returns, &x.LonE7, &x.LatE7)
	x.ID, x.Title, x.Phase, x.DueAt, x.OpenedAt, x.SuspendedUntil, x.Supervised = p.id, p.title, workflow.Phase(phase), db.Time(p.due), db.Time(opened), db.Time(suspended), supervised == 1
	return err
}

// List returns a page of what the actor may see. next is nil on the last page. A cursor of
// another order than the one asked for is page.bad_cursor.
func (s *Service) List(ctx context.Context, who *Actor, q Query) (rows []Row, next *Cursor, err error) {
	if q.Limit <= 0 || q.Limit > 200 {
		q.Limit = 50
	}
	if q.Sort == SortDue {
		q.Sort = ""
	}
	if q.After.Sort != q.Sort && q.After != (Cursor{}) {
		return nil, nil, fault.New(fault.Invalid, "page.bad_cursor")
	}
	l, err := s.listing(ctx, who, q)
	if err != nil || l == nil {
		return nil, nil, err
	}
	var found []packedRow
	err = s.DB.Glance(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = l.read(ctx, tx, q.Limit+1)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if len(found) > q.Limit {
		found = found[:q.Limit]
		last := found[len(found)-1]
		next = &Cursor{last.place, last.id, q.Sort}
	}
	rows = make([]Row, len(found))
	for i := range found {
		if err := found[i].unpack(&rows[i]); err != nil {
			return nil, nil, err
		}
	}
	return rows, next, nil
}

// listing is the question for a page. What several branches of a scope reach may be among the
// answers several times, one after another.
type listing struct {
	text string
	args []any
	scan func(db.Rows) (packedRow, error)
}

// read returns so many cases, or all there are, each once.
func (l *listing) read(ctx context.Context, tx *db.Tx, limit int) (found []packedRow, err error) {
	rows, err := tx.Query(ctx, db.Stmt(l.text), l.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found = make([]packedRow, 0, limit)
	for len(found) < limit && rows.Next() {
		x, err := l.scan(rows)
		if err != nil {
			return nil, err
		}
		if n := len(found); n == 0 || found[n-1].id != x.id {
			found = append(found, x)
		}
	}
	return found, rows.Err()
}

// HiddenAmong are those of some cases of which who asks may not know, for what speaks of cases
// without reading them: all that no list would show.
func (s *Service) HiddenAmong(ctx context.Context, who *Actor, cases []string) (map[string]bool, error) {
	hidden := map[string]bool{}
	var args arguments
	names := make([]string, len(cases))
	for i, id := range cases {
		hidden[id], names[i] = true, args.add(id)
	}
	scope := who.Scope.SQL(len(cases) + 1)
	if len(cases) == 0 || len(scope) == 0 {
		return hidden, nil
	}
	branches := make([]string, len(scope))
	for i, b := range scope {
		branches[i] = "SELECT c.id FROM cases c " + b.Join + " WHERE " + b.Where + " AND c.id IN (" + strings.Join(names, ", ") + ")"
		args.list = append(args.list, b.Args...)
	}
	err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		seen, err := db.Collect(ctx, tx, db.Stmt(strings.Join(branches, " UNION ")), args.list, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
		for _, id := range seen {
			delete(hidden, id)
		}
		return err
	})
	return hidden, err
}

// arguments collects arguments and names their places.
type arguments struct{ list []any }

func (a *arguments) add(v any) string {
	a.list = append(a.list, v)
	return "$" + strconv.Itoa(len(a.list))
}

func (a *arguments) all(values []string) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = a.add(v)
	}
	return names
}

// listing finds the page's cases; nil where there can be none. In the usual order each branch of
// the actor's scope is one range of one index, and of each only what the page takes of it is read.
// Any other order reads all that a branch reaches: there what is compared and sorted stays narrow,
// and the rows of the page are read at the end.
func (s *Service) listing(ctx context.Context, who *Actor, q Query) (*listing, error) {
	var args arguments
	if len(who.Scope.Branches) == 0 || who.Scope.Jurisdiction == "" {
		return nil, nil
	}
	extra, phase, err := s.filters(who, q, &args)
	if err != nil {
		return nil, err
	}
	if q.After.ID == "" {
		q.After.Due = leastPlace
	}
	p := paging{after: args.add(q.After.Due), afterID: args.add(q.After.ID), limit: args.add(q.Limit + 1)}
	if p.place, err = s.placeSQL(ctx, who, q.Sort, &args); err != nil {
		return nil, err
	}
	scope := who.Scope.SQL(len(args.list) + 1)
	for _, b := range scope {
		args.list = append(args.list, b.Args...)
	}
	usual := q.Sort == ""
	mine := func(account.Branch) string { return "" }
	if q.Queue == QueueMine {
		if mine, err = s.mineSQL(ctx, who, &args); err != nil {
			return nil, err
		}
	}
	branches := make([]string, len(scope))
	for i, b := range scope {
		branches[i] = p.branch(b, phase, extra+mine(b.Branch), usual)
	}
	if usual {
		return &listing{p.merged(branches), args.list, scanPacked}, nil
	}
	return &listing{"SELECT k.place, " + rowColumns + " FROM (" + p.limited(branches, " UNION ") + " ORDER BY place, id LIMIT " + p.limit +
		") k JOIN cases c ON c.id = k.id ORDER BY k.place, k.id", args.list, scanPlaced}, nil
}

// mineSQL are the conditions of what the actor leads: in person or in a post; with a unit, where
// whoever is in the unit has it, or one in the actor's role, or where that role may act besides.
// What an escalation brought to them is found in the branch of the one who sits there.
func (s *Service) mineSQL(ctx context.Context, who *Actor, args *arguments) (func(account.Branch) string, error) {
	holds, roles := []string{args.add(who.PersonID)}, map[string][]string{}
	for _, p := range who.Posts {
		holds = append(holds, args.add(p.ID))
		if p.UnitID != "" {
			roles[p.UnitID] = append(roles[p.UnitID], p.Role)
		}
	}
	in := []string{"c.assignee_id IN (" + strings.Join(holds, ", ") + ")"}
	for _, unit := range slices.Sorted(maps.Keys(roles)) {
		turns, err := s.turns(ctx, who.Jurisdiction, roles[unit])
		if err != nil {
			return nil, err
		}
		led := "c.queue IN ('', " + strings.Join(args.all(roles[unit]), ", ") + ")"
		if len(turns) > 0 {
			led += " OR c.pack || '/' || c.life || '/' || c.step IN (" + strings.Join(args.all(turns), ", ") + ")"
		}
		in = append(in, "c.unit_id = "+args.add(unit)+" AND ("+led+")")
	}
	return func(b account.Branch) string {
		all := in
		if b.Kind != account.AreaBranch {
			all = append(in[:len(in):len(in)], "EXISTS (SELECT 1 FROM participant e WHERE e.case_id = c.id AND e.seat = '"+SeatEscalated+"' AND e.state = '"+Held+"' AND e.subject = "+args.add(b.ID)+")")
		}
		return " AND (" + strings.Join(all, " OR ") + ")"
	}, nil
}

// turns are the steps, as pack/life/step, in which holders of the roles may act by what the packs
// in force say.
func (s *Service) turns(ctx context.Context, jurisdiction string, roles []string) ([]string, error) {
	packs, err := s.Book.Packs(ctx, jurisdiction)
	if err != nil {
		return nil, err
	}
	steps := map[string]bool{}
	for name, rules := range packs {
		for _, life := range rules.Pack.Lives {
			for _, a := range life.Actions {
				if a.Upon != nil || !slices.ContainsFunc(a.Who, func(w workflow.Who) bool { return w.Kind == workflow.WhoRole && slices.Contains(roles, w.Name) }) {
					continue
				}
				for _, step := range a.In {
					steps[name+"/"+life.Name+"/"+step] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(steps)), nil
}

// stand is which part of all cases is looked at: one half, the other, or both.
type stand struct{ cases, involved string }

var (
	stillOpen = stand{"c.phase <> 'closed'", "i.open = 1"}
	closed    = stand{"c.phase = 'closed'", "i.open = 0"}
	either    = stand{"c.phase <> ''", "i.open IN (0, 1)"}
)

// paging is the order of a list, and which part of it a page is. In the order the lesser place
// comes first, and of equal ones the lesser id.
type paging struct{ place, after, afterID, limit string }

const (
	// leastPlace is before every place.
	leastPlace = -1 << 62
	// gradeWidth is more than any moment in milliseconds: a place by severity is its rank times
	// this, and the deadline.
	gradeWidth = 1 << 50
)

// orders are what cases are sorted by. The latest moment has the least place.
var orders = map[string]string{"": "c.due_at", SortOpened: "-c.opened_at", SortClosed: "-c.closed_at", SortEntered: "-c.entered_at"}

// placeSQL is the place of a case in an order, in SQL. A grade ranks as the pack in force lists
// it, the gravest first; what no pack in force knows comes last.
func (s *Service) placeSQL(ctx context.Context, who *Actor, sort string, args *arguments) (string, error) {
	if place, ok := orders[sort]; ok {
		return place, nil
	}
	if sort != SortSeverity {
		return "", fault.New(fault.Invalid, "case.unknown_sort")
	}
	packs, err := s.Book.Packs(ctx, who.Jurisdiction)
	if err != nil {
		return "", err
	}
	var ranks strings.Builder
	last := 0
	for _, name := range slices.Sorted(maps.Keys(packs)) {
		for rank, x := range packs[name].Pack.Severities {
			fmt.Fprintf(&ranks, " WHEN c.pack = %s AND c.severity = %s THEN %d", args.add(name), args.add(x.Code), rank)
			last = max(last, rank+1)
		}
	}
	if last == 0 {
		return orders[""], nil
	}
	return fmt.Sprintf("(CASE%s ELSE %d END) * %d + c.due_at", ranks.String(), last, gradeWidth), nil
}

// branch is what one branch reaches: in the usual order whole rows, in any other their places and
// ids alone.
func (p paging) branch(b account.SQLBranch, of stand, extra string, usual bool) string {
	place, id, within := p.place, "c.id", ""
	if b.Kind != account.AreaBranch { // the other table has the usual order
		within = of.involved + " AND "
		if usual {
			place, id = "i.due_at", "i.case_id"
		}
	}
	columns := place + " AS place, " + id + " AS id"
	if usual {
		columns += ", " + rowRest
	}
	return "SELECT " + columns + " FROM cases c " + b.Join + " WHERE " + b.Where + " AND " + of.cases + " AND " +
		within + "(" + place + ", " + id + ") > (" + p.after + ", " + p.afterID + ")" + extra
}

// merged puts branches, each a range in the order of its index, into one order. SQLite merges what
// is under one order, and reads only as far as it is asked; PostgreSQL does so with parts that
// have an order and an end each, and can leave out doubles on the way.
func (p paging) merged(branches []string) string {
	end := " ORDER BY place, id LIMIT " + p.limit
	if len(branches) == 1 {
		return branches[0] + end
	}
	sqlite := strings.Join(branches, " UNION ALL ") + end + " * " + strconv.Itoa(len(branches))
	postgres := "SELECT DISTINCT ON (place, id) * FROM (" + p.limited(branches, " UNION ALL ") + ") u" + end
	return string(db.Either(sqlite, postgres))
}

// limited joins branches of which each is read no further than the page.
func (p paging) limited(branches []string, join string) string {
	all := make([]string, len(branches))
	for i, b := range branches {
		all[i] = "SELECT * FROM (" + b + " ORDER BY place, id LIMIT " + p.limit + ") b" + strconv.Itoa(i)
	}
	return strings.Join(all, join)
}

// filters are the further conditions of a query. Values are always arguments.
func (s *Service) filters(who *Actor, q Query, args *arguments) (extra string, of stand, err error) {
	of = stillOpen
	and := func(format string, v ...any) {
		names := make([]any, len(v))
		for i, x := range v {
			names[i] = args.add(x)
		}
		extra += " AND " + fmt.Sprintf(format, names...)
	}
	now := s.Now()
	switch q.Queue {
	case "", QueueAll, QueueMine: // see mineSQL
	case QueueUnassigned:
		extra += " AND c.unit_id = '' AND c.assignee_id = ''"
	case QueueDueSoon:
		and("c.due_at >= %s AND c.due_at < %s", now, s.Soon(who.Jurisdiction, now))
	case QueueOverdue:
		and("c.due_at < %s", now)
	case QueueReturned:
		extra += " AND c.returns > 0"
	case QueueSupervised:
		extra += " AND c.supervised = 1"
	case QueueUrgent:
		urgent, err := s.urgent(who.Jurisdiction, args.add)
		if err != nil {
			return "", of, err
		}
		extra += " AND " + urgent
	case QueueClosed:
		of = closed
	case QueueOpened:
		if of = either; q.OpenedFrom.IsZero() {
			return "", of, fault.New(fault.Invalid, "case.opened_since_when")
		}
	case QueueSampled:
		of = closed
		extra += " AND EXISTS (SELECT 1 FROM sampled d WHERE d.case_id = c.id AND d.drawn = 1)"
	default:
		return "", of, fault.New(fault.Invalid, "case.unknown_queue")
	}
	narrow, err := s.Narrow(context.Background(), who, q, args.add)
	if err != nil {
		return "", of, err
	}
	lately, err := s.lately(who, q, args)
	if err != nil {
		return "", of, err
	}
	extra += narrow + lately
	switch {
	case q.Phase == "" || q.Queue == QueueOpened:
	case q.Phase == workflow.Closed:
		of = closed
	default:
		of = stillOpen
	}
	if q.Reporter != "" {
		and("c.reporter_id = %s", q.Reporter)
	}
	if q.Parent != "" {
		and("c.parent_id = %s", q.Parent)
	} else if !q.Tasks {
		extra += " AND c.kind = 'case'"
	}
	return extra, of, nil
}

// levelColumns are the columns of a case that hold its area's ancestors, by level.
var levelColumns = [8]string{"", "province_id", "city_id", "county_id", "township_id", "village_id", "grid_id", "micro_id"}
