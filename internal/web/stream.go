package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// askEvery is how often at most the reader's rights are asked for before an event.
const askEvery = time.Second

// patience is how long a reader of a stream may take to accept one event.
const patience = 10 * time.Second

// readerTopics begins the topics of changes to what a reader may do.
const readerTopics = "reader/"

// ReaderTopic is the topic of changes to what a reader (Server.Reader) may do. Nobody is told
// of it: the reader's streams ask at once whether they may go on.
func ReaderTopic(reader string) string { return readerTopics + reader }

// ReaderOf is the reverse of ReaderTopic; other topics are nobody's.
func ReaderOf(topic string) (reader string, ok bool) { return strings.CutPrefix(topic, readerTopics) }

// Stream registers a live stream (server-sent events, HTML standard section 9.2). topics says
// what its reader may listen to; it is asked again at every heartbeat and whenever what the
// reader may do has changed, and the stream ends when its answer changes or the session is
// over. A client that was cut off reads everything anew.
func Stream(s *Server, o Operation, topics func(context.Context, *http.Request) ([]string, error)) {
	o.Exchange.Media = "text/event-stream"
	Raw(s, o, func(w http.ResponseWriter, r *http.Request) error {
		mine, err := topics(r.Context(), r)
		if err != nil {
			return err
		}
		listens := slices.Clone(mine)
		if s.Reader != nil {
			listens = append(listens, ReaderTopic(s.Reader(r.Context())))
		}
		feed := s.Hub.Subscribe(listens...)
		defer feed.Close()
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("X-Accel-Buffering", "no") // nginx would hold events back
		out := eventWriter{w, http.NewResponseController(w)}
		if out.send("retry: 3000\n\n") != nil {
			return nil
		}
		s.follow(r, out, feed, func() bool {
			now, err := s.stillMay(r, o, topics)
			return err == nil && slices.Equal(now, mine)
		})
		return nil
	})
}

// follow copies events to out until the reader, the feed or the right to read ends.
func (s *Server) follow(r *http.Request, out eventWriter, feed *Feed, may func() bool) {
	beat := s.Heartbeat
	if beat == 0 {
		beat = 20 * time.Second
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	var asked time.Time // rights also end by themselves, at a moment nobody tells
	for {
		select {
		case <-r.Context().Done():
			return
		case e, more := <-feed.C:
			if !more {
				return
			}
			_, own := ReaderOf(e.Topic)
			if now := time.Now(); own || now.Sub(asked) >= askEvery {
				if asked = now; !may() {
					return
				}
			}
			if own {
				continue
			}
			b, _ := json.Marshal(e)
			if out.send(fmt.Sprintf("data: %s\n\n", b)) != nil {
				return
			}
		case <-tick.C:
			if !may() || out.send(":\n\n") != nil {
				return
			}
		}
	}
}

// Again says who asks as if the request came now: for an answer that takes long, whose reader may
// have lost rights meanwhile.
func (s *Server) Again(r *http.Request) (context.Context, error) {
	if s.Authenticate == nil {
		return r.Context(), nil
	}
	return s.Authenticate(r.Context(), r)
}

// stillMay asks for the reader's topics as if the request came now.
func (s *Server) stillMay(r *http.Request, o Operation, topics func(context.Context, *http.Request) ([]string, error)) ([]string, error) {
	ctx := r.Context()
	if s.Authenticate != nil {
		fresh, err := s.Authenticate(ctx, r)
		switch {
		case err == nil:
			ctx = fresh
		case !o.Public || !asNobody(err):
			return nil, err
		}
	}
	return topics(ctx, r)
}

type eventWriter struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

// send writes text at once, or fails when the reader does not take it in time.
func (e eventWriter) send(text string) error {
	if err := e.rc.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	return e.rc.Flush()
}
