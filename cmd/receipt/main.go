// Command receipt checks the receipt of a report, away from the program that gave it. It knows
// nothing of that program: all it trusts is the arithmetic of RFC 6962 and, where it is given
// one, a checkpoint or a key that its user kept or got from somebody he trusts.
//
//	receipt [-key FILE] [-checkpoint FILE] [-proof FILE] FILE
//
// FILE holds the receipt as downloaded, or the text of its QR code; - is the standard input.
// With -checkpoint the receipt must also lie under a checkpoint that was kept: where that one
// is another than the receipt's own, -proof is the answer of the service's
// /api/v1/log/consistency for the two sizes.
//
// It ends with 0 when everything holds, else with 1.
package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// receipt is what the service gives.
type receipt struct {
	Form       string   `json:"gezhi_receipt"`
	Number     string   `json:"number"`
	Record     string   `json:"record"`
	Seq        int64    `json:"seq"`
	Proof      []string `json:"proof"`
	Checkpoint string   `json:"checkpoint"`
	Key        string   `json:"key"`
}

// head is a signed head of the log.
type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "receipt:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	fs := flag.NewFlagSet("receipt", flag.ContinueOnError)
	fs.SetOutput(out)
	key := fs.String("key", "", "`file` with the public key of the log, from somebody you trust")
	kept := fs.String("checkpoint", "", "`file` of a checkpoint that you kept")
	proof := fs.String("proof", "", "`file` with the proof that one checkpoint continues the other")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return errors.New("usage: receipt [-key FILE] [-checkpoint FILE] [-proof FILE] FILE")
	}
	text, err := read(fs.Arg(0), in)
	if err != nil {
		return err
	}
	r, err := parse(text)
	if err != nil {
		return err
	}
	vkey := r.Key
	if *key != "" {
		b, err := os.ReadFile(*key)
		if err != nil {
			return err
		}
		vkey = strings.TrimSpace(string(b))
	}
	h, err := r.check(vkey)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "The receipt holds: record %d of %d in the log %s.\n", r.Seq, h.size, h.origin)
	if err := r.tell(out); err != nil {
		return err
	}
	if *key == "" {
		fmt.Fprintln(out, "The key was taken from the receipt itself. Get it from somebody you trust, and name it with -key.")
	}
	if *kept == "" {
		return nil
	}
	return against(*kept, *proof, vkey, h, out)
}

func read(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(in, 1<<20))
	}
	return os.ReadFile(name)
}

// parse reads a receipt in either of its forms.
func parse(text []byte) (r receipt, err error) {
	if strings.HasPrefix(strings.TrimSpace(string(text)), "[") {
		var form, proof string
		parts := []any{&form, &r.Number, &r.Record, &r.Seq, &proof, &r.Checkpoint, &r.Key}
		if err := json.Unmarshal(text, &parts); err != nil || form != "GZR1" || len(parts) != 7 {
			return r, errors.New("this is no receipt that I know")
		}
		b, err := base64.StdEncoding.DecodeString(proof)
		if err != nil || len(b)%tlog.HashSize != 0 {
			return r, errors.New("the proof cannot be read")
		}
		for ; len(b) > 0; b = b[tlog.HashSize:] {
			r.Proof = append(r.Proof, base64.StdEncoding.EncodeToString(b[:tlog.HashSize]))
		}
		return r, nil
	}
	if err := json.Unmarshal(text, &r); err != nil || r.Form != "1" {
		return r, errors.New("this is no receipt that I know")
	}
	return r, nil
}

// open reads a signed head.
func open(signed []byte, vkey string) (h head, err error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return h, fmt.Errorf("the key cannot be read: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return h, fmt.Errorf("the checkpoint is not signed by the key: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return h, errors.New("the checkpoint cannot be read")
	}
	h.origin = lines[0]
	if h.size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return h, errors.New("the checkpoint cannot be read")
	}
	h.root, err = tlog.ParseHash(lines[2])
	return h, err
}

func hashes(all []string) (out []tlog.Hash, err error) {
	for _, s := range all {
		h, err := tlog.ParseHash(s)
		if err != nil {
			return nil, fmt.Errorf("the proof cannot be read: %w", err)
		}
		out = append(out, h)
	}
	return out, nil
}

// check proves that the record lies under the head, and that the key signed the head.
func (r receipt) check(vkey string) (head, error) {
	h, err := open([]byte(r.Checkpoint), vkey)
	if err != nil {
		return h, err
	}
	proof, err := hashes(r.Proof)
	if err != nil {
		return h, err
	}
	if r.Seq < 1 || r.Seq > h.size {
		return h, errors.New("the record's number is beyond the checkpoint")
	}
	if err := tlog.CheckRecord(proof, h.size, h.root, r.Seq-1, tlog.RecordHash([]byte(r.Record))); err != nil {
		return h, fmt.Errorf("the record is not in the log: %w", err)
	}
	return h, nil
}

// tell prints what the record says.
func (r receipt) tell(out io.Writer) error {
	var form, at json.Number
	var id, place, subject, act, commitment string
	parts := []any{&form, &id, &place, &subject, &act, &at, &commitment}
	if err := json.Unmarshal([]byte(r.Record), &parts); err != nil || len(parts) != 7 {
		return errors.New("the record cannot be read")
	}
	ms, err := at.Int64()
	if err != nil {
		return errors.New("the record cannot be read")
	}
	fmt.Fprintf(out, "  about       %s\n  what        %s\n  written at  %s\n", subject, act, time.UnixMilli(ms).UTC().Format(time.RFC3339))
	if r.Number != "" {
		fmt.Fprintf(out, "  called      %s (the service's word; the log knows the case by its id)\n", r.Number)
	}
	return nil
}

// against proves that the head of the receipt and one that was kept are of the same log.
func against(kept, proof, vkey string, h head, out io.Writer) error {
	signed, err := os.ReadFile(kept)
	if err != nil {
		return err
	}
	k, err := open(signed, vkey)
	if err != nil {
		return err
	}
	if k.origin != h.origin {
		return errors.New("the checkpoint is of another log")
	}
	if k.size == h.size {
		if k.root != h.root {
			return errors.New("the log was written anew: two checkpoints of one size differ")
		}
		fmt.Fprintln(out, "It is the checkpoint that you kept.")
		return nil
	}
	older, newer := h, k
	if k.size < h.size {
		older, newer = k, h
	}
	if proof == "" {
		return fmt.Errorf("the checkpoint has %d records, the receipt's %d: give -proof, the answer of /api/v1/log/consistency?from=%d&to=%d", k.size, h.size, older.size, newer.size)
	}
	text, err := os.ReadFile(proof)
	if err != nil {
		return err
	}
	var p struct {
		Proof []string `json:"proof"`
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return errors.New("the proof cannot be read")
	}
	all, err := hashes(p.Proof)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(all, newer.size, newer.root, older.size, older.root); err != nil {
		return fmt.Errorf("the log was written anew between the two checkpoints: %w", err)
	}
	fmt.Fprintf(out, "It is the same log as in the checkpoint that you kept (%d records).\n", k.size)
	return nil
}
