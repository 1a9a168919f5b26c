package privacy

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"gezhi/internal/config"
	"gezhi/internal/fault"
)

// Masters are the master keys, by their fingerprints. The last one wraps what is new; the
// others open what they wrapped.
type Masters struct {
	path string // "" where they are in memory only

	mu      sync.RWMutex
	opens   map[string]cipher.AEAD
	current string
	read    fs.FileInfo
}

const (
	keyBytes = 32 // of every key: AES-256
	// headOfFile tells whoever finds the file what it is.
	headOfFile = "# Master keys of Gezhi, one a line, the last in use. Whoever has this file and the database reads all;\n# without it nothing personal can be read again. Keep a copy apart from the database's.\n"
)

// Ephemeral are master keys that live as long as the process: for tests and stories.
func Ephemeral() *Masters {
	m := &Masters{opens: map[string]cipher.AEAD{}}
	m.take(fresh())
	return m
}

// ReadMasters reads a file of master keys. A file that is not there is fs.ErrNotExist; one
// that holds anything else is privacy.bad_masters. That others may read it is logged.
func ReadMasters(path string) (*Masters, error) {
	m := &Masters{path: path, opens: map[string]cipher.AEAD{}}
	return m, m.load()
}

// CreateMasters makes a file with one new master key, for its owner's eyes only. A file that
// is there is left alone: fs.ErrExist.
func CreateMasters(path string) (*Masters, error) {
	err := config.CreateKeyFile(path, []byte(headOfFile+line(fresh())))
	if errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err = errors.Join(err, syncFolder(path)); err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "privacy.bad_masters", "path", path)
	}
	return ReadMasters(path)
}

// Add makes a new master key that wraps what is new from now on, and returns its fingerprint.
// The file is replaced in one step: a crash leaves the old one or the new one.
func (m *Masters) Add() (string, error) {
	key := fresh()
	if m.path != "" {
		old, err := os.ReadFile(m.path)
		if err == nil {
			err = replace(m.path, append(old, line(key)...))
		}
		if err != nil {
			return "", fault.Wrap(err, fault.Unavailable, "privacy.bad_masters", "path", m.path)
		}
	}
	return m.take(key), nil
}

// Has tells whether a master key is at hand.
func (m *Masters) Has(id string) bool { return m.aead(id) != nil }

// Current is the fingerprint of the key that wraps what is new.
func (m *Masters) Current() string {
	m.renew()
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.current
}

// aead is a master key, or nil; the file is read again when it has changed.
func (m *Masters) aead(id string) cipher.AEAD {
	m.mu.RLock()
	a := m.opens[id]
	m.mu.RUnlock()
	if a == nil {
		m.renew()
		m.mu.RLock()
		defer m.mu.RUnlock()
		a = m.opens[id]
	}
	return a
}

// renew reads the file again when somebody has added a key to it. One that cannot be read now
// changes nothing: the keys that are known stay.
func (m *Masters) renew() {
	if m.path == "" {
		return
	}
	now, err := os.Stat(m.path)
	m.mu.RLock()
	same := err != nil || m.read != nil && m.read.ModTime().Equal(now.ModTime()) && m.read.Size() == now.Size()
	m.mu.RUnlock()
	if !same {
		_ = m.load()
	}
}

func (m *Masters) load() error {
	info, err := os.Stat(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	bad := func(err error) error {
		return fault.Wrap(err, fault.Unavailable, "privacy.bad_masters", "path", m.path)
	}
	if err != nil {
		return bad(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		slog.Warn("others may read the file of the master keys", "path", m.path, "mode", info.Mode().Perm())
	}
	text, err := os.ReadFile(m.path)
	if err != nil {
		return bad(err)
	}
	keys, err := parseMasters(text)
	if err != nil {
		return bad(err)
	}
	for _, k := range keys {
		m.take(k)
	}
	m.mu.Lock()
	m.read = info
	m.mu.Unlock()
	return nil
}

// parseMasters reads the keys of a file: lines of fingerprint and key, and comments.
func parseMasters(text []byte) (keys [][]byte, err error) {
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		l := strings.TrimSpace(lines.Text())
		if l == "" || l[0] == '#' {
			continue
		}
		id, coded, _ := strings.Cut(l, " ")
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(coded))
		if err != nil || len(key) != keyBytes || fingerprint(key) != id {
			return nil, errors.New("a line that is no master key")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("no master key")
	}
	return keys, nil
}

// take makes a key the current one.
func (m *Masters) take(key []byte) string {
	id := fingerprint(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opens[id], m.current = newAEAD(key), id
	return id
}

func fresh() []byte {
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails (Go 1.24)
	return key
}

func line(key []byte) string {
	return fingerprint(key) + " " + base64.StdEncoding.EncodeToString(key) + "\n"
}

// fingerprint names a master key without giving it away.
func fingerprint(key []byte) string {
	sum := sha256.Sum256(append([]byte("gezhi master key "), key...))
	return hex.EncodeToString(sum[:6])
}

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for another length
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return a
}

// replace writes a file beside path and puts it in its place.
func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".masters")
	if err != nil {
		return err
	}
	_, err = f.Write(text) // made with 0600
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncFolder(path)
}

// syncFolder makes a new name in a folder outlast a power cut.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
