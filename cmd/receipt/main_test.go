package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// log is a log of a few records, made without the program.
type log struct {
	hashes  []tlog.Hash
	records []string
	signer  note.Signer
	vkey    string
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, l.hashes[i])
	}
	return out, nil
}

func newLog(t *testing.T, n int) *log {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, "gezhi-log")
	if err != nil {
		t.Fatal(err)
	}
	l := &log{vkey: vkey}
	if l.signer, err = note.NewSigner(skey); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		l.records = append(l.records, fmt.Sprintf(`[2,"leaf%d","j","case/%d","move",%d,"salted"]`, i, i, 1772000000000+i))
		more, err := tlog.StoredHashes(int64(i), []byte(l.records[i]), l)
		if err != nil {
			t.Fatal(err)
		}
		l.hashes = append(l.hashes, more...)
	}
	return l
}

func (l *log) head(t *testing.T, size int64) string {
	t.Helper()
	root, err := tlog.TreeHash(size, l)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("gezhi-log/test\n%d\n%s\n", size, root)}, l.signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

func (l *log) receipt(t *testing.T, seq, size int64) receipt {
	t.Helper()
	proof, err := tlog.ProveRecord(size, seq-1, l)
	if err != nil {
		t.Fatal(err)
	}
	r := receipt{Form: "1", Number: "2026-000007", Record: l.records[seq-1], Seq: seq, Checkpoint: l.head(t, size), Key: l.vkey}
	for _, h := range proof {
		r.Proof = append(r.Proof, h.String())
	}
	return r
}

func file(t *testing.T, v any) string {
	t.Helper()
	b, ok := v.(string)
	if !ok {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b = string(text)
	}
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A true receipt holds in both its forms; one in which anything was changed does not.
func TestOnlyATrueReceiptHolds(t *testing.T) {
	l := newLog(t, 11)
	for seq := int64(1); seq <= 11; seq++ {
		r := l.receipt(t, seq, 11)
		var out bytes.Buffer
		if err := run([]string{"-key", file(t, l.vkey), file(t, r)}, nil, &out); err != nil || !strings.Contains(out.String(), fmt.Sprintf("case/%d", seq-1)) {
			t.Fatal(seq, err, out.String())
		}
		var proof []byte
		for _, p := range r.Proof {
			b, _ := base64.StdEncoding.DecodeString(p)
			proof = append(proof, b...)
		}
		code := []any{"GZR1", r.Number, r.Record, r.Seq, base64.StdEncoding.EncodeToString(proof), r.Checkpoint, r.Key}
		if err := run([]string{file(t, code)}, nil, &out); err != nil {
			t.Fatal("as a code", err)
		}
	}
	for name, change := range map[string]func(*receipt){
		"another record":   func(r *receipt) { r.Record = strings.Replace(r.Record, "move", "none", 1) },
		"another number":   func(r *receipt) { r.Seq++ },
		"beyond the head":  func(r *receipt) { r.Seq = 99 },
		"no proof":         func(r *receipt) { r.Proof = nil },
		"another proof":    func(r *receipt) { r.Proof[0] = r.Proof[1] },
		"another head":     func(r *receipt) { r.Checkpoint = strings.Replace(r.Checkpoint, "\n11\n", "\n12\n", 1) },
		"another key":      func(r *receipt) { r.Key = newLog(t, 1).vkey },
		"another form":     func(r *receipt) { r.Form = "2" },
		"nothing is there": func(r *receipt) { *r = receipt{} },
	} {
		r := l.receipt(t, 5, 11)
		change(&r)
		if err := run([]string{file(t, r)}, nil, &bytes.Buffer{}); err == nil {
			t.Errorf("%s: the receipt holds", name)
		}
	}
}

// Against a checkpoint that was kept the receipt holds when one continues the other, and not
// when the log was written anew.
func TestAReceiptIsOfTheLogThatWasKept(t *testing.T) {
	l := newLog(t, 11)
	r := file(t, l.receipt(t, 5, 8))
	prove := func(from, to int64) string {
		p, err := tlog.ProveTree(to, from, l)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, h := range p {
			all = append(all, h.String())
		}
		return file(t, map[string]any{"proof": all})
	}
	for _, size := range []int64{3, 11} {
		kept := file(t, l.head(t, size))
		proof := prove(min(size, 8), max(size, 8))
		if err := run([]string{"-checkpoint", kept, "-proof", proof, r}, nil, &bytes.Buffer{}); err != nil {
			t.Error(size, err)
		}
		if err := run([]string{"-checkpoint", kept, r}, nil, &bytes.Buffer{}); err == nil {
			t.Error("held without a proof")
		}
	}
	if err := run([]string{"-checkpoint", file(t, l.head(t, 8)), r}, nil, &bytes.Buffer{}); err != nil {
		t.Error(err)
	}
	anew := *l
	anew.hashes = append([]tlog.Hash(nil), l.hashes...)
	for i := range anew.hashes {
		anew.hashes[i][0] ^= 1
	}
	if err := run([]string{"-checkpoint", file(t, anew.head(t, 8)), r}, nil, &bytes.Buffer{}); err == nil {
		t.Error("held under a log that was written anew")
	}
}

// Whatever is read as a receipt, the program does not break.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"gezhi_receipt":"1","seq":1}`))
	f.Add([]byte(`["GZR1","","",1,"","",""]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parse(text); err == nil {
			if _, err := r.check(r.Key); err == nil {
				t.Error("a receipt out of nothing")
			}
		}
	})
}
