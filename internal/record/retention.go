package record

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/jobs"
	"gezhi/internal/privacy"
	"gezhi/internal/workflow"
)

// What a record says of people is kept for the time that its fields declare, counted from the
// end of the record's last day. While a record stands nothing of it is erased.

// TimerRetention lets the retention of a jurisdiction's records come round every day.
const TimerRetention = "records.retention"

// Retired is what the retention of one record came to.
type Retired struct {
	Record *Record
	Names  []string // of the fields erased, or in a dry run to be erased
	Rules  []string // of each
	Until  []time.Time
}

// Retention is one round over the records of a jurisdiction.
type Retention struct{ Looked, Erased int }

var (
	endedRecords = db.SQL(`SELECT ` + recordColumns + ` FROM record r WHERE r.jurisdiction = $1 AND r.ended <> '' AND r.id > $2
		AND EXISTS (SELECT 1 FROM revision v WHERE v.record_id = r.id AND v.personal <> '{}') ORDER BY r.id LIMIT $3`)
	erasePersonal = db.SQL(`UPDATE revision SET personal = $3, key_id = $4 WHERE record_id = $1 AND id = $2`)
	putErasure    = db.SQL(`INSERT INTO erasure (id, jurisdiction, subject, names, payloads, keys, rule, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	insertRun     = db.SQL(`INSERT INTO retention_run (id, jurisdiction, kind, looked, erased, past, began_at, ended_at) VALUES ($1, $2, 'record', $3, $4, 0, $5, $6)`)
	eraseSubjects = db.SQL(`DELETE FROM record_subject WHERE record_id = $1 AND subject LIKE 'person/%'`)
)

// Daily makes the retention of a jurisdiction come round from now on.
func (s *Service) Daily(ctx context.Context, jurisdiction string) error {
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return jobs.Hasten(ctx, tx, jobs.Timer{Kind: TimerRetention, Ref: jurisdiction, Jurisdiction: jurisdiction, DueAt: s.Now()})
	})
}

// Round is the retention as its timer fires it.
func (s *Service) Round(ctx context.Context, t jobs.Timer) error {
	if _, err := s.Retain(ctx, t.Ref, false, func(Retired) error { return nil }); err != nil {
		return err
	}
	return s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return jobs.Set(ctx, tx, jobs.Timer{Kind: t.Kind, Ref: t.Ref, Jurisdiction: t.Jurisdiction, DueAt: s.Now().Add(24 * time.Hour)})
	})
}

// Retain goes over the records of a jurisdiction that have ended, and erases what they say of
// people past its time; tell hears of every record where something is, or in a dry run would
// be, erased. A round that is not dry and had something to look at is kept in the report.
func (s *Service) Retain(ctx context.Context, jurisdiction string, dry bool, tell func(Retired) error) (out Retention, err error) {
	began := s.Now()
	if out, err = s.retainAll(ctx, jurisdiction, dry, tell); err != nil || dry || out.Looked == 0 {
		return out, err
	}
	return out, s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, insertRun, s.NewID(), jurisdiction, out.Looked, out.Erased, began, s.Now())
	})
}

func (s *Service) retainAll(ctx context.Context, jurisdiction string, dry bool, tell func(Retired) error) (out Retention, err error) {
	kinds, err := s.Kinds(ctx, jurisdiction)
	if err != nil {
		return out, err
	}
	for after := ""; ; {
		var page []*Record
		err := s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			page, err = db.Collect(ctx, tx, endedRecords, []any{jurisdiction, after, sealPage}, scanRecord)
			return err
		})
		if err != nil {
			return out, err
		}
		for _, r := range page {
			out.Looked++
			i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Pack.Name == r.Pack && k.Name == r.Kind })
			if i < 0 {
				continue // nothing in force says how long
			}
			x, err := s.retainOne(ctx, kinds[i], r.ID, dry)
			if err != nil {
				return out, err
			}
			if out.Erased += len(x.Names); len(x.Names) > 0 {
				if err := tell(x); err != nil {
					return out, err
				}
			}
		}
		if len(page) < sealPage {
			return out, nil
		}
		after = page[len(page)-1].ID
	}
}

func (s *Service) retainOne(ctx context.Context, k Kind, id string, dry bool) (out Retired, err error) {
	run := func(ctx context.Context, tx *db.Tx) error {
		out = Retired{}
		found, err := db.Collect(ctx, tx, recordByID, []any{id}, scanRecord)
		if err != nil || len(found) == 0 || found[0].Ended == "" {
			return err
		}
		out.Record = found[0]
		all, err := Revisions(ctx, tx, id)
		if err != nil {
			return err
		}
		past := s.past(k, out.Record, all)
		for _, name := range past {
			rule, until := s.keeps(k, out.Record, name)
			out.Names, out.Rules, out.Until = append(out.Names, name), append(out.Rules, rule), append(out.Until, until)
		}
		if dry || len(past) == 0 {
			return nil
		}
		return s.erase(ctx, tx, &out, all)
	}
	if dry {
		return out, s.DB.Read(ctx, run)
	}
	return out, s.DB.Write(ctx, db.Keys{subjectOf(id)}, run)
}

// keepPersonal is how a retention speaks of all personal fields.
const keepPersonal = "personal"

// keepRule is the retention of a personal field: the county's word on it, or on all such fields,
// before the field's own and the pack's.
func (k Kind) keepRule(name string) string {
	word := func(list []workflow.Keep, what string) string {
		for _, x := range list {
			if x.What == what {
				return x.Text
			}
		}
		return ""
	}
	own := ""
	if f := k.field(name); f != nil && f.Personal != nil {
		own = f.Personal.Keep
	}
	return cmp.Or(word(k.Keep, name), word(k.Keep, keepPersonal), own, word(k.Pack.Keep, keepPersonal))
}

// keeps is the retention of a personal field of a record, and when it ends; the zero time where
// it does not.
func (s *Service) keeps(k Kind, r *Record, name string) (rule string, until time.Time) {
	rule = k.keepRule(name)
	last, err := time.ParseInLocation(time.DateOnly, r.Ended, clock.CST)
	if err != nil {
		return rule, time.Time{}
	}
	until, _ = privacy.KeptUntil(rule, last.AddDate(0, 0, 1))
	return rule, until
}

// past are the fields whose time is over, and that some revision still holds.
func (s *Service) past(k Kind, r *Record, all []Revision) (names []string) {
	for _, v := range all {
		for name := range v.Personal {
			if _, until := s.keeps(k, r, name); !until.IsZero() && !until.After(s.Now()) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// erase takes fields out of all revisions of a record, destroys the key when it seals nothing
// any more, and leaves a tombstone with a leaf for each rule.
func (s *Service) erase(ctx context.Context, tx *db.Tx, x *Retired, all []Revision) error {
	var rows []string
	var keys []string
	left, names := false, false // something sealed, the name of a person's row
	for _, v := range all {
		before := len(v.Personal)
		for _, name := range x.Names {
			delete(v.Personal, name)
		}
		sealed := false
		for _, value := range v.Personal {
			_, is := value.(Sealed)
			sealed, names = sealed || is, names || !is
		}
		left = left || sealed
		if len(v.Personal) == before {
			continue
		}
		rows = append(rows, v.ID)
		if !sealed && v.KeyID != nothingSealed && !slices.Contains(keys, v.KeyID) {
			keys = append(keys, v.KeyID)
		}
		key := v.KeyID
		if !sealed {
			key = nothingSealed
		}
		if err := tx.Queue(ctx, erasePersonal, x.Record.ID, v.ID, encode(v.Personal), key); err != nil {
			return err
		}
	}
	if left {
		keys = nil
	}
	if err := s.Vault.Erase(ctx, tx, keys...); err != nil {
		return err
	}
	if !names {
		if err := tx.Queue(ctx, eraseSubjects, x.Record.ID); err != nil {
			return err
		}
	}
	return s.tombstones(ctx, tx, x, rows, keys)
}

func (s *Service) tombstones(ctx context.Context, tx *db.Tx, x *Retired, rows, keys []string) error {
	byRule := map[string][]string{}
	for i, name := range x.Names {
		byRule[x.Rules[i]] = append(byRule[x.Rules[i]], name)
	}
	leaf := audit.Leaf{ID: s.NewID(), Jurisdiction: x.Record.Jurisdiction, Subject: subjectOf(x.Record.ID), At: s.Now()}
	for _, rule := range slices.Sorted(maps.Keys(byRule)) {
		id := s.NewID()
		var text [3]string
		for i, list := range [][]string{byRule[rule], rows, append([]string{}, keys...)} {
			b, err := json.Marshal(list)
			if err != nil {
				return err
			}
			text[i] = string(b)
		}
		if err := tx.Queue(ctx, putErasure, id, x.Record.Jurisdiction, subjectOf(x.Record.ID), text[0], text[1], text[2], rule, s.Now()); err != nil {
			return err
		}
		leaf.Rows = append(leaf.Rows, audit.Ref{Table: audit.Erasures, Key: []any{id}})
	}
	return audit.Erased(ctx, tx, leaf)
}
