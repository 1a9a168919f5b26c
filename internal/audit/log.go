package audit

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Log numbers leaves and signs the heads of their tree. Of several processes on one database
// one does it at a time.
type Log struct {
	DB  *db.DB
	Now clock.Now
	Key *Key
	// Also sign every head besides the key, in another algorithm or by somebody else.
	Also []note.Signer
	// Keep is a folder outside the database that gets the newest head; "" for none. A
	// database that knows less than the head kept there was rolled back, and is not gone on with.
	Keep string
	// Holder names this process under the lease.
	Holder string

	mu   sync.Mutex // one round at a time
	kept Checkpoint // as last read from, or written to, Keep
}

const (
	sequenced = 512              // leaves numbered by one transaction
	leaseFor  = 10 * time.Second // that one process numbers alone
	each      = time.Second      // between two looks
)

var (
	anyWaits  = db.SQL(`SELECT count(*) FROM (SELECT id FROM audit_leaf WHERE seq = 0 LIMIT 1) AS w`)
	howWaits  = db.SQL(`SELECT count(*) FROM audit_leaf WHERE seq = 0`)
	beginLog  = db.SQL(`INSERT INTO audit_log (one, origin, vkey) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`)
	theLog    = db.SQL(`SELECT origin, vkey FROM audit_log WHERE one = 1`)
	takeLease = db.SQL(`UPDATE audit_log SET holder = $1, lease_until = $2 WHERE one = 1 AND (holder = $1 OR lease_until <= $3 OR lease_until > $2)`)
	lastHead  = db.SQL(`SELECT size, root, note, at FROM audit_head ORDER BY size DESC LIMIT 1`)
	putHead   = db.SQL(`INSERT INTO audit_head (hour, size, root, note, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (hour) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note, at = excluded.at`)
	// Whatever has no number is claimed, however old its id: it may have been committed late.
	numberLeaves = db.SQL(`UPDATE audit_leaf SET seq = w.number FROM (SELECT id AS pick, $1 + row_number() OVER (ORDER BY id) AS number
		FROM audit_leaf WHERE seq = 0 ORDER BY id LIMIT $2) AS w WHERE audit_leaf.id = w.pick RETURNING seq, hash`)
)

// Run numbers what waits, looking every second, until ctx ends.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(each)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := l.Round(ctx)
		switch {
		case err == nil:
			last = ""
		case ctx.Err() == nil && err.Error() != last: // said once, not every second
			last = err.Error()
			slog.Error("audit log", "err", err)
		}
	}
}

// Round numbers all leaves that wait and returns how many it numbered; none while another
// process holds the lease. A key that is not this log's is audit.other_key; a database that
// knows less than the head kept outside is audit.rolled_back.
func (l *Log) Round(ctx context.Context) (numbered int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		var waits int64
		if err := l.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Row(ctx, anyWaits, nil, &waits) }); err != nil || waits == 0 {
			return numbered, err
		}
		var n int
		var head Checkpoint
		var signed []byte
		err := l.DB.Write(ctx, db.Keys{"audit/log"}, func(ctx context.Context, tx *db.Tx) (err error) {
			n, head, signed, err = l.batch(ctx, tx)
			return err
		})
		if err != nil {
			return numbered, err
		}
		if n > 0 {
			if err := l.keep(head, signed); err != nil {
				return numbered, err
			}
		}
		numbered += n
		if n < sequenced {
			return numbered, nil
		}
	}
}

// batch numbers some leaves within a transaction.
func (l *Log) batch(ctx context.Context, tx *db.Tx) (int, Checkpoint, []byte, error) {
	now := l.Now()
	if err := tx.Queue(ctx, beginLog, newOrigin(), l.Key.Public); err != nil {
		return 0, Checkpoint{}, nil, err
	}
	mine, err := tx.Exec(ctx, takeLease, l.Holder, now.Add(leaseFor), now)
	if err != nil || mine == 0 {
		return 0, Checkpoint{}, nil, err
	}
	head, vkey, err := current(ctx, tx)
	if err != nil {
		return 0, head, nil, err
	}
	if vkey != l.Key.Public {
		return 0, head, nil, fault.New(fault.Unavailable, "audit.other_key")
	}
	if err := l.goesOn(ctx, tx, head); err != nil {
		return 0, head, nil, err
	}
	type leaf struct {
		seq  int64
		hash string
	}
	leaves, err := db.Collect(ctx, tx, numberLeaves, []any{head.Size, sequenced}, func(r db.Rows) (x leaf, err error) { return x, r.Scan(&x.seq, &x.hash) })
	if err != nil || len(leaves) == 0 {
		return 0, head, nil, err
	}
	sort.Slice(leaves, func(i, j int) bool { return leaves[i].seq < leaves[j].seq })
	hashes := make([]tlog.Hash, len(leaves))
	for i, x := range leaves {
		if hashes[i], err = tlog.ParseHash(x.hash); err != nil {
			return 0, head, nil, fault.Wrap(err, fault.Internal, "audit.bad_leaf")
		}
	}
	if head, err = grow(ctx, tx, head, hashes); err != nil {
		return 0, head, nil, err
	}
	signed, err := note.Sign(&note.Note{Text: head.text()}, append([]note.Signer{l.Key.Signer}, l.Also...)...)
	if err != nil {
		return 0, head, nil, err
	}
	return len(leaves), head, signed, tx.Queue(ctx, putHead, db.Ms(now)/time.Hour.Milliseconds(), head.Size, head.Root.String(), string(signed), now)
}

// current is the head of the tree, and the public half of the key that signs it.
func current(ctx context.Context, tx *db.Tx) (c Checkpoint, vkey string, err error) {
	if err := tx.Row(ctx, theLog, nil, &c.Origin, &vkey); err != nil {
		return c, "", err
	}
	var root, text string
	var at int64
	switch err := tx.Row(ctx, lastHead, nil, &c.Size, &root, &text, &at); {
	case errors.Is(err, db.ErrNoRows):
		c.Root, err = tlog.TreeHash(0, nil)
		return c, vkey, err
	case err != nil:
		return c, "", err
	}
	c.Root, err = tlog.ParseHash(root)
	return c, vkey, err
}

// keptFile is where the newest head of a log is kept outside the database.
func keptFile(folder, origin string) string {
	return filepath.Join(folder, strings.ReplaceAll(origin, "/", "-")+".checkpoint")
}

// keep writes the head outside the database.
func (l *Log) keep(head Checkpoint, signed []byte) error {
	l.kept = head
	if l.Keep == "" {
		return nil
	}
	path := keptFile(l.Keep, head.Origin)
	if err := os.WriteFile(path+".new", signed, 0o644); err != nil {
		return fault.Wrap(err, fault.Unavailable, "audit.cannot_keep")
	}
	return os.Rename(path+".new", path)
}

// Kept is the newest head that is kept in a folder outside the database; none is the zero one.
func Kept(folder, origin, vkey string) (Checkpoint, error) {
	signed, err := os.ReadFile(keptFile(folder, origin))
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, nil
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return ReadCheckpoint(signed, vkey)
}

// goesOn refuses a tree that does not contain the head that was kept.
func (l *Log) goesOn(ctx context.Context, tx *db.Tx, head Checkpoint) (err error) {
	if l.kept.Origin != head.Origin {
		l.kept = Checkpoint{Origin: head.Origin}
		if l.Keep != "" {
			kept, err := Kept(l.Keep, head.Origin, l.Key.Public)
			if err != nil {
				return err
			}
			if kept.Origin == head.Origin {
				l.kept = kept
			}
		}
	}
	if l.kept.Size == 0 || l.kept == head {
		return nil
	}
	same := l.kept.Size <= head.Size
	if same {
		root, err := tlog.TreeHash(l.kept.Size, reader(ctx, tx, head))
		if err != nil {
			return err
		}
		same = root == l.kept.Root
	}
	if !same {
		l.kept = Checkpoint{} // read again when the file is put away
		return fault.New(fault.Unavailable, "audit.rolled_back", "file", keptFile(l.Keep, head.Origin))
	}
	l.kept = head
	return nil
}
