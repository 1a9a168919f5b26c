package casework

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/jobs"
	"gezhi/internal/privacy"
	"gezhi/internal/workflow"
)

// What is kept of somebody has an end: as the field says, or the life, the pack or the county's
// overlay. When the last of what a key seals is erased, the key is destroyed.

// What a retention may speak of besides the name of a field.
const (
	keepCase     = "case"
	keepPersonal = "personal"
	keepAnswers  = "answers"
)

// byRequest is the rule under which a subject's own wish erases.
const byRequest = "request"

// keptUntil is when a retention ends for a case closed at a moment.
func keptUntil(rule string, closed time.Time) time.Time {
	if until, ends := privacy.KeptUntil(rule, closed); ends {
		return until
	}
	return Never
}

func ruleIn(list []workflow.Keep, what string) string {
	for _, k := range list {
		if k.What == what {
			return k.Text
		}
	}
	return ""
}

// KeepRule is the retention of a personal value of a class, "" for none of its own: the
// county's word before the pack's; of the field's and the life's the one that ends first.
func (c *Class) KeepRule(name string, closed time.Time, task bool) string {
	if o := c.In.Overlay; o != nil {
		for _, what := range []string{name, keepPersonal} {
			if rule := ruleIn(o.Keep, what); rule != "" {
				return rule
			}
		}
	}
	var rules []string
	if f := c.Field(name); f != nil && f.Personal != nil {
		rules = append(rules, f.Personal.Keep)
	}
	general := ruleIn(c.Life.Ending.Keep, keepPersonal)
	if general == "" {
		general = ruleIn(c.In.Pack.Keep, keepPersonal)
	}
	rules = append(rules, general)
	if task {
		rules = append(rules, ruleIn(c.Life.Ending.Keep, keepAnswers))
	}
	rules = slices.DeleteFunc(rules, func(r string) bool { return r == "" })
	if len(rules) == 0 {
		return c.caseRule()
	}
	return slices.MinFunc(rules, func(a, b string) int { return keptUntil(a, closed).Compare(keptUntil(b, closed)) })
}

// caseRule is how long a case itself is kept.
func (c *Class) caseRule() string {
	var lists [][]workflow.Keep
	if o := c.In.Overlay; o != nil {
		lists = append(lists, o.Keep)
	}
	for _, list := range append(lists, c.Life.Ending.Keep, c.In.Pack.Keep) {
		if rule := ruleIn(list, keepCase); rule != "" {
			return rule
		}
	}
	return ""
}

// Due is a personal value whose time of keeping is known.
type Due struct {
	Name, Rule string
	Until      time.Time

	row payload
}

var (
	erasePayload  = db.SQL(`UPDATE payload SET body = '', lookup = '' WHERE case_id = $1 AND name = $2 AND id = $3`)
	stillSealed   = db.SQL(`SELECT count(*) FROM (SELECT id FROM payload WHERE key_id = $1 AND body <> '' LIMIT 1) p`)
	insertErasure = db.SQL(`INSERT INTO erasure (id, jurisdiction, subject, names, payloads, keys, rule, cause, person_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
)

// dueValues are the values of a closed case with the ends of their times.
func (st *state) dueValues(rows []payload) []Due {
	var out []Due
	for _, x := range rows {
		if x.body == "" {
			continue
		}
		rule := st.class.KeepRule(x.name, st.ClosedAt, st.Kind == KindTask)
		out = append(out, Due{x.name, rule, keptUntil(rule, st.ClosedAt), x})
	}
	return out
}

// keptMoment is when something of a case that has just been closed is to be erased; the zero
// time when nothing is.
func (st *state) keptMoment() (time.Time, error) {
	rows, err := db.Collect(st.ctx, st.tx, payloadsOf, []any{st.ID}, scanPayload)
	if err != nil {
		return zero, err
	}
	return soonest(st.dueValues(rows)), nil
}

// soonest is the first end of a time; the zero time when none ends.
func soonest(kept []Due) time.Time {
	first := zero
	for _, k := range kept {
		if k.Until.Before(Never) && (first.IsZero() || k.Until.Before(first)) {
			first = k.Until
		}
	}
	return first
}

// retire erases what a closed case has kept long enough, and sets the timer for the rest.
func (st *state) retire() ([]Due, error) {
	rows, err := db.Collect(st.ctx, st.tx, payloadsOf, []any{st.ID}, scanPayload)
	if err != nil {
		return nil, err
	}
	all := st.dueValues(rows)
	due := slices.DeleteFunc(slices.Clone(all), func(k Due) bool { return k.Until.After(st.now) })
	rest := slices.DeleteFunc(all, func(k Due) bool { return !k.Until.After(st.now) })
	for len(due) > 0 { // one tombstone for each rule
		rule := due[0].Rule
		var mine []payload
		for _, k := range due {
			if k.Rule == rule {
				mine = append(mine, k.row)
			}
		}
		if err := st.erase(mine, rule, "", ""); err != nil {
			return nil, err
		}
		due = slices.DeleteFunc(due, func(k Due) bool { return k.Rule == rule })
	}
	done := slices.DeleteFunc(st.dueValues(rows), func(k Due) bool { return k.Until.After(st.now) })
	return done, jobs.Set(st.ctx, st.tx, jobs.Timer{Kind: TimerCase, Ref: st.ID, Jurisdiction: st.Jurisdiction, DueAt: soonest(rest)})
}

// erase takes sealed values away, ends the files that go with them, destroys the keys that seal
// nothing any more, and leaves a tombstone with a leaf: what was erased, under which rule, for whom.
func (st *state) erase(rows []payload, rule, cause, person string) error {
	var names, ids, keys []string
	for _, x := range rows {
		if !slices.Contains(names, x.name) {
			names = append(names, x.name)
		}
	}
	files, err := st.personalFiles(names, rule == byRequest)
	if err != nil || len(rows)+len(files) == 0 {
		return err
	}
	for _, x := range rows {
		if err := st.tx.Queue(st.ctx, erasePayload, x.caseID, x.name, x.id); err != nil {
			return err
		}
		ids = append(ids, x.id)
	}
	for _, f := range files {
		names = append(names, "file/"+f.ID)
	}
	if err := st.s.end(st.ctx, st.tx, audit.ActErased, person, files); err != nil {
		return err
	}
	for _, x := range rows {
		var n int64
		if slices.Contains(keys, x.key.ID) {
			continue
		}
		if err := st.tx.Row(st.ctx, stillSealed, []any{x.key.ID}, &n); err != nil {
			return err
		}
		if n == 0 {
			keys = append(keys, x.key.ID)
		}
	}
	if err := st.s.Vault.Erase(st.ctx, st.tx, keys...); err != nil {
		return err
	}
	if st.s.Erased != nil {
		if err := st.s.Erased(st.ctx, st.tx, st.Case); err != nil {
			return err
		}
	}
	return st.tombstone(names, ids, keys, rule, cause, person)
}

func (st *state) tombstone(names, ids, keys []string, rule, cause, person string) error {
	var text [3]string
	for i, list := range [][]string{names, ids, keys} {
		b, err := json.Marshal(list)
		if err != nil {
			return err
		}
		text[i] = string(b)
	}
	row := st.s.ID()
	if err := st.tx.Queue(st.ctx, insertErasure, row, st.Jurisdiction, "case/"+st.ID, text[0], text[1], text[2], rule, cause, person, st.now); err != nil {
		return err
	}
	return audit.Erased(st.ctx, st.tx, audit.Leaf{ID: st.s.ID(), Jurisdiction: st.Jurisdiction, Subject: "case/" + st.ID, Person: person, At: st.now,
		Rows: []audit.Ref{{Table: audit.Erasures, Key: []any{row}}}})
}

// Retired is what the retention of one case came to.
type Retired struct {
	Case   *Case
	Values []Due // erased, or in a dry run to be erased
	Past   bool  // the case itself is kept longer than its rule says
}

// Retention is one round over the closed cases of a jurisdiction.
type Retention struct {
	Looked, Erased, Past int
}

var (
	closedWithSealed = db.SQL(`SELECT DISTINCT p.case_id FROM payload p JOIN cases c ON c.id = p.case_id
		WHERE p.case_id > $1 AND p.body <> '' AND c.jurisdiction = $2 AND c.phase = 'closed' ORDER BY p.case_id LIMIT $3`)
	insertRun = db.SQL(`INSERT INTO retention_run (id, jurisdiction, looked, erased, past, began_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
)

// retentionPage is how many cases a round reads at a time.
const retentionPage = 200

// Retain goes over all closed cases of a jurisdiction that keep something of somebody, and
// erases what is past its time; tell hears of every case where something is, or in a dry run
// would be, erased.
func (s *Service) Retain(ctx context.Context, jurisdiction string, dry bool, tell func(Retired) error) (r Retention, err error) {
	began := s.Now()
	for after := ""; ; {
		var ids []string
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			ids, err = db.Collect(ctx, tx, closedWithSealed, []any{after, jurisdiction, retentionPage}, func(r db.Rows) (id string, err error) { return id, r.Scan(&id) })
			return err
		})
		if err != nil {
			return r, err
		}
		for _, id := range ids {
			one, err := s.retainOne(ctx, id, dry)
			if err != nil {
				return r, err
			}
			r.Looked++
			r.Erased += len(one.Values)
			if one.Past {
				r.Past++
			}
			if len(one.Values) > 0 || one.Past {
				if err := tell(one); err != nil {
					return r, err
				}
			}
		}
		if len(ids) < retentionPage {
			break
		}
		after = ids[len(ids)-1]
	}
	if dry {
		return r, nil
	}
	return r, s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, insertRun, s.ID(), jurisdiction, r.Looked, r.Erased, r.Past, began, s.Now())
	})
}

func (s *Service) retainOne(ctx context.Context, id string, dry bool) (out Retired, err error) {
	look := func(st *state, values []Due) {
		out = Retired{Case: st.Case, Values: values, Past: !keptUntil(st.class.caseRule(), st.ClosedAt).After(st.now)}
	}
	if dry {
		return out, s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			st, err := s.load(ctx, tx, id, s.Now())
			if err != nil {
				return err
			}
			rows, err := db.Collect(ctx, tx, payloadsOf, []any{id}, scanPayload)
			look(st, slices.DeleteFunc(st.dueValues(rows), func(k Due) bool { return k.Until.After(st.now) }))
			return err
		})
	}
	return out, s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil || st.Open() {
			return err
		}
		done, err := st.retire()
		look(st, done)
		return err
	})
}

// EraseOf erases what a case keeps of its subject, at the subject's own wish: cause is the
// request, person who granted it.
func (s *Service) EraseOf(ctx context.Context, id, cause, person string) error {
	return s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		rows, err := db.Collect(ctx, tx, payloadsOf, []any{id}, scanPayload)
		if err != nil {
			return err
		}
		return st.erase(slices.DeleteFunc(rows, func(x payload) bool { return x.body == "" }), byRequest, cause, person)
	})
}
