package casework

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/pack"
	"gezhi/internal/workflow"
)

// Signal is something heard from outside: a sensing rule, a connector's reply, another
// pack. It is received once by its source and id.
type Signal struct {
	Jurisdiction string
	Source, ID   string
	Name         string
	Pack         string // whose lives hear it
	Values       map[string]any
	At           time.Time
	Case         string // the case it answers, when its source knows; else a key finds it
	AreaID       string // where, for a case that it opens
	LonE7, LatE7 int64
	HasPoint     bool
}

// Received is what became of a signal.
type Received struct {
	CaseID string
	Result string // one of the results of signals
	Opened bool   // by this very call
}

// What becomes of a signal. None is dropped silently.
const (
	SignalOpened   = "opened"
	SignalAttached = "attached"
	SignalHeard    = "heard"   // an open case waited for it
	SignalUnheard  = "unheard" // no case concerns it
	SignalRefused  = "refused" // what it would open was refused
)

var (
	insertSignal = db.SQL(`INSERT INTO signal_inbox (jurisdiction, source, id, name, data, received_at, result) VALUES ($1, $2, $3, $4, $5, $6, '') ON CONFLICT DO NOTHING`)
	signalByID   = db.SQL(`SELECT case_id, result FROM signal_inbox WHERE jurisdiction = $1 AND source = $2 AND id = $3`)
	settleSignal = db.SQL(`UPDATE signal_inbox SET case_id = $4, result = $5 WHERE jurisdiction = $1 AND source = $2 AND id = $3`)
)

// Receive takes in a signal: it opens a case of the life that begins by it, or goes to the
// open case that holds its key, where actions may wait for it. The same signal sent again
// answers what became of it the first time.
func (s *Service) Receive(ctx context.Context, g Signal) (*Received, error) {
	if g.Source == "" || g.ID == "" || g.Name == "" {
		return nil, fault.New(fault.Invalid, "case.bad_signal")
	}
	if err := s.World.Renew(ctx); err != nil {
		return nil, err
	}
	old, err := s.inbox(ctx, g)
	if err != nil || old.Result != "" {
		return old, err
	}
	packs, err := s.Book.Packs(ctx, g.Jurisdiction)
	if err != nil {
		return nil, err
	}
	out := &Received{Result: SignalUnheard}
	if e := packs[g.Pack]; e != nil {
		if out, err = s.hear(ctx, e, g); err != nil {
			return nil, err
		}
	}
	return out, s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, settleSignal, g.Jurisdiction, g.Source, g.ID, out.CaseID, out.Result)
	})
}

// inbox writes the signal down; an empty result means that nothing became of it yet.
func (s *Service) inbox(ctx context.Context, g Signal) (*Received, error) {
	data, err := json.Marshal(slices.Sorted(maps.Keys(g.Values))) // what it told, never the values: a case keeps those it needs
	if err != nil {
		return nil, err
	}
	out := &Received{}
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		*out = Received{}
		n, err := tx.Exec(ctx, insertSignal, g.Jurisdiction, g.Source, g.ID, g.Name, string(data), s.Now())
		if err != nil || n == 1 {
			return err
		}
		return tx.Row(ctx, signalByID, []any{g.Jurisdiction, g.Source, g.ID}, &out.CaseID, &out.Result)
	})
	return out, err
}

// Once writes down that something was heard from outside; false: it was heard before.
func (s *Service) Once(ctx context.Context, jurisdiction, source, id, name string) (first bool, err error) {
	err = s.DB.Write(ctx, nil, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, insertSignal, jurisdiction, source, id, name, "[]", s.Now())
		first = n == 1
		return err
	})
	return first, err
}

func (g *Signal) key() string   { return "signal/" + g.Source + "/" + g.ID }
func (g *Signal) cause() string { return "signal " + g.Name }

// value is the signal as formulas read it.
func (g *Signal) value() formula.Map {
	m := formula.Map{"name": g.Name, "id": g.ID, "at": g.At.UTC().Format(time.RFC3339)}
	for k, v := range g.Values {
		m[k] = v
	}
	return m
}

// hear finds whom a signal concerns.
func (s *Service) hear(ctx context.Context, e *pack.Effective, g Signal) (*Received, error) {
	if g.Case != "" {
		return &Received{CaseID: g.Case, Result: SignalHeard}, s.pass(ctx, g.Case, g)
	}
	for i := range e.Pack.Classes {
		class := e.Class(e.Pack.Classes[i].Code)
		if class.Life == nil || !slices.ContainsFunc(class.Life.Opens, func(o workflow.Opening) bool {
			return o.By == workflow.OpenBySignal && o.Name == g.Name
		}) {
			continue
		}
		return s.openBy(ctx, e.Pack.Name+"/"+class.Code, g)
	}
	for i := range e.Pack.Classes {
		code := e.Pack.Classes[i].Code
		if life := e.Class(code).Life; life == nil || len(life.ActionsUpon(workflow.Trigger{Kind: workflow.OnSignal, Name: g.Name})) == 0 {
			continue
		}
		holder, err := s.holderFor(ctx, e.Pack.Name+"/"+code, g)
		if err != nil {
			return nil, err
		}
		if holder != "" {
			return &Received{CaseID: holder, Result: SignalHeard}, s.pass(ctx, holder, g)
		}
	}
	return &Received{Result: SignalUnheard}, nil
}

// openBy opens a case, or attaches the signal to the one that holds its key.
func (s *Service) openBy(ctx context.Context, class string, g Signal) (*Received, error) {
	o := Opening{Class: class, Channel: "signal", AreaID: g.AreaID, LonE7: g.LonE7, LatE7: g.LatE7, HasPoint: g.HasPoint, Key: g.key(), Cause: g.cause(), signal: &g}
	opened, err := s.Open(ctx, &Actor{System: true, Jurisdiction: g.Jurisdiction}, o)
	if k := fault.KindOf(err); err != nil && k != fault.Internal && k != fault.Unavailable {
		return &Received{Result: SignalRefused}, nil
	}
	if err != nil {
		return nil, err
	}
	if opened.Attached {
		return &Received{CaseID: opened.Case.ID, Result: SignalAttached}, nil
	}
	return &Received{CaseID: opened.Case.ID, Result: SignalOpened, Opened: true}, nil
}

// holderFor is the open case that holds a key with the values of the signal.
func (s *Service) holderFor(ctx context.Context, ref string, g Signal) (holder string, err error) {
	class, err := s.Book.InForce(ctx, g.Jurisdiction, ref)
	if err != nil {
		return "", err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		holder = ""
		st, err := s.born(ctx, tx, &Case{Jurisdiction: g.Jurisdiction, Kind: KindCase, Fields: g.Values}, class, s.Now())
		if err != nil {
			return err
		}
		for i := range st.life.Keys {
			hash, err := st.keyHash(&st.life.Keys[i])
			if err != nil || hash == "" {
				return err
			}
			err = tx.Row(ctx, keyHolder, []any{g.Jurisdiction, st.Pack, st.life.Keys[i].Name, hash}, &holder)
			if err != db.ErrNoRows {
				return err
			}
		}
		return nil
	})
	return holder, err
}

// pass lets a case hear a signal: its automatic actions that wait for it follow as jobs.
func (s *Service) pass(ctx context.Context, id string, g Signal) error {
	return s.DB.Write(ctx, db.Keys{"case/" + id}, func(ctx context.Context, tx *db.Tx) error {
		st, err := s.load(ctx, tx, id, s.Now())
		if err != nil {
			return err
		}
		moveID := s.ID()
		done, err := s.claim(ctx, tx, "", "signal/"+id, g.key(), "", moveID, s.Now())
		if err != nil || done != "" {
			return err
		}
		if !st.Open() {
			return nil
		}
		if st.before, err = st.hashes(); err != nil {
			return err
		}
		st.signal = &g
		st.begin(&Actor{System: true}, Act{Action: actionSignal, Cause: g.cause()}, moveID)
		st.event(workflow.OnSignal, g.Name, "")
		return st.save()
	})
}

// actionSignal is the move of a case that heard a signal.
const actionSignal = "signal"

// given are the first values that a life takes from the signal that opens it.
func (st *state) given(g *Signal) (map[string]any, error) {
	st.signal = g
	for _, o := range st.life.Opens {
		if o.By == workflow.OpenBySignal && o.Name == g.Name {
			return st.give(o.Give, st.env())
		}
	}
	return nil, nil
}
