package audit

import (
	"context"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/db"
)

var (
	// SQLite begins at the first lower bound that is written; seq > 0 is the index's own condition.
	leavesAfter = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE (seq, id) > ($1, $2) AND seq > 0 ORDER BY seq, id LIMIT $3`)
	leavesWait  = db.SQL(`SELECT ` + leafColumns + ` FROM audit_leaf WHERE seq = 0 ORDER BY id`)
	tilesIn     = db.SQL(`SELECT n, hashes FROM audit_tile WHERE level = $1 AND n >= $2 AND n <= $3 ORDER BY n`)
)

// mark is a size at which the tree's root is known from a signature.
type mark struct {
	Checkpoint
	kind Kind // of the finding when it does not fit
	at   int64
}

// walk is a walk over the log from its first leaf.
type walk struct {
	v     *Verifier
	marks []mark
	size  int64 // leaves so far
	last  string
	stack []node
	tiles map[int]tileHashes // by level: the one at hand
}

type node struct {
	level int
	hash  tlog.Hash
}

type tileHashes struct {
	n    int64
	data []byte
}

// walkLog proves every leaf against the tree, and the tree against every signed head.
func (v *Verifier) walkLog(ctx context.Context) error {
	w := &walk{v: v, tiles: map[int]tileHashes{}}
	if err := v.marksOf(ctx, w); err != nil {
		return err
	}
	for w.size < v.head.Size {
		v.tell("log", w.size, v.head.Size)
		if err := v.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error { return w.page(ctx, tx) }); err != nil {
			return err
		}
	}
	w.reach()
	v.tell("log", w.size, v.head.Size)
	return nil
}

// marksOf reads the signed heads, and sets the checkpoints that were kept elsewhere beside them.
func (v *Verifier) marksOf(ctx context.Context, w *walk) error {
	err := v.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := tx.Query(ctx, allHeads)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c Checkpoint
			var root, signed string
			var at int64
			if err := rows.Scan(&c.Size, &root, &signed, &at); err != nil {
				return err
			}
			c.Origin = v.head.Origin
			c.Root, _ = tlog.ParseHash(root) // what is none fits no signature
			if c.Size > v.head.Size {
				continue // came while we were looking
			}
			v.report.Heads++
			if said, err := ReadCheckpoint([]byte(signed), v.vkey); err != nil || said != c {
				v.find(Finding{Kind: HeadForged, Seq: c.Size, At: at})
			}
			v.report.Checkpoint = signed
			w.marks = append(w.marks, mark{c, TreeChanged, at})
		}
		return rows.Err()
	})
	for _, c := range v.Since {
		if c.Size == 0 {
			continue
		}
		switch {
		case c.Origin != v.head.Origin:
			v.find(Finding{Kind: LogForked, Seq: c.Size})
		case c.Size > v.head.Size:
			v.find(Finding{Kind: LogShorter, Seq: c.Size})
		default:
			w.marks = append(w.marks, mark{c, LogForked, 0})
		}
	}
	slices.SortStableFunc(w.marks, func(a, b mark) int { return int(min(max(a.Size-b.Size, -1), 1)) })
	return err
}

// page takes in the next leaves.
func (w *walk) page(ctx context.Context, tx *db.Tx) error {
	leaves, err := db.Collect(ctx, tx, leavesAfter, []any{w.size, w.last, leafPage}, scanLeaf)
	if err != nil {
		return err
	}
	base, err := readTiles(ctx, tx, w.size>>tileHeight, (w.size+2*leafPage)>>tileHeight)
	if err != nil {
		return err
	}
	until := w.v.head.Size
	if len(leaves) == leafPage {
		until = min(until, leaves[len(leaves)-1].Seq)
	}
	// Beyond what was read of tiles: the rest in the next page.
	until = min(until, w.size+2*leafPage)
	for i := range leaves {
		x := &leaves[i]
		if x.Seq > until {
			break
		}
		for w.size+1 < x.Seq { // a number whose leaf is gone
			w.v.find(Finding{Kind: LeafRemoved, Seq: w.size + 1})
			if err := w.add(ctx, tx, base, tlog.Hash{}, false); err != nil {
				return err
			}
		}
		w.last = x.ID
		if x.Seq <= w.size {
			w.v.find(Finding{Kind: LeafInserted, Leaf: x.ID, Seq: x.Seq})
			continue
		}
		h := x.recordHash()
		if x.Hash != h.String() || hashIn(base[w.size>>tileHeight], w.size) != h {
			w.v.find(Finding{Kind: LeafChanged, Leaf: x.ID, Seq: x.Seq, Case: caseOf(x.Subject)})
		}
		w.v.hear(x)
		if err := w.add(ctx, tx, base, h, true); err != nil {
			return err
		}
	}
	for w.size < until {
		w.v.find(Finding{Kind: LeafRemoved, Seq: w.size + 1})
		if err := w.add(ctx, tx, base, tlog.Hash{}, false); err != nil {
			return err
		}
	}
	return nil
}

// add adds one leaf to the tree. The tree is built from what it holds itself, so that one leaf
// that was changed does not hide the next.
func (w *walk) add(ctx context.Context, tx *db.Tx, base map[int64][]byte, h tlog.Hash, is bool) error {
	w.reach()
	held := hashIn(base[w.size>>tileHeight], w.size)
	if held != (tlog.Hash{}) {
		h = held
	} else if !is {
		w.v.find(Finding{Kind: TreeChanged, Seq: w.size + 1})
	}
	n := node{0, h}
	at := w.size
	for at&1 == 1 {
		left := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		n = node{n.level + 1, tlog.NodeHash(left.hash, n.hash)}
		at >>= 1
		if n.level%tileHeight != 0 {
			continue
		}
		if ok, err := w.agrees(ctx, tx, n.level/tileHeight, at, n.hash); err != nil {
			return err
		} else if !ok {
			w.v.find(Finding{Kind: TreeChanged, Seq: w.size + 1})
		}
	}
	w.stack = append(w.stack, n)
	w.size++
	return nil
}

// agrees compares a node with the tile of its level.
func (w *walk) agrees(ctx context.Context, tx *db.Tx, level int, at int64, h tlog.Hash) (bool, error) {
	n := at >> tileHeight
	t, ok := w.tiles[level]
	if !ok || t.n != n {
		held, err := db.Collect(ctx, tx, tilesIn, []any{level, n, n}, scanTile)
		if err != nil {
			return false, err
		}
		t = tileHashes{n: n}
		if len(held) > 0 {
			t = held[0]
		}
		w.tiles[level] = t
	}
	return hashIn(t.data, at) == h, nil
}

// reach compares the root with the marks of this size.
func (w *walk) reach() {
	for len(w.marks) > 0 && w.marks[0].Size <= w.size {
		m := w.marks[0]
		w.marks = w.marks[1:]
		if m.Size == w.size && w.root() != m.Root {
			w.v.find(Finding{Kind: m.kind, Seq: m.Size, At: m.at})
		}
	}
}

func (w *walk) root() tlog.Hash {
	if len(w.stack) == 0 {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	h := w.stack[len(w.stack)-1].hash
	for i := len(w.stack) - 2; i >= 0; i-- {
		h = tlog.NodeHash(w.stack[i].hash, h)
	}
	return h
}

func scanTile(r db.Rows) (t tileHashes, err error) {
	var text string
	if err = r.Scan(&t.n, &text); err != nil {
		return t, err
	}
	t.data, _ = decodeHashes(text) // what cannot be read holds no hash
	return t, nil
}

func readTiles(ctx context.Context, tx *db.Tx, from, to int64) (map[int64][]byte, error) {
	all, err := db.Collect(ctx, tx, tilesIn, []any{0, from, to}, scanTile)
	out := map[int64][]byte{}
	for _, t := range all {
		out[t.n] = t.data
	}
	return out, err
}

// hashIn is a hash of a tile; the zero one where it holds none.
func hashIn(data []byte, at int64) (h tlog.Hash) {
	i := int(at&(1<<tileHeight-1)) * tlog.HashSize
	if i+tlog.HashSize <= len(data) {
		copy(h[:], data[i:])
	}
	return h
}
