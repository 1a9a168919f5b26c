package casework

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/form"
	"gezhi/internal/number"
	"gezhi/internal/privacy"
	"gezhi/internal/web"
)

// Personal values, and texts that held somebody's numbers, are kept beside the case, sealed
// under the key of whose they are. The move names them and no more.

// original is a value as it was given before numbers were lifted out of it.
type original struct {
	name  string // of the field, or note, reason, why
	value any
	phone string // the first telephone number in it, by which it is found again
}

// sealing is a value that is about to be kept.
type sealing struct{ id, name, body, lookup string }

// mayLift tells whether a field holds what people write freely.
func mayLift(f *form.Field) bool {
	return f == nil || f.Personal == nil && slices.Contains([]string{"text", "long_text", "list"}, f.Type)
}

// lift takes the numbers of people out of a value: its texts keep a placeholder, and the whole
// value is sealed beside the case.
func (st *state) lift(name string, v any) any {
	from := original{name: name, value: v}
	out, lifted := st.lifted(v, &from)
	if !lifted {
		return v
	}
	st.originals = append(st.originals, from)
	return out
}

func (st *state) liftText(name, text string) string {
	s, _ := st.lift(name, text).(string)
	return s
}

func (st *state) lifted(v any, from *original) (any, bool) {
	found := false
	switch v := v.(type) {
	case string:
		text := number.Replace(v, func(n number.Found) string {
			found = true
			st.hears(n, from)
			return Placeholder(n)
		})
		text, named := st.liftNames(text)
		return text, found || named
	case []any:
		out := slices.Clone(v)
		for i := range out {
			x, yes := st.lifted(out[i], from)
			out[i], found = x, found || yes
		}
		return out, found
	case map[string]any:
		out := maps.Clone(v)
		for k := range out {
			x, yes := st.lifted(out[k], from)
			out[k], found = x, found || yes
		}
		return out, found
	}
	return v, false
}

// hears remembers what a number says besides: by which phone a case is found, and whether a
// minor is spoken of.
func (st *state) hears(n number.Found, from *original) {
	switch {
	case n.Kind == number.KindPhone && from.phone == "":
		from.phone = n.Normal
	case n.Kind == number.KindID:
		st.mindAge(n.Normal)
	}
}

// Placeholder is what stands in a text for a number that was lifted out of it:
// [phone ••5678]. Faces have words for the kind.
func Placeholder(n number.Found) string {
	end := n.Normal
	if len(end) > shown {
		end = end[len(end)-shown:]
	}
	return "[" + string(n.Kind) + " ••" + end + "]"
}

// placeholders finds what Placeholder wrote.
var placeholders = regexp.MustCompile(`\[(phone|id_number|credit_code|bank_card|name) (••[^\]\s]{1,4}\])`)

// liftedWords puts the reader's words for the kinds of numbers into a text that some were
// lifted out of.
func liftedWords(lang, text string) string {
	if !strings.Contains(text, "••") {
		return text
	}
	return placeholders.ReplaceAllStringFunc(text, func(found string) string {
		m := placeholders.FindStringSubmatch(found)
		return "[" + web.Say(lang, "lifted."+m[1], nil) + " " + m[2]
	})
}

// liftedIn does so where a value is a text.
func liftedIn(lang string, v any) any {
	if s, ok := v.(string); ok {
		return liftedWords(lang, s)
	}
	return v
}

// shown is how much of a number's end a placeholder keeps, so that people can tell two apart.
const shown = 4

// liftAct takes the numbers of people out of what somebody said with an act.
func (st *state) liftAct(a Act) Act {
	a.Note = st.liftText("note", a.Note)
	a.Reason = st.liftText("reason", a.Reason)
	if len(a.Why) > 0 {
		why := make(map[string]any, len(a.Why))
		for k, v := range a.Why {
			why[k] = v
		}
		if x, ok := st.lift("why", why).(map[string]any); ok {
			a.Why = map[string]string{}
			for k, v := range x {
				a.Why[k], _ = v.(string)
			}
		}
	}
	return a
}

// whose is the subject of what the case keeps: its reporter, or, of somebody without an
// account, the case itself.
func (c *Case) whose() string {
	if c.ReporterID == "" {
		return "case/" + c.RootID
	}
	return "person/" + c.ReporterID
}

// compartment is where the values of a case and all its parts belong.
func (c *Case) compartment() string { return "case/" + c.RootID }

// sealedAt binds a sealed value to its row.
func sealedAt(caseID, name, id string) string { return caseID + "/" + name + "/" + id }

// seal seals what the act gave of somebody.
func (st *state) seal() error {
	if len(st.personal)+len(st.originals) == 0 {
		return nil
	}
	var err error
	if st.fresh && st.RootID == st.ID {
		st.key, err = st.s.Vault.Make(st.ctx, st.tx, st.Jurisdiction, st.whose(), st.compartment())
	} else {
		st.key, err = st.s.Vault.Key(st.ctx, st.tx, st.Jurisdiction, st.whose(), st.compartment())
	}
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(st.personal)) {
		phone := ""
		if f := st.class.Field(name); f != nil && f.Type == "phone" {
			phone, _ = st.personal[name].(string)
		}
		if err := st.sealOne(name, st.personal[name], phone); err != nil {
			return err
		}
	}
	for _, o := range st.originals {
		st.move.Data.Names = append(st.move.Data.Names, o.name)
		if err := st.sealOne(o.name, o.value, o.phone); err != nil {
			return err
		}
	}
	return nil
}

func (st *state) sealOne(name string, v any, phone string) error {
	x := sealing{id: st.s.ID(), name: name}
	var err error
	if x.body, err = st.key.SealJSON(v, sealedAt(st.ID, name, x.id)); err != nil {
		return err
	}
	if phone != "" {
		if x.lookup, err = st.s.Vault.Lookup(st.ctx, st.tx, st.Jurisdiction, lookupPhone, phone); err != nil {
			return err
		}
	}
	st.sealings = append(st.sealings, x)
	return nil
}

// sealTask seals the signal of a task under the key of its case.
func (st *state) sealTask(t *task) (err error) {
	if t.Signal == nil {
		return nil
	}
	if st.key == nil {
		if st.key, err = st.s.Vault.Key(st.ctx, st.tx, st.Jurisdiction, st.whose(), st.compartment()); err != nil {
			return err
		}
	}
	t.Key = st.key.ID
	t.Sealed, err = st.key.SealJSON(t.Signal, "task/"+t.Case)
	return err
}

// openTask reads what sealTask sealed; false when it was erased meanwhile.
func (s *Service) openTask(ctx context.Context, t *task) (there bool, err error) {
	if t.Sealed == "" {
		t.Signal = t.Plain
		return true, nil
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		k, err := s.Vault.ByID(ctx, tx, t.Key)
		if there = k != nil; k == nil || err != nil {
			return err
		}
		text, err := k.Unseal(t.Sealed, "task/"+t.Case)
		if err != nil {
			return err
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		return dec.Decode(&t.Signal)
	})
	return there, err
}

// lookupPhone is the kind of value by which earlier cases of a caller are found.
const lookupPhone = "phone"

func (st *state) saveSealed() error {
	for _, x := range st.sealings {
		if err := st.write(insertPayload, audit.Payloads, []any{st.ID, x.name, x.id, st.Jurisdiction, st.whose(), st.compartment(), st.key.ID, st.move.ID, x.body, x.lookup}); err != nil {
			return err
		}
	}
	if st.minor {
		return st.tx.Queue(st.ctx, insertUntrainable, st.ID, st.Jurisdiction, whyMinor, st.now)
	}
	return nil
}

// payload is a personal value as it is kept.
type payload struct {
	caseID, name, id, moveID, subject, body string
	key                                     privacy.Wrapped
}

func scanPayload(r db.Rows) (x payload, err error) {
	dest := append([]any{&x.caseID, &x.name, &x.id, &x.moveID, &x.subject, &x.body}, x.key.Into()...)
	return x, r.Scan(dest...)
}

// open reads a sealed value; false for one that was erased.
func (x payload) open(v *privacy.Vault) (any, bool, error) {
	if x.body == "" {
		return nil, false, nil
	}
	k, err := v.Unwrap(x.key)
	if k == nil || err != nil {
		return nil, false, err
	}
	text, err := k.Unseal(x.body, sealedAt(x.caseID, x.name, x.id))
	if err != nil {
		return nil, false, err
	}
	var out any
	return out, true, json.Unmarshal(text, &out)
}

var (
	insertPayload = db.SQL(`INSERT INTO payload (case_id, name, id, jurisdiction, subject, compartment, key_id, move_id, body, lookup) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	payloadsOf    = db.SQL(`SELECT p.case_id, p.name, p.id, p.move_id, p.subject, p.body, ` + privacy.Columns + ` FROM payload p LEFT JOIN data_key k ON k.id = p.key_id
		WHERE p.case_id = $1 ORDER BY p.name, p.id`)
	insertUntrainable = db.SQL(`INSERT INTO untrainable (case_id, jurisdiction, why, at) VALUES ($1, $2, $3, $4) ON CONFLICT (case_id) DO NOTHING`)
	untrainableCase   = db.SQL(`SELECT why FROM untrainable WHERE case_id = $1`)
)

// whyMinor says that a case speaks of somebody under eighteen.
const whyMinor = "minor"

// ofAge is from how many years on somebody is no minor (Civil Code, 民法典, article 17).
const ofAge = 18

// mindAge notices that an identity number is that of a minor.
func (st *state) mindAge(idNumber string) {
	if x, ok := number.ReadID(idNumber); ok && st.now.Before(x.Born.AddDate(ofAge, 0, 0)) {
		st.minor = true
	}
}

// mindMinor notices that a value says that a minor is concerned: an identity number, or a
// field that the pack declares for it.
func (st *state) mindMinor(f *form.Field, v any) {
	if f == nil || !f.Minor && f.Type != "id_number" {
		return
	}
	switch v := v.(type) {
	case bool:
		st.minor = st.minor || v
	case json.Number:
		age, err := v.Float64()
		st.minor = st.minor || err == nil && age < ofAge
	case string:
		st.mindAge(v)
		born, err := time.Parse(time.DateOnly, v)
		st.minor = st.minor || err == nil && st.now.Before(born.AddDate(ofAge, 0, 0))
	}
}

// Trainable tells whether a classifier may learn from a case: neither its class or life says
// never, nor does it speak of a minor.
func (s *Service) Trainable(ctx context.Context, tx *db.Tx, c *Case) (bool, error) {
	class, err := s.Book.Of(ctx, tx, c)
	if err != nil {
		return false, err
	}
	if class.NeverTrains() {
		return false, nil
	}
	why := ""
	err = tx.Row(ctx, untrainableCase, []any{c.ID}, &why)
	if err == db.ErrNoRows {
		return true, nil
	}
	return false, err
}
