package db

import (
	"context"
	"testing"
	"time"
)

func TestAGroupWaitsForThoseWhomSomebodyWaitsFor(t *testing.T) {
	asks, lane := &job{}, &job{aside: true}
	l := &lite{queue: make(chan *job, groupMax)}
	for range 3 {
		l.queue <- lane
	}
	go func() { l.queue <- asks }()
	if group := l.fill([]*job{asks}, 2, time.Hour); len(group) != 5 || asked(group) != 2 {
		t.Errorf("a group that waits for two has %d, of whom %d are waited for", len(group), asked(group))
	}
	if group := l.fill([]*job{asks}, 1, time.Hour); len(group) != 1 {
		t.Errorf("who writes alone goes in a group of %d", len(group))
	}
	for atWork := range 2 {
		if group := l.fill([]*job{lane}, atWork, time.Hour); len(group) != 1 {
			t.Errorf("a lane goes in a group of %d where %d are at work", len(group), atWork)
		}
	}
}

func TestWorkThatIsDoneAsideIsNotCounted(t *testing.T) {
	l := &lite{queue: make(chan *job, 4)}
	for _, ctx := range []context.Context{t.Context(), Aside(t.Context())} {
		if err := l.ask(ctx, jobOf(ctx, time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.asking.Load(); n != 1 || len(l.queue) != 2 {
		t.Errorf("%d of %d that stand in the queue are waited for", n, len(l.queue))
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	full := &lite{queue: make(chan *job)}
	if err := full.ask(gone, jobOf(gone, time.Second)); err == nil || full.asking.Load() != 0 {
		t.Errorf("who left the queue is still counted: %v, %d", err, full.asking.Load())
	}
}
