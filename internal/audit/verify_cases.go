package audit

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"gezhi/internal/db"
)

var (
	caseAfter    = db.SQL(`SELECT id FROM cases WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2`)
	leavesOf     = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE subject > $1 AND subject <= $2 AND seq > 0 ORDER BY seq`)
	leavesOfWait = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE seq = 0 AND subject > $1 AND subject <= $2 ORDER BY id`)
	involvedIn   = db.SQL(`SELECT subject, case_id, open, due_at FROM involved WHERE case_id > $1 AND case_id <= $2 ORDER BY case_id, subject`)
	mergedIn     = db.SQL(`SELECT l.to_case, c.reporter_id FROM link l JOIN cases c ON c.id = l.from_case
		WHERE l.to_case > $1 AND l.to_case <= $2 AND l.kind = 'merged' AND l.until_at = 0 AND c.reporter_id <> ''`)
	movesIn = db.SQL(`SELECT to_step, outcome, done, data FROM move WHERE case_id = $1 ORDER BY id`)
)

// highest sorts behind every id of a case, in any collation.
const highest = "zzzzzzzz"

// namedRow is what the newest leaf says of a row of a case.
type namedRow struct {
	named
	table, key, leaf string
}

// page is some cases with all that belongs to them.
type casesPage struct {
	v        *Verifier
	lo, hi   string
	last     bool
	rows     map[string]*namedRow // by table, case and key
	numbers  map[string]string
	state    map[string][2]int64 // open and due
	involved map[string]map[string]bool
}

// allCases proves cases with their rows, some at a time, each with its leaves in one view.
func (v *Verifier) allCases(ctx context.Context) error {
	lo := ""
	for done := int64(0); ; done += casePage {
		v.tell("cases", min(done, v.cases), v.cases)
		p := &casesPage{v: v, lo: lo, rows: map[string]*namedRow{}, numbers: map[string]string{}, state: map[string][2]int64{}, involved: map[string]map[string]bool{}}
		if err := v.DB.Read(ctx, p.read); err != nil {
			return err
		}
		if err := v.name(ctx); err != nil {
			return err
		}
		if p.last {
			v.tell("cases", v.cases, v.cases)
			return nil
		}
		lo = p.hi
	}
}

func (p *casesPage) read(ctx context.Context, tx *db.Tx) error {
	err := tx.Row(ctx, caseAfter, []any{p.lo, casePage - 1}, &p.hi)
	if p.last = errors.Is(err, db.ErrNoRows); err != nil && !p.last {
		return err
	}
	if p.last {
		p.hi = highest
	}
	for _, s := range []db.Stmt{leavesOf, leavesOfWait} {
		rows, err := tx.Query(ctx, s, "case/"+p.lo, "case/"+p.hi)
		if err != nil {
			return err
		}
		if err := p.hear(rows); err != nil {
			return err
		}
	}
	for _, t := range Tables {
		if t.OfCase {
			if err := p.table(ctx, tx, t); err != nil {
				return err
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(p.rows)) {
		if n := p.rows[k]; !n.seen && !n.gone {
			id := strings.Split(k, "\t")[1]
			p.v.find(Finding{Kind: RowRemoved, Table: n.table, Key: n.key, Case: id, Number: p.numbers[id], Leaf: n.leaf, Seq: n.seq})
		}
	}
	return p.whom(ctx, tx)
}

// hear takes in what leaves say of the rows of these cases.
func (p *casesPage) hear(rows db.Rows) error {
	defer rows.Close()
	for rows.Next() {
		x, err := scanLeaf(rows)
		if err != nil {
			return err
		}
		id := caseOf(x.Subject)
		if id == "" {
			continue
		}
		eachLine(x.Wrote, func(table, key, digest string) {
			if t := byName[table]; t != nil && t.OfCase {
				p.rows[table+"\t"+id+"\t"+key] = &namedRow{x.names(digest), table, key, x.ID}
			}
		})
	}
	return rows.Err()
}

// table proves the rows of one table.
func (p *casesPage) table(ctx context.Context, tx *db.Tx, t *Table) error {
	stmt, args := t.pages[0], []any{p.lo, p.hi}
	if p.last {
		stmt, args = t.pages[1], args[:1]
	}
	rows, err := tx.Query(ctx, stmt, args...)
	if err != nil {
		return err
	}
	var unlike []string
	for rows.Next() {
		values, err := t.scan(rows)
		if err != nil {
			rows.Close()
			return err
		}
		id := plainText(values[t.keyAt[0]])
		key, err := t.keyOf(values, "case/"+id)
		if err != nil {
			rows.Close()
			return err
		}
		p.note(t, id, values)
		n, known := p.rows[t.Name+"\t"+id+"\t"+key]
		if !known {
			n = &namedRow{}
		}
		n.seen = true
		if !p.v.judge(t, key, id, p.numbers[id], &n.named, known, values) && t == Cases {
			unlike = append(unlike, id)
		}
	}
	err = rows.Err()
	rows.Close()
	for _, id := range unlike {
		if err == nil {
			err = p.refold(ctx, tx, id)
		}
	}
	return err
}

// note remembers of rows what names their case, and whom they involve.
func (p *casesPage) note(t *Table, id string, values []any) {
	text := func(column string) string {
		s, _ := values[slices.Index(t.Columns, column)].(string)
		return s
	}
	involve := func(kind, who string) {
		if kind == "party" || who == "" {
			return
		}
		if p.involved[id] == nil {
			p.involved[id] = map[string]bool{}
		}
		p.involved[id][kind+"/"+who] = true
	}
	switch t {
	case Cases:
		p.v.report.Cases++
		p.numbers[id] = text("number")
		due, _ := values[slices.Index(t.Columns, "due_at")].(int64)
		open := int64(1)
		if text("phase") == "closed" {
			open = 0
		}
		p.state[id] = [2]int64{open, due}
		involve("person", text("reporter_id"))
		involve("person", text("entered_by"))
	case Participants:
		if s := text("state"); s == "held" || s == "offered" {
			involve(text("kind"), text("subject"))
		}
	}
}

// whom works out anew whom the cases concern.
func (p *casesPage) whom(ctx context.Context, tx *db.Tx) error {
	merged, err := db.Collect(ctx, tx, mergedIn, []any{p.lo, p.hi}, func(r db.Rows) (x [2]string, err error) { return x, r.Scan(&x[0], &x[1]) })
	if err != nil {
		return err
	}
	for _, x := range merged {
		if p.involved[x[0]] == nil {
			p.involved[x[0]] = map[string]bool{}
		}
		p.involved[x[0]]["person/"+x[1]] = true
	}
	rows, err := tx.Query(ctx, involvedIn, p.lo, p.hi)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var who, id string
		var state [2]int64
		if err := rows.Scan(&who, &id, &state[0], &state[1]); err != nil {
			return err
		}
		f := Finding{Table: "involved", Key: id + "/" + who, Case: id, Number: p.numbers[id]}
		switch {
		case !p.involved[id][who]:
			f.Kind = RowInserted
		case state != p.state[id]:
			f.Kind = RowChanged
		}
		if f.Kind != "" {
			p.v.find(f)
		}
		delete(p.involved[id], who)
	}
	for _, id := range slices.Sorted(maps.Keys(p.involved)) {
		for _, who := range slices.Sorted(maps.Keys(p.involved[id])) {
			if p.numbers[id] != "" {
				p.v.find(Finding{Kind: RowRemoved, Table: "involved", Key: id + "/" + who, Case: id, Number: p.numbers[id]})
			}
		}
	}
	return rows.Err()
}

// refold folds the moves of a case that is not what its last leaf says, and names what they
// give otherwise.
func (p *casesPage) refold(ctx context.Context, tx *db.Tx, id string) error {
	f := p.v.last(id)
	if f == nil {
		return nil // too many to list
	}
	var have []any
	row, err := db.Collect(ctx, tx, Cases.by[""], []any{id}, Cases.scan)
	if err != nil || len(row) == 0 {
		return err
	}
	have = row[0]
	moves, err := tx.Query(ctx, movesIn, id)
	if err != nil {
		return err
	}
	defer moves.Close()
	step, outcome, fields := "", "", map[string]any{}
	for moves.Next() {
		var to, out, data string
		var done int64
		if err := moves.Scan(&to, &out, &done, &data); err != nil {
			return err
		}
		var d struct {
			Values map[string]any `json:"values"`
		}
		if json.Unmarshal([]byte(data), &d) == nil {
			maps.Copy(fields, d.Values)
		}
		if step != to || out != "" {
			outcome = out
		}
		step = to
	}
	var now map[string]any
	value := func(column string) string { return plainText(have[slices.Index(Cases.Columns, column)]) }
	if value("step") != step {
		f.Columns = append(f.Columns, "step")
	}
	if o := have[slices.Index(Cases.Columns, "outcome")]; o != outcome {
		f.Columns = append(f.Columns, "outcome")
	}
	if json.Unmarshal([]byte(value("fields")), &now) != nil {
		f.Columns = append(f.Columns, "fields")
	}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if given, said := fields[name]; said && !reflect.DeepEqual(given, now[name]) {
			f.Columns = append(f.Columns, "fields."+name)
		}
	}
	return moves.Err()
}

// last is the last finding, if it is about the row of a case.
func (v *Verifier) last(id string) *Finding {
	for i := len(v.report.Findings) - 1; i >= 0; i-- {
		if f := &v.report.Findings[i]; f.Table == Cases.Name && f.Case == id {
			return f
		}
	}
	return nil
}
