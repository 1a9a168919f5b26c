// Package id makes identifiers that sort by time (UUIDv7).
package id

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Source makes identifiers. Services hold one as a field.
type Source func() string

// New returns a UUIDv7 of the machine's clock.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// At returns a UUIDv7 of a moment.
func At(moment time.Time) string {
	u := uuid.New()
	ms := uint64(moment.UnixMilli())
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6] = 0x70 | u[6]&0x0f
	return u.String()
}

// Valid reports whether s is a UUID in its usual text form.
func Valid(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// Seeded returns a source whose identifiers follow now and a seed, so that a story printed
// twice is the same twice. They sort in the order they were made.
func Seeded(seed uint64, now func() time.Time) Source {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, seed))
	var n uint32
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		var u uuid.UUID
		binary.BigEndian.PutUint64(u[:8], uint64(now().UnixMilli())<<16)
		binary.BigEndian.PutUint64(u[8:], rng.Uint64())
		u[6], u[7] = 0x70|byte(n>>20&0x0f), byte(n>>12)
		u[8], u[9] = 0x80|byte(n>>6&0x3f), byte(n<<2)
		return u.String()
	}
}
