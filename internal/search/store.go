package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gezhi/internal/casework"
	"gezhi/internal/db"
	"gezhi/internal/workflow"
)

var (
	insertPending = db.SQL(`INSERT INTO search_pending (id, case_id, jurisdiction) VALUES ($1, $2, $3)`)
	pendingRows   = db.SQL(`SELECT id, case_id FROM search_pending ORDER BY id LIMIT $1`)
	dropPending   = db.SQL(`DELETE FROM search_pending WHERE id = $1`)
	casesAfter    = db.SQL(`SELECT id FROM cases WHERE id > $1 ORDER BY id LIMIT $2`)

	entryOf     = db.SQL(`SELECT seq, digest FROM search_entry WHERE case_id = $1`)
	insertEntry = db.SQL(`INSERT INTO search_entry (seq, case_id, jurisdiction, text, digest) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`)
	changeEntry = db.SQL(`UPDATE search_entry SET text = $2, digest = $3 WHERE seq = $1`)
	newGrams    = either(`INSERT INTO search_gram (rowid, grams) VALUES ($1, $2)`, `INSERT INTO search_gram (seq, grams) VALUES ($1, $2::text::tsvector)`)
	changeGrams = either(`INSERT OR REPLACE INTO search_gram (rowid, grams) VALUES ($1, $2)`, `UPDATE search_gram SET grams = $2::text::tsvector WHERE seq = $1`)
	dropGrams   = either(`DELETE FROM search_gram WHERE rowid IN (SELECT seq FROM search_entry WHERE case_id = $1)`,
		`DELETE FROM search_gram WHERE seq IN (SELECT seq FROM search_entry WHERE case_id = $1)`)
	dropAllGrams = either(`INSERT INTO search_gram (search_gram) VALUES ('delete-all')`, `DELETE FROM search_gram`)
	// PostgreSQL takes reading all grams for cheap: it does not count that they are stored apart.
	useIndex = either(`SELECT 1`, `SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`)
	oldest   = db.SQL(`SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM search_entry`)

	dropEntry      = db.SQL(`DELETE FROM search_entry WHERE case_id = $1`)
	dropAllEntries = db.SQL(`DELETE FROM search_entry`)
)

func either(sqlite, postgres string) db.Stmt { return db.SQL(string(db.Either(sqlite, postgres))) }

type pending struct{ id, caseID string }

func scanPending(r db.Rows) (p pending, err error) { return p, r.Scan(&p.id, &p.caseID) }

// kept is where the entry of a case stands, and what it holds; zero is none.
type kept struct{ seq, digest int64 }

func keptOf(ctx context.Context, tx *db.Tx, caseID string) (k kept, err error) {
	err = tx.Row(ctx, entryOf, []any{caseID}, &k.seq, &k.digest)
	if errors.Is(err, db.ErrNoRows) {
		return kept{}, nil
	}
	return k, err
}

func scanID(r db.Rows) (id string, err error) { return id, r.Scan(&id) }

// looking is one search.
type looking struct {
	s     *Service
	who   *casework.Actor
	q     Query
	words []wanted
	where string // the filters, with the arguments that lead all others
	args  []any
	marks []string // grams that go with the filters
	open  bool     // closed ones are left out
	seqs  []int64  // of the hits
}

// newLooking prepares a search before its transaction: what classes there are is read in one of its own.
func (s *Service) newLooking(ctx context.Context, who *casework.Actor, q Query, ws []wanted) (l *looking, err error) {
	l = &looking{s: s, who: who, q: q, words: ws}
	if l.where, err = s.Cases.Narrow(ctx, who, q.Filter, l.arg); err != nil {
		return nil, err
	}
	if q.Filter.Class != "" {
		k, err := s.Cases.Book.InForce(ctx, who.Jurisdiction, q.Filter.Class)
		if err != nil {
			return nil, err
		}
		l.marks = append(l.marks, mark("class", k.Ref()))
	}
	switch q.Filter.Phase {
	case "":
	case workflow.Closed:
		l.marks = append(l.marks, closedMark)
	default:
		l.open = true
	}
	if q.Filter.AreaID != "" {
		l.marks = append(l.marks, mark("area", q.Filter.AreaID))
	}
	return l, nil
}

// arg takes an argument and names its place.
func (l *looking) arg(v any) string {
	l.args = append(l.args, v)
	return fmt.Sprintf("$%d", len(l.args))
}

// found is a row of an answer.
type found struct {
	seq  int64
	text string
	row  casework.Row
}

// page reads a page and one more. The cases of the very number lead the first page, and are
// left out of all that follows.
func (l *looking) page(ctx context.Context, tx *db.Tx) ([]Hit, error) {
	l.seqs = nil
	if err := tx.Queue(ctx, useIndex); err != nil {
		return nil, err
	}
	numbered, err := l.read(ctx, tx, match{number: mark("number", lower(fold(l.q.Text)))}, latest, mostNumbers)
	if err != nil {
		return nil, err
	}
	var hits []Hit
	first := l.q.After.Seq == 0
	if first {
		for _, f := range numbered {
			l.seqs = append(l.seqs, f.seq)
			hits = append(hits, Hit{Row: f.row, Numbered: true, Snippet: snippet(f.text, l.words)})
		}
	}
	m := match{sure: l.words}
	for _, w := range l.words {
		m.all = append(m.all, w.grams...)
		if w.prefix != "" {
			m.prefixes = append(m.prefixes, w.prefix)
		}
	}
	below := l.q.After.Seq
	if first {
		below = latest
	}
	rest, err := l.read(ctx, tx, m, below, l.q.Limit+1+len(numbered))
	for _, f := range rest {
		if !slices.ContainsFunc(numbered, func(n found) bool { return n.seq == f.seq }) {
			l.seqs = append(l.seqs, f.seq)
			hits = append(hits, Hit{Row: f.row, Snippet: snippet(f.text, l.words)})
		}
	}
	return hits, err
}

// match is what the index is asked for.
type match struct {
	number   string // the mark of a number, "" for none
	all      []string
	prefixes []string
	any      []string
	sure     []wanted // words that the text must hold, where grams alone do not tell
	open     bool     // without the gram of closed cases
}

// sqlite writes a match in the language of FTS5. Grams are letters and digits only.
func (m match) sqlite() string {
	var and []string
	if m.number != "" {
		and = append(and, `"`+m.number+`"`)
	}
	for _, g := range m.all {
		and = append(and, `"`+g+`"`)
	}
	for _, p := range m.prefixes {
		and = append(and, `"`+p+`" *`)
	}
	if len(m.any) > 0 {
		and = append(and, `("`+strings.Join(m.any, `" OR "`)+`")`)
	}
	text := strings.Join(and, " AND ")
	if m.open {
		text = "(" + text + `) NOT "` + closedMark + `"`
	}
	return text
}

// postgres writes a match as a tsquery, within one of some months.
func (m match) postgres(months []int64) string {
	if m.number != "" {
		return m.number
	}
	or := make([]string, len(months))
	for i, at := range months {
		under := month(at << monthBits)
		var and []string
		for _, g := range m.all {
			and = append(and, under+g)
		}
		for _, p := range m.prefixes {
			and = append(and, under+p+":*")
		}
		if len(m.any) > 0 {
			and = append(and, "("+under+strings.Join(m.any, " | "+under)+")")
		}
		if m.open {
			and = append(and, "!"+under+closedMark)
		}
		or[i] = strings.Join(and, " & ")
	}
	return strings.Join(or, " | ")
}

// read finds entries before a place in the order, latest first. The index gives candidates in
// that order and each is looked at until the page is full: whether its case lies in the scope,
// by the same conditions as in lists, whether it passes the filters, and whether the text
// holds the words.
func (l *looking) read(ctx context.Context, tx *db.Tx, m match, below int64, limit int) ([]found, error) {
	if m.number == "" {
		m.all, m.open = slices.Concat(m.all, l.marks), l.open
		m.any = marksOf(l.who.Scope)
	}
	from := moment(l.q.From)
	if !l.q.Until.IsZero() {
		below = min(below, moment(l.q.Until))
	}
	if l.s.DB.Engine == db.SQLite {
		return l.some(ctx, tx, m, m.sqlite(), from, below, limit)
	}
	if m.number != "" {
		return l.some(ctx, tx, m, m.postgres(nil), from, below, limit)
	}
	var first, last int64
	if err := tx.Row(ctx, oldest, nil, &first, &last); err != nil {
		return nil, err
	}
	var out []found
	end := max(first, from) >> monthBits
	for at, many := min(last, below-1)>>monthBits, int64(1); at >= end && len(out) < limit; many *= 4 {
		var months []int64
		for ; at >= end && int64(len(months)) < many; at-- {
			months = append(months, at)
		}
		more, err := l.some(ctx, tx, m, m.postgres(months), from, below, limit-len(out))
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// some reads what one question to the index finds.
func (l *looking) some(ctx context.Context, tx *db.Tx, m match, language string, least, below int64, limit int) ([]found, error) {
	filters := len(l.args)
	defer func() { l.args = l.args[:filters] }()
	asked, under, from := l.arg(language), l.arg(below), l.arg(least)
	where := l.where + " AND (" + l.scope() + ")"
	lite, pg := where, where
	for _, w := range m.sure {
		if !w.sure {
			a := l.arg(w.text)
			lite += " AND instr(lower(s.text), " + a + ") > 0"
			pg += " AND strpos(lower(s.text), " + a + ") > 0"
		}
	}
	n := l.arg(limit)
	sqlite := `SELECT s.seq, s.text, ` + casework.RowColumns + ` FROM search_gram CROSS JOIN search_entry s CROSS JOIN cases c
		WHERE search_gram MATCH ` + asked + ` AND search_gram.rowid < ` + under + ` AND search_gram.rowid >= ` + from + `
		AND s.seq = search_gram.rowid AND c.id = s.case_id` + lite + ` ORDER BY search_gram.rowid DESC LIMIT ` + n
	postgres := `WITH hits AS MATERIALIZED (SELECT seq FROM search_gram WHERE ` + inMonths(asked, under, from) + `)
		SELECT x.* FROM (SELECT seq FROM hits ORDER BY seq DESC) h CROSS JOIN LATERAL (SELECT s.seq, s.text, ` + casework.RowColumns + `
		FROM search_entry s JOIN cases c ON c.id = s.case_id WHERE s.seq = h.seq` + pg + ` OFFSET 0) x ORDER BY h.seq DESC LIMIT ` + n
	return db.Collect(ctx, tx, db.Either(sqlite, postgres), slices.Clone(l.args), func(r db.Rows) (f found, err error) {
		f.row, err = casework.ScanRow(r, &f.seq, &f.text)
		return f, err
	})
}

// inMonths is what PostgreSQL is asked for candidates. The sum keeps the range from being read
// by its key, which costs the grams of every row in it.
func inMonths(asked, under, from string) string {
	return `grams @@ ` + asked + `::text::tsquery AND seq + 0 < ` + under + ` AND seq + 0 >= ` + from
}

// scope is the condition that a case lies where the asker may look.
func (l *looking) scope() string {
	var or []string
	for _, sql := range l.who.Scope.SQL(len(l.args) + 1) {
		l.args = append(l.args, sql.Args...)
		or = append(or, "EXISTS (SELECT 1 FROM cases c "+sql.Join+" WHERE c.id = s.case_id AND "+sql.Where+")")
	}
	return strings.Join(or, " OR ")
}
