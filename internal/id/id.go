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

// After returns a source of UUIDv7s of a clock, each of which sorts after floor and after the one
// before it, also while the clock stands earlier than floor says: then they tell the time of
// floor. Without a floor, or with one that is no UUID, they follow the clock alone.
func After(floor string, now func() time.Time) Source {
	var mu sync.Mutex
	var last uint64 // milliseconds since 1970, and 12 bits of the rest, as UUIDv7 has them
	if u, err := uuid.Parse(floor); err == nil {
		last = timeOf(u)
	}
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		at := now()
		t := uint64(at.UnixMilli())<<12 | uint64(at.Nanosecond()%1e6)>>8
		last = max(t, last+1)
		u := uuid.New()
		binary.BigEndian.PutUint64(u[:8], last>>12<<16|0x7000|last&0xfff)
		return u.String()
	}
}

// timeOf is the time of a UUIDv7 to a quarter of a microsecond.
func timeOf(u uuid.UUID) uint64 {
	n := binary.BigEndian.Uint64(u[:8])
	return n>>16<<12 | n&0xfff
}

// Later is an id as one that is made so much later would begin, for the floor of a source.
func Later(id string, by time.Duration) string {
	u, err := uuid.Parse(id)
	if err != nil {
		return id
	}
	binary.BigEndian.PutUint64(u[:8], binary.BigEndian.Uint64(u[:8])+uint64(by.Milliseconds())<<16)
	return u.String()
}

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

// Floor is before every UUIDv7 of a moment or later.
func Floor(moment time.Time) string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], uint64(max(0, moment.UnixMilli()))<<16)
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
