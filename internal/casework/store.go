package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/workflow"
)

const caseColumns = `id, jurisdiction, number, kind, nature, root_id, parent_id, part, part_round, item_key, depth,
	pack, pack_hash, overlay_hash, scheme, class, life, severity, step, phase, outcome, version, moves,
	channel, reporter_id, entered_by, title, unit_id, assignee_id, queue,
	area_id, province_id, city_id, county_id, township_id, village_id, grid_id, micro_id, lon_e7, lat_e7,
	happened_at, opened_at, entered_at, due_at, closed_at, suspended, returns, reopens, extensions, urges,
	supervised, designated, merged_into, about_kind, about_id, about_rev, lies_in, fields`

// readCase are few columns: whatever people cannot write into travels packed.
var readCase = `id, title, item_key, channel, fields, ` + db.Pack("jurisdiction", "number", "kind", "nature", "root_id", "parent_id", "part", "part_round", "depth",
	"pack", "pack_hash", "overlay_hash", "scheme", "class", "life", "severity", "step", "phase", "outcome", "version", "moves",
	"reporter_id", "entered_by", "unit_id", "assignee_id", "queue",
	"area_id", "province_id", "city_id", "county_id", "township_id", "village_id", "grid_id", "micro_id", "lon_e7", "lat_e7",
	"happened_at", "opened_at", "entered_at", "due_at", "closed_at", "suspended", "returns", "reopens", "extensions", "urges",
	"supervised", "designated", "merged_into", "about_kind", "about_id", "about_rev", "lies_in")

var (
	insertCase = db.SQL(`INSERT INTO cases (` + caseColumns + `) VALUES (` + places(1, 58) + `)`)
	updateCase = db.SQL(`UPDATE cases SET severity = $2, step = $3, phase = $4, outcome = $5, version = $6, moves = $7, title = $8,
		unit_id = $9, assignee_id = $10, queue = $11, entered_at = $12, due_at = $13, closed_at = $14, suspended = $15,
		returns = $16, reopens = $17, extensions = $18, urges = $19, supervised = $20, designated = $21, merged_into = $22, fields = $23,
		class = $24, scheme = $25 WHERE id = $1`)
	caseByID = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE id = $1`)
	// A bare $1 would make SQLite plan anew for every value: another index is for parent_id = ''.
	partsOf    = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE parent_id = ($1 || '') AND parent_id <> '' AND part = $2 ORDER BY part_round, item_key, id`)
	allPartsOf = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE parent_id = ($1 || '') AND parent_id <> '' ORDER BY part, part_round, item_key, id`)

	insertMove = db.SQL(`INSERT INTO move (case_id, id, jurisdiction, root_id, action, from_step, to_step, outcome, person_id, post_id, unit_id,
		role, helper_id, at, device_at, cause, done, reason, data) VALUES (` + places(1, 19) + `)`)
	movesOf = db.SQL(`SELECT id, action, from_step, to_step, outcome, person_id, post_id, unit_id,
		role, helper_id, at, device_at, cause, done, reason, data FROM move WHERE case_id = $1 ORDER BY id`)
	// Who did something, and whose post it was.
	doersInFamily = db.SQL(`SELECT m.person_id, m.unit_id, COALESCE(h.person_id, '') FROM move m LEFT JOIN post h ON h.id = m.post_id
			WHERE m.case_id = $1 AND m.action = $2 AND m.done = 1 AND m.person_id <> ''
		UNION SELECT m.person_id, m.unit_id, COALESCE(h.person_id, '') FROM move m LEFT JOIN post h ON h.id = m.post_id
			WHERE m.root_id = $1 AND m.case_id <> m.root_id AND m.action = $2 AND m.done = 1 AND m.person_id <> ''`)
	doersOfCase = db.SQL(`SELECT DISTINCT m.person_id, m.unit_id, COALESCE(h.person_id, '') FROM move m LEFT JOIN post h ON h.id = m.post_id
		WHERE m.case_id = $1 AND m.action = $2 AND m.done = 1 AND m.person_id <> ''`)
	lastDoer  = db.SQL(`SELECT person_id FROM move WHERE case_id = $1 AND action = $2 AND done = 1 AND person_id <> '' ORDER BY id DESC LIMIT 1`)
	timesDone = db.SQL(`SELECT count(*) FROM move WHERE case_id = $1 AND action = $2 AND done = 1`)

	participantsOf    = db.SQL(`SELECT id, case_id, seat, kind, subject, state, from_at, until_at, due_at, move_id, why FROM participant WHERE case_id = $1 ORDER BY id`)
	updateParticipant = db.SQL(`UPDATE participant SET state = $3, from_at = $4, until_at = $5, due_at = $6 WHERE case_id = $1 AND id = $2`)

	clocksOf = db.SQL(`SELECT c.name, c.state, c.from_at, c.due_at, c.until_at, c.paused_at, c.limit_text, c.hours, c.extended, c.provisional, c.marks, c.next_at, c.rule, c.why,
		COALESCE(s.id, ''), COALESCE(s.from_at, 0), COALESCE(s.until_at, 0), COALESCE(s.reason, '')
		FROM clock c LEFT JOIN clock_span s ON s.case_id = c.case_id AND s.clock = c.name WHERE c.case_id = $1 ORDER BY c.name, s.id`)
	putClock = db.SQL(`INSERT INTO clock (case_id, name, jurisdiction, state, from_at, due_at, until_at, paused_at, limit_text, hours, extended,
		provisional, marks, next_at, rule, why) VALUES (` + places(1, 16) + `)
		ON CONFLICT (case_id, name) DO UPDATE SET state = excluded.state, from_at = excluded.from_at, due_at = excluded.due_at, until_at = excluded.until_at,
		paused_at = excluded.paused_at, limit_text = excluded.limit_text, hours = excluded.hours, extended = excluded.extended, provisional = excluded.provisional,
		marks = excluded.marks, next_at = excluded.next_at, rule = excluded.rule, why = excluded.why`)
	putSpan = db.SQL(`INSERT INTO clock_span (case_id, clock, id, from_at, until_at, reason) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (case_id, clock, id) DO UPDATE SET until_at = excluded.until_at`)

	setsOf = db.SQL(`SELECT name, round, source, snapshot_day, follow, next_at, opened, expected, state, opened_at, ended_at
		FROM part_set WHERE case_id = $1 ORDER BY name, round`)
	putSet = db.SQL(`INSERT INTO part_set (case_id, name, round, jurisdiction, source, snapshot_day, follow, next_at, opened, expected, state, opened_at, ended_at)
		VALUES (` + places(1, 13) + `) ON CONFLICT (case_id, name, round) DO UPDATE SET next_at = excluded.next_at, opened = excluded.opened,
		expected = excluded.expected, state = excluded.state, ended_at = excluded.ended_at`)

	dueOfInvolved = db.SQL(`UPDATE involved SET open = $2, due_at = $3 WHERE case_id = $1`)

	claimKey  = db.SQL(`INSERT INTO idempotency (person_id, route, key, body_hash, subject, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`)
	claimedBy = db.SQL(`SELECT body_hash, subject FROM idempotency WHERE person_id = $1 AND route = $2 AND key = $3`)

	numberBlock = db.SQL(`INSERT INTO number_block (jurisdiction, name, next) VALUES ($1, $2, $3) ON CONFLICT (jurisdiction, name) DO UPDATE SET next = number_block.next + $4 RETURNING next`)
	insertLink  = db.SQL(`INSERT INTO link (id, jurisdiction, kind, from_case, to_case, since_at, move_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	endLink     = db.SQL(`UPDATE link SET until_at = $4 WHERE kind = $1 AND from_case = $2 AND to_case = $3 AND until_at = 0`)
	linksOf     = db.SQL(`SELECT id, kind, from_case, to_case, since_at, until_at FROM link WHERE from_case = $1 UNION SELECT id, kind, from_case, to_case, since_at, until_at FROM link WHERE to_case = $1 ORDER BY 1`)
)

// places writes "$from, …, $to".
func places(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		if i > from {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i)
	}
	return b.String()
}

// multiRow inserts several rows by one statement: one, two, three or four of them, for each of
// which the text is declared.
type multiRow struct {
	width int
	stmts [4]db.Stmt
}

func rowsOf(insert string, width int, rest string) multiRow {
	m := multiRow{width: width}
	for i := range m.stmts {
		rows := make([]string, i+1)
		for r := range rows {
			rows[r] = "(" + places(r*width+1, (r+1)*width) + ")"
		}
		m.stmts[i] = db.SQL(insert + strings.Join(rows, ", ") + rest)
	}
	return m
}

// queue inserts the rows whose values stand one after the other in args.
func (m multiRow) queue(ctx context.Context, tx *db.Tx, args []any) error {
	for len(args) > 0 {
		n := min(len(args)/m.width, len(m.stmts))
		if err := tx.Queue(ctx, m.stmts[n-1], args[:n*m.width:n*m.width]...); err != nil {
			return err
		}
		args = args[n*m.width:]
	}
	return nil
}

// columns are the values of the row, in the order of caseColumns.
func (c *Case) columns() ([]any, error) {
	fields, err := json.Marshal(c.Fields)
	if err != nil {
		return nil, err
	}
	return []any{c.ID, c.Jurisdiction, c.Number, c.Kind, c.Nature, c.RootID, c.ParentID, c.Part, c.PartRound, c.ItemKey, c.Depth,
		c.Pack, c.PackHash, c.OverlayHash, c.Scheme, c.Class, c.Life, c.Severity, c.Step, string(c.Phase), c.Outcome, c.Version, c.Moves,
		c.Channel, c.ReporterID, c.EnteredBy, c.Title, c.UnitID, c.AssigneeID, c.Queue,
		c.AreaID, c.Areas[1], c.Areas[2], c.Areas[3], c.Areas[4], c.Areas[5], c.Areas[6], c.Areas[7], c.LonE7, c.LatE7,
		c.HappenedAt, c.OpenedAt, c.EnteredAt, c.DueAt, c.ClosedAt, c.SuspendedUntil, c.Returns, c.Reopens, c.Extensions, c.Urges,
		c.Supervised, c.Designated, c.MergedInto, c.AboutKind, c.AboutID, c.AboutRev, c.LiesIn, string(fields)}, nil
}

func (c *Case) update(ctx context.Context, tx *db.Tx, fields any) error {
	return tx.Queue(ctx, updateCase, c.ID, c.Severity, c.Step, string(c.Phase), c.Outcome, c.Version, c.Moves, c.Title,
		c.UnitID, c.AssigneeID, c.Queue, c.EnteredAt, c.DueAt, c.ClosedAt, c.SuspendedUntil,
		c.Returns, c.Reopens, c.Extensions, c.Urges, c.Supervised, c.Designated, c.MergedInto, fields, c.Class, c.Scheme)
}

func scanCase(r db.Rows) (*Case, error) {
	var c Case
	var phase, fields string
	var happened, opened, entered, due, closed, suspended, supervised, designated int64
	var packed string
	if err := r.Scan(&c.ID, &c.Title, &c.ItemKey, &c.Channel, &fields, &packed); err != nil {
		return nil, err
	}
	err := db.Unpack(packed, &c.Jurisdiction, &c.Number, &c.Kind, &c.Nature, &c.RootID, &c.ParentID, &c.Part, &c.PartRound, &c.Depth,
		&c.Pack, &c.PackHash, &c.OverlayHash, &c.Scheme, &c.Class, &c.Life, &c.Severity, &c.Step, &phase, &c.Outcome, &c.Version, &c.Moves,
		&c.ReporterID, &c.EnteredBy, &c.UnitID, &c.AssigneeID, &c.Queue,
		&c.AreaID, &c.Areas[1], &c.Areas[2], &c.Areas[3], &c.Areas[4], &c.Areas[5], &c.Areas[6], &c.Areas[7], &c.LonE7, &c.LatE7,
		&happened, &opened, &entered, &due, &closed, &suspended, &c.Returns, &c.Reopens, &c.Extensions, &c.Urges,
		&supervised, &designated, &c.MergedInto, &c.AboutKind, &c.AboutID, &c.AboutRev, &c.LiesIn)
	if err != nil {
		return nil, err
	}
	c.Phase = workflow.Phase(phase)
	c.HappenedAt, c.OpenedAt, c.EnteredAt, c.DueAt = db.Time(happened), db.Time(opened), db.Time(entered), db.Time(due)
	c.ClosedAt, c.SuspendedUntil = db.Time(closed), db.Time(suspended)
	c.Supervised, c.Designated = supervised == 1, designated == 1
	c.Fields, err = readValues(fields)
	return &c, err
}

// insert writes the move and returns its row for the leaf.
func (m *Move) insert(ctx context.Context, tx *db.Tx) (audit.Row, error) {
	data, err := json.Marshal(m.Data)
	if err != nil {
		return audit.Row{}, err
	}
	row := []any{m.CaseID, m.ID, m.Jurisdiction, m.RootID, m.Action, m.From, m.To, m.Outcome, m.PersonID, m.PostID, m.UnitID,
		m.Role, m.HelperID, m.At, m.DeviceAt, m.Cause, m.Done, m.Reason, string(data)}
	return audit.Row{Table: audit.Moves, Values: row}, tx.Queue(ctx, insertMove, slices.Clone(row)...)
}

// scan reads a move but for what it shares with its case.
func (m *Move) scan(r db.Rows) (err error) {
	var at, device, done int64
	var data string
	if err = r.Scan(&m.ID, &m.Action, &m.From, &m.To, &m.Outcome, &m.PersonID, &m.PostID, &m.UnitID,
		&m.Role, &m.HelperID, &at, &device, &m.Cause, &done, &m.Reason, &data); err != nil {
		return err
	}
	m.At, m.DeviceAt, m.Done = db.Time(at), db.Time(device), done == 1
	m.Data, err = readData(data)
	return err
}

func scanParticipant(r db.Rows) (*Participant, error) {
	var p Participant
	var from, until, due int64
	err := r.Scan(&p.ID, &p.CaseID, &p.Seat, &p.Kind, &p.Subject, &p.State, &from, &until, &due, &p.MoveID, &p.Why)
	p.From, p.Until, p.DueAt = db.Time(from), db.Time(until), db.Time(due)
	return &p, err
}

// scanClock reads a clock with one of its pauses; one without an id is none.
func scanClock(r db.Rows) (*Clock, Pause, error) {
	var c Clock
	var p Pause
	var from, due, until, paused, provisional, next, pausedFrom, pausedUntil int64
	var limit, extended, why string
	if err := r.Scan(&c.Name, &c.State, &from, &due, &until, &paused, &limit, &c.Hours, &extended, &provisional, &c.Fired, &next, &c.Rule, &why,
		&p.ID, &pausedFrom, &pausedUntil, &p.Reason); err != nil {
		return nil, p, err
	}
	c.From, c.Due, c.Until, c.PausedAt, c.Next = db.Time(from), db.Time(due), db.Time(until), db.Time(paused), db.Time(next)
	c.Limit, c.Extended = split(limit), split(extended)
	c.Provisional, c.Why = provisional == 1, json.RawMessage(why)
	p.From, p.Until = db.Time(pausedFrom), db.Time(pausedUntil)
	return &c, p, nil
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "; ")
}

func (c *Clock) columns(of *Case) []any {
	return []any{of.ID, c.Name, of.Jurisdiction, c.State, c.From, c.Due, c.Until, c.PausedAt, strings.Join(c.Limit, "; "), c.Hours,
		strings.Join(c.Extended, "; "), c.Provisional, c.Fired, c.Next, c.Rule, string(c.Why)}
}

func (s *PartSet) columns(of *Case) []any {
	return []any{of.ID, s.Name, s.Round, of.Jurisdiction, s.Source, s.SnapshotDay, s.Follow, s.Next, s.Opened, s.Expected, s.State, s.OpenedAt, s.EndedAt}
}

func scanSet(r db.Rows) (*PartSet, error) {
	var s PartSet
	var follow, next, opened, ended int64
	err := r.Scan(&s.Name, &s.Round, &s.Source, &s.SnapshotDay, &follow, &next, &s.Opened, &s.Expected, &s.State, &opened, &ended)
	s.Follow, s.Next, s.OpenedAt, s.EndedAt = follow == 1, db.Time(next), db.Time(opened), db.Time(ended)
	return &s, err
}
