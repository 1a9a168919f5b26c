package audit

import (
	"context"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Kind is what a verification found.
type Kind string

const (
	RowChanged   Kind = "row_changed"   // a row is not what the newest leaf about it says
	RowRemoved   Kind = "row_removed"   // a leaf names a row that is not there
	RowInserted  Kind = "row_inserted"  // no leaf names a row
	LeafChanged  Kind = "leaf_changed"  // a leaf is not what the log holds at its number
	LeafRemoved  Kind = "leaf_removed"  // the log holds a leaf that is not there
	LeafInserted Kind = "leaf_inserted" // a leaf has a number that the log gave to another, or never gave
	TreeChanged  Kind = "tree_changed"  // the stored tree does not give itself, or a signed head
	HeadForged   Kind = "head_forged"   // a head is not signed by the key, or says other than its row
	LogShorter   Kind = "log_shorter"   // the log knows less than a checkpoint: it was rolled back or cut
	LogForked    Kind = "log_forked"    // the log is not the one that a checkpoint was taken of
)

// Code is the code of the words for what was found.
func (k Kind) Code() string {
	return map[Kind]string{RowChanged: "audit.found_row_changed", RowRemoved: "audit.found_row_removed", RowInserted: "audit.found_row_inserted",
		LeafChanged: "audit.found_leaf_changed", LeafRemoved: "audit.found_leaf_removed", LeafInserted: "audit.found_leaf_inserted", TreeChanged: "audit.found_tree_changed",
		HeadForged: "audit.found_head_forged", LogShorter: "audit.found_log_shorter", LogForked: "audit.found_log_forked"}[k]
}

// Finding names one thing that is not as the log says. It holds no value of any row.
type Finding struct {
	Kind    Kind     `json:"kind"`
	Table   string   `json:"table,omitempty"`
	Key     string   `json:"key,omitempty" doc:"of the row in its table"`
	Case    string   `json:"case,omitempty"`
	Number  string   `json:"number,omitempty" doc:"of the case"`
	Columns []string `json:"columns,omitempty" doc:"of a case: what its moves give otherwise, as far as they say"`
	Leaf    string   `json:"leaf,omitempty"`
	Seq     int64    `json:"seq,omitempty" doc:"number in the log, from 1"`
	At      int64    `json:"at,omitempty" doc:"ms UTC, of the signed head or checkpoint that does not fit"`
}

// Report is what a verification came to.
type Report struct {
	OK         bool      `json:"ok"`
	Origin     string    `json:"origin"`
	Size       int64     `json:"size" doc:"leaves in the log"`
	Root       string    `json:"root"`
	Waiting    int64     `json:"waiting" doc:"leaves without a number yet"`
	Heads      int64     `json:"heads" doc:"signed heads that were checked"`
	Rows       int64     `json:"rows" doc:"rows that were proved"`
	Cases      int64     `json:"cases"`
	Erasures   int64     `json:"erasures" doc:"leaves that say that values were erased"`
	Erased     []string  `json:"erased,omitempty" doc:"what the newest erasures were about"`
	Older      int64     `json:"older" doc:"rows older than the naming of rows, which nothing proves"`
	OwnKey     bool      `json:"own_key" doc:"the key was read from the database itself, which proves less"`
	Millis     int64     `json:"ms"`
	PerSecond  int64     `json:"per_second" doc:"leaves"`
	Findings   []Finding `json:"findings"`
	More       int64     `json:"more,omitempty" doc:"findings that are not listed"`
	Checkpoint string    `json:"-"` // the newest signed head
}

// Progress is how far a verification has come.
type Progress struct {
	Stage       string // log, rows, cases
	Done, Total int64
}

// Code is the code of the words for the stage.
func (p Progress) Code() string {
	return map[string]string{"log": "audit.stage_log", "rows": "audit.stage_rows", "cases": "audit.stage_cases"}[p.Stage]
}

const (
	maxFindings = 1000
	leafPage    = 1000
	casePage    = 300
	rowsAtOnce  = 1 << 20 // of rows outside cases: what is held in memory of them
	maxErased   = 100
)

// Deriving works out again what derived tables must hold, and names the rows that are otherwise.
type Deriving func(ctx context.Context, find func(table, key string)) error

// Verifier proves a database against its log. It reads only.
type Verifier struct {
	DB *db.DB
	// Public is the public half of the log's key; "" takes the database's own word for it.
	Public string
	// Since are checkpoints kept elsewhere, which the log must contain.
	Since []Checkpoint
	// Derived work out again, from rows that are proved, what other tables must hold, and name the
	// rows that are otherwise.
	Derived []Deriving
	// Tell hears how far it has come.
	Tell func(Progress)

	report  *Report
	head    Checkpoint
	vkey    string
	free    free
	cases   int64 // to come
	legacy  bool  // leaves of a form before name no rows, and nobody has adopted those yet
	parts   int   // walks over rows outside cases
	erasing []string
	adopt   *Adopter // takes the rows that are older than the naming of rows; nil for nobody
}

// Run verifies everything. What it finds is in the report; an error says that it could not look.
func (v *Verifier) Run(ctx context.Context) (*Report, error) {
	began := time.Now()
	v.report = &Report{Findings: []Finding{}}
	if err := v.begin(ctx); err != nil {
		return nil, err
	}
	v.free = free{parts: v.parts, rows: map[rowID]named{}}
	if err := v.walkLog(ctx); err != nil {
		return nil, err
	}
	for part := range v.parts {
		if err := v.freeRows(ctx, part); err != nil {
			return nil, err
		}
		if err := v.name(ctx); err != nil {
			return nil, err
		}
	}
	v.free.rows = nil
	if err := v.allCases(ctx); err != nil {
		return nil, err
	}
	for _, derive := range v.Derived {
		if err := derive(ctx, func(table, key string) { v.find(Finding{Kind: RowChanged, Table: table, Key: key}) }); err != nil {
			return nil, err
		}
	}
	r := v.report
	r.Erased = v.erasing
	r.OK = len(r.Findings) == 0
	took := time.Since(began)
	r.Millis = took.Milliseconds()
	r.PerSecond = int64(float64(r.Size+r.Waiting) / max(took.Seconds(), 0.001))
	return r, nil
}

// name hands what was found unnamed to who adopts it.
func (v *Verifier) name(ctx context.Context) error {
	if v.adopt == nil {
		return nil
	}
	return v.adopt.name(ctx)
}

func (v *Verifier) find(f Finding) {
	if len(v.report.Findings) == maxFindings {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings, f)
}

func (v *Verifier) tell(stage string, done, total int64) {
	if v.Tell != nil {
		v.Tell(Progress{stage, done, total})
	}
}

var (
	countCases = db.SQL(`SELECT count(*) FROM cases`)
	anyLegacy  = db.SQL(`SELECT count(*) FROM (SELECT id FROM audit_leaf WHERE form = 1 LIMIT 1) AS f`)
	maxNumber  = db.SQL(`SELECT COALESCE(max(seq), 0) FROM audit_leaf WHERE seq > 0`)
	allHeads   = db.SQL(`SELECT size, root, note, at FROM audit_head ORDER BY size`)
)

// counted are the tables outside cases, by how many rows they have.
var counted = func() (out []db.Stmt) {
	for _, t := range Tables {
		if t.Proof == Proved && !t.OfCase {
			out = append(out, db.SQL("SELECT count(*) FROM "+t.Name))
		}
	}
	return out
}()

func (v *Verifier) begin(ctx context.Context) error {
	return v.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		v.head, v.vkey, err = current(ctx, tx)
		if errors.Is(err, db.ErrNoRows) { // no leaf was ever numbered
			v.head = Checkpoint{}
			v.head.Root, err = tlog.TreeHash(0, nil)
		}
		if err != nil {
			return err
		}
		if v.Public != "" {
			v.vkey = v.Public
		}
		r := v.report
		r.Origin, r.Size, r.Root, r.OwnKey = v.head.Origin, v.head.Size, v.head.Root.String(), v.Public == ""
		var last, legacy, adopted int64
		for _, x := range []struct {
			stmt db.Stmt
			into *int64
		}{{howWaits, &r.Waiting}, {countCases, &v.cases}, {anyLegacy, &legacy}, {adoptedBefore, &adopted}, {maxNumber, &last}} {
			if err := tx.Row(ctx, x.stmt, nil, x.into); err != nil {
				return err
			}
		}
		v.legacy = legacy > 0 && adopted == 0
		if last > v.head.Size {
			v.find(Finding{Kind: LeafInserted, Seq: last})
		}
		if r.Waiting > 100*sequenced {
			return fault.New(fault.Unavailable, "audit.behind", "waiting", r.Waiting)
		}
		var rows, n int64
		for _, s := range counted {
			if err := tx.Row(ctx, s, nil, &n); err != nil {
				return err
			}
			rows += n
		}
		v.parts = int(rows/rowsAtOnce) + 1
		return nil
	})
}
