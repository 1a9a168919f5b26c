// Package clock tells the time and lets a test tell it.
package clock

import (
	"sync"
	"time"
)

// CST is China Standard Time, UTC+8, without daylight saving.
var CST = time.FixedZone("CST", 8*60*60)

// Now is anything that tells the time. Services hold one as a field.
type Now func() time.Time

// System is the machine's clock, cut to milliseconds as the database stores it.
func System() time.Time { return time.Now().Truncate(time.Millisecond) }

// Hand is a clock set by hand, for tests, stories and replays. Safe for concurrent use.
type Hand struct {
	mu sync.Mutex
	at time.Time
}

// At returns a hand clock standing at t.
func At(t time.Time) *Hand { return &Hand{at: t} }

// Now returns where the hand stands.
func (h *Hand) Now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.at }

// Set moves the hand, also backwards.
func (h *Hand) Set(t time.Time) { h.mu.Lock(); h.at = t; h.mu.Unlock() }

// Add moves the hand by d.
func (h *Hand) Add(d time.Duration) { h.mu.Lock(); h.at = h.at.Add(d); h.mu.Unlock() }
