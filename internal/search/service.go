package search

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"gezhi/internal/account"
	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/number"
	"gezhi/internal/workflow"
)

// Service finds cases and keeps what can be found. One per process.
type Service struct {
	DB    *db.DB
	Cases *casework.Service
	// Texts reads what may be found of a case: Cases.TextsOf.
	Texts func(ctx context.Context, tx *db.Tx, id string) (*casework.Texts, error)
	// Lag is how long Run waits when nothing is left to write; 0 means 300 ms.
	Lag time.Duration
	// Batch is how many rows that wait one transaction takes at the most; 0 means 250.
	Batch int

	erasures atomic.Int64 // that Erased has heard of
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
	mostNumbers = 5   // cases of one number, in one installation
	usualBatch  = 250 // rows taken by one transaction
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
	if m.Silent {
		return nil
	}
	return tx.Queue(ctx, insertPending, m.ID, c.ID, c.Jurisdiction)
}

// Run keeps entries up until ctx ends. It lets moves gather for the lag, for what many entries
// share is written once; while more waits than a batch holds, it leaves the database to others
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
		if n == s.batch() && err == nil {
			rest = min(lag, time.Since(begun))
		}
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}

func (s *Service) batch() int { return cmp.Or(s.Batch, usualBatch) }

// fresh is an entry to be written, and what of it was there when its case was read.
type fresh struct {
	caseID string
	texts  *casework.Texts // nil where there is no such case
	text   string
	grams  []string
	was    kept

	numbers []string // marks of its numbers
}

// place is where the entry stands in the order, or will. FTS5 ends a segment whenever it is given
// a row that stands before the last one: a batch in its order makes one segment, and not one for
// every other row, which it would have to merge again.
func (f fresh) place() int64 {
	if f.was.seq != 0 || f.texts == nil {
		return f.was.seq
	}
	return place(f.texts.OpenedAt, f.caseID)
}

// Drain writes the entries of a batch of cases that have moved, and returns how many rows
// were waiting in it; 0 when nothing is left. Cases are read before the writing, so that
// nobody waits for it: a move in between has a row of its own, which stays.
func (s *Service) Drain(ctx context.Context) (n int, err error) {
	var waiting []pending
	var all []fresh
	erasures := s.erasures.Load()
	err = s.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		if waiting, err = db.Collect(ctx, tx, pendingRows, []any{s.batch()}, scanPending); err != nil {
			return err
		}
		done := map[string]bool{}
		for _, p := range waiting {
			if !done[p.caseID] {
				done[p.caseID] = true
				f, err := s.look(ctx, tx, p.caseID)
				if err != nil {
					return err
				}
				all = append(all, f)
			}
		}
		return nil
	})
	if len(waiting) == 0 || err != nil {
		return 0, err
	}
	slices.SortFunc(all, func(a, b fresh) int { return cmp.Compare(a.place(), b.place()) })
	err = s.DB.Write(ctx, db.Keys{"search"}, func(ctx context.Context, tx *db.Tx) error {
		for _, f := range all {
			write := s.write
			if s.erasures.Load() != erasures { // what was read may be gone
				write = func(ctx context.Context, tx *db.Tx, f fresh) error { return s.index(ctx, tx, f.caseID) }
			}
			if err := write(ctx, tx, f); err != nil {
				return err
			}
		}
		for _, p := range waiting {
			if err := tx.Queue(ctx, dropPending, p.id); err != nil {
				return err
			}
		}
		return nil
	})
	return len(waiting), err
}

// look reads what the entry of a case is to be.
func (s *Service) look(ctx context.Context, tx *db.Tx, id string) (f fresh, err error) {
	f.caseID = id
	if f.was, err = keptOf(ctx, tx, id); err != nil {
		return f, err
	}
	f.texts, err = s.Texts(ctx, tx, id)
	if fault.KindOf(err) == fault.NotFound {
		f.texts = nil
		return f, nil
	}
	if err == nil {
		f.text, f.grams, f.numbers = entry(f.texts)
	}
	return f, err
}

// index writes the entry of a case anew, or takes it away where there is no such case.
func (s *Service) index(ctx context.Context, tx *db.Tx, id string) error {
	f, err := s.look(ctx, tx, id)
	if err != nil {
		return err
	}
	return s.put(ctx, tx, f)
}

// write writes an entry that was read before its transaction. Should somebody have taken the
// entry away meanwhile, for something was erased, the case is read again.
func (s *Service) write(ctx context.Context, tx *db.Tx, f fresh) error {
	now, err := keptOf(ctx, tx, f.caseID)
	if err != nil {
		return err
	}
	if now != f.was {
		return s.index(ctx, tx, f.caseID)
	}
	return s.put(ctx, tx, f)
}

// put writes an entry, unless it is what stands there.
func (s *Service) put(ctx context.Context, tx *db.Tx, f fresh) error {
	if f.texts == nil {
		return s.Forget(ctx, tx, f.caseID)
	}
	digest := digestOf(f.text, f.grams, f.numbers)
	switch {
	case f.was.seq == 0:
		seq, err := s.begin(ctx, tx, f.caseID, f.texts, f.text, digest)
		if err != nil {
			return err
		}
		return tx.Queue(ctx, newGrams, seq, s.written(seq, f))
	case f.was.digest == digest:
		return nil
	}
	if err := tx.Queue(ctx, changeEntry, f.was.seq, f.text, digest); err != nil {
		return err
	}
	return tx.Queue(ctx, changeGrams, f.was.seq, s.written(f.was.seq, f))
}

// written is how an engine's index keeps the grams of an entry. PostgreSQL gives all rows that
// hold a gram before it sorts them: there each stands under its month, so that the latest are
// asked for first. The numbers of a case stand for themselves.
func (s *Service) written(seq int64, f fresh) string {
	grams := f.grams
	if s.DB.Engine == db.Postgres {
		m := month(seq)
		grams = make([]string, len(f.grams))
		for i, g := range f.grams {
			grams[i] = m + g
		}
	}
	return strings.Join(slices.Concat(grams, f.numbers), " ")
}

// monthBits of a place in the order are what is younger than its month: 2^31 ms, 24.8 days.
const monthBits = hashBits + 31

// month names the stretch of time that a place in the order lies in: three digits of base 16.
func month(seq int64) string { return fmt.Sprintf("%03x", seq>>monthBits) }

// digestOf tells entries apart; it is never 0, which an entry of before has.
func digestOf(text string, grams, numbers []string) int64 {
	h := sha256.Sum256([]byte(text + "\x00" + strings.Join(grams, " ") + "\x00" + strings.Join(numbers, " ")))
	return int64(binary.BigEndian.Uint64(h[:]) | 1)
}

// begin gives an entry its place in the order. Two cases of one millisecond and one hash are
// told apart by the next free place.
func (s *Service) begin(ctx context.Context, tx *db.Tx, id string, t *casework.Texts, text string, digest int64) (int64, error) {
	for seq := place(t.OpenedAt, id); ; seq++ {
		n, err := tx.Exec(ctx, insertEntry, seq, id, t.Jurisdiction, text, digest)
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

// closedMark is a gram of closed cases. How far an open one has come is left to its row: each
// step of it would write the entry anew.
var closedMark = mark("phase", string(workflow.Closed))

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
	marks := []string{mark("class", t.Class)}
	if t.Phase == string(workflow.Closed) {
		marks = append(marks, closedMark)
	}
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
	s.erasures.Add(1)
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
