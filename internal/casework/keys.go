package casework

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/workflow"
)

var (
	holdKey = db.SQL(`INSERT INTO case_key (case_id, name, jurisdiction, pack, value_hash, holds) VALUES ($1, $2, $3, $4, $5, 1)
		ON CONFLICT (jurisdiction, pack, name, value_hash) WHERE holds = 1 DO NOTHING`)
	// One of those that hold a key of several, or that are only counted: not unique.
	countKey     = db.SQL(`INSERT INTO case_key (case_id, name, jurisdiction, pack, value_hash, holds) VALUES ($1, $2, $3, $4, $5, 2)`)
	holdersOfKey = db.SQL(`SELECT count(*) FROM case_key WHERE jurisdiction = $1 AND pack = $2 AND name = $3 AND value_hash = $4 AND holds = 2 AND case_id <> $5`)
	keyHolder    = db.SQL(`SELECT case_id FROM case_key WHERE jurisdiction = $1 AND pack = $2 AND name = $3 AND value_hash = $4 AND holds = 1`)
	releaseKey   = db.SQL(`UPDATE case_key SET holds = 0 WHERE case_id = $1 AND name = $2`)
	dropKey      = db.SQL(`DELETE FROM case_key WHERE case_id = $1 AND name = $2`)
	pastOfKey    = db.SQL(`SELECT count(*) FROM case_key k JOIN cases c ON c.id = k.case_id
		WHERE k.jurisdiction = $1 AND k.pack = $2 AND k.name = $3 AND k.value_hash = $4 AND k.case_id <> $5`)
	casesOfKey = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE id IN (SELECT case_id FROM case_key
		WHERE jurisdiction = $1 AND pack = $2 AND name = $3 AND value_hash = $4) AND id <> $5 ORDER BY id DESC LIMIT $6`)
	countedCases = db.SQL(`SELECT ` + readCase + ` FROM cases WHERE id IN (SELECT case_id FROM case_key
		WHERE jurisdiction = $1 AND pack = $2 AND name = $3 AND value_hash = $4 AND holds = 2) AND id <> $5 ORDER BY id DESC LIMIT $6`)
)

// errAttach carries the case that already holds a key whose rule is attach.
type errAttach struct{ holder string }

func (errAttach) Error() string { return "casework: attach to the holder of the key" }

// keyHash is the value of a key for this case; "" when one of its values is missing, or when the
// case is kept from somebody.
func (st *state) keyHash(k *workflow.Key) (string, error) {
	if st.LiesIn != "" { // a refusal, or what is attached, would tell that there is such a case
		return "", nil
	}
	values := make([]any, 0, len(k.Of))
	for _, e := range k.Of {
		v, err := e.Eval(st.env())
		if err != nil {
			return "", err
		}
		x := plain(v)
		if x == nil {
			return "", nil
		}
		if s, ok := x.(string); ok {
			x = strings.Join(strings.Fields(strings.ToLower(s)), " ")
		}
		values = append(values, x)
	}
	b, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	h := sha256.Sum256(b)
	return base64.RawStdEncoding.EncodeToString(h[:]), nil
}

// saveKeys takes, keeps or gives back the keys of the life. A taken key refuses the act,
// or hands the new fact to the case that holds it. before is what the case held.
func (st *state) saveKeys(before map[string]string) error {
	for i := range st.life.Keys {
		k := &st.life.Keys[i]
		hash, err := st.keyHash(k)
		if err != nil {
			return err
		}
		held, holds := before[k.Name], hash
		if st.fresh {
			held = ""
		}
		if !st.counts(k) {
			holds = ""
		}
		switch {
		case holds == held:
			continue
		case holds == "" && hash == held:
			err = st.quitKey(releaseKey, k)
		case !st.fresh:
			err = st.quitKey(dropKey, k)
		}
		if err == nil && holds != "" {
			err = st.takeKey(k, holds)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// quitKey releases or drops what the case holds of a key.
func (st *state) quitKey(how db.Stmt, k *workflow.Key) error {
	if k.AtMost != nil {
		if err := st.tx.Queue(st.ctx, how, st.ID, slotOf(k)); err != nil {
			return err
		}
	}
	return st.tx.Queue(st.ctx, how, st.ID, k.Name)
}

// slotOf is the name under which a case holds one of the places of a key that several may hold.
func slotOf(k *workflow.Key) string { return k.Name + "/slot" }

// takeSlot takes one of the places of a key that several cases may hold: each place is unique,
// so that a race has no more winners than places.
func (st *state) takeSlot(k *workflow.Key, hash string) error {
	most, limited, err := st.mostHolders(k)
	if err != nil {
		return err
	}
	if err := st.tx.Queue(st.ctx, countKey, st.ID, k.Name, st.Jurisdiction, st.Pack, hash); err != nil || !limited {
		return err
	}
	held, err := st.holdersOf(k, hash)
	if err != nil {
		return err
	}
	for i := range most {
		if held >= most { // some may be counted without a place
			break
		}
		slot := hash + "/" + strconv.FormatInt((held+i)%most, 10)
		if n, err := st.tx.Exec(st.ctx, holdKey, st.ID, slotOf(k), st.Jurisdiction, st.Pack, slot); err != nil || n == 1 {
			return err
		}
	}
	return st.capReached(k, hash, most)
}

// capReached says which cap is reached, and from which day on it counts anew: tomorrow or next
// month, where the values of the key are others then.
func (st *state) capReached(k *workflow.Key, hash string, most int64) error {
	opened := st.OpenedAt
	defer func() { st.OpenedAt = opened }()
	today := st.now.In(clock.CST)
	for _, at := range []time.Time{
		time.Date(today.Year(), today.Month(), today.Day()+1, 0, 0, 0, 0, clock.CST),
		time.Date(today.Year(), today.Month()+1, 1, 0, 0, 0, 0, clock.CST),
	} {
		st.OpenedAt = at
		if h, err := st.keyHash(k); err == nil && h != hash {
			return fault.New(fault.Conflict, "case.cap_reached", "key", k.Name, "most", most, "again", at.Format(time.DateOnly))
		}
	}
	return fault.New(fault.Conflict, "case.cap_full", "key", k.Name, "most", most)
}

// mostHolders is how many cases may hold a key now; false where nothing says so.
func (st *state) mostHolders(k *workflow.Key) (int64, bool, error) {
	v, err := k.AtMost.Eval(st.env())
	if err != nil {
		return 0, false, err
	}
	n, ok := v.(formula.Num)
	return min(max(n.Int64(), 0), workflow.MostHolders), ok, nil
}

// holdersOf counts the other cases that hold a key of several.
func (st *state) holdersOf(k *workflow.Key, hash string) (int64, error) {
	var n int64
	err := st.tx.Row(st.ctx, holdersOfKey, []any{st.Jurisdiction, st.Pack, k.Name, hash, st.ID}, &n)
	return n, err
}

func (st *state) takeKey(k *workflow.Key, hash string) error {
	switch {
	case k.AtMost != nil:
		return st.takeSlot(k, hash)
	case k.Else == workflow.KeyCount:
		return st.tx.Queue(st.ctx, countKey, st.ID, k.Name, st.Jurisdiction, st.Pack, hash)
	}
	n, err := st.tx.Exec(st.ctx, holdKey, st.ID, k.Name, st.Jurisdiction, st.Pack, hash)
	if err != nil || n == 1 {
		return err
	}
	var holder string
	if err := st.tx.Row(st.ctx, keyHolder, []any{st.Jurisdiction, st.Pack, k.Name, hash}, &holder); err != nil {
		return err
	}
	switch {
	case k.Else == workflow.KeyAttach && st.fresh:
		return errAttach{holder}
	case k.Else == workflow.KeyPropose:
		st.links = append(st.links, Link{ID: st.s.ID(), Kind: Duplicate, From: st.ID, To: holder, Since: st.now})
		return nil
	}
	return fault.New(fault.Conflict, "case.key_taken", "key", k.Name)
}

// counts tells whether this case counts for a key now.
func (st *state) counts(k *workflow.Key) bool {
	if slices.Contains(k.Except, st.Outcome) || slices.Contains(k.Except, st.Step) {
		return false
	}
	return slices.ContainsFunc(k.Among, func(a workflow.Among) bool {
		switch a.Kind {
		case workflow.AmongOpen:
			return st.Open()
		case workflow.AmongEver:
			return true
		}
		return st.Outcome == a.Outcome
	})
}

// hashes are the values of the keys that the case holds before the act.
func (st *state) hashes() (map[string]string, error) {
	out := map[string]string{}
	for i := range st.life.Keys {
		if !st.counts(&st.life.Keys[i]) {
			continue
		}
		h, err := st.keyHash(&st.life.Keys[i])
		if err != nil {
			return nil, err
		}
		out[st.life.Keys[i].Name] = h
	}
	return out, nil
}

// past is what other cases under the same key come to.
func (st *state) past(name string) (formula.Value, error) {
	k := st.life.Key(name)
	if k == nil {
		return nil, fault.New(fault.Internal, "case.unknown_key", "key", name)
	}
	hash, err := st.keyHash(k)
	if err != nil || hash == "" {
		return formula.Map{"count": 0, "cases": formula.List{}}, err
	}
	of := earlier{st: st, key: k, hash: hash}
	if k.AtMost != nil || k.Else == workflow.KeyCount {
		of.count, err = st.holdersOf(k, hash)
	} else {
		err = st.tx.Row(st.ctx, pastOfKey, []any{st.Jurisdiction, st.Pack, name, hash, st.ID}, &of.count)
	}
	return of, err
}

// earlier are the other cases under a key: how many, and, where a formula asks for them, what
// they say.
type earlier struct {
	st    *state
	key   *workflow.Key
	hash  string
	count int64
}

// mostOfKey is how many of the latest cases under a key formulas look at.
const mostOfKey = 500

// Member is count, or cases: a list, the latest first.
func (e earlier) Member(name string) formula.Value {
	switch name {
	case "count":
		return formula.Int(e.count)
	case "cases":
		st := e.st
		stmt := casesOfKey
		if e.key.AtMost != nil || e.key.Else == workflow.KeyCount {
			stmt = countedCases
		}
		all, err := db.Collect(st.ctx, st.tx, stmt, []any{st.Jurisdiction, st.Pack, e.key.Name, e.hash, st.ID, mostOfKey}, scanCase)
		if err != nil {
			return nil
		}
		out := make(formula.List, len(all))
		for i, c := range all {
			out[i] = itemValue{c}
		}
		return out
	}
	return nil
}
