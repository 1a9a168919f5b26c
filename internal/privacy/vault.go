package privacy

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"

	"gezhi/internal/clock"
	"gezhi/internal/db"
	"gezhi/internal/fault"
	"gezhi/internal/id"
)

// Vault keeps the data keys of a database. Its fields are the wiring.
type Vault struct {
	DB      *db.DB
	Masters *Masters
	Now     clock.Now
	ID      id.Source

	known   sync.Map // fingerprints of masters that the database knows of
	lookups atomic.Pointer[Key]
}

// InMemory is a vault whose master key ends with the process: for stories and tests, whose
// databases do, too.
func InMemory(d *db.DB, now clock.Now, ids id.Source) *Vault {
	return &Vault{DB: d, Masters: Ephemeral(), Now: now, ID: ids}
}

// Open is the vault of a database whose master keys lie in a file, which the first start
// makes. A database with data keys whose master key is missing is refused: privacy.no_master.
func Open(ctx context.Context, d *db.DB, path string, now clock.Now, ids id.Source) (*Vault, error) {
	v := &Vault{DB: d, Now: now, ID: ids}
	used, err := v.inUse(ctx)
	if err != nil {
		return nil, err
	}
	v.Masters, err = ReadMasters(path)
	if errors.Is(err, fs.ErrNotExist) && len(used) == 0 {
		if v.Masters, err = CreateMasters(path); errors.Is(err, fs.ErrExist) { // another process was first
			v.Masters, err = ReadMasters(path)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Unavailable, "privacy.no_master", "path", path, "key", used[0])
	}
	if err != nil {
		return nil, err
	}
	for _, master := range used {
		if !v.Masters.Has(master) {
			return nil, fault.New(fault.Unavailable, "privacy.no_master", "path", path, "key", master)
		}
	}
	return v, nil
}

// inUse are the fingerprints of the masters that something is wrapped by.
func (v *Vault) inUse(ctx context.Context) (out []string, err error) {
	err = v.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = db.Collect(ctx, tx, mastersInUse, nil, scanText)
		return err
	})
	return out, err
}

// Make adds the data key of a subject in a compartment that cannot have one yet. It costs no
// round trip.
func (v *Vault) Make(ctx context.Context, tx *db.Tx, jurisdiction, subject, compartment string) (*Key, error) {
	w, k, err := v.wrapNew(ctx, tx, subject, compartment)
	if err != nil {
		return nil, err
	}
	return k, tx.Queue(ctx, insertKey, w.ID, jurisdiction, subject, compartment, w.Master, w.Text, v.Now())
}

// Key is the data key of a subject in a compartment, made when there is none.
func (v *Vault) Key(ctx context.Context, tx *db.Tx, jurisdiction, subject, compartment string) (*Key, error) {
	k, err := v.Find(ctx, tx, subject, compartment)
	if k != nil || err != nil {
		return k, err
	}
	w, k, err := v.wrapNew(ctx, tx, subject, compartment)
	if err != nil {
		return nil, err
	}
	n, err := tx.Exec(ctx, insertKey, w.ID, jurisdiction, subject, compartment, w.Master, w.Text, v.Now())
	if err != nil || n == 1 {
		return k, err
	}
	return v.Find(ctx, tx, subject, compartment) // somebody else was first
}

// Find is the data key of a subject in a compartment; nil where there is none.
func (v *Vault) Find(ctx context.Context, tx *db.Tx, subject, compartment string) (*Key, error) {
	all, err := db.Collect(ctx, tx, keyOf, []any{subject, compartment}, scanWrapped)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return v.Unwrap(all[0])
}

// ByID is a data key by its id; nil for one that was erased, or for none.
func (v *Vault) ByID(ctx context.Context, tx *db.Tx, id string) (*Key, error) {
	all, err := db.Collect(ctx, tx, keyByID, []any{id}, scanWrapped)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return v.Unwrap(all[0])
}

// wrapNew makes a data key that nobody has yet, and tells the database of its master.
func (v *Vault) wrapNew(ctx context.Context, tx *db.Tx, subject, compartment string) (Wrapped, *Key, error) {
	raw := fresh()
	w := Wrapped{ID: v.ID(), Subject: subject, Compartment: compartment, Master: v.Masters.Current()}
	w.Text = seal(v.Masters.aead(w.Master), raw, w.place())
	return w, newKey(w.ID, raw), v.use(ctx, tx, w.Master)
}

// use tells the database, once for each process, that a master wraps something.
func (v *Vault) use(ctx context.Context, tx *db.Tx, master string) error {
	if _, told := v.known.Load(master); told {
		return nil
	}
	tx.AfterCommit(func() { v.known.Store(master, true) })
	return tx.Queue(ctx, useMaster, master, v.Now())
}

// place binds a wrapped key to its row.
func (w Wrapped) place() string { return w.ID + "/" + w.Subject + "/" + w.Compartment }

// Unwrap opens a data key as it was kept; nil for one that was erased, or for none.
// privacy.no_master without its master key.
func (v *Vault) Unwrap(w Wrapped) (*Key, error) {
	if w.Text == "" {
		return nil, nil
	}
	master := v.Masters.aead(w.Master)
	if master == nil {
		return nil, fault.New(fault.Unavailable, "privacy.no_master", "path", v.Masters.path, "key", w.Master)
	}
	raw, err := unseal(master, w.Text, w.place())
	if err != nil {
		return nil, err
	}
	return newKey(w.ID, raw), nil
}

// The lookup key belongs to the installation: hashes of equal values must be equal.
const (
	lookupSubject     = "installation"
	lookupCompartment = "lookup"
)

// Lookup is the hash by which a value of a kind ("phone", "id_number") is found again without
// being opened. Without the lookup key nobody can try values out.
func (v *Vault) Lookup(ctx context.Context, tx *db.Tx, jurisdiction, kind, value string) (string, error) {
	k, err := v.lookupKey(ctx, tx)
	if err != nil || k == nil {
		return "", err
	}
	mac := hmac.New(sha256.New, k.raw)
	mac.Write([]byte(jurisdiction + "\x1f" + kind + "\x1f" + value))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18]), nil
}

// lookupKey is read once for each process.
func (v *Vault) lookupKey(ctx context.Context, tx *db.Tx) (*Key, error) {
	if k := v.lookups.Load(); k != nil {
		return k, nil
	}
	k, err := v.Key(ctx, tx, "", lookupSubject, lookupCompartment)
	if err == nil {
		tx.AfterCommit(func() { v.lookups.Store(k) })
	}
	return k, err
}

// Read opens a sealed text with its wrapped key, as a joined row gives both; "" for what is
// empty or was erased.
func (v *Vault) Read(w Wrapped, sealed, place string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	k, err := v.Unwrap(w)
	if k == nil || err != nil {
		return "", err
	}
	text, err := k.Unseal(sealed, place)
	return string(text), err
}
