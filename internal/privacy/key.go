package privacy

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"

	"gezhi/internal/fault"
)

// Key is an opened data key.
type Key struct {
	ID   string
	raw  []byte
	aead cipher.AEAD
}

func newKey(id string, raw []byte) *Key { return &Key{id, raw, newAEAD(raw)} }

// Wrapped is a data key as it is kept.
type Wrapped struct{ ID, Subject, Compartment, Master, Text string }

// Seal makes text unreadable without the key. place says where it is kept ("case/ID/name/ID"):
// moved elsewhere it does not open.
func (k *Key) Seal(text []byte, place string) string { return seal(k.aead, text, place) }

// Unseal reads what Seal made. Anything else is privacy.broken.
func (k *Key) Unseal(sealed, place string) ([]byte, error) { return unseal(k.aead, sealed, place) }

// SealJSON seals a value.
func (k *Key) SealJSON(v any, place string) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return k.Seal(b, place), nil
}

func seal(a cipher.AEAD, text []byte, place string) string {
	out := make([]byte, a.NonceSize(), a.NonceSize()+len(text)+a.Overhead())
	_, _ = rand.Read(out)
	return base64.RawStdEncoding.EncodeToString(a.Seal(out, out, text, []byte(place)))
}

func unseal(a cipher.AEAD, sealed, place string) ([]byte, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < a.NonceSize() {
		return nil, fault.New(fault.Internal, "privacy.broken")
	}
	text, err := a.Open(nil, raw[:a.NonceSize()], raw[a.NonceSize():], []byte(place))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "privacy.broken")
	}
	return text, nil
}
