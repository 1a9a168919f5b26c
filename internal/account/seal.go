package account

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
)

// KeyBytes is how long the key is that seals second factors.
const KeyBytes = 32

// seal encrypts a secret of a person (AES-256-GCM, bound to the person).
func (s *Service) seal(personID string, secret []byte) (string, error) {
	gcm, err := s.gcm()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce) // never fails (Go 1.24)
	return base64.RawStdEncoding.EncodeToString(gcm.Seal(nonce, nonce, secret, []byte(personID))), nil
}

var errSealed = errors.New("account: a second factor cannot be read: another key sealed it")

// unseal is the reverse of seal.
func (s *Service) unseal(personID, sealed string) ([]byte, error) {
	gcm, err := s.gcm()
	if err != nil {
		return nil, err
	}
	b, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(b) < gcm.NonceSize() {
		return nil, errSealed
	}
	secret, err := gcm.Open(nil, b[:gcm.NonceSize()], b[gcm.NonceSize():], []byte(personID))
	if err != nil {
		return nil, errSealed
	}
	return secret, nil
}

func (s *Service) gcm() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.Key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
