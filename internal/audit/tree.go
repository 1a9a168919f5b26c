package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/db"
)

// tileHeight is how many levels of the tree one tile holds: 256 hashes wide.
const tileHeight = 8

var (
	tileAt  = db.SQL(`SELECT hashes FROM audit_tile WHERE level = $1 AND n = $2`)
	putTile = db.SQL(`INSERT INTO audit_tile (level, n, hashes) VALUES ($1, $2, $3) ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes`)
)

// tiles reads the tiles of a tree from the database.
type tiles struct {
	ctx context.Context
	tx  *db.Tx
}

// Height implements tlog.TileReader.
func (tiles) Height() int { return tileHeight }

// SaveTiles implements tlog.TileReader; there is no copy to keep.
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles implements tlog.TileReader.
func (r tiles) ReadTiles(all []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(all))
	for i, t := range all {
		var text string
		if err := r.tx.Row(r.ctx, tileAt, []any{t.L, t.N}, &text); err != nil {
			return nil, fmt.Errorf("audit: tile %d/%d: %w", t.L, t.N, err)
		}
		data, err := decodeHashes(text)
		if err != nil || len(data) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("audit: tile %d/%d is short", t.L, t.N)
		}
		out[i] = data[:t.W*tlog.HashSize]
	}
	return out, nil
}

// reader reads hashes of a tree; every tile is checked against its root.
func reader(ctx context.Context, tx *db.Tx, c Checkpoint) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, tiles{ctx, tx})
}

// grown is a tree with hashes that are not stored yet.
type grown struct {
	old   tlog.HashReader
	fresh map[int64]tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (g grown) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var ask []int64
	var at []int
	for i, x := range indexes {
		if h, ok := g.fresh[x]; ok {
			out[i] = h
			continue
		}
		ask, at = append(ask, x), append(at, i)
	}
	if len(ask) == 0 {
		return out, nil
	}
	old, err := g.old.ReadHashes(ask)
	if err != nil {
		return nil, err
	}
	for i, h := range old {
		out[at[i]] = h
	}
	return out, nil
}

// grow adds leaf hashes to a tree and writes the tiles that changed.
func grow(ctx context.Context, tx *db.Tx, c Checkpoint, leaves []tlog.Hash) (Checkpoint, error) {
	g := grown{reader(ctx, tx, c), make(map[int64]tlog.Hash, 2*len(leaves))}
	size := c.Size
	for _, h := range leaves {
		hashes, err := tlog.StoredHashesForRecordHash(size, h, g)
		if err != nil {
			return c, err
		}
		first := tlog.StoredHashIndex(0, size)
		for i, x := range hashes {
			g.fresh[first+int64(i)] = x
		}
		size++
	}
	root, err := tlog.TreeHash(size, g)
	if err != nil {
		return c, err
	}
	for _, t := range tlog.NewTiles(tileHeight, c.Size, size) {
		data, err := tlog.ReadTileData(t, g)
		if err != nil {
			return c, err
		}
		if err := tx.Queue(ctx, putTile, t.L, t.N, encodeHashes(data)); err != nil {
			return c, err
		}
	}
	return Checkpoint{c.Origin, size, root}, nil
}
