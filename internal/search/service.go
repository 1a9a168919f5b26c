package search

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/number"
)

// Service finds cases and keeps what can be found. One per process.
type Service struct {
	DB    *db.DB
	Cases *casework.Service
	// Texts reads what may be found of a case: Cases.TextsOf.
	Texts func(ctx context.Context, tx *db.Tx, id string) (*casework.Texts, error)
	// Lag is how long Run waits when nothing is left to write; 0 means 300 ms.
	Lag time.Duration
}

// Query asks for a page of cases that hold all words.
type Query struct {
	Text   string
	Filter casework.Query // class, phase, severity and area
	From   time.Time      // opened at this moment or later; zero for ever
	Until  time.Time      // opened before; zero for ever
	After  Cursor
	Limit  int // 20 when 0, 100 at most
}

// Cursor is where the page before ended.
type Cursor struct {
	Seq int64 `json:"s"`
}

// Hit is a case that was found.
type Hit struct {
	Row      casework.Row
	Numbered bool // its number is the very query
	Snippet  []Part
}

// Limits.
const (
	usualPage   = 20
	longestPage = 100
	mostNumbers = 5 // cases of one number, in one installation
	batch       = 50
	rebuildPage = 200
	longestText = 100000 // bytes; of what is said beyond, nothing is kept
)

// Find returns a page of what the actor may see and the words find; next is nil on the last.
func (s *Service) Find(ctx context.Context, who *casework.Actor, q Query) (hits []Hit, next *Cursor, err error) {
	ws, err := words(q.Text)
	if err != nil {
		return nil, nil, err
	}
	if q.Limit <= 0 || q.Limit > longestPage {
		q.Limit = usualPage
	}
	if len(who.Scope.Branches) == 0 || who.Scope.Jurisdiction == "" {
		return nil, nil, nil
	}
	look, err := s.newLooking(ctx, who, q, ws)
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		hits, err = look.page(ctx, tx)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if len(hits) > q.Limit {
		hits = hits[:q.Limit]
		next = &Cursor{look.seqs[q.Limit-1]}
		if hits[q.Limit-1].Numbered {
			next.Seq = latest
		}
	}
	return hits, next, nil
}

// Moved hears of a move within its transaction, and leaves a row there.
func (s *Service) Moved(ctx context.Context, tx *db.Tx, m *casework.Move, c *casework.Case) error {
	return tx.Queue(ctx, insertPending, m.ID, c.ID, c.Jurisdiction)
}

// Run keeps entries up until ctx ends. Between two batches it leaves the database to others
// for as long as the batch took.
func (s *Service) Run(ctx context.Context) {
	lag := s.Lag
	if lag == 0 {
		lag = 300 * time.Millisecond
	}
	for ctx.Err() == nil {
		begun := time.Now()
		n, err := s.Drain(ctx)
		if err != nil && ctx.Err() == nil {
			slog.Error("search", "err", err)
		}
		rest := lag
		if n > 0 && err == nil {
			rest = min(lag, time.Since(begun))
		}
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}

// Drain writes the entries of a batch of cases that have moved, and returns how many rows
// were waiting in it; 0 when nothing is left.
func (s *Service) Drain(ctx context.Context) (n int, err error) {
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		waiting, err := db.Collect(ctx, tx, pendingRows, []any{1}, scanPending)
		n = len(waiting)
		return err
	})
	if n == 0 || err != nil {
		return 0, err
	}
	err = s.DB.Write(ctx, db.Keys{"search"}, func(ctx context.Context, tx *db.Tx) error {
		waiting, err := db.Collect(ctx, tx, pendingRows, []any{batch}, scanPending)
		if err != nil {
			return err
		}
		n = len(waiting)
		done := map[string]bool{}
		for _, p := range waiting {
			if !done[p.caseID] {
				done[p.caseID] = true
				if err := s.index(ctx, tx, p.caseID); err != nil {
					return err
				}
			}
			if err := tx.Queue(ctx, dropPending, p.id); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// index writes the entry of a case anew, or takes it away where there is no such case.
func (s *Service) index(ctx context.Context, tx *db.Tx, id string) error {
	t, err := s.Texts(ctx, tx, id)
	if fault.KindOf(err) == fault.NotFound {
		return s.Forget(ctx, tx, id)
	}
	if err != nil {
		return err
	}
	text, grams, number := entry(t)
	var seq int64
	err = tx.Row(ctx, seqOf, []any{id}, &seq)
	if errors.Is(err, db.ErrNoRows) {
		if seq, err = s.begin(ctx, tx, id, t, text); err != nil {
			return err
		}
		return tx.Queue(ctx, newGrams, seq, s.written(seq, grams, number))
	}
	if err != nil {
		return err
	}
	if err := tx.Queue(ctx, changeEntry, seq, text); err != nil {
		return err
	}
	return tx.Queue(ctx, changeGrams, seq, s.written(seq, grams, number))
}

// written is how an engine's index keeps the grams of an entry. PostgreSQL gives all rows that
// hold a gram before it sorts them: there each stands under its month, so that the latest are
// asked for first. The numbers of a case stand for themselves.
func (s *Service) written(seq int64, grams, numbers []string) string {
	if s.DB.Engine == db.Postgres {
		m := month(seq)
		for i, g := range grams {
			grams[i] = m + g
		}
	}
	return strings.Join(append(grams, numbers...), " ")
}

// monthBits of a place in the order are what is younger than its month: 2^31 ms, 24.8 days.
const monthBits = hashBits + 31

// month names the stretch of time that a place in the order lies in: three digits of base 16.
func month(seq int64) string { return fmt.Sprintf("%03x", seq>>monthBits) }

// begin gives an entry its place in the order. Two cases of one millisecond and one hash are
// told apart by the next free place.
func (s *Service) begin(ctx context.Context, tx *db.Tx, id string, t *casework.Texts, text string) (int64, error) {
	for seq := place(t.OpenedAt, id); ; seq++ {
		n, err := tx.Exec(ctx, insertEntry, seq, id, t.Jurisdiction, text)
		if err != nil || n == 1 {
			return seq, err
		}
	}
}

// hashBits is how much of a place in the order is not time.
const hashBits = 21

// latest is behind every place.
const latest = 1<<63 - 1

// place sorts entries by when the case was opened, and those of one millisecond alike on
// every engine.
func place(opened time.Time, id string) int64 {
	h := fnv.New32a()
	h.Write([]byte(id))
	return moment(opened) | int64(h.Sum32()>>(32-hashBits))
}

// moment is the first place of a moment.
func moment(t time.Time) int64 { return max(0, db.Ms(t)) << hashBits }

// entry is what is kept of a case: its lines, those worth reading first, its grams, and the
// marks of its numbers.
func entry(t *casework.Texts) (text string, grams, numbers []string) {
	var lines []string
	length := 0
	add := func(all ...string) {
		for _, s := range all {
			s = fold(number.Replace(s, func(f number.Found) string {
				if f.Kind.Personal() {
					return "·"
				}
				return f.Normal
			}))
			if speaks(s) {
				lines = append(lines, s)
				length += len(s)
			}
		}
	}
	for _, said := range t.Said {
		if length < longestText {
			add(said)
		}
	}
	if len(t.Said) == 0 || !strings.HasPrefix(t.Said[0], t.Title) {
		add(t.Title)
	}
	add(t.Place)
	add(t.Titles...)
	marks := []string{mark("class", t.Class), mark("phase", t.Phase)}
	for _, n := range t.Numbers { // not run through Replace: a case number is nobody's
		if n = fold(n); n != "" {
			lines = append(lines, n)
			numbers = append(numbers, mark("number", lower(n)))
		}
	}
	text = strings.Join(lines, "\n")
	for _, a := range t.Areas {
		marks = append(marks, mark("area", a))
	}
	for _, i := range t.Involved {
		marks = append(marks, mark("involved", i))
	}
	return text, append(gramsOf(text), marks...), numbers
}

// Forget takes away what can be found of a case, in the caller's transaction. Erasure calls
// it; a later move of the case brings back what then is left of it.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, caseID string) error {
	if err := tx.Queue(ctx, dropGrams, caseID); err != nil {
		return err
	}
	return tx.Queue(ctx, dropEntry, caseID)
}

// Erased hears, within the transaction, that something of a case was erased: its entry goes at
// once, and is written anew from what is left.
func (s *Service) Erased(ctx context.Context, tx *db.Tx, c *casework.Case) error {
	if err := s.Forget(ctx, tx, c.ID); err != nil {
		return err
	}
	return tx.Queue(ctx, insertPending, s.Cases.ID(), c.ID, c.Jurisdiction)
}

// Rebuild writes the entries of all cases anew. progress hears how many are written; while it
// runs, searches find what is written already.
func (s *Service) Rebuild(ctx context.Context, progress func(done int)) error {
	err := s.DB.Write(ctx, db.Keys{"search"}, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Queue(ctx, dropAllGrams); err != nil {
			return err
		}
		return tx.Queue(ctx, dropAllEntries)
	})
	done := 0
	for last := ""; err == nil && ctx.Err() == nil; {
		var ids []string
		err = s.DB.Write(ctx, db.Keys{"search"}, func(ctx context.Context, tx *db.Tx) (err error) {
			if ids, err = db.Collect(ctx, tx, casesAfter, []any{last, rebuildPage}, scanID); err != nil {
				return err
			}
			for _, id := range ids {
				if err := s.index(ctx, tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(ids) == 0 {
			break
		}
		last, done = ids[len(ids)-1], done+len(ids)
		progress(done)
	}
	return errors.Join(err, ctx.Err())
}

// marksOf are the grams of which a case within the scope has at least one; none when the
// scope is so wide, or of such a kind, that they would not help.
func marksOf(scope account.Scope) []string {
	var out []string
	for _, b := range scope.Branches {
		switch {
		case b.Kind == account.AreaBranch && b.Level > account.County:
			out = append(out, mark("area", b.ID))
		case b.Involved() != "":
			out = append(out, mark("involved", b.Involved()))
		default:
			return nil
		}
	}
	return out
}
