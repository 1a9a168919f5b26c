package web

import (
	"strings"

	"github.com/google/uuid"

	"gezhi/internal/fault"
)

// Idempotency is embedded in the input of an operation that may be sent twice.
type Idempotency struct {
	Key string `header:"Idempotency-Key" doc:"UUID made by the client, new for each act; the same again when the same act is sent again"`
}

// ReadKey returns the key of the header in its usual text form, lower case.
// A missing key is idempotency.no_key, anything but a UUID is idempotency.bad_key.
func (i Idempotency) ReadKey() (string, error) { return ReadKey(i.Key) }

// ReadKey reads the text of an Idempotency-Key header: a UUID of 36 characters, bare or in
// double quotes as draft-ietf-httpapi-idempotency-key-header writes it.
func ReadKey(text string) (string, error) {
	if text == "" {
		return "", fault.New(fault.Invalid, "idempotency.no_key")
	}
	if t, ok := strings.CutPrefix(text, `"`); ok {
		if text, ok = strings.CutSuffix(t, `"`); !ok {
			return "", fault.New(fault.Invalid, "idempotency.bad_key")
		}
	}
	u, err := uuid.Parse(text)
	if err != nil || len(text) != 36 || u == uuid.Nil {
		return "", fault.New(fault.Invalid, "idempotency.bad_key")
	}
	return u.String(), nil
}
