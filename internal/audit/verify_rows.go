package audit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"gezhi/internal/db"
)

// named is what the newest leaf says of a row.
type named struct {
	digest [24]byte
	salt   [15]byte
	seq    int64 // 0: not numbered yet
	gone   bool
	blank  bool // the salt was destroyed
	seen   bool
}

// rowID stands for table and key.
type rowID [16]byte

func idOf(table, key string) (id rowID) {
	h := sha256.Sum256([]byte(table + "\t" + key))
	copy(id[:], h[:])
	return id
}

func (x *stored) names(digest string) (n named) {
	n.seq, n.gone, n.blank = x.Seq, digest == gone, x.Salt == ""
	base64.RawURLEncoding.Decode(n.digest[:], []byte(digest[:min(len(digest), 32)]))
	base64.RawURLEncoding.Decode(n.salt[:], []byte(x.Salt[:min(len(x.Salt), 20)]))
	return n
}

// fits tells whether a row is what was named.
func (n *named) fits(t *Table, values []any) bool {
	return !n.blank && t.digest(base64.RawURLEncoding.EncodeToString(n.salt[:]), values) == base64.RawURLEncoding.EncodeToString(n.digest[:])
}

// free are the rows outside cases, a part of them at a time.
type free struct {
	parts, part int
	rows        map[rowID]named
}

// hear takes in what a leaf says.
func (v *Verifier) hear(x *stored) {
	if v.free.part == 0 && x.Act == ActErased {
		v.report.Erasures++
		if len(v.erasing) == maxErased {
			v.erasing = v.erasing[1:]
		}
		v.erasing = append(v.erasing, x.Subject)
	}
	v.free.hear(x)
}

func (f *free) hear(x *stored) {
	eachLine(x.Wrote, func(table, key, digest string) {
		if t := byName[table]; t == nil || t.OfCase {
			return
		}
		if id := idOf(table, key); int(id[0])%f.parts == f.part {
			f.rows[id] = x.names(digest)
		}
	})
}

// freeRows proves the rows outside cases. The leaves that came since the walk are heard in the
// same view as the rows are read in.
func (v *Verifier) freeRows(ctx context.Context, part int) error {
	if part > 0 {
		v.free.part, v.free.rows = part, map[rowID]named{}
		if err := v.hearAgain(ctx); err != nil {
			return err
		}
	}
	return v.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		for seq, id := v.head.Size, highest; ; {
			more, err := db.Collect(ctx, tx, leavesAfter, []any{seq, id, leafPage}, scanLeaf)
			if err != nil {
				return err
			}
			for i := range more {
				v.hear(&more[i])
			}
			if len(more) < leafPage {
				break
			}
			seq, id = more[len(more)-1].Seq, more[len(more)-1].ID
		}
		wait, err := db.Collect(ctx, tx, leavesWait, nil, scanLeaf)
		if err != nil {
			return err
		}
		for i := range wait {
			if part == 0 && wait[i].Hash != wait[i].recordHash().String() {
				v.find(Finding{Kind: LeafChanged, Leaf: wait[i].ID})
			}
			v.hear(&wait[i])
		}
		for i, t := range Tables {
			v.tell("rows", int64(part*len(Tables)+i), int64(v.parts*len(Tables)))
			if t.Proof == Proved && !t.OfCase {
				if err := v.freeTable(ctx, tx, t); err != nil {
					return err
				}
			}
		}
		return v.lost(ctx, tx)
	})
}

// hearAgain walks the log once more for another part of the rows.
func (v *Verifier) hearAgain(ctx context.Context) error {
	for seq, id := int64(0), ""; seq < v.head.Size; {
		var page []stored
		err := v.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			page, err = db.Collect(ctx, tx, leavesAfter, []any{seq, id, leafPage}, scanLeaf)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if page[i].Seq <= v.head.Size {
				v.free.hear(&page[i])
			}
		}
		seq, id = page[len(page)-1].Seq, page[len(page)-1].ID
	}
	return nil
}

func (v *Verifier) freeTable(ctx context.Context, tx *db.Tx, t *Table) error {
	rows, err := tx.Query(ctx, t.all)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := t.scan(rows)
		if err != nil {
			return err
		}
		key, err := t.keyOf(values, "")
		if err != nil {
			return err
		}
		id := idOf(t.Name, key)
		if int(id[0])%v.free.parts != v.free.part {
			continue
		}
		n, known := v.free.rows[id]
		v.judge(t, key, "", "", &n, known, values)
		if known {
			n.seen = true
			v.free.rows[id] = n
		}
	}
	return rows.Err()
}

// judge compares a row with what was named. It reports whether the row fits.
func (v *Verifier) judge(t *Table, key, caseID, number string, n *named, known bool, values []any) bool {
	v.report.Rows++
	f := Finding{Table: t.Name, Key: key, Case: caseID, Number: number}
	switch {
	case !known && v.legacy:
		v.report.Rows--
		v.report.Older++
		if v.adopt != nil {
			v.adopt.take(t, caseID, values)
		}
		return true
	case !known || n.gone:
		f.Kind = RowInserted
	case !n.fits(t, values):
		f.Kind, f.Seq = RowChanged, n.seq
	default:
		return true
	}
	v.find(f)
	return false
}

// lost finds the rows that leaves name and that are not there.
func (v *Verifier) lost(ctx context.Context, tx *db.Tx) error {
	missing := map[int64][]rowID{}
	for id, n := range v.free.rows {
		if !n.seen && !n.gone {
			missing[n.seq] = append(missing[n.seq], id)
		}
	}
	seqs := make([]int64, 0, len(missing))
	for s := range missing {
		seqs = append(seqs, s)
	}
	slices.Sort(seqs)
	for _, s := range seqs {
		leaves, err := db.Collect(ctx, tx, leavesAfter, []any{s, "", 1}, scanLeaf)
		if s == 0 {
			leaves, err = db.Collect(ctx, tx, leavesWait, nil, scanLeaf)
		}
		if err != nil {
			return err
		}
		for i := range leaves {
			eachLine(leaves[i].Wrote, func(table, key, _ string) {
				if slices.Contains(missing[s], idOf(table, key)) {
					v.find(Finding{Kind: RowRemoved, Table: table, Key: key, Seq: s, Leaf: leaves[i].ID})
				}
			})
		}
	}
	return nil
}

// caseOf is the case that a leaf is about; "" for others.
func caseOf(subject string) string {
	id, ok := strings.CutPrefix(subject, "case/")
	if !ok {
		return ""
	}
	return id
}
