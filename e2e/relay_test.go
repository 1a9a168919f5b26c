package e2e

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"gezhi/internal/db"

	"github.com/jackc/pgx/v5/pgxpool"
)

// events follows a person's live events until the test ends, and hands on each line. Where the
// stream is cut it connects again, as a browser does, and says "again".
func (p *person) events() <-chan string {
	p.s.t.Helper()
	heard := make(chan string, 1000)
	open := make(chan struct{})
	ctx := p.s.t.Context()
	go func() {
		for first := true; ctx.Err() == nil; first = false {
			r, err := http.NewRequestWithContext(ctx, "GET", p.s.base+"/api/v1/events", nil)
			if err != nil {
				return
			}
			r.Header.Set("Cookie", p.cookie)
			w, err := http.DefaultClient.Do(r)
			if err != nil {
				continue
			}
			for lines := bufio.NewScanner(w.Body); lines.Scan(); {
				switch text := lines.Text(); {
				case strings.HasPrefix(text, "retry:") && first:
					close(open)
				case strings.HasPrefix(text, "retry:"):
					heard <- "again"
				default:
					heard <- text
				}
			}
			w.Body.Close()
		}
	}()
	select {
	case <-open:
	case <-time.After(20 * time.Second):
		p.s.t.Fatal("no stream of events")
	}
	return heard
}

// await waits until a line holds text.
func await(t *testing.T, heard <-chan string, text string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case line := <-heard:
			if strings.Contains(line, text) {
				return
			}
		case <-deadline:
			t.Fatalf("%s was not heard", text)
		}
	}
}

// Of two processes on one PostgreSQL, a change in one is heard by the readers of the other; also
// after the connection on which it listens was killed, when readers first look at everything.
func TestAChangeIsHeardInTheOtherProcess(t *testing.T) {
	data, url := samples.Of(t, db.Postgres)
	one, other := startIn(t, data, url), startIn(t, data, url)
	worker, village := one.logIn("wg029", "sample-worker"), other.logIn("village", "sample-village")
	where := worker.send("GET", "/areas", nil).get("areas").([]any)[0].(map[string]any)["id"]
	report := func(text string) string {
		t.Helper()
		r := worker.send("POST", "/cases", map[string]any{"class": "incident/sample:0104", "text": text, "area_id": where, "channel": "field"})
		id, _ := r.get("id").(string)
		if id == "" {
			t.Fatalf("%d %s", r.status, r.body)
		}
		return id
	}
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for n, deadline := 0, time.Now().Add(20*time.Second); n < 2; {
		if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gezhi listener' AND datname = current_database() AND query LIKE 'LISTEN%' AND state = 'idle'`).Scan(&n); err != nil || time.Now().After(deadline) {
			t.Fatalf("%d processes listen: %v", n, err)
		}
	}
	heard := village.events()
	await(t, heard, report("mud on the road"))

	var killed int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'gezhi listener' AND datname = current_database()) AS x`).Scan(&killed); err != nil || killed != 2 {
		t.Fatalf("%d listeners killed: %v", killed, err)
	}
	await(t, heard, "again") // readers are sent to look at everything
	await(t, heard, report("more mud on the road"))
}
