// Package audit is the append-only record of every change. A leaf is written in the
// transaction of the change it speaks of; numbering leaves and the signed tree heads over
// them come after the commit, so that no writer waits for the log.
package audit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/db"
)

// Leaf says that somebody changed something. Row is what the database keeps of the change,
// as stored (never a value in clear that is stored encrypted).
type Leaf struct {
	ID           string // UUIDv7 of the leaf
	Jurisdiction string
	Subject      string // "case/ID", "person/ID"
	Act          string // "move", "post.given"
	Person       string // who did it; "" for the system
	At           time.Time
	Row          any
}

var insertLeaf = db.SQL(`INSERT INTO audit_leaf (id, jurisdiction, subject, act, person_id, at, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`)

// Append writes one leaf. Its hash is the RFC 6962 leaf hash over the canonical JSON of
// the leaf.
func Append(ctx context.Context, tx *db.Tx, l Leaf) error {
	hash, err := Hash(l)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, insertLeaf, l.ID, l.Jurisdiction, l.Subject, l.Act, l.Person, l.At, hash)
}

// Hash is the leaf hash in base64, as stored.
func Hash(l Leaf) (string, error) {
	b, err := json.Marshal([]any{l.ID, l.Jurisdiction, l.Subject, l.Act, l.Person, db.Ms(l.At), l.Row})
	if err != nil {
		return "", err
	}
	h := tlog.RecordHash(b)
	return base64.StdEncoding.EncodeToString(h[:]), nil
}
