package audit

import (
	"context"
	"slices"
	"strings"
	"time"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

// ActAdopted is the act of the leaf that ends an adoption: from then on a row that no leaf names
// was put in by somebody else, however old it says it is.
const ActAdopted = "log.adopted"

// actFound is the act of the leaves that name rows as an adoption found them.
const actFound = "row.adopted"

// Adopter writes leaves for the rows that are older than the naming of rows, once, so that
// later changes to them are found. What was done to them before, nothing can tell.
type Adopter struct {
	DB    *db.DB
	Now   clock.Now
	NewID id.Source
	// Public is the public half of the log's key, as Verifier has it.
	Public string
	// Tell hears how far it has come.
	Tell func(Progress)

	rows int64
	wait []unnamed
}

// unnamed is a row that no leaf names, by its key.
type unnamed struct {
	table   *Table
	key     []any
	subject string
}

const (
	adoptAtOnce = 400 // rows named by one transaction
	// adoptBefore is how much older than its moment the id of an adopting leaf is. Leaves are
	// numbered in the order of their ids: one that somebody writes about the row meanwhile
	// took its id within the time that a write may last, and so comes behind.
	adoptBefore = 24 * time.Hour
)

var adoptedBefore = db.SQL(`SELECT (SELECT count(*) FROM audit_leaf WHERE subject = 'log' AND act = '` + ActAdopted + `' AND seq > 0)
	+ (SELECT count(*) FROM audit_leaf WHERE subject = 'log' AND act = '` + ActAdopted + `' AND seq = 0)`)

// Run verifies the database, and where everything that can be proved is, names the rest. It
// returns how many rows that were. A database of which something does not fit is
// audit.not_proved, and the report says what; one without such rows is audit.nothing_older.
func (a *Adopter) Run(ctx context.Context) (rows int64, report *Report, err error) {
	v := &Verifier{DB: a.DB, Public: a.Public, Tell: a.Tell}
	if report, err = v.Run(ctx); err != nil {
		return 0, nil, err
	}
	if !report.OK {
		return 0, report, fault.New(fault.Conflict, "audit.not_proved")
	}
	if report.Older == 0 {
		return 0, report, fault.New(fault.Conflict, "audit.nothing_older")
	}
	v = &Verifier{DB: a.DB, Public: a.Public, Tell: a.Tell, adopt: a}
	if _, err := v.Run(ctx); err != nil {
		return a.rows, report, err
	}
	return a.rows, report, a.DB.Write(ctx, db.Keys{"audit/check"}, func(ctx context.Context, tx *db.Tx) error {
		return Append(ctx, tx, Leaf{ID: a.NewID(), Subject: "log", Act: ActAdopted, At: a.Now(), Said: map[string]any{"rows": a.rows}})
	})
}

// take remembers a row to be named after the page that it was found in.
func (a *Adopter) take(t *Table, caseID string, values []any) {
	u := unnamed{table: t, subject: "log"}
	for _, at := range t.keyAt {
		u.key = append(u.key, values[at])
	}
	text := func(column string) string { return plainText(values[slices.Index(t.Columns, column)]) }
	switch { // what may be erased is named under its subject, whose erasure must find it
	case caseID != "":
		u.subject = "case/" + caseID
	case t == Records:
		u.subject = "record/" + text("id")
	case t == Revisions:
		u.subject = "record/" + text("record_id")
	}
	a.wait = append(a.wait, u)
}

// name writes the leaves of what waits.
func (a *Adopter) name(ctx context.Context) error {
	slices.SortStableFunc(a.wait, func(x, y unnamed) int { return strings.Compare(x.subject, y.subject) })
	for len(a.wait) > 0 {
		some := a.wait[:min(adoptAtOnce, len(a.wait))]
		a.wait = a.wait[len(some):]
		var keys db.Keys
		for _, u := range some {
			if !slices.Contains(keys, u.subject) {
				keys = append(keys, u.subject)
			}
		}
		named := int64(0)
		err := a.DB.Write(ctx, keys, func(ctx context.Context, tx *db.Tx) error {
			named = 0
			for _, subject := range keys {
				n, err := a.nameOf(ctx, tx, subject, some)
				if named += n; err != nil {
					return err
				}
			}
			return nil
		})
		if a.rows += named; err != nil {
			return err
		}
	}
	a.wait = nil
	return nil
}

// nameOf writes one leaf about the rows of one subject, as they are now: read again under a
// lock, which whoever changes one of them waits for.
func (a *Adopter) nameOf(ctx context.Context, tx *db.Tx, subject string, some []unnamed) (int64, error) {
	l := Leaf{ID: id.At(a.Now().Add(-adoptBefore)), Subject: subject, Act: actFound, At: a.Now()}
	for _, u := range some {
		if u.subject != subject {
			continue
		}
		rows, err := db.Collect(ctx, tx, u.table.locked, slices.Clone(u.key), u.table.scan)
		if err != nil {
			return 0, err
		}
		for _, values := range rows { // none: deleted meanwhile
			l.Wrote = append(l.Wrote, Row{u.table, values})
			if at := slices.Index(u.table.Columns, "jurisdiction"); at >= 0 && l.Jurisdiction == "" && u.table.OfCase {
				l.Jurisdiction = plainText(values[at])
			}
		}
	}
	if len(l.Wrote) == 0 {
		return 0, nil
	}
	return int64(len(l.Wrote)), Append(ctx, tx, l)
}
