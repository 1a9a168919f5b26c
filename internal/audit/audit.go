package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/db"
)

// Leaf says that somebody changed something, or read what is protected.
type Leaf struct {
	ID           string // UUIDv7 of the leaf
	Jurisdiction string
	Subject      string // "case/ID", "person/ID"; rows of a case are named under their case alone
	Act          string // "move", "post.given"
	Person       string // who did it; "" for the system
	At           time.Time
	Said         any   // what the leaf says besides, kept as JSON; never a personal value
	Rows         []Ref // rows that were written, or deleted: read back within the transaction
	Wrote        []Row // rows that were written, where their values are at hand
}

// form is how leaves are hashed today: 2 since they name rows.
const form = 2

var insertLeaf = db.SQL(`INSERT INTO audit_leaf (id, jurisdiction, subject, act, person_id, at, hash, form, salt, said, wrote)
	VALUES ($1, $2, $3, $4, $5, $6, $7, 2, $8, $9, $10)`)

// Append writes one leaf. Call it after the writes it speaks of, within their transaction.
func Append(ctx context.Context, tx *db.Tx, l Leaf) error {
	salt := newSalt()
	var wrote strings.Builder
	for _, r := range l.Wrote {
		if err := r.line(&wrote, salt, l.Subject); err != nil {
			return err
		}
	}
	if err := readBack(ctx, tx, &wrote, salt, l.Subject, l.Rows); err != nil {
		return err
	}
	said := ""
	if l.Said != nil {
		b, err := json.Marshal(l.Said)
		if err != nil {
			return err
		}
		said = string(b)
	}
	s := stored{ID: l.ID, Jurisdiction: l.Jurisdiction, Subject: l.Subject, Act: l.Act, Person: l.Person, At: db.Ms(l.At), Form: form, Said: said, Wrote: wrote.String()}
	return tx.Queue(ctx, insertLeaf, s.ID, s.Jurisdiction, s.Subject, s.Act, s.Person, s.At, s.recordHash().String(), salt, s.Said, s.Wrote)
}

// stored is a leaf as the database has it.
type stored struct {
	ID, Jurisdiction, Subject, Act, Person string
	At                                     int64 // ms UTC
	Hash                                   string
	Form                                   int64
	Salt, Said, Wrote                      string
	Seq                                    int64
}

// record is what the leaf hash is the hash of. Who did it and what was written are in it as a
// commitment alone, so that a receipt shows neither.
func (s *stored) record() []byte {
	inner := sha256.Sum256([]byte(s.Person + "\n" + s.Said + "\n" + s.Wrote))
	b, _ := json.Marshal([]any{s.Form, s.ID, s.Jurisdiction, s.Subject, s.Act, s.At, base64.StdEncoding.EncodeToString(inner[:])}) // strings and numbers always marshal
	return b
}

// recordHash is the RFC 6962 hash of the leaf; one of a form before is known by its hash alone.
func (s *stored) recordHash() tlog.Hash {
	if s.Form < form {
		h, _ := tlog.ParseHash(s.Hash) // what is no hash is the zero one, which no tree holds
		return h
	}
	return tlog.RecordHash(s.record())
}

// newSalt is drawn for each leaf, so that nobody can guess at the rows behind its digests.
func newSalt() string {
	var b [15]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

const leafColumns = `id, jurisdiction, subject, act, person_id, at, hash, form, salt, said, wrote, seq`

func scanLeaf(r db.Rows) (s stored, err error) {
	return s, r.Scan(&s.ID, &s.Jurisdiction, &s.Subject, &s.Act, &s.Person, &s.At, &s.Hash, &s.Form, &s.Salt, &s.Said, &s.Wrote, &s.Seq)
}
