package id

import (
	"testing"
	"time"
)

// An id of a moment is valid, and sorts between those of the milliseconds around it.
func TestAnIDOfAMomentSortsByIt(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for range 100 {
		before, now, after := At(noon.Add(-time.Millisecond)), At(noon), At(noon.Add(time.Millisecond))
		if !Valid(now) || now[14] != '7' || before >= now || now >= after {
			t.Fatal(before, now, after)
		}
	}
	if now := New(); At(time.Now().Add(-time.Hour)) >= now || At(time.Now().Add(time.Hour)) <= now {
		t.Error("other than what New makes")
	}
}
