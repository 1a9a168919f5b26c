package casework

import (
	"context"
	"time"

	"gezhi/internal/audit"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/formula"
	"gezhi/internal/privacy"
	"gezhi/internal/record"
	"gezhi/internal/workflow"
)

// state is a case with all that decides about it, inside one transaction.
type state struct {
	s     *Service
	ctx   context.Context
	tx    *db.Tx
	class *Class
	life  *workflow.Life
	now   time.Time

	*Case
	seats  []*Participant
	clocks []*Clock
	sets   []*PartSet
	parts  map[string][]*Case // by set, loaded when asked for
	parent *state             // loaded when asked for
	root   *Case
	moves  []Move            // of the case, where it is read whole
	did    map[string][]doer // by case and action, loaded when asked for
	rota   rota              // loaded when asked for

	alsoReported []string // people whose cases were merged into this one; nil: not read yet
	fresh        bool     // not yet in the database
	move         *Move
	happened     []workflow.Trigger // in this act, in order
	acted        bool               // the act is done, and about to be written
	tells        []telling
	vacated      []string // seats whose holders can do nothing with them any more
	dueMoved     bool
	wasOpen      bool              // before the act
	wasPlaced    [5]string         // before the act: class and place
	personal     map[string]any    // personal values set in this act
	before       map[string]string // hashes of the keys before the act
	originals    []original        // what numbers or names were lifted out of in this act
	names        []string          // of people, to be lifted out of what is written in this act
	key          *privacy.Key      // that seals what the act gave of somebody
	sealings     []sealing
	minor        bool // somebody under age is spoken of
	later        []task
	links        []Link
	task         *workflow.Task // of a part that is answered
	regraded     bool           // class clocks must be computed anew
	signal       *Signal        // heard in this act
	joins        bool           // the parent's set must be looked at
	joinSelf     []string       // own sets that nobody has to be waited for

	wrote  []audit.Row // rows that the act has written
	reread []audit.Ref // rows whose values are not at hand

	attached []string // files that the act has put on the case

	kept      []Kept   // from whom the case is kept
	keptNew   []Kept   // by this act
	keptNamed []Kept   // who belonged and is now named
	withheld  bool     // by this act it stands elsewhere
	withdraws []string // parts that do so too

	about      formula.Object // the record that the case is about, once read
	aboutIs    *record.Record
	households map[string][]string // of people, once read
}

// telling is a message to write when the act succeeds.
type telling struct {
	Event string   `json:"event"` // mark, escalated, told, asked …
	Who   []string `json:"who"`   // persons
	Clock string   `json:"clock,omitempty"`
	Mark  string   `json:"mark,omitempty"`
}

// loading is what has been read of a case so far.
type loading struct {
	found  []*Case
	seats  []*Participant
	clocks []*Clock
	sets   []*PartSet
}

// clock takes in a clock with one of its pauses, or none.
func (l *loading) clock(r db.Rows) error {
	c, p, err := scanClock(r)
	if err != nil {
		return err
	}
	if n := len(l.clocks); n == 0 || l.clocks[n-1].Name != c.Name {
		l.clocks = append(l.clocks, c)
	}
	if last := l.clocks[len(l.clocks)-1]; p.ID != "" {
		last.Pauses = append(last.Pauses, p)
	}
	return nil
}

// movesInto collects moves of the case, which has been read before them.
func (l *loading) movesInto(all *[]Move) func(db.Rows) error {
	return db.Into(all, func(r db.Rows) (m Move, err error) {
		if len(l.found) > 0 {
			c := l.found[0]
			m.CaseID, m.Jurisdiction, m.RootID = c.ID, c.Jurisdiction, c.RootID
		}
		err = m.scan(r)
		return m, err
	})
}

// load reads a case with its seats, clocks and part sets, and asks more in the same breath.
func (s *Service) load(ctx context.Context, tx *db.Tx, id string, now time.Time, more ...func(*loading) db.Ask) (*state, error) {
	var l loading
	of := []any{id}
	asks := []db.Ask{
		{Stmt: caseByID, Args: of, Scan: db.Into(&l.found, scanCase)},
		{Stmt: participantsOf, Args: of, Scan: db.Into(&l.seats, scanParticipant)},
		{Stmt: clocksOf, Args: of, Scan: l.clock},
		{Stmt: setsOf, Args: of, Scan: db.Into(&l.sets, scanSet), Unless: func() bool {
			k := s.Book.read(l.found)
			return k != nil && (l.found[0].Kind == KindTask || len(k.Life.Parts) == 0)
		}},
	}
	for _, ask := range more {
		asks = append(asks, ask(&l))
	}
	if err := tx.Together(ctx, asks...); err != nil {
		return nil, err
	}
	if len(l.found) == 0 {
		return nil, fault.New(fault.NotFound, "case.not_found")
	}
	c := l.found[0]
	class, err := s.Book.Of(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	st := &state{s: s, ctx: ctx, tx: tx, class: class, life: &class.Life.Life, now: now, Case: c, wasOpen: c.Open(), wasPlaced: c.placed(), seats: l.seats, clocks: l.clocks, sets: l.sets}
	if st.kept, err = keptFor(ctx, tx, c); err != nil {
		return nil, err
	}
	if c.Kind == KindTask {
		set := class.Life.Part(c.Part)
		if set == nil || set.Task == nil {
			return nil, fault.New(fault.Internal, "case.unknown_part", "part", c.Part)
		}
		st.asTask(set.Task)
	}
	return st, nil
}

// read is the bare row.
func (s *Service) read(ctx context.Context, tx *db.Tx, id string) (*Case, error) {
	rows, err := tx.Query(ctx, caseByID, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.NotFound, "case.not_found")
	}
	return scanCase(rows)
}

func (st *state) clock(name string) *Clock {
	for _, c := range st.clocks {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// held are those who sit now; inherited seats are the parent's.
func (st *state) held(seat string) []*Participant {
	var out []*Participant
	for _, p := range st.seats {
		if p.Seat == seat && p.State == Held {
			out = append(out, p)
		}
	}
	if len(out) > 0 || st.ParentID == "" {
		return out
	}
	up, err := st.up()
	if err != nil {
		return nil
	}
	if d := up.life.Seat(seat); d != nil && (d.Inherit || st.Kind == KindTask) {
		return up.held(seat)
	}
	return nil
}

// up is the parent with its seats, read once.
func (st *state) up() (*state, error) {
	if st.parent != nil || st.ParentID == "" {
		return st.parent, nil
	}
	p, err := st.s.load(st.ctx, st.tx, st.ParentID, st.now)
	st.parent = p
	return p, err
}

// partsIn are the parts of a set, of its latest round or of all rounds.
func (st *state) partsIn(set string, latest bool) ([]*Case, error) {
	if st.parts == nil {
		st.parts = map[string][]*Case{}
	}
	all, ok := st.parts[set]
	if !ok {
		var err error
		if all, err = db.Collect(st.ctx, st.tx, partsOf, []any{st.ID, set}, scanCase); err != nil {
			return nil, err
		}
		st.parts[set] = all
	}
	if !latest {
		return all, nil
	}
	round := st.round(set)
	var out []*Case
	for _, p := range all {
		if p.PartRound == round {
			out = append(out, p)
		}
	}
	return out, nil
}

func (st *state) round(set string) int64 {
	if s := st.set(set); s != nil {
		return s.Round
	}
	return 0
}

// set is the latest round of a part set; nil before the first.
func (st *state) set(name string) *PartSet {
	var last *PartSet
	for _, s := range st.sets {
		if s.Name == name && (last == nil || s.Round > last.Round) {
			last = s
		}
	}
	return last
}

// event records what happened, for clocks, part sets and automatic actions to hear.
func (st *state) event(kind, name, what string) {
	st.happened = append(st.happened, workflow.Trigger{Kind: kind, Name: name, Event: what})
}

func heard(t workflow.Trigger, happened []workflow.Trigger) bool {
	for _, h := range happened {
		if h == t {
			return true
		}
	}
	return false
}

func anyHeard(ts []workflow.Trigger, happened []workflow.Trigger) bool {
	for _, t := range ts {
		if heard(t, happened) {
			return true
		}
	}
	return false
}

// day is the calendar day of the move.
func (st *state) day() string { return dayOf(st.now) }

// acting tells that something is done, not only looked at.
func (st *state) acting() bool { return st.move != nil && st.move.ID != "" }
