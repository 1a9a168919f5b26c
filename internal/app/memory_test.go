package app

import "testing"

// However little is alive, so much may be allocated before the next collection; a large heap keeps
// to the usual rule, as much again.
func TestTheCollectorHasRoom(t *testing.T) {
	for alive, percent := range map[uint64]int{0: 800, 4 << 20: 800, 20 << 20: 400, 40 << 20: 200, 64 << 20: 100, 2 << 30: 100} {
		if got := collectAt(alive); got != percent {
			t.Errorf("%d MiB alive: %d %%, not %d", alive>>20, got, percent)
		}
	}
}
