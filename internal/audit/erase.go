package audit

import (
	"context"
	"slices"
	"strings"

	"gezhi/internal/db"
)

// ActErased is the act of a leaf that says that values were erased.
const ActErased = "erased"

var (
	leavesAbout = db.SQL(`SELECT wrote FROM audit_leaf WHERE subject = $1 AND seq > 0 UNION ALL SELECT wrote FROM audit_leaf WHERE subject = $1 AND seq = 0`)
	dropSalts   = db.SQL(`UPDATE audit_leaf SET salt = '' WHERE subject = $1 AND seq > 0 AND salt <> ''`)
	dropSalts0  = db.SQL(`UPDATE audit_leaf SET salt = '' WHERE subject = $1 AND seq = 0 AND salt <> ''`)
)

// Erased writes down that values of a subject were erased: call it, within the transaction and
// under the subject's key, after the rows were blanked or deleted. The salts of all leaves about
// the subject are destroyed, so that nobody can guess at what they hashed; the leaf that is
// written names every row that those named, as it is now. l.Act is filled in where empty.
func Erased(ctx context.Context, tx *db.Tx, l Leaf) error {
	wrote, err := db.Collect(ctx, tx, leavesAbout, []any{l.Subject}, func(r db.Rows) (s string, err error) { return s, r.Scan(&s) })
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, w := range wrote {
		eachLine(w, func(table, key, _ string) { named[table+"\t"+key] = true })
	}
	var all []string
	for n := range named {
		all = append(all, n)
	}
	slices.Sort(all)
	for _, n := range all {
		name, key, _ := strings.Cut(n, "\t")
		if t := byName[name]; t != nil {
			l.Rows = append(l.Rows, Ref{Table: t, Key: t.keyFrom(key, l.Subject)})
		}
	}
	if l.Act == "" {
		l.Act = ActErased
	}
	for _, s := range []db.Stmt{dropSalts, dropSalts0} {
		if err := tx.Queue(ctx, s, l.Subject); err != nil {
			return err
		}
	}
	return Append(ctx, tx, l)
}
