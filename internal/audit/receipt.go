package audit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Receipt proves to somebody outside that a leaf is in the log. It shows when and about what
// the leaf was written; who wrote it, and what, is in it as a salted commitment alone.
type Receipt struct {
	Form       string   `json:"gezhi_receipt" doc:"form of the receipt: 1"`
	Number     string   `json:"number,omitempty" doc:"what people call the case"`
	Record     string   `json:"record" doc:"what the leaf hash is the hash of (RFC 6962), as text"`
	Seq        int64    `json:"seq" doc:"number of the leaf in the log, from 1"`
	Proof      []string `json:"proof" doc:"hashes from the leaf to the root, base64"`
	Checkpoint string   `json:"checkpoint" doc:"the signed head that the proof leads to"`
	Key        string   `json:"key" doc:"public half of the log's key, in the note format"`
}

// receiptForm is the form of receipts today.
const receiptForm = "1"

// ReceiptOf makes the receipt of a leaf. One that has no number yet is audit.not_numbered: it
// has within seconds. An unknown leaf is audit.no_leaf.
func ReceiptOf(ctx context.Context, tx *db.Tx, leaf, number string) (*Receipt, error) {
	all, err := db.Collect(ctx, tx, seqOfLeaf, []any{leaf}, scanLeaf)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || all[0].Form < form {
		return nil, fault.New(fault.NotFound, "audit.no_leaf")
	}
	x := all[0]
	if x.Seq == 0 {
		return nil, fault.New(fault.Unavailable, "audit.not_numbered")
	}
	c, vkey, err := current(ctx, tx)
	if err != nil {
		return nil, err
	}
	r := &Receipt{Form: receiptForm, Number: number, Record: string(x.record()), Seq: x.Seq, Key: vkey}
	var at int64
	if err := tx.Row(ctx, tellHead, nil, &r.Checkpoint, &at); err != nil {
		return nil, err
	}
	proof, err := tlog.ProveRecord(c.Size, x.Seq-1, reader(ctx, tx, c))
	if err != nil {
		return nil, err
	}
	for _, h := range proof {
		r.Proof = append(r.Proof, h.String())
	}
	return r, nil
}

// Compact is the receipt as a QR code carries it: one line, its hashes packed.
func (r *Receipt) Compact() (string, error) {
	var proof []byte
	for _, p := range r.Proof {
		h, err := tlog.ParseHash(p)
		if err != nil {
			return "", err
		}
		proof = append(proof, h[:]...)
	}
	b, err := json.Marshal([]any{"GZR" + r.Form, r.Number, r.Record, r.Seq, base64.StdEncoding.EncodeToString(proof), r.Checkpoint, r.Key})
	return string(b), err
}

// At is when the leaf was written; zero where the record cannot be read.
func (r *Receipt) At() time.Time {
	var parts []json.RawMessage
	var ms int64
	if json.Unmarshal([]byte(r.Record), &parts) != nil || len(parts) < 6 || json.Unmarshal(parts[5], &ms) != nil {
		return time.Time{}
	}
	return db.Time(ms)
}

// Check proves the receipt: the leaf lies under the head, and the head is signed by the key.
// What does not hold is audit.bad_receipt.
func (r *Receipt) Check(vkey string) (Checkpoint, error) {
	bad := func(err error) error { return fault.Wrap(err, fault.Invalid, "audit.bad_receipt") }
	c, err := ReadCheckpoint([]byte(r.Checkpoint), vkey)
	if err != nil {
		return c, bad(err)
	}
	var proof tlog.RecordProof
	for _, p := range r.Proof {
		h, err := tlog.ParseHash(p)
		if err != nil {
			return c, bad(err)
		}
		proof = append(proof, h)
	}
	if r.Seq < 1 || r.Seq > c.Size {
		return c, bad(errors.New("a number beyond the head"))
	}
	if err := tlog.CheckRecord(proof, c.Size, c.Root, r.Seq-1, tlog.RecordHash([]byte(r.Record))); err != nil {
		return c, bad(err)
	}
	return c, nil
}
