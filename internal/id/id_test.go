package id

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// However the clock jumps, and whatever id was the last before, ids are valid, different and
// sort in the order in which they were made.
func TestIdsSortInTheOrderOfTheirMaking(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		at := start
		jump := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "ns")) })
		made := After("", func() time.Time { return start.Add(jump.Draw(t, "floor")) })()
		all := []string{made}
		next := After(made, func() time.Time { return at })
		for range rapid.IntRange(1, 50).Draw(t, "n") {
			at = at.Add(jump.Draw(t, "jump"))
			all = append(all, next())
		}
		if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Fatalf("not in order: %v", all)
		}
		for _, x := range all {
			if u, err := uuid.Parse(x); err != nil || u.Version() != 7 || u.Variant() != uuid.RFC4122 || !Valid(x) {
				t.Fatalf("%s is no UUIDv7", x)
			}
		}
	})
}

// While the clock is right an id tells its time, and sorts among those of every other process.
func TestAnIdTellsItsTime(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 123456789, time.UTC)
	made := After("no id", func() time.Time { return at })()
	if sec, nsec := uuid.MustParse(made).Time().UnixTime(); sec != at.Unix() || nsec/1e6 != 123 {
		t.Error(made, sec, nsec)
	}
	before, after := New(), After("", time.Now)()
	if last := New(); before >= after || after >= last {
		t.Error(before, after, last)
	}
}

// What is made so much later sorts behind.
func TestLater(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	first := After("", now)()
	floor := Later(first, time.Second)
	at = at.Add(999 * time.Millisecond)
	if early := After("", now)(); early >= floor {
		t.Error(early, floor)
	}
	at = at.Add(2 * time.Millisecond)
	if late := After("", now)(); late <= floor || Later("no id", time.Second) != "no id" {
		t.Error(late, floor)
	}
}

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
