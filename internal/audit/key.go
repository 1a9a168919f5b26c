package audit

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"gezhi/internal/config"
	"gezhi/internal/db"
	"gezhi/internal/fault"
)

// Checkpoint is a head of the tree: how many leaves it holds and their root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// text is the checkpoint as it is signed (C2SP tlog-checkpoint).
func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// readText reads the text of a checkpoint; lines behind the third are for others.
func readText(text string) (c Checkpoint, err error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return c, fault.New(fault.Invalid, "audit.bad_checkpoint")
	}
	c.Origin = lines[0]
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err == nil {
		c.Root, err = tlog.ParseHash(lines[2])
	}
	if err != nil || c.Size < 0 || c.Origin == "" || strconv.FormatInt(c.Size, 10) != lines[1] {
		return Checkpoint{}, fault.New(fault.Invalid, "audit.bad_checkpoint")
	}
	return c, nil
}

// ReadCheckpoint reads a signed checkpoint. One that is malformed, or not signed by the key
// (vkey, the public half in the note format), is audit.bad_checkpoint.
func ReadCheckpoint(signed []byte, vkey string) (Checkpoint, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return Checkpoint{}, fault.Wrap(err, fault.Invalid, "audit.bad_key")
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fault.Wrap(err, fault.Invalid, "audit.bad_checkpoint")
	}
	return readText(n.Text)
}

// Key signs tree heads. Its secret half lies in a file outside the database, its public half
// beside it under the same name with ".pub".
type Key struct {
	Signer note.Signer
	Public string // the public half, as verifiers are given it
}

const keyName = "gezhi-log"

// OpenKey reads a key file, or makes a new one, readable by its owner alone, where there is
// none. A file that others may read, or that holds no key, is audit.bad_key.
func OpenKey(path string) (*Key, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(path)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "audit.bad_key")
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Unavailable, "audit.open_key", "file", path)
	}
	secret, public, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	s, err := note.NewSigner(secret)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "audit.bad_key")
	}
	return &Key{Signer: s, Public: strings.TrimSpace(public)}, nil
}

// KeyOf reads the key of the log of a database. A log that is begun and whose key file is
// missing is audit.no_key: another key could not go on with it.
func KeyOf(ctx context.Context, d *db.DB, path string) (*Key, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		begun := false
		err := d.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, _, err := current(ctx, tx)
			begun = err == nil
			if errors.Is(err, db.ErrNoRows) {
				err = nil
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if begun {
			return nil, fault.New(fault.Unavailable, "audit.no_key", "file", path)
		}
	}
	return OpenKey(path)
}

func newKey(path string) (*Key, error) {
	secret, public, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return nil, err
	}
	err = config.CreateKeyFile(path, []byte(secret+"\n"+public+"\n"))
	if errors.Is(err, fs.ErrExist) {
		return OpenKey(path) // another process was faster
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "audit.bad_key")
	}
	s, err := note.NewSigner(secret)
	if err != nil {
		return nil, err
	}
	return &Key{Signer: s, Public: public}, os.WriteFile(path+".pub", []byte(public+"\n"), 0o644)
}

// newOrigin names a log that begins: no two databases have the same.
func newOrigin() string {
	var b [6]byte
	rand.Read(b[:]) // never fails
	return keyName + "/" + hex.EncodeToString(b[:])
}

func encodeHashes(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func decodeHashes(text string) ([]byte, error) { return base64.StdEncoding.DecodeString(text) }
