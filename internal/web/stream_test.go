package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gezhi/internal/fault"
)

// Who listens to a topic hears of it in order, and of nothing else.
func TestAFeedHearsItsTopics(t *testing.T) {
	h := NewHub()
	f := h.Subscribe("a", "b")
	defer f.Close()
	h.Publish("a", "1")
	h.Publish("c", "2")
	h.Publish("b", "3")
	for _, want := range []Event{{"a", "1"}, {"b", "3"}} {
		if got := <-f.C; got != want {
			t.Errorf("%v, not %v", got, want)
		}
	}
}

// A reader who does not read is dropped when its queue is full; publishing waits for nobody,
// and the others hear everything.
func TestASlowReaderIsDropped(t *testing.T) {
	h := NewHub()
	slow, quick := h.Subscribe("a"), h.Subscribe("a")
	for i := range feedSize + 1 {
		h.Publish("a", fmt.Sprint(i))
		if got := <-quick.C; got.ID != fmt.Sprint(i) {
			t.Fatal(got)
		}
	}
	n := 0
	for range slow.C { // ends, for the feed is closed
		n++
	}
	if n != feedSize {
		t.Errorf("%d events were kept", n)
	}
	slow.Close()
	quick.Close()
	if len(h.feeds) != 0 {
		t.Errorf("%d topics are remembered for nobody", len(h.feeds))
	}
}

// Publishing, subscribing and closing at once harm nothing; afterwards every feed has ended.
func TestAHubIsSafeForAll(t *testing.T) {
	h := NewHub()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 200 {
				f := h.Subscribe("a", fmt.Sprint(i))
				h.Publish("a", "x")
				if i%2 == 0 {
					f.Close()
				}
			}
		})
	}
	wg.Wait()
	h.Close()
	h.Close()
	if _, more := <-h.Subscribe("a").C; more || len(h.feeds) != 0 {
		t.Error("a feed lives on")
	}
}

// live opens a stream and returns a function that gives its next line that is not empty, "" at
// the end.
func live(t *testing.T, address string) func() string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", address+Prefix+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer good")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(res.Status, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	return func() string {
		for lines.Scan() {
			if lines.Text() != "" {
				return lines.Text()
			}
		}
		return ""
	}
}

func streamTopics(topics func() ([]string, error)) (*trial, Operation, func(context.Context, *http.Request) ([]string, error)) {
	return newTrial(), Operation{Method: "GET", Path: "/live", ID: "live"}, func(context.Context, *http.Request) ([]string, error) { return topics() }
}

// A stream tells of what its reader may listen to, beats while nothing happens, and ends when
// the server stops, which does not have to wait for it.
func TestAStream(t *testing.T) {
	s, o, topics := streamTopics(func() ([]string, error) { return []string{"queue/u1"}, nil })
	s.Heartbeat = 20 * time.Millisecond
	Stream(s.Server, o, topics)
	address, stop := run(t, s.Server)
	next := live(t, address)
	if l := next(); l != "retry: 3000" {
		t.Fatal(l)
	}
	s.Hub.Publish("queue/u2", "hidden")
	s.Hub.Publish("queue/u1", "case-1")
	l := next()
	for l == ":" {
		l = next()
	}
	if l != `data: {"topic":"queue/u1","id":"case-1"}` {
		t.Fatal(l)
	}
	if l := next(); l != ":" {
		t.Fatalf("no heartbeat: %q", l)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	for l := next(); l != ""; l = next() {
		if l != ":" {
			t.Fatal(l)
		}
	}
}

// When the reader may no longer listen, or may listen to something else, the stream ends at the
// next heartbeat; so it does when the session is over.
func TestAStreamEndsWithTheRightToIt(t *testing.T) {
	for name, end := range map[string]func(s *trial, topics *atomic.Value){
		"other topics": func(_ *trial, topics *atomic.Value) { topics.Store("b") },
		"no topics":    func(_ *trial, topics *atomic.Value) { topics.Store("") },
		"log-out":      nil,
	} {
		var topic atomic.Value
		var out atomic.Bool
		topic.Store("a")
		s, o, topics := streamTopics(func() ([]string, error) {
			if topic.Load() == "" {
				return nil, fault.New(fault.Forbidden, "request.other_site")
			}
			return []string{topic.Load().(string)}, nil
		})
		s.Heartbeat = 5 * time.Millisecond
		known := s.Authenticate
		s.Authenticate = func(ctx context.Context, r *http.Request) (context.Context, error) {
			if out.Load() {
				return ctx, fault.New(fault.Unauthenticated, "session.none")
			}
			return known(ctx, r)
		}
		Stream(s.Server, o, topics)
		address, _ := run(t, s.Server)
		next := live(t, address)
		next()
		if end == nil {
			out.Store(true)
		} else {
			end(s, &topic)
		}
		for l := next(); l != ""; l = next() {
			if l != ":" {
				t.Errorf("%s: %q", name, l)
			}
		}
	}
}

// Rights that end by themselves, at a moment nobody tells, end a stream before its next event: the
// reader is not told of what happened afterwards, however far the heartbeat is.
func TestAStreamAsksBeforeAnEvent(t *testing.T) {
	var topic atomic.Value
	topic.Store("a")
	s, o, topics := streamTopics(func() ([]string, error) { return []string{topic.Load().(string)}, nil })
	s.Heartbeat = time.Hour
	Stream(s.Server, o, topics)
	address, _ := run(t, s.Server)
	next := live(t, address)
	next()
	topic.Store("b")
	s.Hub.Publish("a", "hidden")
	if l := next(); l != "" {
		t.Errorf("%q", l)
	}
}

// Somebody who may not listen gets a problem, not a stream.
func TestAStreamIsRefusedLikeAnythingElse(t *testing.T) {
	s, o, topics := streamTopics(func() ([]string, error) { return nil, fault.New(fault.Forbidden, "request.other_site") })
	Stream(s.Server, o, topics)
	if w := s.ask("GET", "/api/v1/live", ""); w.Code != 403 || !strings.Contains(w.Body.String(), "request.other_site") {
		t.Error(w.Code, w.Body)
	}
	if w := s.ask("GET", "/api/v1/live", "", "Authorization: "); w.Code != 401 {
		t.Error(w.Code)
	}
}
