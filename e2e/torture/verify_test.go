package torture

import (
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// verifier looks into the database beside the program.
type verifier struct {
	t                             *testing.T
	db                            *sql.DB
	cases, moves, marks, messages int
}

func open(t *testing.T, driver, dsn string) *verifier {
	t.Helper()
	d, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return &verifier{t: t, db: d}
}

// each runs scan on every row of a query.
func (v *verifier) each(query string, scan func(*sql.Rows) error, args ...any) {
	v.t.Helper()
	rows, err := v.db.QueryContext(v.t.Context(), query, args...)
	if err != nil {
		v.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			v.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		v.t.Fatal(err)
	}
}

func (v *verifier) count(query string, args ...any) (n int) {
	v.t.Helper()
	v.each(query, func(r *sql.Rows) error { return r.Scan(&n) }, args...)
	return n
}

// settle waits until nothing is left to do: what a dead process had claimed is free again
// after its lease of half a minute.
func (v *verifier) settle() {
	v.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; <-time.After(200 * time.Millisecond) {
		now := time.Now().UnixMilli()
		left := v.count(`SELECT count(*) FROM outbox WHERE state = 'waiting'`) +
			v.count(`SELECT count(*) FROM timer WHERE kind IN ('case', 'join') AND due_at <= $1`, now+9000) +
			v.count(`SELECT count(*) FROM delivery WHERE state = 'waiting' AND due_at <= $1`, now)
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("%d things are still to be done", left)
		}
	}
}

// acknowledged: what was acknowledged is there exactly once, all else at most once.
func (v *verifier) acknowledged(c *crowd) {
	v.t.Helper()
	opened, moved := map[string][]string{}, map[string][]string{} // key to cases
	v.each(`SELECT id, fields FROM cases WHERE pack = 'torture'`, func(r *sql.Rows) error {
		var id, fields string
		if err := r.Scan(&id, &fields); err != nil {
			return err
		}
		var f struct{ Text string }
		err := json.Unmarshal([]byte(fields), &f)
		opened[f.Text] = append(opened[f.Text], id)
		v.cases++
		return err
	})
	v.each(`SELECT m.case_id, m.action, m.data FROM move m JOIN cases c ON c.id = m.case_id WHERE c.pack = 'torture'`, func(r *sql.Rows) error {
		var id, action, data string
		if err := r.Scan(&id, &action, &data); err != nil {
			return err
		}
		var d struct{ Note string }
		err := json.Unmarshal([]byte(data), &d)
		if d.Note != "" {
			moved[d.Note+action] = append(moved[d.Note+action], id)
		}
		v.moves++
		return err
	})
	for _, w := range c.all {
		for _, o := range w.ops {
			found := opened[o.key]
			if o.action != "" {
				found = moved[o.key+o.action]
			}
			if len(found) > 1 {
				v.t.Errorf("%q under key %s was done %d times", o.action, o.key, len(found))
			}
			if o.acked && (len(found) == 0 || found[0] != o.caseID) {
				v.t.Errorf("%q under key %s was acknowledged for case %s and is in %v", o.action, o.key, o.caseID, found)
			}
			if len(found) == 1 && !o.acked && !o.given {
				v.t.Logf("%q under key %s was done and never answered", o.action, o.key)
			}
		}
	}
	if v.cases == 0 || v.moves == 0 {
		v.t.Error("nothing was done at all")
	}
}

// folds: every current row is what its moves add up to, each with its audit leaf.
func (v *verifier) folds() {
	v.t.Helper()
	type stand struct {
		step, outcome  string
		moves, version int
	}
	folded := map[string]*stand{}
	v.each(`SELECT m.case_id, m.from_step, m.to_step, m.outcome, m.done, CASE WHEN l.id IS NULL THEN 0 ELSE 1 END
		FROM move m LEFT JOIN audit_leaf l ON l.id = m.id ORDER BY m.case_id, m.id`, func(r *sql.Rows) error {
		var id, from, to, outcome string
		var done, leaf int
		if err := r.Scan(&id, &from, &to, &outcome, &done, &leaf); err != nil {
			return err
		}
		s := folded[id]
		if s == nil {
			s = &stand{}
			folded[id] = s
		}
		if from != s.step {
			v.t.Errorf("case %s: a move leaves %q where the case stood at %q", id, from, s.step)
		}
		if done == 1 && leaf == 0 {
			v.t.Errorf("case %s: a move without its audit leaf", id)
		}
		if done == 0 {
			return nil // recorded only
		}
		if s.moves++; from != to {
			s.version++
		}
		s.step, s.outcome = to, outcome
		return nil
	})
	v.each(`SELECT id, step, outcome, moves, version FROM cases WHERE pack = 'torture'`, func(r *sql.Rows) error {
		var id string
		var s stand
		if err := r.Scan(&id, &s.step, &s.outcome, &s.moves, &s.version); err != nil {
			return err
		}
		if f := folded[id]; f == nil || *f != s {
			v.t.Errorf("case %s stands at %+v, its moves add up to %+v", id, s, f)
		}
		return nil
	})
}

// timers: every mark of a clock that came due fired once, and only then.
func (v *verifier) timers() {
	v.t.Helper()
	type mark struct{ id, clock, mark string }
	told := map[mark]int{}
	byClock := map[string]int{}
	v.each(`SELECT o.body FROM outbox o JOIN cases c ON o.subject = 'case/' || c.id WHERE o.topic = 'notice' AND c.pack = 'torture'`, func(r *sql.Rows) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		var n struct{ Case, Clock, Mark string }
		err := json.Unmarshal([]byte(body), &n)
		if n.Clock != "" {
			m := mark{n.Case, n.Clock, n.Mark}
			if told[m]++; told[m] > 1 {
				v.t.Errorf("mark %+v fired %d times", m, told[m])
			}
			byClock[n.Case]++
			v.marks++
		}
		return err
	})
	now := time.Now().UnixMilli()
	due := map[string]bool{}
	v.each(`SELECT k.case_id, k.marks, k.next_at, k.state, COALESCE(t.due_at, 0) FROM clock k
		JOIN cases c ON c.id = k.case_id LEFT JOIN timer t ON t.kind = 'case' AND t.ref = k.case_id WHERE c.pack = 'torture'`, func(r *sql.Rows) error {
		var id, state string
		var marks int
		var nextAt, timer int64
		if err := r.Scan(&id, &marks, &nextAt, &state, &timer); err != nil {
			return err
		}
		if marks != byClock[id] {
			v.t.Errorf("case %s: the clock counts %d marks, %d were told", id, marks, byClock[id])
		}
		if state == "running" && nextAt != 0 && (nextAt <= now || timer != nextAt) {
			v.t.Errorf("case %s: the next mark is due at %d, its timer at %d, now is %d", id, nextAt, timer, now)
		}
		due[id] = marks == 2
		return nil
	})
	acted := map[string]int{}
	v.each(`SELECT case_id FROM move WHERE action = 'mark_due'`, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		acted[id]++
		return err
	})
	for id, d := range due {
		if want := map[bool]int{true: 1}[d]; acted[id] != want {
			v.t.Errorf("case %s: the automatic act was recorded %d times, not %d", id, acted[id], want)
		}
	}
}

// outbox: every message was delivered, and taken in once under its own key.
func (v *verifier) outbox() {
	v.t.Helper()
	v.messages = v.count(`SELECT count(*) FROM outbox o JOIN cases c ON o.subject = 'case/' || c.id WHERE c.pack = 'torture'`)
	if n := v.count(`SELECT count(*) FROM outbox WHERE state <> 'done'`); n > 0 {
		v.t.Errorf("%d messages were not delivered", n)
	}
	taken := map[string]int{}
	v.each(`SELECT n.id FROM notice n JOIN inbox_note i ON i.notice_id = n.id`, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		taken[id]++
		return err
	})
	v.each(`SELECT o.id, o.body FROM outbox o JOIN cases c ON o.subject = 'case/' || c.id WHERE o.topic = 'notice' AND c.pack = 'torture'`, func(r *sql.Rows) error {
		var id, body string
		if err := r.Scan(&id, &body); err != nil {
			return err
		}
		var n struct {
			ID     string
			People []string
		}
		err := json.Unmarshal([]byte(body), &n)
		if taken[n.ID] != len(n.People) {
			v.t.Errorf("notice %s for %d people lies %d times in an inbox", id, len(n.People), taken[n.ID])
		}
		return err
	})
	if v.marks == 0 || v.messages == 0 {
		v.t.Error("no timer fired, or no message was sent")
	}
}
